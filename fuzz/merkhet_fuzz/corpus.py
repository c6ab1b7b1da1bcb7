"""The corpus: inputs that are worth to be tried for ever, each on one line, with what the text says of it.

A file of TOML for each source, with tables [[input]]: `line` is an input, `about` what it is, `decision` and
`requirement` the verdict that it has to have, `crashes` the labels of parsers that are known to crash on it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from merkhet_fuzz.inputs import Input, InputError


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input of the corpus."""

    line: str
    about: str
    decision: str
    requirement: str = ""
    crashes: tuple[str, ...] = ()


def entries(folder: Path) -> list[Entry]:
    """Return the inputs of all files of a folder. Raises ValueError with the file for one that is none."""
    made: list[Entry] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("input", [])
            read = msgspec.convert(rows, list[Entry])
            for entry in read:
                Input.parse(entry.line)
        except (InputError, msgspec.ValidationError, tomllib.TOMLDecodeError) as problem:
            raise ValueError(f"{path}: {problem}") from problem
        made += read
    return made
