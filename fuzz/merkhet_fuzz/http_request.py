"""The parser kind `http-request`: legal streams of requests by the grammar of RFC 9112, and what they mean.

The octets that a request begins with are of the kind `method`; all that follows up to the next one belongs to it.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from merkhet_fuzz.model import Piece

CRLF = b"\r\n"
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH")
"""Registered methods, which no parser has a reason to refuse."""
TARGETS = (b"/", b"/a", b"/a/b.txt?q=1&r=%2F", b"/%7Euser/;p=1", b"/?")
HOSTS = (b"Host: h", b"Host: example.test", b"Host: example.test:8080", b"Host: [::1]:80", b"Host: 127.0.0.1")
FIELDS = (
    (b"Accept", b"text/*;q=0.5, */*"), (b"X-Quoted", b'a="b, \\"c", d'), (b"Cookie", b"a=b; c=d"), (b"X-Empty", b""),
    (b"X-!#$%&'*+-.^_`|~9", b"tchar"), (b"User-Agent", b"a/1 (b; c)"), (b"If-None-Match", b'"x", W/"y"'),
    (b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT"),
)  # fmt: skip
CONTENTS = (b"hello", b"x" * 10, b"a=b&c=d", b"GET / HTTP/1.1\r\n", b"\r\n\r\n", bytes(range(0, 256, 17)))
TRAILERS = (b"X-Trailer: 1\r\n", b"X-Checksum: abc, def\r\n")


class Chance(Protocol):
    """Where choices come from: dice, or a strategy of Hypothesis."""

    def below(self, bound: int) -> int:
        """Return a number from 0 to bound - 1."""
        ...


class Meaning(NamedTuple):
    """What a request says, as far as two parsers must agree: names in lower case, values with runs of whitespace as one SP.

    `fields` is without Content-Length and Transfer-Encoding, of which many parsers keep nothing or another spelling.
    """

    method: bytes
    target: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    content: bytes


FRAMING = frozenset((b"content-length", b"transfer-encoding"))


def base(dice: Chance) -> tuple[Piece, ...]:
    """Return a legal stream of one to three requests."""
    pieces: list[Piece] = []
    for _ in range(1 + dice.below(3)):
        pieces += _request(dice)
    return tuple(pieces)


def _request(dice: Chance) -> list[Piece]:
    form = dice.below(3)
    method = METHODS[dice.below(len(METHODS))]
    pieces = [
        Piece("method", method), Piece("sp", b" "), Piece("target", TARGETS[dice.below(len(TARGETS))]),
        Piece("sp", b" "), Piece("version", b"HTTP/1.1"), Piece("eol", CRLF),
        Piece("host-line", HOSTS[dice.below(len(HOSTS))] + CRLF),
    ]  # fmt: skip
    for _ in range(dice.below(3)):
        name, value = FIELDS[dice.below(len(FIELDS))]
        pieces += _line("name", name, "value", value)
    content = CONTENTS[dice.below(len(CONTENTS))]
    if form == 1:
        pieces += [*_line("framing-name", b"Content-Length", "length", b"%d" % len(content)), Piece("end", CRLF)]
        pieces.append(Piece("body", content))
    elif form == 2:
        pieces += [*_line("framing-name", b"Transfer-Encoding", "coding", b"chunked"), Piece("end", CRLF)]
        pieces += _chunks(dice, content)
    else:
        pieces.append(Piece("end", CRLF))
    return pieces


def _line(name_kind: str, name: bytes, value_kind: str, value: bytes) -> list[Piece]:
    return [
        Piece(name_kind, name), Piece("colon", b":"), Piece("ows", b" "), Piece(value_kind, value), Piece("ows", b""),
        Piece("eol", CRLF),
    ]  # fmt: skip


def _chunks(dice: Chance, content: bytes) -> list[Piece]:
    pieces: list[Piece] = []
    for _ in range(1 + dice.below(2)):
        pieces += [
            Piece("chunk-size", b"%x" % len(content)), Piece("chunk-ext", b""), Piece("chunk-eol", CRLF),
            Piece("chunk-data", content), Piece("chunk-end", CRLF),
        ]  # fmt: skip
    pieces += [Piece("last-chunk", b"0"), Piece("chunk-ext", b""), Piece("chunk-eol", CRLF)]
    pieces += [Piece("trailer", TRAILERS[dice.below(len(TRAILERS))]) for _ in range(dice.below(3))]
    pieces.append(Piece("end", CRLF))
    return pieces


def meanings(pieces: tuple[Piece, ...], data: list[bytes]) -> list[Meaning]:
    """Return what a stream says whose pieces are these, with `data` for the octets of each."""
    return [
        _meaning([pieces[at].kind for at in request], data[request.start : request.stop])
        for request in requests(pieces)
    ]


def requests(pieces: tuple[Piece, ...]) -> list[range]:
    """Return the numbers of the pieces of each request."""
    starts = [at for at, piece in enumerate(pieces) if piece.kind == "method"]
    return [range(begin, end) for begin, end in zip(starts, [*starts[1:], len(pieces)], strict=True)]


def _meaning(kinds: list[str], data: list[bytes]) -> Meaning:
    method, target, name = b"", b"", b""
    fields: list[tuple[bytes, bytes]] = []
    content: list[bytes] = []
    for kind, octets in zip(kinds, data, strict=True):
        if kind == "method":
            method = octets
        elif kind == "target":
            target = octets
        elif kind == "host-line":
            fields.append((b"host", octets.partition(b":")[2]))
        elif kind == "name":
            name = octets
        elif kind == "value":
            fields.append((name, octets))
        elif kind in {"body", "chunk-data"}:
            content.append(octets)
    return meaning(method, target, fields, b"".join(content))


def meaning(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]], content: bytes) -> Meaning:
    """Return a meaning whatever the case of its names and the whitespace of its values."""
    kept = tuple((name.lower(), b" ".join(value.split())) for name, value in fields if name.lower() not in FRAMING)
    return Meaning(method, target, kept, content)


def groups(pieces: tuple[Piece, ...]) -> list[range | list[int]]:
    """Return what a smaller legal stream is without, largest first: requests, contents, field lines, chunks, trailers."""
    found: list[range | list[int]] = []
    ranges = requests(pieces)
    if len(ranges) > 1:
        found += ranges
    found += [content for request in ranges if (content := _framed(pieces, request))]
    for at, piece in enumerate(pieces):
        if piece.kind in GROUP_PIECES:
            found.append(range(at, at + GROUP_PIECES[piece.kind]))
    return found


def _framed(pieces: tuple[Piece, ...], request: range) -> list[int]:
    """Return the pieces of a request's content and of the field line that frames it; none if there is no content."""
    line = next((at for at in request if pieces[at].kind == "framing-name"), None)
    if line is None:
        return []
    end = next(at for at in request if pieces[at].kind == "end")
    return [*range(line, line + GROUP_PIECES["name"]), *range(end + 1, request.stop)]


GROUP_PIECES = {"name": 6, "chunk-size": 5, "trailer": 1}
"""By the kind that a field line, a chunk or a trailer begins with: of how many pieces it is."""

SIMPLEST = {"target": b"/", "method": b"GET", "host-line": b"Host: h\r\n", "name": b"A", "value": b"b"}
"""The plainest octets of a kind: what a smaller input has in the place of others."""

LENGTHS = {"body": ("length", b"%d"), "chunk-data": ("chunk-size", b"%x")}
"""Of content, the piece before it that says how long it is, and how that is written."""


def length_before(pieces: tuple[Piece, ...], content: int) -> int | None:
    """Return the number of the piece that says how long a content is, None if there is none."""
    kind, _ = LENGTHS[pieces[content].kind]
    return next((at for at in range(content - 1, -1, -1) if pieces[at].kind == kind), None)
