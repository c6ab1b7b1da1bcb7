"""Streams, threads and a graceful end, one quality lost at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from mutation import mutant

STREAMING = "merkhet_reference.streaming"


@mutant(
    f"{STREAMING}.framed_pieces",
    breaks="architecture-1.3-1",
    must_kill={"architecture-1.3-chunked", "architecture-1.3-later", "architecture-1.3-at-once"},
)
def a_failure_is_an_end(original: Any) -> Any:
    """Ends a stream whose application fails as if that were its end."""

    def framed_pieces(pieces: Any, *rest: Any) -> Iterator[bytes]:
        def until_it_fails() -> Iterator[bytes]:
            with contextlib.suppress(Exception):
                yield from pieces

        yield from original(until_it_fails(), *rest)

    return framed_pieces


@mutant(
    f"{STREAMING}.framed_pieces",
    breaks="architecture-1.1-1",
    must_kill={"architecture-1.1-chunked", "architecture-1.1-http-1.0"},
)
def streams_are_gathered(original: Any) -> Any:
    """Sends a stream when all of it is made."""

    def framed_pieces(pieces: Any, *rest: Any) -> Iterator[bytes]:
        yield from original(list(pieces), *rest)

    return framed_pieces


@mutant(
    f"{STREAMING}.framed_pieces",
    breaks="architecture-1.2-1",
    must_kill={"architecture-1.2-a-few", "architecture-1.2-many", "architecture-3.2-stream"},
)
def the_last_piece_is_lost(original: Any) -> Any:
    """Forgets the last piece of a stream that has more than one."""

    def framed_pieces(pieces: Any, *rest: Any) -> Iterator[bytes]:
        def all_but_the_last() -> Iterator[bytes]:
            before: list[bytes] = []
            for number, piece in enumerate(pieces):
                yield from before
                before = [piece] if number else []
                if not number:
                    yield piece

        yield from original(all_but_the_last(), *rest)

    return framed_pieces


@mutant(
    f"{STREAMING}.framed_pieces",
    breaks="architecture-1.5-1",
    must_kill={"architecture-1.5-trailer"},
)
def streams_have_no_trailers(original: Any) -> Any:
    """Leaves out the trailer fields of a stream."""
    return lambda pieces, body, length, trailers: original(pieces, body, length, ())


@mutant(
    "merkhet_reference.workers.Pool",
    breaks="architecture-2.1-1",
    must_kill={"architecture-2.1-get", "architecture-2.1-file"},
)
def one_worker(original: Any) -> Any:
    """Has one worker for everybody."""
    return lambda tasks, count: original(tasks, 1)


@mutant(
    "merkhet_reference.io_loop.IoLoop.ask_to_stop",
    breaks="architecture-3.1-1",
    must_kill={"architecture-3.1-in-flight", "architecture-3.2-stream"},
)
def the_end_comes_at_once(original: Any) -> Any:
    """Ends without finishing what is in flight."""
    return lambda self, seconds: original(self, 0.0)


@mutant(
    "merkhet_reference.channel.Channel.stop",
    breaks="architecture-3.3-1",
    must_kill={"architecture-3.3-idle"},
)
def idle_connections_are_kept(original: Any) -> Any:
    """Keeps connections on which nothing is under way until they are idle for too long."""
    return lambda self: original(self) if self.tickets else None


@mutant(
    "merkhet_reference.outbox.Outbox.send",
    breaks="architecture-2.4-1",
    must_kill={"architecture-2.4-unread"},
)
def who_sends_waits(original: Any) -> Any:
    """Waits for a client to take what it is sent, and serves nobody meanwhile."""

    def send(self: Any, sock: Any, file_bytes_max: int) -> int:
        sock.setblocking(True)
        try:
            return int(original(self, sock, 64 * file_bytes_max))
        finally:
            sock.setblocking(False)

    return send


@mutant(
    "merkhet_reference.io_loop.IoLoop._accept",
    breaks="architecture-2.5-1",
    must_kill={"architecture-2.5-slow-senders"},
)
def a_crowd_is_too_much(original: Any) -> Any:
    """Lets in nobody as long as it has many connections, whatever is done on them."""
    return lambda self, ready: original(self, ready if len(self._channels) < CROWD else [])


CROWD = 64


@mutant(
    "merkhet_reference.queues.TaskQueue.put",
    breaks="architecture-2.2-1",
    must_kill={"architecture-2.2-all-answered"},
)
def what_waits_is_forgotten(original: Any) -> Any:
    """Forgets what comes when more than a few requests wait for a worker, of those that would hold it for long."""

    def put(self: Any, task: Any) -> None:
        head = getattr(task, "head", None)
        if head is None or len(self) < WAITING or not head.target.path.startswith(b"/sleep"):
            original(self, task)

    return put


WAITING = 4
