"""Deadlines of the channels: a heap that is told the time and never asks for it."""

from __future__ import annotations

import heapq

NEVER = float("inf")


class Deadlines:
    """At most one live deadline a serial number, moved without touching the heap where it moves later.

    A channel's deadline moves with every request, nearly always to later. Then only `due` changes, and the old heap
    entry, when its time comes, is put back for the new one. Only a deadline that moves earlier costs an entry at once.
    """

    __slots__ = ("_due", "_entry", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}
        self._entry: dict[int, float] = {}

    def set(self, serial: int, when: float) -> None:
        """Let `serial` be due at `when` (seconds on the caller's clock; NEVER for none)."""
        self._due[serial] = when
        if when < self._entry.get(serial, NEVER):
            self._entry[serial] = when
            heapq.heappush(self._heap, (when, serial))

    def forget(self, serial: int) -> None:
        """Drop what is known of `serial`; its heap entry goes when it surfaces."""
        self._due.pop(serial, None)
        self._entry.pop(serial, None)

    def next_at(self) -> float:
        """Return the time of the earliest entry, NEVER if there is none; its deadline may have moved to later.

        What is left of the forgotten is dropped here, so that nobody is woken for a channel that is gone.
        """
        while self._heap and self._entry.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER

    def pop_due(self, now: float) -> list[int]:
        """Return the serial numbers whose deadline is at or before `now`; each has none after that."""
        due: list[int] = []
        while self._heap and self._heap[0][0] <= now:
            when, serial = heapq.heappop(self._heap)
            if self._entry.get(serial) != when:
                continue  # an earlier entry took its place, or the channel is gone
            del self._entry[serial]
            wanted = self._due[serial]
            if wanted <= now:
                del self._due[serial]
                due.append(serial)
            elif wanted < NEVER:
                self._entry[serial] = wanted
                heapq.heappush(self._heap, (wanted, serial))
        return due
