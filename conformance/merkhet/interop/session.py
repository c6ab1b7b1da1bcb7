"""What a client is asked to do on a WebSocket, and what it says that it heard. No client is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

NORMAL = (1000, "")

Message = str | bytes
Said = Message | tuple[str, ...] | tuple[bytes, ...]
"""A message, or the fragments of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One WebSocket: what is offered, what is said at once, and how it ends."""

    path: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    protocols: tuple[str, ...] = ()
    compress: bool = False
    says: tuple[Said, ...] = ()
    ping: bytes | None = None
    """A Ping that is sent behind the messages, and whose Pong is waited for."""
    awaits: int = 0
    """How many messages are waited for before the end."""
    closes: tuple[int, str] | None = NORMAL
    """The Close that the client sends behind them; None if the server is to send the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came, as the client tells it. `error`: the client calls it none of WebSocket, and why."""

    protocol: str = ""
    extensions: str = ""
    messages: tuple[Message, ...] = ()
    code: int | None = None
    """The code of the Close that came: 1005 if it had none, 1006 if none came."""
    reason: str = ""
    error: str = ""


class SocketClient(Protocol):
    """A client library or program that speaks WebSocket."""

    name: str

    def version(self) -> str:
        """Return its version, "" if it is not installed."""
        ...

    def listen(self, base: str, session: Session) -> Heard:
        """Hold one session. Raises NotMineError; whatever else fails is in `error`."""
        ...
