"""RFC 9112, Section 6.2: Content-Length."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-6.2-1",
        document="rfc9112",
        section="6.2",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="No response carries both Content-Length and Transfer-Encoding.",
    ),
)
