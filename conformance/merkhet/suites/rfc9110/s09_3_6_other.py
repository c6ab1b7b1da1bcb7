"""RFC 9110, Sections 9.3.6 to 9.3.8: CONNECT, OPTIONS, TRACE."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Exchange, observed
from merkhet.expect import (
    all_of,
    answered,
    any_of,
    ended,
    field,
    status,
    status_2xx,
    status_3xx,
)
from merkhet.expect_kept import arrived
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    SILENT_SERVER,
    bare,
    one_answer,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import DATE, OK, REFUSED, response

# --- 9.3.6-2: a port that is none

_TUNNEL = b"HTTP/1.1 200 \r\n" + DATE + b"\r\n"
PORTS: tuple[tuple[str, str, bytes], ...] = (
    ("empty", "an empty port", b"example.com:"),
    ("none", "no port at all", b"example.com"),
    ("too-high", "the port 65536", b"example.com:65536"),
    ("far-too-high", "a port of twelve digits", b"example.com:999999999999"),
    ("word", "a word for a port", b"example.com:http"),
    ("minus", "a port below zero", b"example.com:-80"),
    ("hexadecimal", "a port with a 0x prefix", b"example.com:0x50"),
    ("two", "two ports", b"example.com:80:80"),
    ("empty-literal", "an address in brackets and an empty port", b"[::1]:"),
    ("literal-word", "an address in brackets and a word for a port", b"[::1]:http"),
)


def _port(slug: str, words: str, authority: bytes) -> Check:
    return one_answer(
        f"rfc9110-9.3.6-port-{slug}",
        "rfc9110-9.3.6-2",
        f"CONNECT to {words} is refused",
        b"CONNECT %s HTTP/1.1\r\nHost: example.com\r\n\r\n" % authority,
        {
            status_2xx: VIOLATION.because("a tunnel to a port that is none"),
            status(501): PASS,
            **unserved(),
            ended: PASS,
            answered: PASS,
        },
        good=REFUSED,
        mutants=(Canned("opens a tunnel", _TUNNEL), Canned("answers it as GET", OK), FAILS, SILENT_SERVER),
        to="CONNECT",
        note="A refusal of any kind will do, the end of the connection too.",
    )


UNFRAMED = one_answer(
    "rfc9110-9.3.6-no-length-in-tunnel",
    "rfc9110-9.3.6-6",
    "A successful answer to CONNECT has neither Content-Length nor Transfer-Encoding",
    b"CONNECT {connect} HTTP/1.1\r\nHost: {connect}\r\n\r\n",
    {
        all_of(status_2xx, any_of(field(b"Content-Length"), field(b"Transfer-Encoding"))): VIOLATION.because(
            "a field about the length of content, where a tunnel begins"
        ),
        status_2xx: PASS,
        **unserved(),
        answered: observed("no tunnel is opened"),
    },
    good=_TUNNEL,
    mutants=(
        Canned("sends Content-Length", response(200, b"")),
        Canned("sends Transfer-Encoding", b"HTTP/1.1 200 \r\n" + DATE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        FAILS,
    ),
    to="CONNECT",
)

# --- 9.3.7-1: OPTIONS

OPTIONS: tuple[tuple[str, str, bytes], ...] = (
    ("root", "the root", b"{root}"),
    ("param", "a parameter", b"{param:merkhet}"),
    ("file", "a file", b"{files:merkhet.txt}"),
    ("mutable", "what takes PUT and DELETE", b"{mutable:merkhet-{nonce}}"),
    ("form", "what takes POST", b"{form}"),
    ("redirect", "what redirects", b"{redirect}"),
    ("auth", "what asks for credentials", b"{auth}"),
)


def _options(slug: str, words: str, target: bytes) -> Check:
    return one_answer(
        f"rfc9110-9.3.7-allow-{slug}",
        "rfc9110-9.3.7-1",
        f"A successful answer to OPTIONS of {words} says which methods there are",
        request(b"OPTIONS", to=target),
        {
            all_of(status_2xx, field(b"Allow")): PASS,
            status_2xx: VIOLATION.because("a successful answer to OPTIONS without Allow"),
            status(501): observed("there is no OPTIONS"),
            **unserved(),
            answered: observed("OPTIONS is not answered with success there"),
        },
        good=bare(204, b"Allow: GET, HEAD, OPTIONS"),
        mutants=(Canned("says nothing", bare(204)), Canned("answers it as GET", OK), FAILS, HANGS_UP),
        to="OPTIONS",
    )


# --- 9.3.8: TRACE

_TYPED = b"Content-Type: message/http"


def traced(*lines: bytes) -> bytes:
    """Return a canned answer that reflects a TRACE with these field lines; no placeholder but the path in it."""
    return response(
        200, b"TRACE /trace HTTP/1.1\r\nHost: h\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n", _TYPED
    )


_REFLECTED = all_of(status(200), arrived(b"TRACE"), arrived(b"merkhet-traced"))
TRACES: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("field", "its fields", b"X-Merkhet: merkhet-traced", b"{trace}"),
    ("query", "its target with a query", b"X-Merkhet: a", b"{trace}?merkhet-traced"),
    ("via", "its Via", b"Via: 1.1 merkhet-traced", b"{trace}"),
    ("forwards", "a Max-Forwards of zero beside it", b"Max-Forwards: 0\r\nX-Merkhet: merkhet-traced", b"{trace}"),
    ("long", "a field of 2000 octets", b"X-Merkhet: merkhet-traced" + b"a" * 2000, b"{trace}"),
)  # fmt: skip


def _reflects(slug: str, words: str, line: bytes, target: bytes) -> Check:
    return one_answer(
        f"rfc9110-9.3.8-reflects-{slug}",
        "rfc9110-9.3.8-1",
        f"An answer to TRACE has the request with {words} in it",
        request(b"TRACE", line, to=target),
        {
            _REFLECTED: PASS,
            status_2xx: VIOLATION.because("TRACE was served, and the request does not stand in the content"),
            status(501): observed("there is no TRACE"),
            **unserved(),
            answered: observed("TRACE is refused"),
        },
        good=traced(b"X-Merkhet: merkhet-traced"),
        mutants=(
            Canned("answers it as GET", OK),
            Canned("reflects nothing but the line", traced()),
            Canned("reflects it without content", bare(204)),
            FAILS,
            HANGS_UP,
        ),
        to="TRACE",
        twin=Exchange(request=request()),
    )


_SECRET = b"merkhet-secret"
SECRETS: tuple[tuple[str, str, bytes], ...] = (
    ("authorization", "Authorization", b"Authorization: Bearer " + _SECRET),
    ("cookie", "Cookie", b"Cookie: session=" + _SECRET),
    ("proxy-authorization", "Proxy-Authorization", b"Proxy-Authorization: Bearer " + _SECRET),
    ("cookie-lower-case", "cookie in lower case", b"cookie: session=" + _SECRET),
    ("second-cookie", "the second of two Cookie lines", b"Cookie: a=b\r\nCookie: session=" + _SECRET),
    ("authorization-upper-case", "AUTHORIZATION in upper case", b"AUTHORIZATION: Bearer " + _SECRET),
)


def _secret(slug: str, words: str, line: bytes, target: bytes = b"{trace}") -> Check:
    where = "" if target == b"{trace}" else " of the root"
    return one_answer(
        f"rfc9110-9.3.8-keeps-{slug}",
        "rfc9110-9.3.8-3",
        f"An answer to TRACE{where} does not have {words} in it",
        request(b"TRACE", line, to=target),
        {
            arrived(_SECRET): VIOLATION.because("what must not be shown came back"),
            status_2xx: PASS,
            status_3xx: observed("TRACE is redirected"),
            status(501): observed("there is no TRACE"),
            **unserved(),
            answered: observed("TRACE is refused"),
        },
        good=traced(),
        mutants=(
            Canned("reflects it", traced(line)),
            Canned("shows it in an error", response(500, b"cannot: " + line)),
            FAILS,
            HANGS_UP,
        ),
        to="TRACE",
        twin=Exchange(request=request()),
    )


CHECKS = (
    *(_port(*row) for row in PORTS),
    UNFRAMED,
    *(_options(*row) for row in OPTIONS),
    *(_reflects(*row) for row in TRACES),
    *(_secret(*row) for row in SECRETS),
    *(_secret(f"{slug}-root", words, line, b"{root}") for slug, words, line in SECRETS[:2]),
)
