"""What stands between the engine, which knows sockets, and the surfaces, which know a protocol and do no input or output."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from merkhet.answer import End
from merkhet.template import Names
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import Wire

Shared = dict[str, object]


class Place:
    """A target as a surface sees it: its names, its endpoints, and what was found out about it.

    `files` are the fixture files that it serves, by name. `notes` is for surfaces to keep what they learned once, such as
    what the target answers to a legal base.
    """

    def __init__(self, names: Names, files: Mapping[str, bytes] | None = None) -> None:
        self.names = names
        self.files = dict(files or {})
        self.notes: Shared = {}

    def path(self, endpoint: str) -> bytes:
        """Return the path of an endpoint that the target has, as it stands in a request line."""
        return self.names.endpoints[endpoint].encode("latin-1")

    def has(self, endpoint: str) -> bool:
        """Tell whether the target declares this endpoint."""
        return endpoint in self.names.endpoints


@dataclass(slots=True)
class Timing:
    """How long is waited, in seconds: for more octets before it counts as quiet, for an answer, and between segments."""

    quiet: float = 0.1
    patience: float = 2.0
    pause: float = 0.0
    pauses_max: int = 1_000_000
    """Where more segments than these are left, the next is sent at once."""


class Dialogue:
    """One connection from our side. The engine sends what is in `outgoing`, segment by segment, and tells what comes.

    `shuts`: once all is sent, we say that we send no more. `is_done`: nothing more is awaited, and the engine may close.
    `heard_after` is set by the engine: the seconds until the first octet came, 0 if none did.
    """

    def __init__(self, segments: list[bytes]) -> None:
        self.outgoing = deque(segments)
        self.shuts = False
        self.is_done = False
        self.end: End | None = None
        self.heard_after = 0.0

    def received(self, octets: bytes) -> None:
        """Take octets that came."""
        raise NotImplementedError

    def quiet(self) -> None:
        """All was sent, and nothing came for a while: half-close, be done, or go on waiting (and do nothing)."""

    def ended(self, end: End) -> None:
        """The peer closed or reset, or patience is over (SILENT). Nothing more comes."""
        self.end = end
        self.is_done = True

    def suspicions(self) -> list[Suspicion]:
        """Return what is wrong with all that came, worst first."""
        raise NotImplementedError

    def sameness(self) -> object:
        """Return what must be the same in whatever segments an input is sent; None where nothing is said."""
        return None

    def told(self) -> str:
        """Say what came, in words; the same words for the same behaviour, whatever the time of day."""
        raise NotImplementedError


class Surface(Protocol):
    """One protocol, or one part of what a server offers. `needs` are the endpoints without which it cannot be tried."""

    @property
    def kind(self) -> Kind:
        """What its inputs are."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """Endpoints that the target has to declare."""
        ...

    def make(self, seed: int, index: int) -> Input:
        """Return the input of this number in the campaign of this seed: as `mutate.make`, or by a plan of its own."""
        ...

    def placed(self, base: Base, place: Place) -> Base:
        """Return the base as it is sent to this target: its host, its paths."""
        ...

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue in which an input is tried."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """An input on its way: what it is on the wire of this target, and the dialogue."""

    input: Input
    wire: Wire
    dialogue: Dialogue
    index: int = 0
