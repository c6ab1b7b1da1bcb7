"""RFC 6455, Sections 5.5.2 and 5.5.3: Ping and Pong."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    BREACH,
    PASS,
    VIOLATION,
    WARNING,
    Canned,
    Check,
    Hears,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    in_turns,
    observed,
)
from merkhet.expect_websocket import (
    as_binary,
    both,
    echoes,
    ends_bare,
    goes_on,
    in_order,
    pongs,
    sends_close,
    some_pongs,
    speaks,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode, Pong
from merkhet.payload import Repeated
from merkhet.suites.websocket_words import (
    SWITCHED,
    Large,
    continuation,
    fragments,
    must_pong,
    opened,
    ping,
    pong,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_ENDED = closes(SWITCHED + server_close(1002))
_UNANSWERED = Canned("answers no Ping", SWITCHED)
_CLOSES = Canned("closes the WebSocket", _ENDED)
_HANGS_UP = Canned("hangs up", closes(SWITCHED))


_EARLY_NOTE = (
    "A client has to wait for the 101 before it sends frames: a server that loses them is not at fault by the text."
)
_EARLY_PONG = Canned("answers before its 101", server_pong(b"1") + SWITCHED)


def _pings(
    slug: str, title: str, *payloads: bytes, requirement: str = "5.5.2-2", sent: Send | None = None, behind: bytes = b""
) -> Check:
    """A check that these Pings are answered. `behind` goes out in the handshake's packet, `sent` in place of the Pings."""
    octets = sent or Send(b"".join(ping(data) for data in payloads))
    steps = (*opened(behind=behind), *((octets,) if octets.data else ()))
    answers = b"".join(server_pong(data) for data in payloads)
    return Check(
        id=f"rfc6455-{requirement.partition('-')[0]}-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*steps, Hears(must_pong(*payloads, lost=WARNING if behind else VIOLATION), pongs=len(payloads))),
        good=(SWITCHED + answers,),
        mutants=(
            _UNANSWERED,
            _CLOSES,
            _HANGS_UP,
            Canned("answers with other data", SWITCHED + b"".join(server_pong(b"other") for _ in payloads)),
            *((_EARLY_PONG,) if behind else ()),
        ),
        note=_EARLY_NOTE if behind else "",
    )


_ANSWERED = (
    _pings("ping", "A Ping is answered by a Pong", b"merkhet"),
    _pings(
        "ping-in-handshake-packet",
        "A Ping in the handshake's own packet is answered",
        b"1",
        behind=ping(b"1"),
        sent=Send(),
    ),
    _pings(
        "ping-byte-by-byte",
        "A Ping that comes octet by octet is answered",
        b"merkhet",
        sent=Send(ping(b"merkhet"), each=1),
    ),
    _pings(
        "ping-split-head",
        "A Ping split within its head is answered",
        b"merkhet",
        sent=Send(ping(b"merkhet"), cuts=(1, 4)),
    ),
    _pings(
        "ping-zero-mask",
        "A Ping whose masking key is 0 is answered",
        b"merkhet",
        sent=Send(ping(b"merkhet", mask=bytes(4))),
    ),
    _pings("ping-three", "Three Pings that come together are answered in their order", b"1", b"2", b"3"),
)

_DATA = (
    ("empty", "no data", b""),
    ("octet", "one octet", b"\x00"),
    ("text", "text", "merkhet \N{SNOWMAN}".encode()),
    ("not-utf8", "octets that are not UTF-8", b"\xff\xfe\xc3\x28"),
    ("every-octet", "half of all octets", bytes(range(125))),
    ("other-octets", "the other half of all octets", bytes(range(131, 256))),
    ("frame", "what looks like a frame", b"\x88\x00\x8a\x03abc"),
    ("longest", "125 octets", b"x" * 125),
)
_SAME_DATA = tuple(
    _pings(f"data-{slug}", f"A Ping with {words} is answered with the same data", data, requirement="5.5.3-a1")
    for slug, words, data in _DATA
)

