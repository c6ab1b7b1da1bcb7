"""The I/O loop, turned by hand: answers in pieces, from files, and from any thread."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_rig import GET, Rig, Rigs, all_that_comes, get, open_files, reset, says_nothing, streams

from merkhet_reference import message, push
from merkhet_reference.limits import Limits

PUT = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rigs]:
    with contextlib.closing(Rigs(monkeypatch, tmp_path)) as made:
        yield made


def pieces(closed: list[str], name: str = "x", count: int = 2, size: int = 1) -> Iterator[bytes]:
    """So many pieces, and a note when this is closed or at its end."""
    try:
        for _ in range(count):
            yield b"x" * size
    finally:
        closed.append(name)


# Streams


def test_a_peer_that_never_reads_is_cut_and_its_stream_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[str] = []
    rig.handler = lambda request: request.respond_stream(pieces(closed, count=10**9, size=1_000_000))
    rig.connect(GET)
    rig.work()  # ends, since the peer takes no more
    assert closed == []
    rig.now += 30.0
    rig.turn(2)
    rig.work()
    assert closed == ["x"]
    assert rig.tasks.in_flight == 0


def test_a_stream_whose_client_left_while_a_worker_had_it_is_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[str] = []
    rig.handler = lambda request: request.respond_stream(pieces(closed))
    client = rig.connect(GET)
    rig.tasks.work_one()
    rig.turn()
    assert rig.tasks.in_flight == 1, "the first piece is asked for"
    reset(client)
    rig.turn()
    rig.work()
    assert closed == ["x"]
    assert rig.tasks.in_flight == 0


def test_a_stream_that_raises_is_cut_before_its_last_chunk(rigs: Rigs, caplog: pytest.LogCaptureFixture) -> None:
    rig = rigs()

    def broken() -> Iterator[bytes]:
        yield b"first"
        raise ValueError("a fault")

    rig.handler = lambda request: request.respond_stream(broken())
    client = rig.connect(GET)
    rig.work()
    assert all_that_comes(client).endswith(b"\r\n\r\n5\r\nfirst\r\n")
    assert "a fault" in caplog.text
    assert rig.tasks.in_flight == 0


def test_streams_behind_an_answer_that_ends_the_connection_are_closed(rigs: Rigs) -> None:
    rig = rigs()
    closed: list[str] = []
    streams = [pieces(closed, name) for name in "abc"]
    for stream in streams[1:]:
        next(stream)  # begun, so that closing it is seen
    rest = iter(streams)
    rig.handler = lambda request: request.respond_stream(next(rest))
    client = rig.connect(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 3)
    rig.tasks.work_one()
    rig.tasks.work_one()
    rig.turn()
    late = rig.tasks.take_one()  # by a slow worker
    rig.work()
    assert client.recv(65536).endswith(b"\r\n\r\nxx")
    assert client.recv(1) == b""
    late.run()
    rig.turn()
    rig.work()
    assert sorted(closed) == ["a", "b", "c"], "nobody waits for the one that came late"
    assert rig.tasks.in_flight == 0


def test_a_stream_goes_on_while_its_handler_takes_content(rigs: Rigs) -> None:
    """What the handler says of content must not touch the stream that it has given before."""
    rig = rigs(admit=streams)
    closed: list[str] = []
    taken: list[bytes | None] = []

    def handler(request: message.Request) -> message.Receiver:
        request.respond_stream(pieces(closed))
        while piece := (yield):
            taken.append(piece)

    rig.handler = handler
    client = rig.connect(PUT % (3, b"") + b"a")
    rig.settle()
    assert closed == ["x"]
    assert client.recv(65536).endswith(b"1\r\nx\r\n1\r\nx\r\n0\r\n\r\n")
    assert client.recv(1) == b"", "what is still to come of the content is no request"
    assert taken == [b"a"]
    assert rig.tasks.in_flight == 0


# Files


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 4000)
    return path


def test_a_file_leaves_in_pieces_and_is_closed_behind_the_last(rigs: Rigs, large: Path) -> None:
    rig = rigs(limits=Limits(file_piece_bytes_max=100_000, file_turn_bytes_max=100_000))
    rig.handler = lambda request: request.respond_file(large)
    client = rig.connect(GET)
    rig.work()
    came = client.recv(65536)
    assert open_files(large) == 1
    while not came.endswith(bytes(range(256))) or len(came) < 1_024_000:
        rig.turn()
        came += client.recv(1_000_000)
    assert came.partition(b"\r\n\r\n")[2] == large.read_bytes()
    assert open_files(large) == 0
    assert rig.tasks.in_flight == 0


@pytest.mark.parametrize(("clients", "share"), [(1, 20_000), (2, 10_000), (3, 10_000)])
def test_few_downloads_share_what_a_turn_may_send(rigs: Rigs, large: Path, clients: int, share: int) -> None:
    rig = rigs(limits=Limits(file_piece_bytes_max=10_000, file_turn_bytes_max=20_000))
    rig.handler = lambda request: request.respond_file(large)
    reading = [rig.connect(GET) for _ in range(clients)]
    for _ in reading:
        rig.tasks.work_one()
    rig.turn()
    assert {len(client.recv(1_000_000).partition(b"\r\n\r\n")[2]) for client in reading} == {share}


@pytest.mark.parametrize("late", [False, True])
def test_a_file_whose_client_left_is_closed(rigs: Rigs, large: Path, *, late: bool) -> None:
    rig = rigs(limits=Limits(file_piece_bytes_max=100_000, file_turn_bytes_max=100_000))
    rig.handler = lambda request: request.respond_file(large)
    client = rig.connect(GET * 2)
    rig.tasks.work_one()
    if not late:
        rig.turn()
    assert open_files(large) == 1
    reset(client)
    rig.turn(3)
    rig.settle()
    assert open_files(large) == 0
    assert rig.tasks.in_flight == 0


# Answers that stay open


class Open:
    """A handler that opens an answer for each request, and keeps the writers."""

    def __init__(self) -> None:
        self.writers: list[push.Writer] = []

    def __call__(self, request: message.Request) -> None:
        self.writers.append(request.respond_writer())


def opened(rig: Rig, wire: bytes = GET) -> tuple[push.Writer, socket.socket]:
    handler = Open()
    rig.handler = handler
    client = rig.connect(wire)
    rig.tasks.work_one()
    rig.turn()
    return handler.writers[0], client


def at_once(writer: push.Writer, data: bytes) -> bool:
    return writer.write_framed(writer.framed(data), waits=False)


def test_what_is_written_behind_the_handler_leaves_and_the_connection_goes_on(rigs: Rigs) -> None:
    rig = rigs()
    writer, client = opened(rig)
    assert rig.tasks.in_flight == 0, "no worker is held"
    assert client.recv(65536).endswith(b"\r\n\r\n")
    assert writer.write(b"one")
    rig.turn()
    assert client.recv(65536) == b"3\r\none\r\n"
    writer.close()
    writer.close()
    rig.turn()
    assert client.recv(65536) == b"0\r\n\r\n"
    assert not writer.active
    client.sendall(GET)
    rig.turn()
    assert rig.tasks.waiting == 1
    assert rig.is_quiet()


def test_a_piece_larger_than_all_room_leaves_where_nothing_waits(rigs: Rigs) -> None:
    """The head, which was moved on before, counts for nothing."""
    rig = rigs(limits=Limits(events_waiting_bytes_max=80))
    writer, client = opened(rig)
    assert len(client.recv(65536)) > 80
    assert at_once(writer, b"x" * 1000)
    rig.turn()
    assert client.recv(65536) == b"3e8\r\n" + b"x" * 1000 + b"\r\n"


def test_what_was_kept_back_for_a_slow_client_follows_when_there_is_room(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(response_queue_bytes_max=1000, events_waiting_bytes_max=3_000_000))
    writer, client = opened(rig)
    count = 0
    while at_once(writer, b"x" * 1_000_000):
        count += 1
        rig.turn(2)
    assert not writer.active, "it has no room, and is given up"
    assert count > 3, "what the system takes, what waits to be sent, and what waits behind that"
    writer, client = opened(rig)
    for _ in range(count):
        assert at_once(writer, b"x" * 1_000_000)
        rig.turn(2)
    came = len(client.recv(65536))
    while came < count * 1_000_000:
        rig.turn()
        data = client.recv(1_000_000)
        assert data, "it was cut"
        came += len(data)
    assert at_once(writer, b"the last")


def test_who_leaves_is_noticed_without_a_word_to_say(rigs: Rigs) -> None:
    rig = rigs()
    writer, client = opened(rig)
    client.close()
    rig.turn(2)
    assert not writer.active
    assert not writer.write(b"to nobody")
    assert rig.is_quiet()


def test_silence_is_broken_by_a_heartbeat_and_by_nothing_else(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(idle_seconds_max=5.0))

    def handler(request: message.Request) -> None:
        request.respond_sse(heartbeat_seconds=20.0)

    rig.handler = handler
    client = rig.connect(GET)
    rig.work()
    assert client.recv(65536).endswith(b"\r\n\r\n")
    client.sendall(b"G")  # the beginning of another request has no time limit behind an answer without an end
    rig.turn(2)
    for _ in range(3):
        rig.now += 19.0
        rig.turn(2)
        assert says_nothing(client)
        rig.now += 1.5
        rig.turn(2)
        assert client.recv(65536) == b"3\r\n:\n\n\r\n"
        assert rig.is_quiet()


def test_an_open_answer_behind_another_waits_and_a_cut_keeps_those_before_it(rigs: Rigs) -> None:
    rig = rigs()
    handler = Open()
    rig.handler = handler
    client = rig.connect(get(b"/slow") + get(b"/open") + get(b"/never"))
    slow = rig.tasks.take_one()
    rig.tasks.work_one()
    assert handler.writers[0].write(b"part")
    rig.turn(2)
    assert says_nothing(client)
    handler.writers[0].cut()
    rig.turn(2)
    assert not handler.writers[0].active
    rig.handler = lambda request: request.respond(200, content=b"slow")
    slow.run()
    rig.settle()
    came = all_that_comes(client)
    assert came.endswith(b"\r\n\r\nslow"), "and nothing of the one that was cut"
    assert came.count(b"HTTP/1.1") == 1
    assert rig.tasks.in_flight == 0


def test_a_handler_that_raises_behind_another_answer_closes_what_it_opened(rigs: Rigs) -> None:
    rig = rigs()
    handler = Open()

    def raises(request: message.Request) -> None:
        handler(request)
        raise ValueError

    rig.handler = raises
    client = rig.connect(get(b"/slow") + get(b"/open"))
    slow = rig.tasks.take_one()
    rig.tasks.work_one()
    rig.turn(2)
    assert not handler.writers[0].active
    rig.handler = lambda request: request.respond(200, content=b"slow")
    slow.run()
    rig.settle()
    assert all_that_comes(client).endswith(b"\r\n\r\nslow")
