"""RFC 9112, Section 2.2: Message Parsing, lines that end in LF, and empty lines before a request line."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, HalfClose, Send, Step, observed
from merkhet.expect import (
    all_of,
    answered,
    any_of,
    as_preflight,
    ended,
    field,
    garbage,
    served,
    silent,
    status_5xx,
    version,
)
from merkhet.suites.rfc9112.s02_heads import OWN_ERROR, either, read
from merkhet.suites.rfc9112.sequences import sized
from merkhet.suites.words import GET, HANG_UP, NOTHING, OK, POST_TWIN, REFUSED, SINCE, response

LINE_ENDS: tuple[tuple[str, str, bytes], ...] = (
    ("every-line", "A request whose lines all end in LF alone", b"GET {root} HTTP/1.1\nHost: {host}\n\n"),
    ("request-line", "A request line that ends in LF alone", b"GET {root} HTTP/1.1\nHost: {host}\r\n\r\n"),
    ("field-line", "A field line that ends in LF alone", b"GET {root} HTTP/1.1\r\nHost: {host}\n\r\n"),
    ("empty-line", "An empty line that is LF alone", b"GET {root} HTTP/1.1\r\nHost: {host}\r\n\n"),
    ("two-crs", "A field line that ends in CR CR LF", b"GET {root} HTTP/1.1\r\nHost: {host}\r\nX-Test: a\r\r\n\r\n"),
)

LF_CHECKS = tuple(
    either(
        f"2.2-lf-{slug}",
        "rfc9112-2.2-2",
        f"{words} is taken, refused, or waited on",
        (Send(data), HalfClose()),
        other=Canned("serves it", OK),
        silent_is=observed("more octets are waited for"),
        note="A server that looks for CRLF alone still waits for it, so the sending side is closed behind the request.",
    )
    for slug, words, data in LINE_ENDS
)

_LEFT = VIOLATION.because("the empty line before the request line was not ignored: the connection ended")
_SILENT = VIOLATION.because("the request behind the empty line got no answer")
_IGNORED = read(
    {
        as_preflight(): PASS,
        status_5xx: OWN_ERROR,
        answered: VIOLATION.because("the empty line before the request line was not ignored"),
        garbage: VIOLATION.because("the empty line was answered with bytes that are no response"),
        ended: _LEFT,
        silent: _SILENT,
    }
)
_NOT_KEPT = observed("the connection is not kept, so no second request line is expected on it").then()
_FIRST = read(
    {
        any_of(field(b"Connection", b"close"), all_of(answered, version(b"HTTP/1.0"))): _NOT_KEPT,
        served(): PASS,
        answered: WARNING.because("a legal request was not served").then(),
        ended: WARNING.because("the connection ended without an answer to a complete request").then(),
        silent: WARNING.because("a complete request got no answer").then(),
    }
)


def _empty(slug: str, title: str, *steps: Step, good: bytes, twin: Exchange | None = None) -> Check:
    first = good.removesuffix(OK)
    return Check(
        id=f"rfc9112-2.2-empty-line-{slug}",
        requirement="rfc9112-2.2-7",
        title=title,
        since=SINCE,
        steps=(*steps, _IGNORED),
        twin=twin or Exchange(request=GET),
        good=(good,),
        mutants=(
            Canned("refuses it", first + REFUSED.data),
            Canned("never answers", first or NOTHING),
            Canned("hangs up", HANG_UP),
        ),
    )


EMPTY_LINES = (
    _empty("first", "One CRLF before the first request line is ignored", Send(b"\r\n" + GET), good=OK),
    _empty(
        "first-apart",
        "One CRLF in a segment of its own before the first request line is ignored",
        Send(b"\r\n" + GET, cuts=(2,)),
        good=OK,
    ),
    _empty(
        "between",
        "One CRLF between two requests on a connection is ignored",
        Send(GET),
        _FIRST,
        Send(b"\r\n" + GET),
        good=OK + OK,
    ),
    _empty(
        "pipelined",
        "One CRLF between two pipelined requests is ignored",
        Send(GET + b"\r\n" + GET),
        _FIRST,
        good=OK + OK,
    ),
    _empty(
        "after-content",
        "One CRLF behind the content of a POST is ignored",
        Send(sized(b"POST", b"hello") + b"\r\n" + GET),
        _FIRST,
        good=response(405, b"", b"Allow: GET, HEAD") + OK,
        twin=POST_TWIN,
    ),
)

CHECKS = (*LF_CHECKS, *EMPTY_LINES)
