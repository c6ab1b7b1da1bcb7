"""RFC 6455, Section 9.1 and RFC 7692, Section 7.1: the extensions that a 101 agrees to, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from merkhet.answer import Response

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\xff])*"'
_PARAMETER = re.compile(
    rb"[ \t]*;[ \t]*(" + _TOKEN + rb")(?:[ \t]*=[ \t]*(?:(" + _TOKEN + rb")|(" + _QUOTED + rb")))?[ \t]*"
)
_NAME = re.compile(rb"[ \t]*(" + _TOKEN + rb")[ \t]*")
_WHOLE_TOKEN = re.compile(_TOKEN)
_BITS = re.compile(rb"[89]|1[0-5]")

DEFLATE = b"permessage-deflate"
_NO_TAKEOVER = frozenset({b"server_no_context_takeover", b"client_no_context_takeover"})
_WINDOW_BITS = frozenset({b"server_max_window_bits", b"client_max_window_bits"})


@dataclass(frozen=True, slots=True)
class Extension:
    """One element of the list: its name, and its parameters in their order, each with a value or None."""

    name: bytes
    parameters: tuple[tuple[bytes, bytes | None], ...] = ()

    def value(self, name: bytes) -> bytes | None:
        """Return the value of the first parameter of this name; None if it has none, or there is none."""
        return next((value for known, value in self.parameters if known == name), None)

    def has(self, name: bytes) -> bool:
        """Whether it has a parameter of this name."""
        return any(known == name for known, _ in self.parameters)


def read_extensions(values: Iterable[bytes]) -> tuple[Extension, ...] | None:
    """Return the elements of these field values, taken as one list. None if they are no such list by the grammar."""
    text, found, at = b",".join(values), list[Extension](), 0
    while True:
        name = _NAME.match(text, at)
        if name is None:
            return None
        at = name.end()
        parameters: list[tuple[bytes, bytes | None]] = []
        while match := _PARAMETER.match(text, at):
            value = match[2] if match[3] is None else re.sub(rb"\\(.)", rb"\1", match[3][1:-1], flags=re.DOTALL)
            if match[3] is not None and not _WHOLE_TOKEN.fullmatch(value):
                return None
            parameters.append((match[1], value))
            at = match.end()
        found.append(Extension(name[1], tuple(parameters)))
        if at == len(text):
            return tuple(found)
        if text[at : at + 1] != b",":
            return None
        at += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflate:
    """What both sides have agreed to. `faults` says what is no agreement: parameters and values that may not stand there."""

    server_takeover: bool = True
    client_takeover: bool = True
    server_bits: int = 15
    client_bits: int = 15
    parameters: tuple[tuple[bytes, bytes | None], ...] = ()
    faults: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether the response has a parameter of this name."""
        return any(known == name.encode() for known, _ in self.parameters)


def extensions_of(response: Response) -> tuple[Extension, ...] | None:
    """Return the extensions that a response names, none if it has no such field, None if the field is malformed."""
    values = response.values(b"Sec-WebSocket-Extensions")
    return read_extensions(values) if values else ()


def deflate_of(response: Response) -> Deflate | None:
    """Return what a response agrees to of permessage-deflate; None if it does not name it."""
    found = [one for one in extensions_of(response) or () if one.name == DEFLATE]
    if not found:
        return None
    first = found[0]
    twice = ("permessage-deflate stands there more than once",) if len(found) > 1 else ()
    return Deflate(
        server_takeover=not first.has(b"server_no_context_takeover"),
        client_takeover=not first.has(b"client_no_context_takeover"),
        server_bits=_bits(first.value(b"server_max_window_bits")),
        client_bits=_bits(first.value(b"client_max_window_bits")),
        parameters=first.parameters,
        faults=(*twice, *_faults(first)),
    )


def _bits(value: bytes | None) -> int:
    return int(value) if value is not None and _BITS.fullmatch(value) else 15


def _faults(extension: Extension) -> Iterable[str]:
    names = [name for name, _ in extension.parameters]
    yield from (f"{name.decode()} stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1)
    for name, value in extension.parameters:
        if name in _NO_TAKEOVER and value is not None:
            yield f"{name.decode()} has the value {value!r}"
        elif name in _WINDOW_BITS and (value is None or not _BITS.fullmatch(value)):
            yield f"{name.decode()} has {'no value' if value is None else f'the value {value!r}'}"
        elif name not in _NO_TAKEOVER | _WINDOW_BITS:
            yield f"the unknown parameter {name!r}"
