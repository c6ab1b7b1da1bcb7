"""A finding made of what an oracle saw: the class, the weight, the octets, one line that repeats it."""

from __future__ import annotations

import functools

from merkhet import catalogue
from merkhet.model import FuzzFinding, Requirement, Weight
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Base
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import render

OTHERS_MAX = 8
RAW_WORDS = ("raw octets",)
"""What stands in the place of the edits of octets with no legal input behind them."""
OCTETS_MAX = 65536


@functools.cache
def requirements() -> dict[str, Requirement]:
    """Return every requirement of the suites, by id. It takes a moment: only who has found something asks."""
    return dict(catalogue.load().requirements)


def weight_of(suspicion: Suspicion) -> Weight:
    """Return how much it weighs: what the oracle says, else what the requirement does in the default profile."""
    if suspicion.weight is not None:
        return suspicion.weight
    requirement = requirements().get(suspicion.requirement)
    return Weight.BREACH if requirement is None else requirement.on_violation


def finding_id(target: str, suspicion: Suspicion) -> str:
    """Return the class of a finding on a target: `h11:http-request/accepted.rfc9112-7.1-a3.chunk-data-end`."""
    return f"{target}/{suspicion.label}"


def make(
    target: str, suspicion: Suspicion, made: Input, *, version: str = "", found_after: int = 0, seed: int = 0,
    others: tuple[str, ...] = (), placed: Base | None = None,
) -> FuzzFinding:  # fmt: skip
    """Return the finding that this suspicion on this input is. `placed` is the base as it was sent to a target.

    `found_after` is how many inputs it took, below 1 for what a campaign began with: that took none.
    """
    wire = render(made, placed)
    return FuzzFinding(
        id=finding_id(target, suspicion),
        target=target,
        version=version,
        oracle=suspicion.oracle,
        requirement=suspicion.requirement,
        weight=weight_of(suspicion),
        input=str(made),
        edits=RAW_WORDS if made.is_raw else tuple(map(str, made.edits)),
        transport=" ".join(made.transport.words()),
        octets=b"".join(wire.segments)[:OCTETS_MAX],
        segments=tuple(map(len, wire.segments)),
        legal=(placed or library.base(made.kind, made.name, made.seed)).octets[:OCTETS_MAX],
        expected=suspicion.expected,
        observed=suspicion.observed,
        others=others,
        found_after=max(found_after, 0),
        seed=seed,
    )
