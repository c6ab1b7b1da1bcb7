"""RFC 3986, Sections 5 to 7: Reference Resolution, Normalization, Security."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc3986-5.2.4-a1",
        document="rfc3986",
        section="5.2.4",
        level=Level.MUST,
        basis="derived",
        role="recipient",
        text="Dot segments are resolved and never climb above the root.",
        capability="files",
    ),
    Requirement(
        id="rfc3986-6.2.3-a1",
        document="rfc3986",
        section="6.2.3",
        level=Level.SHOULD,
        basis="prose",
        role="recipient",
        text="Empty path equals '/' for http.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc3986-7.3-a1",
        document="rfc3986",
        section="7.3",
        level=Level.SHOULD,
        basis="prose",
        role="recipient",
        text="NUL in decoded path data should be rejected where unexpected.",
        capability="files",
        on_violation=Weight.WARNING,
    ),
)
