"""Answers that are written while they are sent, from any thread: plain octets, or events (WHATWG HTML, Section 9.2).

No worker is held: a handler may begin a stream, leave it to whoever has something to say, and return.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from merkhet_reference import event_stream
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.http1 import response

# [whatwg-sse-9.2.7-a1]
HEARTBEAT_SECONDS = 15.0
"""Shorter than the time after which proxies and mobile networks forget a silent connection."""

# [whatwg-sse-9.2.2-a2] [whatwg-sse-17.6-a1]
EVENT_STREAM_FIELDS = (
    (b"Content-Type", b"text/event-stream"),
    (b"Cache-Control", b"no-cache"),
    # A proxy that collects an answer before it passes it on would make a stream of events useless.
    (b"X-Accel-Buffering", b"no"),
)


class OpenSink(Protocol):
    """Where an open answer's octets go."""

    @property
    def is_open(self) -> bool:
        """Whether the client is there, as far as anyone knows."""
        ...

    def put(self, data: bytes, *, waits: bool) -> bool:
        """Queue octets; return False if they will never be sent."""
        ...

    def end(self) -> None:
        """End the answer whole."""
        ...

    def cut(self) -> None:
        """Let the client see the answer incomplete."""
        ...

    def keep_alive(self, data: bytes, seconds: float) -> None:
        """Have `data` sent after so much silence."""
        ...

    def allow_end(self) -> None:
        """Let a server that ends call the answer whole, wherever it is."""
        ...


class ClosedSink:
    """The sink of an answer that has no content."""

    @property
    def is_open(self) -> bool:
        """Say no."""
        return False

    def put(self, data: bytes, *, waits: bool) -> bool:  # noqa: ARG002
        """Take nothing."""
        return False

    def end(self) -> None:
        """Do nothing."""

    def cut(self) -> None:
        """Do nothing."""

    def keep_alive(self, data: bytes, seconds: float) -> None:
        """Do nothing."""

    def allow_end(self) -> None:
        """Do nothing."""


CLOSED = ClosedSink()


class Writer:
    """An answer in the making. Any thread, and several at once: each piece is whole on the wire, their order is theirs.

    `write` waits while the client is behind with reading, up to `send_seconds_max`; then the client is given up. A server
    that ends leaves an answer the time that it has, and then cuts it, unless it was told by `allow_end` that it is whole.
    """

    __slots__ = ("_sink", "is_chunked")

    def __init__(self, sink: OpenSink, *, chunked: bool) -> None:
        self._sink = sink
        self.is_chunked = chunked

    @property
    def active(self) -> bool:
        """Whether somebody reads, as far as is known: false once the client has gone, or the answer has its end."""
        return self._sink.is_open

    def write(self, data: bytes) -> bool:
        """Send octets; return False if nobody will read them."""
        # [whatwg-sse-9.2.5-a7]
        return not data or self.write_framed(self.framed(data), waits=True)

    def write_framed(self, data: bytes, *, waits: bool) -> bool:
        """Send what `framed` made, at once or not at all unless the caller `waits`; a client with no room is given up."""
        return self._sink.put(data, waits=waits)

    def framed(self, data: bytes) -> bytes:
        """Return the octets to send for a piece of content. Raises TypeError for text, on the thread that wrote it."""
        data = b"".join((data,))
        return response.encode_chunk(data) if self.is_chunked else data

    def keep_alive(self, data: bytes, seconds: float) -> None:
        """Have this piece of content sent whenever nothing else was for `seconds`."""
        self._sink.keep_alive(self.framed(data), seconds)

    def allow_end(self) -> None:
        """Say that the answer is whole after each of its pieces, so that a server that ends need not wait for more."""
        self._sink.allow_end()

    def close(self) -> None:
        """End the answer whole. A second time does nothing."""
        self._sink.end()

    def cut(self) -> None:
        """End the answer so that the client sees it incomplete."""
        self._sink.cut()


class EventStream:
    """A stream of events to one client, in Mummy's words: `send`, `active`, `close`."""

    __slots__ = ("writer",)

    def __init__(self, writer: Writer, heartbeat_seconds: float | None) -> None:
        self.writer = writer
        writer.allow_end()
        if heartbeat_seconds is not None:
            writer.keep_alive(event_stream.HEARTBEAT, heartbeat_seconds)

    @property
    def active(self) -> bool:
        """Whether the client is there: turns false when it goes."""
        return self.writer.active

    def send(self, event: SSEEvent | str) -> bool:
        """Send an event, a string as its data; return False if the client has gone. Waits while it is behind."""
        if isinstance(event, str):
            event = SSEEvent(event)
        return self.writer.write(event_stream.encode_event(event))

    def offer(self, event: SSEEvent) -> bool:
        """Send an event without waiting: a client that has left no room for it is cut, and comes back."""
        framed = self.writer.framed(event_stream.encode_event(event))
        return self.writer.write_framed(framed, waits=False)

    def comment(self, text: str) -> bool:
        """Send a comment, which a client passes over."""
        return self.writer.write(event_stream.encode_comment(text))

    def close(self) -> None:
        """End the stream; a browser then connects again, unless it is told not to."""
        self.writer.close()


class Broadcast:
    """Event streams that are all told the same. Any thread.

    Nobody waits for a slow client: one that is more than `events_waiting_bytes_max` behind is cut, and connects again.
    """

    def __init__(self) -> None:
        self._streams: set[EventStream] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._streams)

    def __iter__(self) -> Iterator[EventStream]:
        with self._lock:
            return iter(tuple(self._streams))

    def add(self, stream: EventStream) -> None:
        """Let a client hear what is sent from now on."""
        with self._lock:
            self._streams.add(stream)

    def send(self, event: SSEEvent | str) -> int:
        """Send an event to everyone; return how many were there. It is encoded once."""
        data = event_stream.encode_event(SSEEvent(event) if isinstance(event, str) else event)
        chunk = response.encode_chunk(data)
        gone = [
            stream
            for stream in self
            if not stream.writer.write_framed(chunk if stream.writer.is_chunked else data, waits=False)
        ]
        with self._lock:
            self._streams.difference_update(gone)
            return len(self._streams)

    def close(self) -> None:
        """End every stream that is here now."""
        with self._lock:
            ending, self._streams = self._streams, set()
        for stream in ending:
            stream.close()
