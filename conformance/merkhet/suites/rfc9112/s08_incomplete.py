"""RFC 9112, Section 8: Handling Incomplete Messages."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, HalfClose, Send, observed
from merkhet.expect import ended, served, silent, status_2xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.sequences import chunked, request, sized
from merkhet.suites.words import CHUNKED_ECHO_TWIN, NOTHING, OK, REFUSED, SERVER_ERROR, SINCE, echo

_HEAD = request(b"GET", b"X-Merkhet: half")

INCOMPLETE: tuple[tuple[str, str, bytes], ...] = (
    ("method", "within its method", b"GE"),
    ("target", "within its target", b"GET {root}"),
    ("version", "within its version", b"GET {root} HTTP/1"),
    ("request-line", "after its request line", b"GET {root} HTTP/1.1\r\n"),
    ("field-name", "within a field name", b"GET {root} HTTP/1.1\r\nHost: {host}\r\nX-Merk"),
    ("field-value", "within a field value", _HEAD.removesuffix(b"lf\r\n\r\n")),
    ("empty-line", "before its empty line", _HEAD.removesuffix(b"\r\n")),
    ("last-lf", "before the LF of its empty line", _HEAD.removesuffix(b"\n")),
)


def _cut_head(slug: str, words: str, data: bytes) -> Check:
    return Check(
        id=f"rfc9112-8-head-cut-{slug}",
        requirement="rfc9112-8-1",
        title=f"A request that ends {words} may be answered by an error, or by none",
        since=SINCE,
        steps=(
            Send(data),
            HalfClose(),
            Answers(
                {
                    status_4xx: observed("answers with an error"),
                    status_5xx: observed("answers with an error of the server's own"),
                    ended: observed("ends the connection without an answer"),
                    silent: observed("waits for the rest"),
                    served(): VIOLATION.because("an incomplete request was served as if it had been whole"),
                }
            ),
        ),
        good=(REFUSED,),
        mutants=(Canned("serves what there is", OK), Canned("waits", NOTHING)),
        note="The client's half-close ends no message, so neither an answer nor an end is asked for.",
    )


SHORT: tuple[tuple[str, str, bytes], ...] = (
    (
        "content",
        "whose content is shorter than its Content-Length",
        sized(b"POST", b"hellohello").removesuffix(b"hello"),
    ),
    ("no-content", "whose content never comes", sized(b"POST", b"hello").removesuffix(b"hello")),
)


def _short(slug: str, words: str, data: bytes) -> Check:
    """A root that takes no POST may say so before the content comes: its 405 shows nothing about completeness."""
    return Check(
        id=f"rfc9112-8-short-{slug}",
        requirement="rfc9112-8-1",
        title=f"A request {words} may be answered by an error, or by none",
        since=SINCE,
        steps=(
            Send(data),
            HalfClose(),
            Answers(
                {
                    status_4xx: observed("answers with an error"),
                    status_5xx: observed("answers with an error of the server's own"),
                    ended: observed("ends the connection without an answer"),
                    silent: observed("waits for the rest"),
                    served(): observed("answers without regard to the content"),
                },
                to="POST",
            ),
        ),
        good=(REFUSED,),
        mutants=(Canned("answers", OK), Canned("waits", NOTHING)),
    )


LAST_CRLF = Check(
    id="rfc9112-8-last-crlf-missing",
    requirement="rfc9112-8-1",
    title="A chunked request that ends after its last chunk, before the final CRLF, may be taken or refused",
    since=SINCE,
    steps=(
        Send(chunked(b"POST", b"5\r\nhello\r\n0\r\n", to=b"{echo}")),
        HalfClose(),
        Answers(
            {
                status_2xx: observed("takes it as complete"),
                status_4xx: observed("answers with an error"),
                status_5xx: observed("answers with an error of the server's own"),
                ended: observed("ends the connection without an answer"),
                silent: observed("waits for the rest"),
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_ECHO_TWIN,
    good=(REFUSED,),
    mutants=(Canned("takes it", echo(b"hello")), Canned("waits", NOTHING)),
    note="Section 8 calls a chunked body incomplete without its last chunk, and that has come; Section 7.1 wants the CRLF too.",
)

UNFINISHED: tuple[tuple[str, str, bytes], ...] = (
    ("no-chunk", "before its first chunk", b""),
    ("in-size", "within a chunk size", b"5\r\nhello\r\n1"),
    ("in-data", "within chunk data", b"5\r\nhel"),
    ("before-crlf", "between chunk data and its CRLF", b"5\r\nhello"),
    ("after-chunk", "after a whole chunk", b"5\r\nhello\r\n"),
    ("after-two-chunks", "after two whole chunks", b"5\r\nhello\r\n6\r\n world\r\n"),
)


def _unfinished(slug: str, words: str, body: bytes) -> Check:
    return Check(
        id=f"rfc9112-8-chunked-cut-{slug}",
        requirement="rfc9112-8-a1",
        title=f"A chunked request that ends {words} is not taken as complete",
        since=SINCE,
        steps=(
            Send(chunked(b"POST", body, to=b"{echo}")),
            HalfClose(),
            Answers(
                {
                    status_4xx: PASS,
                    ended: PASS,
                    silent: PASS,
                    status_2xx: VIOLATION.because("the part that came was given to the application as the whole"),
                    status_5xx: WARNING.because("an error of the server's own, not an answer to an incomplete request"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("takes the part as the whole", echo(b"hello")), Canned("fails at it", SERVER_ERROR)),
        note="An echo never answers 200 to a body that it could not read to its end.",
    )


CHECKS = (
    *(_cut_head(*row) for row in INCOMPLETE),
    *(_short(*row) for row in SHORT),
    LAST_CRLF,
    *(_unfinished(*row) for row in UNFINISHED),
)
