"""A page of Markdown for a pull request or a job's summary: counts, then what is open."""

from __future__ import annotations

import re
from collections.abc import Iterator

from merkhet.model import RunResults
from merkhet_reports import summary
from merkhet_reports.escape import printable, shorten

GROUPS_MAX = 50
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the page. Nothing that a server said can be markup in it."""
    return "\n".join(_lines(run, excused or {})) + "\n"


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def code(text: str) -> str:
    """Return a text as code in a table, where a bar ends the cell even in code; its fence is longer than any in it."""
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`"


def _lines(run: RunResults, excused: summary.Excused) -> Iterator[str]:
    yield f"# {escape(run.target.name)}"
    yield ""
    yield escape(summary.sentence(run))
    yield ""
    if run.problems:
        yield from (f"- {escape(problem)}" for problem in run.problems)
        yield ""
    yield f"| level | {' | '.join(summary.WORDS[outcome] for outcome in summary.OUTCOMES)} |"
    yield "|---" * (1 + len(summary.OUTCOMES)) + "|"
    for row in summary.count(run.results):
        yield f"| {row.level} | {' | '.join(str(row.counts[outcome]) for outcome in summary.OUTCOMES)} |"
    groups = summary.to_fix(run, excused)
    if groups:
        yield ""
        yield "## What to fix first"
        yield ""
        yield "| | check | expected | observed |"
        yield "|---|---|---|---|"
    for group in groups[:GROUPS_MAX]:
        worst, more = group.worst, len(group.results) - 1
        others = f" and {more} more of {escape(group.requirement)}" if more else ""
        shown = escape(shorten(printable(summary.observed(worst) or worst.reason)))
        words = summary.WORDS[worst.outcome]
        yield f"| {words} | {code(worst.check)}{others} | {escape(shorten(summary.expected(worst)))} | {shown} |"
    if len(groups) > GROUPS_MAX:
        yield f"\n{len(groups) - GROUPS_MAX} more are in the results."
    if excused:
        yield f"\n{len(excused)} outcomes are as expected."
