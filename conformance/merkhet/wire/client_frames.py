"""RFC 6455, Section 5.2: the frames that a check sends itself, followed as far as they are frames.

merkhet answers a server's Ping and Close as a client must, but only from a place between two of the check's own frames, and
a Close only once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HANDSHAKE = re.compile(rb"\r\n(?:sec-websocket-[a-z]+|upgrade)[ \t]*:", re.IGNORECASE)
_CLOSE = 0x8


def behind_handshake(sent: bytes) -> bytes:
    """Return what was sent behind the head of the last handshake among these octets."""
    places = [match.start() for match in _HANDSHAKE.finditer(sent)]
    return sent[places[-1] :].partition(b"\r\n\r\n")[2] if places else b""


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
