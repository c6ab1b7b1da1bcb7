"""RFC 6455, Section 5.2: Base Framing Protocol. Frames from octets as they come, and frames of our own.

Each octet of a frame's head is judged as soon as it is there: what no later octet can mend is a violation at once.
"""

from __future__ import annotations

import enum

from merkhet_reference.websocket import close


class Opcode(enum.IntEnum):
    """What a frame is (Section 5.2); the values that are missing are reserved."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


FIN = 0x80
RSV1 = 0x40
RESERVED_BITS = 0x70
OPCODE = 0x0F
CONTROL = 0x08
MASKED = 0x80
LENGTH = 0x7F
LENGTH_16, LENGTH_64 = 126, 127
"""Say that the length follows, in two octets or in eight."""
EXTENDED_BYTES = {LENGTH_16: 2, LENGTH_64: 8}
LENGTH_16_MAX = 0xFFFF
CONTROL_BYTES_MAX = 125
KNOWN = frozenset(int(opcode) for opcode in Opcode)
WIDE_BYTES = 1024
"""From so many octets on unmasking takes another way: see `unmask`."""


def first_octet_fault(octet: int, *, deflates: bool, in_message: bool) -> str:
    """Return what is wrong with the first octet of a frame, "" if nothing is.

    `deflates`: compression is agreed, so RSV1 means something (RFC 7692, Section 6). `in_message`: the frame before was
    no last one of its message.
    """
    opcode = octet & OPCODE
    begins_message = opcode in {Opcode.TEXT, Opcode.BINARY}
    allowed = RSV1 if deflates and begins_message else 0
    if octet & RESERVED_BITS & ~allowed:
        return "a reserved bit is set"  # [rfc6455-5.2-3] [rfc7692-6.1-4]
    if opcode not in KNOWN:
        return "an opcode is reserved"  # [rfc6455-5.2-4]
    if opcode & CONTROL and not octet & FIN:
        return "a control frame is fragmented"  # [rfc6455-5.4-2]
    if begins_message and in_message:
        return "a message begins inside of another one"  # [rfc6455-5.4-4]
    if opcode == Opcode.CONTINUATION and not in_message:
        return "nothing is there to be continued"  # [rfc6455-5.4-a1] [rfc6455-5.4-12]
    return ""


def second_octet_fault(octet: int, *, is_control: bool) -> str:
    """Return what is wrong with the second octet of a client's frame, "" if nothing is."""
    if not octet & MASKED:
        return "a frame is not masked"  # [rfc6455-5.1-2] [rfc6455-5.1-3]
    if is_control and octet & LENGTH > CONTROL_BYTES_MAX:
        return "a control frame has more than 125 octets"  # [rfc6455-5.5-1]
    return ""


FIRST_OCTET: dict[tuple[bool, bool], tuple[str, ...]] = {
    (deflates, in_message): tuple(
        first_octet_fault(octet, deflates=deflates, in_message=in_message) for octet in range(256)
    )
    for deflates in (False, True)
    for in_message in (False, True)
}
"""By whether compression is agreed and whether a message has begun: the fault of each octet that may come first."""

WHOLE: dict[bool, frozenset[int]] = {
    deflates: frozenset(
        FIN | opcode | bits for opcode in (Opcode.TEXT, Opcode.BINARY) for bits in ((0, RSV1) if deflates else (0,))
    )
    for deflates in (False, True)
}
"""By whether compression is agreed: what a message that is one frame begins with, as nearly all do."""
NO_OCTETS: frozenset[int] = frozenset()

SECOND_OCTET: dict[bool, tuple[str, ...]] = {
    is_control: tuple(second_octet_fault(octet, is_control=is_control) for octet in range(256))
    for is_control in (False, True)
}
"""By whether it is a control frame: the fault of each octet that may come second."""


