"""RFC 1951 by hand: DEFLATE data for the payloads of messages, the same octets whatever zlib is installed.

`deflated(Fixed(b"Hello"))` is the payload of RFC 7692, Section 7.2.3.1. A block holds literals and references back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from merkhet.wire.inflate import DISTANCE_BASES, DISTANCE_BITS, LENGTH_BASES, LENGTH_BITS, TAIL

_END_OF_BLOCK = 256
_LENGTH_CODE_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_MATCH_BYTES_MAX = 258


@dataclass(frozen=True, slots=True)
class Back:
    """A reference: `length` octets (3 to 258) from `distance` octets back (1 to 32768)."""

    length: int
    distance: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A block of octets as they are, at most 65535."""

    data: bytes = b""
    final: bool = False


@dataclass(frozen=True, slots=True, init=False)
class Fixed:
    """A block in the fixed code of Section 3.2.6: octets, and references back."""

    items: tuple[bytes | Back, ...]
    final: bool

    def __init__(self, *items: bytes | Back, final: bool = False) -> None:
        object.__setattr__(self, "items", items)
        object.__setattr__(self, "final", final)


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A block with a code of its own (Section 3.2.7), of octets alone."""

    data: bytes
    final: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """The beginning of a block of type 3, which is none: what no reader can take for DEFLATE data."""


Block = Stored | Fixed | Dynamic | Reserved


class _Bits:
    """Bits on their way into octets, the lowest of each first."""

    def __init__(self) -> None:
        self._value = 0
        self._count = 0
        self._octets = bytearray()

    def number(self, value: int, count: int) -> None:
        """Write a number, its lowest bit first."""
        self._value |= value << self._count
        self._count += count
        while self._count >= 8:
            self._octets.append(self._value & 0xFF)
            self._value >>= 8
            self._count -= 8

    def code(self, code: tuple[int, int]) -> None:
        """Write a prefix code, its highest bit first."""
        value, count = code
        self.number(int(f"{value:0{count}b}"[::-1], 2), count)

    def align(self) -> None:
        """Fill the octet with 0 bits."""
        self.number(0, -self._count % 8)

    def octets(self, data: bytes) -> None:
        """Write whole octets."""
        self.align()
        self._octets += data

    def written(self) -> bytes:
        """Return all whole octets."""
        return bytes(self._octets)


def _codes(lengths: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the canonical code with these lengths (Section 3.2.2): of each symbol, its code and its length."""
    codes: dict[int, tuple[int, int]] = {}
    code = 0
    for length in range(1, max(lengths) + 1):
        for symbol in (place for place, wanted in enumerate(lengths) if wanted == length):
            codes[symbol] = code, length
            code += 1
        code <<= 1
    return codes


_FIXED = _codes([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8)
# Every octet, the end of the block and one length: 258 symbols that fill a code of 8 and 9 bits.
_DYNAMIC_LENGTHS = [8] * 254 + [9] * 4
_DYNAMIC = _codes(_DYNAMIC_LENGTHS)
_LENGTHS_OF_LENGTHS = [0, 2, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]


def _place(value: int, bases: Sequence[int]) -> int:
    return max(place for place, base in enumerate(bases) if base <= value)


def _back(bits: _Bits, back: Back) -> None:
    length, distance = _place(back.length, LENGTH_BASES), _place(back.distance, DISTANCE_BASES)
    bits.code(_FIXED[257 + length])
    bits.number(back.length - LENGTH_BASES[length], LENGTH_BITS[length])
    bits.code((distance, 5))
    bits.number(back.distance - DISTANCE_BASES[distance], DISTANCE_BITS[distance])


def _fixed(bits: _Bits, items: Iterable[bytes | Back]) -> None:
    for item in items:
        if isinstance(item, Back):
            _back(bits, item)
            continue
        for octet in item:
            bits.code(_FIXED[octet])
    bits.code(_FIXED[_END_OF_BLOCK])


def _dynamic(bits: _Bits, data: bytes) -> None:
    bits.number(len(_DYNAMIC_LENGTHS) - 257, 5)
    bits.number(0, 5)
    bits.number(len(_LENGTH_CODE_ORDER) - 4, 4)
    for place in _LENGTH_CODE_ORDER:
        bits.number(_LENGTHS_OF_LENGTHS[place], 3)
    lengths = _codes(_LENGTHS_OF_LENGTHS)
    for length in (*_DYNAMIC_LENGTHS, 1):
        bits.code(lengths[length])
    for octet in data:
        bits.code(_DYNAMIC[octet])
    bits.code(_DYNAMIC[_END_OF_BLOCK])


def _block(bits: _Bits, block: Block) -> None:
    if isinstance(block, Reserved):
        bits.number(0, 1)
        bits.number(3, 2)
        return
    bits.number(block.final, 1)
    bits.number({Stored: 0, Fixed: 1, Dynamic: 2}[type(block)], 2)
    match block:
        case Stored():
            length = len(block.data)
            bits.octets(length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + block.data)
        case Fixed():
            _fixed(bits, block.items)
        case Dynamic():
            _dynamic(bits, block.data)
    if block.final:
        bits.align()


def deflate(*blocks: Block) -> bytes:
    """Return these blocks, the last octet filled with 0 bits; a block with BFINAL is filled up where it ends."""
    bits = _Bits()
    for block in blocks:
        _block(bits, block)
    bits.align()
    return bits.written()


def deflated(*blocks: Block) -> bytes:
    """Return the payload of a message: the blocks and an empty stored one, its last four octets cut off (RFC 7692, 7.2.1)."""
    return deflate(*blocks, Stored()).removesuffix(TAIL)


def flushed(*blocks: Block) -> bytes:
    """Return the blocks and an empty stored one that is whole: what a sender may put in a fragment that is not the last."""
    return deflate(*blocks, Stored())


def run_of(octet: bytes, size: int) -> tuple[bytes | Back, ...]:
    """Return items that make `size` times this octet: one literal, and references to it."""
    whole, rest = divmod(size - 1, _MATCH_BYTES_MAX)
    backs = [Back(_MATCH_BYTES_MAX, 1)] * whole
    return (octet, *backs, *((Back(rest, 1),) if rest > 2 else (octet * rest,)))
