"""Work that grows faster than the input is told, work that grows with it is not, and nothing hangs on a busy machine.

The parsers here say themselves how much work they do: their clock goes on by it, and by nothing else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from broken import chunked

from merkhet.model import Weight
from merkhet_fuzz import growth, oracles, parsers
from merkhet_fuzz.campaign import Campaign, replay
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.growth import PROBES, Growth
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render
from merkhet_fuzz.verdicts import Decision

OCTET_SECONDS = 1e-6


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def stream(clock: Clock, work: Callable[[int, int], float]) -> Parser:
    """A parser of which `work` says how many octets it looks at, by those that it had before and those that came."""

    def parse(segments: Sequence[bytes]) -> Iterator[bytes]:
        before = 0
        for segment in segments:
            clock.now += work(before, len(segment)) * OCTET_SECONDS
            before += len(segment)
        yield b""

    return Parser("test", Kind.CHUNKED, parse)


def found(work: Callable[[int, int], float]) -> set[str]:
    clock = Clock()
    return {suspicion.detail for suspicion, _ in growth.probe(stream(clock, work), clock)}


IN_PIECES = {name for name, probe in PROBES[Kind.CHUNKED].items() if probe.each}


def test_nothing_is_said_of_work_that_grows_as_the_input_does() -> None:
    assert found(lambda _, more: more) == set()
    assert found(lambda _, more: more * more.bit_length()) == set()
    assert found(lambda _, more: 50_000 + more) == set()


def test_what_looks_at_all_that_it_has_with_every_segment_is_told() -> None:
    assert found(lambda before, more: before + more) == IN_PIECES


def test_what_looks_back_for_every_octet_is_told() -> None:
    assert found(lambda _, more: more + more**2 / 1000) == set(PROBES[Kind.CHUNKED]) - IN_PIECES


@pytest.mark.parametrize(
    ("seconds", "is_beyond"),
    [
        ((0.1, 0.2, 0.4, 0.8), False), ((0.01, 0.04, 0.16, 0.64), True), ((0.01, 0.028, 0.08, 0.226), False),
        ((0.02, 0.03, 0.08, 0.3), False), ((0.001, 0.001, 0.001, 2.0), True), ((0.04, 0.16, 0.64), False),
        ((0.0001, 0.0004, 0.0016, 0.0064), False), ((0.01, 0.1, 0.4, 0.8), False),
    ],
)  # fmt: skip
def test_growth_is_told_by_three_doublings(seconds: tuple[float, ...], *, is_beyond: bool) -> None:
    assert Growth(seconds).is_beyond_linear is is_beyond


def test_one_slow_moment_makes_no_finding() -> None:
    clock, disturbed = Clock(), [True]

    def work(value: bytes) -> None:
        is_slow = len(value) > 40_000 and bool(disturbed) and disturbed.pop()
        clock.now += len(value) * OCTET_SECONDS * (60 if is_slow else 1)

    assert list(growth.probe(Parser("test", Kind.RANGE, work), clock)) == []
    assert disturbed == []


def test_a_pattern_that_tries_every_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes twice as long with each octet: at the longest the watchdog ends it, and that counts as its time."""
    monkeypatch.setattr(oracles, "HANG_SECONDS", 0.2)
    pattern = re.compile(rb"bytes=(?:(?:[0-9]+)+,)+")

    def parse(value: bytes) -> None:
        if not pattern.fullmatch(value):
            raise ValueError

    assert "digits" in {suspicion.detail for suspicion, _ in growth.probe(Parser("test", Kind.RANGE, parse))}


def test_a_long_input_is_one_line_that_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(growth, "seen", functools.partial(growth.seen, clock=clock))
    made = PROBES[Kind.CHUNKED]["trailers"].input(Kind.CHUNKED, 600)
    assert Input.parse(str(made)) == made
    (suspicion,) = replay(stream(clock, lambda _, more: more**2), made)
    assert suspicion.label == "work.trailers"
    assert replay(stream(clock, lambda _, more: more), made) == []


@pytest.mark.parametrize("kind", PROBES)
def test_every_probe_is_an_input_of_which_nothing_else_is_said(kind: Kind) -> None:
    for name, probe in PROBES[kind].items():
        made = probe.input(kind, 1000)
        wire = render(made)
        assert len(wire.octets) >= 1000 * len(probe.repeated)
        assert wire.verdict.decision is Decision.FREE
        assert growth.is_long(made)
        assert growth.name_of(made) == name


@pytest.mark.parametrize("label", [label for label in parsers.known() if label.startswith("reference:")])
def test_every_probe_gets_deep_enough_into_the_reference_to_be_worth_it(label: str) -> None:
    """Not refused at its first octets: most of the probes are read to their end, or to a limit."""
    parser = parsers.load(label)
    refused = [
        name
        for name, probe in PROBES[parser.kind].items()
        if oracles.run(parser, render(probe.input(parser.kind, 3)).segments).refusal is not None
    ]
    assert len(refused) <= len(PROBES[parser.kind]) // 2, refused


def test_a_campaign_asks_for_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made = PROBES[Kind.CHUNKED]["trailers"].input(Kind.CHUNKED, 600)
    seen = oracles.Suspicion("work", "", "trailers", "", "", Weight.WARNING)

    def probe(_: Parser) -> Iterator[tuple[oracles.Suspicion, Input]]:
        yield seen, made

    monkeypatch.setattr(growth, "probe", probe)
    told: list[tuple[str, int]] = []
    campaign = Campaign(chunked(), 1, 600.0, 10, probes_growth=True)
    campaign.on_finding = lambda finding: told.append((finding.id, campaign.inputs))
    campaign.run()
    assert told == [("test:chunked/work.trailers", 0)]
    assert campaign.found["work.trailers"].input == str(made)
    assert campaign.inputs == 10
