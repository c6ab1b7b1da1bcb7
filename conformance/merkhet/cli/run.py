"""`merkhet run`: choose, start, judge, keep, tell, and end with the code that says whose fault it is."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from merkhet import __version__, catalogue, history
from merkhet.catalogue import AnyCheck
from merkhet.cli import expected, github, narrow, outputs, show, withdrawn
from merkhet.cli.audience import Audience
from merkhet.cli.choose import Chosen, choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.excuses import excuses
from merkhet.cli.keep import Keeper, blank_results
from merkhet.cli.narrow import Taken
from merkhet.cli.options import color_option
from merkhet.cli.progress import ProgressLine
from merkhet.cli.selector import select_option
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import Telling, console, say
from merkhet.engine.plan import JOBS, RunEvent, RunOptions, RunOutcome, RunStage, RunTarget
from merkhet.engine.preflight import TargetUnreachable
from merkhet.engine.runner import run_sync
from merkhet.model import CheckResult, Outcome, Profile, RunResults, TargetInfo

WENT_AWAY = "the target went away, and no check is proved to have killed it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that the command line asks for, checked before anything is started."""

    chosen: Chosen
    taken: Taken
    options: RunOptions
    command: str
    outputs: list[outputs.Output]
    expected: list[expected.Expected]
    fail_on_warn: bool = False
    telling: Telling = Telling.NORMAL
    durations: int = 0


@click.command()
@target_options
@click.option("--profile", type=click.Choice([str(name) for name in Profile]), default="default", show_default=True)
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=JOBS, show_default=True, help="Checks side by side.")
@click.option(
    "--timeout-scale", type=click.FloatRange(0, 1000, min_open=True), default=1.0, help="Wait so much longer."
)
@select_option
@click.option("--lf", "last_failed", is_flag=True, help="Only what was open in the last run; all if nothing was.")
@click.option("--suite", metavar="VERSION", help="Judge as of this version of the suite, such as 0.1.")
@click.option("-x", "--exitfirst", is_flag=True, help="Stop at the first that does not come out as required.")
@click.option("--maxfail", type=click.IntRange(0), default=0, metavar="N", help="Stop at so many of them; 0 never.")
@click.option("-o", "--output", multiple=True, metavar="FORMAT:PATH", type=outputs.Outputs(), help=outputs.HELP)
@click.option(
    "--expect",
    type=click.Path(path_type=Path),
    help="Expected failures: [[expect]] tables. Default: merkhet.expect.toml.",
)
@click.option("--fail-on", type=click.Choice(["fail", "warn"]), default="fail", show_default=True)
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Send much to this host, which is not this machine.")
@click.option("--durations", type=click.IntRange(0), default=0, metavar="N", help="Tell the N slowest checks.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each result as it comes.")
@click.option("-q", "--quiet", is_flag=True, help="Tell what fails the run, a line each, and its end.")
@color_option
def run(  # noqa: PLR0917 - click passes each option by its name
    profile: str,
    jobs: int,
    timeout_scale: float,
    select: tuple[str, ...],
    last_failed: bool,  # noqa: FBT001
    suite: str | None,
    exitfirst: bool,  # noqa: FBT001
    maxfail: int,
    output: tuple[str, ...],
    expect: Path | None,
    fail_on: str,
    i_may_test: tuple[str, ...],
    durations: int,
    verbose: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
    **target: object,
) -> Code:
    """Judge a server. Without a target: the embedded reference.

    With --suite, checks that came later are left out; those that changed later run as they are now, and what they come to
    does not count. --lf, -x and --maxfail go by what would make the run fail: what is expected is not open.

    Exit code 0: as required, or as expected. 1: the server is at fault. 2: the command line is. 3: the target could not be
    started or reached, or went away. 4: merkhet is. 130: interrupted.
    """
    if verbose and quiet:
        raise Failure(Code.INVOCATION, "expected one of --verbose and --quiet")
    options, warn = options_of(target), fail_on == "warn"
    every = list(catalogue.load().checks.values())
    chosen = choose(options, Path.cwd())
    entries = _expected(expect, chosen, every)
    checks, notes = withdrawn.select(every, select)
    taken = narrow.bearable(Taken(checks=checks, notes=notes), chosen.outside(), i_may_test)
    taken = narrow.as_of(taken, suite) if suite is not None else taken
    if last_failed:
        taken = narrow.open_before(taken, entries, _now().date(), chosen.info.name, fail_on_warn=warn)
    elif exitfirst or maxfail:
        taken = narrow.remembering(taken, entries, _now().date(), chosen.info.name, fail_on_warn=warn)
    engine = RunOptions(
        profile=Profile(profile),
        jobs=jobs,
        timeout_scale=timeout_scale,
        open_max=1 if exitfirst else maxfail,
        is_open=_stops(taken, entries, fail_on_warn=warn),
    )
    return execute(
        Request(
            chosen=chosen,
            taken=taken,
            options=engine,
            command=options.words(engine.profile, timeout_scale),
            outputs=outputs.parse(output),
            expected=entries,
            fail_on_warn=warn,
            telling=Telling.VERBOSE if verbose else Telling.QUIET if quiet else Telling.NORMAL,
            durations=durations,
        )
    )