class FrameReader:
    """Frames out of a client's octets, sans I/O. `take` returns the payload piece by piece, unmasked.

    What the piece belongs to stands beside it: `opcode`, `is_last_frame` (FIN), `is_compressed` (RSV1), and `has_ended`,
    which says that this was the last piece of its frame. A control frame comes in one piece.
    `room` is what the reader's owner takes of the next data frame; a longer one is a violation.
    """

    __slots__ = (
        "_at", "_buffer", "_deflates", "_faults", "_key", "_remaining", "_turned", "_whole", "has_ended", "in_message",
        "is_compressed", "is_last_frame", "opcode", "room",
    )  # fmt: skip

    def __init__(self, room: int, *, deflates: bool = False) -> None:
        self._buffer = b""
        self._at = 0
        self._deflates = deflates
        self._faults = FIRST_OCTET[deflates, False]
        self._whole = WHOLE[deflates]
        self._key = b""
        self._remaining = 0
        self._turned = 0
        self.room = room
        self.opcode = 0
        self.in_message = False
        self.is_last_frame = True
        self.is_compressed = False
        self.has_ended = True

    @property
    def waiting_bytes(self) -> int:
        """Octets that came and are not yet taken."""
        return len(self._buffer) - self._at

    def receive(self, data: bytes) -> None:
        """Store what came. What was stored before and is not taken yet is small, or the caller has not asked for it."""
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def clear(self) -> None:
        """Throw away what is stored: none of it will be read."""
        self._buffer, self._at = b"", 0

    def take(self) -> bytes | None:  # [rfc6455-6.2-1]
        """Return the next piece of a payload, or None when more octets are needed. Raises Violation."""
        if self.has_ended:
            if self._at == len(self._buffer):
                return None
            if (payload := self._take_whole()) is not None:
                return payload
            if not self._begin():
                return None
            if not self._remaining:
                return self._end(b"")
        available = len(self._buffer) - self._at
        count = self._remaining
        if available < count:
            if not available or self.opcode & CONTROL:
                return None
            count = available
        start, self._at = self._at, self._at + count
        data = unmask(self._buffer[start : self._at], self._key, self._turned)
        self._remaining -= count
        if not self._remaining:
            return self._end(data)
        self._turned = (self._turned + count) & 3
        return data

    def _take_whole(self) -> bytes | None:
        """Return the payload of a short message that is one frame and is all there; None for anything else.

        It has no fault, so nothing is asked that `_begin` asks of the others: this is for speed alone.
        """
        buffer, at = self._buffer, self._at
        available = len(buffer) - at
        if available < 6 or buffer[at] not in self._whole:
            return None
        length = buffer[at + 1] - MASKED
        if not 0 <= length < LENGTH_16 or length > available - 6 or length > self.room:
            return None
        start = at + 6
        self._at = end = start + length
        self.opcode = buffer[at] & OPCODE
        self.is_compressed = buffer[at] & RSV1 > 0
        repeated = (buffer[at + 2 : start] * 32)[:length]
        return (int.from_bytes(buffer[start:end], "little") ^ int.from_bytes(repeated, "little")).to_bytes(
            length, "little"
        )

    def _end(self, data: bytes) -> bytes:
        self.has_ended = True
        if not self.opcode & CONTROL:
            self.in_message = not self.is_last_frame  # [rfc6455-6.2-4]
            self._faults = FIRST_OCTET[self._deflates, self.in_message]
            self._whole = NO_OCTETS if self.in_message else WHOLE[self._deflates]
        return data

    def _begin(self) -> bool:
        """Take a frame's head, if all of it is there, and judge what is there of it."""
        buffer, at = self._buffer, self._at
        available = len(buffer) - at
        first = buffer[at]
        if self._faults[first]:
            raise close.protocol_error(self._faults[first])
        if available == 1:
            return False
        second = buffer[at + 1]
        is_control = bool(first & CONTROL)
        if SECOND_OCTET[is_control][second]:
            raise close.protocol_error(SECOND_OCTET[is_control][second])
        length = second & LENGTH
        at += 2
        if length >= LENGTH_16:
            count = EXTENDED_BYTES[length]
            octets = buffer[at : at + count]
            length = self._extended_length(octets, count)
            if len(octets) < count:
                return False
            at += count
        elif length > self.room and not is_control:
            raise too_long()
        if len(buffer) < at + 4:
            return False
        self._key = buffer[at : at + 4]
        self._at = at + 4
        self._remaining, self._turned = length, 0
        self.opcode = first & OPCODE
        self.has_ended = False
        if not is_control:
            self.is_last_frame = bool(first & FIN)
            self.is_compressed = bool(first & RSV1)
        return True

    def _extended_length(self, octets: bytes, count: int) -> int:
        """Return a length of two or eight octets; judge the first of them while others are missing."""
        missing = count - len(octets)
        least = int.from_bytes(octets, "big") << 8 * missing
        if count == 8:
            if least >> 63:
                raise close.protocol_error("the first bit of a length is set")  # [rfc6455-5.2-5]
            if missing <= 2 and least <= LENGTH_16_MAX:
                raise close.protocol_error("a length has more octets than it needs")
        elif not missing and least < LENGTH_16:  # [rfc6455-5.2-6b]
            raise close.protocol_error("a length has more octets than it needs")
        if least > self.room:
            raise too_long()
        return least


