"""A campaign on a server: batches of connections side by side, and each suspicion tried again with nothing beside it.

What does not come again alone, twice, with patience, is no finding: a busy machine makes no bug.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from merkhet.answer import End
from merkhet.model import FuzzFinding, Weight
from merkhet_fuzz import findings, minimise
from merkhet_fuzz.inputs import PLAIN, Input
from merkhet_fuzz.live import blame, segments, watch
from merkhet_fuzz.live.engine import Engine, UnreachableError
from merkhet_fuzz.live.prober import PAUSE_SECONDS, Prober, Target
from merkhet_fuzz.live.seam import Surface, Timing, Trial
from merkhet_fuzz.oracles import Suspicion

BATCH_INPUTS = 1000
IN_FLIGHT = 64
SUSPECTS_MAX = 8
"""A batch ends early where so many classes wait to be tried alone."""
WAITING_MAX = 3
"""Of each class so many inputs are kept to be tried alone."""
PAUSES_MAX = 8
"""Beside others, an input in more segments than these is sent without pauses: it would be there for seconds."""
REPLAYS_MAX = 200
SLOW_REPLAYS_MAX = 8
"""Of what shows by silence, as each replay takes all the patience there is."""
MISSING = frozenset(("lost", "refused", "unanswered", "ended"))
"""Oracles that see an answer that is not there: where one sees it in the legal base, it is not laid to an edit."""
UNREPEATED_MAX = 2
SETTLE_SECONDS = 10.0
"""For making one finding small, and for the suspects that are left when the time is over."""
BLAME_SECONDS = 60.0
"""For finding out which input it was that hurt the server."""
LIKELY_MAX = 4
"""Of those that were not answered, the first are looked at alone: who loops answers nobody."""
REPEATS = 100
"""How often few inputs are sent, for what they take away to be seen."""
DIES = "dies"


@dataclass(slots=True)
class Suspect:
    """What was seen beside others, and is to be seen alone."""

    suspicion: Suspicion
    input: Input
    index: int


@dataclass(slots=True)
class LiveCampaign:
    """Inputs of one surface, until a time or a number is reached. As `merkhet_fuzz.campaign.Campaign`, over the wire.

    `first` is the number of the first input, and `step` how far apart the numbers are: processes side by side share them out.
    `seeds` are tried before it, as far as the target can be sent them: they have
    numbers below 0, and are counted in `begun_with`, not in `inputs`. `unrepeated` has the classes that were seen beside
    others and never alone, `untried` those for which there was no time to try. `trouble` says why a campaign ended before its time.
    """

    target: Target
    surface: Surface
    seed: int
    seconds: float
    inputs_max: int = 0
    first: int = 0
    step: int = 1
    seeds: Sequence[Input] = ()
    on_finding: Callable[[FuzzFinding], None] = lambda _: None
    found: dict[str, FuzzFinding] = field(default_factory=dict[str, FuzzFinding])
    unrepeated: dict[str, str] = field(default_factory=dict[str, str])
    untried: dict[str, str] = field(default_factory=dict[str, str])
    inputs: int = 0
    begun_with: int = 0
    trouble: str = ""
    _number: int = 0
    _misses: dict[str, int] = field(default_factory=dict[str, int])
    _suspects: dict[str, list[Suspect]] = field(default_factory=dict[str, list[Suspect]])
    _flying: dict[int, Input] = field(default_factory=dict[int, Input])
    _sent: list[Input] = field(default_factory=list[Input])
    _silent: list[Input] = field(default_factory=list[Input])
    _before: watch.Usage = field(default_factory=watch.Usage)

    @property
    def next_number(self) -> int:
        """The number of the first input that was not made yet."""
        return self.first + self._number * self.step

    def run(self) -> None:
        """Go on to the end of the time or of the inputs. Raises UnreachableError if the target never answered."""
        prober = Prober(self.target, self.surface)
        prober.measure()
        until = time.monotonic() + self.seconds
        self.seeds = [made for made in self.seeds if prober.takes(made)]
        self._number = -len(self.seeds)
        while time.monotonic() < until and not (self.inputs_max and self._number >= self.inputs_max):
            left = self.inputs_max - self._number if self.inputs_max else BATCH_INPUTS
            try:
                self._batch(prober, min(BATCH_INPUTS, left), until)
                is_well = self._is_well(prober)
                self._settle(prober, until + min(max(SETTLE_SECONDS, self.seconds / 2), 60.0))
                lives = is_well and self._lives(prober)
            except UnreachableError:
                lives = False
            if not lives and not self._revive(prober):
                return

    def _batch(self, prober: Prober, count: int, until: float) -> None:
        timing = Timing(prober.timing.quiet, 2.0, PAUSE_SECONDS, PAUSES_MAX)
        engine = Engine(self.target.address, timing, IN_FLIGHT)
        self._flying.clear()
        self._sent.clear()
        self._silent.clear()
        split: dict[int, Trial] = {}
        for trial in engine.run(self._trials(prober, count, until)):
            self.inputs += trial.index >= 0
            self.begun_with += trial.index < 0
            del self._flying[trial.index]
            if trial.dialogue.end is End.SILENT and len(self._silent) < LIKELY_MAX:
                self._silent.append(trial.input)
            found = trial.dialogue.suspicions()
            if not found and segments.whole(trial.input) is not None:
                split[trial.index] = trial
            for suspicion in found:
                self._suspect(Suspect(suspicion, trial.input, trial.index))
        self._compare(prober, engine, split)

    def _compare(self, prober: Prober, engine: Engine, split: dict[int, Trial]) -> None:
        """Send what was in several segments in one, and compare the answers."""
        for entire in engine.run(self._entire(prober, split)):
            del self._flying[entire.index]
            trial = split[entire.index]
            for suspicion in segments.apart(trial, entire):
                self._suspect(Suspect(suspicion, trial.input, trial.index))

    def _entire(self, prober: Prober, split: dict[int, Trial]) -> Iterator[Trial]:
        for index, trial in split.items():
            made = segments.whole(trial.input)
            if made is not None:
                self._flying[index] = made
                yield prober.trial(made, index)

    def _trials(self, prober: Prober, count: int, until: float) -> Iterator[Trial]:
        names = self.surface.names(self.target.place)
        for _ in range(count):
            if time.monotonic() >= until or len(self._suspects) >= SUSPECTS_MAX:
                return
            is_seed = self._number < 0
            index = self._number if is_seed else self.first + self._number * self.step
            self._number += 1
            made = self.seeds[index] if is_seed else self.surface.make(self.seed, index, names)
            self._flying[index] = made
            self._sent.append(made)
            yield prober.trial(made, index)

    def _suspect(self, suspect: Suspect) -> None:
        label = suspect.suspicion.label
        if label in self.found:
            return
        waiting = self._suspects.setdefault(label, [])
        if len(waiting) < WAITING_MAX:
            waiting.append(suspect)

    def _settle(self, prober: Prober, until: float) -> None:
        """Try each suspect alone; make findings of those that show it again, as far as the time allows."""
        suspects, self._suspects = self._suspects, {}
        for label, waiting in suspects.items():
            if label in self.found or self._misses.get(label, 0) >= UNREPEATED_MAX:
                continue
            if time.monotonic() >= until:
                self.untried.setdefault(label, str(waiting[0].input))
                continue
            made = next((one for suspect in waiting if (one := self._finding(prober, suspect)) is not None), None)
            if made is None:
                self.unrepeated.setdefault(label, str(waiting[0].input))
                self._misses[label] = self._misses.get(label, 0) + 1

    def _finding(self, prober: Prober, suspect: Suspect) -> FuzzFinding | None:
        label = suspect.suspicion.label
        if not prober.shows(suspect.input, label, 2):
            return None
        made, label = self._laid(prober, suspect.input, label)
        if label in self.found:
            return self.found[label]
        is_slow = prober.alone(made).dialogue.end is End.SILENT
        until = time.monotonic() + SETTLE_SECONDS
        least, _ = minimise.minimise(
            made,
            lambda one: time.monotonic() < until and prober.shows(one, label),
            SLOW_REPLAYS_MAX if is_slow else REPLAYS_MAX,
        )
        suspicion = next((one for one in prober.seen(least) if one.label == label), None)
        if suspicion is None:
            return None
        return self._keep(label, self._made(prober, suspicion, least, suspect.index))

    def _keep(self, label: str, finding: FuzzFinding) -> FuzzFinding:
        self.found[label] = finding
        self.on_finding(finding)
        return finding

    def _laid(self, prober: Prober, made: Input, label: str) -> tuple[Input, str]:
        """Lay a finding to the legal base, or to one edit, where that alone shows one of the same oracle."""
        oracle = label.partition(".")[0]
        if oracle in {"accepted", "answer"} or not (made.edits or made.transport != PLAIN):
            return made, label
        for edits in ((), *((edit,) for edit in made.edits if len(made.edits) > 1)):
            part = replace(made, edits=edits, transport=PLAIN)
            shown = [
                one.label for one in prober.seen(part) if one.oracle in (MISSING if oracle in MISSING else {oracle})
            ]
            if shown and prober.shows(part, shown[0]):
                return part, shown[0]
        return made, label

    def _made(self, prober: Prober, suspicion: Suspicion, made: Input, index: int) -> FuzzFinding:
        return findings.make(
            f"{self.target.name}:{self.surface.kind}",
            suspicion,
            made,
            version=self.target.version,
            found_after=index + 1,
            seed=self.seed,
            placed=prober.placed(made),
        )

    def _lives(self, prober: Prober) -> bool:
        """Whether the simplest input is answered, as it was before."""
        if self.target.alive is not None and not self.target.alive():
            return False
        name = self.surface.names(self.target.place)[0]
        return any(prober.alone(Input(self.surface.kind, name, 0)).dialogue.heard_after for _ in range(3))

    def _is_well(self, prober: Prober) -> bool:
        """Whether the server's processes are idle now, and use no more than at first. Who hurt them is found out."""
        group = self.target.group() if self.target.group is not None else 0
        if not group:
            return True
        wrong = watch.wrong(group, self._before)
        self._before = self._before if self._before.memory else watch.usage(group)
        if not wrong:
            return True
        self._hurt(prober, wrong)
        return self._restart(prober)

    def _hurt(self, prober: Prober, wrong: str) -> None:
        """Find the one input that did it, on servers that are started anew."""
        if wrong in self.found or self.target.restart is None:
            return
        until = time.monotonic() + BLAME_SECONDS

        def hurts(inputs: Sequence[Input]) -> bool:
            if time.monotonic() > until or not self._restart(prober) or self.target.group is None:
                return False
            before = watch.usage(self.target.group())
            many = list(inputs) * max(1, REPEATS // len(inputs))
            trials = (prober.trial(made) for made in many)
            with contextlib.suppress(UnreachableError):
                list(Engine(self.target.address, Timing(prober.timing.quiet, 2.0), IN_FLIGHT).run(trials))
            return watch.wrong(self.target.group(), before) == wrong

        made = blame.blamed(self._sent, hurts, self._silent)
        if made is None:
            self.unrepeated.setdefault(wrong, f"one of {len(self._sent)} inputs, from {self._sent[0]} on")
            return
        wanted, came = watch.WORDS[wrong]
        least, _ = minimise.minimise(made, lambda one: hurts([one]), SLOW_REPLAYS_MAX)
        self._keep(wrong, self._made(prober, Suspicion(wrong, "", "", wanted, came, Weight.BREACH), least, 0))

    def _revive(self, prober: Prober) -> bool:
        """The target is gone: find who does that alone, and go on with a new one if there is one to be had."""
        suspects = list(self._flying.values())
        if not self._restart(prober):
            self.trouble = f"the target is gone; in flight were: {'; '.join(map(str, suspects[:8]))}"
            return False
        for made in suspects:
            if self._kills(prober, made):
                self._killed(prober, made)
                return self._restart(prober)
        self.unrepeated.setdefault(DIES, "; ".join(map(str, suspects[:8])))
        return True

    def _restart(self, prober: Prober) -> bool:
        if self.target.restart is None:
            return False
        try:
            address, place = self.target.restart()
        except Exception as problem:  # noqa: BLE001 - whatever the target's own command does, findings are kept
            self.trouble = f"the target could not be started again: {problem}"
            return False
        self.target = prober.target = replace(self.target, address=address, place=place)
        self.surface.prepare(place, prober.ask)
        return True

    def _kills(self, prober: Prober, made: Input) -> bool:
        try:
            prober.alone(made)
            return not self._lives(prober)
        except UnreachableError:
            return True

    def _killed(self, prober: Prober, made: Input) -> None:
        if DIES not in self.found:
            suspicion = Suspicion(DIES, "", "", "a server that lives on", "it ended, or answers nobody", Weight.BREACH)
            self._keep(DIES, self._made(prober, suspicion, made, 0))
