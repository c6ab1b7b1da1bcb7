"""The exchanges of a run as its page shows them: what did not pass stands there whole, all else is packed for the script."""

from __future__ import annotations

import base64
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from markupsafe import escape

from merkhet.model import CheckResult, Direction, Outcome, Transcript, WireEvent
from merkhet_reports import summary
from merkhet_reports.escape import hexdump, printable, seconds, visible

STATIC_CHARACTERS_MAX = 1_500_000
"""So much of exchanges stands in the page itself: the gravest outcomes first, the smallest first within one outcome, so that a
few huge exchanges do not drive out many small ones. Those of the others are packed."""
STATIC_CHARACTERS_MIN = 200_000
"""So much room it has in a page that is large without exchanges, too."""
PACKED_CHARACTERS_MIN = 500_000
"""So much of the room is left for what is packed, however much could stand in the page itself."""
TIGHTER = (1, 4, 16, 64)
"""By how much what is packed is shortened, until it fits."""
PACKED_BYTES_MAX = 16_384
CLEAN_BYTES_MAX = 2048
CLEAN_EVENTS_MAX = 24
"""So much of a check that passed is on the page, and the rest in the results."""
DUMP_BYTES_MAX = 4096
"""Larger events have no hex view of their own: the page's script makes it."""
EVENT_CHARACTERS = 150
DUMP_CHARACTERS = 80
CHECK_CHARACTERS = 500
"""What the page spends beside the octets on an event, on a hex view, and on links and headings of a check."""
CLEAN = frozenset({Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE})
_KINDS = {Direction.SENT: "tx", Direction.RECEIVED: "rx"}
_PURPOSES = {
    "check": "of the check itself",
    "twin": "the legal twin: the nearest request that must be served",
    "canary": "whether the server still answers",
    "probe": "what is looked at in passing",
}
"""Why a connection was opened, for people."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the page shows it. `kind` is a class name of ours, `text` reversible escapes.

    `dump` is the hex view of what failed; of all else the page's script makes it from the text, which keeps the page small.
    `cut` counts the bytes that are in the results and not on the page, `unkept` those that crossed the wire and were not kept.
    """

    when: str
    kind: str
    label: str
    size: str
    text: str
    dump: str
    cut: int
    unkept: int

    def packed(self) -> list[str | int]:
        """Return what the script needs to draw it."""
        return [self.when, self.kind, self.label, self.size, self.text, self.cut, self.unkept]


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection as the page shows it. `more` counts the events that are not on the page."""

    title: str
    events: tuple[Event, ...]
    more: int

    @property
    def characters(self) -> int:
        """About what the page spends on it."""
        spent = 0
        for event in self.events:
            spent += EVENT_CHARACTERS + len(escape(event.text)) + (DUMP_CHARACTERS if event.dump else 0)
            spent += len(escape(event.dump))
        return spent


@dataclass(slots=True)
class Exchanges:
    """What crossed the wire: of some checks to stand in the page, of the others for its script, by check.

    `block` is what is packed, as zlib's format in base64: {check: [repeat, netcat, [[title, more, [event, ...]], ...]]}.
    """

    static: dict[str, tuple[Wire, ...]] = field(default_factory=dict[str, tuple[Wire, ...]])
    packed: dict[str, list[object]] = field(default_factory=dict[str, list[object]])
    block: str = ""


def exchanges(results: Iterable[CheckResult], room: int) -> Exchanges:
    """Return the exchanges of a run for a page with room for so many characters of them.

    As much of what did not pass as there is room for stands in the page itself.
    """
    found = Exchanges()
    left = min(STATIC_CHARACTERS_MAX, max(STATIC_CHARACTERS_MIN, room - PACKED_CHARACTERS_MIN))
    every = list(results)
    rest = [result for result in every if result.outcome in CLEAN]
    for result, wires, size in _standing(result for result in every if result.outcome not in CLEAN):
        if size > left:
            rest.append(result)
            continue
        found.static[result.check] = wires
        left -= size
        room -= size
    for part in TIGHTER if rest else ():
        found.packed = {printable(result.check): _packed(result, part) for result in rest}
        found.block = base64.b64encode(zlib.compress(msgspec.json.encode(found.packed), 9)).decode("ascii")
        if len(found.block) <= room:
            break
    return found


def _standing(results: Iterable[CheckResult]) -> list[tuple[CheckResult, tuple[Wire, ...], int]]:
    """Return what did not pass with its exchanges and their characters, in the order in which it gets room in the page."""
    found: list[tuple[CheckResult, tuple[Wire, ...], int]] = []
    for result in results:
        dumps = result.outcome in {Outcome.FAIL, Outcome.ERROR}
        wires = tuple(_wires(result.evidence.transcripts, dumps=dumps))
        commands = len(result.evidence.repeat) + len(result.evidence.netcat)
        found.append((result, wires, CHECK_CHARACTERS + commands + sum(wire.characters for wire in wires)))
    return sorted(found, key=lambda item: (summary.OUTCOMES.index(item[0].outcome), item[2]))


def _packed(result: CheckResult, part: int) -> list[object]:
    """Return what the script needs to draw the exchanges of a check, shortened to so small a part of what is usual."""
    clean = result.outcome in CLEAN
    wires = _wires(
        result.evidence.transcripts,
        octets=(CLEAN_BYTES_MAX if clean else PACKED_BYTES_MAX) // part,
        events=CLEAN_EVENTS_MAX if clean or part > 1 else sys.maxsize,
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
    purpose = _PURPOSES.get(transcript.purpose) or printable(transcript.purpose)
    return (
        f"Connection {transcript.connection} ({purpose}): {transcript.sent_length} bytes sent, "
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
        cut=len(event.data) - len(shown) if event.direction in _KINDS else 0,
        unkept=max(0, event.length - len(event.data)) if event.direction in _KINDS else 0,
    )
