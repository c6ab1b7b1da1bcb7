"""RFC 6455, Section 5: what a client's frames come to, read strictly and with no extension agreed.

The fuzzer's own reader, written from the text: it shares nothing with the parsers that it judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from merkhet.model import Weight
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict, either, refuse

NAMES = {1: "text", 2: "binary"}
KNOWN = frozenset((0, 1, 2, 8, 9, 10))
CONTROL = 8
CLOSED = Verdict(Decision.ACCEPT, weight=Weight.WARNING)
"""A Close that is well-formed. Only a passage that binds nobody says that what is behind it is discarded (Section 1.4)."""


@dataclass(slots=True)
class Reading:
    """What has been read. `events` are ("text" | "binary" | "ping", payload); `verdict` is None while all is well."""

    events: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    verdict: Verdict | None = None
    name: str = ""
    content: bytes = b""
    is_lenient: bool = False
    at: int = 0


def read(octets: bytes) -> tuple[Verdict, tuple[object, ...]]:
    """Return the verdict on these frames and the events that come of them, up to where they must be refused.

    A stream that ends within a frame or a message is no fault: what is not whole comes not out.
    """
    reading = Reading()
    while reading.verdict is None and reading.at < len(octets):
        _frame(octets, reading)
    events = tuple(reading.events)
    verdict = reading.verdict or ACCEPT
    if verdict is CLOSED and not reading.is_lenient:
        return verdict.at(len(events), "behind-close"), events
    if verdict is ACCEPT and reading.is_lenient:
        verdict = either("rfc6455-5.2-6b", "a length in more octets than it needs may be read")
    elif reading.is_lenient:
        verdict = FREE
    return verdict.at(len(events), "frame"), events


def _wrong(first: int, second: int, *, in_message: bool) -> Verdict | None:
    """Return what the first two octets of a frame must be refused for."""
    opcode, is_last = first & 15, first & 0x80
    if first & 0x70:
        return refuse("rfc6455-5.2-3", "a reserved bit means an extension, and none was agreed")
    if opcode not in KNOWN:
        return refuse("rfc6455-5.2-4", "an opcode that is not known fails the connection")
    if opcode & CONTROL and not is_last:
        return refuse("rfc6455-5.4-2", "a control frame is not fragmented")
    if opcode in NAMES and in_message:
        return refuse("rfc6455-5.4-4", "a message does not begin within another one")
    if opcode == 0 and not in_message:
        return refuse("rfc6455-5.4-a1", "nothing is there to be continued")
    if not second & 0x80:
        return refuse("rfc6455-5.1-2", "a client's frame is masked")
    return None


def _frame(octets: bytes, reading: Reading) -> None:
    at = reading.at
    head = octets[at : at + 2]
    if len(head) < 2:
        reading.at = len(octets)
        return
    reading.verdict = _wrong(head[0], head[1], in_message=bool(reading.name))
    if reading.verdict is not None:
        return
    length, width = head[1] & 0x7F, 0
    if length > 125:
        width = 2 if length == 126 else 8
        extended = octets[at + 2 : at + 2 + width]
        length = int.from_bytes(extended, "big") if len(extended) == width else 1 << 62
        if length >> 63:
            reading.verdict = refuse("rfc6455-5.2-5", "the first bit of a length is 0")
            return
        reading.is_lenient |= length < (126 if width == 2 else 65536)
    if head[0] & CONTROL and length > 125:
        reading.verdict = refuse("rfc6455-5.5-1", "a control frame has 125 octets at most")
        return
    start = at + 6 + width
    payload = octets[start : start + length]
    if len(octets) < start or len(payload) < length:
        reading.at = len(octets)
        return
    key = octets[start - 4 : start]
    reading.at = start + length
    _take(head[0], bytes(octet ^ key[place & 3] for place, octet in enumerate(payload)), reading)


def _take(first: int, payload: bytes, reading: Reading) -> None:
    opcode = first & 15
    if opcode == 9:
        reading.events.append(("ping", payload))
    elif opcode == 8:
        # Behind a Close nothing is read: what its body may say is open, and so is what comes of it.
        reading.verdict = FREE if _is_odd(payload) else CLOSED
    elif opcode != 10:
        reading.name = reading.name or NAMES[opcode]
        reading.content += payload
        if first & 0x80:
            _end(reading)


def _is_odd(body: bytes) -> bool:
    if not body:
        return False
    code = int.from_bytes(body[:2], "big")
    return (
        len(body) == 1
        or not (code in {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011} or 3000 <= code < 5000)
        or not _is_text(body[2:])
    )


def _is_text(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end(reading: Reading) -> None:
    if reading.name == "text" and not _is_text(reading.content):
        reading.verdict = refuse("rfc6455-8.1-1", "text is valid UTF-8")
        return
    reading.events.append((reading.name, reading.content))
    reading.name, reading.content = "", b""
