"""WHATWG HTML, Sections 9.2.5 and 9.2.6: events as a client is given them, whatever text they are made of."""

from __future__ import annotations

from collections.abc import Callable

from merkhet.check import PASS, WARNING, Check
from merkhet.expect import without
from merkhet.expect_events import event_data, events, stream
from merkhet.suites.whatwg_sse.words import echoed, judged, numbered
from merkhet.suites.whatwg_sse.words import get as request
from merkhet.suites.whatwg_sse.words import stream as response
from merkhet.wire.event_stream import BOM, Event, Read

_INJECTED = {
    "lets it begin a field": response(b"data: a\nevent: x\n\n"),
    "lets it end the event": response(b"data: a\n\ndata: x\n\n"),
}

TEXTS: tuple[tuple[str, str, str, str], ...] = (
    ("plain", "a plain word", "word", "word"),
    ("non-ascii", "letters beyond ASCII", "gr%C3%BC%C3%9Fe", "gr\xfc\xdfe"),
    ("non-bmp", "characters beyond the first plane", "%F0%9F%8E%AB", "\N{TICKET}"),
    ("combining", "combining characters", "e%CC%81", "e\N{COMBINING ACUTE ACCENT}"),
    ("bom-inside", "a U+FEFF inside", "a%EF%BB%BFb", f"a{BOM}b"),
    ("bom-first", "a U+FEFF as its first character", "%EF%BB%BFb", f"{BOM}b"),
    ("nul", "a U+0000 inside", "a%00b", "a\0b"),
    ("long", "four thousand characters", "x" * 4000, "x" * 4000),
)
UTF8 = tuple(
    echoed(
        "9.2.5", "a1", f"utf-8-{slug}", f"Text with {words} arrives as it is", {"data": sent},
        {event_data(text): PASS},
        b"data: " + text.encode() + b"\n\n",
        {"sends another encoding": response(b"data: \xfc\n\n"), "loses it": response(b"data: ?\n\n")},
    )
    for slug, words, sent, text in TEXTS
)  # fmt: skip


def _same_lines(text: str) -> Callable[[Read], bool]:
    """Return whether there is one event with these lines, empty ones aside, and with nothing else."""
    lines = [line for line in text.split("\n") if line]

    def same(read: Read) -> bool:
        told = [[line for line in event.data.split("\n") if line] for event in read.events]
        return told == [lines] and read.events[0] == Event(read.events[0].data)

    return same


LINES: tuple[tuple[str, str, str, str], ...] = (
    ("lf", "an LF", "a%0Ab", "a\nb"),
    ("cr", "a CR", "a%0Db", "a\nb"),
    ("crlf", "a CRLF", "a%0D%0Ab", "a\nb"),
    ("lf-field", "an LF and what looks like a field", "a%0Aevent:%20x", "a\nevent: x"),
    ("cr-field", "a CR and what looks like a field", "a%0Did:%20x", "a\nid: x"),
    ("lf-lf-event", "two LF and what looks like an event", "a%0A%0Adata:%20x", "a\n\ndata: x"),
    ("trailing-lf", "an LF at its end", "a%0A", "a\n"),
    ("leading-lf", "an LF at its beginning", "%0Aa", "\na"),
    ("lf-cr", "an LF and a CR, which end two lines", "a%0A%0Db", "a\n\nb"),
    ("cr-cr-event", "two CR and what looks like an event", "a%0D%0Ddata:%20x", "a\n\ndata: x"),
    ("crlf-retry", "a CRLF and what looks like a retry", "a%0D%0Aretry:%201", "a\nretry: 1"),
    ("lf-comment", "an LF and what looks like a comment", "a%0A:x", "a\n:x"),
)
INJECTION = tuple(
    echoed(
        "9.2.5", "a5", f"data-{slug}", f"Data with {words} stay data", {"data": sent},
        {
            events(Event(text)): PASS,
            stream("of one event with the same lines, but for empty ones", _same_lines(text)): WARNING.because(
                "an empty line of the data was lost"
            ),
        },
        b"".join(b"data: " + line.encode() + b"\n" for line in text.split("\n")) + b"\n",
        _INJECTED,
        broken="a line end in the data began a field or ended the event",
    )
    for slug, words, sent, text in LINES
)  # fmt: skip

