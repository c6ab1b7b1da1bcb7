"""RFC 9112, Section 9.3.2: Pipelining."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    HalfClose,
    Send,
    Step,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    content,
    echoed,
    ended,
    garbage,
    interim,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.sequences import (
    HEAD_OK,
    HELLO_CHUNKS,
    NOT_ALLOWED,
    OVERLOADED,
    chunked,
    ends_early,
    read_rightly,
    request,
    sized,
    then_ended,
)
from merkhet.suites.words import DATE, ECHO_TWIN, GET, OK, REFUSED, SINCE, TELLS_NO_CONTENT, echo, response

_PATIENCE_SECONDS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request of a pipeline: what it sends, what answers it, and what a canned server says to it."""

    data: bytes
    answer: Expectation
    good: bytes
    to: str = "GET"


def _answers(calls: tuple[_Call, ...], *, cut_is: Verdict | None = None) -> tuple[Step, ...]:
    """Return a step for each answer in order. `cut_is` is what an end before one of them means."""
    return tuple(_answer(call, place, cut_is=cut_is) for place, call in enumerate(calls))


def _answer(call: _Call, place: int, *, cut_is: Verdict | None) -> Answers:
    first = WARNING.because("the connection ended without an answer to a complete request").then()
    early = cut_is or (ends_early(place) if place else first)
    return Answers(
        {
            call.answer: PASS,
            status(503): OVERLOADED,
            **TELLS_NO_CONTENT,
            status_2xx: VIOLATION.because(f"answer {place + 1} is not the answer to request {place + 1}"),
            status(400): VIOLATION.because(f"the pipeline was not read as it was sent: request {place + 1} got 400"),
            status_4xx: WARNING.because(f"request {place + 1} was refused"),
            status_5xx: WARNING.because("an error of the server's own"),
            ended: early,
            silent: VIOLATION.because(f"request {place + 1} of the pipeline got no answer"),
            garbage: VIOLATION.because(f"bytes that are no response came where answer {place + 1} belongs"),
        },
        to=call.to,
        patience_seconds=_PATIENCE_SECONDS,
    )


def _mutants(calls: tuple[_Call, ...]) -> tuple[Canned, ...]:
    goods = [call.good for call in calls]
    swapped = b"".join([goods[1], goods[0], *goods[2:]])
    faults = [Canned("leaves out the last answer", b"".join(goods[:-1]))]
    if goods[0] != goods[1]:
        faults.append(Canned("answers the second request first", swapped))
    faults.append(Canned("refuses what stands behind the first", closes(goods[0] + response(400, close=True))))
    return tuple(faults)


def _pipeline(
    slug: str,
    title: str,
    calls: tuple[_Call, ...],
    *,
    half_closed: bool = False,
    twin: Exchange | None = None,
    note: str = "",
) -> Check:
    after: tuple[Step, ...] = (HalfClose(),) if half_closed else ()
    cut_is = WARNING.because("the client's half-close ended the answers: it is no sign that they are not wanted").then()
    return Check(
        id=f"rfc9112-9.3.2-{slug}",
        requirement="rfc9112-9.3.2-2b",
        title=title,
        since=SINCE,
        steps=(
            Send(b"".join(call.data for call in calls)),
            *after,
            *_answers(calls, cut_is=cut_is if half_closed else None),
        ),
        twin=twin or Exchange(request=GET),
        good=(b"".join(call.good for call in calls),),
        mutants=_mutants(calls),
        note=note,
    )


_GET = _Call(data=GET, answer=as_preflight(), good=OK)
_HEAD = _Call(data=request(b"HEAD"), answer=served(), good=HEAD_OK, to="HEAD")
_POST = _Call(data=sized(b"POST", b"hello"), answer=served(), good=NOT_ALLOWED, to="POST")
_EMPTY_POST = _Call(data=sized(b"POST", b""), answer=served(), good=NOT_ALLOWED, to="POST")
_CHUNKED = _Call(data=chunked(b"POST", HELLO_CHUNKS), answer=served(), good=NOT_ALLOWED, to="POST")
_OPTIONS = _Call(data=request(b"OPTIONS"), answer=served(), good=NOT_ALLOWED, to="OPTIONS")


def _param(value: str) -> _Call:
    """A GET whose answer names it."""
    name = value.encode()
    return _Call(data=request(to=b"{param:%s}" % name), answer=content(name), good=response(200, name))


def _sleep(milliseconds: int) -> _Call:
    """A GET that is answered after this time, with the number of milliseconds."""
    digits = b"%d" % milliseconds
    return _Call(data=request(to=b"{sleep:%s}" % digits), answer=content(digits), good=response(200, digits))


