"""Where an answer goes. What a request knows of the machine: this protocol, which a worker's task fulfils."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from merkhet_reference import push
from merkhet_reference.endpoint import WebSocket, WebSocketHandler
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import Part
from merkhet_reference.websocket import handshake


class Sink(Protocol):
    """Where an answer goes: octets for one request's place in the order of answers."""

    @property
    def persists(self) -> bool:
        """Whether the connection may go on after this answer, as far as is known now."""
        ...

    @property
    def content_came(self) -> bool:
        """Whether all of the content has come, though its handler may not have taken it."""
        ...

    @property
    def limits(self) -> Limits:
        """The server's bounds."""
        ...

    def put_interim(self, data: bytes) -> None:
        """Send octets before the final answer."""
        ...

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        """Send the whole final answer; afterwards the connection goes on if `keeps`."""
        ...

    def put_parts(self, status: int, head: bytes, parts: tuple[Part, ...], *, keeps: bool) -> None:
        """Send the whole final answer, segments of files among it; their descriptors are the sink's to close."""
        ...

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        """Send a head, then one piece after another as the client takes them."""
        ...

    def put_open(self, status: int, head: bytes, ending: bytes, *, keeps: bool) -> push.OpenSink:
        """Send a head; what follows comes by the object that is returned, and `ending` when it is ended."""
        ...

    def put_switch(
        self,
        head: bytes,
        accepted: handshake.Accepted,
        handler: WebSocketHandler | None,
        path_params: Mapping[str, str],
    ) -> WebSocket:
        """Send a 101; the connection is a WebSocket from here on. Raises ValueError where nobody takes its events."""
        ...
