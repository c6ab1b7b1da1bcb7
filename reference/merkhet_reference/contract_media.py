"""The endpoints of the contract about representations: coding, negotiation, forms, downloads, credentials, TRACE."""

from __future__ import annotations

import base64
import binascii
import json
import shutil
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes

from merkhet_reference import coding, disposition, forms, multipart_head, negotiation
from merkhet_reference.fields import FieldLine
from merkhet_reference.limits import Limits
from merkhet_reference.message import Receiver, Request
from merkhet_reference.router import Router

TEXT: tuple[FieldLine, ...] = ((b"Content-Type", b"text/plain"),)
JSON: tuple[FieldLine, ...] = ((b"Content-Type", b"application/json"),)
LINES = b"".join(b"line %05d of a text that is worth compressing\n" % number for number in range(400))
"""What `/text` says; the fixture file text.txt has the same octets."""

REPRESENTATIONS: Mapping[bytes, bytes] = {
    b"text/html": b"<p>merkhet</p>",
    b"application/json": b'{"name": "merkhet"}',
}
CREDENTIALS = b"merkhet:merkhet"
SENSITIVE = frozenset((b"authorization", b"cookie", b"proxy-authorization"))
"""What TRACE does not send back (RFC 9110, Section 9.3.8)."""

LIMITS = Limits()


def text(request: Request) -> None:
    """Answer with a text, in gzip if the client prefers that (RFC 9110, Section 12.5.3)."""
    fields: list[FieldLine] = [*TEXT, (b"Vary", b"Accept-Encoding")]
    if coding.prefers_gzip(request.fields):
        request.respond(200, [*fields, (b"Content-Encoding", b"gzip")], coding.gzip_content(LINES))
    else:
        request.respond(200, fields, LINES)


def conneg(request: Request) -> None:
    """Answer in HTML or JSON, by Accept (RFC 9110, Section 12.5.1)."""
    # [rfc9110-15.5.7-1]
    best = negotiation.best_type(request.fields.get_all(b"Accept"), list(REPRESENTATIONS))
    vary = (b"Vary", b"Accept")
    if best is None:
        request.respond(406, [*TEXT, vary], b"there is text/html and application/json\n")
    else:
        request.respond(200, ((b"Content-Type", best), vary), REPRESENTATIONS[best])


def form(request: Request) -> Receiver:
    """Say what was in a form, in the order of its parts; files go through a folder that is gone with the answer."""
    content_type = request.fields.get(b"Content-Type") or b""
    kind = content_type.partition(b";")[0].strip(b" \t").lower()
    try:
        if kind == b"application/x-www-form-urlencoded":
            pairs = forms.parse_urlencoded((yield from collected()), LIMITS)
            reported = json.dumps({"fields": pairs, "files": []})
        elif kind == b"multipart/form-data":
            reported = yield from multipart(content_type)
        else:
            request.respond(415, TEXT, b"a form, please\n")
            return
    except multipart_head.FormError as error:
        request.respond(error.status, TEXT, f"{error}\n".encode("ascii", "replace"))
        return
    request.respond(200, JSON, reported.encode("ascii"))


def collected() -> Generator[None, bytes | None, bytes]:
    """Return the content as a whole, bounded as a part of a form is."""
    pieces: list[bytes] = []
    size = 0
    while (piece := (yield)) is not None:
        size += len(piece)
        if size > LIMITS.multipart_field_bytes_max:
            raise multipart_head.FormTooLargeError("the form is larger than is read here")
        pieces.append(piece)
    return b"".join(pieces)


def multipart(content_type: bytes) -> Generator[None, bytes | None, str]:
    """Return the report of a multipart form."""
    folder = Path(tempfile.mkdtemp(prefix="merkhet-form-"))
    try:
        read = yield from forms.receive_form(content_type, folder, LIMITS)
        files = [
            [file.name, file.filename, file.content_type, base64.b64encode(file.path.read_bytes()).decode("ascii")]
            for file in read.files
        ]
        return json.dumps({"fields": [[field.name, field.value] for field in read.fields], "files": files})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def download(request: Request) -> None:
    """Answer with a file to be saved, under the name that the path ends with (RFC 6266)."""
    name = unquote_to_bytes(request.path.rpartition(b"/")[2]).decode("utf-8", "replace")
    fields: list[FieldLine] = [(b"Content-Type", b"application/octet-stream")]
    disposition.set_content_disposition(fields, name, attachment=True)
    request.respond(200, fields, b"download\n")


def private(request: Request) -> None:
    """Answer who has the credentials (RFC 9110, Section 11, and the Basic scheme)."""
    # [rfc9110-11.2-1] [rfc9110-11.4-1] [rfc9110-11.5-2] [rfc9110-11.6.1-1] [rfc9110-15.5.2-1]
    if credentials(request.fields.get_all(b"Authorization")) == CREDENTIALS:
        request.respond(200, (*TEXT, (b"Cache-Control", b"private")), b"private\n")
    else:
        request.respond(401, (*TEXT, (b"WWW-Authenticate", b'Basic realm="merkhet"')), b"credentials, please\n")


def credentials(values: list[bytes]) -> bytes | None:
    """Return user and password of a Basic Authorization field, joined by a colon; None for anything else."""
    # [rfc9110-11.1-a1]
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(b" ")
    if scheme.lower() != b"basic":  # in any case (Section 11.1)
        return None
    try:
        return base64.b64decode(token.strip(b" "), validate=True)
    except (binascii.Error, ValueError):
        return None


def trace(request: Request) -> None:
    """Send the request back as it was read, without what must not be shown (RFC 9110, Section 9.3.8)."""
    # [rfc9110-9.3.8-1] [rfc9110-9.3.8-3]
    head = request.head
    lines = [b"%s %s HTTP/%d.%d" % (head.method, head.target.raw, *head.version)]
    lines += [b"%s: %s" % line for line in head.fields if line[0].lower() not in SENSITIVE]
    request.respond(200, ((b"Content-Type", b"message/http"),), b"\r\n".join([*lines, b"", b""]))


def add_to(router: Router, file: Path | None = None) -> None:
    """Add these endpoints; `/text` answers with the octets of `file` if there is one."""
    router.get("/text", text if file is None or not file.is_file() else lambda request: request.respond_file(file))
    router.get("/conneg", conneg)
    router.post("/form", form, streams=True)
    router.get("/download/:name", download)
    router.get("/private", private)
    router.add("TRACE", "/trace", trace)
