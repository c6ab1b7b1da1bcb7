"""Probes of the endpoints about representations: codings, negotiation, downloads, credentials; and TRACE."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

from merkhet.answer import Response
from merkhet.fixtures import FIXTURES
from merkhet.target.probe import Missed, Probe, Prober, json_of, must_be, must_be_a, must_hold

_TEXT = FIXTURES["text.txt"]
_NAMES = ("merkhet.txt", "merkhet \N{LATIN SMALL LETTER U WITH DIAERESIS}.txt")
_ATTACHMENT = re.compile(rb"attachment[ \t]*;(.*)", re.IGNORECASE | re.DOTALL)
_FILENAME = re.compile(rb';?[ \t]*filename[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]+))', re.IGNORECASE)
_EXTENDED = re.compile(rb";?[ \t]*filename\*[ \t]*=[ \t]*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)
_CHALLENGE = re.compile(rb'basic[ ]+(?:.*,[ \t]*)?realm[ \t]*=[ \t]*"?merkhet"?(?:[ \t]*,.*)?', re.IGNORECASE)


async def _gzip(prober: Prober) -> None:
    plain = await prober.get("{gzip}", "Accept-Encoding: identity")
    must_hold(plain, _TEXT, "text/plain")
    if plain.members(b"Content-Encoding"):
        raise Missed("a content coding, though only identity is acceptable")
    coded = await prober.get("{gzip}", "Accept-Encoding: gzip")
    must_be(coded, 200)
    must_be_a(coded, "text/plain")
    if coded.members(b"Content-Encoding") != (b"gzip",):
        raise Missed(f"Content-Encoding {coded.values(b'Content-Encoding')!r}, expected gzip")
    if _expanded(coded.content) != _TEXT:
        raise Missed("the content is not text.txt in gzip")


def _expanded(content: bytes) -> bytes:
    """Return what gzip makes of the content, no more of it than can be right."""
    expander = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        return expander.decompress(content, len(_TEXT) + 1) if content else b""
    except zlib.error:
        return b""


async def _conneg(prober: Prober) -> None:
    page = await prober.get("{conneg}", "Accept: text/html")
    must_be(page, 200)
    must_be_a(page, "text/html")
    if page.content.rstrip(b"\r\n") != b"<p>merkhet</p>":
        raise Missed(f"content {page.content[:60]!r}, expected '<p>merkhet</p>'")
    document = json_of(await prober.get("{conneg}", "Accept: application/json"))
    if document != {"name": "merkhet"}:
        raise Missed(f"the document is {document!r:.60}")


async def _download(prober: Prober) -> None:
    for name in _NAMES:
        response = await prober.get(f"{{download:{quote(name)}}}")
        must_hold(response, b"download\n")
        told = _file_name(response)
        if told != name.encode():
            raise Missed(f"the file name is {told!r}, expected {name!r}")


def _file_name(response: Response) -> bytes | None:
    """Return the octets of the file name that an attachment has; the extended parameter before the other."""
    match = _ATTACHMENT.fullmatch(b"".join(response.values(b"Content-Disposition")))
    if match is None:
        raise Missed("no Content-Disposition with the type attachment and a parameter")
    extended = _EXTENDED.search(match[1])
    if extended is not None:
        return unquote_to_bytes(extended[1])
    plain = _FILENAME.search(match[1])
    if plain is None:
        return None
    return plain[2] or re.sub(rb"\\(.)", rb"\1", plain[1])


async def _auth(prober: Prober) -> None:
    wrong = base64.b64encode(b"merkhet:wrong").decode("ascii")
    right = base64.b64encode(b"merkhet:merkhet").decode("ascii")
    for lines in ((), (f"Authorization: Basic {wrong}",)):
        response = await prober.get("{auth}", *lines)
        must_be(response, 401)
        if not any(_CHALLENGE.fullmatch(value) for value in response.values(b"WWW-Authenticate")):
            raise Missed('no WWW-Authenticate with Basic realm="merkhet"')
    response = await prober.get("{auth}", f"Authorization: Basic {right}")
    must_hold(response, b"private\n")


async def _trace(prober: Prober) -> None:
    response = await prober.ask("TRACE", "{trace}", "X-Merkhet: trace", "Cookie: merkhet=secret")
    must_be(response, 200)
    must_be_a(response, "message/http")
    line, _, fields = response.content.partition(b"\r\n")
    expected = f"TRACE {prober.names.endpoints['trace']} HTTP/1.1".encode("latin-1")
    if line != expected:
        raise Missed(f"the first line is {line[:60]!r}, expected {expected!r}")
    if b"x-merkhet:trace" not in {told.replace(b" ", b"").lower() for told in fields.split(b"\r\n")}:
        raise Missed("a field line of the request is not in the content")
    if b"merkhet=secret" in fields:
        raise Missed("the content has the Cookie field of the request")


MEDIA_PROBES: Mapping[str, Probe] = {
    "gzip": _gzip,
    "conneg": _conneg,
    "download": _download,
    "auth": _auth,
    "trace": _trace,
}
