"""The server: it opens the listeners, starts the I/O thread and the workers, and ends them in order."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Generator
from types import FrameType

from merkhet_reference import errors, io_loop, message, queues, tasks
from merkhet_reference import workers as workers_pool
from merkhet_reference.endpoint import WebSocketHandler
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Careful, Load, Observer
from merkhet_reference.replies import Service

LOG = logging.getLogger("merkhet_reference")
BACKLOG = 1024
WORKERS = 8
SIGNAL_SECONDS = 0.5
"""How long a signal that another thread was given may go unnoticed."""


class Server:
    """An HTTP/1.1 server: one I/O thread, a pool of workers, plain blocking handlers.

        Server(handler).serve(8080)

    or, from a program that has something else to do, `with server.running(port=0): ...`.
    """

    def __init__(
        self,
        handler: message.Handler,
        *,
        workers: int = WORKERS,
        limits: Limits | None = None,
        ssl_context: ssl.SSLContext | None = None,
        admit: Callable[[RequestHead], message.Admission] | None = None,
        observer: Observer | None = None,
        websocket_handler: WebSocketHandler | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError("a server needs at least one worker")
        self.limits = limits or Limits()
        self._handler = handler
        self._websocket_handler = websocket_handler
        self._workers = workers
        self._context = ssl_context
        asked = admit or getattr(handler, "admit", None)
        self._admit = None if asked is None else refusing(asked)
        self._observer = Careful(observer) if observer is not None else None
        self._listeners: list[socket.socket] = []
        self._unix_paths: list[str] = []
        self._loop: io_loop.IoLoop | None = None
        self._pool: workers_pool.Pool | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._died = False

    @property
    def addresses(self) -> list[tuple[str, int] | str]:
        """Where the server listens: (host, port), or the path of a Unix socket."""
        return [_address(listener) for listener in self._listeners if listener.fileno() >= 0]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the first listener that has them. Raises LookupError if there is none."""
        for known in self.addresses:
            if not isinstance(known, str):
                return known
        raise LookupError("this server has no listener with a port")

    def listen(self, port: int, host: str = "127.0.0.1") -> None:
        """Listen on an IPv4 or IPv6 address; port 0 takes a free one. Raises OSError."""
        if not 0 <= port <= 65535:
            raise ValueError(f"{port} is no port")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        listener.setblocking(False)
        self._listeners.append(listener)

    def listen_unix(self, path: str) -> None:
        """Listen on a Unix socket; a socket that a dead server left there is replaced. Raises OSError."""
        listener = socket.socket(socket.AF_UNIX)
        try:
            _remove_stale_socket(path)
            listener.bind(path)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        listener.setblocking(False)
        self._listeners.append(listener)
        self._unix_paths.append(path)

    def serve(self, port: int | None = None, host: str = "127.0.0.1") -> None:
        """Serve until SIGTERM or SIGINT, then end gracefully. With `port` listen there first. Raises OSError."""
        if port is not None:
            self.listen(port, host)
        self._ended.clear()  # it may have run before
        self._died = False

        def ask(_number: int, _frame: FrameType | None) -> None:
            self._ended.set()

        previous = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.start()
            while not self._ended.wait(SIGNAL_SECONDS):
                pass  # the system may give a signal to any thread, and only this one calls what is to be done about it
            if self._died:
                raise RuntimeError("the I/O thread ended unasked")
        finally:
            self.shutdown()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def start(self) -> None:
        """Start the I/O thread and the workers, and return. Raises RuntimeError without a listener, or if it runs."""
        if self._thread is not None:
            raise RuntimeError("this server is running")
        if not self._listeners:
            raise RuntimeError("a server listens somewhere before it starts")
        task_queue: queues.TaskQueue[tasks.Task] = queues.TaskQueue(self.limits.tasks_max, self._workers)
        self._loop = io_loop.IoLoop(
            self._listeners,
            self._handler,
            task_queue,
            self.limits,
            admit=self._admit,
            observer=self._observer,
            context=self._context,
            websocket_handler=self._websocket_handler,
        )
        self._pool = workers_pool.Pool(task_queue, self._workers)
        if self._observer is not None:
            service = self._loop.service
            self._observer.started(lambda: load_of(task_queue, self._workers, service))
        self._pool.start()
        self._thread = threading.Thread(target=self._turn, args=(self._loop,), name="merkhet-io")
        self._thread.start()

    def shutdown(self, seconds: float | None = None) -> bool:
        """End gracefully: accept no more, finish what is in flight, join every thread. Return whether all of it ended.

        After `seconds` (limits.shutdown_seconds_max) what is still in flight is cut.
        """
        if self._thread is None or self._loop is None or self._pool is None:
            self._close_listeners()
            return True
        seconds = self.limits.shutdown_seconds_max if seconds is None else seconds
        until = time.monotonic() + seconds
        self._loop.ask_to_stop(seconds)
        self._thread.join()
        ended = self._pool.stop(max(0.0, until - time.monotonic()))
        self._thread = None
        self._close_listeners()
        return ended

    @contextlib.contextmanager
    def running(self, port: int = 0, host: str = "127.0.0.1") -> Generator[Server, None, None]:
        """Listen (unless it does already), start, and shut down at the end of the block."""
        if not self._listeners:
            self.listen(port, host)
        self.start()
        try:
            yield self
        finally:
            self.shutdown()

    def _turn(self, loop: io_loop.IoLoop) -> None:
        """Be the I/O thread. Should it fail, `serve` is told: a process that listens and never answers is worse than none."""
        try:
            loop.run()
        except BaseException:
            self._died = True
            raise
        finally:
            self._ended.set()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        for path in self._unix_paths:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 - a path in the abstract sense, given by the caller as text
        self._unix_paths.clear()


def load_of(task_queue: queues.TaskQueue[tasks.Task], workers: int, service: Service) -> Load:
    """Return what a server is busy with. Each number is right; they may be of moments that follow each other."""
    return Load(
        tasks_waiting=len(task_queue),
        tasks_in_flight=task_queue.in_flight,
        workers=workers,
        workers_busy=max(0, workers - task_queue.sleeping()),
        open_answers=service.open_answers.count,
        traffic=dataclasses.replace(service.traffic),
    )


def refusing(admit: Callable[[RequestHead], message.Admission]) -> Callable[[RequestHead], message.Admission]:
    """Return `admit` with what it raises made a 500: it is an application's, and the I/O thread is what calls it."""

    def ask(head: RequestHead) -> message.Admission:
        try:
            return admit(head)
        except Exception as error:
            LOG.exception("what admits content raised")
            raise errors.Refusal(500, "this server has failed") from error

    return ask


def _address(listener: socket.socket) -> tuple[str, int] | str:
    name = listener.getsockname()
    return name if isinstance(name, str) else (str(name[0]), int(name[1]))


def _remove_stale_socket(path: str) -> None:
    """Remove a socket on which nobody listens. Anything else that is in the way stays, and bind says so."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
