"""The I/O thread's part that is about WebSockets: the passes of `IoLoop.turn` for connections that have switched.

It shares the poller, the deadlines and the task queue with the loop, and has its own connections.
"""

from __future__ import annotations

import itertools

from merkhet_reference import deadlines, poller, queues, tasks
from merkhet_reference.channel import Channel
from merkhet_reference.limits import Limits
from merkhet_reference.line import GONE, LINGERING
from merkhet_reference.observer import Observer
from merkhet_reference.replies import Service, Switch, Ticket
from merkhet_reference.session import GIVEN_UP, NOBODY, WORKER, Session
from merkhet_reference.websocket_channel import WebSocketChannel

READABLE = poller.READ | poller.GONE


class Switchboard:
    """Every WebSocket of one server. Only the I/O thread."""

    def __init__(
        self,
        service: Service,
        polling: poller.Poller,
        waits: deadlines.Deadlines,
        task_queue: queues.TaskQueue[tasks.Task],
        owner: queues.Owner,
    ) -> None:
        self._owner = owner
        self._service = service
        self._poller = polling
        self._deadlines = waits
        self._tasks = task_queue
        self.look_seconds = shortest_wait(service.limits)
        self.sessions = service.sessions
        self.channels: dict[int, WebSocketChannel] = {}
        self.touched: dict[int, WebSocketChannel] = {}
        self._by_descriptor: dict[int, WebSocketChannel] = {}
        self._waiting: dict[int, WebSocketChannel] = {}

    def has_work(self) -> bool:
        """Tell whether there is something to do without waiting for anybody."""
        return bool(self.touched) or (bool(self._waiting) and self._tasks.has_room())

    def switch(self, before: Channel, ticket: Ticket, switch: Switch, now: float) -> WebSocketChannel | None:
        """Let a connection go on as a WebSocket; None if it has gone meanwhile."""
        self._owner.check()
        if before.phase is GONE:
            switch.give_up()
            return None
        came, ended = before.hand_over(), before.has_heard_all
        channel = WebSocketChannel(before, self._service, switch.session, now)
        self.channels[channel.serial] = self._by_descriptor[channel.descriptor] = channel
        self.touched[channel.serial] = channel
        self._deadlines.set(channel.serial, now + self.look_seconds)
        channel.begin(ticket, came, now, ended=ended)
        return channel

    def read(self, descriptor: int, what: int, now: float) -> bool:
        """Read from the WebSocket with this descriptor; False if there is none."""
        reading = self._by_descriptor.get(descriptor)
        if reading is None:
            return False
        if what & poller.GONE and reading.has_heard_all:
            reading.drop()  # nobody is left to read anything, and the poller would say so again and again
        elif what & READABLE:
            reading.read(now)
        self.touched[reading.serial] = reading
        return True

    def collect(self, now: float) -> None:
        """Look at each session that has something to be seen: more to send, or a turn that is given up."""
        for session in self.sessions.take_all():
            session.is_announced = False  # before looking: what is put from here on is announced anew
            if session.turn is GIVEN_UP:
                session.turn = NOBODY
                self._tasks.came_back()
            channel = self.channels.get(session.serial)
            if channel is not None:
                self.touched[channel.serial] = channel
                channel.advance(now)
            elif session.is_due and session.is_over:
                self._give_turn(session)  # its last events are small tasks that must not wait

    def offer(self) -> None:
        """Put sessions with events before the workers. Who has waited longest comes first."""
        if self._waiting and self._tasks.has_room():
            self._call_waiting()
        for offering in self.touched.values():
            if not offering.session.is_due:
                continue
            if self._tasks.has_room():
                self._waiting.pop(offering.serial, None)
                self._give_turn(offering.session)
            else:
                self._waiting.setdefault(offering.serial, offering)

    def _call_waiting(self) -> None:
        room = self._tasks.in_flight_max - self._tasks.in_flight
        touched, self.touched = self.touched, dict(itertools.islice(self._waiting.items(), room))
        self.touched.update(touched)

    def _give_turn(self, session: Session) -> None:
        session.turn = WORKER
        self._tasks.put(session)

    def settle(self, now: float) -> None:
        """Send, and bring the poller in line with what each touched connection now waits for."""
        touched, self.touched = self.touched, {}
        for settling in touched.values():
            if settling.settles_itself():
                continue
            if settling.phase is not GONE:
                settling.flush(now)
            if settling.phase is GONE:
                self._forget(settling)
                continue
            if settling.phase is LINGERING or settling.closing_at is not None:
                self._deadlines.set(settling.serial, settling.deadline())  # may be over before the next look
            interest = settling.wanted_interest()
            if interest != settling.interest:
                settling.interest = interest
                self._poller.change(settling.descriptor, interest)

    def _forget(self, gone: WebSocketChannel) -> None:
        """Close a connection that is given up, and drop what is known of it. Its handler still has its last events."""
        del self.channels[gone.serial]
        self._poller.forget(gone.descriptor)
        del self._by_descriptor[gone.descriptor]
        gone.sock.close()
        self._waiting.pop(gone.serial, None)
        self._deadlines.forget(gone.serial)
        gone.abandon_all()
        observer: Observer | None = self._service.observer
        if observer is not None:
            observer.connection_closed()

    def look_at(self, serial: int, now: float) -> None:
        """Act on what has waited too long, and say when to look again."""
        looked_at = self.channels[serial]
        if looked_at.deadline() <= now:
            looked_at.overdue(now)
            self.touched[serial] = looked_at
        self._deadlines.set(serial, min(looked_at.deadline(), now + self.look_seconds))

    def stop(self, now: float) -> None:
        """Begin to close every WebSocket."""
        self._owner.check()
        for ending in self.channels.values():
            ending.stop(now)

    def end(self) -> None:
        """Close every connection."""
        self._owner.check()
        for ending in list(self.channels.values()):
            ending.give_up()
            self._forget(ending)


def shortest_wait(limits: Limits) -> float:
    """Return the seconds after which no wait that begins now can be over, but lingering and a closing handshake."""
    return min(
        limits.send_seconds_max,
        limits.websocket_silence_seconds_max,
        limits.websocket_pong_seconds_max,
        limits.websocket_idle_seconds_max,
    )
