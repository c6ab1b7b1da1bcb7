"""RFC 9110, Section 2: Conformance."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9110-2.2-2",
        document="rfc9110",
        section="2.2",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="Nothing sent may violate the ABNF of its protocol element.",
        same_as="umbrella",
    ),
    Requirement(
        id="rfc9110-2.2-4",
        document="rfc9110",
        section="2.2",
        level=Level.MAY,
        basis="bcp14",
        role="recipient",
        text="Workarounds for faulty peers are allowed if limited to them.",
        on_violation=Weight.NOTE,
        untestable="It permits workarounds; no answer of a server could break it.",
    ),
    Requirement(
        id="rfc9110-2.3-1",
        document="rfc9110",
        section="2.3",
        level=Level.SHOULD,
        basis="bcp14",
        role="recipient",
        text="Received elements should be parsed defensively with modest expectations.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9110-2.3-2",
        document="rfc9110",
        section="2.3",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="Lengths at least as long as values the server itself generates must be accepted.",
        capability="files",
    ),
    Requirement(
        id="rfc9110-2.4-1",
        document="rfc9110",
        section="2.4",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="Elements are interpreted by their specified semantics unless the sender is known faulty.",
        untestable="It is the general rule: each element's own row has the checks on what that element means.",
    ),
    Requirement(
        id="rfc9110-2.4-2",
        document="rfc9110",
        section="2.4",
        level=Level.MAY,
        basis="bcp14",
        role="recipient",
        text="A recipient may try to recover from invalid constructs unless noted otherwise.",
        on_violation=Weight.NOTE,
        untestable="It permits recovery from what is invalid; it is why lenient parsing is no failure by itself.",
    ),
)
