"""A request as its handler sees it, and what its answer becomes: octets, parts, pieces, or a sink that stays open."""

from __future__ import annotations

import io
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from merkhet_reference import file_response, message, push, streaming
from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketHandler
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1 import response
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import Form, RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import FileSegment, Part
from merkhet_reference.ranges import ByteRange
from merkhet_reference.websocket import handshake
from merkhet_reference.websocket.events import Message

GET = b"GET /a%20b?c=d HTTP/1.1\r\nHost: Example:80\r\nX-Y: 1\r\nx-y: 2\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
OLD_KEEP_ALIVE = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
HANDSHAKE = (
    b"GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Origin: http://x\r\nSec-WebSocket-Protocol: b, a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
CHANGED = 1730990000
"""Years ago, so that the tags of files are strong."""
TEN = b"0123456789"
LARGE = bytes(index % 251 for index in range(100_000))


class KeptOpen:
    """An OpenSink that keeps what it is given."""

    def __init__(self) -> None:
        self.is_open = True
        self.pieces: list[bytes] = []
        self.alive: tuple[bytes, float] | None = None
        self.ends_anywhere = False

    def put(self, data: bytes, *, waits: bool) -> bool:
        if self.is_open:
            self.pieces.append(data)
        return self.is_open

    def end(self) -> None:
        self.is_open = False

    def cut(self) -> None:
        self.is_open = False

    def keep_alive(self, data: bytes, seconds: float) -> None:
        self.alive = (data, seconds)

    def allow_end(self) -> None:
        self.ends_anywhere = True


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self, *, persists: bool) -> None:
        self.persists = persists
        self.content_came = False
        self.limits = Limits()
        self.interim = b""
        self.answers: list[bytes] = []
        self.statuses: list[int] = []
        self.keeps: bool | None = None
        self.pieces: Iterator[bytes] = iter(())
        self.parts: tuple[Part, ...] = ()
        self.open = KeptOpen()
        self.ending: bytes | None = None
        self.switched: list[tuple[bytes, handshake.Accepted, Mapping[str, str]]] = []

    def put_interim(self, data: bytes) -> None:
        self.interim += data

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        self.answers.append(data)
        self.statuses.append(status)
        self.keeps = keeps

    def put_parts(self, status: int, head: bytes, parts: tuple[Part, ...], *, keeps: bool) -> None:
        self.put_answer(status, head, keeps=keeps)
        self.parts = parts

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        self.put_answer(status, head, keeps=keeps)
        self.pieces = pieces

    def put_switch(
        self,
        head: bytes,
        accepted: handshake.Accepted,
        handler: WebSocketHandler | None,
        path_params: Mapping[str, str],
    ) -> WebSocket:
        if handler is None:
            raise ValueError("nobody takes the events")
        self.switched.append((head, accepted, path_params))
        return cast("WebSocket", handler)

    def put_open(self, status: int, head: bytes, ending: bytes, *, keeps: bool) -> push.OpenSink:
        self.put_answer(status, head, keeps=keeps)
        self.ending = ending
        return self.open

    def sent(self) -> bytes:
        """The content that came as parts; their files are closed as they are sent."""
        content = b""
        for part in self.parts:
            if isinstance(part, FileSegment):
                content += os.pread(part.descriptor, part.count, part.offset)
                part.close()
            else:
                content += part
        return content


@pytest.fixture(autouse=True)
def a_fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "DATE", message.HttpDate(lambda: 784111777.9))


@pytest.fixture(autouse=True)
def files_are_closed_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened, closed = list[int](), list[int]()
    real_open, real_close = os.open, os.close

    def opening(*arguments: Any, **named: Any) -> int:
        opened.append(real_open(*arguments, **named))
        return opened[-1]

    def closing(descriptor: int) -> None:
        closed.append(descriptor)
        real_close(descriptor)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "close", closing)
    yield
    assert sorted(closed) == sorted(opened)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in {"ten": TEN, "large": LARGE, "empty": b"", "a.txt": b"text\n" * 200}.items():
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (CHANGED, CHANGED))
    return tmp_path


def request(data: bytes = GET) -> tuple[message.Request, Kept]:
    connection = Connection(Limits())
    connection.receive(data)
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    sink = Kept(persists=head.persistent)
    return message.Request(head, b"content", Fields([(b"T", b"1")]), sink), sink


