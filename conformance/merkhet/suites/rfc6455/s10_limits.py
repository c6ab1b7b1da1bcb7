"""RFC 6455, Sections 4.2.2, 10.4, 10.6 and 10.7: limits, TLS, and the Close before the end."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import BREACH, PASS, VIOLATION, Answers, Canned, Check, Hears, On, Send, Verdict, closes, observed
from merkhet.expect import ended, silent
from merkhet.expect_handshake import refused, refused_5xx, switches
from merkhet.expect_websocket import anything_heard, echoes, ends_bare, sends_close, speaks, stays_open
from merkhet.expectation import Hearing
from merkhet.heard import Opcode
from merkhet.suites.rfc6455.opening import must_switch
from merkhet.suites.websocket_words import (
    OPEN,
    SWITCHED,
    alive,
    fails,
    fragments,
    frame,
    handshake,
    must_echo,
    server_close,
    server_text,
    text,
)
from merkhet.suites.words import NOTHING, REFUSED, SINCE


def _huge(length: int, *, fin: bool = True) -> bytes:
    return frame(Opcode.BINARY, b"x" * 64, fin=fin, form=64, length=length)


# --- 10.4-1: whoever asks for much takes nothing from others

_LOST = BREACH.because("another client is no longer served")
_STILL_SERVED = (
    Hears({anything_heard: PASS}, quiet=True),
    On(1),
    Send(handshake()),
    Answers({switches(): PASS, refused: _LOST, refused_5xx: _LOST, ended: _LOST, silent: _LOST}),
    Send(text("merkhet")),
    Hears({echoes("merkhet"): PASS, sends_close(): _LOST, ends_bare: _LOST, stays_open: _LOST}, messages=1),
)
_MANY = fragments(Opcode.BINARY, (b"x",) * 20_000)
_DEMANDS: tuple[tuple[str, str, bytes], ...] = (
    ("2-40", "who announces a frame of 1 TiB", _huge(1 << 40)),
    ("2-60", "who announces a frame of 2^60 octets", _huge(1 << 60)),
    ("2-62-fragment", "who announces a fragment of 2^62 octets", _huge(1 << 62, fin=False)),
    ("unfinished", "who sends 20,000 fragments and no last one", _MANY[: -len(frame(0, b"x"))]),
)
_OTHERS = tuple(
    Check(
        id=f"rfc6455-10.4-others-{slug}",
        requirement="rfc6455-10.4-1",
        title=f"A client {words} takes nothing from another",
        since=SINCE,
        steps=(*alive(), Send(sent), *_STILL_SERVED),
        good=(closes(OPEN + server_close(1009)), OPEN),
        mutants=(
            Canned("accepts no other", OPEN, NOTHING),
            Canned("refuses others", OPEN, REFUSED),
            Canned("serves no other", OPEN, SWITCHED),
            Canned("ends all", closes(OPEN), closes(b"")),
        ),
        note="Refusing, ending, waiting and reading on are all allowed: what counts is that others are served.",
    )
    for slug, words, sent in _DEMANDS
)

# --- 10.4-2: a limit

_LIMITED: Mapping[Hearing, Verdict] = {
    speaks: VIOLATION.because("it gave back a message that has not come"),
    sends_close(1009): PASS,
    sends_close(): PASS.because("closed, but not with 1009"),
    ends_bare: PASS.because("the connection ended without a Close"),
    stays_open: observed("no limit is seen when a frame begins"),
}
_LIMITS = tuple(
    Check(
        id=f"rfc6455-10.4-limit-{slug}",
        requirement="rfc6455-10.4-2",
        title=f"A frame that announces {words} meets a limit",
        since=SINCE,
        steps=(*alive(), Send(_huge(length)), Hears(_LIMITED, messages=1)),
        good=(closes(OPEN + server_close(1009, "too large")),),
        mutants=(
            Canned("gives back what has come", OPEN + server_text("x" * 64)),
            Canned("waits for it", OPEN),
        ),
        note="A server that counts as octets come has its limit too, and shows it only later.",
    )
    for slug, words, length in (("2-40", "1 TiB", 1 << 40), ("2-62", "2^62 octets", 1 << 62))
)

# --- 10.7-3: a Close first

_BARE = VIOLATION.because("the connection ended without the Close that should come first")
_INVALID: tuple[tuple[str, str, int, bytes], ...] = (
    ("opcode", "a frame with a reserved opcode", 1002, frame(3, b"merkhet")),
    ("rsv", "a frame with a reserved bit", 1002, text("merkhet", rsv=1)),
    ("unmasked", "a frame without a mask", 1002, text("merkhet", mask=None)),
    ("text", "a text message that is not UTF-8", 1007, text(b"\xff")),
)
_CLOSES_FIRST = tuple(
    Check(
        id=f"rfc6455-10.7-close-{slug}",
        requirement="rfc6455-10.7-3",
        title=f"Before the connection ends for {words}, a Close says so",
        since=SINCE,
        steps=(*alive(), Send(sent), fails(code, bare=_BARE)),
        good=(closes(OPEN + server_close(code)),),
        mutants=(
            Canned("ends the connection bare", closes(OPEN)),
            Canned("goes on", OPEN + server_text("merkhet")),
            Canned("does nothing", OPEN),
        ),
    )
    for slug, words, code, sent in _INVALID
)

# --- 4.2.2-2 and 10.6-1: TLS

_TLS = frozenset({"tls"})
_UNSWITCHED = (
    Canned("refuses it", REFUSED),
    Canned("hangs up", closes(b"")),
    Canned("says nothing", NOTHING),
)
_SECURE = (
    Check(
        id="rfc6455-10.6-tls",
        requirement="rfc6455-10.6-1",
        title="A handshake over TLS opens a WebSocket",
        since=SINCE,
        steps=(Send(handshake()), Answers(must_switch())),
        good=(SWITCHED,),
        mutants=_UNSWITCHED,
        tags=_TLS,
    ),
    Check(
        id="rfc6455-4.2.2-tls-frames",
        requirement="rfc6455-4.2.2-2",
        title="Behind a handshake over TLS the frames go through the same encrypted connection",
        since=SINCE,
        steps=(
            Send(handshake()),
            Answers(must_switch()),
            Send(text("merkhet")),
            Hears(must_echo("merkhet"), messages=1),
        ),
        good=(OPEN,),
        mutants=(
            *_UNSWITCHED,
            Canned("answers no message", SWITCHED),
            Canned("ends behind the 101", closes(SWITCHED)),
        ),
        tags=_TLS,
    ),
    Check(
        id="rfc6455-4.2.2-tls-octets",
        requirement="rfc6455-4.2.2-2",
        title="Handshake and frame may come over TLS octet by octet",
        since=SINCE,
        steps=(
            Send(handshake(), each=1),
            Answers(must_switch()),
            Send(text("merkhet"), each=1),
            Hears(must_echo("merkhet"), messages=1),
        ),
        good=(OPEN,),
        mutants=(*_UNSWITCHED, Canned("answers no message", SWITCHED)),
        tags=_TLS,
    ),
)

CHECKS = (*_OTHERS, *_LIMITS, *_CLOSES_FIRST, *_SECURE)
