"""Where the shards of a campaign run: in this process, in others of this machine, or on a Dask cluster.

A shard is a call that depends on its arguments alone, so it may run anywhere, and once more: a worker that dies takes
nothing with it. Results are handed over in the order of the shards, each once: how many workers there are, and which of
them is the quicker, changes nothing of what is found. Whoever runs them is a `concurrent.futures.Executor`.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import signal
import socket
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

T = TypeVar("T")
Shard = Callable[[], T]
"""A `functools.partial` of a function that another process can import."""
SHARDS_EACH = 2
"""One that a worker is at, and one that it goes on with at once."""
AHEAD_MAX = 64
"""How many shards of each worker may be through before an earlier one is: one that runs again is waited for."""
CONNECT_SECONDS = 10
TICK_SECONDS = 1.0
ALONE_MAX_SECONDS = 60.0
"""So long a cluster may have no worker at all: they may be starting again."""
TRIES = 2
NO_DASK = "--scheduler needs Dask: pip install 'merkhet[distributed]'"


class SchedulerError(Exception):
    """Workers that cannot be had, or that are gone. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Dead:
    """What comes of a shard that ends every process that runs it; `how` is the signal or the exit code."""

    how: str


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers. `make` makes an executor: the first one, and another when a process that died has broken it.

    `width` counts workers. `deaths` are the exceptions of a shard whose worker died, `lost` those of a scheduler that is gone.
    """

    make: Callable[[], Executor]
    width: Callable[[], int]
    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)
    lost: tuple[type[BaseException], ...] = ()
    address: str = ""

    def gone(self, why: object) -> SchedulerError:
        """Return what to raise when nothing more comes from the workers."""
        words = f"{self.address}: the workers are gone ({why}); what was found until now is in the journal"
        return SchedulerError(f"{words}: start a scheduler with workers, and the same command with the same seed")


def in_order(pool: Pool | None, shards: Iterator[Shard[T]]) -> Generator[T | Dead]:
    """Run shards, each drawn when a worker is about to be free, and return their results in the order of the shards.

    With no pool each runs here. Raises SchedulerError where the workers are gone.
    """
    if pool is None:
        for shard in shards:
            yield shard()
        return
    running = _Running[T](pool)
    try:
        while running.draw(shards):
            running.take()
            yield from running.ready()
    except pool.lost as problem:
        raise pool.gone(type(problem).__name__) from problem
    finally:
        running.close()


class _Running(Generic[T]):
    """Shards between being drawn and being handed over; `shards` and `done` are by number."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._executor = pool.make()
        self._shards: dict[int, Shard[T]] = {}
        self._waiting: dict[Future[T], int] = {}
        self._done: dict[int, T | Dead] = {}
        self._drawn = self._given = 0
        self._seconds_alone = 0.0

    def draw(self, shards: Iterator[Shard[T]]) -> bool:
        """Let workers have as many shards as keep them busy. Returns whether there is anything to wait for."""
        width = max(1, self._pool.width())
        while len(self._waiting) < width * SHARDS_EACH and len(self._done) < width * AHEAD_MAX:
            shard = next(shards, None)
            if shard is None:
                break
            self._shards[self._drawn] = shard
            self._waiting[self._submitted(shard)] = self._drawn
            self._drawn += 1
        return bool(self._waiting)

    def _submitted(self, shard: Shard[T]) -> Future[T]:
        try:
            return self._executor.submit(shard)
        except self._pool.deaths as problem:
            # The executor has been broken since somebody last looked: what it still had is dealt with together.
            broken = Future[T]()
            broken.set_exception(problem)
            return broken

    def take(self) -> None:
        """Wait for results. Raises SchedulerError, and what a shard raises."""
        ended, _ = wait(self._waiting, TICK_SECONDS, FIRST_COMPLETED)
        self._seconds_alone = 0.0 if ended or self._pool.width() else self._seconds_alone + TICK_SECONDS
        if self._seconds_alone > ALONE_MAX_SECONDS:
            raise self._pool.gone("there is none left")
        try:
            self._settle(ended)
        except self._pool.deaths:
            self.close()
            self._executor = self._pool.make()
            # All that this executor still had is broken with it, and nobody is told whose fault that was.
            for number in sorted(self._waiting.values()):
                self._done[number] = alone(self._shards[number])
            self._waiting.clear()

    def _settle(self, ended: set[Future[T]]) -> None:
        for future in sorted(ended, key=self._waiting.__getitem__):
            result = future.result()
            self._done[self._waiting.pop(future)] = result

    def ready(self) -> Iterator[T | Dead]:
        """Yield the results that nothing earlier is missing before."""
        while self._given in self._done:
            yield self._done.pop(self._given)
            del self._shards[self._given]
            self._given += 1

    def close(self) -> None:
        """Let go of the workers, whatever they are at."""
        for future in self._waiting:
            future.cancel()
        self._executor.shutdown()


def alone(shard: Shard[T]) -> T | Dead:
    """Run a shard in a process of its own, and once more if that dies. Raises what the shard raises."""
    how = ""
    result: T
    for _ in range(TRIES):
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(shard, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            result, problem = ours.recv()
        except EOFError:
            process.join()
            how = _ending(process.exitcode or 0)
            continue
        finally:
            ours.close()
        process.join()
        if problem is not None:
            raise problem
        return result
    return Dead(how)


def _answer(shard: Shard[T], answers: Connection) -> None:
    try:
        answers.send((shard(), None))
    except Exception as problem:  # noqa: BLE001 - it is raised again by whoever asked
        answers.send((None, problem))


def _ending(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


@contextlib.contextmanager
def workers(jobs: int = 1, address: str = "") -> Generator[Pool | None]:
    """Give so many processes of this machine, none for one, or the workers of the scheduler at this address.

    Raises SchedulerError.
    """
    if address:
        with _cluster(address) as pool:
            yield pool
    elif jobs > 1:
        context = multiprocessing.get_context("spawn")
        yield Pool(lambda: ProcessPoolExecutor(jobs, mp_context=context), lambda: jobs)
    else:
        yield None


@contextlib.contextmanager
def _cluster(address: str) -> Generator[Pool]:
    try:
        distributed: Any = importlib.import_module("distributed")  # an extra, and slow to import
    except ImportError as problem:
        raise SchedulerError(NO_DASK) from problem
    _knock(address)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise SchedulerError(f"{address}: what answers there is no Dask scheduler ({problem})") from problem
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as problem:
            raise SchedulerError(f"{address}: the scheduler has no workers: dask worker {address}") from problem

        def make() -> Executor:
            return cast("Executor", client.get_executor(pure=False))

        def width() -> int:
            return sum(client.nthreads().values())

        yield Pool(make, width, (distributed.KilledWorker,), (CancelledError, OSError), address)


def _knock(address: str) -> None:
    """Raise SchedulerError where nobody listens: a client of Dask's would try for half a minute, and say it in a traceback."""
    try:
        there = urlsplit(address)
        socket.create_connection((there.hostname or "", there.port or 0), CONNECT_SECONDS).close()
    except (OSError, ValueError) as problem:
        wanted = "expected the address of a Dask scheduler, such as tcp://127.0.0.1:8786"
        raise SchedulerError(f"{address}: nobody answers ({problem}): {wanted}") from problem
