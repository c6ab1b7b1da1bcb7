"""The I/O loop, turned by hand: the test is the I/O thread and the worker, and it says what time it is."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from merkhet_reference import io_loop, message, poller, queues
from merkhet_reference.limits import Limits
from merkhet_reference.workers import Task

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: on, no seconds


class Tasks(queues.TaskQueue[Task]):
    """A task queue that knows how many tasks wait, so that the test never blocks on it."""

    waiting = 0

    def put(self, task: Task) -> None:
        super().put(task)
        self.waiting += 1

    def take_one(self) -> Task:
        task = self.take()
        self.waiting -= 1
        assert task is not None
        return task

    def work_one(self) -> None:
        self.take_one().run()


class Listener(socket.socket):
    """A listener whose next accepts may fail."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        super().__init__(family)
        self.failures: list[int] = []

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures:
            number = self.failures.pop()
            raise OSError(number, "made up")
        return super().accept()


class Rig:
    def __init__(self, limits: Limits, polling: poller.Poller, unix_path: str | None) -> None:
        self.asked: list[bytes] = []
        self.pieces: Iterator[bytes] | None = None
        self.length = 2
        self.now = 1000.0
        self.polling = polling
        self.listener = Listener(socket.AF_UNIX if unix_path else socket.AF_INET)
        self.listener.bind(unix_path or ("127.0.0.1", 0))
        self.listener.listen()
        self.listener.setblocking(False)
        self.address = self.listener.getsockname()
        self.tasks = Tasks(limits.tasks_max, 0)
        self.loop = io_loop.IoLoop([self.listener], self.handle, self.tasks, limits, clock=lambda: self.now)
        self.loop.begin()
        self.clients: list[socket.socket] = []

    def handle(self, request: message.Request) -> None:
        self.asked.append(request.path)
        if self.pieces is None:
            request.respond(200, content=b"x" * self.length)
        else:
            request.respond_stream(self.pieces)

    def connect(self, data: bytes = b"") -> socket.socket:
        client = socket.socket(self.listener.family)
        client.settimeout(10)
        client.connect(self.address)
        client.sendall(data)
        self.clients.append(client)
        self.turn(2)
        return client

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            self.loop.replies.ring()  # so that no turn waits
            self.loop.turn()

    def work(self) -> None:
        """Run tasks and turn until neither has anything to do."""
        while self.tasks.waiting:
            self.tasks.work_one()
            self.turn(2)

    def is_quiet(self) -> bool:
        """Whether the loop would now sleep: only the bell that `turn` rings may be heard."""
        self.turn()
        return self.polling.wait(0) == []