def _echo(body: bytes, *, in_chunks: bool = False) -> _Call:
    wire = b"".join(b"1\r\n%c\r\n" % octet for octet in body) + b"0\r\n\r\n"
    data = chunked(b"POST", wire, to=b"{echo}") if in_chunks else sized(b"POST", body, to=b"{echo}")
    return _Call(data=data, answer=echoed(body=body, method="POST"), good=echo(body), to="POST")


def _numbered(count: int) -> tuple[_Call, ...]:
    return tuple(_param(f"p{number}") for number in range(count))


DEPTHS = (2, 8, 32)
_CUT_NOTE = "A server may end a connection between two answers; then nothing is shown about the rest."

BY_DEPTH = (
    *(
        _pipeline(f"gets-{depth}", f"{depth} GETs in one segment get {depth} answers", (_GET,) * depth, note=_CUT_NOTE)
        for depth in DEPTHS
    ),
    *(
        _pipeline(
            f"order-{depth}",
            f"{depth} different GETs in one segment are answered in order",
            _numbered(depth),
            note=_CUT_NOTE,
        )
        for depth in DEPTHS
    ),
)

MIXTURES: tuple[tuple[str, str, tuple[_Call, ...]], ...] = (
    ("head-get", "HEAD and GET", (_HEAD, _GET)),
    ("head-get-4", "HEAD and GET, four times", (_HEAD, _GET) * 4),
    ("get-head-get", "GET, HEAD and GET", (_GET, _HEAD, _GET)),
    ("heads-8", "eight HEADs", (_HEAD,) * 8),
    ("post-get", "a POST with a length, then GET", (_POST, _GET)),
    ("empty-post-get", "a POST of no octets, then GET", (_EMPTY_POST, _GET)),
    ("chunked-get", "a chunked POST, then GET", (_CHUNKED, _GET)),
    ("options-get", "OPTIONS, then GET", (_OPTIONS, _GET)),
    ("mixture-5", "GET, POST, HEAD, chunked POST, GET", (_GET, _POST, _HEAD, _CHUNKED, _GET)),
    (
        "mixture-12",
        "GET, POST, HEAD, chunked POST, OPTIONS, GET, twice",
        (_GET, _POST, _HEAD, _CHUNKED, _OPTIONS, _GET) * 2,
    ),
)
BY_MIXTURE = tuple(
    _pipeline(f"mixed-{slug}", f"Pipelined {words}: each gets its own answer", calls, note=_CUT_NOTE)
    for slug, words, calls in MIXTURES
)

CONTENTS: tuple[tuple[str, str, tuple[_Call, ...]], ...] = (
    ("lengths", "POSTs with a length", tuple(_echo(b"content-%d" % number) for number in range(8))),
    ("chunked", "chunked POSTs", tuple(_echo(b"content-%d" % number, in_chunks=True) for number in range(8))),
    ("alternating", "POSTs, each other one chunked", tuple(_echo(b"%d" % n, in_chunks=n % 2 == 0) for n in range(8))),
    (
        "long-short",
        "a long, then a short POST",
        (_echo(b"l" * 5000), _echo(b"s"), _echo(b""), _echo(b"l" * 5000), _echo(b"t")),
    ),
)
BY_CONTENT = tuple(
    _pipeline(
        f"content-{slug}",
        f"Pipelined {words}: each answer tells the content of its own request",
        calls,
        twin=ECHO_TWIN,
        note="No octet of one request may show up in the answer to another.",
    )
    for slug, words, calls in CONTENTS
)

SLOW: tuple[tuple[str, str, tuple[_Call, ...]], ...] = (
    ("slow-fast", "a slow and a fast GET", (_sleep(300), _sleep(0))),
    ("fast-slow-fast", "a fast, a slow and a fast GET", (_sleep(1), _sleep(300), _sleep(0))),
    (
        "falling",
        "GETs that each take less time than the one before",
        (_sleep(300), _sleep(200), _sleep(100), _sleep(0)),
    ),
    ("slow-then-8", "a slow GET and eight fast ones", (_sleep(300), *_numbered(8))),
    ("slow-post", "a slow GET and a POST", (_sleep(300), _echo(b"behind"))),
    ("slow-head", "a slow GET, a HEAD and a GET", (_sleep(300), _HEAD, _sleep(0))),
)
BY_TIME = tuple(
    _pipeline(f"order-{slug}", f"Pipelined {words} are answered in the order in which they came", calls, note=_CUT_NOTE)
    for slug, words, calls in SLOW
)

