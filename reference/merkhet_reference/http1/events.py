"""RFC 9112, Section 2.1: Message Format, as the events that a connection's octets come to.

RequestHead, Content (none or more), EndOfMessage, RequestHead, ... and last one of Refused, PeerClosed, PeerAborted.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from merkhet_reference.fields import Fields

Version = tuple[int, int]

# Choice: what is made for every request is a named tuple, which is made four times faster than a frozen dataclass. The
# small events are not tuples, because two tuples of equal content are equal whatever their class.


class Form(enum.StrEnum):
    """The four forms of a request target (RFC 9112, Section 3.2)."""

    ORIGIN = "origin"
    ABSOLUTE = "absolute"
    AUTHORITY = "authority"
    ASTERISK = "asterisk"


class Target(NamedTuple):
    """A request target. `raw` is what stood on the line; `path` and `query` are still percent-encoded.

    `authority` is the target's own: set in absolute-form and authority-form, and where OPTIONS named the server by a URI
    without a path. `query` is None where no "?" stood. The path of the asterisk-form is b"*", of the authority-form b"".
    """

    form: Form
    raw: bytes
    path: bytes
    query: bytes | None = None
    authority: bytes | None = None
    scheme: bytes | None = None


class BodyKind(enum.StrEnum):
    """How the end of a request's content is found (RFC 9112, Section 6.3)."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"


class Framing(NamedTuple):
    """The kind, and for LENGTH the octets of content."""

    kind: BodyKind
    length: int = 0


class RequestHead(NamedTuple):
    """Request line and header section of a request that may be processed.

    `authority` is the one that counts: the target's own in absolute-form, else the Host field's; empty if neither says.
    `persistent` tells whether the connection may outlive this request as far as the request says.
    """

    method: bytes
    target: Target
    version: Version
    fields: Fields
    framing: Framing
    authority: bytes
    persistent: bool
    expects_continue: bool


@dataclass(frozen=True, slots=True)
class Content:
    """Some octets of the content, decoded; never empty. Where pieces divide means nothing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class EndOfMessage:
    """The message is whole. `trailers` are the fields of the trailer section, apart from the header section's."""

    trailers: Fields


@dataclass(frozen=True, slots=True)
class Refused:
    """What came cannot or will not be processed: answer with `status`, say close, linger. Nothing follows.

    `asks_head` tells that its method was HEAD, as far as there was one to see: then the answer has no content.
    """

    status: int
    why: str
    asks_head: bool = False


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """The peer sends no more, and stopped between two messages."""


@dataclass(frozen=True, slots=True)
class PeerAborted:
    """The peer sends no more, and stopped inside a message: what came of it is incomplete (RFC 9112, Section 8)."""


Event = RequestHead | Content | EndOfMessage | Refused | PeerClosed | PeerAborted
