"""RFC 6455, Section 5.5: control frames that are too long, and control frames in fragments.

The text binds who sends them and leaves it to the receiver what to do. So a server that takes one for good breaks the rule
with the client, and one that passes over it is only careless.
"""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Hears, Send, Stream, Verdict, closes, in_turns
from merkhet.expect_websocket import (
    closes as closes_with,
)
from merkhet.expect_websocket import (
    ends_bare,
    goes_on,
    in_order,
    lets_the_connection_stand,
    misframed,
    sends_close,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.heard import Opcode, Pong
from merkhet.suites.rfc6455.closing import BARE, DEAF
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    SERVER_ALIVE,
    SWITCHED,
    alive,
    close,
    continuation,
    frame,
    must_close,
    ping,
    pong,
    server_close,
    server_frame,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_FAILED = closes(OPEN + server_close(1002))
_BEHIND = ping(b"behind")
_STANDS = Canned("keeps the connection behind its Close", OPEN + server_close(1002))
_PASSES_OVER = Canned("passes over it", OPEN + server_pong(b"behind"))
_NOTE = "The rule binds the client. A server that passes over such a frame has not taken it for good: a warning."


def _must_notice(words: str) -> Mapping[Hearing, Verdict]:
    """The frame, with a Ping behind it, ends the WebSocket; `words` say what it is to take it for good."""
    return {
        misframed("frame-control-size", "frame-control-fragmented", "frame-continuation"): VIOLATION.because(words),
        in_order(Pong(b"behind")): WARNING.because("it passed over the frame"),
        goes_on: VIOLATION.because(words),
        closes_with(): PASS,
        ends_bare: WARNING.because("it ended without the Close frame that should come first"),
        lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
        stays_open: WARNING.because("it neither ended the connection nor went on"),
    }


def _bad(slug: str, title: str, sent: Send, words: str, *taken: Canned, behind: bytes = _BEHIND) -> Check:
    """A control frame that must not be, `behind` it a frame whose answer shows that the server went on."""
    step = Send(sent.data + behind, cuts=sent.cuts, each=sent.each)
    return Check(
        id=f"rfc6455-5.5-{slug}",
        requirement="rfc6455-5.5-1",
        title=title,
        since=SINCE,
        steps=(*alive(), step, Hears(_must_notice(words), patience_seconds=CLOSE_SECONDS)),
        good=(_FAILED,),
        mutants=(*taken, _PASSES_OVER, _STANDS, BARE, DEAF),
        note=_NOTE,
    )


def _then(answer: bytes, end: End = End.SILENT) -> Stream:
    """What no client can read, and only behind the echo: a server that had sent it before would have shown no life."""
    return in_turns(SWITCHED, SERVER_ALIVE, answer, end=end)


def _long_pong(data: bytes) -> Canned:
    return Canned("answers it with all its data", _then(server_frame(Opcode.PONG, data) + server_pong(b"behind")))


# --- longer than 125 octets

_LONG = tuple(
    _bad(
        f"long-ping-{size}",
        f"A Ping of {size} octets is not answered",
        Send(ping(b"x" * size)),
        "the Ping was answered",
        _long_pong(b"x" * size),
        Canned("answers it with 125 octets", OPEN + server_pong(b"x" * 125) + server_pong(b"behind")),
    )
    for size in (126, 127, 65535, 65536)
)

_LONG_DELIVERED = (
    _bad(
        "long-ping-byte-by-byte",
        "A Ping of 126 octets that comes octet by octet is not answered",
        Send(ping(b"x" * 126), each=1),
        "the Ping was answered",
        _long_pong(b"x" * 126),
    ),
    _bad(
        "long-ping-split-length",
        "A Ping of 126 octets whose length comes in two parts is not answered",
        Send(ping(b"x" * 126), cuts=(3,)),
        "the Ping was answered",
        _long_pong(b"x" * 126),
    ),
    _bad(
        "long-ping-in-message",
        "A Ping of 126 octets between two fragments is not answered",
        Send(text("mer", fin=False) + ping(b"x" * 126) + continuation("khet")),
        "the Ping was answered, or the message around it",
        _long_pong(b"x" * 126),
        Canned("echoes the message around it", OPEN + server_text("merkhet") + server_pong(b"behind")),
    ),
    _bad(
        "long-pong",
        "A Pong of 126 octets is noticed",
        Send(pong(b"x" * 126)),
        "something came back for the Pong",
        Canned("answers it", OPEN + server_pong(b"x" * 125) + server_pong(b"behind")),
    ),
    _bad(
        "long-pong-65536",
        "A Pong of 65536 octets is noticed",
        Send(pong(b"x" * 65536)),
        "something came back for the Pong",
        Canned("answers it", OPEN + server_pong(b"x" * 125) + server_pong(b"behind")),
    ),
)


def _long_close(size: int) -> Check:
    body = b"\x03\xe8" + b"x" * (size - 2)
    return _bad(
        f"long-close-{size}",
        f"A Close of {size} octets is not repeated",
        Send(close(body=body)),
        "the Close came back with all its octets",
        Canned("repeats it", _then(server_frame(Opcode.CLOSE, body), End.CLOSED)),
    )


_LONG_CLOSES = tuple(_long_close(size) for size in (126, 127, 65536))

# --- fragmented

_IN_PARTS = ping(b"mer", fin=False)


def _merged(data: bytes) -> Canned:
    return Canned("answers its fragments as one Ping", OPEN + server_pong(data) + server_pong(b"behind"))


_FRAGMENTED = (
    _bad(
        "fragmented-ping",
        "A Ping in two fragments is not answered",
        Send(_IN_PARTS + continuation(b"khet")),
        "the Ping was answered",
        _merged(b"merkhet"),
        Canned("answers its first fragment", OPEN + server_pong(b"mer") + server_pong(b"behind")),
    ),
    _bad(
        "fragmented-ping-byte-by-byte",
        "A Ping in two fragments that come octet by octet is not answered",
        Send(_IN_PARTS + continuation(b"khet"), each=1),
        "the Ping was answered",
        _merged(b"merkhet"),
    ),
    _bad(
        "fragmented-ping-alone",
        "A Ping without FIN and with no fragment behind it is not answered",
        Send(_IN_PARTS),
        "the Ping was answered",
        Canned("answers it", OPEN + server_pong(b"mer") + server_pong(b"behind")),
    ),
    _bad(
        "fragmented-ping-empty",
        "A Ping without FIN and without data is not answered",
        Send(ping(fin=False)),
        "the Ping was answered",
        Canned("answers it", OPEN + server_pong() + server_pong(b"behind")),
    ),
    _bad(
        "fragmented-ping-in-message",
        "A Ping without FIN between two fragments of a message is not answered",
        Send(text("mer", fin=False) + ping(b"within", fin=False) + continuation("khet")),
        "the Ping was answered, or the message around it",
        Canned("answers it", OPEN + server_pong(b"within") + server_text("merkhet") + server_pong(b"behind")),
        Canned("echoes the message", OPEN + server_text("merkhet") + server_pong(b"behind")),
        Canned("takes it for a fragment", OPEN + server_text("merwithinkhet") + server_pong(b"behind")),
    ),
    _bad(
        "fragmented-ping-two-pings",
        "Two Pings of which the first lacks FIN are not answered as one",
        Send(_IN_PARTS + ping(b"khet")),
        "a Ping was answered",
        _merged(b"merkhet"),
    ),
    _bad(
        "fragmented-pong",
        "A Pong in two fragments is noticed",
        Send(pong(b"mer", fin=False) + continuation(b"khet")),
        "something came back for the Pong",
        Canned("echoes it", OPEN + server_text("merkhet") + server_pong(b"behind")),
    ),
    _bad(
        "fragmented-close",
        "A Close without FIN is not repeated as it is",
        Send(frame(Opcode.CLOSE, b"\x03\xe8", fin=False)),
        "a Close without FIN came back",
        Canned("repeats it", _then(server_frame(Opcode.CLOSE, b"\x03\xe8", fin=False), End.CLOSED)),
    ),
    _bad(
        "fragmented-close-in-parts",
        "A Close whose reason comes in a continuation is not repeated in parts",
        Send(frame(Opcode.CLOSE, b"\x03\xe8mer", fin=False) + continuation(b"khet")),
        "the Close came back in parts",
        Canned(
            "repeats it",
            _then(server_frame(Opcode.CLOSE, b"\x03\xe8mer", fin=False) + server_frame(0, b"khet"), End.CLOSED),
        ),
    ),
)

# --- as long as they may be

_LONGEST_PONG = Check(
    id="rfc6455-5.5-longest-pong",
    requirement="rfc6455-5.5-1",
    title="A Pong of 125 octets does no harm",
    since=SINCE,
    steps=(
        *alive(),
        Send(pong(b"x" * 125) + _BEHIND),
        Hears(
            {
                in_order(Pong(b"behind")): PASS,
                sends_close(): VIOLATION.because("it closed the WebSocket"),
                ends_bare: VIOLATION.because("the connection ended"),
                goes_on: VIOLATION.because("the Pong was answered"),
                stays_open: VIOLATION.because("the Ping behind it was not answered"),
            },
            pongs=1,
        ),
    ),
    good=(OPEN + server_pong(b"behind"),),
    mutants=(
        Canned("takes it for too long", _FAILED),
        Canned("answers it", OPEN + server_pong(b"x" * 125) + server_pong(b"behind")),
        BARE,
        DEAF,
    ),
)

_LONGEST_CLOSE = Check(
    id="rfc6455-5.5-longest-close",
    requirement="rfc6455-5.5-1",
    title="A Close of 125 octets is answered",
    since=SINCE,
    steps=(*alive(), Send(close(1000, "x" * 123)), Hears(must_close(), patience_seconds=CLOSE_SECONDS)),
    good=(closes(OPEN + server_close(1000, "x" * 123)),),
    mutants=(_STANDS, BARE, DEAF),
)

CHECKS = (*_LONG, *_LONG_DELIVERED, *_LONG_CLOSES, *_FRAGMENTED, _LONGEST_PONG, _LONGEST_CLOSE)
