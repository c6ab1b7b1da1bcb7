"""What a run came to, on a terminal: counts by level and outcome, then each finding with the command that repeats it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from rich.console import Console
from rich.table import Table
from rich.text import Text

from merkhet.cli.codes import Code
from merkhet.cli.terminal import Telling, escaped, say, say_behind, shortened
from merkhet.model import (
    CheckResult,
    Direction,
    Disagreement,
    Level,
    Outcome,
    Requirement,
    RunResults,
    Transcript,
    Weight,
    WireEvent,
)
from merkhet_reports import fuzzed

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.WARN: "yellow",
    Outcome.OBSERVED: "cyan",
    Outcome.INCONCLUSIVE: "magenta",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.ERROR: "bold red",
}
FINDINGS = (Outcome.ERROR, Outcome.FAIL, Outcome.WARN, Outcome.INCONCLUSIVE)
OUTPUT_LINES = 20
PAUSE_SECONDS_MIN = 0.05
_WAITS = {
    Direction.RECEIVED: "until octets came",
    Direction.CLOSED: "until the server closed the connection",
    Direction.RESET: "until the server reset the connection",
    Direction.TIMED_OUT: "for what did not come",
    Direction.SENT: "before more was sent",
}


def summary(
    where: Console,
    run: RunResults,
    expected: Collection[str],
    *,
    telling: Telling = Telling.NORMAL,
    fail_on_warn: bool = False,
) -> None:
    """Show a whole run. `expected` are the checks that came out as expected: they are counted, not told.

    If quiet, a warning is told only if it fails the run.
    """
    is_quiet = telling is Telling.QUIET
    if not is_quiet:
        if run.results or not run.fuzzed:
            counts(where, run.results)
        _remarks(where, run, expected)
        where.print()
    rules = {rule.id: rule for rule in run.requirements}
    for result in _ordered(run.results, expected, verbose=telling is Telling.VERBOSE):
        if is_quiet and (result.outcome is not Outcome.WARN or fail_on_warn):
            _headline(where, result)
        elif not is_quiet:
            finding(where, result, rules.get(result.requirement))
    if run.fuzzed and not is_quiet:
        fuzzing(where, run, run.reasons)
    if run.target_output and run.exit_code == Code.TARGET:
        printed(where, run.target_output)
    for problem in run.problems:
        say_behind(where, "note: ", problem)


def _remarks(where: Console, run: RunResults, expected: Collection[str]) -> None:
    if expected:
        say(where, f"{len(expected)} as expected")
    if run.second_runs:
        say(where, f"{run.second_runs} results needed a second run")


def _ordered(results: Sequence[CheckResult], expected: Collection[str], *, verbose: bool) -> list[CheckResult]:
    """Return what is told, the gravest last: that is where a reader of a terminal looks first."""
    told = [result for result in results if result.outcome in FINDINGS and result.check not in expected]
    if not verbose:
        told = [result for result in told if result.outcome is not Outcome.INCONCLUSIVE or result.level.is_absolute]
    return sorted(told, key=lambda result: -FINDINGS.index(result.outcome))


def counts(where: Console, results: Sequence[CheckResult]) -> None:
    """Show how many checks of each level came to each outcome."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    seen = Counter((result.level, result.outcome) for result in results)
    outcomes = [outcome for outcome in Outcome if any(seen[level, outcome] for level in Level)]
    for outcome in outcomes:
        table.add_column(Text(outcome.value, style=STYLES[outcome]), justify="right")
    for level in Level:
        if any(seen[level, outcome] for outcome in outcomes):
            table.add_row(level.value, *(str(seen[level, outcome] or "") for outcome in outcomes))
    where.print(table)


def finding(where: Console, result: CheckResult, requirement: Requirement | None) -> None:
    """Show one result that is not as required: what was expected, what was seen, why it matters, how to see it again."""
    _headline(where, result)
    for name, words in rows(result, requirement):
        say_behind(where, f"      {name:<9} " if name else "      ", shortened(words))
    if result.evidence.repeat:
        # Whoever copies it wants one line.
        say(where, f"      repeat    {shortened(result.evidence.repeat)}")
    where.print()


