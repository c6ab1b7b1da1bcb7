"""What the suites of RFC 7692 share: opening a WebSocket that compresses, and the answers of canned servers to an offer."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, WARNING, Answers, Canned, Hears, Send, Step, Stream, Verdict, lacks
from merkhet.expect import Expectation, ended, silent
from merkhet.expect_handshake import agreed, agreement, declined, refused, refused_5xx
from merkhet.expect_websocket import echoes
from merkhet.suites.websocket_words import (
    DEFLATE,
    SWITCHED,
    SWITCHED_DEFLATE,
    handshake,
    offers,
    server_text,
    switched_by,
    text,
)

PLAIN = "permessage-deflate"
TAKEOVER: Mapping[Expectation, Verdict] = {
    agreed("client_no_context_takeover"): lacks("a window that is kept between the client's messages")
}
"""Where a check refers to an earlier message, which the server may ask a client not to do."""


def with_(*parameters: str) -> str:
    """Return an offer, or an answer, with these parameters."""
    return "; ".join((PLAIN, *parameters))


def deflating(offer: str = PLAIN, cases: Mapping[Expectation, Verdict] | None = None) -> tuple[Step, ...]:
    """Return the steps that open a WebSocket with this offer; `cases` come first. A server may decline any offer.

    That it does no worse, and refuses the handshake for it, is for the checks of the answer to say.
    """
    nothing = lacks(f"an acceptance of {offer}")
    answers = {**(cases or {}), agreed(): PASS, declined: nothing, refused: nothing, refused_5xx: nothing}
    return Send(handshake("ws-deflate", offers(offer))), Answers(answers)


def alive_deflating(offer: str = PLAIN, cases: Mapping[Expectation, Verdict] | None = None) -> tuple[Step, ...]:
    """Return the steps that open such a WebSocket and show that it echoes: see `alive`."""
    return *deflating(offer, cases), Send(text("merkhet")), Hears({echoes("merkhet"): PASS}, messages=1)


ALIVE = SWITCHED_DEFLATE + server_text("merkhet")
"""What a canned server sends for `alive_deflating`."""

CAN_DEFLATE: tuple[Step, ...] = (
    Send(handshake("ws-deflate", DEFLATE)),
    Answers({agreement("", lambda found: True): PASS, declined: lacks("an acceptance of permessage-deflate")}),  # noqa: ARG005
)
"""Shown on a connection of its own, before an offer that is to be declined: who declines all of them would pass."""


def accepts(*parameters: str) -> bytes:
    """Return the head of a 101 that accepts with these parameters."""
    return switched_by(offers(with_(*parameters)))


DECLINES = SWITCHED
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"
SERVER_ERROR = b"HTTP/1.1 500 Oops\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"

UNSERVED: Mapping[Expectation, Verdict] = {
    refused_5xx: WARNING.because("an error of the server's own"),
    ended: WARNING.because("the connection ended without an answer"),
    silent: WARNING.because("a complete request got no answer"),
}
REFUSED: Mapping[Expectation, Verdict] = {
    refused: WARNING.because("it refused the handshake, not the offer alone"),
    **UNSERVED,
}
"""A legal offer may be declined, but is no reason to refuse the WebSocket: a near miss."""


def faulty(fault: str, stream: Stream | bytes) -> Canned:
    """Return a server that has shown that it can, and then answers the offer so."""
    return Canned(fault, SWITCHED_DEFLATE, stream)
