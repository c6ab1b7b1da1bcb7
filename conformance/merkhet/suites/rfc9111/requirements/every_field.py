"""RFC 9111: what holds for a field of every response."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9111-5.1-a1",
        document="rfc9111",
        section="5.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="Age, if present, is delta-seconds; an origin without cache has no reason to send it.",
    ),
    Requirement(
        id="rfc9111-5.2-a1",
        document="rfc9111",
        section="5.2",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="Cache-Control is a list of token[=argument]; max-age and s-maxage take digits only.",
    ),
    Requirement(
        id="rfc9111-5.2.2.1-1",
        document="rfc9111",
        section="5.2.2.1",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="max-age is sent as a token, not quoted.",
    ),
    Requirement(
        id="rfc9111-5.2.2.3-1",
        document="rfc9111",
        section="5.2.2.3",
        level=Level.SHOULD,
        basis="bcp14",
        role="sender",
        text="A response with must-understand should also carry no-store.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9111-5.2.2.4-3",
        document="rfc9111",
        section="5.2.2.4",
        level=Level.SHOULD_NOT,
        basis="bcp14",
        role="sender",
        text="Qualified no-cache should use quoted form.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9111-5.2.2.7-4",
        document="rfc9111",
        section="5.2.2.7",
        level=Level.SHOULD_NOT,
        basis="bcp14",
        role="sender",
        text="Qualified private should use quoted form.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9111-5.2.2.10-2",
        document="rfc9111",
        section="5.2.2.10",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="s-maxage is sent as a token.",
    ),
    Requirement(
        id="rfc9111-5.3-a1",
        document="rfc9111",
        section="5.3",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="Expires is an HTTP-date.",
    ),
)
