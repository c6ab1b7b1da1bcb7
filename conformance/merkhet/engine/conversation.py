"""What is said on a WebSocket behind its 101: the server's frames are read, its Pings and its Close are answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from merkhet.answer import End, Response
from merkhet.check import Hears
from merkhet.engine.deadlines import Deadlines
from merkhet.heard import Close, Event, Heard, Message, Opcode, Ping, Pong
from merkhet.wire.client_frames import ClientFrames
from merkhet.wire.extensions import deflate_of
from merkhet.wire.seen import Talk
from merkhet.wire.websocket import FrameReader

_MASK = b"\x00\x00\x00\x00"
"""Choice: merkhet's own answers are masked with zeros, so that they can be read in a transcript."""


class Line(Protocol):
    """What a conversation needs of its connection."""

    @property
    def deadlines(self) -> Deadlines:
        """The waits of the run."""
        ...

    def now(self) -> float:
        """Return the time."""
        ...

    async def octets(self, until: float) -> bytes | End:
        """Return octets as they come, or the end, or SILENT at `until`."""
        ...

    async def reply(self, data: bytes) -> None:
        """Send octets that no step of the check asked for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How much is waited for, and until when."""

    messages: int
    pongs: int
    pings: int
    until_close: bool
    seconds: float

    @classmethod
    def by(cls, step: Hears, seconds: float) -> Wanted:
        """Return what a step waits for."""
        return cls(
            messages=step.messages,
            pongs=step.pongs,
            pings=step.pings,
            until_close=step.until_close,
            seconds=seconds,
        )

    def is_met(self, events: list[Event]) -> bool:
        """Whether all of it has come. The Close alone meets a step that asks for nothing else."""
        if events and isinstance(events[-1], Close):
            return True
        if not self.messages and not self.pongs and not self.pings:
            return False
        counts = ((Message, self.messages), (Pong, self.pongs), (Ping, self.pings))
        return all(sum(isinstance(event, kind) for event in events) >= count for kind, count in counts)


class Conversation:
    """The frames of one connection, from its 101 on. `sent` is what the check had sent behind its handshake by then."""

    def __init__(self, response: Response, pending: bytes, sent: bytes) -> None:
        self.reader = FrameReader(deflate_of(response))
        self.client = ClientFrames()
        self.client.feed(sent)
        self.reader.feed(pending)
        self._taken = 0
        self._faults = 0

    def talk(self) -> Talk:
        """Return what the judge may see."""
        return Talk(
            tally=self.reader.tally, faults=tuple(self.reader.faults), asked_to_close_with=self.client.close_code
        )

    async def hear(self, wanted: Wanted, line: Line) -> Heard:
        """Read up to what is wanted, or the server's Close and then the end, or a fault, or the deadline."""
        began = line.now()
        events, end = await self._until(wanted, line)
        heard = Heard(
            events=tuple(events),
            end=end,
            faults=tuple(self.reader.faults[self._faults :]),
            unreadable=self.reader.broken,
            unfinished=self.reader.unfinished,
        )
        if heard.close is not None and not wanted.until_close:
            heard = await self._to_the_end(heard, line)
        self._faults = len(self.reader.faults)
        return replace(heard, seconds=line.now() - began)

    async def _until(self, wanted: Wanted, line: Line) -> tuple[list[Event], End | None]:
        events: list[Event] = []
        until = line.now() + wanted.seconds
        while True:
            while not wanted.is_met(events) and self._taken < len(self.reader.events):
                await self._take(events, line)
            if wanted.is_met(events) or self.reader.broken:
                return events, None
            end = await self._read(line, until)
            if end is not None:
                return events, end

    async def _take(self, events: list[Event], line: Line) -> None:
        """Take the next event; answer a Ping, as Section 5.5.2 asks of a client too."""
        event = self.reader.events[self._taken]
        self._taken += 1
        events.append(event)
        if isinstance(event, Ping) and self.client.between_frames and not self.client.closes:
            await self._say(Opcode.PONG, event.data, line)

    async def _read(self, line: Line, until: float) -> End | None:
        got = await line.octets(until)
        if isinstance(got, End):
            return got
        self.reader.feed(got)
        return None

    async def _to_the_end(self, heard: Heard, line: Line) -> Heard:
        """Read on behind the server's Close. A server that waits for ours gets it, after a moment in which it may end."""
        began = line.now()
        until = began + line.deadlines.close_seconds
        may_answer = self.client.between_frames and not self.client.closes and heard.close is not None
        end = await self._drain(line, began + line.deadlines.quiet_seconds if may_answer else until)
        answered = may_answer and end is End.SILENT
        if answered and heard.close is not None:
            await self._say(Opcode.CLOSE, heard.close.body[:2] if heard.close.code is not None else b"", line)
            end = await self._drain(line, until)
        behind = tuple(self.reader.events[self._taken :])
        self._taken = len(self.reader.events)
        faults = tuple(self.reader.faults[self._faults :])
        return replace(heard, behind=behind, end=end, answered=answered, faults=faults, unreadable=self.reader.broken)

    async def _drain(self, line: Line, until: float) -> End:
        while not self.reader.broken:
            end = await self._read(line, until)
            if end is not None:
                return end
        return End.SILENT

    async def _say(self, opcode: Opcode, data: bytes, line: Line) -> None:
        await line.reply(bytes([0x80 | opcode, 0x80 | len(data)]) + _MASK + data)
