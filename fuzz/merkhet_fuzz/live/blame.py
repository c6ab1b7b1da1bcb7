"""Which input a server was hurt by: likely ones, then halves of them all, are tried on one that was started anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from merkhet_fuzz.inputs import Input

TRIES_MAX = 24


def blamed(
    inputs: Sequence[Input], hurts: Callable[[Sequence[Input]], bool], likely: Sequence[Input] = ()
) -> Input | None:
    """Return the one input that alone does the harm that all of these did; None if no half of them does it any more.

    `likely` are tried first, each alone.
    """
    for made in likely:
        if hurts([made]):
            return made
    left = list(inputs)
    tries = 0
    while len(left) > 1 and tries < TRIES_MAX:
        middle = len(left) // 2
        halves = (left[:middle], left[middle:])
        tries += 1
        half = next((half for half in halves if hurts(half)), None)
        if half is None:
            return None
        left = half
    return left[0] if len(left) == 1 and hurts(left) else None
