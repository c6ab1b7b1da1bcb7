"""One connection over a socket pair: order of answers, backpressure, staged close, time limits. No thread, no clock."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from merkhet_reference import poller
from merkhet_reference.channel import CONTINUE, Channel, Dispatch, Phase
from merkhet_reference.deadlines import NEVER
from merkhet_reference.limits import Limits

LIMITS = Limits(
    idle_seconds_max=100.0, head_seconds_max=10.0, content_seconds_max=20.0, send_seconds_max=30.0,
    linger_seconds_max=2.0, linger_bytes_max=1000, requests_in_flight_max=3, response_queue_bytes_max=1000,
)  # fmt: skip
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"

Make = Callable[..., tuple[Channel, socket.socket]]


def always() -> bool:
    return True


def never() -> bool:
    return False


@pytest.fixture
def make() -> Iterator[Make]:
    """A channel that opened at second 1000, and its peer."""
    socks: list[socket.socket] = []

    def made(limits: Limits = LIMITS) -> tuple[Channel, socket.socket]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.settimeout(10)
        socks.extend((ours, theirs))
        return Channel(1, ours, limits, 1000.0), theirs

    yield made
    for sock in socks:
        sock.close()


def phase(channel: Channel) -> Phase:
    """The phase now: a type checker believes that an attribute stays as it was asserted."""
    return channel.phase


def hear(channel: Channel, peer: socket.socket, data: bytes, now: float = 1000.0) -> list[Dispatch]:
    peer.sendall(data)
    channel.read(now)
    return list(channel.requests(always))


def answer(channel: Channel, dispatch: Dispatch, data: bytes, *, keeps: bool = True) -> None:
    dispatch.ticket.data.append(data)
    dispatch.ticket.finished, dispatch.ticket.keeps = True, keeps
    channel.advance()


def all_that_comes(peer: socket.socket) -> bytes:
    return b"".join(iter(lambda: peer.recv(65536), b""))


def test_a_whole_request_is_dispatched_with_its_content_and_answered(make: Make) -> None:
    channel, peer = make()
    assert hear(channel, peer, POST + b"a") == []
    (dispatch,) = hear(channel, peer, b"bc")
    assert (dispatch.head.method, dispatch.content, len(dispatch.trailers)) == (b"POST", b"abc", 0)
    answer(channel, dispatch, b"answer")
    channel.flush(1000.0)
    assert peer.recv(100) == b"answer"
    assert phase(channel) is Phase.OPEN
    assert len(hear(channel, peer, GET)) == 1


def test_answers_leave_in_the_order_of_their_requests(make: Make) -> None:
    channel, peer = make()
    first, second, third = hear(channel, peer, GET * 3)
    answer(channel, third, b"3")
    answer(channel, second, b"2")
    channel.flush(1000.0)
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(100)
    answer(channel, first, b"1")
    channel.flush(1000.0)
    assert peer.recv(100) == b"123"


def test_a_part_of_the_first_answer_leaves_before_its_end(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    first.ticket.data.append(b"begun")
    answer(channel, second, b"2")
    channel.flush(1000.0)
    assert peer.recv(100) == b"begun"


def test_nothing_is_parsed_without_room(make: Make) -> None:
    channel, peer = make()
    peer.sendall(GET * 2)
    channel.read(1000.0)
    assert list(channel.requests(never)) == []
    room = iter((True, True, False))  # the head, the end of the message, and no more
    assert len(list(channel.requests(lambda: next(room)))) == 1


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


def test_requests_in_flight_are_bounded(make: Make) -> None:
    channel, peer = make()
    dispatches = hear(channel, peer, GET * 5)
    assert len(dispatches) == 3
    assert channel.is_held_back()
    assert channel.wanted_interest() == 0
    answer(channel, dispatches[0], b"1")
    assert not channel.is_held_back()
    assert len(list(channel.requests(always))) == 1


def test_with_one_request_in_flight_its_own_content_is_still_read(make: Make) -> None:
    channel, peer = make(Limits(requests_in_flight_max=1))
    assert hear(channel, peer, POST) == []
    assert channel.wanted_interest() == poller.READ
    (dispatch,) = hear(channel, peer, b"abc" + GET)
    assert dispatch.content == b"abc"
    assert channel.is_held_back()


def test_a_peer_that_does_not_read_is_held_back_and_its_stream_not_pulled(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, GET)
    dispatch.ticket.data.append(b"x" * 2000)
    dispatch.ticket.stream = iter([b"more"])
    channel.advance()
    assert channel.is_held_back()
    assert channel.wants_piece() is None
    assert channel.wanted_interest() == poller.WRITE
    channel.flush(1000.0)
    assert channel.wants_piece() is dispatch.ticket
    assert channel.wanted_interest() == poller.READ


def test_only_the_first_ticket_is_pulled(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    second.ticket.stream = iter([b"more"])
    assert channel.wants_piece() is None
    answer(channel, first, b"1")
    assert channel.wants_piece() is second.ticket


def test_continue_is_said_unless_content_has_come(make: Make) -> None:
    head = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    channel, peer = make()
    hear(channel, peer, head)
    channel.flush(1000.0)
    assert peer.recv(100) == CONTINUE
    channel, peer = make()
    assert len(hear(channel, peer, head + b"abc")) == 1
    channel.flush(1000.0)
    peer.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.recv(100)


def test_a_refusal_waits_for_the_answers_before_it_and_ends_the_connection(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, GET + b"no request\r\n\r\n" + GET)
    channel.flush(1000.0)
    assert phase(channel) is Phase.OPEN
    answer(channel, dispatch, b"[first]")
    channel.flush(1000.0)
    assert phase(channel) is Phase.LINGERING
    came = all_that_comes(peer)
    assert came.startswith(b"[first]HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in came


def test_a_refusal_of_content_takes_the_place_of_its_request(make: Make) -> None:
    channel, peer = make()
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert hear(channel, peer, chunked + b"zz\r\n") == []
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 400 ")
    assert came.count(b"HTTP/1.1") == 1


def test_an_incomplete_message_is_answered_400(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST + b"a")
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    assert list(channel.requests(always)) == []
    channel.flush(1000.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 400 ")
    assert phase(channel) is Phase.GONE, "nothing more can come, so there is nothing to linger for"


def test_a_half_closed_peer_still_gets_its_answers(make: Make) -> None:
    channel, peer = make()
    peer.sendall(GET)
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    (dispatch,) = channel.requests(always)
    channel.read(1000.0)
    assert list(channel.requests(always)) == []
    assert phase(channel) is Phase.LAST
    assert channel.wanted_interest() == 0, "a descriptor at its end is readable for ever"
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    answer(channel, dispatch, b"answer")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"answer"


def test_the_last_answer_ends_in_stages(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, LAST + GET)
    answer(channel, dispatch, b"bye", keeps=False)
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"bye"
    assert phase(channel) is Phase.LINGERING
    assert channel.wanted_interest() == poller.READ
    assert hear(channel, peer, GET) == []
    assert phase(channel) is Phase.LINGERING
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    assert phase(channel) is Phase.GONE


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
    channel.overdue()
    assert phase(channel) is Phase.GONE


def test_what_is_queued_behind_the_last_answer_is_given_up(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2 + POST)
    second.ticket.stream = iter([b"never"])
    answer(channel, first, b"1", keeps=False)
    assert not channel.tickets
    assert second.ticket in channel.abandoned
    channel.finish()  # the message that was being read is forgotten with the rest
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"1"


def test_finish_forgets_a_message_that_is_not_whole_and_waits_for_the_others(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, GET + POST)
    channel.finish()
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    answer(channel, dispatch, b"1")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"1"


def test_a_reset_gives_the_connection_up(make: Make) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as peer:
        ours, _ = listener.accept()
        with ours:
            channel = Channel(1, ours, LIMITS, 1000.0)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
            channel.read(1000.0)
            assert phase(channel) is Phase.GONE


def test_a_peer_that_left_is_noticed_while_sending(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, GET)
    peer.close()
    answer(channel, dispatch, b"answer")
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE


def test_nothing_to_read_changes_nothing(make: Make) -> None:
    channel, _ = make()
    channel.read(1000.0)
    assert (channel.phase, list(channel.requests(always))) == (Phase.OPEN, [])


def test_the_idle_limit_ends_without_a_word(make: Make) -> None:
    channel, peer = make()
    assert channel.deadline() == 1100.0
    channel.flush(1050.0)
    assert channel.deadline() == 1100.0, "a turn of the loop is no progress"
    channel.overdue()
    channel.flush(1100.0)
    assert all_that_comes(peer) == b""
    assert phase(channel) is Phase.LINGERING


def test_the_time_of_a_head_runs_from_its_first_octet(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, b"GET", now=1050.0)
    hear(channel, peer, b" ", now=1059.0)
    assert channel.deadline() == 1060.0
    channel.overdue()
    channel.flush(1060.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 408 ")


def test_the_time_of_content_runs_from_its_last_octet(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST, now=1050.0)
    hear(channel, peer, b"a", now=1060.0)
    channel.flush(1065.0)
    assert channel.deadline() == 1080.0
    channel.overdue()
    channel.flush(1080.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 408 ")


def test_behind_a_408_no_request_is_read(make: Make) -> None:
    channel, peer = make()
    (dispatch,) = hear(channel, peer, GET + POST)
    channel.overdue()
    assert hear(channel, peer, b"abc" + GET) == []
    answer(channel, dispatch, b"[first]")
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
    (dispatch,) = hear(channel, peer, GET)
    answer(channel, dispatch, b"x" * 4_000_000)
    channel.flush(1010.0)
    assert channel.wanted_interest() & poller.WRITE
    assert channel.deadline() == 1040.0
    channel.flush(1020.0)
    assert channel.deadline() == 1040.0, "the peer took nothing, so its time goes on"
    peer.recv(1_000_000)
    channel.flush(1030.0)
    assert channel.deadline() == 1060.0
    channel.overdue()
    assert phase(channel) is Phase.GONE
