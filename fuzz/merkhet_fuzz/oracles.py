"""What is held against a parser: the strict verdict, the meaning, that it never crashes, that segments mean nothing."""

from __future__ import annotations

import contextlib
import signal
import threading
import traceback
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple, cast

from merkhet.model import Weight
from merkhet_fuzz import threads
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import VALUES, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.judges.values import POSITION_MAX
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.verdicts import Decision, Excuse

HANG_SECONDS = 2.0
"""Processor time, not time that passes: a busy machine makes no parser hang. A usual input takes a ten-thousandth of it."""
SINGLE = "single octets"
FORBIDDEN = (b"\r", b"\0")


class HangError(BaseException):
    """The parser was still at work after HANG_SECONDS. No `Exception`: a parser's own handlers must not take it."""


class Suspicion(NamedTuple):
    """Something that an oracle saw. `label` is the class of it: what is the same bug has the same one.

    `requirement` is an id of the catalogue, or "" where no text but the contract of parsers is broken. `weight` None: as
    much as the requirement says.
    """

    oracle: str
    requirement: str
    detail: str
    expected: str
    observed: str
    weight: Weight | None = None

    @property
    def label(self) -> str:
        """ORACLE.REQUIREMENT.DETAIL."""
        return ".".join(word for word in (self.oracle, self.requirement, self.detail) if word)


@dataclass(slots=True)
class Run:
    """What a parser made of some segments. `refusal` is what it raised to refuse them, None where it did not."""

    messages: list[Any] = field(default_factory=list[Any])
    refusal: Exception | None = None
    crash: BaseException | None = None

    @property
    def words(self) -> str:
        """What came out, in words."""
        told = f"{len(self.messages)} complete" if self.messages else "nothing complete"
        if self.crash is not None:
            return f"{told}, then {type(self.crash).__name__}: {self.crash}"
        return f"{told}, then a refusal: {self.refusal}" if self.refusal is not None else told


def run(parser: Parser, segments: Sequence[bytes]) -> Run:
    """Give a parser its segments, and take what comes."""
    made = Run()
    try:
        for message in parser.messages(segments):
            made.messages.append(message)
    except parser.refusals as refusal:
        made.refusal = refusal
        if type(refusal) not in parser.refusals and isinstance(refusal, UnicodeError):
            made.crash, made.refusal = refusal, None
    except (HangError, Exception) as crash:  # noqa: BLE001 - whatever else a parser raises is what is looked for
        made.crash = crash
    return made


class _Ticks:
    """What the timer of the first thread is compared with: an input that is still the same at the third tick hangs."""

    inputs = 0
    """How many inputs were begun: nothing is asked of the system for each of them."""
    at_last_tick = 0
    same = 0


