"""Clients that are given up: those that have said their last word, and those that do not read. None takes a part for all."""

from __future__ import annotations

import itertools
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from merkhet_reference import Limits, Request, Server
from merkhet_reference.observer import Record
from merkhet_reference.push import Writer

SECONDS = 10
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\n\r\n"


class Told:
    """An observer that waits for the end of answers."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.count = threading.Semaphore(0)

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        pass

    def connection_closed(self) -> None:
        pass

    def answered(self, record: Record) -> None:
        self.records.append(record)
        self.count.release()


def endless(request: Request) -> None:
    request.respond_stream(b"x" * 10_000 for _ in itertools.count())


def read_to_the_end(peer: socket.socket) -> None:
    while peer.recv(65536):
        pass


def test_an_open_answer_to_a_client_that_is_done_is_given_up_at_once() -> None:
    """Nobody writes to it and no heartbeat is sent, so nothing else would ever tell that the client has gone."""
    heard, told = threading.Event(), Told()
    writers: list[Writer] = []

    def handler(request: Request) -> None:
        if request.path == b"/other":
            heard.set()  # the end of the first connection came before this
            request.respond(200)
            return
        assert heard.wait(SECONDS)
        writers.append(request.respond_writer())

    with Server(handler, workers=2, observer=told).running() as server:
        first = socket.create_connection(server.address, timeout=SECONDS)
        first.sendall(GET % b"/open")
        first.shutdown(socket.SHUT_WR)
        with first, socket.create_connection(server.address, timeout=SECONDS) as second:
            second.sendall(GET % b"/other")
            assert second.recv(100).startswith(b"HTTP/1.1 200 ")
            assert first.recv(100) == b""
            assert told.count.acquire(timeout=SECONDS)
            assert told.count.acquire(timeout=SECONDS)
        assert [record.complete for record in told.records] == [True, False]
        assert not writers[0].active


def test_a_client_that_reads_too_late_sees_that_there_was_more() -> None:
    """What ends with the connection would look whole behind a FIN, and the system would keep it for minutes."""
    with (
        Server(endless, limits=Limits(send_seconds_max=0.1)).running() as server,
        socket.create_connection(server.address, timeout=SECONDS) as peer,
    ):
        peer.sendall(GET_1_0)
        poll = select.poll()
        poll.register(peer, 0)  # errors are told unasked
        assert poll.poll(SECONDS * 1000)
        with pytest.raises(ConnectionResetError):
            read_to_the_end(peer)


def test_a_shutdown_that_cannot_wait_does_not_make_a_part_look_whole() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"some of it"
        yield b"x"
        leave.wait(SECONDS)

    leave = threading.Event()
    server = Server(lambda request: request.respond_stream(pieces()), workers=1)
    server.listen(0)
    server.start()
    with socket.create_connection(server.address, timeout=SECONDS) as peer:
        peer.sendall(GET_1_0)
        received = b""
        while not received.endswith(b"some of itx"):
            received += peer.recv(100)
        assert not server.shutdown(0)
        with pytest.raises(ConnectionResetError):
            read_to_the_end(peer)
    leave.set()
