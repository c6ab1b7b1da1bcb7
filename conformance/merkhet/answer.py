"""What came next on a connection: a response, or one of the ways in which none came.

Closed, reset, silent and answered are different things on the wire, and no check may mistake one for another.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FieldLine = tuple[bytes, bytes]


class End(enum.StrEnum):
    """How the peer's side of a connection stood when the harness stopped reading it."""

    CLOSED = "closed"
    RESET = "reset"
    SILENT = "silent"
    UNNOTIFIED = "closed without close_notify"


class Framing(enum.StrEnum):
    """How the end of a response's content was found (RFC 9112, Section 6.3)."""

    NONE = "no content"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"
    TUNNEL = "tunnel"


@dataclass(frozen=True, slots=True)
class Fault:
    """A departure of a response from its own grammar: the judge's rule that it breaks, and what was seen."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response as the strict parser read it. `complete` is false if its content was cut short."""

    version: bytes
    status: int
    reason: bytes
    fields: tuple[FieldLine, ...]
    content: bytes = b""
    trailers: tuple[FieldLine, ...] = ()
    framing: Framing = Framing.NONE
    complete: bool = True
    head: bytes = b""
    faults: tuple[Fault, ...] = ()
    _values: dict[bytes, tuple[bytes, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Every rule of the judge asks every response for a field or two.
        values: dict[bytes, tuple[bytes, ...]] = {}
        for name, value in self.fields:
            values[name.lower()] = (*values.get(name.lower(), ()), value)
        object.__setattr__(self, "_values", values)

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return the values of every field line with this name, in order, whatever its case."""
        return self._values.get(name.lower(), ())

    def members(self, name: bytes) -> tuple[bytes, ...]:
        """Return the members of a comma-separated list field, lower-cased, without empty ones (RFC 9110, Section 5.6.1)."""
        joined = b",".join(self.values(name))
        return tuple(member.strip(b" \t").lower() for member in joined.split(b",") if member.strip(b" \t"))

    @property
    def says_close(self) -> bool:
        """Whether the response carries the "close" connection option (RFC 9112, Section 9.6)."""
        return b"close" in self.members(b"Connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an `Answers` step saw.

    Exactly one holds: `response` is set and complete; `response` is set and incomplete, with the `end` that cut it;
    only `end` is set (nothing came); or `garbage` holds bytes that are no HTTP/1.x response.
    `interim` are the 1xx responses before it. With `partial`, the response is incomplete because what was waited for has
    come, and no more was read.
    """

    response: Response | None = None
    end: End | None = None
    garbage: bytes = b""
    interim: tuple[Response, ...] = ()
    seconds: float = 0.0
    partial: bool = False

    @property
    def final(self) -> Response | None:
        """The response, if it is whole."""
        return self.response if self.response is not None and self.response.complete else None

    @property
    def absent(self) -> bool:
        """Whether it stands on what did not come."""
        return not self.garbage and self.final is None and not self.partial

    def describe(self) -> str:
        """Say what came, as the words of a report. Hostile bytes appear only as escapes."""
        before = "".join(f"{response.status}, then " for response in self.interim)
        if self.response is not None:
            cut = "" if self.response.complete else f", cut short ({self.end or 'malformed content'})"
            cut = ", as far as it was waited for" if self.partial else cut
            what = f"status {self.response.status}" if self.response.status else "the beginning of a status line"
            return f"{before}{what}{cut}"
        if self.garbage:
            return f"{before}bytes that are no HTTP response: {self.garbage[:60]!r}"
        words = {
            End.CLOSED: "the connection closed without an answer",
            End.RESET: "the connection reset without an answer",
            End.SILENT: "no answer in time, the connection still open",
            End.UNNOTIFIED: "the connection closed without an answer and without close_notify",
        }
        return before + (words[self.end] if self.end else "nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an expectation may compare with.

    The rendering of placeholders, the target's plain answer of preflight, the answers that the check has kept by name, and
    the harness's own fixture files.
    """

    render: Callable[[bytes], bytes]
    baseline_status: int
    baseline_content: bytes | None = None
    kept: Mapping[str, Response] = field(default_factory=dict[str, Response])
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
