"""RFC 9112, Section 6.3: Message Body Length, rules 6 and 7, and what becomes of content that nobody asked for."""

from __future__ import annotations

from merkhet.check import (
    DESYNC,
    INCONCLUSIVE,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    observed,
)
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    misechoed,
    silent,
    status,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import INNER, NOT_ALLOWED, OWN_ERROR, chunks
from merkhet.suites.rfc9112.s06_legal import behind, legal, legal_echo
from merkhet.suites.words import (
    CHUNKED,
    ECHO_TWIN,
    GET,
    NOTHING,
    OK,
    POST_TWIN,
    SINCE,
    chunked_post,
    echo,
    post,
    response,
)

NO_LENGTH: tuple[tuple[str, str, bytes], ...] = (
    ("post", "A POST with neither length", b"POST {root} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    (
        "underscore-length",
        "A request with Content_Length, which is another field,",
        b"GET {root} HTTP/1.1\r\nHost: {host}\r\nContent_Length: 5\r\n\r\n",
    ),
    (
        "underscore-coding",
        "A request with Transfer_Encoding, which is another field,",
        b"GET {root} HTTP/1.1\r\nHost: {host}\r\nTransfer_Encoding: chunked\r\n\r\n",
    ),
    (
        "websocket-key1",
        "A request with Sec-WebSocket-Key1, which frames nothing,",
        b"GET {root} HTTP/1.1\r\nHost: {host}\r\nSec-WebSocket-Key1: x\r\n\r\n",
    ),
    (
        "content-type",
        "A POST with a Content-Type and neither length",
        b"POST {root} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\r\n",
    ),
)


def _no_length(slug: str, words: str, request: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-no-length-{slug}",
        requirement="rfc9112-6.3-a3",
        title=f"{words} has no content: the request behind it is answered",
        since=SINCE,
        steps=(
            Send(request + GET),
            Answers(
                {
                    silent: VIOLATION.because("the server waits for content that no field declares"),
                    ended: observed("the connection ended without an answer").then(),
                    status_5xx: OWN_ERROR.then(),
                    answered: PASS,
                },
                to=request.partition(b" ")[0].decode(),
            ),
            Answers(
                {
                    as_preflight(): PASS,
                    ended: PASS,
                    answered: DESYNC.because("the request behind it was not answered as a plain GET is"),
                    garbage: DESYNC.because("bytes that are no response came for the request behind it"),
                    silent: VIOLATION.because("the request behind it was taken for content"),
                }
            ),
        ),
        twin=POST_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("waits for content", NOTHING),
            Canned("takes the request behind it for content", NOT_ALLOWED),
            Canned("takes a part of the request behind it for content", NOT_ALLOWED + response(400)),
        ),
    )


def _no_length_echo(method: str) -> Check:
    name = method.encode()
    return Check(
        id=f"rfc9112-6.3-no-length-{method.lower()}-echo",
        requirement="rfc9112-6.3-a3",
        title=f"A {method} with neither length gives the application no content",
        since=SINCE,
        steps=(
            Send(name + b" {echo} HTTP/1.1\r\nHost: {host}\r\n\r\n" + GET),
            Answers(
                {
                    echoed(body=b""): PASS,
                    misechoed(b""): DESYNC.because("the application got content that was not sent with this request"),
                    status_4xx: observed("refused").then(),
                    status(501): observed("the method is not known").then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: observed("the connection ended without an answer").then(),
                    silent: VIOLATION.because("the server waits for content that no field declares"),
                },
                to=method,
            ),
            behind(),
        ),
        twin=ECHO_TWIN,
        good=(echo(method=method) + OK,),
        mutants=(
            Canned("takes the request behind it for content", echo(b"GET / HTTP/1.1\r\n", method=method)),
            Canned("swallows the request behind it", echo(method=method)),
            Canned("waits for content", NOTHING),
        ),
    )


def _unread(
    slug: str, title: str, request: bytes, *, to: str = "POST", tags: frozenset[str] = frozenset(), note: str = ""
) -> Check:
    """The content of `request` is itself a request: nothing may answer it."""
    content = DESYNC.because("content was read as a request")
    stray = (
        content
        if to != "HEAD"
        else INCONCLUSIVE.because("the answer to HEAD has content, so nothing is seen behind it")
    )
    return Check(
        id=f"rfc9112-6.3-{slug}",
        requirement="rfc9112-9.3-5",
        title=title,
        since=SINCE,
        steps=(
            Send(request + GET),
            Answers(
                {
                    ended: observed("the connection ended before an answer could be read").then(),
                    silent: INCONCLUSIVE.because("a complete request got no answer, so nothing is seen behind it"),
                    status_5xx: OWN_ERROR,
                    answered: PASS,
                },
                to=to,
            ),
            Answers(
                {
                    as_preflight(): PASS,
                    ended: PASS.then(),
                    answered: content,
                    garbage: stray,
                    silent: VIOLATION.because("the connection was kept, and the request behind it never answered"),
                }
            ),
            Answers({ended: PASS, silent: PASS, answered: content, garbage: content}, quiet=True),
        ),
        twin=POST_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("leaves the content unread", NOT_ALLOWED + response(404) + OK),
            Canned("answers all alike and leaves the content unread", NOT_ALLOWED + OK + OK),
            Canned("refuses it and reads on", response(400, b"") + response(404) + OK),
            Canned("swallows the request behind it", NOT_ALLOWED),
        ),
        tags=tags,
        note=note,
    )


