"""RFC 8187, Section 3.2: Parameter Value Character Encoding and Language Information."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc8187-3.2.1-1",
        document="rfc8187",
        section="3.2.1",
        level=Level.SHOULD,
        basis="bcp14",
        role="producer",
        text="The charset part should be a registered charset name.",
        capability="download",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc8187-3.2.1-2",
        document="rfc8187",
        section="3.2.1",
        level=Level.MUST,
        basis="bcp14",
        role="producer",
        text="The charset part is required.",
        capability="download",
    ),
    Requirement(
        id="rfc8187-3.2.1-3",
        document="rfc8187",
        section="3.2.1",
        level=Level.MAY,
        basis="bcp14",
        role="producer",
        text="The language part is optional.",
        capability="download",
        on_violation=Weight.NOTE,
        untestable="It permits a language tag and permits none: nothing that is sent can break it.",
    ),
    Requirement(
        id="rfc8187-3.2.1-4",
        document="rfc8187",
        section="3.2.1",
        level=Level.MUST,
        basis="bcp14",
        role="producer",
        text="Producers use UTF-8.",
        capability="download",
    ),
    Requirement(
        id="rfc8187-3.2.1-a1",
        document="rfc8187",
        section="3.2.1",
        level=Level.MUST,
        basis="abnf",
        role="producer",
        text="Only attr-char may be literal; all else is %HEXDIG HEXDIG.",
        capability="download",
    ),
    Requirement(
        id="rfc8187-3.2.1-a2",
        document="rfc8187",
        section="3.2.1",
        level=Level.MUST,
        basis="abnf",
        role="producer",
        text="ext-value is never quoted.",
        capability="download",
    ),
)
