"""What bases are put together from."""

from __future__ import annotations

from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length, Piece

CRLF = b"\r\n"


class Builder:
    """Collects the pieces of a base. `message` is which message they belong to; `prefix` goes before the unit's names."""

    def __init__(self, kind: Kind, name: str, seed: int) -> None:
        self.kind, self.name, self.seed = kind, name, seed
        self.dice = Dice(seed, *name.encode())
        self.pieces: list[Piece] = []
        self.roles: dict[str, str] = {}
        self.lengths: list[Length] = []
        self.message = 0

    @property
    def is_simplest(self) -> bool:
        """Whether the shortest variant is wanted, which is what a finding is told with."""
        return self.seed == 0

    def named(self, name: str) -> str:
        """Return a unit's name: units of later messages begin with the message's number, from 1."""
        return f"m{self.message + 1}-{name}" if self.message else name

    def unit(self, name: str, role: str, *parts: tuple[str, Grammar, bytes]) -> str:
        """Add a unit of these parts, and return its name."""
        unit = self.named(name)
        self.roles[unit] = role
        self.pieces += (Piece(f"{unit}.{part}", grammar, octets, self.message, unit) for part, grammar, octets in parts)
        return unit

    def field(self, name: str, value: bytes, role: str, grammar: Grammar) -> str:
        """Add a field line, the unit of which has the name of the field. Other whitespace and case is for edits."""
        return self.unit(
            name.lower(),
            role,
            ("name", Grammar.TOKEN, name.encode()),
            ("colon", Grammar.COLON, b":"),
            ("before", Grammar.OWS, b" "),
            ("value", grammar, value),
            ("behind", Grammar.OWS, b""),
            ("end", Grammar.LINE_END, CRLF),
        )

    def base(self, *meaning: object) -> Base:
        """Return what was built."""
        return Base(
            self.kind, self.name, self.seed, tuple(self.pieces), self.roles, tuple(self.lengths), tuple(meaning)
        )
