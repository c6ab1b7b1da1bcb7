"""RFC 7692, Sections 5 and 7: sets of parameters, answered in a form that may be and worked by."""

from __future__ import annotations

from merkhet.check import (
    PASS,
    Answers,
    Canned,
    Check,
    Hears,
    Send,
    Stream,
    in_turns,
    lacks,
)
from merkhet.expect_handshake import agreed, declined
from merkhet.suites.deflate_words import Fixed, deflated
from merkhet.suites.rfc7692.agreed import (
    CLIENT_BITS,
    CLIENT_FRESH,
    PLAIN,
    REFUSED,
    SERVER_BITS,
    SERVER_FRESH,
    UNREADABLE,
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

_SETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("plain", ()),
    ("server-takeover", (SERVER_FRESH,)),
    ("client-takeover", (CLIENT_FRESH,)),
    ("server-bits", (f"{SERVER_BITS}=10",)),
    ("client-bits", (CLIENT_BITS,)),
    ("client-bits-value", (f"{CLIENT_BITS}=10",)),
    ("both-takeovers", (SERVER_FRESH, CLIENT_FRESH)),
    ("both-bits", (f"{SERVER_BITS}=9", f"{CLIENT_BITS}=9")),
    ("server-both", (SERVER_FRESH, f"{SERVER_BITS}=9")),
    ("client-both", (CLIENT_FRESH, f"{CLIENT_BITS}=9")),
    ("all", (SERVER_FRESH, CLIENT_FRESH, f"{SERVER_BITS}=10", CLIENT_BITS)),
    ("all-reversed", (f"{CLIENT_BITS}=15", f"{SERVER_BITS}=15", CLIENT_FRESH, SERVER_FRESH)),
)
_WORDS = ("merkhet", "merkhet", "star")
_SENT = b"".join(text(deflated(Fixed(word.encode())), rsv=4) for word in _WORDS)
_ECHOED = b"".join(server_text(deflated(Fixed(word.encode())), rsv=4) for word in _WORDS)


def _told(parameters: tuple[str, ...]) -> str:
    return f"with {'; '.join(parameters)}" if parameters else "without parameters"


def _answered_by(parameters: tuple[str, ...]) -> bytes:
    return accepts(*(one for one in parameters if not one.startswith(CLIENT_BITS)))


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
            Answers({agreed(): PASS, declined: lacks("an acceptance of this offer"), **UNREADABLE, **REFUSED}),
        ),
        good=(_answered_by(parameters),),
        mutants=(
            Canned("has one twice", accepts(SERVER_FRESH, SERVER_FRESH)),
            Canned("gives one a value", accepts(f"{SERVER_FRESH}=0")),
            Canned("gives the other a value", accepts(f'{CLIENT_FRESH}="true"')),
            Canned("answers with two", switched_by(offers(PLAIN, PLAIN))),
        ),
    )
    for slug, parameters in _SETS
)

CHECKS = (*_WORKS, *_WELL_FORMED)
