"""RFC 6455, Section 5.5.1: a Close is answered, whatever its code and its reason are, and however it comes."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import (
    BREACH,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Verdict,
    closes,
    in_turns,
    observed,
)
from merkhet.expect import ended
from merkhet.expect_handshake import switches
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import (
    ends_bare,
    goes_on,
    lets_the_connection_stand,
    misframed,
    sends_close,
    stays_open,
)
from merkhet.expectation import Hearing
from merkhet.suites.rfc6455.closing import BARE, GOOD, STANDS, UNANSWERED
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    SERVER_ALIVE,
    SWITCHED,
    alive,
    beforehand,
    close,
    close_body,
    frame,
    handshake,
    must_close,
    server_close,
)
from merkhet.suites.words import SINCE


def _answered(slug: str, title: str, sent: Send) -> Check:
    return Check(
        id=f"rfc6455-5.5.1-{slug}",
        requirement="rfc6455-5.5.1-6",
        title=title,
        since=SINCE,
        steps=(*alive(), sent, Hears(must_close(), patience_seconds=CLOSE_SECONDS)),
        good=(GOOD,),
        mutants=(UNANSWERED, BARE, STANDS),
    )


# --- what a Close may say

_CODES = tuple(
    _answered(f"close-{code}", f"A Close with the code {code} is answered", Send(close(code)))
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011)
)

_BODIES = (
    _answered("close-empty", "A Close without a body is answered", Send(close())),
    _answered("close-reason", "A Close with a code and a reason is answered", Send(close(1000, "merkhet"))),
    _answered("close-reason-longest", "A Close with a reason of 123 octets is answered", Send(close(1001, "x" * 123))),
    _answered(
        "close-reason-nul", "A Close whose reason has a NUL and a line feed is answered", Send(close(1000, "a\x00b\nc"))
    ),
    _answered(
        "close-reason-wide",
        "A Close with a reason of 30 characters of 4 octets is answered",
        Send(close(1000, "\N{GRINNING FACE}" * 30)),
    ),
)

# --- how it comes

_DELIVERED = (
    _answered("close-byte-by-byte", "A Close that comes octet by octet is answered", Send(close(1000, "bye"), each=1)),
    _answered("close-split-head", "A Close split within its head is answered", Send(close(1000, "bye"), cuts=(1,))),
    _answered("close-split-code", "A Close split within its code is answered", Send(close(1000, "bye"), cuts=(7,))),
    _answered(
        "close-split-reason",
        "A Close split within a character of its reason is answered",
        Send(close(1000, "caf\N{LATIN SMALL LETTER E WITH ACUTE}"), cuts=(-1,)),
    ),
    _answered(
        "close-zero-mask", "A Close whose masking key is 0 is answered", Send(frame(8, b"\x03\xe8", mask=bytes(4)))
    ),
)

_FIRST = Check(
    id="rfc6455-5.5.1-close-in-handshake-packet",
    requirement="rfc6455-5.5.1-6",
    title="A Close in the handshake's own packet is answered",
    since=SINCE,
    steps=(
        *beforehand(),
        Send(handshake(behind=close(1000))),
        Answers({switches(): PASS, ended: WARNING.because("the connection ended without an answer").then()}),
        Hears(
            {
                ends_bare: WARNING.because("the connection ended without a Close"),
                stays_open: WARNING.because("it did not read what came with the handshake"),
                **{case: verdict for case, verdict in must_close().items() if case not in {ends_bare, stays_open}},
            },
        ),
    ),
    good=(OPEN, closes(SWITCHED + server_close(1000))),
    mutants=(
        Canned("does not see it", OPEN, SWITCHED),
        Canned("hangs up without a Close", OPEN, closes(SWITCHED)),
        Canned("hangs up without an answer", OPEN, closes(b"")),
        Canned("keeps the connection behind its Close", OPEN, SWITCHED + server_close(1000)),
    ),
    note="A client is to wait for the answer before it sends frames: a server that is not ready for them is a near miss.",
)

# --- codes that came later, and those of which nothing is said


def _unspoken(code: int) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        closes_with(code): observed(f"answers {code} with the same code"),
        closes_with(): observed(f"answers {code} with another code, or with none"),
        ends_bare: observed(f"ends the connection without a Close at {code}"),
        lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
        goes_on: VIOLATION.because("it went on behind the Close"),
        stays_open: VIOLATION.because("the Close was not answered"),
    }
    return Check(
        id=f"rfc6455-5.5.1-close-{code}",
        requirement="rfc6455-5.5.1-6",
        title=f"A Close with the code {code} ends the connection",
        since=SINCE,
        steps=(*alive(), Send(close(code)), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1000)),),
        mutants=(UNANSWERED, STANDS, BARE, Canned("answers with the same code", closes(OPEN + server_close(code)))),
        note=(
            "The codes 1012 to 1014 were registered after the text was written, and of those from 5000 it says "
            "nothing: a server may know them, or take them for an error."
        ),
    )


_UNSPOKEN = tuple(_unspoken(code) for code in (1012, 1013, 1014, 5000, 65535))

# --- one octet is no code


def _octet(slug: str, words: str, sent: Send, octet: bytes) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        misframed("frame-close-body"): VIOLATION.because("its own Close has a body that is no code and no reason"),
        closes_with(): PASS,
        ends_bare: PASS,
        lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
        goes_on: VIOLATION.because("it went on behind the Close"),
        stays_open: VIOLATION.because("the connection stays open"),
    }
    return Check(
        id=f"rfc6455-5.5.1-close-octet-{slug}",
        requirement="rfc6455-5.5.1-2",
        title=f"A Close with the one octet {words} ends the connection, and is not repeated",
        since=SINCE,
        steps=(*alive(), sent, Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1002)),),
        mutants=(
            Canned("repeats it", in_turns(SWITCHED, SERVER_ALIVE, server_close(body=octet), end=End.CLOSED)),
            STANDS,
            Canned("passes over it", OPEN),
        ),
        note="No code is prescribed for such a Close: with any, or with none, it ends the connection.",
    )


_OCTETS = (
    _octet("03", "0x03", Send(close(body=b"\x03")), b"\x03"),
    _octet("00", "0x00", Send(close(body=b"\x00")), b"\x00"),
    _octet("ff", "0xff", Send(close(body=b"\xff")), b"\xff"),
    _octet("byte-by-byte", "0x03 that comes octet by octet", Send(close(body=b"\x03"), each=1), b"\x03"),
)

# --- reasons


def _reason(slug: str, title: str, reason: bytes) -> Check:
    """A reason in UTF-8: a server may repeat it, give another, or none."""
    cases: Mapping[Hearing, Verdict] = {
        lets_the_connection_stand: BREACH.because("a Close went each way, and the connection stays open"),
        sends_close(1000, reason=reason): observed("repeats the reason of a Close"),
        sends_close(1000): observed("repeats the code of a Close without its reason"),
        sends_close(): observed("answers a Close with a code of its own, or without one"),
        ends_bare: BREACH.because("the connection ended without a Close"),
        stays_open: BREACH.because("the Close was not answered"),
    }
    return Check(
        id=f"rfc6455-5.5.1-reason-{slug}",
        requirement="rfc6455-5.5.1-3",
        title=title,
        since=SINCE,
        steps=(*alive(), Send(close(1000, reason)), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1000, reason)),),
        mutants=(Canned("leaves it out", GOOD), UNANSWERED, BARE, STANDS),
    )


_REASONS = (
    _reason("ascii", "A reason in ASCII is taken", b"merkhet"),
    _reason("utf8", "A reason that is not ASCII is taken", "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode()),
    _reason("longest", "A reason of 123 octets is taken", b"x" * 123),
    _reason("longest-utf8", "A reason of 41 characters of 3 octets is taken", "\N{SNOWMAN}".encode() * 41),
)


def _bad_reason(slug: str, words: str, reason: bytes) -> Check:
    cases: Mapping[Hearing, Verdict] = {
        misframed("frame-close-body"): BREACH.because("its own Close has a reason that is not UTF-8"),
        lets_the_connection_stand: BREACH.because("it sent a Close, and the connection stays open"),
        sends_close(1007, 1002): observed("takes a reason that is not UTF-8 for an error"),
        sends_close(): observed("answers a Close whose reason is not UTF-8 like any other"),
        ends_bare: observed("ends the connection without a Close at a reason that is not UTF-8"),
        goes_on: BREACH.because("it went on behind the Close"),
        stays_open: BREACH.because("the connection stays open"),
    }
    repeated = in_turns(SWITCHED, SERVER_ALIVE, server_close(body=close_body(1000, reason)), end=End.CLOSED)
    return Check(
        id=f"rfc6455-5.5.1-bad-reason-{slug}",
        requirement="rfc6455-5.5.1-3",
        title=f"A Close whose reason {words} ends the connection, and is not repeated",
        since=SINCE,
        steps=(*alive(), Send(close(1000, reason)), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1007)),),
        mutants=(
            Canned("repeats it", repeated),
            Canned("passes over it", OPEN),
            Canned("keeps the connection behind its Close", OPEN + server_close(1007)),
            Canned("answers it like any other", GOOD),
        ),
        note="The rule binds the sender of a Close; any end of the connection is an answer to a bad one.",
    )


_BAD_REASONS = (
    _bad_reason("latin-1", "is Latin-1", b"caf\xe9"),
    _bad_reason("ff", "is the octet 0xff", b"\xff"),
    _bad_reason("cut", "ends within a character", b"caf\xc3"),
    _bad_reason("surrogate", "has a surrogate", b"a\xed\xa0\x80z"),
    _bad_reason("overlong", "has an overlong form", b"a\xc0\xafz"),
)

# --- the answer comes soon

_SOON_SECONDS = 3.0


_SOON = tuple(
    Check(
        id=f"rfc6455-5.5.1-soon-{slug}",
        requirement="rfc6455-5.5.1-7a",
        title=f"A Close {words} is answered within {_SOON_SECONDS:.0f} seconds",
        since=SINCE,
        steps=(
            *alive(),
            Send(sent),
            Hears(
                {
                    sends_close(): PASS,
                    ends_bare: WARNING.because("the connection ended without a Close"),
                    stays_open: VIOLATION.because(f"no Close came within {_SOON_SECONDS:.0f} seconds"),
                },
                until_close=True,
                patience_seconds=_SOON_SECONDS,
            ),
        ),
        good=(GOOD,),
        mutants=(UNANSWERED, BARE),
    )
    for slug, words, sent in (("code", "with a code", close(1000)), ("empty", "without a body", close()))
)

CHECKS = (*_CODES, *_BODIES, *_DELIVERED, _FIRST, *_UNSPOKEN, *_OCTETS, *_REASONS, *_BAD_REASONS, *_SOON)
