"""The endpoints of the target contract that a framework has means for, as Starlette offers them.

Files, gzip, forms and downloads are Starlette's own, event streams those of sse-starlette: nothing here writes a field or reads
a form that the libraries do not write or read; WebSockets are in `starlette_websockets`. What they have no means for, negotiation, credentials and TRACE, is not offered.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import starlette_websockets
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

PATHS = ("/files/", "/text", "/form", "/download/", "/events", "/sse-echo", "/sse-push", "/sse-resume")
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
COUNT_MAX = 10_000
RESUMED = 5
SAVED = Path(__file__).resolve().with_name("download.txt")


def is_here(path: str) -> bool:
    """Whether a decoded path is one of these endpoints."""
    return any(path.startswith(prefix) if prefix.endswith("/") else path == prefix for prefix in PATHS)


async def form(request: Request) -> Response:
    """What is no form raises in `form`, and Starlette answers 400 for it."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
        return PlainTextResponse("415\n", 415)
    fields: list[list[str]] = []
    files: list[list[str | None]] = []
    async with request.form() as read:
        for name, value in read.multi_items():
            if isinstance(value, UploadFile):
                content = base64.b64encode(await value.read()).decode("ascii")
                files.append([name, value.filename, value.content_type, content])
            else:
                fields.append([name, value])
    return JSONResponse({"fields": fields, "files": files})


def numbered(number: int) -> ServerSentEvent:
    return ServerSentEvent(f"event {number}", id=str(number))


async def events(request: Request) -> Response:
    count, pause = (min(int(request.query_params[name]), COUNT_MAX) for name in ("n", "ms"))

    async def stream() -> AsyncIterator[ServerSentEvent]:
        for number in range(1, count + 1):
            if number > 1:
                await asyncio.sleep(pause / 1000)
            yield numbered(number)

    return EventSourceResponse(stream())


async def sse_echo(request: Request) -> Response:
    said = request.query_params
    try:
        retry = int(said["retry"]) if "retry" in said else None
        event = ServerSentEvent(
            said.get("data", ""), event=said.get("event"), id=said.get("id"), retry=retry, comment=said.get("comment")
        )
        event.encode()
    except ValueError:
        return PlainTextResponse("400\n", 400)

    async def stream() -> AsyncIterator[ServerSentEvent]:
        yield event
        if "then" in said:
            yield ServerSentEvent(said["then"])

    return EventSourceResponse(stream())


async def sse_resume(request: Request) -> Response:
    seen = request.headers.get("last-event-id", "")
    first = int(seen) + 1 if seen in {str(number) for number in range(1, RESUMED + 1)} else 1

    async def stream() -> AsyncIterator[ServerSentEvent]:
        for number in range(first, RESUMED + 1):
            yield numbered(number)

    return EventSourceResponse(stream())


def create_app(files: str) -> Starlette:
    """Return the application; `files` is the folder below which `/files/` serves."""
    listeners: set[asyncio.Queue[str]] = set()

    async def text(request: Request) -> Response:
        return FileResponse(Path(files) / "text.txt", media_type="text/plain")

    async def download(request: Request) -> Response:
        name: str = request.path_params["name"]
        return FileResponse(SAVED, filename=name, media_type="application/octet-stream")

    async def sse_push(request: Request) -> Response:
        if request.method == "POST":
            data = (await request.body()).decode("utf-8", "replace")
            for listener in listeners:
                listener.put_nowait(data)
            return Response(status_code=204)

        async def stream() -> AsyncIterator[ServerSentEvent]:
            mine: asyncio.Queue[str] = asyncio.Queue()
            listeners.add(mine)
            try:
                yield ServerSentEvent(comment="listening")
                while True:
                    yield ServerSentEvent(await mine.get())
            finally:
                listeners.discard(mine)

        return EventSourceResponse(stream())

    routes: list[Any] = [
        Mount("/files", StaticFiles(directory=files)),
        Route("/text", text, middleware=[Middleware(GZipMiddleware)]),
        Route("/form", form, methods=["POST"]),
        Route("/download/{name}", download),
        # A stream has no end to answer HEAD with; a method that is not listed is 405.
        Route("/events", events),
        Route("/sse-echo", sse_echo),
        Route("/sse-push", sse_push, methods=["GET", "POST"]),
        Route("/sse-resume", sse_resume),
        *starlette_websockets.routes(),
    ]
    return Starlette(routes=routes)
