"""What crossed one connection, kept within bounds: the first 64 KiB and the last 4 KiB of each direction."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field

from merkhet.model import Direction, Transcript, WireEvent


@dataclass(slots=True)
class _Side:
    """One direction: everything is counted and hashed, the middle is not kept."""

    length: int = 0
    head_room: int = Transcript.HEAD_BYTES_MAX
    tail_length: int = 0
    tail: deque[tuple[int, WireEvent]] = field(default_factory=deque[tuple[int, WireEvent]])

    def trim(self) -> None:
        """Drop the oldest of the tail until no more than its bound is kept."""
        while self.tail and self.tail_length - len(self.tail[0][1].data) >= Transcript.TAIL_BYTES_MAX:
            self.tail_length -= len(self.tail.popleft()[1].data)


class Recorder:
    """Writes the transcript of one connection. `purpose` says why it was opened: "check", "twin", "canary" and so on.

    Times go in on the dialer's clock and stand in the transcript as seconds since `began`.
    """

    def __init__(self, connection: int, purpose: str, began: float = 0.0) -> None:
        self._began = began
        self.connection = connection
        self.purpose = purpose
        self.ended = ""
        self._serial = 0
        self._events: list[tuple[int, WireEvent]] = []
        self._sides = {Direction.SENT: _Side(), Direction.RECEIVED: _Side()}
        self._hashes = {Direction.SENT: hashlib.sha256(), Direction.RECEIVED: hashlib.sha256()}

    def note(self, direction: Direction, at: float) -> None:
        """Write down something that happened without bytes."""
        self._add(self._event(direction, b"", at), self._events)

    def data(self, direction: Direction, data: bytes, at: float) -> None:
        """Write down bytes that crossed."""
        side = self._sides[direction]
        side.length += len(data)
        self._hashes[direction].update(data)
        kept, rest = data[: side.head_room], data[side.head_room :]
        if kept:
            side.head_room -= len(kept)
            self._add(self._event(direction, kept, at), self._events)
        if rest:
            tail = rest[-Transcript.TAIL_BYTES_MAX :]
            self._add(self._event(direction, tail, at, len(rest)), side.tail)
            side.tail_length += len(tail)
            side.trim()

    def _event(self, direction: Direction, data: bytes, at: float, length: int | None = None) -> WireEvent:
        return WireEvent(
            connection=self.connection,
            at=round(at - self._began, 6),
            direction=direction,
            data=data,
            length=len(data) if length is None else length,
        )

    def _add(self, event: WireEvent, to: list[tuple[int, WireEvent]] | deque[tuple[int, WireEvent]]) -> None:
        self._serial += 1
        to.append((self._serial, event))

    def transcript(self) -> Transcript:
        """Return what has been written down so far."""
        rows = [*self._events, *(row for side in self._sides.values() for row in side.tail)]
        sent, received = Direction.SENT, Direction.RECEIVED
        return Transcript(
            connection=self.connection,
            purpose=self.purpose,
            sent_length=self._sides[sent].length,
            received_length=self._sides[received].length,
            sent_sha256=self._hashes[sent].hexdigest(),
            received_sha256=self._hashes[received].hexdigest(),
            ended=self.ended,
            events=tuple(event for _, event in sorted(rows, key=lambda row: row[0])),
        )
