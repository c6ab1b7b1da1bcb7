"""What is known of a process from /proc, and what rounds of samples come to."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS_MIN = 3
"""With fewer rounds nobody knows how far a server's figures spread, so no ratio is claimed."""

OTHERS_MAX = 0.1
"""The share of a server's core that others may have had, in the median round; above, no ratio is claimed."""


class LoadResult(msgspec.Struct, frozen=True):
    """What a load says at its end: how much of what its scenario counts, in how long.

    `asked_seconds`: since the broadcast was asked for, where `seconds` are those since its first event came.
    """

    count: int
    seconds: float
    octets: int = 0
    errors: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    asked_seconds: float | None = None


class Sample(msgspec.Struct, frozen=True):
    """One round of one server: what the load saw, and the seconds of processor time that the server took for it.

    `others_seconds`: what its core did in the same time for anybody else.
    """

    load: LoadResult
    cpu_seconds: float
    others_seconds: float

    @property
    def rate(self) -> float:
        """Counted a second."""
        return self.load.count / self.load.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time for each that was counted."""
        return self.cpu_seconds / self.load.count * 1e6

    @property
    def busy(self) -> float:
        """The share of its core that the server used. Far below one, it was the load that was measured."""
        return self.cpu_seconds / self.load.seconds

    @property
    def others(self) -> float:
        """The share of the server's core that others used: then it was not measured alone."""
        return self.others_seconds / self.load.seconds


class Spread(msgspec.Struct, frozen=True):
    """The median of some rounds, their ends, and the middle half of them in relation to the median."""

    median: float
    least: float
    most: float
    relative: float


def spread(values: Sequence[float]) -> Spread:
    """Return what the rounds of one server come to."""
    median = statistics.median(values)
    quarters = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [median] * 3
    return Spread(median, min(values), max(values), (quarters[2] - quarters[0]) / median if median else 0.0)


def ratios(ours: Sequence[Sample], theirs: Sequence[Sample]) -> Spread:
    """Return how many times as fast the first is, round by round, so that a slow minute slows both."""
    return spread([mine.rate / other.rate for mine, other in zip(ours, theirs, strict=False)])


def cpu_ratios(ours: Sequence[Sample], theirs: Sequence[Sample]) -> Spread:
    """Return how many times the first's processor time the second takes for the same, round by round."""
    pairs = zip(ours, theirs, strict=False)
    return spread([other.cpu_us / mine.cpu_us for mine, other in pairs if mine.cpu_us] or [0.0])


def session_stats(session: int) -> Iterator[list[str]]:
    """Yield the fields of /proc/PID/stat behind the name, for each process of that session."""
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session:
            yield fields


def is_alive(session: int) -> bool:
    """Return whether a session has a process that is more than an entry nobody has read yet."""
    return any(fields[0] not in "ZX" for fields in session_stats(session))


def cpu_seconds(session: int) -> float:
    """Return the user and system time of all processes of a session so far."""
    return sum(int(fields[11]) + int(fields[12]) for fields in session_stats(session)) / TICKS


def core_seconds(core: int) -> float:
    """Return the time that a core has not been idle so far, what the hypervisor took from it included."""
    for line in (PROC / "stat").read_text(encoding="ascii").splitlines():
        name, _, numbers = line.partition(" ")
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = (int(number) for number in numbers.split())
            return (user + nice + system + irq + softirq + steal) / TICKS
    raise LookupError(core)


def status_kib(pid: int, name: str) -> int:
    """Return a line of /proc/PID/status that is in kB, as VmRSS or VmHWM."""
    for line in (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


def reset_peak(pid: int) -> None:
    """Let VmHWM begin anew at what is resident now."""
    (PROC / str(pid) / "clear_refs").write_text("5", encoding="ascii")
