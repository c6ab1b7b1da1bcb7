"""A client of WebSocket that is taken apart by hand, as `peer.Peer` is, and a handler that keeps what it is told."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable

from loop_rig import RESET
from peer import SECONDS, Peer
from websocket_wire import HANDSHAKE, Frame, read_frame

from merkhet_reference import Message, Request, Server, WebSocket, WebSocketEvent
from merkhet_reference.observer import Load, Record

MESSAGE, CLOSE = WebSocketEvent.MESSAGE, WebSocketEvent.CLOSE


class SocketPeer(Peer):
    """One WebSocket. `more` are lines of the handshake; `behind` is sent in the same packet."""

    def __init__(
        self, server: Server, more: bytes = b"", behind: bytes = b"", *, trusting: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(server, HANDSHAKE + more + b"\r\n" + behind, trusting=trusting)
        self.answered = self.head()
        assert self.answered.status == 101

    def frame(self) -> Frame:
        """Return the next frame."""
        while (found := read_frame(bytes(self._came))) is None:
            self._receive()
        del self._came[: len(self._came) - len(found[1])]
        return found[0]

    def text(self) -> str:
        """Return the next frame, which is a text message."""
        frame = self.frame()
        assert (frame.opcode, frame.fin, frame.rsv) == (1, True, 0)
        return frame.payload.decode()

    def end(self) -> None:
        """See the server end the connection: nothing comes before that."""
        assert self.rest() == b""


class Told:
    """A handler of a server and of its WebSockets. What it is told waits in `events`; `does` may do something beside."""

    def __init__(self, does: Callable[[WebSocket, WebSocketEvent, Message], None] | None = None) -> None:
        self.events: queue.Queue[tuple[str, str | bytes]] = queue.Queue()
        self.sockets: queue.Queue[WebSocket] = queue.Queue()
        self.over = threading.Semaphore(0)
        self._does = does

    def __call__(self, request: Request) -> None:
        self.sockets.put(request.upgrade_to_websocket(self.take))

    def take(self, websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is CLOSE:
            self.events.put((f"close {websocket.close_code}", message.data))
            self.over.release()
        else:
            self.events.put((event.value, message.data))
        if self._does is not None:
            self._does(websocket, event, message)

    def next(self) -> tuple[str, str | bytes]:
        """Return the next event; for CLOSE its code stands beside it."""
        return self.events.get(timeout=SECONDS)

    def socket(self) -> WebSocket:
        """Return the next WebSocket that was made."""
        return self.sockets.get(timeout=SECONDS)


class Noting:
    """An observer that keeps each record, and what the server was busy with at its time."""

    def __init__(self) -> None:
        self.loads: list[Load] = []
        self._records: queue.Queue[Record] = queue.Queue()
        self._load: Callable[[], Load] | None = None

    def started(self, load: Callable[[], Load]) -> None:
        self._load = load

    def connection_came(self, *, refused: bool) -> None:
        """Of no interest here."""

    def connection_closed(self) -> None:
        """Of no interest here."""

    def answered(self, record: Record) -> None:
        assert self._load is not None
        self.loads.append(self._load())
        self._records.put(record)

    def next(self) -> Record:
        """Return the next record."""
        return self._records.get(timeout=SECONDS)


def send_back(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    """Send each message back."""
    if event is MESSAGE:
        websocket.send(message.data)


def echo(request: Request) -> None:
    """Become an echo."""
    request.upgrade_to_websocket(send_back, compression=None)


def forget(client: socket.socket) -> None:
    """Go away without a word, whatever was sent."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
