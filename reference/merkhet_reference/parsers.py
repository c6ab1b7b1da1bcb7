"""The parsers of the reference as plain functions, for a fuzzer: named by the entry-point group `merkhet.parsers`."""

from __future__ import annotations

from collections.abc import Sequence

from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import Content, EndOfMessage, PeerAborted, Refused, RequestHead
from merkhet_reference.limits import Limits

LIMITS = Limits()

Message = tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes, bool]
"""Method, request target, field lines in their order, content, and whether the end of the message was found."""


def http_request(segments: Sequence[bytes]) -> tuple[list[Message], str]:
    """Return the requests of one connection, and how it ended: "clean", "refused" or "incomplete".

    The stream ends behind the last segment. What is read of a request that is not whole is the last message.
    """
    reading = _Reading()
    for segment in segments:
        reading.receive(segment)
    reading.receive(b"")
    return reading.messages(), reading.end


class _Reading:
    """One connection and what came of it."""

    def __init__(self) -> None:
        self.end = "clean"
        self._connection = Connection(LIMITS)
        self._heads: list[RequestHead] = []
        self._contents: list[list[bytes]] = []
        self._wholes = 0

    def receive(self, segment: bytes) -> None:
        self._connection.receive(segment)
        while (event := self._connection.next_event()) is not None:
            if isinstance(event, RequestHead):
                self._heads.append(event)
                self._contents.append([])
            elif isinstance(event, Content):
                self._contents[-1].append(event.data)
            elif isinstance(event, EndOfMessage):
                self._wholes += 1
            elif isinstance(event, Refused):
                self.end = "refused"
            elif isinstance(event, PeerAborted):
                self.end = "incomplete"

    def messages(self) -> list[Message]:
        return [
            (head.method, head.target.raw, list(head.fields), b"".join(content), number < self._wholes)
            for number, (head, content) in enumerate(zip(self._heads, self._contents, strict=True))
        ]
