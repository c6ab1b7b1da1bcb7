"""RFC 7692, Sections 5 and 7: offers that a server has to decline, and several offers at once."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    BREACH,
    PASS,
    VIOLATION,
    Answers,
    Check,
    Hears,
    On,
    Send,
    Verdict,
    in_turns,
    observed,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, declined, misagreed, refused, switched
from merkhet.suites.deflate_words import Fixed, deflated
from merkhet.suites.rfc7692.agreed import (
    BAD_REQUEST,
    CAN_DEFLATE,
    DECLINES,
    PLAIN,
    REFUSED,
    SERVER_ERROR,
    UNSERVED,
    accepts,
    faulty,
    with_,
)
from merkhet.suites.websocket_words import (
    DEFLATE,
    SWITCHED_DEFLATE,
    handshake,
    must_echo,
    offers,
    server_close,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import SINCE

_HELLO = deflated(Fixed(b"Hello"))
_ECHO = server_text(_HELLO, rsv=4)

# --- offers that are to be declined

_BAD: Mapping[Expectation, Verdict] = {
    misagreed: BREACH.because("it accepted, with a parameter that may not stand in an answer"),
    agreed(): VIOLATION.because("it accepted the offer"),
    declined: PASS,
    switched: BREACH.because("its answer to the offer cannot be read"),
    refused: PASS,
    **UNSERVED,
}


def _declined(slug: str, requirement: str, title: str, *parameters: str, note: str, read: str = PLAIN) -> Check:
    """An offer that is none, with these parameters. `read` is the answer of a careless server."""
    return Check(
        id=f"rfc7692-7-{slug}",
        requirement=f"rfc7692-{requirement}",
        title=title,
        since=SINCE,
        steps=(*CAN_DEFLATE, On(1), Send(handshake("ws-deflate", offers(with_(*parameters)))), Answers(_BAD)),
        good=(SWITCHED_DEFLATE, DECLINES),
        mutants=(
            faulty("repeats it", accepts(*parameters)),
            faulty("accepts it", switched_by(offers(read))),
            faulty("fails over it", SERVER_ERROR),
        ),
        note=note,
    )


_UNKNOWN = tuple(
    _declined(
        f"unknown-{slug}",
        "7-1-a1",
        f"An offer with {words} is declined",
        *parameters,
        note="Some servers pass over what they do not know, and the connection works by what they answered: a warning.",
    )
    for slug, words, parameters in (
        ("parameter", "an unknown parameter", ("merkhet",)),
        ("parameter-value", "an unknown parameter that has a value", ("merkhet=1",)),
        ("behind-known", "an unknown parameter behind a known one", ("client_max_window_bits", "merkhet")),
        ("before-known", "an unknown parameter before a known one", ("merkhet", "client_no_context_takeover")),
        ("near", "a parameter that only begins like a known one", ("server_no_context_takeovers",)),
        ("of-webkit", "a parameter of x-webkit-deflate-frame", ("no_context_takeover",)),
    )
)

_VALUES: tuple[tuple[str, str], ...] = (
    ("server-bits-7", "server_max_window_bits=7"),
    ("server-bits-16", "server_max_window_bits=16"),
    ("server-bits-0", "server_max_window_bits=0"),
    ("server-bits-010", "server_max_window_bits=010"),
    ("server-bits-plus", "server_max_window_bits=+10"),
    ("server-bits-minus", "server_max_window_bits=-10"),
    ("server-bits-point", "server_max_window_bits=10.0"),
    ("server-bits-word", "server_max_window_bits=ten"),
    ("server-bits-huge", "server_max_window_bits=4294967306"),
    ("server-bits-quoted-7", 'server_max_window_bits="7"'),
    ("server-bits-none", "server_max_window_bits"),
    ("server-bits-empty", 'server_max_window_bits=""'),
    ("client-bits-7", "client_max_window_bits=7"),
    ("client-bits-16", "client_max_window_bits=16"),
    ("client-bits-0", "client_max_window_bits=0"),
    ("client-bits-010", "client_max_window_bits=010"),
    ("client-bits-word", "client_max_window_bits=ten"),
    ("client-bits-empty", 'client_max_window_bits=""'),
    ("server-takeover-value", "server_no_context_takeover=1"),
    ("server-takeover-true", "server_no_context_takeover=true"),
    ("client-takeover-value", "client_no_context_takeover=1"),
    ("client-takeover-quoted", 'client_no_context_takeover="true"'),
)
_INVALID = tuple(
    _declined(
        f"invalid-{slug}",
        "7-1-a2",
        f"An offer with {parameter} is declined",
        parameter,
        note="Some servers read such a value as the number that it looks like, and say so in their answer: a warning.",
        read=with_("server_max_window_bits=10"),
    )
    for slug, parameter in _VALUES
)

_TWICE = tuple(
    _declined(
        f"twice-{slug}",
        "7-1-a3",
        f"An offer with {words} is declined",
        *parameters,
        note="Some servers read one of the two, and say so in their answer: a warning. To repeat both is a breach.",
    )
    for slug, words, parameters in (
        ("server-takeover", "server_no_context_takeover twice", ("server_no_context_takeover",) * 2),
        ("client-takeover", "client_no_context_takeover twice", ("client_no_context_takeover",) * 2),
        ("server-bits", "one server_max_window_bits twice", ("server_max_window_bits=10",) * 2),
        ("server-bits-two", "two server_max_window_bits", ("server_max_window_bits=10", "server_max_window_bits=12")),
        ("client-bits", "client_max_window_bits twice", ("client_max_window_bits",) * 2),
        ("client-bits-two", "two client_max_window_bits", ("client_max_window_bits", "client_max_window_bits=10")),
    )
)

# --- several offers

_ONE_OF: Mapping[Expectation, Verdict] = {
    misagreed: VIOLATION.because("it accepted, with a parameter that may not stand in an answer"),
    agreed("client_max_window_bits"): VIOLATION.because(
        "it answered with a client_max_window_bits that was not offered"
    ),
    agreed(): PASS.then(Send(text(_HELLO, rsv=4)), Hears(must_echo("Hello"), messages=1)),
    declined: observed("declines all of several offers"),
    switched: VIOLATION.because("its answer to the offers cannot be read"),
    **REFUSED,
}


def _several(slug: str, title: str, *lines: bytes) -> Check:
    return Check(
        id=f"rfc7692-7-{slug}",
        requirement="rfc7692-7-1-a4",
        title=title,
        since=SINCE,
        steps=(*CAN_DEFLATE, On(1), Send(handshake("ws-deflate", *lines)), Answers(_ONE_OF)),
        good=(SWITCHED_DEFLATE, SWITCHED_DEFLATE + _ECHO),
        mutants=(
            faulty("answers with what was not offered", accepts("client_max_window_bits=10") + _ECHO),
            faulty("answers with an invalid value", accepts("server_max_window_bits=7") + _ECHO),
            faulty("accepts all", switched_by(offers(PLAIN, PLAIN)) + _ECHO),
            faulty("accepts and cannot inflate", in_turns(SWITCHED_DEFLATE, server_close(1002))),
            faulty("declines all", DECLINES),
            faulty("refuses the handshake", BAD_REQUEST),
        ),
        note="A server may decline every offer; it may not refuse the WebSocket for it, which is a near miss.",
    )


_SEVERAL = (
    _several(
        "offers-invalid-first",
        "An invalid offer does no harm to a valid one behind it",
        offers(with_("server_max_window_bits=7"), PLAIN),
    ),
    _several(
        "offers-unknown-first",
        "An offer with an unknown parameter does no harm to a valid one behind it",
        offers(with_("merkhet"), PLAIN),
    ),
    _several(
        "offers-twice-first",
        "An offer with a parameter twice does no harm to a valid one behind it",
        offers(with_("server_no_context_takeover", "server_no_context_takeover"), PLAIN),
    ),
    _several(
        "offers-bits-8-first",
        "The smallest window is accepted, or the offer behind it is",
        offers(with_("server_max_window_bits=8"), PLAIN),
    ),
    _several(
        "offers-takeover-first",
        "An offer without takeover is accepted, or the one behind it is",
        offers(with_("server_no_context_takeover"), PLAIN),
    ),
    _several(
        "offers-invalid-last",
        "An invalid offer behind a valid one does no harm",
        offers(PLAIN, with_("server_max_window_bits=16")),
    ),
    _several(
        "offers-other-first",
        "An unknown extension does no harm to an offer behind it",
        offers("merkhet; a=1; b", PLAIN),
    ),
    _several("offers-other-last", "An unknown extension behind an offer does no harm", offers(PLAIN, 'merkhet; a="b"')),
    _several(
        "offers-two-lines",
        "Two offers in two field lines are read as one list",
        offers(with_("server_max_window_bits=7")),
        DEFLATE,
    ),
    _several(
        "offers-no-spaces",
        "An offer without spaces is read",
        b"Sec-WebSocket-Extensions:merkhet;a=1,permessage-deflate;server_no_context_takeover",
    ),
    _several(
        "offers-spaces",
        "An offer with spaces and tabs around its separators is read",
        b"Sec-WebSocket-Extensions: merkhet ;\ta = 1 ,\tpermessage-deflate ; server_no_context_takeover",
    ),
)


CHECKS = (*_UNKNOWN, *_INVALID, *_TWICE, *_SEVERAL)
