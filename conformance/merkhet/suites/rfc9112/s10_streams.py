"""RFC 9112, Sections 6.1, 6.3, 7.1 and 7.4: the framing of content that is made while it is sent."""

from __future__ import annotations

from merkhet.answer import Framing
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    Stream,
    closes,
    observed,
)
from merkhet.expect import (
    all_of,
    content,
    cut_short,
    ended,
    field,
    framed,
    silent,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.sequences import UNKNOWN, next_answer, read_rightly, request
from merkhet.suites.words import DATE, GET, HANG_UP, OK, SINCE, chunked_response, response

_PIECES = b"piece 0\npiece 1\npiece 2\n"
_STREAM = chunked_response(b"piece 0\n", b"piece 1\n", b"piece 2\n")
_STREAM_HEAD = _STREAM.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
_UNTIL_CLOSE = b"HTTP/1.1 200 \r\n" + DATE + b"Connection: close\r\n\r\n" + _PIECES
_TE = field(b"Transfer-Encoding")

# --- 6.1-11: HTTP/1.0

OLD: tuple[tuple[str, str, bytes, str], ...] = (
    ("root", "the root", request(version=b"1.0"), "GET"),
    ("stream", "a stream", request(to=b"{stream:3}", version=b"1.0"), "GET"),
    (
        "stream-keep-alive",
        "a stream that says keep-alive",
        request(b"GET", b"Connection: keep-alive", to=b"{stream:3}", version=b"1.0"),
        "GET",
    ),
    (
        "stream-te",
        "a stream that says TE",
        request(b"GET", b"TE: trailers", to=b"{stream:3}", version=b"1.0"),
        "GET",
    ),
    ("stream-head", "a stream by HEAD", request(b"HEAD", to=b"{stream:3}", version=b"1.0"), "HEAD"),
)


def _old(slug: str, words: str, data: bytes, to: str) -> Check:
    good = _UNTIL_CLOSE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if to == "HEAD" else _UNTIL_CLOSE
    bad = _STREAM_HEAD if to == "HEAD" else _STREAM
    return Check(
        id=f"rfc9112-6.1-http-1.0-uncoded-{slug}",
        requirement="rfc9112-6.1-11",
        title=f"An HTTP/1.0 request for {words} is answered without Transfer-Encoding",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    _TE: VIOLATION.because("Transfer-Encoding in an answer to HTTP/1.0"),
                    **read_rightly(),
                    cut_short: WARNING.because("the answer was cut short"),
                },
                to=to,
                version="1.0",
            ),
        ),
        good=(closes(good),),
        mutants=(Canned("sends chunks", closes(bad)), Canned("hangs up", HANG_UP)),
    )


OLD_CONTENT = Check(
    id="rfc9112-6.1-http-1.0-content",
    requirement="rfc9112-6.1-11",
    title="The content of a stream reaches an HTTP/1.0 client as it is, without chunk framing",
    since=SINCE,
    steps=(
        Send(request(to=b"{stream:3}", version=b"1.0")),
        Answers(
            {
                _TE: VIOLATION.because("Transfer-Encoding in an answer to HTTP/1.0"),
                content(_PIECES): PASS,
                status_2xx: VIOLATION.because("the content is not what the stream holds"),
                cut_short: WARNING.because("the answer was cut short"),
                status_4xx: WARNING.because("the stream was not served"),
                status_5xx: WARNING.because("an error of the server's own"),
                ended: WARNING.because("the connection ended without an answer to a complete request"),
                silent: WARNING.because("a complete request got no answer"),
            },
            version="1.0",
        ),
    ),
    good=(closes(_UNTIL_CLOSE),),
    mutants=(
        Canned(
            "sends chunks and does not say so",
            closes(_UNTIL_CLOSE.removesuffix(_PIECES) + b"18\r\n" + _PIECES + b"\r\n0\r\n\r\n"),
        ),
        Canned("sends chunks", closes(_STREAM)),
    ),
)

# --- 6.1-2, 6.3-9, 7.1-a4, 7.4-a1: a stream in HTTP/1.1

STREAMS: tuple[tuple[str, str, bytes], ...] = (
    ("plain", "a stream", request(to=b"{stream:3}")),
    ("te-empty", "a stream with an empty TE", request(b"GET", b"TE:", b"Connection: TE", to=b"{stream:3}")),
    (
        "te-trailers",
        "a stream with TE: trailers",
        request(b"GET", b"TE: trailers", b"Connection: TE", to=b"{stream:3}"),
    ),
)


def _uncoded(slug: str, words: str, data: bytes) -> Check:
    only_chunked = VIOLATION.because("a transfer coding that the client did not ask for")
    return Check(
        id=f"rfc9112-7.4-only-chunked-{slug}",
        requirement="rfc9112-7.4-a1",
        title=f"The answer to {words} has no transfer coding but chunked",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    field(b"Transfer-Encoding", b"gzip"): only_chunked,
                    field(b"Transfer-Encoding", b"deflate"): only_chunked,
                    field(b"Transfer-Encoding", b"compress"): only_chunked,
                    field(b"Transfer-Encoding", b"x-gzip"): only_chunked,
                    **read_rightly(),
                    cut_short: WARNING.because("the answer was cut short"),
                }
            ),
        ),
        good=(_STREAM,),
        mutants=(
            Canned(
                "sends gzip", _STREAM.replace(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", 1)
            ),
            Canned("hangs up", HANG_UP),
        ),
    )


