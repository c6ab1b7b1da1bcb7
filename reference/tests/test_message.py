"""A request as its handler sees it, and the octets that its answer becomes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from merkhet_reference import message
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import response
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import Form, RequestHead
from merkhet_reference.limits import Limits

GET = b"GET /a%20b?c=d HTTP/1.1\r\nHost: Example:80\r\nX-Y: 1\r\nx-y: 2\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEEP_ALIVE = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.interim = b""
        self.answers: list[bytes] = []
        self.keeps: bool | None = None
        self.pieces: Iterator[bytes] = iter(())

    def put_interim(self, data: bytes) -> None:
        self.interim += data

    def put_answer(self, data: bytes, *, keeps: bool) -> None:
        self.answers.append(data)
        self.keeps = keeps

    def put_stream(self, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        self.put_answer(head, keeps=keeps)
        self.pieces = pieces


@pytest.fixture(autouse=True)
def a_fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "DATE", message.HttpDate(lambda: 784111777.9))


def request(data: bytes = GET) -> tuple[message.Request, Kept]:
    connection = Connection(Limits())
    connection.receive(data)
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    sink = Kept()
    return message.Request(head, b"content", Fields([(b"T", b"1")]), sink), sink


def test_a_request_shows_what_came() -> None:
    asked, _ = request()
    assert (asked.method, asked.version, asked.content) == ("GET", (1, 1), b"content")
    assert (asked.target.form, asked.target.raw) == (Form.ORIGIN, b"/a%20b?c=d")
    assert (asked.path, asked.query, asked.authority) == (b"/a%20b", b"c=d", b"Example:80")
    assert asked.fields.get_all(b"X-Y") == [b"1", b"2"]
    assert asked.trailers.lines == [(b"T", b"1")]
    assert not asked.answered


def test_an_answer_is_its_head_and_its_content() -> None:
    asked, sink = request()
    asked.respond(200, {"X-Cafe": "é"}, b"hello")
    assert sink.answers == [b"HTTP/1.1 200 OK\r\nDate: " + DATE + b"\r\nX-Cafe: \xe9\r\nContent-Length: 5\r\n\r\nhello"]
    assert sink.keeps is True
    assert asked.answered


@pytest.mark.parametrize(
    ("data", "keeps", "option"),
    [
        (GET, True, b""),
        (CLOSE, False, b"Connection: close\r\n"),
        (OLD, False, b"Connection: close\r\n"),
        (OLD_KEEP_ALIVE, True, b"Connection: keep-alive\r\n"),
    ],
)
def test_the_connection_option_says_what_is_done(data: bytes, *, keeps: bool, option: bytes) -> None:
    asked, sink = request(data)
    asked.respond(200, content=b"x")
    assert sink.keeps is keeps
    assert b"Content-Length: 1\r\n" + option + b"\r\nx" in sink.answers[0]
    assert (b"Connection" in sink.answers[0]) is bool(option)


@pytest.mark.parametrize(
    ("data", "status", "length"), [(HEAD, 200, True), (GET, 204, False), (GET, 304, True), (HEAD, 204, False)]
)
def test_where_no_content_may_be_none_is_sent(data: bytes, status: int, *, length: bool) -> None:
    asked, sink = request(data)
    asked.respond(status, content=b"hello")
    assert sink.answers[0].endswith(b"\r\n\r\n")
    assert (b"Content-Length: 5" in sink.answers[0]) is length


def test_a_second_answer_is_refused_and_the_first_stays() -> None:
    asked, sink = request()
    asked.respond(200)
    with pytest.raises(message.AlreadyAnsweredError):
        asked.respond(500)
    with pytest.raises(message.AlreadyAnsweredError):
        asked.respond_stream([b"x"])
    assert len(sink.answers) == 1


@pytest.mark.parametrize("status", [99, 100, 199, 1000])
def test_a_status_that_ends_nothing_is_refused_and_the_request_still_open(status: int) -> None:
    asked, sink = request()
    with pytest.raises(ValueError, match="no final status"):
        asked.respond(status)
    assert not asked.answered
    asked.respond(200)
    assert len(sink.answers) == 1


@pytest.mark.parametrize(
    "line",
    [
        (b"X", b"a\r\nSet-Cookie: b"),
        (b"X Y", b"a"),
        (b"", b"a"),
        (b"X", b" a"),
        (b"Content-Length", b"3"),
        (b"dAtE", b"x"),
    ],
)
def test_a_field_that_would_break_the_message_is_refused(line: tuple[bytes, bytes]) -> None:
    asked, sink = request()
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond(200, [line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond_stream([], trailers=[line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.inform(103, [line])
    assert (sink.answers, sink.interim, asked.answered) == ([], b"", False)


def test_a_stream_of_unknown_length_is_chunked_with_trailers() -> None:
    asked, sink = request()
    asked.respond_stream([b"abc", b"", b"d"], status=201, trailers=[(b"X-Sum", b"4")])
    assert b"HTTP/1.1 201 Created\r\n" in sink.answers[0]
    assert sink.answers[0].endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert b"".join(sink.pieces) == b"3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 4\r\n\r\n"
    assert sink.keeps is True


def test_a_stream_of_known_length_is_plain() -> None:
    asked, sink = request()
    asked.respond_stream([b"abc", b"d"], length=4)
    assert sink.answers[0].endswith(b"Content-Length: 4\r\n\r\n")
    assert list(sink.pieces) == [b"abc", b"d"]


def test_a_stream_to_an_old_client_ends_with_the_connection() -> None:
    asked, sink = request(OLD_KEEP_ALIVE)
    asked.respond_stream([b"abc"])
    assert sink.answers[0].endswith(b"Connection: close\r\n\r\n")
    assert (list(sink.pieces), sink.keeps) == ([b"abc"], False)


def test_a_stream_for_head_is_never_begun() -> None:
    asked, sink = request(HEAD)
    asked.respond_stream(iter([b"abc"]), length=3)
    assert sink.answers[0].endswith(b"Content-Length: 3\r\n\r\n")
    assert list(sink.pieces) == []


def test_pieces_beyond_the_length_or_short_of_it_raise_before_they_leave() -> None:
    longer = message.framed_pieces([b"ab", b"c"], response.Body.LENGTH, 2, ())
    assert next(longer) == b"ab"
    with pytest.raises(message.WrongLengthError, match="longer"):
        next(longer)
    shorter = message.framed_pieces([b"a"], response.Body.LENGTH, 2, ())
    assert next(shorter) == b"a"
    with pytest.raises(message.WrongLengthError, match="after 1 of its 2"):
        next(shorter)


def test_interim_responses_go_before_the_answer_and_to_nobody_who_cannot_read_them() -> None:
    asked, sink = request()
    asked.inform(103, [(b"Link", b"</a>")])
    assert sink.interim == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    asked.respond(200)
    asked.inform(102)
    assert sink.interim.count(b"HTTP/1.1") == 1
    old, sink = request(OLD)
    old.inform(102)
    assert sink.interim == b""


@pytest.mark.parametrize("status", [99, 101, 200])
def test_what_is_no_interim_status_is_refused(status: int) -> None:
    asked, _ = request()
    with pytest.raises(ValueError, match="no interim status"):
        asked.inform(status)


def test_the_date_is_made_once_a_second() -> None:
    times = iter([784111777.0, 784111777.9, 784111778.0])
    date = message.HttpDate(lambda: next(times))
    first = date.now()
    assert first == DATE
    assert date.now() is first
    assert date.now() == DATE.replace(b":37", b":38")


def test_field_lines_pass_through_and_names_beyond_ascii_do_not() -> None:
    lines = ((b"A", b"1"), (b"A", b"2"))
    assert message.field_lines(lines) is lines
    with pytest.raises(UnicodeEncodeError):
        message.field_lines({"é": "x"})
