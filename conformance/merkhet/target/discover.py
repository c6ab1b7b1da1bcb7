"""Which endpoints of the contract a target truly has: asked with GET alone, and believed only for a right answer.

`mutable` and `connect` cannot be told by a GET: who has them declares them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from merkhet.answer import Response
from merkhet.engine.preflight import Scout
from merkhet.fixtures import FIXTURES
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.dial import Dialer, Unreachable

_FIXTURE = "merkhet.txt"
_ECHO_QUERY = "?merkhet=%41"
_MEMBERS = frozenset({"method", "target", "fields", "body", "trailers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The endpoints that answered as docs/contract.md says, with their paths, and why each of the others is not there."""

    found: Mapping[str, str]
    missed: Mapping[str, str]


@dataclass(slots=True)
class _Prober:
    """Asks one target. `names` holds a path for every endpoint that may be asked for."""

    scout: Scout
    names: Names
    missed: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, placeholder: str, suffix: str = "") -> Response:
        """Return the answer to a GET. Raises _Missed if there is no whole one, Unreachable if there is no connection."""
        request = f"GET {{{placeholder}}}{suffix} HTTP/1.1\r\nHost: {{host}}\r\n\r\n".encode()
        answer = await self.scout.ask(request)
        if answer.final is None:
            raise _Missed(answer.describe())
        return answer.final

    async def text(self, placeholder: str, expected: bytes) -> None:
        """Raise _Missed unless a GET is answered 200 with this content."""
        response = await self.get(placeholder)
        if response.status != 200:
            raise _Missed(f"status {response.status}, expected 200")
        if response.content.rstrip(b"\r\n") != expected.rstrip(b"\n"):
            raise _Missed(f"content {response.content[:60]!r}, expected {expected!r}")


class _Missed(Exception):  # noqa: N818 - what an answer says of an endpoint, not an error
    """Why an answer is not the contract's."""


async def discover(dialer: Dialer, names: Names, *, scale: float = 1.0) -> Discovery:
    """Ask for each endpoint of the contract.

    `names` gives host, scheme and the declared paths; the others are tried where the contract puts them. Raises
    Unreachable if there is no connection at all.
    """
    root = names.endpoints.get("root", "/")
    base = root.rstrip("/")
    paths = {name: base + path for name, path in ENDPOINTS.items() if name in _PROBES}
    tried = replace(names, endpoints={**paths, **names.endpoints})
    prober = _Prober(Scout(dialer, tried, scale), tried)
    found: dict[str, str] = {}
    for name, probe in _PROBES.items():
        try:
            await probe(prober)
        except _Missed as why:
            prober.missed[name] = str(why)
        except Unreachable as problem:
            if name == "root":
                raise
            prober.missed[name] = str(problem)
        else:
            found[name] = tried.endpoints[name]
    return Discovery(found=found, missed=prober.missed)


async def _root(prober: _Prober) -> None:
    first, second = await prober.get("root"), await prober.get("root")
    if (first.status, first.content) != (second.status, second.content):
        raise _Missed("two GETs are not answered alike")


async def _echo(prober: _Prober) -> None:
    response = await prober.get("echo", _ECHO_QUERY)
    if response.status != 200:
        raise _Missed(f"status {response.status}, expected 200")
    kind = b"".join(response.values(b"Content-Type")).partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise _Missed(f"Content-Type {kind!r}, expected application/json")
    try:
        document: object = json.loads(response.content)
    except ValueError:
        raise _Missed("the content is no JSON") from None
    if not isinstance(document, dict) or not cast("dict[str, object]", document).keys() >= _MEMBERS:
        raise _Missed(f"expected an object with {', '.join(sorted(_MEMBERS))}")
    told = cast("dict[str, object]", document)
    if told["method"] != "GET":
        raise _Missed(f"method {told['method']!r}, expected 'GET'")
    target = (prober.names.endpoints["echo"] + _ECHO_QUERY).encode("latin-1")
    for name, sent in {"target": target, "body": b""}.items():
        if told[name] is not None and _decoded(told[name]) != sent:
            raise _Missed(f"{name} {told[name]!r}, expected base64 of {sent!r}, or null")


def _decoded(value: object) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except binascii.Error:
        return None


async def _status(prober: _Prober) -> None:
    # Two codes: a server that answers everything alike has at most one of them.
    for code in (204, 404):
        response = await prober.get(f"status:{code}")
        if response.status != code:
            raise _Missed(f"status {response.status}, expected {code}")


async def _sleep(prober: _Prober) -> None:
    for milliseconds in (b"1", b"2"):
        await prober.text(f"sleep:{milliseconds.decode()}", milliseconds)


async def _stream(prober: _Prober) -> None:
    await prober.text("stream:3", b"piece 0\npiece 1\npiece 2\n")


async def _redirect(prober: _Prober) -> None:
    response = await prober.get("redirect")
    if response.status != 302:
        raise _Missed(f"status {response.status}, expected 302")
    locations = response.values(b"Location")
    root = prober.names.endpoints.get("root", "/")
    absolute = f"{prober.names.scheme}://{prober.names.host.decode('latin-1')}{root}"
    if len(locations) != 1 or locations[0].decode("latin-1") not in {root, absolute}:
        raise _Missed(f"Location {locations!r}, expected that of the root, {root}")


async def _param(prober: _Prober) -> None:
    await prober.text("param:merkhet%20a", b"merkhet a")


async def _files(prober: _Prober) -> None:
    await prober.text(f"files:{_FIXTURE}", FIXTURES[_FIXTURE])


_PROBES: Mapping[str, Callable[[_Prober], Awaitable[None]]] = {
    "root": _root,
    "echo": _echo,
    "status": _status,
    "sleep": _sleep,
    "stream": _stream,
    "redirect": _redirect,
    "param": _param,
    "files": _files,
}
