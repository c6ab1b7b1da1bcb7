"""The target contract as a WSGI application: plain WSGI, and Werkzeug for what a library has means for.

WSGI gives the application an environment, not a message: names are upper-cased with "_" for "-", lines of one name are
joined, their order is lost, and there are no trailers. The raw target is known only where the server puts it into a
variable of its own (RAW_URI or REQUEST_URI); everywhere else it is null. As every WSGI framework does, the app itself
leaves out the content of an answer to HEAD: not every server does it for the app.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any

import contract
import werkzeug_contract
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_content_length, get_input_stream

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


CONTENT_BYTES_MAX = 16 * 1024 * 1024
"""Without a limit, what Werkzeug's own server makes of a chunk that breaks off has no end."""


class BrokenContent(Exception):
    """The content ended before the length that was announced."""


def create_app(files: str) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """Return the application; `files` is the folder below which `/files/` serves."""
    store = contract.Store()
    library = werkzeug_contract.create_app(files)

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if werkzeug_contract.is_here(_path(environ)):
            return library(environ, start_response)
        content = answer(environ, start_response)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else content

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            content = _content(environ)
        except BrokenContent:
            return _respond(start_response, 400, b"400\n")
        except RequestEntityTooLarge:
            return _respond(start_response, 413, b"413\n")
        method = environ["REQUEST_METHOD"]
        status, name, argument = contract.route(method, _path(environ))
        if status:
            extra = [("Allow", argument)] if status == 405 else []
            return _respond(start_response, status, b"%d\n" % status, extra=extra)
        if name == "stream":
            start_response("200 OK", [("Content-Type", contract.TEXT)])
            return _pieces(min(int(argument), contract.PIECES_MAX))
        if name == "mutable":
            return _mutable(start_response, method, argument, content, store)
        return _plain(start_response, environ, name, argument, content)

    return app


def _path(environ: Environ) -> str:
    return environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "surrogateescape")


def _plain(start: StartResponse, environ: Environ, name: str, argument: str, content: bytes) -> Iterable[bytes]:
    if name == "root":
        return _respond(start, 200, contract.ROOT_CONTENT)
    if name == "echo":
        document = contract.echo_document(
            environ["REQUEST_METHOD"], _raw_target(environ), _fields(environ), content, None
        )
        return _respond(start, 200, document, "application/json")
    if name == "status":
        return _respond(start, int(argument), argument.encode() + b"\n")
    if name == "sleep":
        milliseconds = min(int(argument), contract.SLEEP_MS_MAX)
        time.sleep(milliseconds / 1000)
        return _respond(start, 200, b"%d" % milliseconds)
    if name == "redirect":
        return _respond(start, 302, b"", extra=[("Location", "/")])
    return _respond(start, 200, argument.encode("utf-8", "surrogateescape"))


def _content(environ: Environ) -> bytes:
    try:
        content: bytes = get_input_stream(environ, max_content_length=CONTENT_BYTES_MAX).read()
    except ClientDisconnected:
        raise BrokenContent from None
    # A server that marks its input as ending by itself is not held to the length by Werkzeug.
    length = get_content_length(environ)
    if length is not None and len(content) < length:
        raise BrokenContent
    return content


def _raw_target(environ: Environ) -> bytes | None:
    target = environ.get("RAW_URI", environ.get("REQUEST_URI"))
    return None if target is None else target.encode("latin-1")


def _fields(environ: Environ) -> Iterator[tuple[bytes, bytes]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").title().encode("latin-1"), value.encode("latin-1")
        elif name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            yield name.replace("_", "-").title().encode("ascii"), value.encode("latin-1")


def _respond(
    start: StartResponse,
    status: int,
    content: bytes,
    content_type: str = contract.TEXT,
    extra: list[tuple[str, str]] | None = None,
) -> Iterable[bytes]:
    fields = list(extra or [])
    if contract.has_no_content(status):
        content = b""
    if status not in {204, 304}:
        fields += [("Content-Type", content_type), ("Content-Length", str(len(content)))]
    start(f"{status} {_reason(status)}", fields)
    return [content]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _pieces(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"piece %d\n" % number


def _mutable(start: StartResponse, method: str, name: str, content: bytes, store: contract.Store) -> Iterable[bytes]:
    if method == "PUT":
        return _respond(start, store.put(name, content), b"")
    if method == "DELETE":
        return _respond(start, store.delete(name), b"")
    stored = store.get(name)
    return _respond(start, 404 if stored is None else 200, stored or b"", "application/octet-stream")
