"""The corpus: inputs that are worth to be tried for ever, each on one line, with what the text says of it.

A file of TOML for each source, with tables [[input]]: `line` is an input, `about` what it is, `decision` and
`requirement` the verdict that it has to have, `crashes` the labels of parsers that are known to crash on it.
The files beside this one are installed with it: every campaign begins with their lines.
"""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from importlib.resources.abc import Traversable

import msgspec

from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input, InputError


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input of the corpus."""

    line: str
    about: str
    decision: str
    requirement: str = ""
    crashes: tuple[str, ...] = ()


def entries(folder: Traversable) -> list[Entry]:
    """Return the inputs of all files of a folder. Raises ValueError with the file for one that is none."""
    made: list[Entry] = []
    files = [path for path in folder.iterdir() if path.name.endswith(".toml")]
    for path in sorted(files, key=lambda path: path.name):
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("input", [])
            read = msgspec.convert(rows, list[Entry])
            for entry in read:
                Input.parse(entry.line)
        except (InputError, msgspec.ValidationError, tomllib.TOMLDecodeError) as problem:
            raise ValueError(f"{path}: {problem}") from problem
        made += read
    return made


@functools.cache
def installed() -> tuple[Entry, ...]:
    """Return the inputs of the corpus that is installed, in the order of its files and of the lines in them."""
    return tuple(entries(importlib.resources.files(__name__)))


def inputs(kind: Kind) -> list[Input]:
    """Return the inputs of this kind, in the order of the corpus."""
    made = [Input.parse(entry.line) for entry in installed()]
    return [each for each in made if each.kind == kind]
