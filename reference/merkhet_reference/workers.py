"""The workers: a bounded pool of threads that run handlers, which may block, and pull the pieces of streams."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from merkhet_reference import message, queues
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import RequestHead

LOG = logging.getLogger("merkhet_reference")


@dataclass(slots=True, eq=False)
class Ticket:
    """One request's place in the order of its connection's answers. `serial` names the connection.

    `data` are octets that came for it and have not been moved to the connection; `finished` and `cut` say that no more
    will come. Made by the I/O thread, and changed by it alone: workers only carry it along.
    """

    serial: int
    data: list[bytes]
    finished: bool = False
    keeps: bool = True
    stream: Iterator[bytes] | None = None
    is_safe: bool = True


@dataclass(slots=True)
class Reply:
    """What a worker tells the I/O thread: octets for a ticket, and what becomes of it."""

    ticket: Ticket
    data: bytes
    finished: bool = False
    keeps: bool = True
    cut: bool = False
    stream: Iterator[bytes] | None = None
    ends_task: bool = True


class ReplySink:
    """The sink of one request: every answer becomes a reply."""

    __slots__ = ("_replies", "_ticket")

    def __init__(self, ticket: Ticket, replies: queues.ReplyQueue[Reply]) -> None:
        self._ticket = ticket
        self._replies = replies

    def put_interim(self, data: bytes) -> None:
        """Send octets before the final answer."""
        self._replies.put(Reply(self._ticket, data, ends_task=False))

    def put_answer(self, data: bytes, *, keeps: bool) -> None:
        """Send the whole final answer."""
        self._replies.put(Reply(self._ticket, data, finished=True, keeps=keeps))

    def put_stream(self, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        """Send the head; the I/O thread asks for the pieces when the client has room for them."""
        self._replies.put(Reply(self._ticket, head, keeps=keeps, stream=pieces))

    def cut(self) -> None:
        """End the connection so that the client sees its answer incomplete."""
        self._replies.put(Reply(self._ticket, b"", finished=True, keeps=False, cut=True))


@dataclass(slots=True)
class HandlerTask:
    """A whole request for its handler."""

    head: RequestHead
    content: bytes
    trailers: Fields
    ticket: Ticket
    replies: queues.ReplyQueue[Reply]
    handler: message.Handler

    def run(self) -> None:
        """Call the handler; whatever it does, the request is answered once."""
        sink = ReplySink(self.ticket, self.replies)
        request = message.Request(self.head, self.content, self.trailers, sink)
        try:
            self.handler(request)
        except (Exception, SystemExit):  # an application's exit ends its request, not the worker
            LOG.exception("the handler of %s raised", self.head.method.decode("ascii"))
        if not request.answered:
            LOG.error("the handler of %s gave no answer", self.head.method.decode("ascii"))
            request.respond(500, ((b"Content-Type", b"text/plain"),), b"Internal Server Error\n")


def close_stream(stream: Iterator[bytes]) -> None:
    """Close a stream that can be closed; what it raises then is logged, for no answer depends on it any more."""
    close: Callable[[], None] | None = getattr(stream, "close", None)
    try:
        if close is not None:
            close()
    except (Exception, SystemExit):
        LOG.exception("a stream raised while it was closed")


@dataclass(slots=True)
class PullTask:
    """The next piece of a stream."""

    ticket: Ticket
    stream: Iterator[bytes]
    replies: queues.ReplyQueue[Reply]

    def run(self) -> None:
        """Ask for one piece and send it; after the last one the answer is whole."""
        keeps = self.ticket.keeps
        try:
            piece = next(self.stream, None)
        except (Exception, SystemExit):
            LOG.exception("a stream raised")
            close_stream(self.stream)
            ReplySink(self.ticket, self.replies).cut()
            return
        if piece is None:
            close_stream(self.stream)
            self.replies.put(Reply(self.ticket, b"", finished=True, keeps=keeps))
        else:
            self.replies.put(Reply(self.ticket, piece, keeps=keeps, stream=self.stream))


@dataclass(slots=True)
class DropTask:
    """A stream that nobody reads any more: closed on a worker, since its code is an application's."""

    ticket: Ticket
    stream: Iterator[bytes]
    replies: queues.ReplyQueue[Reply]

    def run(self) -> None:
        """Let a generator run its `finally`."""
        close_stream(self.stream)
        self.replies.put(Reply(self.ticket, b"", finished=True))


Task = HandlerTask | PullTask | DropTask


class Pool:
    """The threads. Started by the server, ended by `dismiss` after the tasks that were put before."""

    def __init__(self, tasks: queues.TaskQueue[Task], count: int) -> None:
        self._tasks = tasks
        self._threads = [
            threading.Thread(target=self._work, name=f"merkhet-worker-{number}", daemon=True) for number in range(count)
        ]

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Let the threads end; return whether all did within `seconds`. A handler that never returns keeps its thread."""
        for _ in self._threads:
            self._tasks.dismiss()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (task := self._tasks.take()) is not None:
            task.run()
