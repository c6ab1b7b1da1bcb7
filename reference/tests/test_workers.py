"""The tasks that workers run, and the pool that runs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from merkhet_reference import message, queues, wakeup
from merkhet_reference.fields import Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.workers import DropTask, HandlerTask, Pool, PullTask, Reply, Task, Ticket


@pytest.fixture
def replies() -> Iterator[queues.ReplyQueue[Reply]]:
    bell = wakeup.Wakeup()
    yield queues.ReplyQueue(bell)
    bell.close()


def head(data: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> RequestHead:
    connection = Connection(Limits())
    connection.receive(data)
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    return event


def run(
    handler: message.Handler, replies: queues.ReplyQueue[Reply], data: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
) -> list[Reply]:
    HandlerTask(head(data), b"", Fields(), Ticket(1, []), replies, handler).run()
    return replies.take_all()


def test_an_answer_becomes_one_reply(replies: queues.ReplyQueue[Reply]) -> None:
    (reply,) = run(lambda request: request.respond(200, content=b"hello"), replies)
    assert reply.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert reply.data.endswith(b"\r\nContent-Length: 5\r\n\r\nhello")
    assert (reply.finished, reply.keeps, reply.cut, reply.ends_task) == (True, True, False, True)


def test_an_interim_answer_does_not_end_the_task(replies: queues.ReplyQueue[Reply]) -> None:
    def handler(request: message.Request) -> None:
        request.inform(102)
        request.respond(204)

    interim, final = run(handler, replies)
    assert interim.data == b"HTTP/1.1 102 Processing\r\n\r\n"
    assert (interim.finished, interim.ends_task) == (False, False)
    assert final.finished


def test_an_exception_is_500_without_its_text(
    replies: queues.ReplyQueue[Reply], caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: message.Request) -> None:
        raise ValueError("a secret")

    (reply,) = run(handler, replies)
    assert reply.data.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in reply.data
    assert "a secret" in caplog.text


def test_no_answer_is_500_and_logged(replies: queues.ReplyQueue[Reply], caplog: pytest.LogCaptureFixture) -> None:
    (reply,) = run(lambda request: None, replies)
    assert reply.data.startswith(b"HTTP/1.1 500 ")
    assert "gave no answer" in caplog.text


def test_a_second_answer_raises_in_the_handler_and_leaves_the_wire_alone(
    replies: queues.ReplyQueue[Reply],
) -> None:
    raised: list[BaseException] = []

    def handler(request: message.Request) -> None:
        request.respond(200, content=b"first")
        try:
            request.respond(500)
        except message.AlreadyAnsweredError as error:
            raised.append(error)

    (reply,) = run(handler, replies)
    assert reply.data.endswith(b"first")
    assert len(raised) == 1


def test_an_exception_behind_an_answer_changes_nothing(
    replies: queues.ReplyQueue[Reply], caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: message.Request) -> None:
        request.respond(200)
        raise ValueError

    (reply,) = run(handler, replies)
    assert reply.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert "raised" in caplog.text


def pull(ticket: Ticket, stream: Iterator[bytes], replies: queues.ReplyQueue[Reply]) -> Reply:
    PullTask(ticket, stream, replies).run()
    (reply,) = replies.take_all()
    return reply


def test_a_stream_is_pulled_one_piece_a_task(replies: queues.ReplyQueue[Reply]) -> None:
    pulled: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(2):
            pulled.append(number)
            yield b"%d" % number

    (begun,) = run(lambda request: request.respond_stream(pieces()), replies)
    assert begun.data.endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert begun.stream is not None
    assert not begun.finished
    assert pulled == []
    ticket = Ticket(1, [])
    assert pull(ticket, begun.stream, replies).data == b"1\r\n0\r\n"
    assert pulled == [0]
    assert pull(ticket, begun.stream, replies).data == b"1\r\n1\r\n"
    assert pull(ticket, begun.stream, replies).data == b"0\r\n\r\n"
    last = pull(ticket, begun.stream, replies)
    assert (last.data, last.finished, last.stream) == (b"", True, None)


@pytest.mark.parametrize(("length", "sent"), [(2, b""), (5, b"abc")])
def test_a_stream_of_another_length_is_cut_before_a_false_octet_leaves(
    replies: queues.ReplyQueue[Reply], caplog: pytest.LogCaptureFixture, length: int, sent: bytes
) -> None:
    (begun,) = run(lambda request: request.respond_stream([b"abc"], length=length), replies)
    assert begun.stream is not None
    ticket = Ticket(1, [])
    reply = pull(ticket, begun.stream, replies)
    data = reply.data
    if not reply.cut:
        reply = pull(ticket, begun.stream, replies)
    assert (data, reply.cut, reply.finished, reply.keeps) == (sent, True, True, False)
    assert "WrongLengthError" in caplog.text


def test_an_http_10_stream_without_length_ends_with_the_connection(replies: queues.ReplyQueue[Reply]) -> None:
    (begun,) = run(lambda request: request.respond_stream([b"abc"]), replies, b"GET / HTTP/1.0\r\n\r\n")
    assert b"Transfer-Encoding" not in begun.data
    assert b"Connection: close\r\n" in begun.data
    assert begun.stream is not None
    assert not begun.keeps
    assert pull(Ticket(1, [], keeps=False), begun.stream, replies).data == b"abc"


def test_head_of_a_stream_is_its_head_and_nothing_is_pulled(replies: queues.ReplyQueue[Reply]) -> None:
    pulled: list[int] = []

    def pieces() -> Iterator[bytes]:
        pulled.append(1)
        yield b"piece"

    (reply,) = run(lambda request: request.respond_stream(pieces()), replies, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reply.data.endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert (reply.finished, reply.stream) == (True, None)
    assert pulled == []


def test_a_dropped_stream_runs_its_finally_and_counts_as_done(
    replies: queues.ReplyQueue[Reply], caplog: pytest.LogCaptureFixture
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
    DropTask(Ticket(1, []), stream, replies).run()
    assert closed == ["yes"]
    assert "while closing" in caplog.text
    DropTask(Ticket(1, []), iter([b"no close method"]), replies).run()
    assert [reply.ends_task for reply in replies.take_all()] == [True, True]


def test_the_pool_runs_what_was_put_and_ends(replies: queues.ReplyQueue[Reply]) -> None:
    tasks: queues.TaskQueue[Task] = queues.TaskQueue(tasks_max=10, workers=2)
    pool = Pool(tasks, 2)
    threads: set[int] = set()
    both = threading.Barrier(2, timeout=10)

    def handler(request: message.Request) -> None:
        both.wait()  # passed only where two handlers run at once
        threads.add(threading.get_ident())
        request.respond(200)

    pool.start()
    for _ in range(2):
        tasks.put(HandlerTask(head(), b"", Fields(), Ticket(1, []), replies, handler))
    assert pool.stop(10)
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    assert len(replies.take_all()) == 2


def test_a_pool_with_a_handler_that_never_returns_says_so(replies: queues.ReplyQueue[Reply]) -> None:
    tasks: queues.TaskQueue[Task] = queues.TaskQueue(tasks_max=10, workers=1)
    pool = Pool(tasks, 1)
    entered, leave = threading.Event(), threading.Event()

    def handler(request: message.Request) -> None:
        entered.set()
        leave.wait(10)
        request.respond(200)

    pool.start()
    tasks.put(HandlerTask(head(), b"", Fields(), Ticket(1, []), replies, handler))
    assert entered.wait(10)
    assert not pool.stop(0)
    leave.set()
    assert pool.stop(10)