def asking(*lines: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" / HTTP/1.1", b"Host: x", *lines, b"", b""])


def fields_of(head: bytes) -> Fields:
    """The fields of an answer that has no content behind its head."""
    assert head.endswith(b"\r\n\r\n")
    return Fields([(name, value) for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n")[1:-2])])


# The request


def test_a_request_shows_what_came() -> None:
    asked, _ = request()
    assert (asked.method, asked.version, asked.content) == ("GET", (1, 1), b"content")
    assert (asked.target.form, asked.target.raw) == (Form.ORIGIN, b"/a%20b?c=d")
    assert (asked.path, asked.query, asked.authority) == (b"/a%20b", b"c=d", b"Example:80")
    assert asked.fields.get_all(b"X-Y") == [b"1", b"2"]
    assert asked.trailers.lines == [(b"T", b"1")]
    assert (asked.answered, asked.is_open, asked.content_ended, asked.path_params) == (False, False, True, {})


def test_the_head_is_there_as_it_was_read() -> None:
    asked, _ = request(CLOSE)
    assert (asked.head.method, asked.head.persistent, asked.head.fields) == (b"GET", False, asked.fields)
    assert (request(b"GET / HTTP/1.0\r\n\r\n")[0].query, request(OLD)[0].authority) == (None, b"")


def test_a_method_keeps_its_case() -> None:
    assert request(asking(method=b"gEt"))[0].method == "gEt"


# Whole answers


def test_an_answer_is_its_head_and_its_content() -> None:
    asked, sink = request()
    asked.respond(200, {"X-Cafe": "é"}, b"hello")
    assert sink.answers == [b"HTTP/1.1 200 OK\r\nDate: " + DATE + b"\r\nX-Cafe: \xe9\r\nContent-Length: 5\r\n\r\nhello"]
    assert (sink.statuses, sink.keeps) == ([200], True)
    assert (asked.answered, asked.is_open) == (True, False)


@pytest.mark.parametrize("status", [200, 204, 299, 304, 404, 599, 999])
def test_the_sink_is_told_the_status_beside_the_octets(status: int) -> None:
    asked, sink = request()
    asked.respond(status)
    assert sink.statuses == [status]
    assert sink.answers[0].startswith(b"HTTP/1.1 %d " % status)


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


@pytest.mark.parametrize("data", [GET, OLD_KEEP_ALIVE])
def test_a_connection_that_may_not_go_on_is_closed_whatever_the_request_says(data: bytes) -> None:
    asked, sink = request(data)
    sink.persists = False
    asked.respond(200, content=b"x")
    assert sink.keeps is False
    assert sink.answers[0].endswith(b"Connection: close\r\n\r\nx")


def test_whether_it_goes_on_is_asked_when_the_answer_is_given() -> None:
    # The server may have been told to stop while the handler ran.
    asked, sink = request()
    asked.inform(102)
    sink.persists = False
    asked.respond(200)
    assert b"Connection: close\r\n" in sink.answers[0]


@pytest.mark.parametrize("data", [GET, OLD_KEEP_ALIVE])
def test_content_that_was_not_taken_is_never_read_as_the_next_request(data: bytes) -> None:
    asked, sink = request(data)
    asked.content_ended = False
    asked.respond(413)
    assert sink.keeps is False
    assert b"Connection: close\r\n" in sink.answers[0]


def test_content_that_has_come_and_was_not_taken_is_not_read_as_the_next_request() -> None:
    asked, sink = request()
    asked.content_ended, sink.content_came = False, True
    asked.respond(413)
    assert sink.keeps is True
    assert b"Connection" not in sink.answers[0]


@pytest.mark.parametrize(
    ("data", "status", "length"),
    [
        (HEAD, 200, True), (GET, 204, False), (GET, 304, True), (HEAD, 204, False), (HEAD, 304, True), (HEAD, 404, True),
        (b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 200, False),
    ],
)  # fmt: skip
def test_where_no_content_may_be_none_is_sent(data: bytes, status: int, *, length: bool) -> None:
    asked, sink = request(data)
    asked.respond(status, content=b"hello")
    assert sink.answers[0].endswith(b"\r\n\r\n")
    assert (b"Content-Length: 5" in sink.answers[0]) is length


@pytest.mark.parametrize(
    ("data", "status", "length"),
    [(GET, 304, False), (HEAD, 304, False), (GET, 200, True), (HEAD, 200, True), (GET, 412, True)],
)
def test_no_content_is_a_length_of_zero_but_for_304_which_does_not_tell(
    data: bytes, status: int, *, length: bool
) -> None:
    # The length in a 304 would be that of the 200 in whose place it stands (RFC 9110, Section 8.6).
    asked, sink = request(data)
    asked.respond(status)
    assert (b"Content-Length: 0\r\n" in sink.answers[0]) is length
    assert (b"Content-Length" in sink.answers[0]) is length
    assert sink.answers[0].endswith(b"\r\n\r\n")


WAYS: dict[str, Callable[[message.Request, int], object]] = {
    "respond": lambda asked, status: asked.respond(status, content=b"x"),
    "respond_stream": lambda asked, status: asked.respond_stream([b"x"], status=status),
    "respond_writer": lambda asked, status: asked.respond_writer(status),
}
FILE_WAYS: dict[str, Callable[[message.Request, Path], object]] = {
    "respond_file": lambda asked, path: asked.respond_file(path),
    "respond_range": lambda asked, path: asked.respond_range(path, [ByteRange(0, 1)]),
    "respond_file_stream": lambda asked, path: asked.respond_file_stream(path, 1),
    "respond_opened": lambda asked, path: asked.respond_opened(
        file_response.open_file(path), file_response.Presentation("x")
    ),
    "respond_sse": lambda asked, path: asked.respond_sse(),
}


@pytest.mark.parametrize("name", ["ten", "large"])
def test_a_second_answer_is_refused_and_the_first_stays(folder: Path, name: str) -> None:
    asked, sink = request()
    asked.respond(200)
    for way in WAYS.values():
        with pytest.raises(message.AlreadyAnsweredError):
            way(asked, 500)
    for file_way in FILE_WAYS.values():
        with pytest.raises(message.AlreadyAnsweredError):
            file_way(asked, folder / name)
    assert (len(sink.answers), asked.answered) == (1, True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [99, 100, 199, 1000, 0, -200])
def test_a_status_that_ends_nothing_is_refused_and_the_request_still_open(way: str, status: int) -> None:
    asked, sink = request()
    with pytest.raises(ValueError, match="no final status"):
        WAYS[way](asked, status)
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
def test_a_field_that_would_break_the_message_is_refused(line: FieldLine, folder: Path) -> None:
    asked, sink = request()
    for _ in range(2):  # what is remembered of a line is never that it passed
        with pytest.raises(ValueError, match=r"field line|itself"):
            asked.respond(200, [line])
        with pytest.raises(ValueError, match=r"field line|itself"):
            asked.respond(200, {line[0].decode("latin-1"): line[1].decode("latin-1")})
        with pytest.raises(ValueError, match=r"field line|itself"):
            asked.respond(200, types.MappingProxyType({line[0].decode("latin-1"): line[1].decode("latin-1")}))
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond_stream([], fields=[line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond_stream([], trailers=[line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond_writer(200, [line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.respond_sse([line])
    for name in ("ten", "large"):
        with pytest.raises(ValueError, match=r"field line|itself"):
            asked.respond_file(folder / name, fields=[line])
    with pytest.raises(ValueError, match=r"field line|itself"):
        asked.inform(103, [line])
    assert (sink.answers, sink.interim, asked.answered, asked.is_open) == ([], b"", False, False)


def test_text_is_no_content_and_the_request_is_still_to_be_answered() -> None:
    # Whoever forgets to encode is told, and their client gets the 500 that the server sends then.
    asked, sink = request()
    with pytest.raises(TypeError):
        asked.respond(200, content=cast("bytes", "text"))
    assert (asked.answered, sink.answers) == (False, [])
    asked.respond(500)
    assert sink.statuses == [500]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_buffers_are_content_as_well(kind: Callable[[bytes], Any]) -> None:
    asked, sink = request()
    asked.respond(200, content=kind(b"hello"))
    assert sink.answers[0].endswith(b"Content-Length: 5\r\n\r\nhello")
    assert type(sink.answers[0]) is bytes


# Field lines


@pytest.mark.parametrize(
    "fields",
    [
        {"A": "1", "B": "é"},
        types.MappingProxyType({"A": "1", "B": "é"}),
        [(b"A", b"1"), (b"B", b"\xe9")],
        ((b"A", b"1"), (b"B", b"\xe9")),
    ],
)
def test_fields_are_a_mapping_of_text_or_pairs_of_octets(fields: message.FieldLines) -> None:
    assert message.encoded_fields(fields) == b"A: 1\r\nB: \xe9\r\n"
    asked, sink = request()
    asked.respond(200, fields)
    assert b"\r\nA: 1\r\nB: \xe9\r\nContent-Length: 0\r\n\r\n" in sink.answers[0]


def test_no_fields_are_no_octets() -> None:
    assert message.encoded_fields(()) == message.encoded_fields({}) == b""


def test_field_lines_pass_through_and_names_beyond_ascii_do_not() -> None:
    lines = ((b"A", b"1"), (b"A", b"2"))
    assert message.field_lines(lines) is lines
    assert message.encoded_fields(lines) == b"A: 1\r\nA: 2\r\n"
    for fields in ({"é": "x"}, {"A": "€"}, {"A": "€" * 300}, types.MappingProxyType({"é": "x"})):
        for _ in range(2):
            with pytest.raises(UnicodeEncodeError):
                message.encoded_fields(fields)
    with pytest.raises(UnicodeEncodeError):
        message.field_lines({"é": "x"})


@pytest.mark.parametrize("length", [0, 1, 256, 257, 5000])
def test_a_line_of_text_has_the_same_octets_remembered_or_not(length: int) -> None:
    message.remembered_text_line.cache_clear()
    value = "é" * length
    expected = b"A: " + b"\xe9" * length + b"\r\n"
    assert message.text_line("A", value) == message.text_line("A", value) == expected
    assert message.remembered_text_line.cache_info().hits == (1 if length <= 256 else 0)


def test_what_is_remembered_of_text_is_bounded() -> None:
    message.remembered_text_line.cache_clear()
    for number in range(2000):
        message.encoded_fields({"A": str(number)})
    info = message.remembered_text_line.cache_info()
    assert info.currsize == info.maxsize
    message.remembered_text_line.cache_clear()
    message.encoded_fields({"A": "x" * (response.REMEMBERED_BYTES_MAX + 1)})
    with pytest.raises(ValueError, match="a name of"):
        message.encoded_fields({"n" * 100_000: "x"})
    assert message.remembered_text_line.cache_info().currsize == 0


# Streams


def test_a_stream_of_unknown_length_is_chunked_with_trailers() -> None:
    """Promises 12 and 20: respondStream."""
    asked, sink = request()
    asked.respond_stream([b"abc", b"", b"d"], status=201, trailers=[(b"X-Sum", b"4")])
    assert b"HTTP/1.1 201 Created\r\n" in sink.answers[0]
    assert sink.answers[0].endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert b"".join(sink.pieces) == b"3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 4\r\n\r\n"
    assert (sink.statuses, sink.keeps, asked.answered) == ([201], True, True)


def test_a_stream_of_known_length_is_plain() -> None:
    """Promise 20: respondStream(stream, length, type)."""
    asked, sink = request()
    asked.respond_stream([b"abc", b"d"], length=4, fields={"Content-Type": "video/mp4"})
    assert sink.answers[0].endswith(b"Content-Type: video/mp4\r\nContent-Length: 4\r\n\r\n")
    assert list(sink.pieces) == [b"abc", b"d"]


def test_a_stream_to_an_old_client_ends_with_the_connection() -> None:
    asked, sink = request(OLD_KEEP_ALIVE)
    asked.respond_stream([b"abc"])
    assert sink.answers[0].endswith(b"Connection: close\r\n\r\n")
    assert (list(sink.pieces), sink.keeps) == ([b"abc"], False)
    asked, sink = request(OLD_KEEP_ALIVE)
    asked.respond_stream([b"abc"], length=3)
    assert sink.answers[0].endswith(b"Content-Length: 3\r\nConnection: keep-alive\r\n\r\n")
    assert sink.keeps is True


@pytest.mark.parametrize(("data", "status"), [(HEAD, 200), (GET, 204), (GET, 304)])
def test_a_stream_that_has_no_place_is_never_begun_but_closed(data: bytes, status: int) -> None:
    asked, sink = request(data)
    source = io.BytesIO(b"abc")
    asked.respond_stream(source, length=3, status=status)
    assert sink.answers[0].endswith(b"\r\n\r\n")
    assert (b"Content-Length: 3\r\n" in sink.answers[0]) is (status != 204)
    assert (list(sink.pieces), source.closed, sink.statuses) == ([], True, [status])


def test_a_file_like_object_is_read_in_pieces_and_closed_with_the_stream() -> None:
    asked, sink = request()
    source = io.BytesIO(b"a\nb" * 40_000)
    asked.respond_stream(source, length=120_000)
    assert isinstance(sink.pieces, streaming.Stream)
    assert [len(piece) for piece in sink.pieces] == [65536, 120_000 - 65536]
    assert not source.closed
    sink.pieces.close()
    assert source.closed


def test_pieces_beyond_the_length_or_short_of_it_raise_before_they_leave() -> None:
    asked, sink = request()
    asked.respond_stream([b"ab", b"c"], length=2)
    assert next(sink.pieces) == b"ab"
    with pytest.raises(streaming.WrongLengthError, match="longer"):
        next(sink.pieces)
    asked, sink = request()
    asked.respond_stream([b"a"], length=2)
    assert next(sink.pieces) == b"a"
    with pytest.raises(streaming.WrongLengthError, match="after 1 of its 2"):
        next(sink.pieces)


def test_nothing_of_a_stream_is_made_before_the_client_has_room() -> None:
    asked, sink = request()
    made: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    asked.respond_stream(pieces())
    assert made == []
    assert (next(sink.pieces), made) == (b"1\r\n0\r\n", [0])


def test_a_source_that_cannot_be_looked_at_leaves_the_request_to_be_answered() -> None:
    class Bad:
        @property
        def read(self) -> None:
            raise OSError("bad disk")

    asked, sink = request()
    with pytest.raises(OSError, match="bad disk"):
        asked.respond_stream(cast("Iterable[bytes]", Bad()))
    assert (asked.answered, sink.answers) == (False, [])


# Files


@pytest.mark.parametrize("name", ["ten", "large", "empty"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_a_head_and_parts(folder: Path, name: str, *, as_text: bool) -> None:
    """Promise 20: respondFile(path, contentType, attachment)."""
    asked, sink = request()
    asked.respond_file(
        str(folder / name) if as_text else folder / name, "video/mp4", attachment=True, fields={"X-A": "1"}
    )
    fields = fields_of(sink.answers[0])
    assert (sink.statuses, sink.keeps, asked.answered) == ([200], True, True)
    assert sink.sent() == (folder / name).read_bytes()
    assert fields.get(b"Content-Length") == b"%d" % (folder / name).stat().st_size
    assert [fields.get(field) for field in (b"Content-Type", b"Content-Disposition", b"X-A", b"Cache-Control")] == [
        b"video/mp4", b'attachment; filename="%s"' % name.encode(), b"1", b"no-cache",
    ]  # fmt: skip


def test_a_file_may_have_another_name_for_its_client(folder: Path) -> None:
    asked, sink = request()
    asked.respond_file(folder / "ten", attachment=True, filename="a b.bin")
    assert fields_of(sink.answers[0]).get(b"Content-Disposition") == b'attachment; filename="a b.bin"'


@pytest.mark.parametrize(
    ("lines", "status", "length"),
    [
        ((), 200, 100_000), ((b"Range: bytes=0-4",), 206, 5), ((b"Range: bytes=100000-",), 416, 0),
        ((b"If-None-Match: *",), 304, None), ((b'If-Match: "a"',), 412, 0), ((b"Range: bytes=40000-",), 206, 60_000),
    ],
)  # fmt: skip
def test_a_request_for_a_file_is_taken_as_it_was_asked(
    folder: Path, lines: tuple[bytes, ...], status: int, length: int | None
) -> None:
    asked, sink = request(asking(*lines))
    asked.respond_file(folder / "large")
    content = sink.sent()
    assert (sink.statuses, len(content)) == ([status], length or 0)
    assert fields_of(sink.answers[0]).get(b"Content-Length") == (None if length is None else b"%d" % length)


@pytest.mark.parametrize(
    "lines", [(), (b"Range: bytes=0-4",), (b"If-None-Match: *",), (b'If-Match: "a"',), (b"Accept-Encoding: gzip",)]
)
@pytest.mark.parametrize("name", ["ten", "large", "a.txt"])
def test_head_has_what_get_has_and_no_parts(folder: Path, name: str, lines: tuple[bytes, ...]) -> None:
    """Promise 17: HEAD. The tutorial's trap: Range on HEAD."""
    asked, sink = request(asking(*lines, method=b"HEAD"))
    asked.respond_file(folder / name)
    got, got_sink = request(asking(*(line for line in lines if not line.startswith(b"Range"))))
    got.respond_file(folder / name)
    got_sink.sent()
    assert (sink.answers, sink.parts) == (got_sink.answers, ())


def test_gzip_and_its_own_length(folder: Path) -> None:
    """The tutorial's trap: an explicit Content-Length together with gzip."""
    asked, sink = request(asking(b"Accept-Encoding: gzip"))
    asked.respond_file(folder / "a.txt")
    fields, content = fields_of(sink.answers[0]), sink.sent()
    assert fields.get(b"Content-Encoding") == b"gzip"
    assert fields.get_all(b"Content-Length") == [b"%d" % len(content)]
    assert len(content) < 1000


def test_the_limits_of_the_server_are_those_of_the_answer(folder: Path) -> None:
    asked, sink = request(asking(b"Range: bytes=0-0,50000-50000"))
    sink.limits = Limits(ranges_max=1)
    asked.respond_file(folder / "large")
    sink.sent()
    assert sink.statuses == [200]


@pytest.mark.parametrize("data", [OLD, OLD_KEEP_ALIVE])
def test_a_file_has_its_length_for_an_old_client_too(folder: Path, data: bytes) -> None:
    asked, sink = request(data)
    asked.respond_file(folder / "large")
    assert (fields_of(sink.answers[0]).get(b"Content-Length"), sink.sent()) == (b"100000", LARGE)
    assert sink.keeps is (data == OLD_KEEP_ALIVE)


@pytest.mark.parametrize("name", ["none", ""])
def test_a_file_that_cannot_be_opened_leaves_the_request_to_be_answered(folder: Path, name: str) -> None:
    asked, sink = request()
    for way in ("respond_file", "respond_range", "respond_file_stream"):
        with pytest.raises(OSError, match=r"No such file|regular"):
            FILE_WAYS[way](asked, folder / name)
    assert (asked.answered, sink.answers) == (False, [])
    asked.respond(404)
    assert sink.statuses == [404]


@pytest.mark.parametrize("name", ["ten", "large"])
def test_fields_that_cannot_be_encoded_close_the_file(folder: Path, name: str) -> None:
    asked, sink = request()
    for fields in ({"é": "1"}, {"A": "€"}):
        with pytest.raises(UnicodeEncodeError):
            asked.respond_file(folder / name, fields=fields)
    with pytest.raises(UnicodeEncodeError):
        asked.respond_file(folder / name, "text/é")
    with pytest.raises(ValueError, match="field line"):
        asked.respond_file(folder / name, "text/plain\r\nX: y")
    assert (asked.answered, sink.answers) == (False, [])


def test_an_open_file_is_answered_with_what_is_said_of_it(folder: Path) -> None:
    asked, sink = request()
    opened = file_response.open_file(folder / "large")
    (folder / "large").unlink()
    asked.respond_opened(opened, file_response.Presentation("a.png", attachment=True), {"Cache-Control": "no-store"})
    fields = fields_of(sink.answers[0])
    assert sink.sent() == LARGE
    assert [fields.get(name) for name in (b"Content-Type", b"Content-Disposition", b"Cache-Control")] == [
        b"image/png", b'attachment; filename="a.png"', b"no-store",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["ten", "large"])
def test_ranges_that_the_application_chose(folder: Path, name: str) -> None:
    """Promise 20: respondRange(path, ranges)."""
    asked, sink = request(asking(b"Range: bytes=0-0"))
    asked.respond_range(folder / name, [ByteRange(2, 4)], "video/mp4")
    fields = fields_of(sink.answers[0])
    assert (sink.statuses, sink.sent()) == ([206], (folder / name).read_bytes()[2:5])
    assert fields.get(b"Content-Range") == b"bytes 2-4/%d" % (folder / name).stat().st_size
    assert fields.get(b"Content-Type") == b"video/mp4"
    asked, sink = request()
    asked.respond_range(str(folder / name), [])
    assert (sink.statuses, sink.sent()) == ([416], b"")
    asked, sink = request()
    with pytest.raises(ValueError, match="no range of"):
        asked.respond_range(folder / name, [ByteRange(0, 100_000)])
    assert not asked.answered


@pytest.mark.parametrize("name", ["ten", "large"])
def test_a_file_from_a_position_on(folder: Path, name: str) -> None:
    """Promise 20: respondFileStream(start, end)."""
    content = (folder / name).read_bytes()
    for start, end, status in ((0, None, 200), (3, None, 206), (3, 5, 206), (0, 0, 206)):
        asked, sink = request()
        asked.respond_file_stream(folder / name, start, end, "video/mp4")
        last = len(content) - 1 if end is None else end
        assert (sink.statuses, sink.sent()) == ([status], content[start : last + 1])
        assert fields_of(sink.answers[0]).get(b"Content-Type") == b"video/mp4"
    asked, sink = request()
    with pytest.raises(ValueError, match="no range of"):
        asked.respond_file_stream(str(folder / name), 100_000)
    assert (asked.answered, sink.answers) == (False, [])


# Answers that stay open


def test_a_writer_is_given_a_head_and_the_end_of_its_chunks() -> None:
    asked, sink = request()
    writer = asked.respond_writer(201, {"X-A": "1"})
    assert sink.answers[0].endswith(b"X-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert (sink.statuses, sink.keeps, sink.ending, writer.is_chunked) == ([201], True, b"0\r\n\r\n", True)
    assert (asked.answered, asked.is_open, writer.active) == (True, True, True)
    assert writer.write(b"abc")
    writer.close()
    assert (sink.open.pieces, asked.answered, asked.is_open) == ([b"3\r\nabc\r\n"], True, False)


def test_a_writer_for_an_old_client_is_plain_and_ends_with_the_connection() -> None:
    asked, sink = request(OLD_KEEP_ALIVE)
    writer = asked.respond_writer()
    assert sink.answers[0].endswith(b"\r\nConnection: close\r\n\r\n")
    assert b"Transfer-Encoding" not in sink.answers[0]
    assert (sink.statuses, sink.keeps, sink.ending, writer.is_chunked) == ([200], False, b"", False)
    assert writer.write(b"abc")
    assert sink.open.pieces == [b"abc"]


@pytest.mark.parametrize(("data", "status"), [(HEAD, 200), (GET, 204), (GET, 304), (HEAD, 404)])
def test_a_writer_that_has_no_content_to_write_is_closed_from_the_start(data: bytes, status: int) -> None:
    asked, sink = request(data)
    writer = asked.respond_writer(status)
    assert sink.answers[0].endswith(b"\r\n\r\n")
    assert (sink.statuses, sink.ending, writer.active, writer.write(b"x"), asked.is_open) == (
        [status],
        None,
        False,
        False,
        False,
    )
    assert sink.open.pieces == []


def test_a_stream_of_events() -> None:
    """Promises 7 and 8: respondSSE, text/event-stream."""
    asked, sink = request()
    stream = asked.respond_sse({"X-A": "1"})
    assert sink.answers[0].endswith(
        b"Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\nX-A: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    assert stream.send("hello")
    assert sink.open.pieces == [b"d\r\ndata: hello\n\n\r\n"]
    assert sink.open.alive == (b"3\r\n:\n\n\r\n", push.HEARTBEAT_SECONDS)
    assert (stream.active, asked.is_open) == (True, True)
    stream.close()
    assert (stream.active, asked.is_open) == (False, False)


@pytest.mark.parametrize(("seconds", "alive"), [(None, None), (0.5, (b"3\r\n:\n\n\r\n", 0.5))])
def test_a_heartbeat_is_as_it_was_asked_for(seconds: float | None, alive: tuple[bytes, float] | None) -> None:
    asked, sink = request()
    asked.respond_sse(heartbeat_seconds=seconds)
    assert sink.open.alive == alive


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_time_that_is_none_is_refused_before_anything_is_sent(seconds: float) -> None:
    asked, _ = request()
    with pytest.raises(ValueError, match="no heartbeat"):
        asked.respond_sse(heartbeat_seconds=seconds)
    asked.respond(200)


@pytest.mark.parametrize("fields", [{"cache-control": "no-store"}, [(b"CACHE-CONTROL", b"no-store")]])
def test_fields_for_a_stream_of_events_take_the_place_of_ours(fields: Mapping[str, str] | list[FieldLine]) -> None:
    asked, sink = request()
    asked.respond_sse(fields)
    assert fields_of(sink.answers[0]).get_all(b"Cache-Control") == [b"no-store"]
    assert fields_of(sink.answers[0]).get_all(b"Content-Type") == [b"text/event-stream"]


def test_head_of_a_stream_of_events_has_a_stream_that_is_not_active() -> None:
    asked, sink = request(HEAD)
    stream = asked.respond_sse()
    assert (stream.active, stream.send("x"), sink.open.pieces, sink.open.alive) == (False, False, [], None)
    assert fields_of(sink.answers[0]).get(b"Content-Type") == b"text/event-stream"


# Interim responses, and the date


def test_interim_responses_go_before_the_answer_and_to_nobody_who_cannot_read_them() -> None:
    asked, sink = request()
    asked.inform(103, [(b"Link", b"</a>")])
    assert sink.interim == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    asked.inform(103, {"Link": "</b>"})
    assert sink.interim.endswith(b"HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n")
    asked.respond(200)
    asked.inform(102)
    assert sink.interim.count(b"HTTP/1.1") == 2
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


def test_without_a_word_a_request_is_collected_and_has_the_limit_of_the_server() -> None:
    assert message.Admission() == message.Admission(streams=False, content_bytes_max=None)


@pytest.mark.parametrize(
    ("admission", "bytes_max"),
    [
        (message.Admission(), 10),
        (message.Admission(streams=True), 20),
        (message.Admission(content_bytes_max=0), 0),
        (message.Admission(streams=True, content_bytes_max=30), 30),
    ],
)
def test_how_much_content_is_taken(admission: message.Admission, bytes_max: int) -> None:
    assert admission.bytes_max(Limits(content_bytes_max=10, stream_content_bytes_max=20)) == bytes_max


# WebSocket


def takes_events(websocket: WebSocket, event: WebSocketEvent, data: Message) -> None:
    """Never called here."""


def test_a_handshake_is_answered_with_101_and_what_was_agreed() -> None:
    asked, sink = request(HANDSHAKE)
    asked.path_params = {"name": "a"}
    websocket = asked.upgrade_to_websocket(takes_events, subprotocols=("a",), fields={"Set-Cookie": "c=1"})
    assert websocket is cast("WebSocket", takes_events)
    assert asked.answered
    ((head, accepted, params),) = sink.switched
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        b"Sec-WebSocket-Protocol: a",
        b"Sec-WebSocket-Extensions: permessage-deflate",
        b"Date: " + DATE,
        b"Set-Cookie: c=1",
        b"",
        b"",
    ]
    assert (accepted.subprotocol, accepted.agreed is not None, params) == ("a", True, {"name": "a"})
    with pytest.raises(message.AlreadyAnsweredError):
        asked.upgrade_to_websocket(takes_events)
    assert sink.answers == []


def test_a_handshake_that_is_refused_leaves_the_answer_to_its_handler() -> None:
    asked, sink = request(HANDSHAKE)
    with pytest.raises(handshake.HandshakeError):
        asked.upgrade_to_websocket(takes_events, allows_origin=lambda origin: origin != "http://x")
    with pytest.raises(ValueError, match="the server sends Date itself"):
        asked.upgrade_to_websocket(takes_events, fields={"Date": "today"})
    with pytest.raises(ValueError, match="nobody"):
        asked.upgrade_to_websocket()
    assert not asked.answered
    asked.respond(403)
    assert sink.statuses == [403]
    assert sink.switched == []


def test_a_handshake_whose_content_is_still_to_come_is_refused() -> None:
    asked, sink = request(HANDSHAKE)
    asked.content_ended = False
    with pytest.raises(handshake.HandshakeError) as refused:
        asked.upgrade_to_websocket(takes_events)
    assert refused.value.status == 400
    assert sink.switched == []
