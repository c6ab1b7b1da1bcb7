"""`merkhet fuzz diff`: parsers and servers side by side, and what they do not read alike."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import msgspec
from rich.console import Console

from merkhet.cli import fuzz_known, fuzz_live, fuzz_options, fuzz_results, fuzz_show, show
from merkhet.cli.choose import TargetOptions, choose, started
from merkhet.cli.codes import Code, Failure
from merkhet.cli.signals import terminated_as_interrupted
from merkhet.cli.terminal import say, shortened, some
from merkhet.model import Disagreement, Severity, TargetInfo, Weight
from merkhet.template import ENDPOINTS
from merkhet_fuzz import parsers
from merkhet_fuzz.diff import clusters, derived
from merkhet_fuzz.diff.campaign import DiffCampaign
from merkhet_fuzz.diff.participants import ParserParticipant, Participant, UrlParticipant
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.live.engine import UnreachableError
from merkhet_fuzz.parsers import Parser, ParserError
from merkhet_fuzz.render import render
from merkhet_reports import fuzzed

LIVE_REPLAYS_MAX = 40
"""For the witness of a cluster with servers in it: each replay may take all the patience there is."""
UNREPEATED_TOLD = 3


@click.command("diff")
@click.argument("line", metavar="[INPUT]", required=False)
@click.option("--url", "urls", multiple=True, help="A server that runs; say it once for each.")
@click.option("--target", "targets", multiple=True, metavar="NAME", help="A target of merkhet.toml.")
@click.option("--command", "commands", multiple=True, metavar="WORDS", help="A command that starts a server on {port}.")
@click.option(
    "--echo", metavar="PATH", help=f"Each --url and --command has an echo there, such as {ENDPOINTS['echo']}."
)
@click.option("--parser", "names", multiple=True, metavar="NAME", help="A parser, as NAME or NAME:KIND.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice([str(kind) for kind in Kind]), help="Only these inputs."
)
@fuzz_options.bounds
@click.option("--taste", is_flag=True, help="Tell of what the text leaves to everyone, too.")
@fuzz_options.verdict
@click.option("--i-may-test", multiple=True, metavar="HOST", help="Fuzz this host, which is not this machine.")
@fuzz_results.output_option
def diff(  # noqa: PLR0917 - click passes each option by its name
    line: str | None,
    urls: tuple[str, ...],
    targets: tuple[str, ...],
    commands: tuple[str, ...],
    echo: str | None,
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    seconds: float,
    inputs: int | None,
    seed: int,
    taste: bool,  # noqa: FBT001 - a flag
    expect: Path | None,
    fail_on: str,
    i_may_test: tuple[str, ...],
    output: tuple[str, ...],
) -> Code:
    """Give parsers and servers the same inputs, and tell what they do not read alike.

    Without any named: every parser that is installed. With INPUT: that one alone. What is about framing stands first: where
    one reads one message and another two. Of each class the smallest input is told, and who is right if the text says so.
    Nothing goes past this machine unless --i-may-test names the host.
    """
    known = fuzz_known.load(expect)
    servers = [
        *(TargetOptions(url=url) for url in urls),
        *(TargetOptions(command=words) for words in commands),
        *(TargetOptions(target=name) for name in targets),
    ]
    wanted = _kinds(line, kinds)
    chosen = _parsers(names, servers, wanted)
    again = shlex.join(_options(urls, commands, targets, names, echo))
    with contextlib.ExitStack() as stack:
        live = _started(stack, servers, echo, i_may_test)
        groups = _groups([*live, *_beside(live, chosen)], wanted)
        every = {one.label.rpartition(":")[0]: one.version for group in groups.values() for one in group}
        recorder = fuzz_results.Recorder(output, known, _info(every), fail_on)
        for name, version in every.items():
            say(recorder.where, f"takes part: {name} {version}".rstrip())
        stack.enter_context(terminated_as_interrupted())
        if line is not None:
            with _told_as_failures():
                return _one(recorder.where, Input.parse(line), next(iter(groups.values())))
        with recorder.kept(), _told_as_failures():
            for kind, group in groups.items():
                campaign = DiffCampaign(kind, group, seed, seconds, inputs or 0, taste, is_placed=bool(live))
                campaign.replays_max = LIVE_REPLAYS_MAX if live else campaign.replays_max
                _run(campaign, recorder, again)
    return recorder.ended_with


@contextlib.contextmanager
def _told_as_failures() -> Generator[None]:
    try:
        yield
    except InputError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
    except UnreachableError as problem:
        raise Failure(Code.TARGET, str(problem)) from problem


# Who takes part


def _kinds(line: str | None, kinds: tuple[str, ...]) -> list[Kind]:
    if line is None:
        return [Kind(kind) for kind in kinds] or list(Kind)
    try:
        return [Kind(Input.parse(line).kind)]
    except (InputError, ValueError) as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem


def _parsers(names: Sequence[str], servers: Sequence[object], kinds: Sequence[Kind]) -> list[ParserParticipant]:
    """Return the parsers that are named; without any name and any server, those that are installed."""
    found: list[ParserParticipant] = []
    for name in names or (() if servers else sorted({label.partition(":")[0] for label in parsers.known()})):
        try:
            found += [ParserParticipant(parser) for parser in _found(name) if parser.kind in kinds]
        except ParserError as problem:
            if names:
                raise Failure(Code.INVOCATION, str(problem)) from problem
    return found


def _found(name: str) -> list[Parser]:
    """Return the parsers of this name; one of requests reads chunked bodies, too."""
    if name.endswith(f":{Kind.CHUNKED}") and name not in parsers.known():
        name = name.replace(f":{Kind.CHUNKED}", f":{Kind.HTTP}")
        return [derived.chunked(parser) for parser in parsers.find(name)]
    every = parsers.find(name)
    has_chunked = f"{name.partition(':')[0]}:{Kind.CHUNKED}" in parsers.known() or name.endswith(f":{Kind.HTTP}")
    return every + [derived.chunked(parser) for parser in every if parser.kind is Kind.HTTP and not has_chunked]


def _started(
    stack: contextlib.ExitStack, servers: Sequence[TargetOptions], echo: str | None, i_may_test: tuple[str, ...]
) -> list[UrlParticipant]:
    found: list[UrlParticipant] = []
    for options in servers:
        chosen = choose(options, Path.cwd())
        if echo is not None and options.target is None:
            access = replace(chosen.access, endpoints={**chosen.access.endpoints, "echo": echo})
            chosen = replace(chosen, access=access)
        fuzz_live.allowed(chosen, i_may_test)
        info, run_target = stack.enter_context(started(chosen, ""))
        there = fuzz_live.target_of(info, run_target)
        try:
            found.append(UrlParticipant.of(there))
        except UnreachableError as problem:
            raise Failure(Code.TARGET, str(problem), chosen.printed()) from problem
    return found


def _groups(every: Sequence[Participant], kinds: Sequence[Kind]) -> dict[Kind, list[Participant]]:
    """Return who reads each kind, where there are two at least. Raises Failure if that is no kind."""
    groups: dict[Kind, list[Participant]] = {}
    for one in every:
        groups.setdefault(Kind(one.label.rpartition(":")[2]), []).append(one)
    found = {kind: groups[kind] for kind in kinds if len(groups.get(kind, ())) > 1}
    if not found:
        there = ", ".join(one.label for one in every) or "nobody"
        raise Failure(Code.INVOCATION, f"a comparison needs two who read the same kind of input; there is {there}")
    for group in found.values():
        labels = [one.label for one in group]
        if len(set(labels)) < len(labels):
            raise Failure(Code.INVOCATION, f"each can take part once only: {', '.join(labels)}")
    return found


def _beside(live: Sequence[UrlParticipant], chosen: Sequence[ParserParticipant]) -> list[ParserParticipant]:
    """Return the parsers, so that they read what the first server is sent."""
    return [replace(parser, placed=live[0].prober.placed) for parser in chosen] if live else list(chosen)


def _info(every: dict[str, str]) -> TargetInfo:
    versions = ", ".join(f"{name} {version}" for name, version in every.items() if version)
    return TargetInfo(name=", ".join(every), kind="several", address="side by side", version=versions)


def _options(
    urls: Sequence[str], commands: Sequence[str], targets: Sequence[str], names: Sequence[str], echo: str | None
) -> list[str]:
    named = (("--url", urls), ("--command", commands), ("--target", targets), ("--parser", names))
    words = [word for option, values in named for value in values for word in (option, value)]
    return words + (["--echo", echo] if echo is not None else [])


# What they do


def _run(campaign: DiffCampaign, recorder: fuzz_results.Recorder, again: str) -> None:
    out = recorder.where
    labels = [one.label for one in campaign.participants]
    say(out, f"{campaign.kind}: {', '.join(labels)}: seed {campaign.seed}")
    campaign.on_found = _teller(out, recorder.known)
    try:
        campaign.run()
    finally:
        recorder.fuzzed |= dict.fromkeys(labels, campaign.inputs)
        recorder.differences += [
            msgspec.structs.replace(
                one, repeat=f"merkhet fuzz diff {again} {shlex.quote(one.input)}".replace("  ", " ")
            )
            for one in campaign.found.values()
        ]
        _end(out, campaign, recorder.known)


def _teller(out: Console, known: fuzz_known.Known) -> Callable[[Disagreement], None]:
    def tell(found: Disagreement) -> None:
        style = "" if known.reason(found.id) else fuzz_show.STYLES[found.weight]
        say(out, f"{found.severity}: {shortened(fuzzed.edits(found))}", style)
        for names, words in fuzzed.sides(found):
            say(out, f"  {names}: {shortened(words, 200)}")

    return tell


def _end(out: Console, campaign: DiffCampaign, known: fuzz_known.Known) -> None:
    reasons = {one.id: known.reason(one.id) for one in campaign.found.values()}
    told = fuzzed.told_of(tuple(campaign.found.values()), {name: why for name, why in reasons.items() if why})
    show.differences([(one, found) for one in told if isinstance(found := one.found, Disagreement)], out)
    counts = ", ".join(f"{sum(one.severity is each for one in campaign.found.values())} {each}" for each in Severity)
    say(out, f"{campaign.kind}: {campaign.inputs} inputs; classes of disagreements: {counts}")
    if campaign.tastes:
        say(out, f"{campaign.tastes} inputs on which they differ as the text lets them; --taste tells of these")
    if campaign.unrepeated:
        seen = some(list(campaign.unrepeated), UNREPEATED_TOLD)
        say(out, f"note: {len(campaign.unrepeated)} classes were seen beside other inputs and not alone: {seen}")


def _one(out: Console, made: Input, group: Sequence[Participant]) -> Code:
    """Show one input side by side."""
    fuzz_show.input_(out, made)
    readings = [one.alone(made) for one in group]
    for participant, reading in zip(group, readings, strict=True):
        wrong = f"  [not as {reading.fault} asks]" if reading.fault else ""
        say(out, f"{participant.label}: {shortened(reading.words)}{wrong}")
    found = clusters.split(render(made), readings)
    if found is None:
        say(out, "all read it alike")
        return Code.OK
    names = [one.label for one in group]
    told = clusters.disagreement(made.kind, names, found, made, readings)
    say(out, f"{found.severity}: {fuzzed.SEVERITIES[found.severity]}", fuzz_show.STYLES[told.weight])
    return Code.OK if told.weight is Weight.NOTE else Code.SERVER
