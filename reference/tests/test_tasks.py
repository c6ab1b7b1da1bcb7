"""What workers run: each run says once that a worker is free again, whatever an application does, and each request has one
answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from task_rig import replies as replies

from merkhet_reference import message, push, queues
from merkhet_reference.fields import Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.tasks import (
    Cut,
    DropTask,
    HandlerTask,
    Open,
    Parts,
    Pull,
    PullTask,
    Receive,
    Reply,
    Service,
    Ticket,
    Upload,
    close,
    close_parts,
)  # fmt: skip

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"
TRAILERS = Fields([(b"X-Sum", b"6")])

Replies = queues.ReplyQueue[Reply]


def head(data: bytes = GET) -> RequestHead:
    connection = Connection(Limits())
    connection.receive(data)
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    return event


def run(handler: message.Handler, replies: Replies, data: bytes = GET, content: bytes = b"") -> list[Reply]:
    """Run a task whose content was collected; hold it to saying once that it came back."""
    HandlerTask(head(data), content, TRAILERS, Ticket(1), Service(handler, replies, Limits())).run()
    said = replies.take_all()
    assert sum(reply.ends_task for reply in said) == 1
    return said


def pull(stream: Iterator[bytes], replies: Replies) -> Reply:
    PullTask(Ticket(1), stream, replies).run()
    (reply,) = replies.take_all()
    assert reply.ends_task
    return reply


# Plain handlers


def test_an_answer_becomes_one_reply(replies: Replies) -> None:
    (reply,) = run(lambda request: request.respond(200, content=b"hello"), replies)
    assert reply.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert reply.data.endswith(b"\r\nContent-Length: 5\r\n\r\nhello")
    assert (reply.status, reply.finished, reply.keeps, reply.more) == (200, True, True, None)


def test_a_connection_that_ends_with_this_request_says_so(replies: Replies) -> None:
    ticket = Ticket(1, keeps=False)
    service = Service(lambda request: request.respond(200), replies, Limits())
    HandlerTask(head(), b"", Fields(), ticket, service).run()
    (reply,) = replies.take_all()
    assert b"\r\nConnection: close\r\n" in reply.data
    assert not reply.keeps


def test_an_interim_answer_does_not_end_the_task(replies: Replies) -> None:
    def handler(request: message.Request) -> None:
        request.inform(102)
        request.respond(204)

    interim, final = run(handler, replies)
    assert interim.data == b"HTTP/1.1 102 Processing\r\n\r\n"
    assert (interim.status, interim.finished, interim.ends_task) == (0, False, False)
    assert final.finished


def test_a_file_becomes_parts(replies: Replies, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 100_000)
    (reply,) = run(lambda request: request.respond_file(path), replies)
    assert isinstance(reply.more, Parts)
    assert (reply.status, reply.finished) == (200, True)
    (segment,) = reply.more.parts
    assert not isinstance(segment, bytes)
    assert segment.read(100) == b"x" * 100
    close_parts((b"octets", segment))
    with pytest.raises(OSError, match="descriptor"):
        segment.read(1)


class GoneError(BaseException):
    """What an `except Exception` does not see."""


@pytest.mark.parametrize(
    "raised",
    [ValueError("a secret"), SystemExit("a secret"), GoneError("a secret"), asyncio.CancelledError("a secret")],
)
def test_whatever_a_handler_raises_is_500_without_its_text(
    replies: Replies, caplog: pytest.LogCaptureFixture, raised: BaseException
) -> None:
    def handler(request: message.Request) -> None:
        raise raised

    (reply,) = run(handler, replies)
    assert reply.data.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in reply.data
    assert "a secret" in caplog.text
    assert "gave no answer" not in caplog.text, "it says one thing"


def test_no_answer_is_500_and_logged(replies: Replies, caplog: pytest.LogCaptureFixture) -> None:
    (reply,) = run(lambda request: None, replies)
    assert reply.data.startswith(b"HTTP/1.1 500 ")
    assert caplog.text.count("gave no answer") == 1


@pytest.mark.parametrize("caught", [False, True])
def test_a_second_answer_raises_in_the_handler_and_leaves_the_wire_alone(replies: Replies, *, caught: bool) -> None:
    raised: list[BaseException] = []

    def handler(request: message.Request) -> None:
        request.respond(200, content=b"first")
        try:
            request.respond(500)
        except message.AlreadyAnsweredError as error:
            raised.append(error)
            if not caught:
                raise

    (reply,) = run(handler, replies)
    assert reply.data.endswith(b"first")
    assert len(raised) == 1


def test_an_exception_behind_an_answer_changes_nothing(replies: Replies, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: message.Request) -> None:
        request.respond(200)
        raise ValueError

    (reply,) = run(handler, replies)
    assert reply.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert "raised" in caplog.text


def test_a_handler_of_a_request_whose_content_is_to_come_ends_the_connection_if_it_takes_none(replies: Replies) -> None:
    service = Service(lambda request: request.respond(404), replies, Limits())
    HandlerTask(head(POST), b"", Fields(), Ticket(1, upload=Upload()), service, takes_pieces=True).run()
    (reply,) = replies.take_all()
    assert b"\r\nConnection: close\r\n" in reply.data
    assert not reply.keeps


# Streams


def test_a_stream_is_pulled_one_piece_a_task(replies: Replies) -> None:
    pulled: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(2):
            pulled.append(number)
            yield b"%d" % number

    (begun,) = run(lambda request: request.respond_stream(pieces()), replies)
    assert begun.data.endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert isinstance(begun.more, Pull)
    assert not begun.finished
    assert pulled == []
    first = pull(begun.more.stream, replies)
    assert first.data == b"1\r\n0\r\n"
    assert isinstance(first.more, Pull)
    assert pulled == [0]
    assert pull(begun.more.stream, replies).data == b"1\r\n1\r\n"
    assert pull(begun.more.stream, replies).data == b"0\r\n\r\n"
    last = pull(begun.more.stream, replies)
    assert (last.data, last.finished, last.more) == (b"", True, None)


@pytest.mark.parametrize(("length", "sent"), [(2, b""), (5, b"abc")])
def test_a_stream_of_another_length_is_cut_before_a_false_octet_leaves(
    replies: Replies, caplog: pytest.LogCaptureFixture, length: int, sent: bytes
) -> None:
    (begun,) = run(lambda request: request.respond_stream([b"abc"], length=length), replies)
    assert isinstance(begun.more, Pull)
    reply = pull(begun.more.stream, replies)
    data = reply.data
    if not isinstance(reply.more, Cut):
        reply = pull(begun.more.stream, replies)
    assert (data, reply.more, reply.finished, reply.keeps) == (sent, Cut(), True, False)
    assert "WrongLengthError" in caplog.text


@pytest.mark.parametrize("raised", [ValueError, SystemExit, asyncio.CancelledError, GeneratorExit])
def test_whatever_a_stream_raises_cuts_it_and_closes_it(
    replies: Replies, caplog: pytest.LogCaptureFixture, raised: type[BaseException]
) -> None:
    class Pieces:
        is_closed = False

        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            raise raised

        def close(self) -> None:
            self.is_closed = True

    given = Pieces()
    (begun,) = run(lambda request: request.respond_stream(given), replies)
    assert isinstance(begun.more, Pull)
    assert pull(begun.more.stream, replies).more == Cut()
    assert given.is_closed
    assert "a stream raised" in caplog.text


def test_an_http_10_stream_without_length_ends_with_the_connection(replies: Replies) -> None:
    (begun,) = run(lambda request: request.respond_stream([b"abc"]), replies, b"GET / HTTP/1.0\r\n\r\n")
    assert b"Transfer-Encoding" not in begun.data
    assert b"Connection: close\r\n" in begun.data
    assert isinstance(begun.more, Pull)
    assert not begun.keeps
    assert pull(begun.more.stream, replies).data == b"abc"


def test_head_of_a_stream_is_its_head_and_nothing_is_pulled(replies: Replies) -> None:
    pulled: list[int] = []

    def pieces() -> Iterator[bytes]:
        pulled.append(1)
        yield b"piece"

    (reply,) = run(lambda request: request.respond_stream(pieces()), replies, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reply.data.endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert (reply.finished, reply.more) == (True, None)
    assert pulled == []


def test_a_dropped_stream_runs_its_finally_and_counts_as_done(
    replies: Replies, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"a"
        finally:
            closed.append("yes")
            raise ValueError("while closing")

    stream = pieces()
    next(stream)
    DropTask(stream, replies).run()
    assert closed == ["yes"]
    assert "while closing" in caplog.text
    DropTask(iter([b"no close method"]), replies).run()
    assert [reply.ends_task for reply in replies.take_all()] == [True, True]


def test_what_cannot_be_closed_is_left_alone() -> None:
    close(object())


# Answers that stay open


def opened(replies: Replies, limits: Limits | None = None, data: bytes = GET) -> tuple[push.Writer, queues.Flow, Reply]:
    writers: list[push.Writer] = []
    service = Service(lambda request: writers.append(request.respond_writer()), replies, limits or Limits())
    HandlerTask(head(data), b"", Fields(), Ticket(1), service).run()
    (begun,) = replies.take_all()
    assert isinstance(begun.more, Open)
    return writers[0], begun.more.flow, begun


def test_an_open_answer_gives_the_worker_back_with_its_head(replies: Replies) -> None:
    writer, _, begun = opened(replies)
    assert (begun.status, begun.finished, begun.ends_task) == (200, False, True)
    assert writer.write(b"octets")
    writer.close()
    piece, last = replies.take_all()
    assert (piece.data, piece.finished, piece.ends_task) == (b"6\r\noctets\r\n", False, False)
    assert (last.data, last.finished, last.ends_task, last.more) == (b"0\r\n\r\n", True, False, None)


@pytest.mark.parametrize("end", [push.Writer.close, push.Writer.cut])
def test_an_open_answer_ends_once(replies: Replies, end: Callable[[push.Writer], None]) -> None:
    writer, _, _ = opened(replies)
    end(writer)
    (last,) = replies.take_all()
    assert last.finished
    assert (last.more == Cut()) is (end is push.Writer.cut)
    assert last.keeps is (end is push.Writer.close)
    assert not writer.active
    writer.close()
    writer.cut()
    assert not writer.write(b"behind the end")
    assert replies.take_all() == []


def test_an_open_answer_whose_client_has_gone_says_nothing_more(replies: Replies) -> None:
    writer, flow, _ = opened(replies)
    flow.close()
    assert not writer.active
    assert not writer.write(b"to nobody")
    writer.close()
    assert replies.take_all() == []


@pytest.mark.parametrize("waits", [False, True])
def test_a_client_without_room_is_given_up(replies: Replies, *, waits: bool) -> None:
    writer, flow, _ = opened(replies, Limits(events_waiting_bytes_max=10, send_seconds_max=0.01))
    assert writer.write_framed(b"x" * 10, waits=waits)
    assert not writer.write_framed(b"x", waits=waits)
    written, last = replies.take_all()
    assert (written.data, last.more, last.finished) == (b"x" * 10, Cut(), True)
    assert not flow.is_open


def test_a_heartbeat_is_left_to_the_io_thread(replies: Replies) -> None:
    writer, flow, _ = opened(replies)
    assert flow.heartbeat_seconds == float("inf")
    writer.keep_alive(b":\n\n", 15.0)
    assert (flow.heartbeat, flow.heartbeat_seconds) == (b"3\r\n:\n\n\r\n", 15.0)


def test_an_answer_may_be_whole_anywhere(replies: Replies) -> None:
    writer, flow, _ = opened(replies)
    said = [flow.ends_anywhere]
    writer.allow_end()
    said.append(flow.ends_anywhere)
    assert said == [False, True]
    assert replies.take_all() == [], "the I/O thread asks when it must know"


def test_an_answer_that_is_opened_when_nobody_sends_any_more_is_closed(replies: Replies) -> None:
    replies.close()
    writer, _, _ = opened(replies)
    assert not writer.active


def test_an_open_answer_to_http_10_ends_with_the_connection(replies: Replies) -> None:
    writer, _, begun = opened(replies, data=b"GET / HTTP/1.0\r\n\r\n")
    assert not begun.keeps
    assert writer.write(b"octets")
    writer.close()
    assert [(reply.data, reply.finished) for reply in replies.take_all()] == [(b"octets", False), (b"", True)]


def test_a_handler_that_raises_behind_an_open_answer_cuts_it(replies: Replies) -> None:
    def handler(request: message.Request) -> None:
        request.respond_writer().write(b"part")
        raise ValueError

    begun, _, cut = run(handler, replies)
    assert isinstance(begun.more, Open)
    assert (cut.more, cut.finished, cut.ends_task) == (Cut(), True, False)


def test_a_handler_that_raises_behind_the_end_of_its_answer_cuts_nothing(replies: Replies) -> None:
    def handler(request: message.Request) -> None:
        request.respond_writer().close()
        raise ValueError

    _, last = run(handler, replies)
    assert (last.data, last.more) == (b"0\r\n\r\n", None)


def test_what_a_closing_generator_answers_is_no_second_word(replies: Replies) -> None:
    """The I/O thread has it dropped, where the request has been answered for it, and counts the drop alone."""

    def handler(request: message.Request) -> message.Receiver:
        try:
            yield
        finally:
            request.respond(200)

    service = Service(handler, replies, Limits())
    HandlerTask(head(POST), b"", Fields(), Ticket(1, upload=Upload()), service, takes_pieces=True).run()
    (waits,) = replies.take_all()
    assert isinstance(waits.more, Receive)
    DropTask(waits.more.receiver, replies).run()
    late, dropped = replies.take_all()
    assert (late.status, late.ends_task, dropped.ends_task) == (200, False, True)
