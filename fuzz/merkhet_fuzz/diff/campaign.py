"""Inputs to all participants until a time or a number is reached, and of each cluster of disagreements the smallest input."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from merkhet.model import Disagreement, Severity
from merkhet_fuzz import findings, minimise, mutate
from merkhet_fuzz.diff import clusters
from merkhet_fuzz.diff.clusters import Split
from merkhet_fuzz.diff.participants import Participant
from merkhet_fuzz.diff.reading import ORDER, Reading
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import PLAIN, Input
from merkhet_fuzz.render import render
from merkhet_fuzz.verdicts import Decision

BATCH_INPUTS = 500
TIMES = 2
"""A disagreement is told when it comes again so often with nothing beside it."""


@dataclass(slots=True)
class DiffCampaign:
    """A campaign. `found` has each cluster by its name; `tastes` counts the inputs that the text leaves to everyone.

    With `with_taste` these are clustered, too. `is_placed`: a server takes part, so that not all are sent the same octets.
    `unrepeated` has what was seen beside others and not alone. `replays_max` bounds the work for each witness: a parser is
    fast, a server that keeps silent is not.
    """

    kind: Kind
    participants: Sequence[Participant]
    seed: int
    seconds: float
    inputs_max: int = 0
    with_taste: bool = False
    is_placed: bool = False
    replays_max: int = minimise.REPLAYS_MAX
    on_found: Callable[[Disagreement], None] = lambda _: None
    found: dict[str, Disagreement] = field(default_factory=dict[str, Disagreement])
    unrepeated: dict[str, str] = field(default_factory=dict[str, str])
    inputs: int = 0
    tastes: int = 0
    _clusters: dict[Split, str] = field(default_factory=dict[Split, str])
    """What inputs show before they are made small, and the cluster that they come to."""
    _bases: dict[str, Split | None] = field(default_factory=dict[str, Split | None])

    def run(self) -> None:
        """Go on to the end. Raises UnreachableError where a server is gone."""
        until = time.monotonic() + self.seconds
        while time.monotonic() < until and not (self.inputs_max and self.inputs >= self.inputs_max):
            count = min(BATCH_INPUTS, self.inputs_max - self.inputs) if self.inputs_max else BATCH_INPUTS
            start = self.inputs
            self.take([self._made(index) for index in range(start, start + count)])

    def take(self, inputs: Sequence[Input]) -> None:
        """Give these inputs to all participants, and keep what comes of it. Raises UnreachableError and InputError."""
        start = self.inputs
        columns = [participant.read(inputs) for participant in self.participants]
        self.inputs += len(inputs)
        for number, (made, *readings) in enumerate(zip(inputs, *columns, strict=True)):
            self._take(made, readings, start + number)

    def _made(self, index: int) -> Input:
        made = mutate.make(self.kind, self.seed, index)
        if not self.is_placed or made.transport.end < 0:
            return made
        # Each server has a host and paths of its own, so that an offset is another place in what each is sent.
        return replace(made, transport=replace(made.transport, end=-1))

    def alone(self, made: Input) -> tuple[Split | None, list[Reading]]:
        """Give one input to each with nothing beside it. Raises UnreachableError and InputError."""
        readings = [participant.alone(made) for participant in self.participants]
        return clusters.split(render(made), readings), readings

    def _take(self, made: Input, readings: Sequence[Reading], index: int) -> None:
        seen = clusters.split(render(made), readings)
        if seen is None:
            return
        if seen.severity is Severity.TASTE and not self.with_taste:
            self.tastes += 1
            return
        if (part := self._laid(made, seen, index)) is not None:
            self._count(part, made)
            return
        if (name := self._clusters.get(seen)) is not None:
            self._count(name, made)
            return
        if not all(self.alone(made)[0] == seen for _ in range(TIMES)):
            self.unrepeated.setdefault(seen.name, str(made))
            return
        self._settle(made, seen, index)
        if (name := self._clusters.get(seen)) is not None:
            self._count(name, made)

    def _laid(self, made: Input, seen: Split, index: int) -> str | None:
        """Return the cluster of the legal base, or of one edit, where that alone is disagreed about as gravely.

        What is disagreed about in a part is not laid to the rest of the input.
        """
        base = Input(made.kind, made.name, made.seed)
        parts = [base] if made != base else []
        parts += [replace(made, edits=())] if made.edits and made.transport != PLAIN else []
        parts += [replace(base, edits=(edit,)) for edit in made.edits if len(made.edits) > 1 or made.transport != PLAIN]
        for part in parts:
            found = self._bases[str(part)] if str(part) in self._bases else self.alone(part)[0]
            if not part.edits:
                self._bases[str(part)] = found
            if found is None or ORDER.index(found.severity) > ORDER.index(seen.severity):
                continue
            if found not in self._clusters:
                self._settle(part, found, index)
            return self._clusters.get(found)
        return None

    def _settle(self, made: Input, seen: Split, index: int) -> None:
        """Make the input small, with the cluster pinned; tell it if no other came to the same cluster."""
        is_open = render(made).verdict.decision is Decision.FREE

        def shows(smaller: Input) -> bool:
            now, _ = self.alone(smaller)
            # Where the text says nothing the class is what is edited, and that is what shall become less.
            return now is not None and now == (seen._replace(label=now.label) if is_open else seen)

        least, _ = minimise.minimise(made, shows, self.replays_max)
        final, readings = self.alone(least)
        if final is None:
            self.unrepeated.setdefault(seen.name, str(made))
            return
        self._clusters[seen] = self._clusters[final] = final.name
        if final.name in self.found:
            return
        names = [participant.label for participant in self.participants]
        told = clusters.disagreement(self.kind, names, final, least, readings, index=index, seed=self.seed)
        self.found[final.name] = msgspec.structs.replace(told, inputs=0)
        self.on_found(told)

    def _count(self, name: str, made: Input) -> None:
        one = self.found[name]
        others = one.others
        if len(others) < findings.OTHERS_MAX and str(made) not in {one.input, *others}:
            others = (*others, str(made))
        self.found[name] = msgspec.structs.replace(one, inputs=one.inputs + 1, others=others)
