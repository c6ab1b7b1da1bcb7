"""RFC 9110, Sections 5.6.4 and 5.6.6, as the reader of a form has to do with them."""

from __future__ import annotations

from merkhet.model import Level, Requirement

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-5.6.4-1",
        document="rfc9110",
        section="5.6.4",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="quoted-pair in a quoted-string is read as the following octet.",
        capability="form",
    ),
    Requirement(
        id="rfc9110-5.6.6-a1",
        document="rfc9110",
        section="5.6.6",
        level=Level.MUST,
        basis="prose",
        role="recipient",
        text="Parameter names are case-insensitive and have no whitespace around '='.",
        capability="form",
    ),
)
