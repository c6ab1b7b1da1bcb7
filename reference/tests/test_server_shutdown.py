"""A graceful end: what is in flight is finished, what is half there is told why it is not, and nothing takes longer than it may."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from peer import SECONDS, Peer

from merkhet_reference import Limits, Request, Router, Server
from merkhet_reference.message import Receiver
from merkhet_reference.push import EventStream, Writer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
SHORT = Limits(linger_seconds_max=0.05)
"""Clients that stay are not waited for."""


class Application:
    """A page, a page that waits, an upload, and answers that stay open."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.leave = threading.Event()
        self.ended: list[bool] = []
        self.streams: list[EventStream] = []
        self.writers: list[Writer] = []
        self.router = Router()
        self.router.get("/", lambda request: request.respond(200, content=b"page"))
        self.router.get("/slow", self._slow)
        self.router.get("/late", self._late)
        self.router.get("/pieces", lambda request: request.respond_stream(self._pieces()))
        self.router.get("/written", self._written)
        self.router.get("/events", lambda request: self.streams.append(request.respond_sse()))
        self.router.put("/collected", lambda request: request.respond(200))
        self.router.put("/upload", self._upload, streams=True)

    def _slow(self, request: Request) -> None:
        self.entered.release()
        assert self.leave.wait(SECONDS)
        request.respond(200, content=b"slow")

    def _late(self, request: Request) -> None:
        self.entered.release()
        assert self.leave.wait(SECONDS)
        self.streams.append(request.respond_sse())

    def _written(self, request: Request) -> None:
        self.writers.append(request.respond_writer())
        self.writers[0].write(b"one")
        self.entered.release()

    def _pieces(self) -> Iterator[bytes]:
        yield b"one"
        self.entered.release()
        assert self.leave.wait(SECONDS)
        yield b"two"

    def _upload(self, request: Request) -> Receiver:
        try:
            while (yield):
                self.entered.release()
            self.ended.append(True)
            request.respond(200)
        finally:
            self.ended.append(False)

    def wait_for_entry(self) -> None:
        assert self.entered.acquire(timeout=SECONDS)


@contextlib.contextmanager
def stopping(server: Server, seconds: float | None = None) -> Generator[list[bool], None, None]:
    """Have another thread shut the server down, and begin when it has begun: then an idle connection ends."""
    said: list[bool] = []
    with Peer(server, GET) as idle:
        idle.answer()
        thread = threading.Thread(target=lambda: said.append(server.shutdown(seconds)))
        thread.start()
        assert idle.rest() == b""
        yield said
    thread.join(SECONDS)
    assert not thread.is_alive()


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def server(application: Application) -> Iterator[Server]:
    made = Server(application.router, workers=4, limits=SHORT)
    made.listen(0)
    made.start()
    yield made
    application.leave.set()
    made.shutdown()


def test_what_a_handler_has_is_answered_and_says_that_the_connection_ends(
    server: Server, application: Application
) -> None:
    with Peer(server, SLOW) as peer:
        application.wait_for_entry()
        with stopping(server) as said:
            application.leave.set()
            head, content = peer.answer()
            assert (head.status, head.fields["connection"], content) == (200, "close", b"slow")
            assert peer.rest() == b""
    assert said == [True]


def test_of_several_answers_in_flight_the_last_says_that_the_connection_ends(
    server: Server, application: Application
) -> None:
    with Peer(server, SLOW * 3) as peer:
        for _ in range(3):
            application.wait_for_entry()
        with stopping(server) as said:
            application.leave.set()
            assert ["connection" in peer.answer()[0].fields for _ in range(3)] == [False, False, True]
    assert said == [True]


