"""`merkhet compare`: several servers as a matrix, or two runs of one server and what has changed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from merkhet.cli import outputs
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.report import lacking, opened
from merkhet.cli.show import STYLES
from merkhet.cli.terminal import console, escaped, say, shortened
from merkhet.model import CheckResult, Outcome
from merkhet_reports import compare as comparing
from merkhet_reports import fuzzed, summary
from merkhet_reports.compare import Change, Changes, Column, Difference, Group, Matrix

RENDERERS = {
    "html": "merkhet_reports.compare_html",
    "md": "merkhet_reports.compare_markdown",
    "json": "merkhet_reports.compare_json",
}
OUTPUTS = outputs.Outputs(tuple(RENDERERS))
LETTERS = {
    Outcome.PASS: ".",
    Outcome.FAIL: "F",
    Outcome.WARN: "W",
    Outcome.OBSERVED: "o",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_APPLICABLE: "-",
    Outcome.ERROR: "E",
}
NAME_MAX = 24
Compared = Matrix | Changes
Render = Callable[[Compared], outputs.Rendered]


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--all", "every", is_flag=True, help="Servers: show the checks on which nothing is open too.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["servers", "runs"]),
    help="What the files are. Default: runs, if they are two of one target; else servers.",
)
@click.option(
    "-o", "--output", multiple=True, metavar="FORMAT:PATH", type=OUTPUTS, help=f"{', '.join(RENDERERS)}; - is stdout."
)
def compare(results: tuple[Path, ...], every: bool, kind: str | None, output: tuple[str, ...]) -> Code:  # noqa: FBT001
    """Compare RESULTS of several servers, or of two runs of one: first the one before, then the new one.

    Exit code 0: nothing that both runs have is at fault now and was not before; of servers always. 1: something is. 2: a file
    holds no results, or is cut off. 4: merkhet failed in a check where it did not before, or a report cannot be written.
    """
    if len(results) < 2:
        raise Failure(Code.INVOCATION, "a comparison needs two files of results or more: merkhet compare A.json B.json")
    wanted = outputs.parse(output, tuple(RENDERERS))
    found = [opened(path) for path in results]
    codes = {lacking(one) for one in found}
    columns = comparing.columns([(str(one.path), one.run) for one in found])
    runs = kind == "runs" or (kind is None and len(found) == 2 and len({one.run.target.name for one in found}) == 1)
    if runs and len(found) != 2:
        raise Failure(Code.INVOCATION, f"--as runs compares two files, and here are {len(found)}")
    if runs and every:
        raise Failure(Code.INVOCATION, "--all is about servers: of two runs every check that is not the same is shown")
    compared = comparing.changes(*columns) if runs else comparing.matrix(columns, every=every)
    failures = outputs.write_with(wanted, lambda name: _render(name, compared))
    for failure in failures:
        say(console(sys.stderr), f"merkhet: {failure}", "bold red")
    if not wanted:
        _show(console(sys.stdout), compared)
    codes |= {Code.OURS} if failures else set()
    codes |= _codes(compared) if isinstance(compared, Changes) else set()
    return gravest(codes)


def _render(name: str, compared: Compared) -> outputs.Rendered:
    return cast("Render", importlib.import_module(RENDERERS[name]).render)(compared)


def _codes(compared: Changes) -> set[Code]:
    codes = {Code.OURS if result.outcome is Outcome.ERROR else Code.SERVER for result in compared.fails}
    return codes | ({Code.SERVER} if compared.breaches else set())


# On the terminal


def _show(where: Console, compared: Compared) -> None:
    if isinstance(compared, Matrix):
        _matrix(where, compared)
    else:
        _changes(where, compared)


def _counts(where: Console, columns: tuple[Column, ...], *, numbered: bool) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    if numbered:
        table.add_column("", justify="right")
    table.add_column("", max_width=NAME_MAX, overflow="fold")
    shown = [outcome for outcome in summary.OUTCOMES if any(column.counts[outcome] for column in columns)]
    for outcome in shown:
        table.add_column(Text(_word(outcome), style=STYLES[outcome]), justify="right")
    for number, column in enumerate(columns, 1):
        cells = [str(column.counts[outcome] or "") for outcome in shown]
        table.add_row(*([str(number)] if numbered else []), Text(shortened(column.name, NAME_MAX * 2)), *cells)
    where.print(table)


def _word(outcome: Outcome) -> str:
    return "n/a" if outcome is Outcome.NOT_APPLICABLE else summary.WORDS[outcome]


def _matrix(where: Console, compared: Matrix) -> None:
    _counts(where, compared.columns, numbered=True)
    for heading, groups in (("servers differ", compared.differing), ("servers are alike", compared.alike)):
        where.print()
        say(where, f"{heading}: {sum(len(group.rows) for group in groups)} checks", "bold")
        if groups:
            where.print(_grid(compared.columns, groups))
    where.print()
    legend = ", ".join(f"{letter} {_word(outcome)}" for outcome, letter in LETTERS.items())
    say(where, legend, "dim")
    if compared.left_out:
        say(where, f"{compared.left_out} checks on which nothing is open are not shown; --all shows them")


def _grid(columns: tuple[Column, ...], groups: tuple[Group, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    for number in range(1, len(columns) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for group in groups:
        table.add_row(Text(escaped(_title(group)), style="dim"))
        for row in group.rows:
            table.add_row(Text(f"  {escaped(row.check)}"), *(_letter(cell) for cell in row.cells))
    return table


def _title(group: Group) -> str:
    return f"{group.requirement} {group.rule.level}" if group.rule is not None else group.requirement


def _letter(cell: CheckResult | None) -> Text:
    return Text(LETTERS[cell.outcome], style=STYLES[cell.outcome]) if cell is not None else Text("")


def _changes(where: Console, compared: Changes) -> None:
    _counts(where, (compared.before, compared.now), numbered=False)
    for change in Change:
        rows = compared.of(change)
        if rows:
            where.print()
            say(where, f"{comparing.HEADLINES[change]} ({len(rows)})", "bold")
        for one in rows:
            _difference(where, one)
    for change, found in compared.found:
        where.print()
        say(where, f"{comparing.FOUND[change]}", "bold")
        say(where, f"  {fuzzed.WORDS[found.weight]}{' (expected)' if found.reason else ''}  {found.id}")
        say(where, f"      {shortened(found.observed, 200)}")
    where.print()
    told = ", ".join(f"{compared.counts.get(change, 0)} {change}" for change in Change)
    say(where, f"{told}, {compared.same} the same")


def _difference(where: Console, one: Difference) -> None:
    sides = [(one.before, one.was_excused), (one.now, one.is_excused)]
    words = " -> ".join(_side(result, excuse) for result, excuse in sides if result is not None)
    style = STYLES[one.known.outcome]
    where.print(Text(f"  {words}", style=style).append(f"  {escaped(one.check)}", style="bold"), soft_wrap=True)
    for name, result in (("before", one.before), ("now", one.now)):
        told = summary.observed(result) or result.choice or result.reason if result is not None else ""
        if told:
            say(where, f"      {name:<7} {shortened(told, 200)}")


def _side(result: CheckResult, excuse: str) -> str:
    return f"{result.outcome}{' (expected)' if excuse else ''}"
