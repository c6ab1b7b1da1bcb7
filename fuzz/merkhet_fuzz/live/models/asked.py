"""A request beyond doubt, the endpoint that it asks for, and what is known of the target's files."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from merkhet.answer import Response
from merkhet.model import Weight
from merkhet.wire.request import SentRequest
from merkhet_fuzz.oracles import Suspicion

_BRACES = re.compile(r"\{[^{}]*\}")


class Asked(NamedTuple):
    """One request: to which endpoint ("" for none of the contract), with which value in its path, still encoded.

    `meaning` is what the base says of its content, None where the input was edited. `number` is its place on the connection.
    """

    request: SentRequest
    target: bytes
    endpoint: str
    value: bytes
    content: bytes
    meaning: object
    number: int = 0

    @property
    def method(self) -> str:
        """The method."""
        return self.request.method

    @property
    def is_read(self) -> bool:
        """Whether the method is GET or HEAD."""
        return self.method in {"GET", "HEAD"}

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return the values of the field lines of this name."""
        return tuple(value for field_name, value in self.request.fields if field_name.lower() == name.lower())

    def value_of(self, name: bytes) -> bytes | None:
        """Return the value of the one field line of this name, None where there is none or several."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a plain GET of a fixture file said. `etag` is the whole tag, b"" without one."""

    content: bytes
    etag: bytes = b""
    modified: dt.datetime | None = None
    date: dt.datetime | None = None
    fields: tuple[tuple[bytes, bytes], ...] = ()
    has_ranges: bool = False
    evaluates: frozenset[str] = frozenset()
    """The preconditions that a probe saw evaluated: who evaluates none is told once, by a check."""

    @property
    def has_validators(self) -> bool:
        """Whether there is anything that a condition could be about."""
        return bool(self.etag) or self.modified is not None

    @property
    def is_strong(self) -> bool:
        """Whether there is a tag, and it is a strong one."""
        return bool(self.etag) and not self.etag.startswith(b"W/")


@dataclass(slots=True)
class Known:
    """What is known of a target before inputs are tried: its files, the content of its root, its endpoints' templates."""

    files: Mapping[str, FileFacts] = field(default_factory=dict[str, FileFacts])
    root: Response | None = None
    stores_validators: bool = True
    """Whether what was put somewhere is given out with a validator."""
    coded: dict[bytes, tuple[tuple[bytes, bytes], ...]] = field(
        default_factory=dict[bytes, tuple[tuple[bytes, bytes], ...]]
    )
    """The fields of the text that has codings, by the value of Accept-Encoding, b"" for none."""
    patterns: Mapping[str, re.Pattern[bytes]] = field(default_factory=dict[str, re.Pattern[bytes]])

    def endpoint(self, target: bytes) -> tuple[str, bytes]:
        """Return the endpoint that a target stands for, and the value in it."""
        for name, pattern in self.patterns.items():
            match = pattern.fullmatch(target)
            if match is not None:
                return name, b",".join(match.groups())
        return "", b""


def pattern(template: str) -> re.Pattern[bytes]:
    """Return what matches the targets that a template of the contract stands for; the values are groups.

    A query that the template has not is in no value: what becomes of it nobody says.
    """
    first, *rest = _BRACES.split(template)
    made, is_query = re.escape(first), "?" in first
    for part in rest:
        made += ("(.*)" if is_query else "([^?]*)") + re.escape(part)
        is_query = is_query or "?" in part
    return re.compile(made.encode("latin-1"), re.DOTALL)


def suspicion(requirement: str, detail: str, expected: str, observed: str, weight: Weight | None = None) -> Suspicion:
    """Return what a model has against an answer."""
    return Suspicion("answer", requirement, detail, expected, observed, weight)


def told(response: Response) -> str:
    """Say which answer it is."""
    return f"{response.status} with {len(response.content)} octets"


def date_of(value: bytes) -> dt.datetime | None:
    """Return the moment that an IMF-fixdate says."""
    try:
        return dt.datetime.strptime(value.decode("ascii"), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
    except (ValueError, UnicodeDecodeError):
        return None
