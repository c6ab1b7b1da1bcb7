"""What a client is asked to do, and what it says that it got. No client is known here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

PATIENCE_SECONDS = 10.0
"""How long a client waits for the octets of one answer."""


class NotMineError(Exception):
    """The client does not do this; it is no fault of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `chunked` sends the content without a length; `form` has the client write a multipart form of its own."""

    path: str
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    chunked: bool = False
    form: Mapping[str, tuple[str, bytes]] | None = None
    """Name of each file of the form, its file name and its content."""
    follows: bool = False
    expects: bool = False
    """Whether the client waits for a 100 before it sends the content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One answer as the client tells it: content codings undone. `error`: the client calls it none, and why."""

    status: int = 0
    fields: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    path: str = ""
    """Where it was found, after redirects."""
    error: str = ""
    connection: int | None = None
    """Which connection of the conversation it came on; None if the client does not tell."""

    def value(self, name: str) -> str | None:
        """Return the value of a field, None if it is not there."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)


class Client(Protocol):
    """A client library or program."""

    name: str

    def version(self) -> str:
        """Return its version, "" if it is not installed."""
        ...

    def talk(self, base: str, calls: Sequence[Call]) -> list[Got]:
        """Make the calls one after the other in one session. Raises NotMineError; whatever else fails is in `error`."""
        ...
