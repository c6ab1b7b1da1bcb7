"""`merkhet run`: choose, start, judge, keep, tell, and end with the code that says whose fault it is."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from merkhet import __version__, catalogue, selectors
from merkhet.catalogue import AnyCheck
from merkhet.cli import expected, outputs, show
from merkhet.cli.choose import Chosen, choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.excuses import excuses
from merkhet.cli.keep import Keeper, blank_results
from merkhet.cli.progress import ProgressLine
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import console, say
from merkhet.engine.plan import JOBS, RunEvent, RunOptions, RunOutcome, RunStage, RunTarget
from merkhet.engine.preflight import TargetUnreachable
from merkhet.engine.runner import run_sync
from merkhet.model import CheckResult, Outcome, Profile, RunResults, TargetInfo

WENT_AWAY = "the target went away, and no check is proved to have killed it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that the command line asks for, checked before anything is started."""

    chosen: Chosen
    checks: list[AnyCheck]
    options: RunOptions
    command: str
    outputs: list[outputs.Output]
    expected: list[expected.Expected]
    fail_on_warn: bool = False
    verbose: bool = False
    notes: tuple[str, ...] = ()


@click.command()
@target_options
@click.option("--profile", type=click.Choice([str(name) for name in Profile]), default="default", show_default=True)
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="Checks side by side.")
@click.option(
    "--timeout-scale", type=click.FloatRange(0, 1000, min_open=True), default=1.0, help="Wait so much longer."
)
@click.option(
    "-s", "--select", multiple=True, metavar="SELECTOR", help="Id glob, rfc9112, rfc9112#6.1, @tag; - excludes."
)
@click.option("-o", "--output", multiple=True, metavar="FORMAT:PATH", help=outputs.HELP)
@click.option(
    "--expect",
    type=click.Path(path_type=Path),
    help="Expected failures: [[expect]] tables. Default: merkhet.expect.toml.",
)
@click.option("--fail-on", type=click.Choice(["fail", "warn"]), default="fail", show_default=True)
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Send much to this host, which is not this machine.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each result as it comes.")
def run(  # noqa: PLR0917 - click passes each option by its name
    profile: str,
    jobs: int,
    timeout_scale: float,
    select: tuple[str, ...],
    output: tuple[str, ...],
    expect: Path | None,
    fail_on: str,
    i_may_test: tuple[str, ...],
    verbose: bool,  # noqa: FBT001
    **target: object,
) -> Code:
    """Judge a server. Without a target: the embedded reference.

    Exit code 0: as required, or as expected. 1: the server is at fault. 2: the command line is. 3: the target could not be
    started or reached, or went away. 4: merkhet is. 130: interrupted.
    """
    options = options_of(target)
    every = list(catalogue.load().checks.values())
    chosen = choose(options, Path.cwd())
    try:
        checks = selectors.select(every, select)
    except selectors.SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    checks, notes = _allowed(checks, chosen.outside(), i_may_test)
    words = options.words()
    words += f" --profile {profile}" if profile != Profile.DEFAULT else ""
    words += f" --timeout-scale {timeout_scale:g}" if timeout_scale != 1.0 else ""
    return execute(
        Request(
            chosen=chosen,
            checks=checks,
            options=RunOptions(profile=Profile(profile), jobs=jobs, timeout_scale=timeout_scale),
            command=words,
            outputs=outputs.parse(output),
            expected=_expected(expect, chosen, every),
            fail_on_warn=fail_on == "warn",
            verbose=verbose,
            notes=notes,
        )
    )


def _expected(path: Path | None, chosen: Chosen, every: list[AnyCheck]) -> list[expected.Expected]:
    """Load the expectations: the named file, else the one beside the target file or here. Raises Failure.

    Choice: the embedded reference is held to none that nobody named: a file that lies there is about another server.
    """
    if path is None and not chosen.is_embedded:
        path = expected.find((chosen.folder, Path.cwd()))
    return expected.load(path, every) if path is not None else []


def _allowed(checks: list[AnyCheck], host: str, hosts: tuple[str, ...]) -> tuple[list[AnyCheck], tuple[str, ...]]:
    """Leave out what sends much to a host that is neither this machine nor named. Raises Failure if nothing is left."""
    heavy = [check for check in checks if "bulk" in check.tags]
    if not host or host in hosts or not heavy:
        return checks, ()
    note = f"{len(heavy)} checks that send much are left out: {host} is not this machine; --i-may-test {host} runs them"
    left = [check for check in checks if check not in heavy]
    if not left:
        raise Failure(Code.INVOCATION, note)
    return left, (note,)


