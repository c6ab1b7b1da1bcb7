"""The target contract as an ASGI 3 application: plain ASGI, and Starlette for what a framework has means for.

ASGI tells an application the raw path and query apart, the field lines in order with lower-cased names, and the content;
it has no request trailers. A disconnect inside the content ends the request without an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import contract
import starlette_contract

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Disconnected(Exception):
    """The client went away, or its content broke off, before the request was whole."""


def create_app(files: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the application; `files` is the folder below which `/files/` serves."""
    store = contract.Store()
    framework = starlette_contract.create_app(files)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" or starlette_contract.is_here(scope["path"]):
            await framework(scope, receive, send)
            return
        try:
            content = await _content(receive)
        except Disconnected:
            return
        status, name, argument = contract.route(scope["method"], scope["path"])
        if status:
            fields = [(b"allow", argument.encode("ascii"))] if status == 405 else []
            await _respond(send, status, b"%d\n" % status, extra=fields)
        elif name == "stream":
            await _stream(send, min(int(argument), contract.PIECES_MAX))
        else:
            await _ENDPOINTS[name](scope, send, argument, content, store)

    return app


async def _content(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _respond(
    send: Send,
    status: int,
    content: bytes,
    content_type: str = contract.TEXT,
    extra: list[tuple[bytes, bytes]] | None = None,
) -> None:
    fields = list(extra or [])
    if contract.has_no_content(status):
        content = b""
    if status not in {204, 304}:
        fields += [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content})


async def _stream(send: Send, pieces: int) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", contract.TEXT.encode())]})
    for number in range(pieces):
        await send({"type": "http.response.body", "body": b"piece %d\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _root(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    await _respond(send, 200, contract.ROOT_CONTENT)


async def _echo(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    target = scope.get("raw_path")
    if target is not None and scope["query_string"]:
        target += b"?" + scope["query_string"]
    document = contract.echo_document(scope["method"], target, scope["headers"], content, None)
    await _respond(send, 200, document, "application/json")


async def _status(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    await _respond(send, int(argument), argument.encode() + b"\n")


async def _sleep(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    milliseconds = min(int(argument), contract.SLEEP_MS_MAX)
    await asyncio.sleep(milliseconds / 1000)
    await _respond(send, 200, b"%d" % milliseconds)


async def _redirect(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    await _respond(send, 302, b"", extra=[(b"location", b"/")])


async def _param(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    await _respond(send, 200, argument.encode("utf-8", "surrogateescape"))


async def _mutable(scope: Scope, send: Send, argument: str, content: bytes, store: Any) -> None:
    if scope["method"] == "PUT":
        await _respond(send, store.put(argument, content), b"")
    elif scope["method"] == "DELETE":
        await _respond(send, store.delete(argument), b"")
    else:
        stored = store.get(argument)
        await _respond(send, 404 if stored is None else 200, stored or b"", "application/octet-stream")


_ENDPOINTS = {
    "root": _root,
    "echo": _echo,
    "status": _status,
    "sleep": _sleep,
    "redirect": _redirect,
    "param": _param,
    "mutable": _mutable,
}
