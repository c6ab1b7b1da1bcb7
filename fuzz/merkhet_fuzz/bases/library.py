"""All bases, by kind and name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from merkhet_fuzz.bases import connection, deflate, exchange, http, multipart, values, websocket
from merkhet_fuzz.grammar import Base, Grammar, Kind, Piece
from merkhet_fuzz.inputs import RAW, RAW_OCTETS, InputError

SEEDS = 64
"""How many variants of a base a campaign draws from; seed 0 is the simplest."""
MAKERS: Mapping[Kind, tuple[Callable[[str, int], Base], tuple[str, ...]]] = {
    Kind.HTTP: (http.make, ("get", "post", "chunked", "several")),
    Kind.CHUNKED: (http.make_body, ("body",)),
    Kind.RANGE: (values.make_range, ("one", "several")),
    Kind.DATE: (values.make_date, ("imf", "rfc850", "asctime")),
    Kind.MULTIPART: (multipart.make, ("one", "several", "surrounded")),
    Kind.FRAMES: (websocket.make_frames, tuple(websocket.PARTS)),
    Kind.HANDSHAKE: (websocket.make_handshake, ("plain", "extended", "subprotocol", "deflate", "absolute")),
    Kind.DEFLATE: (deflate.make, ("messages", "fragments", "windows")),
    Kind.EXCHANGE: (exchange.make, exchange.NAMES),
    Kind.CONNECTION: (connection.make, connection.NAMES),
}


def seeds(kind: Kind) -> int:
    """Return how many variants of a base of this kind a campaign draws from."""
    return exchange.SEEDS if kind is Kind.EXCHANGE else SEEDS


def names(kind: Kind) -> tuple[str, ...]:
    """Return the names of the bases of a kind."""
    return MAKERS[kind][1]


@functools.lru_cache(maxsize=2048)
def base(kind: str, name: str, seed: int) -> Base:
    """Return a base. Raises InputError where there is no such."""
    if kind not in MAKERS:
        raise InputError(f"{kind!r}: expected one of {', '.join(MAKERS)}")
    if (name, seed) == (RAW, 0):
        return Base(Kind(kind), RAW, 0, (Piece(RAW_OCTETS, Grammar.FIXED, b"", 0, RAW),), {RAW: RAW})
    make, known = MAKERS[Kind(kind)]
    if name not in known:
        raise InputError(f"{kind}.{name}: expected one of {', '.join(known)}")
    return make(name, seed)
