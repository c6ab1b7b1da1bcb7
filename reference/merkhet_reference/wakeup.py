"""A descriptor that another thread makes readable, so that the I/O thread leaves its wait."""

from __future__ import annotations

import os
import sys

EVENT_FD = hasattr(os, "eventfd")
ONE = (1).to_bytes(8, sys.byteorder)  # what eventfd adds to its counter, and eight octets to a pipe
DRAIN_BYTES = 4096  # a pipe that still holds rings stays readable, so a short read loses none


class Wakeup:
    """One end that any thread rings, one end that the I/O thread waits on.

    Linux has a descriptor for exactly this (`eventfd`: eight octets of kernel memory, it can never be full); elsewhere
    a non-blocking pipe does the same, and a full pipe is as good as a ring, because it is readable.
    """

    __slots__ = ("read_end", "write_end")

    def __init__(self, *, event_fd: bool = EVENT_FD) -> None:
        if event_fd:
            self.read_end = self.write_end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self.read_end, self.write_end = os.pipe()
            os.set_blocking(self.read_end, False)
            os.set_blocking(self.write_end, False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable; it belongs to this object."""
        return self.read_end

    def ring(self) -> None:
        """Make the descriptor readable. Any thread, any number of times, never blocks."""
        try:
            os.write(self.write_end, ONE)
        except BlockingIOError:
            return  # as readable as it can be

    def drain(self) -> None:
        """Forget every ring so far. Only the I/O thread."""
        try:
            os.read(self.read_end, DRAIN_BYTES)
        except BlockingIOError:
            return  # nobody rang: the poller's word was older than the last drain

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self.read_end)
        if self.write_end != self.read_end:
            os.close(self.write_end)
