"""wsproto: frames and handshakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser


class FailedError(Exception):
    """It has failed the connection, which it says by an event and not by an exception."""


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    refusals = (library("wsproto.utilities").RemoteProtocolError, FailedError)
    return Parser(name, kind, _dialogue() if kind is Kind.FRAMES else _handshake(), refusals)


def _dialogue() -> Callable[[Sequence[bytes]], Iterator[tuple[str, bytes]]]:
    connection, events = library("wsproto.connection"), library("wsproto.events")

    def dialogue(segments: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
        side = connection.Connection(connection.ConnectionType.SERVER)
        content = bytearray()
        for event in _events(side, segments):
            if isinstance(event, events.Ping):
                yield "ping", bytes(event.payload)
            elif isinstance(event, events.CloseConnection):
                if event.code in {1002, 1007, 1009}:
                    raise FailedError(f"{event.code} {event.reason}")
                return
            elif isinstance(event, (events.TextMessage, events.BytesMessage)):
                content += event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                if event.message_finished:
                    yield "text" if isinstance(event, events.TextMessage) else "binary", bytes(content)
                    content = bytearray()

    return dialogue


def _events(side: Any, segments: Sequence[bytes]) -> Iterator[Any]:  # noqa: ANN401 - wsproto's own
    for segment in segments:
        side.receive_data(segment)
        yield from side.events()


def _handshake() -> Callable[[Sequence[bytes]], Iterator[bool]]:
    wsproto, connection, events = (library(name) for name in ("wsproto", "wsproto.connection", "wsproto.events"))

    def handshake(segments: Sequence[bytes]) -> Iterator[bool]:
        side = wsproto.WSConnection(connection.ConnectionType.SERVER)
        for segment in segments:
            side.receive_data(segment)
            if any(isinstance(event, events.Request) for event in side.events()):
                yield True
                return

    return handshake
