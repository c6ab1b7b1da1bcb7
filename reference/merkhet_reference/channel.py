"""One connection: its socket, its protocol object, and the answers that wait for their turn. Only the I/O thread.

Answers leave in the order of their requests: each request has a ticket, the tickets stand in a queue, and only the
first one's octets move to the outbox. [rfc9112-9.3.2-2b]
"""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator

from merkhet_reference import message, poller, tls
from merkhet_reference.deadlines import NEVER
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import connection, response
from merkhet_reference.http1.events import Content, EndOfMessage, PeerAborted, PeerClosed, Refused, RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.workers import Ticket

CONTINUE = response.encode_interim(100)
SAFE_METHODS = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))
"""RFC 9110, Section 9.2.1: methods that change nothing, so that their order among themselves does not matter."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of zero: closing the socket sends a reset and no FIN."""


class Phase(enum.Enum):
    """How far a channel's life has come; it only goes forward."""

    OPEN = enum.auto()
    """Requests are read and answered."""
    LAST = enum.auto()
    """The last answer is known: what is queued is sent, nothing more is read as a request."""
    LINGERING = enum.auto()
    """Everything is sent and FIN said; what still comes is thrown away (RFC 9112, Section 9.6)."""
    GONE = enum.auto()


class Dispatch:
    """A whole request on its way to a worker."""

    __slots__ = ("content", "head", "ticket", "trailers")

    def __init__(self, head: RequestHead, content: bytes, trailers: Fields, ticket: Ticket) -> None:
        self.head = head
        self.content = content
        self.trailers = trailers
        self.ticket = ticket


