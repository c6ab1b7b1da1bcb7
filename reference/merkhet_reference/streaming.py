"""Content that is made while it is sent: from what an application gives to the octets of each piece (RFC 9112, Section 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from merkhet_reference.fields import FieldLine
from merkhet_reference.http1 import response

READ_BYTES = 65536
"""Read at a time from a file-like object that is streamed."""


class WrongLengthError(ValueError):
    """The pieces of a stream are more or fewer octets than its Content-Length said."""


class Stream:
    """What is sent of a stream, piece by piece. Closing it closes what the application gave, begun or not."""

    __slots__ = ("_framed", "_given")

    def __init__(self, given: Iterable[bytes], framed: Iterator[bytes]) -> None:
        self._given = given
        self._framed = framed

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._framed)

    def close(self) -> None:
        """Let a generator run its `finally`, a file be closed."""
        close: Callable[[], None] | None = getattr(self._given, "close", None)
        if close is not None:
            close()


def framed_pieces(
    pieces: Iterable[bytes], body: response.Body, length: int | None, trailers: Sequence[FieldLine]
) -> Iterator[bytes]:
    """Yield the octets to send for each piece, and for the end. Raises WrongLengthError before a false one leaves."""
    count = 0
    for piece in pieces:
        # TypeError for text, here where the application is at fault; and a buffer that it goes on to fill is copied.
        data = b"".join((piece,))
        count += len(data)
        if body is response.LENGTH and count > (length or 0):
            raise WrongLengthError(f"the stream is longer than its {length} octets")
        yield response.encode_chunk(data) if body is response.CHUNKED else data
    if body is response.LENGTH and count != length:
        raise WrongLengthError(f"the stream ended after {count} of its {length} octets")
    if body is response.CHUNKED:
        yield response.encode_last_chunk(trailers)


def pieces_of(source: Iterable[bytes]) -> Iterable[bytes]:
    """Return an iterable of pieces: what is read from a file-like object, in bounded ones, or what was given."""
    read: Callable[[int], bytes] | None = getattr(source, "read", None)
    return source if read is None else iter(lambda: read(READ_BYTES), b"")
