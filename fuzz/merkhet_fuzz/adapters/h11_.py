"""h11: requests, by its sans-I/O connection as a server has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]


class Conversation:
    """Requests on one connection. `is_over`: it closes, or h11 hands over what is none of a request's events."""

    def __init__(self, h11: Any) -> None:  # noqa: ANN401 - h11's own
        self._h11 = h11
        self._request: Any = None
        self._content: list[bytes] = []
        self.connection = h11.Connection(h11.SERVER)
        self.is_over = False

    def messages(self) -> Iterator[Message]:
        """Yield what is whole of what was received. Raises what h11 raises."""
        h11 = self._h11
        need_data, request, data, end = h11.NEED_DATA, h11.Request, h11.Data, h11.EndOfMessage
        event: Any
        while (event := self.connection.next_event()) is not need_data:
            kind = cast("object", type(event))
            if kind is request:
                self._request, self._content = event, []
            elif kind is data:
                self._content.append(event.data)
            elif kind is not end:
                self.is_over = True
                return
            else:
                head = self._request
                yield head.method, head.target, b"".join(self._content), tuple(head.headers)
                if not self._goes_on():
                    return

    def _goes_on(self) -> bool:
        """Go on behind a request with a new connection: one has to answer first, which takes longer than to read it."""
        self.is_over = self.connection.their_state is not self._h11.DONE
        if not self.is_over:
            octets, is_closed = self.connection.trailing_data
            self.connection = self._h11.Connection(self._h11.SERVER)
            if octets:
                self.connection.receive_data(octets)
            if is_closed:
                self.connection.receive_data(b"")
        return not self.is_over


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    h11 = library("h11")

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        conversation = Conversation(h11)
        for segment in (*segments, b""):
            conversation.connection.receive_data(segment)
            yield from conversation.messages()
            if conversation.is_over:
                return

    return Parser(name, kind, requests, (h11.RemoteProtocolError,))
