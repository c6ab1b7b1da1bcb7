"""`merkhet fuzz live`: generated input over the wire, to any server."""

from __future__ import annotations

import contextlib
import itertools
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import NamedTuple, cast

import click
from rich.console import Console

from merkhet import fixtures
from merkhet.cli import fuzz_jobs, fuzz_known, fuzz_options, fuzz_results, fuzz_show
from merkhet.cli.choose import Chosen, choose, options_of, started, target_options
from merkhet.cli.codes import Code, Failure
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import console, say
from merkhet.engine.plan import RunTarget
from merkhet.model import FuzzFinding, TargetInfo
from merkhet.target.embedded import NAME
from merkhet.template import Names
from merkhet.wire.sockets import Address
from merkhet_fuzz import corpus, findings
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.live import surfaces
from merkhet_fuzz.live.campaign import LiveCampaign
from merkhet_fuzz.live.engine import UnreachableError
from merkhet_fuzz.live.prober import Prober, Target
from merkhet_fuzz.live.seam import Place, Surface
from merkhet_fuzz.render import render

EMBEDDED = NAME.replace(" ", "-")
"""How findings call the embedded reference."""


@click.command("live")
@target_options
@click.option(
    "--surface",
    "kinds",
    multiple=True,
    type=click.Choice([str(kind) for kind in surfaces.SURFACES]),
    help="Only these kinds of input; all that the target has an endpoint for otherwise.",
)
@fuzz_options.bounds
@fuzz_options.beginning
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes; a command is started for each."
)
@click.option("--share", type=(click.IntRange(0), click.IntRange(1)), default=(0, 1), hidden=True)
@fuzz_options.journal("Findings are appended here at once.")
@fuzz_options.verdict
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Fuzz this host, which is not this machine.")
@fuzz_results.output_option
def live(  # noqa: PLR0917 - click passes each option by its name
    kinds: tuple[str, ...],
    seconds: float,
    inputs: int | None,
    seed: int,
    with_seeds: bool,  # noqa: FBT001 - click's signature
    jobs: int,
    share: tuple[int, int],
    journal: Path,
    expect: Path | None,
    fail_on: str,
    i_may_test: tuple[str, ...],
    output: tuple[str, ...],
    **target: object,
) -> Code:
    """Fuzz a server over the wire. Without a target: the embedded reference.

    Each suspicion is tried again alone before it is told, with the smallest input that shows it, on one line that
    `merkhet fuzz replay` takes with the same target. Nothing goes past this machine unless --i-may-test names the host.
    """
    chosen = choose(options_of(target), Path.cwd())
    allowed(chosen, i_may_test)
    known = fuzz_known.load(expect)
    recorder = fuzz_results.Recorder(output, known, chosen.info, fail_on, _again(target, is_shown=False))
    planned = _Planned(kinds, seed, seconds, inputs or 0, with_seeds=with_seeds and not share[0], share=share)
    written = fuzz_options.opened(journal)
    with contextlib.closing(written), recorder.kept():
        on_finding = fuzz_show.teller(recorder.where, written, recorder.found, known, _again(target))
        with terminated_as_interrupted():
            if jobs > 1:
                fuzz_jobs.run(jobs, _words(planned, i_may_test, _again(target)), recorder, on_finding)
            else:
                _alone(chosen, planned, recorder, on_finding)
    return recorder.ended_with


def _alone(
    chosen: Chosen, planned: _Planned, recorder: fuzz_results.Recorder, on_finding: Callable[[FuzzFinding], None]
) -> None:
    """Fuzz in this process. Raises Failure for a target that never answered, or that was gone before the time was over."""
    try:
        with started(chosen, "") as (info, run_target):
            recorder.info = info
            troubles = _fuzz(target_of(info, run_target), planned, recorder, on_finding)
    except UnreachableError as problem:
        raise Failure(Code.TARGET, str(problem), chosen.printed()) from problem
    if troubles:
        raise Failure(Code.TARGET, "; ".join(troubles), chosen.printed())


class _Planned(NamedTuple):
    kinds: tuple[str, ...]
    seed: int
    seconds: float
    inputs: int
    with_seeds: bool
    share: tuple[int, int]


def _words(planned: _Planned, i_may_test: tuple[str, ...], target: str) -> list[str]:
    """Return the options for one of several processes, all but its share."""
    words = ["--seed", str(planned.seed), "--time", f"{planned.seconds:g}", *shlex.split(target)]
    words += ["--inputs", str(planned.inputs)] if planned.inputs else []
    words += [] if planned.with_seeds else ["--no-seeds"]
    for option, values in (("--surface", planned.kinds), ("--i-may-test", i_may_test)):
        words += [word for value in values for word in (option, value)]
    return words


def _fuzz(
    there: Target, planned: _Planned, recorder: fuzz_results.Recorder, on_finding: Callable[[FuzzFinding], None]
) -> list[str]:
    """Run a campaign for each kind of input; return why some ended before their time."""
    troubles: list[str] = []
    for surface in chosen_surfaces(there.place, planned.kinds):
        first = corpus.inputs(surface.kind) if planned.with_seeds else []
        campaign = LiveCampaign(there, surface, planned.seed, planned.seconds, _share_of(planned), seeds=first)
        campaign.first, campaign.step = planned.share
        campaign.on_finding = on_finding
        _told(recorder.where, campaign, recorder)
        there = campaign.target
        troubles += [campaign.trouble] if campaign.trouble else []
    return troubles


