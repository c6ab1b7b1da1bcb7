"""RFC 6455, Section 5: what a client's frames come to, read strictly; with an extension agreed, RFC 7692 too.

The fuzzer's own reader, written from the text: it shares nothing with the parsers that it judges.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from merkhet.model import Weight
from merkhet.wire.client_frames import masked
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict, either, refuse

TEXT = 1
NAMES = {TEXT: "text", 2: "binary"}
KNOWN = frozenset((0, 1, 2, 8, 9, 10))
CONTROL = 8
CLOSED = Verdict(Decision.ACCEPT, weight=Weight.WARNING)
"""A Close that is well-formed. Only a passage that binds nobody says that what is behind it is discarded (Section 1.4)."""
RSV1 = 0x40
NO_LENGTH = 1 << 62
"""Stands for a length of which not every octet is there."""


class Inflating(Protocol):
    """What is known of the client's compression: see merkhet_fuzz.judges.deflate."""

    finals: int
    """How many DEFLATE blocks said that they are the last, in all messages so far."""
    reaches_over: bool
    """Whether a message referred to one before it that had such a block."""

    def message(self, payload: bytes) -> bytes | Verdict:
        """Return the message that a compressed payload is, or what is to be said of one that is none."""
        ...


class Event(NamedTuple):
    """A message, a Ping or a Pong: "text", "binary", "ping" or "pong". It is in `start` to `end`, in `frames` frames."""

    name: str
    payload: bytes
    start: int
    end: int
    frames: int


@dataclass(slots=True)
class Reading:
    """What has been read. `verdict` is None while all is well.

    `trouble` is the offset of what is to be judged: the Close, or the frame that breaks a rule, or, for text that is no
    UTF-8, the first frame of its message. `is_whole`: no octet is missing of the frame that breaks it. `lenient` is
    the offset of the first frame whose length is longer than it need be; -1 if there is none, and so with `trouble`.
    """

    inflating: Inflating | None = None
    events: list[Event] = field(default_factory=list[Event])
    verdict: Verdict | None = None
    at: int = 0
    trouble: int = -1
    lenient: int = -1
    is_whole: bool = True
    is_cut: bool = False
    """Whether the octets end within a frame."""
    close: bytes | None = None
    """The body of the Close."""
    name: str = ""
    content: bytes = b""
    begun: int = 0
    frames: int = 0
    is_compressed: bool = False
    part: bytes = b""
    """What is there of the payload of a frame of a message that is cut off."""
    begins_text: bool = False
    """Whether that frame would have been the first of a text message."""

    @property
    def is_no_text(self) -> bool:
        """Whether a text message that has not ended cannot become UTF-8 any more."""
        is_text_message = self.begins_text or (self.name == "text" and not self.is_compressed)
        if not is_text_message:
            return False
        try:
            codecs.getincrementaldecoder("utf-8")().decode(self.content + self.part)
        except UnicodeDecodeError:
            return True
        return False

    @property
    def in_message(self) -> bool:
        """Whether a message has begun, and not ended."""
        return bool(self.name)


def follow(octets: bytes, inflating: Inflating | None = None) -> Reading:
    """Read frames up to their end, to a Close, or to what must be refused."""
    reading = Reading(inflating)
    while reading.verdict is None and reading.at < len(octets):
        _frame(octets, reading)
    return reading


def read(octets: bytes, inflating: Inflating | None = None) -> tuple[Verdict, tuple[object, ...]]:
    """Return the verdict on these frames and the events that come of them, up to where they must be refused.

    A stream that ends within a frame or a message is no fault: what is not whole comes not out.
    """
    reading = follow(octets, inflating)
    events = tuple((event.name, event.payload) for event in reading.events if event.name != "pong")
    verdict = reading.verdict or ACCEPT
    if reading.verdict is None and reading.is_no_text:
        verdict = FREE  # who finds that before the message ends may fail at once (Section 8.1)
    if verdict is CLOSED and reading.lenient < 0:
        return verdict.at(len(events), "behind-close"), events
    if reading.lenient >= 0:
        verdict = either("rfc6455-5.2-6b", "a length in more octets than it needs may be read")
        if reading.verdict is not None and reading.verdict is not ACCEPT:
            verdict = FREE
    return verdict.at(len(events), "frame"), events


