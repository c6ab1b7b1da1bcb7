"""RFC 9112, Section 7.1.2: Chunked Trailer Section."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    misechoed,
    served,
    silent,
    status,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import EARLY, INNER, NOT_ALLOWED, OWN_ERROR, REQUIRED_LENGTH, malformed
from merkhet.suites.rfc9112.s06_legal import behind
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    NOTHING,
    OK,
    REFUSED,
    SINCE,
    chunked_post,
    echo,
    response,
)

DATA = b"5\r\nhello\r\n"
_REFUSED = WARNING.because("a harmless trailer section was refused")

HARMLESS: tuple[tuple[str, str, bytes], ...] = (
    ("one", "One trailer field", b"X-Trailer: 1\r\n"),
    ("three", "Three trailer fields", b"X-A: 1\r\nX-B: 2\r\nX-C: 3\r\n"),
    ("empty-value", "A trailer field without a value", b"X-Trailer:\r\n"),
    ("declared", "A trailer field that the Trailer field declares", b"X-Trailer: 1\r\n"),
    ("looks-like-request", "A trailer field whose value looks like a request line", b"X-Trailer: GET / HTTP/1.1\r\n"),
    ("request-behind-colon", "A request line behind the colon of a trailer field", b"X:POST / HTTP/1.1\r\n"),
    ("digest", "A Content-Digest", b"Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\r\n"),
)
"""Slug, words for the title, and a trailer section without its final CRLF."""


def _fields(slug: str) -> tuple[bytes, ...]:
    return (b"Trailer: X-Trailer",) if slug == "declared" else ()


def _harmless(slug: str, words: str, trailers: bytes) -> Check:
    request = chunked_post(DATA + b"0\r\n" + trailers + b"\r\n", *_fields(slug), to=b"{root}")
    return Check(
        id=f"rfc9112-7.1-trailer-{slug}",
        requirement="rfc9112-7.1-1",
        title=f"{words}: the request behind it is answered",
        since=SINCE,
        steps=(
            Send(request + GET),
            Answers(
                {
                    status(411): REQUIRED_LENGTH,
                    status(400): _REFUSED.then(_AFTER_REFUSAL),
                    ended: _REFUSED.then(),
                    status_5xx: OWN_ERROR.then(),
                    silent: VIOLATION.because("a complete request got no answer"),
                    served(): PASS,
                },
                to="POST",
            ),
            behind(),
        ),
        twin=CHUNKED_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("leaves the trailer section unread", NOT_ALLOWED + response(400)),
            Canned("refuses it", REFUSED),
            Canned("swallows the request behind it", NOT_ALLOWED),
            Canned("never answers", NOTHING),
        ),
        note="A clean refusal of a harmless trailer section is a near miss; octets of it read as a request are not.",
    )


_AFTER_REFUSAL = Answers(
    {
        ended: PASS,
        silent: WARNING.because("the connection stays open after the refusal"),
        as_preflight(): PASS,
        answered: DESYNC.because("octets of the trailer section were read as a request"),
        garbage: DESYNC.because("bytes that belong to no answer came"),
    }
)


def _harmless_echo(slug: str, words: str, trailers: bytes) -> Check:
    return Check(
        id=f"rfc9112-7.1-trailer-{slug}-echo",
        requirement="rfc9112-7.1-1",
        title=f"{words}: the content is what was sent",
        since=SINCE,
        steps=(
            Send(chunked_post(DATA + b"0\r\n" + trailers + b"\r\n", *_fields(slug)) + GET),
            Answers(
                {
                    echoed(body=b"hello"): PASS,
                    misechoed(b"hello"): DESYNC.because("the application got other content than was sent"),
                    status(411): REQUIRED_LENGTH,
                    status_4xx: _REFUSED.then(_AFTER_REFUSAL),
                    ended: _REFUSED.then(),
                    status_5xx: OWN_ERROR.then(),
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
            behind(),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(echo(b"hello") + OK,),
        mutants=(
            Canned("takes the trailer section for content", echo(b"hello" + trailers) + OK),
            Canned("leaves the trailer section unread", echo(b"hello") + response(400)),
            Canned("refuses it", REFUSED),
        ),
    )


_ONE = chunked_post(DATA + b"0\r\nX-Merkhet-Trailer: plumb\r\n\r\n", b"Trailer: X-Merkhet-Trailer")
_NAME = b"X-Merkhet-Trailer"
_NOT_SEEN = observed("the request is refused").then()

KEPT = Check(
    id="rfc9112-7.1.2-trailer-kept-or-discarded",
    requirement="rfc9112-7.1.2-1",
    title="A trailer field is kept or discarded",
    since=SINCE,
    steps=(
        Send(_ONE),
        Answers(
            {
                status(411): REQUIRED_LENGTH,
                echoed(trailer=(_NAME, b"plumb")): observed("kept"),
                misechoed(b"hello"): DESYNC.because("the application got other content than was sent"),
                echoed(): observed("discarded"),
                status_4xx: observed("refused with its request"),
                ended: observed("refused with its request by a close"),
                status_5xx: OWN_ERROR,
                silent: WARNING.because("a complete request got no answer"),
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(echo(b"hello", trailers=((_NAME, b"plumb"),)),),
    mutants=(
        Canned("discards it", echo(b"hello")),
        Canned("takes it for content", echo(b"hello" + _NAME)),
        Canned("refuses it", REFUSED),
    ),
)

APART = Check(
    id="rfc9112-7.1.2-trailer-apart",
    requirement="rfc9112-7.1.2-2",
    title="A trailer field that is kept is kept apart from the header fields",
    since=SINCE,
    steps=(
        Send(_ONE),
        Answers(
            {
                status(411): REQUIRED_LENGTH,
                echoed(lines=((_NAME, b"plumb"),)): VIOLATION.because(
                    "the trailer field stands among the header fields"
                ),
                echoed(absent=(_NAME,)): PASS,
                status_4xx: observed("refused with its request"),
                ended: observed("refused with its request by a close"),
                status_5xx: OWN_ERROR,
                silent: WARNING.because("a complete request got no answer"),
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(echo(b"hello", trailers=((_NAME, b"plumb"),)),),
    mutants=(Canned("merges it", echo(b"hello", fields=((_NAME, b"plumb"),))),),
)

FORBIDDEN: tuple[tuple[str, bytes, bytes], ...] = (
    ("host", b"Host", b"trailer.invalid"),
    ("content-length", b"Content-Length", b"77"),
    ("transfer-encoding", b"Transfer-Encoding", b"identity"),
    ("authorization", b"Authorization", b"Basic bWVya2hldDpwbHVtYg=="),
    ("cookie", b"Cookie", b"merkhet=trailer"),
    ("content-type", b"Content-Type", b"application/x-merkhet"),
    ("forwarded", b"X-Forwarded-For", b"192.0.2.1"),
    ("unknown", b"X-Merkhet-Unknown", b"trailer"),
)
"""Slug, field name and value: none of these fields' definitions says how a trailer of that name could be merged."""


