"""Placeholders in the bytes of a check: `{root}`, `{host}`, `{scheme}`, `{nonce}` and the endpoints of the target contract.

Only these are replaced; any other brace is literal. An endpoint that takes a value is written `{status:204}`, and
its template in the target file names the value in any braces of its own: `/status/{code}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ENDPOINTS: Mapping[str, str] = {
    "root": "/",
    "echo": "/echo",
    "status": "/status/{code}",
    "sleep": "/sleep/{ms}",
    "stream": "/stream/{n}",
    "redirect": "/redirect",
    "param": "/param/{value}",
    "mutable": "/mutable/{name}",
    "files": "/files/{path}",
    "connect": "example.com:80",
}
"""Every endpoint that this version of the contract knows, with the path `merkhet doctor` tries first."""

ALWAYS = frozenset({"root", "host", "scheme", "nonce"})

_NAMES = "|".join(sorted({*ENDPOINTS, *ALWAYS}))
_PLACEHOLDER = re.compile(rf"\{{({_NAMES})(?::([^{{}}]*))?\}}".encode())
_VALUE = re.compile(r"\{[^{}]*\}")


def needs(data: bytes) -> frozenset[str]:
    """Return the endpoints that these bytes name, without those that every target has."""
    return frozenset(match[1].decode() for match in _PLACEHOLDER.finditer(data)) - ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the placeholders stand for on one target.

    `endpoints` maps a contract name to its path or path template, base path included; `extra_fields` are field lines
    that the user asked to send with every request (each ending in CRLF): they follow every `Host: {host}` line.
    """

    host: bytes
    scheme: str
    endpoints: Mapping[str, str]
    extra_fields: bytes = b""

    def offers(self, names: frozenset[str]) -> bool:
        """Whether the target has every one of these endpoints."""
        return all(name in self.endpoints for name in names)

    def render(self, data: bytes, nonce: str) -> bytes:
        """Replace every placeholder. Raises KeyError for an endpoint that the target lacks."""

        def value(match: re.Match[bytes]) -> bytes:
            name, argument = match[1].decode(), (match[2] or b"").decode("latin-1")
            if name == "nonce":
                return nonce.encode()
            if name == "scheme":
                return self.scheme.encode()
            if name == "host":
                return self.host
            return _VALUE.sub(lambda _: argument, self.endpoints[name]).encode("latin-1")

        if self.extra_fields:
            data = data.replace(b"Host: {host}\r\n", b"Host: {host}\r\n" + self.extra_fields)
        return _PLACEHOLDER.sub(value, data)
