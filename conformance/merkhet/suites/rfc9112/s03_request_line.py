"""RFC 9112, Section 3: Request Line."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, observed
from merkhet.expect import (
    answered,
    as_preflight,
    cut_short,
    ended,
    garbage,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s02_heads import NO_ANSWER, NO_STATUS_LINE, OWN_ERROR, either, read
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import HANG_UP, NOTHING, OK, SERVER_ERROR, SINCE, response

SEPARATORS: tuple[tuple[str, str, bytes], ...] = (
    ("two-spaces-target", "Two spaces before the target", b"GET  {root} HTTP/1.1"),
    ("two-spaces-version", "Two spaces before the version", b"GET {root}  HTTP/1.1"),
    ("tabs", "Tabs for the spaces", b"GET\t{root}\tHTTP/1.1"),
    ("tab-and-space", "A tab and a space before the target", b"GET\t {root} HTTP/1.1"),
    ("vertical-tabs", "Vertical tabs for the spaces", b"GET\x0b{root}\x0bHTTP/1.1"),
    ("form-feeds", "Form feeds for the spaces", b"GET\x0c{root}\x0cHTTP/1.1"),
    ("bare-crs", "Bare CRs for the spaces", b"GET\r{root}\rHTTP/1.1"),
    ("leading-space", "A space before the method", b" GET {root} HTTP/1.1"),
    ("leading-tab", "A tab before the method", b"\tGET {root} HTTP/1.1"),
    ("trailing-space", "A space behind the version", b"GET {root} HTTP/1.1 "),
    ("trailing-tab", "A tab behind the version", b"GET {root} HTTP/1.1\t"),
)

WHITESPACE = tuple(
    either(
        f"3-whitespace-{slug}",
        "rfc9112-3-1",
        f"{words} in the request line: taken or refused",
        (Send(line + b"\r\nHost: {host}\r\n\r\n"),),
        other=Canned("serves it", OK),
    )
    for slug, words, line in SEPARATORS
)


def _long_method(length: int) -> Check:
    return Check(
        id=f"rfc9112-3-method-{length}",
        requirement="rfc9112-3-2",
        title=f"A method of {length} letters gets 501",
        since=SINCE,
        steps=(
            Send(request(b"M" * length)),
            read(
                {
                    status(501): PASS,
                    status_4xx: VIOLATION.because("refused, but not with 501"),
                    status_5xx: OWN_ERROR,
                    status_2xx: VIOLATION.because("an unheard-of method was served"),
                    answered: VIOLATION.because("answered with neither 501 nor a refusal"),
                    ended: VIOLATION.because("the connection ended without the 501"),
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                }
            ),
        ),
        good=(response(501, b""),),
        mutants=(
            Canned("answers 405", response(405, b"", b"Allow: GET, HEAD")),
            Canned("runs the application", OK),
            Canned("hangs up", HANG_UP),
            Canned("never answers", NOTHING),
        ),
    )


def _long_target(kibibytes: int) -> Check:
    return Check(
        id=f"rfc9112-3-target-{kibibytes}k",
        requirement="rfc9112-3-3",
        title=f"A target of {kibibytes} KiB is served, or gets 414",
        since=SINCE,
        steps=(
            Send(request(b"GET", to=b"{root}?" + b"a" * (kibibytes * 1024))),
            read(
                {
                    status(414): PASS,
                    as_preflight(): observed("served"),
                    status_4xx: VIOLATION.because("refused, but not with 414"),
                    status_5xx: BREACH.because("a long target is the client's fault, not an error of the server's"),
                    ended: VIOLATION.because("the connection ended without the 414"),
                    cut_short: observed("an answer came, and was cut short while the target was still being sent"),
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                    answered: observed("served with another status than a short target"),
                }
            ),
        ),
        twin=Exchange(request=request(b"GET", to=b"{root}?a")),
        good=(response(414, b"", close=True),),
        mutants=(
            Canned("answers 400", response(400)),
            Canned("answers 431", response(431)),
            Canned("fails", SERVER_ERROR),
            Canned("hangs up", HANG_UP),
        ),
        tags=frozenset({"bulk"}) if kibibytes >= 1024 else frozenset(),
        note="Many servers limit the head as a whole and say 431, or hang up: a warning. No limit is fine.",
    )


LINE_OCTETS = 8000


def _line(method: bytes, before: bytes = b"/?") -> bytes:
    """Return a request line of exactly 8000 octets, its CRLF not counted."""
    empty = b"%s %s HTTP/1.1" % (method, before)
    return b"%s %s%s HTTP/1.1" % (method, before, b"a" * (LINE_OCTETS - len(empty)))


def _long_line(slug: str, words: str, method: bytes, cuts: int) -> Check:
    too_long = VIOLATION.because("a request line of 8000 octets was refused")
    fields = b"\r\nHost: {host}\r\n\r\n"
    return Check(
        id=f"rfc9112-3-line-8000-{slug}",
        requirement="rfc9112-3-4",
        title=f"A request line of 8000 octets {words} is read",
        since=SINCE,
        steps=(
            Send(_line(method) + fields, each=cuts),
            read(
                {
                    as_preflight(): PASS,
                    status(400, 413, 414, 431): too_long,
                    status_5xx: OWN_ERROR,
                    answered: PASS,
                    ended: too_long,
                    garbage: NO_STATUS_LINE,
                    silent: WARNING.because("a complete request got no answer"),
                },
                to=method.decode(),
            ),
        ),
        twin=Exchange(
            request=method + b" /?a HTTP/1.1" + fields,
            to=method.decode(),
            good=OK if method == b"GET" else response(200, b""),
        ),
        good=(OK if method == b"GET" else response(200, b""),),
        mutants=(
            Canned("answers 414", response(414, b"")),
            Canned("answers 431", response(431, b"")),
            Canned("hangs up", HANG_UP),
        ),
        note="The target is / with a query, whatever the root of the contract is: its length must be known.",
    )


LINES = (
    _long_line("get", "of a GET", b"GET", 0),
    _long_line("head", "of a HEAD", b"HEAD", 0),
    _long_line("segments", "that comes in segments of 500", b"GET", 500),
)

CHECKS = (
    *WHITESPACE,
    *(_long_method(length) for length in (64, 512, 4096)),
    *(_long_target(size) for size in (16, 64, 256, 1024)),
    *LINES,
)