def _merged(slug: str, name: bytes, value: bytes) -> Check:
    words = name.decode()
    return Check(
        id=f"rfc9112-7.1.2-trailer-{slug}-not-merged",
        requirement="rfc9112-7.1.2-3",
        title=f"{words} in a trailer section does not become a header field",
        since=SINCE,
        steps=(
            Send(chunked_post(DATA + b"0\r\n" + name + b": " + value + b"\r\n\r\n", b"Trailer: " + name)),
            Answers(
                {
                    status(411): REQUIRED_LENGTH,
                    echoed(lines=((name, value),)): VIOLATION.because(
                        "the trailer field stands among the header fields"
                    ),
                    misechoed(b"hello"): DESYNC.because("the application got other content than was sent"),
                    echoed(): PASS,
                    status_4xx: PASS.because("refused, as a careful server may"),
                    status(501): PASS.because("refused, as a careful server may"),
                    ended: PASS.because("refused by a close"),
                    status_5xx: OWN_ERROR,
                    silent: WARNING.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(echo(b"hello"),),
        mutants=(Canned("merges it", echo(b"hello", fields=((name, value),))),),
    )


FRAMING: tuple[tuple[str, str, bytes], ...] = (
    ("content-length", "Content-Length", b"Content-Length: 20\r\n"),
    ("transfer-encoding", "Transfer-Encoding", b"Transfer-Encoding: chunked\r\n"),
    ("connection", "Connection", b"Connection: upgrade\r\nUpgrade: merkhet\r\n"),
    ("expect", "Expect", b"Expect: 100-continue\r\n"),
)


def _acted_on(slug: str, words: str, trailers: bytes) -> Check:
    return Check(
        id=f"rfc9112-7.1.2-trailer-{slug}-not-acted-on",
        requirement="rfc9112-7.1.2-3",
        title=f"{words} in a trailer section does not frame what follows",
        since=SINCE,
        steps=(
            Send(chunked_post(DATA + b"0\r\n" + trailers + b"\r\n", to=b"{root}") + GET),
            Answers(
                {
                    status(411): REQUIRED_LENGTH,
                    status(400): PASS.then(_AFTER_REFUSAL),
                    ended: PASS.then(),
                    status_5xx: OWN_ERROR.then(),
                    silent: VIOLATION.because("the trailer field was acted on: the server waits"),
                    served(): PASS,
                },
                to="POST",
            ),
            Answers(
                {
                    as_preflight(): PASS,
                    ended: EARLY,
                    status(400): observed("the request was answered early, then its trailer section refused"),
                    answered: DESYNC.because(
                        "the trailer field was acted on: the request behind it lost its beginning"
                    ),
                    garbage: DESYNC.because("bytes that are no response came for the request behind it"),
                    silent: VIOLATION.because("the trailer field was acted on: the request behind it was swallowed"),
                }
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("reads the request behind it as content", NOT_ALLOWED),
            Canned("takes a part of it for content", NOT_ALLOWED + response(501)),
            Canned("waits", NOTHING),
        ),
    )


MALFORMED: tuple[tuple[str, str, bytes], ...] = (
    ("no-colon", "A trailer line without a colon is refused", b"bad line\r\n"),
    ("no-name", "A trailer line without a name is refused", b": 1\r\n"),
    ("space-before-colon", "A trailer line with a space before its colon is refused", b"X-Trailer : 1\r\n"),
    ("name-octet", "A trailer line whose name is no token is refused", b"X(Trailer): 1\r\n"),
    ("nul", "A trailer line that holds NUL is refused", b"X-Trailer: a\x00b\r\n"),
    ("leading-space", "A first trailer line that begins with a space is refused", b" X-Trailer: 1\r\n"),
    (
        "octet-behind-last",
        "A trailer line right behind the last chunk that ends it by CR and a letter is refused",
        b"\rX",
    ),
)

_ACCEPTED = VIOLATION.because("a trailer section that holds a request was accepted")
_READ = DESYNC.because("the request in the trailer section was answered")
_NO_THIRD = Answers({ended: PASS, silent: PASS, answered: _READ, garbage: _READ}, quiet=True)

REQUEST_INSIDE = Check(
    id="rfc9112-7.1.2-trailer-request-inside",
    requirement="rfc9112-2.2-10",
    title="A request in the place of the trailer section is refused, and never answered",
    since=SINCE,
    steps=(
        Send(chunked_post(DATA + b"0\r\n" + INNER, to=b"{root}") + GET),
        Answers(
            {
                status(411): REQUIRED_LENGTH,
                status(400): PASS.then(_AFTER_REFUSAL),
                ended: WARNING.because("the connection ended without the 400").then(),
                status_5xx: OWN_ERROR.then(),
                silent: observed("more octets are waited for").then(),
                served(): PASS,
            },
            to="POST",
        ),
        Answers(
            {
                as_preflight(): _ACCEPTED.then(_NO_THIRD),
                ended: EARLY,
                status(400): observed("the request was answered early, then its trailer section refused").then(
                    _NO_THIRD
                ),
                silent: observed("the request was answered early, then more octets are waited for"),
                status_5xx: OWN_ERROR,
                answered: _READ,
            }
        ),
    ),
    twin=CHUNKED_TWIN,
    good=(REFUSED,),
    mutants=(
        Canned("passes over it", NOT_ALLOWED + OK),
        Canned("answers it", NOT_ALLOWED + response(404) + OK),
        Canned("answers it as all else", NOT_ALLOWED + OK + OK),
        Canned("refuses it and reads on", response(400) + response(404)),
    ),
)

LINE_FEED = Check(
    id="rfc9112-7.1.2-trailer-lf",
    requirement="rfc9112-2.2-2",
    title="A trailer field that ends in LF alone is taken, refused or waited for",
    since=SINCE,
    steps=(
        Send(chunked_post(DATA + b"0\r\nX-Trailer: 1\n\r\n")),
        Answers(
            {
                status(411): REQUIRED_LENGTH,
                echoed(body=b"hello"): observed("taken"),
                misechoed(b"hello"): DESYNC.because("the application got other content than was sent"),
                status_4xx: observed("refused"),
                ended: observed("refused by a close"),
                silent: observed("CRLF is waited for"),
                status_5xx: OWN_ERROR,
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(echo(b"hello"),),
    mutants=(Canned("refuses it", REFUSED), Canned("loses the content", echo())),
    note="A trailer field line is a field line, so that the permission to take a lone LF covers it.",
)

CHECKS = (
    REQUEST_INSIDE,
    LINE_FEED,
    *(_harmless(*row) for row in HARMLESS if row[0] in {"one", "three", "request-behind-colon"}),
    *(_harmless_echo(*row) for row in HARMLESS),
    KEPT,
    APART,
    *(_merged(*row) for row in FORBIDDEN),
    *(_acted_on(*row) for row in FRAMING),
    *(
        check
        for slug, title, trailers in MALFORMED
        for check in malformed(f"7.1.2-trailer-{slug}", "rfc9112-2.2-10", title, DATA + b"0\r\n" + trailers + b"\r\n")
    ),
)
