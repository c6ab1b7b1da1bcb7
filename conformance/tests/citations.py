"""Which lines of the reference name which requirement, and which rules have no line to name: for the test and for the site."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "reference" / "merkhet_reference"
TAG = re.compile(r"\[((?:rfc\d+|whatwg-sse|tus)-[\w.-]+)\]")
KEPT_BY_ABSENCE: dict[str, str] = tomllib.loads((Path(__file__).parent / "kept_by_absence.toml").read_text())["kept"]
"""Rules that the reference keeps by never doing something, or by a permission it does not use: there is no line to name."""


class Citation(NamedTuple):
    """A line that names a requirement. `path` is relative to the repository."""

    requirement: str
    path: Path
    number: int
    text: str


def sources() -> list[Path]:
    """Return the modules of the reference."""
    return sorted(REFERENCE.rglob("*.py"))


def citations() -> Iterator[Citation]:
    """Yield every citation, module by module."""
    for path in sources():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for tag in TAG.findall(line):
                yield Citation(tag, path.relative_to(ROOT), number, line.strip())
