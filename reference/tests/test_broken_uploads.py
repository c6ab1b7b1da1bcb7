"""Content that a handler takes by pieces and that does not come whole: no handler ever takes a part for the whole."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from merkhet_reference import Request, Server
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver
from merkhet_reference.observer import Record

SECONDS = 10
HEAD = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n%s\r\n"
RESET = struct.pack("ii", 1, 0)


def takes_pieces(head: RequestHead) -> Admission:
    return Admission(streams=head.method == b"PUT")


class Closed:
    """An observer that tells when a connection has gone."""

    def __init__(self) -> None:
        self.gone = threading.Semaphore(0)

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        pass

    def connection_closed(self) -> None:
        self.gone.release()

    def answered(self, record: Record) -> None:
        pass


@pytest.mark.parametrize("lines", [b"", b"Expect: 100-continue\r\n"])
def test_a_handler_that_takes_no_piece_ends_the_connection(lines: bytes) -> None:
    def handler(request: Request) -> None:
        assert not request.content_ended
        request.respond(404)

    with Server(handler, admit=takes_pieces).running() as server:
        with socket.create_connection(server.address, timeout=SECONDS) as peer:
            peer.sendall(HEAD % lines)
            answer = b"".join(iter(lambda: peer.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"\r\nConnection: close\r\n" in answer, "what still comes is no request"
        with socket.create_connection(server.address, timeout=SECONDS) as other:
            other.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 500 "), "the I/O thread lives; this one has no more content"


def test_a_client_that_leaves_before_its_handler_runs_has_sent_nothing_whole() -> None:
    """The connection has gone, and what was known of its content with it, while the request waits for a worker."""
    leave, came, closed = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)
    pieces: list[bytes | None] = []
    observer = Closed()

    def admit(head: RequestHead) -> Admission:
        came.release()
        return takes_pieces(head)

    def handler(request: Request) -> Receiver | None:
        if request.method == "GET":
            came.release()
            leave.wait(SECONDS)
            request.respond(200)
            return None
        return receive(request)

    def receive(request: Request) -> Receiver:
        try:
            while True:
                piece = yield
                pieces.append(piece)
                if piece is None:
                    break
        finally:
            closed.release()

    with Server(handler, workers=1, admit=admit, observer=observer).running() as server:
        blocking = socket.create_connection(server.address, timeout=SECONDS)
        blocking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert came.acquire(timeout=SECONDS)
        leaving = socket.create_connection(server.address, timeout=SECONDS)
        leaving.sendall(HEAD % b"Expect: 100-continue\r\n" + b"abc")
        assert came.acquire(timeout=SECONDS)
        leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        leaving.close()
        assert observer.gone.acquire(timeout=SECONDS)
        leave.set()
        assert closed.acquire(timeout=SECONDS), "its generator is closed"
        blocking.close()
    assert None not in pieces
