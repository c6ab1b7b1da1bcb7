"""Many connections at once, without knowing what is said on them: one selector, one thread, no waiting for a fixed time."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from merkhet.answer import End
from merkhet.wire.sockets import Address
from merkhet_fuzz.live.seam import Timing, Trial

RECEIVE_BYTES = 65536
TICK_SECONDS = 0.01
"""How often deadlines are looked at."""
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the port is free again at once, and thousands of connections a second do not use them up."""

IN_TIME = struct.pack("ii", 0, 0)


class UnreachableError(Exception):
    """The target takes no connection. The message says why."""


@dataclass(slots=True, eq=False)
class _Connection:
    """One open connection. `quiet_at` and `ends_at` are moments; `rest` is what is left of the segment that goes out."""

    trial: Trial
    socket: socket.socket
    begun: float
    quiet_at: float
    ends_at: float
    rest: bytes = b""
    sends_at: float = 0.0
    is_connected: bool = False
    has_shut: bool = False
    events: int = field(default=selectors.EVENT_WRITE)


class Engine:
    """Opens a connection for every trial, at most `in_flight` of them at a time."""

    def __init__(self, address: Address, timing: Timing, in_flight: int = 64) -> None:
        self._address = address
        self._timing = timing
        self._in_flight = in_flight
        self._selector = selectors.DefaultSelector()
        self._open: set[_Connection] = set()
        self._done: list[Trial] = []

    def run(self, trials: Iterable[Trial]) -> Iterator[Trial]:
        """Yield each trial when its dialogue is done; in the order in which they end. Raises UnreachableError."""
        waiting = iter(trials)
        is_more = True
        looked_at = 0.0
        try:
            while self._open or is_more:
                is_more = is_more and self._fill(waiting)
                for key, events in self._selector.select(TICK_SECONDS):
                    self._turn(key.data, events)
                now = time.monotonic()
                if now - looked_at >= TICK_SECONDS:
                    looked_at = now
                    self._look_at_clock(now)
                yield from self._taken()
        finally:
            for connection in list(self._open):
                self._close(connection)
            self._selector.close()
            self._selector = selectors.DefaultSelector()

    def _fill(self, waiting: Iterator[Trial]) -> bool:
        """Open as many connections as may be open. Returns whether there are more trials."""
        while len(self._open) < self._in_flight:
            trial = next(waiting, None)
            if trial is None:
                return False
            self._begin(trial)
        return True

    def _taken(self) -> list[Trial]:
        done, self._done = self._done, []
        return done

    def _begin(self, trial: Trial) -> None:
        made = socket.socket(socket.AF_UNIX if self._address.unix else _family(self._address.host), socket.SOCK_STREAM)
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        if not self._address.unix:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place = self._address.unix or (self._address.host, self._address.port)
        try:
            made.connect(place)
        except BlockingIOError:
            pass
        except OSError as problem:
            made.close()
            raise UnreachableError(f"{self._address.describe()}: {problem.strerror or problem}") from problem
        now = time.monotonic()
        connection = _Connection(trial, made, now, now + self._timing.quiet, now + self._timing.patience)
        self._open.add(connection)
        self._selector.register(made, selectors.EVENT_WRITE, connection)

    def _turn(self, connection: _Connection, events: int) -> None:
        if not connection.is_connected and not self._connected(connection):
            return
        if events & selectors.EVENT_READ:
            self._read(connection)
        if connection in self._open and events & selectors.EVENT_WRITE:
            self._write(connection)

    def _connected(self, connection: _Connection) -> bool:
        problem = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self._close(connection)
            raise UnreachableError(f"{self._address.describe()}: {os.strerror(problem)}")
        connection.is_connected = True
        return True

    def _read(self, connection: _Connection) -> None:
        dialogue = connection.trial.dialogue
        try:
            octets = connection.socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self._end(connection, End.RESET)
            return
        if not octets:
            self._end(connection, End.CLOSED)
            return
        now = time.monotonic()
        connection.quiet_at, connection.ends_at = now + self._timing.quiet, now + self._timing.patience
        dialogue.heard_after = dialogue.heard_after or now - connection.begun
        dialogue.received(octets)
        self._go_on(connection)

    def _write(self, connection: _Connection) -> None:
        """Send what is left of the segment, or the next one."""
        dialogue = connection.trial.dialogue
        now = time.monotonic()
        if not connection.rest and dialogue.outgoing and now >= connection.sends_at:
            connection.rest = dialogue.outgoing.popleft()
            is_few = len(dialogue.outgoing) < self._timing.pauses_max
            connection.sends_at = now + (self._timing.pause if is_few else 0.0)
        if connection.rest:
            connection.quiet_at, connection.ends_at = now + self._timing.quiet, now + self._timing.patience
            try:
                sent = connection.socket.send(connection.rest)
                connection.rest = connection.rest[sent:]
            except BlockingIOError:
                pass
            except OSError:
                # It has ended its side; what it had said before may still be read.
                connection.rest = b""
                dialogue.outgoing.clear()
        self._go_on(connection)

    def _go_on(self, connection: _Connection) -> None:
        """Wait for what the dialogue needs next."""
        dialogue = connection.trial.dialogue
        if dialogue.is_done:
            self._finish(connection)
            return
        has_more = bool(connection.rest or dialogue.outgoing)
        if not has_more and dialogue.shuts and not connection.has_shut:
            connection.has_shut = True
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
        is_due = bool(connection.rest) or time.monotonic() >= connection.sends_at
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if has_more and is_due else 0)
        if wanted != connection.events:
            connection.events = wanted
            self._selector.modify(connection.socket, wanted, connection)

    def _look_at_clock(self, now: float) -> None:
        for connection in list(self._open):
            dialogue = connection.trial.dialogue
            is_sent = not connection.rest and not dialogue.outgoing
            if now >= connection.ends_at:
                self._end(connection, End.SILENT)
                continue
            if is_sent and connection.is_connected and now >= connection.quiet_at:
                connection.quiet_at = now + self._timing.quiet
                dialogue.quiet()
            if connection.is_connected:
                self._go_on(connection)

    def _end(self, connection: _Connection, end: End) -> None:
        if end is End.SILENT and connection.has_shut:
            # Who loops at the end of a stream would be stopped by a reset, and nobody would see it.
            with contextlib.suppress(OSError):
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, IN_TIME)
        connection.trial.dialogue.ended(end)
        self._finish(connection)

    def _finish(self, connection: _Connection) -> None:
        self._close(connection)
        self._done.append(connection.trial)

    def _close(self, connection: _Connection) -> None:
        self._open.discard(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.socket.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@contextlib.contextmanager
def alone(address: Address, timing: Timing) -> Generator[Engine]:
    """Give an engine for one connection at a time, with patience."""
    yield Engine(address, timing, 1)
