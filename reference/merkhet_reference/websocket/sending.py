"""RFC 6455, Section 6.1: Sending Data; RFC 7692, Section 6.1: Compression. Messages of ours as frames.

# Choice: one frame for each message. Fragments would let a long message begin before it is whole, but it is whole.
"""

from __future__ import annotations

from merkhet_reference.websocket import deflate, frames

TEXT, BINARY = frames.Opcode.TEXT, frames.Opcode.BINARY


def payload_of(data: str | bytes) -> tuple[int, bytes]:
    """Return opcode and payload of a message. Raises UnicodeEncodeError, and TypeError for what is neither text nor octets."""
    if isinstance(data, str):
        return TEXT, data.encode("utf-8")  # [rfc6455-6.1-5] [rfc6455-5.6-1]
    return BINARY, b"".join((data,))


class Compression:
    """Messages to one client where compression is agreed. One thread at a time, in the order of what is sent."""

    __slots__ = ("_deflater", "_level", "agreed", "bytes_min")

    def __init__(self, agreed: deflate.Agreed, settings: deflate.Settings) -> None:
        self.agreed = agreed
        self.bytes_min = settings.bytes_min
        self._level = settings.level
        self._deflater = deflate.Deflater(agreed, settings.level)

    def text(self, payload: bytes) -> bytes:
        """Return the frame of a text message."""
        # [rfc7692-6.1-1] [rfc7692-6.1-3] [rfc7692-7.2.1-5]
        return frames.encode(TEXT, self._deflater.deflate(payload), is_compressed=True)

    def binary(self, payload: bytes) -> bytes:
        """Return the frame of a binary message."""
        return frames.encode(BINARY, self._deflater.deflate(payload), is_compressed=True)

    def alone(self, message: Prepared) -> bytes:
        """Return the frame of a message that was compressed for many: nothing that follows may refer to it."""
        self._deflater.forget()
        return message.compressed(self.agreed, self._level)


class Prepared:
    """A message for many clients: framed once, and compressed once for each size of window. Any thread.

    Two threads that meet in `compressed` make the same thing twice.
    """

    __slots__ = ("_compressed", "frame", "opcode", "payload")

    def __init__(self, data: str | bytes) -> None:
        self.opcode, self.payload = payload_of(data)
        self.frame = frames.encode(self.opcode, self.payload)
        self._compressed: dict[int, bytes] = {}

    def compressed(self, agreed: deflate.Agreed, level: int) -> bytes:
        """Return the frame for all clients with this window: it refers to nothing that was before."""
        frame = self._compressed.get(agreed.server_bits)
        if frame is None:
            payload = deflate.Deflater(agreed, level).deflate(self.payload)
            frame = self._compressed[agreed.server_bits] = frames.encode(self.opcode, payload, is_compressed=True)
        return frame
