"""What the I/O thread is told by workers, and the place in the order of answers that it is told for.

| object | made by | changed by |
|---|---|---|
| Ticket, Upload | I/O thread | I/O thread; workers only carry it along |
| Reply | worker, or any thread that writes to an open answer | nobody |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from merkhet_reference import message, queues
from merkhet_reference.endpoint import WebSocketHandler
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Observer, Record, Traffic
from merkhet_reference.outbox import FileSegment, Part
from merkhet_reference.session import Session
from merkhet_reference.websocket import close


class Receiver(Protocol):
    """The task of a handler that takes content as it comes, while it waits for more."""

    @property
    def ticket(self) -> Ticket:
        """The request's place."""
        ...

    def take(self, pieces: list[bytes], trailers: Fields | None) -> None:
        """Add what has come; `trailers` with the last of it. The I/O thread, while no worker has this task."""
        ...

    def run(self) -> None:
        """Hand the pieces on. A worker."""
        ...

    def close(self) -> None:
        """Let the handler know that no more will come. A worker."""
        ...


@dataclass(slots=True)
class Upload:
    """Content that a handler takes piece by piece. `receiver` is its generator while no worker has it."""

    pieces: list[bytes] = field(default_factory=list[bytes])
    waiting_bytes: int = 0
    trailers: Fields | None = None
    receiver: Receiver | None = None
    invited: bool = False

    @property
    def is_due(self) -> bool:
        """Whether a worker should go on with it."""
        return self.receiver is not None and (bool(self.pieces) or self.trailers is not None)


@dataclass(slots=True, eq=False)
class Ticket:
    """One request's place in the order of its connection's answers. `serial` names the connection.

    `data` came for it and has not been moved to the connection's outbox; `finished` says that no more will come. `status`
    is that of the answer once it has begun, and 0 before.
    """

    serial: int
    data: deque[Part] = field(default_factory=deque[Part])
    finished: bool = False
    keeps: bool = True
    is_safe: bool = True
    status: int = 0
    stream: Iterator[bytes] | None = None
    upload: Upload | None = None
    flow: queues.Flow | None = None
    record: Record | None = None
    may_switch: bool = False
    """Whether another protocol was asked for: until this is answered, nobody knows what follows on the connection."""


class More:
    """What a reply asks for beside having its octets sent."""

    __slots__ = ()

    def give_up(self) -> object:
        """Give up what nobody waits for any more; return what a worker is to close, as it is an application's, or None."""
        return None


@dataclass(slots=True, frozen=True)
class Cut(More):
    """The answer cannot be completed: the client must see it incomplete."""


@dataclass(slots=True, frozen=True)
class Pull(More):
    """More of the answer comes from `stream`, whenever the client has room."""

    stream: Iterator[bytes]

    def give_up(self) -> object:
        """Leave the stream to be closed."""
        return self.stream


@dataclass(slots=True, frozen=True)
class Parts(More):
    """More of the answer, segments of files among it."""

    parts: tuple[Part, ...]

    def give_up(self) -> object:
        """Close the files."""
        close_parts(self.parts)
        return None


@dataclass(slots=True, frozen=True)
class Open(More):
    """More of the answer comes from any thread, until one says that it is finished."""

    flow: queues.Flow

    def give_up(self) -> object:
        """Let those who write know that nobody reads."""
        self.flow.close()
        return None


@dataclass(slots=True, frozen=True)
class Receive(More):
    """The handler waits for more of the request's content."""

    receiver: Receiver

    def give_up(self) -> object:
        """Leave the handler to be ended."""
        return self.receiver


@dataclass(slots=True, frozen=True)
class Switch(More):
    """The connection is a WebSocket from here on."""

    session: Session

    def give_up(self) -> object:
        """The client has gone before it was one; its handler is told so."""
        self.session.end(close.ABNORMAL, "")
        return None


@dataclass(slots=True)
class Reply:
    """What the I/O thread is told: octets for a ticket, and what becomes of it. `status` is 0 but with the head."""

    ticket: Ticket
    data: bytes
    status: int = 0
    finished: bool = False
    keeps: bool = True
    ends_task: bool = True
    more: More | None = None


@dataclass(slots=True, frozen=True)
class Service:
    """What every connection of one server shares: its application, the way back to the I/O thread, and its limits."""

    handler: message.Handler
    replies: queues.ReplyQueue[Reply]
    limits: Limits
    admit: Callable[[RequestHead], message.Admission] | None = None
    observer: Observer | None = None
    open_answers: queues.Tally = field(default_factory=queues.Tally)
    websocket_handler: WebSocketHandler | None = None
    traffic: Traffic = field(default_factory=Traffic)

    sessions: queues.Lane[Session] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", queues.Lane[Session](self.replies))


def close_parts(parts: Iterable[Part]) -> None:
    """Close the files among parts that will never be sent."""
    for part in parts:
        if isinstance(part, FileSegment):
            part.close()
