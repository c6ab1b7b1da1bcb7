"""RFC 9110, Sections 14.6 and 15.3.7.2: multipart/byteranges, laid out as octets and ranges before anything is read.

Nothing here touches the representation: whoever sends a layout takes its pieces in turn, octets as they are and ranges
from the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from merkhet_reference import abnf, ranges
from merkhet_reference.ranges import ByteRange

Piece = bytes | ByteRange
"""Octets of the multipart syntax, or a range of the representation to send in their place."""

BOUNDARY = abnf.whole(rb"[0-9A-Za-z'+_.\-]{1,70}")
"""A boundary (RFC 2046, Section 5.1.1) that is a token too (RFC 9110, Section 5.6.2), so that it needs no quotes: some
clients do not read quoted ones (Section 14.6)."""

BOUNDARY_RANDOM_BYTES = 16
"""128 bits: whoever can put content on the server still cannot guess the delimiter that its parts will have."""

CONTENT_TYPE = abnf.whole(abnf.FIELD_VALUE)


class Layout(NamedTuple):
    """The content of a 206 with several parts.

    `content_type` is the Content-Type of the answer, which has no Content-Range itself. `pieces` alternate: the octets
    before a part, its range, and so on; last the closing delimiter. `content_length` is octets, all pieces together.
    """

    content_type: bytes
    content_length: int
    pieces: tuple[Piece, ...]


def make_boundary(random_bytes: bytes) -> bytes:
    """Return a boundary of BOUNDARY_RANDOM_BYTES octets from a cryptographic source, taken anew for each answer.

    Content is not searched for it: what was stored before the octets were drawn cannot have them but by a guess.
    Raises ValueError for fewer octets or more.
    """
    if len(random_bytes) != BOUNDARY_RANDOM_BYTES:  # [rfc2046-5.1-1]
        raise ValueError(f"a boundary is made of {BOUNDARY_RANDOM_BYTES} random octets")
    return random_bytes.hex().encode("ascii")


def layout(
    byte_ranges: Sequence[ByteRange], complete_length: int, content_type: bytes | None, boundary: bytes
) -> Layout:
    """Return the layout of these ranges, in this order, of a representation of `complete_length` octets.

    `content_type` is what a 200 would have, None or empty if it would have none. A lone range is laid out as well, but
    a client that asked for one alone must not be sent this (Section 15.3.7.2).
    Raises ValueError for no ranges, a range past the end, or octets that would break the syntax of a part's head.
    """
    # [rfc9110-8.3.3-1]
    if not byte_ranges:
        raise ValueError("multipart/byteranges has one or more parts")
    if BOUNDARY.match(boundary) is None:  # [rfc2046-5.1.1-a1]
        raise ValueError(f"not a boundary that needs no quotes: {boundary!r}")
    pieces: list[Piece] = []
    delimiter = b"--" + boundary
    for byte_range in byte_ranges:
        pieces += [delimiter + part_head(byte_range, complete_length, content_type), byte_range]
        # The CRLF before a delimiter belongs to it, not to the part that it ends (RFC 2046, Section 5.1.1).
        delimiter = b"\r\n--" + boundary
    # The CRLF after the last delimiter begins an empty epilogue. # Choice: sent, for clients that read by lines.
    pieces.append(delimiter + b"--\r\n")
    # [rfc9110-14.6-a1] [rfc9110-15.3.7.2-1]
    return Layout(b"multipart/byteranges; boundary=" + boundary, sum(map(piece_length, pieces)), tuple(pieces))


def part_head(byte_range: ByteRange, complete_length: int, content_type: bytes | None) -> bytes:
    """Return what stands between a delimiter and the octets of its part, the CRLF that ends the delimiter's line first.

    Raises ValueError for a content type that would end the line it stands in.
    """
    # [rfc9110-15.3.7.2-3]
    lines = [b"", b"Content-Range: " + ranges.content_range(byte_range, complete_length), b"", b""]
    if content_type:
        if CONTENT_TYPE.match(content_type) is None:
            raise ValueError(f"not a field value: {content_type!r}")
        lines.insert(1, b"Content-Type: " + content_type)  # [rfc9110-15.3.7.2-4]
    return b"\r\n".join(lines)


def piece_length(piece: Piece) -> int:
    """Return the octets that a piece is on the wire."""
    return len(piece) if isinstance(piece, bytes) else piece.length
