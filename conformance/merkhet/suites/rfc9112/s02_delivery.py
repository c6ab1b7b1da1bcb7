"""RFC 9112, Sections 2.2, 6.3 and 7.1: a message is its octets, in whatever segments, and at whatever pace, they come.

The transport promises order and nothing else (Section 9): where a segment ends is no part of a request, so the answer may
not depend on it. Offsets from the end of a request are exact; those from its beginning presume the root path `/`, and with
a longer one cut the same lines at other places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    On,
    Send,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    misechoed,
    served,
    silent,
    status,
    status_5xx,
)
from merkhet.suites.rfc9112.sequences import GRACE_SECONDS, NOT_ALLOWED, chunked, next_answer, request, sized
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    ECHO_TWIN,
    GET,
    NOTHING,
    OK,
    POST_TWIN,
    REFUSED,
    SINCE,
    echo,
)

_FIELD = b"X-Merkhet: delivery"
_CUT_GET = request(b"GET", _FIELD)
_LINE_END = b"GET / HTTP/1.1\r\n"
_TAIL = len(_FIELD) + 4
"""The last field line, its CRLF and the empty line."""

READ_AS_WHOLE: Mapping[Expectation, Verdict] = {
    as_preflight(): PASS,
    status(408): WARNING.because("the server timed out within the request"),
    status(503): WARNING.because("the server was not ready to serve it (503)"),
    answered: VIOLATION.because("in these segments the request is answered in another way than in one"),
    ended: VIOLATION.because("in these segments the request is not answered: the connection ended"),
    silent: VIOLATION.because("in these segments the request is not answered"),
    garbage: DESYNC.because("bytes that are no response came"),
}


def arrives(body: bytes) -> Mapping[Expectation, Verdict]:
    """Return the cases of a POST to the echo whose content is `body`, however it was cut."""
    return {
        echoed(body=body, method="POST"): PASS,
        misechoed(body): DESYNC.because("in these segments other content arrived than was sent"),
        status(411): observed("a chunked upload is refused with 411").then(),
        status(408): WARNING.because("the server timed out within the request"),
        status_5xx: WARNING.because("an error of the server's own"),
        status(400): VIOLATION.because("in these segments the request was refused"),
        ended: VIOLATION.because("in these segments the request is not answered: the connection ended"),
        silent: VIOLATION.because("in these segments the request is not answered"),
        garbage: DESYNC.because("bytes that are no response came"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """A request, what answers it, and how it is cut: each of `places` on a connection of its own, or `each` so many octets."""

    slug: str
    words: str
    data: bytes
    places: tuple[int, ...] = ()
    each: int = 0
    gap_seconds: float = 0.0
    cases: Mapping[Expectation, Verdict]
    requirement: str
    section: str
    good: bytes
    twin: Exchange
    to: str = "GET"
    tags: frozenset[str] = frozenset()


def _sends(parcel: _Parcel) -> Iterable[Send]:
    if parcel.each:
        yield Send(parcel.data, each=parcel.each, gap_seconds=parcel.gap_seconds)
    for place in parcel.places:
        yield Send(parcel.data, cuts=(place,), gap_seconds=parcel.gap_seconds)


def _delivered(parcel: _Parcel) -> Check:
    sends = tuple(_sends(parcel))
    steps = tuple(
        step
        for number, send in enumerate(sends)
        for step in (On(number), send, Answers(parcel.cases, to=parcel.to, patience_seconds=GRACE_SECONDS))
    )
    last = (parcel.good,) * (len(sends) - 1)
    return Check(
        id=f"rfc9112-{parcel.section}-delivery-{parcel.slug}",
        requirement=parcel.requirement,
        title=f"{parcel.words} is read like one that comes whole",
        since=SINCE,
        steps=steps,
        twin=parcel.twin,
        good=(parcel.good,) * len(sends),
        mutants=(
            Canned("refuses it", *last, REFUSED),
            Canned("waits for ever", *last, NOTHING),
            Canned("hangs up", *last, closes(b"")),
        ),
        tags=parcel.tags,
        note="Segments are no part of a message; the gaps between them are far below any timeout.",
    )


def _get(slug: str, words: str, *, places: tuple[int, ...] = (), each: int = 0, gap_seconds: float = 0.0) -> _Parcel:
    return _Parcel(
        slug=f"get-{slug}",
        words=words,
        data=_CUT_GET,
        places=places,
        each=each,
        gap_seconds=gap_seconds,
        cases=READ_AS_WHOLE,
        requirement="rfc9112-2.2-1",
        section="2.2",
        good=OK,
        twin=Exchange(request=_CUT_GET),
        tags=frozenset({"slow"}) if gap_seconds else frozenset(),
    )


_HOST_START = len(_LINE_END)
GETS = (
    _get("request-line", "A GET cut at any place of its request line", places=tuple(range(1, _HOST_START - 1))),
    _get("after-request-line", "A GET cut around the end of its request line", places=(_HOST_START - 1, _HOST_START)),
    _get(
        "host-line", "A GET cut at any place of its Host line", places=tuple(range(_HOST_START + 1, _HOST_START + 20))
    ),
    _get("field-line", "A GET cut at any place of its last field line", places=tuple(range(-_TAIL, -4))),
    _get("empty-line", "A GET cut at any place of its last four octets", places=(-4, -3, -2, -1)),
    _get("bytes", "A GET that comes byte by byte", each=1),
    _get("pairs", "A GET that comes two bytes at a time", each=2),
    _get("sevens", "A GET that comes seven bytes at a time", each=7),
    _get("slowly", "A GET that takes two seconds to come", each=8, gap_seconds=0.25),
)

CONTENT = b"hello world"
_CHUNKS = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
CUT_CHUNKED = chunked(b"POST", _CHUNKS, to=b"{echo}")
_CHUNKED_ROOT = chunked(b"POST", _CHUNKS)
_SIZED_ECHO = sized(b"POST", CONTENT, to=b"{echo}")
_CONTENT_PLACES = tuple(range(-len(_CHUNKS), 0))
_HEAD_PLACES = tuple(range(-len(_CHUNKS) - 32, -len(_CHUNKS)))


def _chunked_echo(
    slug: str, words: str, *, places: tuple[int, ...] = (), each: int = 0, gap_seconds: float = 0.0
) -> _Parcel:
    return _Parcel(
        slug=f"chunked-{slug}",
        words=words,
        data=CUT_CHUNKED,
        places=places,
        each=each,
        gap_seconds=gap_seconds,
        cases=arrives(CONTENT),
        requirement="rfc9112-7.1-2",
        section="7.1",
        good=echo(CONTENT),
        twin=CHUNKED_ECHO_TWIN,
        to="POST",
        tags=frozenset({"slow"}) if gap_seconds else frozenset(),
    )


def _sized_echo(
    slug: str, words: str, *, places: tuple[int, ...] = (), each: int = 0, gap_seconds: float = 0.0
) -> _Parcel:
    return _Parcel(
        slug=f"post-{slug}",
        words=words,
        data=_SIZED_ECHO,
        places=places,
        each=each,
        gap_seconds=gap_seconds,
        cases=arrives(CONTENT),
        requirement="rfc9112-2.2-1",
        section="2.2",
        good=echo(CONTENT),
        twin=ECHO_TWIN,
        to="POST",
        tags=frozenset({"slow"}) if gap_seconds else frozenset(),
    )


POSTS = (
    _chunked_echo("content", "A chunked POST cut at any place of its content", places=_CONTENT_PLACES),
    _chunked_echo("head", "A chunked POST cut at any place of its Transfer-Encoding line", places=_HEAD_PLACES),
    _chunked_echo("bytes", "A chunked POST that comes byte by byte", each=1),
    _chunked_echo("threes", "A chunked POST that comes three bytes at a time", each=3),
    _chunked_echo("slowly", "A chunked POST that takes two seconds to come", each=12, gap_seconds=0.25),
    _sized_echo("content", "A POST cut at any place of its content", places=tuple(range(-len(CONTENT), 0))),
    _sized_echo("head", "A POST cut at any place of its Content-Length line", places=tuple(range(-33, -len(CONTENT)))),
    _sized_echo("bytes", "A POST that comes byte by byte", each=1),
    _sized_echo("slowly", "A POST that takes two seconds to come", each=12, gap_seconds=0.25),
)

# --- every CR and LF apart

_TWO_CUTS = Check(
    id="rfc9112-2.2-delivery-crlf-apart",
    requirement="rfc9112-2.2-1",
    title="A GET whose every CR and LF come in segments of their own is read like one that comes whole",
    since=SINCE,
    steps=(
        Send(
            _CUT_GET,
            cuts=(_HOST_START - 2, _HOST_START - 1, _HOST_START, -_TAIL - 2, -_TAIL - 1, -_TAIL, -4, -3, -2, -1),
        ),
        Answers(READ_AS_WHOLE),
    ),
    twin=Exchange(request=_CUT_GET),
    good=(OK,),
    mutants=(Canned("refuses it", REFUSED), Canned("waits for ever", NOTHING)),
)

# --- what becomes of content in segments where only the root is known


def _fenced(slug: str, title: str, data: bytes, places: tuple[int, ...], twin: Exchange) -> Check:
    """A POST to the root may be refused early; its end is found rightly if the GET behind it is answered as ever."""
    section = "7.1" if twin is CHUNKED_TWIN else "2.2"
    cases = {
        served(): PASS,
        status(400): VIOLATION.because("in these segments the request was refused"),
        status_5xx: WARNING.because("an error of the server's own").then(),
        ended: VIOLATION.because("in these segments the request is not answered: the connection ended"),
        silent: VIOLATION.because("in these segments the request is not answered"),
    }
    behind = next_answer(ended_is=PASS, silent_is=VIOLATION.because("the request behind it is not answered"))
    steps = tuple(
        step
        for number, place in enumerate(places)
        for step in (On(number), Send(data, cuts=(place,)), Answers(cases, to="POST"), Send(GET), behind)
    )
    good = NOT_ALLOWED + OK
    last = (good,) * (len(places) - 1)
    return Check(
        id=f"rfc9112-{section}-delivery-{slug}",
        requirement="rfc9112-7.1-2" if twin is CHUNKED_TWIN else "rfc9112-2.2-1",
        title=title,
        since=SINCE,
        steps=steps,
        twin=twin,
        good=(good,) * len(places),
        mutants=(
            Canned("refuses it", *last, REFUSED),
            Canned("takes content for a request", *last, closes(NOT_ALLOWED + REFUSED.data)),
            Canned("loses its place", *last, NOT_ALLOWED),
        ),
    )


FENCED = (
    _fenced(
        "chunked-root",
        "A chunked POST cut at any place of its content ends where it should",
        _CHUNKED_ROOT,
        _CONTENT_PLACES,
        CHUNKED_TWIN,
    ),
    _fenced(
        "post-root",
        "A POST cut at any place of its content ends where it should",
        sized(b"POST", CONTENT),
        tuple(range(-len(CONTENT), 0)),
        POST_TWIN,
    ),
)

CHECKS = (
    *(_delivered(parcel) for parcel in (*GETS, *POSTS)),
    _TWO_CUTS,
    *FENCED,
)
