"""The endpoints of the contract about WebSocket (RFC 6455, RFC 7692)."""

from __future__ import annotations

import time

from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketGroup
from merkhet_reference.message import Request
from merkhet_reference.router import Router
from merkhet_reference.websocket.events import Message

SUBPROTOCOLS = ("merkhet.one", "merkhet.two")
SERIAL_MS_MAX = 10_000
MESSAGES_MAX = 10_000
MESSAGE_BYTES_MAX = 1024 * 1024


def send_back(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    """Send each message back as it came."""
    if event is WebSocketEvent.MESSAGE:
        websocket.send(message.data)


def echo(request: Request) -> None:
    """Become an echo, without compression."""
    request.upgrade_to_websocket(send_back, compression=None)


def echo_deflated(request: Request) -> None:
    """Become an echo, and compress where the client can."""
    request.upgrade_to_websocket(send_back)


def echo_subprotocol(request: Request) -> None:
    """Become an echo that speaks one of two subprotocols, or none."""
    request.upgrade_to_websocket(send_back, subprotocols=SUBPROTOCOLS, compression=None)


def serial(request: Request) -> None:
    """Become what answers in its own time, and in order."""
    request.upgrade_to_websocket(answer_late, compression=None)


def answer_late(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    """Answer `NAME MS` with NAME, after so many milliseconds on a worker."""
    if event is not WebSocketEvent.MESSAGE:
        return
    name, _, milliseconds = message.text.rpartition(" ")
    time.sleep(number(milliseconds, SERIAL_MS_MAX) / 1000)
    websocket.send(name)


class Orders:
    """What a client may have this server do: send, close, ping, and tell everybody."""

    def __init__(self) -> None:
        self._everybody = WebSocketGroup()

    def begin(self, request: Request) -> None:
        """Become a socket that takes orders."""
        self._everybody.add(request.upgrade_to_websocket(self.take, compression=None))

    def take(self, websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        """Do what a message says."""
        if event is WebSocketEvent.CLOSE:
            self._everybody.discard(websocket)
        if event is not WebSocketEvent.MESSAGE:
            return
        order, _, rest = message.text.partition(" ")
        if order == "send":
            count, _, size = rest.partition(" ")
            send_numbers(websocket, number(count, MESSAGES_MAX), number(size, MESSAGE_BYTES_MAX))
        elif order == "close":
            code, _, reason = rest.partition(" ")
            websocket.close(number(code, 4999), reason)
        elif order == "ping":
            websocket.ping(rest.encode("utf-8"))
        elif order == "all":
            self._everybody.send(rest)


def send_numbers(websocket: WebSocket, count: int, size: int) -> None:
    """Send so many messages, each its number and as many spaces as it takes."""
    for sent in range(count):
        if not websocket.send(str(sent).ljust(size)):
            return


def number(text: str, most: int) -> int:
    """Return a number of an order. Raises ValueError for what is none or is too large, and so ends the socket with 1011."""
    value = int(text)
    if not 0 <= value <= most:
        raise ValueError(f"a number from 0 to {most}, please")
    return value


def add_to(router: Router) -> None:
    """Add these endpoints."""
    router.get("/ws", echo)
    router.get("/ws-deflate", echo_deflated)
    router.get("/ws-subproto", echo_subprotocol)
    router.get("/ws-serial", serial)
    router.get("/ws-push", Orders().begin)
