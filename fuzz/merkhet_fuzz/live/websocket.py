"""The surfaces of WebSocket: handshakes, dialogues of frames, and compressed ones (RFC 6455, RFC 7692)."""

from __future__ import annotations

from dataclasses import replace

from merkhet_fuzz.grammar import Base, Grammar, Kind, Piece
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live import websocket_plan
from merkhet_fuzz.live.seam import Dialogue, Place, Surface
from merkhet_fuzz.live.websocket_script import endpoint_of, offer_of, opening_of
from merkhet_fuzz.live.websocket_talk import Talk
from merkhet_fuzz.live.websocket_verdict import judge
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import Wire


class WebSocketDialogue(Talk):
    """A talk, and what is wrong about it."""

    def suspicions(self) -> list[Suspicion]:
        """Return what is wrong with all that came, worst first. What the target has no endpoint for is not judged."""
        return judge(self) if self.endpoint else []


class HandshakeSurface(Surface):
    """Inputs of kind websocket-handshake. A base whose endpoint the target lacks is sent to `ws`."""

    kind = Kind.HANDSHAKE
    needs = frozenset(("ws",))

    def make(self, seed: int, index: int, names: tuple[str, ...] = ()) -> Input:  # noqa: ARG002 - it has a plan of its own
        """Return the input of this number in the campaign of this seed."""
        return websocket_plan.make(self.kind, seed, index)

    def placed(self, base: Base, place: Place) -> Base:
        """Return the base with the target's own path and host; of frames, the base as it is."""
        if base.kind is not Kind.HANDSHAKE:
            return base
        path = place.path(endpoint_of(base.kind, base.name, place))
        return replace(base, pieces=tuple(_placed(piece, path, place.names.host) for piece in base.pieces))

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue: the handshake, then what is legal, then the trouble."""
        kind, name = Kind(wire.input.kind), wire.input.name
        endpoint = endpoint_of(kind, name, place)
        offer = offer_of(name, wire.input.seed) if kind is Kind.DEFLATE else b""
        opening = opening_of(place.names.host, place.path(endpoint), offer) if endpoint else b""
        return WebSocketDialogue(wire, place, opening, endpoint)


class FramesSurface(HandshakeSurface):
    """Inputs of kind websocket-frames: no extension is offered. Those for endpoints that the target lacks say nothing."""

    kind = Kind.FRAMES
    needs = frozenset(("ws",))


class DeflateSurface(HandshakeSurface):
    """Inputs of kind websocket-deflate."""

    kind = Kind.DEFLATE
    needs = frozenset(("ws-deflate",))


def _placed(piece: Piece, path: bytes, host: bytes) -> Piece:
    if piece.grammar is Grammar.TARGET:
        is_absolute = piece.octets.startswith(b"http://")
        return piece._replace(octets=b"http://" + host + path if is_absolute else path)
    return piece._replace(octets=host) if piece.name == "host.value" else piece
