"""RFC 9110, Section 11: HTTP Authentication."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-11.1-a1",
        document="rfc9110",
        section="11.1",
        level=Level.MUST,
        basis="prose",
        role="recipient",
        text="Auth scheme names are case-insensitive.",
        capability="auth",
    ),
    Requirement(
        id="rfc9110-11.4-1",
        document="rfc9110",
        section="11.4",
        level=Level.SHOULD,
        basis="bcp14",
        role="origin-server",
        text="Missing, bad or partial credentials should get 401 with a challenge.",
        capability="auth",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9110-11.6.1-2",
        document="rfc9110",
        section="11.6.1",
        level=Level.MAY,
        basis="bcp14",
        role="server",
        text="WWW-Authenticate may appear elsewhere.",
        on_violation=Weight.NOTE,
        untestable="It permits challenges in other responses; each is held by the rows on its syntax.",
    ),
)
