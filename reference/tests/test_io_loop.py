"""The I/O loop, turned by hand: who is accepted, whose turn it is, what time limits do, and how it ends."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_rig import GET, POST, Rigs, all_that_comes, get, open_files, reset, says_nothing, status

from merkhet_reference import doors, message, push, queues
from merkhet_reference.limits import Limits


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rigs]:
    with contextlib.closing(Rigs(monkeypatch, tmp_path)) as made:
        yield made


@pytest.mark.parametrize("unix", [False, True])
def test_a_request_becomes_a_task_and_its_reply_an_answer(rigs: Rigs, *, unix: bool) -> None:
    rig = rigs(unix=unix)
    client = rig.connect(GET)
    assert rig.tasks.in_flight == 1
    rig.work()
    assert client.recv(65536).endswith(b"Content-Length: 2\r\n\r\nxx")
    assert rig.tasks.in_flight == 0
    client.sendall(GET)
    rig.turn()
    rig.work()
    assert status(client) == b"200"
    assert rig.is_quiet()


def test_another_thread_may_not_turn(rigs: Rigs) -> None:
    rig = rigs()
    raised: list[BaseException] = []

    def turn() -> None:
        try:
            rig.loop.turn()
        except queues.WrongThreadError as error:
            raised.append(error)

    thread = threading.Thread(target=turn)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_a_connection_over_the_limit_is_told_503_and_the_open_one_served(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(connections_max=1))
    first, second = rig.connect(), rig.connect(GET)
    assert status(second) == b"503"
    assert second.recv(1) == b""
    assert rig.tasks.in_flight == 0
    first.sendall(GET)
    rig.turn()
    rig.work()
    assert status(first) == b"200"
    first.close()
    second.close()
    rig.turn()
    assert says_nothing(rig.connect()), "its place is free again"


def test_out_of_descriptors_the_loop_sleeps_and_tries_again(rigs: Rigs, caplog: pytest.LogCaptureFixture) -> None:
    rig = rigs()
    rig.listener.failures = [errno.EMFILE]
    client = rig.connect(GET)
    assert "could not be accepted" in caplog.text
    assert rig.is_quiet(), "the listener is readable, and nothing can be done about it"
    assert rig.tasks.in_flight == 0
    rig.now += doors.ACCEPT_PAUSE_SECONDS
    rig.turn(3)
    rig.work()
    assert status(client) == b"200"


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO])
def test_a_connection_that_failed_while_it_waited_is_skipped(rigs: Rigs, number: int) -> None:
    rig = rigs()
    rig.listener.failures = [number]
    client = rig.connect(GET)
    rig.turn(2)
    rig.work()
    assert status(client) == b"200"


# Whose turn it is


def test_a_full_task_queue_gives_each_connection_its_turn(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=1))
    rig.connect(GET)
    greedy = rig.connect(b"".join(get(b"/greedy%d" % number) for number in range(4)))
    modest = rig.connect(get(b"/modest"))
    assert rig.tasks.in_flight == 1
    rig.work()
    assert rig.asked == [b"/", b"/greedy0", b"/modest", b"/greedy1", b"/greedy2", b"/greedy3"]
    assert status(modest) == b"200"
    assert greedy.recv(65536).count(b"HTTP/1.1 200 OK") == 4


def test_those_who_wait_are_served_in_the_order_in_which_they_came(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=1))
    clients = [rig.connect(get(b"/%d" % number) * 2) for number in range(4)]
    rig.work()
    assert rig.asked == [b"/0", b"/0", b"/1", b"/2", b"/3", b"/1", b"/2", b"/3"]
    assert [client.recv(65536).count(b"HTTP/1.1 200 OK") for client in clients] == [2] * 4
    assert rig.is_quiet()


def test_who_waits_for_a_worker_is_not_read_and_not_timed_out(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=1, head_seconds_max=10.0))
    rig.connect(GET)
    waiting = rig.connect(GET)
    waiting.sendall(GET)
    assert rig.is_quiet(), "what it sent stays with the kernel"
    rig.now += 3600.0
    rig.turn(2)
    assert says_nothing(waiting)
    rig.work()
    rig.turn()
    rig.work()
    assert waiting.recv(65536).count(b"HTTP/1.1 200 OK") == 2


def test_a_request_that_waits_for_those_before_it_is_not_forgotten_when_others_take_the_room(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=2))
    first = rig.connect(get(b"/first") + POST + b"abc")  # the POST is whole, but must not run beside the GET
    rig.connect(get(b"/second"))
    third = rig.connect(get(b"/third"))
    rig.tasks.work_one()
    rig.turn()  # the room goes to the third, who has waited longer
    assert rig.tasks.in_flight == 2
    rig.work()
    assert rig.asked == [b"/first", b"/second", b"/third", b"/"]
    assert status(third) == b"200"
    assert first.recv(65536).count(b"HTTP/1.1 200 OK") == 2


def test_requests_that_were_held_back_by_a_long_answer_are_parsed_when_it_has_left(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(requests_in_flight_max=2, response_queue_bytes_max=10))
    rig.handler = lambda request: request.respond(200, content=b"x" * 100)
    client = rig.connect(GET * 5)
    rig.work()
    assert client.recv(65536).count(b"HTTP/1.1 200 OK") == 5


# Clients that go


@pytest.mark.parametrize("unix", [False, True])
def test_a_client_that_is_gone_does_not_keep_the_loop_awake(rigs: Rigs, *, unix: bool) -> None:
    rig = rigs(unix=unix)
    client = rig.connect(GET)
    client.close()
    rig.turn(3)
    assert rig.is_quiet()
    rig.work()
    assert rig.is_quiet()
    assert rig.tasks.in_flight == 0


def test_a_reset_behind_a_half_close_does_not_keep_the_loop_awake(rigs: Rigs) -> None:
    rig = rigs()
    client = rig.connect(GET)
    client.shutdown(socket.SHUT_WR)
    rig.turn(2)
    assert rig.is_quiet()
    reset(client)
    rig.turn(2)
    assert rig.is_quiet()
    rig.work()
    assert rig.tasks.in_flight == 0


def test_an_answer_for_a_connection_that_is_gone_never_reaches_the_next_one(rigs: Rigs) -> None:
    rig = rigs()
    reset(rig.connect(GET))
    rig.turn()
    client = rig.connect()  # most likely with the same descriptor
    rig.work()
    assert says_nothing(client)
    client.sendall(GET)
    rig.turn()
    rig.work()
    assert status(client) == b"200"


# Time


def test_time_limits_act(rigs: Rigs) -> None:
    rig = rigs()
    idle, slow = rig.connect(), rig.connect(b"GET / HT")
    rig.now += 10.0
    rig.turn(2)
    assert status(slow) == b"408"
    assert says_nothing(idle)
    rig.now += 5.0
    rig.turn(2)
    assert idle.recv(1) == b""


def test_a_limit_is_kept_to_the_second_whatever_was_looked_at_before(rigs: Rigs) -> None:
    """Nobody tells the deadlines of what happens: a channel is looked at now and then, and never too late."""
    rig = rigs(limits=Limits(idle_seconds_max=15.0, linger_seconds_max=4.0))
    client = rig.connect()
    for _ in range(14):
        rig.now += 1.0
        rig.turn(2)
    client.sendall(GET)
    rig.turn()
    rig.work()
    assert status(client) == b"200"
    rig.now += 14.9
    rig.turn(2)
    assert says_nothing(client), "its time began anew with the answer"
    rig.now += 0.2
    rig.turn(2)
    assert client.recv(1) == b""


# The end


def test_a_stop_finishes_what_is_in_flight_and_nothing_else(rigs: Rigs) -> None:
    rig = rigs()
    idle, busy = rig.connect(), rig.connect(GET + b"GET")
    rig.loop.ask_to_stop(10.0)
    rig.turn(2)
    assert idle.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(rig.address).close()
    assert says_nothing(busy)
    rig.work()
    came = all_that_comes(busy)
    assert came.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 503 " in came, "what follows was only half received"
    assert came.count(b"HTTP/1.1") == 2
    assert rig.tasks.in_flight == 0


def test_a_stop_whose_answer_is_not_yet_made_says_close_with_it(rigs: Rigs) -> None:
    rig = rigs()
    first, last = rig.connect(GET), rig.connect(GET * 2)
    rig.loop.ask_to_stop(10.0)
    rig.turn(2)
    rig.work()
    assert b"\r\nConnection: close\r\n" in all_that_comes(first)
    came = all_that_comes(last)
    assert came.count(b"HTTP/1.1 200 ") == 2
    assert came.count(b"Connection: close") == 1
    assert came.index(b"Connection: close") > came.rindex(b"HTTP/1.1 200 ")


def test_a_stop_answers_503_where_a_request_was_parsed_and_no_worker_had_it(rigs: Rigs) -> None:
    rig = rigs()
    client = rig.connect(GET + POST + b"abc")  # the POST waits for the GET
    rig.loop.ask_to_stop(10.0)
    rig.turn(2)
    rig.work()
    came = all_that_comes(client)
    assert came.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 503 " in came
    assert rig.asked == [b"/"]


def test_an_asked_stop_wakes_a_loop_that_sleeps(rigs: Rigs) -> None:
    rig = rigs()
    assert rig.is_quiet()
    rig.loop.ask_to_stop(10.0)
    assert not rig.is_quiet()


def test_a_stop_whose_time_is_over_cuts_and_leaves_the_streams_to_the_workers(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            closed.append(True)

    rig.handler = lambda request: request.respond_stream(endless())
    client = rig.connect(GET)
    rig.work()
    rig.loop.ask_to_stop(5.0)
    rig.turn()
    rig.now += 5.0
    rig.loop.end()
    assert rig.tasks.waiting == 1
    rig.tasks.work_one()
    assert closed == [True]
    with pytest.raises(ConnectionResetError):  # else what has come might look whole
        all_of(client)


def test_what_workers_said_last_is_closed_with_the_loop(rigs: Rigs, tmp_path: Path) -> None:
    """Replies that the loop has not read when its time is over."""
    path = tmp_path / "large"
    path.write_bytes(b"x" * 100_000)
    rig = rigs()
    closed: list[bool] = []
    writers: list[push.Writer] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.append(True)

    def handler(request: message.Request) -> None:
        if request.path == b"/pull":
            begun = pieces()
            next(begun)
            request.respond_stream(begun)
        elif request.path == b"/open":
            writers.append(request.respond_writer())
        else:
            request.respond_file(path)

    rig.handler = handler
    rig.connect(get(b"/pull") + get(b"/open") + get(b"/file"))
    for _ in range(3):
        rig.tasks.work_one()
    assert [writer.active for writer in writers] == [True]
    assert open_files(path) == 1
    rig.loop.end()
    assert [writer.active for writer in writers] == [False]
    assert open_files(path) == 0
    rig.tasks.work_one()
    assert closed == [True]


def test_an_answer_that_is_opened_behind_the_end_is_never_active(rigs: Rigs) -> None:
    rig = rigs()
    writers: list[push.Writer] = []
    rig.handler = lambda request: writers.append(request.respond_writer())
    rig.connect(GET)
    rig.loop.end()
    rig.tasks.work_one()
    assert not writers[0].active
    assert not writers[0].write(b"to nobody")


def all_of(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(1_000_000), b""))
