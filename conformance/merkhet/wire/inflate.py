"""RFC 1951 as RFC 7692, Section 7.2.2 uses it: DEFLATE data of one message after the other, read strictly.

zlib tells nobody how far back a stream refers, and with a small window does not refuse what is farther as long as that
lies in one output buffer. So this reads every symbol itself and measures. It is for messages of a size that a check asks
about; `Inflater` leaves longer ones to zlib, and then says that it has measured nothing.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

TAIL = b"\x00\x00\xff\xff"
"""What a sender cuts off each message, and a receiver appends."""
WINDOW_BYTES = 32768
MEASURED_BYTES_MAX = 1024 * 1024
"""Octets of a message, deflated and inflated, up to which distances are measured."""

LENGTH_BASES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
                 227, 258)  # fmt: skip
LENGTH_BITS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0)
DISTANCE_BASES = (1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
                   4097, 6145, 8193, 12289, 16385, 24577)  # fmt: skip
DISTANCE_BITS = (0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13)
_CODE_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_CODE_BITS_MAX = 15
_END_OF_BLOCK = 256
_LAST_BLOCK = b"\x01\x00\x00\xff\xff"
_REFILL_BYTES = 6
_BITS_WANTED = 48
"""More than one length with its extra bits and one distance with its own can take: 15 + 5 + 15 + 13."""


class InflateError(Exception):
    """Octets that are no DEFLATE data, or that end within a block. The message says where and why."""


class TooLong(Exception):  # noqa: N818 - a bound of ours, and no error of the data
    """More octets come out than the caller takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflated:
    """One message. `distance` is the longest that it refers back, and `reach` how far before its own beginning that is.

    Both are None where zlib did the work; `reach` then is 0 if it does without what came before. `finals` counts the
    blocks with BFINAL; `padding` says that bits that pad one of those to an octet were not 0.
    """

    data: bytes
    distance: int | None = 0
    reach: int | None = 0
    blocks: tuple[int, ...] = ()
    finals: int = 0
    padding: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    """A canonical prefix code as a table: the next `bits` bits of the input lead to symbol << 4 | length, 0 for none."""

    bits: int
    table: Sequence[int]


def _code(lengths: Sequence[int], what: str) -> _Code:
    """Return the code with these lengths (Section 3.2.2). Raises InflateError if they allow no prefix code.

    Choice: an incomplete code is taken, as far as no octet needs what it lacks: one distance code of one bit is legal, and
    so is none. More codes than there is room for are none.
    """
    longest = max(lengths, default=0)
    size = 1 << longest
    table = [0] * size
    code, used = 0, 0
    for length in range(1, longest + 1):
        for symbol in (place for place, wanted in enumerate(lengths) if wanted == length):
            if used >= size:
                raise InflateError(f"the {what} code has more codes than there is room for")
            start = int(f"{code:0{length}b}"[::-1], 2)
            count = size >> length
            table[start :: 1 << length] = [symbol << 4 | length] * count
            used += count
            code += 1
        code <<= 1
    return _Code(longest, table)


@functools.cache
def _fixed() -> tuple[_Code, _Code]:
    """Return the codes of Section 3.2.6."""
    lengths = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
    return _code(lengths, "fixed"), _code([5] * 32, "fixed")


