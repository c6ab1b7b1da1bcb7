"""Who takes part: a parser in process, or a server over the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from merkhet.answer import End
from merkhet_fuzz import oracles
from merkhet_fuzz.diff import reading
from merkhet_fuzz.diff.reading import Message, Reading
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live.campaign import IN_FLIGHT
from merkhet_fuzz.live.engine import Engine
from merkhet_fuzz.live.http import HttpDialogue, HttpSurface
from merkhet_fuzz.live.prober import Prober, Target
from merkhet_fuzz.live.seam import Timing, Trial
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import Wire, render

ERROR = 400
ENDED = frozenset((End.CLOSED, End.RESET))
FAULTS = frozenset(("accepted", "refused", "lost", "surplus", "changed", "order"))
"""The oracles that speak of how a request was read; others speak of the answer."""


MERGED = "rfc9112-7.1.2-3"


class Participant(Protocol):
    """One of those who are given the same inputs. `label` is how reports name it."""

    @property
    def label(self) -> str:
        """Its name, which no other has."""
        ...

    @property
    def version(self) -> str:
        """Its version, "" where nobody knows it."""
        ...

    def read(self, inputs: Sequence[Input]) -> list[Reading]:
        """Return what it makes of each of many inputs."""
        ...

    def alone(self, made: Input) -> Reading:
        """Return what it makes of one input with nothing beside it."""
        ...


@dataclass(frozen=True, slots=True)
class ParserParticipant:
    """A parser. `placed` returns the base of an input as a server beside it is sent it, so that both read the same octets."""

    parser: Parser
    placed: Callable[[Input], Base] | None = None

    @property
    def label(self) -> str:
        """NAME:KIND."""
        return self.parser.label

    @property
    def version(self) -> str:
        """The version of the library."""
        return self.parser.version

    def read(self, inputs: Sequence[Input]) -> list[Reading]:
        """Return what it makes of each."""
        return [self.alone(made) for made in inputs]

    def alone(self, made: Input) -> Reading:
        """Return what it makes of one."""
        return self.of(render(made, self.placed(made) if self.placed is not None else None))

    def of(self, wire: Wire) -> Reading:
        """Return what it makes of an input that is rendered already."""
        with oracles.watchdog():
            oracles.rewind()
            seen = oracles.run(self.parser, wire.segments)
            found = oracles.against(self.parser, wire, seen)
        fault = (found[0].requirement or found[0].oracle) if found else ""
        if not fault and self.parser.kind is Kind.HTTP and reading.misplaced(wire, seen):
            fault = MERGED
        return reading.of_run(self.parser.kind, wire, seen, fault)


@dataclass(slots=True)
class UrlParticipant:
    """A server that runs. It is asked at its echo where it declares one; else only how often it answers is known."""

    target: Target
    prober: Prober

    @classmethod
    def of(cls, target: Target) -> UrlParticipant:
        """Return a server, its round trip measured. Raises UnreachableError."""
        prober = Prober(target, HttpSurface())
        prober.measure()
        return cls(target, prober)

    @property
    def label(self) -> str:
        """Its name and the kind of inputs."""
        return f"{self.target.name}:{Kind.HTTP}"

    @property
    def version(self) -> str:
        """What its declaration says."""
        return self.target.version

    def read(self, inputs: Sequence[Input]) -> list[Reading]:
        """Send them all, many at a time. Raises UnreachableError."""
        timing = Timing(quiet=self.prober.timing.quiet, patience=2.0)
        trials = [self.prober.trial(made, number) for number, made in enumerate(inputs)]
        found: dict[int, Reading] = {}
        for trial in Engine(self.target.address, timing, IN_FLIGHT).run(trials):
            found[trial.index] = self._of(inputs[trial.index], trial)
        return [found[number] for number in range(len(inputs))]

    def alone(self, made: Input) -> Reading:
        """Send one. Raises UnreachableError."""
        return self._of(made, self.prober.alone(made))

    def _of(self, made: Input, trial: Trial) -> Reading:
        dialogue = cast("HttpDialogue", trial.dialogue)
        return of_answers(render(made, self.prober.placed(made)), dialogue, tells=self.target.place.has("echo"))


def of_answers(wire: Wire, dialogue: HttpDialogue, *, tells: bool) -> Reading:
    """Return what a server's answers say that it read. `tells`: they are those of an echo."""
    messages: list[Message] = []
    answers = dialogue.answers
    stops = False
    is_surplus = len(answers.finals) > len(wire.expected)
    for number, final in enumerate(answers.finals):
        if final.status >= ERROR and not is_surplus:
            # An error may be answered before the content is read: it says nothing of where the request ends.
            stops = True
            break
        echo = answers.echo(number) if tells else None
        if echo is None:
            messages.append(Message(reading.UNKNOWN, (reading.UNKNOWN,) * 3, final.says_close))
            continue
        method = None if echo.method is None else echo.method.encode("utf-8", "surrogateescape")
        made = reading.http_message(wire, number, (method, echo.target, echo.body, None))
        messages.append(made._replace(ends=made.ends or final.says_close or final.version == b"HTTP/1.0"))
    # Who ends the connection before all is answered, and before we do, has refused; unless an answer said that it was the last.
    is_early = answers.end in ENDED and not dialogue.shuts and len(answers.finals) < max(1, len(wire.expected))
    is_said = bool(answers.finals) and answers.finals[-1].says_close
    stops = stops or bool(answers.garbage) or (is_early and not is_said)
    fault = next((one.requirement or one.oracle for one in dialogue.suspicions() if one.oracle in FAULTS), "")
    return Reading(tuple(messages), stops, _words(dialogue), fault)


def _words(dialogue: HttpDialogue) -> str:
    told: list[str] = []
    for number, final in enumerate(dialogue.answers.finals[:4]):
        echo = dialogue.answers.echo(number)
        read = "" if echo is None else f" to {echo.method} {(echo.target or b'')[:60]!r}"
        content = f" with {echo.body[:40]!r}" if echo is not None and echo.body else ""
        told.append(f"{final.status}{read}{content}")
    return f"{'; '.join(told) or 'no answer'} ({dialogue.told()})"[:400]
