"""RFC 6455, Section 10: origins, limits and invalid data."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc6455-10.2-1",
        document="rfc6455",
        section="10.2",
        level=Level.SHOULD,
        basis="bcp14",
        role="ws-server",
        text="A server that is meant for certain sites only checks that Origin is one of them.",
        capability="ws",
        on_violation=Weight.WARNING,
        untestable=(
            "Which sites a server is meant for is its operator's to know, and no endpoint of the contract is for "
            "certain sites only."
        ),
    ),
    Requirement(
        id="rfc6455-10.2-2",
        document="rfc6455",
        section="10.2",
        level=Level.SHOULD,
        basis="bcp14",
        role="ws-server",
        text="A handshake whose Origin is not accepted is refused with 403.",
        capability="ws",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc6455-10.4-1",
        document="rfc6455",
        section="10.4",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="A server with limits on frames and messages keeps to them, whatever a client sends.",
        capability="ws",
        on_violation=Weight.WARNING,
        note=(
            "A limit is not seen before it is reached: refusing with 1009, ending the connection, waiting and reading "
            "on are all allowed. A server that no longer serves others is a breach."
        ),
    ),
    Requirement(
        id="rfc6455-10.4-2",
        document="rfc6455",
        section="10.4",
        level=Level.SHOULD,
        basis="bcp14",
        role="ws-server",
        text="Frames and messages have a limit of size.",
        capability="ws",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc6455-10.6-1",
        document="rfc6455",
        section="10.6",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="TLS is supported.",
        capability="tls",
    ),
    Requirement(
        id="rfc6455-10.7-1",
        document="rfc6455",
        section="10.7",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text="All input is validated.",
        capability="ws",
        untestable="It is the general rule: each kind of invalid input has a row that says what is to become of it.",
    ),
    Requirement(
        id="rfc6455-10.7-2",
        document="rfc6455",
        section="10.7",
        level=Level.MAY,
        basis="bcp14",
        role="ws-server",
        text="The TCP connection may be dropped for input that is not understood or not safe.",
        capability="ws",
        on_violation=Weight.NOTE,
        untestable=(
            "It permits to drop the connection and to answer: it is why a bare end is no breach where a violation was "
            "sent."
        ),
    ),
    Requirement(
        id="rfc6455-10.7-3",
        document="rfc6455",
        section="10.7",
        level=Level.SHOULD,
        basis="bcp14",
        role="ws-server",
        text="Invalid data is answered by a Close with a fitting code, before the connection ends.",
        capability="ws",
        on_violation=Weight.WARNING,
        same_as="rfc6455-7.1.7-3",
    ),
    Requirement(
        id="rfc6455-10.7-4",
        document="rfc6455",
        section="10.7",
        level=Level.SHOULD,
        basis="bcp14",
        role="ws-server",
        text="An invalid handshake is answered with a fitting HTTP status.",
        capability="ws",
        on_violation=Weight.WARNING,
    ),
)
