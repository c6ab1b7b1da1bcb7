"""RFC 6455, Section 5.2: the frames that a server sends, read strictly and as they come.

What departs from the rules is written down as a `Fault` that names the judge's rule, as the reader of responses does. Some
faults end the reading (`FATAL`): a client that meets them has to fail the connection, or cannot tell where a frame ends.
With the others the frame means what it says. Nothing here raises on hostile octets, and what is held is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from merkhet.answer import Fault
from merkhet.heard import Close, Event, Message, Opcode, Ping, Pong
from merkhet.wire.extensions import Deflate
from merkhet.wire.inflate import Inflated, InflateError, Inflater, TooLong

MESSAGE_BYTES_MAX = 16 * 1024 * 1024 + 65536
"""Octets of one message, above the largest that a check asks for."""
TOTAL_BYTES_MAX = 8 * MESSAGE_BYTES_MAX
EVENTS_MAX = 200_000
FAULTS_MAX = 16
CONTROL_BYTES_MAX = 125

FATAL = frozenset(
    {
        "frame-masked",
        "frame-rsv",
        "frame-opcode",
        "frame-length-top-bit",
        "frame-control-fragmented",
        "frame-control-size",
        "frame-interleaved",
        "frame-continuation",
        "frame-text-utf8",
        "deflate-rsv1",
        "deflate-broken",
        "too-large",
    }
)
"""Faults behind which nothing is read."""

_KNOWN = frozenset(Opcode)
_NEVER_SENT = {1005: "frame-close-1005", 1006: "frame-close-1006", 1015: "frame-close-1015"}


def is_reserved(code: int) -> bool:
    """Whether a status code may not stand in a Close frame of anybody's (RFC 6455, Section 7.4.2).

    1012 to 1014 were registered later, and of 5000 and more the text says nothing.
    """
    return code < 1000 or code == 1004 or 1016 <= code <= 2999


@dataclass(slots=True)
class Tally:
    """How many frames and messages have been read: what the judge's rules apply to."""

    frames: int = 0
    controls: int = 0
    texts: int = 0
    compressed: int = 0
    measured: int = 0
    finals: int = 0
    closes: list[int | None] = field(default_factory=list[int | None])


@dataclass(frozen=True, slots=True)
class _Header:
    """The beginning of a frame, its mask bit 0."""

    is_final: bool
    rsv: int
    opcode: Opcode
    length: int


@dataclass(slots=True)
class _Begun:
    """A message of which the last frame has not come."""

    opcode: Opcode
    compressed: bool
    frames: int = 0
    payload: bytearray = field(default_factory=bytearray)