STREAM_CONTENT = Check(
    id="rfc9112-7.1-stream-content",
    requirement="rfc9112-7.1-a4",
    title="The chunks of a stream decode to its content, and the connection is at its next answer behind them",
    since=SINCE,
    steps=(
        Send(request(to=b"{stream:3}")),
        Answers(
            {
                content(_PIECES): PASS,
                status_2xx: VIOLATION.because("the content is not what the stream holds"),
                cut_short: VIOLATION.because("the content of the stream was cut short"),
                status_4xx: WARNING.because("the stream was not served").then(),
                status_5xx: WARNING.because("an error of the server's own").then(),
                ended: WARNING.because("the connection ended without an answer to a complete request").then(),
                silent: WARNING.because("a complete request got no answer").then(),
            }
        ),
        Send(GET),
        next_answer(
            ended_is=observed("the connection ends after it"),
            silent_is=VIOLATION.because("the next request on the connection got no answer"),
        ),
    ),
    good=(_STREAM + OK,),
    mutants=(
        Canned("leaves out the last chunk", Stream(_STREAM.removesuffix(b"0\r\n\r\n"))),
        Canned("leaves out the last CRLF", Stream(_STREAM.removesuffix(b"\r\n"))),
        Canned("sends a CRLF too many", _STREAM + b"\r\n" + OK),
        Canned("loses a piece", chunked_response(b"piece 0\n", b"piece 2\n") + OK),
    ),
)

CHUNKED_ONCE = Check(
    id="rfc9112-6.1-stream-chunked-once",
    requirement="rfc9112-6.1-2",
    title="The content of a stream is not chunked twice",
    since=SINCE,
    steps=(
        Send(request(to=b"{stream:3}")),
        Answers(
            {
                content(_PIECES): PASS,
                content(b"8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n0\r\n\r\n"): VIOLATION.because(
                    "chunks within chunks"
                ),
                status_2xx: WARNING.because("the content is not what the stream holds"),
                cut_short: WARNING.because("the content of the stream was cut short"),
                status_4xx: WARNING.because("the stream was not served"),
                status_5xx: WARNING.because("an error of the server's own"),
                ended: WARNING.because("the connection ended without an answer to a complete request"),
                silent: WARNING.because("a complete request got no answer"),
            }
        ),
    ),
    good=(_STREAM,),
    mutants=(
        Canned("chunks it twice", chunked_response(b"8\r\npiece 0\n\r\n8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n0\r\n\r\n")),
        Canned("holds something else", OK),
    ),
)

GZIP_LAST = Check(
    id="rfc9112-6.1-stream-other-coding",
    requirement="rfc9112-6.1-4",
    title="An answer with a transfer coding that the client asked for ends with chunked, or with its connection",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"TE: gzip", b"Connection: TE", to=b"{stream:3}")),
        Answers(
            {
                all_of(field(b"Transfer-Encoding", b"gzip"), framed(Framing.CHUNKED)): PASS,
                all_of(field(b"Transfer-Encoding", b"gzip"), framed(Framing.UNTIL_CLOSE)): PASS,
                cut_short: VIOLATION.because(
                    "the answer has no end: neither a last chunk nor the end of the connection"
                ),
                **read_rightly(),
            }
        ),
    ),
    good=(_STREAM,),
    mutants=(
        Canned("leaves the connection open", b"HTTP/1.1 200 \r\n" + DATE + b"Transfer-Encoding: gzip\r\n\r\n\x1f\x8b"),
    ),
    note="An answer without another coding than chunked keeps the rule.",
)

FILES: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("root", "the root", GET, OK),
    ("stream", "a stream", request(to=b"{stream:3}"), _STREAM),
    ("unknown-path", "an unknown path", request(to=UNKNOWN), response(404, b"nothing")),
)


def _delimited(slug: str, words: str, data: bytes, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-delimited-{slug}",
        requirement="rfc9112-6.3-9",
        title=f"The answer to a GET of {words} says where it ends",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    framed(Framing.UNTIL_CLOSE): VIOLATION.because("only the end of the connection ends the answer"),
                    **read_rightly(),
                    cut_short: WARNING.because("the answer has no end"),
                }
            ),
        ),
        good=(good,),
        mutants=(Canned("ends with its connection", closes(_UNTIL_CLOSE)), Canned("hangs up", HANG_UP)),
    )


CHECKS = (
    *(_old(*row) for row in OLD),
    OLD_CONTENT,
    *(_uncoded(*row) for row in STREAMS),
    STREAM_CONTENT,
    CHUNKED_ONCE,
    GZIP_LAST,
    *(_delimited(*row) for row in FILES),
)
