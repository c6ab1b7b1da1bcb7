"""Numbers that look random and are the same on every Python: a seed gives the same octets for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Dice:
    """SplitMix64 (Steele, Lea and Flood, 2014): cheap to seed, which happens once an input, and written down here.

    The standard library's generator keeps its numbers from release to release, but not what `choice` or `sample` make
    of them.
    """

    __slots__ = ("_state",)

    def __init__(self, *seeds: int) -> None:
        self._state = 0
        for seed in seeds:
            self._state = (self._state ^ seed) & _MASK
            self._state = self._next()

    def _next(self) -> int:
        self._state = mixed = (self._state + _GOLDEN) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1."""
        return (self._next() * bound) >> 64

    def chance(self, percent: int) -> bool:
        """Tell whether something that happens in `percent` of 100 cases happens now."""
        return self.below(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        """Return one of these, of which there is at least one."""
        return options[self.below(len(options))]

    def octets(self, count: int) -> bytes:
        """Return that many octets."""
        return bytes(self.below(256) for _ in range(count))
