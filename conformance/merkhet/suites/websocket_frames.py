"""RFC 6455, Section 5.2 by hand: the frames that the suites send, and those of their canned servers, right ones and wrong ones.

Frames to the server are masked as a client masks them; those with `server_` before their name are a server's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from merkhet.heard import Opcode
from merkhet.payload import Made, made
from merkhet.wire.client_frames import masked as masked

MASK = b"\x37\xfa\x21\x3d"
"""The masking key of RFC 6455, Section 5.7."""


def head_of_frame(
    opcode: int, size: int, *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK, form: int | None = None
) -> bytes:
    """Return a frame's octets before its payload of `size`. `form` is 7, 16 or 64 to write the length in so many bits."""
    bits = form or (7 if size <= 125 else 16 if size <= 0xFFFF else 64)
    short = {7: size, 16: 126, 64: 127}[bits]
    extended = b"" if bits == 7 else size.to_bytes(bits // 8)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    return bytes([first, (0x80 if mask is not None else 0) | short]) + extended + (mask or b"")


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    form: int | None = None,
    length: int | None = None,
) -> bytes:
    """Return a frame to the server. `rsv` is three bits, RSV1 the highest (4).

    `mask` None leaves it unmasked; `length` is announced in place of the payload's own, and `form` as in `head_of_frame`.
    """
    head = head_of_frame(opcode, len(payload) if length is None else length, fin=fin, rsv=rsv, mask=mask, form=form)
    return head + (masked(payload, mask) if mask is not None else payload)


def _octets(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def text(data: str | bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a text frame: UTF-8, or these octets."""
    return frame(Opcode.TEXT, _octets(data), fin=fin, rsv=rsv, mask=mask)


def binary(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a binary frame."""
    return frame(Opcode.BINARY, data, fin=fin, rsv=rsv, mask=mask)


def continuation(data: str | bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a continuation frame."""
    return frame(Opcode.CONTINUATION, _octets(data), fin=fin, rsv=rsv, mask=mask)


def ping(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a Ping."""
    return frame(Opcode.PING, data, fin=fin, rsv=rsv, mask=mask)


def pong(data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = MASK) -> bytes:
    """Return a Pong."""
    return frame(Opcode.PONG, data, fin=fin, rsv=rsv, mask=mask)


def close_body(code: int | None = None, reason: str | bytes = b"") -> bytes:
    """Return the body of a Close."""
    return b"" if code is None else code.to_bytes(2) + _octets(reason)


def close(code: int | None = None, reason: str | bytes = b"", *, body: bytes | None = None, rsv: int = 0) -> bytes:
    """Return a Close with a code and a reason, without a body, or with these octets as its body."""
    return frame(Opcode.CLOSE, close_body(code, reason) if body is None else body, rsv=rsv)


def pieces(data: bytes, size: int) -> tuple[bytes, ...]:
    """Return octets in pieces of `size`, the last as long as it comes; one empty piece if there are none."""
    return tuple(data[at : at + size] for at in range(0, len(data), size)) or (b"",)


def fragments(
    opcode: int,
    parts: Sequence[str | bytes],
    *,
    rsv: int = 0,
    between: Iterable[bytes] = (),
    mask: bytes | None = MASK,
) -> bytes:
    """Return a message in as many frames as there are parts, `rsv` on the first; `between` are frames after each but the last."""
    insertions = iter(between)
    out: list[bytes] = []
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        kind, bits = (Opcode.CONTINUATION, 0) if number else (opcode, rsv)
        out.append(frame(kind, _octets(part), fin=is_last, rsv=bits, mask=mask))
        if not is_last:
            out.append(next(insertions, b""))
    return b"".join(out)


def server_frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, form: int | None = None
) -> bytes:
    """Return a frame as a server sends it."""
    return frame(opcode, payload, fin=fin, rsv=rsv, mask=None, form=form)


def server_text(data: str | bytes = b"", *, rsv: int = 0) -> bytes:
    """Return a server's text frame."""
    return server_frame(Opcode.TEXT, _octets(data), rsv=rsv)


def server_binary(data: bytes = b"", *, rsv: int = 0) -> bytes:
    """Return a server's binary frame."""
    return server_frame(Opcode.BINARY, data, rsv=rsv)


def server_ping(data: bytes = b"") -> bytes:
    """Return a server's Ping."""
    return server_frame(Opcode.PING, data)


def server_pong(data: bytes = b"") -> bytes:
    """Return a server's Pong."""
    return server_frame(Opcode.PONG, data)


def server_close(code: int | None = None, reason: str | bytes = b"", *, body: bytes | None = None) -> bytes:
    """Return a server's Close."""
    return server_frame(Opcode.CLOSE, close_body(code, reason) if body is None else body)


def server_fragments(
    opcode: int, parts: Sequence[str | bytes], *, rsv: int = 0, between: Iterable[bytes] = ()
) -> bytes:
    """Return a server's message in fragments."""
    return fragments(opcode, parts, rsv=rsv, between=between, mask=None)


@dataclass(frozen=True, slots=True)
class Large:
    """A message too large to keep: octets by rule, in frames of `fragment` octets (0: one frame), then `behind`.

    `mask` None makes it a server's.
    """

    opcode: Opcode
    data: Made
    fragment: int = 0
    mask: bytes | None = MASK
    behind: bytes = b""

    def describe(self) -> str:
        """Say what the octets are."""
        parts = f" in fragments of {self.fragment}" if self.fragment else " in one frame"
        return f"a {self.opcode.name.lower()} message, {self.data.describe()}{parts}"

    def make(self) -> bytes:
        """Make them."""
        data = made(self.data)
        parts = pieces(data, self.fragment) if self.fragment else (data,)
        return fragments(self.opcode, parts, mask=self.mask) + self.behind