@contextlib.contextmanager
def watchdog() -> Generator[None]:
    """Let a parser that loops raise HangError."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        with threads.watchdog(HANG_SECONDS, HangError):
            yield
        return
    before = signal.signal(signal.SIGPROF, _tick)
    rewind()
    outer = signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS / 2, HANG_SECONDS / 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, *outer)  # one within another leaves that one armed
        signal.signal(signal.SIGPROF, before)


def _tick(_number: int, _frame: FrameType | None) -> None:
    _Ticks.same = _Ticks.same + 1 if _Ticks.inputs == _Ticks.at_last_tick else 0
    _Ticks.at_last_tick = _Ticks.inputs
    if _Ticks.same > 1:
        _Ticks.same = 0
        raise HangError


def rewind() -> None:
    """Begin to count anew: the next input has its own time."""
    _Ticks.inputs += 1
    threads.rewind()


def hang() -> Suspicion:
    """Return what is said of an input that a parser was still at work on when its time was over."""
    observed = f"more than {HANG_SECONDS:g} s of work for one input"
    return Suspicion("hang", "", "", "an answer in bounded time", observed, Weight.BREACH)


def observe(parser: Parser, wire: Wire, *, with_segments: bool = False) -> list[Suspicion]:
    """Return what is wrong with how the parser takes an input, worst first; nothing for nearly every input."""
    try:
        return _observed(parser, wire, with_segments=with_segments)
    except HangError:
        return [hang()]  # it came when the parser had just handed something over


def _observed(parser: Parser, wire: Wire, *, with_segments: bool) -> list[Suspicion]:
    if wire.input.is_raw:
        return _raw(parser, wire, with_segments=with_segments)
    seen = run(parser, wire.segments)
    if seen.crash is not None:
        return [crash(seen.crash)]
    found = _verdict(parser, wire, seen)
    if parser.kind in VALUES:
        return found
    if found and len(wire.segments) > 1 and not _against(parser, wire, run(parser, [b"".join(wire.segments)])):
        found = []  # it is the segments that are taken otherwise: that is told below
    if len(wire.segments) > 1:
        found += _segments(parser, wire, seen, [b"".join(wire.segments)], "one segment")
    elif with_segments and wire.segments:
        found += _segments(parser, wire, seen, singles(wire.segments[0]), SINGLE)
    if parser.unparse is not None and seen.messages:
        found += _round_trip(parser, seen)
    return found


def singles(octets: bytes) -> list[bytes]:
    """Return the octets, each a segment."""
    return [octets[at : at + 1] for at in range(len(octets))]


def _raw(parser: Parser, wire: Wire, *, with_segments: bool) -> list[Suspicion]:
    """Octets that have no verdict are held to the rest: never crash, and mean the same in any segments."""
    octets = b"".join(wire.segments)
    whole = run(parser, [octets])
    if whole.crash is not None:
        return [crash(whole.crash)]
    is_split = len(wire.segments) > 1
    if parser.kind in VALUES or not octets or not (is_split or with_segments):
        return []
    apart = run(parser, wire.segments if is_split else singles(octets))
    if apart.crash is not None:
        return [crash(apart.crash)]
    shared = min(len(whole.messages), len(apart.messages))
    is_same = whole.messages[:shared] == apart.messages[:shared]
    # The messages before a fault may be handed over or not.
    if is_same and (len(whole.messages) == len(apart.messages) or (whole.refusal and apart.refusal)):
        return []
    for name in library.names(parser.kind):
        # Where a legal base is taken otherwise too, it is not laid to these octets.
        legal = render(Input(parser.kind, name, 0))
        octets = legal.octets
        if found := _apart(parser, legal, run(parser, [octets]), singles(octets), SINGLE):
            return found
    name = f"{len(wire.segments)} segments" if is_split else SINGLE
    observed = f"as {name}: {apart.words}; else: {whole.words}"
    return [Suspicion("segments", "", "messages.raw", "the same messages in any segments", observed)]


def crash(problem: BaseException) -> Suspicion:
    """Return what is said of an input at which a parser raised what is no refusal."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if not frame.name.startswith("<")]
    # Where it was raised is the same from release to release, other than the number of the line.
    place = frames[-1].name if frames else ""
    if isinstance(problem, HangError):
        return hang()
    name = type(problem).__name__
    return Suspicion(
        "crash", "", f"{name}.{place}", "messages, or a refusal", f"{name} in {place}: {problem}", Weight.BREACH
    )


def _verdict(parser: Parser, wire: Wire, seen: Run) -> list[Suspicion]:
    """Return what the verdict says of it.

    What is wrong with the base already, or with one of several edits alone, is not laid to the others.
    """
    found = _against(parser, wire, seen)
    made = wire.input
    if not found or found[0].oracle == "accepted" or not made.edits:
        return found
    parts = [(), *((edit,) for edit in made.edits if len(made.edits) > 1)]
    for edits in parts:
        part = render(Input(made.kind, made.name, made.seed, edits))
        if alone := _against(parser, part, run(parser, part.segments)):
            return alone
    return found


def _against(parser: Parser, wire: Wire, seen: Run) -> list[Suspicion]:
    verdict = wire.verdict
    decision, requirement = verdict.decision, verdict.requirement
    if decision is Decision.FREE or requirement in parser.lacks:
        return []
    most, count = wire.at_most, len(seen.messages)
    if count > most:
        if decision is Decision.REFUSE and _is_excused(wire, seen):
            return []
        if decision is not Decision.REFUSE:
            return [_surplus(wire, seen)]
        observed = f"message {most + 1} came out complete: {_shown(seen.messages[most])}"
        return [Suspicion("accepted", requirement, verdict.unit, f"a refusal: {verdict.why}", observed, verdict.weight)]
    for at, message in enumerate(seen.messages):
        if not _is_same(parser.kind, message, wire.expected[at]):
            return [_changed(wire, at, message)]
    if parser.kind is Kind.RANGE and seen.refusal is None:
        return []  # a Range may always be ignored (RFC 9110, Section 14.2)
    if decision is Decision.ACCEPT and count < most:
        oracle = "refused" if seen.refusal is not None else "lost"
        why = verdict.why or "a legal input"
        unit = verdict.unit or "legal"
        return [Suspicion(oracle, requirement, unit, f"{most} complete: {why}", seen.words)]
    return []


def _surplus(wire: Wire, seen: Run) -> Suspicion:
    observed = f"{len(seen.messages)} came out, the last of them {_shown(seen.messages[-1])}"
    return Suspicion(
        "surplus",
        wire.verdict.requirement,
        wire.verdict.unit,
        f"{len(wire.expected)} messages",
        observed,
        wire.verdict.weight or Weight.BREACH,
    )


