"""RFC 9112, Sections 2.3, 4, 6.1 and 6.3: heads that must be asked for before their shape can be seen."""

from __future__ import annotations

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import (
    all_of,
    answered,
    cut_short,
    ended,
    field,
    garbage,
    interim,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
    version,
    with_reason,
    without,
    without_reason,
)
from merkhet.suites.rfc9112.sequences import HEAD_OK, UNKNOWN, next_answer, read_rightly, request
from merkhet.suites.words import DATE, GET, HANG_UP, OK, SINCE, chunked_response, response

_STREAM = chunked_response(b"piece 0\n", b"piece 1\n", b"piece 2\n")
_STREAM_HEAD = _STREAM.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
_TE = field(b"Transfer-Encoding")
_OTHER_CODE = WARNING.because("another status than the one asked for")


def _bare(code: int, *lines: bytes) -> bytes:
    return b"HTTP/1.1 %d \r\n%s%s\r\n" % (code, DATE, b"".join(line + b"\r\n" for line in lines))


# --- 6.3-a1: responses without content, and the next request behind them

_NO_NEXT: Verdict = observed("the connection ends after it")
BODILESS: tuple[tuple[str, str, bytes, str, bytes], ...] = (
    ("head", "A response to HEAD", request(b"HEAD"), "HEAD", HEAD_OK),
    ("head-unknown-path", "A 404 to HEAD", request(b"HEAD", to=UNKNOWN), "HEAD", _bare(404, b"Content-Length: 9")),
    ("head-stream", "A response to HEAD of a stream", request(b"HEAD", to=b"{stream:3}"), "HEAD", _STREAM_HEAD),
    ("head-error", "A 500 to HEAD", request(b"HEAD", to=b"{status:500}"), "HEAD", _bare(500, b"Content-Length: 4")),
    ("204", "A 204", request(to=b"{status:204}"), "GET", _bare(204)),
    ("304", "A 304", request(to=b"{status:304}"), "GET", _bare(304)),
    ("204-to-head", "A 204 to HEAD", request(b"HEAD", to=b"{status:204}"), "HEAD", _bare(204)),
    ("103", "A 103", request(to=b"{status:103}"), "GET", _bare(103, b"Link: </s.css>; rel=preload") + OK),
)


def _bodiless(slug: str, words: str, data: bytes, to: str, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-bodiless-{slug}",
        requirement="rfc9112-6.3-a1",
        title=f"{words} ends with its empty line: the next request on the connection gets its own answer",
        since=SINCE,
        steps=(
            Send(data),
            Answers({**read_rightly(), status_5xx: PASS}, to=to),
            Send(GET),
            next_answer(
                ended_is=_NO_NEXT, silent_is=VIOLATION.because("the next request on the connection got no answer")
            ),
        ),
        good=(good + OK,),
        mutants=(
            Canned("sends content behind its head", good + b"no content belongs here" + OK),
            Canned("sends chunks behind its head", good + b"5\r\nhello\r\n0\r\n\r\n" + OK),
            Canned("never answers the next request", good),
        ),
    )


PIPELINED_BODILESS = Check(
    id="rfc9112-6.3-bodiless-pipelined",
    requirement="rfc9112-6.3-a1",
    title="HEAD, a 204, a 304 and GET in one segment get four answers, each in its place",
    since=SINCE,
    steps=(
        Send(request(b"HEAD") + request(to=b"{status:204}") + request(to=b"{status:304}") + GET),
        Answers(read_rightly(), to="HEAD"),
        Answers(
            {
                status(204): PASS,
                answered: VIOLATION.because("the 204 is not the second answer"),
                garbage: DESYNC.because("bytes that belong to no answer came"),
                ended: _NO_NEXT.then(),
            }
        ),
        Answers(
            {
                status(304): PASS,
                answered: VIOLATION.because("the 304 is not the third answer"),
                garbage: DESYNC.because("bytes that belong to no answer came"),
                ended: _NO_NEXT.then(),
            }
        ),
        next_answer(ended_is=_NO_NEXT, silent_is=VIOLATION.because("the last request got no answer")),
    ),
    good=(HEAD_OK + _bare(204) + _bare(304) + OK,),
    mutants=(
        Canned("sends content to HEAD", OK + _bare(204) + _bare(304) + OK),
        Canned("answers the GET too soon", HEAD_OK + OK + _bare(204) + _bare(304)),
        Canned("sends content behind the 304", HEAD_OK + _bare(204) + _bare(304) + b"ok" + OK),
    ),
)

# --- 6.1-7, 6.1-8, 6.1-11: where Transfer-Encoding may not be

_WITH_TE = VIOLATION.because("Transfer-Encoding in a response that may not have it")


def _never_te(slug: str, title: str, data: bytes, *, code: int, good: bytes, bad: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.1-no-coding-{slug}",
        requirement="rfc9112-6.1-7",
        title=title,
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    all_of(status(code), _TE): _WITH_TE,
                    status(code): PASS,
                    answered: _OTHER_CODE,
                    ended: WARNING.because("the connection ended without an answer to a complete request"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                to="HEAD" if data.startswith(b"HEAD") else "GET",
            ),
        ),
        good=(good,),
        mutants=(
            Canned("sends it", bad),
            Canned("answers with another status", OK if b"HEAD" not in data else HEAD_OK),
        ),
    )


