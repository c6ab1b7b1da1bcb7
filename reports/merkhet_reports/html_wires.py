"""The exchanges of a run as its page shows them: what did not pass stands there whole, all else is packed for the script."""

from __future__ import annotations

import base64
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from merkhet.model import CheckResult, Direction, Outcome, Transcript, WireEvent
from merkhet_reports import summary
from merkhet_reports.escape import hexdump, printable, seconds, visible

STATIC_CHARACTERS_MAX = 1_500_000
"""So much of exchanges stands in the page itself, the gravest results first; those of the others are packed."""
PACKED_BYTES_MAX = 16_384
CLEAN_BYTES_MAX = 2048
CLEAN_EVENTS_MAX = 24
"""So much of a check that passed is on the page, and the rest in the results."""
DUMP_BYTES_MAX = 4096
"""Larger events have no hex view of their own: the page's script makes it."""
EVENT_CHARACTERS = 150
"""What the page spends on an event beside its octets."""
CLEAN = frozenset({Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE})
_KINDS = {Direction.SENT: "tx", Direction.RECEIVED: "rx"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the page shows it. `kind` is a class name of ours, `text` reversible escapes.

    `dump` is the hex view of what failed; of all else the page's script makes it from the text, which keeps the page small.
    `cut` counts the bytes that are not on the page.
    """

    when: str
    kind: str
    label: str
    size: str
    text: str
    dump: str
    cut: int

    def packed(self) -> list[str | int]:
        """Return what the script needs to draw it."""
        return [self.when, self.kind, self.label, self.size, self.text, self.cut]


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection as the page shows it. `more` counts the events that are not on the page."""

    title: str
    events: tuple[Event, ...]
    more: int

    @property
    def characters(self) -> int:
        """About what the page spends on it."""
        return sum(EVENT_CHARACTERS + len(event.text) + len(event.dump) for event in self.events)


@dataclass(slots=True)
class Exchanges:
    """What crossed the wire: of some checks to stand in the page, of the others for its script, by check."""

    static: dict[str, tuple[Wire, ...]] = field(default_factory=dict[str, tuple[Wire, ...]])
    packed: dict[str, list[object]] = field(default_factory=dict[str, list[object]])

    def block(self) -> str:
        """Return what is packed as zlib's format in base64: {check: [repeat, netcat, [[title, more, [event, ...]], ...]]}."""
        return base64.b64encode(zlib.compress(msgspec.json.encode(self.packed), 9)).decode("ascii")


def exchanges(results: Iterable[CheckResult]) -> Exchanges:
    """Return the exchanges of a run, as much of what did not pass as the page has room for in the page itself."""
    found, room = Exchanges(), STATIC_CHARACTERS_MAX
    for result in sorted(results, key=summary.urgency):
        if result.outcome not in CLEAN:
            wires = tuple(_wires(result.evidence.transcripts, dumps=result.outcome in {Outcome.FAIL, Outcome.ERROR}))
            room -= sum(wire.characters for wire in wires)
            if room > 0:
                found.static[result.check] = wires
                continue
            room = 0
        found.packed[printable(result.check)] = _packed(result)
    return found


def _packed(result: CheckResult) -> list[object]:
    clean = result.outcome in CLEAN
    wires = _wires(
        result.evidence.transcripts,
        octets=CLEAN_BYTES_MAX if clean else PACKED_BYTES_MAX,
        events=CLEAN_EVENTS_MAX if clean else sys.maxsize,
    )
    evidence = result.evidence
    shown = [[wire.title, wire.more, [event.packed() for event in wire.events]] for wire in wires]
    return [printable(evidence.repeat), printable(evidence.netcat), shown]


def _wires(
    transcripts: Sequence[Transcript], *, octets: int = sys.maxsize, events: int = sys.maxsize, dumps: bool = False
) -> Iterator[Wire]:
    """Return the connections of a check, up to so many octets and events of all together."""
    for transcript in transcripts:
        found: list[Event] = []
        for event in transcript.events[:events]:
            shown = event.data[:octets] if event.direction in _KINDS else b""
            octets -= len(shown)
            found.append(_event(event, shown, dumps=dumps and len(shown) <= DUMP_BYTES_MAX))
        events -= len(found)
        yield Wire(title=_title(transcript), events=tuple(found), more=len(transcript.events) - len(found))


def _title(transcript: Transcript) -> str:
    ended = f", ended: {printable(transcript.ended)}" if transcript.ended else ""
    return (
        f"Connection {transcript.connection} ({printable(transcript.purpose)}): {transcript.sent_length} bytes sent, "
        f"{transcript.received_length} received{ended}"
    )


def _event(event: WireEvent, shown: bytes, *, dumps: bool) -> Event:
    return Event(
        when=seconds(event.at),
        kind=_KINDS.get(event.direction, "x"),
        label=event.direction.value,
        size=f"{event.length} bytes" if event.length else "",
        text=visible(shown),
        dump=hexdump(shown) if dumps else "",
        cut=event.length - len(shown) if event.direction in _KINDS else 0,
    )
