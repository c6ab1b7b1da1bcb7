"""Expectations of what is heard on a WebSocket (RFC 6455, RFC 7692): the cases of `Hears`.

Those of the handshake, the cases of the `Answers` before it, stand in `expect_handshake`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from merkhet.answer import Context, End
from merkhet.expectation import Hearing, Rests
from merkhet.heard import Close, Event, Heard, Message, Opcode, Ping, Pong, shown
from merkhet.payload import Made, made


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is expected: TEXT or BINARY, and its octets."""

    opcode: Opcode
    data: bytes | Made

    def describe(self) -> str:
        """Say what it is."""
        kind = "text" if self.opcode is Opcode.TEXT else "binary"
        return f"{kind} {shown(self.data) if isinstance(self.data, bytes) else self.data.describe()}"

    def is_in(self, event: Event) -> bool:
        """Whether an event is this message, whatever its frames."""
        return isinstance(event, Message) and event.opcode is self.opcode and event.data == made(self.data)


def as_text(data: bytes | Made) -> Said:
    """A text message with these octets, UTF-8 or not."""
    return Said(Opcode.TEXT, data)


def as_binary(data: bytes | Made) -> Said:
    """A binary message with these octets."""
    return Said(Opcode.BINARY, data)


Item = str | bytes | Said
"""A message: text as str, binary as bytes, or either as `Said`."""


def said_of(item: Item) -> Said:
    """Return a message with its type."""
    if isinstance(item, Said):
        return item
    return as_text(item.encode()) if isinstance(item, str) else as_binary(item)


def _listed(items: tuple[Said, ...]) -> str:
    more = f", ... {len(items)} in all" if len(items) > 4 else ""
    return ", ".join(item.describe() for item in items[:4]) + more


