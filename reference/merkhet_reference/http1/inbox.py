"""The octets of one connection that came and are not yet understood.

Taking is linear whatever the segments are: what was taken is dropped in large steps, and what was searched in vain is
not searched again.
"""

from __future__ import annotations

from collections.abc import Callable

from merkhet_reference import errors

COMPACT_BYTES = 65536


class Inbox:
    """A buffer with a reading position. `searched` is how far no line end was found, as an absolute position."""

    __slots__ = ("_at", "_buffer", "_searched")

    def __init__(self) -> None:
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._searched = 0

    def __len__(self) -> int:
        return len(self._buffer) - self._at

    def put(self, data: bytes) -> None:
        """Append what came. What comes to an empty inbox is kept as it is: most requests come whole, and are copied once."""
        if self._at == len(self._buffer):
            self._buffer = data
            self._at = self._searched = 0
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer)
        if self._at > COMPACT_BYTES:
            del self._buffer[: self._at]
            self._searched -= self._at
            self._at = 0
        self._buffer += data

    def clear(self) -> None:
        """Throw everything away."""
        self._buffer = b""
        self._at = self._searched = 0

    def begins_with(self, octets: bytes) -> bool:
        """Tell whether these are the next octets."""
        return self._buffer.startswith(octets, self._at)

    def peek(self, count: int) -> bytes:
        """Return the next octets, at most `count`, and leave them."""
        return bytes(self._buffer[self._at : self._at + count])

    def take(self, count: int) -> bytes:
        """Return the next octets, at most `count`."""
        data = bytes(self._buffer[self._at : self._at + count])
        self._at += len(data)
        return data

    def has_lone_lf(self) -> bool:
        """Tell whether an LF without its CR is among what came since the last search in vain."""
        start = max(self._at, self._searched)
        crlf_start = max(self._at, start - 1)
        self._searched = len(self._buffer)
        return self._buffer.count(b"\n", start) != self._buffer.count(b"\r\n", crlf_start)

    def has_line_within(self, bytes_max: int) -> bool:
        """Tell whether the next line ends within `bytes_max` octets, or still may."""
        if len(self) < bytes_max + 2:
            return True
        return self._buffer.find(b"\r\n", self._at, self._at + bytes_max + 2) >= 0

    def take_until(self, end: bytes) -> bytes | None:
        """Return everything before `end`, and step past it; None if it has not come. Failing is no search in vain."""
        start = max(self._at, self._searched - len(end) + 1)
        found = self._buffer.find(end, start)
        if found < 0:
            return None
        data = bytes(self._buffer[self._at : found])
        self._at = self._searched = found + len(end)
        return data

    def take_line(self, bytes_max: int, too_long: Callable[[], errors.Refusal]) -> bytes | None:
        """Return the next line without its CRLF; None if it has not ended.

        Refused are a line that ends in LF alone, one that is over `bytes_max` before its end has come, and one in which
        another octet than LF follows a CR: no octet that may still come makes a line of it.
        """
        start = max(self._at, self._searched)
        found = self._buffer.find(b"\n", start)
        end = found if found >= 0 else len(self._buffer)
        cr = self._buffer.find(b"\r", max(self._at, start - 1), end)
        # The first fault by position wins, so that the answer does not depend on where a segment ended.
        if 0 <= cr < end - 1 and cr - self._at < bytes_max:
            raise bare_cr()
        if end - self._at > bytes_max + 1:
            raise too_long()
        if found < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[self._at : found])
        if not line.endswith(b"\r"):
            raise errors.bad_request("a line ends in LF without CR")
        self._at = self._searched = found + 1
        return line[:-1]


def bare_cr() -> errors.Refusal:
    """Return the refusal of a line that holds a CR without LF (RFC 9112, Section 2.2)."""
    return errors.bad_request("a line holds a CR without LF")