# --- a Ping among other frames

_WITHIN = fragments(Opcode.TEXT, ("mer", "khet"), between=(ping(b"within"),))
_MIXED: Mapping[Hearing, Verdict] = {
    both(echoes("merkhet"), pongs(b"within")): PASS,
    sends_close(): VIOLATION.because("it closed the WebSocket"),
    ends_bare: VIOLATION.because("the connection ended"),
    echoes("merkhet"): VIOLATION.because("the Ping was not answered"),
    stays_open: VIOLATION.because("the Ping or the message was not answered"),
    speaks: VIOLATION.because("the message was changed"),
}


def _among(slug: str, title: str, *steps: Step, answers: bytes) -> Check:
    return Check(
        id=f"rfc6455-5.5.2-{slug}",
        requirement="rfc6455-5.5.2-2",
        title=title,
        since=SINCE,
        steps=(*opened(), *steps, Hears(_MIXED, messages=1, pongs=1)),
        good=(SWITCHED + answers,),
        mutants=(
            Canned("answers the message alone", SWITCHED + server_text("merkhet")),
            Canned("answers the Ping alone", SWITCHED + server_pong(b"within")),
            Canned("drops the first fragment", SWITCHED + server_pong(b"within") + server_text("khet")),
            _CLOSES,
            _HANGS_UP,
        ),
    )


_AMONG = (
    _among(
        "ping-between-fragments",
        "A Ping between the fragments of a message is answered",
        Send(_WITHIN),
        answers=server_pong(b"within") + server_text("merkhet"),
    ),
    _among(
        "ping-behind-message",
        "A Ping right behind a message is answered",
        Send(text("merkhet") + ping(b"within")),
        answers=server_text("merkhet") + server_pong(b"within"),
    ),
)

_EARLY = Check(
    id="rfc6455-5.5.2-ping-before-last-fragment",
    requirement="rfc6455-5.5.2-3",
    title="A Ping within a message is answered before the message is whole",
    since=SINCE,
    steps=(
        *opened(),
        Send(text("mer", fin=False) + ping(b"within")),
        Hears(must_pong(b"within"), pongs=1),
        Send(continuation("khet")),
        Hears({echoes("merkhet"): PASS}, messages=1),
    ),
    good=(in_turns(SWITCHED, server_pong(b"within"), server_text("merkhet")),),
    mutants=(
        Canned("waits for the message", in_turns(SWITCHED, b"", server_pong(b"within") + server_text("merkhet"))),
        _CLOSES,
    ),
)

_BLOCKED = Check(
    id="rfc6455-5.5.2-ping-while-blocked",
    requirement="rfc6455-5.5.2-3",
    title="A Ping is answered while the application is busy with a message",
    since=SINCE,
    steps=(
        *opened("ws-serial"),
        Send(text("slow 300") + ping(b"within")),
        Hears(
            {
                in_order(Pong(b"within"), "slow"): PASS,
                in_order("slow", Pong(b"within")): VIOLATION.because("the Pong waited for the application"),
                echoes("slow"): VIOLATION.because("the Ping was not answered"),
                sends_close(): VIOLATION.because("it closed the WebSocket"),
                ends_bare: VIOLATION.because("the connection ended"),
            },
            messages=1,
            pongs=1,
            patience_seconds=3.0,
        ),
    ),
    good=(SWITCHED + server_pong(b"within") + server_text("slow"),),
    mutants=(
        Canned("answers behind the application", SWITCHED + server_text("slow") + server_pong(b"within")),
        Canned("answers the message alone", SWITCHED + server_text("slow")),
        _CLOSES,
        _HANGS_UP,
    ),
    note="No time is given for a Pong; but one that waits for the application is no sign that the connection lives.",
)

