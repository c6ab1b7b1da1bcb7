"""A WebSocket as an application sees it: four events on the threads of workers, and what any thread may say."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.websocket import close, frames, sending
from merkhet_reference.websocket.events import Message


class WebSocketEvent(enum.Enum):
    """What a handler is called for. OPEN comes first and CLOSE last, each once; ERROR, if it comes, right before CLOSE.

    | event | its message |
    |---|---|
    | OPEN | empty |
    | MESSAGE | what the client sent |
    | ERROR | why the connection is failed: the client broke a rule, went beyond a limit or fell silent |
    | CLOSE | the reason; the code is in `WebSocket.close_code` |
    """

    OPEN = "open"
    MESSAGE = "message"
    ERROR = "error"
    CLOSE = "close"


class Sender(Protocol):
    """Where a WebSocket's messages go."""

    @property
    def is_active(self) -> bool:
        """Whether neither side has closed, as far as is known."""
        ...

    def send(self, data: str | bytes, *, waits: bool) -> bool:
        """Queue a message; return False if it will never be sent."""
        ...

    def send_prepared(self, message: sending.Prepared) -> bool:
        """Queue a message that goes to many, without waiting."""
        ...

    def put(self, frame: bytes) -> bool:
        """Queue a control frame, if there is room."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Have the connection closed behind all that is queued."""
        ...


class NoSender:
    """The sender of a WebSocket that is over."""

    is_active = False

    def send(self, data: str | bytes, *, waits: bool) -> bool:  # noqa: ARG002
        """Send nothing."""
        return False

    def send_prepared(self, message: sending.Prepared) -> bool:  # noqa: ARG002
        """Send nothing."""
        return False

    def put(self, frame: bytes) -> bool:  # noqa: ARG002
        """Send nothing."""
        return False

    def close(self, code: int, reason: str) -> None:
        """Do nothing."""


OVER = NoSender()


class WebSocket:
    """One connection. Every method may be called on any thread, and the handler may have returned long ago.

    `head` and `path_params` are those of the request that it began with; `subprotocol` and `is_compressed` are what the
    handshake came to. `close_code` and `close_reason` are those of the client's Close (1005 where it gave no code), or
    those that the connection was failed with, or 1006 for an end without a Close; before the end None and "".
    """

    __slots__ = (
        "__weakref__", "_sender", "close_code", "close_reason", "head", "is_compressed", "path_params", "subprotocol",
    )  # fmt: skip

    def __init__(
        self,
        sender: Sender,
        head: RequestHead,
        path_params: Mapping[str, str],
        *,
        subprotocol: str | None = None,
        is_compressed: bool = False,
    ) -> None:
        self._sender: Sender = sender
        self.head = head
        self.path_params = path_params
        self.subprotocol = subprotocol
        self.is_compressed = is_compressed
        self.close_code: int | None = None
        self.close_reason = ""

    def detach(self) -> None:
        """Let go of what sends, behind the last event: it holds this, and they would keep each other in memory."""
        self._sender = OVER

    @property
    def fields(self) -> Fields:
        """The header section of the request that it began with."""
        return self.head.fields

    @property
    def active(self) -> bool:
        """Whether neither side has closed, as far as is known. An answer to what the client said before may still be sent."""
        return self._sender.is_active

    def send(self, data: str | bytes) -> bool:
        """Send a message, text or binary; return False if nobody will get it. Raises TypeError for anything else.

        Waits while the client is behind with reading (`websocket_send_bytes_max`), `send_seconds_max` at most; then the
        client is given up: its connection is cut. Half a surrogate pair has no UTF-8, and is a UnicodeEncodeError.
        """
        return self._sender.send(data, waits=True)

    def offer(self, data: str | bytes) -> bool:
        """Send a message without waiting: a client that has left no room for it is given up."""
        return self._sender.send(data, waits=False)

    def offer_prepared(self, message: sending.Prepared) -> bool:
        """Do as `offer` does, with a message that goes to others too."""
        return self._sender.send_prepared(message)

    def ping(self, data: bytes = b"") -> bool:
        """Send a Ping; the server itself does so in silence. Return False where there is no room, or nobody.

        Raises ValueError for more than 125 octets.
        """
        return self._sender.put(frames.encode_ping(data))

    def close(self, code: int = close.NORMAL, reason: str = "") -> None:
        """Begin to close (RFC 6455, Section 7.1.2): what was sent before still goes out, nothing after it is taken.

        No message comes any more, and CLOSE once the client has answered, or has had its time for that. A second time
        does nothing. Raises ValueError for a code that a server may not send, and a reason of more than 123 octets.
        """
        close.body(code, reason)
        self._sender.close(code, reason)


WebSocketHandler = Callable[[WebSocket, WebSocketEvent, Message], None]
"""Called on a worker with one event after another. Events of one WebSocket never overlap, those of several do."""


class WebSocketGroup:
    """WebSockets that are all told the same. Any thread.

    Nobody waits for a slow client: one that is more than `websocket_send_bytes_max` behind is cut.
    """

    def __init__(self) -> None:
        self._sockets: set[WebSocket] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._sockets)

    def __iter__(self) -> Iterator[WebSocket]:
        with self._lock:
            return iter(tuple(self._sockets))

    def add(self, websocket: WebSocket) -> None:
        """Let a client hear what is sent from now on."""
        with self._lock:
            self._sockets.add(websocket)

    def discard(self, websocket: WebSocket) -> None:
        """Let a client hear nothing any more. One that has gone is noticed without this, with the next message."""
        with self._lock:
            self._sockets.discard(websocket)

    def send(self, data: str | bytes) -> int:
        """Send a message to everyone; return how many were there. It is framed once, and compressed once."""
        message = sending.Prepared(data)
        gone = [websocket for websocket in self if not websocket.offer_prepared(message)]
        with self._lock:
            self._sockets.difference_update(gone)
            return len(self._sockets)

    def close(self, code: int = close.GOING_AWAY, reason: str = "") -> None:
        """Begin to close everyone who is here now."""
        with self._lock:
            ending, self._sockets = self._sockets, set()
        for websocket in ending:
            websocket.close(code, reason)
