"""WHATWG HTML, Sections 9.2.4 to 9.2.7: streams that are pushed to, broken off, and taken up again."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    WARNING,
    Abort,
    Answers,
    Canned,
    Check,
    Exchange,
    On,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import Expectation, status, status_2xx
from merkhet.expect_events import any_stream, events, opened
from merkhet.expect_kept import arrived
from merkhet.expect_response import says
from merkhet.suites.whatwg_sse.words import NO_STREAM, NO_STREAM_FAULTS, SECONDS, TWIN, get, judged, numbered, stream
from merkhet.suites.words import DATE, HANG_UP, SERVER_ERROR, SINCE, response
from merkhet.wire.event_stream import Event

LISTENERS = 12
_OPEN = b"HTTP/1.1 200 \r\n%sContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: listening\n\n" % DATE
_PUSHED = response(204, b"").replace(b"Content-Length: 0\r\n", b"")
_WORD = b"pushed-{nonce}"
_LISTENS: Mapping[Expectation, Verdict] = {
    arrived(b":"): PASS,
    opened: WARNING.because("the stream is open and its first comment does not come"),
    **NO_STREAM,
}


def _listen(number: int) -> tuple[Step, ...]:
    return On(number), Send(get(b"{sse-push}")), Answers(_LISTENS, until=b":")


def _push(number: int, data: bytes) -> tuple[Step, ...]:
    length = b"Content-Length: %d" % len(data.replace(b"{nonce}", b"12345678"))
    return (
        On(number),
        Send(get(b"{sse-push}", length, method=b"POST") + data),
        Answers({status_2xx: PASS, **NO_STREAM}, to="POST"),
    )


def _heard(number: int, word: bytes, fault: str = "what was pushed did not come") -> tuple[Step, ...]:
    return On(number), Answers(
        {arrived(word): PASS, opened: WARNING.because(fault), **NO_STREAM}, until=word, patience_seconds=1.0
    )


def _pushed(  # noqa: PLR0917 - the columns of a table
    rule: str, slug: str, title: str, steps: tuple[Step, ...], good: tuple[Stream | bytes, ...], mutants: tuple[Canned, ...]
) -> Check:  # fmt: skip
    return Check(
        id=f"whatwg-sse-{rule.rpartition('-')[0]}-{slug}",
        requirement=f"whatwg-sse-{rule}",
        title=title,
        since=SINCE,
        steps=steps,
        good=good,
        mutants=mutants,
        twin=TWIN,
        tags=frozenset({"concurrent"}),
    )  # fmt: skip


_HEARD = _OPEN + b"data: " + _WORD + b"\n\n"


def _dozen() -> Check:
    steps: list[Step] = []
    for number in range(LISTENERS):
        steps += _listen(number)
    steps += _push(LISTENERS, _WORD)
    for number in range(LISTENERS):
        steps += _heard(number, _WORD)
    good = (*([_HEARD] * LISTENERS), _PUSHED)
    return _pushed(
        "9.2.5-a7", "push-dozen", f"What is pushed comes to {LISTENERS} clients at once", tuple(steps), good,
        (
            Canned("forgets the last", *([_HEARD] * (LISTENERS - 1)), _OPEN),
            Canned("does not listen", SERVER_ERROR),
            Canned("cuts one off", closes(_OPEN)),
            Canned("does not take what is pushed", *([_HEARD] * LISTENERS), SERVER_ERROR),
        ),
    )  # fmt: skip


_ORDER = _OPEN + b"data: %s-1\n\ndata: %s-2\n\ndata: %s-3\n\n" % (_WORD, _WORD, _WORD)
_IN_ORDER = says(rb"(?s)pushed-\w+-1\s.*pushed-\w+-2\s.*pushed-\w+-3", "the three in their order")
_LAST = _WORD + b"-3"

PUSHED: tuple[Check, ...] = (
    _dozen(),
    _pushed(
        "9.2.5-a7", "push-order", "What is pushed one after the other comes in this order",
        (
            *_listen(0), *_push(1, _WORD + b"-1"), *_push(2, _WORD + b"-2"), *_push(3, _LAST),
            On(0),
            Answers(
                {
                    _IN_ORDER: PASS,
                    arrived(_LAST): WARNING.because("the last came, and another is lost or in another place"),
                    opened: WARNING.because("what was pushed did not come"),
                    **NO_STREAM,
                },
                until=_LAST, patience_seconds=1.0,
            ),
        ),
        (_ORDER, _PUSHED, _PUSHED, _PUSHED),
        (
            Canned("loses the second", _ORDER.replace(b"data: %s-2\n\n" % _WORD, b"")),
            Canned("swaps two", _OPEN + b"data: %s-2\n\ndata: %s-1\n\ndata: %s-3\n\n" % (_WORD, _WORD, _WORD)),
            Canned("sends nothing", _OPEN),
        ),
    ),
    _pushed(
        "9.2.6-a1", "push-lines", "Text of two lines that is pushed comes as two lines of one event",
        (
            *_listen(0), *_push(1, b"merkhet-a\nmerkhet-b"),
            On(0),
            Answers(
                {
                    says(rb"data: ?merkhet-a(?:\r\n|\r|\n)data: ?merkhet-b", "both lines as data"): PASS,
                    arrived(b"merkhet-b"): WARNING.because("the second line is no data of the event"),
                    opened: WARNING.because("what was pushed did not come"),
                    **NO_STREAM,
                },
                until=b"merkhet-b", patience_seconds=1.0,
            ),
        ),
        (_OPEN + b"data: merkhet-a\ndata: merkhet-b\n\n", _PUSHED),
        (
            Canned("sends the line end as it is", _OPEN + b"data: merkhet-a\nmerkhet-b\n\n"),
            Canned("makes two events of it", _OPEN + b"data: merkhet-a\n\ndata: merkhet-b\n\n"),
            Canned("sends the first line alone", _OPEN + b"data: merkhet-a\n\n"),
        ),
    ),
    _pushed(
        "9.2.5-a7", "push-after-leaving", "A client that has left keeps nothing from those that stay",
        (*_listen(0), *_listen(1), On(0), Abort(), *_push(2, _WORD), *_push(3, _LAST), *_heard(1, _LAST)),
        (_OPEN, _OPEN + b"data: %s\n\ndata: %s\n\n" % (_WORD, _LAST), _PUSHED, _PUSHED),
        (
            Canned("stops at the first", _OPEN, _OPEN + b"data: %s\n\n" % _WORD),
            Canned("fails for who pushes", _OPEN, _HEARD, SERVER_ERROR),
            Canned("ends every stream", _OPEN, closes(_OPEN)),
        ),
    ),
)  # fmt: skip


def _from(first: int) -> tuple[Event, ...]:
    return tuple(Event(f"event {number}", last_id=str(number)) for number in range(first, 6))


_AGAIN: Mapping[Expectation, Verdict] = {
    events(*_from(3)): PASS,
    any_stream: WARNING.because("other events than those behind the one that was seen"),
    **NO_STREAM,
}
RECONNECTED: tuple[Check, ...] = (
    Check(
        id="whatwg-sse-9.2.4-reconnected",
        requirement="whatwg-sse-9.2.4-a1",
        title="A client that drops the connection behind its second event and comes again is given the third",
        since=SINCE,
        steps=(
            Send(get(b"{sse-resume}")),
            Answers({arrived(b"event 2"): PASS, **NO_STREAM}, until=b"event 2"),
            Abort(),
            On(1),
            Send(get(b"{sse-resume}", b"Last-Event-ID: 2", b"Cache-Control: no-store")),
            Answers(_AGAIN, patience_seconds=SECONDS),
        ),
        good=(stream(numbered(1, 2, 3, 4, 5)), stream(numbered(3, 4, 5))),
        mutants=(
            Canned("begins again", stream(numbered(1, 2, 3, 4, 5)), stream(numbered(1, 2, 3, 4, 5))),
            Canned("loses one", stream(numbered(1, 2, 3, 4, 5)), stream(numbered(4, 5))),
            Canned("does not know it any more", stream(numbered(1, 2, 3, 4, 5)), HANG_UP),
            *NO_STREAM_FAULTS,
        ),
        twin=TWIN,
    ),
    judged(
        "9.2.4", "a1", "resumed-at-the-end", "A client that has seen every event is sent none again",
        get(b"{sse-resume}", b"Last-Event-ID: 5"),
        {
            events(): PASS,
            status(204): PASS,
            any_stream: WARNING.because("an event that the client has seen"),
        },
        stream(b""), {"begins again": stream(numbered(1, 2, 3, 4, 5)), "sends the last": stream(numbered(5))},
    ),
    judged(
        "9.2.4", "a1", "not-resumed", "A client that has seen nothing is sent every event",
        get(b"{sse-resume}"),
        {events(*_from(1)): PASS, any_stream: WARNING.because("not every event")},
        stream(numbered(1, 2, 3, 4, 5)), {"leaves one out": stream(numbered(2, 3, 4, 5))},
    ),
)  # fmt: skip

_CLOSED = Check(
    id="whatwg-sse-9.2.1-closed",
    requirement="whatwg-sse-9.2.1-a1",
    title="A stream that its client has closed is no reason to refuse the next one",
    since=SINCE,
    steps=(
        Send(get(b"{sse:3,1000}")),
        Answers({arrived(b"event 1"): observed("the stream is open"), **NO_STREAM}, until=b"event 1"),
        Abort(),
        On(1),
        Send(get(b"{sse:1,0}")),
        Answers(
            {
                any_stream: observed("sends the next client its stream"),
                status(204): observed("tells the next client to stop"),
                **NO_STREAM,
            },
            patience_seconds=SECONDS,
        ),
    ),
    good=(_OPEN + numbered(1), stream(numbered(1))),
    mutants=(
        Canned("tells the next to stop", _OPEN + numbered(1), b"HTTP/1.1 204 \r\n" + DATE + b"\r\n"),
        Canned("fails for the next", _OPEN + numbered(1), SERVER_ERROR),
        Canned("leaves the next without an answer", _OPEN + numbered(1), b""),
    ),
    twin=Exchange(request=get(b"{sse:1,0}"), answer=any_stream, good=stream(numbered(1))),
    tags=frozenset({"slow"}),
)

CHECKS: tuple[Check, ...] = (*PUSHED, *RECONNECTED, _CLOSED)
