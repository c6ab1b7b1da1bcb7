"""aiohttp: `python -m bench.servers.aiohttp_websocket_app PORT MODE`: an echo, and a broadcast of messages."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import WSMsgType, web

from bench.servers.events import Plan

CLIENTS: set[web.WebSocketResponse] = set()
COMPRESS = False


def prepared() -> web.WebSocketResponse:
    return web.WebSocketResponse(compress=COMPRESS, max_msg_size=1 << 24)


async def echo(request: web.Request) -> web.WebSocketResponse:
    websocket = prepared()
    await websocket.prepare(request)
    async for message in websocket:
        if message.type is WSMsgType.BINARY:
            await websocket.send_bytes(message.data)
        elif message.type is WSMsgType.TEXT:
            await websocket.send_str(message.data)
    return websocket


async def listen(request: web.Request) -> web.WebSocketResponse:
    websocket = prepared()
    await websocket.prepare(request)
    CLIENTS.add(websocket)
    async for _ in websocket:
        pass
    CLIENTS.discard(websocket)
    return websocket


async def start(request: web.Request) -> web.WebSocketResponse:
    websocket = prepared()
    await websocket.prepare(request)
    plan = Plan.from_query((await websocket.receive()).data)
    for number in range(plan.count):
        text = plan.text(number)
        for client in tuple(CLIENTS):
            await client.send_str(text)
        await asyncio.sleep(plan.pause_seconds)
    async for _ in websocket:
        pass
    return websocket


def main() -> None:
    global COMPRESS  # noqa: PLW0603
    port, mode = sys.argv[1:]
    COMPRESS = mode == "websocket-deflate"
    application = web.Application()
    application.router.add_get("/ws", echo)
    application.router.add_get("/broadcast", listen)
    application.router.add_get("/start", start)
    web.run_app(application, host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main()