def test_a_stream_of_pieces_is_finished(server: Server, application: Application) -> None:
    with Peer(server, b"GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
        peer.head()
        assert peer.chunk() == b"one"
        application.wait_for_entry()
        with stopping(server) as said:
            application.leave.set()
            assert (peer.chunk(), peer.chunk(), peer.rest()) == (b"two", b"", b"")
    assert said == [True]


def test_an_answer_that_somebody_writes_has_time_to_be_finished(server: Server, application: Application) -> None:
    with Peer(server, b"GET /written HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
        peer.head()
        application.wait_for_entry()
        with stopping(server) as said:
            application.writers[0].write(b"two")
            application.writers[0].close()
            assert [peer.chunk(), peer.chunk(), peer.chunk(), peer.rest()] == [b"one", b"two", b"", b""]
    assert said == [True]


def test_an_answer_that_somebody_writes_for_too_long_is_seen_to_be_incomplete(
    server: Server, application: Application
) -> None:
    with Peer(server, b"GET /written HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
        peer.head()
        application.wait_for_entry()
        with stopping(server, 0.1):
            assert peer.chunk() == b"one"
            with pytest.raises((EOFError, ConnectionResetError)):
                peer.chunk()
    assert not application.writers[0].active


def test_events_are_whole_wherever_they_end(server: Server) -> None:
    with Peer(server, b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
        peer.head()
        with stopping(server) as said:
            assert [peer.chunk(), peer.rest()] == [b"", b""]
    assert said == [True]


@pytest.mark.parametrize("half", [b"GET / HT", PUT % b"/collected", PUT % b"/collected" + b"ab"])
def test_a_request_that_is_half_there_is_told_503(server: Server, half: bytes) -> None:
    with Peer(server, GET + half) as peer:
        peer.answer()  # so what came with it was read too
        with stopping(server) as said:
            head, _ = peer.answer()
            assert (head.status, head.fields["connection"]) == (503, "close")
            assert peer.rest() == b""
    assert said == [True]


def test_an_upload_in_the_middle_is_told_503_and_its_handler_closed(server: Server, application: Application) -> None:
    with Peer(server, PUT % b"/upload" + b"a") as peer:
        application.wait_for_entry()
        with stopping(server) as said:
            head, _ = peer.answer()
            assert (head.status, head.fields["connection"]) == (503, "close")
            peer.send(b"bc")
            assert peer.rest() == b""
    assert said == [True]
    assert application.ended == [False], "it never saw the end of its content"


def test_a_request_that_waits_for_its_turn_is_told_503(server: Server, application: Application) -> None:
    with Peer(server, SLOW + PUT % b"/collected" + b"abc") as peer:
        application.wait_for_entry()
        with stopping(server) as said:
            application.leave.set()
            assert [peer.answer()[0].status for _ in range(2)] == [200, 503]
    assert said == [True]


def test_nobody_new_is_let_in(server: Server, application: Application) -> None:
    where = server.address
    with Peer(server, SLOW) as peer:
        application.wait_for_entry()
        with stopping(server):
            assert server.addresses == []
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(where).close()
            application.leave.set()
            peer.answer()
    with Server(application.router).running(where[1]) as again, Peer(again, GET) as peer:
        assert peer.answer()[1] == b"page", "the port is free"


def test_a_stream_that_is_opened_when_the_end_has_begun_has_the_rest_of_the_time(
    server: Server, application: Application
) -> None:
    with Peer(server, b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
        application.wait_for_entry()
        with stopping(server, 0.2):
            application.leave.set()
            assert peer.head().status == 200
            with pytest.raises((EOFError, ConnectionResetError)):
                peer.chunk()
    assert [stream.active for stream in application.streams] == [False]


def endless(request: Request) -> None:
    request.respond_stream(b"x" * 100_000 for _ in itertools.count())


def file_of(folder: Path) -> Callable[[Request], None]:
    path = folder / "large"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    return lambda request: request.respond_file(path)


@pytest.mark.parametrize("is_file", [False, True])
def test_what_takes_longer_than_it_may_is_cut_and_is_seen_to_be_incomplete(tmp_path: Path, *, is_file: bool) -> None:
    server = Server(file_of(tmp_path) if is_file else endless, limits=SHORT)
    server.listen(0)
    server.start()
    with Peer(server, GET) as peer:
        assert peer.head().status == 200
        server.shutdown(0.05)
        with pytest.raises((EOFError, ConnectionResetError)):
            peer.take(1_000_000_000)


def test_a_server_that_has_ended_has_ended(server: Server) -> None:
    assert server.shutdown()
    assert server.shutdown()
    assert server.addresses == []
