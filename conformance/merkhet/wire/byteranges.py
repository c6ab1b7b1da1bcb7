"""multipart/byteranges, read strictly (RFC 9110, Section 14.6; RFC 2046, Section 5.1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from merkhet.answer import Response

_TYPE = re.compile(rb"multipart/byteranges", re.IGNORECASE)
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = re.compile(
    rb"[ \t]*;[ \t]*(?:(%b)=(?:(%b)|\"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)\"))?"
    % (_TOKEN, _TOKEN)
)
_BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_RANGE = re.compile(rb"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)", re.IGNORECASE)
_FIELD = re.compile(rb"(%b):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*" % _TOKEN)
_AFTER_DELIMITER = re.compile(rb"[ \t]*(?:\r\n.*)?", re.DOTALL)


class MalformedError(Exception):
    """The content is no multipart/byteranges by the grammar; the message says where."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: positions of its octets, both inclusive, as its Content-Range says, and the octets themselves."""

    first: int
    last: int
    complete: int | None
    content: bytes
    content_type: bytes | None


def read(response: Response) -> tuple[Part, ...]:
    """Return the parts of a response. Raises MalformedError."""
    kinds = response.values(b"Content-Type")
    delimiter = b"--" + _boundary(kinds[0] if len(kinds) == 1 else b"")
    # A preamble may stand before the first delimiter, which begins a line.
    pieces = (b"\r\n" + response.content).split(b"\r\n" + delimiter)
    if len(pieces) < 3:
        raise MalformedError("the content has no part between two delimiters")
    closing = pieces[-1]
    if not closing.startswith(b"--"):
        raise MalformedError("the content does not end with the closing delimiter")
    if not _AFTER_DELIMITER.fullmatch(closing[2:]):
        raise MalformedError("the closing delimiter is followed by more than whitespace and CRLF")
    return tuple(_part(piece) for piece in pieces[1:-1])


def _boundary(kind: bytes) -> bytes:
    """Return the boundary that a Content-Type names, read by the grammar of its parameters (RFC 9110, Section 5.6.6)."""
    start = _TYPE.match(kind)
    if start is None:
        raise MalformedError("the Content-Type is not multipart/byteranges")
    at = start.end()
    found: list[bytes] = []
    while at < len(kind):
        match = _PARAMETER.match(kind, at)
        if match is None:
            raise MalformedError(f"the Content-Type has no parameter by the grammar: {kind[at : at + 60]!r}")
        if match[1] is not None and match[1].lower() == b"boundary":
            found.append(match[2] if match[2] is not None else re.sub(rb"\\(.)", rb"\1", match[3], flags=re.DOTALL))
        at = match.end()
    if len(found) != 1 or not _BOUNDARY.fullmatch(found[0]):
        raise MalformedError("the Content-Type has no boundary, or none by the grammar")
    return found[0]


def _part(piece: bytes) -> Part:
    padding, crlf, rest = piece.partition(b"\r\n")
    if not crlf or padding.strip(b" \t"):
        raise MalformedError("a delimiter is followed by more than whitespace and CRLF")
    head, ending, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not ending:
        raise MalformedError("the fields of a part do not end in an empty line")
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n")[1:]:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise MalformedError(f"no field line in a part: {line[:60]!r}")
        if match[1].lower() in fields:
            raise MalformedError(f"a part has two {match[1].decode('ascii')} fields")
        fields[match[1].lower()] = match[2]
    place = _RANGE.fullmatch(fields.get(b"content-range", b""))
    if place is None:
        raise MalformedError("a part has no Content-Range")
    first, last = int(place[1]), int(place[2])
    complete = None if place[3] == b"*" else int(place[3])
    if last < first or len(content) != last - first + 1 or (complete is not None and last >= complete):
        raise MalformedError("a part's Content-Range is not that of its octets")
    return Part(first, last, complete, content, fields.get(b"content-type"))
