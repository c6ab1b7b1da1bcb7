"""RFC 9112, Section 4: Status Line."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-4-a1",
        document="rfc9112",
        section="4",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="Status-line is HTTP-version SP 3DIGIT SP [reason] CRLF.",
    ),
    Requirement(
        id="rfc9112-4-1",
        document="rfc9112",
        section="4",
        level=Level.MAY,
        basis="bcp14",
        role="server",
        text="The reason phrase may be absent or any text.",
        on_violation=Weight.NOTE,
    ),
    Requirement(
        id="rfc9112-4-4",
        document="rfc9112",
        section="4",
        level=Level.MUST,
        basis="bcp14",
        role="server",
        text="The SP after the status code is sent even when the reason is empty.",
    ),
)
