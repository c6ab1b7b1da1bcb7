"""RFC 9112, Section 7: Transfer Codings."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-7.2-1",
        document="rfc9112",
        section="7.2",
        level=Level.SHOULD,
        basis="bcp14",
        role="recipient",
        text="Parameters on compress/deflate/gzip transfer codings should be an error.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-7-a1",
        document="rfc9112",
        section="7",
        level=Level.MUST,
        basis="prose",
        role="recipient",
        text="Transfer-coding names are matched without regard to case.",
        capability="echo",
    ),
    Requirement(
        id="rfc9112-7.4-a1",
        document="rfc9112",
        section="7.4",
        level=Level.MUST_NOT,
        basis="prose",
        role="server",
        text="Without TE, or with an empty one, no transfer coding but chunked is applied to a response.",
        on_violation=Weight.WARNING,
    ),
)
