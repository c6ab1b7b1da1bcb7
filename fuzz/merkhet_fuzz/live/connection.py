"""How a connection goes on behind a request: who ends it and when, and what is awaited on it (RFC 9112, Section 9)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from merkhet.answer import End
from merkhet.model import Weight
from merkhet_fuzz.bases import library
from merkhet_fuzz.bases.connection import ENDLESS_BYTES, Rules
from merkhet_fuzz.grammar import Base, Grammar, Kind, Piece
from merkhet_fuzz.live.answers import Judges
from merkhet_fuzz.live.http import OWN_FAULTS, OWN_LIMITS, HttpDialogue, HttpSurface
from merkhet_fuzz.live.seam import Ask, Dialogue, Place
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import Wire
from merkhet_fuzz.verdicts import Decision

ABSOLUTE = re.compile(rb"(https?://)a", re.IGNORECASE)
SLEEP_MILLISECONDS = "40"
TIMED_OUT, NOT_IMPLEMENTED = 408, 501
PERSISTS = "persists"
"""Note of a place: the server has answered several requests on one connection."""
KNOWS_ABSOLUTE = "absolute"
"""Note of a place: it takes absolute-form at all."""


JUDGED: Mapping[str, tuple[str, Callable[[int], bool], str]] = {
    "secure": (
        "accepted",
        lambda status: status >= 300,
        "a refusal: what is asked for is to be had on secured connections alone",
    ),
    "star": ("accepted", lambda status: status >= 400, "a refusal: * is for OPTIONS alone"),
    "long-target": ("status", lambda status: status < 400 or status in {404, 414}, "414, or an answer"),
    "unknown-coding": ("status", lambda status: status > 400, "501"),
    "old-hosts": ("accepted", lambda status: status >= 400, "a refusal: a request has one Host field line"),
    "long-method": ("status", lambda status: status < 400 or status == NOT_IMPLEMENTED, "501, or an answer"),
}
"""By the name of a base: which statuses are right, VERDICTS 22, 24, 32 and 48 among them, and in words."""


class ConnectionSurface(HttpSurface):
    """Inputs of kind connection."""

    kind = Kind.CONNECTION

    def prepare(self, place: Place, ask: Ask) -> None:
        """See whether the target takes absolute-form at all: who does not is told so once, and not for each kind of it."""
        target = b"http://" + place.names.host + place.path("root")
        answers = ask(b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (target, place.names.host), "GET")
        place.notes[KNOWS_ABSOLUTE] = any(final.status < 400 for final in answers.finals)

    def placed(self, base: Base, place: Place) -> Base:
        """Ask for what every target has, in the form of request target that the base has."""
        moved = super().placed(base, place)
        pieces = tuple(_as_it_was(was, now, place) for was, now in zip(base.pieces, moved.pieces, strict=True))
        return replace(moved, pieces=pieces)

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue: as for requests, but that a connection ends where its base says."""
        return ConnectionDialogue(wire, self.judges, place)


def _as_it_was(was: Piece, now: Piece, place: Place) -> Piece:
    if was.grammar is not Grammar.TARGET:
        return now
    if was.octets == b"*":
        return was
    if was.octets == b"/?slow" and place.has("sleep"):
        slow = re.sub(r"\{[^}]*\}", SLEEP_MILLISECONDS, place.names.endpoints["sleep"])
        return now._replace(octets=slow.encode("latin-1"))
    if form := ABSOLUTE.match(was.octets):
        rest = was.octets[form.end() :]
        if rest.startswith(b"/"):
            rest = place.path("echo" if place.has("echo") else "root") + rest[1:]
        return now._replace(octets=form[1] + place.names.host + rest)
    return now