class FrameReader:
    """Reads the frames behind a 101. `deflate` is what it agreed to: only then may RSV1 stand, on the first frame of a message.

    `events` grows as messages and control frames come. Nothing is read any more once `broken` is true; a message that is no
    UTF-8 is still among the events, so that a check can tell what came back.
    """

    def __init__(self, deflate: Deflate | None = None, *, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self.events: list[Event] = []
        self.faults: list[Fault] = []
        self.places: list[int] = []
        """Of each fault, how many events came before what it is about."""
        self.tally = Tally()
        self.broken = False
        self._deflate = deflate
        self._inflater = (
            Inflater(takeover=deflate.server_takeover, bytes_max=message_bytes_max) if deflate is not None else None
        )
        self._bytes_max = message_bytes_max
        self._bytes = 0
        self._buffer = bytearray()
        self._at = 0
        self._frame: _Header | None = None
        """The frame whose payload is being read."""
        self._payload = bytearray()
        self._missing = 0
        self._begun: _Begun | None = None

    @property
    def unfinished(self) -> bool:
        """Whether part of a message, or of a frame, has come, and more may come."""
        is_within = self._begun is not None or self._frame is not None or self._at < len(self._buffer)
        return is_within and not self.broken

    def feed(self, data: bytes) -> None:
        """Take the next octets of the connection."""
        if self.broken:
            return
        self._buffer += data
        self._bytes += len(data)
        while self._read_header() if self._frame is None else self._read_payload(self._frame):
            pass
        del self._buffer[: self._at]
        self._at = 0
        if self._bytes > TOTAL_BYTES_MAX or len(self.events) > EVENTS_MAX:
            self._fault("too-large", f"{self._bytes} octets and {len(self.events)} messages and control frames so far")

    def _fault(self, rule: str, text: str) -> None:
        self.broken |= rule in FATAL
        if len(self.faults) < FAULTS_MAX or self.broken:
            self.faults.append(Fault(rule, text))
            self.places.append(len(self.events))

    def _read_header(self) -> bool:
        """Read the beginning of a frame (Section 5.2)."""
        buffer, at = self._buffer, self._at
        if len(buffer) < at + 2:
            return False
        first, second = buffer[at], buffer[at + 1]
        if second & 0x80:
            self._fault("frame-masked", f"a masked frame, which begins {bytes(buffer[at : at + 2])!r}")
            return False
        if first & 0x0F not in _KNOWN:
            self._fault("frame-opcode", f"a frame with the reserved opcode {first & 0x0F}")
            return False
        short = second & 0x7F
        size = {126: 2, 127: 8}.get(short, 0)
        if len(buffer) < at + 2 + size:
            return False
        length = int.from_bytes(buffer[at + 2 : at + 2 + size]) if size else short
        self._at = at + 2 + size
        header = _Header(bool(first & 0x80), first >> 4 & 0x7, Opcode(first & 0x0F), length)
        self.tally.frames += 1
        self.tally.controls += header.opcode.is_control
        self._judge_length(header, size)
        if header.opcode.is_control:
            self._judge_control(header)
        else:
            self._judge_data(header)
        self._judge_rsv(header)
        self._frame, self._missing = header, length
        return not self.broken

    def _judge_length(self, header: _Header, size: int) -> None:
        length = header.length
        if length >> 63:
            self._fault("frame-length-top-bit", f"a length of {length}, whose top bit is set")
        elif length < {0: 0, 2: 126, 8: 65536}[size]:
            self._fault("frame-length-minimal", f"a length of {length} in {size} octets")
        if length > self._bytes_max and not self.broken:
            self._fault("too-large", f"a frame of {length} octets")

    def _judge_control(self, header: _Header) -> None:
        name = header.opcode.name.capitalize()
        if not header.is_final:
            self._fault("frame-control-fragmented", f"a {name} without FIN")
        if header.length > CONTROL_BYTES_MAX:
            self._fault("frame-control-size", f"a {name} of {header.length} octets")

    def _judge_data(self, header: _Header) -> None:
        if self.tally.closes:
            self._fault("frame-data-after-close", "a data frame behind the server's own Close")
        if header.opcode is Opcode.CONTINUATION:
            if self._begun is None:
                self._fault("frame-continuation", "a continuation frame, and no message has begun")
        elif self._begun is not None:
            self._fault("frame-interleaved", "a message begins within another that has not ended")

    def _judge_rsv(self, header: _Header) -> None:
        known = 0x4 if self._deflate is not None else 0
        if header.rsv & ~known:
            self._fault("frame-rsv", f"a frame with the bits RSV {header.rsv:03b}, which nothing agreed to means")
        elif header.rsv and (header.opcode.is_control or header.opcode is Opcode.CONTINUATION):
            self._fault("deflate-rsv1", f"RSV1 on a {header.opcode.name.capitalize()} frame")

    def _read_payload(self, frame: _Header) -> bool:
        """Move what has come of a frame's payload, and end the frame with its last octet."""
        into = self._payload
        if not frame.opcode.is_control:
            if self._begun is None:
                self._begun = _Begun(frame.opcode, bool(frame.rsv))
            into = self._begun.payload
        piece = self._buffer[self._at : self._at + self._missing]
        into += piece
        self._at += len(piece)
        self._missing -= len(piece)
        if self._missing:
            return False
        self._frame = None
        if frame.opcode.is_control:
            self._control(frame.opcode)
        else:
            self._data(frame)
        return not self.broken

    def _control(self, opcode: Opcode) -> None:
        data = bytes(self._payload)
        self._payload.clear()
        if opcode is Opcode.CLOSE:
            self._close(Close(data))
        else:
            self.events.append(Ping(data) if opcode is Opcode.PING else Pong(data))

    def _close(self, close: Close) -> None:
        """Judge a Close (Sections 5.5.1 and 7.4)."""
        self.tally.closes.append(close.code)
        if len(close.body) == 1:
            self._fault("frame-close-body", f"a Close with the one octet {close.body!r}")
        if not _is_utf8(close.reason):
            self._fault("frame-close-body", f"a Close whose reason {close.reason!r} is not UTF-8")
        code = close.code
        if code in _NEVER_SENT:
            self._fault(_NEVER_SENT[code], f"a Close with the code {code}")
        elif code == 1010:
            self._fault("frame-close-1010", "a Close with the code 1010, which is for clients")
        elif code is not None and is_reserved(code):
            self._fault("frame-close-reserved", f"a Close with the code {code}")
        self.events.append(close)

    def _data(self, frame: _Header) -> None:
        begun = self._begun
        if begun is None:
            return
        begun.frames += 1
        if len(begun.payload) > self._bytes_max:
            self._fault("too-large", f"a message of more than {self._bytes_max} octets")
        elif frame.is_final:
            self._begun = None
            self._message(begun)

    def _message(self, begun: _Begun) -> None:
        data, distance = bytes(begun.payload), None
        if begun.compressed:
            inflated = self._inflate(data)
            if inflated is None:
                return
            data, distance = inflated.data, inflated.distance
        if begun.opcode is Opcode.TEXT:
            self.tally.texts += 1
            if not _is_utf8(data):
                self._fault("frame-text-utf8", "a text message that is not UTF-8")
        self.events.append(Message(begun.opcode, data, begun.compressed, begun.frames, distance))

    def _inflate(self, payload: bytes) -> Inflated | None:
        """Inflate a message (RFC 7692, Section 7.2.2), and judge how it was deflated."""
        if self._inflater is None or self._deflate is None:
            return None
        self.tally.compressed += 1
        try:
            inflated = self._inflater.message(payload)
        except InflateError as problem:
            self._fault("deflate-broken", f"a compressed message that cannot be read: {problem}")
            return None
        except TooLong:
            self._fault("too-large", f"a message that inflates to more than {self._bytes_max} octets")
            return None
        self.tally.measured += inflated.distance is not None
        self.tally.finals += inflated.finals
        window = 1 << self._deflate.server_bits
        if inflated.distance is not None and inflated.distance > window:
            self._fault("deflate-window", f"a distance of {inflated.distance}, agreed to was a window of {window}")
        if inflated.reach and not self._deflate.server_takeover:
            self._fault("deflate-takeover", "a message that refers to one before it, which was agreed not to be")
        if inflated.padding:
            self._fault("deflate-padding", "a block with BFINAL that is padded with bits other than 0")
        return inflated


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
