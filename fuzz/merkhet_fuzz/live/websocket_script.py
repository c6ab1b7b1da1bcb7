"""What a client says on one WebSocket, and what a server has to say to it: from an input to octets and expectations."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from merkhet.expect_handshake import SAMPLE_KEY
from merkhet.template import Names
from merkhet.wire.extensions import Deflate
from merkhet_fuzz.bases import library
from merkhet_fuzz.bases.websocket import CLOSE, FIN, PING, masked
from merkhet_fuzz.edits import Edited, apply
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import Input, InputError
from merkhet_fuzz.judges.deflate import ClientMessages
from merkhet_fuzz.judges.frames import Event, Reading, follow, unmasked
from merkhet_fuzz.render import judge
from merkhet_fuzz.verdicts import ACCEPT, FREE, Decision, Verdict

SENTINEL = b"merkhet-behind"
MASK = b"\x37\xfa\x21\x3d"
JOIN = " + "
ENDPOINTS = {"subprotocol": "ws-subproto", "deflate": "ws-deflate", "serial": "ws-serial", "push": "ws-push"}
"""By the name of a base; all others are for `ws`."""


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole frame of at most 125 octets."""
    return bytes((FIN | opcode, 0x80 | len(payload))) + MASK + unmasked(payload, MASK)


OWN_CLOSE = client_frame(CLOSE, b"\x03\xe8")
OWN_PING = client_frame(PING, SENTINEL)


@dataclass(frozen=True, slots=True)
class Case:
    """One input, or several legal dialogues one behind the other on one WebSocket. `str` and `parse` are inverses."""

    inputs: tuple[Input, ...]

    def __str__(self) -> str:
        return JOIN.join(map(str, self.inputs))

    @classmethod
    def parse(cls, line: str) -> Case:
        """Return the case that a line says. Raises InputError."""
        inputs = tuple(Input.parse(part) for part in line.split(JOIN))
        if len(inputs) > 1 and any(made.kind != Kind.FRAMES for made in inputs):
            raise InputError(f"{line!r}: only dialogues of {Kind.FRAMES} stand one behind the other")
        return cls(inputs)

    @property
    def endpoint(self) -> str:
        """The endpoint of the contract that it is for."""
        first = self.inputs[0]
        return "ws-deflate" if first.kind == Kind.DEFLATE else ENDPOINTS.get(first.name, "ws")


class Segments(NamedTuple):
    """Octets, and where a new segment begins in them (offsets, rising)."""

    octets: bytes
    cuts: tuple[int, ...]

    def part(self, start: int, stop: int) -> list[bytes]:
        """Return what stands from `start` to `stop`, in its segments."""
        edges = [start, *(cut for cut in self.cuts if start < cut < stop), stop]
        return [self.octets[at:end] for at, end in zip(edges, edges[1:], strict=False) if at < end]


def _cuts(segments: Sequence[bytes], start: int) -> Iterator[int]:
    for segment in segments[:-1]:
        start += len(segment)
        yield start


@functools.lru_cache(maxsize=4096)
def _dialogue(made: Input) -> Segments:
    """Return the octets of a dialogue; without their end, if the stream ends too soon."""
    base = library.base(made.kind, made.name, made.seed)
    segments = made.transport.segments(masked(apply(base, made.edits).pieces))
    return Segments(b"".join(segments), tuple(_cuts(segments, 0)))


def dialogue(case: Case) -> Segments:
    """Return what goes out behind the handshake. Of several dialogues, all but the last are cut at their Close."""
    if len(case.inputs) == 1:
        return _dialogue(case.inputs[0])
    octets, cuts = b"", list[int]()
    for made in case.inputs:
        part = _dialogue(made)
        end = _legal_end(part.octets) if made is not case.inputs[-1] else len(part.octets)
        cuts += [len(octets) + cut for cut in part.cuts if cut < end]
        octets += part.octets[:end]
    return Segments(octets, tuple(cuts))


@functools.lru_cache(maxsize=4096)
def _legal_end(octets: bytes) -> int:
    reading = follow(octets)
    return len(octets) if reading.trouble < 0 else reading.trouble


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
    expected = Expected(split=min(places, default=len(octets)))
    if reading.is_cut and not places:
        expected.split = reading.events[-1].end if reading.events else 0
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


def offer_of(base: Base) -> bytes:
    """Return the offer of extensions that a base of compressed messages stands behind."""
    offer = base.meaning[0] if base.meaning else b""
    return offer if isinstance(offer, bytes) else b""


@functools.lru_cache(maxsize=256)
def opening_of(names_host: bytes, path: bytes, offer: bytes) -> bytes:
    """Return the plain handshake that a dialogue of frames begins with."""
    line = b"Sec-WebSocket-Extensions: " + offer + b"\r\n" if offer else b""
    return (
        b"GET " + path + b" HTTP/1.1\r\nHost: " + names_host + b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + SAMPLE_KEY + b"\r\n" + line + b"\r\n"
    )


class Handshake(NamedTuple):
    """A handshake as it goes out, and the verdict on it."""

    segments: list[bytes]
    octets: bytes
    verdict: Verdict


def handshake(case: Case, names: Names) -> Handshake:
    """Return the handshake of a case: the edited one that it is about, or the plain one that opens a dialogue."""
    made = case.inputs[0]
    base = library.base(made.kind, made.name, made.seed)
    path = names.endpoints[case.endpoint].encode()
    if made.kind != Kind.HANDSHAKE:
        octets = opening_of(names.host, path, offer_of(base) if made.kind == Kind.DEFLATE else b"")
        return Handshake([octets], octets, ACCEPT)
    edited = apply(base, made.edits)
    octets = b"".join(_placed(edited, names, path))
    segments = made.transport.segments(octets)
    if 0 <= made.transport.end < len(octets):
        return Handshake(segments, b"".join(segments), FREE)
    verdict, _ = judge(edited, octets)
    if verdict.decision is Decision.ACCEPT and verdict.requirement.startswith("rfc9"):
        verdict = verdict._replace(requirement="")
    return Handshake(segments, octets, verdict)


def _placed(edited: Edited, names: Names, path: bytes) -> Iterator[bytes]:
    """Yield the pieces of a handshake with the target's own path and authority in the places of those of the base."""
    for piece in edited.pieces:
        if piece.name == "request-line.target" and piece.octets.startswith(b"/"):
            yield path + piece.octets[1:]
        elif piece.name == "request-line.target" and piece.octets.startswith(b"http://a.example/"):
            yield names.scheme.encode() + b"://" + names.host + path + piece.octets[17:]
        elif piece.name == "host.value" and piece.octets == b"a":
            yield names.host
        else:
            yield piece.octets


def read(case: Case, octets: bytes, agreed: Deflate | None) -> Reading:
    """Read a dialogue as it is to be taken where this was agreed on."""
    return follow(octets, ClientMessages(agreed) if agreed is not None else None)
