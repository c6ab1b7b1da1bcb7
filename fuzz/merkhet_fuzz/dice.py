"""Chance that is the same for a seed on every release of Python: `Random.random` is promised to stay, and nothing else is used."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A seeded source of choices."""

    __slots__ = ("_roll",)

    def __init__(self, seed: int) -> None:
        self._roll = random.Random(seed).random  # noqa: S311 - no secret

    def below(self, bound: int) -> int:
        """Return a number from 0 to bound - 1."""
        return int(self._roll() * bound)

    def chance(self, probability: float) -> bool:
        """Tell whether something of this probability happens."""
        return self._roll() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of these; there is at least one."""
        return choices[int(self._roll() * len(choices))]
