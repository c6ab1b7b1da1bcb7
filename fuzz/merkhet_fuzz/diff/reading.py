"""What one participant made of an input, in a form in which it can be held against what another made of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from merkhet.model import Severity
from merkhet_fuzz.grammar import VALUES, Kind
from merkhet_fuzz.judges.values import POSITION_MAX
from merkhet_fuzz.oracles import Run, parts_of
from merkhet_fuzz.render import Wire

UNKNOWN = None
"""A part of a message that a participant does not tell: it is like any other."""
ALIKE = "="
"""A part that is what the text asks for, wherever the input was sent: each server has another host and other paths."""
ONE_AT_MOST = VALUES | {Kind.HANDSHAKE}
"""Kinds of which an input is one message: nobody can take the rest of it for another."""
FRAMING_FIELDS = frozenset((b"content-length", b"transfer-encoding"))
"""What they say is seen in the content; how a reader writes them down is its own affair."""
FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
ORDER = tuple(Severity)


class Message(NamedTuple):
    """A message that was read: what is framed by it, and what it means; UNKNOWN for what nobody tells."""

    framed: object
    meant: tuple[object, ...]
    ends: bool = False
    """Whether it is the last of its connection by its own words, so that nothing behind it need be read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The messages that came out. `stops`: the next one was refused; else it is waited for, or there is none.

    `is_one`: the messages are parts of one whole, so that it matters to nobody how many came before it was refused.
    `fault` is the requirement of the catalogue that was not kept, or a word where it has none; "" for none.
    """

    messages: tuple[Message, ...]
    stops: bool
    words: str
    fault: str = ""
    fields: str = ""
    """The fields of each message, where they are told: what is said where the disagreement may be about them."""
    is_one: bool = False


def compare(one: Reading, other: Reading) -> Severity | None:
    """Return what two readings disagree about, the gravest; None where they are alike.

    Refusing and waiting without end are alike, and so is it whether the messages before a refusal are handed over.
    """
    shared = list(zip(one.messages, other.messages, strict=False))
    found = [_compared(*pair) for pair in shared]
    if Severity.FRAMING in found:
        return Severity.FRAMING
    worst = min((severity for severity in found if severity is not None), key=ORDER.index, default=None)
    short, long = sorted((one, other), key=lambda reading: len(reading.messages))
    if len(short.messages) == len(long.messages) or (short.stops and long.stops):
        return worst
    if short.stops:
        return worst or Severity.ACCEPTANCE
    if (short.messages and short.messages[-1].ends) or (short.is_one and long.stops):
        return worst
    # The one still waits for the end of what the other has taken for a message of its own.
    return Severity.FRAMING


def _compared(one: Message, other: Message) -> Severity | None:
    if not _alike(one.framed, other.framed):
        return Severity.FRAMING
    if all(_alike(*parts) for parts in zip(one.meant, other.meant, strict=False)):
        return None
    return Severity.MEANING


def _alike(one: object, other: object) -> bool:
    return one is UNKNOWN or other is UNKNOWN or one == other


def sides(readings: Sequence[Reading]) -> tuple[int, ...]:
    """Return a number for each reading: alike readings have the same, and the first one has 0.

    A side takes in who is like each that is on it already: whoever tells nothing makes no others alike.
    """
    members: list[list[Reading]] = []
    numbers: list[int] = []
    for reading in readings:
        fits = (at for at, side in enumerate(members) if all(compare(reading, one) is None for one in side))
        at = next(fits, len(members))
        if at == len(members):
            members.append([])
        members[at].append(reading)
        numbers.append(at)
    return tuple(numbers)


def gravest(readings: Sequence[Reading]) -> Severity | None:
    """Return the gravest disagreement of any two."""
    found = (compare(one, other) for one, other in itertools.combinations(readings, 2))
    return min((severity for severity in found if severity is not None), key=ORDER.index, default=None)


# Of parsers


def of_run(kind: Kind, wire: Wire, seen: Run, fault: str) -> Reading:
    """Return what a parser made of an input. A crash is a refusal here: whether it may is another question."""
    told = [_message(kind, wire, number, message) for number, message in enumerate(seen.messages)]
    stops = seen.refusal is not None or seen.crash is not None or (kind in ONE_AT_MOST and not told)
    fields = "; ".join(_told_fields(message) for message in told) if kind is Kind.HTTP else ""
    return Reading(tuple(told), stops, words(kind, seen), fault, fields, kind is Kind.MULTIPART)


def _told_fields(message: Message) -> str:
    fields = cast("tuple[tuple[bytes, bytes], ...] | None", message.meant[2])
    if fields is None:
        return "not compared"
    return ", ".join(f"{_shown(name)}: {_shown(value)}" for name, value in fields)


def _message(kind: Kind, wire: Wire, number: int, message: object) -> Message:
    if message is ...:
        return Message(UNKNOWN, (UNKNOWN,) * 3)
    if kind is Kind.HTTP:
        return http_message(wire, number, cast("tuple[Any, ...]", message))
    if kind is Kind.CHUNKED:
        return Message(message, ())
    if kind is Kind.RANGE:
        specs = cast("tuple[tuple[int | None, ...], ...]", message)
        return Message(True, (tuple(tuple(n if n is None else min(n, POSITION_MAX) for n in spec) for spec in specs),))
    if kind in {Kind.MULTIPART, Kind.FRAMES}:
        what, content = cast("tuple[object, bytes]", message)
        return Message(content, (what,))
    return Message(True, (message,))


def http_message(wire: Wire, number: int, parts: tuple[Any, ...]) -> Message:
    """Return a request as (method, target, content), perhaps with its fields behind; None is a part that is not told."""
    expected = cast("tuple[object, ...]", wire.expected[number]) if number < len(wire.expected) else (UNKNOWN,) * 3
    method, target, content = (
        ALIKE if part == wanted and part is not None else part
        for part, wanted in zip(tuple(parts)[:3], expected, strict=False)
    )
    fields = _fields(parts[3]) if len(parts) > 3 and parts[3] is not None else UNKNOWN
    ends = method == b"CONNECT" or parts[:1] == (b"CONNECT",) or _says_close(fields) or _is_old(wire)
    shown = UNKNOWN if fields is UNKNOWN or _has_trailers(wire, number) else fields
    return Message(content, (method, target, shown), ends)


def _fields(lines: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Return field lines in the one form that all readers of them can be brought to (RFC 9110, Section 5.3 and 5.5)."""
    told = ((name.lower(), FOLD.sub(b" ", value).strip(b" \t")) for name, value in lines)
    return tuple((name, value) for name, value in told if name not in FRAMING_FIELDS)


