"""RFC 9112, Sections 3 and 5: whether the bytes that a check sent are plain legal requests, read narrowly.

The judge's rules about how a request was answered apply only where there can be no doubt about what was asked. So this
reads only what is beyond doubt, and says None for all else: it is no parser for a server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_LINE = re.compile(rb"([A-Z]+) ([\x21-\x7e]+) HTTP/1\.([01])")
_SERVED_TARGET = re.compile(rb"/.*|[Hh][Tt][Tt][Pp][Ss]?://[^/]+.*")
_OTHER_TARGETS = {b"OPTIONS": re.compile(rb"\*|" + _SERVED_TARGET.pattern), b"CONNECT": re.compile(rb"[^/]+:[0-9]+")}
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x20-\x7e\t]*)")
_SIMPLE_REQUEST = re.compile(rb"^[A-Za-z]+ +[^ \r\n]+ *\r?$", re.MULTILINE)
_TE = re.compile(rb"(?:^|[\r\n])[ \t]*te[ \t]*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """One request that is legal beyond doubt. `length` is its size in octets, content included."""

    length: int
    method: str
    version: str
    fields: tuple[tuple[bytes, bytes], ...]

    def members(self, name: bytes) -> tuple[bytes, ...]:
        """Return the members of a list field, lower-cased."""
        values = [value for field, value in self.fields if field.lower() == name.lower()]
        return tuple(part.strip(b" \t").lower() for value in values for part in value.split(b",") if part.strip(b" \t"))


def mentions_te(sent: bytes) -> bool:
    """Whether any line of these bytes might be read as a TE field."""
    return _TE.search(sent) is not None


def names_a_version(sent: bytes) -> bool:
    """Whether every request line among these bytes might be read as HTTP/1.x, and none as a simple request of HTTP/0.9.

    An answer to a simple request is content alone, and no departure of a server from a grammar that was not asked for.
    """
    first = sent.lstrip(b"\r\n").partition(b"\n")[0]
    return b"HTTP/1." in first and _SIMPLE_REQUEST.search(sent) is None


def read_requests(sent: bytes) -> tuple[SentRequest, ...]:
    """Return the requests at the start of `sent` that are whole, legal and free of doubt, up to the first that is not."""
    requests: list[SentRequest] = []
    rest = sent
    while rest:
        read = _read_one(rest)
        if read is None:
            break
        request, rest = read
        requests.append(request)
    return tuple(requests)


def _read_one(data: bytes) -> tuple[SentRequest, bytes] | None:
    head, end, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    start = _LINE.fullmatch(first)
    matches = [_FIELD.fullmatch(line) for line in lines]
    if not end or start is None or not all(matches):
        return None
    if not _OTHER_TARGETS.get(start[1], _SERVED_TARGET).fullmatch(start[2]):
        return None
    fields = tuple((match[1], match[2].rstrip(b" \t")) for match in matches if match is not None)
    request = SentRequest(length=0, method=start[1].decode(), version=f"1.{start[3].decode()}", fields=fields)
    body = _body_bytes(request)
    hosts = request.members(b"Host")
    if body is None or len(rest) < body or len(hosts) > 1 or (not hosts and request.version == "1.1"):
        return None
    return replace(request, length=len(head) + 4 + body), rest[body:]


def _body_bytes(request: SentRequest) -> int | None:
    """Return the length of the content if it is plain; None for anything that could be read in two ways."""
    names = [name.lower() for name, _ in request.fields]
    if b"transfer-encoding" in names or b"expect" in names or b"upgrade" in names:
        return None
    lengths = [value for name, value in request.fields if name.lower() == b"content-length"]
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and re.fullmatch(rb"[0-9]{1,8}", lengths[0]) else None
