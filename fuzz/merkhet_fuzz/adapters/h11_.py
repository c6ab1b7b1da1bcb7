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

    need_data, request_type, data, end = h11.NEED_DATA, h11.Request, h11.Data, h11.EndOfMessage

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        connection = h11.Connection(h11.SERVER)
        request: Any = None
        content: list[bytes] = []
        for segment in (*segments, b""):
            connection.receive_data(segment)
            while (event := connection.next_event()) is not need_data:
                kind_of = type(event)
                if kind_of is request_type:
                    request, content = event, []
                elif kind_of is data:
                    content.append(event.data)
                elif kind_of is not end:
                    return
                else:
                    yield request.method, request.target, b"".join(content), tuple(request.headers)
                    if connection.their_state is not h11.DONE:
                        return
                    connection = _next(h11, connection)

    return Parser(name, kind, requests, (h11.RemoteProtocolError,))


def _next(h11: Any, connection: Any) -> Any:  # noqa: ANN401 - h11's own
    """Return a connection that goes on behind a request: one has to answer first, which takes longer than to read it."""
    octets, is_closed = connection.trailing_data
    following = h11.Connection(h11.SERVER)
    if octets:
        following.receive_data(octets)
    if is_closed:
        following.receive_data(b"")
    return following
