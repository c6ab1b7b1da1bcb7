"""Who is told of each request once its answer has left, or has failed to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from merkhet_reference.http1.events import RequestHead

LOG = logging.getLogger("merkhet_reference")


@dataclass(slots=True)
class Record:
    """One request and what became of it. `head` is None where what came was refused before it was one.

    `began_at` is monotonic seconds; `first_byte` and `end_byte` are positions in what the connection sends. Only the I/O
    thread.
    """

    head: RequestHead | None
    peer: str
    began_at: float
    received_bytes: int = 0
    status: int = 0
    first_byte: int = 0
    end_byte: int = 0
    sent_bytes: int = 0
    seconds: float = 0.0
    complete: bool = False


@dataclass(slots=True)
class Traffic:
    """What goes through the WebSockets of one server, in all: opened, closed, messages. Only the I/O thread counts."""

    opened: int = 0
    closed: int = 0
    received: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What a server is busy with at a moment: tasks without a worker, tasks not yet done, workers, answers without an end."""

    tasks_waiting: int
    tasks_in_flight: int
    workers: int
    workers_busy: int
    open_answers: int
    traffic: Traffic = field(default_factory=Traffic)


class Observer(Protocol):
    """What counts and logs. Called by the I/O thread alone, but for `started`, so it must never wait."""

    def started(self, load: Callable[[], Load]) -> None:
        """The server starts; `load` may be asked at any time, on any thread, as long as it runs."""
        ...

    def connection_came(self, *, refused: bool) -> None:
        """A connection was accepted; with `refused` only to be told that there are too many."""
        ...

    def connection_closed(self) -> None:
        """A connection that was not refused is gone."""
        ...

    def answered(self, record: Record) -> None:
        """An answer has left whole (`complete`), or its connection is gone."""
        ...


class Careful:
    """An observer that passes on what it is told: a fault of who counts and logs is logged, and ends no thread that serves."""

    __slots__ = ("_observer",)

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def started(self, load: Callable[[], Load]) -> None:
        """Pass it on; here nobody is served yet, so whatever it raises is the caller's."""
        self._observer.started(load)

    def connection_came(self, *, refused: bool) -> None:
        """Pass it on."""
        try:
            self._observer.connection_came(refused=refused)
        except Exception:
            LOG.exception("the observer failed when a connection came")

    def connection_closed(self) -> None:
        """Pass it on."""
        try:
            self._observer.connection_closed()
        except Exception:
            LOG.exception("the observer failed when a connection was closed")

    def answered(self, record: Record) -> None:
        """Pass it on."""
        try:
            self._observer.answered(record)
        except Exception:
            LOG.exception("the observer failed when a request was answered")
