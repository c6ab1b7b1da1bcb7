"""RFC 6266, Section 3: Conformance and Error Handling."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc6266-3-1",
        document="rfc6266",
        section="3",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="Invalid Content-Disposition values are never generated.",
        capability="download",
        same_as="umbrella",
    ),
)
