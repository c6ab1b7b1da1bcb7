"""RFC 6455, Sections 7.1.1 and 7.1.2: how the connection ends, and a Close that the server begins."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Canned,
    Check,
    HalfClose,
    Hears,
    Send,
    Verdict,
    closes,
    in_turns,
    lacks,
    observed,
    resets,
)
from merkhet.expect_websocket import (
    closes as closes_with,
)
from merkhet.expect_websocket import (
    closes_by_reset,
    ends_bare,
    goes_on,
    hearing,
    lets_the_connection_stand,
    sends_close,
    speaks_after_close,
    stays_open,
)
from merkhet.expectation import Hearing, Rests
from merkhet.heard import Message
from merkhet.suites.rfc6455.closing import BARE, BYE, DEAF, GOOD, STANDS
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    PUSHING,
    SWITCHED,
    alive,
    close,
    continuation,
    opened,
    ping,
    pushing,
    server_close,
    server_ping,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

# --- in an orderly way


def _orderly(slug: str, title: str, sent: bytes) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        closes_by_reset: VIOLATION.because("it ended the connection by a reset"),
        closes_with(): PASS,
        lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
        ends_bare: WARNING.because("the connection ended without a Close"),
        stays_open: VIOLATION.because("the Close was not answered"),
    }
    return Check(
        id=f"rfc6455-7.1.1-{slug}",
        requirement="rfc6455-7.1.1-1",
        title=title,
        since=SINCE,
        steps=(*alive(), Send(sent), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(GOOD,),
        mutants=(Canned("resets the connection", resets(OPEN + BYE)), STANDS, BARE, DEAF),
    )


_ORDERLY = (
    _orderly("no-reset", "Behind a Close each way the connection is closed and not reset", close(1000)),
    _orderly("no-reset-empty", "Behind a Close without a body the connection is not reset", close()),
    _orderly(
        "no-reset-octets-behind",
        "The connection is not reset although octets came behind the Close",
        close(1000) + text("late") + ping(b"late"),
    ),
)

# --- by the server, and at once

_FIRST_CASES: Mapping[Hearing, Verdict] = {
    closes_with(): PASS,
    lets_the_connection_stand: VIOLATION.because("a Close went each way, and the server leaves the end to the client"),
    ends_bare: WARNING.because("the connection ended without a Close"),
    stays_open: VIOLATION.because("the Close was not answered"),
}
_FIRST = tuple(
    Check(
        id=f"rfc6455-7.1.1-server-first-{slug}",
        requirement="rfc6455-7.1.1-3",
        title=f"The server ends the connection before the client does, behind a Close {words}",
        since=SINCE,
        steps=(*alive(), Send(close(code)), Hears(_FIRST_CASES, patience_seconds=CLOSE_SECONDS)),
        good=(GOOD,),
        mutants=(STANDS, BARE, DEAF),
    )
    for slug, words, code in (("code", "with a code", 1000), ("empty", "without a body", None))
)

_SOON_SECONDS = 3.0
_LATE = hearing(
    f"the end of the connection after more than {_SOON_SECONDS:.0f} seconds",
    lambda heard: heard.ended and heard.seconds > _SOON_SECONDS,
    Rests.END,
)


def _at_once(slug: str, words: str, sent: bytes) -> Check:
    """What a server has to fail: the end comes soon, with a Close or without."""
    cases: Mapping[Hearing, Verdict] = {
        goes_on: VIOLATION.because("it went on as if nothing were wrong"),
        _LATE: VIOLATION.because("the end came late"),
        closes_with(): PASS,
        ends_bare: PASS,
        lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
        stays_open: VIOLATION.because("the connection stays open"),
    }
    return Check(
        id=f"rfc6455-7.1.1-at-once-{slug}",
        requirement="rfc6455-7.1.1-5",
        title=f"A connection with {words} ends within {_SOON_SECONDS:.0f} seconds",
        since=SINCE,
        steps=(*alive(), Send(sent), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1002)),),
        mutants=(
            Canned("keeps the connection behind its Close", OPEN + server_close(1002)),
            Canned("echoes the message", OPEN + server_text("merkhet")),
            DEAF,
        ),
        note="A Close first is the matter of another rule; here only the end of the connection counts.",
    )


_AT_ONCE = (
    _at_once("unmasked", "a frame without a mask", text("merkhet", mask=None)),
    _at_once("opcode", "a frame with a reserved opcode", b"\x83\x80\x00\x00\x00\x00"),
    _at_once("not-utf8", "a text message that is not UTF-8", text(b"\xff")),
)

_LEFT = tuple(
    Check(
        id=f"rfc6455-7.1.1-half-closed-{slug}",
        requirement="rfc6455-7.1.1-5",
        title=f"The server ends a connection of which the client ended its side {words}",
        since=SINCE,
        steps=(
            *alive(),
            *((Send(sent),) if sent else ()),
            HalfClose(),
            Hears(
                {
                    sends_close(): observed("sends a Close where the client has ended its side without one"),
                    ends_bare: observed("ends the connection where the client has ended its side"),
                    stays_open: VIOLATION.because("the connection stays open"),
                },
                patience_seconds=CLOSE_SECONDS,
            ),
        ),
        good=(closes(OPEN),),
        mutants=(DEAF, Canned("sends a Close", closes(OPEN + server_close(1002)))),
        note="No Close can come any more; what the server says at the end is its own choice.",
    )
    for slug, words, sent in (
        ("idle", "without a Close", b""),
        ("within-message", "within a message", text("mer", fin=False) + continuation("k", fin=False)),
        ("within-frame", "within a frame", text("merkhet")[:9]),
    )
)

# --- begun by the server


def _told(code: int, reason: str) -> bytes:
    return f"close {code}{' ' if reason else ''}{reason}".encode()


def _begun(slug: str, title: str, code: int, reason: str, sent: Send | None = None) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
        sends_close(code, reason=reason.encode()): PASS,
        sends_close(code): VIOLATION.because("the Close has another reason than it was given"),
        sends_close(): VIOLATION.because("the Close has another code than it was given"),
        ends_bare: VIOLATION.because("the connection ended without a Close"),
        stays_open: VIOLATION.because("no Close came"),
    }
    return Check(
        id=f"rfc6455-7.1.2-{slug}",
        requirement="rfc6455-7.1.2-1",
        title=title,
        since=SINCE,
        steps=(
            *pushing(),
            sent or Send(text(_told(code, reason))),
            Hears(cases, patience_seconds=CLOSE_SECONDS),
        ),
        good=(closes(PUSHING + server_close(code, reason)),),
        mutants=(
            Canned("gives another reason", closes(PUSHING + server_close(code, "another"))),
            Canned("gives another code", closes(PUSHING + server_close(1002, reason))),
            Canned("gives no code", closes(PUSHING + server_close())),
            Canned("hangs up without a Close", closes(PUSHING)),
            Canned("keeps the connection", PUSHING + server_close(code, reason)),
            Canned("sends no Close", PUSHING),
        ),
    )


_SNOW = "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{SNOWMAN}"
_BEGUN = (
    *(
        _begun(f"push-{code}", f"The server closes with the code {code} and the reason that it is told", code, "bye")
        for code in (1000, 1001, 1011, 3000, 4000, 4999)
    ),
    _begun("push-no-reason", "The server closes with a code alone", 1000, ""),
    _begun("push-reason-longest", "The server closes with a reason of 123 octets", 1000, "x" * 123),
    _begun("push-reason-utf8", "The server closes with a reason that is not ASCII", 4000, _SNOW),
    _begun(
        "push-byte-by-byte",
        "The server closes as it is told octet by octet",
        1000,
        "bye",
        Send(text("close 1000 bye"), each=1),
    ),
)

_ORDERED = hearing(
    "the messages 0, 1 and 2 before a Close",
    lambda heard: (
        [event.data.strip() for event in heard.events if isinstance(event, Message)] == [b"0", b"1", b"2"]
        and heard.close is not None
        and not heard.behind
    ),
)
_LAST_CASES: Mapping[Hearing, Verdict] = {
    sends_close(): VIOLATION.because("what was to come before the Close did not"),
    ends_bare: VIOLATION.because("the connection ended without a Close"),
    stays_open: VIOLATION.because("no Close came"),
}
_NUMBERS = b"".join(server_text(f"{number}       ") for number in range(3))
_LAST = (
    Check(
        id="rfc6455-7.1.2-push-behind-messages",
        requirement="rfc6455-7.1.2-1",
        title="A Close of the server comes behind the messages that it sent first",
        since=SINCE,
        steps=(
            *opened("ws-push"),
            Send(text("send 3 8") + text("close 1000 bye")),
            Hears(
                {
                    speaks_after_close: VIOLATION.because("a message came behind the server's own Close"),
                    _ORDERED: PASS,
                    **_LAST_CASES,
                },
                patience_seconds=CLOSE_SECONDS,
            ),
        ),
        good=(closes(SWITCHED + _NUMBERS + server_close(1000, "bye")),),
        mutants=(
            Canned("drops a message", closes(SWITCHED + server_text("0") + server_text("2") + BYE)),
            Canned("sends them behind its Close", closes(SWITCHED + BYE + _NUMBERS)),
            Canned("hangs up without a Close", closes(SWITCHED + _NUMBERS)),
            Canned("sends no Close", SWITCHED + _NUMBERS),
        ),
    ),
    Check(
        id="rfc6455-7.1.2-push-behind-ping",
        requirement="rfc6455-7.1.2-1",
        title="A Close of the server comes behind a Ping that it sent first",
        since=SINCE,
        steps=(
            *opened("ws-push"),
            Send(text("ping merkhet")),
            Hears(
                {
                    hearing("the Ping", lambda heard: heard.pings == (b"merkhet",) and heard.close is None): PASS,
                    stays_open: lacks("a Ping of its own where it is told to send one"),
                },
                pings=1,
            ),
            Send(text("close 1000 bye")),
            Hears(
                {sends_close(1000, reason=b"bye"): PASS, **_LAST_CASES},
                patience_seconds=CLOSE_SECONDS,
            ),
        ),
        good=(in_turns(SWITCHED, server_ping(b"merkhet"), server_close(1000, "bye"), end=End.CLOSED),),
        mutants=(
            Canned("takes the Pong for an error", in_turns(SWITCHED, server_ping(b"merkhet"), server_close(1002))),
            Canned("hangs up", in_turns(SWITCHED, server_ping(b"merkhet"), b"", end=End.CLOSED)),
            Canned("sends no Close", in_turns(SWITCHED, server_ping(b"merkhet"), b"")),
        ),
    ),
)

# --- a Close each way

_EACH_WAY: Mapping[Hearing, Verdict] = {
    closes_with(): PASS,
    lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
    ends_bare: WARNING.because("the connection ended without a Close"),
    stays_open: WARNING.because("no Close came"),
}
_BOTH = (
    Check(
        id="rfc6455-7.1.2-closed-by-client",
        requirement="rfc6455-7.1.2-2",
        title="The connection is closed once the client's Close is answered",
        since=SINCE,
        steps=(*alive(), Send(close(1000, "bye")), Hears(_EACH_WAY, patience_seconds=CLOSE_SECONDS)),
        good=(GOOD,),
        mutants=(STANDS, BARE, DEAF),
    ),
    Check(
        id="rfc6455-7.1.2-closed-by-server",
        requirement="rfc6455-7.1.2-2",
        title="The connection is closed once a Close that the server began is answered",
        since=SINCE,
        steps=(*pushing(), Send(text("close 1000 bye")), Hears(_EACH_WAY, patience_seconds=CLOSE_SECONDS)),
        good=(closes(PUSHING + server_close(1000, "bye")),),
        mutants=(
            Canned("keeps the connection", PUSHING + server_close(1000, "bye")),
            Canned("hangs up without a Close", closes(PUSHING)),
            Canned("sends no Close", PUSHING),
        ),
    ),
)

CHECKS = (*_ORDERLY, *_FIRST, *_AT_ONCE, *_LEFT, *_BEGUN, *_LAST, *_BOTH)
