"""RFC 7692, Section 5: the extensions that a server names in its answer."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import Response
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
    Verdict,
    in_turns,
    observed,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, agreement, declined, misagreed, refused, switch, switched
from merkhet.expect_websocket import echoes, ends_bare, misframed, sends_close, stays_open
from merkhet.suites.deflate_words import Fixed, deflated
from merkhet.suites.rfc7692.agreed import (
    BAD_REQUEST,
    CAN_DEFLATE,
    DECLINES,
    PLAIN,
    UNSERVED,
    faulty,
    with_,
)
from merkhet.suites.websocket_words import (
    DEFLATE,
    SWITCHED_DEFLATE,
    handshake,
    offers,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import SINCE
from merkhet.wire.extensions import extensions_of


def _names(*names: bytes) -> Expectation:
    def holds(response: Response) -> bool:
        found = [one.name for one in extensions_of(response) or ()]
        return any(name in found for name in names)

    return switch(f"that names {b' or '.join(names).decode()}", holds)


def _two_of(*names: bytes) -> Expectation:
    def holds(response: Response) -> bool:
        return sum(one.name in names for one in extensions_of(response) or ()) > 1

    return switch("that accepts two extensions which use RSV1", holds)


_RSV1_USERS = (b"permessage-deflate", b"x-webkit-deflate-frame", b"deflate-frame", b"permessage-bzip2")


def _one(slug: str, title: str, second: str, *elements: str) -> Check:
    return Check(
        id=f"rfc7692-5-{slug}",
        requirement="rfc7692-5-7",
        title=title,
        since=SINCE,
        steps=(
            Send(handshake("ws-deflate", offers(*elements))),
            Answers(
                {
                    _two_of(*_RSV1_USERS): VIOLATION.because("both extensions use the first reserved bit"),
                    misagreed: WARNING.because("it accepted, with a parameter that may not stand in an answer"),
                    agreed(): PASS,
                    declined: PASS,
                }
            ),
        ),
        good=(SWITCHED_DEFLATE,),
        mutants=(Canned("accepts both", switched_by(offers(PLAIN, second))),),
    )


_ONE = (
    _one(
        "one-of-two",
        "Of two offers of permessage-deflate one is accepted at most",
        PLAIN,
        PLAIN,
        with_("server_max_window_bits=10"),
    ),
    _one(
        "with-webkit",
        "Permessage-deflate is not accepted together with x-webkit-deflate-frame",
        "x-webkit-deflate-frame",
        "x-webkit-deflate-frame",
        PLAIN,
    ),
    _one(
        "with-deflate-frame",
        "Permessage-deflate is not accepted together with deflate-frame",
        "deflate-frame",
        PLAIN,
        "deflate-frame",
    ),
    _one(
        "with-bzip2",
        "Permessage-deflate is not accepted together with permessage-bzip2",
        "permessage-bzip2",
        "permessage-bzip2",
        PLAIN,
    ),
)

_PLAIN_ECHO = Hears(
    {
        misframed("frame-rsv", "deflate-broken"): VIOLATION.because("it compresses, and had not agreed to it"),
        echoes("merkhet"): PASS,
        sends_close(): VIOLATION.because("it closed the WebSocket"),
        ends_bare: VIOLATION.because("the connection ended"),
        stays_open: VIOLATION.because("no echo came"),
    },
    messages=1,
)
_NAMED = Check(
    id="rfc7692-5-accepted-by-name",
    requirement="rfc7692-5-5",
    title="A server that compresses has named permessage-deflate in its answer",
    since=SINCE,
    steps=(
        Send(handshake("ws-deflate", DEFLATE)),
        Answers(
            {
                agreement("", lambda found: True): PASS,  # noqa: ARG005
                declined: PASS.because("it did not accept"),
                switched: VIOLATION.because("its answer to the offer cannot be read"),
            }
        ),
        Send(text("merkhet")),
        _PLAIN_ECHO,
    ),
    good=(SWITCHED_DEFLATE + server_text(deflated(Fixed(b"merkhet")), rsv=4),),
    mutants=(
        Canned("compresses unnamed", in_turns(DECLINES, server_text(deflated(Fixed(b"merkhet")), rsv=4))),
        Canned("names it by half", switched_by(b"Sec-WebSocket-Extensions: permessage-deflate;")),
    ),
)


def _none_named(slug: str, title: str, bad: str, *elements: str) -> Check:
    cases: Mapping[Expectation, Verdict] = {
        _names(b"merkhet"): VIOLATION.because("it accepted an extension that there is not"),
        misagreed: VIOLATION.because("it accepted, with a parameter that may not stand in an answer"),
        agreed(): WARNING.because("it accepted the offer"),
        declined: PASS.then(Send(text("merkhet")), _PLAIN_ECHO),
        switched: VIOLATION.because("its answer to the offer cannot be read"),
        refused: observed("refuses the handshake for an offer that it does not accept"),
        **UNSERVED,
    }
    return Check(
        id=f"rfc7692-5-{slug}",
        requirement="rfc7692-5-11",
        title=title,
        since=SINCE,
        steps=(*CAN_DEFLATE, On(1), Send(handshake("ws-deflate", offers(*elements))), Answers(cases)),
        good=(SWITCHED_DEFLATE, DECLINES + server_text("merkhet")),
        mutants=(
            faulty("names it", switched_by(offers(bad))),
            faulty("compresses all the same", in_turns(DECLINES, server_text(deflated(Fixed(b"merkhet")), rsv=4))),
            faulty("does not echo", DECLINES),
            faulty("refuses the handshake", BAD_REQUEST),
        ),
    )


_NONE_NAMED = (
    _none_named(
        "declined-value",
        "Who declines an offer names no extension, and does not compress",
        with_("server_max_window_bits=7"),
        with_("server_max_window_bits=7"),
    ),
    _none_named(
        "declined-all",
        "Who declines two offers names no extension, and does not compress",
        with_("merkhet"),
        with_("merkhet"),
        with_("server_max_window_bits=99"),
    ),
    _none_named("declined-other", "An extension that is not known is not accepted", "merkhet", "merkhet; a=1"),
)

_NEVER_OFFERED = Check(
    id="rfc7692-5-not-offered",
    requirement="rfc7692-5-11",
    title="What was not offered is not accepted, and nothing is compressed",
    since=SINCE,
    steps=(
        Send(handshake("ws-deflate")),
        Answers({_names(*_RSV1_USERS): VIOLATION.because("it accepted what was not offered"), declined: PASS}),
        Send(text("merkhet")),
        _PLAIN_ECHO,
    ),
    good=(DECLINES + server_text("merkhet"),),
    mutants=(
        Canned("accepts it", SWITCHED_DEFLATE + server_text("merkhet")),
        Canned("compresses", in_turns(DECLINES, server_text(deflated(Fixed(b"merkhet")), rsv=4))),
    ),
)

CHECKS = (*_ONE, _NAMED, *_NONE_NAMED, _NEVER_OFFERED)