HALF_CLOSED = (
    _pipeline(
        "half-close-order",
        "Pipelined GETs are answered in order though the client has closed its sending side",
        _numbered(4),
        half_closed=True,
        note="A half-close ends no message and no interest in answers; but either side may close at any time, so it is a warning.",
    ),
    _pipeline(
        "half-close-slow-fast",
        "A slow and a fast GET are answered in order though the client has closed its sending side",
        (_sleep(300), _sleep(0)),
        half_closed=True,
    ),
    _pipeline(
        "half-close-gets",
        "GETs in one segment are all answered though the client has closed its sending side",
        (_GET,) * 4,
        half_closed=True,
    ),
)

_LAST = request(b"GET", b"Connection: close")
AS_MANY = Check(
    id="rfc9112-9.3.2-no-answer-more",
    requirement="rfc9112-9.3.2-2b",
    title="A pipeline of eight requests gets eight answers and not one more",
    since=SINCE,
    steps=(
        Send(GET * 7 + _LAST),
        *_answers((_GET,) * 8),
        then_ended(PASS),
    ),
    good=(closes(OK * 7 + response(close=True)),),
    mutants=(
        Canned("answers one request twice", closes(OK * 8 + response(close=True))),
        Canned("sends content behind its answer", closes(OK * 7 + response(close=True) + b"ok")),
        Canned("answers seven", OK * 7),
    ),
)

_BROKEN = b"no request line by any grammar\r\n\r\n"


def _garbage_behind(slug: str, title: str, *, cuts: tuple[int, ...]) -> Check:
    """The legal request is whole before the first octet of what is not, so its answer is due."""
    return Check(
        id=f"rfc9112-9.3.2-garbage-behind-{slug}",
        requirement="rfc9112-9.3.2-2b",
        title=title,
        since=SINCE,
        steps=(
            Send(GET + _BROKEN, cuts=cuts),
            Answers(
                {
                    as_preflight(): PASS,
                    status_4xx: WARNING.because(
                        "the refusal of the second request came first: the answer before it is lost"
                    ).then(),
                    status_5xx: WARNING.because("an error of the server's own").then(),
                    ended: WARNING.because("the connection ended without an answer to the legal request").then(),
                    silent: VIOLATION.because("the legal request got no answer"),
                }
            ),
            Answers(
                {
                    status(400): PASS,
                    status_4xx: PASS,
                    status(501, 505): PASS,
                    ended: PASS,
                    silent: observed("what stands behind the request gets no answer"),
                    status_5xx: WARNING.because("an error of the server's own"),
                    answered: VIOLATION.because("what is no request was served"),
                }
            ),
        ),
        good=(closes(OK + REFUSED.data),),
        mutants=(
            Canned("refuses at once", REFUSED),
            Canned("drops the connection", closes(b"")),
            Canned("serves both", OK + OK),
        ),
        note="Where the first answer is lost its client cannot tell whether the request was carried out.",
    )


GARBAGE = (
    _garbage_behind("one-segment", "A legal request is answered though garbage follows it in its segment", cuts=()),
    _garbage_behind(
        "next-segment",
        "A legal request is answered though garbage follows it in the next segment",
        cuts=(-len(_BROKEN),),
    ),
)

_INTERIM = b"HTTP/1.1 100 \r\n" + DATE + b"\r\n"
EXPECTING = Check(
    id="rfc9112-9.3.2-expectation-behind-slow",
    requirement="rfc9112-9.3.2-2b",
    title="An interim answer to the second request does not come before the answer to the first",
    since=SINCE,
    steps=(
        Send(request(to=b"{sleep:300}") + sized(b"POST", b"hello", b"Expect: 100-continue", to=b"{echo}")),
        Answers(
            {
                interim(100): VIOLATION.because("the 100 to the second request came before the answer to the first"),
                **_answer(_sleep(300), 0, cut_is=None).cases,
            },
            patience_seconds=_PATIENCE_SECONDS,
        ),
        Answers(
            {
                echoed(body=b"hello"): PASS,
                **read_rightly(),
                ended: ends_early(1),
            },
            to="POST",
        ),
    ),
    twin=ECHO_TWIN,
    good=(response(200, b"300") + _INTERIM + echo(b"hello"),),
    mutants=(
        Canned("answers the second first", echo(b"hello") + response(200, b"300")),
        Canned("sends the interim answer first", _INTERIM + response(200, b"300") + echo(b"hello")),
    ),
)

CHECKS = (*BY_DEPTH, *BY_MIXTURE, *BY_CONTENT, *BY_TIME, *HALF_CLOSED, AS_MANY, *GARBAGE, EXPECTING)
