"""A dialogue on one connection, without sockets: what goes out when, what came, and whether more is awaited.

What is legal goes out first, and its answers are waited for; then the trouble: a Close, a frame that breaks a rule, or
the client's own Close. So no answer is lost to an end that was asked for. The judging is in websocket_verdict.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from merkhet.answer import End
from merkhet.heard import Close, Event, Message, Opcode, Ping, Pong, shown
from merkhet.wire.extensions import Deflate
from merkhet.wire.websocket import FrameReader
from merkhet_fuzz.bases.websocket import CLOSE
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.judges.frames import Reading
from merkhet_fuzz.judges.handshake import ABSOLUTE
from merkhet_fuzz.live.seam import Dialogue, Place
from merkhet_fuzz.live.websocket_opening import Answered, Opening
from merkhet_fuzz.live.websocket_script import (
    OWN_CLOSE,
    OWN_PING,
    Expected,
    Segments,
    client_frame,
    cut,
    expect,
    read,
)
from merkhet_fuzz.render import Wire
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Excuse, Verdict

CANARY = client_frame(1, b"merkhet")
END_WORDS: dict[End | None, str] = {
    End.CLOSED: "the end", End.RESET: "a reset", End.SILENT: "silence", End.UNNOTIFIED: "the end", None: "no more was waited for",
}  # fmt: skip
KINDS = {Opcode.TEXT: "text", Opcode.BINARY: "binary"}
CANARY_ALONE = Segments(CANARY, ())


class Stage(enum.Enum):
    """How far a dialogue has come."""

    OPENING = "awaits the answer to the handshake"
    LEGAL = "awaits the answers to what is legal"
    TROUBLE = "awaits what comes of the rest"
    DONE = "awaits nothing"


class Ending(enum.Enum):
    """What the dialogue ends with."""

    CLOSE = "a Close of the client's"
    ORDERED = "a Close of the server's, which it was told to send"
    FAULT = "a frame that breaks a rule"
    LENIENT = "a length in more octets than it needs"
    CUT = "a frame that is not whole"
    FREE = "what may be taken in any way"


@dataclass(slots=True)
class Heard:
    """What came behind the 101, in the order in which it came, sorted by what it is. `mark`: so many before the trouble."""

    messages: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    pings: list[bytes] = field(default_factory=list[bytes])
    pongs: list[bytes] = field(default_factory=list[bytes])
    close: Close | None = None
    is_late: bool = False
    """Whether the answer of `ws-serial` that takes its time came before the Pong."""
    mark_messages: int = 0
    mark_pongs: int = 0
    behind_close: list[Event] = field(default_factory=list[Event])


class Talk(Dialogue):
    """One input on one connection."""

    def __init__(self, wire: Wire, place: Place, opening: bytes, endpoint: str) -> None:
        self.wire, self.place, self.endpoint = wire, place, endpoint
        self.kind = Kind(wire.input.kind)
        self.is_handshake = self.kind is Kind.HANDSHAKE
        super().__init__(list(wire.segments) if self.is_handshake else [opening])
        self.opening = Opening(b"".join(self.outgoing))
        self.is_early = not self.is_handshake and wire.input.name == "early"
        self.said = CANARY_ALONE if self.is_handshake else cut(wire.segments)
        self.verdict = handshake_verdict(wire) if self.is_handshake else ACCEPT
        self.stage = Stage.OPENING
        self.ending = Ending.CLOSE
        self.reading = Reading()
        self.expected = Expected()
        self.heard = Heard()
        self.reader: FrameReader | None = None
        self._seen = 0
        self._pong = 0
        if not endpoint:
            self._finish()
        elif self.is_early:
            self._prepare(None)
            self.outgoing[-1] = self.outgoing[-1] + b"".join(self.said.part(0, self.expected.split))

    def _finish(self) -> None:
        self.stage, self.is_done = Stage.DONE, True

    @property
    def answer(self) -> Answered | None:
        """The answer to the handshake, once it has come."""
        return self.opening.answer

    def received(self, octets: bytes) -> None:
        """Take octets as they come."""
        if self.reader is not None:
            self.reader.feed(octets)
        elif self.stage is Stage.OPENING:
            self.opening.feed(octets)
            self._look_at_answer()
        self._look_at_events()

    def quiet(self) -> None:
        """Nothing came for a while. What nobody has to answer is not waited for, or ended from our side."""
        if self.stage is Stage.OPENING:
            if self.verdict.decision is not Decision.ACCEPT:
                self._finish()
        elif self.stage is Stage.TROUBLE:
            if self.ending is Ending.CUT or (self.ending is Ending.FAULT and not self.reading.is_whole):
                self.shuts = True
            elif self.ending in {Ending.LENIENT, Ending.FREE} and self.reading.close is None:
                self._finish()

    def ended(self, end: End) -> None:
        """Take the end of the connection, or of our patience."""
        super().ended(end)
        if self.stage is Stage.OPENING:
            self.opening.end(end)
            self._look_at_answer()
            self._look_at_events()
        self._finish()

    def _look_at_answer(self) -> None:
        if self.opening.garbage:
            self._finish()
        answer = self.answer
        if answer is None:
            return
        if not answer.switches or (self.is_handshake and self.verdict.decision is not Decision.ACCEPT):
            self._finish()  # refused; or open by what is no handshake beyond doubt
            return
        self.reader = FrameReader(answer.agreed)
        if not self.is_early:
            self._prepare(answer.agreed)
            self.outgoing.extend(self.said.part(0, self.expected.split))
        self.stage = Stage.LEGAL
        self.reader.feed(answer.rest)

    def _prepare(self, agreed: Deflate | None) -> None:
        if self.is_handshake:
            self.reading = read(Kind.FRAMES, CANARY, None)
            self.expected = expect("ws", CANARY, self.reading)
            return
        if self.kind is Kind.DEFLATE and agreed is None:
            self.said, self.reading = Segments(b"", ()), Reading()  # declined, as it may be: nothing to say
        else:
            self.reading = read(self.kind, self.said.octets, agreed)
        reading = self.reading
        self.expected = expect(self.endpoint, self.said.octets, reading)
        if self.expected.closes is not None:
            self.ending = Ending.ORDERED
        elif reading.lenient >= 0 and (reading.verdict is not FREE or reading.close is not None):
            self.ending = Ending.LENIENT
        elif reading.close is not None or (reading.trouble < 0 and not reading.is_cut):
            self.ending = Ending.CLOSE
        elif reading.is_cut:
            self.ending = Ending.CUT
        else:
            self.ending = Ending.FREE if reading.verdict is FREE else Ending.FAULT

    def _look_at_events(self) -> None:
        reader = self.reader
        if reader is None:
            return
        for event in reader.events[self._seen :]:
            self._take(event)
        self._seen = len(reader.events)
        if reader.broken:
            self._finish()
        if self.stage is Stage.LEGAL:
            self._look_at_legal()
        if self.stage is Stage.TROUBLE:
            self._look_at_trouble()

    def _take(self, event: Event) -> None:
        heard = self.heard
        if heard.close is not None:
            heard.behind_close.append(event)
        elif isinstance(event, Message) and event.data == b"no" and self.expected.pings:
            heard.pings.append(event.data)  # an application may have no Ping to send
        elif isinstance(event, Message):
            heard.messages.append((KINDS[event.opcode], event.data))
            heard.is_late |= event.data == self.expected.slow != b"" and b"within" not in heard.pongs
        elif isinstance(event, Ping):
            heard.pings.append(event.data)
            self.outgoing.append(client_frame(10, event.data))
        elif isinstance(event, Pong):
            heard.pongs.append(event.data)
            asked = self.expected.pongs
            if self._pong < len(asked) and event.data in asked[self._pong :]:
                self._pong = asked.index(event.data, self._pong) + 1
        else:
            heard.close = event
            if self.ending is not Ending.CLOSE or self.stage is Stage.LEGAL:
                self.outgoing.append(client_frame(CLOSE, event.body[:2]))

    def _look_at_legal(self) -> None:
        heard, expected = self.heard, self.expected
        count = len(heard.messages)
        fits = all(
            said == (event.name, event.payload)
            for said, event in zip(heard.messages[-4:], expected.messages[max(0, count - 4) : count], strict=False)
        )
        if heard.close is not None or not fits or count > len(expected.messages):
            if heard.close is not None:
                self.stage = Stage.TROUBLE
            else:
                self._finish()
            return
        is_answered = self._pong == len(expected.pongs) and len(heard.pings) >= len(expected.pings)
        if count == len(expected.messages) and is_answered:
            heard.mark_messages, heard.mark_pongs = count, len(heard.pongs)
            self.stage = Stage.TROUBLE
            self.outgoing.extend(self._rest())

    def _rest(self) -> list[bytes]:
        rest = self.said.part(self.expected.split, len(self.said.octets))
        if self.ending is Ending.CLOSE and self.reading.close is None:
            return [*rest, OWN_CLOSE]
        if self.ending is Ending.FAULT and self.reading.is_whole:
            return [*rest[:-1], rest[-1] + OWN_PING]
        return rest

    def _look_at_trouble(self) -> None:
        """What a server is known by that goes on; a Close is followed by the end, which is waited for."""
        heard, reading = self.heard, self.reading
        more = heard.messages[heard.mark_messages :]
        allowed = [(event.name, event.payload) for event in self.expected.allowed]
        if (
            (more and (self.ending is not Ending.LENIENT or more != allowed[: len(more)]))
            or (self.ending is Ending.LENIENT and more == allowed and reading.trouble < 0)
            or (self.ending is Ending.FREE and self.reading.close is None)
        ):
            self._finish()

    def sameness(self) -> tuple[object, ...] | None:
        """Return the messages that came, which no segments change: what else comes may."""
        is_timed = self.is_early or self.endpoint == "ws-serial"
        is_open = self.ending in {Ending.LENIENT, Ending.CUT, Ending.FREE}
        if self.reader is None or is_timed or is_open or self.suspicions():
            return None  # what is wrong is told as such, and nobody waited for more
        return tuple(self.heard.messages)

    def told(self) -> str:
        """Say what came, in words."""
        answer, heard = self.answer, self.heard
        if self.reader is None:
            return f"status {answer.response.status}" if answer else END_WORDS[self.end]
        told = [f"{name} {shown(data)}" for name, data in heard.messages[:4]]
        told += [f"Pong {shown(data)}" for data in heard.pongs[:2]]
        told += [heard.close.describe()] if heard.close is not None else []
        return ", then ".join([*told, END_WORDS[self.end]])


def handshake_verdict(wire: Wire) -> Verdict:
    """Return the verdict on a handshake. What only the application would see replaced is not judged."""
    verdict = wire.verdict
    if 0 <= wire.input.transport.end < len(wire.octets):
        return FREE
    if verdict.decision is Decision.REFUSE and verdict.excuse is Excuse.REPLACED:
        return FREE
    if wire.input.name == "absolute" and verdict.decision is Decision.ACCEPT:
        return ABSOLUTE  # whatever else was edited and is legal: a refusal may be for this
    is_of_http = verdict.requirement.startswith("rfc9")
    return verdict._replace(requirement="") if verdict.decision is Decision.ACCEPT and is_of_http else verdict
