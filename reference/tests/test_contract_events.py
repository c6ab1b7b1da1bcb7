"""The contract's event streams, over a real connection."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from http_client import ask

from merkhet_reference import Server, contract
from merkhet_reference.contract_events import Clockwork


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(contract.application(), workers=2).running() as running:
        yield running


def numbered(*numbers: int) -> bytes:
    return b"".join(b"id: %d\ndata: event %d\n\n" % (number, number) for number in numbers)


@pytest.mark.parametrize("query", ["n=3&ms=0", "n=3&ms=1", "n=3"])
def test_events_come_and_end(server: Server, query: str) -> None:
    answer = ask(server, f"/events?{query}")
    assert answer.fields["content-type"] == "text/event-stream"
    assert answer.content == numbered(1, 2, 3)


def test_no_events_are_an_empty_stream(server: Server) -> None:
    assert ask(server, "/events").content == b""


@pytest.mark.parametrize("query", ["n=x", "n=1&ms=-1", "n=99999999"])
def test_what_is_no_number_is_refused(server: Server, query: str) -> None:
    assert ask(server, f"/events?{query}").status == 400


def test_a_silent_stream_holds_no_worker(server: Server) -> None:
    """Three streams with two workers, each waiting for its second event, and a request is answered."""
    ended = threading.Barrier(4)

    def listen() -> None:
        assert ask(server, "/events?n=2&ms=300").content == numbered(1, 2)
        ended.wait(10)

    threads = [threading.Thread(target=listen) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert ask(server, "/").status == 200
    ended.wait(10)
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("data=a%0Ab&id=3&event=x&retry=7", b"event: x\nid: 3\nretry: 7\ndata: a\ndata: b\n\n"),
        ("comment=hello", b": hello\n\ndata: \n\n"),
        ("", b"data: \n\n"),
        ("data=a&event=x&then=b", b"event: x\ndata: a\n\ndata: b\n\n"),
    ],
)
def test_one_event_is_made_of_the_query(server: Server, query: str, content: bytes) -> None:
    answer = ask(server, f"/sse-echo?{query}")
    assert sorted(answer.content.splitlines()) == sorted(content.splitlines())
    assert answer.content.endswith(b"\n\n")


@pytest.mark.parametrize("query", ["id=%00", "event=a%0Db", "retry=x", "retry=-1"])
def test_what_no_event_can_have_is_refused(server: Server, query: str) -> None:
    assert ask(server, f"/sse-echo?{query}").status == 400


@pytest.mark.parametrize(
    ("seen", "numbers"), [(None, (1, 2, 3, 4, 5)), ("3", (4, 5)), ("5", ()), ("x", (1, 2, 3, 4, 5))]
)
def test_a_stream_is_resumed(server: Server, seen: str | None, numbers: tuple[int, ...]) -> None:
    fields = {} if seen is None else {"Last-Event-ID": seen}
    assert ask(server, "/sse-resume", fields=fields).content == numbered(*numbers)


def test_what_is_pushed_reaches_everyone(server: Server) -> None:
    with contextlib.ExitStack() as opened:
        listeners = [opened.enter_context(socket.create_connection(server.address, timeout=10)) for _ in range(2)]
        for sock in listeners:
            sock.sendall(b"GET /sse-push HTTP/1.1\r\nHost: h\r\n\r\n")
            read_to(sock, b": listening\n\n")
        assert ask(server, "/sse-push", "POST", "gr\xfc\xdfe\nzwei".encode()).status == 204
        for sock in listeners:
            read_to(sock, b"data: gr\xc3\xbc\xc3\x9fe\ndata: zwei\n\n")


def read_to(sock: socket.socket, marker: bytes) -> None:
    """Read until these octets have come; the socket's time limit says when they never will."""
    octets = b""
    while marker not in octets:
        data = sock.recv(65536)
        assert data, octets
        octets += data


def test_clockwork_calls_in_the_order_of_time() -> None:
    clockwork, called, done = Clockwork(), list[int](), threading.Event()
    now = time.monotonic()
    clockwork.call(now + 0.02, done.set)
    clockwork.call(now + 0.01, lambda: called.append(2))
    clockwork.call(now, lambda: called.append(1))
    assert done.wait(10)
    assert called == [1, 2]
