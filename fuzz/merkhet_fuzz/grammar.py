"""What an input is made of: pieces, each with a grammar type, in units that are judged as one."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple


class Kind(enum.StrEnum):
    """What a parser reads, and what inputs are made for it."""

    HTTP = "http-request"
    """Requests on one connection, one behind the other (RFC 9112)."""
    CHUNKED = "chunked"
    """A chunked body alone (RFC 9112, Section 7.1)."""
    RANGE = "range"
    """The value of Range (RFC 9110, Section 14.1.1)."""
    DATE = "date"
    """An HTTP-date (RFC 9110, Section 5.6.7)."""
    MULTIPART = "multipart"
    """A multipart/form-data body whose boundary is `BOUNDARY` (RFC 7578, RFC 2046)."""
    FRAMES = "websocket-frames"
    """What a WebSocket client sends behind its handshake, with no extension agreed (RFC 6455, Section 5)."""
    HANDSHAKE = "websocket-handshake"
    """One request to become a WebSocket (RFC 6455, Section 4.2)."""
    CONNECTION = "connection"
    """Requests that say how a connection goes on (RFC 9112, Section 9), for a server and no parser."""
    DEFLATE = "websocket-deflate"
    """As `FRAMES`, with permessage-deflate agreed on (RFC 7692): for live servers, as no parser reads that alone."""
    EXCHANGE = "exchange"
    """Requests to the endpoints of the target contract, for a server that is judged by its answers."""


VALUES = frozenset((Kind.RANGE, Kind.DATE))
"""Kinds of which an input is one value and not a stream: it has no segments, and no end of stream."""
BOUNDARY = b"merkhet-boundary"


class Grammar(enum.StrEnum):
    """The type of a piece: which lenient spellings there are of it."""

    DIGITS = "digits"
    HEXDIG = "hexdig"
    TOKEN = "token"  # noqa: S105 - a rule of the grammar
    LINE_END = "line-end"
    SPACE = "space"
    OWS = "ows"
    COLON = "colon"
    QUOTED = "quoted-string"
    LIST = "list"
    TEXT = "text"
    """A field's value, or a value that has no narrower type."""
    TARGET = "target"
    VERSION = "version"
    OCTETS = "octets"
    """Content: any octets, whose length is said elsewhere."""
    BITS = "bits"
    """An octet whose bits mean something, as the first two of a WebSocket frame."""
    METHOD = "method"
    KEY = "websocket-key"
    OFFER = "extension-offer"
    SUBPROTOCOL = "subprotocol-list"
    FIXED = "fixed"
    """Octets that have one spelling, such as a mask or a delimiter."""


class Piece(NamedTuple):
    """Some octets of an input. `name` is UNIT.PART; all pieces of a unit stand together and are judged together.

    `message` is the place, from 0, of the message on the connection that the piece belongs to; `unit` is in `name` too.
    """

    name: str
    grammar: Grammar
    octets: bytes
    message: int
    unit: str


class Length(NamedTuple):
    """A number that says how many octets other pieces have. Edits of those mend it unless it is edited itself.

    `width` 0: digits of `radix`, as many as there need be. `width` 1, 2 or 8: the length field of a WebSocket frame, of
    which the first has the mask bit beside it.
    """

    number: str
    counted: tuple[str, ...]
    radix: int = 10
    width: int = 0


@dataclass(frozen=True, slots=True)
class Base:
    """A legal input. `roles` says of each unit what it is, such as "chunk-line"; `lengths` which pieces count others.

    `meaning` is what a parser makes of it, where that is not read off the pieces.
    """

    kind: Kind
    name: str
    seed: int
    pieces: tuple[Piece, ...]
    roles: dict[str, str]
    lengths: tuple[Length, ...] = ()
    meaning: tuple[object, ...] = ()
    places: dict[str, int] = field(init=False, repr=False, compare=False)
    """Where in `pieces` each is, by name."""
    units: dict[str, int] = field(init=False, repr=False, compare=False)
    """Where in `pieces` each unit begins."""
    notes: dict[str, object] = field(init=False, repr=False, compare=False)
    """What was found out about the base once, by whoever asks for it again with every input."""

    def __post_init__(self) -> None:
        units: dict[str, int] = {}
        for at, piece in enumerate(self.pieces):
            units.setdefault(piece.unit, at)
        object.__setattr__(self, "places", {piece.name: at for at, piece in enumerate(self.pieces)})
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "notes", {})

    def octets_of(self, name: str) -> bytes:
        """Return the octets of a piece; b"" for one that is not in the base."""
        at = self.places.get(name)
        return b"" if at is None else self.pieces[at].octets

    @property
    def label(self) -> str:
        """The name and the seed, as an input's one-line form begins."""
        return f"{self.kind}.{self.name}#{self.seed}"

    @property
    def octets(self) -> bytes:
        """The octets of the legal input."""
        return b"".join(piece.octets for piece in self.pieces)
