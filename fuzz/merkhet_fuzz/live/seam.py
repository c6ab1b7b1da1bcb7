"""What stands between the engine, which knows sockets, and the surfaces, which know a protocol and do no input or output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from merkhet.answer import End
from merkhet.template import Names
from merkhet_fuzz import mutate
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live.answers import Answers
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
        self.outgoing: deque[bytes] = deque(segments)
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

    def sameness(self) -> tuple[object, ...] | None:
        """Return what must be the same in whatever segments an input is sent; None where nothing is said."""
        return None

    def told(self) -> str:
        """Say what came, in words; the same words for the same behaviour, whatever the time of day."""
        raise NotImplementedError


class AnsweredDialogue(Dialogue):
    """A dialogue in HTTP: what comes are answers to requests with these methods."""

    def __init__(self, segments: list[bytes], methods: Sequence[str]) -> None:
        super().__init__(segments)
        self.answers = Answers(methods)

    def received(self, octets: bytes) -> None:
        """Read on. Who has closed the way we write to is still read; behind what is no answer nothing is."""
        self.answers.received(octets)
        if self.answers.garbage:
            self.is_done = True

    def ended(self, end: End) -> None:
        """The connection is over."""
        super().ended(end)
        self.answers.ended(end)

    def told(self) -> str:
        """Say what was answered."""
        return self.answers.told()


Ask = Callable[[bytes, str], Answers]
"""Sends octets on a connection of their own, the request's method beside them, and returns the answers."""


class Surface:
    """One protocol, or one part of what a server offers. `needs` are the endpoints without which it cannot be tried."""

    kind: Kind
    needs: frozenset[str] = frozenset()

    def names(self, place: Place) -> tuple[str, ...]:  # noqa: ARG002 - for who needs more than its own endpoints
        """Return the names of the bases that this target can be sent."""
        return library.names(self.kind)

    def make(self, seed: int, index: int, names: tuple[str, ...] = ()) -> Input:
        """Return the input of this number in the campaign of this seed: as `mutate.make`, or by a plan of its own."""
        return mutate.make(self.kind, seed, index, names)

    def prepare(self, place: Place, ask: Ask) -> None:
        """Learn what the inputs need to know of this target, once; keep it in the place's notes."""

    def placed(self, base: Base, place: Place) -> Base:  # noqa: ARG002 - for who asks by host and path
        """Return the base as it is sent to this target: its host, its paths."""
        return base

    def dialogue(self, wire: Wire, place: Place) -> Dialogue:
        """Return the dialogue in which an input is tried."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Trial:
    """An input on its way: what it is on the wire of this target, and the dialogue."""

    input: Input
    wire: Wire | None
    dialogue: Dialogue
    index: int = 0
