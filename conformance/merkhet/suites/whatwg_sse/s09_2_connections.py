"""WHATWG HTML, Sections 9.2.1 to 9.2.4, 9.2.7 and 17.6: how a stream begins, comes and is taken up again."""

from __future__ import annotations

from merkhet.answer import Framing
from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, On, Send, Step, Stream, in_turns, observed
from merkhet.expect import all_of, any_of, framed, silent, status, status_4xx, status_5xx
from merkhet.expect_events import any_stream, events, opened
from merkhet.expect_kept import arrived, field_matches
from merkhet.suites.whatwg_sse.words import NO_STREAM, NO_STREAM_FAULTS, SECONDS, TWIN, get, judged, numbered, stream
from merkhet.suites.words import DATE, OK, SINCE, response
from merkhet.wire.event_stream import Event

_TYPE = field_matches(b"Content-Type", rb"(?i:text/event-stream)(?:[ \t]*;.*)?", "text/event-stream")
_CHARSET = field_matches(
    b"Content-Type",
    rb'(?i:text/event-stream(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*;?)',
    "no charset but UTF-8",
)
_HEAD = b"HTTP/1.1 200 \r\n" + DATE + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_FIRST = b"15\r\nid: 1\ndata: event 1\n\n\r\n"
_SECOND = b"15\r\nid: 2\ndata: event 2\n\n\r\n"


def _from(first: int) -> tuple[Event, ...]:
    return tuple(Event(f"event {number}", last_id=str(number)) for number in range(first, 6))


OPENING: tuple[Check, ...] = (
    judged(
        "9.2.2", "a1", "status", "A stream comes with status 200", get(b"{sse:2,0}"),
        {
            status(200): PASS,
            status(204): observed("says 204, which tells clients to stop").then(),
            status(201, 202, 203, 206): VIOLATION.because("a client takes no other status for a stream"),
        },
        stream(numbered(1, 2)), {"sends 203": stream(numbered(1, 2), code=203)},
    ),
    judged(
        "9.2.2", "a2", "type", "A stream comes as text/event-stream", get(b"{sse:2,0}"),
        {_TYPE: PASS, status(200): VIOLATION.because("a client takes no other type for a stream")},
        stream(numbered(1, 2)), {"sends plain text": stream(numbered(1, 2), b"text/plain"), "sends no type": OK},
    ),
    judged(
        "17.6", "a1", "charset", "The type of a stream has no charset but UTF-8", get(b"{sse:2,0}"),
        {_CHARSET: PASS, _TYPE: VIOLATION.because("a charset that no stream has")},
        stream(numbered(1, 2), b"text/event-stream; charset=UTF-8"),
        {"says Latin-1": stream(numbered(1), b"text/event-stream; charset=iso-8859-1")},
    ),
    judged(
        "9.2.1", "a1", "no-events", "A stream that has nothing to say is empty, or tells clients to stop", get(b"{sse:0,0}"),
        {status(204): observed("says 204: clients stop"), any_stream: observed("sends an empty stream: clients come again")},
        stream(b""), {"says 204": b"HTTP/1.1 204 \r\n" + DATE + b"\r\n"},
    ),
    judged(
        "9.2.1", "a2", "redirect", "A stream may be found by a redirect", get(b"{sse:1,0}"),
        {status(301, 302, 303, 307, 308): observed("redirects to the stream"), any_stream: observed("sends the stream itself")},
        stream(numbered(1)), {"redirects": response(307, b"", b"Location: /x")},
    ),
    judged(
        "9.2.7", "a2", "framing", "A stream is chunked, or ends with the connection", get(b"{sse:2,0}"),
        {
            all_of(any_stream, framed(Framing.CHUNKED)): observed("chunked"),
            all_of(any_stream, framed(Framing.UNTIL_CLOSE)): observed("ends with the connection"),
            all_of(any_stream, framed(Framing.LENGTH)): observed("has a length"),
        },
        stream(numbered(1, 2)), {"sends a length": response(200, numbered(1, 2), b"Content-Type: text/event-stream")},
    ),
)  # fmt: skip


def _resumed(seen: str, first: int, slug: str, title: str) -> Check:
    return judged(
        "9.2.4", "a1", slug, title, get(b"{sse-resume}", b"Last-Event-ID: " + seen.encode()),
        {events(*_from(first)): PASS, any_stream: WARNING.because("other events than those behind the one that was seen")},
        stream(numbered(*range(first, 6))), {"begins again": stream(numbered(*range(max(1, first - 1), 6)))},
    )  # fmt: skip