_LARGE_BYTES = 1024 * 1024
_LARGE = Repeated(bytes(range(256)), _LARGE_BYTES)
_BEHIND_LARGE = Check(
    id="rfc6455-5.5.2-ping-behind-large",
    requirement="rfc6455-5.5.2-2",
    title="A Ping behind a message of 1 MiB is answered",
    since=SINCE,
    steps=(
        *opened(),
        Send(made=Large(Opcode.BINARY, _LARGE, behind=ping(b"behind"))),
        Hears(
            {
                both(echoes(as_binary(_LARGE)), pongs(b"behind")): PASS,
                sends_close(1009): observed("takes no message of 1 MiB"),
                echoes(as_binary(_LARGE)): VIOLATION.because("the Ping was not answered"),
                sends_close(): VIOLATION.because("it closed the WebSocket"),
                ends_bare: VIOLATION.because("the connection ended"),
                stays_open: VIOLATION.because("the Ping or the message was not answered"),
            },
            messages=1,
            pongs=1,
            patience_seconds=5.0,
        ),
    ),
    good=(Stream(SWITCHED, made=Large(Opcode.BINARY, _LARGE, mask=None, behind=server_pong(b"behind"))),),
    mutants=(
        Canned("answers the message alone", Stream(SWITCHED, made=Large(Opcode.BINARY, _LARGE, mask=None))),
        _CLOSES,
        _HANGS_UP,
    ),
    tags=frozenset({"bulk"}),
)

# --- what is allowed

_TEN = tuple(b"%d" % number for number in range(10))
_ALL = b"".join(server_pong(data) for data in _TEN)
_LATEST = Check(
    id="rfc6455-5.5.3-ten-pings",
    requirement="rfc6455-5.5.3-1",
    title="Of ten Pings that come together all are answered, or at least the last",
    since=SINCE,
    steps=(
        *opened(),
        Send(b"".join(ping(data) for data in _TEN)),
        Hears(
            {
                pongs(*_TEN): observed("answers every Ping"),
                some_pongs(*_TEN): observed("answers the last of several Pings, and not all"),
                sends_close(): BREACH.because("it closed the WebSocket"),
                ends_bare: BREACH.because("the connection ended"),
                goes_on: BREACH.because("the Pongs do not fit the Pings"),
                stays_open: BREACH.because("no Ping was answered"),
            },
            pongs=len(_TEN),
        ),
    ),
    good=(SWITCHED + _ALL,),
    mutants=(
        Canned("answers the last alone", SWITCHED + server_pong(_TEN[-1])),
        Canned("answers all but the last", SWITCHED + b"".join(server_pong(data) for data in _TEN[:-1])),
        Canned("answers in reverse", SWITCHED + b"".join(server_pong(data) for data in reversed(_TEN))),
        _UNANSWERED,
        _CLOSES,
    ),
)


def _unasked(slug: str, words: str, data: bytes) -> Check:
    return Check(
        id=f"rfc6455-5.5.3-unasked-pong-{slug}",
        requirement="rfc6455-5.5.3-2",
        title=f"A Pong {words} that nobody asked for is passed over",
        since=SINCE,
        steps=(
            *opened(),
            Send(pong(data) + ping(b"behind")),
            Hears(
                {
                    in_order(Pong(b"behind")): observed("passes over a Pong that it has not asked for"),
                    sends_close(): BREACH.because("it closed the WebSocket"),
                    ends_bare: BREACH.because("the connection ended"),
                    stays_open: BREACH.because("the Ping behind it was not answered"),
                    goes_on: BREACH.because("the Pong was answered"),
                },
                pongs=1,
            ),
        ),
        good=(SWITCHED + server_pong(b"behind"),),
        mutants=(
            Canned("answers it", SWITCHED + server_pong(data + b"?") + server_pong(b"behind")),
            Canned("says something to it", SWITCHED + server_text("what?") + server_pong(b"behind")),
            _CLOSES,
            _HANGS_UP,
            _UNANSWERED,
        ),
    )


_UNASKED = (_unasked("empty", "without data", b""), _unasked("data", "with data", b"merkhet"))

CHECKS = (*_ANSWERED, *_SAME_DATA, *_AMONG, _EARLY, _BLOCKED, _BEHIND_LARGE, _LATEST, *_UNASKED)
