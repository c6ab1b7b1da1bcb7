"""Deadlines of the channels: a heap of the times at which to look at one. It is told the time and never asks for it.

A channel's deadline moves with all that happens to it. Nobody is told of that: each channel is looked at from time to
time instead, at its deadline as it was at the last look, or after the shortest of nearly all limits, whichever is sooner
(lingering and the silence of an event stream are shorter, and set as they begin). No
wait that began since then can be over before, so a deadline is never missed, and a request costs nothing here.
"""

from __future__ import annotations

import heapq

NEVER = float("inf")


class Deadlines:
    """At most one time a serial number: the sooner of those that were set."""

    __slots__ = ("_heap", "_when")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._when: dict[int, float] = {}

    def set(self, serial: int, when: float) -> None:
        """Let `serial` be due at `when` (seconds on the caller's clock), unless it is due sooner; NEVER is never."""
        if when < self._when.get(serial, NEVER):
            self._when[serial] = when
            heapq.heappush(self._heap, (when, serial))

    def forget(self, serial: int) -> None:
        """Drop what is known of `serial`; its heap entry goes when it surfaces."""
        self._when.pop(serial, None)

    def next_at(self) -> float:
        """Return the earliest time, NEVER if there is none.

        What is left of the forgotten is dropped here, so that nobody is woken for a channel that is gone.
        """
        while self._heap and self._when.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER

    def pop_due(self, now: float) -> list[int]:
        """Return the serial numbers whose time is at or before `now`; each has none after that."""
        due: list[int] = []
        while self._heap and self._heap[0][0] <= now:
            when, serial = heapq.heappop(self._heap)
            if self._when.get(serial) == when:  # else a sooner time took its place, or the channel is gone
                del self._when[serial]
                due.append(serial)
        return due