SEPARATORS: tuple[tuple[str, str, str, str], ...] = (
    ("line-separator", "a U+2028", "a%E2%80%A8b", "a\N{LINE SEPARATOR}b"),
    ("paragraph-separator", "a U+2029", "a%E2%80%A9b", "a\N{PARAGRAPH SEPARATOR}b"),
    ("next-line", "a U+0085", "a%C2%85b", "a\x85b"),
    ("form-feed", "a form feed", "a%0Cb", "a\x0cb"),
    ("vertical-tab", "a vertical tab", "a%0Bb", "a\x0bb"),
)
NO_LINE_ENDS = tuple(
    echoed(
        "9.2.5", "a5", f"data-{slug}", f"Data with {words}, which ends no line, arrive as they are", {"data": sent},
        {events(Event(text)): PASS, events(Event("a\nb")): WARNING.because("it was taken for a line end")},
        b"data: " + text.encode() + b"\n\n",
        {
            "takes it for a line end": response(b"data: a\ndata: b\n\n"),
            "breaks the line there": response(b"data: a\nb\n\n"),
        },
    )
    for slug, words, sent, text in SEPARATORS
)  # fmt: skip

NAMES: tuple[tuple[str, str, dict[str, str], Event], ...] = (
    ("type-lf", "the type", {"data": "a", "event": "x%0Adata:%20b"}, Event("a", "xdata: b")),
    ("type-cr", "the type", {"data": "a", "event": "x%0Did:%20b"}, Event("a", "xid: b")),
    ("type-crlf-event", "the type", {"data": "a", "event": "x%0D%0A%0D%0Adata:%20b"}, Event("a", "xdata: b")),
    ("id-lf", "the id", {"data": "a", "id": "1%0Adata:%20b"}, Event("a", last_id="1data: b")),
    ("id-cr", "the id", {"data": "a", "id": "1%0D%0Aevent:%20b"}, Event("a", last_id="1event: b")),
    ("id-lf-event", "the id", {"data": "a", "id": "1%0A%0Adata:%20b"}, Event("a", last_id="1data: b")),
    ("comment-lf", "a comment", {"data": "a", "comment": "c%0Adata:%20b"}, Event("a")),
    ("comment-cr", "a comment", {"data": "a", "comment": "c%0Did:%20b"}, Event("a")),
    ("comment-crlf", "a comment", {"data": "a", "comment": "c%0D%0Aevent:%20b"}, Event("a")),
)


def _untouched(read: Read) -> bool:
    """One event with the data that were asked for, and neither a type nor an id that came out of a line end."""
    return [event.data for event in read.events] == ["a"] and all(
        "b" not in {event.kind, event.last_id} for event in read.events
    )


def _counts(read: Read) -> bool:
    return bool(read.retries) and all(text.isascii() and text.isdigit() for text in read.retries)


FIELDS = tuple(
    echoed(
        "9.2.5", "a5", slug, f"A line end in {words} begins no field: {slug}", fields,
        {
            events(event): PASS,
            stream("with one event and no field of the client's making", _untouched): PASS,
        },
        b"data: a\n\n",
        {"lets it through": response(b"data: a\nevent: b\nid: b\n\n"), "adds data": response(b"data: a\ndata: b\n\n")},
        broken="a line end in a name began a field",
    )
    for slug, words, fields, event in NAMES
)  # fmt: skip

