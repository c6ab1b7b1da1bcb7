"""RFC 9112, Section 7.1: Chunked Transfer Coding, decoded piece by piece.

    chunked-body = *chunk last-chunk trailer-section CRLF

Lines end in CRLF and in nothing else: Section 2.2 lets a recipient take a lone LF for the end of a start line or a
field line, and a chunk-size line is neither.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from merkhet_reference import abnf, errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import request
from merkhet_reference.http1.inbox import Inbox
from merkhet_reference.limits import Limits

EXTENSION = (
    rb"(?:"
    + abnf.BWS
    + rb";"
    + abnf.BWS
    + abnf.TOKEN
    + rb"(?:"
    + abnf.BWS
    + rb"="
    + abnf.BWS
    + rb"(?:"
    + abnf.TOKEN
    + rb"|"
    + abnf.QUOTED_STRING
    + rb"))?)*+"
)
CHUNK_LINE = abnf.whole(rb"(" + abnf.HEXDIGITS + rb")(" + EXTENSION + rb")")
"""A size in hexadecimal digits, then extensions, with the whitespace that Section 7.1.1 asks a recipient to read past."""
# [rfc9110-5.6.3-5]

SIZE_DIGITS_MAX = 15
"""More hexadecimal digits than any limit has: refused before they are made a number."""

FORBIDDEN_TRAILERS = frozenset(
    b"authorization connection content-encoding content-length content-range content-type cookie expect host "
    b"max-forwards proxy-authorization range te trailer transfer-encoding".split()
)
"""Fields that frame, route or modify the request, or say who asks: too late in a trailer section (RFC 9110, 6.5.1)."""


class Part(enum.Enum):
    """What the decoder waits for."""

    SIZE = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILERS = enum.auto()
    DONE = enum.auto()


class ChunkedDecoder:
    """One chunked body. `part` says where it stands; every step takes what it can and asks for more by stopping."""

    __slots__ = (
        "_content_bytes",
        "_content_bytes_max",
        "_extension_bytes",
        "_limits",
        "_refusal",
        "_remaining",
        "_trailer_bytes",
        "_trailer_lines",
        "part",
    )

    def __init__(self, limits: Limits, content_bytes_max: int) -> None:
        self.part = Part.SIZE
        self._limits = limits
        self._content_bytes_max = content_bytes_max
        self._remaining = 0
        self._content_bytes = 0
        self._extension_bytes = 0
        self._trailer_bytes = 0
        self._trailer_lines: list[bytes] = []
        self._refusal: tuple[int, str] | None = None

    def decode(self, inbox: Inbox) -> bytes:
        """Take octets from `inbox` and return the content among them; `part` is DONE after the last CRLF.

        Raises Refusal, but not before all content in front of the fault was returned: the content that is seen does not
        depend on how it was cut in segments. Returns b"" when more octets are needed, or at the end.
        """
        if self._refusal is not None:
            raise errors.Refusal(*self._refusal)
        pieces: list[bytes] = []
        try:
            while self.part is not Part.DONE and STEPS[self.part](self, inbox, pieces):
                pass
        except errors.Refusal as refusal:
            if not pieces:
                raise
            # Not the exception itself: its traceback has this object, and each would keep the other in memory.
            self._refusal = (refusal.status, refusal.why)
        return b"".join(pieces)  # [rfc9112-7.1-2]

    def trailers(self) -> Fields:
        """Return the trailer fields, kept apart from the header section's (Section 7.1.2). Raises Refusal."""
        return trailer_fields(self._trailer_lines, self._limits)

    def take_size(self, inbox: Inbox, _pieces: list[bytes]) -> bool:
        """Take chunk-size, chunk-ext, CRLF."""
        line = inbox.take_line(self._limits.chunk_line_bytes_max, too_long_line)
        if line is None:
            return False
        size, extension_bytes = parse_chunk_line(line)
        self._extension_bytes += extension_bytes
        check_extensions(self._extension_bytes, self._limits)
        self._content_bytes += size
        check_content(self._content_bytes, self._content_bytes_max)
        self._remaining = size
        self.part = Part.DATA if size else Part.TRAILERS
        return True

    def take_data(self, inbox: Inbox, pieces: list[bytes]) -> bool:
        """Take what came of chunk-data."""
        data = inbox.take(self._remaining)
        if not data:
            return False
        pieces.append(data)
        self._remaining -= len(data)
        if not self._remaining:
            self.part = Part.DATA_END
        return True

    def take_data_end(self, inbox: Inbox, _pieces: list[bytes]) -> bool:
        """Take the CRLF behind chunk-data."""
        end = inbox.peek(2)
        check_data_end(end)
        if len(end) < 2:
            return False
        inbox.take(2)
        self.part = Part.SIZE
        return True

    def take_trailer(self, inbox: Inbox, _pieces: list[bytes]) -> bool:
        """Take one line of the trailer section, or the CRLF that ends the body."""
        line = inbox.take_line(self._limits.trailer_bytes_max - self._trailer_bytes, too_large_trailers)
        if line is None:
            return False
        if not line:
            self.part = Part.DONE  # [rfc9112-7.1-1]
            return False
        self._trailer_bytes += len(line) + 2
        self._trailer_lines.append(line)
        return True