class _Bits:
    """The bits of octets, the lowest of each first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._held = 0
        self._count = 0

    @property
    def exhausted(self) -> bool:
        """Whether not a single bit is left."""
        return not self._count and self._at >= len(self._data)

    def fill(self) -> None:
        """Hold as many bits as one step can take, or all that are left."""
        while self._count < _BITS_WANTED and self._at < len(self._data):
            piece = self._data[self._at : self._at + _REFILL_BYTES]
            self._held |= int.from_bytes(piece, "little") << self._count
            self._count += 8 * len(piece)
            self._at += len(piece)

    def take(self, count: int) -> int:
        """Return the next bits as a number. Raises InflateError if there are fewer."""
        if self._count < count:
            self.fill()
            if self._count < count:
                raise InflateError("the data end within a block")
        value = self._held & ((1 << count) - 1)
        self._held >>= count
        self._count -= count
        return value

    def symbol(self, code: _Code) -> int:
        """Return the next symbol of a code."""
        if self._count < _CODE_BITS_MAX:
            self.fill()
        entry = code.table[self._held & ((1 << code.bits) - 1)]
        length = entry & 15
        if length > self._count or (not length and self._count < code.bits):
            raise InflateError("the data end within a block")
        if not length:
            raise InflateError("bits that are no code")
        self._held >>= length
        self._count -= length
        return entry >> 4

    def align(self) -> int:
        """Go on to the next octet; return the bits that were skipped."""
        return self.take(self._count % 8)

    def octets(self, count: int) -> bytes:
        """Return whole octets, from a place between two of them."""
        held = min(count, self._count // 8)
        first = self.take(8 * held).to_bytes(held, "little")
        rest = self._data[self._at : self._at + count - held]
        self._at += len(rest)
        if held + len(rest) < count:
            raise InflateError("the data end within a stored block")
        return first + rest


class _Run:
    """One message on its way out, behind the window that it may refer to."""

    def __init__(self, data: bytes, window: bytes, bytes_max: int) -> None:
        self.bits = _Bits(data)
        self.out = bytearray(window)
        self.start = len(window)
        self.bytes_max = bytes_max
        self.distance = 0
        self.reach = 0
        self.finals = 0
        self.blocks: list[int] = []
        self.padding = False

    def run(self) -> None:
        """Read block after block to the end of the data. What follows a block with BFINAL begins a new octet."""
        while not self.bits.exhausted:
            is_final, kind = self.bits.take(1), self.bits.take(2)
            self.blocks.append(kind)
            if kind == 0:
                self._stored()
            elif kind == 3:
                raise InflateError("a block of the reserved type 3")
            else:
                self._compressed(*(_fixed() if kind == 1 else self._dynamic()))
            if is_final:
                self.finals += 1
                self.padding |= bool(self.bits.align())

    def _stored(self) -> None:
        self.bits.align()
        length, check = self.bits.take(16), self.bits.take(16)
        if length ^ check != 0xFFFF:
            raise InflateError(f"a stored block whose length {length} and its complement {check} disagree")
        self.out += self.bits.octets(length)
        self._bound()

    def _bound(self) -> None:
        if len(self.out) - self.start > self.bytes_max:
            raise TooLong

    def _dynamic(self) -> tuple[_Code, _Code]:
        """Read the codes of a block (Section 3.2.7)."""
        bits = self.bits
        literals, distances, count = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
        if literals > 286 or distances > 30:
            raise InflateError(f"{literals} literal and {distances} distance codes are announced")
        lengths = [0] * 19
        for place in _CODE_ORDER[:count]:
            lengths[place] = bits.take(3)
        told = self._lengths(_code(lengths, "code length"), literals + distances)
        if not told[_END_OF_BLOCK]:
            raise InflateError("no code for the end of the block")
        return _code(told[:literals], "literal"), _code(told[literals:], "distance")

    def _lengths(self, code: _Code, count: int) -> list[int]:
        told: list[int] = []
        while len(told) < count:
            symbol = self.bits.symbol(code)
            if symbol < 16:
                told.append(symbol)
            elif symbol == 16:
                if not told:
                    raise InflateError("a repeated code length with none before it")
                told += [told[-1]] * (3 + self.bits.take(2))
            else:
                told += [0] * (3 + self.bits.take(3) if symbol == 17 else 11 + self.bits.take(7))
        if len(told) > count:
            raise InflateError("more code lengths than were announced")
        return told

    def _compressed(self, literals: _Code, distances: _Code) -> None:
        bits, out = self.bits, self.out
        while (symbol := bits.symbol(literals)) != _END_OF_BLOCK:
            if symbol < _END_OF_BLOCK:
                out.append(symbol)
                continue
            if symbol > 285:
                raise InflateError(f"the length code {symbol}, which has no meaning")
            length = LENGTH_BASES[symbol - 257] + bits.take(LENGTH_BITS[symbol - 257])
            place = bits.symbol(distances)
            if place > 29:
                raise InflateError(f"the distance code {place}, which has no meaning")
            self._copy(length, DISTANCE_BASES[place] + bits.take(DISTANCE_BITS[place]))
        self._bound()

    def _copy(self, length: int, distance: int) -> None:
        out = self.out
        if distance > len(out):
            raise InflateError(f"a distance of {distance} with {len(out)} octets before it")
        self.distance = max(self.distance, distance)
        self.reach = max(self.reach, distance - (len(out) - self.start))
        piece = out[len(out) - distance : len(out) - distance + length]
        out += piece if distance >= length else (piece * (length // distance + 1))[:length]
        self._bound()


def inflate(data: bytes, window: bytes = b"", *, bytes_max: int = MEASURED_BYTES_MAX) -> Inflated:
    """Read DEFLATE data to their end, symbol by symbol. Raises InflateError, and TooLong beyond `bytes_max`."""
    run = _Run(data, window[-WINDOW_BYTES:], bytes_max)
    run.run()
    return Inflated(
        data=bytes(run.out[run.start :]),
        distance=run.distance,
        reach=max(run.reach, 0),
        blocks=tuple(run.blocks),
        finals=run.finals,
        padding=run.padding,
    )


def _by_zlib(data: bytes, window: bytes, bytes_max: int) -> bytes:
    """Read DEFLATE data with zlib. Raises InflateError and TooLong.

    zlib does not say whether it stands between two blocks at the end; but only there does one more block end its stream.
    """
    out = bytearray()
    rest, before = data + _LAST_BLOCK, window
    while rest:
        reader = zlib.decompressobj(-15, zdict=before[-WINDOW_BYTES:]) if before else zlib.decompressobj(-15)
        try:
            out += reader.decompress(rest, bytes_max + 1 - len(out))
        except zlib.error as problem:
            raise InflateError(str(problem)) from None
        if len(out) > bytes_max or reader.unconsumed_tail:
            raise TooLong
        if not reader.eof:
            raise InflateError("the data end within a block")
        # A block with BFINAL ends the stream as zlib sees it, and not the message.
        rest, before = reader.unused_data, (window + bytes(out[-WINDOW_BYTES:]))[-WINDOW_BYTES:]
    return bytes(out)


class Inflater:
    """Inflates the messages of one direction. Without `takeover` none of them may refer to an earlier one."""

    def __init__(self, *, takeover: bool = True, bytes_max: int) -> None:
        self._takeover = takeover
        self._bytes_max = bytes_max
        self._window = b""

    def message(self, payload: bytes) -> Inflated:
        """Inflate the payload of one message. Raises InflateError, and TooLong beyond the bound."""
        data = payload + TAIL
        try:
            inflated = self._measured(data)
        except TooLong:
            inflated = self._unmeasured(data)
        self._window = (self._window + inflated.data[-WINDOW_BYTES:])[-WINDOW_BYTES:]
        return inflated

    def _measured(self, data: bytes) -> Inflated:
        if len(data) > MEASURED_BYTES_MAX:
            raise TooLong
        return inflate(data, self._window, bytes_max=min(self._bytes_max, MEASURED_BYTES_MAX))

    def _unmeasured(self, data: bytes) -> Inflated:
        """Choice: a reference to an earlier message is looked for only where there may be none."""
        if self._takeover:
            return Inflated(data=_by_zlib(data, self._window, self._bytes_max), distance=None, reach=None)
        try:
            return Inflated(data=_by_zlib(data, b"", self._bytes_max), distance=None, reach=0)
        except InflateError:
            return Inflated(data=_by_zlib(data, self._window, self._bytes_max), distance=None, reach=1)
