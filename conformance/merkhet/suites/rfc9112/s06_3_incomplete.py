"""RFC 9112, Section 6.3: Message Body Length, rule 6: content that ends early, lengths past every integer, and 411."""

from __future__ import annotations

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Abort,
    Answers,
    Canned,
    Check,
    HalfClose,
    On,
    Send,
    Step,
    closes,
    observed,
)
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import HELLO, NOT_ALLOWED, OWN_ERROR
from merkhet.suites.words import (
    CHUNKED_TWIN,
    ECHO_TWIN,
    GET,
    HANG_UP,
    NOTHING,
    OK,
    POST_TWIN,
    REFUSED,
    SINCE,
    chunked_post,
    echo,
    post,
    response,
)

_HELD = "the connection is not ended in time, though the client has sent all it will"
_CLAIMED = VIOLATION.because("an incomplete request was answered as if it had been whole")
_SHORT = post(b"hello", b"Content-Length: 10", to=b"{root}")
_STORED = b"{mutable:merkhet-short}-{nonce}"
_PUT = b"PUT %s HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nhello" % _STORED
_LOOK: tuple[Step, ...] = (
    On(1),
    Send(b"GET %s HTTP/1.1\r\nHost: {host}\r\n\r\n" % _STORED),
    Answers(
        {
            status_2xx: WARNING.because("a part of the content was kept as the resource"),
            status_4xx: PASS,
            status_5xx: OWN_ERROR,
        }
    ),
)

SHORT_CHECKS = (
    Check(
        id="rfc9112-6.3-short-content-echo",
        requirement="rfc9112-6.3-8",
        title="Content shorter than its Content-Length is not given to the application as whole",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: 10")),
            HalfClose(),
            Answers(
                {
                    status_2xx: _CLAIMED,
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    silent: observed(_HELD),
                },
                to="POST",
            ),
        ),
        twin=ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("gives the part to the application", echo(b"hello")),),
        note="The contract of an echo is that a read error is never answered 200.",
    ),
    Check(
        id="rfc9112-6.3-short-content-closes",
        requirement="rfc9112-6.3-8",
        title="The connection ends after content shorter than its Content-Length",
        since=SINCE,
        steps=(
            Send(_SHORT),
            HalfClose(),
            Answers(
                {
                    ended: PASS.then(),
                    silent: observed(_HELD).then(),
                    answered: PASS,
                },
                to="POST",
            ),
            Answers(
                {
                    ended: PASS,
                    silent: observed(_HELD),
                    status_4xx: WARNING.because("a second answer came to one request"),
                    answered: DESYNC.because("a second answer came to one request"),
                    garbage: DESYNC.because("bytes that belong to no answer came"),
                }
            ),
        ),
        twin=POST_TWIN,
        good=(REFUSED,),
        mutants=(Canned("answers the part and then once more", NOT_ALLOWED + OK),),
        note="A server that ends the connection by a timeout of its own, later than this harness waits, conforms too.",
    ),
    Check(
        id="rfc9112-6.3-short-content-put",
        requirement="rfc9112-6.3-8",
        title="A PUT whose content is shorter than its Content-Length neither succeeds nor leaves a part behind",
        since=SINCE,
        steps=(
            Send(_PUT),
            HalfClose(),
            Answers(
                {
                    status_2xx: _CLAIMED,
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    silent: observed(_HELD),
                },
                to="PUT",
            ),
            *_LOOK,
        ),
        twin=POST_TWIN,
        good=(REFUSED, response(404)),
        mutants=(
            Canned("claims success", response(201, b"")),
            Canned("keeps the part", HANG_UP, response(200, b"hello")),
        ),
        note="No rule forbids keeping a part, so that alone is a near miss; the success is what must not be claimed.",
    ),
    Check(
        id="rfc9112-6.3-short-content-put-dropped",
        requirement="rfc9112-6.3-8",
        title="A PUT whose connection is dropped within its content leaves no part behind",
        since=SINCE,
        steps=(Send(_PUT), Abort(), *_LOOK),
        twin=POST_TWIN,
        good=(b"", response(404)),
        mutants=(Canned("keeps the part", b"", response(200, b"hello")),),
    ),
)

