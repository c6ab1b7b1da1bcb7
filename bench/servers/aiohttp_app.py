"""aiohttp: `python -m bench.servers.aiohttp_app PORT ROOT`: hello, files, and a broadcast of events."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from bench.servers.events import Plan

CLIENTS: set[web.StreamResponse] = set()
ROOT = Path()
TASKS: set[asyncio.Task[None]] = set()


async def hello(_request: web.Request) -> web.Response:
    return web.Response(body=b"Hello, World!", content_type="text/plain")


async def file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(ROOT / request.match_info["name"])


async def events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    await response.write(b":\n\n")  # aiohttp keeps the head back until there is content
    CLIENTS.add(response)
    try:
        await asyncio.Event().wait()
    finally:
        CLIENTS.discard(response)
    return response


async def start(request: web.Request) -> web.Response:
    task = asyncio.create_task(broadcast(Plan.from_query(request.query_string)))
    TASKS.add(task)
    task.add_done_callback(TASKS.discard)
    return web.Response(status=204)


async def broadcast(plan: Plan) -> None:
    for number in range(plan.count):
        event = f"id: {number}\ndata: {plan.text(number)}\n\n".encode()
        for client in tuple(CLIENTS):
            try:
                await client.write(event)
            except ConnectionResetError:
                CLIENTS.discard(client)
        if plan.pause_seconds:
            await asyncio.sleep(plan.pause_seconds)


def main() -> None:
    global ROOT  # noqa: PLW0603
    port, root = sys.argv[1:]
    ROOT = Path(root)
    application = web.Application()
    application.router.add_get("/", hello)
    application.router.add_get("/events", events)
    application.router.add_get("/start", start)
    application.router.add_get("/{name}", file)
    web.run_app(application, host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main()
