"""RFC 9112, Section 9.6: Tear-down, where the client says close."""

from __future__ import annotations

from dataclasses import dataclass

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
    On,
    Send,
    closes,
    observed,
)
from merkhet.expect import answered, cut_short, ended, garbage, silent, status, status_2xx, version
from merkhet.suites.rfc9112.sequences import (
    GRACE_SECONDS,
    HEAD_OK,
    HEAD_OK_CLOSE,
    HELLO_CHUNKS,
    SAYS_CLOSE,
    UNKNOWN,
    asked,
    chunked,
    request,
    sized,
    then_ended,
)
from merkhet.suites.words import GET, OK, OK_CLOSE, SINCE, response

_CLOSE = b"Connection: close"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Farewell:
    """A last request, and the answer of a server that says close and one that does not."""

    slug: str
    words: str
    data: bytes
    to: str = "GET"
    good: bytes = response(close=True)
    unsaid: bytes = OK


_REFUSES_METHOD = response(405, b"", b"Allow: GET, HEAD", close=True)
_REFUSES_UNSAID = response(405, b"", b"Allow: GET, HEAD")
FAREWELLS: tuple[_Farewell, ...] = (
    _Farewell(slug="get", words="a GET", data=request(b"GET", _CLOSE)),
    _Farewell(
        slug="head", words="a HEAD", data=request(b"HEAD", _CLOSE), to="HEAD", good=HEAD_OK_CLOSE, unsaid=HEAD_OK
    ),
    _Farewell(
        slug="options",
        words="an OPTIONS",
        data=request(b"OPTIONS", _CLOSE),
        to="OPTIONS",
        good=_REFUSES_METHOD,
        unsaid=_REFUSES_UNSAID,
    ),
    _Farewell(
        slug="post",
        words="a POST",
        data=sized(b"POST", b"hello", _CLOSE),
        to="POST",
        good=_REFUSES_METHOD,
        unsaid=_REFUSES_UNSAID,
    ),
    _Farewell(
        slug="post-chunked",
        words="a chunked POST",
        data=chunked(b"POST", HELLO_CHUNKS, _CLOSE),
        to="POST",
        good=_REFUSES_METHOD,
        unsaid=_REFUSES_UNSAID,
    ),
    _Farewell(
        slug="unknown-path",
        words="a GET of an unknown path",
        data=request(b"GET", _CLOSE, to=UNKNOWN),
        good=response(404, b"", close=True),
        unsaid=response(404, b""),
    ),
)


def _closes_after(row: _Farewell) -> Check:
    return Check(
        id=f"rfc9112-9.6-closes-after-{row.slug}",
        requirement="rfc9112-9.6-3",
        title=f"The connection ends after the answer to {row.words} that says close",
        since=SINCE,
        steps=(*asked(row.data, to=row.to), then_ended()),
        good=(closes(row.good),),
        mutants=(
            Canned("keeps the connection", row.unsaid),
            Canned("says close and keeps the connection", row.good),
            Canned("answers twice", closes(row.unsaid + row.good)),
        ),
    )


CLOSES_AFTER_THIRD = Check(
    id="rfc9112-9.6-closes-after-third",
    requirement="rfc9112-9.6-3",
    title="The connection ends after the third answer if the third request says close",
    since=SINCE,
    steps=(*asked(GET), *asked(GET), *asked(request(b"GET", _CLOSE)), then_ended()),
    good=(closes(OK + OK + response(close=True)),),
    mutants=(Canned("keeps the connection", OK * 3), Canned("answers once more", closes(OK * 4))),
)


def _answers_close(row: _Farewell) -> Check:
    return Check(
        id=f"rfc9112-9.6-says-close-to-{row.slug}",
        requirement="rfc9112-9.6-4",
        title=f"The answer to {row.words} that says close says close too",
        since=SINCE,
        steps=(
            Send(row.data),
            Answers(
                {
                    SAYS_CLOSE: PASS,
                    version(b"HTTP/1.0"): observed("an HTTP/1.0 answer, which ends the connection by its version"),
                    answered: VIOLATION.because("the last answer of the connection does not say close"),
                    ended: INCONCLUSIVE.because("the connection ended without an answer"),
                    silent: INCONCLUSIVE.because("a complete request got no answer"),
                },
                to=row.to,
            ),
        ),
        good=(closes(row.good),),
        mutants=(
            Canned("does not say so", closes(row.unsaid)),
            Canned("says keep-alive", closes(_keeping(row.unsaid))),
        ),
    )


def _keeping(data: bytes) -> bytes:
    head, _, rest = data.partition(b"\r\n")
    return head + b"\r\nConnection: keep-alive\r\n" + rest


# --- 9.6-5: nothing behind a request that says close is processed

