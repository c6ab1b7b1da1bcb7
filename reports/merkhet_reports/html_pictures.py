"""Two small pictures of a run: how the checks of each chapter came out, and how long checks took. Numbers stand beside both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from merkhet.model import CheckResult, Outcome
from merkhet_reports import summary

WIDTH = 100
SLIVER = 1.5
"""Width of what is there and would be too thin to be seen."""
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds: upper bounds of the bars of the times, each about twice the one before."""
SLOWEST_MAX = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bar: the outcome, and where it begins and how wide it is, of WIDTH in all."""

    outcome: str
    x: float
    width: float


def pieces(counts: Mapping[Outcome, int]) -> list[Piece]:
    """Return a bar of all outcomes that are there, what asks for attention first."""
    total = sum(counts.values())
    shares = [(outcome, counts[outcome] / total * WIDTH) for outcome in summary.OUTCOMES if counts.get(outcome)]
    widths = [(outcome, max(share, SLIVER)) for outcome, share in shares]
    scale = WIDTH / sum(width for _, width in widths) if widths else 1.0
    found: list[Piece] = []
    x = 0.0
    for outcome, width in widths:
        found.append(Piece(outcome.value, round(x, 2), round(width * scale, 2)))
        x += width * scale
    return found


@dataclass(frozen=True, slots=True)
class Bar:
    """How many checks took up to so long, and how high that stands, of 100."""

    label: str
    count: int
    height: float


def times(results: Iterable[CheckResult]) -> list[Bar]:
    """Return the bars of how long checks took, without the empty ones at either end."""
    counts = [0] * (len(BOUNDS) + 1)
    for result in results:
        counts[sum(result.seconds > bound for bound in BOUNDS)] += 1
    labels = [*map(_bound, BOUNDS), "more"]
    most = max(counts)
    bars = [
        Bar(label, count, round(count / most * 100, 1)) for label, count in zip(labels, counts, strict=True) if most
    ]
    while bars and not bars[0].count:
        bars.pop(0)
    while bars and not bars[-1].count:
        bars.pop()
    return bars


def _bound(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"


def slowest(results: Iterable[CheckResult]) -> Iterator[CheckResult]:
    """Return the checks that took longest, the slowest first."""
    yield from sorted(results, key=lambda result: -result.seconds)[:SLOWEST_MAX]
