"""RFC 9112, Section 9.8: TLS Connection Initiation and Closure."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-9.8-5",
        document="rfc9112",
        section="9.8",
        level=Level.SHOULD,
        basis="bcp14",
        role="server",
        text="TLS servers should tolerate clients closing without close_notify.",
        capability="tls",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-9.8-6",
        document="rfc9112",
        section="9.8",
        level=Level.MUST,
        basis="bcp14",
        role="server",
        text="TLS servers must try to exchange closure alerts before closing.",
        capability="tls",
    ),
    Requirement(
        id="rfc9112-9.8-7",
        document="rfc9112",
        section="9.8",
        level=Level.MAY,
        basis="bcp14",
        role="server",
        text="Servers may close right after sending their closure alert.",
        capability="tls",
        on_violation=Weight.NOTE,
        untestable="Permission; do not require the peer alert exchange to finish.",
    ),
)
