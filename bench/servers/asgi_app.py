"""Hello world for the servers that speak ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

CONTENT = b"Hello, World!"

Event = dict[str, Any]


async def app(scope: Event, _receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    if scope["type"] != "http":
        # A server that has no start and end to tell of is told that the application does not care for them.
        raise NotImplementedError(scope["type"])
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(CONTENT))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": CONTENT})
