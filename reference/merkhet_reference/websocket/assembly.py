"""RFC 6455, Section 5.4: Fragmentation. Messages from the payloads of data frames; control frames never come here."""

from __future__ import annotations

from merkhet_reference.limits import Limits
from merkhet_reference.websocket import close, deflate, frames, utf8
from merkhet_reference.websocket.events import Message


class Assembler:
    """Puts messages together, out of pieces that may end anywhere. Limits hold before anything is kept.

    Nearly every message comes in one piece, and that is decoded at once. Of any other the octets are collected, and text
    is looked at as it comes, so that a fault is found with its octet; compressed text behind decompression
    (RFC 7692, Section 6.2).
    """

    __slots__ = (
        "_agreed", "_bytes_max", "_check", "_content", "_fragments", "_fragments_max", "_inflater", "_is_begun", "_is_compressed",
        "_is_text", "_received",
    )  # fmt: skip

    def __init__(self, limits: Limits, agreed: deflate.Agreed | None = None) -> None:
        self._bytes_max = limits.websocket_message_bytes_max
        self._fragments_max = limits.websocket_fragments_max
        self._agreed = agreed
        self._inflater: deflate.Inflater | None = None  # made for the first message that is compressed
        self._is_begun = False
        self._is_text = False
        self._is_compressed = False
        self._check = utf8.Utf8Check()
        self._content = bytearray()
        self._fragments = 0
        self._received = 0

    def take(self, reader: frames.FrameReader, piece: bytes) -> Message | None:
        """Take a piece of a data frame, which `reader` stands at; return the message that it ends. Raises Violation."""
        ends = reader.has_ended and reader.is_last_frame
        if not self._is_begun:
            if ends and not reader.is_compressed:
                return Message(utf8.decode(piece) if reader.opcode == frames.Opcode.TEXT else piece)
            self._begin(reader)
        self._received += len(piece)
        if reader.has_ended:
            self._end_frame(reader)
        content = self._inflated(piece, ends=ends) if self._is_compressed else piece  # [rfc7692-6.2-2]
        if self._is_text:
            self._check.feed(content, final=ends)
        self._content += content  # [rfc6455-5.4-3] [rfc6455-5.4-6] [rfc6455-5.4-7]
        return self._end(reader) if ends else None

    def _begin(self, reader: frames.FrameReader) -> None:
        self._is_begun = True
        self._is_text = reader.opcode == frames.Opcode.TEXT  # [rfc6455-6.2-3]
        self._is_compressed = reader.is_compressed  # that of the first frame counts for all (RFC 7692, Section 6.2)
        self._check = utf8.Utf8Check()
        self._fragments = self._received = 0

    def _end_frame(self, reader: frames.FrameReader) -> None:
        """Count a frame; the next one may be as long as there is room left in its message."""
        self._fragments += 1
        if self._fragments >= self._fragments_max and not reader.is_last_frame:  # [rfc6455-10.4-1]
            raise close.too_big("a message comes in more fragments than this server takes")
        reader.room = self._bytes_max - self._received

    def _inflated(self, piece: bytes, *, ends: bool) -> bytes:
        if self._inflater is None:
            if self._agreed is None:
                raise AssertionError("the reader lets no compressed frame pass where compression is not agreed")
            self._inflater = deflate.Inflater(self._agreed)
        return self._inflater.inflate(piece, self._bytes_max - len(self._content), ends=ends)

    def _end(self, reader: frames.FrameReader) -> Message:
        data: str | bytes = self._content.decode("utf-8") if self._is_text else bytes(self._content)
        self._content = bytearray()
        self._is_begun = False
        reader.room = self._bytes_max
        return Message(data)