_GET_CLOSE = request(b"GET", _CLOSE)
_POST_CLOSE = sized(b"POST", b"hello", _CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Behind:
    """What stands behind a request that says close. `at` is where a new segment begins, 0 for none."""

    slug: str
    words: str
    behind: bytes
    first: bytes = _GET_CLOSE
    to: str = "GET"
    at: int = 0


BEHIND: tuple[_Behind, ...] = (
    _Behind(slug="get", words="A GET", behind=GET),
    _Behind(slug="get-close", words="Another GET that says close", behind=_GET_CLOSE),
    _Behind(slug="get-next-segment", words="A GET in the next segment", behind=GET, at=-len(GET)),
    _Behind(slug="eight-gets", words="Eight GETs", behind=GET * 8),
    _Behind(slug="head", words="A HEAD", behind=request(b"HEAD")),
    _Behind(slug="post", words="A POST", behind=sized(b"POST", b"hello")),
    _Behind(slug="post-chunked", words="A chunked POST", behind=chunked(b"POST", HELLO_CHUNKS)),
    _Behind(slug="half-request", words="Half a request", behind=b"GET {root} HTTP/1.1\r\nHo"),
    _Behind(slug="garbage", words="A line of garbage", behind=b"no request line by any grammar\r\n\r\n"),
    _Behind(slug="garbage-unended", words="Garbage without a line end", behind=b"\x16\x03\x01\x02\x00\x01\x00"),
    _Behind(slug="empty-line", words="An empty line", behind=b"\r\n"),
    _Behind(slug="64k", words="64 KiB of garbage", behind=b"garbage!" * 8192),
    _Behind(slug="after-post", words="A GET behind a POST", behind=GET, first=_POST_CLOSE, to="POST"),
    _Behind(
        slug="after-chunked",
        words="A GET behind a chunked POST",
        behind=GET,
        first=chunked(b"POST", HELLO_CHUNKS, _CLOSE),
        to="POST",
    ),
    _Behind(
        slug="after-list",
        words="A GET behind a request that says close in a list",
        behind=GET,
        first=request(b"GET", b"Connection: foo, CLOSE"),
    ),
    _Behind(
        slug="after-second-line",
        words="A GET behind a request that says keep-alive, then close in another line",
        behind=GET,
        first=request(b"GET", b"Connection: keep-alive", _CLOSE),
    ),
    _Behind(
        slug="after-old",
        words="A GET behind an HTTP/1.0 GET that says close",
        behind=GET,
        first=request(b"GET", _CLOSE, version=b"1.0"),
    ),
)


def _not_behind(row: _Behind) -> Check:
    old = b"HTTP/1.0" in row.first
    return Check(
        id=f"rfc9112-9.6-behind-close-{row.slug}",
        requirement="rfc9112-9.6-5",
        title=f"{row.words} behind a request that says close is not answered"
        if "behind" not in row.words
        else f"{row.words} is not answered",
        since=SINCE,
        steps=(
            Send(row.first + row.behind, cuts=(row.at,) if row.at else ()),
            Answers(
                {
                    answered: PASS,
                    ended: PASS.because("no answer at all").then(),
                    cut_short: PASS.because("one answer, cut short by the end").then(),
                    silent: WARNING.because("a complete request got no answer").then(),
                },
                to=row.to,
                version="1.0" if old else "1.1",
            ),
            Answers(
                {
                    ended: PASS,
                    silent: PASS.because("nothing more is answered; that the connection stays open is another rule's"),
                    answered: VIOLATION.because("what stands behind the request that says close was answered"),
                    garbage: DESYNC.because("bytes that belong to no answer came"),
                },
            ),
        ),
        good=(OK_CLOSE,),
        mutants=(
            Canned("serves what is behind", OK + OK),
            Canned("refuses what is behind", closes(OK + response(400, close=True))),
        ),
        note="One answer of any status, or none, is enough: some servers parse all they got before they answer.",
    )


_STORED = b"{mutable:merkhet-after-close}-{nonce}"
_PUT = b"PUT %s HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello" % _STORED
NO_EFFECT = Check(
    id="rfc9112-9.6-behind-close-put",
    requirement="rfc9112-9.6-5",
    title="A PUT behind a request that says close has no effect",
    since=SINCE,
    steps=(
        Send(_GET_CLOSE + _PUT),
        Answers(
            {
                answered: PASS,
                ended: PASS.because("no answer at all"),
                silent: WARNING.because("a complete request got no answer").then(),
            }
        ),
        On(1),
        Send(b"GET %s HTTP/1.1\r\nHost: {host}\r\n\r\n" % _STORED),
        Answers(
            {
                status(404): PASS,
                status_2xx: VIOLATION.because("the PUT behind the request that says close was carried out"),
                silent: WARNING.because("a plain GET on a new connection got no answer after that"),
            },
            patience_seconds=GRACE_SECONDS,
        ),
    ),
    twin=Exchange(request=_PUT, answer=status_2xx, to="PUT", good=response(201, b"")),
    good=(OK_CLOSE, response(404, b"")),
    mutants=(Canned("carries it out", OK_CLOSE, response(200, b"hello")),),
)

CHECKS = (
    *(_closes_after(row) for row in FAREWELLS),
    CLOSES_AFTER_THIRD,
    *(_answers_close(row) for row in FAREWELLS),
    *(_not_behind(row) for row in BEHIND),
    NO_EFFECT,
)
