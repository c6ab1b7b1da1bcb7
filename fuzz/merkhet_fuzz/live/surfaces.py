"""Every surface, by the kind of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.live.connection import ConnectionSurface
from merkhet_fuzz.live.exchange import ExchangeSurface
from merkhet_fuzz.live.http import HttpSurface
from merkhet_fuzz.live.seam import Place, Surface
from merkhet_fuzz.live.websocket import DeflateSurface, FramesSurface, HandshakeSurface

SURFACES: Mapping[Kind, Callable[[], Surface]] = {
    Kind.HTTP: HttpSurface,
    Kind.CONNECTION: ConnectionSurface,
    Kind.EXCHANGE: ExchangeSurface,
    Kind.HANDSHAKE: HandshakeSurface,
    Kind.FRAMES: FramesSurface,
    Kind.DEFLATE: DeflateSurface,
}


def needs(kind: str) -> frozenset[str]:
    """Return the endpoints that a kind of input needs."""
    return SURFACES[Kind(kind)]().needs


def fitting(place: Place, kinds: tuple[str, ...] = ()) -> list[Surface]:
    """Return the surfaces that a target has something for: all, or those of these kinds."""
    made = [make() for kind, make in SURFACES.items() if not kinds or kind in kinds]
    return [surface for surface in made if all(map(place.has, surface.needs)) and surface.names(place)]
