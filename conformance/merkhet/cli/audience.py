"""Who is told of a run while it goes on."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from merkhet.engine.plan import RunEvent


class Audience(Protocol):
    """Entered when the run begins, left when it has ended, and told of every event between."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, event: RunEvent) -> None:
        """Take notice of what happened."""
        ...
