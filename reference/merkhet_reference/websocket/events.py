"""RFC 6455, Section 5, as the events that a client's octets come to.

Message, Ping and Pong in any number; last one of PeerClosing, Failed and PeerGone. Behind a Close or a failure nothing is
read any more (Sections 5.5.1 and 7.1.7).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What a message is made of."""

    TEXT = "text"
    BINARY = "binary"


@dataclass(slots=True)
class Message:
    """A whole message: text as str, binary as bytes, whatever the frames were that it came in."""

    data: str | bytes

    @property
    def kind(self) -> Kind:
        """Whether it is text or binary."""
        return Kind.TEXT if isinstance(self.data, str) else Kind.BINARY

    @property
    def text(self) -> str:
        """The text. Raises TypeError where it is binary."""
        if isinstance(self.data, str):
            return self.data
        raise TypeError("this message is binary")


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks for a Pong with this payload."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """The client answers a Ping, or just says that it is there (Section 5.5.3)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PeerClosing:
    """The client has sent a Close. `code` is close.NO_STATUS where it said none."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """What came breaks a rule or is too much: the connection is failed with this code (Section 7.1.7).

    `answer` is the Close that says so; none where ours has gone already.
    """

    code: int
    why: str
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class PeerGone:
    """The client sends no more, and has sent no Close."""


Event = Message | Ping | Pong | PeerClosing | Failed | PeerGone
