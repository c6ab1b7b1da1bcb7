"""The terminal: what is written where, and nothing of a server's that a terminal would obey."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console
from rich.text import Text

LINE_MAX = 500


def escaped(text: str) -> str:
    """Return text in which nothing moves a cursor, ends a line, reorders what stands beside it, or commands a runner."""
    shown = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    return inert(shown) if os.environ.get("GITHUB_ACTIONS") else shown


def inert(line: str) -> str:
    """Return a line that GitHub's runner takes for no command.

    It looks for `::` behind leading space, and for its older `##[` anywhere in a line.
    """
    begun = line.lstrip()
    if begun.startswith("::"):
        line = line[: len(line) - len(begun)] + "\\x3a" + begun[1:]
    return line.replace("##[", "#\\x23[")


def _escape(letter: str) -> str:
    number = ord(letter)
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if letter in named:
        return named[letter]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shortened(text: str, length: int = LINE_MAX) -> str:
    """Return escaped text of at most this length."""
    safe = escaped(text)
    return safe if len(safe) <= length else f"{safe[:length]}... ({len(safe)} characters)"


def octets(data: bytes) -> str:
    """Return octets as printable text, each other one as an escape."""
    return escaped(data.decode("ascii", "backslashreplace"))


def console(stream: TextIO) -> Console:
    """Return a console that obeys NO_COLOR, and breaks lines only where it is looked at by a person."""
    is_seen = stream.isatty() and not is_ci()
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=not is_seen)


def is_ci() -> bool:
    """Whether a build server reads what is written."""
    return bool(os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS"))


def say(where: Console, words: str, style: str = "") -> None:
    """Write one line; whatever words hold, it stays one line."""
    where.print(Text(escaped(words), style=style), soft_wrap=True)
