"""Findings on disk: a line each, written the moment it is made, so that whatever ends a campaign ends no finding."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from merkhet.model import FuzzFinding

PLACE = Path(".merkhet") / "fuzz.jsonl"
_decoder = msgspec.json.Decoder(FuzzFinding)


class JournalError(Exception):
    """A journal that cannot be read or written. The message holds the path and what is wrong."""


class Journal:
    """The file that findings are appended to; those of former campaigns stay. The last line of a class counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent.name == ".merkhet" and not (path.parent / ".gitignore").exists():
                (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
            self._file = path.open("a+b", buffering=0)
            if self._ends_within_a_line():
                self._file.write(b"\n")
        except OSError as problem:
            raise JournalError(f"{path}: cannot be written: {problem.strerror}") from problem

    def _ends_within_a_line(self) -> bool:
        end = self._file.seek(0, os.SEEK_END)
        if not end:
            return False
        self._file.seek(end - 1)
        return self._file.read(1) != b"\n"

    def add(self, finding: FuzzFinding) -> None:
        """Write a finding. Raises JournalError."""
        line = memoryview(msgspec.json.encode(finding) + b"\n")
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as problem:
            raise JournalError(f"{self.path}: cannot be written: {problem.strerror}") from problem

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> list[FuzzFinding]:
    """Return the findings of a journal, the last of each class, in the order of their first. Raises JournalError.

    A line that is cut off was being written when the campaign ended: the others count.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise JournalError(f"{path}: cannot be read: {problem.strerror}") from problem
    return latest(_findings(path, lines))


def _findings(path: Path, lines: list[bytes]) -> Iterable[FuzzFinding]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _decoder.decode(line)
        except msgspec.MsgspecError as problem:
            if line.endswith(b"}"):
                raise JournalError(f"{path}, line {number}: no finding: {problem}") from problem


def latest(findings: Iterable[FuzzFinding]) -> list[FuzzFinding]:
    """Return one finding a class: the last that was written, in the place of the first."""
    return list({finding.id: finding for finding in findings}.values())
