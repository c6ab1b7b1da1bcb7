"""One WebSocket's connection: octets to events for its handler, and what is said to the outbox. Only the I/O thread.

The handler's messages wait in the session's outlet and move on as the client reads. Pings are answered here, whatever the
workers do. A Close of ours goes out behind all that was said before it; the client's own is answered when the handler is
done with the messages that came before it, within `websocket_close_seconds_max`.
"""

from __future__ import annotations

from dataclasses import dataclass

from merkhet_reference import poller
from merkhet_reference.deadlines import NEVER
from merkhet_reference.line import GONE, LAST, LINGERING, OPEN, Line
from merkhet_reference.observer import Record
from merkhet_reference.replies import Service, Ticket
from merkhet_reference.session import DOES_NOT_READ, LastWord, Session
from merkhet_reference.websocket import close, connection, events, frames

EVENTS_MAX = 1024
"""Events of one client in one turn: a segment of Pings must not keep the others waiting."""

UNUSED = LastWord(close.GOING_AWAY, "nothing was said for too long")
SHUTDOWN = LastWord(close.GOING_AWAY, "this server is shutting down")


@dataclass(frozen=True, slots=True)
class Ending:
    """How the client's side has ended: what the handler is told, and the Close to answer with, if it is known already."""

    code: int
    reason: str = ""
    error: str = ""
    answer: bytes = b""