def _wrong(first: int, second: int, reading: Reading) -> Verdict | None:
    """Return what the first two octets of a frame must be refused for."""
    opcode, is_last = first & 15, first & 0x80
    if first & 0x70:
        if first & 0x30 or reading.inflating is None:
            return refuse("rfc6455-5.2-3", "a reserved bit means an extension, and none was agreed")
        if opcode not in NAMES:
            return refuse("rfc7692-6.1-4", "the bit of compression stands on the first frame of a message alone")
    if opcode not in KNOWN:
        return refuse("rfc6455-5.2-4", "an opcode that is not known fails the connection")
    if opcode & CONTROL and not is_last:
        return refuse("rfc6455-5.4-2", "a control frame is not fragmented")
    if opcode in NAMES and reading.in_message:
        return refuse("rfc6455-5.4-4", "a message does not begin within another one")
    if opcode == 0 and not reading.in_message:
        return refuse("rfc6455-5.4-a1", "nothing is there to be continued")
    if not second & 0x80:
        return refuse("rfc6455-5.1-2", "a client's frame is masked")
    return None


class _Head(NamedTuple):
    """What stands before a payload: where that begins, its length, and how many octets say the length."""

    start: int
    length: int
    width: int


def _head(octets: bytes, at: int) -> _Head:
    second = octets[at + 1]
    length, width = second & 0x7F, 0
    if length > 125:
        width = 2 if length == 126 else 8
        extended = octets[at + 2 : at + 2 + width]
        length = int.from_bytes(extended, "big") if len(extended) == width else NO_LENGTH
    return _Head(at + 2 + width + (4 if second & 0x80 else 0), length, width)


def _fail(reading: Reading, verdict: Verdict, *, is_whole: bool, trouble: int = -1) -> None:
    reading.verdict = verdict
    reading.is_whole = is_whole
    reading.trouble = reading.at if trouble < 0 else trouble


def _frame(octets: bytes, reading: Reading) -> None:
    at = reading.at
    if len(octets) < at + 2:
        reading.at, reading.is_cut = len(octets), True
        return
    first = octets[at]
    head = _head(octets, at)
    is_whole = head.start + head.length <= len(octets)
    wrong = _wrong(first, octets[at + 1], reading)
    if wrong is None and head.width:
        if head.length >> 63:
            wrong = refuse("rfc6455-5.2-5", "the first bit of a length is 0")
        elif first & CONTROL and 125 < head.length < NO_LENGTH:
            wrong = refuse("rfc6455-5.5-1", "a control frame has 125 octets at most")
        elif reading.lenient < 0 and head.length < (126 if head.width == 2 else 65536):
            reading.lenient = at
    if wrong is not None:
        _fail(reading, wrong, is_whole=is_whole)
        return
    if not is_whole:
        reading.at, reading.is_cut = len(octets), True
        _begin_part(first, octets, head.start, reading)
        return
    key = octets[head.start - 4 : head.start]
    payload = octets[head.start : head.start + head.length]
    reading.at = head.start + head.length
    _take(first, masked(payload, key) if any(key) else payload, reading, at)


def _begin_part(first: int, octets: bytes, start: int, reading: Reading) -> None:
    """Keep what is there of a frame of a message."""
    if first & CONTROL or start > len(octets):
        return
    reading.begins_text = first & 15 == TEXT and not first & RSV1
    reading.part = masked(octets[start:], octets[start - 4 : start])


def _take(first: int, payload: bytes, reading: Reading, at: int) -> None:
    opcode = first & 15
    if opcode == 8:
        # Behind a Close nothing is read: what its body may say is open, and so is what comes of it.
        reading.verdict = FREE if is_odd(payload) else CLOSED
        reading.trouble, reading.close = at, payload
    elif opcode & CONTROL:
        reading.events.append(Event("ping" if opcode == 9 else "pong", payload, at, reading.at, 1))
    else:
        if not reading.name:
            reading.name, reading.begun, reading.frames = NAMES[opcode], at, 0
            reading.is_compressed = bool(first & RSV1)
        reading.content += payload
        reading.frames += 1
        if first & 0x80:
            _end(reading)


def is_odd(body: bytes) -> bool:
    """Tell whether this is a Close's body that no client should send (Sections 5.5.1 and 7.4)."""
    if not body:
        return False
    code = int.from_bytes(body[:2], "big")
    return (
        len(body) == 1
        or not (code in {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011} or 3000 <= code < 5000)
        or not is_text(body[2:])
    )


def is_text(octets: bytes) -> bool:
    """Tell whether octets are UTF-8."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end(reading: Reading) -> None:
    content, name = reading.content, reading.name
    reading.name, reading.content = "", b""
    if reading.is_compressed and reading.inflating is not None:
        inflated = reading.inflating.message(content)
        if isinstance(inflated, Verdict):
            _fail(reading, inflated, is_whole=True, trouble=reading.begun)
            return
        content = inflated
    if name == "text" and not is_text(content):
        text = "rfc7692-6.2-a1" if reading.is_compressed else "rfc6455-8.1-1"
        _fail(reading, refuse(text, "text is valid UTF-8"), is_whole=True, trouble=reading.begun)
        return
    reading.events.append(Event(name, content, reading.begun, reading.at, reading.frames))
