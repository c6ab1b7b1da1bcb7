"""Octets that are made when they are needed, so that a suite of large messages costs nothing to load and to list."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

UNIT_BYTES_SHOWN = 16


class Made(Protocol):
    """Octets by rule. Two of them are equal if they make the same octets by the same rule."""

    def describe(self) -> str:
        """Say what the octets are, in words that go on from "send"."""
        ...

    def make(self) -> bytes:
        """Make them."""
        ...


@dataclass(frozen=True, slots=True)
class Repeated:
    """`size` octets: `unit`, again and again, the last time as far as it fits."""

    unit: bytes
    size: int

    def describe(self) -> str:
        """Say what the octets are."""
        more = "..." if len(self.unit) > UNIT_BYTES_SHOWN else ""
        return f"{self.size} octets of {self.unit[:UNIT_BYTES_SHOWN]!r}{more}"

    def make(self) -> bytes:
        """Make them."""
        return _repeated(self.unit, self.size)


@functools.lru_cache(maxsize=2)
def _repeated(unit: bytes, size: int) -> bytes:
    """Choice: the last two are kept, as a check compares what comes back with what it has just sent."""
    return (unit * (size // len(unit) + 1))[:size]


def made(octets: bytes | Made) -> bytes:
    """Return octets, made if they have to be."""
    return octets if isinstance(octets, bytes) else octets.make()