@dataclass(frozen=True, slots=True)
class _Messages:
    """Exactly these messages in this order, and no Close. Pings and Pongs count for nothing."""

    words: str
    items: tuple[Said, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"{self.words} {_listed(self.items)}" if self.items else "no message"

    def matches(self, heard: Heard, context: Context) -> bool:  # noqa: ARG002
        messages = heard.messages
        return (
            heard.close is None
            and len(messages) == len(self.items)
            and all(item.is_in(message) for item, message in zip(self.items, messages, strict=True))
        )


def echoes(*items: Item) -> Hearing:
    """These messages back, no other, in this order, each of its type; no Close before them."""
    return _Messages("the echo of", tuple(said_of(item) for item in items))


def says(*items: Item) -> Hearing:
    """These messages, no other, in this order; no Close before them."""
    return _Messages("the message", tuple(said_of(item) for item in items))


@dataclass(frozen=True, slots=True)
class _Heard:
    """Something that holds of what was heard."""

    words: str
    holds: Callable[[Heard], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return self.words

    def matches(self, heard: Heard, context: Context) -> bool:  # noqa: ARG002
        return self.holds(heard)


def hearing(words: str, holds: Callable[[Heard], bool], rests_on: Rests = Rests.CONTENT) -> Hearing:
    """What `holds` is true of, in these words."""
    return _Heard(words, holds, rests_on)


def pongs(*payloads: bytes) -> Hearing:
    """Exactly these Pongs in this order, and no Close before them. Messages count for nothing."""
    told = ", ".join(shown(data) for data in payloads[:4]) + (f", ... {len(payloads)} in all" if payloads[4:] else "")
    words = f"the Pong{'s' if len(payloads) > 1 else ''} {told}" if payloads else "no Pong"
    return _Heard(words, lambda heard: heard.close is None and heard.pongs == payloads)


def some_pongs(*payloads: bytes) -> Hearing:
    """The Pong of the last of these Pings, and before it those of some of the others, in their order."""

    def holds(heard: Heard) -> bool:
        asked = iter(payloads)
        return bool(heard.pongs) and heard.pongs[-1] == payloads[-1] and all(data in asked for data in heard.pongs)

    return _Heard(f"the Pong {shown(payloads[-1])}, and before it those of earlier Pings or not", holds)


def in_order(*items: Item | Ping | Pong) -> Hearing:
    """Exactly these messages and Pongs in this order, and no Close. Pings count only if one is among the items."""
    counts_pings = any(isinstance(item, Ping) for item in items)
    wanted = [item if isinstance(item, Ping | Pong) else said_of(item) for item in items]

    def holds(heard: Heard) -> bool:
        events = [event for event in heard.events if counts_pings or not isinstance(event, Ping)]
        if len(events) != len(wanted):
            return False
        pairs = zip(wanted, events, strict=True)
        return all(item.is_in(event) if isinstance(item, Said) else item == event for item, event in pairs)

    return _Heard(", then ".join(item.describe() for item in wanted), holds)


def _goes_on(heard: Heard) -> bool:
    return any(isinstance(event, Message | Pong) for event in heard.events + heard.behind)


goes_on: Hearing = _Heard("a message or a Pong", _goes_on)
"""What a server must not send that has failed the connection: it processed what came behind."""
speaks: Hearing = _Heard("a message", lambda heard: bool(heard.messages))
pings_first: Hearing = _Heard("a Ping of the server's own", lambda heard: bool(heard.pings))


nothing_said: Hearing = _Heard("no message", lambda heard: not heard.messages and not heard.unfinished)


def took_longer_than(seconds: float) -> Hearing:
    """All that was heard, the end of the connection too if it was waited for, took more than so many seconds."""
    return _Heard(f"what came took more than {seconds:g} s", lambda heard: heard.seconds > seconds, Rests.END)


def _codes(codes: tuple[int | None, ...]) -> str:
    told = " or ".join("no code" if code is None else str(code) for code in codes)
    return f"a Close with {told}" if codes else "a Close"


def _has_close(heard: Heard, codes: tuple[int | None, ...]) -> bool:
    return heard.close is not None and (not codes or heard.close.code in codes)


def closes(*codes: int | None) -> Hearing:
    """A Close with one of these codes (None: without one; none given: any) and then the end of the connection."""
    words = f"{_codes(codes)}, and then the end of the connection"
    return _Heard(words, lambda heard: _has_close(heard, codes) and heard.ended, Rests.END)


def sends_close(*codes: int | None, reason: bytes | None = None) -> Hearing:
    """A Close with one of these codes, and this reason if one is given, whatever comes of the connection."""
    words = _codes(codes) + (f" and the reason {shown(reason)}" if reason is not None else "")
    return _Heard(
        words,
        lambda heard: _has_close(heard, codes) and (reason is None or (heard.close or Close()).reason == reason),
    )


closes_by_reset: Hearing = _Heard(
    "a Close, and then a reset", lambda heard: heard.close is not None and heard.end is End.RESET, Rests.END
)
closes_bare: Hearing = _Heard(
    "the connection closed without a Close frame",
    lambda heard: heard.close is None and heard.end in {End.CLOSED, End.UNNOTIFIED},
    Rests.END,
)
resets: Hearing = _Heard(
    "the connection reset without a Close frame",
    lambda heard: heard.close is None and heard.end is End.RESET,
    Rests.END,
)
ends_bare: Hearing = _Heard(
    "the end of the connection without a Close frame", lambda heard: heard.close is None and heard.ended, Rests.END
)
ends: Hearing = _Heard("the end of the connection, with a Close or without", lambda heard: heard.ended, Rests.END)
stays_silent: Hearing = _Heard(
    "nothing, the connection still open",
    lambda heard: not heard.events and not heard.unfinished and heard.end is End.SILENT,
    Rests.END,
)
stays_open: Hearing = _Heard(
    "no Close, the connection still open",
    lambda heard: heard.close is None and heard.end is End.SILENT,
    Rests.END,
)
"""As `stays_silent`, whatever else came."""
lets_the_connection_stand: Hearing = _Heard(
    "a Close each way, the connection still open",
    lambda heard: heard.close is not None and heard.end is End.SILENT,
    Rests.END,
)
speaks_after_close: Hearing = _Heard(
    "a message behind its own Close", lambda heard: any(isinstance(event, Message) for event in heard.behind)
)
pongs_after_close: Hearing = _Heard(
    "a Pong behind its own Close", lambda heard: any(isinstance(event, Pong) for event in heard.behind)
)
anything_heard: Hearing = _Heard("anything", lambda heard: True, Rests.NOTHING)  # noqa: ARG005


def misframed(*rules: str) -> Hearing:
    """Frames with a fault, of one of these rules of the judge if any are given."""
    words = f"frames that break {', '.join(rules)}" if rules else "frames that break a rule"
    return _Heard(words, lambda heard: any(not rules or fault.rule in rules for fault in heard.faults))


def compressed(*items: Item) -> Hearing:
    """These messages, each of them compressed."""
    inner = says(*items)
    return both(inner, _Heard("all compressed", lambda heard: all(one.compressed for one in heard.messages)))


def within_window(bits: int) -> Hearing:
    """Compressed messages, at least one and all of them measured, that refer back no farther than such a window."""

    def holds(heard: Heard) -> bool:
        distances = [one.distance for one in heard.messages if one.compressed]
        return bool(distances) and all(one is not None and one <= 1 << bits for one in distances)

    return _Heard(f"messages whose DEFLATE data refer back no farther than {1 << bits} octets", holds)


@dataclass(frozen=True, slots=True)
class _Either:
    """At least one of these."""

    cases: tuple[Hearing, ...]

    def describe(self) -> str:
        return ", or ".join(case.describe() for case in self.cases)

    def matches(self, heard: Heard, context: Context) -> bool:
        return any(case.matches(heard, context) for case in self.cases)

    @property
    def rests_on(self) -> Rests:
        kinds = {case.rests_on for case in self.cases}
        return next(kind for kind in Rests if kind in kinds)


@dataclass(frozen=True, slots=True)
class _Both:
    """Every one of these."""

    cases: tuple[Hearing, ...]

    def describe(self) -> str:
        return ", and ".join(case.describe() for case in self.cases)

    def matches(self, heard: Heard, context: Context) -> bool:
        return all(case.matches(heard, context) for case in self.cases)

    @property
    def rests_on(self) -> Rests:
        kinds = {case.rests_on for case in self.cases}
        return next(kind for kind in (Rests.CONTENT, Rests.END, Rests.STATUS, Rests.NOTHING) if kind in kinds)


def either(*cases: Hearing) -> Hearing:
    """At least one of these."""
    return _Either(cases)


def both(*cases: Hearing) -> Hearing:
    """Every one of these: `both(echoes("x"), pongs(b"y"))`."""
    return _Both(cases)


@dataclass(frozen=True, slots=True)
class _ThenCloses:
    """Something, and then a Close and the end of the connection."""

    inner: Hearing
    codes: tuple[int | None, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"{self.inner.describe()}, then {_codes(self.codes)} and the end of the connection"

    def matches(self, heard: Heard, context: Context) -> bool:
        if not _has_close(heard, self.codes) or not heard.ended:
            return False
        return self.inner.matches(replace(heard, events=heard.events[:-1], end=None), context)


def then_closes(inner: Hearing, *codes: int | None) -> Hearing:
    """What `inner` asks, of all that came before the Close; then a Close with one of these codes and the end."""
    return _ThenCloses(inner, codes)
