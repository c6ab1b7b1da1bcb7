"""RFC 6455, Section 7.1.7: what a server does that has to fail the connection.

The faults here are those that a receiver is told to fail the connection for. Which frames these are is the matter of the
sections on frames and on UTF-8; here it is what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Canned, Check, Hears, Send, Verdict, closes, observed
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import ends_bare, goes_on, lets_the_connection_stand, sends_close, stays_open
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.suites.rfc6455.closing import DEAF
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    alive,
    binary,
    close,
    continuation,
    fails,
    fragments,
    frame,
    ping,
    server_binary,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_BARE = Canned("ends without a Close", closes(OPEN))


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something to fail the connection for, and the code that fits it."""

    slug: str
    words: str
    sent: bytes
    code: int = 1002


_UNMASKED = _Fault("unmasked", "a frame without a mask", text("merkhet", mask=None))
_RSV2 = _Fault("rsv2", "a frame with RSV2", text("merkhet", rsv=2))
_OPCODE_3 = _Fault("opcode-3", "a frame with the opcode 3", frame(3, b"merkhet"))
_OPCODE_11 = _Fault("opcode-11", "a frame with the opcode 11", frame(11, b"merkhet"))
_NOT_UTF8 = _Fault("not-utf8", "a text message that is not UTF-8", text(b"merkhet\xff"), 1007)
_FRAGMENTS_NOT_UTF8 = _Fault(
    "not-utf8-fragments",
    "a fragmented text message that is not UTF-8",
    fragments(Opcode.TEXT, (b"mer\xc3", b"khet")),
    1007,
)
_FAULTS = (_UNMASKED, _RSV2, _OPCODE_3, _OPCODE_11, _NOT_UTF8, _FRAGMENTS_NOT_UTF8)


def _closed(fault: _Fault) -> Canned:
    return Canned("keeps the connection behind its Close", OPEN + server_close(fault.code))


# --- the connection ends

_ENDS = tuple(
    Check(
        id=f"rfc6455-7.1.7-ends-{fault.slug}",
        requirement="rfc6455-7.1.7-2a",
        title=f"Behind {fault.words} the server ends the connection",
        since=SINCE,
        steps=(*alive(), Send(fault.sent), fails(fault.code)),
        good=(closes(OPEN + server_close(fault.code)),),
        mutants=(
            _closed(fault),
            _BARE,
            DEAF,
            Canned("echoes it", OPEN + server_text("merkhet")),
        ),
    )
    for fault in _FAULTS
)

# --- a Close first


def _first(fault: _Fault) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        sends_close(fault.code): PASS,
        sends_close(): observed(f"fails the connection for {fault.words} with another code than {fault.code}"),
        ends_bare: VIOLATION.because("it ended the connection without a Close"),
        goes_on: VIOLATION.because("it went on as if nothing were wrong"),
        stays_open: VIOLATION.because("the connection stays open"),
    }
    return Check(
        id=f"rfc6455-7.1.7-close-first-{fault.slug}",
        requirement="rfc6455-7.1.7-3",
        title=f"Behind {fault.words} a Close comes before the end",
        since=SINCE,
        steps=(*alive(), Send(fault.sent), Hears(cases, until_close=True, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(fault.code)),),
        mutants=(
            _BARE,
            DEAF,
            Canned("gives another code", closes(OPEN + server_close(1000))),
            Canned("echoes it", OPEN + server_text("merkhet")),
        ),
        note="Which code is fitting is left to the server; that of the error is what most would send.",
    )


_FIRST = tuple(_first(fault) for fault in _FAULTS)


def _may(fault: _Fault) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        goes_on: BREACH.because("it went on as if nothing were wrong"),
        closes_with(): observed(f"sends a Close for {fault.words}"),
        ends_bare: observed(f"leaves the Close out for {fault.words}"),
        lets_the_connection_stand: BREACH.because("it sent a Close, and the connection stays open"),
        stays_open: BREACH.because("the connection stays open"),
    }
    return Check(
        id=f"rfc6455-7.1.7-close-or-not-{fault.slug}",
        requirement="rfc6455-7.1.7-4",
        title=f"Behind {fault.words} the server may leave its Close out",
        since=SINCE,
        steps=(*alive(), Send(fault.sent), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(fault.code)),),
        mutants=(_BARE, _closed(fault), DEAF, Canned("echoes it", OPEN + server_text("merkhet"))),
    )


