"""websockets, its asyncio server and its extension in C: `python -m bench.servers.websockets_app PORT MODE`."""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from bench.servers.events import Plan

CLIENTS: set[ServerConnection] = set()


async def handler(websocket: ServerConnection) -> None:
    path = websocket.request.path if websocket.request is not None else ""
    if path == "/broadcast":
        CLIENTS.add(websocket)
        await websocket.wait_closed()
        CLIENTS.discard(websocket)
    elif path == "/start":
        plan = Plan.from_query(str(await websocket.recv()))
        for number in range(plan.count):
            broadcast(CLIENTS, plan.text(number))
            await asyncio.sleep(plan.pause_seconds)
        await websocket.wait_closed()
    else:
        await echo(websocket)


async def echo(websocket: ServerConnection) -> None:
    try:
        async for message in websocket:
            await websocket.send(message)
    except ConnectionClosed:
        return


async def run(port: int, mode: str) -> None:
    compression = "deflate" if mode == "websocket-deflate" else None
    async with serve(handler, "127.0.0.1", port, compression=compression, max_size=1 << 24) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
