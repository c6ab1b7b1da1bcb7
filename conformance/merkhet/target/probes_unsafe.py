"""Probes of what only an unsafe method can tell: they are asked where they are declared."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping

from merkhet.target.probe import Missed, Probe, Prober, members_of, must_be, must_hold

_URLENCODED = "Content-Type: application/x-www-form-urlencoded"
_MULTIPART = "Content-Type: multipart/form-data; boundary=merkhet"
_FORM = (
    b'--merkhet\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--merkhet\r\nContent-Disposition: form-data; name="f"; filename="b.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n\r\n"
    b'--merkhet\r\nContent-Disposition: form-data; name="a"\r\n\r\ntwo\r\n--merkhet--\r\n'
)


async def _form(prober: Prober) -> None:
    await _reported(prober, _URLENCODED, b"a=1&b=%C3%BC+x&a=", [["a", "1"], ["b", "\u00fc x"], ["a", ""]], [])
    content = base64.b64encode(b"\x00\xff\r\n").decode("ascii")
    files = [["f", "b.bin", "application/octet-stream", content]]
    await _reported(prober, _MULTIPART, _FORM, [["a", "one"], ["a", "two"]], files)
    must_be(await prober.ask("POST", "{form}", "Content-Type: text/plain", content=b"a=1"), 415)


async def _reported(prober: Prober, kind: str, content: bytes, fields: object, files: object) -> None:
    told = members_of(await prober.ask("POST", "{form}", kind, content=content), "fields", "files")
    for name, expected in {"fields": fields, "files": files}.items():
        if told[name] != expected:
            raise Missed(f"{name} {told[name]!r:.100}, expected {expected!r}")


async def _mutable(prober: Prober) -> None:
    target = f"{{mutable:merkhet-doctor-{secrets.token_hex(4)}}}"
    must_be(await prober.get(target), 404)
    must_be(await prober.ask("PUT", target, content=b"one\x00"), 201)
    must_hold(await prober.get(target), b"one\x00")
    must_be(await prober.ask("PUT", target, content=b"two"), 200, 204)
    must_hold(await prober.get(target), b"two")
    must_be(await prober.ask("DELETE", target), 200, 204)
    must_be(await prober.get(target), 404)


async def _connect(prober: Prober) -> None:
    response = await prober.ask("CONNECT", "{connect}")
    if not 200 <= response.status < 300:
        raise Missed(f"status {response.status}, expected 2xx")


UNSAFE_PROBES: Mapping[str, Probe] = {"form": _form, "mutable": _mutable, "connect": _connect}
