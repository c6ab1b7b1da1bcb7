"""What a run came to, on a terminal: counts by level and outcome, then each finding with the command that repeats it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from merkhet.cli.codes import Code
from merkhet.cli.terminal import escaped, say, shortened
from merkhet.model import CheckResult, Level, Outcome, Requirement, RunResults

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


def summary(where: Console, run: RunResults, expected: Collection[str], *, verbose: bool) -> None:
    """Show a whole run. `expected` are the checks that came out as expected: they are counted, not told."""
    counts(where, run.results)
    if expected:
        say(where, f"{len(expected)} as expected")
    if run.second_runs:
        say(where, f"{run.second_runs} results needed a second run")
    where.print()
    rules = {rule.id: rule for rule in run.requirements}
    for result in _ordered(run.results, expected, verbose=verbose):
        finding(where, result, rules.get(result.requirement))
    if run.target_output and run.exit_code == Code.TARGET:
        printed(where, run.target_output)
    for problem in run.problems:
        say(where, f"note: {problem}")


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
    line = Text(f"{result.outcome.value}  ", style=STYLES[result.outcome])
    line.append(escaped(f"{result.check}  {result.level}"), style="bold")
    marks = [("flaky", result.flaky), ("killed the server", result.killed_server)]
    line.append("".join(f"  [{mark}]" for mark, holds in marks if holds))
    where.print(line, soft_wrap=True)
    for name, words in rows(result, requirement):
        say(where, f"      {name:<9} {shortened(words)}" if name else f"      {shortened(words)}")
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
    said += [("repeat", result.evidence.repeat)]
    return [(name, words) for name, words in said if words]


def printed(where: Console, text: str) -> None:
    """Show the last lines that a target printed."""
    lines = text.splitlines()[-OUTPUT_LINES:]
    if lines:
        say(where, "the last that it printed:")
    for line in lines:
        say(where, f"    {shortened(line)}")