class Rigs:
    """Makes rigs, and ends them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self._folder = folder
        self._made: list[Rig] = []

    def __call__(self, *, unix: bool = False, limits: Limits | None = None) -> Rig:
        polling = poller.Poller()
        self._monkeypatch.setattr(poller, "Poller", lambda: polling)
        path = str(self._folder / "s") if unix else None
        self._made.append(Rig(limits or Limits(), polling, path))
        return self._made[-1]

    def end(self) -> None:
        for rig in self._made:
            if rig.loop.owner.thread is not None:
                rig.loop.end()
            for sock in (*rig.clients, rig.listener):
                sock.close()


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rigs]:
    made = Rigs(monkeypatch, tmp_path)
    yield made
    made.end()


def status(client: socket.socket) -> bytes:
    return client.recv(65536)[9:12]


def says_nothing(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    finally:
        client.settimeout(10)
    return False


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
    rig.now += io_loop.ACCEPT_PAUSE_SECONDS
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


def test_a_full_task_queue_gives_each_connection_its_turn(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=1))
    rig.connect(GET)
    greedy = rig.connect(b"".join(GET.replace(b"/ ", b"/greedy%d " % number) for number in range(4)))
    modest = rig.connect(GET.replace(b"/ ", b"/modest "))
    assert rig.tasks.in_flight == 1
    rig.work()
    assert rig.asked == [b"/", b"/greedy0", b"/modest", b"/greedy1", b"/greedy2", b"/greedy3"]
    assert status(modest) == b"200"
    assert greedy.recv(65536).count(b"HTTP/1.1 200 OK") == 4


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


def test_requests_that_were_held_back_by_a_long_answer_are_parsed_when_it_has_left(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(requests_in_flight_max=2, response_queue_bytes_max=10))
    rig.length = 100
    client = rig.connect(GET * 5)
    rig.work()
    assert client.recv(65536).count(b"HTTP/1.1 200 OK") == 5


def test_a_peer_that_never_reads_is_cut_and_its_stream_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            closed.append(True)

    rig.pieces = endless()
    rig.connect(GET)
    rig.work()  # ends, since the peer takes no more
    assert closed == []
    rig.now += 30.0
    rig.turn(2)
    rig.work()
    assert closed == [True]
    assert rig.tasks.in_flight == 0


def test_a_stream_whose_client_left_while_a_worker_had_it_is_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"first"
            yield b"second"
        finally:
            closed.append(True)

    rig.pieces = pieces()
    client = rig.connect(GET)
    rig.tasks.work_one()
    rig.turn()
    assert rig.tasks.in_flight == 1, "the first piece is asked for"
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    rig.turn()
    rig.work()
    assert closed == [True]
    assert rig.tasks.in_flight == 0


def test_a_stream_that_raises_is_cut_before_its_last_chunk(rigs: Rigs, caplog: pytest.LogCaptureFixture) -> None:
    rig = rigs()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        raise ValueError("a fault")

    rig.pieces = pieces()
    client = rig.connect(GET)
    rig.work()
    came = b"".join(iter(lambda: client.recv(65536), b""))
    assert came.endswith(b"\r\n\r\n5\r\nfirst\r\n")
    assert "a fault" in caplog.text
    assert rig.tasks.in_flight == 0


def test_streams_behind_an_answer_that_ends_the_connection_are_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[int] = []

    def pieces(number: int) -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.append(number)

    streams = [pieces(number) for number in range(3)]
    for stream in streams[1:]:
        next(stream)  # begun, so that closing it is seen
    client = rig.connect(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 3)
    for stream in streams[:2]:
        rig.pieces = stream
        rig.tasks.work_one()
    rig.turn()
    late = rig.tasks.take_one()  # by a slow worker
    rig.work()
    assert client.recv(65536).endswith(b"\r\n\r\nx")
    assert client.recv(1) == b""
    rig.pieces = streams[2]
    late.run()
    rig.turn()
    rig.work()
    assert sorted(closed) == [0, 2], "nobody waits for the one that came late"
    client.close()
    rig.turn(2)
    rig.work()
    assert sorted(closed) == [0, 1, 2]
    assert rig.tasks.in_flight == 0


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
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    rig.turn(2)
    assert rig.is_quiet()
    rig.work()
    assert rig.tasks.in_flight == 0


def test_an_answer_for_a_connection_that_is_gone_never_reaches_the_next_one(rigs: Rigs) -> None:
    rig = rigs()
    gone = rig.connect(GET)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    gone.close()
    rig.turn()
    client = rig.connect()  # most likely with the same descriptor
    rig.work()
    assert says_nothing(client)
    client.sendall(GET)
    rig.turn()
    rig.work()
    assert status(client) == b"200"


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
    assert busy.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert busy.recv(1) == b""
    assert rig.tasks.in_flight == 0


def test_a_stop_whose_time_is_over_cuts_and_leaves_the_streams_to_the_workers(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1_000_000
        finally:
            closed.append(True)

    rig.pieces = endless()
    client = rig.connect(GET)
    rig.work()
    rig.loop.ask_to_stop(5.0)
    rig.turn()
    rig.now += 5.0
    rig.loop.end()
    assert rig.tasks.waiting == 1
    rig.tasks.work_one()
    assert closed == [True]
    while client.recv(1_000_000):
        pass