def _with_content(method: bytes, path: bytes = b"{root}") -> bytes:
    return b"%s %s HTTP/1.1\r\nHost: {host}\r\nContent-Length: %d\r\n\r\n%s" % (method, path, len(INNER), INNER)


_ANY_ANSWER = "Any answer is legal, a refusal too; what follows it is a plain GET's answer, or the end."
LARGE = INNER * 2500
UNREAD = (
    _unread("unread-post", "The content of a POST to the root is read, or the connection ends", _with_content(b"POST")),
    _unread(
        "unread-post-chunked",
        "The chunked content of a POST to the root is read, or the connection ends",
        chunked_post(chunks(INNER), to=b"{root}"),
    ),
    _unread(
        "unread-post-elsewhere",
        "The content of a POST to an unknown path is read, or the connection ends",
        _with_content(b"POST", b"{root}merkhet-missing"),
    ),
    _unread(
        "unread-post-elsewhere-chunked",
        "The chunked content of a POST to an unknown path is read, or the connection ends",
        chunked_post(chunks(INNER), to=b"{root}merkhet-missing"),
    ),
    _unread(
        "unread-post-large",
        "Over 100 KiB of content of a POST to the root are read, or the connection ends",
        post(LARGE, b"Content-Length: %d" % len(LARGE), to=b"{root}"),
    ),
    _unread(
        "unread-post-large-chunked",
        "Over 100 KiB of chunked content of a POST to the root are read, or the connection ends",
        chunked_post(chunks(*([INNER] * 2500)), to=b"{root}"),
    ),
    _unread(
        "unread-get",
        "The content of a GET is framed like any other",
        _with_content(b"GET"),
        to="GET",
        note=f"{_ANY_ANSWER} RFC 9110, Section 9.3.1 expects some servers to refuse content in a GET.",
    ),
    _unread(
        "unread-get-chunked",
        "The chunked content of a GET is framed like any other",
        b"GET {root} HTTP/1.1\r\nHost: {host}\r\n" + CHUNKED + b"\r\n\r\n" + chunks(INNER),
        to="GET",
        note=f"{_ANY_ANSWER} RFC 9110, Section 9.3.1 expects some servers to refuse content in a GET.",
    ),
    _unread(
        "unread-head",
        "The content of a HEAD is framed like any other",
        _with_content(b"HEAD"),
        to="HEAD",
        note=_ANY_ANSWER,
    ),
    _unread(
        "unread-options",
        "The content of an OPTIONS is framed like any other",
        _with_content(b"OPTIONS"),
        to="OPTIONS",
        note=_ANY_ANSWER,
    ),
)

LEADING_ZERO = Exchange(request=post(b"0123456789", b"Content-Length: 10", to=b"{root}"), good=NOT_ALLOWED)
DECIMAL = (
    legal(
        "6.3-length-of-zero",
        "rfc9112-6.3-8",
        "Content-Length: 0 takes no octet from the request behind it",
        post(b"", b"Content-Length: 0", to=b"{root}"),
        twin=POST_TWIN,
    ),
    legal(
        "6.3-length-leading-zero",
        "rfc9112-6.3-8",
        "Content-Length: 010 is ten octets, not eight",
        post(b"0123456789", b"Content-Length: 010", to=b"{root}"),
        twin=LEADING_ZERO,
    ),
    legal(
        "6.3-length-whitespace-around",
        "rfc9112-6.3-8",
        "Spaces around a Content-Length are not part of it",
        post(b"hello", b"Content-Length:   5  ", to=b"{root}"),
        twin=POST_TWIN,
    ),
    legal(
        "6.3-length-tabs-around",
        "rfc9112-6.3-8",
        "Tabs around a Content-Length are not part of it",
        post(b"hello", b"Content-Length:\t5\t", to=b"{root}"),
        twin=POST_TWIN,
        refused=WARNING,
        note="A refusal departs from RFC 9110, Section 5.5 alone and loses no framing: a near miss here.",
    ),
    legal(
        "6.3-length-name-in-other-case",
        "rfc9112-6.3-8",
        "A content-length in lower case is the same field",
        post(INNER, b"content-length: %d" % len(INNER), to=b"{root}"),
        twin=POST_TWIN,
    ),
    legal_echo(
        "6.3-length-of-zero-echo",
        "rfc9112-6.3-8",
        "Content-Length: 0 gives the application no content",
        post(b"", b"Content-Length: 0"),
        b"",
        twin=ECHO_TWIN,
    ),
    legal_echo(
        "6.3-length-leading-zero-echo",
        "rfc9112-6.3-8",
        "Content-Length: 010 gives the application ten octets",
        post(b"0123456789", b"Content-Length: 010"),
        b"0123456789",
        twin=ECHO_TWIN,
    ),
    legal_echo(
        "6.3-length-all-octets-echo",
        "rfc9112-6.3-8",
        "Content of every octet value, CR and LF among them, arrives as it was sent",
        post(bytes(range(256)), b"Content-Length: 256"),
        bytes(range(256)),
        twin=ECHO_TWIN,
    ),
)

CHECKS = (
    *(_no_length(*row) for row in NO_LENGTH),
    *(_no_length_echo(method) for method in ("POST", "PUT", "PATCH", "DELETE")),
    *UNREAD,
    *DECIMAL,
)
