"""What a run leaves: raw samples, and what is said of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import msgspec

from bench.measure import OTHERS_MAX, ROUNDS_MIN, Sample, cpu_ratios, ratios, spread


class Met(enum.StrEnum):
    """Whether a figure reached its target."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "not claimed"
    NONE = ""


class Row(msgspec.Struct, frozen=True):
    """One server in one scenario: its rounds, or why there are none."""

    server: str
    target: float | None
    samples: list[Sample]
    failure: str = ""


class ScenarioResult(msgspec.Struct, frozen=True):
    """One table."""

    name: str
    title: str
    counts: str
    how: str
    details: list[str]
    rows: list[Row]


class MemoryRow(msgspec.Struct, frozen=True):
    """Resident memory of the reference: before, at most, and what the target is about: growth, or the peak itself."""

    title: str
    before_kib: int
    peak_kib: int
    target_mb: float
    is_growth: bool
    detail: str = ""

    @property
    def figure_mb(self) -> float:
        """Millions of octets."""
        return (self.peak_kib - (self.before_kib if self.is_growth else 0)) * 1024 / 1e6

    @property
    def met(self) -> Met:
        return Met.YES if self.figure_mb <= self.target_mb else Met.NO


class FuzzRow(msgspec.Struct, frozen=True):
    """What a fuzzer does in a second of processor time, a figure each round; or how much it needs at most."""

    title: str
    counts: str
    figures: list[float]
    target: float
    is_most: bool = False

    @property
    def figure(self) -> float:
        """The median of the rounds."""
        return spread(self.figures).median

    @property
    def met(self) -> Met:
        return Met.YES if (self.figure <= self.target if self.is_most else self.figure >= self.target) else Met.NO


class Results(msgspec.Struct, kw_only=True):
    """A whole run."""

    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    notes: dict[str, str]
    options: dict[str, str]
    spread_max: float
    cores_apart: bool
    skipped: list[str]
    scenarios: list[ScenarioResult]
    memory: list[MemoryRow]
    memory_failures: list[str]
    fuzz: list[FuzzRow] = msgspec.field(default_factory=list[FuzzRow])
    fuzz_failures: list[str] = msgspec.field(default_factory=list[str])


class Line(msgspec.Struct, frozen=True):
    """What a table shows of one server."""

    server: str
    rate: float = 0.0
    least: float = 0.0
    most: float = 0.0
    spread: float = 0.0
    cpu_us: float = 0.0
    busy: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    asked_seconds: float | None = None
    ratio: float | None = None
    ratio_least: float = 0.0
    ratio_most: float = 0.0
    cpu_ratio: float | None = None
    target: float | None = None
    met: Met = Met.NONE
    why: str = ""
    failure: str = ""


def median_of(samples: list[Sample], name: str) -> float | None:
    values: list[float] = [value for sample in samples if (value := getattr(sample.load, name)) is not None]
    return spread(values).median if values else None


def line_of(row: Row, reference: Row, spread_max: float, *, apart: bool) -> Line:
    """Return what is said of one server beside the reference."""
    if row.failure or not row.samples:
        met = Met.NONE if row.target is None else Met.UNCLEAR
        return Line(row.server, target=row.target, failure=row.failure or "not measured", met=met)
    rates = spread([sample.rate for sample in row.samples])
    line = Line(
        row.server,
        rate=rates.median,
        least=rates.least,
        most=rates.most,
        spread=rates.relative,
        cpu_us=spread([sample.cpu_us for sample in row.samples]).median,
        busy=spread([sample.busy for sample in row.samples]).median,
        p50_ms=median_of(row.samples, "p50_ms"),
        p99_ms=median_of(row.samples, "p99_ms"),
        asked_seconds=median_of(row.samples, "asked_seconds"),
        target=row.target,
    )
    if row is reference:
        return line
    why = unclear(row, reference, spread_max, apart=apart)
    if reference.failure or not reference.samples:
        return msgspec.structs.replace(line, why=why, met=Met.NONE if row.target is None else Met.UNCLEAR)
    ours = ratios(reference.samples, row.samples)
    met = Met.NONE
    if row.target is not None:
        met = Met.UNCLEAR if why else Met.YES if ours.median >= row.target else Met.NO
    return msgspec.structs.replace(
        line,
        ratio=None if why else ours.median,
        ratio_least=ours.least,
        ratio_most=ours.most,
        cpu_ratio=cpu_ratios(reference.samples, row.samples).median,
        met=met,
        why=why,
    )


def unclear(row: Row, reference: Row, spread_max: float, *, apart: bool) -> str:
    """Return why no ratio is claimed, or ""."""
    if reference.failure:
        return "the reference failed"
    if not apart:
        return "server and load share a core"
    for each in (reference, row):
        if len(each.samples) < ROUNDS_MIN:
            return f"fewer than {ROUNDS_MIN} rounds"
        found = spread([sample.rate for sample in each.samples]).relative
        if found > spread_max:
            return f"{each.server} spreads by {found:.0%}"
        others = spread([sample.others for sample in each.samples]).median
        if others > OTHERS_MAX:
            return f"others had {others:.0%} of the processor of {each.server}"
    return ""


def table(result: ScenarioResult, results: Results) -> list[Line]:
    """Return the lines of one scenario, the reference first, then by rate."""
    reference = result.rows[0]
    lines = [line_of(row, reference, results.spread_max, apart=results.cores_apart) for row in result.rows]
    return [lines[0], *sorted(lines[1:], key=lambda line: -line.rate)]


def summary(results: Results) -> Mapping[Met, int]:
    """Return how many targets came out in which way."""
    met = [line.met for scenario in results.scenarios for line in table(scenario, results)]
    met += [row.met for row in results.memory]
    met += [row.met for row in results.fuzz]
    return {each: met.count(each) for each in (Met.YES, Met.NO, Met.UNCLEAR)}
