"""What is said on a WebSocket behind its 101: the server's frames are read, its Pings and its Close are answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Protocol

from merkhet.answer import End, Fault, Response
from merkhet.check import Hears
from merkhet.engine.deadlines import Deadlines
from merkhet.heard import Close, Event, Heard, Message, Opcode, Ping, Pong
from merkhet.wire.client_frames import ClientFrames, short_frame
from merkhet.wire.extensions import deflate_of
from merkhet.wire.seen import Talk
from merkhet.wire.websocket import FATAL, FrameReader

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


def is_met_by(step: Hears, counts: Counter[type]) -> bool:
    """Whether all that a step waits for has come. The Close alone meets every step."""
    if counts[Close]:
        return True
    wanted = ((Message, step.messages), (Pong, step.pongs), (Ping, step.pings))
    return any(count for _, count in wanted) and all(counts[kind] >= count for kind, count in wanted)


class Conversation:
    """The frames of one connection, from its 101 on. `sent` is what the check had sent behind its handshake by then."""

    def __init__(self, response: Response, pending: bytes, sent: bytes) -> None:
        self.reader = FrameReader(deflate_of(response))
        self.client = ClientFrames()
        self.client.feed(sent)
        self.reader.feed(pending)
        self._taken = 0
        """How many of the reader's events the steps so far have taken."""
        self._told = 0
        """How many of its faults they were told of."""

    def talk(self) -> Talk:
        """Return what the judge may see."""
        return Talk(
            tally=self.reader.tally, faults=tuple(self.reader.faults), asked_to_close_with=self.client.close_code
        )

    async def hear(self, step: Hears, seconds: float, line: Line) -> Heard:
        """Read up to what a step waits for, or the server's Close and then the end, or a fault, or for so long."""
        began = line.now()
        first = self._taken
        end, is_met = await self._until(step, line.now() + seconds, line)
        heard = Heard(
            events=tuple(self.reader.events[first : self._taken]),
            end=end,
            unfinished=self.reader.unfinished and not is_met,
        )
        if heard.close is not None and not step.until_close:
            heard = await self._to_the_end(heard, line)
            is_met = False
        faults = self._new_faults(all_of_them=not is_met)
        unreadable = (self.reader.broken and not is_met) or any(fault.rule in FATAL for fault in faults)
        return replace(heard, faults=faults, unreadable=unreadable, seconds=line.now() - began)

    def _new_faults(self, *, all_of_them: bool) -> tuple[Fault, ...]:
        """Return the faults of what has been taken, and those of what follows if that was waited for."""
        first, reader = self._told, self.reader
        while self._told < len(reader.faults) and (all_of_them or reader.places[self._told] < self._taken):
            self._told += 1
        return tuple(reader.faults[first : self._told])

    async def _until(self, step: Hears, until: float, line: Line) -> tuple[End | None, bool]:
        """Take events until all that is wanted has come. Returns how it ended if it has not, and whether it has."""
        counts: Counter[type] = Counter()
        while True:
            while self._taken < len(self.reader.events):
                counts[type(await self._take(line))] += 1
                if is_met_by(step, counts):
                    return None, True
            if self.reader.broken:
                return None, False
            end = await self._read(line, until)
            if end is not None:
                return end, False

    async def _take(self, line: Line) -> Event:
        """Take the next event; answer a Ping, as Section 5.5.2 asks of a client too."""
        event = self.reader.events[self._taken]
        self._taken += 1
        if isinstance(event, Ping) and self.client.between_frames and not self.client.closes:
            await self._say(Opcode.PONG, event.data, line)
        return event

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
        return replace(heard, behind=behind, end=end, answered=answered)

    async def _drain(self, line: Line, until: float) -> End:
        """Read to the end, whatever comes: also what is no frame any more must not hide it."""
        while True:
            end = await self._read(line, until)
            if end is not None:
                return end

    async def _say(self, opcode: Opcode, data: bytes, line: Line) -> None:
        await line.reply(short_frame(opcode, data, _MASK))
