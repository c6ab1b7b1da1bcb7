"""Deadlines, told the time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("later", [10.0, 50.0, NEVER])
def test_a_later_time_changes_nothing(later: float) -> None:
    """Whoever is looked at too soon says so, and is looked at again."""
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.set(1, later)
    assert deadlines.next_at() == 10.0
    assert deadlines.pop_due(10.0) == [1]
    assert deadlines.pop_due(1e9) == []
    assert deadlines.next_at() == NEVER


def test_a_sooner_time_takes_the_place_of_the_later_one() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 50.0)
    deadlines.set(1, 10.0)
    assert deadlines.pop_due(10.0) == [1]
    assert deadlines.next_at() == NEVER
    assert deadlines.pop_due(60.0) == []


def test_behind_a_look_any_time_may_be_set() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 50.0)
    deadlines.set(1, 10.0)
    assert deadlines.pop_due(10.0) == [1]
    deadlines.set(1, 70.0)
    assert deadlines.next_at() == 70.0, "what is left of the fifties is nobody's"
    assert deadlines.pop_due(60.0) == []
    assert deadlines.pop_due(70.0) == [1]


def test_never_is_no_time_to_wake_up_at() -> None:
    deadlines = Deadlines()
    deadlines.set(1, NEVER)
    assert deadlines.next_at() == NEVER
    assert deadlines.pop_due(1e9) == []
    deadlines.set(1, 2e9)
    assert deadlines.pop_due(2e9) == [1]


def test_what_is_forgotten_is_never_due_even_if_its_number_comes_again() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.set(2, 20.0)
    deadlines.forget(1)
    deadlines.forget(1)
    assert deadlines.next_at() == 20.0, "nobody is woken for what is gone"
    deadlines.set(1, 30.0)
    assert deadlines.pop_due(10.0) == []
    assert deadlines.pop_due(30.0) == [2, 1]


def test_what_is_forgotten_and_set_again_to_the_same_time_is_due_once() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10.0)
    deadlines.forget(1)
    deadlines.set(1, 10.0)
    assert deadlines.pop_due(10.0) == [1]


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(1, 4), st.integers(0, 9).map(float)),
        st.tuples(st.just("forget"), st.integers(1, 4), st.just(0.0)),
        st.tuples(st.just("pop"), st.just(0), st.integers(0, 9).map(float)),
    )
)


@given(MOVES)
def test_it_is_a_table_of_the_soonest_times(moves: list[tuple[str, int, float]]) -> None:
    deadlines = Deadlines()
    table: dict[int, float] = {}
    for move, serial, when in moves:
        if move == "set":
            deadlines.set(serial, when)
            table[serial] = min(when, table.get(serial, NEVER))
        elif move == "forget":
            deadlines.forget(serial)
            table.pop(serial, None)
        else:
            due = sorted(name for name, at in table.items() if at <= when)
            assert sorted(deadlines.pop_due(when)) == due
            for name in due:
                del table[name]
        assert deadlines.next_at() == min(table.values(), default=NEVER)
