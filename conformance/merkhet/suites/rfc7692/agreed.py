"""What the suites of RFC 7692 share: opening a WebSocket that compresses, and the answers of canned servers to an offer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Hears,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    in_turns,
    lacks,
)
from merkhet.expect import Expectation
from merkhet.expect_handshake import agreed, agreement, declined, misagreed, refused, refused_5xx, switched
from merkhet.expect_websocket import echoes
from merkhet.suites.rfc6455.opening import unanswered
from merkhet.suites.websocket_words import (
    DEFLATE,
    SWITCHED,
    SWITCHED_DEFLATE,
    handshake,
    offers,
    server_close,
    server_text,
    switched_by,
    text,
)
from merkhet.suites.words import response

PLAIN = "permessage-deflate"
SERVER_FRESH, CLIENT_FRESH = "server_no_context_takeover", "client_no_context_takeover"
SERVER_BITS, CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"
TAKEOVER: Mapping[Expectation, Verdict] = {
    agreed(CLIENT_FRESH): lacks("a window that is kept between the client's messages")
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
BAD_REQUEST = response(400, b"")
SERVER_ERROR = response(500, b"")

UNSERVED: Mapping[Expectation, Verdict] = unanswered()
UNREADABLE: Mapping[Expectation, Verdict] = {
    misagreed: VIOLATION.because("it answered with a parameter or a value that may not stand there"),
    switched: VIOLATION.because("its answer to the offer cannot be read"),
}
REFUSED: Mapping[Expectation, Verdict] = {
    refused: WARNING.because("it refused the handshake, not the offer alone"),
    **UNSERVED,
}
"""A legal offer may be declined, but is no reason to refuse the WebSocket: a near miss."""


def faulty(fault: str, stream: Stream | bytes) -> Canned:
    """Return a server that has shown that it can, and then answers the offer so."""
    return Canned(fault, SWITCHED_DEFLATE, stream)


DEAF = Canned("answers nothing", SWITCHED_DEFLATE)
HANGS_UP = Canned("hangs up", closes(SWITCHED_DEFLATE))
CANNOT = Canned("closes the WebSocket", in_turns(SWITCHED_DEFLATE, server_close(1007)))
NOISE = hashlib.shake_256(b"merkhet").digest(2 * 32768)
"""Octets that no sender can make smaller: where they come again, a reference reaches back as far as that."""
