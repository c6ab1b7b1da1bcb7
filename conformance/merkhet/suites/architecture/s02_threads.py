"""Threads as a client sees them: who waits for whom. Told by the order of answers, not by a clock, wherever that is told."""

from __future__ import annotations

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    On,
    Send,
    Step,
    Stream,
    in_turns,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    content,
    echoed,
    ended,
    served,
    silent,
    status,
    status_4xx,
)
from merkhet.expect_kept import file_content
from merkhet.fixtures import FIXTURES
from merkhet.suites.architecture.words import NOTHING_MORE, PATIENCE_SECONDS, cases, get
from merkhet.suites.words import GET, HANG_UP, OK, REFUSED, SERVER_ERROR, SINCE, echo, post, response

TWIN = Exchange(request=get(b"{sleep:1}"), answer=content(b"1"), good=response(200, b"1"))
UNAVAILABLE = response(503, b"later", close=True)
TOO_MANY = observed("says 503: too much at once")


def _slept(milliseconds: int) -> bytes:
    return response(200, b"%d" % milliseconds)


def _answered(number: int, milliseconds: int) -> tuple[Step, ...]:
    """Take the slow answer on a connection."""
    return On(number), Answers(
        cases({content(b"%d" % milliseconds): PASS, status(503): TOO_MANY}), patience_seconds=PATIENCE_SECONDS
    )


SLOW_MS = 600
_QUICK: tuple[tuple[str, str, bytes, Expectation, bytes], ...] = (
    ("get", "a plain GET", GET, as_preflight(), OK),
    ("file", "a file", get(b"{files:merkhet.txt}"), file_content("merkhet.txt"), response(200, FIXTURES["merkhet.txt"])),
    ("post", "a POST", post(b"hello", b"Content-Length: 5"), echoed(body=b"hello"), echo(b"hello")),
    ("quick", "a quick call of the same handler", get(b"{sleep:0}"), content(b"0"), response(200, b"0")),
)  # fmt: skip


def _not_delayed(slug: str, words: str, request: bytes, answer: Expectation, good: bytes) -> Check:
    """The quick answer is there, and then for a while nothing comes of the slow one: it did not come first."""
    slow = _slept(SLOW_MS)
    return Check(
        id=f"architecture-2.1-{slug}",
        requirement="architecture-2.1-1",
        title=f"A slow handler does not delay {words} on another connection",
        since=SINCE,
        steps=(
            Send(get(b"{sleep:%d}" % SLOW_MS)),
            On(1),
            Send(request),
            Answers(cases({answer: PASS}), to=request[:4].decode().strip(), patience_seconds=PATIENCE_SECONDS),
            On(0),
            Answers(
                {
                    silent: PASS,
                    content(b"%d" % SLOW_MS): VIOLATION.because("the slow answer was there before the quick one"),
                    **NO_SLEEP,
                },
                quiet=True,
            ),
            NOTHING_MORE,
            Answers(cases({content(b"%d" % SLOW_MS): PASS}), patience_seconds=PATIENCE_SECONDS),
        ),
        good=(in_turns(b"", slow), good),
        mutants=(
            Canned("answers one after the other", slow),
            Canned("answers nobody meanwhile", in_turns(b"", slow), b""),
            Canned("fails for the quick one", in_turns(b"", slow), SERVER_ERROR),
            Canned("loses the slow answer", in_turns(b"", b"")),
        ),
        twin=TWIN,
        tags=frozenset({"slow", "concurrent"}),
        note="A server that is built to answer one request at a time conforms; its clients wait for each other.",
    )


NO_SLEEP = {case: verdict for case, verdict in cases({}).items() if case != silent}

NOT_DELAYED = tuple(_not_delayed(*row) for row in _QUICK)

BUSY = 16
"""Slow requests at once: the pools of most servers have fewer threads, and a request more than a pool has waits."""
BUSY_MS = 100
REFUSED_MS = 250


def _busy(milliseconds: int) -> list[Step]:
    steps: list[Step] = []
    for number in range(BUSY):
        steps += [On(number), Send(get(b"{sleep:%d}" % milliseconds))]
    return steps


def _lets_in() -> Check:
    steps = [*_busy(BUSY_MS), On(BUSY), Send(GET)]
    steps += [Answers(cases({as_preflight(): PASS, status(503): TOO_MANY}), patience_seconds=PATIENCE_SECONDS)]
    for number in range(BUSY):
        steps += _answered(number, BUSY_MS)
    good = _slept(BUSY_MS)
    return Check(
        id="architecture-2.2-all-answered",
        requirement="architecture-2.2-1",
        title=f"{BUSY} slow requests at once are all answered in the end, and a client that comes behind them too",
        since=SINCE,
        steps=tuple(steps),
        good=(*([good] * BUSY), OK),
        mutants=(
            Canned("lets the newcomer wait for ever", *([good] * BUSY), b""),
            Canned("forgets the last", *([good] * (BUSY - 1)), b""),
            Canned("hangs up on the first", HANG_UP),
            Canned("says 503 to the first", UNAVAILABLE),
            Canned("answers another request", _slept(BUSY_MS + 1)),
        ),
        twin=TWIN,
        tags=frozenset({"slow", "concurrent", "alone"}),
    )


