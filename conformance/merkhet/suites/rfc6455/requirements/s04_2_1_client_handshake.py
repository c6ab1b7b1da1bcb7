"""RFC 6455, Sections 2.1, 4.2 and 4.2.1: the handshake of a client."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc6455-2.1-1",
        document="rfc6455",
        section="2.1",
        level=Level.MAY,
        basis="bcp14",
        role="ws-server",
        text="What is to be sent may be held back for a while, to fill fewer packets.",
        capability="ws",
        on_violation=Weight.NOTE,
        untestable="It permits any delay, so no answer is late by this rule; it is why checks wait as long as they do.",
    ),
    Requirement(
        id="rfc6455-4.2-1",
        document="rfc6455",
        section="4.2",
        level=Level.MAY,
        basis="bcp14",
        role="ws-server",
        text="The connection may be handled by other machines on the server's side.",
        capability="ws",
        on_violation=Weight.NOTE,
        untestable="How many machines answer for a server is not seen from outside: all of them count as the server.",
    ),
    Requirement(
        id="rfc6455-4.2.1-1",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="bcp14",
        role="ws-server",
        text=(
            "A handshake that departs from the description of a client's handshake is refused with an HTTP error "
            "status."
        ),
        capability="ws",
        same_as="umbrella",
        note=(
            "Any answer but 101 refuses; one that is no 4xx, and a connection ended without an answer, is a warning "
            "at most."
        ),
    ),
    Requirement(
        id="rfc6455-4.2.1-a1",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake is a GET: no other method opens a WebSocket.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a2",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake needs HTTP/1.1 at least.",
        capability="ws",
        on_violation=Weight.WARNING,
        note="Seven of eight surveyed servers open a WebSocket for a handshake in HTTP/1.0.",
    ),
    Requirement(
        id="rfc6455-4.2.1-a3",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake without Host is refused.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a4",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="The Upgrade of a handshake names websocket, in capitals or not.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a5",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="The Connection of a handshake lists the option upgrade, in capitals or not.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a6",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake needs a key that is 16 octets in base64.",
        capability="ws",
        on_violation=Weight.WARNING,
        note=(
            "A missing key is a breach; one of another length or alphabet is not, since the next section lets a "
            "server use the key without decoding it."
        ),
    ),
    Requirement(
        id="rfc6455-4.2.1-a7",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake states version 13.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a8",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="The fields of a handshake come in any order, and unknown ones are passed over.",
        capability="ws",
    ),
    Requirement(
        id="rfc6455-4.2.1-a9",
        document="rfc6455",
        section="4.2.1",
        level=Level.MUST,
        basis="prose",
        role="ws-server",
        text="A handshake may have its target in absolute form.",
        capability="ws",
        on_violation=Weight.WARNING,
        note=(
            "Only RFC 9112, Section 3.2.2 asks a server outright to take the form, and its own rows judge that; no "
            "client is known to open a WebSocket with it."
        ),
    ),
    Requirement(
        id="rfc6455-4.2.1-2",
        document="rfc6455",
        section="4.2.1",
        level=Level.SHOULD_NOT,
        basis="bcp14",
        role="ws-server",
        text="A handshake without Origin is not taken to come from a browser.",
        capability="ws",
        on_violation=Weight.NOTE,
        untestable="What a server takes its client for is not told on the wire.",
    ),
)
