"""What crossed the wire then and now, side by side on a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from merkhet.cli.terminal import escaped, octets, say
from merkhet.model import Direction, Transcript, WireEvent

SHOWN_BYTES_MAX = 400
_STYLES = {
    Direction.SENT: "cyan",
    Direction.RECEIVED: "bold",
    Direction.RESET: "red",
    Direction.SEND_FAILED: "red",
    Direction.TIMED_OUT: "magenta",
}
_SILENT = frozenset({Direction.OPENED})


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that happened, or several of a kind that no other parts: segments that come apart are still one answer."""

    direction: Direction
    at: float
    data: bytes
    length: int
    segments: int


def beside(where: Console, then: Sequence[Transcript], now: Sequence[Transcript]) -> None:
    """Show every connection."""
    later = {transcript.connection: transcript for transcript in now}
    for transcript in then:
        where.print()
        say(where, f"connection {transcript.connection} ({transcript.purpose})", "bold")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
        table.add_column("then", ratio=1, overflow="fold")
        table.add_column("now", ratio=1, overflow="fold")
        other = later.get(transcript.connection)
        for left, right in paired(deeds(transcript.events), deeds(other.events) if other is not None else []):
            table.add_row(_told(left), _told(right))
        ended = other.ended if other is not None else "not opened"
        table.add_row(Text(escaped(f"ended: {transcript.ended}")), Text(escaped(f"ended: {ended}")))
        where.print(table)


def deeds(events: Sequence[WireEvent]) -> list[Deed]:
    """Return what happened, neighbours of a kind as one."""
    told = [event for event in events if event.direction not in _SILENT]
    found: list[Deed] = []
    for direction, group in itertools.groupby(told, key=lambda event: event.direction):
        members = list(group)
        data = b"".join(member.data for member in members)
        length = sum(member.length for member in members)
        found.append(Deed(direction, members[0].at, data, length, len(members)))
    return found


def paired(then: Sequence[Deed], now: Sequence[Deed]) -> list[tuple[Deed | None, Deed | None]]:
    """Return what happened then with what happened now in its place, None where nothing did."""
    left, right = [deed.direction for deed in then], [deed.direction for deed in now]
    rows: list[tuple[Deed | None, Deed | None]] = []
    for _, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        rows += itertools.zip_longest(then[a:b], now[c:d])
    return rows


def _told(deed: Deed | None) -> Text:
    if deed is None:
        return Text("")
    segments = f" in {deed.segments} segments" if deed.segments > 1 else ""
    size = f" {deed.length} bytes{segments}" if deed.length else ""
    text = Text(f"{deed.at * 1000:.1f} ms {deed.direction}{size}", style=_STYLES.get(deed.direction, "dim"))
    for line in deed.data[:SHOWN_BYTES_MAX].splitlines(keepends=True):
        text.append(f"\n{octets(line)}", style="")
    if deed.length > SHOWN_BYTES_MAX:
        text.append(f"\n... ({deed.length} bytes in all)")
    return text