RESUMED = (
    _resumed("1", 2, "resumed-early", "A stream is taken up behind its first event"),
    _resumed("4", 5, "resumed-late", "A stream is taken up behind its last event but one"),
)

_ODD_IDS = {
    "non-ascii": ("of octets beyond ASCII", b"gr\xc3\xbc\xc3\x9fe"),
    "long": ("of two thousand octets", b"x" * 2000),
    "unknown": ("that was never sent", b"merkhet-{nonce}"),
    "spaces": ("with spaces inside", b"a b  c"),
    "punctuation": ("of punctuation", b'";,=:{[('),
    "empty": ("that is empty", b""),
}
ODD = tuple(
    judged(
        "9.2.4", "a2", f"id-{slug}", f"A Last-Event-ID {words} is no reason to refuse",
        get(b"{sse:1,0}", b"Last-Event-ID: " + sent),
        {any_stream: PASS, status(204): PASS, status_4xx: WARNING.because("refused for an id that it need not understand")},
        stream(numbered(1)), {"refuses it": response(400, b"no")},
        note="A server that knows no such id sends what it has.",
    )
    for slug, (words, sent) in _ODD_IDS.items()
)  # fmt: skip


def _latency(slug: str, title: str, marker: bytes, turns: tuple[bytes, ...], late: tuple[bytes, ...]) -> Check:
    """The first event is due at once, the second a while later: reading goes no further than what is waited for."""
    return Check(
        id=f"whatwg-sse-9.2.5-{slug}",
        requirement="whatwg-sse-9.2.5-a7",
        title=title,
        since=SINCE,
        steps=(
            Send(get(b"{sse:2,400}")),
            Answers(
                {
                    arrived(marker): PASS,
                    opened: WARNING.because("the stream is open and its first event does not come"),
                    silent: WARNING.because("nothing comes before the stream has ended"),
                    **NO_STREAM,
                },
                until=marker,
                patience_seconds=1.0,
            ),
            Answers({any_stream: PASS, opened: PASS, **NO_STREAM}, patience_seconds=SECONDS),
        ),
        good=(in_turns(*turns),),
        mutants=(Canned("keeps it back", in_turns(*late)), *NO_STREAM_FAULTS),
        twin=TWIN,
        tags=frozenset({"slow"}),
    )


LATENCY = (
    _latency(
        "first-event", "The first event comes when it is made, not when the stream ends", b"data: event 1",
        (_HEAD + _FIRST + _SECOND + b"0\r\n\r\n",), (_HEAD,),
    ),
)  # fmt: skip

_IDLE = Check(
    id="whatwg-sse-9.2.7-idle",
    requirement="whatwg-sse-9.2.7-a1",
    title="A stream that has nothing to say for a while sends a comment now and then",
    since=SINCE,
    steps=(
        Send(get(b"{sse:2,500}")),
        Answers(
            {
                arrived(b"\n:"): observed("breaks a silence of half a second with a comment"),
                arrived(b"event 2"): observed("sends nothing for half a second"),
                **NO_STREAM,
            },
            until=b"event 2",
            patience_seconds=2.0,
        ),
    ),
    good=(in_turns(_HEAD + _FIRST + _SECOND),),
    mutants=(Canned("sends a comment", in_turns(_HEAD + _FIRST + b"3\r\n:\n\n\r\n" + _SECOND)), *NO_STREAM_FAULTS),
    twin=TWIN,
    tags=frozenset({"slow"}),
)

CLIENTS = 20


def _many() -> Check:
    steps: list[Step] = []
    for number in range(CLIENTS):
        steps += [On(number), Send(get(b"{sse:2,200}"))]
    for number in range(CLIENTS):
        steps += [
            On(number),
            Answers(
                {
                    any_stream: PASS,
                    any_of(status(429), status(503)): PASS,
                    status_5xx: WARNING.because("an error of the server's own"),
                    **NO_STREAM,
                },
                patience_seconds=5.0,
            ),
        ]
    good = stream(numbered(1, 2))
    return Check(
        id="whatwg-sse-17.6-many-clients",
        requirement="whatwg-sse-17.6-a2",
        title=f"{CLIENTS} clients have a stream each at the same time, or are told that there are too many",
        since=SINCE,
        steps=tuple(steps),
        good=tuple(Stream(good) for _ in range(CLIENTS)),
        mutants=(
            Canned("leaves one without an answer", *([good] * (CLIENTS - 1)), b""),
            Canned("fails for one", response(500, b"no")),
        ),
        twin=TWIN,
        tags=frozenset({"slow", "concurrent"}),
    )


CHECKS: tuple[Check, ...] = (*OPENING, *RESUMED, *ODD, *LATENCY, _IDLE, _many())
