"""The I/O thread: it accepts, reads, parses, queues, collects, sends and closes, and it never waits for a handler.

| datum | owner | how another thread reaches it |
|---|---|---|
| poller, listeners, sockets, channels, protocol objects, deadlines | I/O thread | never |
| task queue (bounded) | shared | the I/O thread puts, workers take |
| reply queue (bounded by what each channel asks for) | shared | workers put, and ring only where the I/O thread sleeps |
| a request and its handler | one worker | - |

A turn of the loop is seven passes in this order: wait, accept, read, collect, offer, settle, time. `Owner.check` at the
door of each method that another thread could call by mistake holds the table.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence

from merkhet_reference import channel, deadlines, message, poller, queues, tls, wakeup, workers
from merkhet_reference.channel import Channel, Phase
from merkhet_reference.limits import Limits
from merkhet_reference.workers import DropTask, HandlerTask, PullTask, Reply, Task

LOG = logging.getLogger("merkhet_reference")
ACCEPTS_MAX = 64
"""Connections accepted in one turn: a burst of new ones must not keep the open ones waiting."""
OUT_OF_DESCRIPTORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
ACCEPT_PAUSE_SECONDS = 0.5
"""Before accepting is tried again without descriptors: the listener stays readable, so the loop would spin."""
LISTENERS = 0
"""The serial number under which the listeners have their deadline; connections count from 1."""


class IoLoop:
    """Everything that the I/O thread owns."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        handler: message.Handler,
        tasks: queues.TaskQueue[Task],
        limits: Limits,
        *,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = queues.Owner()
        self._wakeup = wakeup.Wakeup()
        self.replies: queues.ReplyQueue[Reply] = queues.ReplyQueue(self._wakeup)
        self._tasks = tasks
        self._handler = handler
        self._limits = limits
        self._context = context
        self._clock = clock
        self._poller = poller.Poller()
        self._deadlines = deadlines.Deadlines()
        self._listeners = {listener.fileno(): listener for listener in listeners}
        self._channels: dict[int, Channel] = {}
        self._by_descriptor: dict[int, Channel] = {}
        self._touched: dict[int, Channel] = {}
        self._waiting: dict[int, Channel] = {}
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
        for descriptor in self._listeners:
            self._poller.watch(descriptor, poller.READ)

    def turn(self) -> None:
        """Go once through every pass."""
        self.owner.check()
        ready = self._wait()
        self._accept(ready)
        self._read(ready)
        self._collect()
        self._offer()
        self._settle()
        self._time()

    def _wait(self) -> list[tuple[int, int]]:
        """Sleep until a descriptor is ready, a worker rings, or a deadline passes."""
        if self._stop_seconds is not None and self._stop_at is None:
            self._begin_stopping(self._stop_seconds)
        if not self.replies.may_sleep() or self._touched or self._is_done():
            seconds: float | None = 0.0
        else:
            seconds = self._seconds_to_deadline()
        ready = self._poller.wait(seconds)
        self.replies.awake()
        return ready

    def _seconds_to_deadline(self) -> float | None:
        when = min(self._deadlines.next_at(), self._stop_at or deadlines.NEVER)
        return None if when == deadlines.NEVER else max(0.0, when - self._clock())

    def _accept(self, ready: list[tuple[int, int]]) -> None:
        for descriptor, _ in ready:
            listener = self._listeners.get(descriptor)
            if listener is not None:
                self._accept_from(listener)

    def _accept_from(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTS_MAX):
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in OUT_OF_DESCRIPTORS:
                    LOG.warning("a connection could not be accepted: %s", error)
                    self._pause_accepting()
                return
            self._open(sock)

    def _pause_accepting(self) -> None:
        for descriptor in self._listeners:
            self._poller.change(descriptor, 0)
        self._deadlines.set(LISTENERS, self._clock() + ACCEPT_PAUSE_SECONDS)

    def _go_on_accepting(self) -> None:
        for descriptor in self._listeners:
            self._poller.change(descriptor, poller.READ)

    def _open(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):  # refused for a Unix socket, and by some systems where the peer has gone
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._serial += 1
        layer = tls.TlsLayer(self._context) if self._context is not None else None
        opened = Channel(self._serial, sock, self._limits, self._clock(), layer)
        self._channels[opened.serial] = opened
        self._by_descriptor[opened.descriptor] = opened
        self._poller.watch(opened.descriptor, opened.interest)
        if len(self._channels) > self._limits.connections_max:
            opened.answer_last(503, "too many connections are open")
        self._touched[opened.serial] = opened

    def _read(self, ready: list[tuple[int, int]]) -> None:
        now = self._clock()
        for descriptor, what in ready:
            if descriptor == self._wakeup.fileno():
                self._wakeup.drain()
                continue
            reading = self._by_descriptor.get(descriptor)
            if reading is None:
                continue
            if what & poller.GONE and reading.has_heard_all:
                reading.drop()  # nobody is left to read an answer, and the poller would say so again and again
            elif what & (poller.READ | poller.GONE):
                reading.read(now)
            self._touched[reading.serial] = reading

    def _collect(self) -> None:
        """Give each reply to the connection that it is for, if there still is one."""
        for reply in self.replies.take_all():
            if reply.ends_task:
                self._tasks.came_back()
            answered = self._channels.get(reply.ticket.serial)
            if answered is not None and reply.ticket in answered.tickets:
                self._give(answered, reply)
            elif reply.stream is not None:
                self._drop_stream(reply.ticket, reply.stream)

    def _give(self, answered: Channel, reply: Reply) -> None:
        ticket = reply.ticket
        if reply.data:
            ticket.data.append(reply.data)
        ticket.stream = reply.stream
        if reply.ends_task and not reply.cut:
            ticket.finished = reply.finished
            ticket.keeps = reply.keeps
        self._touched[answered.serial] = answered
        if reply.cut:
            answered.cut(self._clock())
        else:
            answered.advance()

    def _drop_stream(self, ticket: workers.Ticket, stream: Iterator[bytes]) -> None:
        self._tasks.put(DropTask(ticket, stream, self.replies))

    def _offer(self) -> None:
        """Parse what came, and put whole requests and streams that may go on before the workers."""
        now = self._clock()
        for parsing in (*self._waiting.values(), *self._touched.values()):
            if not self._tasks.has_room():
                # Its place among those that wait stays, so that the next room goes to who has waited longest.
                if parsing.wait_for_worker():
                    self._waiting.setdefault(parsing.serial, parsing)
                continue
            self._waiting.pop(parsing.serial, None)
            self._touched[parsing.serial] = parsing
            parsing.go_on(now)
            for dispatch in parsing.requests(self._tasks.has_room):
                self._tasks.put(self._task(dispatch))
            if not self._tasks.has_room() and parsing.wait_for_worker():
                self._waiting[parsing.serial] = parsing

    def _task(self, dispatch: channel.Dispatch) -> HandlerTask:
        return HandlerTask(
            dispatch.head, dispatch.content, dispatch.trailers, dispatch.ticket, self.replies, self._handler
        )

    def _pull(self, pulling: Channel) -> None:
        ticket = pulling.wants_piece()
        if ticket is not None and ticket.stream is not None:
            stream, ticket.stream = ticket.stream, None
            self._tasks.put(PullTask(ticket, stream, self.replies))

    def _settle(self) -> None:
        """Send, and bring poller and deadlines in line with what each touched connection now waits for."""
        touched, self._touched = self._touched, {}
        now = self._clock()
        for settling in touched.values():
            was_held_back = settling.is_held_back()
            if settling.phase is not Phase.GONE:
                settling.flush(now)
            if settling.phase is Phase.GONE:
                self._forget(settling)
                continue
            if was_held_back and not settling.is_held_back():
                self._touched[settling.serial] = settling  # what it sent before may be parsed, and nothing else tells
            self._pull(settling)
            self._watch(settling)

    def _watch(self, settling: Channel) -> None:
        interest = settling.wanted_interest()
        if interest != settling.interest:
            settling.interest = interest
            self._poller.change(settling.descriptor, interest)
        self._deadlines.set(settling.serial, settling.deadline())

    def _forget(self, gone: Channel) -> None:
        """Close a connection that is given up, and drop what is known of it."""
        if self._channels.pop(gone.serial, None) is None:
            return
        self._poller.forget(gone.descriptor)
        del self._by_descriptor[gone.descriptor]
        gone.sock.close()
        self._waiting.pop(gone.serial, None)
        self._deadlines.forget(gone.serial)
        for ticket in (*gone.tickets, *gone.abandoned):
            if ticket.stream is not None:
                self._drop_stream(ticket, ticket.stream)

    def _time(self) -> None:
        now = self._clock()
        for serial in self._deadlines.pop_due(now):
            overdue = self._channels.get(serial)
            if serial == LISTENERS:
                self._go_on_accepting()
            elif overdue is not None:
                overdue.overdue()
                self._touched[serial] = overdue

    # Ending

    def _begin_stopping(self, seconds: float) -> None:
        self._stop_at = self._clock() + seconds
        for descriptor, listener in self._listeners.items():
            self._poller.forget(descriptor)
            listener.close()
        self._listeners.clear()
        for ending in self._channels.values():
            ending.finish()
            self._touched[ending.serial] = ending

    def _is_done(self) -> bool:
        if self._stop_at is None:
            return False
        return not self._channels or self._clock() >= self._stop_at

    def end(self) -> None:
        """Close every socket and descriptor; streams that were still open are left to the workers to close."""
        self.owner.check()
        for ending in list(self._channels.values()):
            ending.drop()
            self._forget(ending)
        for listener in self._listeners.values():
            with contextlib.suppress(OSError):
                listener.close()
        self.replies.close()
        self._poller.close()
        self._wakeup.close()
        self.owner.release()
