"""Results that somebody else hands us: whole, cut off in the middle, of a newer version, or no results at all.

What is there of a file that is cut off is read as far as it goes, and what is missing is said.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from merkhet.model import RESULTS_VERSION, RunResults
from merkhet.results import JOURNAL, Assembly, ResultsError, is_journal

_SPACE = re.compile(r"[ \t\r\n]*")
_MAKE = "make some with: merkhet run -o json:results.json"
_DECODER = json.JSONDecoder()
_FLAWS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. `lacking` says in a sentence what is missing of it, and is empty if it is whole."""

    path: Path
    run: RunResults
    lacking: str = ""


def read(path: Path) -> Found:
    """Return what a `results.json` or a journal holds, as far as it goes.

    Raises ResultsError if it holds nothing that can be shown: the message says what to do.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as problem:
        hint = "there is no last run here; " if path == JOURNAL else "no such file; "
        raise ResultsError(f"{path}: {hint}{_MAKE}") from problem
    except OSError as problem:
        raise ResultsError(f"{path}: cannot be read: {problem.strerror}") from problem
    if not data.strip():
        raise ResultsError(f"{path}: the file is empty; {_MAKE}")
    run, lacking = _journal(path, data) if is_journal(data) else _document(path, data)
    return Found(path=path, run=run, lacking=lacking)


class _Version(msgspec.Struct):
    version: int = RESULTS_VERSION


class _Record(msgspec.Struct):
    run: _Version = msgspec.field(default_factory=_Version)


def _refuse_newer(path: Path, version: object) -> None:
    """Raise ResultsError if a file is of a version that is not ours to read, before anything else of it is looked at."""
    if isinstance(version, int) and version > RESULTS_VERSION:
        raise ResultsError(
            f"{path}: these are results of version {version}, and this merkhet reads up to {RESULTS_VERSION}: "
            "read them with the merkhet that made them, or upgrade this one"
        )


def _no_results(path: Path, problem: object) -> ResultsError:
    return ResultsError(f"{path}: these are no results of merkhet ({problem}); {_MAKE}")


def _journal(path: Path, data: bytes) -> tuple[RunResults, str]:
    *lines, rest = data.split(b"\n")
    assembly, flaws = Assembly(), list[str]()
    for number, line in enumerate(lines, 1):
        try:
            if number == 1:
                _refuse_newer(path, msgspec.json.decode(line, type=_Record).run.version)
            assembly.add(line)
        except (msgspec.DecodeError, RecursionError):
            flaws.append(f"line {number} cannot be read")
    try:
        run = assembly.run()
    except msgspec.DecodeError as problem:
        raise _no_results(path, problem) from problem
    if len(flaws) > _FLAWS_TOLD:
        flaws = [*flaws[:_FLAWS_TOLD], f"{len(flaws) - _FLAWS_TOLD} more lines cannot be read"]
    if rest:
        flaws.append(f"its last line is cut off after {len(rest)} bytes")
    if assembly.headers == 1:
        flaws.append("the record that ends a run is missing: the run goes on, or was killed")
    return run, _lacking(flaws, run)


def _document(path: Path, data: bytes) -> tuple[RunResults, str]:
    try:
        _refuse_newer(path, msgspec.json.decode(data, type=_Version).version)
        return msgspec.json.decode(data, type=RunResults), ""
    except (msgspec.ValidationError, RecursionError) as problem:
        raise _no_results(path, problem) from problem
    except msgspec.DecodeError as problem:
        return _salvaged(path, data, problem)


def _salvaged(path: Path, data: bytes, problem: msgspec.DecodeError) -> tuple[RunResults, str]:
    """Return what is whole in a document that ends too early."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data, final=False)
    except UnicodeDecodeError:
        raise _no_results(path, problem) from problem
    members = whole_members(text)
    _refuse_newer(path, members.get("version"))
    try:
        run = msgspec.convert({"requirements": [], "results": [], "preflight": None} | members, RunResults)
    except msgspec.ValidationError:
        if members.keys() & {"version", "merkhet"}:
            told = f"the file is cut off after {len(data)} bytes, before it says what was judged"
            raise ResultsError(f"{path}: {told}; {_MAKE}") from problem
        raise _no_results(path, problem) from problem
    run = msgspec.structs.replace(run, ended="interrupted" if "ended" not in members else run.ended)
    return run, _lacking([f"the file is cut off after {len(data)} bytes"], run)


def _lacking(flaws: list[str], run: RunResults) -> str:
    count = f"{len(run.results)} results are whole" if len(run.results) != 1 else "1 result is whole"
    return f"{'; '.join(flaws)}; {count}" if flaws else ""


def whole_members(text: str) -> dict[str, Any]:
    """Return the members of a JSON object that are whole in a text which is cut off somewhere.

    Of a member that is an array, and cut off itself, the elements that are whole. No object: no members.
    """
    members: dict[str, Any] = {}
    at = _after(text, 0, "{")
    while at is not None:
        try:
            name, at = _DECODER.raw_decode(text, at)
        except ValueError:
            break
        at = _after(text, at, ":")
        if at is None:
            break
        try:
            value, at = _DECODER.raw_decode(text, at)
            if not _is_whole(value, text, at):
                break
            members[name] = value
        except (ValueError, RecursionError):
            if text.startswith("[", at):
                members[name] = _whole_elements(text, at + 1)
            break
        at = _after(text, at, ",")
    return members


def _whole_elements(text: str, begin: int) -> list[Any]:
    elements: list[Any] = []
    at: int | None = cast("re.Match[str]", _SPACE.match(text, begin)).end()
    while at is not None:
        try:
            element, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if not _is_whole(element, text, at):
            break
        elements.append(element)
        at = _after(text, at, ",")
    return elements


def _is_whole(value: object, text: str, at: int) -> bool:
    """Whether a value that ends there is whole: a number that is cut off is another number."""
    return isinstance(value, (dict, list, str)) or any(_after(text, at, mark) is not None for mark in ",]}")


def _after(text: str, at: int, mark: str) -> int | None:
    """Return the place behind a mark and the spaces around it, None if it is not there."""
    place = cast("re.Match[str]", _SPACE.match(text, at)).end()
    if not text.startswith(mark, place):
        return None
    return cast("re.Match[str]", _SPACE.match(text, place + 1)).end()
