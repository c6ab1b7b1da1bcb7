"""The queues between the I/O thread and the workers, and the proof of which thread one is on.

| queue | puts | takes | bound |
|---|---|---|---|
| tasks | I/O thread | workers | `tasks_max` waiting, beside one running in each worker |
| replies | workers | I/O thread | each channel counts its own bytes and stops asking for more |
| a lane beside the replies | any thread | I/O thread | each thing is in it once, or a few times |

This module knows nothing of HTTP: what travels is the caller's own type.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sized
from typing import Generic, TypeVar

from merkhet_reference import wakeup

T = TypeVar("T")
R = TypeVar("R")


class WrongThreadError(RuntimeError):
    """A method of the I/O thread was called from another thread, or the other way round."""


class Owner:
    """Names the thread that owns a datum; the first thread to `claim` it."""

    __slots__ = ("thread",)

    def __init__(self) -> None:
        self.thread: int | None = None

    def claim(self) -> None:
        """Make the calling thread the owner."""
        self.thread = threading.get_ident()

    def release(self) -> None:
        """Leave the datum to whoever claims it next."""
        self.thread = None

    def check(self) -> None:
        """Raise WrongThreadError unless the caller is the owner, or there is none."""
        if self.thread is not None and self.thread != threading.get_ident():
            raise WrongThreadError("this belongs to the I/O thread")


class TaskQueue(Generic[T]):
    """Tasks for the workers, counted by the I/O thread alone so that the bound costs no lock.

    The count is of tasks that were handed over and have not come back. It is full at `tasks_max + workers`: then no
    worker can be idle while a task waits, so the return of any one task is the moment to offer more.

    # Choice: not `queue.SimpleQueue`, which lets every idle worker wake up for a burst of tasks. Threads of Python take
    turns, so one worker does a burst of short tasks as fast as eight do, and without their changing places at every call
    of the system. One is called for a burst, the last that went to sleep; another one only when a task still waits that
    waited a turn of the loop ago: then those that are awake are busy or blocked. To wait for longer, a millisecond say,
    before another is called is no faster for short tasks, and takes a handler that waits for a database most of its workers.

    Why no task is left lying: a worker first says that it sleeps and then looks for tasks, and who puts one first appends
    and then looks for sleepers; a worker on its way looks after it has said that it came; and what nobody was called for
    is looked at by the I/O thread (`spur`), which does not sleep while something waits for which nobody comes.
    """

    __slots__ = ("_items", "_oldest", "_on_its_way", "_sleepers", "in_flight", "in_flight_max")

    def __init__(self, tasks_max: int, workers: int) -> None:
        self._items: deque[T | None] = deque()
        self._sleepers: list[threading.Lock] = []
        self._on_its_way = False
        self._oldest: T | None = None
        self.in_flight = 0
        self.in_flight_max = tasks_max + workers

    def __len__(self) -> int:
        return len(self._items)

    def sleeping(self) -> int:
        """Return how many workers have nothing to do. Any thread; it may have changed by the time it is read."""
        return len(self._sleepers)

    def has_room(self) -> bool:
        """Tell whether one more task may be put. Only the I/O thread."""
        return self.in_flight < self.in_flight_max

    def put(self, task: T) -> None:
        """Hand a task over; the caller asked `has_room`, or the task is a small one that must not wait."""
        self.in_flight += 1
        self._items.append(task)
        if len(self._items) == 1 and self._sleepers and not self._on_its_way:
            self._call()

    def spur(self) -> bool:
        """Call one more worker if the oldest task is the one that waited a turn ago. Only the I/O thread, once a turn.

        Return whether to look again at once: something waits that a sleeper could do, and nobody comes for it.
        """
        try:
            oldest = self._items[0]
        except IndexError:
            self._oldest = None  # it would be kept in memory for as long as nothing waits
            return False
        if not self._sleepers or (self._on_its_way and len(self._items) == 1):
            return False
        if oldest is self._oldest:
            self._call()
        self._oldest = oldest
        return True

    def came_back(self) -> None:
        """Count one task as done. Only the I/O thread."""
        self.in_flight -= 1

    def take(self) -> T | None:
        """Wait for a task; None means that this worker is to end. Only workers."""
        while True:
            try:
                return self._items.popleft()
            except IndexError:
                self._sleep()

    def dismiss(self) -> None:
        """Let one worker end, after the tasks that were put before."""
        self._items.append(None)
        self._call()

    def _call(self) -> None:
        try:
            sleeper = self._sleepers.pop()
        except IndexError:
            return  # another thread has called it
        self._on_its_way = True
        sleeper.release()

    def _sleep(self) -> None:
        bed = threading.Lock()
        bed.acquire()
        self._sleepers.append(bed)
        if self._items:
            try:
                self._sleepers.remove(bed)
            except ValueError:
                pass  # it was called meanwhile
            else:
                return
        bed.acquire()  # until `_call` releases it
        self._on_its_way = False


class ReplyQueue(Generic[T]):
    """Replies to the I/O thread. Rings the wake-up only when the I/O thread sleeps, and then once.

    Why no reply is slept over: the I/O thread first says that it will sleep and then looks for replies; a worker first
    appends and then looks whether the I/O thread sleeps. Whatever the order, one of the two sees the other.
    """

    __slots__ = ("_asleep", "_items", "_lanes", "_lock", "_wakeup")

    def __init__(self, bell: wakeup.Wakeup) -> None:
        self._items: deque[T] = deque()
        self._lanes: list[Sized] = []
        self._wakeup: wakeup.Wakeup | None = bell
        self._lock = threading.Lock()
        self._asleep = False

    def put(self, reply: T) -> None:
        """Append a reply. Any thread; after `close` it goes nowhere, for nobody is left to send it."""
        self._items.append(reply)
        if self._asleep:
            self._asleep = False
            self.ring()

    def add_lane(self, items: Sized) -> None:
        """Let the I/O thread not sleep while there is something in `items`, either. Who puts it there calls `wake`."""
        self._lanes.append(items)

    def wake(self) -> None:
        """Ring if the I/O thread sleeps. Any thread, behind what it has put into a lane."""
        if self._asleep:
            self._asleep = False
            self.ring()

    def ring(self) -> None:
        """Wake the I/O thread, with or without a reply. Any thread."""
        with self._lock:  # so that a ring never reaches a descriptor that was closed and reused
            if self._wakeup is not None:
                self._wakeup.ring()

    def may_sleep(self) -> bool:
        """Announce that the caller will sleep; False when replies wait already. Only the I/O thread."""
        self._asleep = True
        if self._items or any(self._lanes):
            self._asleep = False
            return False
        return True

    def awake(self) -> None:
        """Announce that the caller no longer sleeps: it will look at the queue without being rung."""
        self._asleep = False

    def take_all(self) -> list[T]:
        """Return what has come up to now, oldest first. Only the I/O thread."""
        items = self._items
        return [items.popleft() for _ in range(len(items))]

    def close(self) -> None:
        """Stop ringing; replies of a worker that outlived its server are dropped."""
        with self._lock:
            self._wakeup = None

    @property
    def is_closed(self) -> bool:
        """Whether nobody takes replies any more."""
        return self._wakeup is None


class Lane(Generic[T]):
    """A second queue to the I/O thread, with the bell of the first: of things that have something to be looked at."""

    __slots__ = ("_bell", "items")

    def __init__(self, bell: ReplyQueue[R]) -> None:
        self.items: deque[T] = deque()
        self._bell = bell
        bell.add_lane(self.items)

    def put(self, item: T) -> None:
        """Append. Any thread."""
        self.items.append(item)
        self._bell.wake()

    def take_all(self) -> list[T]:
        """Return what has come up to now, oldest first. Only the I/O thread."""
        items = self.items
        return [items.popleft() for _ in range(len(items))]

    @property
    def is_closed(self) -> bool:
        """Whether nobody takes anything any more."""
        return self._bell.is_closed


class Tally:
    """How many there are of something that comes and goes on any thread."""

    __slots__ = ("_lock", "count")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self, number: int) -> None:
        """Count so many more."""
        with self._lock:
            self.count += number


class Flow:
    """How much of an open answer waits between those who write it and the I/O thread, and whether it is still wanted.

    | method | called by |
    |---|---|
    | put | any thread; it waits while more than `waiting_bytes_max` wait |
    | took | the I/O thread, for what it has moved on |
    | close | either side: a writer that has ended, the I/O thread when the client has gone |
    """

    __slots__ = (
        "_changed", "_tally", "_waiting_bytes", "_waiting_bytes_max",
        "ending", "ends_anywhere", "heartbeat", "heartbeat_seconds", "is_open",
    )  # fmt: skip

    def __init__(self, waiting_bytes_max: int, ending: bytes, tally: Tally | None = None) -> None:
        self.is_open = True
        self._tally = tally
        if tally is not None:
            tally.add(1)
        self.ending = ending
        self.ends_anywhere = False
        self.heartbeat = b""
        self.heartbeat_seconds = float("inf")
        self._waiting_bytes = 0
        self._waiting_bytes_max = waiting_bytes_max
        self._changed = threading.Condition()

    def put(self, count: int, seconds: float) -> bool:
        """Count `count` octets as waiting, once there is room; False if there was none within `seconds`, or none wanted.

        One piece may be larger than all room there is: it waits for nothing to wait before it.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self.is_open or self._has_room(count), seconds):
                return False
            if not self.is_open:
                return False
            self._waiting_bytes += count
            return True

    def _has_room(self, count: int) -> bool:
        return not self._waiting_bytes or self._waiting_bytes + count <= self._waiting_bytes_max

    def took(self, count: int) -> None:
        """Make room. What went with it and no writer counted, as the head of the answer, makes none."""
        with self._changed:
            self._waiting_bytes = max(0, self._waiting_bytes - count)
            self._changed.notify_all()

    def close(self) -> bool:
        """End it; return whether it was open. Whoever waits for room is let go."""
        with self._changed:
            was_open, self.is_open = self.is_open, False
            self._changed.notify_all()
        if was_open and self._tally is not None:
            self._tally.add(-1)
        return was_open
