"""The target contract on aiohttp.web, defaults but the address and the content limit. Usage: python app.py PORT FILES"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_apps"))

import contract

CONTENT_BYTES_MAX = 64 << 20
STORE = web.AppKey("store", contract.Store)
FILES = web.AppKey("files", Path)


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


def create_app(folder: str) -> web.Application:
    """Return the application; `folder` is what `/files/` serves."""
    app = web.Application(client_max_size=CONTENT_BYTES_MAX)
    app[STORE] = contract.Store()
    app[FILES] = Path(folder)
    app.add_routes(
        [
            web.get("/", root),
            web.route("*", "/echo", echo),
            web.get("/status/{code:[2-5][0-9][0-9]}", status),
            web.get("/sleep/{ms:[0-9]{1,5}}", sleep),
            web.get("/stream/{n:[0-9]{1,5}}", stream),
            web.get("/redirect", redirect),
            web.get("/param/{value:.*}", param),
            web.get("/mutable/{name}", stored),
            web.put("/mutable/{name}", put),
            web.delete("/mutable/{name}", delete),
            web.get("/files/{path:.+}", files),
        ]
    )
    return app


if __name__ == "__main__":
    port, folder = sys.argv[1:]
    web.run_app(create_app(folder), host="127.0.0.1", port=int(port), print=None, access_log=None, shutdown_timeout=1)
