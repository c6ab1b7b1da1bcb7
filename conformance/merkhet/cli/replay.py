"""`merkhet replay`: the recorded bytes of a check once more, what comes now beside what came then, and the verdict anew."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import Check, Fresh, Terminate, Write, walk
from merkhet.cli import show
from merkhet.cli.choose import Chosen, choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure, gravest
from merkhet.cli.replay_show import beside
from merkhet.cli.report import lacking, opened
from merkhet.cli.run import codes_of, codes_of_end
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import console, say
from merkhet.engine.health import Health
from merkhet.engine.plan import RunOptions, RunOutcome, RunTarget
from merkhet.engine.preflight import TargetUnreachable
from merkhet.engine.replay import inexact, replayed
from merkhet.engine.runner import run_sync
from merkhet.model import CheckResult, RunResults, Transcript
from merkhet.results import JOURNAL
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import SocketDialer

_ABOUT = {
    Fresh: "starts another process of the target",
    Terminate: "asks that process to end",
    Write: "changes a file that the target serves",
}


@click.command()
@click.argument("check")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=JOURNAL,
    show_default=True,
    help="The results, or the journal, that have the bytes.",
)
@click.option(
    "--timeout-scale", type=click.FloatRange(0, 1000, min_open=True), default=1.0, help="Wait so much longer."
)
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Send much to this host, which is not this machine.")
@target_options
def replay(check: str, results: Path, timeout_scale: float, i_may_test: tuple[str, ...], **target: object) -> Code:
    """Send again exactly the bytes that were recorded for CHECK, then run the check anew.

    What comes is shown beside what came. Exit codes are those of `merkhet run`, for the verdict of the check run anew;
    what is kept of the last run stays as it is.
    """
    found = opened(results)
    recorded = _recorded(found.run, check, results)
    chosen = choose(options_of(target), Path.cwd())
    known = catalogue.load().checks.get(check)
    host = chosen.outside()
    if host and host not in i_may_test and "bulk" in recorded.tags:
        raise Failure(
            Code.INVOCATION, f"{check} sends much, and {host} is not this machine; --i-may-test {host} allows it"
        )
    out = console(sys.stdout)
    say(
        out,
        f"the bytes of {check} from the run of {found.run.started} on {found.run.target.name}, sent to {chosen.describe()}",
    )
    for note in _notes(recorded, known):
        say(out, f"note: {note}")
    with terminated_as_interrupted(), started(chosen, options_of(target).words()) as (_, place):
        reached = _bytes(out, chosen, place, recorded, timeout_scale)
        code = _verdict(out, chosen, reached, recorded, known, found.run, timeout_scale)
    return gravest({code, lacking(found)})


def _recorded(run: RunResults, check: str, path: Path) -> CheckResult:
    """Return the result that has the bytes. Raises Failure."""
    results = {result.check: result for result in run.results}
    if check not in results:
        near = difflib.get_close_matches(check, results, 3)
        hint = f"; nearest: {', '.join(near)}" if near else ""
        raise Failure(Code.INVOCATION, f"{path} has no result of {check}{hint}")
    if not results[check].evidence.transcripts:
        told = f"{path} keeps no bytes of {check}, which is {results[check].outcome} there"
        raise Failure(Code.INVOCATION, f"{told}; merkhet run --select {check} runs it")
    return results[check]


def _notes(recorded: CheckResult, known: AnyCheck | None) -> list[str]:
    notes = [words for transcript in recorded.evidence.transcripts if (words := inexact(transcript))]
    if isinstance(known, Check):
        does = [words for kind, words in _ABOUT.items() if any(isinstance(step, kind) for step in walk(known.steps))]
        notes += [f"the check also {' and '.join(does)}, which sending its bytes does not"] if does else []
    return notes


def _bytes(out: Console, chosen: Chosen, reached: RunTarget, recorded: CheckResult, scale: float) -> RunTarget:
    """Send the bytes and show what comes. Returns how the target is reached now: it may have died, and live again."""
    then = recorded.evidence.transcripts
    try:
        now, lives = asyncio.run(_sent(then, reached, scale))
    except Unreachable as problem:
        raise Failure(Code.TARGET, str(problem), chosen.printed()) from problem
    beside(out, then, now)
    if lives:
        return reached
    say(out, "the target answers no more after these bytes", "bold red")
    if reached.restart is None:
        return reached
    address, names = reached.restart()
    return replace(reached, address=address, names=names)


async def _sent(then: Sequence[Transcript], reached: RunTarget, scale: float) -> tuple[tuple[Transcript, ...], bool]:
    """Return what crossed the connections now, and whether the target lives."""
    dialer = SocketDialer(reached.address)
    now = await replayed(then, dialer, scale)
    return now, await Health(reached.names, scale, reached.alive).lives(dialer)


def _verdict(  # noqa: PLR0917 - everything that the verdict rests on
    out: Console,
    chosen: Chosen,
    reached: RunTarget,
    recorded: CheckResult,
    known: AnyCheck | None,
    run: RunResults,
    scale: float,
) -> Code:
    """Run the check anew and show its verdict beside the recorded one."""
    if known is None:
        raise Failure(
            Code.INVOCATION, f"this merkhet has no check {recorded.check}: its bytes were sent, nothing was judged"
        )
    outcome = _anew(chosen, reached, known, RunOptions(profile=run.profile, timeout_scale=scale))
    result = outcome.results[0] if outcome.results else None
    out.print()
    words = Text("verdict then: ").append(recorded.outcome.value, style=show.STYLES[recorded.outcome])
    if result is not None:
        words.append(", now: ").append(result.outcome.value, style=show.STYLES[result.outcome])
    out.print(words, soft_wrap=True)
    out.print()
    if result is not None:
        show.finding(out, result, catalogue.load().requirement_of(known))
    for problem in outcome.problems:
        say(out, f"note: {problem}")
    code = gravest(codes_of(outcome.results, {}, fail_on_warn=False) | codes_of_end(outcome))
    say(out, f"exit code {int(code)}")
    return code


def _anew(chosen: Chosen, reached: RunTarget, known: AnyCheck, options: RunOptions) -> RunOutcome:
    try:
        return run_sync(reached, [known], options)
    except TargetUnreachable as problem:
        raise Failure(Code.TARGET, f"{reached.address.describe()}: {problem}", chosen.printed()) from problem
