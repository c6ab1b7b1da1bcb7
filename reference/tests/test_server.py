"""The server whole: threads, listeners, signals, and an end in order."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import threading
from pathlib import Path

import pytest
import trustme
from peer import Peer

from merkhet_reference import Limits, Request, Server, tls
from merkhet_reference.observer import Record

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def hello(request: Request) -> None:
    request.respond(200, content=b"hello")


def connect(server: Server, data: bytes = b"") -> socket.socket:
    client = socket.create_connection(server.address, timeout=10)
    client.sendall(data)
    return client


def read_answer(client: socket.socket) -> bytes:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    with answer:
        return answer.read()


def threads() -> set[str]:
    """The machine's own: an application and a log may have some that live longer."""
    own = ("merkhet-io", "merkhet-worker-")
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(own)}


def test_it_serves_and_leaves_no_thread_behind() -> None:
    with Server(hello, workers=2).running() as server:
        with connect(server, GET) as client:
            assert read_answer(client) == b"hello"
        assert threads() == {"merkhet-io", "merkhet-worker-0", "merkhet-worker-1"}
        where = server.address
    assert threads() == set()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where).close()


def test_blocking_handlers_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(request: Request) -> None:
        both.wait()
        request.respond(200, content=b"met")

    with Server(meet, workers=2).running() as server, connect(server, GET) as first, connect(server, GET) as second:
        assert (read_answer(first), read_answer(second)) == (b"met", b"met")


def test_a_blocked_worker_keeps_nobody_else_waiting() -> None:
    leave = threading.Event()

    def handler(request: Request) -> None:
        if request.path == b"/block":
            leave.wait(10)
        request.respond(200, content=request.path)

    with (
        Server(handler, workers=2).running() as server,
        connect(server, GET.replace(b"/ ", b"/block ")) as blocked,
        connect(server, GET) as other,
    ):
        assert read_answer(other) == b"/"
        leave.set()
        assert read_answer(blocked) == b"/block"


def test_a_burst_is_not_kept_waiting_by_the_first_of_it_that_blocks() -> None:
    """They come at once, so that one worker is called for all of them."""
    all_here = threading.Barrier(4, timeout=10)

    def handler(request: Request) -> None:
        all_here.wait()
        request.respond(200, content=b"met")

    with Server(handler, workers=4).running() as server, Peer(server, GET * 4) as peer:
        assert [peer.answer()[1] for _ in range(4)] == [b"met"] * 4


def test_a_handler_that_exits_is_answered_and_its_worker_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def exits(request: Request) -> None:
        raise SystemExit(3)

    with Server(exits, workers=1).running() as server, connect(server, GET) as client:
        for _ in range(2):
            assert read_answer(client) == b"Internal Server Error\n"
            client.sendall(GET)
        assert read_answer(client) == b"Internal Server Error\n"


def test_a_long_stream_to_a_slow_reader_arrives_whole() -> None:
    def stream(request: Request) -> None:
        request.respond_stream(b"%07d\n" % number * 1000 for number in range(300))

    limits = Limits(response_queue_bytes_max=1000)
    with Server(stream, workers=1, limits=limits).running() as server, connect(server, GET) as client:
        content = read_answer(client)
    assert content == b"".join(b"%07d\n" % number * 1000 for number in range(300))


def test_shutdown_waits_for_what_is_in_flight() -> None:
    entered, leave = threading.Event(), threading.Event()

    def handler(request: Request) -> None:
        entered.set()
        leave.wait(10)
        request.respond(200, content=b"in time")

    server = Server(handler, workers=1)
    server.listen(0)
    server.start()
    with connect(server, GET) as client:
        assert entered.wait(10)
        ended: list[bool] = []
        ending = threading.Thread(target=lambda: ended.append(server.shutdown()))
        ending.start()
        leave.set()
        assert read_answer(client) == b"in time"
        assert client.recv(1) == b""
    ending.join(10)
    assert ended == [True]


def test_shutdown_cuts_what_takes_too_long_and_says_so() -> None:
    entered, leave = threading.Event(), threading.Event()

    def handler(request: Request) -> None:
        entered.set()
        leave.wait(10)
        request.respond(200)

    server = Server(handler, workers=1)
    server.listen(0)
    server.start()
    with connect(server, GET) as client:
        assert entered.wait(10)
        assert not server.shutdown(0)
        assert client.recv(1) == b""
    leave.set()
    for thread in threading.enumerate():
        if thread.name.startswith("merkhet-"):
            thread.join(10)
    assert threads() == set()


def test_serve_ends_at_a_signal_and_gives_the_handlers_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    server = Server(hello)
    server.listen(0)
    answers: list[bytes] = []

    def ask() -> None:
        with connect(server, GET) as client:
            answers.append(read_answer(client))
        os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=ask)
    asking.start()
    server.serve()
    asking.join(10)
    assert answers == [b"hello"]
    assert signal.getsignal(signal.SIGTERM) is before
    assert threads() == set()


def test_a_server_can_serve_again() -> None:
    server = Server(hello)
    with server.running(), connect(server, GET) as client:
        assert read_answer(client) == b"hello"
    server.listen(0)

    def ask() -> None:
        with connect(server, GET) as client:
            answers.append(read_answer(client))
        os.kill(os.getpid(), signal.SIGTERM)

    answers: list[bytes] = []
    asking = threading.Thread(target=ask)
    asking.start()
    server.serve()
    asking.join(10)
    assert answers == [b"hello"]


