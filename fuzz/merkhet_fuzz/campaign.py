"""A campaign on one parser: batches of inputs, each found by its number, and of each class of finding the smallest input."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field

import msgspec

from merkhet.model import FuzzFinding
from merkhet_fuzz import findings, minimise, mutate, oracles
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.parsers import Parser, load
from merkhet_fuzz.render import render

BATCH_INPUTS = 1000
SEGMENTS_EVERY = 64
"""Of so many inputs one is also given in single octets: that takes as long as a hundred inputs."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A suspicion, the input that it was seen on, and the number of that."""

    suspicion: Suspicion
    input: str
    index: int


@dataclass(slots=True)
class Batch:
    """What came of some inputs. `seen` has of each class the first, `others` a few more of each."""

    inputs: int = 0
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    others: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, suspicion: Suspicion, made: Input, index: int, known: frozenset[str]) -> None:
        """Keep a suspicion: the first of its class whole, of some more the input."""
        label = suspicion.label
        if label not in self.seen and label not in known:
            self.seen[label] = Seen(suspicion, str(made), index)
            return
        others = self.others.setdefault(label, [])
        if len(others) < findings.OTHERS_MAX:
            others.append(str(made))


def batch(parser: Parser, seed: int, start: int, count: int, known: frozenset[str] = frozenset()) -> Batch:
    """Try the inputs of these numbers. `known` are classes of which nothing more is kept.

    It depends on nothing but its arguments, so it may run in any process, and on any machine that has the parser.
    """
    made = Batch()
    with oracles.watchdog():
        for index in range(start, start + count):
            oracles.rewind()
            wire = render(mutate.make(parser.kind, seed, index))
            made.inputs += 1
            for suspicion in oracles.observe(parser, wire, with_segments=index % SEGMENTS_EVERY == 0):
                made.add(suspicion, wire.input, index, known)
    return made


def batch_of(label: str, seed: int, start: int, count: int, known: frozenset[str]) -> Batch:
    """Try these inputs on the parser of this label: what another process is asked for."""
    return batch(load(label), seed, start, count, known)


def replay(parser: Parser, made: Input) -> list[Suspicion]:
    """Give one input to the parser, with every oracle."""
    with oracles.watchdog():
        oracles.rewind()
        return oracles.observe(parser, render(made), with_segments=True)


def smallest(parser: Parser, seen: Seen, seed: int, others: tuple[str, ...] = ()) -> FuzzFinding | None:
    """Return the finding with its smallest input; None for what does not come again, which is none.

    A hang that comes only once was the machine's.
    """
    label = seen.suspicion.label

    def shows(made: Input) -> bool:
        return any(suspicion.label == label for suspicion in replay(parser, made))

    first = Input.parse(seen.input)
    if not shows(first):
        return None
    # Each replay of a hang takes its whole time.
    least, _ = minimise.minimise(first, shows, 12 if seen.suspicion.oracle == "hang" else minimise.REPLAYS_MAX)
    suspicion = next(suspicion for suspicion in replay(parser, least) if suspicion.label == label)
    return findings.make(
        parser.label, suspicion, least, version=parser.version, found_after=seen.index + 1, seed=seed, others=others
    )


@dataclass(slots=True)
class Campaign:
    """Inputs until a time or a number is reached. `on_finding` is called the moment a class is found and minimised.

    `found` has every class; `unrepeated` those that did not come again. `inputs` counts.
    """

    parser: Parser
    seed: int
    seconds: float
    inputs_max: int = 0
    jobs: int = 1
    on_finding: Callable[[FuzzFinding], None] = lambda _: None
    on_progress: Callable[[int], None] = lambda _: None
    found: dict[str, FuzzFinding] = field(default_factory=dict[str, FuzzFinding])
    unrepeated: dict[str, str] = field(default_factory=dict[str, str])
    inputs: int = 0

    def run(self) -> None:
        """Go on to the end of the time or of the inputs, whichever comes first."""
        begun = time.monotonic()
        for done in self._batches(begun):
            self.inputs += done.inputs
            for label, seen in done.seen.items():
                self._take(label, seen, done)
            for label, others in done.others.items():
                self._remember(label, others)
            self.on_progress(self.inputs)

    def _is_over(self, begun: float, next_start: int) -> bool:
        return time.monotonic() - begun >= self.seconds or bool(self.inputs_max and next_start >= self.inputs_max)

    def _count(self, start: int) -> int:
        return min(BATCH_INPUTS, self.inputs_max - start) if self.inputs_max else BATCH_INPUTS

    def _known(self) -> frozenset[str]:
        return frozenset(self.found) | frozenset(self.unrepeated)

    def _batches(self, begun: float) -> Iterator[Batch]:
        if self.jobs > 1:
            yield from self._parallel(begun)
            return
        start = 0
        while not self._is_over(begun, start):
            count = self._count(start)
            yield batch(self.parser, self.seed, start, count, self._known())
            start += count

    def _parallel(self, begun: float) -> Iterator[Batch]:
        start = 0
        waiting: set[Future[Batch]] = set()
        with ProcessPoolExecutor(self.jobs) as pool:
            while waiting or not self._is_over(begun, start):
                while len(waiting) < self.jobs * 2 and not self._is_over(begun, start):
                    count = self._count(start)
                    waiting.add(pool.submit(batch_of, self.parser.label, self.seed, start, count, self._known()))
                    start += count
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)

    def _take(self, label: str, seen: Seen, done: Batch) -> None:
        if label in self._known():
            return
        made = smallest(self.parser, seen, self.seed, tuple(done.others.pop(label, ())))
        if made is None:
            self.unrepeated[label] = seen.input
            return
        self.found[label] = made
        self.on_finding(made)

    def _remember(self, label: str, others: list[str]) -> None:
        if label in self.found:
            self.found[label] = with_others(self.found[label], others)


def with_others(finding: FuzzFinding, others: list[str]) -> FuzzFinding:
    """Return the finding with more inputs that show it: those with another edit, and not too many."""
    known = {finding.input, *finding.others}
    kept = [*finding.others]
    edits = {_first_edit(line) for line in known}
    for line in others:
        first = _first_edit(line)
        if len(kept) < findings.OTHERS_MAX and first not in edits:
            kept.append(line)
            edits.add(first)
    return msgspec.structs.replace(finding, others=tuple(kept))


def _first_edit(line: str) -> str:
    return next(map(str, Input.parse(line).edits), "")
