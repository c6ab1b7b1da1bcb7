"""What a target is like before any check: its plain answer, its round trip, whether a status of its means anything.

Two plain GETs that nobody answers end the run: `TargetUnreachable`.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from merkhet.answer import Answer, Response
from merkhet.check import PLAIN_GET
from merkhet.engine.connection import Connection
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline
from merkhet.model import Preflight
from merkhet.template import Names
from merkhet.wire.dial import Dialer, Unreachable

GARBAGE = b"!! no request line !!\r\n\r\n"
ROUND_TRIP_SECONDS_UNKNOWN = 0.25
"""Before anything is measured: gives the longest deadline."""
HALF_A_REQUEST = b"GET {root} HTTP/1.1\r\nHost: {host}\r\n"
"""What a server that gives each connection a worker of its own cannot leave to wait elsewhere."""
PLAIN_GETS = 3


class TargetUnreachable(Exception):  # noqa: N818 - the state of a target, said as one
    """Two plain GETs got no answer: there is nothing to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What preflight found. `connections_max` is how many held connections the target bears and still answers."""

    preflight: Preflight
    baseline: Baseline
    deadlines: Deadlines
    connections_max: int


class Scout:
    """Asks the target what every later judgement is compared with."""

    def __init__(self, dialer: Dialer, names: Names, scale: float) -> None:
        self._dialer = dialer
        self._names = names
        self._scale = scale
        self.deadlines = Deadlines(ROUND_TRIP_SECONDS_UNKNOWN, scale)

    @contextlib.asynccontextmanager
    async def connection(self, purpose: str = "preflight") -> AsyncGenerator[Connection, None]:
        """Open a connection for a while. Raises Unreachable."""
        wire = await self._dialer.dial(purpose, 0, self._dialer.now())
        connection = Connection(wire, self._dialer, self.deadlines)
        try:
            yield connection
        finally:
            await connection.close()

    async def ask(self, request: bytes = PLAIN_GET.request, *, to: str = "GET", half_close: bool = False) -> Answer:
        """Send one request, whose method is `to`, on a fresh connection; return the answer. Raises Unreachable."""
        async with self.connection() as connection:
            await connection.send([self._names.render(request, "preflight")])
            if half_close:
                await connection.half_close()
            return await connection.answer(to, self.deadlines.answer_seconds)

    async def look(self, jobs: int) -> Found:
        """Find out everything. Raises TargetUnreachable."""
        first, second, seconds = await self._plain_answers()
        self.deadlines = Deadlines(seconds, self._scale)
        discriminates = await self._discriminates(second)
        bears = await self._bears(jobs)
        servers = second.values(b"Server")
        return Found(
            preflight=Preflight(
                status=second.status,
                server=servers[0].decode("latin-1") if servers else "",
                discriminates=discriminates,
                one_at_a_time=bears < 2,
                round_trip_seconds=round(seconds, 6),
            ),
            baseline=Baseline(
                status=second.status,
                version=second.version,
                content=second.content if first.content == second.content else None,
                discriminates=discriminates,
            ),
            deadlines=self.deadlines,
            connections_max=max(1, bears),
        )

    async def _plain_answers(self) -> tuple[Response, Response, float]:
        """Return two plain answers and the median round trip, the connection's opening included."""
        answers: list[Response] = []
        times: list[float] = []
        failures: list[str] = []
        while len(answers) < PLAIN_GETS:
            began = self._dialer.now()
            try:
                answer = await self.ask()
            except Unreachable as problem:
                failures.append(str(problem))
            else:
                if answer.final is not None:
                    answers.append(answer.final)
                    times.append(self._dialer.now() - began)
                else:
                    failures.append(answer.describe())
            if len(failures) == 2:
                raise TargetUnreachable(f"two plain GETs got no answer: {failures[0]}; {failures[1]}")
        return answers[0], answers[1], statistics.median(times)

    async def _discriminates(self, plain: Response) -> bool:
        try:
            answer = await self.ask(GARBAGE, half_close=True)
        except Unreachable:
            return True
        return answer.final is None or answer.final.status != plain.status

    async def _bears(self, jobs: int) -> int:
        """Return how many held connections the target bears and still answers another: `jobs`, 2, or fewer."""
        for count in dict.fromkeys((max(jobs, 2), 2)):
            if await self.answers_beside(count):
                return count
        return 1

    async def _hold(self, stack: contextlib.AsyncExitStack) -> None:
        held = await stack.enter_async_context(self.connection("idle"))
        await held.send([self._names.render(HALF_A_REQUEST, "preflight")])

    async def answers_beside(self, count: int) -> bool:
        """Whether a plain GET is answered while so many connections are held, each with half a request.

        They are opened all at once, as a run opens them: a target whose accept queue is short drops some of them, and
        their clients try again a second later. Who was slow to be let in must not be taken for silent.
        """
        began = self._dialer.now()
        async with contextlib.AsyncExitStack() as stack:
            try:
                await asyncio.gather(*(self._hold(stack) for _ in range(count)))
                if self._dialer.now() - began > self.deadlines.answer_seconds:
                    return False
                return (await self.ask()).final is not None
            except Unreachable:
                return False
