"""A server in memory that plays written bytes: no socket, no thread, no waiting. Silence passes in no time.

The streams are played to the connections of a check in the order in which they are opened; the twin and its canary get
the twin's own good answer. Time is virtual: it moves only when something is sent, received or waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from merkhet.answer import End
from merkhet.check import PLAIN_GET, Exchange, Stream
from merkhet.model import Direction
from merkhet.wire.transcript import Recorder

T = TypeVar("T")

TICK_SECONDS = 0.0001


class Clock:
    """Virtual time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def tick(self) -> float:
        """Let a little time pass and return the time."""
        self.seconds += TICK_SECONDS
        return self.seconds


class CannedWire:
    """One connection to a canned server."""

    def __init__(self, stream: Stream, render: Callable[[bytes], bytes], recorder: Recorder, clock: Clock) -> None:
        self._turns = [render(turn) for turn in (stream.turns or (stream.data,))]
        if stream.made is not None:
            self._turns[-1] += stream.made.make()
        self._end = stream.end
        self._in_turns = bool(stream.turns)
        self._sends = 0
        self._clock = clock
        self._recorder = recorder
        self._received_at = clock.seconds
        self._ended_at: float | None = None
        recorder.note(Direction.OPENED, clock.seconds)

    @property
    def recorder(self) -> Recorder:
        """The transcript."""
        return self._recorder

    @property
    def received_at(self) -> float:
        """When the last octets were taken."""
        return self._received_at

    @property
    def ended_at(self) -> float | None:
        """When the end was taken."""
        return self._ended_at

    async def send(self, segments: Sequence[bytes], *, gap_seconds: float, until: float) -> None:  # noqa: ARG002
        """Take the segments; with turns, one more of them is due."""
        self._sends += 1
        for segment in segments:
            self._recorder.data(Direction.SENT, segment, self._clock.tick())
            self._clock.seconds += gap_seconds

    async def half_close(self) -> None:
        """Note it: a canned server does not look."""
        self._recorder.note(Direction.HALF_CLOSED, self._clock.tick())

    async def abort(self) -> None:
        """Note it, and play no more."""
        self._recorder.note(Direction.ABORTED, self._clock.tick())
        self._turns.clear()

    async def receive(self, until: float) -> bytes | End:
        """Return what is due, or the stream's end, or let the time pass to `until`."""
        due = self._due()
        if due:
            self._received_at = self._clock.tick()
            self._recorder.data(Direction.RECEIVED, due, self._received_at)
            return due
        if self._turns or self._end is End.SILENT:
            self._clock.seconds = max(self._clock.seconds, until)
            self._recorder.note(Direction.TIMED_OUT, self._clock.seconds)
            return End.SILENT
        if self._ended_at is None:
            self._ended_at = self._clock.tick()
            self._recorder.note(Direction.RESET if self._end is End.RESET else Direction.CLOSED, self._ended_at)
        return self._end

    def _due(self) -> bytes:
        if not self._in_turns:
            due, self._turns = b"".join(self._turns), []
            return due
        due = b"".join(self._turns[: self._sends])
        self._turns = self._turns[self._sends :]
        self._sends = 0
        return due

    async def close(self) -> None:
        """Nothing to close."""


class CannedDialer:
    """Plays `streams` to the check's connections, and the twin's good answer to the twin."""

    def __init__(self, streams: tuple[Stream, ...], twin: Exchange, render: Callable[[bytes], bytes]) -> None:
        self._streams = streams
        self._render = render
        self._clock = Clock()
        self._opened = 0
        self._others = {
            "twin": Stream(twin.good + PLAIN_GET.good),
            "canary": Stream(PLAIN_GET.good),
        }

    def now(self) -> float:
        """Return the virtual time."""
        return self._clock.seconds

    async def dial(self, purpose: str, number: int, began: float) -> CannedWire:
        """Open the next connection. A check connection beyond the last stream stays silent."""
        stream = self._others.get(purpose)
        if stream is None:
            stream = self._streams[self._opened] if self._opened < len(self._streams) else Stream(b"")
            self._opened += 1
        return CannedWire(stream, self._render, Recorder(number, purpose, began), self._clock)


def run_now(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits to its end, without an event loop."""
    try:
        work.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    work.close()
    raise RuntimeError("canned work waited for something")
