"""RFC 9110, Sections 7.4, 7.6.1 and 7.8: requests for another scheme, connection options, and changes of the protocol."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Verdict,
    closes,
    lacks,
    observed,
)
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    as_preflight,
    ended,
    field,
    interim,
    silent,
    status,
    status_2xx,
    status_3xx,
    status_4xx,
)
from merkhet.expect_response import secured
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    SILENT_SERVER,
    asks_for_the_end,
    one_answer,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import DATE, OK, REFUSED, SINCE, response

# --- 7.4: a request for another scheme

_FOR_HTTP = WARNING.because("served as if it were for http: unsafe, unless a gateway in front speaks TLS")


def _secure(slug: str, requirement: str, words: str, data: bytes, *, to: str = "GET") -> Check:
    good = REFUSED if to != "HEAD" else closes(REFUSED.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return one_answer(
        f"rfc9110-7.4-{slug}",
        requirement,
        f"{words} over a connection without TLS is refused",
        data,
        {
            secured: lacks("a connection without TLS"),
            status_4xx: PASS,
            status_3xx: PASS,
            ended: PASS,
            status_2xx: _FOR_HTTP,
            **unserved(),
            answered: WARNING.because("something else came"),
        },
        good=good,
        mutants=(Canned("serves it", OK if to != "HEAD" else OK.removesuffix(b"ok")), FAILS, SILENT_SERVER),
        to=to,
    )


# --- 7.6.1-a1: connection options have no case


def _closing(slug: str, value: bytes) -> Check:
    return asks_for_the_end(
        f"rfc9110-7.6.1-close-{slug}",
        "rfc9110-7.6.1-a1",
        f"Connection: {value.decode()} ends the connection",
        b"Connection: " + value,
    )


# --- 7.8: changes of the protocol

KEY = (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13")
ACCEPT = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    + DATE
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    + ACCEPT
    + b"\r\n\r\n"
)


def handshake(
    upgrade: bytes = b"websocket", *lines: bytes, method: bytes = b"GET", to: bytes = b"{ws}", version: bytes = b"1.1"
) -> bytes:
    """Return a WebSocket handshake, or what looks like one."""
    return request(method, b"Connection: Upgrade", b"Upgrade: " + upgrade, *KEY, *lines, to=to, version=version)


WS_TWIN = Exchange(request=handshake(), answer=status(101), good=SWITCHED)
_SWITCHES = VIOLATION.because("it switched to what was not offered, or may not be")


def _ignored(slug: str, words: str, *lines: bytes) -> Check:
    return one_answer(
        f"rfc9110-7.8-ignored-{slug}",
        "rfc9110-7.8-2",
        f"An offer of {words} may be ignored, and is no reason to refuse",
        request(b"GET", b"Connection: Upgrade, HTTP2-Settings", *lines),
        {
            status(101): observed("takes the offer"),
            as_preflight(): observed("ignores the offer"),
            status_4xx: WARNING.because("refused for an offer"),
            **unserved(),
            answered: WARNING.because("answered otherwise than without the offer"),
        },
        good=OK,
        mutants=(Canned("refuses it", REFUSED), FAILS, HANGS_UP, SILENT_SERVER),
    )


def _unoffered(slug: str, words: str, data: bytes, requirement: str = "rfc9110-7.8-5", to: str = "GET") -> Check:
    version = "1.0" if b"HTTP/1.0" in data else "1.1"
    return one_answer(
        f"rfc9110-7.8-{slug}",
        requirement,
        f"{words}: there is no 101",
        data,
        {status(101): _SWITCHES, answered: PASS, **unanswered(), ended: PASS},
        good=response(400, b"no"),
        mutants=(Canned("switches", SWITCHED), SILENT_SERVER),
        to=to,
        version=version,
        twin=WS_TWIN if b"{ws}" in data else None,
    )


def _names(slug: str, name: bytes) -> Check:
    return one_answer(
        f"rfc9110-7.8-name-{slug}",
        "rfc9110-7.8-3",
        f"Upgrade: {name.decode()} is websocket",
        handshake(name),
        {
            status(101): PASS,
            answered: VIOLATION.because("the name of the protocol was not known by another case"),
            **unanswered(),
        },
        good=SWITCHED,
        mutants=(Canned("does not know it", response(400, b"no")), Canned("ignores it", OK), HANGS_UP, SILENT_SERVER),
        twin=WS_TWIN,
    )


_NAMED: Mapping[Expectation, Verdict] = {
    all_of(status(101), field(b"Upgrade", b"websocket")): PASS,
    status(101): VIOLATION.because("a 101 that does not say to what"),
    answered: WARNING.because("a legal handshake was refused"),
    **unanswered(),
}
_UNNAMED = SWITCHED.replace(b"Upgrade: websocket\r\n", b"")
_OLD_VERSION = request(
    b"GET", b"Connection: Upgrade", b"Upgrade: websocket", KEY[0], b"Sec-WebSocket-Version: 12", to=b"{ws}"
)

WEBSOCKET = (
    _names("capitals", b"WebSocket"),
    _names("upper", b"WEBSOCKET"),
    one_answer(
        "rfc9110-7.8-named", "rfc9110-7.8-4", "A 101 says to which protocol it switches", handshake(), _NAMED,
        good=SWITCHED, mutants=(Canned("says nothing", _UNNAMED), HANGS_UP, SILENT_SERVER), twin=WS_TWIN,
    ),
    one_answer(
        "rfc9110-7.8-required", "rfc9110-7.8-7", "A 426 says to which protocol one must change", _OLD_VERSION,
        {
            all_of(status(426), field(b"Upgrade")): PASS,
            status(426): VIOLATION.because("a 426 that does not say to what"),
            status(101): WARNING.because("it switched, though the version is none of its own"),
            answered: lacks("426"),
            **unanswered(),
        },
        good=response(426, b"no", b"Upgrade: websocket", b"Connection: Upgrade"),
        mutants=(Canned("says nothing", response(426, b"no")), HANGS_UP, SILENT_SERVER), twin=WS_TWIN,
    ),
    _unoffered("method-head", "A HEAD with a handshake", handshake(method=b"HEAD"), "rfc9110-7.8-9", to="HEAD"),
    _unoffered("old", "A handshake in HTTP/1.0", handshake(version=b"1.0"), "rfc9110-7.8-11"),
    _unoffered("offers-other", "An offer of another protocol with the key of a handshake", handshake(b"merkhet")),
    _unoffered("offers-nothing", "A key without an offer", request(b"GET", *KEY, to=b"{ws}")),
    Check(
        id="rfc9110-7.8-continue",
        requirement="rfc9110-7.8-12",
        title="Before a 101 to a request that waits with its content there is a 100",
        since=SINCE,
        steps=(
            Send(handshake(b"websocket", b"Expect: 100-continue", b"Content-Length: 5")),
            Answers(
                {
                    all_of(interim(100), status(101)): PASS,
                    status(101): VIOLATION.because("101 came, and no 100 before it"),
                    interim(100): PASS,
                    answered: PASS,
                    silent: PASS,
                    ended: PASS,
                },
                quiet=True,
            ),
        ),
        good=(b"HTTP/1.1 100 Continue\r\n\r\n" + SWITCHED,),
        mutants=(Canned("switches at once", SWITCHED),),
        twin=WS_TWIN,
    ),
)  # fmt: skip

CHECKS = (
    _secure("https-root", "rfc9110-7.4-2", "A request for an https URI", request(to=b"https://{host}{root}")),
    _secure("https-upper-case", "rfc9110-7.4-2", "A request for an HTTPS URI", request(to=b"HTTPS://{host}{root}")),
    _secure("https-head", "rfc9110-7.4-2", "A HEAD for an https URI", request(b"HEAD", to=b"https://{host}{root}"), to="HEAD"),
    _secure("https-query", "rfc9110-7.4-1", "A request for an https URI with a query", request(to=b"https://{host}{root}?a=b")),
    _closing("upper", b"CLOSE"),
    _closing("capital", b"Close"),
    _closing("mixed", b"cLoSe"),
    _closing("listed", b"X-Merkhet, CLOSE"),
    _ignored("h2c", "h2c", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    _ignored("tls", "TLS", b"Upgrade: TLS/1.0"),
    _ignored("unknown", "what nobody knows", b"Upgrade: merkhet/99"),
    _ignored("several", "several protocols", b"Upgrade: merkhet/99, h2c, IRC/6.9", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    _unoffered("root-offers-other", "An offer of what nobody knows, to the root", handshake(b"merkhet", to=b"{root}")),
    _unoffered("root-old", "An offer in HTTP/1.0, to the root", handshake(to=b"{root}", version=b"1.0"), "rfc9110-7.8-11"),
    *WEBSOCKET,
)  # fmt: skip
