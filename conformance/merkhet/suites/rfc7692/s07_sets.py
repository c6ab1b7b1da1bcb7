"""RFC 7692, Sections 5 and 7: sets of parameters, answered in a form that may be and worked by."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Stream,
    Verdict,
    in_turns,
    lacks,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, declined, misagreed, switched
from merkhet.suites.deflate_words import Fixed, deflated
from merkhet.suites.rfc7692.agreed import (
    PLAIN,
    REFUSED,
    accepts,
    deflating,
    with_,
)
from merkhet.suites.websocket_words import (
    handshake,
    must_echo,
    offers,
    server_close,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import SINCE

_SERVER_FRESH, _CLIENT_FRESH = "server_no_context_takeover", "client_no_context_takeover"
_SERVER_BITS, _CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"
_UNREADABLE: Mapping[Expectation, Verdict] = {
    misagreed: VIOLATION.because("it answered with a parameter or a value that may not stand there"),
    switched: VIOLATION.because("its answer to the offer cannot be read"),
}


_SETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plain", ()),
    ("server-takeover", (_SERVER_FRESH,)),
    ("client-takeover", (_CLIENT_FRESH,)),
    ("server-bits", (f"{_SERVER_BITS}=10",)),
    ("client-bits", (_CLIENT_BITS,)),
    ("client-bits-value", (f"{_CLIENT_BITS}=10",)),
    ("both-takeovers", (_SERVER_FRESH, _CLIENT_FRESH)),
    ("both-bits", (f"{_SERVER_BITS}=9", f"{_CLIENT_BITS}=9")),
    ("server-both", (_SERVER_FRESH, f"{_SERVER_BITS}=9")),
    ("client-both", (_CLIENT_FRESH, f"{_CLIENT_BITS}=9")),
    ("all", (_SERVER_FRESH, _CLIENT_FRESH, f"{_SERVER_BITS}=10", _CLIENT_BITS)),
    ("all-reversed", (f"{_CLIENT_BITS}=15", f"{_SERVER_BITS}=15", _CLIENT_FRESH, _SERVER_FRESH)),
)
_WORDS = ("merkhet", "merkhet", "star")
_SENT = b"".join(text(deflated(Fixed(word.encode())), rsv=4) for word in _WORDS)
_ECHOED = b"".join(server_text(deflated(Fixed(word.encode())), rsv=4) for word in _WORDS)


def _told(parameters: tuple[str, ...]) -> str:
    return f"with {'; '.join(parameters)}" if parameters else "without parameters"


def _answered_by(parameters: tuple[str, ...]) -> bytes:
    return accepts(*(one for one in parameters if not one.startswith(_CLIENT_BITS)))


def _works(slug: str, parameters: tuple[str, ...]) -> Check:
    head = _answered_by(parameters)
    dead: Stream = in_turns(head, server_close(1002))
    return Check(
        id=f"rfc7692-5-works-{slug}",
        requirement="rfc7692-5-6",
        title=f"Compressed messages come back where an offer {_told(parameters)} was accepted",
        since=SINCE,
        steps=(*deflating(with_(*parameters)), Send(_SENT), Hears(must_echo(*_WORDS), messages=len(_WORDS))),
        good=(head + _ECHOED,),
        mutants=(
            Canned("cannot inflate", dead),
            Canned("echoes what it cannot read", head + server_text("?") * 3),
            Canned("echoes nothing", head),
        ),
    )


_WORKS = tuple(_works(slug, parameters) for slug, parameters in _SETS)
_WELL_FORMED = tuple(
    Check(
        id=f"rfc7692-7-well-formed-{slug}",
        requirement="rfc7692-7-a2",
        title=f"The answer to an offer {_told(parameters)} has no parameter twice and no value that may not be",
        since=SINCE,
        steps=(
            Send(handshake("ws-deflate", offers(with_(*parameters)))),
            Answers({agreed(): PASS, declined: lacks("an acceptance of this offer"), **_UNREADABLE, **REFUSED}),
        ),
        good=(_answered_by(parameters),),
        mutants=(
            Canned("has one twice", accepts(_SERVER_FRESH, _SERVER_FRESH)),
            Canned("gives one a value", accepts(f"{_SERVER_FRESH}=0")),
            Canned("gives the other a value", accepts(f'{_CLIENT_FRESH}="true"')),
            Canned("answers with two", switched_by(offers(PLAIN, PLAIN))),
        ),
    )
    for slug, parameters in _SETS
)

CHECKS = (*_WORKS, *_WELL_FORMED)
