"""RFC 9112, Section 6.1: Transfer-Encoding."""

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
    Send,
    Step,
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
    status_2xx,
    status_3xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import (
    EARLY,
    HELLO,
    LINGER_SECONDS,
    NOT_ALLOWED,
    OWN_ERROR,
    REQUIRED_LENGTH,
    fenced_close,
)
from merkhet.suites.rfc9112.s06_legal import legal, legal_echo
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    NOT_IMPLEMENTED,
    NOTHING,
    OK,
    REFUSED,
    SINCE,
    chunked_post,
    echo,
    post,
    response,
)

UNKNOWN: tuple[tuple[str, str, bytes], ...] = (
    ("before-chunked", "an unknown coding before chunked", b"merkhet-coding, chunked"),
    ("identity-before-chunked", "identity, which is no coding any more, before chunked", b"identity, chunked"),
    (
        "line-before-chunked",
        "an unknown coding on a line before chunked",
        b"merkhet-coding\r\nTransfer-Encoding: chunked",
    ),
)
_IGNORED = VIOLATION.because("the coding that the server cannot know was passed over")


def _unknown(slug: str, words: str, value: bytes, path: bytes) -> Check:
    by_echo = path == b"{echo}"
    return Check(
        id=f"rfc9112-6.1-unknown-coding-{slug}{'-echo' if by_echo else ''}",
        requirement="rfc9112-6.1-9",
        title=f"A request with {words} gets 501{', where the content is read' if by_echo else ''}",
        since=SINCE,
        steps=(
            Send(post(HELLO, b"Transfer-Encoding: " + value, to=path)),
            Answers(
                {
                    status(501): PASS,
                    misechoed(b"hello"): DESYNC.because(
                        "the octets of the chunk framing were given to the application"
                    ),
                    status_2xx: _IGNORED,
                    status_3xx: _IGNORED,
                    status_4xx: WARNING.because("refused, but not with 501"),
                    status_5xx: OWN_ERROR,
                    ended: WARNING.because("the connection ended without the 501"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN if by_echo else CHUNKED_TWIN,
        good=(NOT_IMPLEMENTED,),
        mutants=(
            Canned("passes over the coding", echo(b"hello") if by_echo else OK),
            Canned("refuses with 400", REFUSED),
            Canned("waits", NOTHING),
            *((Canned("gives the framing to the application", echo(HELLO)),) if by_echo else ()),
        ),
    )


GZIPPED = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00"
"""`hello` compressed by gzip."""
GZIP_CHECK = Check(
    id="rfc9112-6.1-gzip-before-chunked-echo",
    requirement="rfc9112-6.1-9",
    title="A request with gzip before chunked is decoded or gets 501",
    since=SINCE,
    steps=(
        Send(post(b"19\r\n" + GZIPPED + b"\r\n0\r\n\r\n", b"Transfer-Encoding: gzip, chunked")),
        Answers(
            {
                status(501): PASS,
                echoed(body=b"hello"): PASS,
                misechoed(b"hello"): VIOLATION.because("the compressed octets were given to the application"),
                status_4xx: WARNING.because("refused, but not with 501"),
                status_5xx: OWN_ERROR,
                ended: WARNING.because("the connection ended without the 501"),
                silent: WARNING.because("a complete request got no answer"),
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(NOT_IMPLEMENTED,),
    mutants=(Canned("passes over gzip", echo(GZIPPED)), Canned("refuses with 400", REFUSED)),
)

ODD_LISTS: tuple[tuple[str, str, bytes], ...] = (
    ("twice-listed", "Transfer-Encoding that lists chunked twice", b"chunked, chunked"),
    (
        "twice-on-lines",
        "Transfer-Encoding on two lines that both say chunked",
        b"chunked\r\nTransfer-Encoding: chunked",
    ),
    ("empty-member-before", "Transfer-Encoding with an empty member before chunked", b", chunked"),
    ("empty-member-behind", "Transfer-Encoding with an empty member behind chunked", b"chunked,"),
    ("folded", "Transfer-Encoding whose chunked stands on a folded line", b"\r\n chunked"),
)
"""Values that a client must not send, but for which refusing and reading as chunked are both honest."""
_CHOICES = (
    "no rule for the recipient asks for a refusal, and a hardened server may refuse; reading it wrongly is the fault"
)


def _odd_list(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.1-chunked-{slug}",
        requirement="rfc9112-6.1-1",
        title=f"{words} is refused or read as chunked",
        since=SINCE,
        steps=(
            Send(post(HELLO, b"Transfer-Encoding: " + value, to=b"{root}") + GET),
            Answers(
                {
                    status(411): REQUIRED_LENGTH,
                    status(400, 501): observed("refused").then(),
                    ended: observed("refused by a close").then(),
                    status_5xx: OWN_ERROR.then(),
                    silent: VIOLATION.because("a complete request got no answer"),
                    answered: PASS,
                }
            ),
            Answers(
                {
                    as_preflight(): observed("read as chunked"),
                    ended: EARLY,
                    answered: DESYNC.because("chunked content was read as a request"),
                    garbage: DESYNC.because("bytes that are no response came for the request behind it"),
                    silent: VIOLATION.because("the request behind it was never answered"),
                }
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("reads the content as a request", NOT_ALLOWED + response(400)),
            Canned("swallows the request behind it", NOT_ALLOWED),
            Canned("waits", NOTHING),
        ),
        note=f"Honest servers differ: {_CHOICES}.",
    )


def _odd_list_echo(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.1-chunked-{slug}-echo",
        requirement="rfc9112-6.1-1",
        title=f"{words} is refused or gives the application the decoded content",
        since=SINCE,
        steps=(
            Send(post(HELLO, b"Transfer-Encoding: " + value)),
            Answers(
                {
                    echoed(body=b"hello"): observed("read as chunked"),
                    misechoed(b"hello"): DESYNC.because("the application got other content than chunked decodes to"),
                    status(411): REQUIRED_LENGTH,
                    status_4xx: observed("refused"),
                    status(501): observed("refused"),
                    status_5xx: OWN_ERROR,
                    ended: observed("refused by a close"),
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(echo(b"hello"),),
        mutants=(Canned("takes it for no content", echo()), Canned("hands over the framing", echo(HELLO))),
        note=f"Honest servers differ: {_CHOICES}.",
    )


OLD_FIELDS = (b"Transfer-Encoding: chunked", b"Connection: keep-alive")
OLD: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("chunked", "a Transfer-Encoding", OLD_FIELDS),
    ("chunked-with-length", "a Transfer-Encoding and a Content-Length", (*OLD_FIELDS, b"Content-Length: 15")),
    (
        "identity",
        "a Transfer-Encoding that says identity and a Content-Length",
        (b"Transfer-Encoding: identity", *OLD_FIELDS[1:], b"Content-Length: 15"),
    ),
)


def _old(slug: str, words: str, fields: tuple[bytes, ...], path: bytes, *, pipelined: bool = False) -> Check:
    request = post(HELLO, *fields, to=path).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    place = "-echo" if path == b"{echo}" else ""
    return Check(
        id=f"rfc9112-6.1-http-1.0-{slug}{place}{'-pipelined' if pipelined else ''}",
        requirement="rfc9112-6.1-14",
        title=(
            f"The connection ends after an HTTP/1.0 request with {words}"
            f"{', where the content is read' if place else ''}{', whatever stands behind it' if pipelined else ''}"
        ),
        since=SINCE,
        steps=(
            Send(request + (GET if pipelined else b"")),
            Answers(
                {
                    answered: PASS,
                    ended: PASS.then(),
                    silent: INCONCLUSIVE.because("the request was not answered, so no close after it is seen"),
                },
                to="POST",
                version="1.0",
            ),
            *((_behind_faulty(),) if pipelined else fenced_close()),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("keeps the connection", NOT_ALLOWED),
            Canned("answers the request behind it", NOT_ALLOWED + OK),
        ),
        note="Serving it and refusing it are both legal; the connection must end either way, keep-alive or not.",
    )


def _behind_faulty() -> Step:
    return Answers(
        {
            ended: PASS,
            silent: VIOLATION.because("the connection stays open"),
            answered: VIOLATION.because("what stands behind the faulty message was answered"),
            garbage: VIOLATION.because("bytes that are no response followed"),
        },
        patience_seconds=LINGER_SECONDS,
    )


CHECKS = (
    legal(
        "6.1-chunked-request",
        "rfc9112-6.1-1",
        "A request with a chunked body is served, and so is the request behind it",
        chunked_post(HELLO, to=b"{root}"),
    ),
    legal_echo(
        "6.1-chunked-request-echo",
        "rfc9112-6.1-1",
        "The application gets the decoded content of a chunked request",
        chunked_post(HELLO),
        b"hello",
    ),
    *(_unknown(*row, path) for row in UNKNOWN for path in (b"{root}", b"{echo}")),
    GZIP_CHECK,
    *(_odd_list(*row) for row in ODD_LISTS),
    *(_odd_list_echo(*row) for row in ODD_LISTS),
    *(_old(*row, b"{root}") for row in OLD),
    *(_old(*row, b"{root}", pipelined=True) for row in OLD),
    *(_old(*row, b"{echo}") for row in OLD),
)
