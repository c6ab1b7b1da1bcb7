"""RFC 9112, Section 9.6: Tear-down, where the server says close."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    closes,
    observed,
)
from merkhet.expect import all_of, answered, ended, garbage, silent, status, status_4xx, status_5xx, version
from merkhet.suites.rfc9112.sequences import (
    HEAD_OK,
    HEAD_OK_CLOSE,
    HELLO_CHUNKS,
    NOT_ALLOWED,
    SAYS_CLOSE,
    UNKNOWN,
    request,
    sized,
    then_ended,
)
from merkhet.suites.words import GET, NOTHING, OK, OK_CLOSE, REFUSED, SINCE, response

_REFUSES_METHOD = response(405, b"", b"Allow: GET, HEAD", close=True)
# --- 9.6-7: nothing is processed once the server has said close

PROVOKED: tuple[tuple[str, str, bytes, str], ...] = (
    ("garbage", "a line of garbage", b"no request line by any grammar\r\n\r\n", "1.1"),
    ("no-host", "a request without Host", b"GET {root} HTTP/1.1\r\n\r\n", "1.1"),
    ("two-hosts", "a request with two Hosts", request(b"GET", b"Host: other.invalid"), "1.1"),
    ("bad-name", "a field name that is none", request(b"GET", b"X Y: z"), "1.1"),
    ("bad-length", "a Content-Length that is none", request(b"GET", b"Content-Length: x"), "1.1"),
    ("bad-coding", "a transfer coding that nobody knows", request(b"GET", b"Transfer-Encoding: merkhet"), "1.1"),
    (
        "both-lengths",
        "both lengths",
        request(b"POST", b"Content-Length: 5", b"Transfer-Encoding: chunked", content=HELLO_CHUNKS),
        "1.1",
    ),
    ("bad-version", "an unknown major version", request(version=b"9.9"), "1.1"),
    ("old", "an HTTP/1.0 request", request(version=b"1.0"), "1.0"),
)


def _after_said(slug: str, words: str, data: bytes, minor: str) -> Check:
    return Check(
        id=f"rfc9112-9.6-after-said-close-{slug}",
        requirement="rfc9112-9.6-7",
        title=f"Nothing is answered after an answer that says close, here to {words}",
        since=SINCE,
        steps=(
            Send(data + GET),
            Answers(
                {
                    SAYS_CLOSE: PASS,
                    answered: observed("does not say close to it").then(),
                    ended: observed("ends the connection without an answer").then(),
                    silent: observed("does not answer it").then(),
                },
                version=minor,
            ),
            Answers(
                {
                    ended: PASS,
                    silent: PASS.because("nothing more is answered; that the connection stays open is another rule's"),
                    answered: VIOLATION.because("a request was answered after the server had said close"),
                    garbage: DESYNC.because("bytes that belong to no answer came"),
                }
            ),
        ),
        good=(closes(response(400, b"", close=True)),),
        mutants=(
            Canned("serves the next request", response(400, b"", close=True) + OK),
            Canned("refuses the next request too", closes(response(400, b"", close=True) + REFUSED.data)),
        ),
    )


SAID_THEN_SENT = Check(
    id="rfc9112-9.6-after-said-close-later",
    requirement="rfc9112-9.6-7",
    title="A request that is sent after an answer that says close is not answered",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"Connection: close")),
        Answers(
            {
                SAYS_CLOSE: PASS,
                answered: observed("does not say close to it").then(),
                ended: observed("ends the connection without an answer").then(),
                silent: observed("does not answer it").then(),
            }
        ),
        Send(GET),
        Answers(
            {
                ended: PASS,
                silent: PASS.because("nothing more is answered; that the connection stays open is another rule's"),
                answered: VIOLATION.because("a request was answered after the server had said close"),
                garbage: DESYNC.because("bytes that belong to no answer came"),
            },
        ),
    ),
    good=(OK_CLOSE,),
    mutants=(Canned("serves it", response(close=True) + OK),),
)

# --- 9.6-1: an end is announced


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """A request after whose answer nothing but the server's own wish ends the connection."""

    slug: str
    words: str
    data: bytes
    to: str = "GET"
    good: bytes = OK
    said: bytes = response(close=True)


PLAIN: tuple[_Plain, ...] = (
    _Plain(slug="get", words="a GET", data=GET),
    _Plain(slug="head", words="a HEAD", data=request(b"HEAD"), to="HEAD", good=HEAD_OK, said=HEAD_OK_CLOSE),
    _Plain(
        slug="options",
        words="an OPTIONS",
        data=request(b"OPTIONS"),
        to="OPTIONS",
        good=NOT_ALLOWED,
        said=_REFUSES_METHOD,
    ),
    _Plain(
        slug="unknown-path",
        words="a GET of an unknown path",
        data=request(to=UNKNOWN),
        good=response(404, b""),
        said=response(404, b"", close=True),
    ),
    _Plain(
        slug="post",
        words="a POST",
        data=sized(b"POST", b"hello"),
        to="POST",
        good=NOT_ALLOWED,
        said=_REFUSES_METHOD,
    ),
)


def _announced(row: _Plain) -> Check:
    return Check(
        id=f"rfc9112-9.6-end-announced-{row.slug}",
        requirement="rfc9112-9.6-1",
        title=f"If the connection ends after the answer to {row.words}, the answer says close",
        since=SINCE,
        steps=(
            Send(row.data),
            Answers(
                {
                    SAYS_CLOSE: PASS.then(),
                    all_of(version(b"HTTP/1.0"), answered): PASS.because(
                        "an HTTP/1.0 answer ends it by its version"
                    ).then(),
                    answered: PASS,
                    ended: WARNING.because("the connection ended without an answer to a complete request").then(),
                    silent: WARNING.because("a complete request got no answer").then(),
                },
                to=row.to,
            ),
            Answers(
                {
                    silent: PASS,
                    ended: VIOLATION.because("the connection ended at once, and the answer had not said so"),
                    status(408): PASS.because("an idle timeout"),
                    status_4xx: DESYNC.because("a second answer came to one request"),
                    status_5xx: DESYNC.because("a second answer came to one request"),
                    answered: DESYNC.because("a second answer came to one request"),
                    garbage: DESYNC.because("bytes that belong to no answer came"),
                },
                quiet=True,
            ),
        ),
        good=(row.good,),
        mutants=(
            Canned("closes without a word", closes(row.good)),
            Canned("answers twice", row.good * 2 if row.to != "HEAD" else HEAD_OK + b"ok"),
        ),
    )


ENDS_AFTER_REFUSAL = Check(
    id="rfc9112-9.6-closes-after-refusal",
    requirement="rfc9112-9.6-6",
    title="The connection ends after a refusal that says close",
    since=SINCE,
    steps=(
        Send(b"no request line by any grammar\r\n\r\n"),
        Answers(
            {
                SAYS_CLOSE: PASS,
                answered: observed("does not say close to it").then(),
                ended: observed("ends the connection without an answer").then(),
                silent: observed("does not answer it").then(),
            }
        ),
        then_ended(),
    ),
    good=(REFUSED,),
    mutants=(
        Canned("keeps the connection", response(400, close=True)),
        Canned("refuses twice", closes(response(400, close=True) * 2)),
        Canned("never answers", NOTHING),
    ),
)

CHECKS = (
    *(_after_said(*row) for row in PROVOKED),
    SAID_THEN_SENT,
    *(_announced(row) for row in PLAIN),
    ENDS_AFTER_REFUSAL,
)
