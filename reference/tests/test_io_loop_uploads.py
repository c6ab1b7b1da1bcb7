"""The I/O loop, turned by hand: content in pieces, and who comes first where the loop and a handler both answer."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_rig import GET, Rigs, all_that_comes, says_nothing, status, streams

from merkhet_reference import message
from merkhet_reference.limits import Limits

PUT = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"
EXPECT = b"Expect: 100-continue\r\n"


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rigs]:
    with contextlib.closing(Rigs(monkeypatch, tmp_path)) as made:
        yield made


def takes_all(request: message.Request) -> message.Receiver:
    count = 0
    while piece := (yield):
        count += len(piece)
    request.respond(200, content=b"%d" % count)


def test_content_is_handed_on_as_it_comes_and_no_worker_is_held(rigs: Rigs) -> None:
    rig = rigs(admit=streams)
    rig.handler = takes_all
    client = rig.connect(PUT % (3, EXPECT))
    assert says_nothing(client), "nobody has said that the content is wanted"
    rig.work()
    assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    for octet in (b"a", b"b", b"c"):
        assert rig.tasks.in_flight == 0
        client.sendall(octet)
        rig.turn()
        assert rig.tasks.waiting == 1
        rig.work()
    assert client.recv(65536).endswith(b"\r\n\r\n3")
    client.sendall(GET)
    rig.turn()
    rig.work()
    assert status(client) == b"200"


def test_a_handler_that_is_behind_keeps_the_socket_from_being_read(rigs: Rigs) -> None:
    rig = rigs(admit=streams, limits=Limits(content_waiting_bytes_max=1000, read_bytes_max=1000))
    rig.handler = takes_all
    client = rig.connect(PUT % (20_000, b""))
    first = rig.tasks.take_one()
    client.sendall(b"x" * 20_000)
    for _ in range(5):
        rig.turn()
    assert rig.is_quiet(), "what it sent stays with the kernel"
    first.run()
    rig.settle()
    assert client.recv(65536).endswith(b"\r\n\r\n20000")
    assert rig.tasks.in_flight == 0


def test_an_early_answer_to_an_upload_that_was_held_back_leaves_the_loop_asleep(rigs: Rigs) -> None:
    rig = rigs(admit=streams, limits=Limits(content_waiting_bytes_max=1000, read_bytes_max=1000))

    def refuses(request: message.Request) -> message.Receiver:
        yield
        request.respond(413)

    rig.handler = refuses
    client = rig.connect(PUT % (20_000, b"") + b"x" * 15_000)
    for _ in range(2):
        rig.turn(5)
        rig.tasks.work_one()
    rig.settle()
    assert client.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert rig.is_quiet(), "it lingers, and there is nothing to do"
    assert rig.tasks.in_flight == 0


def test_a_408_and_an_answer_of_the_handler_are_one_answer(rigs: Rigs) -> None:
    rig = rigs(admit=streams)
    ended: list[bool] = []

    def handler(request: message.Request) -> message.Receiver:
        try:
            yield
            request.respond(200)
        finally:
            ended.append(request.content_ended)

    rig.handler = handler
    client = rig.connect(PUT % (3, b""))
    rig.work()
    assert rig.tasks.in_flight == 0
    client.sendall(b"a")
    rig.now += 29.0
    rig.turn()
    late = rig.tasks.take_one()  # a worker has it, so it is not the client who is slow
    rig.now += 3600.0
    rig.turn(2)
    assert says_nothing(client)
    late.run()
    rig.turn(2)
    assert status(client) == b"200"
    assert client.recv(1) == b""
    assert ended == [False]


def test_what_a_handler_says_behind_a_408_goes_nowhere(rigs: Rigs) -> None:
    rig = rigs(admit=streams)
    events: list[str] = []

    def handler(request: message.Request) -> message.Receiver:
        try:
            yield
        finally:
            events.append("closed")
            request.respond(200)  # too late

    rig.handler = handler
    client = rig.connect(PUT % (3, b""))
    rig.work()
    rig.now += 31.0
    rig.turn(2)
    assert rig.tasks.waiting == 1, "the generator is to be closed"
    rig.settle()
    came = client.recv(65536)
    assert came.startswith(b"HTTP/1.1 408 ")
    assert came.count(b"HTTP/1.1") == 1
    assert events == ["closed"]
    assert client.recv(1) == b""
    assert rig.tasks.in_flight == 0


@pytest.mark.parametrize("rest", [b"zz\r\n", b""])
def test_a_fault_inside_content_is_answered_once_and_the_handler_closed(rigs: Rigs, rest: bytes) -> None:
    """A chunk that is none, or the end of the connection, while the handler waits."""
    rig = rigs(admit=streams)
    events: list[str] = []

    def handler(request: message.Request) -> message.Receiver:
        try:
            while (yield):
                events.append("piece")
        except GeneratorExit:
            events.append("closed")
            raise
        request.respond(200)

    rig.handler = handler
    client = rig.connect(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    rig.work()
    client.sendall(rest)
    if not rest:
        client.shutdown(socket.SHUT_WR)
    rig.turn(2)
    rig.settle()
    came = all_that_comes(client)
    assert came.startswith(b"HTTP/1.1 400 ")
    assert came.count(b"HTTP/1.1") == 1
    assert events == ["piece", "closed"]
    assert rig.tasks.in_flight == 0


def test_a_stop_inside_an_upload_is_a_503_whoever_has_the_content(rigs: Rigs) -> None:
    rig = rigs(admit=streams)
    rig.handler = takes_all
    waiting, running = rig.connect(PUT % (3, b"")), rig.connect(PUT % (3, b""))
    rig.work()
    running.sendall(b"a")
    rig.turn()
    late = rig.tasks.take_one()
    rig.loop.ask_to_stop(10.0)
    rig.turn(2)
    late.run()
    rig.settle()
    for client in (waiting, running):
        came = all_that_comes(client)
        assert came.startswith(b"HTTP/1.1 503 ")
        assert came.count(b"HTTP/1.1") == 1
    assert rig.tasks.in_flight == 0
