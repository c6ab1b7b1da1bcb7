"""The answers of one HTTP connection: in the order of their requests, then the end. Only the I/O thread."""

from __future__ import annotations

import socket
from collections import deque

from merkhet_reference import replies, tls
from merkhet_reference.line import GONE as GONE
from merkhet_reference.line import LAST as LAST
from merkhet_reference.line import LINGERING as LINGERING
from merkhet_reference.line import OPEN as OPEN
from merkhet_reference.line import Line
from merkhet_reference.line import Phase as Phase
from merkhet_reference.replies import Service, Ticket


class Outgoing(Line):
    """Tickets: what a Channel is apart from reading."""

    __slots__ = ("closing", "tickets")

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
        super().__init__(serial, sock, service.limits, now, observer=service.observer, layer=layer, peer=peer)
        self.tickets: deque[Ticket] = deque()
        self.closing: list[object] = []

    # Order

    def advance(self) -> None:
        """Move to the outbox what may leave: the first ticket's octets, and the next ones' once it is finished."""
        while self.tickets:
            ticket = self.tickets[0]
            if ticket.data:
                self._move(ticket)
            if not ticket.finished or ticket.data:
                return
            self.tickets.popleft()
            if ticket.record is not None:
                self._note_end(ticket.record)
            if ticket.upload is not None:
                self._give_up_content(ticket)  # it may have been answered before it was all there, or taken
            if not ticket.keeps:
                # Whatever is queued behind it will never be sent. [rfc9112-9.6-6]
                while self.tickets:
                    self._abandon(self.tickets.popleft())
                self._no_more_requests()
                return

    def _no_more_requests(self) -> None:
        if self.phase is OPEN:
            self.phase = LAST

    def end_open(self, ticket: Ticket) -> None:
        """End an answer that somebody still writes, if it is whole as far as it has come; the connection ends with it."""
        if ticket.flow is not None and ticket.flow.ends_anywhere and ticket.flow.close():
            ticket.data.append(ticket.flow.ending)
            ticket.finished, ticket.keeps = True, False

    def _abandon(self, ticket: Ticket) -> None:
        """Give up what was never answered, or not to the end. What an application has in it waits in `closing`."""
        replies.close_parts(ticket.data)
        ticket.data.clear()
        ticket.finished = True  # what a worker still says of it goes nowhere
        if ticket.flow is not None:
            ticket.flow.close()
        if ticket.stream is not None:
            self.closing.append(ticket.stream)
        self._give_up_content(ticket)
        if ticket.record is not None:
            ticket.record.end_byte = self._outbox.put_bytes
            self._tell(ticket.record, self._progress_at, complete=False)

    def _give_up_content(self, ticket: Ticket) -> None:
        """Let the handler that takes this ticket's content know that no more will come; a worker may have it just now."""
        if ticket.upload is not None and ticket.upload.receiver is not None:
            self.closing.append(ticket.upload.receiver)
        ticket.upload = None

    def _move(self, ticket: Ticket) -> None:
        """Move a ticket's octets; of an answer that is still written only as many as the peer has room for."""
        if ticket.record is not None and not ticket.record.status:
            ticket.record.status, ticket.record.first_byte = ticket.status, self._outbox.put_bytes
        if ticket.flow is not None:
            self._move_open(ticket)
            return
        while ticket.data:
            self._outbox.put(ticket.data.popleft())

    def _move_open(self, ticket: Ticket) -> None:
        before = self._outbox.put_bytes
        while ticket.data and self._outbox.waiting_bytes <= self._limits.response_queue_bytes_max:
            self._outbox.put(ticket.data.popleft())
        moved = self._outbox.put_bytes - before
        if ticket.flow is not None and moved:
            ticket.flow.took(moved)

    def wants_piece(self) -> Ticket | None:
        """Return the ticket whose stream may be pulled: it is the first, nothing of it waits, and the peer has room."""
        if not self.tickets or self.tickets[0].stream is None:
            return None
        if self._outbox.waiting_bytes > self._limits.response_queue_bytes_max:
            return None
        return self.tickets[0]

    # Sending

    def flush(self, now: float, file_bytes_max: int = 0) -> None:
        """Send what the socket takes, of files this many octets or a piece; after the last answer say FIN."""
        if self._outbox.waiting_bytes:
            self._write(now, file_bytes_max)
        while self.tickets and self.tickets[0].data and not self._is_stuck and self.phase is not GONE:
            self.advance()  # what an open answer has kept back, now that there is room for it
            self._write(now)
        if self.phase is LAST and not self._outbox.waiting_bytes and not self.tickets:
            self._say_end()

    @property
    def is_left(self) -> bool:
        """Whether somebody still writes an answer, and the peer has said that it sends no more: before that, or after.

        # Choice: an answer without an end is over when its client has said that it is done, though it may still read:
        nothing else would tell a client that has gone from one that is silent.
        """
        return self.has_heard_all and any(ticket.flow is not None and not ticket.finished for ticket in self.tickets)

    def break_off(self, ticket: Ticket, now: float) -> None:
        """End the connection inside an answer that cannot be completed, or in its place if nothing of it has left."""
        if ticket is self.tickets[0]:
            self.cut(now)
            return
        ticket.data.clear()
        ticket.keeps = False
        if ticket.flow is not None:
            ticket.flow.close()

    def cut(self, now: float) -> None:
        """End the connection inside an answer whose head has left, so that the client sees it incomplete.

        Where the content has a length or chunks, what has come is short of it. Where it ends with the connection, FIN
        would make it look whole: only a reset does not.
        """
        ends_with_connection = bool(self.tickets) and not self.tickets[0].keeps
        self._write(now)
        if ends_with_connection:
            self._reset_on_close()
        self.drop()

    def give_up(self) -> None:
        """Drop the connection for want of time. Where an answer has begun, its client must see that there was more of it.

        A reset frees what the system holds for a peer that does not read, too, for which FIN would wait for minutes.
        """
        if self._outbox.waiting_bytes or (self.tickets and self.tickets[0].status):
            self._reset_on_close()
        self.drop()

    def abandon_all(self) -> None:
        """Give up everything that is in flight. The connection is gone."""
        super().abandon_all()
        while self.tickets:
            self._abandon(self.tickets.popleft())