INTERPRETED: tuple[Check, ...] = (
    echoed(
        "9.2.6", "a1", "several-lines", "Data of several lines reach the client as several lines", {"data": "a%0Ab%0Ac"},
        {events(Event("a\nb\nc")): PASS}, b"data: a\ndata: b\ndata: c\n\n",
        {"sends the first alone": response(b"data: a\n\n"), "joins them": response(b"data: a b c\n\n")},
    ),
    echoed(
        "9.2.6", "a2", "leading-space", "A space at the beginning of the data survives", {"data": "%20x"},
        {events(Event(" x")): PASS}, b"data:  x\n\n", {"sends no space of its own": response(b"data: x\n\n")},
    ),
    echoed(
        "9.2.6", "a2", "leading-colon", "A colon at the beginning of the data survives", {"data": ":x"},
        {events(Event(":x")): PASS}, b"data: :x\n\n", {"takes it for its own": response(b"data:x\n\n")},
    ),
    echoed(
        "9.2.6", "a2", "leading-spaces", "Several spaces at the beginning of the data survive", {"data": "%20%20%20x"},
        {events(Event("   x")): PASS}, b"data:    x\n\n", {"trims": response(b"data: x\n\n")},
    ),
    echoed(
        "9.2.6", "a7", "empty-data", "An event without data is sent so that it is dispatched", {"data": ""},
        {
            events(Event("")): PASS,
            stream("with no event", lambda read: not read.events and not read.idle_blocks): PASS,
        },
        b"data:\n\n", {"sends no data line": response(b"event: x\n\n"), "makes some up": response(b"data: null\n\n")},
        broken="a block without a data line, for which nothing is dispatched, or data that nobody asked for",
    ),
    echoed(
        "9.2.6", "a8", "type-for-one", "The type of one event is not that of the next",
        {"data": "a", "event": "x", "then": "b"},
        {events(Event("a", "x"), Event("b")): PASS}, b"event: x\ndata: a\n\ndata: b\n\n",
        {
            "says it again": response(b"event: x\ndata: a\n\nevent: x\ndata: b\n\n"),
            "forgets it": response(b"data: a\n\ndata: b\n\n"),
        },
    ),
    echoed(
        "9.2.6", "a9", "id-stays", "An id stays with the client until another one comes", {"data": "a", "id": "7", "then": "b"},
        {
            events(Event("a", last_id="7"), Event("b", last_id="7")): PASS,
            events(Event("a", last_id="7"), Event("b")): WARNING.because("the second event took the id back"),
        },
        b"id: 7\ndata: a\n\ndata: b\n\n",
        {
            "takes it back": response(b"id: 7\ndata: a\n\nid:\ndata: b\n\n"),
            "forgets it": response(b"data: a\n\ndata: b\n\n"),
        },
    ),
    echoed(
        "9.2.6", "a9", "id-non-ascii", "An id of letters beyond ASCII stays with the client as it is",
        {"data": "a", "id": "gr%C3%BC%C3%9F", "then": "b"},
        {
            events(Event("a", last_id="gr\xfc\xdf"), Event("b", last_id="gr\xfc\xdf")): PASS,
            events(Event("a", last_id="gr\xfc\xdf"), Event("b")): WARNING.because("the second event took the id back"),
        },
        "id: gr\xfc\xdf\ndata: a\n\ndata: b\n\n".encode(),
        {
            "takes it back": response("id: gr\xfc\xdf\ndata: a\n\nid\ndata: b\n\n".encode()),
            "spoils it": response(b"id: gr\ndata: a\n\n"),
        },
    ),
    echoed(
        "9.2.6", "a9", "id-empty", "An empty id takes back the one before", {"data": "a", "id": ""},
        {events(Event("a")): PASS}, b"id:\ndata: a\n\n", {"makes one up": response(b"id: null\ndata: a\n\n")},
    ),
    echoed(
        "9.2.6", "a5", "retry-alone", "A time to wait is said once, and stays", {"data": "a", "retry": "1500", "then": "b"},
        {
            stream("whose retry is the one asked for", lambda read: set(read.retries) <= {"1500"} and len(read.events) == 2): PASS,
        },
        b"retry: 1500\ndata: a\n\ndata: b\n\n",
        {
            "sends another": response(b"retry: 1500\ndata: a\n\nretry: 0\ndata: b\n\n"),
            "loses an event": response(b"retry: 1500\ndata: a\n\n"),
        },
        broken="another time to wait than the one asked for, or not both events",
    ),
    echoed(
        "9.2.6", "a4", "id-nul", "No id that is sent has a U+0000", {"data": "a", "id": "1%002"},
        {stream("without a U+0000 in an id", lambda read: all("\0" not in known for known in read.ids)): PASS},
        b"data: a\n\n", {"sends it": response(b"id: 1\0002\ndata: a\n\n")},
        broken="an id with a U+0000, which every client ignores",
    ),
    echoed(
        "9.2.6", "a5", "retry-digits", "A time to wait is sent as digits", {"data": "a", "retry": "1500"},
        {
            stream("whose retry is digits", _counts): PASS,
            stream("without a retry", lambda read: not read.retries): PASS,
        },
        b"retry: 1500\ndata: a\n\n", {"sends a fraction": response(b"retry: 1.5\ndata: a\n\n")},
        broken="a retry that is no number, which every client ignores",
    ),
    echoed(
        "9.2.5", "a6", "comment", "A comment is given to nobody", {"data": "a", "comment": "hello"},
        {events(Event("a")): PASS}, b": hello\n\ndata: a\n\n",
        {
            "sends it as a field": response(b"hello: x\ndata: hello\n\n"),
            "sends it as an event": response(b"data: hello\n\ndata: a\n\n"),
        },
    ),
)  # fmt: skip

