"""RFC 7692, Section 5: what is offered and accepted."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc7692-5-5",
        document="rfc7692",
        section="5",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A server that accepts an offer of compression names the extension in its answer.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-5-6",
        document="rfc7692",
        section="5",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A server supports all of what it accepts.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-5-7",
        document="rfc7692",
        section="5",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="ws-server",
        text="Compression is not accepted together with another extension that uses the first reserved bit.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-5-9",
        document="rfc7692",
        section="5",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="ws-server",
        text="Compression is not accepted on top of an extension that needs its frames as they are.",
        capability="ws-deflate",
        untestable="No such extension is registered, so there is none to offer.",
    ),
    Requirement(
        id="rfc7692-5-11",
        document="rfc7692",
        section="5",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="ws-server",
        text="A server that declines every offer of compression names none in its answer.",
        capability="ws-deflate",
    ),
    Requirement(
        id="rfc7692-5-13",
        document="rfc7692",
        section="5",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="Both sides compress by the parameters that were agreed on.",
        capability="ws-deflate",
    ),
)
