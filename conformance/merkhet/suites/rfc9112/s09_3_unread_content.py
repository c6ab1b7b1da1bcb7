"""RFC 9112, Section 9.3: content that the server does not want is read to its end, or the connection is closed."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, closes
from merkhet.expect import answered, ended, silent
from merkhet.suites.rfc9112.sequences import (
    GRACE_SECONDS,
    HEAD_OK,
    NO_METHOD,
    NOT_ALLOWED,
    UNKNOWN,
    chunked,
    next_answer,
    request,
    sized,
    then_ended,
)
from merkhet.suites.words import GET, OK, OK_CLOSE, REFUSED, SINCE, response

_LINE = b"these octets are content, no request line\r\n\r\n"
_NOT_FOUND = response(404, b"nothing here")
_KIB = 1024


def _filler(length: int) -> bytes:
    """Content of this many octets which, read as requests, is refused at its first line."""
    return (_LINE * (length // len(_LINE) + 1))[:length]


def _chunks(data: bytes, each: int) -> bytes:
    parts = (data[at : at + each] for at in range(0, len(data), each))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unwanted:
    slug: str
    words: str
    data: bytes
    to: str = "POST"
    good: bytes = NOT_ALLOWED
    tags: frozenset[str] = frozenset()


_BULK = frozenset({"bulk"})
_INNER = b"GET / HTTP/1.1\r\nHost: inner.invalid\r\n\r\n"

_STUCK = VIOLATION.because("the connection stays open, and the request behind the content gets no answer")

UNWANTED: tuple[_Unwanted, ...] = (
    _Unwanted(slug="post", words="of a POST to the root", data=sized(b"POST", _LINE)),
    _Unwanted(slug="post-chunked", words="of a chunked POST to the root", data=chunked(b"POST", _chunks(_LINE, 16))),
    _Unwanted(
        slug="post-nowhere",
        words="of a POST to an unknown path",
        data=sized(b"POST", _LINE, to=UNKNOWN),
        good=_NOT_FOUND,
    ),
    _Unwanted(
        slug="post-nowhere-chunked",
        words="of a chunked POST to an unknown path",
        data=chunked(b"POST", _chunks(_LINE, 16), to=UNKNOWN),
        good=_NOT_FOUND,
    ),
    _Unwanted(slug="get", words="of a GET", data=sized(b"GET", _LINE), to="GET", good=OK),
    _Unwanted(
        slug="get-chunked", words="of a chunked GET", data=chunked(b"GET", _chunks(_LINE, 16)), to="GET", good=OK
    ),
    _Unwanted(
        slug="get-nowhere",
        words="of a GET of an unknown path",
        data=sized(b"GET", _LINE, to=UNKNOWN),
        to="GET",
        good=_NOT_FOUND,
    ),
    _Unwanted(slug="head", words="of a HEAD", data=sized(b"HEAD", _LINE), to="HEAD", good=HEAD_OK),
    _Unwanted(slug="options", words="of an OPTIONS", data=sized(b"OPTIONS", _LINE), to="OPTIONS"),
    _Unwanted(
        slug="unknown-method", words="of an unknown method", data=sized(b"MERKHET", _LINE), to="MERKHET", good=NO_METHOD
    ),
    _Unwanted(slug="post-64k", words="of 64 KiB", data=sized(b"POST", _filler(64 * _KIB))),
    _Unwanted(
        slug="post-64k-chunked",
        words="of 64 KiB in chunks",
        data=chunked(b"POST", _chunks(_filler(64 * _KIB), 4 * _KIB)),
    ),
    _Unwanted(
        slug="post-64k-nowhere",
        words="of 64 KiB to an unknown path",
        data=sized(b"POST", _filler(64 * _KIB), to=UNKNOWN),
        good=_NOT_FOUND,
    ),
    _Unwanted(
        slug="get-64k", words="of 64 KiB behind a GET", data=sized(b"GET", _filler(64 * _KIB)), to="GET", good=OK
    ),
    _Unwanted(slug="post-1m", words="of 1 MiB", data=sized(b"POST", _filler(1024 * _KIB)), tags=_BULK),
    _Unwanted(
        slug="post-1m-nowhere-chunked",
        words="of 1 MiB in chunks to an unknown path",
        data=chunked(b"POST", _chunks(_filler(1024 * _KIB), 16 * _KIB), to=UNKNOWN),
        good=_NOT_FOUND,
        tags=_BULK,
    ),
)


def _any_answer(to: str) -> Answers:
    """Whether and how the request is served is no matter here."""
    return Answers(
        {
            answered: PASS,
            ended: WARNING.because("the connection ended before an answer could be read").then(),
            silent: WARNING.because("a complete request got no answer").then(),
        },
        to=to,
        patience_seconds=GRACE_SECONDS,
    )


def _unwanted(row: _Unwanted) -> Check:
    return Check(
        id=f"rfc9112-9.3-unread-{row.slug}",
        requirement="rfc9112-9.3-5",
        title=f"Content {row.words} is never read as the next request",
        since=SINCE,
        steps=(
            Send(row.data + GET),
            _any_answer(row.to),
            next_answer(
                ended_is=PASS,
                silent_is=_STUCK,
                patience_seconds=GRACE_SECONDS,
            ),
        ),
        good=(row.good + OK,),
        mutants=(
            Canned("reads the content as a request", closes(row.good + response(400, close=True))),
            Canned("loses its place", row.good),
        ),
        tags=row.tags,
        note="To read the content and to close after the answer are both right.",
    )


WHOLE_REQUESTS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("post", "a POST", sized(b"POST", _INNER * 3), NOT_ALLOWED),
    ("post-nowhere", "a POST to an unknown path", sized(b"POST", _INNER * 3, to=UNKNOWN), _NOT_FOUND),
    ("post-chunked", "a chunked POST", chunked(b"POST", _chunks(_INNER * 3, len(_INNER))), NOT_ALLOWED),
    ("get", "a GET", sized(b"GET", _INNER * 3), OK),
)


def _requests_inside(slug: str, words: str, data: bytes, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-9.3-unread-requests-{slug}",
        requirement="rfc9112-9.3-5",
        title=f"Whole requests in the content of {words} are never answered",
        since=SINCE,
        steps=(
            Send(data + request(b"GET", b"Connection: close")),
            _any_answer("GET" if data.startswith(b"GET") else "POST"),
            next_answer(
                ended_is=PASS.then(),
                silent_is=_STUCK,
                patience_seconds=GRACE_SECONDS,
            ),
            then_ended(PASS),
        ),
        good=(closes(good + response(close=True)),),
        mutants=(
            Canned("answers a request within the content", closes(good + OK * 3 + response(close=True))),
            Canned("refuses a request within the content", closes(good + response(400, close=True))),
        ),
    )


AFTER_REFUSAL = Check(
    id="rfc9112-9.3-unread-late",
    requirement="rfc9112-9.3-5",
    title="Content that comes after an early answer is never read as the next request",
    since=SINCE,
    steps=(
        Send(sized(b"POST", _LINE).removesuffix(_LINE)),
        Send(_LINE + GET, cuts=(len(_LINE),), gap_seconds=0.1),
        _any_answer("POST"),
        next_answer(
            ended_is=PASS,
            silent_is=_STUCK,
            patience_seconds=GRACE_SECONDS,
        ),
    ),
    good=(NOT_ALLOWED + OK,),
    mutants=(
        Canned("reads the content as a request", closes(NOT_ALLOWED + REFUSED.data)),
        Canned("loses its place", NOT_ALLOWED),
    ),
)

CLOSED_EARLY = Check(
    id="rfc9112-9.3-unread-says-close",
    requirement="rfc9112-9.3-5",
    title="An answer that comes before the content is followed by that content's end, or by the connection's",
    since=SINCE,
    steps=(
        Send(sized(b"POST", _LINE, to=UNKNOWN).removesuffix(_LINE)),
        Answers(
            {
                answered: PASS,
                ended: WARNING.because("the connection ended without an answer").then(),
                silent: PASS.because("the server waits for the content").then(
                    Send(_LINE + GET), _any_answer("POST"), next_answer(ended_is=PASS, silent_is=_STUCK)
                ),
            },
            to="POST",
        ),
        Send(_LINE + GET),
        next_answer(ended_is=PASS, silent_is=_STUCK, patience_seconds=GRACE_SECONDS),
    ),
    good=(_NOT_FOUND + OK,),
    mutants=(
        Canned("takes the content for a request", closes(_NOT_FOUND + OK_CLOSE.data.replace(b" 200", b" 400", 1))),
        Canned("loses its place", _NOT_FOUND),
    ),
)

CHECKS = (
    *(_unwanted(row) for row in UNWANTED),
    *(_requests_inside(*row) for row in WHOLE_REQUESTS),
    AFTER_REFUSAL,
    CLOSED_EARLY,
)
