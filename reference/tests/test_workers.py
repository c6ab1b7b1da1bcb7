"""The pool of threads that run tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from task_rig import replies as replies
from task_rig import task

from merkhet_reference import message, queues
from merkhet_reference.tasks import DropTask, Reply, Task
from merkhet_reference.workers import Pool

SECONDS = 10


@pytest.fixture
def tasks() -> queues.TaskQueue[Task]:
    return queues.TaskQueue(tasks_max=10, workers=2)


def test_the_pool_runs_what_was_put_and_ends(tasks: queues.TaskQueue[Task], replies: queues.ReplyQueue[Reply]) -> None:
    pool = Pool(tasks, 2)
    threads: set[int] = set()
    both = threading.Barrier(2, timeout=SECONDS)

    def handler(request: message.Request) -> None:
        both.wait()  # passed only where two handlers run at once
        threads.add(threading.get_ident())
        request.respond(200)

    pool.start()
    for _ in range(2):
        tasks.put(task(handler, replies))
    assert pool.stop(SECONDS), "dismissing a worker calls it, so the second task is not left to the first one"
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    assert len(replies.take_all()) == 2


def test_what_was_put_before_the_end_is_run_before_it(
    tasks: queues.TaskQueue[Task], replies: queues.ReplyQueue[Reply]
) -> None:
    """What the loop leaves behind when it ends, streams to be closed, is still done."""
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b""
        finally:
            closed.append(True)

    for _ in range(3):
        begun = pieces()
        next(begun)
        tasks.put(DropTask(begun, replies))
    pool = Pool(tasks, 1)
    pool.start()
    assert pool.stop(SECONDS)
    assert closed == [True] * 3


@pytest.mark.parametrize("raised", [ValueError, SystemExit, asyncio.CancelledError, KeyboardInterrupt])
def test_a_worker_survives_its_handlers(
    tasks: queues.TaskQueue[Task], replies: queues.ReplyQueue[Reply], raised: type[BaseException]
) -> None:
    threads: list[int] = []

    def handler(request: message.Request) -> None:
        threads.append(threading.get_ident())
        raise raised

    pool = Pool(tasks, 1)
    pool.start()
    for _ in range(3):
        tasks.put(task(handler, replies))
    assert pool.stop(SECONDS)
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert [reply.status for reply in replies.take_all()] == [500] * 3


def test_a_pool_with_a_handler_that_never_returns_says_so(
    tasks: queues.TaskQueue[Task], replies: queues.ReplyQueue[Reply]
) -> None:
    pool = Pool(tasks, 1)
    entered, leave = threading.Event(), threading.Event()

    def handler(request: message.Request) -> None:
        entered.set()
        leave.wait(SECONDS)
        request.respond(200)

    pool.start()
    tasks.put(task(handler, replies))
    assert entered.wait(SECONDS)
    assert not pool.stop(0)
    leave.set()
    assert pool.stop(SECONDS)


def test_the_threads_of_a_pool_have_names_and_keep_no_process_alive(tasks: queues.TaskQueue[Task]) -> None:
    pool = Pool(tasks, 2)
    pool.start()
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("merkhet-worker-")]
    assert pool.stop(SECONDS)
    assert {thread.name for thread in workers} == {"merkhet-worker-0", "merkhet-worker-1"}
    assert all(thread.daemon for thread in workers)
