"""Whether the target still lives: asked when a check saw it behave as if it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from merkhet.engine.preflight import Scout
from merkhet.template import Names
from merkhet.wire.dial import Dialer, Unreachable

TRIES = 3
PAUSE_SECONDS = 0.2
"""Between two tries: time for a supervisor to put a new worker in the place of a dead one."""


class Health:
    """Sends plain GETs. One question at a time: workers that ask together wait for each other."""

    def __init__(self, names: Names, scale: float, alive: Callable[[], bool] | None) -> None:
        self._names = names
        self._scale = scale
        self._alive = alive
        self._asking = asyncio.Lock()

    def moved(self, names: Names) -> None:
        """The target was started again and may be known by another host."""
        self._names = names

    async def lives(self, dialer: Dialer) -> bool:
        """Whether the target answers a plain GET, in up to three tries."""
        async with self._asking:
            for number in range(TRIES):
                if number:
                    await asyncio.sleep(PAUSE_SECONDS)
                if self._alive is not None and not self._alive():
                    return False
                if await self._answers(dialer):
                    return True
            return False

    async def _answers(self, dialer: Dialer) -> bool:
        try:
            answer = await Scout(dialer, self._names, self._scale).ask()
        except Unreachable:
            return False
        return answer.final is not None
