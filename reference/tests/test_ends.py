"""What must not go wrong at the end of an answer, of a request, and of the server."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from merkhet_reference import Request, Server, contract, io_loop

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
SECONDS = 10


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(contract.application()).running() as running:
        yield running


def connect(server: Server) -> socket.socket:
    return socket.create_connection(server.address, timeout=SECONDS)


def talk(server: Server, wire: bytes) -> bytes:
    with connect(server) as peer:
        peer.sendall(wire)
        peer.shutdown(socket.SHUT_WR)
        data = b""
        while piece := peer.recv(65536):
            data += piece
        return data


def test_an_unsafe_request_runs_beside_no_other() -> None:
    order: list[str] = []
    entered, leave = threading.Semaphore(0), threading.Event()

    def handler(request: Request) -> None:
        entered.release()
        if request.method == "PUT":
            assert leave.wait(SECONDS)
        order.append(request.method)
        request.respond(200)

    with Server(handler, workers=4).running() as server, connect(server) as peer, connect(server) as other:
        peer.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + GET % b"/" + b"garbage\r\n\r\n")
        assert entered.acquire(timeout=SECONDS)
        other.sendall(GET % b"/")
        assert entered.acquire(timeout=SECONDS), "a request on another connection does not wait"
        assert other.recv(100)
        assert not entered.acquire(blocking=False)
        leave.set()
        data = b""
        while piece := peer.recv(65536):
            data += piece
    assert order == ["GET", "PUT", "GET"]
    assert [line.split(b" ")[1] for line in data.split(b"\r\n") if line.startswith(b"HTTP/")] == [
        b"200",
        b"200",
        b"400",
    ]


def read_to_the_end(peer: socket.socket) -> None:
    while peer.recv(65536):
        pass


def test_a_broken_answer_that_ends_with_the_connection_ends_in_a_reset() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half of"
        raise ValueError

    with Server(lambda request: request.respond_stream(pieces())).running() as server, connect(server) as peer:
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            read_to_the_end(peer)


@pytest.mark.parametrize(
    "wire", [b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"]
)
def test_a_refused_head_has_no_content(server: Server, wire: bytes) -> None:
    head, _, content = talk(server, wire).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nContent-Length: " in head
    assert content == b""


def test_205_has_no_content_and_304_no_length_of_none(server: Server) -> None:
    assert talk(server, GET % b"/status/205").endswith(b"\r\nContent-Length: 0\r\n\r\n")
    assert b"Content-Length" not in talk(server, GET % b"/status/304")


def test_shutdown_ends_within_its_time_whatever_the_handlers_do() -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def handler(request: Request) -> None:
        entered.release()
        assert leave.wait(SECONDS)
        request.respond(200)

    server = Server(handler, workers=1)
    server.listen(0)
    server.start()
    with connect(server) as peer:
        peer.sendall(GET % b"/")
        assert entered.acquire(timeout=SECONDS)
        assert not server.shutdown(0.01)
    leave.set()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_a_value_error(port: int) -> None:
    with pytest.raises(ValueError, match="port"):
        Server(contract.root).listen(port)


def test_serve_raises_when_the_io_thread_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    def turn(_loop: io_loop.IoLoop) -> None:
        raise MemoryError

    def say_nothing(_what: threading.ExceptHookArgs) -> None:
        pass  # pytest would take the traceback for a fault of the test

    monkeypatch.setattr(io_loop.IoLoop, "turn", turn)
    monkeypatch.setattr(threading, "excepthook", say_nothing)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError, match="I/O thread"):
        Server(contract.root).serve(0)
    assert signal.getsignal(signal.SIGTERM) == before


def test_mutable_is_bounded_in_octets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contract, "MUTABLE_BYTES_MAX", 5)
    put = b"PUT /mutable/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    delete = b"DELETE /mutable/a HTTP/1.1\r\nHost: x\r\n\r\n"
    with Server(contract.application(drop=tmp_path)).running() as server:
        # A connection each: what has no room is refused before its content is read, and the connection ends with that.
        sent = (put % b"a", put % b"b", put % b"a", delete, put % b"b")
        statuses = [talk(server, request).split(b" ", 2)[1] for request in sent]
    # The third has no room either: the old file stays until the new one is whole.
    assert statuses == [b"201", b"507", b"507", b"204", b"201"]
