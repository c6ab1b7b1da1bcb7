"""The two queues: their bound, their order, and the one ring a sleep."""

from __future__ import annotations

import threading

import pytest

from merkhet_reference import queues, wakeup


class CountingBell(wakeup.Wakeup):
    def __init__(self) -> None:
        super().__init__()
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
        super().ring()


def test_an_owner_lets_only_its_own_thread_pass() -> None:
    owner = queues.Owner()
    owner.check()
    thread = threading.Thread(target=owner.claim)
    thread.start()
    thread.join()
    owner.thread = (owner.thread or 0) + 1  # a number that cannot be reused for this thread
    with pytest.raises(queues.WrongThreadError):
        owner.check()
    owner.claim()
    owner.check()
    owner.thread = -1
    owner.release()
    owner.check()


def test_the_task_queue_is_full_when_every_worker_is_busy_and_the_bound_waits() -> None:
    tasks: queues.TaskQueue[int] = queues.TaskQueue(tasks_max=2, workers=1)
    for number in range(3):
        assert tasks.has_room()
        tasks.put(number)
    assert not tasks.has_room()
    assert tasks.take() == 0
    assert not tasks.has_room(), "a task that runs still counts"
    tasks.came_back()
    assert tasks.has_room()


def test_dismissal_comes_after_the_tasks_before_it() -> None:
    tasks: queues.TaskQueue[str] = queues.TaskQueue(tasks_max=9, workers=1)
    tasks.put("first")
    tasks.dismiss()
    assert [tasks.take(), tasks.take()] == ["first", None]


def test_replies_ring_once_and_only_while_the_reader_sleeps() -> None:
    bell = CountingBell()
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    replies.put(1)
    assert bell.rings == 0, "the reader is awake and will look"
    assert not replies.may_sleep()
    assert replies.take_all() == [1]
    assert replies.may_sleep()
    replies.put(2)
    replies.put(3)
    assert bell.rings == 1
    replies.awake()
    assert replies.take_all() == [2, 3]
    assert replies.take_all() == []
    bell.close()


def test_awake_again_without_a_reply_means_no_ring() -> None:
    bell = CountingBell()
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    assert replies.may_sleep()
    replies.awake()
    replies.put(1)
    assert bell.rings == 0
    bell.close()


def test_a_closed_queue_never_touches_the_bell() -> None:
    bell = CountingBell()
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    assert replies.may_sleep()
    replies.close()
    replies.put(1)
    replies.ring()
    assert bell.rings == 0
    bell.close()


def test_no_reply_is_lost_between_many_threads() -> None:
    bell = wakeup.Wakeup()
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    count = 2000

    def put_all() -> None:
        for number in range(count):
            replies.put(number)

    threads = [threading.Thread(target=put_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    taken: list[int] = []
    while len(taken) < 3 * count:
        if replies.may_sleep():
            assert _rings_within_ten_seconds(bell), "a reply was slept over"
            bell.drain()
        replies.awake()
        taken += replies.take_all()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted([*range(count)] * 3)
    bell.close()


def _rings_within_ten_seconds(bell: wakeup.Wakeup) -> bool:
    import select

    return bool(select.select([bell], [], [], 10)[0])
