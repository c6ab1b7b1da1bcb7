"""The I/O loop, turned by hand, with connections that have become WebSockets."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_rig import GET, Rig, Rigs, all_that_comes, reset, says_nothing
from session_rig import Heard
from websocket_wire import HANDSHAKE, PING, PONG, TEXT, Frame, closing, frame, read_frames, text

from merkhet_reference import Limits, Message, Request, WebSocket, WebSocketEvent
from merkhet_reference.observer import Record

MESSAGE = WebSocketEvent.MESSAGE
OPENED = ("open", "")


@pytest.fixture
def rigs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rigs]:
    with contextlib.closing(Rigs(monkeypatch, tmp_path)) as made:
        yield made


def send_back(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    if event is MESSAGE:
        websocket.send(message.data)


class Site:
    """The handler of a rig: each request becomes a WebSocket, and all of their events are kept."""

    def __init__(self, rig: Rig, *, echoes: bool = True) -> None:
        self.rig = rig
        self.heard = Heard(send_back) if echoes else Heard()
        self.sockets: list[WebSocket] = []
        rig.handler = self.handle

    def handle(self, request: Request) -> None:
        self.sockets.append(request.upgrade_to_websocket(self.heard, compression=None))

    def connect(self) -> socket.socket:
        """Return a client whose handshake is over."""
        client = self.rig.connect(HANDSHAKE + b"\r\n")
        self.rig.settle()
        head = client.recv(65536)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert head.endswith(b"\r\n\r\n")
        return client


def frames(client: socket.socket) -> list[Frame]:
    return read_frames(client.recv(65536))


def test_a_message_and_its_answer(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    client.sendall(text("hello") + frame(PING, b"1"))
    rig.settle()
    assert frames(client) == [Frame(PONG, b"1"), Frame(TEXT, b"hello")]
    assert site.heard.events == [OPENED, ("message", "hello")]
    assert rig.tasks.in_flight == 0
    assert rig.is_quiet(), "nothing is looked at without a reason"


def test_the_end_of_a_connection(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    client.sendall(closing(1000))
    rig.settle()
    assert read_frames(all_that_comes(client)) == [Frame(8, b"\x03\xe8")]
    assert rig.loop.service.traffic.closed == 0, "it lingers"
    client.close()
    rig.settle()
    assert rig.loop.service.traffic.closed == 1
    assert site.heard.events == [OPENED, ("close", "")]


def test_a_connection_that_lingers_does_so_for_its_time(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    client.sendall(closing(1000))
    rig.settle()
    rig.now += 2.0
    rig.settle()
    assert rig.loop.service.traffic.closed == 1


def test_a_session_waits_for_a_worker_and_its_pings_do_not(rigs: Rigs) -> None:
    """Who has waited longest comes first."""
    rig = rigs(limits=Limits(tasks_max=1))
    site = Site(rig)
    clients = [site.connect() for _ in range(4)]
    for number, client in enumerate(clients):
        client.sendall(text(str(number)) + frame(PING, str(number).encode()))
        rig.turn(2)
    assert rig.tasks.waiting == 1
    assert not rig.tasks.has_room()
    for number, client in enumerate(clients):
        assert frames(client) == [Frame(PONG, str(number).encode())]
    assert rig.is_quiet(), "a session that waits for a worker keeps nobody awake"
    for client in clients:
        rig.tasks.work_one()
        rig.turn(2)
        assert [each.payload for each in frames(client)] == [str(clients.index(client)).encode()]
    rig.settle()
    assert rig.tasks.in_flight == 0


def test_a_session_that_waited_for_a_worker_has_gone(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(tasks_max=1))
    site = Site(rig)
    busy, waiting = site.connect(), site.connect()
    busy.sendall(text("work"))
    rig.turn(2)
    waiting.sendall(text("never answered"))
    rig.turn(2)
    reset(waiting)
    rig.settle()
    assert site.heard.events[2:] == [("message", "work"), ("message", "never answered"), ("close", "")]
    assert rig.tasks.in_flight == 0


def test_a_client_that_leaves_while_its_handler_runs(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    client.sendall(text("work"))
    rig.turn(2)
    task = rig.tasks.take_one()
    reset(client)
    rig.turn(2)
    assert rig.loop.service.traffic.closed == 1
    assert rig.tasks.in_flight == 1
    task.run()
    rig.settle()
    assert site.heard.events == [OPENED, ("message", "work"), ("close", "")]
    assert site.sockets[0].close_code == 1006
    assert rig.tasks.in_flight == 0


def test_a_client_that_leaves_before_its_upgrade(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = rig.connect(HANDSHAKE + b"\r\n")
    task = rig.tasks.take_one()
    reset(client)
    rig.turn(2)
    task.run()
    rig.settle()
    assert site.heard.events == [OPENED, ("close", "")]
    assert rig.tasks.in_flight == 0
    assert rig.loop.service.traffic.opened == 0


def test_a_client_that_leaves_in_the_turn_of_its_upgrade(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = rig.connect(HANDSHAKE + b"\r\n")
    rig.tasks.work_one()
    reset(client)
    rig.settle()
    assert site.heard.events == [OPENED, ("close", "")]
    assert rig.tasks.in_flight == 0


def test_what_is_said_before_the_switch_is_known(rigs: Rigs) -> None:
    """A session may be looked at before its connection has switched: what it has to say is not forgotten."""
    rig = rigs()
    site = Site(rig)

    def greets(request: Request) -> None:
        site.handle(request)
        service = rig.loop.service
        switch = service.replies.take_all()
        site.sockets[-1].send("first")
        site.sockets[-1].close(4000)
        rig.turn()
        for reply in switch:
            service.replies.put(reply)

    rig.handler = greets
    client = rig.connect(HANDSHAKE + b"\r\n")
    rig.settle()
    _, _, came = client.recv(65536).partition(b"\r\n\r\n")
    assert read_frames(came) == [Frame(TEXT, b"first"), Frame(8, b"\x0f\xa0")]


def test_a_large_message_leaves_as_the_client_reads(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(websocket_message_bytes_max=20_000_000))
    site = Site(rig, echoes=False)
    client = site.connect()
    site.sockets[0].send(b"x" * 10_000_000)
    rig.settle()
    came = 0
    while came < 10_000_010:
        came += len(client.recv(1 << 20))
        rig.settle()
    client.sendall(text("still here"))
    rig.settle()
    assert site.heard.events[-1] == ("message", "still here")


def test_requests_and_websockets_side_by_side(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)

    def both(request: Request) -> None:
        if request.path == b"/":
            request.respond(200, content=b"page")
        else:
            site.handle(request)

    rig.handler = both
    client, other = site.connect(), rig.connect(GET)
    client.sendall(text("a"))
    rig.settle()
    assert other.recv(65536).endswith(b"page")
    assert frames(client) == [Frame(TEXT, b"a")]


def test_pings_and_deadlines_are_the_loops(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    rig.now += 20.0
    rig.settle()
    assert frames(client) == [Frame(PING, b"")]
    client.sendall(frame(PONG))
    rig.settle()
    rig.now += 19.0
    rig.settle()
    assert says_nothing(client)
    rig.now += 1.0
    rig.settle()
    assert frames(client) == [Frame(PING, b"")]
    rig.now += 20.0
    rig.settle()
    assert frames(client)[0].code == 1011
    assert client.recv(1) == b""
    rig.now += 2.0
    rig.settle()
    assert rig.loop.service.traffic.closed == 1
    assert site.heard.events[-2:] == [("error", "the client has fallen silent"), ("close", "")]


def test_the_server_ends(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    late = rig.connect(HANDSHAKE + b"\r\n")
    rig.loop.ask_to_stop(100.0)
    rig.turn(2)
    rig.settle()
    assert frames(client)[0].code == 1001
    head, _, came = late.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert read_frames(came)[0].code == 1001
    for each in (client, late):
        each.sendall(closing(1001))
        each.shutdown(socket.SHUT_WR)
    for _ in range(5):
        rig.turn()
        rig.work()
    assert rig.loop.service.traffic.closed == 2
    assert sorted(site.heard.events) == [("close", ""), ("close", ""), OPENED, OPENED]


def test_a_loop_that_ends_leaves_the_last_events_to_the_workers(rigs: Rigs) -> None:
    rig = rigs()
    site = Site(rig)
    clients = [site.connect() for _ in range(2)]
    late = rig.connect(HANDSHAKE + b"\r\n")
    rig.tasks.work_one()
    clients[0].sendall(text("work"))
    rig.turn(2)
    running = rig.tasks.take_one()
    reset(late)
    rig.loop.end()
    while rig.tasks.waiting:
        rig.tasks.work_one()
    running.run()
    assert site.heard.events.count(("close", "")) == 3
    assert site.heard.events.index(("message", "work")) < len(site.heard.events) - 1
    assert not site.sockets[0].active


def test_an_end_that_nobody_reads_is_noticed(rigs: Rigs) -> None:
    """Both directions are over while a handler still runs: the poller would tell so again and again."""
    rig = rigs()
    site = Site(rig)
    client = site.connect()
    client.sendall(text("work"))
    rig.turn(2)
    task = rig.tasks.take_one()
    client.shutdown(socket.SHUT_WR)
    rig.turn(2)
    assert rig.loop.service.traffic.closed == 0
    reset(client)
    rig.turn(2)
    assert rig.loop.service.traffic.closed == 1
    task.run()
    rig.settle()
    assert site.heard.events[-1] == ("close", "")


def test_one_connection_too_many(rigs: Rigs) -> None:
    rig = rigs(limits=Limits(connections_max=1))
    site = Site(rig)
    site.connect()
    refused = rig.connect(GET)
    rig.settle()
    assert refused.recv(65536)[9:12] == b"503"


class Counting:
    """An observer that counts connections."""

    def __init__(self) -> None:
        self.open = 0
        self.records: list[Record] = []

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        self.open += not refused

    def connection_closed(self) -> None:
        self.open -= 1

    def answered(self, record: Record) -> None:
        self.records.append(record)


def test_an_observer_is_told_of_each_end_once(rigs: Rigs) -> None:
    counting = Counting()
    rig = rigs(observer=counting)
    site = Site(rig)
    first, second = site.connect(), site.connect()
    assert counting.open == 2
    first.sendall(closing(1000))
    first.shutdown(socket.SHUT_WR)
    reset(second)
    rig.settle()
    assert counting.open == 0
    assert sorted(record.complete for record in counting.records) == [False, True]
    assert {record.status for record in counting.records} == {101}
