"""The pool: threads that run what is put before them, and end when they are asked to."""

from __future__ import annotations

import threading

from task_rig import replies as replies
from task_rig import task

from merkhet_reference import message, queues
from merkhet_reference.tasks import Reply, Task
from merkhet_reference.workers import Pool


def test_the_pool_runs_what_was_put_and_ends(replies: queues.ReplyQueue[Reply]) -> None:
    tasks: queues.TaskQueue[Task] = queues.TaskQueue(tasks_max=10, workers=2)
    pool = Pool(tasks, 2)
    threads: set[int] = set()
    both = threading.Barrier(2, timeout=10)

    def handler(request: message.Request) -> None:
        both.wait()  # passed only where two handlers run at once
        threads.add(threading.get_ident())
        request.respond(200)

    pool.start()
    for _ in range(2):
        tasks.put(task(handler, replies))
    assert pool.stop(10), "dismissing a worker calls it, so the second task is not left to the first one"
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    assert len(replies.take_all()) == 2


def test_a_pool_with_a_handler_that_never_returns_says_so(replies: queues.ReplyQueue[Reply]) -> None:
    tasks: queues.TaskQueue[Task] = queues.TaskQueue(tasks_max=10, workers=1)
    pool = Pool(tasks, 1)
    entered, leave = threading.Event(), threading.Event()

    def handler(request: message.Request) -> None:
        entered.set()
        leave.wait(10)
        request.respond(200)

    pool.start()
    tasks.put(task(handler, replies))
    assert entered.wait(10)
    assert not pool.stop(0)
    leave.set()
    assert pool.stop(10)