class WebSocketChannel(Line):
    """The state of one connection behind its handshake. `session` is what other threads know of it."""

    __slots__ = (
        "_ending", "_heard_at", "_message_at", "_parting", "_pinged_at", "_protocol", "_record", "_traffic",
        "closing_at", "session", "stopped_early",
    )  # fmt: skip

    def __init__(self, before: Line, service: Service, session: Session, now: float) -> None:
        super().__init__(before.serial, before.sock, service.limits, now, observer=service.observer)
        self.take_over(before)
        self.session = session
        session.serial = self.serial
        self.stopped_early = False
        self._protocol = connection.Connection(service.limits, session.agreed)
        self._traffic = service.traffic
        self._traffic.opened += 1
        self._record: Record | None = None
        self._ending: Ending | None = None
        self._parting: LastWord | None = None
        self.closing_at: float | None = None
        self._pinged_at: float | None = None
        self._heard_at = self._message_at = now

    def begin(self, ticket: Ticket, came: bytes, now: float, *, ended: bool) -> None:
        """Send the 101, and take what the client has sent behind its request already."""
        self._record = ticket.record
        if self._record is not None:
            self._record.status, self._record.first_byte = ticket.status, self._outbox.put_bytes
        while ticket.data:
            self._outbox.put(ticket.data.popleft())
        ticket.finished = True  # what its handler still says of the request goes nowhere
        if came:
            self._take(came, now)
        if ended:
            self._take(b"", now)
        self.advance(now)  # its handler may have said something already

    # Reading

    def _take(self, data: bytes, now: float) -> None:
        if data:
            self._heard_at, self._pinged_at = now, None
        self._protocol.receive(data)
        self._understand(now)

    def _understand(self, now: float) -> None:
        """Give what came to the handler, as far as there is room for it; answer what needs no handler."""
        session, next_event = self.session, self._protocol.next_event
        for _ in range(EVENTS_MAX):
            if (event := next_event()) is None:
                self.stopped_early = False
                return
            if isinstance(event, events.Message):
                self._traffic.received += 1
                self._message_at = now
                session.came_bytes += len(event.data)
                session.events.append(event)
            else:
                self._take_event(event, now)
            if self.is_held_back():
                self.stopped_early = True
                return
        self.stopped_early = True
        session.announce()

    def is_held_back(self) -> bool:
        """Tell whether this client's messages or our answers to its Pings wait: then its socket is not read."""
        session, limits = self.session, self._limits
        if self._outbox.waiting_bytes > limits.response_queue_bytes_max:
            return True
        return self._protocol.state is connection.OPEN and (  # else what comes is thrown away
            len(session.events) >= limits.websocket_waiting_messages_max
            or session.came_bytes - session.taken_bytes >= limits.websocket_waiting_bytes_max
            or self._parting is not None
        )

    def _take_event(self, event: events.Event, now: float) -> None:
        if isinstance(event, events.Ping):
            self._outbox.put(frames.encode_pong(event.data))  # [rfc6455-5.5.2-2] [rfc6455-5.5.2-3] [rfc6455-5.5.3-1]
        elif isinstance(event, events.PeerClosing):
            self._take_end(Ending(event.code, event.reason), now)
        elif isinstance(event, events.Failed):
            self._take_end(Ending(event.code, event.why, event.why, event.answer), now)
        elif isinstance(event, events.PeerGone):
            self._take_end(Ending(close.ABNORMAL), now)

    def _take_end(self, ending: Ending, now: float) -> None:
        """The client has closed, has broken a rule, or has gone: no more comes."""
        self._ending = ending
        self.session.is_left = True
        if self.closing_at is None:
            self.closing_at = now
        self.session.announce()

    @property
    def has_heard_all(self) -> bool:
        """Whether the client has said that it sends no more."""
        return self._protocol.ended

    # Sending

    def advance(self, now: float) -> None:
        """Go on with what was held up: what was said, what came, and the end."""
        if self.phase is not OPEN:
            return
        self._move(now)
        if self.stopped_early and not self.is_held_back():
            self._heard_at, self._pinged_at = now, None  # it was this server that did not read
            self._understand(now)
        if self._parting is not None and self.session.is_quiet:
            self._part(self._parting)
        last = self.session.outlet.last
        if last is not None or self._ending is not None:
            self._go_on_ending(last, now)

    def _move(self, now: float) -> None:
        """Move to the outbox what was said, as far as the client has room."""
        outbox, said = self._outbox, self.session.outlet
        bytes_max = self._limits.response_queue_bytes_max
        while outbox.waiting_bytes <= bytes_max and (frame := said.take()) is not None:
            outbox.put(frame)
            if not frame[0] & frames.CONTROL:
                self._traffic.sent += 1
                self._message_at = now

    def _go_on_ending(self, last: LastWord | None, now: float) -> None:
        """Say our Close behind all else, or answer the client's once the handler has said all that it will."""
        if last is not None and last.code == close.ABNORMAL:
            self._fail(Ending(last.code, "", last.reason))
            return
        if self.session.outlet:
            return
        if last is not None and self._protocol.state in connection.SPEAKS:
            self._outbox.put(self._protocol.close(last.code, last.reason))
            self.closing_at = now
            if self.stopped_early:
                self.session.announce()  # its Close is waited for, so what came before that is read and thrown away
        if self._ending is not None and (last is not None or self.session.is_quiet):
            self._conclude(self._ending)

    def _conclude(self, ending: Ending) -> None:
        """Say the last that there is to be said; FIN follows it (Section 7.1.1)."""
        answer = ending.answer
        if self._protocol.state in connection.SPEAKS:
            answer = self._protocol.close(connection.answer_to(ending.code))  # [rfc6455-5.5.1-6] [rfc6455-5.5.1-7a]
        self._outbox.put(answer)
        self.phase = LAST  # [rfc6455-5.5.1-8] [rfc6455-5.5.1-9] [rfc6455-7.1.1-5] [rfc6455-7.1.2-2]
        self.session.end(ending.code, ending.reason, ending.error)
        if self._record is not None and ending.code != close.ABNORMAL:
            record, self._record = self._record, None
            self._note_end(record)

    def _fail(self, ending: Ending) -> None:
        """End at once."""
        self.session.end(ending.code, ending.reason, ending.error)
        self.give_up()

    def flush(self, now: float) -> None:
        """Send what the socket takes, and what was kept back for want of room; after the last of it say FIN."""
        if self._outbox.waiting_bytes:
            self._write(now)
        if self.phase is OPEN and not self._is_stuck and (self.session.outlet or self.stopped_early):
            self.advance(now)
            if self.phase is not GONE:
                self._write(now)
            if self._can_go_on():
                self.session.announce()  # others wait for their turn, and nothing else would tell that this can
        if self.phase is LAST and not self._outbox.waiting_bytes:
            self._say_end()

    def _can_go_on(self) -> bool:
        return (
            self.session.is_due
            or (bool(self.session.outlet) and not self._is_stuck)
            or (self.stopped_early and not self.is_held_back())
        )

    def give_up(self) -> None:
        """Drop the connection for want of time. A reset frees what the system holds for a client that does not read."""
        if self._outbox.waiting_bytes:
            self._reset_on_close()
        self.drop()

    def stop(self, now: float) -> None:
        """End gracefully: read no more messages, and say 1001 when those that came are handled."""
        if self.phase is OPEN and self.closing_at is None:
            self._parting, self.closing_at, self.stopped_early = SHUTDOWN, now, True
            self.session.announce()

    def _part(self, word: LastWord) -> None:
        """Let this be the last that is said. From here on messages are read again, and thrown away."""
        self._parting = None
        self.session.outlet.end(word)
        self.session.announce()

    def abandon_all(self) -> None:
        """Give up everything that is in flight. The connection is gone."""
        self._traffic.closed += 1
        if self._record is not None:
            self._record.end_byte = self._outbox.put_bytes
            self._records.append(self._record)
        super().abandon_all()
        ending = self._ending or Ending(close.ABNORMAL)
        self.session.serial = 0
        self.session.end(ending.code, ending.reason, ending.error)

    # For the I/O loop

    def settles_itself(self) -> bool:
        """Tell whether there is nothing to send or to change: so it is behind a message that waits for its handler."""
        return (
            not self._outbox.waiting_bytes
            and self.interest == poller.READ
            and self.phase is OPEN
            and self._ending is None
            and not self.stopped_early
            and not self.session.outlet
        )

    def wanted_interest(self) -> int:
        """Return what the poller should watch for."""
        if self.phase is LINGERING:
            return poller.READ
        reads = self.phase is OPEN and self._ending is None and not self.stopped_early
        return (poller.READ if reads else 0) | (poller.WRITE if self._outbox.can_send else 0)

    # Waiting

    def deadline(self) -> float:
        """Return when this channel has waited too long, on the caller's clock."""
        limits = self._limits
        if self.phase is LINGERING:
            return self._progress_at + limits.linger_seconds_max
        if self._outbox.waiting_bytes:
            return self._progress_at + limits.send_seconds_max
        if self.closing_at is not None:
            return self.closing_at + limits.websocket_close_seconds_max
        if self.stopped_early:
            return NEVER  # it is not the client that is slow
        return min(self._silence_deadline(), self._message_at + limits.websocket_idle_seconds_max)

    def _silence_deadline(self) -> float:
        if self._pinged_at is None:
            return self._heard_at + self._limits.websocket_silence_seconds_max
        return self._pinged_at + self._limits.websocket_pong_seconds_max

    def overdue(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if self.phase is LINGERING:
            self.give_up()
        elif self._outbox.waiting_bytes:
            self._fail(self._ending or Ending(DOES_NOT_READ.code, "", DOES_NOT_READ.reason))
        elif self._parting is not None:
            self._part(self._parting)  # whatever its handler still does
            self.closing_at = now
        elif self.closing_at is not None:
            self._conclude(self._ending or Ending(close.ABNORMAL, "", "the client has not answered a Close"))
        elif self._message_at + self._limits.websocket_idle_seconds_max <= now:
            self._part(UNUSED)
        elif self._pinged_at is None:
            self._outbox.put(frames.encode_ping())
            self._pinged_at = now
        else:
            answer = self._protocol.close(close.INTERNAL_ERROR, "no answer to a Ping")
            self._conclude(Ending(close.ABNORMAL, "", "the client has fallen silent", answer))
