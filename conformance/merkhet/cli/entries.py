"""The text of `merkhet.expect.toml`: entries are put behind it and taken out of it, and no other octet is touched.

tomlkit makes the values. It is not used to take entries out: to it, a comment above an entry belongs to the one before.
Whatever was changed is read again, and held against what was meant.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

import tomlkit

from merkhet.cli.codes import Code, Failure
from merkhet.model import Outcome

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*(?:expect|\"expect\"|'expect')[ \t]*\]\][ \t]*(?:#.*)?\r?\n?")
_OTHER_FORM = "the file has its entries in another form, and is left as it is: write them as tables [[expect]]"
_COMMENT = re.compile(r"[ \t]*#.*\r?\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry that is to be written."""

    selector: str
    outcome: Outcome
    reason: str
    issue: str = ""
    until: dt.date | None = None

    def text(self) -> str:
        """Return it in TOML."""
        values: dict[str, str | dt.date] = {
            "selector": self.selector,
            "outcome": str(self.outcome),
            "reason": self.reason,
        }
        values |= {"issue": self.issue} if self.issue else {}
        values |= {"until": self.until} if self.until is not None else {}
        return "[[expect]]\n" + "".join(
            f"{name} = {tomlkit.item(value).as_string()}\n" for name, value in values.items()
        )


def _rows(text: str) -> list[object] | None:
    """Return the entries of a text as TOML has them, None if it is no TOML."""
    try:
        return cast("list[object]", tomllib.loads(text).get("expect", []))
    except tomllib.TOMLDecodeError:
        return None


def appended(text: str, rows: Iterable[Row]) -> str:
    """Return a text with entries behind it. Raises Failure if they would not be read as they were meant."""
    more = "".join(f"\n{row.text()}" for row in rows)
    end = "\r\n" if "\r\n" in text else "\n"
    behind = text if not text or text.endswith("\n") else text + end
    after = behind + more.replace("\n", end)
    if _rows(after) != [*(_rows(text) or ()), *(_rows(more) or ())]:
        raise Failure(Code.INVOCATION, _OTHER_FORM)
    return after


def without(text: str, numbers: Collection[int]) -> str:
    """Return a text without these entries, counted from 1, and without the comments right above them. Raises Failure."""
    lines = text.splitlines(keepends=True)
    heads = [place for place, line in enumerate(lines) if _HEADER.fullmatch(line)]
    starts = [_start(lines, place) for place in heads]
    ends = [*starts, len(lines)][1:]
    kept = lines[: starts[0]] if starts else lines
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1):
        kept = kept if number in numbers else [*kept, *lines[start:end]]
    after = "".join(kept)
    meant = [row for number, row in enumerate(_rows(text) or (), 1) if number not in numbers]
    # A header within a value of several lines, say, is none.
    if _rows(after) != meant:
        raise Failure(Code.INVOCATION, _OTHER_FORM)
    return after


def _start(lines: list[str], place: int) -> int:
    """Return where the comment right above a line begins, or the line itself. The head of the file belongs to no entry."""
    start = place
    while start > 0 and _COMMENT.fullmatch(lines[start - 1]):
        start -= 1
    return start if start > 0 else place
