"""A campaign: inputs from a seed, the oracles on each, one finding for each class of disagreement, in bounded time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from merkhet_fuzz import minimise, mutate, oracles, reading, watchdog
from merkhet_fuzz.findings import Finding
from merkhet_fuzz.model import Input, from_line, to_line
from merkhet_fuzz.oracles import Fault
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.spellings import Level

WORK_SECONDS = 1.0
"""Processor time for one input, which takes a sound parser less than a thousandth of it."""
ROUND_TRIP_EVERY = 8
MINIMISED_MAX = 12
"""How many inputs of one pin are made smaller: the others would lead to the same few classes."""


@dataclass
class Summary:
    """How much was tried, in how much time, and how often each class was met.

    `unrepeated` counts what was there once and not again: a parser that remembers, or that depends on chance.
    """

    inputs: int = 0
    seconds: float = 0.0
    seen: Counter[str] = field(default_factory=Counter[str])
    unrepeated: int = 0
    interrupted: bool = False


class Campaign:
    """One parser under inputs of one seed. `tell` is given each finding when it is found."""

    def __init__(self, name: str, parser: Parser, seed: int, tell: Callable[[Finding], None]) -> None:
        self.summary = Summary()
        self._name = name
        self._parser = parser
        self._seed = seed
        self._tell = tell
        self._classes: dict[tuple[str, str], list[tuple[frozenset[str], str]]] = {}
        self._minimised: Counter[tuple[str, str]] = Counter()

    def run(self, *, inputs: int | None = None, seconds: float | None = None) -> Summary:
        """Try so many inputs, or for so long; one of the two is given. An interruption ends it, and loses nothing."""
        began = time.monotonic()
        end = None if seconds is None else began + seconds
        try:
            with watchdog.watching(self._parser, WORK_SECONDS) as parser:
                self._loop(parser, inputs, end)
        except KeyboardInterrupt:
            self.summary.interrupted = True
        self.summary.seconds = time.monotonic() - began
        return self.summary

    def _loop(self, parser: Parser, inputs: int | None, end: float | None) -> None:
        for number, (given, data) in enumerate(mutate.inputs(self._seed)):
            if number == inputs or (end is not None and number % 64 == 0 and time.monotonic() >= end):
                return
            for fault in judged(parser, given, data, deep=number % ROUND_TRIP_EVERY == 0):
                self._found(parser, fault, given, number)
            self.summary.inputs = number + 1

    def _found(self, parser: Parser, fault: Fault, given: Input, number: int) -> None:
        """Make an input smaller, and tell of it if its class is new. What holds a known class's edits is one of that class."""
        edits = frozenset(oracles.names(given))
        known = self._classes.setdefault(fault.pin, [])
        for less, name in known:
            if less <= edits:
                self.summary.seen[name] += 1
                return
        if self._minimised[fault.pin] == MINIMISED_MAX:
            return
        self._minimised[fault.pin] += 1
        smallest = minimise.minimise(given, lambda each: pinned(parser, each, fault.pin) is not None)
        shown = pinned(parser, smallest, fault.pin)
        if shown is None:
            self.summary.unrepeated += 1  # nothing that could be told of it would be true
            return
        self._tell_once(shown, smallest, given, number)

    def _tell_once(self, fault: Fault, smallest: Input, given: Input, number: int) -> None:
        edits = oracles.names(smallest)
        name = class_name(fault, edits)
        self.summary.seen[name] += 1
        known = self._classes[fault.pin]
        if any(name == other for _, other in known):
            return
        known.append((frozenset(edits), name))
        oracle, detail, level, clause, words = fault
        self._tell(
            Finding(
                name=name,
                parser=self._name,
                oracle=oracle,
                detail=detail,
                level=level.value,
                clause=clause,
                words=words,
                input=to_line(smallest),
                octets=reading.octets(smallest),
                found_in=to_line(given),
                seed=self._seed,
                number=number,
            )
        )


def class_name(fault: Fault, edits: Sequence[str]) -> str:
    """Return the name of a class: oracle, detail, and the edits that the smallest input has, where they say more."""
    together = " + ".join(edits)
    return ": ".join(
        part for part in (fault.oracle, fault.detail, "" if together == fault.detail else together) if part
    )


def judged(parser: Parser, given: Input, data: bytes | None = None, *, deep: bool = True) -> list[Fault]:
    """Return the faults that an input shows, too much work among them if it repeats."""
    try:
        return oracles.judge(parser, given, data, deep=deep)
    except watchdog.TooMuchWork:
        try:
            return oracles.judge(parser, given, data, deep=deep)
        except watchdog.TooMuchWork:
            words = f"one input takes more than {WORK_SECONDS:g} s of processor time, again when it is repeated"
            return [Fault("work", "too much", Level.MUST, "", words)]


def shows_again(parser: Parser, finding: Finding) -> bool:
    """Tell whether a parser still gets the input of a finding wrong. Raises LineError if its line says no input."""
    given = from_line(finding.input)
    reading.check(given)
    with watchdog.watching(parser, WORK_SECONDS) as watched:
        return pinned(watched, given, (finding.oracle, finding.detail)) is not None


def pinned(parser: Parser, given: Input, pin: tuple[str, str]) -> Fault | None:
    """Return the fault of this pin that an input shows, or None."""
    return next((fault for fault in judged(parser, given) if fault.pin == pin), None)
