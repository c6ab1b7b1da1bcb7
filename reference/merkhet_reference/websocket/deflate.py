"""RFC 7692, Section 7: The "permessage-deflate" Extension. What is agreed, and messages through DEFLATE both ways."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from merkhet_reference.websocket import close
from merkhet_reference.websocket.extensions import Offer

NAME = b"permessage-deflate"
SERVER_NO_CONTEXT = b"server_no_context_takeover"
CLIENT_NO_CONTEXT = b"client_no_context_takeover"
SERVER_BITS = b"server_max_window_bits"
CLIENT_BITS = b"client_max_window_bits"

BITS_MIN, BITS_MAX = 8, 15
BITS = re.compile(rb"(?:[89]|1[0-5])\Z")
"""Eight to fifteen in decimal, without a leading zero (Section 7.1.2)."""
ZLIB_BITS_MIN = 9
"""zlib compresses with no smaller window, and takes 8 for 9 where it decompresses."""

EMPTY_BLOCK = b"\x00\x00\xff\xff"
"""The end of an empty block without compression: taken away by who sends, added by who receives (Section 7.2)."""
INFLATED_BYTES = 65536
"""Octets that decompression makes at a time: the limit on a message is asked for after each of these."""
FINAL_BLOCKS_MAX = 64
"""Blocks of one piece that say that they are the last: each is two octets of the client's and a decompressor of ours."""
MEMORY_LEVEL = 5
"""Of 1 to 9. With it and a window of 12 bits a connection needs a tenth of what zlib would take, and sends little more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this server does about compression, where the client leaves the choice to it.

    `server_window_bits` is what it compresses with at most. `client_window_bits` below 15 is asked of clients that say
    that they can do with less. Without `server_context` or `client_context`, each message is compressed by itself in that
    direction. Messages of fewer octets than `bytes_min` are sent as they are.
    """

    server_window_bits: int = 12
    client_window_bits: int = BITS_MAX
    server_context: bool = True
    client_context: bool = True
    level: int = 6
    bytes_min: int = 64

    def __post_init__(self) -> None:
        for bits in (self.server_window_bits, self.client_window_bits):
            if not BITS_MIN <= bits <= BITS_MAX:
                raise ValueError(f"a window has 8 to 15 bits, not {bits}")


DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides hold to. `server_` is what we compress with, `client_` what the client does."""

    server_bits: int
    client_bits: int
    server_context: bool
    client_context: bool
    parameters: tuple[bytes, ...] = ()
    """What the answer says, behind the extension's name."""

    def encode(self) -> bytes:
        """Return the value of Sec-WebSocket-Extensions."""
        return b"; ".join((NAME, *self.parameters))


def is_valid(name: bytes, value: bytes | None) -> bool:
    """Tell whether an offer's parameter is one that an offer may have, with a value that it may have (Section 7.1)."""
    if name in {SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT}:
        return value is None
    if name == CLIENT_BITS:
        return value is None or BITS.match(value) is not None
    return name == SERVER_BITS and value is not None and BITS.match(value) is not None


# [rfc6455-4.2.2-10] [rfc6455-4.2.2-11] [rfc6455-9-1] [rfc6455-9-2] [rfc6455-9-3] [rfc6455-9.1-4] [rfc6455-9.1-5]
# [rfc7692-7-1] [rfc7692-5-6]
def agree(offers: Iterable[Offer], settings: Settings = DEFAULT) -> Agreed | None:
    """Return what comes of the first offer that can be taken; None if there is none.

    Declined are parameters that are unknown, doubled, or have a value that they cannot have (Section 7).
    """
    for offer in offers:
        if offer.name != NAME:
            continue
        parameters = dict(offer.parameters)
        # [rfc7692-7-1-a1] [rfc7692-7-1-a2] [rfc7692-7-1-a3]
        if len(parameters) == len(offer.parameters) and all(is_valid(*parameter) for parameter in offer.parameters):
            return accept(parameters, settings)
    return None


def accept(offered: dict[bytes, bytes | None], settings: Settings) -> Agreed:
    """Return the answer to an offer. Each of the four parameters is one step."""
    said: list[bytes] = []
    # What the client asks of us is repeated, and nobody else is told (Section 7.1.1.1).
    server_context = settings.server_context and SERVER_NO_CONTEXT not in offered
    if SERVER_NO_CONTEXT in offered:
        said.append(SERVER_NO_CONTEXT)  # [rfc7692-7.1.1.1-2] [rfc7692-7.1.1.1-a1]
    # A hint is taken up: it is memory that this server need not keep (Section 7.1.1.2).
    client_context = settings.client_context and CLIENT_NO_CONTEXT not in offered
    if not client_context:
        said.append(CLIENT_NO_CONTEXT)  # [rfc7692-7.1.1.2-2]
    server_bits = settings.server_window_bits
    asked = offered.get(SERVER_BITS)
    if asked is not None:
        server_bits = min(server_bits, int(asked))  # [rfc7692-7.1.2.1-a1] [rfc7692-7-1-a4]
        said.append(b"%s=%d" % (SERVER_BITS, server_bits))  # [rfc7692-7.1.2.1-3]
    client_bits = BITS_MAX
    # [rfc7692-7.1.2.2-5]
    if CLIENT_BITS in offered:  # else the client does not know what to do with it (Section 7.1.2.2)
        client_bits = min(settings.client_window_bits, int(offered[CLIENT_BITS] or BITS_MAX))  # [rfc7692-7.1.2.2-a1]
        if client_bits < BITS_MAX:
            said.append(b"%s=%d" % (CLIENT_BITS, client_bits))  # [rfc7692-7.1.2.2-3] [rfc7692-7.1.2.2-4]
    # [rfc7692-5-13] [rfc7692-7-a2]
    return Agreed(server_bits, client_bits, server_context, client_context, tuple(said))


