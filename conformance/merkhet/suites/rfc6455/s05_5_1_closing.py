"""RFC 6455, Section 5.5.1: a Close among other frames, and who ends the connection behind it."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import End
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Abort,
    Canned,
    Check,
    HalfClose,
    Hears,
    On,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    in_turns,
    observed,
)
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import (
    echoes,
    ends_bare,
    goes_on,
    hearing,
    lets_the_connection_stand,
    pongs,
    pongs_after_close,
    says,
    sends_close,
    speaks,
    speaks_after_close,
    stays_open,
    then_closes,
)
from merkhet.expectation import Hearing
from merkhet.heard import Close
from merkhet.suites.rfc6455.closing import BARE, BYE, GOOD, STANDS, UNANSWERED
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    PUSHING,
    SERVER_PUSHES,
    SWITCHED,
    alive,
    close,
    continuation,
    must_close,
    ping,
    pushing,
    server_close,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_CLOSED: Mapping[Hearing, Verdict] = {
    lets_the_connection_stand: VIOLATION.because("a Close went each way, and the connection stays open"),
    closes_with(): PASS,
    ends_bare: VIOLATION.because("the connection ended without a Close"),
    stays_open: VIOLATION.because("the Close was not answered"),
}
"""A Close, and the end: what is left once the frames around the Close are judged."""
_LENIENT: Mapping[Hearing, Verdict] = {
    **_CLOSED,
    ends_bare: WARNING.because("the connection ended without a Close"),
}
"""As `_CLOSED` where the client went on behind its Close: who has not read all of that may lose its own Close to a reset."""


def _among(
    slug: str,
    title: str,
    sent: bytes,
    cases: Mapping[Hearing, Verdict],
    *mutants: Canned,
    requirement: str = "5.5.1-6",
    good: Stream = GOOD,
    note: str = "",
    rest: Mapping[Hearing, Verdict] = _CLOSED,
) -> Check:
    return Check(
        id=f"rfc6455-5.5.1-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*alive(), Send(sent), Hears({**cases, **rest}, patience_seconds=CLOSE_SECONDS)),
        good=(good,),
        mutants=(*mutants, STANDS, BARE, UNANSWERED),
        note=note,
    )


# --- within a message

_WHOLE: Mapping[Hearing, Verdict] = {
    speaks_after_close: VIOLATION.because("a message came behind the server's own Close"),
    speaks: VIOLATION.because("it took a message for whole that had not ended"),
}
_CUT_SHORT = Canned("echoes the part that came", closes(OPEN + server_text("mer") + BYE))
_WITHIN = (
    _among(
        "within-message",
        "A Close within a fragmented message is answered, and the message is not delivered",
        text("mer", fin=False) + close(1000),
        _WHOLE,
        _CUT_SHORT,
        note="Whether a message that a Close cuts short is an error is left open: the code is the server's choice.",
    ),
    _among(
        "within-message-ping",
        "A Close behind a fragment and a Ping is answered",
        text("mer", fin=False) + ping(b"within") + continuation("k", fin=False) + close(1000),
        _WHOLE,
        _CUT_SHORT,
    ),
)

# --- frames that were on their way before it


def _queued(words: str) -> Mapping[Hearing, Verdict]:
    return {
        speaks_after_close: VIOLATION.because("a message came behind the server's own Close"),
        then_closes(echoes("1", "2", "3")): observed(f"answers all {words} before a Close"),
        then_closes(says()): observed(f"answers none of the {words} before a Close"),
        then_closes(echoes("1")): observed(f"answers only some of the {words} before a Close"),
        then_closes(echoes("1", "2")): observed(f"answers only some of the {words} before a Close"),
    }


_THREE = server_text("1") + server_text("2") + server_text("3")
_QUEUED = (
    _among(
        "behind-messages",
        "A Close behind three messages is answered, and no echo follows",
        text("1") + text("2") + text("3") + close(1000),
        _queued("messages that came"),
        Canned("echoes behind its Close", closes(OPEN + server_text("1") + BYE + server_text("2"))),
        Canned("echoes none", closes(OPEN + BYE)),
        requirement="5.5.1-5",
        good=closes(OPEN + _THREE + BYE),
        note="A server may drop what it had not yet read when it met the Close; behind its own Close it is silent.",
    ),
    _among(
        "behind-ping",
        "A Close behind a Ping is answered",
        ping(b"before") + close(1000),
        {
            pongs_after_close: WARNING.because("a Pong came behind the server's own Close"),
            then_closes(pongs(b"before")): observed("answers a Ping right before a Close"),
            then_closes(pongs()): observed("does not answer a Ping right before a Close"),
        },
        Canned("answers it behind its Close", closes(OPEN + BYE + server_pong(b"before"))),
        Canned("answers the Close alone", closes(OPEN + BYE)),
        good=closes(OPEN + server_pong(b"before") + BYE),
    ),
)

# --- frames behind it: the client's fault, and no reason to go on

_AFTER: Mapping[Hearing, Verdict] = {
    speaks_after_close: VIOLATION.because("a message came behind the server's own Close"),
    speaks: WARNING.because("it echoed what came behind the client's Close"),
}
_TWO_CLOSES = hearing(
    "a second Close behind the first", lambda heard: any(isinstance(event, Close) for event in heard.behind)
)


def _behind(slug: str, words: str, frames: bytes, echo: bytes) -> Check:
    return _among(
        slug,
        f"{words} behind a Close is not answered",
        close(1000) + frames,
        _AFTER,
        Canned("echoes it behind its Close", closes(OPEN + BYE + echo)),
        Canned("echoes it before its Close", closes(OPEN + echo + BYE)),
        requirement="5.5.1-5",
        rest=_LENIENT,
        note="Only data behind the server's own Close is forbidden by name; what is echoed before it is a near miss.",
    )


_BEHIND = (
    _behind("text-behind", "A message", text("late"), server_text("late")),
    _behind(
        "fragments-behind", "A fragmented message", text("la", fin=False) + continuation("te"), server_text("late")
    ),
    _among(
        "message-ends-behind",
        "A message whose last fragment comes behind a Close is not delivered",
        text("mer", fin=False) + close(1000) + continuation("khet"),
        _AFTER,
        Canned("echoes it behind its Close", closes(OPEN + BYE + server_text("merkhet"))),
        Canned("echoes it before its Close", closes(OPEN + server_text("merkhet") + BYE)),
        requirement="5.5.1-5",
        rest=_LENIENT,
    ),
    _among(
        "ping-behind",
        "A Close with a Ping behind it is answered",
        close(1000) + ping(b"late"),
        {
            pongs_after_close: WARNING.because("a Pong came behind the server's own Close"),
            then_closes(pongs(b"late")): observed("answers a Ping that comes behind a Close"),
            then_closes(pongs()): observed("does not answer a Ping that comes behind a Close"),
        },
        Canned("answers it behind its Close", closes(OPEN + BYE + server_pong(b"late"))),
        Canned("answers it before its Close", closes(OPEN + server_pong(b"late") + BYE)),
        rest=_LENIENT,
        note="Once a Close has come a Pong is owed no more, and is not forbidden.",
    ),
    _among(
        "close-behind",
        "A second Close is not answered by a second one",
        close(1000, "first") + close(1001, "second"),
        {_TWO_CLOSES: WARNING.because("it sent two Closes")},
        Canned("answers both", closes(OPEN + BYE + server_close(1001))),
        rest=_LENIENT,
    ),
    _among(
        "garbage-behind",
        "A Close with octets behind it that are no frame is answered",
        close(1000) + b"\xff" * 40,
        {goes_on: VIOLATION.because("it answered something that is no frame")},
        Canned("echoes them", closes(OPEN + server_text("?") + BYE)),
        rest=_LENIENT,
    ),
)

# --- data behind a Close that the server began

_SILENT_THEN = Hears(
    {
        speaks: VIOLATION.because("a message came behind the server's own Close"),
        sends_close(): WARNING.because("it sent two Closes"),
        ends_bare: PASS,
        stays_open: VIOLATION.because("a Close went each way, and the connection stays open"),
    },
    patience_seconds=CLOSE_SECONDS,
)
_HEARS_CLOSE = Hears(
    {
        sends_close(1000): PASS,
        sends_close(): PASS.because("closed, but not with the code that it was told"),
    },
    until_close=True,
)


def _pushed(slug: str, requirement: str, title: str, sent: bytes, *answers: bytes) -> Check:
    """The server begins; then the client sends this. `answers` are what a faulty server sends to it."""
    bad = tuple(
        Canned(f"says {number} more", in_turns(SWITCHED, SERVER_PUSHES, BYE, answer, end=End.CLOSED))
        for number, answer in enumerate(answers, 1)
    )
    return Check(
        id=f"rfc6455-5.5.1-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*pushing(), Send(text("close 1000 bye")), _HEARS_CLOSE, Send(sent), _SILENT_THEN),
        good=(in_turns(SWITCHED, SERVER_PUSHES, BYE, b"", end=End.CLOSED),),
        mutants=(*bad, Canned("keeps the connection", in_turns(SWITCHED, SERVER_PUSHES, BYE, b""))),
    )


_PUSHED = (
    _pushed(
        "push-order-behind",
        "5.5.1-5",
        "A message that comes behind the server's own Close is not answered",
        text("send 2 8") + close(1000),
        server_text("0       ") + server_text("1       "),
    ),
    _pushed(
        "push-answered",
        "5.5.1-8",
        "The connection ends once the server's Close is answered",
        close(1000),
    ),
    _pushed(
        "push-answered-empty",
        "5.5.1-8",
        "The connection ends once the server's Close is answered by one without a body",
        close(),
    ),
    _pushed(
        "push-answered-otherwise",
        "5.5.1-9",
        "The server ends the connection once its Close is answered with another code and a reason",
        close(1001, "merkhet"),
    ),
)

# --- the end of the connection


def _ends(slug: str, requirement: str, title: str, *steps: Step) -> Check:
    return Check(
        id=f"rfc6455-5.5.1-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*alive(), *steps, Hears(must_close(), patience_seconds=CLOSE_SECONDS)),
        good=(GOOD,),
        mutants=(STANDS, BARE, UNANSWERED),
    )


_ENDS = (
    _ends("end", "5.5.1-9", "The server ends the connection behind a Close each way", Send(close(1000))),
    _ends("end-empty", "5.5.1-9", "The server ends the connection behind a Close without a body", Send(close())),
    _ends("end-going-away", "5.5.1-9", "The server ends the connection behind the code 1001", Send(close(1001))),
    _ends("end-closed", "5.5.1-8", "The connection ends behind a Close each way", Send(close(1000, "merkhet"))),
)

_SIMULTANEOUS = Check(
    id="rfc6455-5.5.1-both-close",
    requirement="rfc6455-5.5.1-9",
    title="The server ends the connection where both sides begin to close it",
    since=SINCE,
    steps=(
        *pushing(),
        Send(text("close 1001 bye") + close(1000)),
        Hears({_TWO_CLOSES: WARNING.because("it sent two Closes"), **_CLOSED}, patience_seconds=CLOSE_SECONDS),
    ),
    good=(closes(PUSHING + server_close(1001, "bye")),),
    mutants=(
        Canned("sends two Closes", closes(PUSHING + server_close(1001, "bye") + BYE)),
        Canned("keeps the connection", PUSHING + BYE),
        Canned("hangs up without a Close", closes(PUSHING)),
    ),
)

_HALF = Check(
    id="rfc6455-5.5.1-half-closed",
    requirement="rfc6455-5.5.1-6",
    title="A Close is answered although the client ends its side of the connection behind it",
    since=SINCE,
    steps=(
        *alive(),
        Send(close(1000)),
        HalfClose(),
        Hears(
            _LENIENT,
            patience_seconds=CLOSE_SECONDS,
        ),
    ),
    good=(GOOD,),
    mutants=(STANDS, BARE, UNANSWERED),
    note="A server may take the end of the client's side for the end of the connection: then it has nobody to answer.",
)

_RESET = Check(
    id="rfc6455-5.5.1-after-reset",
    requirement="rfc6455-5.5.1-6",
    title="A Close is answered after another client reset its connection right behind its own",
    since=SINCE,
    steps=(
        *alive(),
        Send(close(1000)),
        Abort(),
        On(1),
        *alive(),
        Send(close(1000)),
        Hears(_CLOSED, patience_seconds=CLOSE_SECONDS),
    ),
    good=(GOOD, GOOD),
    mutants=(
        Canned("does not answer the second", GOOD, OPEN),
        Canned("hangs up on the second", GOOD, closes(OPEN)),
    ),
)

CHECKS = (*_WITHIN, *_QUEUED, *_BEHIND, *_PUSHED, *_ENDS, _SIMULTANEOUS, _HALF, _RESET)
