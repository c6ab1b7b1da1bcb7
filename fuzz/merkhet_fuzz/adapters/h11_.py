"""h11: requests, by its sans-I/O connection as a server has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    h11 = library("h11")

    response = h11.Response(status_code=200, headers=[("content-length", "0")])
    end = h11.EndOfMessage()

    def events(connection: Any, segments: Sequence[bytes]) -> Iterator[Any]:  # noqa: ANN401 - h11's own
        for segment in (*segments, b""):
            connection.receive_data(segment)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                yield event

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        connection = h11.Connection(h11.SERVER)
        request: Any = None
        content = bytearray()
        for event in events(connection, segments):
            if type(event) is h11.Request:
                request, content = event, bytearray()
            elif type(event) is h11.Data:
                content += event.data
            elif type(event) is h11.EndOfMessage and request is not None:
                yield request.method, request.target, bytes(content), tuple(request.headers)
                # The next one is read only when this one is answered.
                connection.send(response)
                connection.send(end)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return
                connection.start_next_cycle()
            else:
                return

    return Parser(name, kind, requests, (h11.RemoteProtocolError,))