_CHUNKED = b"Transfer-Encoding: chunked"
NEVER = (
    _never_te(
        "204",
        "A 204 has no Transfer-Encoding",
        request(to=b"{status:204}"),
        code=204,
        good=_bare(204),
        bad=_bare(204, _CHUNKED),
    ),
    _never_te(
        "204-head",
        "A 204 to HEAD has no Transfer-Encoding",
        request(b"HEAD", to=b"{status:204}"),
        code=204,
        good=_bare(204),
        bad=_bare(204, _CHUNKED),
    ),
)

CONNECT = Check(
    id="rfc9112-6.1-no-coding-connect",
    requirement="rfc9112-6.1-8",
    title="A 2xx to CONNECT has no Transfer-Encoding",
    since=SINCE,
    steps=(
        Send(b"CONNECT {connect} HTTP/1.1\r\nHost: {connect}\r\n\r\n"),
        Answers(
            {
                all_of(status_2xx, _TE): _WITH_TE,
                status_2xx: PASS,
                status_4xx: observed("refuses CONNECT"),
                status(501, 502, 503, 504): observed("refuses CONNECT, or cannot connect"),
                status_5xx: WARNING.because("an error of the server's own"),
                answered: observed("answers CONNECT with a redirection"),
                ended: observed("ends the connection without an answer"),
                silent: WARNING.because("a complete request got no answer"),
            },
            to="CONNECT",
        ),
    ),
    good=(_bare(200),),
    mutants=(Canned("sends it", _bare(200, _CHUNKED)), Canned("refuses", response(405, b"", b"Allow: GET"))),
)

# --- 4-1, 6.1-6: what a server may say or leave out

REASON: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("plain", "a plain GET", GET, OK),
    ("unknown-path", "a GET of an unknown path", request(to=UNKNOWN), response(404, b"")),
    ("unregistered", "a status that is not registered", request(to=b"{status:299}"), response(299, b"")),
)


def _reason(slug: str, words: str, data: bytes, good: bytes) -> Check:
    return Check(
        id=f"rfc9112-4-reason-{slug}",
        requirement="rfc9112-4-1",
        title=f"The status line of the answer to {words} may have a reason phrase",
        since=SINCE,
        steps=(
            Send(data),
            Answers(
                {
                    with_reason: observed("has a reason phrase"),
                    without_reason: observed("has no reason phrase"),
                    ended: WARNING.because("the connection ended without an answer to a complete request"),
                    silent: WARNING.because("a complete request got no answer"),
                }
            ),
        ),
        good=(good,),
        mutants=(Canned("has one", good.replace(b" \r\n", b" Some Words\r\n", 1)), Canned("hangs up", HANG_UP)),
    )


HEAD_CODING = Check(
    id="rfc9112-6.1-head-coding",
    requirement="rfc9112-6.1-6",
    title="A response to HEAD of a stream may say Transfer-Encoding",
    since=SINCE,
    steps=(
        Send(request(b"HEAD", to=b"{stream:3}")),
        Answers(
            {
                status_4xx: observed("does not answer HEAD there"),
                status_5xx: WARNING.because("an error of the server's own"),
                _TE: observed("says it"),
                without(_TE): observed("leaves it out"),
                ended: WARNING.because("the connection ended without an answer to a complete request"),
                silent: WARNING.because("a complete request got no answer"),
            },
            to="HEAD",
        ),
    ),
    good=(_STREAM_HEAD,),
    mutants=(Canned("leaves it out", HEAD_OK), Canned("hangs up", HANG_UP)),
)

# --- 2.3-3: no version but the server's own

CLIENTS: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("bare", "without User-Agent", ()),
    ("agent", "with a User-Agent", (b"User-Agent: merkhet",)),
    ("close", "that says close", (b"Connection: close",)),
    ("keep-alive", "that says keep-alive", (b"Connection: keep-alive",)),
)


def _own_version(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    return Check(
        id=f"rfc9112-2.3-own-version-{slug}",
        requirement="rfc9112-2.3-3",
        title=f"An HTTP/1.1 request {words} is answered in HTTP/1.1",
        since=SINCE,
        steps=(
            Send(request(b"GET", *lines)),
            Answers(
                {
                    version(b"HTTP/1.0"): observed("answers in HTTP/1.0"),
                    **read_rightly(),
                }
            ),
        ),
        good=(OK,),
        mutants=(
            Canned("answers in HTTP/1.0", closes(OK.replace(b"HTTP/1.1", b"HTTP/1.0", 1))),
            Canned("hangs up", HANG_UP),
        ),
        note="A server that knows no later version answers so to all; one that does is judged over all of a run.",
    )


EARLY_HINTS = Check(
    id="rfc9112-6.3-interim-then-final",
    requirement="rfc9112-6.3-a1",
    title="A 103 ends with its empty line: the final answer is next",
    since=SINCE,
    steps=(
        Send(request(to=b"{status:103}")),
        Answers(
            {
                all_of(interim(103), served()): PASS,
                answered: observed("sends no 103"),
                cut_short: DESYNC.because("octets behind the 103 begin no response"),
                ended: VIOLATION.because("no final answer came"),
                silent: VIOLATION.because("no final answer came"),
            }
        ),
    ),
    good=(_bare(103) + OK,),
    mutants=(Canned("sends no final answer", _bare(103)), Canned("sends a 103 alone and closes", closes(_bare(103)))),
)

CHECKS = (
    *(_bodiless(*row) for row in BODILESS),
    PIPELINED_BODILESS,
    EARLY_HINTS,
    *NEVER,
    CONNECT,
    *(_reason(*row) for row in REASON),
    HEAD_CODING,
    *(_own_version(*row) for row in CLIENTS),
)
