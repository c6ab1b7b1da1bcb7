"""What the processes of a server use, where they are ours to look at: processor time, descriptors, memory (Linux only)."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
BUSY = "busy"
BUSY_SHARE = 0.08
"""Of a processor, used by a server that nobody asks for anything, each time that it is looked at. A loop has little more of
a machine on which much else is done, and an idle server has a hundredth."""
LOOKS = 3
GLANCE_SECONDS = 0.1
LOOK_SECONDS = 1.0
DESCRIPTORS_MORE = 64
MEMORY_MORE_BYTES = 128 << 20
RESIDENT, GROUP, USER, SYSTEM = 1, 2, 11, 12
"""Places in /proc/PID/statm, and in /proc/PID/stat behind the name of the command."""


class Usage(NamedTuple):
    """Processor seconds so far, open descriptors and resident memory, of all processes of a group together."""

    seconds: float = 0.0
    descriptors: int = 0
    memory: int = 0


def usage(group: int) -> Usage:
    """Return what the processes of this group use now; nothing where there is no /proc."""
    total = Usage()
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
            if int(words[GROUP]) != group:
                continue
            ticks = int(words[USER]) + int(words[SYSTEM])
            pages = int((folder / "statm").read_text(encoding="ascii").split()[RESIDENT])
            total = Usage(
                total.seconds + ticks / os.sysconf("SC_CLK_TCK"),
                total.descriptors + sum(1 for _ in (folder / "fd").iterdir()),
                total.memory + pages * os.sysconf("SC_PAGE_SIZE"),
            )
    return total


def share(group: int, seconds: float) -> float:
    """Return how much of one processor the group uses during so many seconds."""
    before = usage(group).seconds
    begun = time.monotonic()
    time.sleep(seconds)
    return (usage(group).seconds - before) / (time.monotonic() - begun)


def is_busy(group: int) -> bool:
    """Tell whether the group works on, though nothing is asked of it."""
    if not share(group, GLANCE_SECONDS):
        return False
    return all(share(group, LOOK_SECONDS) > BUSY_SHARE for _ in range(LOOKS))


def wrong(group: int, before: Usage) -> str:
    """Return what is wrong with an idle server: "busy", "descriptors" or "memory"; "" if nothing is.

    `before` is what it used when it had been asked a little, and was idle.
    """
    if is_busy(group):
        return BUSY
    if _is_over(group, before):
        time.sleep(LOOK_SECONDS)  # what was closed by us may not be closed there yet
        return _is_over(group, before)
    return ""


def _is_over(group: int, before: Usage) -> str:
    now = usage(group)
    if before.descriptors and now.descriptors > before.descriptors + DESCRIPTORS_MORE:
        return "descriptors"
    return "memory" if before.memory and now.memory > before.memory + MEMORY_MORE_BYTES else ""


WORDS = {
    "busy": (
        "a server that is idle when nothing is asked of it",
        "it uses a processor though every connection has ended",
    ),
    "descriptors": (
        "descriptors that are closed with their connections",
        "it keeps descriptors of connections that ended",
    ),
    "memory": ("memory that does not grow with what was read", "it keeps memory of connections that ended"),
}
"""What was wanted and what came, by what is wrong."""
