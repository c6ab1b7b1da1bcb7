"""What is said to one client: in order, bounded, and nobody sleeps over room that was made."""

from __future__ import annotations

import threading

import pytest

from merkhet_reference.outlet import Once, Outlet, turnstile

SECONDS = 10
Said = Outlet[str]


class Sender:
    """A thread that puts, and says what came of it."""

    def __init__(self, said: Said, data: bytes, seconds: float = SECONDS) -> None:
        self._answer: bool | None = None

        def put() -> None:
            self._answer = said.put(data, seconds)

        self._thread = threading.Thread(target=put, daemon=True)
        self._thread.start()

    def answer(self) -> bool | None:
        self._thread.join(SECONDS)
        return self._answer


def test_what_is_put_is_taken_in_order() -> None:
    said: Said = Outlet(10)
    assert said.take() is None
    assert said.put(b"one")
    assert said.put(b"two", make=lambda data: data.upper())
    assert len(said) == 2
    assert [said.take(), said.take(), said.take()] == [b"one", b"TWO", None]


def test_there_is_room_below_the_bound_and_the_last_piece_may_go_beyond() -> None:
    said: Said = Outlet(10)
    assert said.put(b"x" * 9)
    assert said.has_room
    assert said.put(b"x" * 100)
    assert not said.put(b"x")
    said.take()
    assert not said.put(b"x", 0.001)
    said.take()
    assert said.put(b"x" * 10)
    assert not said.put(b"x")
    assert said.is_open, "who finds no room decides what becomes of it"


def test_who_waits_goes_on_when_there_is_room() -> None:
    said: Said = Outlet(10)
    assert said.put(b"x" * 10)
    senders = [Sender(said, b"%d" % number) for number in range(3)]
    assert said.take() == b"x" * 10
    assert [sender.answer() for sender in senders] == [True] * 3
    assert sorted(filter(None, (said.take() for _ in range(4)))) == [b"0", b"1", b"2"]


@pytest.mark.parametrize("is_said", [True, False])
def test_who_waits_is_let_go_at_the_end(*, is_said: bool) -> None:
    said: Said = Outlet(10)
    assert said.put(b"x" * 10)
    sender = Sender(said, b"y")
    if is_said:
        said.end("bye")
    else:
        said.shut()
    assert sender.answer() is False
    assert not said.put(b"z")


def test_the_last_word_is_said_once_behind_all_else() -> None:
    said: Said = Outlet(10)
    said.put(b"one")
    assert said.end("first")
    assert not said.end("second")
    assert (said.last, said.take(), said.is_open) == ("first", b"one", False)


def test_nothing_is_left_behind_the_end() -> None:
    said: Said = Outlet(10)
    said.put(b"one")
    said.shut()
    assert (said.take(), said.end("late")) == (None, False)
    assert said.last is None


def test_what_is_made_is_counted_as_it_was_made() -> None:
    said: Said = Outlet(10)
    assert said.put(b"x" * 20, make=lambda data: data[:9])
    assert said.has_room
    assert said.put(b"x", make=lambda data: data * 2)
    assert not said.has_room


@pytest.mark.usefixtures("hurried")
def test_nobody_sleeps_over_room() -> None:
    said: Said = Outlet(3)
    count = 300
    senders = [threading.Thread(target=lambda: [said.put(b"xx", SECONDS) for _ in range(count)]) for _ in range(3)]
    for sender in senders:
        sender.start()
    taken = 0
    while taken < count * len(senders):
        taken += said.take() is not None
    for sender in senders:
        sender.join(SECONDS)
        assert not sender.is_alive()
    assert said.take() is None


def test_once_is_once() -> None:
    once = Once()
    assert [once.is_first(), once.is_first()] == [True, False]


def test_a_turnstile_lets_one_through() -> None:
    gate = turnstile()
    with gate:
        assert not gate.acquire(blocking=False)
    assert gate.acquire(blocking=False)