def _stops(taken: Taken, entries: list[expected.Expected], *, fail_on_warn: bool) -> Callable[[CheckResult], bool]:
    """Return whether a result counts for --exitfirst and --maxfail: one that nobody expects, or an error of ours."""
    today = _now().date()

    def is_open(result: CheckResult) -> bool:
        if result.outcome is Outcome.ERROR:
            return True
        is_excused = result.check in taken.excused or expected.reason_for(result, entries, today)
        return expected.is_open(result, fail_on_warn=fail_on_warn) and not is_excused

    return is_open


def _expected(path: Path | None, chosen: Chosen, every: list[AnyCheck]) -> list[expected.Expected]:
    """Load the expectations: the named file, else the one beside the target file or here. Raises Failure.

    Choice: the embedded reference is held to none that nobody named: a file that lies there is about another server.
    """
    if path is None and not chosen.is_embedded:
        path = expected.find((chosen.folder, Path.cwd()))
    return expected.load(path, every) if path is not None else []


def execute(request: Request) -> Code:
    """Run it all and return the exit code. Raises Failure if the target does not start or answer."""
    where = console(sys.stderr if outputs.takes_stdout(request.outputs) else sys.stdout)
    say(where, f"merkhet {__version__} judges {request.chosen.describe()}: {len(request.taken.checks)} checks")
    keeper, began = Keeper(), _now()
    with github.stopped(where):
        try:
            with terminated_as_interrupted():
                results, codes = judge(request, keeper, ProgressLine(console(sys.stderr), telling=request.telling))
        except Failure as failure:
            keep_failure(request, keeper, failure, keeper.begun or blank_run(request, request.chosen.info, began))
            raise
        results, reckoning, codes = reckoned(request, results, codes)
        failures = _write(request, keeper, results, reckoning.met)
        show.summary(where, results, reckoning.met, telling=request.telling, fail_on_warn=request.fail_on_warn)
        show.durations(where, results.results, request.durations)
    unsaid = github.tell(where, results, reckoning.met, reckoning.problems, fail_on_warn=request.fail_on_warn)
    for words in unsaid:
        say(console(sys.stderr), f"merkhet: {words}")
    codes |= {Code.OURS} if failures else set()
    code = gravest(codes)
    style = "bold green" if code is Code.OK else "bold red"
    say(where, f"{_closing(code, results)}: {request.chosen.describe()} (exit code {int(code)})", style)
    return code


def reckoned(
    request: Request, results: RunResults, codes: set[Code]
) -> tuple[RunResults, expected.Reckoning, set[Code]]:
    """Hold results against the expectations; return them with their exit code, and everything that asks for one."""
    reckoning = expected.reckon(request.expected, results.results, _now().date(), request.taken.excused)
    problems = (*request.taken.notes, *results.problems, *reckoning.notes, *reckoning.problems)
    codes = codes | codes_of(results.results, reckoning.met, fail_on_warn=request.fail_on_warn)
    codes |= {Code.SERVER} if reckoning.problems else set()
    excused = excuses(request.expected, results.results, reckoning.met)
    results = msgspec.structs.replace(results, problems=problems, exit_code=int(gravest(codes)), excused=excused)
    return results, reckoning, codes


def keep_failure(request: Request, keeper: Keeper, failure: Failure, blank: RunResults) -> None:
    """Write down that nothing was judged, and why: whoever reads the results must not find those of an earlier run.

    If that cannot be written, it is the graver fault.
    """
    if _write(request, keeper, unjudged(request, failure, blank), {}):
        failure.code = gravest({failure.code, Code.OURS})


def unjudged(request: Request, failure: Failure, blank: RunResults) -> RunResults:
    """Return the results of a run that judged nothing: its target did not start, or did not answer."""
    return msgspec.structs.replace(
        blank,
        ended="target unreachable",
        problems=(*request.taken.notes, str(failure)),
        target_output=failure.output,
        exit_code=int(failure.code),
    )


