"""RFC 9112, Section 8: Handling Incomplete Messages."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-8-1",
        document="rfc9112",
        section="8",
        level=Level.MAY,
        basis="bcp14",
        role="server",
        text="An incomplete request may be answered with an error before closing.",
        on_violation=Weight.NOTE,
    ),
    Requirement(
        id="rfc9112-8-a1",
        document="rfc9112",
        section="8",
        level=Level.MUST,
        basis="prose",
        role="server",
        text="A chunked request body whose zero chunk never arrives is incomplete.",
        capability="echo",
        on_violation=Weight.WARNING,
    ),
)
