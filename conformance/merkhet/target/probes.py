"""Probes of the endpoints that a plain GET can tell."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import quote

from merkhet.answer import Framing
from merkhet.fixtures import FIXTURES
from merkhet.target.probe import Missed, Probe, Prober, members_of, must_be

_ECHO_QUERY = "?merkhet=%41"


async def _root(prober: Prober) -> None:
    first, second = await prober.get("{root}"), await prober.get("{root}")
    if (first.status, first.content) != (second.status, second.content):
        raise Missed("two GETs are not answered alike")


async def _echo(prober: Prober) -> None:
    told = members_of(await prober.get("{echo}" + _ECHO_QUERY), "method", "target", "fields", "body", "trailers")
    if told["method"] != "GET":
        raise Missed(f"method {told['method']!r}, expected 'GET'")
    target = (prober.names.endpoints["echo"] + _ECHO_QUERY).encode("latin-1")
    for name, sent in {"target": target, "body": b""}.items():
        if told[name] is not None and _decoded(told[name]) != sent:
            raise Missed(f"{name} {told[name]!r}, expected base64 of {sent!r}, or null")


def _decoded(value: object) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except binascii.Error:
        return None


async def _status(prober: Prober) -> None:
    # Two codes: a server that answers everything alike has at most one of them.
    for code in (204, 404):
        must_be(await prober.get(f"{{status:{code}}}"), code)


async def _sleep(prober: Prober) -> None:
    for milliseconds in ("1", "2"):
        await prober.text(f"{{sleep:{milliseconds}}}", milliseconds.encode("ascii"))


async def _stream(prober: Prober) -> None:
    await prober.text("{stream:3}", b"piece 0\npiece 1\npiece 2\n")


async def _pieces(prober: Prober) -> None:
    await prober.text("{pieces:2,0,whole}", b"piece 0\npiece 1\n")


async def _redirect(prober: Prober) -> None:
    response = await prober.get("{redirect}")
    must_be(response, 302)
    locations = response.values(b"Location")
    root = prober.names.endpoints.get("root", "/")
    absolute = f"{prober.names.scheme}://{prober.names.host.decode('latin-1')}{root}"
    if len(locations) != 1 or locations[0].decode("latin-1") not in {root, absolute}:
        raise Missed(f"Location {locations!r}, expected that of the root, {root}")


async def _param(prober: Prober) -> None:
    await prober.text("{param:merkhet%20a}", b"merkhet a")


async def _files(prober: Prober) -> None:
    for name, data in FIXTURES.items():
        response = await prober.get(f"{{files:{quote(name)}}}")
        if response.status != 200 or response.content != data:
            raise Missed(f"status {response.status} for {name!r}, or other octets than merkhet fixtures writes")
        if response.framing is not Framing.LENGTH:
            raise Missed(f"no Content-Length for {name!r}")
    must_be(await prober.get("{files:merkhet-nothing-here}"), 404)


PROBES: Mapping[str, Probe] = {
    "root": _root,
    "echo": _echo,
    "status": _status,
    "sleep": _sleep,
    "stream": _stream,
    "pieces": _pieces,
    "redirect": _redirect,
    "param": _param,
    "files": _files,
}
