"""One connection as its time goes by: limits, lingering, a graceful stop, and the handshake before it all. No clock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from channel_wire import (
    GET,
    LAST,
    LIMITS,
    POST,
    Layer,
    Make,
    Told,
    all_that_comes,
    answer,
    channels,
    connected,
    hear,
    hear_end,
    open_answer,
    phase,
    tasks_of,
    what_has_come,
)

from merkhet_reference import poller
from merkhet_reference.deadlines import NEVER
from merkhet_reference.outgoing import Phase


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield made


# Time limits


def test_the_idle_limit_ends_without_a_word(make: Make) -> None:
    channel, peer = make()
    assert channel.deadline() == 1100.0
    channel.flush(1050.0)
    assert channel.deadline() == 1100.0, "a turn of the loop is no progress"
    channel.overdue(1100.0)
    channel.flush(1100.0)
    assert all_that_comes(peer) == b""
    assert phase(channel) is Phase.LINGERING


def test_the_time_of_a_head_runs_from_its_first_octet(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, b"GET", now=1050.0)
    hear(channel, peer, b" ", now=1059.0)
    assert channel.deadline() == 1060.0
    channel.overdue(1060.0)
    channel.flush(1060.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 408 ")


def test_the_time_of_a_head_that_follows_runs_from_its_own_first_octet(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, b"GET", now=1050.0)
    (task,) = hear(channel, peer, GET[3:] + b"GET", now=1059.0)
    answer(channel, task, b"")
    assert channel.deadline() == 1069.0


def test_the_time_of_content_runs_from_its_last_octet(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST, now=1050.0)
    hear(channel, peer, b"a", now=1060.0)
    channel.flush(1065.0)
    assert channel.deadline() == 1080.0
    channel.overdue(1080.0)
    channel.flush(1080.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 408 ")


def test_behind_a_408_no_request_is_read(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET + POST)
    channel.overdue(1080.0)
    assert hear(channel, peer, b"abc" + GET) == []
    answer(channel, task, b"[first]")
    channel.flush(1080.0)
    came = all_that_comes(peer)
    assert came.startswith(b"[first]HTTP/1.1 408 ")
    assert came.count(b"HTTP/1.1") == 1


def test_a_handler_has_all_the_time_it_needs(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, GET)
    assert channel.deadline() == NEVER


def test_a_peer_that_never_reads_is_cut(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    answer(channel, task, b"x" * 4_000_000)
    channel.flush(1010.0)
    assert channel.wanted_interest() & poller.WRITE
    assert channel.deadline() == 1040.0
    channel.flush(1020.0)
    assert channel.deadline() == 1040.0, "the peer took nothing, so its time goes on"
    peer.recv(1_000_000)
    channel.flush(1030.0)
    assert channel.deadline() == 1060.0
    channel.overdue(1060.0)
    assert phase(channel) is Phase.GONE


def test_what_is_queued_for_a_full_socket_has_its_own_time_to_be_read(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    with contextlib.suppress(BlockingIOError):
        while channel.sock.send(bytes(65536)):
            pass
    answer(channel, task, b"1")
    channel.flush(1050.0)
    assert channel.deadline() == 1080.0


def test_what_waits_for_a_worker_is_neither_read_nor_timed(make: Make) -> None:
    channel, peer = make()
    peer.sendall(GET)
    channel.read(1000.0)
    assert channel.wait_for_worker()
    assert channel.wanted_interest() == 0
    assert channel.deadline() == NEVER
    channel.go_on(5000.0)
    assert channel.wanted_interest() == poller.READ
    assert channel.deadline() == 5010.0, "the head has its time from now on"


def test_a_connection_without_input_does_not_wait_for_a_worker(make: Make) -> None:
    channel, _ = make()
    assert not channel.wait_for_worker()
    assert channel.wanted_interest() == poller.READ
    assert channel.deadline() == 1100.0


# Open answers


def test_silence_of_an_open_answer_is_broken_by_its_heartbeat(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    flow = open_answer(channel, task)
    channel.flush(1000.0)
    assert channel.deadline() == NEVER
    flow.heartbeat, flow.heartbeat_seconds = b"[beat]", 15.0
    assert channel.deadline() == 1015.0
    channel.overdue(1015.5)
    channel.flush(1015.5)
    assert channel.deadline() == 1030.5
    task.ticket.data.append(b"[event]")
    channel.advance()
    channel.flush(1020.0)
    assert channel.deadline() == 1035.0, "what is sent is no silence"
    assert what_has_come(peer) == b"[head][beat][event]"


def test_half_a_head_behind_an_open_answer_takes_no_heartbeat_from_it(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    flow = open_answer(channel, task)
    flow.heartbeat, flow.heartbeat_seconds = b"[beat]", 15.0
    channel.flush(1000.0)
    hear(channel, peer, b"GET /", now=1001.0)
    channel.overdue(1016.0)
    channel.flush(1016.0)
    assert what_has_come(peer) == b"[head][beat]"
    assert len(channel.tickets) == 1


def test_only_the_first_answer_beats(make: Make) -> None:
    channel, peer = make()
    _, second = hear(channel, peer, GET * 2)
    open_answer(channel, second).heartbeat_seconds = 15.0
    assert channel.deadline() == NEVER


# Lingering


def test_lingering_throws_away_what_comes_until_the_peer_ends(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, LAST + GET)
    answer(channel, task, b"bye", keeps=False)
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"bye"
    assert channel.wanted_interest() == poller.READ
    assert hear(channel, peer, GET) == []
    assert phase(channel) is Phase.LINGERING
    assert hear_end(channel, peer) is Phase.GONE


def test_lingering_ends_after_its_octets(make: Make) -> None:
    channel, peer = make()
    channel.finish()
    channel.flush(1000.0)
    hear(channel, peer, b"x" * 1000)
    assert phase(channel) is Phase.LINGERING
    hear(channel, peer, b"x")
    assert phase(channel) is Phase.GONE


def test_lingering_ends_after_its_time_whatever_comes(make: Make) -> None:
    channel, peer = make()
    channel.answer_last(503, "enough")
    channel.flush(1000.0)
    assert channel.deadline() == 1002.0
    hear(channel, peer, b"x", now=1001.5)
    channel.flush(1001.5)
    assert channel.deadline() == 1002.0
    channel.overdue(1002.0)
    assert phase(channel) is Phase.GONE


@pytest.mark.parametrize("wire", [POST, POST + b"abc"], ids=["not whole", "waiting for its turn"])
def test_finish_forgets_what_no_handler_has_and_waits_for_the_others(make: Make, wire: bytes) -> None:
    told = Told()
    channel, peer = make(observer=told)
    (task,) = hear(channel, peer, GET + wire)
    channel.finish()
    assert [(record.status, record.complete) for record in told.records] == [(0, False)]
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    answer(channel, task, b"1")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"1"


# Stopping


def test_an_idle_connection_is_ended_without_a_word(make: Make) -> None:
    channel, peer = make()
    channel.stop()
    channel.flush(1000.0)
    assert all_that_comes(peer) == b""
    assert phase(channel) is Phase.LINGERING


def test_what_a_handler_has_is_answered_and_says_close(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    channel.stop()
    channel.flush(1000.0)
    assert (phase(channel), first.persists, second.persists) == (Phase.LAST, True, False)
    answer(channel, second, b"2", keeps=second.persists)
    answer(channel, first, b"1", keeps=first.persists)
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"12"


@pytest.mark.parametrize(
    "wire",
    [b"GET / HT", POST, POST + b"ab", POST + b"abc", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + GET],
    ids=["half a head", "no content", "half of the content", "waiting for its turn", "waiting, and another behind"],
)
def test_what_no_handler_has_is_told_503_behind_the_answers_before_it(make: Make, wire: bytes) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET + wire)
    channel.stop()
    assert tasks_of(channel) == []
    answer(channel, task, b"[first]")
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"[first]HTTP/1.1 503 ")
    assert b"\r\nConnection: close\r\n" in came
    assert came.count(b"HTTP/1.1") == 1
    assert phase(channel) is Phase.LINGERING


@pytest.mark.parametrize("flushed", [False, True])
def test_a_connection_that_ends_already_gets_no_second_word(make: Make, *, flushed: bool) -> None:
    channel, peer = make()
    hear(channel, peer, b"GET")
    channel.overdue(1010.0)
    if flushed:
        channel.flush(1010.0)
    channel.stop()
    channel.flush(1010.0)
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 408 ")
    assert came.count(b"HTTP/1.1") == 1
    assert phase(channel) is Phase.LINGERING


def test_an_open_answer_ends_whole_where_it_has_come_to(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    flow = open_answer(channel, task)
    flow.ends_anywhere = True
    channel.stop()
    assert not flow.is_open
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"[head][end]"
    assert phase(channel) is Phase.LINGERING


def test_an_open_answer_that_its_writer_has_ended_is_not_ended_twice(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    flow = open_answer(channel, task)
    flow.close()
    channel.stop()
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    answer(channel, task, b"[its own end]")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"[head][its own end]"


# TLS


def test_a_handshake_has_the_time_of_a_head_whatever_comes_and_waits(make: Make) -> None:
    channel, peer = make(layer=Layer())
    hear(channel, peer, b"1", now=1009.0)
    assert channel.deadline() == 1010.0, "an octet now and then does not stretch it"
    channel.answer_last(503, "there are too many")
    channel.flush(1009.5)
    assert (channel.deadline(), channel.wanted_interest()) == (1010.0, poller.READ), "it waits for the handshake's end"
    channel.overdue(1010.0)
    assert phase(channel) is Phase.GONE


def test_behind_the_handshake_a_head_has_time_of_its_own(make: Make) -> None:
    channel, peer = make(layer=Layer())
    hear(channel, peer, b"h", now=1009.0)
    channel.flush(1009.0)
    assert channel.deadline() == 1109.0
    hear(channel, peer, b"GET", now=1050.0)
    hear(channel, peer, b" ", now=1051.0)
    assert channel.deadline() == 1060.0


def test_what_is_known_before_the_handshake_is_said_behind_it(make: Make) -> None:
    channel, peer = make(layer=Layer())
    channel.answer_last(503, "there are too many")
    channel.flush(1000.0)
    assert what_has_come(peer) == b""
    hear(channel, peer, b"h")
    assert channel.wanted_interest() == poller.WRITE
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"H<HTTP/1.1 503 ")
    assert came.endswith(b">bye")


def test_what_is_no_tls_is_told_so_and_given_up(make: Make) -> None:
    channel, peer = make(layer=Layer(), sockets=connected)
    hear(channel, peer, b"!")
    assert phase(channel) is Phase.GONE
    channel.sock.close()
    assert all_that_comes(peer) == b"alert"


def test_an_end_under_tls_is_the_end_of_what_the_peer_says(make: Make) -> None:
    channel, peer = make(LIMITS, layer=Layer())
    (task,) = hear(channel, peer, b"h" + GET)
    assert hear_end(channel, peer) is Phase.LAST
    answer(channel, task, b"1")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"H<1>bye"
