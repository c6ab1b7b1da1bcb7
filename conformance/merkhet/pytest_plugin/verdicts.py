"""What a test says of its check: whether it passed, and in words what was expected, what was seen, and how to see it again."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from merkhet import links
from merkhet.cli import expected
from merkhet.cli.run import Request
from merkhet.cli.show import rows
from merkhet.cli.terminal import escaped, octets, shortened
from merkhet.model import CheckResult, Direction, Outcome, Requirement, RunResults, Transcript

LINE_CHARACTERS_MAX = 160
TRANSCRIPT_LINES_MAX = 60
OUTPUT_LINES_MAX = 20
_MARKS = {Direction.SENT: ">", Direction.RECEIVED: "<"}


class Kind(enum.StrEnum):
    """How a test ends."""

    PASSED = "passed"
    WARNED = "warned"
    EXPECTED = "expected"
    SKIPPED = "skipped"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a test ends, in a line and at length. Neither holds anything that a terminal or a build server would obey."""

    kind: Kind
    line: str = ""
    text: str = ""
    result: CheckResult | None = None


@dataclass(frozen=True)
class Judged:
    """One server and what it came to. `checks` are the ids that were asked for, in their order."""

    request: Request
    results: RunResults
    checks: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def by_check(self) -> Mapping[str, CheckResult]:
        """Every result by its check."""
        return {result.check: result for result in self.results.results}

    @cached_property
    def rules(self) -> Mapping[str, Requirement]:
        """Every requirement by its id."""
        return {rule.id: rule for rule in self.results.requirements}

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody ended it before its end."""
        return self.results.ended == "interrupted"

    @cached_property
    def lost(self) -> tuple[str, ...]:
        """The checks that could not be run because the target was not there, or had gone."""
        if self.results.ended == "target unreachable":
            return tuple(check for check in self.checks if check not in self.left_out)
        if self.results.ended != "target died":
            return ()
        return tuple(check for check in self.checks if self._was_not_run(check))

    def _was_not_run(self, check: str) -> bool:
        result = self.by_check.get(check)
        if result is None:
            return check not in self.left_out
        return result.outcome is Outcome.INCONCLUSIVE and not result.evidence.transcripts

    def verdict(self, check: str) -> Verdict:
        """Return what the test of a check says."""
        if check in self.left_out:
            return Verdict(kind=Kind.SKIPPED, line=self.left_out[check])
        if check in self.lost:
            return self._lost(check)
        result = self.by_check.get(check)
        if result is None:
            return Verdict(kind=Kind.SKIPPED, line="interrupted before this was run")
        kind, line = decided(result, self.request.expected, _today(), fail_on_warn=self.request.fail_on_warn)
        return Verdict(
            kind=kind, line=line, text=worded(result, self.rules.get(result.requirement), line), result=result
        )

    def _lost(self, check: str) -> Verdict:
        """One test of all that were lost is an error which names the target; the others are not run."""
        about = escaped(self.request.chosen.describe())
        went = "could not be reached" if self.results.ended == "target unreachable" else "went away"
        line = f"{about} {went}"
        if check != self.lost[0]:
            return Verdict(kind=Kind.SKIPPED, line=line)
        lines = [f"{line}: {len(self.lost)} of {len(self.checks)} checks were not run"]
        lines += [f"  {shortened(problem, 2000)}" for problem in self.results.problems]
        printed = self.results.target_output.splitlines()[-OUTPUT_LINES_MAX:]
        lines += ["the last that it printed:", *(f"  {shortened(words)}" for words in printed)] if printed else []
        problem = shortened(self.results.problems[-1], LINE_CHARACTERS_MAX) if self.results.problems else ""
        return Verdict(kind=Kind.ERROR, line=f"{line}: {problem}" if problem else line, text="\n".join(lines))


def decided(
    result: CheckResult, entries: list[expected.Expected], today: dt.date, *, fail_on_warn: bool
) -> tuple[Kind, str]:
    """Return how the test of a result ends, and why in one line."""
    told = shortened(_told(result), LINE_CHARACTERS_MAX)
    if result.outcome is Outcome.ERROR:
        return Kind.ERROR, f"error: {told}"
    reckoning = expected.reckon([entry for entry in entries if result.check in entry.checks], [result], today)
    if reckoning.problems:
        return Kind.FAILED, shortened(reckoning.problems[0])
    if result.check in reckoning.met and result.outcome in expected.SHORTFALLS:
        return Kind.EXPECTED, shortened(reckoning.met[result.check])
    if result.outcome is Outcome.INCONCLUSIVE:
        return (Kind.FAILED, f"nothing proved: {told}") if result.level.is_absolute else (Kind.SKIPPED, told)
    if result.outcome is Outcome.NOT_APPLICABLE:
        return Kind.SKIPPED, told
    if result.outcome is Outcome.WARN:
        return Kind.FAILED if fail_on_warn else Kind.WARNED, f"warn: {told}"
    return (Kind.FAILED, f"fail: {told}") if result.outcome is Outcome.FAIL else (Kind.PASSED, told)


def _told(result: CheckResult) -> str:
    if result.findings and not result.killed_server:
        finding = result.findings[0]
        return f"{finding.observed}; expected {finding.expected}" if finding.expected else finding.observed
    return result.reason or result.observed or result.title


def worded(result: CheckResult, rule: Requirement | None, line: str = "") -> str:
    """Return everything that there is to say of a result, but what crossed the wire."""
    marks = [("flaky", result.flaky), ("killed the server", result.killed_server)]
    head = f"{result.outcome}  {result.check}  {result.level}" + "".join(
        f"  [{mark}]" for mark, holds in marks if holds
    )
    evidence = [("repeat", result.evidence.repeat), ("netcat", result.evidence.netcat)]
    said = [*rows(result, rule), *evidence, ("read", links.check_page(result.check))]
    lines = [f"    {name:<9} {shortened(words, 2000)}" for name, words in said if words]
    why = [f"    {'verdict':<9} {line}"] if line and not line.startswith(f"{result.outcome}: ") else []
    return "\n".join([escaped(head), *why, *lines])


def wire(transcripts: tuple[Transcript, ...]) -> str:
    """Return what crossed the wire, a line of text for each line that was sent or received."""
    return "\n".join(line for transcript in transcripts for line in _crossed(transcript))


def _crossed(transcript: Transcript) -> list[str]:
    lines: list[str] = []
    for event in transcript.events:
        mark = _MARKS.get(event.direction, event.direction.value)
        pieces = event.data.splitlines(keepends=True) or [b""]
        lines += [f"  {event.at * 1000:9.1f} ms  {mark} {octets(piece[:400])}".rstrip() for piece in pieces]
    left = len(lines) - TRANSCRIPT_LINES_MAX
    if left > 0:
        lines[TRANSCRIPT_LINES_MAX - 10 : -10] = [f"  ({left + 1} more lines)"]
    lengths = f"{transcript.sent_length} octets sent, {transcript.received_length} received"
    return [
        f"connection {transcript.connection}, {escaped(transcript.purpose)}: {lengths}; {escaped(transcript.ended)}",
        *lines,
    ]


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
