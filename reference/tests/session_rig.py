"""A WebSocket without threads: the test is the I/O thread, the worker and the client, and it says what time it is."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator

from websocket_wire import HANDSHAKE, Frame, read_frames

from merkhet_reference import Limits, Message, WebSocket, WebSocketEvent, message, queues, wakeup
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.line import Line
from merkhet_reference.observer import Record
from merkhet_reference.replies import Reply, Service, Ticket
from merkhet_reference.session import GIVEN_UP, NOBODY, WORKER, Session
from merkhet_reference.websocket import deflate, handshake
from merkhet_reference.websocket_channel import WebSocketChannel

Does = Callable[[WebSocket, WebSocketEvent, Message], None]
AGREED = deflate.Agreed(15, 15, server_context=True, client_context=True)
LIMITS = Limits(
    send_seconds_max=30.0, linger_seconds_max=2.0, response_queue_bytes_max=1000, websocket_send_bytes_max=1000,
    websocket_waiting_bytes_max=1000, websocket_waiting_messages_max=4, websocket_silence_seconds_max=20.0,
    websocket_pong_seconds_max=10.0, websocket_idle_seconds_max=100.0, websocket_close_seconds_max=5.0,
)  # fmt: skip


def request_head() -> RequestHead:
    connection = Connection(Limits())
    connection.receive(HANDSHAKE + b"\r\n")
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    return head


def unasked(request: message.Request) -> None:
    raise AssertionError("no handler of requests is called here")


def nothing(websocket: WebSocket, event: WebSocketEvent, data: Message) -> None:
    """Do nothing."""


class Heard:
    """A handler of events that keeps them, as (name, data)."""

    def __init__(self, does: Does = nothing) -> None:
        self.events: list[tuple[str, str | bytes]] = []
        self.does = does

    def __call__(self, websocket: WebSocket, event: WebSocketEvent, data: Message) -> None:
        self.events.append((event.value, data.data))
        self.does(websocket, event, data)


class SessionRig:
    """A session and what it announces."""

    def __init__(self, bell: wakeup.Wakeup, limits: Limits = LIMITS, *, compresses: bool = False) -> None:
        self.replies: queues.ReplyQueue[Reply] = queues.ReplyQueue(bell)
        self.service = Service(unasked, self.replies, limits)
        self.heard = Heard()
        accepted = handshake.Accepted((), "one", AGREED if compresses else None)
        self.session = Session(
            self.service.sessions, limits, self.heard, accepted, head=request_head(), path_params={"name": "value"}
        )
        self.socket = self.session.socket

    def announced(self) -> bool:
        """Whether there is something to be seen; it is as if the I/O thread looked."""
        was = self.service.sessions.take_all()
        assert was in ([], [self.session])
        self.session.is_announced = False
        if self.session.turn is GIVEN_UP:
            self.session.turn = NOBODY
        return bool(was)

    def work(self) -> None:
        """Be a worker, as often as there is something to do."""
        self.announced()
        while self.session.is_due:
            self.session.turn = WORKER
            self.session.run()
            self.announced()

    def said(self) -> list[bytes]:
        """What waits to be sent."""
        return list(iter(self.session.outlet.take, None))


class ChannelRig(SessionRig):
    """A channel beside it, over a socket pair, from second 1000 on."""

    def __init__(
        self, bell: wakeup.Wakeup, limits: Limits = LIMITS, *, came: bytes = b"", compresses: bool = False
    ) -> None:
        super().__init__(bell, limits, compresses=compresses)
        ours, self.peer = socket.socketpair()
        ours.setblocking(False)
        self.peer.settimeout(10)
        self.now = 1000.0
        self.channel = WebSocketChannel(Line(7, ours, limits, self.now), self.service, self.session, self.now)
        self.channel.begin(Ticket(7), came, self.now, ended=False)
        self.session.rest()

    def close(self) -> None:
        self.channel.sock.close()
        self.peer.close()

    def look(self) -> None:
        """Do as the I/O thread does with what is announced, and send."""
        if self.announced():
            self.channel.advance(self.now)
        self.channel.flush(self.now)

    def settle(self) -> None:
        """Look and work until there is nothing to do."""
        for _ in range(1000):
            self.look()
            if self.session.is_due:
                self.session.turn = WORKER
                self.session.run()
            elif not self.service.sessions.items:
                return
        raise AssertionError("it never comes to rest")

    def hear(self, octets: bytes) -> None:
        """Let the channel read what the client says, and settle."""
        self.peer.sendall(octets)
        self.channel.read(self.now)
        self.settle()

    def frames(self) -> list[Frame]:
        """What has come to the client; half a frame is an error."""
        return read_frames(self.octets())

    def octets(self) -> bytes:
        """What has come to the client. Nothing is waited for."""
        self.peer.setblocking(False)
        came = bytearray()
        with contextlib.suppress(BlockingIOError):
            while data := self.peer.recv(1 << 20):
                came += data
        self.peer.settimeout(10)
        return bytes(came)

    def pass_time(self, seconds: float) -> None:
        """Let time go by; what is due then is done."""
        self.now += seconds
        if self.channel.deadline() <= self.now:
            self.channel.overdue(self.now)
        self.settle()


@contextlib.contextmanager
def belled() -> Generator[wakeup.Wakeup, None, None]:
    bell = wakeup.Wakeup()
    yield bell
    bell.close()


def record() -> Record:
    return Record(request_head(), "192.0.2.1", 999.0)
