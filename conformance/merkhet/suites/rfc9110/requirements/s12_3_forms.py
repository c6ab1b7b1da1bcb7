"""RFC 9110, Section 12.5.3, as far as a refused form shows it."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-12.5.3-3",
        document="rfc9110",
        section="12.5.3",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="server",
        text="415 unrelated to codings has no Accept-Encoding.",
        capability="form",
    ),
)
