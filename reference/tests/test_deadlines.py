"""Deadlines, told the time."""

from __future__ import annotations

from merkhet_reference.deadlines import NEVER, Deadlines


def test_what_is_due_comes_in_the_order_of_its_times_and_once() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 30.0)
    deadlines.set(2, 10.0)
    deadlines.set(3, 20.0)
    assert deadlines.next_at() == 10.0
    assert deadlines.pop_due(9.9) == []
    assert deadlines.pop_due(20.0) == [2, 3]
    assert deadlines.pop_due(20.0) == []
    assert deadlines.next_at() == 30.0


def test_a_deadline_that_moves_later_is_not_due_at_its_old_time() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.set(1, 50.0)
    assert deadlines.next_at() == 10.0, "the stale entry is still the heap's first"
    assert deadlines.pop_due(10.0) == []
    assert deadlines.next_at() == 50.0
    assert deadlines.pop_due(50.0) == [1]


def test_a_deadline_that_moves_earlier_is_due_once_at_its_new_time() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 50.0)
    deadlines.set(1, 10.0)
    assert deadlines.pop_due(10.0) == [1]
    assert deadlines.pop_due(60.0) == []
    assert deadlines.next_at() == NEVER


def test_never_takes_a_deadline_away() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.set(1, NEVER)
    assert deadlines.pop_due(1e9) == []
    assert deadlines.next_at() == NEVER
    deadlines.set(1, 2e9)
    assert deadlines.pop_due(2e9) == [1]


def test_what_is_forgotten_is_never_due_even_if_its_number_comes_again() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.forget(1)
    deadlines.forget(1)
    deadlines.set(1, 30.0)
    assert deadlines.pop_due(10.0) == []
    assert deadlines.pop_due(30.0) == [1]
