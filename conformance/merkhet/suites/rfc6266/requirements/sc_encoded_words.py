"""RFC 6266, Appendix C: Alternative Approaches to Internationalization."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc6266-C.1-1",
        document="rfc6266",
        section="C.1",
        level=Level.SHOULD_NOT,
        basis="prose",
        role="sender",
        text="RFC 2047 encoded-words are not put in quoted-strings.",
        capability="download",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc6266-C.1-2",
        document="rfc6266",
        section="C.1",
        level=Level.SHOULD_NOT,
        basis="prose",
        role="sender",
        text="encoded-words are not used in Content-Disposition parameters.",
        capability="download",
        on_violation=Weight.WARNING,
        same_as="rfc6266-C.1-1",
    ),
)