def _changed(wire: Wire, at: int, message: object) -> Suspicion:
    expected = f"message {at + 1} is {_shown(wire.expected[at])}"
    return Suspicion(
        "changed",
        wire.verdict.requirement,
        wire.verdict.unit or "legal",
        expected,
        f"it came out as {_shown(message)}",
        Weight.BREACH,
    )


def _is_excused(wire: Wire, seen: Run) -> bool:
    """Tell whether what had to be refused was made harmless instead, as the text allows."""
    if wire.verdict.excuse is not Excuse.REPLACED:
        return False
    message: object = seen.messages[wire.verdict.message]
    parts = parts_of(message)
    if len(parts) < 4 or any(octet in part for octet in FORBIDDEN for part in parts[:2]):
        # Whoever hands no fields over cannot be looked at.
        return len(parts) < 4
    if any(octet in name or octet in value for octet in FORBIDDEN for name, value in parts[3]):
        return False
    known = _names(wire)
    # Octets that become SP make no field more: where one is, a line was ended by what ends none.
    return not known or (len(parts[3]) <= len(known) and {name.lower() for name, _ in parts[3]} <= set(known))


def _names(wire: Wire) -> list[bytes]:
    """Return the names of the fields of the message that the verdict is about; none where lines were added or taken."""
    made, base = wire.input, wire.base
    if any(edit.place in base.roles or edit.place.endswith(".name") for edit in made.edits):
        return []
    return [
        piece.octets.lower()
        for piece in base.pieces
        if piece.name.endswith(".name") and piece.message == wire.verdict.message
    ]


def parts_of(message: object) -> tuple[Any, ...]:
    """Return the parts of a message that has any; () of one that is a value alone."""
    return tuple(cast("Iterable[Any]", message)) if isinstance(message, tuple) else ()


def _is_same(kind: Kind, message: object, expected: object) -> bool:
    if message is ...:
        return True  # something was read, and the parser does not say what
    if kind is Kind.HTTP:
        return cast("tuple[object, ...]", message)[:3] == expected
    if kind is Kind.RANGE:
        specs = cast("tuple[tuple[int | None, int | None], ...]", message)
        return tuple(tuple(n if n is None else min(n, POSITION_MAX) for n in spec) for spec in specs) == expected
    return message == expected


def _segments(parser: Parser, wire: Wire, seen: Run, others: list[bytes], name: str) -> list[Suspicion]:
    """Compare with other segments. Where a legal base is taken otherwise too, it is not laid to the edits."""
    found = _apart(parser, wire, seen, others, name)
    if found and wire.input.edits:
        legal = render(Input(wire.input.kind, wire.input.name, wire.input.seed))
        return _apart(parser, legal, run(parser, legal.segments), singles(legal.octets), SINGLE) or found
    return found


def _apart(parser: Parser, wire: Wire, seen: Run, others: list[bytes], name: str) -> list[Suspicion]:
    other = run(parser, others)
    if other.crash is not None:
        return [crash(other.crash)]
    detail = wire.verdict.unit or ("edited" if wire.input.edits else "legal")
    observed = f"as {name}: {other.words}; else: {seen.words}"
    if other.messages == seen.messages:
        if (other.refusal is None) == (seen.refusal is None):
            return []
        wanted = "refused in any segments, or in none"
        return [Suspicion("segments", "", f"refusal.{detail}", wanted, observed, Weight.WARNING)]
    shared = min(len(other.messages), len(seen.messages))
    if other.messages[:shared] == seen.messages[:shared] and seen.refusal is not None and other.refusal is not None:
        # The messages before a fault are handed over or not: no text says that they must be.
        return [
            Suspicion("segments", "", "before-a-refusal", "the same messages in any segments", observed, Weight.WARNING)
        ]
    return [
        Suspicion("segments", "", f"messages.{detail}", "the same messages in any segments", observed, Weight.BREACH)
    ]


def _round_trip(parser: Parser, seen: Run) -> list[Suspicion]:
    assert parser.unparse is not None  # noqa: S101 - said by the caller
    written = parser.unparse(seen.messages[0])
    again = run(parser, [written])
    if again.crash is None and again.messages[:1] == seen.messages[:1]:
        return []
    return [
        Suspicion(
            "round-trip",
            "",
            "",
            f"{_shown(seen.messages[0])} once more",
            f"{written!r} came out as {again.words}",
            Weight.WARNING,
        )
    ]


def _shown(message: object) -> str:
    told = repr(message)
    return told if len(told) <= 200 else f"{told[:200]}..."


def against(parser: Parser, wire: Wire, seen: Run) -> list[Suspicion]:
    """Return what the verdict says of a run alone, with nothing laid to anything else."""
    return [crash(seen.crash)] if seen.crash is not None else _against(parser, wire, seen)
