"""Workers: as many as there are, and whichever of them dies, what is found is what one process finds."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import dying
import pytest
from broken import chunked

from merkhet_fuzz import campaign, mutate, oracles, parsers, scheduler, seeds
from merkhet_fuzz.campaign import Campaign
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.render import render
from merkhet_fuzz.scheduler import Dead, Pool, SchedulerError

LABEL = "dying.parse:chunked"
INPUTS = 3000
SEED = 5
MIDDLE = 1345
"""The input at which a worker dies, in the middle of its shard: what it had seen before is lost with it."""
needs_kill = pytest.mark.skipif(os.name != "posix", reason="a process is killed")


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let whoever comes to the input in the middle die, the first time. Return the mark that it leaves."""
    mark = tmp_path / "died"
    octets = b"".join(render(mutate.make(Kind.CHUNKED, SEED, MIDDLE)).segments)
    monkeypatch.setenv(dying.OCTETS, octets.hex())
    monkeypatch.setenv(dying.MARK, str(mark))
    return mark


def ran(jobs: int = 1, address: str = "") -> Campaign:
    made = Campaign(parsers.load(LABEL), SEED, 600.0, INPUTS, jobs, address, seeds=seeds.of(Kind.CHUNKED))
    made.run()
    return made


@pytest.fixture(scope="module")
def alone() -> Campaign:
    """The same campaign in this process, where nobody dies."""
    made = ran()
    assert len(made.found) > 3
    assert any(finding.others for finding in made.found.values())
    return made


@contextlib.contextmanager
def cluster() -> Generator[str]:
    """Give the address of a scheduler with three worker processes, which are started again when they die."""
    distributed = pytest.importorskip("distributed", reason="no Dask here: pip install 'merkhet[distributed]'")
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", silence_logs=50
    ) as made:
        yield made.scheduler_address


@needs_kill
def test_processes_find_what_one_finds_though_one_of_them_is_killed(killer: Path, alone: Campaign) -> None:
    made = ran(jobs=2)
    assert killer.exists()
    assert (made.inputs, made.found) == (INPUTS, alone.found)


@needs_kill
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_finds_what_one_finds_though_a_worker_is_killed(killer: Path, alone: Campaign) -> None:
    with cluster() as address:
        made = ran(address=address)
    assert killer.exists()
    assert (made.inputs, made.found) == (INPUTS, alone.found)


@needs_kill
def test_an_input_that_ends_every_process_is_a_finding(killer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(dying.MARK)
    monkeypatch.setattr(campaign, "BATCH_INPUTS", 50)
    made = Campaign(parsers.load(LABEL), SEED, 600.0, 2000, 2)
    made.run()
    assert not killer.exists()
    died = made.found["died.SIGKILL"]
    assert died.found_after == MIDDLE + 1
    assert made.inputs + made.skipped == 2000
    assert made.skipped == 50 - MIDDLE % 50 - 1


def test_results_come_in_the_order_of_the_shards() -> None:
    with scheduler.workers(3) as pool:
        shards: Iterator[scheduler.Shard[int]] = (partial(pow, number, 2) for number in range(50))
        assert list(scheduler.in_order(pool, shards)) == [number**2 for number in range(50)]


def test_a_shard_that_ends_its_process_is_told_in_its_place_and_costs_no_other() -> None:
    calls: list[scheduler.Shard[int]] = [partial(abs, number) for number in range(12)]
    calls[3] = partial(os._exit, 9)
    with scheduler.workers(2) as pool:
        results = list(scheduler.in_order(pool, iter(calls)))
    assert results == [0, 1, 2, Dead("exit code 9"), *range(4, 12)]


class Answering(Executor):
    """An executor of which every shard comes to this, at once; to nothing ever, if it is None. It can be told to be broken."""

    def __init__(self, problem: BaseException | None, *, is_broken: bool = False) -> None:
        self._problem = problem
        self._is_broken = is_broken

    def submit(self, _fn: Callable[..., Any], /, *_args: Any, **_named: Any) -> Future[Any]:
        if self._is_broken:
            raise BrokenExecutor
        future = Future[Any]()
        if self._problem is not None:
            future.set_exception(self._problem)
        return future


def test_an_executor_that_is_found_broken_is_replaced() -> None:
    executors: list[Executor] = [ThreadPoolExecutor(2), Answering(None, is_broken=True)]
    calls: list[scheduler.Shard[int]] = [partial(abs, number) for number in range(8)]
    assert list(scheduler.in_order(Pool(executors.pop, lambda: 2), iter(calls))) == list(range(8))
    assert executors == []


def test_a_scheduler_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(lambda: Answering(CancelledError()), lambda: 1, lost=(CancelledError,), address="tcp://there:1")
    with pytest.raises(SchedulerError, match="tcp://there:1: the workers are gone"):
        list(scheduler.in_order(pool, iter([partial(abs, 1)])))
    monkeypatch.setattr(scheduler, "TICK_SECONDS", 0.001)
    monkeypatch.setattr(scheduler, "ALONE_MAX_SECONDS", 0.002)
    with pytest.raises(SchedulerError, match="there is none left"):
        list(scheduler.in_order(Pool(lambda: Answering(None), lambda: 0), iter([partial(abs, 1)])))


def test_a_shard_is_drawn_only_when_somebody_is_about_to_be_free() -> None:
    drawn: list[int] = []

    def shards() -> Iterator[scheduler.Shard[int]]:
        for number in range(1000):
            drawn.append(number)
            yield partial(abs, number)

    with scheduler.workers(2) as pool:
        results = scheduler.in_order(pool, shards())
        next(results)
        assert len(drawn) <= 2 * scheduler.SHARDS_EACH
        results.close()


def test_what_a_shard_raises_is_raised() -> None:
    with scheduler.workers(2) as pool, pytest.raises(ZeroDivisionError):
        list(scheduler.in_order(pool, iter([partial(divmod, 1, 0)])))
    with pytest.raises(ZeroDivisionError):
        scheduler.alone(partial(divmod, 1, 0))


def test_a_process_that_ends_is_told_with_its_code() -> None:
    assert scheduler.alone(partial(os._exit, 7)) == Dead("exit code 7")


@pytest.mark.parametrize("address", ["nowhere", "tcp://127.0.0.1:port", "tcp://127.0.0.1:1"])
def test_an_address_where_nobody_answers_is_told(address: str) -> None:
    pytest.importorskip("distributed", reason="no Dask here: pip install 'merkhet[distributed]'")
    with pytest.raises(SchedulerError, match="expected the address of a Dask scheduler"), scheduler.workers(1, address):
        pass


def test_a_loop_is_ended_on_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles, "HANG_SECONDS", 0.05)
    labels: list[str] = []

    def work() -> None:
        looping = chunked(loops=True)
        seen = campaign.replay(looping, Input.parse("chunked.body#0 chunk1.size:vt-behind"))
        labels.extend(suspicion.label for suspicion in seen)
        assert campaign.replay(looping, Input.parse("chunked.body#0")) == []
        labels.append("went on")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert labels == ["hang", "went on"]


def test_a_parser_is_named_by_its_module() -> None:
    assert [parser.label for parser in parsers.find(LABEL)] == [LABEL]
    with pytest.raises(parsers.ParserError, match=r"expected MODULE\.FUNCTION:KIND"):
        parsers.find("dying.no_such:chunked")
    with pytest.raises(parsers.ParserError, match="expected NAME:KIND"):
        parsers.find("dying.parse")
