"""RFC 9112, Section 5: Field Syntax."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-5-a1",
        document="rfc9112",
        section="5",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="Response field names are non-empty tokens followed immediately by a colon.",
    ),
    Requirement(
        id="rfc9112-5-a2",
        document="rfc9112",
        section="5",
        level=Level.SHOULD,
        basis="abnf",
        role="server",
        text="Request field lines with empty or non-token names do not match the grammar.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-5.1-1",
        document="rfc9112",
        section="5.1",
        level=Level.MUST,
        basis="bcp14",
        role="server",
        text="Whitespace between field name and colon in a request must get 400.",
    ),
    Requirement(
        id="rfc9112-5.2-1",
        document="rfc9112",
        section="5.2",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="Responses never use obsolete line folding.",
    ),
    Requirement(
        id="rfc9112-5.2-2",
        document="rfc9112",
        section="5.2",
        level=Level.MUST,
        basis="bcp14",
        role="server",
        text="obs-fold in a request must be rejected with 400 or each fold replaced by SP(s) before interpretation.",
        capability="echo",
    ),
)
