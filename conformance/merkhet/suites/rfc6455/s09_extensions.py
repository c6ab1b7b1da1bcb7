"""RFC 6455, Sections 4.2.2, 4.3, 9 and 11.3.2: which extensions a 101 names, whatever was offered."""

from __future__ import annotations

from merkhet.answer import Response
from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, lacks, observed
from merkhet.expect_handshake import agreed, declined, misagreed, refused, refused_4xx, switch, switched
from merkhet.suites.rfc6455.opening import FAILS, HANGS_UP, REFUSES, SAYS_NOTHING, one, unanswered
from merkhet.suites.websocket_words import DEFLATE, SWITCHED, SWITCHED_DEFLATE, handshake, offers, switched_by
from merkhet.wire.extensions import extensions_of

_FIELD = b"Sec-WebSocket-Extensions"
_NO_ANSWER = (REFUSES, FAILS, HANGS_UP, SAYS_NOTHING)
_UNREFUSED = {refused: WARNING.because("a legal handshake was refused"), **unanswered()}

# --- 4.2.2-11 and 9-2: nothing was offered


def _unoffered(check_id: str, requirement: str, title: str, endpoint: str, *lines: bytes) -> Check:
    return one(
        check_id,
        requirement,
        title,
        handshake(endpoint, *lines),
        {
            switch("without Sec-WebSocket-Extensions", lambda it: not it.values(_FIELD)): PASS,
            switched: VIOLATION.because("it names an extension that was not offered"),
            **_UNREFUSED,
        },
        good=SWITCHED,
        mutants=(
            Canned("compresses unasked", SWITCHED_DEFLATE),
            Canned("names one that nobody knows", switched_by(offers("x-merkhet-own"))),
            *_NO_ANSWER,
        ),
    )


_NONE = (
    _unoffered("4.2.2-extensions-none", "4.2.2-11", "Without an offer no extension is named", "ws"),
    _unoffered(
        "4.2.2-extensions-none-deflate",
        "4.2.2-11",
        "Without an offer an endpoint that knows permessage-deflate names no extension",
        "ws-deflate",
    ),
    _unoffered(
        "4.2.2-extensions-other-field",
        "4.2.2-11",
        "An offer in a field of another name is none",
        "ws-deflate",
        b"X-WebSocket-Extensions: permessage-deflate",
        b"Accept-Encoding: deflate, permessage-deflate",
    ),
    _unoffered("9-unrequested", "9-2", "An endpoint answers with no extension where none was asked for", "ws-deflate"),
)

# --- 4.2.2-10 and 9-2: what is named is among what was offered


def _subset(check_id: str, requirement: str, title: str, offer: bytes, *names: bytes, endpoint: str) -> Check:
    def fits(response: Response) -> bool:
        found = extensions_of(response)
        return found is not None and {extension.name for extension in found} <= set(names)

    good = SWITCHED_DEFLATE if b"permessage-deflate" in names else SWITCHED
    return one(
        check_id,
        requirement,
        title,
        handshake(endpoint, offer),
        {
            switch("whose extensions are among those that were offered", fits): PASS,
            switched: VIOLATION.because("it names an extension that was not offered"),
            **_UNREFUSED,
        },
        good=good,
        mutants=(
            Canned("names one of its own", switched_by(offers("x-merkhet-own"))),
            Canned("names one of its own besides", switched_by(_FIELD + b": " + b", ".join((*names, b"x-own")))),
            *(() if b"permessage-deflate" in names else (Canned("compresses unasked", SWITCHED_DEFLATE),)),
            *_NO_ANSWER,
        ),
    )


_DEFLATE_NAME = b"permessage-deflate"
_CHOSEN = (
    _subset(
        "4.2.2-extensions-one",
        "4.2.2-10",
        "Of one extension offered no other is named",
        DEFLATE,
        _DEFLATE_NAME,
        endpoint="ws-deflate",
    ),
    _subset(
        "4.2.2-extensions-several",
        "4.2.2-10",
        "Of several extensions offered no other is named",
        offers("x-merkhet; a=1", "permessage-deflate", "x-other"),
        b"x-merkhet",
        _DEFLATE_NAME,
        b"x-other",
        endpoint="ws-deflate",
    ),
    _subset(
        "4.2.2-extensions-unknown",
        "4.2.2-10",
        "An unknown extension is not answered by permessage-deflate",
        offers("x-merkhet"),
        b"x-merkhet",
        endpoint="ws-deflate",
    ),
    _subset(
        "4.2.2-extensions-alike",
        "4.2.2-10",
        "An extension whose name begins like permessage-deflate is not answered by that",
        offers("permessage-deflate-2"),
        b"permessage-deflate-2",
        endpoint="ws-deflate",
    ),
    _subset(
        "4.2.2-extensions-old",
        "4.2.2-10",
        "The extension x-webkit-deflate-frame is not answered by permessage-deflate",
        offers("x-webkit-deflate-frame"),
        b"x-webkit-deflate-frame",
        endpoint="ws-deflate",
    ),
    _subset(
        "4.2.2-extensions-parameter",
        "4.2.2-10",
        "A parameter named permessage-deflate of another extension is no offer of it",
        offers("x-merkhet; permessage-deflate"),
        b"x-merkhet",
        endpoint="ws-deflate",
    ),
    _subset(
        "9-unrequested-unknown",
        "9-2",
        "An endpoint answers an unknown extension with no other",
        offers("x-merkhet"),
        b"x-merkhet",
        endpoint="ws",
    ),
)

