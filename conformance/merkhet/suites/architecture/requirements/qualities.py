"""Qualities of a server that its clients see. None is a rule of a specification: breaking one is a warning at most."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight


def _quality(section: str, text: str, capability: str = "any") -> Requirement:
    return Requirement(
        id=f"architecture-{section}-1",
        document="architecture",
        section=section,
        level=Level.SHOULD,
        basis="quality",
        role="server",
        text=text,
        capability=capability,
        on_violation=Weight.WARNING,
        note="A quality and no rule of a specification: a server without it is none the less conformant.",
    )


REQUIREMENTS: tuple[Requirement, ...] = (
    _quality("1.1", "What an application sends piece by piece reaches the client piece by piece, when it is made.", "pieces"),
    _quality("1.2", "A content of unknown length arrives whole, however many pieces it is made of.", "stream"),
    _quality("1.3", "A content that its application does not bring to an end is seen by the client to be incomplete.", "pieces"),
    _quality("1.4", "A client that stops reading for a while finds all of the answer when it reads on.", "files"),
    Requirement(
        id="architecture-1.5-1",
        document="architecture",
        section="1.5",
        level=Level.MAY,
        basis="quality",
        role="server",
        text="A streamed content ends in trailer fields, for a client that says it takes them.",
        capability="pieces",
        on_violation=Weight.NOTE,
    ),
    _quality("2.1", "A slow handler delays nobody but the client that asked for it.", "sleep"),
    _quality("2.2", "While every worker is busy the server still lets clients in, and answers them in the end.", "sleep"),
    _quality("2.3", "While every worker is busy the server answers what needs no worker.", "sleep"),
    _quality("2.4", "A client that does not read its answers keeps no worker from others.", "files"),
    _quality("2.5", "Clients that send their requests a byte at a time keep no worker from others."),
    _quality("2.6", "Clients that hold a connection and ask for nothing keep no worker from others."),
    _quality("3.1", "A server that is asked to end finishes the answers that are under way.", "sleep"),
    _quality("3.2", "A server that is asked to end finishes the streams that are under way.", "pieces"),
    _quality("3.3", "A server that is asked to end ends the connections on which nothing is under way."),
)  # fmt: skip
