"""RFC 9110, Section 4: Identifiers in HTTP."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-4.1-1",
        document="rfc9110",
        section="4.1",
        level=Level.SHOULD,
        basis="bcp14",
        role="recipient",
        text="URIs of at least 8000 octets are recommended to be supported.",
        on_violation=Weight.WARNING,
        same_as="rfc9112-3-4",
    ),
    Requirement(
        id="rfc9110-4.2.1-2",
        document="rfc9110",
        section="4.2.1",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="A received http URI with empty host must be rejected.",
    ),
    Requirement(
        id="rfc9110-4.2.2-2",
        document="rfc9110",
        section="4.2.2",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="A received https URI with empty host must be rejected.",
        capability="tls",
    ),
    Requirement(
        id="rfc9110-4.2.3-1",
        document="rfc9110",
        section="4.2.3",
        level=Level.MAY,
        basis="bcp14",
        role="recipient",
        text="Any component may normalize equivalent URIs.",
        on_violation=Weight.NOTE,
        untestable="It permits normalization; what follows for a server is held by the row on equivalent URIs.",
    ),
    Requirement(
        id="rfc9110-4.2.3-2",
        document="rfc9110",
        section="4.2.3",
        level=Level.SHOULD_NOT,
        basis="bcp14",
        role="origin-server",
        text="URIs equivalent after normalization should not name distinct resources.",
        capability="files",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9110-4.2.4-2",
        document="rfc9110",
        section="4.2.4",
        level=Level.SHOULD,
        basis="bcp14",
        role="recipient",
        text="userinfo in an untrusted http(s) reference should be treated as an error.",
        on_violation=Weight.WARNING,
    ),
)
