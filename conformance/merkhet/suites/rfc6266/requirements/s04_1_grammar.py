"""RFC 6266, Section 4.1: Grammar."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc6266-4.1-a1",
        document="rfc6266",
        section="4.1",
        level=Level.MUST,
        basis="prose",
        role="sender",
        text="The same parameter name never appears twice.",
        capability="download",
    ),
    Requirement(
        id="rfc6266-4.1-a2",
        document="rfc6266",
        section="4.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="The value starts with a disposition-type token.",
        capability="download",
    ),
    Requirement(
        id="rfc6266-4.1-a3",
        document="rfc6266",
        section="4.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="filename is a token or a properly escaped quoted-string.",
        capability="download",
    ),
    Requirement(
        id="rfc6266-4.1-a4",
        document="rfc6266",
        section="4.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="filename* uses the ext-value form charset'lang'pct-encoded.",
        capability="download",
    ),
    Requirement(
        id="rfc6266-4.1-a5",
        document="rfc6266",
        section="4.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="No CR, LF or NUL can enter the field through a file name.",
        capability="download",
    ),
)
