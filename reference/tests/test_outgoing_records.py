"""Who is told of each answer once its last octet has left, or never will; over a socket pair. No thread, no clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from channel_wire import GET, Make, Told, answer, channels, end, hear, open_answer, say, what_has_come

from merkhet_reference.observer import Record


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield made


def test_whoever_counts_is_told_when_the_last_octet_has_left(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    first, second = hear(channel, peer, GET * 2, now=1001.0)
    answer(channel, first, b"x" * 100)
    answer(channel, second, b"y" * 4_000_000)
    channel.flush(1002.0)
    (record,) = told.records
    assert record is first.ticket.record
    assert (record.status, record.sent_bytes, record.seconds, record.complete) == (200, 100, 1.0, True)
    assert (record.peer, record.began_at) == ("192.0.2.1", 1001.0)
    now, count = 1003.0, 0
    while len(told.records) < 2:
        assert count < 4_000_100
        count += len(peer.recv(1 << 20))
        now += 1.0
        channel.flush(now)
    record = told.records[1]
    assert (record.sent_bytes, record.seconds, record.complete) == (4_000_000, now - 1001.0, True)


def test_the_end_of_a_stream_is_told_though_it_adds_nothing(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    (task,) = hear(channel, peer, GET)
    say(channel, task, b"x" * 50, 200)
    say(channel, task, b"x" * 50)
    channel.flush(1002.0)
    assert told.records == []
    end(channel, task)
    (record,) = told.records
    assert (record.status, record.sent_bytes, record.seconds, record.complete) == (200, 100, 2.0, True)


def test_an_interim_answer_is_no_part_of_the_one_that_is_told(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    (task,) = hear(channel, peer, GET)
    say(channel, task, b"[interim]")
    answer(channel, task, b"final")
    channel.flush(1000.0)
    assert [(record.status, record.sent_bytes) for record in told.records] == [(200, 5)]


def test_an_answer_that_was_cut_behind_another_is_not_told_as_whole(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    first, second = hear(channel, peer, GET * 2)
    second.ticket.finished, second.ticket.keeps = True, False
    answer(channel, first, b"whole")
    channel.flush(1000.0)
    assert [(record.status, record.complete) for record in told.records] == [(200, True), (0, False)]


def test_what_is_given_up_is_told_once_with_what_has_left_of_it(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    first, second, third = hear(channel, peer, GET * 3)
    answer(channel, first, b"x" * 4_000_000)
    say(channel, second, b"begun", 206)
    channel.flush(1000.0)
    flow = open_answer(channel, third)
    came = len(what_has_come(peer))
    channel.drop()
    channel.abandon_all()
    channel.abandon_all()
    assert not flow.is_open
    outcomes = [(record.status, record.complete) for record in told.records]
    assert outcomes == [(200, False), (206, False), (0, False)]
    assert came <= told.records[0].sent_bytes < 4_000_000
    assert [record.sent_bytes for record in told.records[1:]] == [0, 0]


def test_what_has_left_of_an_answer_that_is_given_up_is_counted(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    (task,) = hear(channel, peer, GET)
    say(channel, task, b"begun", 200)
    channel.flush(1000.0)
    channel.drop()
    channel.abandon_all()
    assert [(record.status, record.sent_bytes, record.complete) for record in told.records] == [(200, 5, False)]


def test_without_an_observer_nobody_is_told(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    assert (first.ticket.record, second.ticket.record) == (None, None)
    second.ticket.record = Record(None, "", 1000.0)
    answer(channel, first, b"1")
    answer(channel, second, b"2")
    channel.flush(1003.0)
    assert what_has_come(peer) == b"12"
    assert (second.ticket.record.complete, second.ticket.record.seconds) == (True, 3.0)
