"""RFC 9110, Section 3: Terminology and Core Concepts."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-3.3-1",
        document="rfc9110",
        section="3.3",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="server",
        text="Requests sharing a connection must not be assumed to come from one user agent.",
        capability="auth",
    ),
)
