"""RFC 7692, Section 6: compressed messages in frames."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc7692-6.1-1",
        document="rfc7692",
        section="6.1",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A compressed message has the first reserved bit in its first frame, and is split after it is compressed.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.1-2",
        document="rfc7692",
        section="6.1",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A message that is not compressed does not have that bit.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.1-3",
        document="rfc7692",
        section="6.1",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="ws-server",
        text="That bit is never in a control frame, nor in a continuation.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.1-4",
        document="rfc7692",
        section="6.1",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="That bit in a control frame or a continuation fails the connection.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.2-1",
        document="rfc7692",
        section="6.2",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A compressed message is inflated as a whole, however it was split.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.2-2",
        document="rfc7692",
        section="6.2",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A message that is not compressed is taken also where compression was agreed on.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-6.2-a1",
        document="rfc7692",
        section="6.2",
        level=Level.MUST,
        basis="derived",
        role="ws-server",
        text="A payload that cannot be inflated, or is not UTF-8 where text should be, fails the connection.",
        capability="ws-deflate",
        note="The text is silent on data that is no DEFLATE: what comes of that is a warning at most.",
    ),
)
