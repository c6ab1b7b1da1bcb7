"""Results on disk: one record a line while a run goes on, and one whole file at its end. Every reader takes both."""

from __future__ import annotations

import contextlib
import inspect
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from merkhet.model import RESULTS_VERSION, CheckResult, RunResults

FOLDER = Path(".merkhet")
JOURNAL = FOLDER / "last.jsonl"
RESULTS = FOLDER / "results.json"


class ResultsError(Exception):
    """Results that cannot be read or written. The message holds the path and what is wrong."""


class _Header(msgspec.Struct, frozen=True, tag_field="record", tag="run"):
    run: RunResults


class _Row(msgspec.Struct, frozen=True, tag_field="record", tag="result"):
    result: CheckResult


_Record = _Header | _Row
_record_decoder = msgspec.json.Decoder[_Record](_Record)


class Journal:
    """The file that a run writes while it goes on. What it holds survives whatever ends us.

    The first record is the run without results, and so is the last of a run that came to its end; between them stands a
    record for each result, of which the last for a check counts. The file of the run before stays until the first record
    is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent.name == FOLDER.name and not (path.parent / ".gitignore").exists():
                (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
            self._temporary, self._file = _beside(path)
        except OSError as problem:
            raise ResultsError(f"{path}: cannot be written: {problem.strerror}") from problem

    def run(self, results: RunResults) -> None:
        """Write what is known of the run: what was judged, its rules, how it ended. Raises ResultsError."""
        self._write(_Header(msgspec.structs.replace(results, results=())))

    def result(self, result: CheckResult) -> None:
        """Write one result. Raises ResultsError."""
        self._write(_Row(result))

    def _write(self, record: _Record) -> None:
        line = memoryview(msgspec.json.encode(record) + b"\n")
        try:
            while line:
                line = line[self._file.write(line) :]
            if self._temporary is not None:
                self._temporary.replace(self.path)
                self._temporary = None
        except OSError as problem:
            raise ResultsError(f"{self.path}: cannot be written: {problem.strerror}") from problem

    def close(self) -> None:
        """Close the file; without a first record there is none. Safe to call twice."""
        self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None


def _beside(path: Path) -> tuple[Path | None, BinaryIO]:
    """Open a file that will take the place of another; a device or a pipe is written to, never replaced."""
    if path.exists() and not path.is_file():
        return None, path.open("wb", buffering=0)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    Path(name).chmod(0o666 & ~_umask())
    return Path(name), os.fdopen(descriptor, "wb", buffering=0)


def encode(results: RunResults) -> bytes:
    """Return a run as `results.json` holds it."""
    return msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and rename it, so that the old one is there until the new one is whole.

    Raises ResultsError; the old file is then untouched.
    """
    path = path.resolve()
    temporary = ""
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe is written to, never replaced.
            path.write_bytes(data)
            return
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as problem:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise ResultsError(f"{path}: cannot be written: {problem.strerror}") from problem


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def save(path: Path, results: RunResults) -> None:
    """Write `results.json`. Raises ResultsError."""
    write_whole(path, encode(results))


def load(path: Path) -> RunResults:
    """Return a run from `results.json`, or from a journal. A journal that stops early is a run that was interrupted.

    Raises ResultsError, for a `results.json` that is cut off too: `reading.read` takes what there is of it.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ResultsError(f"{path}: cannot be read: {problem.strerror}") from problem
    try:
        results = _journal(data) if is_journal(data) else msgspec.json.decode(data, type=RunResults)
    except msgspec.DecodeError as problem:
        raise ResultsError(f"{path}: no results of merkhet: {problem}") from problem
    if results.version > RESULTS_VERSION:
        raise ResultsError(f"{path}: version {results.version} of results; this merkhet reads {RESULTS_VERSION}")
    return results


def is_journal(data: bytes) -> bool:
    """Whether these octets begin as a journal does."""
    return data.startswith(b'{"record":')


def _journal(data: bytes) -> RunResults:
    """Put a journal together. What follows its last newline was never written whole."""
    assembly = Assembly()
    for line in data.split(b"\n")[:-1]:
        assembly.add(line)
    return assembly.run()


class Assembly:
    """Puts the records of a journal together."""

    def __init__(self) -> None:
        self.headers = 0
        self._run: RunResults | None = None
        self._rows: dict[str, CheckResult] = {}

    def add(self, line: bytes) -> None:
        """Add a record. Raises msgspec.DecodeError if the line is none."""
        record = _record_decoder.decode(line)
        if isinstance(record, _Header):
            self._run, self.headers = record.run, self.headers + 1
        else:
            self._rows[record.result.check] = record.result

    def run(self) -> RunResults:
        """Return the run; one without its last record was interrupted. Raises msgspec.DecodeError if it has no record."""
        if self._run is None:
            raise msgspec.DecodeError("its first line is not whole")
        ended = "interrupted" if self.headers == 1 else self._run.ended
        unreached = tuple(name for name in self._run.unreached if name not in self._rows)
        return msgspec.structs.replace(self._run, ended=ended, unreached=unreached, results=tuple(self._rows.values()))


def schema() -> bytes:
    """Return the JSON Schema (2020-12) of `results.json`. Octets are base64."""
    described = msgspec.json.schema(RunResults)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"merkhet results, version {RESULTS_VERSION}",
        **described,
        # Python 3.13 takes the indentation of docstrings away itself; the schema is the same under every version.
        "$defs": {name: _dedented(part) for name, part in described["$defs"].items()},
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def _dedented(part: dict[str, Any]) -> dict[str, Any]:
    if "description" not in part:
        return part
    return {**part, "description": inspect.cleandoc(part["description"])}
