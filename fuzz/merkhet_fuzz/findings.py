"""What a campaign found: one finding a class of disagreement, as lines of JSON, each written when it is found."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A disagreement with the specification.

    `name` is its class: oracle, detail and edits. `level` is must or should. `clause` is document#section, empty where no
    clause but robustness asks for it. `input` is the smallest input found, as one line; `octets` is what it comes to.
    `found_in` is the input that showed it first, `number` its number in the campaign of `seed`, counted from 0.
    """

    name: str
    parser: str
    oracle: str
    detail: str
    level: str
    clause: str
    words: str
    input: str
    octets: bytes
    found_in: str
    seed: int
    number: int


class FindingsError(Exception):
    """A file of findings that cannot be read; the message says which line, and why."""


def append(stream: IO[bytes], finding: Finding) -> None:
    """Write one finding as one line, so that what follows cannot lose it."""
    stream.write(msgspec.json.encode(finding) + b"\n")
    stream.flush()


def read(path: Path) -> list[Finding]:
    """Return the findings of a file. A last line that is cut off is left out. Raises FindingsError."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as problem:
        raise FindingsError(f"{path} cannot be read: {problem.strerror}") from problem
    found: list[Finding] = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            found.append(msgspec.json.decode(line, type=Finding))
        except msgspec.DecodeError as problem:
            raise FindingsError(f"{path}, line {number}, is no finding: {problem}") from problem
    return found