# --- 9.1-4 and 9.1-5: names and parameters

_REGISTERED = frozenset({b"permessage-deflate", b"bbf-usp-protocol"})
"""The registry of RFC 6455, Section 11.4."""


def _registered(response: Response) -> bool:
    return all(extension.name in _REGISTERED for extension in extensions_of(response) or ())


_NAMES = tuple(
    one(
        f"9.1-registered-{slug}",
        "9.1-4",
        f"The extensions of a 101 to {words} are registered ones",
        handshake("ws-deflate", offer),
        {
            switch("whose extensions are registered", _registered): PASS,
            switched: VIOLATION.because("it names an extension that is not registered"),
            **_UNREFUSED,
        },
        good=SWITCHED_DEFLATE,
        mutants=(
            Canned("takes the unknown one", switched_by(offers("x-merkhet"))),
            Canned("takes all", switched_by(offers("permessage-deflate", "x-merkhet"))),
            *_NO_ANSWER,
        ),
    )
    for slug, words, offer in (
        ("known-first", "an offer of a known and an unknown one", offers("permessage-deflate", "x-merkhet")),
        ("unknown-first", "an offer of an unknown and a known one", offers("x-merkhet", "permessage-deflate")),
        ("unknown", "an offer of an unknown one", offers("x-merkhet")),
    )
)
_PARAMETERS = tuple(
    one(
        f"9.1-parameters-{slug}",
        "9.1-5",
        f"The parameters of a 101 to {words} are those of permessage-deflate",
        handshake("ws-deflate", offer),
        {
            misagreed: VIOLATION.because("a parameter stands there that the extension does not have, or as it may not"),
            agreed(): PASS,
            declined: PASS if "unknown" in slug else lacks("permessage-deflate"),
            refused_4xx: PASS if "unknown" in slug else WARNING.because("a legal handshake was refused"),
            **_UNREFUSED,
        },
        good=SWITCHED_DEFLATE,
        mutants=(
            Canned("names an unknown one", switched_by(offers("permessage-deflate; x-merkhet=1"))),
            Canned("names one twice", switched_by(offers("permessage-deflate" + "; server_no_context_takeover" * 2))),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
    )
    for slug, words, offer in (
        ("plain", "a plain offer", DEFLATE),
        (
            "client-bits",
            "an offer that leaves the client's window open",
            offers("permessage-deflate; client_max_window_bits"),
        ),
        ("unknown", "an offer with an unknown parameter", offers("permessage-deflate; x-merkhet=1")),
    )
)

# --- 9-1, 9.1-3 and 11.3.2: some, all, none; and over several lines

_TAKES = {
    misagreed: WARNING.because("what it agrees to is malformed"),
    agreed(): observed("accepts permessage-deflate"),
    declined: observed("declines every extension"),
    **_UNREFUSED,
}


def _may(check_id: str, requirement: str, title: str, *lines: bytes) -> Check:
    return one(
        check_id,
        requirement,
        title,
        handshake("ws-deflate", *lines),
        _TAKES,
        good=SWITCHED_DEFLATE,
        mutants=(Canned("declines it", SWITCHED), *_NO_ANSWER),
    )


_ALLOWED = (
    _may("9-offer", "9-1", "An offer of permessage-deflate may be accepted", DEFLATE),
    _may(
        "9-offer-two",
        "9-1",
        "An offer of two extensions may be accepted in part",
        offers("permessage-deflate", "x-merkhet"),
    ),
    _may("9.1-lines", "9.1-3", "Offers may stand on two lines, the known one first", DEFLATE, offers("x-merkhet")),
    _may("9.1-lines-last", "9.1-3", "Offers may stand on two lines, the known one last", offers("x-merkhet"), DEFLATE),
    _may(
        "11.3.2-lines",
        "11.3.2-1",
        "Sec-WebSocket-Extensions may stand in a request three times",
        offers("x-merkhet"),
        offers("x-other; a=1"),
        DEFLATE,
    ),
    _may(
        "9.1-empty-elements",
        "9.1-3",
        "Empty elements of the list count for nothing",
        _FIELD + b": , permessage-deflate,,",
    ),
)


def _once(slug: str, words: str, *lines: bytes) -> Check:
    return one(
        f"11.3.2-once-{slug}",
        "11.3.2-2",
        f"Sec-WebSocket-Extensions stands in the 101 once at most where {words}",
        handshake("ws-deflate", *lines),
        {
            switch("with one Sec-WebSocket-Extensions at most", lambda it: len(it.values(_FIELD)) <= 1): PASS,
            switched: VIOLATION.because("Sec-WebSocket-Extensions stands there more than once"),
            **_UNREFUSED,
        },
        good=SWITCHED_DEFLATE,
        mutants=(Canned("has it twice", switched_by(DEFLATE, DEFLATE)), *_NO_ANSWER),
    )


_ONCE = (
    _once("offer", "one extension was offered", DEFLATE),
    _once("lines", "two lines offered one each", DEFLATE, offers("permessage-deflate; server_no_context_takeover")),
)

CHECKS = (*_NONE, *_CHOSEN, *_NAMES, *_PARAMETERS, *_ALLOWED, *_ONCE)
