"""The list of bugs that were found again, as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

HEAD = """\
# Known bugs, found again

Written by `python -m merkhet_fuzz.rediscover --write fuzz/REDISCOVERY.md` from `rediscovery.toml`: seed 1, each release in
an environment of its own, the same number of inputs on the mended one. Seconds are those of one process until the bug
was seen, with those before it made small.

"""


class Shown(Protocol):
    """Where a bug showed."""

    @property
    def number(self) -> int:
        """The number of the input, from 1."""
        ...

    @property
    def seconds(self) -> float:
        """Seconds until it was seen."""
        ...

    @property
    def input(self) -> str:
        """The smallest input, on one line."""
        ...


Told = tuple[str, str, str, Shown | None, str, bool]
"""Release, bug, what it is, where it showed, the mended release, whether it is gone there."""


def page(rows: Iterable[Told]) -> str:
    """Return the page."""
    lines = [
        "| release | bug | what it is | input | seconds | smallest input | mended in |",
        "|--|--|--|--:|--:|--|--|",
    ]
    for release, bug, about, shown, mended, is_gone in rows:
        where = f"{shown.number} | {shown.seconds:.1f} | `{shown.input}`" if shown else "not found | | "
        gone = mended if is_gone else f"STILL in {mended}"
        lines.append(f"| {release} | {bug} | {about} | {where} | {gone} |")
    return HEAD + "\n".join(lines) + "\n"
