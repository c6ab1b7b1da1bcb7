"""Recorded connections once more: the same bytes, in the same segments, in the same order, whoever listens.

What was done behind an answer, on whichever connection, is done when as many bytes have come as came then, or when the peer
has ended that connection, or when it takes too long: nothing is judged here, and nothing of what comes changes what is sent.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from merkhet.answer import End
from merkhet.model import Direction, Transcript, WireEvent
from merkhet.wire.dial import Dialer, Unreachable, Wire

WAIT_SECONDS_MIN = 1.0
WAIT_SECONDS_MAX = 30.0
PATIENCE = 3.0
"""So many times as long as then may it take now until what came has come again."""
GAP_SECONDS_MAX = 5.0
SEND_SECONDS = 10.0


def inexact(transcript: Transcript) -> str:
    """Say why the recorded bytes of a connection are not exactly those that were sent; nothing if they are."""
    kept = sent_bytes(transcript)
    where = f"connection {transcript.connection} ({transcript.purpose})"
    if len(kept) < transcript.sent_length:
        missing = transcript.sent_length - len(kept)
        return f"{where}: {missing} of the {transcript.sent_length} bytes that were sent are not kept, and left out now"
    if hashlib.sha256(kept).hexdigest() != transcript.sent_sha256:
        return f"{where}: the bytes are not those that were sent: field values that the user gave are masked in results"
    return ""


def sent_bytes(transcript: Transcript) -> bytes:
    """Return what is kept of the bytes that were sent on a connection."""
    return b"".join(event.data for event in transcript.events if event.direction is Direction.SENT)


async def replayed(transcripts: Sequence[Transcript], dialer: Dialer, scale: float = 1.0) -> tuple[Transcript, ...]:
    """Send what these connections sent and return what crossed them now: those that could be opened.

    Raises Unreachable if none could.
    """
    return await _Replay(transcripts, dialer, scale).run()


class _Replay:
    """The connections of one replay, how many bytes have come on each, and how many had come by then."""

    def __init__(self, transcripts: Sequence[Transcript], dialer: Dialer, scale: float) -> None:
        self.transcripts = {transcript.connection: transcript for transcript in transcripts}
        self.dialer = dialer
        self.scale = scale
        self.began = 0.0
        self.wires: dict[int, Wire] = {}
        self.came: defaultdict[int, int] = defaultdict(int)
        self.owed: defaultdict[int, int] = defaultdict(int)
        self.owes_end: set[int] = set()
        self.ended: dict[int, End] = {}
        self.last_sent: dict[int, float] = {}

    async def run(self) -> tuple[Transcript, ...]:
        self.began = self.dialer.now()
        try:
            await self._all()
        finally:
            for number, wire in self.wires.items():
                end = self.ended.get(number)
                wire.recorder.ended = end.value if end is not None else "closed by merkhet"
                await wire.close()
        return tuple(self.wires[number].recorder.transcript() for number in sorted(self.wires))

    async def _all(self) -> None:
        try:
            for event in _in_order(self.transcripts.values()):
                await self._event(event)
        except Unreachable:
            # What could be opened before shows more than that this could not.
            if not self.wires:
                raise
        for number in self.wires:
            await self._settle(number)

    async def _event(self, event: WireEvent) -> None:
        number = event.connection
        match event.direction:
            case Direction.OPENED:
                await self._await_owed(event.at)
                await self._wire(number)
            case Direction.SENT:
                await self._await_owed(event.at)
                wire = await self._wire(number)
                await self._gap(number, event.at)
                await wire.send([event.data], gap_seconds=0.0, until=self.dialer.now() + SEND_SECONDS * self.scale)
            case Direction.HALF_CLOSED:
                await self._await_owed(event.at)
                await (await self._wire(number)).half_close()
            case Direction.ABORTED:
                await self._await_owed(event.at)
                await (await self._wire(number)).abort()
                self.ended.setdefault(number, End.CLOSED)
            case Direction.RECEIVED:
                self.owed[number] += event.length
            case Direction.CLOSED | Direction.RESET:
                self.owes_end.add(number)
            case _:
                pass

    async def _wire(self, number: int) -> Wire:
        if number not in self.wires:
            purpose = self.transcripts[number].purpose
            self.wires[number] = await self.dialer.dial(purpose, number, self.began)
        return self.wires[number]

    async def _gap(self, number: int, at: float) -> None:
        """Keep the recorded gap between two segments: a server that reads them as one is not shown the cut."""
        before, self.last_sent[number] = self.last_sent.get(number), at
        if before is not None:
            await asyncio.sleep(min(max(0.0, at - before), GAP_SECONDS_MAX))

    async def _await_owed(self, at: float) -> None:
        """Wait for what had come by then, on every connection. What does not come is waited for once."""
        for number in self.wires:
            if number in self.ended or not (number in self.owes_end or self.came[number] < self.owed[number]):
                continue
            self.last_sent.pop(number, None)
            wanted = None if number in self.owes_end else self.owed[number]
            await self._read(number, self.dialer.now() + self._patience(at), wanted)
            self.owed[number] = min(self.owed[number], self.came[number])
            self.owes_end.discard(number)

    def _patience(self, seconds: float) -> float:
        return min(max(PATIENCE * seconds, WAIT_SECONDS_MIN), WAIT_SECONDS_MAX) * self.scale

    async def _read(self, number: int, until: float, wanted: int | None) -> None:
        """Read up to this many bytes, or to the end if that is None."""
        while number not in self.ended and (wanted is None or self.came[number] < wanted):
            got = await self.wires[number].receive(until)
            if isinstance(got, bytes):
                self.came[number] += len(got)
            elif got is End.SILENT:
                return
            else:
                self.ended[number] = got

    async def _settle(self, number: int) -> None:
        """Wait for what came last on a connection: its end, if the peer ended it then, else as many bytes."""
        events = self.transcripts[number].events
        took = events[-1].at - self._last_sent_at(number) if events else 0.0
        ended = number in self.owes_end
        waited = any(event.direction is Direction.TIMED_OUT for event in events)
        wanted = None if ended or waited else self.owed[number]
        until = self.dialer.now() + (took * self.scale if waited and not ended else self._patience(took))
        await self._read(number, until, wanted)

    def _last_sent_at(self, number: int) -> float:
        sent = [event.at for event in self.transcripts[number].events if event.direction is Direction.SENT]
        return sent[-1] if sent else 0.0


def _in_order(transcripts: Iterable[Transcript]) -> list[WireEvent]:
    """Return the events of all connections in the order in which they happened."""
    return sorted((event for transcript in transcripts for event in transcript.events), key=lambda event: event.at)
