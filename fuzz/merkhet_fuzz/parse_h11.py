"""h11 as a server, for the parser kind `http-request`."""

from __future__ import annotations

from collections.abc import Sequence

import h11

from merkhet_fuzz.parsers import CLEAN, INCOMPLETE, REFUSED, Message, Parsed

DONE = h11.Response(status_code=200, headers=[(b"content-length", b"0")])


def parse(segments: Sequence[bytes]) -> Parsed:
    """Return the requests of one connection; each is answered, so that the next one is read."""
    connection = h11.Connection(h11.SERVER)
    messages: list[Message] = []
    try:
        for segment in segments:
            connection.receive_data(segment)
            _drain(connection, messages)
    except h11.RemoteProtocolError:
        return Parsed(messages, REFUSED)
    try:
        connection.receive_data(b"")
        _drain(connection, messages)
    except h11.RemoteProtocolError:
        return Parsed(messages, INCOMPLETE)
    is_clean = not messages or messages[-1].whole
    return Parsed(messages, CLEAN if is_clean and not connection.trailing_data[0] else INCOMPLETE)


def _drain(connection: h11.Connection, messages: list[Message]) -> None:
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            messages.append(Message(event.method, event.target, list(event.headers), b"", False))
        elif isinstance(event, h11.Data):
            messages[-1] = messages[-1]._replace(content=messages[-1].content + bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            messages[-1] = messages[-1]._replace(whole=True)
            _answer(connection)
        elif event is h11.PAUSED:
            _answer(connection)
            return
        else:
            return


def _answer(connection: h11.Connection) -> None:
    if connection.our_state is h11.SEND_RESPONSE:
        connection.send(DONE)
        connection.send(h11.EndOfMessage())
    if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
        connection.start_next_cycle()
