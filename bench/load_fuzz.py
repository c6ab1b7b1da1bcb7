"""The fuzzers at work for a while: how many inputs, in how much processor time of this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from bench.process import say_result
from merkhet.cli.choose import choose, options_of, started
from merkhet.cli.fuzz_live import chosen_surfaces, target_of
from merkhet_fuzz import campaign, minimise, mutate, parsers
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live.campaign import LiveCampaign
from merkhet_fuzz.live.connection import ConnectionSurface
from merkhet_fuzz.live.seam import Place
from merkhet_fuzz.parsers import Parser

BATCH_INPUTS = 1000
PADDING = b"".join(b"x-padding-%d: %s\r\n" % (number, b"a" * 60) for number in range(12))
"""It makes an input of 1 kB; what is minimised has four edits and segments, and one edit shows what is looked for."""

PIPELINED = "pipelined"
MANY = ("many", "hundred")
"""Bases of many requests on one connection."""


class Pipelined(ConnectionSurface):
    """Connections with many requests each, and nothing else."""

    def names(self, place: Place) -> tuple[str, ...]:  # noqa: ARG002 - every target has a root
        """Return those alone."""
        return MANY


@click.group()
def main() -> None:
    """Let a fuzzer work, and count."""


@main.command("parser")
@click.argument("label")
@click.option("--seconds", type=float, default=4.0)
def parser(label: str, seconds: float) -> None:
    """Fuzz a parser, with every oracle; classes that were seen once are known from then on."""
    chosen = parsers.load(label)
    known = frozenset(campaign.batch(chosen, 1, 0, BATCH_INPUTS).seen)
    count, begun, cpu = 0, time.monotonic(), time.process_time()
    while time.monotonic() - begun < seconds:
        known |= frozenset(campaign.batch(chosen, 1, BATCH_INPUTS + count, BATCH_INPUTS, known).seen)
        count += BATCH_INPUTS
    say_result(count=count, seconds=time.process_time() - cpu)


@main.command("live")
@click.argument("kind")
@click.option("--seconds", type=float, default=4.0)
def live(kind: str, seconds: float) -> None:
    """Fuzz the embedded reference over the wire; frames are counted where the kind is of frames."""
    with started(choose(options_of({}), Path.cwd()), "") as (info, target):
        there = target_of(info, target)
        surface = Pipelined() if kind == PIPELINED else chosen_surfaces(there.place, (kind,))[0]
        warm = LiveCampaign(there, surface, 1, 60.0, BATCH_INPUTS)
        warm.run()
        made = LiveCampaign(warm.target, surface, 2, seconds)
        begun = time.process_time()
        made.run()
        taken = time.process_time() - begun
        say_result(count=counted(kind, made), seconds=taken)


def counted(kind: str, made: LiveCampaign) -> int:
    """Return how many inputs were sent; how many frames or requests, where an input is a dialogue of these."""
    if kind == PIPELINED:
        sent = (mutate.make(Kind.CONNECTION, made.seed, index, MANY) for index in range(made.inputs))
        return sum(library.base(one.kind, one.name, one.seed).pieces[-1].message + 1 for one in sent)
    if kind != Kind.FRAMES:
        return made.inputs
    inputs = (mutate.make(Kind.FRAMES, made.seed, index) for index in range(made.inputs))
    return sum(list(library.base(one.kind, one.name, one.seed).roles.values()).count("frame") for one in inputs)


@main.command("minimise")
def smallest() -> None:
    """Minimise inputs of about 1 kB, and count the most replays that one of them took."""
    most = 0
    for made, shows in findings():
        least, replays = minimise.minimise(made, shows)
        if len(least.edits) > 1:
            raise click.ClickException(f"{made} became {least}")
        most = max(most, replays)
    say_result(count=most, seconds=1.0)


def findings() -> list[tuple[Input, Callable[[Input], bool]]]:
    """Return findings on h11 in inputs of 1 kB, each with what tells whether an input shows it."""
    chosen = parsers.load("h11:http-request")
    found: list[tuple[Input, Callable[[Input], bool]]] = []
    for index in range(12):
        made = Input.parse(
            f"http-request.several#{index + 1} host.end:put=2,{PADDING.hex()} request-line.target:fragment"
            " m2-host.value:twice m2-host.name:lower each@7"
        )
        found += [(made, partial(shows, chosen, label)) for label in sorted(labels(chosen, made))]
    return found


def labels(parser: Parser, made: Input) -> set[str]:
    """Return the classes of what is seen of an input."""
    return {suspicion.label for suspicion in campaign.replay(parser, made)}


def shows(parser: Parser, label: str, made: Input) -> bool:
    """Tell whether an input shows this class."""
    return label in labels(parser, made)


if __name__ == "__main__":
    main()
