"""What a client says on one WebSocket, and what a server has to say to it: from an input to octets and expectations."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from merkhet.expect_handshake import SAMPLE_KEY
from merkhet.heard import Opcode
from merkhet.wire.client_frames import short_frame
from merkhet.wire.extensions import Deflate
from merkhet_fuzz.bases import library
from merkhet_fuzz.bases.websocket import CLOSE, PING
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.judges.deflate import ClientMessages
from merkhet_fuzz.judges.frames import Event, Reading, follow
from merkhet_fuzz.live.seam import Place

SENTINEL = b"merkhet-behind"
MASK = b"\x37\xfa\x21\x3d"
ENDPOINTS = {"subprotocol": "ws-subproto", "deflate": "ws-deflate", "serial": "ws-serial", "push": "ws-push"}
"""By the name of a base; all others are for `ws`."""


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole frame of at most 125 octets."""
    return short_frame(Opcode(opcode), payload, MASK)


OWN_CLOSE = client_frame(CLOSE, b"\x03\xe8")
OWN_PING = client_frame(PING, SENTINEL)


class Segments(NamedTuple):
    """Octets, and where a new segment begins in them (offsets, rising)."""

    octets: bytes
    cuts: tuple[int, ...]

    def part(self, start: int, stop: int) -> list[bytes]:
        """Return what stands from `start` to `stop`, in its segments."""
        edges = [start, *(cut for cut in self.cuts if start < cut < stop), stop]
        return [self.octets[at:end] for at, end in pairwise(edges) if at < end]


def cut(segments: Sequence[bytes]) -> Segments:
    """Return what stands in these segments."""
    edges = list(accumulate(map(len, segments)))
    return Segments(b"".join(segments), tuple(edges[:-1]))


@dataclass(slots=True)
class Expected:
    """What must come for the frames before the trouble, and what is to be done about that.

    `messages` and `pings` (the server's own) are what a server says, `pongs` the Pings that it answers; `unasked` the
    client's Pongs. `split` is the offset where the trouble begins. `allowed` and `allowed_pongs` may come and need not.
    `closes` is the body of the Close that the server was told to send.
    """

    messages: list[Event] = field(default_factory=list[Event])
    pings: list[bytes] = field(default_factory=list[bytes])
    pongs: list[bytes] = field(default_factory=list[bytes])
    unasked: list[bytes] = field(default_factory=list[bytes])
    allowed: list[Event] = field(default_factory=list[Event])
    allowed_pongs: list[bytes] = field(default_factory=list[bytes])
    split: int = 0
    closes: bytes | None = None
    slow: bytes = b""
    """The answer of `ws-serial` that takes its time, with a Ping behind it."""


def expect(endpoint: str, octets: bytes, reading: Reading) -> Expected:
    """Return what is expected of a server at this endpoint for frames that were read so."""
    places = [place for place in (reading.trouble, reading.lenient) if place >= 0]
    if reading.in_message and places:
        places.append(reading.begun)  # what has come of it may be wrong already, and seen to be
    expected = Expected(split=min(places, default=len(octets)))
    if reading.is_cut and not places:
        expected.split = max((event.end for event in reading.events), default=0)
        expected.split = min(expected.split, reading.begun) if reading.in_message else expected.split
    for event in reading.events:
        is_message = event.name in {"text", "binary"}
        if event.end > expected.split:
            if is_message:
                expected.allowed += _answers(endpoint, event, Expected())
            elif event.name == "ping":
                expected.allowed_pongs.append(event.payload)
        elif is_message:
            messages = _answers(endpoint, event, expected)
            if expected.closes is not None:
                expected.split = event.start
                break
            expected.messages += messages
        else:
            (expected.pongs if event.name == "ping" else expected.unasked).append(event.payload)
    return expected


def _answers(endpoint: str, event: Event, expected: Expected) -> list[Event]:
    """Return the messages that one message is answered by; what else it is answered by goes into `expected`."""
    if endpoint == "ws-serial":
        name, _, milliseconds = event.payload.rpartition(b" ")
        expected.slow = name if milliseconds.isdigit() and int(milliseconds) >= 40 else expected.slow
        return [event._replace(payload=name)]
    if endpoint != "ws-push":
        return [event]
    order, _, rest = event.payload.partition(b" ")
    if order == b"send":
        count, size = map(int, rest.split())
        return [event._replace(payload=b"%d" % number + b" " * (size - len(b"%d" % number))) for number in range(count)]
    if order == b"close":
        code, _, reason = rest.partition(b" ")
        expected.closes = int(code).to_bytes(2, "big") + reason
    elif order == b"ping":
        expected.pings.append(rest)
    return []


def offer_of(name: str, seed: int) -> bytes:
    """Return the offer of extensions that a base of compressed messages stands behind."""
    offer = library.base(Kind.DEFLATE, name, seed).meaning[0]
    return offer if isinstance(offer, bytes) else b""


@functools.lru_cache(maxsize=256)
def opening_of(host: bytes, path: bytes, offer: bytes) -> bytes:
    """Return the plain handshake that a dialogue of frames begins with."""
    line = b"Sec-WebSocket-Extensions: " + offer + b"\r\n" if offer else b""
    return (
        b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + SAMPLE_KEY + b"\r\n" + line + b"\r\n"
    )


def read(kind: Kind, octets: bytes, agreed: Deflate | None) -> Reading:
    """Read a dialogue as it is to be taken where this was agreed on."""
    return follow(octets, ClientMessages(agreed) if kind is Kind.DEFLATE else None)


def endpoint_of(kind: str, name: str, place: Place) -> str:
    """Return the endpoint of the contract that a base is for; "" where the target has none that will do."""
    wanted = "ws-deflate" if kind == Kind.DEFLATE else ENDPOINTS.get(name, "ws")
    if not place.has(wanted) and kind == Kind.HANDSHAKE:
        wanted = "ws"  # which then knows of no subprotocol, and of no extension
    return wanted if place.has(wanted) else ""
