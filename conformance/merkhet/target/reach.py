"""How a target is reached: its address, TLS, and what the placeholders of a check stand for on it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from merkhet.template import Names
from merkhet.wire.sockets import Address
from merkhet.wire.tls import client_context

PORTS = {"http": 80, "https": 443}
# RFC 9110, Section 5.1: a field name is a token; Section 5.5: a value has no control octets.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")
_BARE: Mapping[str, str] = {}


class ReachError(Exception):
    """An address, field line or path that cannot be used. The message says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach what is judged, as the user gave it. `headers` are whole field lines without CRLF."""

    url: str = "http://127.0.0.1"
    unix: str = ""
    insecure: bool = False
    sni: str = ""
    base_path: str = ""
    headers: Sequence[str] = ()
    endpoints: Mapping[str, str] = field(default_factory=lambda: _BARE)


def check_url(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of a URL. Raises ReachError."""
    expected = f"expected a URL such as http://127.0.0.1:8080, got {url!r}"
    if any(not 0x20 < ord(character) < 0x7F for character in url):
        raise ReachError(expected)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise ReachError(f"{expected} ({problem})") from problem
    if parts.scheme not in PORTS or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ReachError(expected)
    if port == 0:
        raise ReachError(expected)
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme], parts.path.rstrip("/")


def check_header(line: str) -> None:
    """Raise ReachError unless this is one field line that can be sent as it stands."""
    if not _HEADER.fullmatch(line):
        raise ReachError(f"expected a field line such as 'Authorization: Bearer ...', got {line!r}")


def reach(access: Access) -> tuple[Address, Names]:
    """Return where to connect, and what the placeholders stand for. Raises ReachError."""
    scheme, host, port, path = check_url(access.url)
    for line in access.headers:
        check_header(line)
    base = access.base_path.rstrip("/") or path
    if base and not base.startswith("/"):
        raise ReachError(f"expected a base path that begins with /, got {base!r}")
    tls = client_context(verify=not access.insecure) if scheme == "https" else None
    address = Address(host=host, port=port, unix=access.unix, tls=tls, server_name=access.sni)
    shown = access.sni or (f"[{host}]" if ":" in host else host)
    authority = shown if port == PORTS[scheme] else f"{shown}:{port}"
    endpoints = {"root": "/", **access.endpoints}
    names = Names(
        host=("localhost" if access.unix else authority).encode("ascii"),
        scheme=scheme,
        endpoints={name: value if name == "connect" else base + value for name, value in endpoints.items()},
        extra_fields="".join(f"{line}\r\n" for line in access.headers).encode("latin-1"),
    )
    return address, names


def describe(access: Access) -> str:
    """Say where the target is, as a person would."""
    return f"unix:{access.unix}" if access.unix else access.url


def is_loopback(access: Access) -> bool:
    """Whether requests stay on this machine: a Unix socket, a loopback address, or localhost."""
    host = check_url(access.url)[1]
    if access.unix or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