class Channel:
    """The state of one connection between the socket and the workers.

    `serial` names it, never its descriptor: a descriptor is reused while a worker still answers for the old connection.
    """

    __slots__ = (
        "_content", "_discarded", "_head", "_head_since", "_is_stuck", "_layer", "_limits", "_outbox", "_progress_at",
        "_protocol", "_ready", "abandoned", "descriptor", "interest", "phase", "serial", "sock", "tickets", "waits_for_worker",
    )  # fmt: skip

    def __init__(
        self, serial: int, sock: socket.socket, limits: Limits, now: float, layer: tls.TlsLayer | None = None
    ) -> None:
        self.serial = serial
        self.sock = sock
        self.descriptor = sock.fileno()
        self.phase = Phase.OPEN
        self.interest = poller.READ
        self.tickets: deque[Ticket] = deque()
        self.abandoned: list[Ticket] = []
        self.waits_for_worker = False
        self._limits = limits
        self._layer = layer
        self._protocol = connection.Connection(limits)
        self._outbox = bytearray()
        self._head: RequestHead | None = None
        self._content: list[bytes] = []
        self._ready: Dispatch | None = None
        self._head_since = now
        self._is_stuck = False
        self._progress_at = now
        self._discarded = 0

    # Reading

    def read(self, now: float) -> None:
        """Read once from the socket and hand on what came. The socket is readable."""
        try:
            data = self.sock.recv(self._limits.read_bytes_max)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.drop()
            return
        if self.phase is Phase.LINGERING:
            self._discard(data)  # no progress: else a peer that sends an octet now and then lingers for ever
            return
        self._progress_at = now
        self._take(data, now)

    def _take(self, data: bytes, now: float) -> None:
        began = self._protocol.in_head
        if self._layer is None:
            self._protocol.receive(data)
        else:
            self._take_ciphertext(self._layer, data)
        if self._protocol.in_head and not began:
            self._head_since = now

    def _take_ciphertext(self, layer: tls.TlsLayer, data: bytes) -> None:
        try:
            plaintext = layer.receive(data)
        except tls.TlsFailure:
            self._outbox += layer.take_output()
            self.flush(self._progress_at)
            self.drop()
            return
        self._outbox += layer.take_output()
        if plaintext:
            self._protocol.receive(plaintext)
        if layer.peer_ended:
            self._protocol.receive(b"")

    def _discard(self, data: bytes) -> None:
        """Throw away what comes after the last answer, so that closing does not reset what the peer has yet to read."""
        self._discarded += len(data)
        if not data or self._discarded > self._limits.linger_bytes_max:
            self.drop()

    def requests(self, has_room: Callable[[], bool]) -> Iterator[Dispatch]:
        """Yield each whole request that there is room for; answer what needs no handler.

        Stops where backpressure asks for it: tasks full, too many requests in flight, or answers that wait for the peer.
        """
        while self.phase is Phase.OPEN and has_room():
            if self._ready is None:
                if self.is_held_back():
                    return
                event = self._protocol.next_event()
                if event is None:
                    return
                if isinstance(event, EndOfMessage) and self._head is not None:
                    self._ready = self._dispatch(self._head, event)
                elif not isinstance(event, EndOfMessage):
                    self._take_event(event)
            ready = self._ready
            if ready is not None:
                if self._must_wait(ready.ticket):
                    return
                self._ready = None
                yield ready

    def _must_wait(self, ticket: Ticket) -> bool:
        """Tell whether a request must not run beside those before it.

        Pipelined requests run at the same time only if all of them are safe (RFC 9112, Section 9.3.2): a GET behind a
        PUT sees what the PUT did. [rfc9112-9.3.2-2a]
        """
        if len(self.tickets) == 1:
            return False
        return any(
            not (before.finished or (before.is_safe and ticket.is_safe))
            for before in self.tickets
            if before is not ticket
        )

    def is_held_back(self) -> bool:
        """Tell whether this peer has enough in flight: its requests wait, and its socket is not read."""
        if self._ready is not None:
            return True
        full = len(self._outbox) > self._limits.response_queue_bytes_max
        # A request whose content still comes is read to its end: nobody else would ever make room for it.
        return full or (self._head is None and len(self.tickets) >= self._limits.requests_in_flight_max)

    def wait_for_worker(self) -> bool:
        """Note that every worker is busy, and return whether that holds anything up here.

        Then nothing is parsed, so no more is read, and no time limit on reading runs.
        """
        self.waits_for_worker = self.phase is Phase.OPEN and (self.has_heard_all or self._protocol.buffered_bytes > 0)
        return self.waits_for_worker

    def go_on(self, now: float) -> None:
        """Note that there is room again; the peer's time begins anew, since it was this server that did not read."""
        if self.waits_for_worker:
            self.waits_for_worker = False
            self._progress_at = self._head_since = now

    def _take_event(self, event: RequestHead | Content | Refused | PeerClosed | PeerAborted) -> None:
        if isinstance(event, RequestHead):
            self._head = event
            self.tickets.append(Ticket(self.serial, [], keeps=event.persistent, is_safe=event.method in SAFE_METHODS))
            self._invite_content(event)
        elif isinstance(event, Content):
            self._content.append(event.data)
        elif isinstance(event, Refused):
            self.answer_last(event.status, event.why, asks_head=event.asks_head)  # [rfc9112-2.2-10]
        elif isinstance(event, PeerAborted):
            # Incomplete, so no handler sees it. The peer may still read why.
            self.answer_last(400, "the message is incomplete")
        else:
            self.finish()

    def _invite_content(self, head: RequestHead) -> None:
        """Say 100 to a client that waits with its content, unless some has come already (RFC 9110, Section 10.1.1)."""
        if head.expects_continue and not self._protocol.buffered_bytes:
            self.tickets[-1].data.append(CONTINUE)
            self.advance()

    def _dispatch(self, head: RequestHead, end: EndOfMessage) -> Dispatch:
        content = b"".join(self._content)
        dispatch = Dispatch(head, content, end.trailers, self.tickets[-1])
        self._head = None
        self._content.clear()
        return dispatch

    # Answering

    def answer_last(self, status: int, why: str, *, asks_head: bool = False) -> None:
        """Queue an answer of the server's own behind those before it, and end the connection after it.

        A request whose content has not all come has its place in the queue already.
        """
        content = b"%s\n" % why.encode("ascii")
        head = response.encode_head(
            status,
            ((b"Content-Type", b"text/plain"),),
            date=message.DATE.now(),
            body=response.Body.LENGTH,
            length=len(content),
            connection=b"close",
        )
        if self._head is None:
            self.tickets.append(Ticket(self.serial, []))
        last = self.tickets[-1]
        # What answers HEAD has no content, a refusal no less than a success. [rfc9112-6.3-a1]
        asks_head = asks_head or (self._head is not None and self._head.method == b"HEAD")
        last.data.append(head if asks_head else head + content)
        last.finished, last.keeps = True, False
        self._head = None
        self.advance()

    def finish(self) -> None:
        """Read no more requests; end the connection when what is in flight is answered."""
        if self._head is not None:
            self._head = None
            self.tickets.pop()
        if self._ready is not None:
            self._ready = None
            self.tickets.pop()
        self._no_more_requests()
        self.advance()

    def _no_more_requests(self) -> None:
        if self.phase is Phase.OPEN:
            self.phase = Phase.LAST

    def advance(self) -> None:
        """Move to the outbox what may leave: the first ticket's octets, and the next ones' once it is finished."""
        while self.tickets:
            ticket = self.tickets[0]
            for data in ticket.data:
                self._send(data)
            ticket.data.clear()
            if not ticket.finished:
                return
            self.tickets.popleft()
            if not ticket.keeps:
                # Whatever is queued behind it will never be sent. [rfc9112-9.6-6]
                self.abandoned += self.tickets
                self.tickets.clear()
                self._head = self._ready = None
                self._no_more_requests()
                return

    def _send(self, data: bytes) -> None:
        if self._layer is None:
            self._outbox += data
            return
        try:
            self._layer.send(data)
        except tls.TlsFailure:
            self.drop()
            return
        self._outbox += self._layer.take_output()

    def wants_piece(self) -> Ticket | None:
        """Return the ticket whose stream may be pulled: it is the first, nothing of it waits, and the peer has room."""
        if not self.tickets or len(self._outbox) > self._limits.response_queue_bytes_max:
            return None
        ticket = self.tickets[0]
        return ticket if ticket.stream is not None else None

    # Writing

    def flush(self, now: float) -> None:
        """Send what the socket takes; after the last answer say FIN."""
        if self._outbox and not self._is_stuck:
            self._progress_at = now  # what is queued from here on has its own time to be read in
        self._write(now)
        self._is_stuck = bool(self._outbox)
        if self.phase is Phase.LAST and not self._outbox and not self.tickets:
            self._say_end()

    def _write(self, now: float) -> None:
        while self._outbox:
            try:
                sent = self.sock.send(self._outbox)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.drop()
                return
            del self._outbox[:sent]
            self._progress_at = now

    def _say_end(self) -> None:
        """Section 9.6: close in stages: FIN first, then read until the peer's own, then close."""
        self.phase = Phase.LINGERING
        if self._layer is not None:
            self._layer.close()
            self._outbox += self._layer.take_output()
        try:
            if self._outbox:
                self.sock.send(self._outbox)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop()
            return
        self._outbox.clear()
        if self._protocol.ended:
            self.drop()

    def cut(self, now: float) -> None:
        """End the connection inside an answer whose head has left, so that the client sees it incomplete.

        Where the content has a length or chunks, what has come is short of it. Where it ends with the connection, FIN
        would make it look whole: only a reset does not.
        """
        ends_with_connection = bool(self.tickets) and not self.tickets[0].keeps
        self._write(now)
        if ends_with_connection and self.sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.drop()

    def drop(self) -> None:
        """Give the connection up; the I/O loop closes its socket in this turn, and throws away what is in flight."""
        self.phase = Phase.GONE
        self._outbox.clear()

    # Waiting

    @property
    def has_heard_all(self) -> bool:
        """Whether the peer has said that it sends no more."""
        return self._protocol.ended

    def wanted_interest(self) -> int:
        """Return what the poller should watch for."""
        if self.phase is Phase.LINGERING:
            return poller.READ
        reads = self.phase is Phase.OPEN and not (self.has_heard_all or self.waits_for_worker or self.is_held_back())
        return (poller.READ if reads else 0) | (poller.WRITE if self._outbox else 0)

    def deadline(self) -> float:
        """Return when this channel has waited too long, on the caller's clock."""
        limits = self._limits
        if self.phase is Phase.LINGERING:
            return self._progress_at + limits.linger_seconds_max
        if self._outbox:
            return self._progress_at + limits.send_seconds_max
        if self.waits_for_worker:
            return NEVER
        if self._head is not None:
            return self._progress_at + limits.content_seconds_max
        if self.tickets:
            return NEVER
        if self._protocol.in_head or (self._layer is not None and not self._layer.is_established):
            return self._head_since + limits.head_seconds_max
        return self._progress_at + limits.idle_seconds_max

    def overdue(self) -> None:
        """Act on a deadline that has passed: 408 inside a message, an end between two, a cut where the peer is stuck."""
        if self.phase is Phase.LINGERING or self._outbox:
            self.drop()
        elif self._head is not None or self._protocol.in_head:
            self.answer_last(408, "the message took too long to come")
            self._no_more_requests()  # answers before it may be missing still, and the rest of it may come
        else:
            self.finish()  # [rfc9112-9.5-1]