_THREE = tuple(Event(f"event {number}", last_id=str(number)) for number in (1, 2, 3))
_ANOTHER = without(stream("whose field names are known", lambda read: not read.unknown))

STREAMS: tuple[Check, ...] = (
    judged(
        "9.2.5", "a2", "line-ends", "The lines of a stream end in ways that a client knows", request(b"{sse:3,0}"),
        {
            events(*_THREE): PASS,
            stream("of other events", lambda read: bool(read.events)): WARNING.because("other events than the contract's"),
            stream("of no events", lambda read: not read.events): WARNING.because("no event can be read").then(),
        },
        response(numbered(1, 2, 3)), {"ends lines in U+0085": response(numbered(1, 2).replace(b"\n", b"\xc2\x85"))},
    ),
    judged(
        "9.2.5", "a3", "empty-lines", "Each event ends in an empty line of its own", request(b"{sse:3,0}"),
        {events(*_THREE): PASS, stream("of other events", lambda _: True): WARNING.because("events ran into each other")},
        response(numbered(1, 2, 3)), {"leaves one out": response(b"id: 1\ndata: event 1\nid: 2\ndata: event 2\n\n")},
    ),
    judged(
        "9.2.6", "a6", "last-event", "The last event is ended before the stream is", request(b"{sse:2,0}"),
        {
            stream("with nothing unfinished", lambda read: not read.unfinished): PASS,
            stream("that ends inside a block", lambda read: bool(read.unfinished)): WARNING.because(
                "a client throws the last block away"
            ),
        },
        response(numbered(1, 2)), {"ends inside it": response(numbered(1, 2)[:-1])},
    ),
    judged(
        "9.2.6", "a3", "names", "Field names are written as a client compares them", request(b"{sse:2,0}"),
        {
            stream("with known names alone", lambda read: not read.unknown): PASS,
            _ANOTHER: WARNING.because("a field that every client ignores"),
        },
        response(numbered(1, 2)), {"capitalises them": response(numbered(1, 2).replace(b"data", b"Data"))},
    ),
    judged(
        "9.2.5", "a4", "no-late-bom", "No U+FEFF stands before a field name later in a stream", request(b"{sse:2,0}"),
        {
            stream("without one", lambda read: not any(name.startswith(BOM) for name in read.unknown)): PASS,
            stream("with one", lambda _: True): WARNING.because("a U+FEFF that becomes part of a field's name"),
        },
        response(numbered(1, 2)), {"begins each event with one": response(b"data: a\n\n\xef\xbb\xbfdata: b\n\n")},
    ),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (*UTF8, *INJECTION, *NO_LINE_ENDS, *FIELDS, *INTERPRETED, *STREAMS)