HUGE: tuple[tuple[str, str, bytes], ...] = (
    ("2-32-plus-5", "2^32 + 5", b"4294967301"),
    ("2-63-plus-5", "2^63 + 5", b"9223372036854775813"),
    ("2-64", "2^64", b"18446744073709551616"),
    ("2-64-plus-5", "2^64 + 5", b"18446744073709551621"),
    ("2-128-plus-5", "2^128 + 5", b"340282366920938463463374607431768211461"),
    ("300-digits", "300 digits", b"9" * 299 + b"5"),
)
_WRAPPED = DESYNC.because("the length was cut down to the size of an integer: content was read as a request")


def _huge(slug: str, words: str, value: bytes) -> Check:
    """Everything behind the head is content, whatever the server makes of so much of it."""
    return Check(
        id=f"rfc9112-6.3-length-huge-{slug}",
        requirement="rfc9112-6.3-8",
        title=f"A Content-Length of {words} is not taken for a smaller one",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: " + value, to=b"{root}") + GET),
            Answers(
                {
                    status(400, 413, 501): PASS,
                    ended: PASS.then(),
                    silent: observed("the content is waited for").then(),
                    status_5xx: OWN_ERROR,
                    served(): PASS,
                },
                to="POST",
            ),
            Answers(
                {
                    as_preflight(): _WRAPPED,
                    ended: PASS,
                    silent: observed("the request was answered early, then its content is waited for"),
                    status_4xx: PASS.because("the content was refused behind an early answer"),
                    answered: _WRAPPED,
                }
            ),
        ),
        twin=POST_TWIN,
        good=(closes(response(413, b"too large", close=True)),),
        mutants=(
            Canned("wraps the length to five", NOT_ALLOWED + OK),
            Canned("refuses it and reads on", response(413) + OK),
        ),
        note="A length of any size is legal: to wait, to refuse and to close are all right; only a smaller length is wrong.",
    )


def _huge_echo(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-length-huge-{slug}-echo",
        requirement="rfc9112-6.3-8",
        title=f"Five octets are not the whole content where the Content-Length is {words}",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: " + value)),
            HalfClose(),
            Answers(
                {
                    echoed(): DESYNC.because("the application got the part as if it had been the whole"),
                    status_2xx: _CLAIMED,
                    status_4xx: PASS,
                    status(501): PASS,
                    ended: PASS,
                    silent: observed(_HELD),
                    status_5xx: OWN_ERROR,
                },
                to="POST",
            ),
        ),
        twin=ECHO_TWIN,
        good=(closes(response(413, b"too large", close=True)),),
        mutants=(Canned("wraps the length to five", echo(b"hello")),),
    )


NO_LENGTH_REQUIRED = Check(
    id="rfc9112-6.3-length-required",
    requirement="rfc9112-6.3-10",
    title="Content without a Content-Length is taken, or refused with 411",
    since=SINCE,
    steps=(
        Send(chunked_post(HELLO)),
        Answers(
            {
                status(411): observed("refused with 411"),
                status_2xx: observed("taken"),
                status_4xx: WARNING.because("refused, but not with 411"),
                status_5xx: OWN_ERROR,
                ended: WARNING.because("the connection ended without an answer"),
                silent: WARNING.because("a complete request got no answer"),
            },
            to="POST",
        ),
    ),
    twin=CHUNKED_TWIN,
    good=(echo(b"hello"),),
    mutants=(Canned("refuses it with 400", REFUSED), Canned("never answers", NOTHING)),
)

CHECKS = (
    *SHORT_CHECKS,
    *(_huge(*row) for row in HUGE),
    *(_huge_echo(*row) for row in HUGE),
    NO_LENGTH_REQUIRED,
)
