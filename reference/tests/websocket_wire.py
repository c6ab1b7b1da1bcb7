"""What the tests of WebSocket share: a client's frames, and a server's frames as a client reads them. Written from the
sections on framing alone, so that it shares no fault with what it tests."""

from __future__ import annotations

from dataclasses import dataclass

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = b"\x37\xfa\x21\x3d"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def masked(data: bytes, key: bytes = KEY) -> bytes:
    return bytes(octet ^ key[at % 4] for at, octet in enumerate(data))


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = KEY, form: int = 0
) -> bytes:
    """A client's frame. `rsv` is the three bits as a number; `form` the octets of the length, 0 for as few as can be."""
    length = len(payload)
    form = form or (1 if length < 126 else 3 if length < 65536 else 9)
    first = bytes((fin << 7 | rsv << 4 | opcode,))
    bit = 0x80 if mask else 0
    if form == 1:
        head = first + bytes((bit | length,))
    else:
        head = first + bytes((bit | (126 if form == 3 else 127),)) + length.to_bytes(form - 1, "big")
    return head + (mask + masked(payload, mask) if mask else payload)


def text(words: str) -> bytes:
    return frame(TEXT, words.encode())


def closing(code: int | None = None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


@dataclass(frozen=True)
class Frame:
    """A frame of the server's."""

    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0

    @property
    def code(self) -> int:
        assert self.opcode == CLOSE
        return int.from_bytes(self.payload[:2], "big")


def read_frame(data: bytes) -> tuple[Frame, bytes] | None:
    """The first frame, and what is behind it; None if it is not all there. A masked or wasteful one is an error."""
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    assert second < 0x80, "a server masks nothing"
    at, length = 2, second
    if second > 125:
        size = 2 if second == 126 else 8
        if len(data) < 2 + size:
            return None
        at, length = 2 + size, int.from_bytes(data[2 : 2 + size], "big")
        assert length > (125 if size == 2 else 65535), "a length that is longer than it has to be"
    if len(data) < at + length:
        return None
    read = Frame(first & 15, data[at : at + length], bool(first & 0x80), first >> 4 & 7)
    return read, data[at + length :]


def read_frames(data: bytes) -> list[Frame]:
    """All frames; half of one is an error."""
    frames: list[Frame] = []
    while data:
        found = read_frame(data)
        assert found is not None, data
        frames.append(found[0])
        data = found[1]
    return frames
