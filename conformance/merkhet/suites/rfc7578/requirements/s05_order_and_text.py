"""RFC 7578, Section 5: text, order and equal names."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc7578-5.1.2-1",
        document="rfc7578",
        section="5.1.2",
        level=Level.MAY,
        basis="bcp14",
        role="form-receiver",
        text="Non-ASCII names and values may come directly in the form charset.",
        capability="form",
        on_violation=Weight.NOTE,
    ),
    Requirement(
        id="rfc7578-5.2-3",
        document="rfc7578",
        section="5.2",
        level=Level.MUST_NOT,
        basis="derived",
        role="form-receiver",
        text="Parts with the same name are not merged.",
        capability="form",
    ),
    Requirement(
        id="rfc7578-5.2-a1",
        document="rfc7578",
        section="5.2",
        level=Level.MAY,
        basis="prose",
        role="form-receiver",
        text="Order of parts is kept.",
        capability="form",
        on_violation=Weight.NOTE,
    ),
)
