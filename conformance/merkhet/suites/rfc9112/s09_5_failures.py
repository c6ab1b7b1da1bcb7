"""RFC 9112, Section 9.5: Failures and Timeouts."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    On,
    Send,
    Step,
    Verdict,
    closes,
    observed,
    resets,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    closed,
    ended,
    garbage,
    reset,
    silent,
    status,
    status_4xx,
)
from merkhet.suites.rfc9112.sequences import OVERLOADED, SAYS_CLOSE, asked, request, sized
from merkhet.suites.words import GET, NOTHING, OK, SINCE, response

IDLE_SECONDS = 12.0
"""How long an idle connection is watched: above the idle time that most servers come with, below what a run can bear."""

_TIMED_OUT = response(408, b"", close=True)
_RESET = VIOLATION.because("the timed-out connection was reset, not closed gracefully")
_NO_TIMEOUT = observed(f"no timeout within {IDLE_SECONDS:.0f} seconds")


def _watched(*, then: Mapping[Expectation, Verdict] | None = None) -> Answers:
    return Answers(
        {
            closed: PASS,
            reset: _RESET,
            silent: _NO_TIMEOUT,
            status_4xx: PASS.then(Answers({closed: PASS, reset: _RESET, silent: _NO_TIMEOUT}, patience_seconds=7.0)),
            **(then or {}),
        },
        patience_seconds=IDLE_SECONDS,
    )


IDLE: tuple[tuple[str, str, tuple[Step, ...], bytes], ...] = (
    ("after-answer", "idle after an answer", asked(GET), OK),
    ("fresh", "on which nothing was ever sent", (On(0),), b""),
    (
        "within-head",
        "that stalls within a request head",
        (Send(b"GET {root} HTTP/1.1\r\nHost: {host}\r\nX-Merk"),),
        b"",
    ),
    (
        "within-content",
        "that stalls within content",
        (Send(sized(b"POST", b"hello", to=b"{echo}").removesuffix(b"llo")),),
        b"",
    ),
)


def _idle(slug: str, words: str, before: tuple[Step, ...], good: bytes) -> Check:
    return Check(
        id=f"rfc9112-9.5-timeout-{slug}",
        requirement="rfc9112-9.5-1",
        title=f"A connection {words} is closed, not reset, if it times out",
        since=SINCE,
        steps=(*before, _watched()),
        good=(closes(good),),
        mutants=(
            Canned("resets it", resets(good)),
            Canned("answers 408 and resets it", resets(good + _TIMED_OUT)),
        ),
        tags=frozenset({"slow"}),
        note="No timeout is asked for; only one that was seen is judged. A 408 before the close is as good.",
    )


# --- 9.5-4: connections are sustained

_DROPPED = "the connection ended unannounced after {} of {} requests"


def _sustained(count: int, place: int) -> Mapping[Expectation, Verdict]:
    return {
        SAYS_CLOSE: observed(f"announces the end of the connection with answer {place + 1}").then(),
        as_preflight(): PASS,
        status(503): OVERLOADED,
        ended: VIOLATION.because(_DROPPED.format(place, count)),
        silent: VIOLATION.because(f"request {place + 1} of {count} got no answer"),
        answered: WARNING.because(f"request {place + 1} of {count} was not answered as the first was").then(),
        garbage: DESYNC.because("bytes that belong to no answer came"),
    }


def _in_turn(count: int, data: bytes = GET) -> tuple[Step, ...]:
    """Each request is sent after the answer to the one before."""
    return tuple(step for place in range(count) for step in (Send(data), Answers(_sustained(count, place))))


def _dropping(good: bytes, count: int) -> tuple[Canned, ...]:
    half = count // 2
    return (
        Canned("closes halfway without a word", closes(good * half)),
        Canned("resets halfway", resets(good * half)),
        Canned("stops answering halfway", good * half),
    )


def _one_by_one(slug: str, title: str, count: int, data: bytes = GET) -> Check:
    return Check(
        id=f"rfc9112-9.5-sustains-{slug}",
        requirement="rfc9112-9.5-4",
        title=title,
        since=SINCE,
        steps=_in_turn(count, data),
        good=(OK * count,),
        mutants=_dropping(OK, count),
        note="An announced end is the server's right, and is recorded; an unannounced one is what the rule speaks of.",
    )


BURST = Check(
    id="rfc9112-9.5-sustains-burst",
    requirement="rfc9112-9.5-4",
    title="A burst of 128 pipelined requests does not end the connection",
    since=SINCE,
    steps=(Send(GET * 128), *(Answers(_sustained(128, place)) for place in range(128))),
    good=(OK * 128,),
    mutants=_dropping(OK, 128),
    note="A burst is a temporary overload of the kind that flow control resolves.",
)

SIDE_BY_SIDE = Check(
    id="rfc9112-9.5-sustains-side-by-side",
    requirement="rfc9112-9.5-4",
    title="Eight connections are kept side by side, each through three rounds of requests",
    since=SINCE,
    steps=tuple(
        step
        for turn in range(3)
        for connection in range(8)
        for step in (On(connection), Send(GET), Answers(_sustained(3, turn)))
    ),
    good=(OK * 3,) * 8,
    mutants=(
        Canned("closes one without a word", OK * 3, closes(OK)),
        Canned("answers one alone", OK * 3, NOTHING),
        Canned("refuses the second", OK * 3, closes(response(400, close=True))),
    ),
    tags=frozenset({"concurrent"}),
)

CHECKS = (
    *(_idle(*row) for row in IDLE),
    _one_by_one("100", "A connection is kept through a hundred requests, one after the other", 100),
    _one_by_one(
        "100-keep-alive",
        "A connection is kept through a hundred requests that say keep-alive",
        100,
        request(b"GET", b"Connection: keep-alive"),
    ),
    BURST,
    SIDE_BY_SIDE,
)
