"""How much of an open answer may wait, who waits for room, and who is let go."""

from __future__ import annotations

import threading

from merkhet_reference import queues

SECONDS = 10


class Waiter:
    """A thread that waits for room."""

    def __init__(self, flow: queues.Flow, count: int, seconds: float = SECONDS) -> None:
        self.said: bool | None = None

        def put() -> None:
            self.said = flow.put(count, seconds)

        self._thread = threading.Thread(target=put, daemon=True)
        self._thread.start()

    def answer(self) -> bool | None:
        self._thread.join(SECONDS)
        return self.said


def test_a_flow_has_room_up_to_its_bound() -> None:
    flow = queues.Flow(10, b"")
    assert flow.put(4, 0.0)
    assert flow.put(6, 0.0)
    assert not flow.put(1, 0.0)
    flow.took(3)
    assert flow.put(3, 0.0)
    assert not flow.put(1, 0.0)
    assert flow.is_open, "who finds no room decides what becomes of it"


def test_a_piece_larger_than_all_room_waits_until_nothing_waits() -> None:
    flow = queues.Flow(10, b"")
    assert flow.put(100, 0.0)
    assert not flow.put(1, 0.0)
    flow.took(99)
    assert not flow.put(100, 0.0)
    flow.took(1)
    assert flow.put(100, 0.0)


def test_what_nobody_counted_makes_no_room() -> None:
    flow = queues.Flow(10, b"")
    flow.took(500)  # the head
    assert flow.put(11, 0.0), "nothing waits"
    assert not flow.put(1, 0.0)


def test_waiting_for_room_ends_with_its_time() -> None:
    flow = queues.Flow(10, b"")
    assert flow.put(10, 0.0)
    assert Waiter(flow, 1, seconds=0.01).answer() is False


def test_waiting_for_room_ends_when_there_is_some() -> None:
    flow = queues.Flow(10, b"")
    assert flow.put(10, 0.0)
    small, large = Waiter(flow, 5), Waiter(flow, 10)
    flow.took(5)
    assert small.answer() is True
    flow.took(10)
    assert large.answer() is True


def test_close_lets_everybody_go_and_says_once_that_it_was_open() -> None:
    flow = queues.Flow(10, b"")
    assert flow.put(10, 0.0)
    waiters = [Waiter(flow, 1) for _ in range(3)]
    assert flow.close()
    assert [waiter.answer() for waiter in waiters] == [False] * 3
    assert not flow.close()
    assert not flow.put(0, 0.0)
    flow.took(10)
    assert not flow.put(1, 0.0), "room is nothing to who has gone"


def test_many_writers_never_have_more_waiting_than_there_is_room(hurried: None) -> None:
    flow = queues.Flow(10, b"")
    put = threading.Semaphore(0)
    lock = threading.Lock()
    waiting = [0]
    most: list[int] = []

    def write() -> None:
        for _ in range(200):
            assert flow.put(3, SECONDS)
            with lock:
                waiting[0] += 3
                most.append(waiting[0])
            put.release()

    threads = [threading.Thread(target=write, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(800):
        assert put.acquire(timeout=SECONDS), "a writer waits though there is room"
        with lock:
            waiting[0] -= 3
        flow.took(3)
    for thread in threads:
        thread.join(SECONDS)
    assert max(most) <= 10