def rows(result: CheckResult, requirement: Requirement | None) -> list[tuple[str, str]]:
    """Return what there is to say of a result, each line with its name; a name may be empty, what is said is not."""
    said = [("", result.title), ("reason", result.reason)]
    if result.findings:
        for item in result.findings:
            said += [("expected", item.expected), ("observed", item.observed), ("why", item.text)]
    else:
        said += [("expected", result.expected), ("observed", result.observed)]
    if requirement is not None:
        said += [("rule", f"{requirement.document} section {requirement.section}: {requirement.text}")]
    return [(name, words) for name, words in said if words]


FUZZ_STYLES = {Weight.BREACH: "bold red", Weight.WARNING: "yellow", Weight.NOTE: "cyan"}


def fuzzing(where: Console, run: RunResults, reasons: Mapping[str, str]) -> None:
    """Show what fuzzing found: where participants differ as a table, then each finding, the gravest last."""
    say(where, fuzzed.sentence(run))
    every = fuzzed.told(run, reasons)
    differences([(one, one.found) for one in every if isinstance(one.found, Disagreement)], where)
    for one in reversed(every):
        if fuzzed.is_open(one):
            line = Text.assemble((one.weight.value, FUZZ_STYLES[one.weight]), "  ", (escaped(one.id), "bold"))
            where.print(line, soft_wrap=True)
            say_behind(where, "      ", shortened(one.headline))
            for name, words in fuzzed.details(one):
                say_behind(where, f"      {name:<9} ", shortened(words))
            where.print()


def differences(split: Sequence[tuple[fuzzed.Told, Disagreement]], where: Console) -> None:
    """Show who read what alike: a row for each disagreement, a letter for what was read."""
    if not split:
        return
    names = list(dict.fromkeys(name for _, found in split for name in found.participants))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("edits of a legal input", overflow="fold", min_width=30, max_width=56)
    for name in names:
        table.add_column(Text(shortened(name.partition(":")[0], 24)), justify="center", overflow="fold", min_width=3)
    for one, found in split:
        sides = dict(zip(found.participants, found.sides, strict=False))
        cells = [_side(sides.get(name), name in found.at_fault) for name in names]
        table.add_row(
            Text(found.severity.value, style=FUZZ_STYLES[one.weight]), Text(shortened(fuzzed.edits(found), 112)), *cells
        )
    where.print(table)
    say(where, "the same letter: the same was read; *: not as the text asks", "dim")
    where.print()


def _side(side: int | None, is_wrong: bool) -> Text:  # noqa: FBT001 - a mark of the cell
    if side is None:
        return Text("")
    return Text(fuzzed.letter(side) + ("*" if is_wrong else ""), style="bold red" if is_wrong else "")


def _headline(where: Console, result: CheckResult) -> None:
    line = Text.assemble((f"{result.outcome.value}  ", STYLES[result.outcome]), (escaped(result.check), "bold"))
    line.append(f"  {result.level}")
    marks = [("flaky", result.flaky), ("killed the server", result.killed_server)]
    line.append("".join(f"  [{mark}]" for mark, holds in marks if holds))
    where.print(line, soft_wrap=True)


def durations(where: Console, results: Sequence[CheckResult], count: int) -> None:
    """Show the slowest checks, each with what it waited for longest, as far as its transcripts tell."""
    slowest = sorted(results, key=lambda result: -result.seconds)[:count]
    if slowest:
        say(where, f"the slowest {len(slowest)} of {len(results)} checks:")
    for result in slowest:
        words = waited_for(result.evidence.transcripts)
        say_behind(where, f"{result.seconds:8.2f} s  ", result.check + (f"  ({words})" if words else ""))
    if slowest:
        where.print()


def waited_for(transcripts: Sequence[Transcript]) -> str:
    """Say how long the longest pause between two events of a connection was, and what ended it; "" if there was none."""
    pauses: list[tuple[float, WireEvent]] = []
    for transcript in transcripts:
        pauses += [(after.at - before.at, after) for before, after in pairwise(transcript.events)]
    seconds, event = max(pauses, key=lambda pause: pause[0], default=(0.0, None))
    if event is None or seconds < PAUSE_SECONDS_MIN:
        return ""
    return f"{seconds:.2f} s of it {_WAITS.get(event.direction, 'for ' + event.direction)}"


def printed(where: Console, text: str) -> None:
    """Show the last lines that a target printed."""
    lines = text.splitlines()[-OUTPUT_LINES:]
    if lines:
        say(where, "the last that it printed:")
    for line in lines:
        say(where, f"    {shortened(line)}")
