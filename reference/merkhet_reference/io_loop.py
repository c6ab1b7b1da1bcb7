"""The I/O thread: it accepts, reads, parses, queues, collects, sends and closes, and it never waits for a handler.

| datum | owner | how another thread reaches it |
|---|---|---|
| poller, listeners, sockets, channels, protocol objects, deadlines | I/O thread | never |
| task queue (bounded) | shared | the I/O thread puts, workers take |
| reply queue (bounded by what each channel asks for) | shared | workers put, and ring only where the I/O thread sleeps |
| a request and its handler | one worker | - |
| a WebSocket's session | shared | as the table in `session.py` has it |

A turn of the loop is seven passes in this order: wait, read, accept, collect, offer, settle, time. `Owner.check` at the
door of each method that another thread could call by mistake holds the table.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from merkhet_reference import deadlines, doors, message, poller, queues, switchboard, tls, wakeup
from merkhet_reference.channel import Channel
from merkhet_reference.endpoint import WebSocketHandler
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Observer
from merkhet_reference.outgoing import GONE, LINGERING, OPEN
from merkhet_reference.replies import More, Open, Parts, Pull, Receive, Reply, Service, Switch, Ticket
from merkhet_reference.tasks import DropTask, PullTask, Task

LOG = logging.getLogger("merkhet_reference")
READABLE = poller.READ | poller.GONE


class IoLoop:
    """Everything that the I/O thread owns."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        handler: message.Handler,
        task_queue: queues.TaskQueue[Task],
        limits: Limits,
        *,
        admit: Callable[[RequestHead], message.Admission] | None = None,
        observer: Observer | None = None,
        context: ssl.SSLContext | None = None,
        websocket_handler: WebSocketHandler | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = queues.Owner()
        self._wakeup = wakeup.Wakeup()
        self.replies: queues.ReplyQueue[Reply] = queues.ReplyQueue(self._wakeup)
        self._tasks = task_queue
        self._limits = limits
        self._observer = observer
        self.service = Service(handler, self.replies, limits, admit, observer, websocket_handler=websocket_handler)
        self._look_seconds = shortest_wait(limits)
        self._context = context
        self._clock = clock
        self._poller = poller.Poller()
        self._deadlines = deadlines.Deadlines()
        self._sockets = switchboard.Switchboard(self.service, self._poller, self._deadlines, task_queue, self.owner)
        self._doors = doors.Doors(listeners, self._poller, self._deadlines, self._open)
        self._channels: dict[int, Channel] = {}
        self._by_descriptor: dict[int, Channel] = {}
        self._touched: dict[int, Channel] = {}
        self._waiting: dict[int, Channel] = {}
        self._refused: set[int] = set()
        self._serial = 0
        self._stop_at: float | None = None
        self._stop_seconds: float | None = None

    # From other threads

    def ask_to_stop(self, seconds: float) -> None:
        """Let the loop end gracefully: accept no more, finish what is in flight within `seconds`. Any thread."""
        self._stop_seconds = seconds
        self.replies.ring()

    # The I/O thread

    def run(self) -> None:
        """Turn until asked to stop and nothing is in flight, or the time for it is over."""
        self.begin()
        try:
            while not self._is_done():
                self.turn()
        finally:
            self.end()

    def begin(self) -> None:
        """Make the calling thread the I/O thread, and begin to watch."""
        self.owner.claim()
        self._poller.watch(self._wakeup.fileno(), poller.READ)
        self._doors.watch()

    def turn(self) -> None:
        """Go once through every pass."""
        self.owner.check()
        self._accept(self._read(self._wait()))
        self._collect()
        self._offer()
        self._settle()
        self._time()

    def _wait(self) -> list[tuple[int, int]]:
        """Sleep until a descriptor is ready, a worker rings, or a deadline passes."""
        if self._stop_seconds is not None and self._stop_at is None:
            self._begin_stopping(self._stop_seconds)
        if not self.replies.may_sleep() or self._has_work() or self._is_done():
            seconds: float | None = 0.0
        else:
            seconds = self._seconds_to_deadline()
        ready = self._poller.wait(0.0 if self._tasks.spur() else seconds)
        self.replies.awake()
        return ready

    def _has_work(self) -> bool:
        return bool(self._touched) or (bool(self._waiting) and self._tasks.has_room()) or self._sockets.has_work()

    def _seconds_to_deadline(self) -> float | None:
        when = min(self._deadlines.next_at(), self._stop_at or deadlines.NEVER)
        return None if when == deadlines.NEVER else max(0.0, when - self._clock())

    def _open(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # refused for a Unix socket, and by some systems where the peer has gone
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._serial += 1
        now = self._clock()
        layer = tls.TlsLayer(self._context) if self._context is not None else None
        opened = Channel(self._serial, sock, self.service, now, layer=layer, peer=peer)
        self._channels[opened.serial] = opened
        self._by_descriptor[opened.descriptor] = opened
        self._poller.watch(opened.descriptor, opened.interest)
        self._deadlines.set(opened.serial, now + self._look_seconds)
        self._touched[opened.serial] = opened
        if len(self._channels) + len(self._sockets.channels) > self._limits.connections_max:
            self._refused.add(opened.serial)
            opened.answer_last(503, "too many connections are open")
        if self._observer is not None:
            self._observer.connection_came(refused=opened.serial in self._refused)

    def _read(self, ready: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Read from the connections that speak HTTP, and return what else is ready."""
        now = self._clock()
        others: list[tuple[int, int]] = []
        for descriptor, what in ready:
            reading = self._by_descriptor.get(descriptor)
            if reading is None:
                others.append((descriptor, what))
                continue
            if what & poller.GONE and reading.has_heard_all:
                reading.drop()  # nobody is left to read an answer, and the poller would say so again and again
            elif what & READABLE:
                reading.read(now)
            self._touched[reading.serial] = reading
        return others

    def _accept(self, others: list[tuple[int, int]]) -> None:
        """Read from WebSockets, take new connections, and forget that somebody rang."""
        now = self._clock()
        for descriptor, what in others:
            if descriptor == self._wakeup.fileno():
                self._wakeup.drain()
            elif not self._sockets.read(descriptor, what, now):
                self._doors.accept(descriptor, now)

    def _collect(self) -> None:
        """Give each reply to the connection that it is for, if there still is one."""
        for reply in self.replies.take_all():
            ticket = reply.ticket
            if reply.ends_task:
                self._tasks.came_back()
            answered = self._channels.get(ticket.serial)
            if answered is None or ticket.finished:
                self._drop(reply)
                continue
            self._touched[ticket.serial] = answered
            if reply.data:
                ticket.data.append(reply.data)
            if reply.status:
                ticket.status = reply.status
                ticket.keeps = ticket.keeps and reply.keeps
            ticket.finished = reply.finished
            if reply.more is not None:
                self._take_more(answered, ticket, reply.more)
            if answered.phase is not GONE:
                answered.advance()
        if self._sockets.sessions.items:
            self._sockets.collect(self._clock())

    def _take_more(self, answered: Channel, ticket: Ticket, more: More) -> None:
        if isinstance(more, Parts):
            ticket.data += more.parts
        elif isinstance(more, Pull):
            ticket.stream = more.stream
        elif isinstance(more, Open):
            ticket.flow = more.flow
        elif isinstance(more, Receive):
            answered.wait_for_content(ticket, more.receiver)
        elif isinstance(more, Switch):
            self._switch(answered, ticket, more)
        else:
            answered.break_off(ticket, self._clock())

    def _switch(self, answered: Channel, ticket: Ticket, switch: Switch) -> None:
        """Let a connection go on as a WebSocket: it is the switchboard's from here on."""
        channel = self._sockets.switch(answered, ticket, switch, self._clock())
        if channel is None:
            return
        del self._channels[answered.serial], self._by_descriptor[answered.descriptor]
        self._touched.pop(answered.serial, None)
        self._waiting.pop(answered.serial, None)
        if self._stop_at is not None:
            channel.stop(self._clock())

    def _drop(self, reply: Reply) -> None:
        """Give up what came for a request that nobody waits for any more."""
        dropped = None if reply.more is None else reply.more.give_up()
        if dropped is not None:
            self._close_later(dropped)

    def _close_later(self, dropped: object) -> None:
        self._tasks.put(DropTask(dropped, self.replies))

    def _offer(self) -> None:
        """Parse what came, and put whole requests before the workers. Who has waited longest comes first."""
        if self._waiting and self._tasks.has_room():
            self._call_waiting()
        now = self._clock()
        if self._sockets.channels:
            self._sockets.offer()
        for parsing in self._touched.values():
            while self._tasks.has_room():
                if parsing.waits_for_worker:
                    self._waiting.pop(parsing.serial, None)  # what else it has waits behind what others have
                    parsing.go_on(now)
                task = parsing.next_task()
                if task is None:
                    break
                self._tasks.put(task)
            else:
                self._wait_for_room(parsing)

    def _call_waiting(self) -> None:
        """Touch those that have waited longest, as many as there is room for: to ask all would cost more than to serve."""
        room = self._tasks.in_flight_max - self._tasks.in_flight
        touched, self._touched = self._touched, dict(itertools.islice(self._waiting.items(), room))
        self._touched.update(touched)

    def _wait_for_room(self, parsing: Channel) -> None:
        parsing.stopped_early = False  # it is the room that is missing, and not told of it here would be told each turn
        # Its place among those that wait stays, so that the next room goes to who has waited longest.
        if parsing.wait_for_worker():
            self._waiting.setdefault(parsing.serial, parsing)
        else:
            self._waiting.pop(parsing.serial, None)

    def _settle(self) -> None:
        """Send, and bring the poller in line with what each touched connection now waits for."""
        touched, self._touched = self._touched, {}
        now = self._clock()
        limits = self._limits
        share = max(limits.file_piece_bytes_max, limits.file_turn_bytes_max // (len(touched) or 1))
        for settling in touched.values():
            if settling.settles_itself():
                continue
            if settling.is_left:
                settling.drop()
            if settling.phase is not GONE:
                settling.flush(now, share)
            if settling.phase is GONE:
                self._forget(settling)
                continue
            if settling.phase is LINGERING or (settling.tickets and settling.tickets[0].flow is not None):
                # These waits may be over before the next look.
                self._deadlines.set(settling.serial, settling.deadline())
            if settling.tickets or settling.closing:
                self._give_work(settling)
            interest = settling.wanted_interest()
            if interest != settling.interest:
                settling.interest = interest
                self._poller.change(settling.descriptor, interest)
            if settling.stopped_early and settling.phase is OPEN and not settling.is_held_back():
                self._touched[settling.serial] = settling  # what it sent before may be parsed, and nothing else tells
        if self._sockets.touched:
            self._sockets.settle(now)

    def _give_work(self, settling: Channel) -> None:
        """Let the workers go on with a stream whose client has room, and with content that has come."""
        pulling = settling.wants_piece()
        if pulling is not None and pulling.stream is not None:
            stream, pulling.stream = pulling.stream, None
            self._tasks.put(PullTask(pulling, stream, self.replies))
        receiver = settling.take_receiver()
        if receiver is not None:
            self._tasks.put(receiver)
        while settling.closing:
            self._close_later(settling.closing.pop())

    def _forget(self, gone: Channel) -> None:
        """Close a connection that is given up, and drop what is known of it."""
        if self._channels.pop(gone.serial, None) is None:
            return
        self._poller.forget(gone.descriptor)
        del self._by_descriptor[gone.descriptor]
        gone.sock.close()
        self._waiting.pop(gone.serial, None)
        self._deadlines.forget(gone.serial)
        gone.abandon_all()
        while gone.closing:
            self._close_later(gone.closing.pop())
        if gone.serial in self._refused:
            self._refused.remove(gone.serial)
        elif self._observer is not None:
            self._observer.connection_closed()

    def _time(self) -> None:
        now = self._clock()
        for serial in self._deadlines.pop_due(now):
            looked_at = self._channels.get(serial)
            if serial == doors.SERIAL:
                self._doors.go_on()
            elif looked_at is not None:
                self._look_at(looked_at, now)
            else:
                self._sockets.look_at(serial, now)

    def _look_at(self, looked_at: Channel, now: float) -> None:
        if looked_at.deadline() <= now:
            looked_at.overdue(now)
            self._touched[looked_at.serial] = looked_at
        self._deadlines.set(looked_at.serial, min(looked_at.deadline(), now + self._look_seconds))

    # Ending

    def _begin_stopping(self, seconds: float) -> None:
        self._stop_at = self._clock() + seconds
        self._collect()  # what was said before the stop is sent before the end
        self._doors.close()
        for ending in self._channels.values():
            ending.stop()
            self._touched[ending.serial] = ending
        self._sockets.stop(self._clock())

    def _is_done(self) -> bool:
        if self._stop_at is None:
            return False
        return not (self._channels or self._sockets.channels) or self._clock() >= self._stop_at

    def end(self) -> None:
        """Close every socket and descriptor; streams that were still open are left to the workers to close."""
        self.owner.check()
        for ending in list(self._channels.values()):
            ending.give_up()
            self._forget(ending)
        self._sockets.end()
        self._doors.close()
        self.replies.close()
        for reply in self.replies.take_all():
            self._drop(reply)
        self._sockets.collect(self._clock())
        self._poller.close()
        self._wakeup.close()
        self.owner.release()


def shortest_wait(limits: Limits) -> float:
    """Return the seconds after which no wait that begins now can be over, but lingering and the silence of a stream."""
    return min(limits.idle_seconds_max, limits.head_seconds_max, limits.content_seconds_max, limits.send_seconds_max)
