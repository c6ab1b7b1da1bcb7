"""RFC 6455, Sections 4.2.2, 10.2 and 10.7: how a handshake is refused, for its origin, its path or its faults."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, Verdict, closes, observed
from merkhet.expect import Expectation, ended, garbage, silent, status, status_2xx, status_3xx, status_4xx
from merkhet.expect_handshake import refused_4xx, refused_5xx, switched, switches
from merkhet.suites.rfc6455.opening import (
    FAILS,
    HANGS_UP,
    OWN_ERROR,
    SAYS_NOTHING,
    one,
    unanswered,
)
from merkhet.suites.websocket_words import SWITCHED, WS_TWIN, handshake, server_close, server_text
from merkhet.suites.words import OK, REFUSED, SINCE, response

# --- 10.2-2 and 4.2.2-5: origins

_FORBIDDEN = closes(response(403, b"no", close=True))
_ORIGINS: tuple[tuple[str, str, bytes], ...] = (
    ("foreign", "a foreign origin", b"http://merkhet.invalid"),
    ("null", "the origin null", b"null"),
    ("https", "a foreign origin with https and a port", b"https://merkhet.invalid:8443"),
    ("alike", "an origin that begins like its own", b"{scheme}://{host}.merkhet.invalid"),
    ("none", "an origin that is no URI", b"merkhet"),
)


def _refused_with(slug: str, words: str, origin: bytes) -> Check:
    return one(
        f"10.2-origin-{slug}",
        "10.2-2",
        f"A handshake from {words} that is not accepted is refused with 403",
        handshake("ws", b"Origin: " + origin),
        {
            switches(): observed(f"accepts {words}"),
            status(403): PASS,
            status_4xx: VIOLATION.because("refused, but not with 403"),
            status_2xx: VIOLATION.because("refused, but with a status of success"),
            status_3xx: observed(f"sends {words} somewhere else"),
            **unanswered(),
        },
        good=_FORBIDDEN,
        mutants=(
            Canned("accepts it", SWITCHED),
            Canned("refuses it with 400", REFUSED),
            Canned("refuses it with 200", OK),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
    )


_BY_ORIGIN = tuple(_refused_with(*row) for row in _ORIGINS)
_OWN_ORIGIN = one(
    "10.2-origin-own",
    "10.2-2",
    "A handshake from the server's own origin is accepted, or refused with 403",
    handshake("ws", b"Origin: {scheme}://{host}"),
    {
        switches(): PASS,
        status(403): WARNING.because("it refused its own origin"),
        status_4xx: WARNING.because("it refused its own origin, and not with 403"),
        **unanswered(),
    },
    good=SWITCHED,
    mutants=(Canned("refuses it", _FORBIDDEN), FAILS, HANGS_UP, SAYS_NOTHING),
)

_NO_FRAMES: Mapping[Expectation, Verdict] = {
    ended: PASS,
    silent: PASS,
    garbage: VIOLATION.because("frames, or other octets, came behind the refusal"),
    switched: VIOLATION.because("a 101 came behind the refusal"),
}
_ABORTS = Check(
    id="rfc6455-4.2.2-refusal-of-origin",
    requirement="rfc6455-4.2.2-5",
    title="A handshake that is refused for its origin gets an HTTP error, and no frames",
    since=SINCE,
    steps=(
        Send(handshake("ws", b"Origin: http://merkhet.invalid")),
        Answers(
            {
                switches(): observed("accepts every origin").then(),
                status_4xx: PASS,
                status_3xx: observed("sends a foreign origin somewhere else"),
                status_2xx: VIOLATION.because("refused, but with a status of success"),
                **unanswered(),
            }
        ),
        Answers(_NO_FRAMES, quiet=True),
    ),
    good=(_FORBIDDEN,),
    mutants=(
        Canned("accepts it", SWITCHED),
        Canned("refuses it with 200", OK),
        Canned("sends a Close behind the refusal", closes(response(403, b"no") + server_close(1008))),
        Canned("sends a message behind the refusal", response(403, b"no") + server_text("merkhet")),
        FAILS,
        HANGS_UP,
        SAYS_NOTHING,
    ),
    twin=WS_TWIN,
)
_VERSION_ABORTS = Check(
    id="rfc6455-4.2.2-refusal-without-frames",
    requirement="rfc6455-4.2.2-5",
    title="A handshake that is refused for its version gets an HTTP error, and no frames",
    since=SINCE,
    steps=(
        Send(handshake(version=b"99")),
        Answers(
            {
                status_4xx: PASS,
                switched: VIOLATION.because("it switched all the same"),
                status_2xx: VIOLATION.because("refused, but with a status of success"),
                status_3xx: observed("redirects what it does not speak"),
                **unanswered(),
            }
        ),
        Answers(_NO_FRAMES, quiet=True),
    ),
    good=(REFUSED,),
    mutants=(
        Canned("switches", SWITCHED),
        Canned("refuses it with 200", OK),
        Canned("sends a Close behind the refusal", closes(response(400, b"no") + server_close(1002))),
        Canned("switches after it has refused", response(400, b"no") + SWITCHED),
        FAILS,
        HANGS_UP,
        SAYS_NOTHING,
    ),
    twin=WS_TWIN,
)

# --- 4.2.2-7: paths


def _nowhere(slug: str, words: str, to: bytes) -> Check:
    return one(
        f"4.2.2-path-{slug}",
        "4.2.2-7",
        f"A handshake to {words} is refused with an HTTP error",
        handshake(to=to),
        {
            switched: observed(f"takes a handshake to {words}"),
            status_4xx: PASS,
            status_3xx: observed(f"sends a handshake to {words} somewhere else"),
            status_2xx: WARNING.because("refused, but with a status of success"),
            **unanswered(),
        },
        good=response(404, b"nothing"),
        mutants=(
            Canned("takes it", SWITCHED),
            Canned("answers as a plain GET", OK),
            FAILS,
            HANGS_UP,
            SAYS_NOTHING,
        ),
        note="A server with one service may have it at every path.",
    )


_BY_PATH = (
    _nowhere("below", "a path below the endpoint's", b"{ws}/merkhet-{nonce}"),
    _nowhere("beside", "a path beside the endpoint's", b"{ws}-merkhet-{nonce}"),
    _nowhere("other", "a path that no application has", b"{root}merkhet-nothing-here-{nonce}"),
)

# --- 10.7-4: a status in place of a bare end

_FAULTS: tuple[tuple[str, str, bytes], ...] = (
    ("key-absent", "without a key", handshake(key=None)),
    ("key-empty", "with an empty key", handshake(key=b"")),
    ("version-absent", "without a version", handshake(version=None)),
    ("version-word", "with a word for its version", handshake(version=b"abc")),
    ("upgrade-absent", "without Upgrade", handshake(upgrade=None)),
    ("upgrade-other", "with an Upgrade to something else", handshake(upgrade=b"merkhet")),
    ("connection-absent", "without Connection", handshake(connection=None)),
    ("host-absent", "without Host", handshake(host=None)),
    ("line-no-colon", "with a line that has no colon", handshake("ws", b"merkhet")),
    ("name-invalid", "with a field name that is none", handshake("ws", b"mer(khet): 1")),
)


def _told(slug: str, words: str, data: bytes) -> Check:
    return one(
        f"10.7-status-{slug}",
        "10.7-4",
        f"A handshake {words} gets an HTTP status, and no bare end",
        data,
        {
            refused_4xx: PASS,
            refused_5xx: OWN_ERROR,
            switched: observed(f"takes a handshake {words}"),
            status_3xx: observed(f"redirects a handshake {words}"),
            status_2xx: observed(f"answers a handshake {words} as a plain GET"),
            ended: VIOLATION.because("the connection ended without an answer"),
            silent: VIOLATION.because("a complete request got no answer"),
        },
        good=REFUSED,
        mutants=(Canned("takes it", SWITCHED), FAILS, HANGS_UP, SAYS_NOTHING),
        note="Whether it must be refused at all is for the rules of Section 4.2.1.",
    )


_BY_FAULT = tuple(_told(*row) for row in _FAULTS)

CHECKS = (*_BY_ORIGIN, _OWN_ORIGIN, _ABORTS, _VERSION_ABORTS, *_BY_PATH, *_BY_FAULT)