def test_serve_says_when_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Server(hello).serve(taken.getsockname()[1])


def test_a_server_needs_a_worker_a_listener_and_one_start() -> None:
    with pytest.raises(ValueError, match="one worker"):
        Server(hello, workers=0)
    server = Server(hello)
    with pytest.raises(RuntimeError, match="listens somewhere"):
        server.start()
    with pytest.raises(LookupError):
        _ = server.address
    assert server.shutdown()
    with server.running(), pytest.raises(RuntimeError, match="is running"):
        server.start()
    with server.running() as again, connect(again, GET) as client:
        assert read_answer(client) == b"hello"


@pytest.fixture
def unix_path(tmp_path: Path) -> str:
    return str(tmp_path / "server.sock")


def test_a_unix_socket_is_served_beside_a_port_and_removed(unix_path: str) -> None:
    server = Server(hello)
    server.listen_unix(unix_path)
    server.listen(0)
    assert server.addresses == [unix_path, server.address]
    with server.running(), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(unix_path)
        client.sendall(GET)
        assert read_answer(client) == b"hello"
    assert not Path(unix_path).exists()


def test_a_dead_servers_socket_is_replaced_and_a_live_ones_is_not(unix_path: str) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(unix_path)
    server = Server(hello)
    server.listen_unix(unix_path)
    with pytest.raises(OSError, match="in use"):
        Server(hello).listen_unix(unix_path)
    server.shutdown()


def test_what_is_no_socket_is_left_alone(unix_path: str) -> None:
    Path(unix_path).write_text("precious")
    with pytest.raises(OSError, match="in use"):
        Server(hello).listen_unix(unix_path)
    assert Path(unix_path).read_text() == "precious"


def test_ipv6_where_there_is_one() -> None:
    server = Server(hello)
    try:
        server.listen(0, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with server.running(), socket.create_connection(server.address, timeout=10) as client:
        client.sendall(GET)
        assert server.address[0] == "::1"
        assert read_answer(client) == b"hello"


def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    path = str(tmp_path / "server.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    trusting = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with Server(hello, ssl_context=tls.server_context(path)).running() as server:
        with connect(server) as stuck, connect(server) as raw:
            stuck.sendall(b"\x16\x03\x01")  # a handshake that never goes on keeps nobody waiting
            with trusting.wrap_socket(raw, server_hostname="localhost") as client:
                client.sendall(GET)
                assert read_answer(client) == b"hello"
        with connect(server, GET) as plain:
            assert b"HTTP" not in b"".join(iter(lambda: _recv_or_end(plain), b""))


def _recv_or_end(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


# Who is told


class Told:
    """An observer that waits until so much has been said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.records: list[Record] = []
        self.threads: set[str] = set()
        self._count = threading.Semaphore(0)

    def _note(self, word: str) -> None:
        self.threads.add(threading.current_thread().name)
        self.said.append(word)
        self._count.release()

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        self._note("refused" if refused else "came")

    def connection_closed(self) -> None:
        self._note("closed")

    def answered(self, record: Record) -> None:
        self.records.append(record)
        self._note("answered")

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._count.acquire(timeout=10)


def test_an_observer_is_told_of_connections_and_answers_by_the_io_thread() -> None:
    told = Told()
    post = b"POST /it HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    with Server(hello, observer=told).running() as server:
        with connect(server, GET + post + b"no request\r\n\r\n") as client:
            came = b"".join(iter(lambda: client.recv(65536), b""))
        told.wait_for(5)
    assert told.said == ["came", "answered", "answered", "answered", "closed"]
    assert told.threads == {"merkhet-io"}
    first, second, refused = told.records
    assert (first.head is not None, first.peer, first.status, first.received_bytes) == (True, "127.0.0.1", 200, 0)
    assert second.head is not None
    assert (second.head.target.raw, second.status, second.received_bytes) == (b"/it", 200, 3)
    assert (refused.head, refused.status) == (None, 400)
    assert [record.complete for record in told.records] == [True] * 3
    assert sum(record.sent_bytes for record in told.records) == len(came)
    assert all(record.seconds >= 0 for record in told.records)


def test_an_observer_is_told_once_of_an_answer_that_never_leaves() -> None:
    told, entered, leave = Told(), threading.Event(), threading.Event()

    def handler(request: Request) -> None:
        entered.set()
        leave.wait(10)
        request.respond(200)

    with Server(handler, observer=told).running() as server:
        with connect(server, GET) as client:
            assert entered.wait(10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        told.wait_for(3)
        leave.set()
    assert told.said == ["came", "answered", "closed"]
    assert (told.records[0].status, told.records[0].sent_bytes, told.records[0].complete) == (0, 0, False)


def test_an_observer_is_told_of_a_connection_that_is_one_too_many() -> None:
    told = Told()
    with Server(hello, limits=Limits(connections_max=1), observer=told).running() as server:
        with connect(server, GET) as first, connect(server, GET) as second:
            assert read_answer(first) == b"hello"
            assert second.recv(100).startswith(b"HTTP/1.1 503 ")
            told.wait_for(4)
        told.wait_for(1)
    assert sorted(told.said) == ["answered", "answered", "came", "closed", "refused"], "one was never let in"
    assert sorted(record.status for record in told.records) == [200, 503]
