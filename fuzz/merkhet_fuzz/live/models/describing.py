"""Fields that describe a representation: which of them an answer has to have (RFC 9110, Sections 8, 15.3.7 and 15.4.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from merkhet.answer import Response
from merkhet.model import Weight
from merkhet_fuzz.live.models.asked import Asked, FileFacts, suspicion
from merkhet_fuzz.oracles import Suspicion

Fields = Sequence[tuple[bytes, bytes]]
KEPT = (b"etag", b"cache-control", b"content-location", b"expires", b"vary")
"""What a 206 and a 304 have to have where the 200 has it."""
DESCRIBING = (b"last-modified", b"content-language")
"""What a 206 has to have beside these, to a request without If-Range."""
UNITS = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:, [!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")
KNOWN_TYPES = (b".txt", b".html")


def value_of(fields: Fields, name: bytes) -> bytes:
    """Return the first value of a field, b"" without one."""
    return next((value for field, value in fields if field.lower() == name), b"")


def lost(response: Response, fields: Fields, names: Sequence[bytes] = KEPT) -> str:
    """Return the first field that an answer should have as the 200 has it, and has not; "" if there is none."""
    return next((name.decode() for name in names if value_of(fields, name) and not response.values(name)), "")


def part(asked: Asked, response: Response, facts: FileFacts) -> list[Suspicion]:
    """What a 206 has to have of the fields of the 200."""
    name = lost(response, facts.fields)
    if name:
        return [suspicion("rfc9110-15.3.7-2", name, f"{name} as in the 200", "a 206 without it")]
    if asked.values(b"If-Range"):
        return []
    is_one = bool(response.values(b"Content-Range"))
    name = lost(response, facts.fields, (*DESCRIBING, b"content-type") if is_one else DESCRIBING)
    return [suspicion("rfc9110-15.3.7-4", name, f"{name} as in the 200", "a 206 without it")] if name else []


def whole(asked: Asked, response: Response, facts: FileFacts) -> list[Suspicion]:
    """A file has validators, as its server knows when it changed, and a type where its name has one."""
    if asked.method != "GET":
        return []
    for requirement, name, knows in (
        ("rfc9110-8.8.3.1-1", b"ETag", True),
        ("rfc9110-8.8.2.1-1", b"Last-Modified", True),
        ("rfc9110-8.3-1", b"Content-Type", bool(facts.content) and asked.value.endswith(KNOWN_TYPES)),
    ):
        if knows and not response.values(name):
            return [suspicion(requirement, name.decode().lower(), name.decode(), "none", Weight.WARNING)]
    units = b", ".join(response.members(b"Accept-Ranges"))
    if units and UNITS.fullmatch(units) is None:
        return [suspicion("rfc9110-14.3-a1", "accept-ranges", "names of units", f"{units!r}")]
    return []


def not_modified(response: Response, fields: Fields) -> list[Suspicion]:
    """What a 304 has to have of the fields of the 200."""
    name = lost(response, fields)
    return [suspicion("rfc9110-15.4.5-1", name, f"{name} as in the 200", "a 304 without it")] if name else []
