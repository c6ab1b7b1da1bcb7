"""Placeholders in the bytes of a check: `{root}`, `{host}`, `{scheme}`, `{nonce}`, the contract's endpoints, `{kept:...}`.

The last is what an answer said before: `{kept:NAME/FIELD}` (see `merkhet.kept`). Only these are replaced; any other brace is
literal. An endpoint that takes a value is written `{status:204}`, and its template in the target file names the value in any
braces of its own: `/status/{code}`. One that takes several is written `{sse:3,50}`, and they fill the braces in their order.
A value may hold `{nonce}`: `{mutable:merkhet-{nonce}}`. `{host:upper}` is the host in upper case, `{host:name}` without its port.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from merkhet.answer import Response
from merkhet.kept import value_of

ENDPOINTS: Mapping[str, str] = {
    "root": "/",
    "echo": "/echo",
    "status": "/status/{code}",
    "sleep": "/sleep/{ms}",
    "stream": "/stream/{n}",
    "pieces": "/pieces?n={n}&ms={ms}&end={end}",
    "redirect": "/redirect",
    "param": "/param/{value}",
    "mutable": "/mutable/{name}",
    "files": "/files/{path}",
    "gzip": "/text",
    "conneg": "/conneg",
    "form": "/form",
    "download": "/download/{name}",
    "auth": "/private",
    "trace": "/trace",
    "sse": "/events?n={n}&ms={ms}",
    "sse-echo": "/sse-echo?{fields}",
    "sse-push": "/sse-push",
    "sse-resume": "/sse-resume",
    "connect": "example.com:80",
    "ws": "/ws",
    "ws-deflate": "/ws-deflate",
    "ws-subproto": "/ws-subproto",
    "ws-serial": "/ws-serial",
    "ws-push": "/ws-push",
}
"""Every endpoint that this version of the contract knows, with the path `merkhet doctor` tries first."""

ALWAYS = frozenset({"root", "host", "scheme", "nonce", "kept"})

_NAMES = "|".join(sorted({*ENDPOINTS, *ALWAYS}))
_PLACEHOLDER = re.compile(rf"\{{({_NAMES})(?::((?:[^{{}}]|\{{nonce\}})*))?\}}".encode())
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

    def render(self, data: bytes, nonce: str, kept: Mapping[str, Response] | None = None) -> bytes:
        """Replace every placeholder. Raises KeyError for an endpoint that the target lacks, kept.Lacking for a value.

        Without `kept` what an answer said is left as it stands: there was none yet.
        """

        def value(match: re.Match[bytes]) -> bytes:
            name, argument = match[1].decode(), (match[2] or b"").replace(b"{nonce}", nonce.encode()).decode("latin-1")
            if name == "nonce":
                return nonce.encode()
            if name == "scheme":
                return self.scheme.encode()
            if name == "host":
                return host_form(self.host, argument)
            if name == "kept":
                return match[0] if kept is None else value_of(kept, argument)
            return filled(self.endpoints[name], argument).encode("latin-1")

        if self.extra_fields:
            data = data.replace(b"Host: {host}\r\n", b"Host: {host}\r\n" + self.extra_fields)
        return _PLACEHOLDER.sub(value, data)


def host_form(host: bytes, form: str) -> bytes:
    """Return a Host value as it is, in upper case (`upper`), or without its port (`name`)."""
    if form == "upper":
        return host.upper()
    if form == "name":
        return re.sub(rb":[0-9]*\Z", b"", host)
    return host


def in_pattern(pattern: bytes, render: Callable[[bytes], bytes]) -> bytes:
    """Return a regular expression with its placeholders rendered, each of which matches nothing but its own octets."""
    return _PLACEHOLDER.sub(lambda match: re.escape(render(match[0])), pattern)


def filled(template: str, argument: str) -> str:
    """Put an argument into an endpoint's one place, or the parts of it between commas into its places, in their order."""
    places = len(_VALUE.findall(template))
    parts = iter(argument.split(",", places - 1) if places > 1 else [argument])
    return _VALUE.sub(lambda _: next(parts, ""), template)
