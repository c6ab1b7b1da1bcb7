"""What the tests of a channel share: a channel, its peer over a socket pair, and what others would do to it. No thread."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator
from typing import Protocol

from merkhet_reference import message, queues, tls, wakeup
from merkhet_reference.channel import Channel
from merkhet_reference.http1.events import Event, RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Record
from merkhet_reference.outgoing import GONE, Phase
from merkhet_reference.tasks import Cut, HandlerTask, More, Open, Parts, Pull, Receive, Reply, Service, Ticket

LIMITS = Limits(
    idle_seconds_max=100.0, head_seconds_max=10.0, content_seconds_max=20.0, send_seconds_max=30.0,
    linger_seconds_max=2.0, linger_bytes_max=1000, requests_in_flight_max=3, response_queue_bytes_max=1000,
    content_waiting_bytes_max=1000, events_waiting_bytes_max=1000,
)  # fmt: skip
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
EXPECTING = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")


class Told:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def started(self, load: object) -> None:
        """Of no interest here."""

    def connection_came(self, *, refused: bool) -> None:
        pass

    def connection_closed(self) -> None:
        pass

    def answered(self, record: Record) -> None:
        self.records.append(record)


class Layer(tls.TlsLayer):
    """A layer whose handshake is one octet each way, and whose records are what is in them. "!" is no record."""

    def __init__(self) -> None:
        self.shaken = self.peer_ended = self.is_broken = False
        self.output = b""

    @property
    def is_established(self) -> bool:
        return self.shaken

    def receive(self, ciphertext: bytes) -> bytes:
        if ciphertext == b"!":
            self.output = b"alert"
            raise tls.TlsFailure
        if not ciphertext:
            self.peer_ended = True
        elif not self.shaken and ciphertext.startswith(b"h"):
            self.shaken, self.output, ciphertext = True, b"H", ciphertext[1:]
        return ciphertext if self.shaken else b""

    def send(self, plaintext: bytes) -> None:
        if self.is_broken:
            raise tls.TlsFailure
        self.output += b"<%s>" % plaintext

    def close(self) -> None:
        self.output += b"bye"

    def take_output(self) -> bytes:
        output, self.output = self.output, b""
        return output


class Wired(Channel):
    """A channel that shows what its tests ask for."""

    @property
    def replies(self) -> queues.ReplyQueue[Reply]:
        return self._service.replies

    def take_event(self, event: Event) -> None:
        self._take_event(event)


class Make(Protocol):
    """Opens a channel at second 1000, and returns it with its peer."""

    def __call__(
        self,
        limits: Limits = LIMITS,
        *,
        handler: message.Handler = ...,
        admit: Callable[[RequestHead], message.Admission] | None = None,
        observer: Told | None = None,
        layer: tls.TlsLayer | None = None,
        sockets: Callable[[], tuple[socket.socket, socket.socket]] = ...,
    ) -> tuple[Wired, socket.socket]: ...


def unasked(request: message.Request) -> None:
    raise AssertionError("no handler is called here")


def connected() -> tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection, where a socket pair is too much alike at both."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        return listener.accept()[0], theirs


@contextlib.contextmanager
def channels() -> Generator[Make, None, None]:
    """Let channels be made, and close their sockets behind the block."""
    with contextlib.ExitStack() as open_now:
        bell = wakeup.Wakeup()
        open_now.callback(bell.close)

        def made(
            limits: Limits = LIMITS,
            *,
            handler: message.Handler = unasked,
            admit: Callable[[RequestHead], message.Admission] | None = None,
            observer: Told | None = None,
            layer: tls.TlsLayer | None = None,
            sockets: Callable[[], tuple[socket.socket, socket.socket]] = socket.socketpair,
        ) -> tuple[Wired, socket.socket]:
            ours, theirs = sockets()
            open_now.callback(ours.close)
            open_now.callback(theirs.close)
            ours.setblocking(False)
            theirs.settimeout(10)
            replies: queues.ReplyQueue[Reply] = queues.ReplyQueue(bell)
            service = Service(handler, replies, limits, admit, observer)
            return Wired(1, ours, service, 1000.0, layer=layer, peer="192.0.2.1"), theirs

        yield made


def phase(channel: Channel) -> Phase:
    """The phase now: a type checker believes that an attribute stays as it was asserted."""
    return channel.phase


def tasks_of(channel: Channel) -> list[HandlerTask]:
    return list(iter(channel.next_task, None))


def hear(channel: Channel, peer: socket.socket, data: bytes, now: float = 1000.0) -> list[HandlerTask]:
    """Let the channel hear what the peer says, and return the tasks that come of it."""
    peer.sendall(data)
    channel.read(now)
    return tasks_of(channel)


def hear_end(channel: Channel, peer: socket.socket) -> Phase:
    """Let the channel hear that the peer says no more."""
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    assert tasks_of(channel) == []
    return channel.phase


def answer(channel: Channel, task: HandlerTask, data: bytes, *, keeps: bool = True) -> None:
    """Answer as a worker that says all at once."""
    task.ticket.data.append(data)
    task.ticket.status, task.ticket.finished, task.ticket.keeps = 200, True, keeps
    channel.advance()


def collect(channel: Wired) -> None:
    """Give the channel what workers have said, as the I/O loop does."""
    for reply in channel.replies.take_all():
        ticket = reply.ticket
        if ticket.finished:
            if isinstance(reply.more, Receive):
                channel.closing.append(reply.more.receiver)
            continue
        if reply.data:
            ticket.data.append(reply.data)
        if reply.status:
            ticket.status, ticket.keeps = reply.status, ticket.keeps and reply.keeps
        ticket.finished = reply.finished
        if reply.more is not None:
            take_more(channel, ticket, reply.more)
        if channel.phase is not GONE:
            channel.advance()


def take_more(channel: Channel, ticket: Ticket, more: More) -> None:
    match more:
        case Parts():
            ticket.data += more.parts
        case Pull():
            ticket.stream = more.stream
        case Open():
            ticket.flow = more.flow
        case Cut():
            channel.break_off(ticket, 1000.0)
        case Receive():
            channel.wait_for_content(ticket, more.receiver)
        case _:
            raise AssertionError("no test of a channel asks for this")


def say(channel: Channel, task: HandlerTask, data: bytes, status: int = 0) -> None:
    """Say a part of an answer; `status` is with its head."""
    task.ticket.status = status or task.ticket.status
    task.ticket.data.append(data)
    channel.advance()


def end(channel: Channel, task: HandlerTask) -> None:
    """Say that an answer is whole, as a stream does: with nothing more."""
    task.ticket.finished = True
    channel.advance()


def open_answer(channel: Channel, task: HandlerTask) -> queues.Flow:
    """Begin an answer that others write."""
    task.ticket.flow = flow = queues.Flow(LIMITS.events_waiting_bytes_max, b"[end]")
    task.ticket.status = 200
    task.ticket.data.append(b"[head]")
    channel.advance()
    return flow


def all_that_comes(peer: socket.socket) -> bytes:
    return b"".join(iter(lambda: peer.recv(65536), b""))


def what_has_come(peer: socket.socket) -> bytes:
    """What is there now; nothing is waited for."""
    peer.setblocking(False)
    try:
        return peer.recv(1 << 20)
    except BlockingIOError:
        return b""
    finally:
        peer.settimeout(10)
