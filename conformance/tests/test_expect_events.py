"""Event streams as a client reads them, and the expectations of what it was given."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect_events import any_stream, event_data, events, opened, stream
from merkhet.expectation import Expectation
from merkhet.wire.event_stream import BOM, Event, read

CONTEXT = Context(render=lambda data: data, baseline_status=200)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"data: a\n\n", [Event("a")]),
        (b"data:a\n\n", [Event("a")]),
        (b"data:  a\n\n", [Event(" a")]),
        (b"data\n\n", [Event("")]),
        (b"data:\n\n", [Event("")]),
        (b"data: a\r\n\r\n", [Event("a")]),
        (b"data: a\r\r", [Event("a")]),
        (b"data: a\rdata: b\r\n\ndata: c\n\r", [Event("a\nb"), Event("c")]),
        (b"data: a\ndata: b\n\n", [Event("a\nb")]),
        (b"event: x\ndata: a\n\ndata: b\n\n", [Event("a", "x"), Event("b")]),
        (
            b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
            [Event("a", last_id="1"), Event("b", last_id="1"), Event("c")],
        ),
        (b"id: 1\x00\ndata: a\n\n", [Event("a")]),
        (b"id: 1\n\ndata: a\n\n", [Event("a", last_id="1")]),
        (b": comment\ndata: a\n\n", [Event("a")]),
        (b"event: x\n\ndata: a\n\n", [Event("a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [Event("a")]),
        (b"data: a:b\n\n", [Event("a:b")]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"data: a\xe2\x80\xa8b\xc2\x85\x0cc\n\n", [Event("a\u2028b\x85\x0cc")]),
    ],
)
def test_events_are_dispatched_as_a_client_dispatches_them(content: bytes, expected: list[Event]) -> None:
    assert read(content).events == expected


def test_all_else_that_a_stream_has_is_told() -> None:
    found = read(b": c\nretry: 5\nid: 1\nData: x\n" + BOM.encode() + b"data: y\n\ndata: z\nrest")
    assert (found.comments, found.retries, found.ids) == ([" c"], ["5"], ["1"])
    assert found.unknown == ["Data", f"{BOM}data"]
    assert found.idle_blocks == 1
    assert found.unfinished == ["data: z", "rest"]
    assert found.is_utf8
    assert not read(b"data: \xff\n\n").is_utf8
    assert read(b"data: \xff\n\n").events == [Event("\N{REPLACEMENT CHARACTER}")]


def answer(content: bytes, *, kind: bytes = b"text/event-stream", status: int = 200, complete: bool = True) -> Answer:
    response = Response(
        version=b"HTTP/1.1",
        status=status,
        reason=b"",
        fields=((b"Content-Type", kind),),
        content=content,
        complete=complete,
    )
    return Answer(response=response, end=None if complete else End.SILENT)


STREAM = b"id: 1\ndata: a\n\ndata: b\n\n"


@pytest.mark.parametrize(
    ("expectation", "met", "unmet"),
    [
        (events(Event("a", last_id="1"), Event("b", last_id="1")), STREAM, b"data: a\n\ndata: b\n\n"),
        (events(), b": nothing\n\n", STREAM),
        (event_data("a", "b"), STREAM, b"data: b\n\ndata: a\n\n"),
        (stream("with an id", lambda found: bool(found.ids)), STREAM, b"data: a\n\n"),
    ],
)
def test_met_and_unmet(expectation: Expectation, met: bytes, unmet: bytes) -> None:
    assert expectation.matches(answer(met), CONTEXT)
    assert not expectation.matches(answer(unmet), CONTEXT)
    assert not expectation.matches(answer(met, kind=b"text/plain"), CONTEXT)
    assert not expectation.matches(answer(met, status=203), CONTEXT)
    assert not expectation.matches(answer(met, complete=False), CONTEXT)
    assert not expectation.matches(Answer(end=End.CLOSED), CONTEXT)
    assert "event stream" in expectation.describe()


def test_a_stream_is_one_by_its_status_and_type_alone() -> None:
    assert any_stream.matches(answer(b"", kind=b"Text/Event-Stream; charset=utf-8"), CONTEXT)
    assert opened.matches(answer(b"", complete=False), CONTEXT)
    assert not opened.matches(answer(b"", kind=b"text/event-streams"), CONTEXT)
    assert not opened.matches(Answer(end=End.SILENT), CONTEXT)


def test_only_a_few_of_many_events_are_told() -> None:
    assert "6 in all" in events(*(Event(str(number)) for number in range(6))).describe()
