"""The WebSocket endpoints of the target contract, as Starlette offers them: what is on the wire is the server's.

ASGI has no message for a Ping, so that order of `ws-push` is answered by no.
"""

from __future__ import annotations

import asyncio
import contextlib

import contract
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await _echo(socket)


async def subproto(socket: WebSocket) -> None:
    await socket.accept(contract.spoken(socket.scope["subprotocols"]))
    await _echo(socket)


async def _echo(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while (message := await socket.receive())["type"] == "websocket.receive":
            if message.get("text") is not None:
                await socket.send_text(message["text"])
            else:
                await socket.send_bytes(message["bytes"])


async def serial(socket: WebSocket) -> None:
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        async for message in socket.iter_text():
            name, _, milliseconds = message.partition(" ")
            await asyncio.sleep(int(milliseconds) / 1000)
            await socket.send_text(name)


class Push:
    """`ws-push`, and the sockets that are open there."""

    def __init__(self) -> None:
        self._sockets: set[WebSocket] = set()

    async def serve(self, socket: WebSocket) -> None:
        await socket.accept()
        self._sockets.add(socket)
        with contextlib.suppress(WebSocketDisconnect):
            async for message in socket.iter_text():
                order, _, argument = message.partition(" ")
                if order == "close":
                    self._sockets.discard(socket)
                    await socket.close(*contract.closing(argument))
                    return
                await self._send(socket, order, argument)
        self._sockets.discard(socket)

    async def _send(self, socket: WebSocket, order: str, argument: str) -> None:
        if order == "send":
            for text in contract.numbered(argument):
                await socket.send_text(text)
        elif order == "all":
            for other in tuple(self._sockets):
                # Another that has just gone is nobody's fault here.
                with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                    await other.send_text(argument)
        else:
            await socket.send_text("no")


def routes() -> list[WebSocketRoute]:
    """Return the routes of these endpoints."""
    return [
        WebSocketRoute("/ws", echo),
        WebSocketRoute("/ws-subproto", subproto),
        WebSocketRoute("/ws-serial", serial),
        WebSocketRoute("/ws-push", Push().serve),
    ]