_MAY = (_may(_UNMASKED), _may(_NOT_UTF8))

# --- nothing is processed any more


def _ignored(slug: str, words: str, fault: _Fault, sent: Send, *answers: bytes) -> Check:
    return Check(
        id=f"rfc6455-7.1.7-{slug}",
        requirement="rfc6455-7.1.7-5",
        title=f"{words} behind {fault.words} is not processed",
        since=SINCE,
        steps=(*alive(), sent, fails(fault.code)),
        good=(closes(OPEN + server_close(fault.code)),),
        mutants=(
            *(
                Canned(f"answers it {place}", closes(head + answer + tail))
                for answer in answers
                for place, head, tail in (
                    ("and then fails the connection", OPEN, server_close(fault.code)),
                    ("behind its Close", OPEN + server_close(fault.code), b""),
                )
            ),
            _closed(fault),
            _BARE,
            DEAF,
        ),
    )


_KINDS = (
    ("ping", "A Ping", ping(b"late"), server_pong(b"late")),
    ("text", "A text message", text("late"), server_text("late")),
    ("binary", "A binary message", binary(b"late"), server_binary(b"late")),
    ("fragments", "A fragmented message", fragments(Opcode.TEXT, ("la", "te")), server_text("late")),
)
_IGNORED = tuple(
    _ignored(f"{slug}-behind-{fault.slug}", words, fault, Send(fault.sent + frames), answer)
    for fault in (_UNMASKED, _RSV2, _OPCODE_3, _NOT_UTF8)
    for slug, words, frames, answer in _KINDS
)

_DELIVERED = (
    _ignored(
        "segment-behind-not-utf8",
        "A message in the next segment",
        _NOT_UTF8,
        Send(_NOT_UTF8.sent + text("late"), cuts=(len(_NOT_UTF8.sent),)),
        server_text("late"),
    ),
    _ignored(
        "byte-by-byte-behind-unmasked",
        "A Ping that comes octet by octet",
        _UNMASKED,
        Send(_UNMASKED.sent + ping(b"late"), each=1),
        server_pong(b"late"),
    ),
    _ignored(
        "rest-behind-not-utf8",
        "The rest of a message",
        _FRAGMENTS_NOT_UTF8,
        Send(text(b"mer\xff", fin=False) + continuation("khet") + text("late")),
        server_text("late"),
    ),
)

_ANSWERED = VIOLATION.because("it answered the Close behind the fault")
_ANSWERED_FIRST = WARNING.because("it answered the Close behind the fault before it found that")
"""A frame is at fault as soon as it is read; text may be decoded only where the application takes it."""
_CLOSES = tuple(
    Check(
        id=f"rfc6455-7.1.7-close-behind-{fault.slug}",
        requirement="rfc6455-7.1.7-5",
        title=f"A Close behind {fault.words} is not what the server answers",
        since=SINCE,
        steps=(
            *alive(),
            Send(fault.sent + close(4321, "late")),
            fails(fault.code, first={sends_close(4321): _ANSWERED if fault.code == 1002 else _ANSWERED_FIRST}),
        ),
        good=(closes(OPEN + server_close(fault.code)),),
        mutants=(
            Canned("answers it", closes(OPEN + server_close(4321))),
            Canned("answers it with the reason", closes(OPEN + server_close(4321, "late"))),
            _closed(fault),
            _BARE,
            DEAF,
        ),
    )
    for fault in (_UNMASKED, _RSV2, _OPCODE_3, _NOT_UTF8)
)

CHECKS = (*_ENDS, *_FIRST, *_MAY, *_IGNORED, *_DELIVERED, *_CLOSES)
