"""`merkhet report`: every format, made again from the results of a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from merkhet import reading
from merkhet.cli import outputs, show
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.terminal import Telling, console, say
from merkhet.model import RunResults
from merkhet.results import JOURNAL, ResultsError


@click.command()
@click.argument("results", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", multiple=True, metavar="FORMAT:PATH", type=outputs.Outputs(), help=outputs.HELP)
@click.option("-v", "--verbose", is_flag=True, help="Without -o: tell of what is inconclusive too.")
def report(results: Path | None, output: tuple[str, ...], verbose: bool) -> Code:  # noqa: FBT001
    """Make reports from RESULTS: a results.json or a journal, by default the last run. Without -o, on the terminal.

    What was expected when the run was judged is shown as expected. Exit code 0: the reports are made, whatever the run came
    to. 2: there are no results, or they are cut off in the middle; what is whole of them is shown all the same. 4: a report
    cannot be written.
    """
    wanted = outputs.parse(output)
    found = opened(results or JOURNAL)
    run, err = _noted(found), console(sys.stderr)
    failures = outputs.write(wanted, run)
    for failure in failures:
        say(err, f"merkhet: {failure}", "bold red")
    if not wanted:
        out = console(sys.stdout)
        told = f"merkhet {run.merkhet} judged {run.target.name} on {run.started}, ended: {run.ended}"
        say(out, f"{told} (exit code {run.exit_code})")
        show.summary(out, run, run.reasons, telling=Telling.VERBOSE if verbose else Telling.NORMAL)
    return gravest({lacking(found), Code.OURS if failures else Code.OK})


def _noted(found: reading.Found) -> RunResults:
    """Return the run; every report of one that is not whole says so."""
    if not found.lacking:
        return found.run
    problem = f"these results are not whole: {found.lacking}"
    return msgspec.structs.replace(found.run, problems=(*found.run.problems, problem))


def opened(path: Path) -> reading.Found:
    """Return what a file of results holds. Raises Failure."""
    try:
        return reading.read(path)
    except ResultsError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem


def lacking(found: reading.Found) -> Code:
    """Tell what is missing of a file of results, and return the code for it."""
    if not found.lacking:
        return Code.OK
    say(console(sys.stderr), f"merkhet: {found.path}: not whole: {found.lacking}", "bold red")
    return Code.INVOCATION
