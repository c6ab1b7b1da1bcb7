"""The parsers of this package as plain functions: octets in, what was read out. They are how fuzzers reach them.

A stream comes as its segments, in the order in which they arrive; behind the last one the peer sends no more. Messages
are yielded as they become whole. Whatever breaks the grammar raises Refusal, FormError or Violation; a function's
`refusals` says which. The entry points of the group `merkhet.parsers` name these functions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, ParamSpec, TypeVar

from merkhet_reference import http_date, multipart, ranges
from merkhet_reference.errors import Refusal
from merkhet_reference.http1 import chunked, connection, events, inbox
from merkhet_reference.limits import Limits
from merkhet_reference.websocket import close, handshake
from merkhet_reference.websocket import connection as websocket
from merkhet_reference.websocket import events as websocket_events

P = ParamSpec("P")
R = TypeVar("R")
LIMITS = Limits()
BOUNDARY = b"merkhet-boundary"
Request = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]


class Parser(Generic[P, R]):
    """A function, and the exceptions by which it refuses what it is given: any other is a fault of it."""

    def __init__(self, function: Callable[P, R], *refusals: type[Exception]) -> None:
        self._function = function
        self.refusals = refusals

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        return self._function(*args, **kwargs)


def _http_request(segments: Iterable[bytes]) -> Iterator[Request]:
    """Yield (method, request target, content, fields) of each request."""
    conversation = connection.Connection(LIMITS)
    head: events.RequestHead | None = None
    content = bytearray()
    for segment in (*segments, b""):
        conversation.receive(segment)
        while (event := conversation.next_event()) is not None:
            if isinstance(event, events.RequestHead):
                head, content = event, bytearray()
            elif isinstance(event, events.Content):
                content += event.data
            elif isinstance(event, events.Refused):
                raise Refusal(event.status, event.why)
            elif isinstance(event, events.EndOfMessage) and head is not None:
                yield head.method, head.target.raw, bytes(content), tuple(head.fields)


def _chunked(segments: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of a chunked body, once it is whole."""
    decoder = chunked.ChunkedDecoder(LIMITS, LIMITS.content_bytes_max)
    received = inbox.Inbox()
    content = bytearray()
    for segment in segments:
        received.put(segment)
        while data := decoder.decode(received):
            content += data
        if decoder.part is chunked.Part.DONE:
            decoder.trailers()
            yield bytes(content)
            return


def _multipart(segments: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, content) of each part of a form whose boundary is BOUNDARY."""
    parser = multipart.MultipartParser(BOUNDARY, LIMITS)
    name, content = "", bytearray()
    for segment in segments:
        for event in parser.feed(segment):
            if isinstance(event, multipart.PartBegin):
                name, content = event.name, bytearray()
            elif isinstance(event, multipart.PartData):
                content += event.data
            else:
                yield name.encode(), bytes(content)
    parser.end()


def _websocket_frames(segments: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield ("text" | "binary" | "ping", payload) of what a client sends behind its handshake."""
    conversation = websocket.Connection(LIMITS)
    for segment in segments:
        conversation.receive(segment)
        while (event := conversation.next_event()) is not None:
            if isinstance(event, websocket_events.Message):
                data = event.data
                yield str(event.kind), data.encode() if isinstance(data, str) else data
            elif isinstance(event, websocket_events.Ping):
                yield "ping", event.data
            elif isinstance(event, websocket_events.Failed):
                raise close.Violation(event.code, event.why)


def _websocket_handshake(segments: Iterable[bytes]) -> Iterator[bool]:
    """Yield True for a request that becomes a WebSocket."""
    conversation = connection.Connection(LIMITS)
    for segment in (*segments, b""):
        conversation.receive(segment)
        event = conversation.next_event()
        if isinstance(event, events.Refused):
            raise Refusal(event.status, event.why)
        if isinstance(event, events.RequestHead):
            handshake.accept(event, handshake.Policy())
            yield True
            return


def _range(value: bytes) -> tuple[tuple[int | None, int | None], ...] | None:
    """Return (first, last) of each spec of a Range value; None where it is ignored."""
    specs = ranges.parse_ranges(value)
    return None if specs is None else tuple((spec.first, spec.last) for spec in specs)


def _date(value: bytes) -> int | None:
    """Return the seconds since the epoch that an HTTP-date says."""
    return http_date.parse_http_date(value, time.time())


http_request = Parser(_http_request, Refusal)
chunked_body = Parser(_chunked, Refusal)
multipart_form = Parser(_multipart, multipart.FormError)
websocket_frames = Parser(_websocket_frames, close.Violation)
websocket_handshake = Parser(_websocket_handshake, Refusal)
range_value = Parser(_range, Refusal)
date_value = Parser(_date, Refusal)