def _write(request: Request, keeper: Keeper, results: RunResults, met: Mapping[str, str]) -> list[str]:
    """Write the kept results and every output; tell and return what went wrong."""
    failures = [*keeper.end(results), *outputs.write(request.outputs, results, met)]
    for failure in failures:
        say(console(sys.stderr), f"merkhet: {failure}", "bold red")
    return failures


def judge(request: Request, keeper: Keeper, progress: Audience) -> tuple[RunResults, set[Code]]:
    """Start the target, run the checks, stop it. Returns the results without exit code, and what went wrong with them.

    Raises Failure if the target does not start or answer.
    """
    began, then = _now(), time.monotonic()
    with started(request.chosen, request.command) as (info, target):
        blank = blank_run(request, info, began)
        keeper.run(blank)
        restarts: list[str] = []
        outcome = _run(request, target, progress, keeper, restarts)
        printed = request.chosen.printed()
    results = msgspec.structs.replace(
        blank,
        unreached=_unreached(request.taken, outcome.results),
        seconds=round(time.monotonic() - then, 3),
        preflight=outcome.preflight,
        results=tuple(map(_with_history, outcome.results)),
        second_runs=outcome.second_runs,
        ended=outcome.ended,
        problems=outcome.problems,
        target_output=printed,
    )
    codes = codes_of_end(outcome, restarted=bool(restarts))
    if Code.TARGET in codes:
        results = msgspec.structs.replace(results, problems=(*outcome.problems, WENT_AWAY))
    return results, codes


def _run(request: Request, target: RunTarget, progress: Audience, keeper: Keeper, restarts: list[str]) -> RunOutcome:
    def on_event(event: RunEvent) -> None:
        progress.event(event)
        if event.stage is RunStage.RESTARTED:
            restarts.append(event.text)
        if event.result is not None:
            keeper.result(_with_history(event.result))

    try:
        with progress:
            return run_sync(target, request.taken.checks, request.options, on_event)
    except TargetUnreachable as problem:
        process = request.chosen.process
        ended = process.ended() if process is not None else ""
        words = f"{target.address.describe()}: {problem}" + (f"; the target ended: {ended}" if ended else "")
        raise Failure(Code.TARGET, words, request.chosen.printed()) from problem


def blank_run(request: Request, info: TargetInfo, began: dt.datetime) -> RunResults:
    """Return the results of a run of this request that has judged nothing yet."""
    known = catalogue.load().requirements
    documents = {known[check.requirement].document for check in request.taken.checks}
    # All rules of a document that is judged: a report shows what is not tested beside what is.
    rules = tuple(rule for rule in known.values() if rule.document in documents)
    blank = blank_results(info, began, request.options.profile, rules)
    return msgspec.structs.replace(blank, unreached=request.taken.open_before)


def _unreached(taken: Taken, found: Iterable[CheckResult]) -> tuple[str, ...]:
    judged = {result.check for result in found}
    return tuple(name for name in taken.open_before if name not in judged)


def _with_history(result: CheckResult) -> CheckResult:
    """Return a result that says which version brought its check, and which changed it."""
    changed = history.words_of(history.load().changes(result.check))
    return msgspec.structs.replace(result, since=catalogue.load().checks[result.check].since, changed=changed)


def codes_of(results: tuple[CheckResult, ...], met: Mapping[str, str], *, fail_on_warn: bool) -> set[Code]:
    """Return what these results ask for. What came out as expected asks for nothing, but an error of ours always does."""
    codes: set[Code] = set()
    for result in results:
        if result.outcome is Outcome.ERROR:
            codes.add(Code.OURS)
        elif result.check in met:
            continue
        elif expected.is_open(result, fail_on_warn=fail_on_warn):
            codes.add(Code.SERVER)
    return codes


def codes_of_end(outcome: RunOutcome, *, restarted: bool = False) -> set[Code]:
    """Return what the end of a run asks for: that it was interrupted, or that the target went, killed by no check of ours."""
    codes = {Code.INTERRUPTED} if outcome.ended == "interrupted" else set[Code]()
    went_away = outcome.ended == "target died" or restarted
    if went_away and not any(result.killed_server for result in outcome.results):
        codes.add(Code.TARGET)
    return codes


def _closing(code: Code, results: RunResults) -> str:
    words = {
        Code.OK: "as required",
        Code.SERVER: "not as required",
        Code.TARGET: "the target went away",
        Code.OURS: "merkhet itself failed",
        Code.INTERRUPTED: "interrupted",
    }
    stopped = "stopped, " if results.ended == "stopped" else ""
    return f"{stopped}{words.get(code, 'ended')}, {len(results.results)} checks in {results.seconds:.1f} s"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
