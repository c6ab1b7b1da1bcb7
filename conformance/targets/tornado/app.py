"""The target contract on tornado, its defaults but the address, `compress_response` and the limit on messages.

Usage: python app.py PORT FILES
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tornado import web, websocket
from tornado.httputil import HTTPInputError, parse_body_arguments

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import contract

NO_TYPE = "application/unknown"
"""What tornado names the type of a part that has none."""


class InOrder(dict[str, Any]):
    """What tornado's parsers fill with a list for each name, kept as pairs in the order of the form."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[str, Any]] = []

    def setdefault(self, name: str, default: Any = None) -> Any:
        return _Appender(self.pairs, name)


class _Appender:
    def __init__(self, pairs: list[tuple[str, Any]], name: str) -> None:
        self._pairs, self._name = pairs, name

    def append(self, value: Any) -> None:
        self._pairs.append((self._name, value))

    def extend(self, values: Any) -> None:
        for value in values:
            self.append(value)


class Plain(web.RequestHandler):
    """Answers in text/plain, HEAD as GET: tornado leaves out the content."""

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", contract.TEXT)

    def head(self, *arguments: str) -> Any:
        return self.get(*arguments)


class Root(Plain):
    def get(self) -> None:
        self.write(contract.ROOT_CONTENT)


class Echo(web.RequestHandler):
    """tornado calls no handler for a content that breaks off."""

    def any(self) -> None:
        request = self.request
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.get_all()]
        target = (request.uri or "").encode("latin-1")
        self.set_header("Content-Type", "application/json")
        self.write(contract.echo_document(request.method or "", target, fields, request.body, None))

    get = head = post = put = delete = patch = options = any


class Status(Plain):
    def get(self, code: str) -> None:
        known = code in {str(status.value) for status in HTTPStatus}
        self.set_status(int(code), None if known else "Unknown")
        if contract.has_no_content(int(code)):
            self.clear_header("Content-Type")
        else:
            self.write(f"{code}\n")


class Sleep(Plain):
    async def get(self, milliseconds: str) -> None:
        pause = min(int(milliseconds), contract.SLEEP_MS_MAX)
        await asyncio.sleep(pause / 1000)
        self.write(str(pause))


class Stream(Plain):
    async def get(self, count: str) -> None:
        for number in range(min(int(count), contract.PIECES_MAX)):
            self.write(f"piece {number}\n")
            await self.flush()


class Param(Plain):
    def get(self, value: str) -> None:
        self.write(value)


class Mutable(Plain):
    """Storing is the app's own: tornado has no means for conditions of PUT and DELETE, and no tag promises that it had."""

    def initialize(self, store: contract.Store) -> None:
        self._store = store

    def get(self, name: str) -> None:
        content = self._store.get(name)
        if content is None:
            raise web.HTTPError(404)
        self.set_header("Content-Type", "application/octet-stream")
        self.write(content)

    def compute_etag(self) -> None:
        return None

    def put(self, name: str) -> None:
        self.clear_header("Content-Type")
        self.set_status(self._store.put(name, self.request.body))

    def delete(self, name: str) -> None:
        self.clear_header("Content-Type")
        self.set_status(self._store.delete(name))


class Text(Plain):
    def initialize(self, path: Path) -> None:
        self._path = path

    def get(self) -> None:
        self.write(self._path.read_bytes())


class Form(web.RequestHandler):
    def post(self) -> None:
        kind = self.request.headers.get("Content-Type", "")
        if kind.partition(";")[0].strip().lower() not in contract.FORMS:
            raise web.HTTPError(415)
        fields, files = InOrder(), InOrder()
        try:
            parse_body_arguments(kind, self.request.body, fields, files)
        except HTTPInputError as problem:
            raise web.HTTPError(400) from problem
        told = [
            [name, file.filename, None if file.content_type == NO_TYPE else file.content_type, contract.b64(file.body)]
            for name, file in files.pairs
        ]
        self.write(
            {"fields": [[name, value.decode("utf-8", "replace")] for name, value in fields.pairs], "files": told}
        )


class Events(web.RequestHandler):
    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream")

    async def get(self) -> None:
        count, pause = int(self.get_query_argument("n")), int(self.get_query_argument("ms"))
        await self.flush()
        for number in range(1, min(count, contract.PIECES_MAX) + 1):
            if number > 1:
                await asyncio.sleep(pause / 1000)
            self.write(f"id: {number}\ndata: event {number}\n\n")
            await self.flush()


class WebSocketEcho(websocket.WebSocketHandler):
    async def on_message(self, message: str | bytes) -> None:
        await self.write_message(message, binary=isinstance(message, bytes))


class WebSocketDeflate(WebSocketEcho):
    def get_compression_options(self) -> dict[str, Any]:
        return {}


class WebSocketSubprotocol(WebSocketEcho):
    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return contract.spoken(subprotocols)


class WebSocketSerial(websocket.WebSocketHandler):
    async def on_message(self, message: str | bytes) -> None:
        name, _, milliseconds = str(message).partition(" ")
        await asyncio.sleep(int(milliseconds) / 1000)
        await self.write_message(name)


class WebSocketPush(websocket.WebSocketHandler):
    def initialize(self, everyone: set[websocket.WebSocketHandler]) -> None:
        self._everyone = everyone

    def open(self, *arguments: str) -> None:
        self._everyone.add(self)

    def on_close(self) -> None:
        self._everyone.discard(self)

    async def on_message(self, message: str | bytes) -> None:
        order, _, argument = str(message).partition(" ")
        if order == "send":
            for text in contract.numbered(argument):
                await self.write_message(text)
        elif order == "close":
            self.close(*contract.closing(argument))
        elif order == "ping":
            self.ping(argument)
        elif order == "all":
            for other in tuple(self._everyone):
                # Another that has just gone is nobody's fault here.
                with contextlib.suppress(websocket.WebSocketClosedError):
                    await other.write_message(argument)


def create_app(files: str) -> web.Application:
    """Return the application; `files` is what `/files/` serves."""
    return web.Application(
        [
            (r"/", Root),
            (r"/echo", Echo),
            (r"/status/([2-5][0-9]{2})", Status),
            (r"/sleep/([0-9]{1,5})", Sleep),
            (r"/stream/([0-9]{1,5})", Stream),
            (r"/redirect", web.RedirectHandler, {"url": "/", "permanent": False}),
            (r"/param/(.*)", Param),
            (r"/mutable/([^/]+)", Mutable, {"store": contract.Store()}),
            (r"/files/(.+)", web.StaticFileHandler, {"path": files}),
            (r"/text", Text, {"path": Path(files) / "text.txt"}),
            (r"/form", Form),
            (r"/events", Events),
            (r"/ws", WebSocketEcho),
            (r"/ws-deflate", WebSocketDeflate),
            (r"/ws-subproto", WebSocketSubprotocol),
            (r"/ws-serial", WebSocketSerial),
            (r"/ws-push", WebSocketPush, {"everyone": set()}),
        ],
        websocket_max_message_size=contract.MESSAGE_BYTES_MAX,
        compress_response=True,
        log_function=lambda _: None,
    )


async def main(port: str, files: str) -> None:
    """Serve until a signal ends it."""
    create_app(files).listen(int(port), "127.0.0.1")
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
