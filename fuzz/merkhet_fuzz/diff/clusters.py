"""What belongs together: inputs of one class that split the participants in one way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from merkhet.model import Disagreement, Severity, Weight
from merkhet_fuzz import findings
from merkhet_fuzz.bases import library
from merkhet_fuzz.diff import reading
from merkhet_fuzz.diff.reading import Reading
from merkhet_fuzz.edits import UNIT_EDITS
from merkhet_fuzz.grammar import Base, Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.oracles import Suspicion
from merkhet_fuzz.render import Wire, render
from merkhet_fuzz.verdicts import Decision

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MESSAGE = re.compile(r"^m[0-9]+-")
DECIDED = {
    Decision.ACCEPT: "to be accepted",
    Decision.REFUSE: "to be refused",
    Decision.EITHER: "to be refused, or read as the legal input is",
    Decision.FREE: "",
}


class Split(NamedTuple):
    """How an input splits the participants. `label` is the class of the input: what the text says of it, or what is edited."""

    severity: Severity
    label: str
    sides: tuple[int, ...]

    @property
    def name(self) -> str:
        """The three as one word, which is the same for the same disagreement of the same participants."""
        letters = "".join(LETTERS[side % len(LETTERS)] for side in self.sides)
        return f"{self.severity}.{self.label}.{letters}"


def split(wire: Wire, readings: Sequence[Reading]) -> Split | None:
    """Return how an input splits those who read it; None where they read it alike.

    What the text leaves open is a matter of taste, but in framing: where a message ends is no matter of taste.
    """
    sides = reading.sides(readings)
    severity = reading.gravest(readings) if max(sides, default=0) else None
    if severity is None:
        return None
    is_open = wire.verdict.decision is Decision.FREE or (
        severity is Severity.ACCEPTANCE and not any(one.fault for one in readings)
    )
    if severity is not Severity.FRAMING and is_open:
        severity = Severity.TASTE
    return Split(severity, label(wire), sides)


def label(wire: Wire) -> str:
    """Return the class of an input."""
    verdict = wire.verdict
    if verdict.requirement and verdict.decision is not Decision.FREE:
        return f"{verdict.requirement}.{verdict.unit}" if verdict.unit else verdict.requirement
    made = wire.input
    parts = {_edited(wire.base, place, what) for place, what, _ in made.edits}
    parts |= {"end"} if made.transport.end >= 0 else set()
    parts |= {"cut"} if made.transport.cuts or made.transport.each else set()
    return "+".join(sorted(parts)) or "legal"


def _edited(base: Base, place: str, what: str) -> str:
    unit, _, part = place.partition(".")
    role = base.roles.get(unit, MESSAGE.sub("", unit))
    return f"{role}.{what if what in UNIT_EDITS and not part else part}"


def disagreement(
    kind: str, names: Sequence[str], found: Split, made: Input, readings: Sequence[Reading],
    *, index: int = 0, seed: int = 0, placed: Base | None = None,
) -> Disagreement:  # fmt: skip
    """Return the disagreement that this input shows."""
    wire = render(made, placed)
    verdict = wire.verdict
    is_decided = verdict.decision is not Decision.FREE
    decided = f"{DECIDED[verdict.decision]}: {verdict.why or 'a legal input'}" if is_decided else ""
    at_fault = tuple(name for name, one in zip(names, readings, strict=True) if one.fault)
    return Disagreement(
        id=f"differ:{kind}/{found.name}",
        severity=found.severity,
        kind=kind,
        weight=weight(kind, found.severity, verdict.requirement if is_decided else "", is_known=bool(at_fault)),
        participants=tuple(names),
        sides=found.sides,
        readings=tuple(_words(found.severity, one) for one in readings),
        requirement=verdict.requirement if is_decided else "",
        decided=decided,
        at_fault=at_fault if found.severity is not Severity.TASTE else (),
        input=str(made),
        edits=tuple(map(str, made.edits)),
        transport=" ".join(made.transport.words()),
        octets=b"".join(wire.segments)[: findings.OCTETS_MAX],
        segments=tuple(map(len, wire.segments)),
        legal=(placed or library.base(made.kind, made.name, made.seed)).octets[: findings.OCTETS_MAX],
        found_after=index + 1,
        seed=seed,
    )


def _words(severity: Severity, one: Reading) -> str:
    return f"{one.words} (fields: {one.fields})" if severity is Severity.MEANING and one.fields else one.words


def weight(kind: str, severity: Severity, requirement: str, *, is_known: bool) -> Weight:
    """Return how much a disagreement weighs: one about framing as much as there is, where the text says who is wrong.

    Where it does not, one about the parts of a form is only noted: no other request can be read out of it.
    """
    if severity is Severity.FRAMING:
        return Weight.BREACH if is_known else Weight.NOTE if kind == Kind.MULTIPART else Weight.WARNING
    if severity is Severity.TASTE:
        return Weight.NOTE
    return findings.weight_of(Suspicion("differ", requirement, "", "", ""))
