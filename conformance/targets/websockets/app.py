"""The contract's WebSockets on the server of websockets, its defaults but the address and the limit on messages.

Usage: python app.py PORT
"""

from __future__ import annotations

import asyncio
import http
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import contract

PUSHED: set[ServerConnection] = set()


def path_of(connection: ServerConnection) -> str:
    return "" if connection.request is None else connection.request.path.partition("?")[0]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def serial(connection: ServerConnection) -> None:
    async for message in connection:
        name, _, milliseconds = str(message).partition(" ")
        await asyncio.sleep(int(milliseconds) / 1000)
        await connection.send(name)


async def push(connection: ServerConnection) -> None:
    PUSHED.add(connection)
    try:
        async for message in connection:
            order, _, argument = str(message).partition(" ")
            if order == "send":
                for text in contract.numbered(argument):
                    await connection.send(text)
            elif order == "close":
                await connection.close(*contract.closing(argument))
            elif order == "ping":
                await connection.ping(argument)
            elif order == "all":
                broadcast(PUSHED, argument)
    finally:
        PUSHED.discard(connection)


HANDLERS: dict[str, Callable[[ServerConnection], Awaitable[None]]] = {
    "/ws": echo,
    "/ws-subproto": echo,
    "/ws-serial": serial,
    "/ws-push": push,
}


async def handler(connection: ServerConnection) -> None:
    await HANDLERS[path_of(connection)](connection)


def other_than_a_websocket(connection: ServerConnection, request: Request) -> Response | None:
    """Answer at the root, and where there is nothing. What is no handshake the library answers itself."""
    path = request.path.partition("?")[0]
    if path == "/":
        return connection.respond(http.HTTPStatus.OK, contract.ROOT_CONTENT.decode())
    return None if path in HANDLERS else connection.respond(http.HTTPStatus.NOT_FOUND, "404\n")


def subprotocol(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose at the endpoint for it. With a list alone the library would refuse who offers none of them."""
    name = contract.spoken(offered) if path_of(connection) == "/ws-subproto" else None
    return None if name is None else Subprotocol(name)


async def main(port: str) -> None:
    """Serve until a signal ends it."""
    async with serve(
        handler,
        "127.0.0.1",
        int(port),
        process_request=other_than_a_websocket,
        select_subprotocol=subprotocol,
        max_size=contract.MESSAGE_BYTES_MAX,
    ) as server:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
        await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
