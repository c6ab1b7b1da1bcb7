"""What a connection is to the engine, and how one is opened. Real sockets and canned servers both fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from merkhet.answer import End
from merkhet.wire.transcript import Recorder


class Unreachable(Exception):  # noqa: N818 - the state of a target, said as one
    """No connection could be opened: refused, no route, no answer, or a TLS handshake that failed."""


class Wire(Protocol):
    """One open connection. Nothing here raises when the peer goes away: sending fails silently into the transcript."""

    @property
    def recorder(self) -> Recorder:
        """Where everything that happens here is written down."""
        ...

    @property
    def received_at(self) -> float:
        """When the last octet came (or the connection opened)."""
        ...

    @property
    def ended_at(self) -> float | None:
        """When the peer's side ended, or None."""
        ...

    async def send(self, segments: Sequence[bytes], *, gap_seconds: float, until: float) -> None:
        """Send each segment, reading meanwhile. Returns at `until` at the latest; what is left goes on being sent."""
        ...

    async def half_close(self) -> None:
        """Say that no more will be sent, and go on reading."""
        ...

    async def abort(self) -> None:
        """Drop the connection: a reset, or under TLS a FIN without close_notify."""
        ...

    async def receive(self, until: float) -> bytes | End:
        """Return octets as they come, the end once they are used up, or SILENT at `until`."""
        ...

    async def close(self) -> None:
        """Close the connection. Safe to call twice."""
        ...


class Dialer(Protocol):
    """Opens connections to one target, and tells its time (which canned servers make up)."""

    def now(self) -> float:
        """Return the time in seconds, from any origin."""
        ...

    async def dial(self, purpose: str, number: int, began: float) -> Wire:
        """Open a connection. `number` counts those of one check, `began` is when it began. Raises Unreachable."""
        ...
