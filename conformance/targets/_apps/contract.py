"""What the Python contract apps share: the route table of the target contract, a bounded store, safe file names, and orders.

Nothing here reads a request or writes a response; that is each interface's own part (ASGI, WSGI, aiohttp), because what
it can and cannot know is exactly what differs between them. Standard library only.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT_CONTENT = b"merkhet target\n"
TEXT = "text/plain; charset=utf-8"
SLEEP_MS_MAX = 10_000
PIECES_MAX = 10_000
STORED_NAMES_MAX = 256
STORED_BYTES_MAX = 1 << 20
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
SUBPROTOCOLS = ("merkhet.one", "merkhet.two")
MESSAGE_BYTES_MAX = 16 << 20

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
GET_HEAD = ("GET", "HEAD")

ROUTES: tuple[tuple[str, re.Pattern[str], tuple[str, ...] | None], ...] = (
    ("root", re.compile(r"/"), GET_HEAD),
    ("echo", re.compile(r"/echo"), None),
    ("status", re.compile(r"/status/([2-5][0-9]{2})"), GET_HEAD),
    ("sleep", re.compile(r"/sleep/([0-9]{1,5})"), GET_HEAD),
    ("stream", re.compile(r"/stream/([0-9]{1,5})"), GET_HEAD),
    ("redirect", re.compile(r"/redirect"), GET_HEAD),
    ("param", re.compile(r"/param/(.*)", re.DOTALL), GET_HEAD),
    ("mutable", re.compile(r"/mutable/([^/]+)", re.DOTALL), ("GET", "HEAD", "PUT", "DELETE")),
)
"""Name, pattern of the decoded path, and the methods allowed (None: any)."""


def route(method: str, path: str) -> tuple[int, str, str]:
    """Return (0, endpoint, argument) if `method` is served there; otherwise the status, "" and the Allow list ("" if none)."""
    for name, pattern, methods in ROUTES:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        if methods is None or method in methods:
            return 0, name, match[1] if pattern.groups else ""
        if method not in KNOWN_METHODS:
            return 501, "", ""
        return 405, "", ", ".join(methods)
    return 404, "", ""


def b64(data: bytes) -> str:
    """Return these octets in the echo's form."""
    return base64.b64encode(data).decode("ascii")


def echo_document(
    method: str,
    target: bytes | None,
    fields: Iterable[tuple[bytes, bytes]] | None,
    body: bytes | None,
    trailers: Iterable[tuple[bytes, bytes]] | None,
) -> bytes:
    """Return the echo's JSON. None stands where the interface does not tell the application."""
    document = {
        "method": method,
        "target": None if target is None else b64(target),
        "fields": None if fields is None else [[b64(name), b64(value)] for name, value in fields],
        "body": None if body is None else b64(body),
        "trailers": None if trailers is None else [[b64(name), b64(value)] for name, value in trailers],
    }
    return json.dumps(document).encode("ascii")


def has_no_content(status: int) -> bool:
    """Whether a response with this status never has content."""
    return status in {204, 205, 304}


def file_below(folder: Path | None, name: str) -> Path | None:
    """Return the regular file of this decoded name below `folder`, or None; a name that could leave the folder is None."""
    parts = name.split("/")
    if folder is None or "\0" in name or "\\" in name or any(part in {"", ".", ".."} for part in parts):
        return None
    try:
        path = folder.joinpath(*parts).resolve()
        return path if path.is_file() and path.is_relative_to(folder.resolve()) else None
    except OSError:
        return None


def spoken(offered: Iterable[str]) -> str | None:
    """Return the first subprotocol offered that the contract's endpoint knows, None if there is none."""
    return next((name for name in offered if name in SUBPROTOCOLS), None)


def numbered(argument: str) -> Iterator[str]:
    """Yield the messages of the order `send N SIZE`, of which this is the argument."""
    count, size = map(int, argument.split())
    for number in range(count):
        yield str(number).ljust(size)


def closing(argument: str) -> tuple[int, str]:
    """Return code and reason of the order `close CODE REASON`, of which this is the argument."""
    code, _, reason = argument.partition(" ")
    return int(code), reason


class Store:
    """The `mutable` endpoint's contents, bounded in number and size. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        """Return what was stored, or None."""
        with self._lock:
            return self._contents.get(name)

    def put(self, name: str, content: bytes) -> int:
        """Store, and return the status: 201 new, 204 replaced, 413 too large, 507 full."""
        with self._lock:
            known = name in self._contents
            if len(content) > STORED_BYTES_MAX:
                return 413
            if not known and len(self._contents) >= STORED_NAMES_MAX:
                return 507
            self._contents[name] = content
            return 204 if known else 201

    def delete(self, name: str) -> int:
        """Remove, and return the status: 204, or 404 if there was nothing."""
        with self._lock:
            return 404 if self._contents.pop(name, None) is None else 204
