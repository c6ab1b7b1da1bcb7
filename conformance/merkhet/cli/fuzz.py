"""`merkhet fuzz`: look for what nobody thought of. What it finds is a legal input, one edit of it, and the rule that breaks."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from pathlib import Path

import click
from rich.console import Console

from merkhet.cli import fuzz_diff, fuzz_known, fuzz_live, fuzz_options, fuzz_results, fuzz_show
from merkhet.cli.choose import target_options
from merkhet.cli.codes import Code, Failure
from merkhet.cli.terminal import console, say
from merkhet.model import FuzzFinding
from merkhet_fuzz import export as exporting
from merkhet_fuzz import findings, parsers, seeds
from merkhet_fuzz.campaign import Campaign, replay
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.journal import Journal, JournalError, latest, read
from merkhet_fuzz.parsers import Parser, ParserError
from merkhet_fuzz.scheduler import SchedulerError


@click.group()
def fuzz() -> None:
    """Fuzz parsers in process, and servers: legal inputs, a few named edits, and what the text says of the result."""


fuzz.add_command(fuzz_live.live)
fuzz.add_command(fuzz_diff.diff)


def _listed(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if not value or context.resilient_parsing:
        return
    out = console(sys.stdout)
    for label, package in parsers.known().items():
        say(out, f"{label}  (of {package})")
    context.exit()


@fuzz.command("parser")
@click.argument("name")
@fuzz_options.bounds
@fuzz_options.beginning
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option(
    "--scheduler", metavar="ADDRESS", default="", help="Use the workers of a Dask scheduler, such as tcp://HOST:8786."
)
@click.option(
    "--growth/--no-growth",
    default=None,
    help="First, see how the work grows with the input. Default: unless --inputs is given.",
)
@fuzz_options.journal("Findings are appended here at once.")
@fuzz_options.verdict
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_listed,
    help="List the parsers, and what each reads.",
)
@fuzz_results.output_option
def parser_(  # noqa: PLR0917 - click passes each option by its name
    name: str,
    seconds: float,
    inputs: int | None,
    seed: int,
    with_seeds: bool,  # noqa: FBT001 - click's signature
    jobs: int,
    scheduler: str,
    growth: bool | None,  # noqa: FBT001 - click's signature
    journal: Path,
    expect: Path | None,
    fail_on: str,
    output: tuple[str, ...],
) -> Code:
    """Fuzz the parser NAME, or NAME:KIND for one kind of input alone.

    It begins with bugs that shipped and with what merkhet's checks send. Of each class of findings the smallest input is
    shown, on one line that `merkhet fuzz replay` takes. Exit code 1: something was found that merkhet.expect.toml does not
    expect.
    """
    chosen = _parsers(name)
    known = fuzz_known.load(expect)
    labels = [parser.label for parser in chosen]
    recorder = fuzz_results.Recorder(output, known, fuzz_results.parser_info([name], chosen[0].version), fail_on)
    out, found = recorder.where, recorder.found
    written = fuzz_options.opened(journal)
    with contextlib.closing(written), recorder.kept():
        for parser in chosen:
            probes = inputs is None if growth is None else growth
            first = seeds.of(parser.kind) if with_seeds else ()
            campaign = Campaign(parser, seed, seconds, inputs or 0, jobs, scheduler, probes, first)
            campaign.on_finding = fuzz_show.teller(out, written, found, known)
            say(out, f"{parser.label} {parser.version}: seed {seed}, {_planned(seconds, inputs)}")
            try:
                campaign.run()
            except SchedulerError as problem:
                raise Failure(Code.INVOCATION, str(problem)) from problem
            finally:
                _end(out, campaign, written)
                recorder.ended(parser.label, campaign.begun_with + campaign.inputs, campaign.found.values())
    unmatched = known.unmatched([finding.id for finding in found], labels)
    for selector in unmatched:
        say(out, f"{known.path}: [[fuzz]] {selector!r} was not found this time; a longer run may find it")
    return recorder.ended_with


def _planned(seconds: float, inputs: int | None) -> str:
    return f"{seconds:g} s" if inputs is None else f"{inputs} inputs, {seconds:g} s at most"


def _parsers(name: str) -> list[Parser]:
    try:
        return parsers.find(name)
    except ParserError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem


def _end(out: Console, campaign: Campaign, journal: Journal) -> None:
    for finding in campaign.found.values():
        if finding.others:
            journal.add(finding)
    tried = fuzz_show.tried(campaign.begun_with, campaign.inputs)
    say(out, f"{campaign.parser.label}: {tried}, {len(campaign.found)} classes of findings")
    for label, line in campaign.unrepeated.items():
        say(out, f"note: {label} was seen once and did not come again: {line}")
    for label, line in campaign.clearer.items():
        say(out, f"note: {label} is shown by edits of a legal input, too: {line}")
    if campaign.skipped:
        say(
            out, f"note: {campaign.skipped} inputs stood behind one that ended the parser's process, and were not tried"
        )


@fuzz.command("replay")
@click.argument("finding")
@target_options
@click.option("--parser", "name", help="NAME:KIND of the parser, where FINDING is an input and not a finding's id.")
@fuzz_options.journal("Where findings are.")
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Send it to this host, which is not this machine.")
def replay_(finding: str, name: str | None, journal: Path, i_may_test: tuple[str, ...], **target: object) -> Code:
    """Give a parser or a server one input again, and say what comes of it.

    FINDING is the id of a finding in the journal, or a part of it that no other has, or an input as it is shown on one line.
    An input without --parser and without a target goes to the target of merkhet.toml, or to the embedded reference.
    """
    out = console(sys.stdout)
    line, label = (finding, name or "") if "#" in finding else _recorded(finding, journal)
    is_embedded = label.partition(":")[0] == fuzz_live.EMBEDDED
    if any(target.values()) or not label or is_embedded:
        return fuzz_live.replayed(line, target, i_may_test)
    try:
        made = Input.parse(line)
        parser = parsers.load(label)
        if made.kind != parser.kind:
            raise Failure(Code.INVOCATION, f"{line}: {label} reads {parser.kind}, and no {made.kind}")
        seen = replay(parser, made)
    except (InputError, ParserError) as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    fuzz_show.input_(out, made)
    for suspicion in seen:
        again = findings.make(parser.label, suspicion, made, version=parser.version)
        fuzz_show.finding(out, again, "")
    if not seen:
        say(out, f"{parser.label} {parser.version} takes it as it should")
    return Code.SERVER if seen else Code.OK


def _recorded(wanted: str, journal: Path) -> tuple[str, str]:
    finding = _one(wanted, journal)
    return finding.input, finding.target


def _one(wanted: str, journal: Path) -> FuzzFinding:
    try:
        every = latest(read(journal))
    except JournalError as problem:
        raise Failure(Code.INVOCATION, f"{problem}; name an input and --parser instead") from problem
    exact = [finding for finding in every if finding.id == wanted] or [
        finding for finding in every if wanted in finding.id
    ]
    if len(exact) != 1:
        names = ", ".join(finding.id for finding in (exact or every)[:8])
        said = "several findings" if exact else "no finding"
        raise Failure(Code.INVOCATION, f"{wanted}: {said} in {journal} of that name: {names}")
    return exact[0]


@fuzz.command("export")
@click.argument("finding")
@click.option(
    "--as",
    "form",
    type=click.Choice(list(exporting.FORMS)),
    default="pytest",
    show_default=True,
    help="A test to paste, a check of merkhet's, or the octets alone.",
)
@fuzz_options.journal("Where findings are.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file. Default: standard output."
)
def export_(finding: str, form: str, journal: Path, output: Path | None) -> Code:
    """Make of a finding something to keep: a pytest test for the parser's author, a skeleton of a check, a corpus file."""
    today = dt.datetime.now(dt.UTC).date()
    made = exporting.FORMS[form](_one(finding, journal), today)
    if output is None:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
        return Code.OK
    try:
        output.write_bytes(made)
    except OSError as problem:
        raise Failure(Code.OURS, f"{output}: cannot be written: {problem.strerror}") from problem
    return Code.OK
