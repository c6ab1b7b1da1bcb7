"""What many threads say to one client: bounded, in order, and taken by an I/O thread that never waits for any of them.

This module knows nothing of WebSocket: what travels is octets, and a last word of the caller's own type.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once:
    """Something that happens once, whoever does it: the first who asks is told so. Any thread."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def is_first(self) -> bool:
        """Return True to the first who asks, and False to all others."""
        return self._lock.acquire(blocking=False)


class Outlet(Generic[T]):
    """What is said to one client and not yet on its way: octets in their order, and at last a last word.

    | method | called by |
    |---|---|
    | put, end | any thread; `put` may wait while `bytes_max` or more wait |
    | take, shut | the I/O thread, which never waits |

    The I/O thread counts what it takes, and those who put, one at a time, what they put: so neither needs the other's lock.
    Why no sender sleeps over room that was made: it first says that it waits and then looks for room; the I/O thread first
    counts what it took and then looks for those who wait.
    """

    __slots__ = ("_bytes_max", "_items", "_order", "_put_bytes", "_room", "_taken_bytes", "_waiting", "is_open", "last")

    def __init__(self, bytes_max: int) -> None:
        self.is_open = True
        self.last: T | None = None
        self._items: deque[bytes] = deque()
        self._order = threading.Lock()
        self._room: threading.Condition | None = None
        self._waiting = 0
        self._put_bytes = 0
        self._taken_bytes = 0
        self._bytes_max = bytes_max

    def __len__(self) -> int:
        return len(self._items)

    def put(self, data: bytes, seconds: float = 0.0, make: Callable[[bytes], bytes] | None = None) -> bool:
        """Append octets once there is room; False if there was none within `seconds`, or none is wanted any more.

        `make` is asked for what to append in place of `data`, by one thread at a time and in the order of what is sent.
        There is room while fewer than `bytes_max` wait, so the last piece may go beyond it: who has seen that there is room
        puts one piece without waiting, whatever its size.
        """
        until = 0.0
        while True:
            with self._order:
                if not self.is_open:
                    return False
                if self._put_bytes - self._taken_bytes < self._bytes_max:
                    made = data if make is None else make(data)
                    self._put_bytes += len(made)
                    self._items.append(made)
                    return True
            until = until or time.monotonic() + seconds
            if not self._wait(until - time.monotonic()):
                return False

    @property
    def has_room(self) -> bool:
        """Whether something may be put. Any thread; it may have changed by the time it is known."""
        return self._put_bytes - self._taken_bytes < self._bytes_max

    def _wait(self, seconds: float) -> bool:
        if seconds <= 0:
            return False
        with self._order:
            room = self._room = self._room or threading.Condition()
        with room:
            self._waiting += 1
            try:
                return room.wait_for(lambda: not self.is_open or self.has_room, seconds)
            finally:
                self._waiting -= 1

    def take(self) -> bytes | None:
        """Return the next octets; None if there are none."""
        if not self._items:
            return None
        data = self._items.popleft()
        self._taken_bytes += len(data)
        if self._waiting:
            self._tell()
        return data

    def end(self, last: T) -> bool:
        """Say a last word, behind what was put before; False if there was one. Any thread."""
        with self._order:
            was_open, self.is_open = self.is_open, False  # [rfc6455-5.5.1-5] [rfc6455-6.1-2]
            if was_open:
                self.last = last
        self._tell()
        return was_open

    def shut(self) -> None:
        """Take nothing any more, and throw away what waits. Whoever waits for room is let go. Only the I/O thread."""
        self.is_open = False
        self._items.clear()
        self._tell()

    def _tell(self) -> None:
        room = self._room
        if room is not None:
            with room:
                room.notify_all()


def turnstile() -> threading.Lock:
    """Return what lets one thread at a time through. Where everybody keeps to their turn, nobody waits there."""
    return threading.Lock()
