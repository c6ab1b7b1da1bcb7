"""`merkhet.expect.toml` as far as its tables are read alike: those of checks, and those of findings."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import cast

from merkhet.cli.codes import Code, Failure

FILE = "merkhet.expect.toml"


def document(path: Path) -> dict[str, object]:
    """Return what a file holds. Raises Failure where it cannot be read, or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Failure(Code.INVOCATION, f"{path}: {problem}") from problem


def table(where: str, row: object, keys: Collection[str]) -> dict[str, object]:
    """Return an entry that is a table with no other keys than these. Raises Failure."""
    if not isinstance(row, dict):
        raise Failure(Code.INVOCATION, f"{where}: expected a table, got {row!r}")
    made = cast("dict[str, object]", row)
    unknown = sorted(made.keys() - set(keys))
    if unknown:
        raise Failure(Code.INVOCATION, f"{where}: unknown key {unknown[0]!r}; expected {', '.join(sorted(keys))}")
    return made
