"""RFC 6455, Section 4.2: handshakes in pieces, behind other requests, and with frames in their own packet."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Hears,
    On,
    Send,
    Step,
    Verdict,
    closes,
    in_turns,
    observed,
)
from merkhet.expect import Expectation, ended, served, silent
from merkhet.expect_handshake import refused, refused_5xx, switches
from merkhet.expect_websocket import closes as closes_well
from merkhet.expect_websocket import ends_bare, goes_on, lets_the_connection_stand, misframed, stays_open
from merkhet.expectation import Hearing
from merkhet.suites.rfc6455.opening import HUNG_UP, NO_ANSWER, OWN_ERROR, accepts, must_switch
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    OTHER_KEYS,
    SWITCHED,
    WS_TWIN,
    alive,
    handshake,
    must_echo,
    server_close,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import GET, OK, REFUSED, SERVER_ERROR, SINCE, response

# --- pieces

_WHOLE = handshake()
_LONG = handshake("ws", *(b"X-Merkhet-%d: %s" % (number, b"x" * 200) for number in range(15)))
_PIECES: tuple[tuple[str, str, Send], ...] = (
    ("octets", "that comes octet by octet", Send(_WHOLE, each=1)),
    ("pairs", "that comes two octets at a time", Send(_WHOLE, each=2)),
    ("sevens", "that comes seven octets at a time", Send(_WHOLE, each=7)),
    ("first", "with its first octet apart", Send(_WHOLE, cuts=(1,))),
    ("method", "cut behind its method", Send(_WHOLE, cuts=(3,))),
    ("key", "cut within its key", Send(_WHOLE, cuts=(-14,))),
    ("key-end", "cut behind its key", Send(_WHOLE, cuts=(-4,))),
    ("name", "cut within the name of its last field", Send(_WHOLE, cuts=(-36,))),
    ("line-end", "cut within the end of its last field line", Send(_WHOLE, cuts=(-3,))),
    ("empty-line", "cut before its empty line", Send(_WHOLE, cuts=(-2,))),
    ("last", "with its last octet apart", Send(_WHOLE, cuts=(-1,))),
    ("last-three", "with its last three octets each apart", Send(_WHOLE, cuts=(-3, -2, -1))),
    ("long", "of 3 KiB in pieces of 512 octets", Send(_LONG, each=512)),
)
_IN_PIECES = tuple(
    accepts(f"4.2.2-delivery-{slug}", "4.2.2-a1", f"A handshake {words} opens a WebSocket", sent)
    for slug, words, sent in _PIECES
)

# --- frames in the handshake's own packet

_EARLY_NOTE = (
    "A client has to wait for the 101 before it sends frames, so a server that loses them is not at fault by the text."
)
_KEPT: Mapping[Hearing, Verdict] = must_echo("merkhet", lost=WARNING)
_FRAME = text("merkhet")
_OPENS: Mapping[Expectation, Verdict] = {
    switches(): PASS,
    refused: WARNING.because("it was refused").then(),
    refused_5xx: OWN_ERROR.then(),
    ended: HUNG_UP.then(),
    silent: NO_ANSWER.then(),
}


def _early(slug: str, title: str, sent: Send) -> Check:
    return Check(
        id=f"rfc6455-4.2.2-early-{slug}",
        requirement="rfc6455-4.2.2-a5",
        title=title,
        since=SINCE,
        steps=(sent, Answers(_OPENS), Hears(_KEPT, messages=1)),
        good=(OPEN,),
        mutants=(
            Canned("loses it", SWITCHED),
            Canned("loses its beginning", SWITCHED + server_text("khet")),
            Canned("closes the WebSocket", closes(SWITCHED + server_close(1002))),
            Canned("hangs up behind the 101", closes(SWITCHED)),
            Canned("refuses it", REFUSED),
            Canned("hangs up", closes(b"")),
        ),
        twin=WS_TWIN,
        note=_EARLY_NOTE,
    )


_EARLY = (
    _early("whole", "A frame in the handshake's own packet is read", Send(handshake(behind=_FRAME))),
    _early(
        "behind-last",
        "A frame in the packet of the handshake's last octet is read",
        Send(handshake(behind=_FRAME), cuts=(-len(_FRAME) - 1,)),
    ),
    _early(
        "head-apart",
        "A frame of which the first octet is in the handshake's packet is read",
        Send(handshake(behind=_FRAME), cuts=(1 - len(_FRAME),)),
    ),
    _early(
        "cut",
        "A frame of which the beginning is in the handshake's packet is read",
        Send(handshake(behind=_FRAME), cuts=(8 - len(_FRAME),)),
    ),
    _early(
        "before-101",
        "A frame in a packet of its own that does not wait for the 101 is read",
        Send(handshake(behind=_FRAME), cuts=(-len(_FRAME),)),
    ),
    _early(
        "octets",
        "A frame that comes octet by octet behind a handshake octet by octet is read",
        Send(handshake(behind=_FRAME), each=1),
    ),
)
_TOGETHER = Check(
    id="rfc6455-4.2.2-early-three",
    requirement="rfc6455-4.2.2-a5",
    title="Three messages in the handshake's own packet are read in their order",
    since=SINCE,
    steps=(
        Send(handshake(behind=text("1") + text("2") + text("3"))),
        Answers(_OPENS),
        Hears(must_echo("1", "2", "3", lost=WARNING), messages=3),
    ),
    good=(SWITCHED + server_text("1") + server_text("2") + server_text("3"),),
    mutants=(
        Canned("reads the first alone", SWITCHED + server_text("1")),
        Canned("turns them round", SWITCHED + server_text("3") + server_text("2") + server_text("1")),
        Canned("loses them", SWITCHED),
    ),
    twin=WS_TWIN,
    note=_EARLY_NOTE,
)

# --- behind other requests

_SERVED: Mapping[Expectation, Verdict] = {
    served(): PASS,
    ended: WARNING.because("the connection ended without an answer to the request before the handshake").then(),
    silent: WARNING.because("the request before the handshake got no answer").then(),
}


def _behind(slug: str, title: str, *steps: Step, good: bytes, first: bytes = OK) -> Check:
    return Check(
        id=f"rfc6455-4.2.2-{slug}",
        requirement="rfc6455-4.2.2-a1",
        title=title,
        since=SINCE,
        steps=steps,
        good=(good,),
        mutants=(
            Canned("refuses it", first + response(400, b"no")),
            Canned("fails", first + SERVER_ERROR.data),
            Canned("hangs up", closes(first)),
            Canned("says nothing", first),
        ),
        twin=WS_TWIN,
    )


_ONE_EACH = {
    switches(): PASS,
    refused: WARNING.because("it was refused behind another request"),
    refused_5xx: OWN_ERROR,
    ended: observed("answers one of several requests that come together"),
    silent: NO_ANSWER,
}
_AFTER = (
    _behind(
        "after-get",
        "A handshake on a connection that has served a GET opens a WebSocket",
        Send(GET),
        Answers(_SERVED),
        Send(handshake(), anew=True),
        Answers({**must_switch(), ended: HUNG_UP}),
        good=OK + SWITCHED,
    ),
    _behind(
        "pipelined",
        "A handshake right behind a GET opens a WebSocket",
        Send(GET + handshake()),
        Answers(_SERVED),
        Answers(_ONE_EACH),
        good=OK + SWITCHED,
    ),
    _behind(
        "after-refusal",
        "A handshake on a connection that has refused one opens a WebSocket",
        Send(handshake(key=None)),
        Answers({refused: PASS}),
        Send(handshake(), anew=True),
        Answers({**must_switch(), ended: HUNG_UP}),
        good=response(400, b"no") + SWITCHED,
        first=response(400, b"no"),
    ),
)

# --- two handshakes

_SECOND_KEY = next(iter(OTHER_KEYS))
_NO_SECOND: Mapping[Hearing, Verdict] = {
    misframed(): VIOLATION.because("octets that are no frame came behind the 101"),
    goes_on: VIOLATION.because("it answered as if frames had come"),
    closes_well(): PASS,
    ends_bare: PASS,
    lets_the_connection_stand: VIOLATION.because("it sent a Close, and the connection stays open"),
    stays_open: VIOLATION.because("the connection stays open"),
}
_SECOND_NOTE = "Read as frames, a handshake is an unmasked frame with a reserved bit and an opcode that is none."


def _twice(slug: str, title: str, *steps: Step, before: bytes) -> Check:
    return Check(
        id=f"rfc6455-4.2.2-second-{slug}",
        requirement="rfc6455-4.2.2-a5",
        title=title,
        since=SINCE,
        steps=(*steps, Hears(_NO_SECOND, patience_seconds=CLOSE_SECONDS)),
        good=(closes(before + server_close(1002)),),
        mutants=(
            Canned("answers it with another 101", before + switched_by(key=_SECOND_KEY)),
            Canned("refuses it as a request", closes(before + REFUSED.data)),
            Canned("passes over it", before),
            Canned("closes, and keeps the connection", before + server_close(1002)),
        ),
        note=_SECOND_NOTE,
    )


_SECONDS = (
    _twice(
        "later",
        "A second handshake on an open WebSocket is no handshake",
        *alive(),
        Send(handshake(key=_SECOND_KEY)),
        before=OPEN,
    ),
)
_PARALLEL = Check(
    id="rfc6455-4.2.2-two-sockets",
    requirement="rfc6455-4.2.2-a1",
    title="Two handshakes on two connections open two WebSockets, each with its own messages",
    since=SINCE,
    steps=(
        Send(handshake()),
        Answers(must_switch()),
        On(1),
        Send(handshake()),
        Answers(must_switch()),
        Send(text("second")),
        Hears(must_echo("second"), messages=1),
        On(0),
        Send(text("first")),
        Hears(must_echo("first"), messages=1),
    ),
    good=(in_turns(SWITCHED, server_text("first")), in_turns(SWITCHED, server_text("second"))),
    mutants=(
        Canned("serves one at a time", SWITCHED + server_text("first"), b""),
        Canned("refuses the second", SWITCHED, REFUSED),
        Canned("mixes them up", in_turns(SWITCHED, server_text("second")), in_turns(SWITCHED, server_text("first"))),
        Canned("closes the first for the second", closes(SWITCHED), in_turns(SWITCHED, server_text("second"))),
    ),
    twin=WS_TWIN,
)

CHECKS = (*_IN_PIECES, *_EARLY, _TOGETHER, *_AFTER, *_SECONDS, _PARALLEL)
