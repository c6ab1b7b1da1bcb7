"""One connection's socket: reading, sending what waits, and the end in stages. Only the I/O thread.

What is read, and what there is to send, is the business of who speaks a protocol over it: `Channel` for HTTP,
`WebSocketChannel` for WebSocket, to which a connection passes in the middle of its life.
"""

from __future__ import annotations

import contextlib
import enum
import socket
import struct
from collections import deque

from merkhet_reference import poller, tls
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Observer, Record
from merkhet_reference.outbox import Outbox, TlsOutbox

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of zero: closing the socket sends a reset and no FIN."""


class Phase(enum.Enum):
    """How far a connection's life has come; it only goes forward."""

    OPEN = enum.auto()
    """What comes is read and answered."""
    LAST = enum.auto()
    """The last of what is said is known: what is queued is sent, nothing more is read."""
    LINGERING = enum.auto()
    """Everything is sent and FIN said; what still comes is thrown away (RFC 9112, Section 9.6)."""
    GONE = enum.auto()


OPEN, LAST, LINGERING, GONE = Phase
"""Looked up once: these are asked for with every request."""


class Line:
    """Outbox, socket and TLS layer. It is told of the time, and never asks.

    `serial` names it, never its descriptor: a descriptor is reused while a worker still answers for the old connection.
    """

    __slots__ = (
        "_discarded", "_is_stuck", "_layer", "_limits", "_observer", "_outbox", "_progress_at", "_records", "descriptor",
        "interest", "peer", "phase", "serial", "sock",
    )  # fmt: skip

    def __init__(
        self,
        serial: int,
        sock: socket.socket,
        limits: Limits,
        now: float,
        *,
        observer: Observer | None = None,
        layer: tls.TlsLayer | None = None,
        peer: str = "",
    ) -> None:
        self.serial = serial
        self.sock = sock
        self.descriptor = sock.fileno()
        self.peer = peer
        self.interest = poller.READ
        self.phase = OPEN
        self._limits = limits
        self._observer = observer
        self._layer = layer
        self._outbox = Outbox() if layer is None else TlsOutbox(layer)
        self._records: deque[Record] = deque()
        self._is_stuck = False
        self._progress_at = now
        self._discarded = 0

    def take_over(self, before: Line) -> None:
        """Go on with the socket of `before`, which is done with it, and with what waits to be sent there."""
        self.interest, self.peer = before.interest, before.peer
        self._layer = before._layer  # [rfc6455-4.2.2-2] [rfc6455-10.6-1]
        self._outbox, self._records = before._outbox, before._records
        self._is_stuck, self._progress_at = before._is_stuck, before._progress_at
        before.phase = GONE

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
        if self.phase is LINGERING:
            self._discard(data)  # no progress: else a peer that sends an octet now and then lingers for ever
            return
        self._progress_at = now
        if self._layer is None:
            self._take(data, now)
        else:
            self._take_ciphertext(self._layer, data, now)

    def _take(self, data: bytes, now: float) -> None:
        """Take what came; b"" says that the peer sends no more."""
        raise NotImplementedError

    def _take_ciphertext(self, layer: tls.TlsLayer, data: bytes, now: float) -> None:
        try:
            plaintext = layer.receive(data)
        except tls.TlsFailure:
            self._outbox.collect()
            self.flush(now)
            self.drop()
            return
        self._outbox.collect()
        if plaintext:
            self._take(plaintext, now)
        if layer.peer_ended:
            self._take(b"", now)

    def _discard(self, data: bytes) -> None:
        """Throw away what comes after the last answer, so that closing does not reset what the peer has yet to read."""
        self._discarded += len(data)
        if not data or self._discarded > self._limits.linger_bytes_max:
            self.drop()

    @property
    def has_heard_all(self) -> bool:
        """Whether the peer has said that it sends no more."""
        raise NotImplementedError

    # Sending

    def flush(self, now: float) -> None:
        """Send what the socket takes; after the last of it say FIN."""
        raise NotImplementedError

    def _write(self, now: float, file_bytes_max: int = 0) -> None:
        outbox = self._outbox
        if not self._is_stuck:
            self._progress_at = now  # what is queued from here on has its own time to be read in
        try:
            if outbox.send(self.sock, file_bytes_max or self._limits.file_piece_bytes_max):
                self._progress_at = now
        except (OSError, tls.TlsFailure):
            self.drop()
        self._is_stuck = outbox.waiting_bytes > 0
        if self._records:
            self._report(now)

    def _say_end(self) -> None:
        """Section 9.6: close in stages: FIN first, then read until the peer's own, then close."""
        # [rfc6455-7.1.1-1] [rfc6455-7.1.1-3]
        self.phase = LINGERING
        farewell = b""
        if self._layer is not None:
            self._layer.close()
            farewell = self._layer.take_output()
        try:
            if farewell:
                self.sock.send(farewell)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop()
            return
        if self.has_heard_all:
            self.drop()

    def _reset_on_close(self) -> None:
        if self.sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    def drop(self) -> None:
        """Give the connection up; the I/O loop closes its socket in this turn, and throws away what is in flight."""
        self.phase = GONE
        self._outbox.clear()

    # Telling

    def _note_end(self, record: Record) -> None:
        """Note where an answer ends among all that is sent: it has left when that octet has."""
        record.end_byte = self._outbox.put_bytes
        self._records.append(record)
        if not self._outbox.waiting_bytes:
            self._report(self._progress_at)  # the end of a stream, which added nothing to what has left

    def _report(self, now: float) -> None:
        while self._records and self._records[0].end_byte <= self._outbox.sent_bytes:
            record = self._records.popleft()
            # One that was cut behind another answer, before its head could leave, has no status.
            self._tell(record, now, complete=record.status != 0)

    def abandon_all(self) -> None:
        """Give up everything that is in flight. The connection is gone."""
        for record in self._records:
            self._tell(record, self._progress_at, complete=False)
        self._records.clear()

    def _tell(self, record: Record, now: float, *, complete: bool) -> None:
        record.complete = complete
        record.seconds = now - record.began_at
        if record.status:
            record.sent_bytes = max(0, min(record.end_byte, self._outbox.sent_bytes) - record.first_byte)
        if self._observer is not None:
            self._observer.answered(record)