STEPS: dict[Part, Callable[[ChunkedDecoder, Inbox, list[bytes]], bool]] = {
    Part.SIZE: ChunkedDecoder.take_size,
    Part.DATA: ChunkedDecoder.take_data,
    Part.DATA_END: ChunkedDecoder.take_data_end,
    Part.TRAILERS: ChunkedDecoder.take_trailer,
}
"""Which method takes which part; each returns False when it needs more octets or there is nothing left to take."""


def parse_chunk_line(line: bytes) -> tuple[int, int]:
    """Return the size, and how many octets of extensions follow it. Raises Refusal.

    Extensions are read past and ignored: none is known here. [rfc9112-7.1.1-1] [rfc9112-7.1.1-a1]
    """
    match = CHUNK_LINE.match(line)
    if match is None:
        raise errors.bad_request(
            "a chunk does not begin with its size in hexadecimal"
        )  # [rfc9112-7.1-a2] [rfc9112-7.1.1-a3]
    digits = match[1].lstrip(b"0")
    if len(digits) > SIZE_DIGITS_MAX:
        raise errors.content_too_large("a chunk is larger than this server takes")  # [rfc9112-7.1-3]
    return int(digits or b"0", 16), len(match[2])  # [rfc9112-7.1-a1]


def check_extensions(extension_bytes: int, limits: Limits) -> None:
    """Bound the extensions of the whole message, not only of one chunk (Section 7.1.1)."""
    if extension_bytes > limits.chunk_extension_bytes_max:
        raise errors.content_too_large("the chunk extensions are larger than this server reads")  # [rfc9112-7.1.1-a2]


def too_long_line() -> errors.Refusal:
    """Return the refusal of a chunk-size line over the limit."""
    return errors.content_too_large("a chunk-size line is longer than this server reads")


def too_large_trailers() -> errors.Refusal:
    """Return the refusal of a trailer section over the limit."""
    return errors.fields_too_large("the trailer section is larger than this server reads")


def check_content(content_bytes: int, content_bytes_max: int) -> None:
    """Bound the content before it is read: the size of a chunk is a promise."""
    if content_bytes > content_bytes_max:
        raise errors.content_too_large("the content is larger than this server takes")


def check_data_end(end: bytes) -> None:
    """Refuse anything but CRLF behind chunk-data, at its first wrong octet."""
    if end and not b"\r\n".startswith(end):
        raise errors.bad_request("chunk-data is not followed by CRLF")  # [rfc9112-7.1-a3]


def trailer_fields(lines: list[bytes], limits: Limits) -> Fields:
    """Return the trailer fields that may stand in a trailer section (Section 7.1.2). Raises Refusal.

    # Choice: a field that may not stand there is dropped and not refused: nothing acts on it, and the framing is sound.
    """
    fields = request.parse_field_lines(lines, limits)  # [rfc9112-7.1.2-1]
    # [rfc9112-7.1.2-2] [rfc9112-7.1.2-3]
    return Fields((name, value) for name, value in fields if name.lower() not in FORBIDDEN_TRAILERS)