def _refuses() -> Check:
    """Bytes that are no request are refused, and then for a while the last of the slow ones still waits."""
    last = BUSY - 1
    first_turn = in_turns(b"", _slept(REFUSED_MS))
    others = tuple(step for number in range(last) for step in _answered(number, REFUSED_MS))
    late = observed("what it refuses waits until a worker is free").then(*others)
    steps = (
        *_busy(REFUSED_MS),
        On(BUSY),
        Send(b"!! no request line !!\r\n\r\n"),
        Answers(
            {
                status_4xx: PASS,
                ended: PASS,
                served(): WARNING.because("bytes that are no request were served"),
                **cases({}),
            },
            patience_seconds=PATIENCE_SECONDS,
        ),
        On(last),
        Answers({silent: PASS, content(b"%d" % REFUSED_MS): late, **NO_SLEEP}, quiet=True),
        NOTHING_MORE,
        *_answered(last, REFUSED_MS),
        *others,
    )
    return Check(
        id="architecture-2.3-refuses",
        requirement="architecture-2.3-1",
        title=f"While {BUSY} slow requests are at work, bytes that are no request are refused without waiting for them",
        since=SINCE,
        steps=steps,
        good=(*([_slept(REFUSED_MS)] * last), first_turn, REFUSED),
        mutants=(
            Canned("lets it wait", *([_slept(REFUSED_MS)] * last), _slept(REFUSED_MS)),
            Canned("does not refuse it", *([_slept(REFUSED_MS)] * last), first_turn, b""),
            Canned("serves it", *([_slept(REFUSED_MS)] * last), first_turn, OK),
        ),
        twin=TWIN,
        tags=frozenset({"slow", "concurrent", "alone"}),
    )


UNREAD = 16
UNREAD_FILES = 6
PAUSES = 4
"""Of a tenth of a second or more each: then the buffers between server and client are full."""
_ONE_BYTE = get(b"{files:one.bin}")


def _unread() -> Check:
    """Each asks for more than the buffers in between hold, and reads none of it. A pause lets the buffers fill."""
    one = response(200, FIXTURES["one.bin"])
    steps: list[Step] = []
    for number in range(UNREAD):
        steps += [On(number), Send(get(b"{files:large.bin}") * UNREAD_FILES)]
    pause = Answers(
        {silent: PASS, ended: PASS, answered: WARNING.because("an answer that nobody asked for")}, quiet=True
    )
    pauses: tuple[Step, ...] = (pause,) * PAUSES
    nothing: tuple[Step, ...] = ()
    asked = (
        (GET, as_preflight(), pauses),
        (GET, as_preflight(), nothing),
        (_ONE_BYTE, file_content("one.bin"), nothing),
    )
    for number, (request, answer, after) in enumerate(asked):
        steps += [On(UNREAD + number), Send(request), Answers(cases({answer: PASS}), patience_seconds=2.0), *after]
    unread: list[Stream | bytes] = [b""] * UNREAD
    return Check(
        id="architecture-2.4-unread",
        requirement="architecture-2.4-1",
        title=f"{UNREAD} clients that do not read what they asked for keep nobody else from being served",
        since=SINCE,
        steps=tuple(steps),
        good=(*unread, OK, OK, one),
        mutants=(
            Canned("has no worker left", *unread, b""),
            Canned("has no worker left after a while", *unread, OK, b""),
            Canned("has no worker left for files", *unread, OK, OK, b""),
            Canned("fails", *unread, SERVER_ERROR),
            Canned("answers twice", *unread, OK + OK),
        ),
        twin=Exchange(
            request=get(b"{files:one.bin}"), answer=file_content("one.bin"), good=response(200, FIXTURES["one.bin"])
        ),
        tags=frozenset({"bulk", "concurrent", "alone"}),
    )  # fmt: skip


CROWD = 90
"""A hundred with those that ask beside them: some servers let in no more by default, and that is another matter."""


def _crowd(number: str, slug: str, title: str, rounds: tuple[bytes, ...], rest: bytes) -> Check:
    """Between two rounds a good client is served. At last one of the crowd sends the rest of its request."""
    steps: list[Step] = []
    goods = max(len(rounds), 1)
    for turn in range(goods):
        for one in range(CROWD):
            steps += [On(one), *([Send(rounds[turn])] if rounds else [])]
        steps += [
            On(CROWD + turn),
            Send(GET),
            Answers(cases({as_preflight(): PASS, status(503): TOO_MANY}), patience_seconds=2.0),
        ]
    over = observed("ends the connection of a client that is slow").then()
    steps += [On(CROWD - 1), Send(rest), Answers(cases({as_preflight(): PASS, status(408, 503): over, ended: over}))]
    crowd: list[Stream | bytes] = [b""] * (CROWD - 1)
    patient = in_turns(*([b""] * len(rounds)), OK)
    return Check(
        id=f"architecture-{number}-{slug}",
        requirement=f"architecture-{number}-1",
        title=title,
        since=SINCE,
        steps=tuple(steps),
        good=(*crowd, patient, *([OK] * goods)),
        mutants=(
            Canned("has no worker left", *crowd, patient, b""),
            Canned("hangs up on a good client", *crowd, patient, HANG_UP),
            Canned("forgets who is slow", *crowd, b""),
            Canned("fails for who is slow", *crowd, SERVER_ERROR),
        ),
        tags=frozenset({"bulk", "concurrent", "alone"}),
    )  # fmt: skip


CROWDS = (
    _crowd(
        "2.5", "slow-senders", f"{CROWD} clients that send a byte at a time do not keep a good one from being served",
        (GET[:1], GET[1:2], GET[2:3]), GET[3:],
    ),
    _crowd(
        "2.6", "idle", f"{CROWD} clients that are connected and silent do not keep a good one from being served", (), GET,
    ),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (*NOT_DELAYED, _lets_in(), _refuses(), _unread(), *CROWDS)
