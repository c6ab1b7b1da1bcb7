"""A campaign on one parser: batches of inputs, each found by its number, and of each class of finding the smallest input."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from merkhet.model import FuzzFinding, Weight
from merkhet_fuzz import findings, growth, minimise, mutate, oracles, scheduler
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.parsers import Parser, load
from merkhet_fuzz.render import render

BATCH_INPUTS = 1000
DIED = "died"
"""The oracle of what ends the process that the parser is in."""
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
        if len(others) < findings.OTHERS_MAX and not made.is_raw:
            others.append(str(made))  # raw octets tell a reader less than any edit


def batch(parser: Parser, seed: int, start: int, count: int, known: frozenset[str] = frozenset()) -> Batch:
    """Try the inputs of these numbers. `known` are classes of which nothing more is kept.

    It depends on nothing but its arguments, so it may run in any process, and on any machine that has the parser.
    """
    return _tried(
        parser, ((index, mutate.make(parser.kind, seed, index)) for index in range(start, start + count)), known
    )


def given(parser: Parser, lines: Sequence[str], start: int, known: frozenset[str] = frozenset()) -> Batch:
    """Try the inputs that these lines say. The first has the number `start`, which is below 0 for what a campaign begins with."""
    return _tried(parser, ((index, Input.parse(line)) for index, line in enumerate(lines, start)), known)


def _tried(parser: Parser, inputs: Iterable[tuple[int, Input]], known: frozenset[str]) -> Batch:
    made = Batch()
    with oracles.watchdog():
        for index, each in inputs:
            oracles.rewind()
            wire = render(each)
            made.inputs += 1
            for suspicion in oracles.observe(parser, wire, with_segments=index < 0 or index % SEGMENTS_EVERY == 0):
                made.add(suspicion, each, index, known)
    return made


def batch_of(label: str, seed: int, start: int, count: int, known: frozenset[str]) -> Batch:
    """Try these inputs on the parser of this label: what another process is asked for."""
    return batch(load(label), seed, start, count, known)


def given_to(label: str, lines: Sequence[str], start: int, known: frozenset[str]) -> Batch:
    """Try these inputs on the parser of this label: what another process is asked for."""
    return given(load(label), lines, start, known)


def replay(parser: Parser, made: Input) -> list[Suspicion]:
    """Give one input to the parser, with every oracle; a long one is asked for the work that it makes, and nothing else."""
    if growth.is_long(made):
        return growth.seen(parser, made)
    with oracles.watchdog():
        oracles.rewind()
        return oracles.observe(parser, render(made), with_segments=True)


def replay_of(label: str, line: str) -> list[Suspicion]:
    """Give one input to the parser of this label: what another process is asked for."""
    return replay(load(label), Input.parse(line))


def replay_alone(parser: Parser, made: Input) -> list[Suspicion]:
    """Give one input to the parser in a process of its own, which it may end."""
    seen = scheduler.alone(partial(replay_of, parser.label, str(made)))
    if isinstance(seen, scheduler.Dead):
        return [
            Suspicion(DIED, "", seen.how, "messages, or a refusal", f"the process ended: {seen.how}", Weight.BREACH)
        ]
    return seen


def smallest(parser: Parser, seen: Seen, seed: int, others: tuple[str, ...] = ()) -> FuzzFinding | None:
    """Return the finding with its smallest input; None for what does not come again, which is none.

    A hang that comes only once was the machine's.
    """
    label, oracle = seen.suspicion.label, seen.suspicion.oracle
    look = replay_alone if oracle == DIED else replay

    def shows(made: Input) -> bool:
        return any(suspicion.label == label for suspicion in look(parser, made))

    first = Input.parse(seen.input)
    if not shows(first):
        return None
    # Each replay of a hang takes its whole time, and one of what ends its process starts another.
    least, _ = minimise.minimise(first, shows, 12 if oracle in {"hang", DIED} else minimise.REPLAYS_MAX)
    suspicion = next(suspicion for suspicion in look(parser, least) if suspicion.label == label)
    return findings.make(
        parser.label,
        suspicion,
        least,
        version=parser.version,
        found_after=seen.index + 1,
        seed=seed,
        others=others,
    )


@dataclass(slots=True)
class Campaign:
    """Inputs until a time or a number is reached. `on_finding` is called the moment a class is found and minimised.

    `jobs` are processes of this machine; with an `address` the workers of the Dask scheduler there are used instead.
    `probes_growth`: first of all, inputs are made long, and the time is taken that the parser takes for them.
    `seeds` are tried before the first input that is made; they have numbers below 0, and move none of the others.
    `found` has every class; `unrepeated` those that did not come again; `clearer` has the line of an edited input for those
    that were told with raw octets. `inputs` counts those that were made and tried,
    `begun_with` the seeds that were, `skipped` those that stood behind one that ends the process of the parser.
    """

    parser: Parser
    seed: int
    seconds: float
    inputs_max: int = 0
    jobs: int = 1
    address: str = ""
    probes_growth: bool = False
    seeds: Sequence[Input] = ()
    on_finding: Callable[[FuzzFinding], None] = lambda _: None
    found: dict[str, FuzzFinding] = field(default_factory=dict[str, FuzzFinding])
    unrepeated: dict[str, str] = field(default_factory=dict[str, str])
    clearer: dict[str, str] = field(default_factory=dict[str, str])
    inputs: int = 0
    begun_with: int = 0
    skipped: int = 0
    _raw: dict[str, Seen] = field(default_factory=dict[str, Seen])
    _drawn: deque[tuple[int, int]] = field(default_factory=deque[tuple[int, int]])

    def run(self) -> None:
        """Go on to the end of the time or of the inputs, whichever comes first. Raises SchedulerError."""
        if self.probes_growth:
            self._probe()
        begun = time.monotonic()
        with scheduler.workers(self.jobs, self.address) as pool:
            for done in scheduler.in_order(pool, self._shards(begun)):
                start, count = self._drawn.popleft()
                if isinstance(done, Batch):
                    self._add(start, done)
                elif any(seen.oracle == DIED for seen in self.found.values()):
                    self.skipped += count
                else:
                    self._blame(start, count)

    def _probe(self) -> None:
        """Ask how the work grows with the input, before anything else and in this process alone."""
        for suspicion, made in growth.probe(self.parser):
            finding = findings.make(self.parser.label, suspicion, made, version=self.parser.version, seed=self.seed)
            self.found[suspicion.label] = finding
            self.on_finding(finding)

    def _counted(self, start: int, count: int) -> None:
        if start < 0:
            self.begun_with += count
        else:
            self.inputs += count

    def _add(self, start: int, done: Batch) -> None:
        self._counted(start, done.inputs)
        for label, seen in done.seen.items():
            others = done.others.pop(label, [])
            if label in self._known():
                # Its shard was drawn before the class was known.
                self._remember(label, [seen.input, *others][: findings.OTHERS_MAX])
            else:
                self._take(label, seen, tuple(others))
        for label, others in done.others.items():
            self._remember(label, others)

    def _blame(self, start: int, count: int) -> None:
        """Halve a shard that ends whoever runs it, down to the one input; take what comes of those before it."""
        first, died = 0, count
        while died - first > 1:
            middle = (first + died) // 2
            done = scheduler.alone(self._shard(start + first, middle - first, by_label=True))
            if isinstance(done, Batch):
                self._add(start, done)
                first = middle
            else:
                died = middle
        self.skipped += count - died
        self._counted(start, 1)
        index = start + first
        made = self.seeds[index] if index < 0 else mutate.make(self.parser.kind, self.seed, index)
        for suspicion in replay_alone(self.parser, made):
            self._take(suspicion.label, Seen(suspicion, str(made), index), ())

    def _is_over(self, begun: float, next_start: int) -> bool:
        return time.monotonic() - begun >= self.seconds or bool(self.inputs_max and next_start >= self.inputs_max)

    def _count(self, start: int) -> int:
        if start < 0:
            return min(BATCH_INPUTS, -start)
        return min(BATCH_INPUTS, self.inputs_max - start) if self.inputs_max else BATCH_INPUTS

    def _known(self) -> frozenset[str]:
        return frozenset(self.found) | frozenset(self.unrepeated)

    def _shards(self, begun: float) -> Iterator[Callable[[], Batch]]:
        start = -len(self.seeds)
        while not self._is_over(begun, start):
            count = self._count(start)
            self._drawn.append((start, count))
            yield self._shard(start, count, by_label=self.jobs > 1 or bool(self.address))
            start += count

    def _shard(self, start: int, count: int, *, by_label: bool) -> Callable[[], Batch]:
        """Return the call that tries the inputs of these numbers; `by_label`: in a process that has no parser yet."""
        label, known = self.parser.label, self._known()
        if start < 0:
            lines = [str(self.seeds[index]) for index in range(start, start + count)]
            return (
                partial(given_to, label, lines, start, known)
                if by_label
                else partial(given, self.parser, lines, start, known)
            )
        if by_label:
            return partial(batch_of, label, self.seed, start, count, known)
        return partial(batch, self.parser, self.seed, start, count, known)

    def _take(self, label: str, seen: Seen, others: tuple[str, ...]) -> None:
        made = smallest(self.parser, seen, self.seed, others)
        if made is None:
            self.unrepeated[label] = seen.input
            return
        self.found[label] = made
        if Input.parse(seen.input).is_raw:
            self._raw[label] = seen
        self.on_finding(made)

    def _remember(self, label: str, others: list[str]) -> None:
        if label not in self.found:
            return
        edited = [line for line in others if not Input.parse(line).is_raw]
        if edited and label in self._raw:
            # A legal input and its edits say more than octets do.
            made = smallest(self.parser, replace(self._raw.pop(label), input=edited[0]), self.seed)
            if made is not None:
                self.clearer[label] = made.input
                edited.insert(0, self.found[label].input)
                self.found[label] = made
        self.found[label] = with_others(self.found[label], edited)


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
