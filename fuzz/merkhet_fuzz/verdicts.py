"""What is right on an edited input, and why: a decision, and the requirement of the catalogue that it rests on."""

from __future__ import annotations

import enum
from typing import NamedTuple

from merkhet.model import Weight


class Decision(enum.Enum):
    """What the text asks of a parser."""

    ACCEPT = "must accept"
    """Every message of the input comes out, with the meaning of the base."""
    REFUSE = "must refuse"
    """The message comes not out: it is refused, or waited for without end."""
    EITHER = "may refuse, or accept with the one meaning"
    """A leniency that the text allows: whoever uses it has to read the same message as if the input were the base."""
    FREE = "either is right"


class Excuse(enum.Enum):
    """What makes an accepted input right although its verdict is to refuse it."""

    NONE = ""
    REPLACED = "replaced"
    """The octets that must not be there are not in what the parser hands over (RFC 9112, Section 2.2; 9110, Section 5.5)."""


class Verdict(NamedTuple):
    """A decision. `requirement` is an id of the catalogue, "" for FREE.

    `is_local`: no octet before or behind can make the place legal; else the verdict holds only where nothing else was
    edited. `message`: which message of the connection it is about.
    """

    decision: Decision
    requirement: str = ""
    why: str = ""
    is_local: bool = True
    excuse: Excuse = Excuse.NONE
    message: int = 0
    unit: str = ""
    weight: Weight | None = None
    """How much it weighs to break it, where that is not what the requirement itself says."""

    def at(self, message: int, unit: str) -> Verdict:
        """Return the verdict with the place that it is about."""
        return self._replace(message=message, unit=unit)


ACCEPT = Verdict(Decision.ACCEPT)
EITHER = Verdict(Decision.EITHER)
FREE = Verdict(Decision.FREE)


def accept(requirement: str, why: str) -> Verdict:
    """Return the verdict on a rare but legal spelling."""
    return Verdict(Decision.ACCEPT, requirement, why)


def either(requirement: str, why: str) -> Verdict:
    """Return the verdict on a leniency that the text allows, and in which nothing may be lost or added."""
    return Verdict(Decision.EITHER, requirement, why)


def refuse(requirement: str, why: str, *, is_local: bool = True, excuse: Excuse = Excuse.NONE) -> Verdict:
    """Return the verdict on what the grammar does not have and no sentence allows."""
    return Verdict(Decision.REFUSE, requirement, why, is_local, excuse)


def combine(verdicts: list[Verdict]) -> Verdict:
    """Return what several edited units come to, given in the order of the wire.

    The first that is not plainly legal decides. What is refused at its own place stays refused whatever follows; what is
    refused because of the rest of the message (a length, a repeated field) is so only if the rest is as it was.
    """
    open_ = ACCEPT
    for place, verdict in enumerate(verdicts):
        if verdict.decision is Decision.FREE:
            return FREE
        if verdict.decision is Decision.REFUSE:
            rest = verdicts[place + 1 :]
            is_sure = verdict.is_local or all(other.decision is Decision.ACCEPT for other in rest)
            return verdict if is_sure and (verdict.is_local or open_.decision is Decision.ACCEPT) else FREE
        if (verdict.decision is Decision.EITHER and open_.decision is Decision.ACCEPT) or (
            open_ is ACCEPT and verdict.requirement
        ):
            open_ = verdict
    return open_