class Compressor(Protocol):
    """What zlib gives; its class has no public name."""

    def compress(self, data: bytes, /) -> bytes:
        """Take octets, and return what there is to send."""
        ...

    def flush(self, mode: int, /) -> bytes:
        """Return the rest."""
        ...


class Deflater:
    """The server's compressor. Messages are compressed in the order in which they are sent.

    # Choice: with a window of 8 bits nothing but runs of one octet is compressed. zlib has no such window, but then no
    distance is greater than 1, so what it makes can be read with any window.
    """

    __slots__ = ("_agreed", "_compressor", "_level")

    def __init__(self, agreed: Agreed, level: int = DEFAULT.level) -> None:
        self._agreed = agreed
        self._level = level
        self._compressor: Compressor | None = (
            None  # made for the first message: it needs more memory than all else here
        )

    def deflate(self, data: bytes) -> bytes:
        """Return the payload of a compressed message (Section 7.2.1)."""
        compressor = self._compressor or new_compressor(self._agreed.server_bits, self._level)
        self._compressor = compressor
        compressed = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        if not self._agreed.server_context:  # [rfc7692-7.2.1-10]
            self.forget()
        return compressed[: -len(EMPTY_BLOCK)]

    def forget(self) -> None:
        """Let the next message refer to nothing before it: always allowed, as none has to refer to anything."""
        self._compressor = None


def new_compressor(bits: int, level: int) -> Compressor:
    """Return a compressor of raw DEFLATE with this window."""
    strategy = zlib.Z_DEFAULT_STRATEGY if bits >= ZLIB_BITS_MIN else zlib.Z_RLE
    # [rfc7692-7.2.1-14]
    return zlib.compressobj(level, zlib.DEFLATED, -max(bits, ZLIB_BITS_MIN), MEMORY_LEVEL, strategy)


class Inflater:
    """The server's decompressor: whatever blocks a message has, and never more octets than asked for (Section 7.2.2).

    A block may say that it is the last one and be followed by others, which refer to what was before it all the same
    (Section 7.2.3.4). zlib stops there, so the last octets of what came out are kept for the one that takes over.
    """

    __slots__ = ("_bits", "_context", "_decompressor", "_window")

    def __init__(self, agreed: Agreed) -> None:
        self._bits = max(agreed.client_bits, ZLIB_BITS_MIN)  # [rfc7692-7.2.2-9]
        self._context = agreed.client_context
        self._decompressor = zlib.decompressobj(-self._bits)
        self._window = bytearray()

    def inflate(self, data: bytes, bytes_max: int, *, ends: bool) -> bytes:
        """Return what a piece of a message comes to; `ends` with the last one. Raises Violation."""
        inflated = bytearray()
        try:
            # Choice: where a message ends with its final block, and not behind it as it should, it is taken as it was meant.
            if not self._run(data, bytes_max, inflated) and ends:  # [rfc7692-6.2-1] [rfc7692-7.2.1-1] [rfc7692-7.2.1-2]
                self._run(EMPTY_BLOCK, bytes_max, inflated)
        except zlib.error:
            raise close.invalid_data("a message is no DEFLATE") from None  # [rfc7692-6.2-a1]
        if ends and not self._context:  # [rfc7692-7.2.2-4] [rfc7692-7.2.2-5]
            self._decompressor = zlib.decompressobj(-self._bits)
            self._window.clear()
        return bytes(inflated)

    def _run(self, data: bytes, bytes_max: int, inflated: bytearray) -> bool:
        """Decompress octets; return whether they end with a final block."""
        restarts = 0
        while True:
            # One more than there is room for: with none left, zlib would be told that there is no limit.
            count = min(INFLATED_BYTES, bytes_max - len(inflated) + 1)
            made = self._decompressor.decompress(data, count)
            inflated += made
            if len(inflated) > bytes_max:
                raise close.too_big("a message is larger than this server takes")
            self._keep(made)
            data = self._decompressor.unconsumed_tail
            ended = self._decompressor.eof
            if ended:
                data = self._decompressor.unused_data
                restarts += 1
                self._take_over(restarts)  # [rfc7692-7.2.1-3] [rfc7692-7.2.1-4]
            if not data and len(made) < count:
                return ended

    def _take_over(self, restarts: int) -> None:
        """Go on behind a block that said it was the last one."""
        if restarts > FINAL_BLOCKS_MAX:
            raise close.too_big("a message has more final blocks than this server takes")
        self._decompressor = zlib.decompressobj(-self._bits, zdict=bytes(self._window[-(1 << self._bits) :]))

    def _keep(self, made: bytes) -> None:
        window = 1 << self._bits
        self._window += made
        if len(self._window) > 2 * window:
            del self._window[:-window]