def _share_of(planned: _Planned) -> int:
    """Return how many of the inputs are this process's; 0 for no bound."""
    number, count = planned.share
    return max(1, (planned.inputs - number + count - 1) // count) if planned.inputs else 0


def allowed(chosen: Chosen, i_may_test: tuple[str, ...]) -> None:
    """Raise Failure for a host that is not this machine, and that nobody has named."""
    host = chosen.outside()
    if host and host not in i_may_test:
        words = f"{host} is not this machine: fuzzing it may hurt whoever runs it; if you may, say --i-may-test {host}"
        raise Failure(Code.INVOCATION, words)


def name_of(info: TargetInfo) -> str:
    """Return what findings call a target, which has no space: of a command, its first words."""
    if info.kind != "command":
        return info.name.replace(" ", "-")
    words = list(itertools.takewhile(lambda word: "{" not in word, shlex.split(info.name)))
    words = [word for word in words if not word.startswith("--")] or ["command"]
    return "-".join([PurePath(words[0]).name, *(word.strip("-") for word in words[1:])]).replace("/", "-")


def target_of(info: TargetInfo, target: RunTarget) -> Target:
    """Return a started target as a campaign takes it. Raises Failure for one that it cannot speak to."""
    if target.address.tls is not None:
        raise Failure(Code.INVOCATION, "the fuzzer speaks no TLS: name the server's plain port, or a command")

    def place_of(names: Names) -> Place:
        return Place(names, {} if target.folder is None else fixtures.FIXTURES)

    restart = target.restart
    made = Target(
        name_of(info),
        target.address,
        place_of(target.names),
        info.version,
        alive=target.alive,
        group=target.group,
    )
    if restart is None:
        return made

    def again() -> tuple[Address, Place]:
        address, names = restart()
        return address, place_of(names)

    return replace(made, restart=again)


def chosen_surfaces(place: Place, kinds: tuple[str, ...]) -> list[Surface]:
    """Return the surfaces to try. Raises Failure where one is asked for that the target has no endpoint for."""
    fitting = surfaces.fitting(place, kinds)
    for kind in set(kinds) - {str(surface.kind) for surface in fitting}:
        needs = ", ".join(sorted(surfaces.needs(kind))) or "of those that it asks for"
        raise Failure(Code.INVOCATION, f"--surface {kind}: the target declares no endpoint {needs}")
    return fitting


def _again(target: dict[str, object], *, is_shown: bool = True) -> str:
    """Return the options that name the same target to `merkhet fuzz replay`.

    What is written down, and not only shown to who typed it, has no values of field lines: they may be secrets.
    """
    words: list[str] = []
    for name, value in target.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, tuple):
            given = [str(one) for one in cast("tuple[object, ...]", value)]
            words += [w for one in given for w in (option, one if is_shown else f"{one.partition(':')[0]}: ***")]
        elif value is True:
            words.append(option)
        elif value:
            words += [option, str(value)]
    return shlex.join(words)


def _told(out: Console, campaign: LiveCampaign, recorder: fuzz_results.Recorder) -> None:
    """Run a campaign, and say what came of it, whatever ends it."""
    about = f"{campaign.target.name} {campaign.target.version}".strip()
    say(out, f"{about}: {campaign.surface.kind}, seed {campaign.seed}, {campaign.seconds:g} s at most")
    try:
        campaign.run()
    finally:
        _end(out, campaign)
        label = f"{campaign.target.name}:{campaign.surface.kind}"
        recorder.ended(label, campaign.begun_with + campaign.inputs, ())


def _end(out: Console, campaign: LiveCampaign) -> None:
    kind = campaign.surface.kind
    tried = fuzz_show.tried(campaign.begun_with, campaign.inputs)
    say(out, f"{campaign.target.name}: {kind}: {tried}, {len(campaign.found)} classes of findings")
    for label, line in campaign.unrepeated.items():
        say(out, f"note: {label} was seen beside other inputs and not alone: {line}")
    for label, line in campaign.untried.items():
        say(out, f"note: {label} was seen beside other inputs, and the time was over before it was tried alone: {line}")


def replayed(line: str, target: dict[str, object], i_may_test: tuple[str, ...]) -> Code:
    """Send one input to a target, and say what comes of it."""
    chosen = choose(options_of(target), Path.cwd())
    allowed(chosen, i_may_test)
    out = console(sys.stdout)
    try:
        made = Input.parse(line)
        with started(chosen, "") as (info, run_target):
            there = target_of(info, run_target)
            (surface,) = chosen_surfaces(there.place, (made.kind,))
            prober = Prober(there, surface)
            prober.measure()
            trial = prober.alone(made)
            harm = prober.harm()
    except (InputError, KeyError) as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    except UnreachableError as problem:
        raise Failure(Code.TARGET, str(problem), chosen.printed()) from problem
    fuzz_show.wire(out, render(made, prober.placed(made)))
    say(out, f"answered  {trial.dialogue.told()}")
    seen = trial.dialogue.suspicions() + harm
    for suspicion in seen:
        name = f"{there.name}:{surface.kind}"
        again = findings.make(name, suspicion, made, version=there.version, placed=prober.placed(made))
        fuzz_show.finding(out, again, "", _again(target))
    if not seen:
        about = f"{there.name} {there.version}".strip()
        say(out, f"{about} takes it as it should")
    return Code.SERVER if seen else Code.OK
