"""Tries single inputs on a target, with nothing beside them, and with the patience that its idle round trip asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from merkhet.model import Weight
from merkhet.wire.sockets import Address
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Base
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.live import segments, watch
from merkhet_fuzz.live.answers import Answers
from merkhet_fuzz.live.engine import Engine
from merkhet_fuzz.live.seam import AnsweredDialogue, Place, Surface, Timing, Trial
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import render

PAUSE_SECONDS = 0.002
"""Between two segments of an input that is alone: or the server's kernel would make one of them."""
ROUND_TRIPS_MEASURED = 5
MEASURING_SECONDS = 1.0
ROUND_TRIPS = 20
"""Silence for so many idle round trips is silence."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test. `restart` starts it again where it is ours to start, and returns where it is then.

    `group` is the id of its process group.
    """

    name: str
    address: Address
    place: Place
    version: str = ""
    restart: Callable[[], tuple[Address, Place]] | None = None
    alive: Callable[[], bool] | None = None
    group: Callable[[], int] | None = None


class Asking(AnsweredDialogue):
    """One request, and all that is answered: the first final answer is enough."""

    def __init__(self, octets: bytes, method: str) -> None:
        super().__init__([octets], [method])

    def received(self, octets: bytes) -> None:
        """Read on."""
        super().received(octets)
        self.is_done = self.is_done or bool(self.answers.finals)


class Prober:
    """Tries single inputs on a target, with nothing beside them."""

    def __init__(self, target: Target, surface: Surface) -> None:
        self.target = target
        self.surface = surface
        self.timing = Timing(quiet=0.1, patience=3.0, pause=PAUSE_SECONDS)

    def placed(self, made: Input) -> Base:
        """Return the base of an input as this target is sent it; made once. Raises InputError."""
        key = f"base {made.kind}.{made.name}#{made.seed}"
        if made.is_raw:
            raise InputError(f"{made.kind}.{made.name}: raw octets are for parsers: name one with --parser")
        known = self.target.place.notes.get(key)
        if isinstance(known, Base):
            return known
        base = self.surface.placed(library.base(made.kind, made.name, made.seed), self.target.place)
        self.target.place.notes[key] = base
        return base

    def takes(self, made: Input) -> bool:
        """Tell whether this target can be sent an input: it has the base, and the places of the edits in it."""
        if made.name not in self.surface.names(self.target.place):
            return False
        try:
            self.trial(made)
        except InputError:
            return False
        return True

    def trial(self, made: Input, index: int = 0) -> Trial:
        """Return an input with its dialogue. Raises InputError."""
        wire = render(made, self.placed(made))
        return Trial(made, wire, self.surface.dialogue(wire, self.target.place), index)

    def ask(self, octets: bytes, method: str) -> Answers:
        """Send one request as it stands, and return the answers. Raises UnreachableError."""
        dialogue = Asking(octets, method)
        made = Input(self.surface.kind, "asking", 0)
        list(Engine(self.target.address, self.timing, 1).run([Trial(made, None, dialogue)]))
        return dialogue.answers

    def measure(self) -> float:
        """Take the time of an idle round trip, of the simplest input; silence is measured by it. Raises UnreachableError."""
        self.surface.prepare(self.target.place, self.ask)
        name = self.surface.names(self.target.place)[0]
        begun = time.monotonic()
        heard: list[float] = []
        while len(heard) < ROUND_TRIPS_MEASURED and (not heard or time.monotonic() - begun < MEASURING_SECONDS):
            heard.append(self.alone(Input(self.surface.kind, name, 0)).dialogue.heard_after)
        least = min((one for one in heard if one), default=self.timing.patience)
        self.timing.quiet = max(0.1, least * ROUND_TRIPS)
        self.timing.patience = max(3.0, least * ROUND_TRIPS)
        return least

    def alone(self, made: Input) -> Trial:
        """Try one input; return it with all that came. Raises UnreachableError and InputError."""
        trial = self.trial(made)
        for _ in Engine(self.target.address, self.timing, 1).run([trial]):
            pass
        return trial

    def seen(self, made: Input) -> list[Suspicion]:
        """Return what is suspicious in one input that is tried alone."""
        trial = self.alone(made)
        found = trial.dialogue.suspicions()
        if (other := segments.whole(made)) is not None:
            found += segments.apart(trial, self.alone(other))
        return found

    def harm(self) -> list[Suspicion]:
        """Return that the server is at work though nothing is asked of it, where its processes are ours to look at."""
        group = self.target.group() if self.target.group is not None else 0
        if not group or not watch.is_busy(group):
            return []
        return [Suspicion(watch.BUSY, "", "", *watch.WORDS[watch.BUSY], Weight.BREACH)]

    def shows(self, made: Input, label: str, times: int = 1) -> bool:
        """Tell whether an input shows a class of finding, each time that it is tried."""
        try:
            return all(any(one.label == label for one in self.seen(made)) for _ in range(times))
        except InputError:
            return False  # a simpler base may ask for what this target has not
