"""RFC 9112, Sections 4 and 6: a response's head and its framing, from what a handler decided to octets."""

from __future__ import annotations

import enum
import functools
import http
from collections.abc import Iterable

from merkhet_reference import abnf
from merkhet_reference.fields import FieldLine
from merkhet_reference.http1.events import Version

REASONS: dict[int, bytes] = {status.value: status.phrase.encode("ascii") for status in http.HTTPStatus}
"""Reason phrases, for people who read a wire; a client ignores them (Section 4)."""

FIELD_NAME = abnf.whole(abnf.TOKEN)
FIELD_VALUE = abnf.whole(abnf.FIELD_VALUE)
OURS = frozenset((b"connection", b"content-length", b"date", b"transfer-encoding"))
"""Fields that frame a message or end a connection: the server's to send, never a handler's."""

REMEMBERED_BYTES_MAX = 256
"""The longest value that is remembered, and the longest name that is sent at all."""

UPGRADE_OPTION = b"Connection: Upgrade\r\n"
LAST_CHUNK = b"0\r\n"


class Body(enum.Enum):
    """How the client finds the end of a response's content (Section 6.3)."""

    NOTHING = enum.auto()
    """No content, and no field that promises any."""
    LENGTH = enum.auto()
    CHUNKED = enum.auto()
    UNTIL_CLOSE = enum.auto()


NOTHING, LENGTH, CHUNKED, UNTIL_CLOSE = Body
"""Looked up once: these are asked for with every answer."""


def body_framing(method: bytes, version: Version, status: int, length: int | None) -> Body:
    """Return how a response is framed. `length` is the octets of content if they are known before the first one."""
    # [rfc9110-8.6-5] [rfc9110-8.6-6] [rfc9110-8.6-7] [rfc9110-8.6-a1] [rfc9110-9.3.6-6]
    if has_no_content_fields(method, status):
        return NOTHING
    if length is not None:
        return LENGTH  # [rfc9112-6.3-9]
    if version >= (1, 1):
        return CHUNKED
    return UNTIL_CLOSE  # a client below 1.1 knows no transfer coding [rfc9112-6.1-11]


def has_no_content_fields(method: bytes, status: int) -> bool:
    """Tell whether a response has neither content nor a field that frames some (RFC 9110, 8.6; RFC 9112, 6.1)."""
    return status < 200 or status == 204 or (method == b"CONNECT" and status < 300)  # [rfc9112-6.1-7] [rfc9112-6.1-8]


def sends_content(method: bytes, status: int) -> bool:
    """Tell whether content follows the head: never to HEAD, nor with 1xx, 204 and 304 (Section 6.3, rules 1 and 2)."""
    # [rfc9110-15.3.6-1]
    # [rfc9112-6.3-a1] [rfc9112-6.1-6]
    return method != b"HEAD" and status != 304 and not has_no_content_fields(method, status)


def check_fields(fields: Iterable[FieldLine]) -> None:
    """Raise ValueError for a field line that a handler may not send: one that breaks the grammar, or one of OURS."""
    # [rfc9110-2.2-2]
    for name, value in fields:
        field_line(name, value)


def field_line(name: bytes, value: bytes) -> bytes:
    """Return the octets of a field line with its CRLF. Raises ValueError for one that a handler may not send.

    This is what keeps a value that came from a client from ending the line it stands in (RFC 9110, Section 5.5).
    """
    if len(value) <= REMEMBERED_BYTES_MAX:
        return remembered_line(name, value)
    return checked_line(name, value)


def checked_line(name: bytes, value: bytes) -> bytes:
    """Do what `field_line` says."""
    # [rfc9112-5-a1] [rfc9112-2.2-3]
    if FIELD_NAME.match(name) is None or FIELD_VALUE.match(value) is None or value.strip(b" \t") != value:
        raise ValueError(f"not a field line: {name!r}: {value!r}")
    if len(name) > REMEMBERED_BYTES_MAX:  # Choice: no field has such a name, and it would be remembered with its value
        raise ValueError(f"not a field line: a name of {len(name)} octets")
    if name.lower() in OURS:
        raise ValueError(f"the server sends {name.decode('ascii')} itself")
    line = b"%s: %s\r\n" % (name, value)
    # Upgrade is for this connection, and says so wherever it stands (RFC 9110, Section 7.8). [rfc9110-7.8-10]
    return line + UPGRADE_OPTION if name.lower() == b"upgrade" else line


remembered_line = functools.lru_cache(maxsize=512)(checked_line)
"""An application sends the same few lines with every answer: each is looked at once. Short ones are kept, so that what a
client can make an application say does not fill the memory."""


def encode_head(
    status: int,
    lines: bytes,
    *,
    date: bytes,
    body: Body = NOTHING,
    length: int | None = None,
    connection: bytes | None = None,
) -> bytes:
    """Return status line and header section with the empty line. `lines` are those of `field_line`; `date` is an HTTP date.

    `connection` is b"close", b"keep-alive" (to an HTTP/1.0 client that asked) or None.
    """
    # [rfc9110-6.2-4] [rfc9110-6.6.1-2a] [rfc9110-6.6.1-2b]
    if body is LENGTH:
        lines += b"Content-Length: %d\r\n" % (length or 0)
    elif body is CHUNKED:
        lines += b"Transfer-Encoding: chunked\r\n"  # and never beside a length [rfc9112-6.2-1]
    if connection is not None:
        lines += b"Connection: %s\r\n" % connection
    # Status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF [rfc9112-4-a1] [rfc9112-4-4] [rfc9112-2.3-a1]
    # [rfc9112-2.1-a1] [rfc9112-4-1] [rfc9112-2.3-3]
    return b"HTTP/1.1 %d %s\r\nDate: %s\r\n%s\r\n" % (status, REASONS.get(status, b""), date, lines)


def connection_option(version: Version, *, persists: bool, asked_keep_alive: bool) -> bytes | None:
    """Return the connection option to send, if any (Sections 9.3 and 9.6)."""
    # [rfc9110-7.6.1-1] [rfc9110-7.6.1-4]
    if not persists:
        return b"close"  # [rfc9112-9.6-1] [rfc9112-9.6-4] [rfc9112-9.3-3]
    return b"keep-alive" if version < (1, 1) and asked_keep_alive else None


def encode_interim(status: int, fields: Iterable[FieldLine] = ()) -> bytes:
    """Return an interim response: a status line, fields, an empty line, and never content (RFC 9110, Section 15.2)."""
    lines = b"".join(b"%s: %s\r\n" % line for line in fields)
    return b"HTTP/1.1 %d %s\r\n%s\r\n" % (status, REASONS.get(status, b""), lines)


def encode_chunk(data: bytes) -> bytes:
    """Return one chunk (Section 7.1); nothing for no octets, since a chunk of size zero ends the body."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""  # [rfc9112-7.1-a4]


def encode_last_chunk(trailers: Iterable[FieldLine] = ()) -> bytes:
    """Return last-chunk, trailer section and the CRLF that ends the body."""
    return LAST_CHUNK + b"".join(b"%s: %s\r\n" % line for line in trailers) + b"\r\n"
