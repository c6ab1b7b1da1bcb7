"""A dialogue on one connection, without sockets: what goes out when, what came, and whether more is awaited.

What is legal goes out first, and its answers are waited for; then the trouble: a Close, a frame that breaks a rule, or
the client's own Close. So no answer is lost to an end that was asked for. The judging is in websocket_verdict.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from merkhet.answer import End
from merkhet.heard import Close, Event, Message, Opcode, Ping, Pong
from merkhet.template import Names
from merkhet.wire.extensions import Deflate
from merkhet.wire.websocket import FrameReader
from merkhet_fuzz.bases.websocket import CLOSE
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.judges.frames import Reading
from merkhet_fuzz.live.websocket_opening import Answered, Opening
from merkhet_fuzz.live.websocket_script import (
    OWN_CLOSE,
    OWN_PING,
    Case,
    Expected,
    Handshake,
    Segments,
    client_frame,
    dialogue,
    expect,
    handshake,
    read,
)
from merkhet_fuzz.verdicts import FREE, Decision

CANARY = client_frame(1, b"merkhet")
KINDS = {Opcode.TEXT: "text", Opcode.BINARY: "binary"}
REPLAYED = Segments(CANARY, ())


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


class Talk:
    """One case on one connection. `outgoing` is asked again after each `received`, until `is_done`."""

    def __init__(self, case: Case, names: Names) -> None:
        self.case = case
        self.handshake: Handshake = handshake(case, names)
        self.opening = Opening(self.handshake.octets)
        self.is_handshake = case.inputs[0].kind == Kind.HANDSHAKE
        self.is_early = case.inputs[0].name == "early" and not self.is_handshake
        self.said = REPLAYED if self.is_handshake else dialogue(case)
        self.stage = Stage.OPENING
        self.ending = Ending.CLOSE
        self.reading = Reading()
        self.expected = Expected()
        self.heard = Heard()
        self.reader: FrameReader | None = None
        self.end: End | None = None
        self.half_closes = False
        """Whether the client says that it sends no more, once all is out."""
        self.names = names
        self._seen = 0
        self._out = list(self.handshake.segments)
        self._answered_close = False
        self._pong = 0
        if self.is_early:
            self._prepare(None)
            first = b"".join(self.said.part(0, self.expected.split))
            self._out = [*self._out[:-1], self._out[-1] + first] if self._out else [first]

    @property
    def is_done(self) -> bool:
        """Whether nothing more is awaited."""
        return self.stage is Stage.DONE

    @property
    def answer(self) -> Answered | None:
        """The answer to the handshake, once it has come."""
        return self.opening.answer

    def outgoing(self) -> list[bytes]:
        """Return the segments to send now."""
        out, self._out = self._out, []
        return out

    def received(self, octets: bytes) -> None:
        """Take octets as they come."""
        if self.reader is not None:
            self.reader.feed(octets)
        elif self.stage is Stage.OPENING:
            self.opening.feed(octets)
            self._look_at_answer()
        self._look_at_events()

    def ended(self, end: End) -> None:
        """Take the end of the connection, or of the time that there was (End.SILENT)."""
        self.end = end
        if self.stage is Stage.OPENING:
            self.opening.end(end)
            self._look_at_answer()
            self._look_at_events()
        self.stage = Stage.DONE

    def _look_at_answer(self) -> None:
        if self.opening.garbage:
            self.stage = Stage.DONE
        answer = self.answer
        if answer is None:
            return
        if not answer.switches or (self.is_handshake and self.handshake.verdict.decision is not Decision.ACCEPT):
            self.stage = Stage.DONE  # refused; or open in what is no handshake beyond doubt
            return
        self.reader = FrameReader(answer.agreed)
        if not self.is_early:
            self._prepare(answer.agreed)
            self._out += self.said.part(0, self.expected.split)
        self.stage = Stage.LEGAL
        self.reader.feed(answer.rest)

    def _prepare(self, agreed: Deflate | None) -> None:
        if self.is_handshake:
            self.reading = read(self.case, CANARY, None)
            self.expected = expect("ws", CANARY, self.reading)
            return
        if self.case.inputs[0].kind == Kind.DEFLATE and agreed is None:
            self.said, self.reading = Segments(b"", ()), Reading()  # declined, as it may be: nothing to say
        else:
            self.reading = read(self.case, self.said.octets, agreed)
        reading = self.reading
        self.expected = expect(self.case.endpoint, self.said.octets, reading)
        if self.expected.closes is not None:
            self.ending = Ending.ORDERED
        elif reading.lenient >= 0:
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
            self.stage = Stage.DONE
        if self.stage is Stage.LEGAL:
            self._look_at_legal()
        if self.stage is Stage.TROUBLE:
            self._look_at_trouble()

    def _take(self, event: Event) -> None:
        heard = self.heard
        if heard.close is not None:
            heard.behind_close.append(event)
        elif isinstance(event, Message):
            heard.messages.append((KINDS[event.opcode], event.data))
            heard.is_late |= event.data == self.expected.slow != b"" and b"within" not in heard.pongs
        elif isinstance(event, Ping):
            heard.pings.append(event.data)
            self._out.append(client_frame(10, event.data))
        elif isinstance(event, Pong):
            heard.pongs.append(event.data)
            asked = self.expected.pongs
            if self._pong < len(asked) and event.data in asked[self._pong :]:
                self._pong = asked.index(event.data, self._pong) + 1
        else:
            heard.close = event
            if self.ending is not Ending.CLOSE or self.stage is Stage.LEGAL:
                self._out.append(client_frame(CLOSE, event.body[:2]))

    def _look_at_legal(self) -> None:
        heard, expected = self.heard, self.expected
        count = len(heard.messages)
        fits = all(
            said == (event.name, event.payload)
            for said, event in zip(heard.messages[-4:], expected.messages[max(0, count - 4) : count], strict=False)
        )
        if heard.close is not None or not fits or count > len(expected.messages):
            self.stage = Stage.TROUBLE if heard.close is not None else Stage.DONE
            return
        is_answered = self._pong == len(expected.pongs) and len(heard.pings) >= len(expected.pings)
        if count == len(expected.messages) and is_answered:
            heard.mark_messages, heard.mark_pongs = count, len(heard.pongs)
            self.stage = Stage.TROUBLE
            self._out += self._rest()

    def _rest(self) -> list[bytes]:
        rest = self.said.part(self.expected.split, len(self.said.octets))
        if self.ending is Ending.CLOSE and self.reading.close is None:
            return [*rest, OWN_CLOSE]
        if self.ending is Ending.FAULT and self.reading.is_whole:
            return [*rest[:-1], rest[-1] + OWN_PING]
        self.half_closes = self.ending is Ending.CUT or not self.reading.is_whole
        return rest

    def _look_at_trouble(self) -> None:
        """What a server is known by that goes on; a Close is followed by the end, which is waited for."""
        heard, reading = self.heard, self.reading
        more = heard.messages[heard.mark_messages :]
        allowed = [(event.name, event.payload) for event in self.expected.allowed]
        if more and (self.ending is not Ending.LENIENT or more != allowed[: len(more)]):
            self.stage = Stage.DONE
        elif self.ending is Ending.LENIENT and more == allowed and reading.trouble < 0:
            self.stage = Stage.DONE
        elif self.ending is Ending.FREE and self.reading.close is None:
            self.stage = Stage.DONE

