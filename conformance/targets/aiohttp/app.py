"""The target contract on aiohttp.web, defaults but the address and the limits on content and messages. Usage: python app.py PORT FILES"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sys
from pathlib import Path

from aiohttp import BasicAuth, WSMsgType, web
from aiohttp_sse import EventSourceResponse, sse_response

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import contract

CONTENT_BYTES_MAX = 64 << 20
# aiohttp refuses what reaches the limit itself.
MESSAGE_BYTES_MAX = contract.MESSAGE_BYTES_MAX + 1
STORE = web.AppKey("store", contract.Store)
FILES = web.AppKey("files", Path)
LISTENERS = web.AppKey("listeners", set[EventSourceResponse])
SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
RESUMED = 5


async def root(request: web.Request) -> web.Response:
    return web.Response(body=contract.ROOT_CONTENT, content_type="text/plain")


async def echo(request: web.Request) -> web.Response:
    """A content that breaks off or cannot be decoded raises in `read`, and aiohttp answers for it."""
    content = await request.read()
    target = request.raw_path.encode("utf-8", "surrogateescape")
    document = contract.echo_document(request.method, target, request.raw_headers, content, None)
    return web.Response(body=document, content_type="application/json")


async def status(request: web.Request) -> web.Response:
    code = int(request.match_info["code"])
    return web.Response(status=code, body=None if contract.has_no_content(code) else b"%d\n" % code)


async def sleep(request: web.Request) -> web.Response:
    milliseconds = min(int(request.match_info["ms"]), contract.SLEEP_MS_MAX)
    await asyncio.sleep(milliseconds / 1000)
    return web.Response(text=str(milliseconds))


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": contract.TEXT})
    await response.prepare(request)
    for number in range(min(int(request.match_info["n"]), contract.PIECES_MAX)):
        await response.write(b"piece %d\n" % number)
    await response.write_eof()
    return response


async def pieces(request: web.Request) -> web.StreamResponse:
    """aiohttp sends no trailers. What it makes of a handler that raises halfway is its own."""
    count, pause, end = int(request.query["n"]), int(request.query["ms"]), request.query["end"]
    if end == "trailer":
        return web.Response(status=501)
    response = web.StreamResponse(headers={"Content-Type": contract.TEXT})
    await response.prepare(request)
    for number in range(min(count, contract.PIECES_MAX)):
        if number:
            await asyncio.sleep(pause / 1000)
        await response.write(b"piece %d\n" % number)
    if end == "abort":
        raise RuntimeError("asked to fail")
    await response.write_eof()
    return response


async def redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "/"})


async def param(request: web.Request) -> web.Response:
    return web.Response(body=request.match_info["value"].encode("utf-8", "surrogateescape"), content_type="text/plain")


async def stored(request: web.Request) -> web.Response:
    content = request.app[STORE].get(request.match_info["name"])
    return web.Response(status=404) if content is None else web.Response(body=content)


async def put(request: web.Request) -> web.Response:
    return web.Response(status=request.app[STORE].put(request.match_info["name"], await request.read()))


async def delete(request: web.Request) -> web.Response:
    return web.Response(status=request.app[STORE].delete(request.match_info["name"]))


async def files(request: web.Request) -> web.StreamResponse:
    path = contract.file_below(request.app[FILES], request.match_info["path"])
    return web.Response(status=404) if path is None else web.FileResponse(path)


async def text(request: web.Request) -> web.Response:
    """The coding is aiohttp's choice, and so is what it says of it."""
    content = (request.app[FILES] / "text.txt").read_bytes()
    response = web.Response(body=content, content_type="text/plain")
    response.enable_compression()
    return response


async def form(request: web.Request) -> web.Response:
    if request.content_type not in FORMS:
        return web.Response(status=415)
    try:
        read = await request.post()
    except ValueError:
        return web.Response(status=400)
    # A field that has a type of its own comes as octets.
    texts = [
        (name, value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else value)
        for name, value in read.items()
    ]
    fields = [[name, value] for name, value in texts if isinstance(value, str)]
    files = [
        [name, value.filename, value.headers.get("Content-Type"), base64.b64encode(value.file.read()).decode("ascii")]
        for name, value in read.items()
        if isinstance(value, web.FileField)
    ]
    return web.json_response({"fields": fields, "files": files})


async def private(request: web.Request) -> web.Response:
    try:
        who = BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        who = None
    if who is None or (who.login, who.password) != ("merkhet", "merkhet"):
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="merkhet"'})
    return web.Response(text="private\n")


async def events(request: web.Request) -> web.StreamResponse:
    count, pause = int(request.query["n"]), int(request.query["ms"])
    async with sse_response(request) as response:
        for number in range(1, min(count, contract.PIECES_MAX) + 1):
            if number > 1:
                await asyncio.sleep(pause / 1000)
            await response.send(f"event {number}", id=str(number))
    return response


