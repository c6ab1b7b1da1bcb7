"""`merkhet baseline`: keeps `merkhet.expect.toml`, which a person writes too: comments, order and words stay as they are."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.cli import expected, withdrawn
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.entries import Row, appended, without
from merkhet.cli.expect_file import FILE
from merkhet.cli.expected import NO_REASON, Expected, Unsound, is_open, reason_for
from merkhet.cli.narrow import last_run
from merkhet.cli.selector import Selector
from merkhet.cli.terminal import escaped, some
from merkhet.model import CheckResult, Outcome, RunResults
from merkhet.results import ResultsError, write_whole
from merkhet.target import config

P = ParamSpec("P")
R = TypeVar("R")
NAMES_MAX = 5
_BROKEN = frozenset({"target died", "target unreachable"})
"""Ends of a run after which much is open that says nothing of the server."""
HEAD = """\
# Expected failures of this server: merkhet run counts each as green, as long as it fails as it says here.
# merkhet baseline update adds entries, prune takes out what passes now, check says what is wrong.
"""


def _file_options(command: Callable[P, R]) -> Callable[P, R]:
    options = (
        click.option(
            "--expect",
            "path",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"The file. Default: {FILE}, beside the target file or here.",
        ),
        click.option(
            "--results",
            type=click.Path(dir_okay=False, path_type=Path),
            help="The results to go by, results.json or a journal. Default: those of the last run here.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _fail_on_option(command: Callable[P, R]) -> Callable[P, R]:
    return click.option("--fail-on", type=click.Choice(["fail", "warn"]), default="fail", show_default=True)(command)


def _write_options(command: Callable[P, R]) -> Callable[P, R]:
    return click.option("--dry-run", is_flag=True, help="Show the difference, and write nothing.")(command)


@click.group()
def baseline() -> None:
    """Keep merkhet.expect.toml, the expected failures: each with a reason, none for ever, none that passes unseen."""


@baseline.command(short_help="Write an entry for every open outcome that has none.")
@click.argument("selector", nargs=-1, type=Selector())
@_file_options
@_fail_on_option
@_write_options
@click.option("--reason", help=f"Why it is expected. Without it: {NO_REASON!r}, which `baseline check` refuses.")
@click.option("--issue", default="", help="Where it is tracked.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it counts.")
@click.option(
    "--group", multiple=True, type=Selector(), metavar="SELECTOR", help="One entry for all that this selector matches."
)
def update(  # noqa: PLR0917 - click passes each option by its name
    selector: tuple[str, ...],
    path: Path | None,
    results: Path | None,
    fail_on: str,
    dry_run: bool,  # noqa: FBT001
    reason: str | None,
    issue: str,
    until: dt.datetime | None,
    group: tuple[str, ...],
) -> Code:
    """Write an entry for every open outcome that has none, or for those that any SELECTOR takes.

    Open is what makes `merkhet run` fail: a fail, and an inconclusive on a MUST; with --fail-on warn also a warn. What is
    there stays as it is, to the octet; new entries go to the end.
    """
    if reason is not None and not reason.strip():
        raise Failure(Code.INVOCATION, "--reason: expected words")
    known, today = list(catalogue.load().checks.values()), dt.datetime.now(dt.UTC).date()
    if until is not None and until.date() < today:
        raise Failure(Code.INVOCATION, f"--until {until.date()}: that day is over")
    path = path or _path()
    entries = expected.load(path, known) if path.exists() else []
    wanted = {check.id for check in withdrawn.select(known, selector)[0]}
    run = last_run(results)
    if run.ended in _BROKEN:
        raise Failure(Code.INVOCATION, f"{_named_run(run)}: what it left open says nothing of the server; run it again")
    lacking = [
        result
        for result in run.results
        if result.check in wanted
        and is_open(result, fail_on_warn=fail_on == "warn")
        and not reason_for(result, entries, today)
    ]
    taken = {check: entry for entry in entries for check in entry.checks}
    for result in (result for result in lacking if result.check in taken):
        entry = taken[result.check]
        why = f"expired on {entry.until}" if entry.has_expired(today) else f"says {entry.outcome}"
        _say(f"{result.check} is {result.outcome}, and entry {entry.number} for it {why}: change that entry")
    free = [result for result in lacking if result.check not in taken]
    last_day = until.date() if until is not None else None
    rows = [
        Row(selector=name, outcome=outcome, reason=reason or NO_REASON, issue=issue, until=last_day)
        for name, outcome in _grouped(free, group, run, known)
    ]
    before = path.read_bytes().decode() if path.exists() else ""
    after = appended(before or HEAD, rows) if rows else before
    told = f"{len(rows)} entries for {len(free)} open outcomes" if rows else "every open outcome has an entry"
    told += f" of {_named_run(run)}"
    return _write(path, before, after, told, dry_run=dry_run)


def _grouped(
    free: Sequence[CheckResult], groups: Sequence[str], run: RunResults, known: Sequence[AnyCheck]
) -> list[tuple[str, Outcome]]:
    """Return the selector and outcome of each new entry. Raises Failure for a group of which something came out better."""
    came = {result.check: result.outcome for result in run.results}
    left = {result.check: result.outcome for result in free}
    found: list[tuple[str, Outcome]] = []
    for group in groups:
        ids = {check.id for check in withdrawn.select(known, [group])[0]}
        outcomes = sorted({left[name] for name in ids & left.keys()})
        if not outcomes:
            raise Failure(Code.INVOCATION, f"--group {group}: no open outcome without an entry is in it")
        good = sorted(name for name in ids & came.keys() if came[name] in expected.BETTER)
        if good:
            raise Failure(
                Code.INVOCATION, f"--group {group}: these pass, so no one entry fits: {some(good, NAMES_MAX)}"
            )
        found += [(group, outcome) for outcome in outcomes]
        left = {name: outcome for name, outcome in left.items() if name not in ids}
    return [*found, *left.items()]


@baseline.command(short_help="Say whether the file is sound, and fits the results.")
@_file_options
@_fail_on_option
@click.option("--no-results", is_flag=True, help="Look at the file alone: for a hook before a commit.")
def check(path: Path | None, results: Path | None, fail_on: str, no_results: bool) -> Code:  # noqa: FBT001
    """Say whether the file is sound, and whether it says what the results are.

    Exit code 2: the file cannot be read, an entry is not sound or has no reason, or it matches no check. 1: an entry has
    expired, something passes that is expected to fail, or something is open that has no entry. 0: neither.
    """
    if no_results and results is not None:
        raise Failure(Code.INVOCATION, "expected one of --results and --no-results")
    known, today = list(catalogue.load().checks.values()), dt.datetime.now(dt.UTC).date()
    is_there = path is not None or _path().exists()
    path = path or _path()
    if not is_there and no_results:
        _say(f"{path} is not there: nothing is expected to fail")
        return Code.OK
    entries, unsound = expected.read(path, known) if is_there else (list[Expected](), list[Unsound]())
    bad = [problem.words for problem in unsound]
    bad += [f"{path}: expect {entry.number}: {entry.note}" for entry in entries if entry.note]
    bad += [
        f"{path}: expect {entry.number}: reason: write why {entry.selector} is expected to {entry.outcome}"
        for entry in entries
        if entry.lacks_reason
    ]
    late = [
        f"{path}: expect {entry.number}: {entry.selector!r} expired on {entry.until}"
        for entry in entries
        if entry.has_expired(today)
    ]
    fits = ""
    if not no_results:
        run = last_run(results)
        late += _against(entries, run, today, fail_on_warn=fail_on == "warn")
        fits = f", and fits {_named_run(run)}"
    for words in (*bad, *late):
        _say(words)
    if not bad and not late:
        _say(f"{path} is sound: {len(entries)} entries{fits}")
    return gravest({Code.INVOCATION if bad else Code.OK, Code.SERVER if late else Code.OK})


def _against(entries: Sequence[Expected], run: RunResults, today: dt.date, *, fail_on_warn: bool) -> list[str]:
    """Say what the results are that the entries do not."""
    living = [entry for entry in entries if not entry.has_expired(today)]
    told = list(expected.reckon(living, run.results, today).problems)
    lacking = [
        result.check
        for result in run.results
        if is_open(result, fail_on_warn=fail_on_warn) and not reason_for(result, entries, today)
    ]
    if lacking:
        told.append(f"{len(lacking)} open outcomes have no entry: {some(lacking, NAMES_MAX)}")
    return told


@baseline.command(short_help="Take out the entries of what passes now.")
@_file_options
@_write_options
def prune(path: Path | None, results: Path | None, dry_run: bool) -> Code:  # noqa: FBT001
    """Take out the entries of which every check that ran passes now, and those that match no check.

    An entry of which nothing ran stays, and so does one of which a part still fails: that is told.
    """
    known = list(catalogue.load().checks.values())
    path = path or _path()
    entries, unsound = expected.read(path, known)
    broken = [problem.words for problem in unsound if not problem.is_loose]
    if broken:
        raise Failure(Code.INVOCATION, f"{broken[0]}; nothing is taken out of a file that is not sound")
    run = last_run(results)
    came = {result.check: result for result in run.results}
    gone = {problem.number for problem in unsound} | {entry.number for entry in entries if entry.note}
    for entry in entries:
        good, ran = expected.better(entry, came), entry.checks & came.keys()
        if good and len(good) == len(ran):
            gone.add(entry.number)
        elif good:
            told = f"{len(good)} of its {len(ran)} checks pass now: {some(good, NAMES_MAX)}"
            _say(f"entry {entry.number}, {entry.selector!r}, stays: {told}")
    before = path.read_bytes().decode()
    after = without(before, gone) if gone else before
    return _write(
        path, before, after, f"{len(gone)} entries taken out" if gone else "nothing to take out", dry_run=dry_run
    )


def _path() -> Path:
    """Return the file as `merkhet run` finds it; where there is none, the place beside the target file, or here."""
    here = Path.cwd()
    try:
        target_file = config.find(here)
    except config.ConfigError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    folder = target_file.parent if target_file is not None else here
    found = expected.find((folder, here)) or folder / FILE
    return found.relative_to(here) if found.is_relative_to(here) else found


def _named_run(run: RunResults) -> str:
    """Say which run it was, and whether it was one of everything that it was to be."""
    ended = "" if run.ended == "complete" else f", {run.ended}"
    return f"the run of {run.started} on {run.target.name}{ended}"


def _write(path: Path, before: str, after: str, told: str, *, dry_run: bool) -> Code:
    """Write the file, or show the difference. Raises Failure if it cannot be written."""
    if dry_run:
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), f"{path} as it is", f"{path} then"
        )
        for line in lines:
            _say(line.rstrip("\r\n"))
        _say(f"{told}; nothing is written (--dry-run)")
        return Code.OK
    if after != before:
        try:
            write_whole(path, after.encode())
        except ResultsError as problem:
            raise Failure(Code.OURS, str(problem)) from problem
    _say(f"{path}: {told}")
    return Code.OK


def _say(words: str) -> None:
    click.echo(escaped(words))
