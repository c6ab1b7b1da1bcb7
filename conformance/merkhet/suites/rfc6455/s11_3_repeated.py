"""RFC 6455, Section 11.3: fields that a client may send once, and that a server sends once."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, observed
from merkhet.expect_handshake import accept_of, refused, switch, switched, switches
from merkhet.suites.rfc6455.opening import FAILS, HANGS_UP, REFUSES, SAYS_NOTHING, one, unanswered
from merkhet.suites.websocket_words import DEFLATE, KEY, OTHER_KEYS, SWITCHED, handshake, switched_by

_OTHER = next(iter(OTHER_KEYS))
_NO_ANSWER = (REFUSES, FAILS, HANGS_UP, SAYS_NOTHING)

# --- 11.3.1-1: two keys


def _two_keys(slug: str, words: str, first: bytes, second: bytes) -> Check:
    joined = (first + b", " + second, first + b"," + second)
    return one(
        f"11.3.1-{slug}",
        "11.3.1-1",
        f"What becomes of a handshake with {words} is told",
        handshake("ws", b"Sec-WebSocket-Key: " + second, key=first),
        {
            switches(first): observed(f"takes the first of {words}"),
            switches(second): observed(f"takes the last of {words}"),
            **{switches(key): observed(f"takes {words} for one key") for key in joined},
            switched: WARNING.because("the accept fits neither key"),
            refused: observed(f"refuses {words}"),
            **unanswered(),
        },
        good=REFUSES.streams[0],
        mutants=(
            Canned("takes the first", switched_by(key=first)),
            Canned("joins them", switched_by(key=joined[0])),
            Canned("accepts another key", switched_by(key=b"bWVya2hldCBjb25mb3JtLg==")),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
    )


_KEYS = (_two_keys("key-twice", "the same key twice", KEY, KEY), _two_keys("two-keys", "two keys", KEY, _OTHER))

# --- 11.3.5-2: two versions


def _two_versions(slug: str, words: str, first: bytes, second: bytes) -> Check:
    return one(
        f"11.3.5-{slug}",
        "11.3.5-2",
        f"What becomes of a handshake with {words} is told",
        handshake("ws", b"Sec-WebSocket-Version: " + second, version=first),
        {
            switches(): observed(f"takes {words}"),
            switched: WARNING.because("the 101 is wrong"),
            refused: observed(f"refuses {words}"),
            **unanswered(),
        },
        good=REFUSES.streams[0],
        mutants=(
            Canned("takes it", SWITCHED),
            Canned("accepts another key", switched_by(key=_OTHER)),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
    )


_VERSIONS = (
    _two_versions("version-twice", "version 13 on two lines", b"13", b"13"),
    _two_versions("version-13-8", "version 13 on one line and 8 on the next", b"13", b"8"),
    _two_versions("version-8-13", "version 8 on one line and 13 on the next", b"8", b"13"),
)

# --- 11.3.3-1: one accept

_ACCEPT = b"Sec-WebSocket-Accept"


def _one_accept(slug: str, words: str, *lines: bytes, endpoint: str = "ws") -> Check:
    return one(
        f"11.3.3-once-{slug}",
        "11.3.3-1",
        f"Sec-WebSocket-Accept stands in the 101 to {words} once",
        handshake(endpoint, *lines),
        {
            switch("with Sec-WebSocket-Accept once", lambda it: len(it.values(_ACCEPT)) == 1): PASS,
            switched: VIOLATION.because("Sec-WebSocket-Accept does not stand there once"),
            refused: WARNING.because("a legal handshake was refused"),
            **unanswered(),
        },
        good=SWITCHED,
        mutants=(
            Canned("has it twice", switched_by(_ACCEPT + b": " + accept_of(KEY))),
            Canned("has another besides", switched_by(_ACCEPT + b": " + accept_of(_OTHER))),
            Canned("has none", SWITCHED.replace(_ACCEPT, b"X-Accept")),
            *_NO_ANSWER,
        ),
    )


_ACCEPTS = (
    _one_accept("plain", "a plain handshake"),
    _one_accept("client-accept", "a handshake that brings one along", _ACCEPT + b": " + accept_of(_OTHER)),
    _one_accept("offer", "a handshake with an offer", DEFLATE, endpoint="ws-deflate"),
)

CHECKS = (*_KEYS, *_VERSIONS, *_ACCEPTS)
