"""What waits to be sent on one connection: octets and segments of files, in their order. Only the I/O thread."""

from __future__ import annotations

import itertools
import os
import socket
from collections import deque

from merkhet_reference import tls

BUFFERS_MAX = 64
"""Buffers given to one call of the system: many small answers leave in one segment."""
PLAINTEXT_BYTES = 65536
"""Octets encrypted at a time: what waits encrypted cannot be counted against a file that waits to be read."""
SENDFILE = hasattr(os, "sendfile")
MORE_FOLLOWS: int = getattr(socket, "MSG_MORE", 0)
"""Lets the system wait with a head until the first octets of its file are there, so that both leave in one segment."""


class ShortFileError(OSError):
    """A file has fewer octets than it had when its length was promised."""


class FileSegment:
    """Octets of an open file: `count` of them from `offset` on. Behind one that `owns` its descriptor, that is closed."""

    __slots__ = ("count", "descriptor", "offset", "owns")

    def __init__(self, descriptor: int, offset: int, count: int, *, owns: bool) -> None:
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
        self.owns = owns

    def close(self) -> None:
        """Give the descriptor back, if this segment is the last that needs it."""
        if self.owns:
            self.owns = False
            os.close(self.descriptor)

    def read(self, count: int) -> bytes:
        """Return the next octets, at most `count`. Raises ShortFileError where there are none."""
        data = os.pread(self.descriptor, min(count, self.count), self.offset)
        if not data:
            raise ShortFileError("a file became shorter while it was sent")
        self.took(len(data))
        return data

    def took(self, count: int) -> None:
        """Step past octets that were sent."""
        self.offset += count
        self.count -= count


Part = bytes | FileSegment
"""A piece of an answer as a worker hands it over."""


class Outbox:
    """A queue of buffers and file segments.

    `waiting_bytes` are not sent; `put_bytes` and `sent_bytes` are all that ever came in and went out, as the application
    counts them, before encryption.
    """

    __slots__ = ("_items", "put_bytes", "sent_bytes", "waiting_bytes")

    def __init__(self) -> None:
        self._items: deque[bytes | memoryview | FileSegment] = deque()
        self.waiting_bytes: int = 0
        self.put_bytes: int = 0
        self.sent_bytes: int = 0

    def put(self, part: Part) -> None:
        """Append octets, or a segment of a file."""
        count = part.count if isinstance(part, FileSegment) else len(part)
        if count:
            self._items.append(part)
            self.waiting_bytes += count
            self.put_bytes += count
        elif isinstance(part, FileSegment):
            part.close()

    def clear(self) -> None:
        """Throw everything away, and close the files."""
        for item in self._items:
            if isinstance(item, FileSegment):
                item.close()
        self._items.clear()
        self.waiting_bytes = 0

    @property
    def can_send(self) -> bool:
        """Whether there is something that the socket could be given now."""
        return self.waiting_bytes > 0

    def collect(self) -> None:
        """Queue what a layer below has to say; here there is none."""

    def send(self, sock: socket.socket, file_bytes_max: int) -> int:
        """Send what the socket takes, of files at most `file_bytes_max`; return the octets that left.

        Raises OSError when nothing will ever leave any more.
        """
        items = self._items
        before = self.waiting_bytes
        try:
            while items and file_bytes_max > 0:
                first = items[0]
                if isinstance(first, FileSegment):
                    file_bytes_max -= self._send_file(sock, first, file_bytes_max)
                else:
                    self._send_buffers(sock, first)
        except (BlockingIOError, InterruptedError):
            pass  # no room: the poller tells when there is
        finally:
            left = before - self.waiting_bytes
            self.sent_bytes += left
        return left

    def _send_buffers(self, sock: socket.socket, first: bytes | memoryview) -> None:
        """Send the buffers before the next file, and drop what has left: whole buffers, and the beginning of one."""
        items = self._items
        if len(items) == 1:
            buffers = [first]
            sent = sock.send(first)
        else:
            buffers, flags = self._leading_buffers()
            sent = sock.sendmsg(buffers, (), flags)
        self.waiting_bytes -= sent
        for buffer in buffers:
            if sent < len(buffer):
                items[0] = memoryview(buffer)[sent:]
                return
            sent -= len(buffer)
            items.popleft()

    def _leading_buffers(self) -> tuple[list[bytes | memoryview], int]:
        """Return buffers for one call, and its flags: whether a file follows, so that the head waits for it."""
        buffers: list[bytes | memoryview] = []
        for item in itertools.islice(self._items, BUFFERS_MAX):
            if isinstance(item, FileSegment):
                return buffers, MORE_FOLLOWS
            buffers.append(item)
        return buffers, 0

    def _send_file(self, sock: socket.socket, segment: FileSegment, bytes_max: int) -> int:
        """Let the system copy from the file to the socket; nothing of it comes into this process.

        # Choice: a disk that must first fetch the octets holds up the I/O thread for one piece. Handing each piece to a
        # worker would cost two changes of thread for every one of the many that are in memory already.
        """
        count = min(segment.count, bytes_max)
        if SENDFILE:
            sent = os.sendfile(sock.fileno(), segment.descriptor, segment.offset, count)
        else:
            sent = sock.send(os.pread(segment.descriptor, count, segment.offset))
        if not sent:
            raise ShortFileError("a file became shorter while it was sent")
        self.waiting_bytes -= sent
        segment.took(sent)
        self._end_segment(segment)
        return sent

    def _end_segment(self, segment: FileSegment) -> None:
        if not segment.count:
            segment.close()
            self._items.popleft()


