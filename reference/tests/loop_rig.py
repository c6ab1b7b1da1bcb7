"""An I/O loop that is turned by hand: the test is the I/O thread and the workers, and it says what time it is."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from merkhet_reference import io_loop, message, poller, queues
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Observer
from merkhet_reference.tasks import Task

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
RESET = b"\1\0\0\0\0\0\0\0"  # struct linger: on, no seconds
SECONDS = 10


def get(path: bytes) -> bytes:
    return b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path


def streams(head: RequestHead) -> message.Admission:
    return message.Admission(streams=True)


def says_ok(request: message.Request) -> None:
    request.respond(200, content=b"xx")


class Tasks(queues.TaskQueue[Task]):
    """A task queue that knows how many tasks wait, so that the test never blocks on it."""

    waiting = 0

    def put(self, task: Task) -> None:
        super().put(task)
        self.waiting += 1

    def take_one(self) -> Task:
        assert self.waiting
        self.waiting -= 1
        task = self.take()
        assert task is not None
        return task

    def work_one(self) -> None:
        self.take_one().run()


class Polling(poller.Poller):
    """A poller that never waits, and tells whether it would have."""

    __slots__ = ("would_sleep",)

    def wait(self, seconds: float | None) -> list[tuple[int, int]]:
        ready = super().wait(0)
        self.would_sleep = seconds != 0 and not ready
        return ready


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
    """One loop, its listener and its clients. `handler` may be another one for each request."""

    def __init__(
        self,
        limits: Limits,
        polling: Polling,
        unix_path: str | None,
        admit: Callable[[RequestHead], message.Admission] | None,
        observer: Observer | None,
    ) -> None:
        self.handler: message.Handler = says_ok
        self.asked: list[bytes] = []
        self.now = 1000.0
        self.polling = polling
        self.listener = Listener(socket.AF_UNIX if unix_path else socket.AF_INET)
        self.listener.bind(unix_path or ("127.0.0.1", 0))
        self.listener.listen()
        self.listener.setblocking(False)
        self.address = self.listener.getsockname()
        self.tasks = Tasks(limits.tasks_max, 0)
        self.loop = io_loop.IoLoop(
            [self.listener], self._handle, self.tasks, limits, admit=admit, observer=observer, clock=lambda: self.now
        )
        self.loop.begin()
        self.clients: list[socket.socket] = []

    def _handle(self, request: message.Request) -> message.Receiver | None:
        self.asked.append(request.path)
        return self.handler(request)

    def connect(self, data: bytes = b"") -> socket.socket:
        client = socket.socket(self.listener.family)
        client.settimeout(SECONDS)
        if self.listener.family == socket.AF_INET:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent is there at the next turn
        client.connect(self.address)
        client.sendall(data)
        self.clients.append(client)
        self.turn(2)
        return client

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            self.loop.turn()

    def work(self) -> None:
        """Run tasks and turn until neither has anything to do."""
        while self.tasks.waiting:
            self.tasks.work_one()
            self.turn(2)

    def settle(self) -> None:
        """Work until the loop would sleep."""
        for _ in range(1000):
            self.work()
            if self.is_quiet():
                return
        raise AssertionError("the loop never comes to rest")

    def is_quiet(self) -> bool:
        """Whether the loop would now sleep."""
        self.turn()
        return self.polling.would_sleep


class Rigs:
    """Makes rigs, and ends them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self._folder = folder
        self._made: list[Rig] = []

    def __call__(
        self,
        *,
        unix: bool = False,
        limits: Limits | None = None,
        admit: Callable[[RequestHead], message.Admission] | None = None,
        observer: Observer | None = None,
    ) -> Rig:
        polling = Polling()
        self._monkeypatch.setattr(poller, "Poller", lambda: polling)
        path = str(self._folder / "s") if unix else None
        self._made.append(Rig(limits or Limits(), polling, path, admit, observer))
        return self._made[-1]

    def close(self) -> None:
        for rig in self._made:
            if rig.loop.owner.thread is not None:
                rig.loop.end()
            for sock in (*rig.clients, rig.listener):
                sock.close()


def status(client: socket.socket) -> bytes:
    return client.recv(65536)[9:12]


def says_nothing(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    finally:
        client.settimeout(SECONDS)
    return False


def reset(client: socket.socket) -> None:
    """Go away without a word, so that the other side's next call fails."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


def all_that_comes(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def open_files(path: Path) -> int:
    """How often this process has a file open."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            count += os.readlink(descriptor) == str(path)  # noqa: PTH115
    return count