class ConnectionDialogue(HttpDialogue):
    """One connection, and how it goes on."""

    def __init__(self, wire: Wire, judges: Judges, place: Place) -> None:
        super().__init__(wire, judges, tells=place.has("echo"))
        self._place = place
        self._name = wire.input.name
        made = library.base(wire.input.kind, wire.input.name, wire.input.seed)
        self.rules = cast("Rules", made.meaning[0])
        if self.rules.answered >= 0:
            self.expected = self.expected[: self.rules.answered]
        self.shuts = self._name == "shut"
        self._withheld: deque[bytes] = deque()
        if self.rules.awaits or self.rules.hesitates:
            self._withhold()

    def _withhold(self) -> None:
        """Keep back what is behind the first head, until the server asks for it."""
        octets = b"".join(self.outgoing)
        head, end, rest = octets.partition(b"\r\n\r\n")
        if end and rest:
            self.outgoing = deque([head + end])
            self._withheld = deque([rest])

    def received(self, octets: bytes) -> None:
        """Read on; send what was asked for."""
        super().received(octets)
        if self._withheld and self.answers.interims:
            self._give()
        if self._withheld and self.answers.finals:
            self.is_done = True  # it is not wanted

    def quiet(self) -> None:
        """Nothing came for a while: the end of the connection is waited for where there has to be one."""
        if self._withheld and self.rules.hesitates:
            self._give()
        elif not self._withheld:
            super().quiet()

    def _give(self) -> None:
        self.outgoing.extend(self._withheld)
        self._withheld.clear()

    def _verdict(self) -> list[Suspicion]:
        if self.rules.hesitates and self.answers.interims:
            wanted = "no interim answer to a client of HTTP/1.0"
            return [Suspicion("told", "rfc9110-10.1.1-7", self._name, wanted, self.told())]
        if self._withheld:
            return self._not_asked_for() if self.rules.awaits else []
        if self.wire.verdict.decision is not Decision.ACCEPT:
            return [] if self._is_cut and self.rules.may_refuse else super()._verdict()
        if self._count == len(self.wire.expected) > 1:
            self._place.notes[PERSISTS] = True
        if self._name == "endless" and len(self.wire.octets) > ENDLESS_BYTES and self._count:
            return self._endless()
        if (rule := JUDGED.get(self._name)) is not None and self._count:
            return self._told_rightly(*rule)
        if self._name in {"absolute-case", "absolute-empty"} and not self._is_comparable():
            return []
        return super()._verdict()

    def _told_rightly(self, oracle: str, is_right: Callable[[int], bool], words: str) -> list[Suspicion]:
        status = self.answers.finals[0].status
        if is_right(status):
            return []
        weight = Weight.BREACH if oracle == "status" and status in OWN_FAULTS else self.rules.weight
        return [Suspicion(oracle, self.rules.asked, self._name, words, self.told(), weight)]

    def _is_comparable(self) -> bool:
        """Tell whether the same in another spelling is taken."""
        is_root = self._name != "absolute-empty" or self._place.path("root") == b"/"
        return is_root and bool(self._place.notes.get(KNOWS_ABSOLUTE))

    def _endless(self) -> list[Suspicion]:
        if self.answers.finals[0].status >= 400 or not self._tells:
            return []
        wanted = f"an error: {ENDLESS_BYTES} octets of one chunk extension are no reasonable number"
        return [Suspicion("accepted", self.rules.asked, self._name, wanted, self.told())]

    def sameness(self) -> tuple[object, ...] | None:
        """As for requests, where every answer is sure."""
        return None if self.rules.may_refuse or self.rules.may_end else super().sameness()

    def _not_asked_for(self) -> list[Suspicion]:
        """Return that neither a 100 nor a final answer came, though the head was whole (RFC 9110, Section 10.1.1)."""
        # Who says that the request took too long has waited for a content that waited for leave.
        has_waited = self._count and self.answers.finals[0].status == TIMED_OUT
        if not has_waited and (self._count or self.end is not End.SILENT or self._is_cut):
            return []
        wanted = "a 100 or a final answer as soon as the head is read"
        return [Suspicion("lost", "rfc9110-10.1.1-11", self._name, wanted, self.told())]

    def _surplus(self) -> Suspicion:
        if self.rules.answered < 0:
            return super()._surplus()
        wanted = f"{len(self.expected)} answers, and the end of the connection"
        return Suspicion("surplus", self.rules.behind, self._name, wanted, self.told(), self.rules.weight)

    def _is_refusal(self, number: int) -> bool:
        if self.rules.may_refuse:
            return False
        if self._name == "long-line" and not number:
            return self.answers.finals[0].status >= 400
        if self._name.startswith("absolute") and not number:
            return self.answers.finals[number].status not in OWN_LIMITS and self.answers.finals[number].status >= 400
        return super()._is_refusal(number)

    def _changed(self, number: int) -> Suspicion | None:
        """As for requests; but who knows no other form may tell a target in absolute-form by its path.

        What is in the content of an HTTP/1.0 request in chunks is open: its framing counts as faulty.
        """
        changed = super()._changed(number)
        echo = self.answers.echo(number)
        if self._name in {"old-chunked", "absolute-empty"}:
            return None
        if changed is None or not self._name.startswith("absolute") or echo is None or echo.target is None:
            return changed
        path = self.expected[number][1].partition(b"://")[2].removeprefix(self._place.names.host)
        # RFC 3986, Section 6.2.2.1: a scheme may be told in small letters.
        return None if echo.target in {path, b"http://" + self._place.names.host + path} else changed

    def _lost(self) -> list[Suspicion]:
        if self.rules.may_end and self.answers.is_between:
            return []
        lost = super()._lost()
        if lost or self._name != "stays" or not self._place.notes.get(PERSISTS):
            return lost
        if self._count == 1 and self.answers.finals[0].status < 400:
            wanted = "a connection that goes on: none of the options is close"
            return [Suspicion("ended", "rfc9112-9.3-1", self._name, wanted, self.told())]
        return []

    def _open(self) -> list[Suspicion]:
        found = super()._open()
        if not found or self.rules.answered < 0:
            return found
        wanted = "the end of the connection behind the last answer"
        return [Suspicion("open", self.rules.behind, self._name, wanted, self.told(), self.rules.weight)]

    def _suspicion(self, oracle: str, expected: str, weight: Weight | None = None) -> Suspicion:
        suspicion = super()._suspicion(oracle, expected, weight)
        if self.wire.verdict.requirement or self._name == "many":
            return suspicion
        return suspicion._replace(requirement=self.rules.asked, detail=self._name, weight=weight or self.rules.weight)