class TlsOutbox(Outbox):
    """An outbox whose octets are encrypted on their way out, a bounded piece at a time.

    `waiting_bytes` counts plaintext that is not yet encrypted and records that are not yet sent.
    """

    __slots__ = ("_encrypted_bytes", "_layer", "_records")

    def __init__(self, layer: tls.TlsLayer) -> None:
        super().__init__()
        self._layer = layer
        self._records = bytearray()
        self._encrypted_bytes = 0

    @property
    def can_send(self) -> bool:
        """Whether there is a record to send, or plaintext and a handshake that is over."""
        return bool(self._records) or (self.waiting_bytes > 0 and self._layer.is_established)

    def collect(self) -> None:
        """Queue what the layer itself has to say (handshake, alerts), before any plaintext that waits."""
        output = self._layer.take_output()
        self._records += output
        self.waiting_bytes += len(output)

    def clear(self) -> None:
        """Throw everything away, and close the files."""
        super().clear()
        self._records.clear()

    def send(self, sock: socket.socket, file_bytes_max: int) -> int:
        """Send as Outbox does. Raises TlsFailure too."""
        left = 0
        try:
            while self.can_send and left < file_bytes_max:
                left += self._send_records(sock)
        except (BlockingIOError, InterruptedError):
            pass  # no room: the poller tells when there is
        return left

    def _send_records(self, sock: socket.socket) -> int:
        if not self._records:
            self._encrypt(PLAINTEXT_BYTES)
        sent = sock.send(self._records)
        del self._records[:sent]
        self.waiting_bytes -= sent
        if not self._records:
            self.sent_bytes = self._encrypted_bytes
        return sent

    def _encrypt(self, bytes_max: int) -> None:
        first = self._items[0]
        if isinstance(first, FileSegment):
            plaintext: bytes | memoryview = first.read(bytes_max)
            self._end_segment(first)
        elif len(first) > bytes_max:
            plaintext, self._items[0] = first[:bytes_max], memoryview(first)[bytes_max:]
        else:
            plaintext = first
            self._items.popleft()
        self.waiting_bytes -= len(plaintext)
        self._encrypted_bytes += len(plaintext)
        self._layer.send(bytes(plaintext))
        self.collect()