async def sse_echo(request: web.Request) -> web.StreamResponse:
    """aiohttp-sse has no comments but its own pings."""
    said = request.query
    if "comment" in said:
        return web.Response(status=400)
    async with sse_response(request) as response:
        retry = int(said["retry"]) if "retry" in said else None
        await response.send(said.get("data", ""), id=said.get("id"), event=said.get("event"), retry=retry)
        if "then" in said:
            await response.send(said["then"])
    return response


async def sse_resume(request: web.Request) -> web.StreamResponse:
    seen = request.headers.get("Last-Event-ID", "")
    first = int(seen) + 1 if seen in {str(number) for number in range(1, RESUMED + 1)} else 1
    async with sse_response(request) as response:
        for number in range(first, RESUMED + 1):
            await response.send(f"event {number}", id=str(number))
    return response


async def listen(request: web.Request) -> web.StreamResponse:
    async with sse_response(request) as response:
        request.app[LISTENERS].add(response)
        try:
            await response.write(b": listening\r\n\r\n")
            await response.wait()
        finally:
            request.app[LISTENERS].discard(response)
    return response


async def push(request: web.Request) -> web.Response:
    data = (await request.read()).decode("utf-8", "replace")
    for listener in set(request.app[LISTENERS]):
        # One that has left and is not yet discarded is no reason to keep it from the others.
        with contextlib.suppress(ConnectionError):
            await listener.send(data)
    return web.Response(status=204)


async def opened(request: web.Request, protocols: tuple[str, ...] = ()) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(max_msg_size=MESSAGE_BYTES_MAX, protocols=protocols)
    await socket.prepare(request)
    return socket


async def ws(request: web.Request) -> web.WebSocketResponse:
    return await echoed(await opened(request))


async def ws_subproto(request: web.Request) -> web.WebSocketResponse:
    return await echoed(await opened(request, contract.SUBPROTOCOLS))


async def echoed(socket: web.WebSocketResponse) -> web.WebSocketResponse:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


async def ws_serial(request: web.Request) -> web.WebSocketResponse:
    socket = await opened(request)
    async for message in socket:
        name, _, milliseconds = message.data.partition(" ")
        await asyncio.sleep(int(milliseconds) / 1000)
        await socket.send_str(name)
    return socket


async def ws_push(request: web.Request) -> web.WebSocketResponse:
    socket = await opened(request)
    request.app[SOCKETS].add(socket)
    try:
        async for message in socket:
            order, _, argument = message.data.partition(" ")
            await ORDERS[order](request.app, socket, argument)
    finally:
        request.app[SOCKETS].discard(socket)
    return socket


async def push_numbered(app: web.Application, socket: web.WebSocketResponse, argument: str) -> None:
    for text in contract.numbered(argument):
        await socket.send_str(text)


async def push_close(app: web.Application, socket: web.WebSocketResponse, argument: str) -> None:
    code, reason = contract.closing(argument)
    await socket.close(code=code, message=reason.encode())


async def push_ping(app: web.Application, socket: web.WebSocketResponse, argument: str) -> None:
    await socket.ping(argument.encode())


async def push_all(app: web.Application, socket: web.WebSocketResponse, argument: str) -> None:
    for other in tuple(app[SOCKETS]):
        # Another that has just gone is nobody's fault here.
        with contextlib.suppress(ConnectionError):
            await other.send_str(argument)


ORDERS = {"send": push_numbered, "close": push_close, "ping": push_ping, "all": push_all}


def create_app(folder: str) -> web.Application:
    """Return the application; `folder` is what `/files/` serves."""
    app = web.Application(client_max_size=CONTENT_BYTES_MAX)
    app[STORE] = contract.Store()
    app[FILES] = Path(folder)
    app[LISTENERS] = set()
    app[SOCKETS] = set()
    app.add_routes(
        [
            web.get("/", root),
            web.route("*", "/echo", echo),
            web.get("/status/{code:[2-5][0-9][0-9]}", status),
            web.get("/sleep/{ms:[0-9]{1,5}}", sleep),
            web.get("/stream/{n:[0-9]{1,5}}", stream),
            web.get("/pieces", pieces),
            web.get("/redirect", redirect),
            web.get("/param/{value:.*}", param),
            web.get("/mutable/{name}", stored),
            web.put("/mutable/{name}", put),
            web.delete("/mutable/{name}", delete),
            web.get("/files/{path:.+}", files),
            web.get("/text", text),
            web.post("/form", form),
            web.get("/private", private),
            web.get("/events", events, allow_head=False),
            web.get("/sse-echo", sse_echo, allow_head=False),
            web.get("/sse-resume", sse_resume, allow_head=False),
            web.get("/sse-push", listen, allow_head=False),
            web.post("/sse-push", push),
            web.get("/ws", ws, allow_head=False),
            web.get("/ws-subproto", ws_subproto, allow_head=False),
            web.get("/ws-serial", ws_serial, allow_head=False),
            web.get("/ws-push", ws_push, allow_head=False),
        ]
    )
    return app


if __name__ == "__main__":
    port, folder = sys.argv[1:]
    web.run_app(create_app(folder), host="127.0.0.1", port=int(port), print=None, access_log=None, shutdown_timeout=1)
