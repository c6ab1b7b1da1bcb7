"""Expectations of the delimiters in a multipart/byteranges response (RFC 2046, Section 5.1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests

_TYPE = re.compile(rb"multipart/byteranges[ \t]*(?:;.*)?", re.IGNORECASE)
_BOUNDARY = re.compile(rb';[ \t]*boundary=(?:"([^"\\]*)"|([^;" \t]*))', re.IGNORECASE)
_LINE = re.compile(rb"(-{0,2})([ \t]*)(?:\r\n|\Z)")
_RANGE = re.compile(rb"\r\ncontent-range:[ \t]*bytes ([0-9]{1,15})-([0-9]{1,15})/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two delimiters: the padding behind the first, and the octets that Content-Range counts."""

    padding: bytes
    content: bytes


def is_multipart(response: Response) -> bool:
    """Whether this is a 206 whose Content-Type says multipart/byteranges."""
    kinds = response.values(b"Content-Type")
    return response.status == 206 and len(kinds) == 1 and _TYPE.fullmatch(kinds[0]) is not None


def pieces(response: Response) -> Iterator[Piece]:
    """Yield each part, its end found by its own Content-Range and not by a delimiter. Stops where there is no reading on."""
    match = _BOUNDARY.search(response.values(b"Content-Type")[0])
    delimiter = b"\r\n--" + (match[1] or match[2] or b"") if match is not None else b""
    octets = b"\r\n" + response.content
    at = octets.find(delimiter) if delimiter else -1
    while at >= 0 and octets.startswith(delimiter, at):
        line = _LINE.match(octets, at + len(delimiter))
        if line is None:
            return
        if line[1]:
            yield Piece(line[2], b"")
            return
        start = octets.find(b"\r\n\r\n", line.end() - 2)
        place = _RANGE.search(octets, line.end() - 2, start) if start >= 0 else None
        if place is None:
            return
        end = start + 4 + int(place[2]) - int(place[1]) + 1
        yield Piece(line[2], octets[start + 4 : end])
        at = end


def _holds_delimiter(response: Response) -> bool:
    match = _BOUNDARY.search(response.values(b"Content-Type")[0])
    boundary = (match[1] or match[2] or b"") if match is not None else b""
    return bool(boundary) and any(b"\r\n--" + boundary in b"\r\n" + piece.content for piece in pieces(response))


@dataclass(frozen=True, slots=True)
class _Multipart:
    """A 206 with multipart/byteranges of which something holds."""

    words: str
    holds: Callable[[Response], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"multipart/byteranges{self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and is_multipart(response) and self.holds(response)


any_multipart: Expectation = _Multipart("", lambda response: True)  # noqa: ARG005
delimiter_within: Expectation = _Multipart(" with a delimiter inside a part", _holds_delimiter)
padded: Expectation = _Multipart(
    " with whitespace behind a delimiter", lambda response: any(piece.padding for piece in pieces(response))
)
