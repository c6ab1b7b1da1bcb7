"""Answers that stay open, over real connections: written from any thread, to many clients, slow ones and gone ones."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from peer import SECONDS, Peer

from merkhet_reference import Limits, Request, Server, tls
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver
from merkhet_reference.observer import Record
from merkhet_reference.push import Broadcast, EventStream

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = "x" * 500_000
FEW = Limits(response_queue_bytes_max=10_000, events_waiting_bytes_max=1_000_000, send_seconds_max=SECONDS)
SHORT = Limits(linger_seconds_max=0.01)
"""A client that stays is not waited for; and nothing is looked at less often than the shortest limit."""


class Channel:
    """A handler that opens a stream for each client and returns, and an observer that knows when one is over."""

    def __init__(self, heartbeat_seconds: float | None = None) -> None:
        self.everyone = Broadcast()
        self.streams: list[EventStream] = []
        self._heartbeat_seconds = heartbeat_seconds
        self._opened = threading.Semaphore(0)
        self._over = threading.Semaphore(0)
        self.records: list[Record] = []

    def __call__(self, request: Request) -> None:
        if request.path == b"/page":
            request.respond(200, content=b"page")
            return
        stream = request.respond_sse(heartbeat_seconds=self._heartbeat_seconds)
        self.streams.append(stream)
        self.everyone.add(stream)
        self._opened.release()

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        pass

    def connection_closed(self) -> None:
        pass

    def answered(self, record: Record) -> None:
        self.records.append(record)
        self._over.release()

    def client(self, server: Server, wire: bytes = GET, trusting: ssl.SSLContext | None = None) -> Peer:
        """Connect a client, and wait until it is in the channel."""
        peer = Peer(server, wire, trusting=trusting)
        assert self._opened.acquire(timeout=SECONDS)
        return peer

    def wait_for_an_end(self) -> None:
        assert self._over.acquire(timeout=SECONDS)


def test_events_are_sent_when_the_handler_has_long_returned() -> None:
    channel = Channel()
    with Server(channel, workers=1).running() as server, channel.client(server) as peer:
        head = peer.head()
        assert (head.fields["content-type"], head.fields["cache-control"]) == ("text/event-stream", "no-cache")
        assert channel.streams[0].send(SSEEvent("one", id="1", event="kind"))
        assert peer.chunk() == b"event: kind\nid: 1\ndata: one\n\n"
        assert channel.streams[0].send("two\nlines")
        assert peer.chunk() == b"data: two\ndata: lines\n\n"
        assert channel.streams[0].comment("still here")
        assert peer.chunk() == b": still here\n\n"
        channel.streams[0].close()
        assert peer.chunk() == b""
        assert not channel.streams[0].active
        assert not channel.streams[0].send("behind the end")
        peer.send(b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.answer()[1] == b"page", "the connection goes on behind the stream"


def test_more_streams_than_workers_hear_a_broadcast_and_a_page_is_still_served() -> None:
    channel = Channel()
    with Server(channel, workers=2).running() as server:
        peers = [channel.client(server) for _ in range(12)]
        for peer in peers:
            peer.head()
        with Peer(server, b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n") as other:
            assert other.answer()[1] == b"page"
        for number in range(3):
            assert channel.everyone.send(f"{number}") == 12
        for peer in peers:
            assert [peer.chunk() for _ in range(3)] == [b"data: %d\n\n" % number for number in range(3)]
        channel.everyone.close()
        for peer in peers:
            assert peer.chunk() == b""
            peer.sock.close()


def closes(peer: Peer) -> None:
    peer.sock.close()


def resets(peer: Peer) -> None:
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.sock.close()


def says_that_it_is_done(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("leave", [closes, resets, says_that_it_is_done])
def test_a_client_that_leaves_is_noticed_though_nobody_sends(leave: Callable[[Peer], None]) -> None:
    channel = Channel()
    with Server(channel, limits=SHORT, observer=channel).running() as server:
        going, staying = channel.client(server), channel.client(server)
        going.head()
        staying.head()
        leave(going)
        channel.wait_for_an_end()
        assert [stream.active for stream in channel.streams] == [False, True]
        assert channel.everyone.send("to who is there") == 1
        assert staying.chunk() == b"data: to who is there\n\n"
        assert not channel.streams[0].send("to nobody")
        assert server.shutdown()
        going.sock.close()
        staying.sock.close()
    assert [record.complete for record in channel.records] == [False, True], "the one that stayed was ended whole"


def test_silence_is_broken_by_a_heartbeat() -> None:
    channel = Channel(heartbeat_seconds=0.02)
    with Server(channel, limits=SHORT).running() as server, channel.client(server) as peer:
        peer.head()
        assert [peer.chunk() for _ in range(3)] == [b":\n\n"] * 3
        assert channel.streams[0].send("event")
        while (chunk := peer.chunk()) == b":\n\n":
            pass
        assert chunk == b"data: event\n\n"
        assert peer.chunk() == b":\n\n"


def test_a_slow_client_is_cut_by_a_broadcast_and_the_others_miss_nothing() -> None:
    channel = Channel()
    with (
        Server(channel, limits=FEW, workers=1, observer=channel).running() as server,
        channel.client(server) as slow,
        channel.client(server) as quick,
    ):
        quick.head()
        sent = 0
        for number in itertools.count():
            there = channel.everyone.send(f"{number} {LARGE}")
            sent += 1
            assert quick.chunk() == b"data: %d %s\n\n" % (number, LARGE.encode("ascii"))
            if there == 1:
                break
        channel.wait_for_an_end()
        assert [stream.active for stream in channel.streams] == [False, True]
        came = read_what_comes(slow)
        assert sent > 3, "it could be a little behind"
        assert b"data: 0 x" in came
        assert not came.endswith(b"\r\n0\r\n\r\n"), "it sees that there was more"
        assert channel.everyone.send("and on") == 1
        assert quick.chunk() == b"data: and on\n\n"


def read_what_comes(peer: Peer) -> bytes:
    """All octets until the end, in order or not."""
    came: list[bytes] = []
    try:
        while data := peer.sock.recv(1_000_000):
            came.append(data)
    except ConnectionResetError:
        pass
    return b"".join(came)


def test_a_sender_waits_for_a_slow_client_which_misses_nothing() -> None:
    channel = Channel()
    sending = threading.Event()
    results: list[bool] = []

    def send_all() -> None:
        for number in range(40):
            results.append(channel.streams[0].send(f"{number} {LARGE}"))
            sending.set()

    with Server(channel, limits=FEW).running() as server, channel.client(server) as slow:
        thread = threading.Thread(target=send_all, daemon=True)
        thread.start()
        assert sending.wait(SECONDS)
        slow.head()
        for number in range(40):
            assert slow.chunk() == b"data: %d %s\n\n" % (number, LARGE.encode("ascii"))
        thread.join(SECONDS)
        assert results == [True] * 40


def test_a_sender_gives_up_a_client_that_never_reads() -> None:
    channel = Channel()
    limits = Limits(events_waiting_bytes_max=1_000_000, send_seconds_max=0.1)
    with Server(channel, limits=limits, observer=channel).running() as server, channel.client(server) as stuck:
        while channel.streams[0].send(LARGE):
            pass
        channel.wait_for_an_end()
        assert not channel.streams[0].active
        assert not read_what_comes(stuck).endswith(b"\r\n0\r\n\r\n")


def test_a_sender_that_waits_is_let_go_when_its_client_leaves() -> None:
    channel = Channel()
    limits = Limits(events_waiting_bytes_max=1_000_000, send_seconds_max=3600.0)
    gave_up = threading.Event()

    def send_all() -> None:
        while channel.streams[0].send(LARGE):
            pass
        gave_up.set()

    with Server(channel, limits=limits).running() as server, channel.client(server) as peer:
        thread = threading.Thread(target=send_all, daemon=True)
        thread.start()
        peer.take(5_000_000)  # it is under way
        resets(peer)
        assert gave_up.wait(SECONDS)


def test_a_shutdown_ends_streams_whole_and_waits_for_nobody() -> None:
    channel = Channel()
    server = Server(channel, limits=SHORT)
    server.listen(0)
    server.start()
    with channel.client(server) as peer:
        peer.head()
        assert channel.streams[0].send("last words")
        assert server.shutdown()
        assert peer.chunk() == b"data: last words\n\n"
        assert peer.chunk() == b""
        assert peer.rest() == b""
    assert not channel.streams[0].active


def test_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    path = str(tmp_path / "server.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    trusting = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    channel = Channel()
    with Server(channel, ssl_context=tls.server_context(path), observer=channel).running() as server:
        with channel.client(server, trusting=trusting) as peer:
            peer.head()
            for number in range(3):
                assert channel.streams[0].send(f"{number} {LARGE}")
                assert peer.chunk() == b"data: %d %s\n\n" % (number, LARGE.encode("ascii"))
        channel.wait_for_an_end()
        assert not channel.streams[0].active


# Plain octets


def test_a_writer_writes_in_its_handler_with_as_much_as_it_likes() -> None:
    def handler(request: Request) -> None:
        writer = request.respond_writer(201, {"Content-Type": "text/plain"})
        for number in range(1000):
            assert writer.write(b"%06d\n" % number * 1000)
        assert writer.write(b"")
        writer.close()

    with Server(handler, workers=1, limits=FEW).running() as server, Peer(server, GET * 2) as peer:
        for _ in range(2):
            head, content = peer.answer()
            assert (head.status, head.fields["transfer-encoding"]) == (201, "chunked")
            assert content == b"".join(b"%06d\n" % number * 1000 for number in range(1000))


def test_pieces_of_several_threads_are_each_whole() -> None:
    def handler(request: Request) -> None:
        writer = request.respond_writer()

        def write(letter: bytes) -> None:
            for _ in range(100):
                writer.write(letter * 100)

        threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close()

    with Server(handler).running() as server, Peer(server, GET) as peer:
        peer.head()
        chunks = list(iter(peer.chunk, b""))
    assert sorted(chunks) == [letter * 100 for letter in (b"a", b"b", b"c") for _ in range(100)]


def test_an_old_client_reads_to_the_end_of_the_connection() -> None:
    def handler(request: Request) -> None:
        writer = request.respond_writer()
        writer.write(b"all of ")
        writer.write(b"it")
        writer.close()

    with Server(handler).running() as server, Peer(server, b"GET / HTTP/1.0\r\n\r\n") as peer:
        assert "transfer-encoding" not in peer.head().fields
        assert peer.rest() == b"all of it"


@pytest.mark.parametrize("wire", [GET, b"GET / HTTP/1.0\r\n\r\n"])
def test_what_is_cut_or_raised_behind_is_seen_to_be_incomplete(wire: bytes, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> None:
        request.respond_writer().write(b"part")
        raise ValueError("a fault")

    with (
        Server(handler).running() as server,
        Peer(server, wire) as peer,
        pytest.raises((EOFError, ConnectionResetError)),
    ):
        peer.take_to(b"\r\n0\r\n\r\n")
    assert "a fault" in caplog.text


def test_head_has_a_writer_that_writes_nothing() -> None:
    def handler(request: Request) -> None:
        writer = request.respond_writer()
        assert writer.active is (request.method == "GET")
        writer.write(b"content")
        writer.close()

    with Server(handler).running() as server, Peer(server, GET.replace(b"GET", b"HEAD") + GET) as peer:
        assert peer.head().fields["transfer-encoding"] == "chunked"
        assert peer.answer()[1] == b"content"


def test_content_is_answered_while_it_comes() -> None:
    def admit(head: RequestHead) -> Admission:
        return Admission(streams=True)

    def handler(request: Request) -> Receiver:
        writer = request.respond_writer()
        while piece := (yield):
            writer.write(piece.upper())
        writer.close()

    wire = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"
    with Server(handler, admit=admit, workers=1).running() as server, Peer(server, wire) as peer:
        assert peer.head().fields["connection"] == "close"
        for octet in b"abcdef":
            peer.send(bytes([octet]))
            assert peer.chunk() == bytes([octet]).upper()
        assert peer.chunk() == b""
        assert peer.rest() == b""
