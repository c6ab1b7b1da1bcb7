"""`merkhet fuzz`: a parser under generated input, and what was found shown again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

import click

from merkhet.cli.codes import Code, Failure
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import escaped
from merkhet_fuzz import parsers
from merkhet_fuzz.campaign import Campaign, Summary, shows_again
from merkhet_fuzz.findings import Finding, FindingsError, append, read
from merkhet_fuzz.model import LineError

SECONDS = 60.0


@click.group()
def fuzz() -> None:
    """Look for disagreements with the specification in generated input."""


@fuzz.command()
@click.argument("name", required=False)
@click.option(
    "--time", "seconds", type=click.FloatRange(min=0, min_open=True), help="Seconds to go on for; 60 without --inputs."
)
@click.option("--inputs", type=click.IntRange(min=1), help="How many inputs to try instead.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed makes the same inputs."
)
@click.option(
    "--findings",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file for findings. [default: NAME-SEED.jsonl]",
)
@click.option("--list", "listing", is_flag=True, help="List the parsers, and do nothing else.")
def parser(
    *,
    name: str | None,
    seconds: float | None,
    inputs: int | None,
    seed: int,
    findings: Path | None,
    listing: bool,
) -> Code:
    """Give the parser NAME generated input until the time is over, and write what it gets wrong into a file.

    NAME is one of --list: KIND.NAME. A parser of your own joins them by an entry point of the group merkhet.parsers.
    Each finding is written when it is found, with the smallest input that shows it; an interruption keeps them.

    Exit code 1 if there are findings.
    """
    if listing:
        click.echo("\n".join(escaped(each) for each in parsers.names()))
        return Code.OK
    if name is None:
        raise click.UsageError("Name a parser, or ask for --list.")
    try:
        wanted = parsers.load(name)
    except parsers.ParserError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    path = findings or Path(f"{name}-{seed}.jsonl")
    limit = SECONDS if seconds is None and inputs is None else seconds
    with _file(path) as stream, terminated_as_interrupted():
        summary = Campaign(name, wanted, seed, _teller(stream)).run(inputs=inputs, seconds=limit)
    _close(summary, path)
    if summary.interrupted:
        return Code.INTERRUPTED
    return Code.SERVER if summary.seen else Code.OK


def _file(path: Path) -> IO[bytes]:
    try:
        return path.open("xb")
    except FileExistsError as problem:
        words = (
            f"{path} is there already, and may be all that is left of an earlier campaign: name another by --findings"
        )
        raise Failure(Code.INVOCATION, words) from problem
    except OSError as problem:
        raise Failure(Code.INVOCATION, f"{path} cannot be written: {problem.strerror}") from problem


def _teller(stream: IO[bytes]) -> Callable[[Finding], None]:
    def tell(finding: Finding) -> None:
        append(stream, finding)
        _show(finding)

    return tell


def _show(finding: Finding) -> None:
    clause = f" ({finding.clause})" if finding.clause else ""
    click.echo(escaped(f"{finding.level}: {finding.name}{clause}"))
    click.echo(escaped(f"  {finding.words}"))
    click.echo(escaped(f"  {finding.octets!r}"))


def _close(summary: Summary, path: Path) -> None:
    if summary.unrepeated:
        click.echo(f"{summary.unrepeated} disagreements were not there when they were tried again, and are left out")
    rate = summary.inputs / summary.seconds if summary.seconds else 0.0
    click.echo(
        escaped(
            f"{summary.inputs} inputs in {summary.seconds:.1f} s ({rate:.0f}/s), {len(summary.seen)} findings in {path}"
        )
    )


@fuzz.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--parser", "other", metavar="NAME", help="Another parser than the one that the findings are of.")
def replay(file: Path, other: str | None) -> Code:
    """Give a parser the inputs of the findings in FILE again, and say which it still gets wrong.

    Exit code 1 if there are any.
    """
    try:
        found = read(file)
        still = [_shown_again(finding, other or finding.parser) for finding in found]
    except (FindingsError, LineError, parsers.ParserError) as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    click.echo(f"{len(found)} findings, {sum(still)} still there")
    return Code.SERVER if any(still) else Code.OK


def _shown_again(finding: Finding, name: str) -> bool:
    is_there = shows_again(parsers.load(name), finding)
    click.echo(escaped(f"{'there' if is_there else 'gone'}: {finding.name}"))
    return is_there
