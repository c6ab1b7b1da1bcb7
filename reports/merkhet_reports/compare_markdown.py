"""A comparison as Markdown, of at most 60 kB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from merkhet.model import CheckResult, Outcome
from merkhet_reports import fuzzed, summary
from merkhet_reports.compare import FOUND, HEADLINES, Change, Changes, Column, Difference, Group, Matrix, Row
from merkhet_reports.escape import printable, shorten
from merkhet_reports.markdown import Table, brief, code, page, paged, row, table


def render(compared: Matrix | Changes) -> str:
    """Return the page."""
    return _matrix(compared) if isinstance(compared, Matrix) else _changes(compared)


def counts(columns: Iterable[Column]) -> Iterator[str]:
    """Yield a table of the counts of each server."""
    yield from table(("server", *(summary.WORDS[outcome] for outcome in summary.OUTCOMES)))
    for column in columns:
        yield row((brief(column.name), *(str(column.counts[outcome]) for outcome in summary.OUTCOMES)))


def _matrix(compared: Matrix) -> str:
    head = ["# Servers compared", "", *counts(compared.columns), ""]
    shown = ("check", *(brief(column.name) for column in compared.columns))
    rows = [(True, one) for one in _flat(compared.differing)] + [(False, one) for one in _flat(compared.alike)]
    if rows:
        head += ["Rows on which servers differ stand first.", "", *table(shown)]
    foot = ["", f"{compared.left_out} checks on which nothing is open are not shown."] if compared.left_out else []
    return page(head, [_row(one) for _, one in rows], foot, left_out="checks")


def _flat(groups: Sequence[Group]) -> Iterator[Row]:
    return (one for group in groups for one in group.rows)


def _row(one: Row) -> str:
    return row((code(shorten(printable(one.check))), *(_cell(cell) for cell in one.cells)))


def _cell(cell: CheckResult | None) -> str:
    if cell is None:
        return ""
    bold = "**" if cell.outcome in {Outcome.FAIL, Outcome.ERROR} else ""
    return f"{bold}{summary.WORDS[cell.outcome]}{bold}"


def _changes(compared: Changes) -> str:
    told = ", ".join(f"{compared.counts.get(change, 0)} {change}" for change in Change)
    head = [
        f"# {brief(compared.now.run.target.name)}: two runs compared",
        "",
        f"{brief(compared.before.run.started)} and {brief(compared.now.run.started)}: {told}, {compared.same} the same.",
        "",
        *counts((compared.before, compared.now)),
    ]
    if compared.differences:
        head += ["", *table(("", "check", "before", "now", "observed now"))]
    foot = ["", *(f"- {change}: {HEADLINES[change].partition(': ')[2] or HEADLINES[change]}" for change in Change)]
    heading = ("", "What fuzzing found in only one of the two:", "", *table(("", "", "finding", "observed")))
    return paged(
        head,
        [
            Table((), tuple(map(_difference, compared.differences)), "checks"),
            Table(heading, tuple(_found(change, one) for change, one in compared.found), "findings"),
        ],
        foot,
    )


def _found(change: Change, one: fuzzed.Told) -> str:
    weight = f"{fuzzed.WORDS[one.weight]}{', expected' if one.reason else ''}"
    return row((FOUND[change].partition(":")[0].lower(), weight, code(shorten(one.id)), brief(one.observed)))


def _difference(one: Difference) -> str:
    now = brief(summary.observed(one.now) or one.now.choice) if one.now is not None else ""
    return row(
        (
            one.change.value,
            code(shorten(printable(one.check))),
            _side(one.before, one.was_excused),
            _side(one.now, one.is_excused),
            now,
        )
    )


def _side(result: CheckResult | None, excuse: str) -> str:
    return f"{_cell(result)}{', expected' if excuse and result is not None else ''}"
