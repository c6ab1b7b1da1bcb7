"""RFC 6455, Section 5.2: frames as a client sends them: those of a check, followed and told as far as they are frames.

merkhet answers a server's Ping and Close as a client must, but only from a place between two of the check's own frames, and
a Close only once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from merkhet.answer import Response
from merkhet.heard import Close, Opcode, shown

_HANDSHAKE = re.compile(rb"\r\n(?:sec-websocket-[a-z]+|upgrade)[ \t]*:", re.IGNORECASE)
_OFFER = re.compile(rb"\r\nupgrade[ \t]*:[^\r\n]*websocket", re.IGNORECASE)
_CLOSE = 0x8


def masked(data: bytes, key: bytes) -> bytes:
    """Return octets masked with a key of four, or, if they are, without their mask (RFC 6455, Section 5.3)."""
    pattern = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(pattern)).to_bytes(len(data))


def short_frame(opcode: Opcode, data: bytes, key: bytes) -> bytes:
    """Return a whole frame of at most 125 octets."""
    return bytes([0x80 | opcode, 0x80 | len(data)]) + key + masked(data, key)


def behind_handshake(sent: bytes) -> bytes:
    """Return what was sent behind the head of the last handshake among these octets."""
    places = [match.start() for match in _HANDSHAKE.finditer(sent)]
    return sent[places[-1] :].partition(b"\r\n\r\n")[2] if places else b""


def opens_websocket(response: Response, sent: bytes) -> bool:
    """Whether a 101 to these octets begins a WebSocket, as far as its Upgrade tells, and else by what was offered.

    Behind a 101 to another protocol, such as h2c, whatever comes are no frames of a WebSocket.
    """
    named = response.members(b"Upgrade")
    return any(name.partition(b"/")[0] == b"websocket" for name in named) if named else bool(_OFFER.search(sent))


@dataclass(slots=True)
class ClientFrames:
    """How far the frames of a check have come. `lost` is true once something was sent that cannot be followed."""

    lost: bool = False
    close_code: int | None = None
    closes: int = 0
    _header: bytes = b""
    _missing: int = 0
    _body: bytes = b""

    @property
    def between_frames(self) -> bool:
        """Whether another frame may begin here."""
        return not self.lost and not self._header and not self._missing

    def feed(self, data: bytes) -> None:
        """Follow what was sent."""
        at = 0
        while at < len(data) and not self.lost:
            if self._missing:
                piece = data[at : at + min(self._missing, len(data) - at)] if self._is_close else b""
                step = min(self._missing, len(data) - at)
                self._body = (self._body + piece)[:6]
                self._missing -= step
                at += step
                self._end_of_close()
            else:
                self._header += data[at : at + 1]
                at += 1
                self._take_header()

    @property
    def _is_close(self) -> bool:
        return bool(self._header) and self._header[0] & 0xF == _CLOSE

    def _take_header(self) -> None:
        """Begin the payload once the length is known; the masking key counts as its first octets."""
        if len(self._header) < 2:
            return
        short, mask = self._header[1] & 0x7F, 4 if self._header[1] & 0x80 else 0
        size = {126: 2, 127: 8}.get(short, 0)
        if len(self._header) < 2 + size:
            return
        length = int.from_bytes(self._header[2:]) if size else short
        self.lost = bool(length >> 63)
        self._missing = length + mask
        self._end_of_close()

    def _end_of_close(self) -> None:
        """Forget a frame that is whole, and remember that it was a Close."""
        if self._missing:
            return
        if self._is_close:
            self.closes += 1
            is_masked = bool(self._header[1] & 0x80)
            key, code = (self._body[:4], self._body[4:6]) if is_masked else (bytes(4), self._body[:2])
            if len(code) == 2:
                self.close_code = int.from_bytes(code) ^ int.from_bytes(key[:2])
        self._header, self._body = b"", b""


def in_words(data: bytes) -> Iterator[str]:
    """Say what each of these frames is, departures from what a client sends included, up to the end or to half a frame."""
    at = 0
    while at < len(data):
        size = _head_size(data[at : at + 2])
        head = data[at : at + size]
        if len(head) < size:
            yield f"the first {len(data) - at} octets of a frame"
            return
        is_masked = bool(head[1] & 0x80)
        length = int.from_bytes(head[2 : size - 4 * is_masked]) if head[1] & 0x7F > 125 else head[1] & 0x7F
        payload = data[at + size : at + size + length]
        key = head[size - 4 :] if is_masked else bytes(4)
        yield _frame_words(head, masked(payload, key), length)
        at += size + length


def _head_size(start: bytes) -> int:
    """Return how many octets come before the payload of a frame that starts so, its masking key included."""
    if len(start) < 2:
        return 2
    return 2 + {126: 2, 127: 8}.get(start[1] & 0x7F, 0) + (4 if start[1] & 0x80 else 0)


def _frame_words(head: bytes, payload: bytes, length: int) -> str:
    code = head[0] & 0xF
    name = Opcode(code).name.lower() if code in frozenset(Opcode) else f"opcode {code}"
    is_close = code == Opcode.CLOSE and len(payload) == length
    told = [Close(payload).describe() if is_close else f"{name} {shown(payload)}"]
    told += [f"RSV{number}" for number, bit in ((1, 0x40), (2, 0x20), (3, 0x10)) if head[0] & bit]
    told += ["without FIN"] if not head[0] & 0x80 else []
    told += ["unmasked"] if not head[1] & 0x80 else []
    told += [f"its length in {16 if head[1] & 1 == 0 else 64} bits"] if _is_too_long(head[1] & 0x7F, length) else []
    told += [f"{length} octets announced"] if len(payload) < length else []
    return ", ".join(told)


def _is_too_long(short: int, length: int) -> bool:
    """Whether a length is written in more octets than it needs."""
    return (short == 126 and length < 126) or (short == 127 and length < 65536)