def _says_close(fields: tuple[tuple[bytes, bytes], ...] | None) -> bool:
    if fields is None:
        return False
    named = [value.lower() for name, value in fields if name == b"connection"]
    return any(b"close" in value for value in named) or any(name == b"upgrade" for name, _ in fields)


def _is_old(wire: Wire) -> bool:
    """Whether the request's version was edited: an older one says that the connection ends."""
    places = [edit.place for edit in wire.input.edits]
    return any(place.endswith("request-line.version") for place in places)


def _has_trailers(wire: Wire, number: int) -> bool:
    """Whether a message has a trailer section, which some readers put among the fields of the head."""
    base = wire.base
    return any(piece.message == number and base.roles[piece.unit] == "trailer" for piece in base.pieces)


def misplaced(wire: Wire, seen: Run) -> bool:
    """Tell whether a field of one request's trailer section came out with the fields of a later request."""
    trailers: set[bytes] = set()
    for number, message in enumerate(seen.messages):
        parts = parts_of(message)
        told = {name.lower() for name, _ in parts[3]} if len(parts) > 3 else set[bytes]()
        own = {
            piece.octets.lower()
            for piece in wire.base.pieces
            if piece.message == number and piece.name.endswith(".name")
        }
        if told & (trailers - own):
            return True
        trailers |= {name for name in own if _is_trailer(wire, number, name)}
    return False


def _is_trailer(wire: Wire, number: int, name: bytes) -> bool:
    base = wire.base
    return any(
        piece.message == number and piece.octets.lower() == name and base.roles[piece.unit] == "trailer"
        for piece in base.pieces
    )


def words(kind: Kind, seen: Run) -> str:
    """Say what a parser made of an input."""
    told = [_words(kind, message) for message in seen.messages[:4]]
    told += [f"{len(seen.messages) - 4} more"] if len(seen.messages) > 4 else []
    read = "; ".join(told) or "nothing whole"
    if seen.crash is not None:
        return f"{read}, then {type(seen.crash).__name__}: {seen.crash}"[:400]
    return f"{read}, then refused: {seen.refusal}"[:400] if seen.refusal is not None else read


def _words(kind: Kind, message: object) -> str:
    if message is ...:
        return "something that it does not tell"
    if kind is Kind.HTTP and isinstance(message, tuple):
        method, target, content = cast("tuple[bytes, bytes, bytes]", message[:3])
        with_content = f" with {_shown(content)}" if content else ""
        return f"{_shown(method)} {_shown(target)}{with_content}"
    return _shown(message)


def _shown(part: object) -> str:
    if isinstance(part, bytes):
        told = part[:60].decode("ascii", "backslashreplace")
        return told if len(part) <= 60 else f"{told}... ({len(part)} octets)"
    told = repr(part)
    return told if len(told) <= 120 else f"{told[:120]}..."
