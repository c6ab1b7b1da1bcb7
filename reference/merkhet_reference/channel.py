"""One connection: its socket, its protocol object, and the answers that wait for their turn. Only the I/O thread.

Answers leave in the order of their requests: each request has a ticket, the tickets stand in a queue, and only the
first one's octets move to the outbox. [rfc9112-9.3.2-2b]
"""

from __future__ import annotations

import socket

from merkhet_reference import message, poller, tls
from merkhet_reference.deadlines import NEVER
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import connection, response
from merkhet_reference.http1.events import Content, EndOfMessage, Event, PeerAborted, Refused, RequestHead
from merkhet_reference.http1.framing import NO_CONTENT
from merkhet_reference.observer import Record
from merkhet_reference.outgoing import LINGERING, OPEN, Outgoing
from merkhet_reference.replies import Receiver, Service, Ticket, Upload
from merkhet_reference.tasks import HandlerTask
from merkhet_reference.websocket import handshake

CONTINUE = response.encode_interim(100)
SAFE_METHODS = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))
"""RFC 9110, Section 9.2.1: methods that change nothing, so that their order among themselves does not matter."""
NO_FIELDS = Fields()


class Channel(Outgoing):
    """The state of one connection between the socket and the workers, for as long as it speaks HTTP."""

    __slots__ = (
        "_admission", "_content", "_head", "_head_since", "_in_flight_max", "_protocol", "_ready", "_service",
        "stopped_early", "uploading", "waits_for_worker",
    )  # fmt: skip

    def __init__(
        self,
        serial: int,
        sock: socket.socket,
        service: Service,
        now: float,
        *,
        layer: tls.TlsLayer | None = None,
        peer: str = "",
    ) -> None:
        super().__init__(serial, sock, service, now, layer=layer, peer=peer)
        self.uploading: Ticket | None = None
        self.waits_for_worker = False
        self.stopped_early = False
        self._service = service
        asked = self._content_bytes_max if service.admit else None
        self._protocol = connection.Connection(service.limits, asked, is_secure=layer is not None)
        self._admission = message.Admission()
        self._head: RequestHead | None = None
        self._content: list[bytes] = []
        self._ready: HandlerTask | None = None
        self._head_since = now
        self._in_flight_max = service.limits.requests_in_flight_max

    # Reading

    def _take(self, data: bytes, now: float) -> None:
        if not self._protocol.in_head:
            self._head_since = now  # if a head begins, it begins now
        self._protocol.receive(data)
        if not data and self.is_left:
            self.drop()

    def next_task(self) -> HandlerTask | None:
        """Return the next request that a handler may have; answer what needs no handler.

        None when more octets are needed, or where backpressure asks for it: too many requests in flight, or answers
        that wait for the peer, or content that waits for its handler. In that case `stopped_early` tells so.
        """
        while self.phase is OPEN:
            self.stopped_early = self.is_held_back()
            if self.stopped_early:
                return None if self._ready is None else self._release(self._ready)
            if (event := self._protocol.next_event()) is None:
                return None
            self._take_event(event)
        return None

    def settles_itself(self) -> bool:
        """Tell whether there is nothing to send, to hand on or to change: so it is behind a request that is dispatched."""
        return (
            not self._outbox.waiting_bytes
            and self._head is None
            and self._ready is None
            and self.interest == poller.READ
            and self.phase is OPEN
            and not (self.waits_for_worker or self.stopped_early or self._protocol.ended)
            and (
                not self.tickets
                or (len(self.tickets) == 1 and self.tickets[0].stream is None and self.tickets[0].flow is None)
            )
            and not self.closing
            and self.uploading is None
        )

    def _release(self, ready: HandlerTask) -> HandlerTask | None:
        if len(self.tickets) > 1 and self._must_wait(ready.ticket):
            return None
        if ready.ticket.upload is not None:
            self.uploading = ready.ticket
        self._ready = None
        return ready

    def _must_wait(self, ticket: Ticket) -> bool:
        """Tell whether a request must not run beside those before it.

        Pipelined requests run at the same time only if all of them are safe (RFC 9112, Section 9.3.2): a GET behind a
        PUT sees what the PUT did. [rfc9112-9.3.2-2a] What may make another protocol of the connection waits until nothing
        of this one is left to be said before it.
        """
        return ticket.may_switch or any(
            not (before.finished or (before.is_safe and ticket.is_safe and ticket.upload is None))
            for before in self.tickets
            if before is not ticket
        )

    def is_held_back(self) -> bool:
        """Tell whether this peer has enough in flight: its requests wait, and its socket is not read."""
        if self._ready is not None:
            return True
        if self._outbox.waiting_bytes > self._limits.response_queue_bytes_max:
            return True
        if self._head is None:
            return len(self.tickets) >= self._in_flight_max
        # Content that is collected is read to its end: nobody else would ever make room for it.
        upload = self.tickets[-1].upload
        return upload is not None and upload.waiting_bytes > self._limits.content_waiting_bytes_max

    def wait_for_worker(self) -> bool:
        """Note that every worker is busy, and return whether that stops parsing here, reading and its time limits."""
        holds = self._ready is not None or self.has_heard_all or self._protocol.buffered_bytes > 0
        self.waits_for_worker = self.phase is OPEN and holds
        return self.waits_for_worker

    def go_on(self, now: float) -> None:
        """Note that there is room again; the peer's time begins anew, since it was this server that did not read."""
        self.waits_for_worker = False
        self._progress_at = self._head_since = now

    def _content_bytes_max(self, head: RequestHead) -> int:
        """Ask the application what it takes of this request's content (RFC 9110, Section 10.1.1: before saying 100)."""
        admit = self._service.admit
        self._admission = admit(head) if admit is not None else message.Admission()
        return self._admission.bytes_max(self._limits)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, RequestHead):
            self._begin_request(event)
        elif isinstance(event, EndOfMessage):
            self._end_request(event)
        elif isinstance(event, Content):
            self._take_content(event)
        elif isinstance(event, Refused):
            self.answer_last(event.status, event.why, asks_head=event.asks_head)  # [rfc9112-2.2-10]
        elif isinstance(event, PeerAborted):
            # Incomplete, so no handler sees it whole. The peer may still read why.
            self.answer_last(400, "the message is incomplete")
        else:
            self.finish()

    def _begin_request(self, event: RequestHead) -> None:
        ticket = Ticket(self.serial, keeps=event.persistent, is_safe=event.method in SAFE_METHODS)
        if self._service.observer is not None:
            ticket.record = Record(event, self.peer, self._head_since)
        self._head_since = self._progress_at  # what follows in the same segment is the next head
        self.tickets.append(ticket)
        self._head = event
        if b"upgrade" in event.fields.by_name and handshake.asks_to_upgrade(event):
            # Choice: such a connection has one request at a time from here on, also where this one is refused.
            ticket.may_switch, self._in_flight_max = True, 1
        if event.framing is not NO_CONTENT or event.expects_continue:
            self._prepare_for_content(event, ticket)

    def _prepare_for_content(self, head: RequestHead, ticket: Ticket) -> None:
        admission, self._admission = self._admission, message.Admission()
        if admission.streams:
            ticket.upload = Upload()
            self._ready = HandlerTask(head, b"", NO_FIELDS, ticket, self._service, takes_pieces=True)
        else:
            self._invite_content(head)

    def _invite_content(self, head: RequestHead) -> None:
        """Say 100 to a client that waits with its content, unless some has come already (RFC 9110, Section 10.1.1)."""
        if head.expects_continue and not self._protocol.buffered_bytes:  # [rfc9110-10.1.1-8] [rfc9110-7.8-12]
            self.tickets[-1].data.append(CONTINUE)  # [rfc9110-10.1.1-11] [rfc9110-10.1.1-12]
            self.advance()

    def _take_content(self, event: Content) -> None:
        ticket = self.tickets[-1]
        if ticket.record is not None:
            ticket.record.received_bytes += len(event.data)
        if ticket.upload is None:
            self._content.append(event.data)
        else:
            ticket.upload.pieces.append(event.data)
            ticket.upload.waiting_bytes += len(event.data)

    def _end_request(self, event: EndOfMessage) -> None:
        head, self._head = self._head, None
        if head is None:
            return  # it was refused or given up inside its content
        ticket = self.tickets[-1]
        if ticket.upload is not None:
            ticket.upload.trailers = event.trailers
            return
        content = b"".join(self._content)
        self._content.clear()
        self._ready = HandlerTask(head, content, event.trailers, ticket, self._service)  # [rfc9110-10.1.1-9]

    def wait_for_content(self, ticket: Ticket, receiver: Receiver) -> None:
        """Note that a handler waits for content; it has seen the head and refused nothing, so the client may send it."""
        upload = ticket.upload
        if upload is None:  # it was given up meanwhile
            self.closing.append(receiver)
            return
        upload.receiver = receiver
        is_first, upload.invited = not upload.invited, True
        if is_first and self._head is not None and not (upload.pieces or upload.trailers is not None or ticket.status):
            self._invite_content(self._head)

    def take_receiver(self) -> Receiver | None:
        """Return the task of the handler whose content has come, for a worker; None while there is nothing to do."""
        ticket = self.uploading
        if ticket is None or ticket.upload is None:
            self.uploading = None
            return None
        upload = ticket.upload
        if upload.receiver is None or not upload.is_due:
            return None
        receiver, upload.receiver = upload.receiver, None
        receiver.take(upload.pieces, upload.trailers)
        upload.pieces, upload.waiting_bytes = [], 0
        if upload.trailers is not None:
            self.uploading = None
        return receiver

    # Answering

    def answer_last(self, status: int, why: str, *, asks_head: bool = False) -> None:
        """Queue an answer of the server's own behind those before it, and end the connection after it.

        A request whose content has not all come has its place in the queue already.
        """
        content = b"%s\n" % why.encode("ascii")
        head = response.encode_head(
            status,
            b"Content-Type: text/plain\r\n",
            date=message.DATE.now(),
            body=response.Body.LENGTH,
            length=len(content),
            connection=b"close",
        )
        if self._head is None:
            self.tickets.append(Ticket(self.serial))
            if self._service.observer is not None:
                self.tickets[-1].record = Record(None, self.peer, self._head_since)
        last = self.tickets[-1]
        if last.status and not last.finished:
            self.cut(self._progress_at)  # its handler has begun an answer before it had the whole request
            return
        if not last.finished:  # else its handler has answered already, and that answer waits for those before it
            # What answers HEAD has no content, a refusal no less than a success. [rfc9112-6.3-a1]
            asks_head = asks_head or (self._head is not None and self._head.method == b"HEAD")
            last.data.append(head if asks_head else head + content)
            last.status, last.finished = status, True
        last.keeps = False
        self._give_up_content(last)
        self._head = None
        self.advance()

    def hand_over(self) -> bytes:
        """Return what came behind the last request, which is no HTTP; this channel reads no more."""
        self._protocol.release()
        return self._protocol.hand_over()

    def abandon_all(self) -> None:
        """Give up everything that is in flight. The connection is gone."""
        super().abandon_all()
        self._protocol.release()

    def finish(self) -> None:
        """Read no more requests; end the connection when what is in flight is answered."""
        if self._head is not None or self._ready is not None:
            self._abandon(self.tickets.pop())
        self._no_more_requests()
        self.advance()

    def stop(self) -> None:
        """End gracefully: what is in flight is answered with the close option, what no handler has yet is told 503."""
        for ticket in self.tickets:
            self.end_open(ticket)
        if self._ready is not None:
            self._head, self._ready = self._ready.head, None
        if self._head is not None or (self.phase is OPEN and self._protocol.in_head):
            self.answer_last(503, "this server is shutting down")
            self._no_more_requests()
        else:
            if self.tickets:
                self.tickets[-1].keeps = False
            self.finish()

    def _no_more_requests(self) -> None:
        super()._no_more_requests()
        self._head = self._ready = None

    # Waiting

    @property
    def has_heard_all(self) -> bool:
        """Whether the peer has said that it sends no more."""
        return self._protocol.ended

    def wanted_interest(self) -> int:
        """Return what the poller should watch for."""
        if self.phase is LINGERING:
            return poller.READ
        reads = self.phase is OPEN and not (self.waits_for_worker or self._protocol.ended or self.is_held_back())
        # A handshake goes on even where the only answer is known: without it that could not be read.
        reads = reads or (self._layer is not None and not self._layer.is_established)
        return (poller.READ if reads else 0) | (poller.WRITE if self._outbox.can_send else 0)

    def deadline(self) -> float:
        """Return when this channel has waited too long, on the caller's clock."""
        limits = self._limits
        if self.phase is LINGERING:
            return self._progress_at + limits.linger_seconds_max
        if self._layer is not None and not self._layer.is_established:
            return self._head_since + limits.head_seconds_max  # a handshake has this time, whatever waits for its end
        if self._outbox.waiting_bytes:
            return self._progress_at + limits.send_seconds_max
        if self.waits_for_worker:
            return NEVER
        if self._head is not None:
            return self._content_deadline()
        if self.tickets:
            flow = self.tickets[0].flow
            return NEVER if flow is None else self._progress_at + flow.heartbeat_seconds
        if self._protocol.in_head:
            return self._head_since + limits.head_seconds_max
        return self._progress_at + limits.idle_seconds_max

    def _content_deadline(self) -> float:
        """While a handler has yet to take what came, it is not the peer that is slow."""
        upload = self.tickets[-1].upload
        if upload is not None and upload.receiver is None:
            return NEVER
        return self._progress_at + self._limits.content_seconds_max

    def overdue(self, now: float) -> None:
        """Act on a deadline that has passed: 408 inside a message, an end between two, a cut where the peer is stuck."""
        if self.phase is LINGERING or self._outbox.waiting_bytes:
            self.give_up()
        elif self._head is not None or (self._protocol.in_head and not self.tickets):
            self.answer_last(408, "the message took too long to come")
            self._no_more_requests()  # answers before it may be missing still, and the rest of it may come
        elif self.tickets and self.tickets[0].flow is not None:
            self._outbox.put(self.tickets[0].flow.heartbeat)
            self._progress_at = now
        else:
            self.finish()  # [rfc9112-9.5-1]
