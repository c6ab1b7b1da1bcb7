"""The queues between the I/O thread and the others: bounds, order, who is woken, and what nobody may sleep over."""

from __future__ import annotations

import select
import threading
import types
from collections.abc import Callable, Iterator

import pytest

from merkhet_reference import queues, wakeup

SECONDS = 10


def started(count: int, target: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=target, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def joined(threads: list[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in threads)


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


# Tasks


class Watched(queues.TaskQueue[int]):
    """A task queue that tells how many sleep, and how many were called."""

    def __init__(self, *, tasks_max: int = 100, workers: int = 0) -> None:
        super().__init__(tasks_max, workers)
        self.calls = 0
        self.going_to_sleep = threading.Semaphore(0)

    @property
    def sleepers(self) -> int:
        return len(self._sleepers)

    def _call(self) -> None:
        self.calls += 1
        super()._call()

    def _sleep(self) -> None:
        self.going_to_sleep.release()
        super()._sleep()


class SlowBed:
    """A lock whose sleeper, once it is called, gets up only when the test lets it."""

    gate = threading.Event()
    fell_asleep = threading.Semaphore(0)

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self) -> None:
        if self._lock.locked():
            self.fell_asleep.release()
            assert self._lock.acquire(timeout=SECONDS)
            assert self.gate.wait(SECONDS)
        else:
            self._lock.acquire()

    def release(self) -> None:
        self._lock.release()


@pytest.fixture
def slow_beds(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[SlowBed]]:
    SlowBed.gate.clear()
    monkeypatch.setattr(queues, "threading", types.SimpleNamespace(Lock=SlowBed))
    yield SlowBed
    SlowBed.gate.set()


def test_the_task_queue_is_full_when_every_worker_is_busy_and_the_bound_waits() -> None:
    tasks = Watched(tasks_max=2, workers=1)
    for number in range(3):
        assert tasks.has_room()
        tasks.put(number)
    assert not tasks.has_room()
    assert tasks.take() == 0
    assert len(tasks) == 2
    assert not tasks.has_room(), "a task that runs still counts"
    tasks.came_back()
    assert tasks.has_room()
    assert tasks.calls == 0, "nobody sleeps"


def test_dismissal_comes_after_the_tasks_before_it() -> None:
    tasks = Watched()
    tasks.put(1)
    tasks.dismiss()
    assert [tasks.take(), tasks.take()] == [1, None]


def test_one_sleeper_is_called_for_a_burst_and_another_when_a_task_has_waited(slow_beds: type[SlowBed]) -> None:
    tasks = Watched()
    taken: list[int] = []
    have_met = threading.Barrier(3, timeout=SECONDS)

    def work() -> None:
        while (task := tasks.take()) is not None:
            taken.append(task)
            have_met.wait()  # passed only when each of the three has a task

    threads = started(3, work)
    for _ in range(3):
        assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    for number in range(3):
        tasks.put(number)
    assert tasks.sleepers == 2, "one is on its way, and nobody else need be"
    assert [tasks.spur(), tasks.sleepers] == [True, 2], "a task has not waited for a turn"
    assert [tasks.spur(), tasks.sleepers] == [True, 1], "now it has"
    assert [tasks.spur(), tasks.sleepers] == [True, 0]
    assert not tasks.spur(), "there is nobody left to call"
    slow_beds.gate.set()
    for _ in threads:
        tasks.dismiss()
    assert joined(threads)
    assert sorted(taken) == [0, 1, 2]


def test_nobody_looks_again_for_a_task_that_somebody_comes_for(slow_beds: type[SlowBed]) -> None:
    tasks = Watched()

    def work() -> None:
        while tasks.take() is not None:
            pass

    threads = started(2, work)
    for _ in threads:
        assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    assert not tasks.spur(), "nothing waits"
    tasks.put(1)
    assert not tasks.spur()
    tasks.put(2)
    assert tasks.spur(), "for the second nobody comes yet"
    slow_beds.gate.set()
    for _ in threads:
        tasks.dismiss()
    assert joined(threads)


def test_a_task_that_is_another_than_a_turn_ago_has_not_waited(slow_beds: type[SlowBed]) -> None:
    """Somebody is awake, and gets on."""
    tasks = Watched()
    first = threading.Event()

    def work() -> None:
        tasks.take()
        first.set()

    threads = started(2, work)
    for _ in threads:
        assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    for number in range(6):
        tasks.put(number)
    slow_beds.gate.set()
    assert first.wait(SECONDS)
    for turn in range(1, 5):
        assert tasks.spur()
        assert tasks.take() == turn
    assert tasks.calls == 1, "for the first of them"
    tasks.dismiss()
    tasks.dismiss()
    assert joined(threads)


def test_who_was_called_in_vain_goes_back_to_sleep_and_can_be_called_again(slow_beds: type[SlowBed]) -> None:
    tasks = Watched()
    taken: list[int | None] = []

    def work() -> None:
        taken.append(tasks.take())

    (thread,) = started(1, work)
    assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    tasks.put(1)
    assert tasks.take() == 1, "another was faster"
    slow_beds.gate.set()
    assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    tasks.put(2)
    assert joined([thread])
    assert taken == [2]


def test_the_last_to_fall_asleep_is_called_first(slow_beds: type[SlowBed]) -> None:
    """Its memory is the warmest."""
    tasks = Watched()
    names: list[str] = []

    def work() -> None:
        while tasks.take() is not None:
            names.append(threading.current_thread().name)

    slow_beds.gate.set()
    threads: list[threading.Thread] = []
    for _ in range(2):
        threads += started(1, work)
        assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    for _ in range(3):
        tasks.put(0)
        assert slow_beds.fell_asleep.acquire(timeout=SECONDS)
    assert names == [threads[1].name] * 3
    for _ in threads:
        tasks.dismiss()
    assert joined(threads)


def test_no_task_is_left_lying_whatever_the_workers_do(hurried: None) -> None:
    """Nobody is blocked here, so nobody need be spurred."""
    tasks = Watched()
    done = threading.Semaphore(0)
    taken: list[int] = []

    def work() -> None:
        while (task := tasks.take()) is not None:
            taken.append(task)
            done.release()

    threads = started(4, work)
    count = 0
    for burst in [1, 2, 3, 4, 5, 9] * 200:
        for _ in range(burst):
            tasks.put(count)
            count += 1
        for _ in range(burst):
            assert done.acquire(timeout=SECONDS), "a task was left lying"
    for _ in threads:
        tasks.dismiss()
    assert joined(threads)
    assert sorted(taken) == list(range(count))
    assert len(tasks) == 0


class Interrupted(list[threading.Lock]):
    """Sleepers who are no sooner in bed than a task comes."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then = then

    def append(self, bed: threading.Lock) -> None:
        super().append(bed)
        self._then()


class InterruptedTasks(queues.TaskQueue[int]):
    def __init__(self, *, is_called: bool) -> None:
        super().__init__(1, 1)
        self._sleepers = Interrupted((lambda: self.put(1)) if is_called else (lambda: self._items.append(1)))

    @property
    def sleepers(self) -> int:
        return len(self._sleepers)


@pytest.mark.parametrize("is_called", [False, True])
def test_a_task_that_comes_while_a_worker_goes_to_bed_is_taken(*, is_called: bool) -> None:
    """By the worker's own look at the tasks, whether who put it has seen the worker already or not."""
    tasks = InterruptedTasks(is_called=is_called)
    assert tasks.take() == 1
    assert tasks.sleepers == 0


@pytest.mark.parametrize("asleep", [False, True])
def test_each_dismissal_ends_one_worker(*, asleep: bool) -> None:
    tasks = Watched()
    ended = threading.Semaphore(0)

    def work() -> None:
        assert tasks.take() is None
        ended.release()

    if not asleep:
        tasks.dismiss()
    threads = started(3, work)
    for _ in range(3 if asleep else 2):
        assert tasks.going_to_sleep.acquire(timeout=SECONDS)
    if asleep:
        tasks.dismiss()
    assert ended.acquire(timeout=SECONDS)
    assert not ended.acquire(blocking=False)
    for _ in range(2):
        tasks.dismiss()
    assert joined(threads)


# Replies


class CountingBell(wakeup.Wakeup):
    def __init__(self) -> None:
        super().__init__()
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
        super().ring()


@pytest.fixture
def bell() -> Iterator[CountingBell]:
    made = CountingBell()
    yield made
    made.close()


def test_replies_ring_once_and_only_while_the_reader_sleeps(bell: CountingBell) -> None:
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


def test_awake_again_without_a_reply_means_no_ring(bell: CountingBell) -> None:
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    assert replies.may_sleep()
    replies.awake()
    replies.put(1)
    assert bell.rings == 0


def test_a_ring_needs_no_reply(bell: CountingBell) -> None:
    queues.ReplyQueue[int](bell).ring()
    assert bell.rings == 1


def test_a_closed_queue_never_touches_the_bell(bell: CountingBell) -> None:
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    assert replies.may_sleep()
    before = replies.is_closed
    replies.close()
    assert (before, replies.is_closed) == (False, True)
    replies.put(1)
    replies.ring()
    assert bell.rings == 0


def test_no_reply_of_many_threads_is_lost_or_out_of_order(bell: CountingBell, hurried: None) -> None:
    replies: queues.ReplyQueue[tuple[int, int]] = queues.ReplyQueue(bell)
    count, producers = 1000, 6
    numbers = iter(range(producers))

    def put_all() -> None:
        producer = next(numbers)
        for number in range(count):
            replies.put((producer, number))

    threads = started(producers, put_all)
    taken: list[tuple[int, int]] = []
    while len(taken) < producers * count:
        if replies.may_sleep():
            assert select.select([bell], [], [], SECONDS)[0], "a reply was slept over"
            bell.drain()
        replies.awake()
        taken += replies.take_all()
    assert joined(threads)
    for producer in range(producers):
        assert [number for of, number in taken if of == producer] == list(range(count))


def test_a_lane_rings_the_bell_of_the_queue_beside_it(bell: CountingBell) -> None:
    replies: queues.ReplyQueue[int] = queues.ReplyQueue(bell)
    lane: queues.Lane[str] = queues.Lane(replies)
    assert replies.may_sleep()
    lane.put("a")
    lane.put("b")
    assert bell.rings == 1
    assert not replies.may_sleep(), "something waits in the lane"
    assert (lane.take_all(), lane.take_all(), replies.take_all()) == (["a", "b"], [], [])
    assert replies.may_sleep()
    replies.awake()
    lane.put("c")
    assert bell.rings == 1
    assert not lane.is_closed
    replies.close()
    assert lane.is_closed