def execute(request: Request) -> Code:
    """Run it all and return the exit code. Raises Failure if the target does not start or answer."""
    where = console(sys.stderr if outputs.takes_stdout(request.outputs) else sys.stdout)
    say(where, f"merkhet {__version__} judges {request.chosen.describe()}: {len(request.checks)} checks")
    keeper, began = Keeper(), _now()
    try:
        with terminated_as_interrupted():
            results, codes = _judge(request, keeper)
    except Failure as failure:
        _keep_failure(request, keeper, failure, keeper.begun or _results(request, request.chosen.info, began))
        raise
    reckoning = expected.reckon(request.expected, results.results, _now().date())
    problems = (*request.notes, *results.problems, *reckoning.problems)
    codes |= codes_of(results.results, reckoning.met, fail_on_warn=request.fail_on_warn)
    codes |= {Code.SERVER} if reckoning.problems else set()
    excused = excuses(request.expected, results.results, reckoning.met)
    results = msgspec.structs.replace(results, problems=problems, exit_code=int(gravest(codes)), excused=excused)
    failures = _write(request, keeper, results, reckoning.met)
    show.summary(where, results, reckoning.met, verbose=request.verbose)
    show.workflow_commands(where, results.results, reckoning.met)
    codes |= {Code.OURS} if failures else set()
    code = gravest(codes)
    say(where, f"{_closing(code, results)}: {request.chosen.describe()} (exit code {int(code)})")
    return code


def _keep_failure(request: Request, keeper: Keeper, failure: Failure, blank: RunResults) -> None:
    """Write down that nothing was judged, and why: whoever reads the results must not find those of an earlier run.

    If that cannot be written, it is the graver fault.
    """
    results = msgspec.structs.replace(
        blank,
        ended="target unreachable",
        problems=(*request.notes, str(failure)),
        target_output=failure.output,
        exit_code=int(failure.code),
    )
    if _write(request, keeper, results, {}):
        failure.code = gravest({failure.code, Code.OURS})


def _write(request: Request, keeper: Keeper, results: RunResults, met: Mapping[str, str]) -> list[str]:
    """Write the kept results and every output; tell and return what went wrong."""
    failures = [*keeper.end(results), *outputs.write(request.outputs, results, met)]
    for failure in failures:
        say(console(sys.stderr), f"merkhet: {failure}", "bold red")
    return failures


def _judge(request: Request, keeper: Keeper) -> tuple[RunResults, set[Code]]:
    """Start the target, run the checks, stop it. Returns the results without exit code, and what went wrong with them."""
    began, then = _now(), time.monotonic()
    process = request.chosen.process
    with started(request.chosen, request.command) as (info, target):
        blank = _results(request, info, began)
        keeper.run(blank)
        progress = ProgressLine(console(sys.stderr), verbose=request.verbose)
        restarts: list[str] = []
        outcome = _run(request, target, progress, keeper, restarts)
        printed = process.output() if process is not None else ""
    results = msgspec.structs.replace(
        blank,
        seconds=round(time.monotonic() - then, 3),
        preflight=outcome.preflight,
        results=outcome.results,
        second_runs=outcome.second_runs,
        ended=outcome.ended,
        problems=outcome.problems,
        target_output=printed,
    )
    codes = {Code.INTERRUPTED} if outcome.ended == "interrupted" else set[Code]()
    went_away = outcome.ended == "target died" or bool(restarts)
    if went_away and not any(result.killed_server for result in outcome.results):
        codes.add(Code.TARGET)
        results = msgspec.structs.replace(results, problems=(*outcome.problems, WENT_AWAY))
    return results, codes


def _run(
    request: Request, target: RunTarget, progress: ProgressLine, keeper: Keeper, restarts: list[str]
) -> RunOutcome:
    def on_event(event: RunEvent) -> None:
        progress.event(event)
        if event.stage is RunStage.RESTARTED:
            restarts.append(event.text)
        if event.result is not None:
            keeper.result(event.result)

    process = request.chosen.process
    try:
        with progress:
            return run_sync(target, request.checks, request.options, on_event)
    except TargetUnreachable as problem:
        ended = process.ended() if process is not None else ""
        words = f"{target.address.describe()}: {problem}" + (f"; the target ended: {ended}" if ended else "")
        raise Failure(Code.TARGET, words, process.output() if process is not None else "") from problem


def _results(request: Request, info: TargetInfo, began: dt.datetime) -> RunResults:
    known = catalogue.load().requirements
    wanted = {check.requirement for check in request.checks}
    rules = tuple(rule for name, rule in known.items() if name in wanted)
    return blank_results(info, began, request.options.profile, rules)


def codes_of(results: tuple[CheckResult, ...], met: Mapping[str, str], *, fail_on_warn: bool) -> set[Code]:
    """Return what these results ask for. What came out as expected asks for nothing, but an error of ours always does."""
    codes: set[Code] = set()
    bad = {Outcome.FAIL, Outcome.WARN} if fail_on_warn else {Outcome.FAIL}
    for result in results:
        if result.outcome is Outcome.ERROR:
            codes.add(Code.OURS)
        elif result.check in met:
            continue
        elif result.outcome in bad or (result.outcome is Outcome.INCONCLUSIVE and result.level.is_absolute):
            codes.add(Code.SERVER)
    return codes


def _closing(code: Code, results: RunResults) -> str:
    words = {
        Code.OK: "as required",
        Code.SERVER: "not as required",
        Code.TARGET: "the target went away",
        Code.OURS: "merkhet itself failed",
        Code.INTERRUPTED: "interrupted",
    }
    return f"{words.get(code, 'ended')}, {len(results.results)} checks in {results.seconds:.1f} s"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
