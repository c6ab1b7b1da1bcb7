"""RFC 9112, Section 7: Transfer Codings: names without case, and parameters that no coding defines."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send
from merkhet.expect import ended, misechoed, silent, status, status_2xx, status_3xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s06_1_transfer_encoding import GZIPPED
from merkhet.suites.rfc9112.s06_framing import HELLO, NO_MORE, NOT_ALLOWED, OWN_ERROR
from merkhet.suites.rfc9112.s06_legal import legal, legal_echo
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    NOTHING,
    OK,
    REFUSED,
    SINCE,
    echo,
    post,
    response,
)

CASES: tuple[tuple[str, bytes], ...] = (("upper", b"CHUNKED"), ("title", b"Chunked"), ("mixed", b"cHuNkEd"))

PARAMETERS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("7.1-chunked-parameter", "chunked with a parameter", b"chunked;a=1", HELLO),
    ("7.1-chunked-parameter-quoted", "chunked with a quoted parameter", b'chunked ; a="b,c"', HELLO),
    ("7.1-chunked-q", "chunked with a q parameter", b"chunked;q=1", HELLO),
    ("7.1-chunked-semicolon", "chunked with a bare semicolon", b"chunked;", HELLO),
    (
        "7.2-gzip-parameter",
        "gzip with a parameter before chunked",
        b"gzip;a=1, chunked",
        b"19\r\n" + GZIPPED + b"\r\n0\r\n\r\n",
    ),
    (
        "7.2-deflate-parameter",
        "deflate with a parameter before chunked",
        b"deflate;q=1, chunked",
        b"d\r\nx\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15\r\n0\r\n\r\n",
    ),
)
"""Slug, words for the title, field value and body: what these parameters decorate is a whole, well-formed body."""

_SERVED = VIOLATION.because("the parameter was passed over")


def _parameter(slug: str, words: str, value: bytes, body: bytes, path: bytes) -> Check:
    by_echo = path == b"{echo}"
    chunked_alone = slug.startswith("7.1")
    wrong = DESYNC if chunked_alone else VIOLATION
    return Check(
        id=f"rfc9112-{slug}{'-echo' if by_echo else ''}",
        requirement="rfc9112-7.1-4" if chunked_alone else "rfc9112-7.2-1",
        title=f"A Transfer-Encoding of {words} is an error{', where the content is read' if by_echo else ''}",
        since=SINCE,
        steps=(
            Send(post(body, b"Transfer-Encoding: " + value, to=path) + (b"" if by_echo else GET)),
            Answers(
                {
                    status(400, 501): PASS,
                    misechoed(b"hello"): wrong.because("the application got neither the content nor a refusal"),
                    status_2xx: _SERVED,
                    status_3xx: _SERVED,
                    status_4xx: WARNING.because("refused, but neither with 400 nor with 501").then(
                        *(() if by_echo else (NO_MORE,))
                    ),
                    status_5xx: OWN_ERROR,
                    ended: WARNING.because("the connection ended without an answer"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN if by_echo else CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("passes over the parameter", echo(b"hello") if by_echo else OK + OK),
            Canned("never answers", NOTHING),
            *(() if by_echo else (Canned("answers early and reads on", NOT_ALLOWED + OK),)),
            *(
                (Canned("takes it for no content", echo(b"")),)
                if by_echo
                else (Canned("refuses with 403", response(403)),)
            ),
        ),
    )


CHECKS = (
    *(
        legal(
            f"7-name-in-{slug}-case",
            "rfc9112-7-a1",
            f"The coding name {value.decode()} is chunked",
            post(HELLO, b"Transfer-Encoding: " + value, to=b"{root}"),
        )
        for slug, value in CASES
        if slug == "mixed"
    ),
    *(
        legal_echo(
            f"7-name-in-{slug}-case-echo",
            "rfc9112-7-a1",
            f"Content sent as {value.decode()} is decoded",
            post(HELLO, b"Transfer-Encoding: " + value),
            b"hello",
        )
        for slug, value in CASES
    ),
    *(_parameter(*row, path) for row in PARAMETERS for path in (b"{root}", b"{echo}")),
)