def too_long() -> close.Violation:
    """Return what is wrong with a frame that is too long for its message: seen at its length, before its payload."""
    return close.too_big("a message is larger than this server takes")  # [rfc6455-10.4-2]


TURNED = tuple(bytes(key ^ octet for octet in range(256)) for key in range(256))
"""For each octet of a key, what it makes of each octet of a payload."""


def unmask(data: bytes, key: bytes, turned: int = 0) -> bytes:  # [rfc6455-6.2-7]
    """Return a payload, or a piece of one, without its mask (Section 5.3). `turned`: the octet of `key` that is next.

    Exclusive or with the key over and over: of a short one as two large integers, which is the fastest up to a kilobyte;
    of a long one by four translations, each of every fourth octet.
    """
    if turned:
        key = key[turned:] + key[:turned]
    length = len(data)
    if length < WIDE_BYTES:
        repeated = (key * (length // 4 + 1))[:length]
        return (int.from_bytes(data, "little") ^ int.from_bytes(repeated, "little")).to_bytes(length, "little")
    unmasked = bytearray(length)
    for start in range(4):
        unmasked[start::4] = data[start::4].translate(TURNED[key[start]])
    return bytes(unmasked)


SHORT_HEADS: dict[int, tuple[bytes, ...]] = {
    opcode: tuple(bytes((FIN | opcode, length)) for length in range(LENGTH_16)) for opcode in Opcode
}
"""By opcode and length: the head of a short frame that is a message, or a control frame."""


# [rfc6455-6.1-1] [rfc6455-6.1-3] [rfc6455-5.1-4] [rfc6455-5.2-6a]
def encode(opcode: int, payload: bytes, *, is_last: bool = True, is_compressed: bool = False) -> bytes:
    """Return a frame of ours: never masked, its length in as few octets as there can be."""
    length = len(payload)
    if length < LENGTH_16 and is_last and not is_compressed:
        return SHORT_HEADS[opcode][length] + payload
    # [rfc6455-6.1-6] [rfc6455-5.2-2] [rfc6455-5.8-1]
    first = opcode | (FIN if is_last else 0) | (RSV1 if is_compressed else 0)
    if length < LENGTH_16:
        return bytes((first, length)) + payload
    if length <= LENGTH_16_MAX:
        return bytes((first, LENGTH_16)) + length.to_bytes(2, "big") + payload
    return bytes((first, LENGTH_64)) + length.to_bytes(8, "big") + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """Return a Close of ours. Raises ValueError as `close.body` does."""
    return encode(Opcode.CLOSE, close.body(code, reason))


def encode_ping(data: bytes = b"") -> bytes:
    """Return a Ping. Raises ValueError for more than 125 octets."""
    if len(data) > CONTROL_BYTES_MAX:
        raise ValueError("a Ping has 125 octets at most")
    return encode(Opcode.PING, data)


def encode_pong(data: bytes) -> bytes:  # [rfc6455-5.5.3-a1]
    """Return the Pong to a Ping that had this payload."""
    return encode(Opcode.PONG, data)
