"""The terminal: what is written where, and nothing of a server's that a terminal would obey."""

from __future__ import annotations

import enum
import os
import textwrap
from collections.abc import Sequence
from typing import Literal, TextIO

from rich.console import Console
from rich.text import Text

from merkhet.cli.options import Color, color
from merkhet_reports.escape import printable

ColorSystem = Literal["auto", "standard"]
LINE_MAX = 500
COLUMNS_MIN = 20
"""In less, nothing is broken into lines by us."""


class Telling(enum.Enum):
    """How much is told of a run."""

    QUIET = enum.auto()
    NORMAL = enum.auto()
    VERBOSE = enum.auto()


def escaped(text: str) -> str:
    """Return text in which nothing moves a cursor, ends a line, reorders what stands beside it, or commands a runner."""
    shown = printable(text)
    return inert(shown) if os.environ.get("GITHUB_ACTIONS") else shown


def inert(line: str) -> str:
    """Return a line that GitHub's runner takes for no command.

    It looks for `::` behind leading space, and for its older `##[` anywhere in a line.
    """
    begun = line.lstrip()
    if begun.startswith("::"):
        line = line[: len(line) - len(begun)] + "\\x3a" + begun[1:]
    return line.replace("##[", "#\\x23[")


def shortened(text: str, length: int = LINE_MAX) -> str:
    """Return escaped text of at most this length."""
    safe = escaped(text)
    return safe if len(safe) <= length else f"{safe[:length]}... ({len(safe)} characters)"


def some(names: Sequence[str], most: int) -> str:
    """Return the first of some names, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def octets(data: bytes) -> str:
    """Return octets as printable text, each other one as an escape."""
    return escaped(data.decode("ascii", "backslashreplace"))


def console(stream: TextIO) -> Console:
    """Return a console that colours what `--color`, NO_COLOR and FORCE_COLOR say, and breaks lines only for a person."""
    is_terminal, when = stream.isatty(), color()
    system: ColorSystem | None = "auto"
    if when is Color.NEVER:
        system = None
    elif when is Color.ALWAYS and not is_terminal:
        # Sixteen colours, since nothing is known of who will show them; they are those that a theme sets, light or dark.
        system = "standard"
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=system,
        no_color=when is Color.NEVER,
        # Told here, as rich takes FORCE_COLOR for a terminal, whose cursor can be moved.
        force_terminal=is_terminal,
        soft_wrap=not is_terminal or is_ci(),
    )


def is_ci() -> bool:
    """Whether a build server reads what is written."""
    return bool(os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS"))


def say(where: Console, words: str, style: str = "") -> None:
    """Write one line; whatever words hold, it stays one line."""
    where.print(Text(escaped(words), style=style), soft_wrap=True)


def say_behind(where: Console, head: str, words: str) -> None:
    """Write words behind a head. For a person they are broken at the edge of the window, and go on below where they began."""
    safe = escaped(words)
    room = where.width - len(head)
    if where.soft_wrap or room < COLUMNS_MIN:
        say(where, head + safe)
        return
    lines = textwrap.wrap(safe, room, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        say(where, (" " * len(head) if number else head) + line)
