"""One connection over a socket pair: reading, requests, refusals, backpressure. No thread, no clock.

Waiting and time limits are in test_channel_times.py, content by pieces in test_channel_uploads.py; what leaves, and in
which order, in test_outgoing.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from channel_wire import (
    EXPECTING,
    GET,
    LAST,
    POST,
    Make,
    Told,
    all_that_comes,
    answer,
    channels,
    hear,
    hear_end,
    open_answer,
    phase,
    tasks_of,
    what_has_come,
)
from websocket_wire import HANDSHAKE

from merkhet_reference import message, poller
from merkhet_reference.channel import CONTINUE, Channel
from merkhet_reference.deadlines import NEVER
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import EndOfMessage
from merkhet_reference.limits import Limits
from merkhet_reference.observer import Record
from merkhet_reference.outgoing import Phase


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield made


# Reading


def test_a_whole_request_is_dispatched_with_its_content_and_answered(make: Make) -> None:
    channel, peer = make()
    assert channel.descriptor == channel.sock.fileno()
    assert hear(channel, peer, POST + b"a") == []
    (task,) = hear(channel, peer, b"bc")
    assert (task.head.method, task.content, len(task.trailers)) == (b"POST", b"abc", 0)
    answer(channel, task, b"answer")
    channel.flush(1000.0)
    assert peer.recv(100) == b"answer"
    assert phase(channel) is Phase.OPEN
    (task,) = hear(channel, peer, GET)
    assert task.content == b""


def test_no_more_is_parsed_than_is_asked_for(make: Make) -> None:
    channel, peer = make()
    peer.sendall(GET * 2)
    channel.read(1000.0)
    assert not channel.tickets
    assert channel.next_task() is not None
    assert len(channel.tickets) == 1
    assert channel.next_task() is not None
    assert channel.next_task() is None


def test_the_end_of_a_message_that_was_given_up_changes_nothing(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    channel.take_event(EndOfMessage(Fields()))
    assert list(channel.tickets) == [task.ticket]
    assert channel.next_task() is None


def test_nothing_to_read_changes_nothing(make: Make) -> None:
    channel, _ = make()
    channel.read(1000.0)
    assert (channel.phase, tasks_of(channel)) == (Phase.OPEN, [])


def test_a_reset_gives_the_connection_up(make: Make) -> None:
    channel, peer = make()
    channel.sock.send(b"unread octets make a reset of a close")
    peer.close()
    channel.read(1000.0)
    assert phase(channel) is Phase.GONE


def test_an_incomplete_message_is_answered_400(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST + b"a")
    hear_end(channel, peer)
    channel.flush(1000.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 400 ")
    assert phase(channel) is Phase.GONE, "nothing more can come, so there is nothing to linger for"


def test_a_half_closed_peer_still_gets_its_answers(make: Make) -> None:
    channel, peer = make()
    peer.sendall(GET)
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    (task,) = tasks_of(channel)
    channel.read(1000.0)
    assert tasks_of(channel) == []
    assert phase(channel) is Phase.LAST
    assert channel.wanted_interest() == 0, "a descriptor at its end is readable for ever"
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    answer(channel, task, b"answer")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"answer"


@pytest.mark.parametrize("wire", [GET, LAST, b"GET / HTTP/1.0\r\n\r\n", GET + b"garbage\r\n\r\n"])
def test_an_answer_without_end_is_over_when_its_client_has_said_that_it_is_done(make: Make, wire: bytes) -> None:
    channel, peer = make()
    task, *_ = hear(channel, peer, wire)
    open_answer(channel, task)
    assert not channel.is_left
    assert hear_end(channel, peer) is Phase.GONE


def test_an_answer_without_end_that_is_begun_for_a_peer_that_is_done_is_over_too(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, LAST)
    assert hear_end(channel, peer) is Phase.OPEN
    assert channel.wanted_interest() == 0, "a descriptor at its end is readable for ever"
    before = channel.is_left
    open_answer(channel, task)
    begun = channel.is_left
    task.ticket.finished = True
    assert (before, begun, channel.is_left) == (False, True, False)


def test_an_open_answer_that_has_its_end_is_sent_to_a_half_closed_peer(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    open_answer(channel, task)
    task.ticket.data.extend((b"x" * 2000, b"[rest]"))
    task.ticket.finished = True
    channel.advance()
    assert hear_end(channel, peer) is Phase.OPEN, "what waits for the peer holds it back"
    channel.flush(1000.0)
    assert tasks_of(channel) == []
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"[head]" + b"x" * 2000 + b"[rest]"


# Requests


def test_an_unsafe_request_runs_beside_no_other(make: Make) -> None:
    channel, peer = make()
    (get,) = hear(channel, peer, GET + POST + b"abc" + GET)
    assert channel.stopped_early
    assert channel.is_held_back(), "the POST waits for the GET before it"
    answer(channel, get, b"1")
    (post,) = tasks_of(channel)
    answer(channel, post, b"2")
    (behind,) = tasks_of(channel)
    assert (post.head.method, behind.head.method) == (b"POST", b"GET")
    assert not channel.stopped_early


def test_a_request_waits_for_none_that_is_answered(make: Make) -> None:
    channel, peer = make()
    (post,) = hear(channel, peer, POST + b"abc" + GET)
    post.ticket.finished = True
    assert len(tasks_of(channel)) == 1


def test_requests_in_flight_are_bounded(make: Make) -> None:
    channel, peer = make()
    in_flight = hear(channel, peer, GET * 5)
    assert len(in_flight) == 3
    assert channel.is_held_back()
    assert channel.stopped_early
    assert channel.wanted_interest() == 0
    answer(channel, in_flight[0], b"1")
    assert not channel.is_held_back()
    assert len(tasks_of(channel)) == 1


def test_with_one_request_in_flight_its_own_content_is_still_read(make: Make) -> None:
    channel, peer = make(Limits(requests_in_flight_max=1))
    assert hear(channel, peer, POST) == []
    assert channel.wanted_interest() == poller.READ
    (task,) = hear(channel, peer, b"abc" + GET)
    assert task.content == b"abc"
    assert channel.is_held_back()


def test_content_that_is_collected_is_read_to_its_end(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST.replace(b"3", b"100000") + b"x" * 5000)
    assert not channel.is_held_back(), "nobody else would ever make room for it"


def test_a_peer_that_does_not_read_is_not_read_either(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    task.ticket.data.append(b"x" * 1000)
    channel.advance()
    assert not channel.is_held_back()
    task.ticket.data.append(b"x")
    channel.advance()
    assert hear(channel, peer, GET) == []
    assert (channel.is_held_back(), channel.stopped_early, channel.wanted_interest()) == (True, True, poller.WRITE)
    channel.flush(1000.0)
    assert (channel.is_held_back(), channel.wanted_interest()) == (False, poller.READ)
    assert not channel.settles_itself(), "what has come before is to be parsed"
    assert len(tasks_of(channel)) == 1


def test_an_end_waits_for_a_worker_as_a_request_does(make: Make) -> None:
    channel, peer = make()
    peer.shutdown(socket.SHUT_WR)
    channel.read(1000.0)
    assert channel.wait_for_worker()
    channel.finish()
    assert not channel.wait_for_worker()


def test_a_request_that_waited_for_another_waits_for_a_worker_too(make: Make) -> None:
    channel, peer = make()
    (get,) = hear(channel, peer, GET + POST + b"abc")
    answer(channel, get, b"1")
    assert channel.wait_for_worker(), "its turn has come while there is no room, and nothing else would tell"


def test_continue_is_said_unless_content_has_come(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, EXPECTING)
    channel.flush(1000.0)
    assert peer.recv(100) == CONTINUE
    channel, peer = make()
    assert len(hear(channel, peer, EXPECTING + b"abc")) == 1
    channel.flush(1000.0)
    assert what_has_come(peer) == b""


@pytest.mark.parametrize(
    ("admission", "length", "status"),
    [
        (message.Admission(), 16, b"413"),
        (message.Admission(content_bytes_max=16), 16, b"100"),
        (message.Admission(content_bytes_max=16), 17, b"413"),
        (message.Admission(streams=True), 16, b""),
        (message.Admission(streams=True), 33, b"413"),
        (message.Admission(streams=True, content_bytes_max=4), 5, b"413"),
    ],
)
def test_the_application_says_how_much_it_takes_before_the_client_is_invited(
    make: Make, admission: message.Admission, length: int, status: bytes
) -> None:
    limits = Limits(content_bytes_max=8, stream_content_bytes_max=32)
    channel, peer = make(limits, admit=lambda head: admission)
    taken = hear(channel, peer, EXPECTING.replace(b"3", b"%d" % length))
    channel.flush(1000.0)
    assert len(taken) == (not status), "a handler that takes pieces is called at once, and then it is for it to invite"
    came = what_has_come(peer)
    assert came.startswith(b"HTTP/1.1 " + status) if status else came == b""


# Refusals


def test_a_refusal_waits_for_the_answers_before_it_and_ends_the_connection(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET + b"no request\r\n\r\n" + GET)
    channel.flush(1000.0)
    assert phase(channel) is Phase.OPEN
    answer(channel, task, b"[first]")
    channel.flush(1000.0)
    assert phase(channel) is Phase.LINGERING
    came = all_that_comes(peer)
    assert came.startswith(b"[first]HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nConnection: close\r\n" in came


@pytest.mark.parametrize(("method", "has_content"), [(b"POST", True), (b"HEAD", False)])
def test_a_refusal_of_content_takes_the_place_of_its_request(make: Make, method: bytes, *, has_content: bool) -> None:
    told = Told()
    channel, peer = make(observer=told)
    chunked = method + b" / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert hear(channel, peer, chunked + b"4\r\nabcd\r\nzz\r\n") == []
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 400 ")
    assert came.count(b"HTTP/1.1") == 1
    assert came.endswith(b"\r\n\r\n") is not has_content
    (record,) = told.records
    assert record.head is not None
    assert (record.head.method, record.status, record.received_bytes) == (method, 400, 4)


def test_an_answer_to_half_a_request_with_head_has_no_content(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, POST.replace(b"POST", b"HEAD") + b"a")
    hear_end(channel, peer)
    channel.flush(1000.0)
    assert all_that_comes(peer).endswith(b"\r\n\r\n")


def test_a_refusal_of_content_that_waits_for_its_turn_has_no_time_limit(make: Make) -> None:
    channel, peer = make()
    hear(channel, peer, GET + POST.replace(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"zz\r\n")
    assert channel.deadline() == NEVER


def test_what_was_refused_before_it_was_a_request_has_its_record(make: Make) -> None:
    told = Told()
    channel, peer = make(observer=told)
    hear(channel, peer, b"HEAD / HTTP/1.1\r\n\r\n", now=1003.0)
    channel.flush(1004.0)
    came = all_that_comes(peer)
    assert came.endswith(b"\r\n\r\n"), "a refusal of HEAD has no content"
    assert told.records == [
        Record(None, "192.0.2.1", 1003.0, 0, 400, 0, len(came), len(came), seconds=1.0, complete=True)
    ]


# Settling


def test_a_connection_behind_a_request_that_is_dispatched_settles_itself(make: Make) -> None:
    channel, peer = make()
    assert channel.settles_itself()
    (task,) = hear(channel, peer, GET)
    assert channel.settles_itself()
    answer(channel, task, b"1")
    assert not channel.settles_itself()
    channel.flush(1000.0)
    assert channel.settles_itself()


def it_is_not_watched(channel: Channel, peer: socket.socket) -> None:
    channel.interest = 0


def it_has_no_room_for_a_worker(channel: Channel, peer: socket.socket) -> None:
    peer.sendall(GET)
    channel.read(1000.0)
    channel.wait_for_worker()


def it_pulls(channel: Channel, peer: socket.socket) -> None:
    (task,) = hear(channel, peer, GET)
    task.ticket.stream = iter(())


def it_is_half_closed(channel: Channel, peer: socket.socket) -> None:
    peer.close()
    channel.read(1000.0)


HAPPENINGS: list[Callable[[Channel, socket.socket], object]] = [
    it_is_not_watched,
    it_has_no_room_for_a_worker,
    it_pulls,
    lambda channel, peer: hear(channel, peer, POST),
    lambda channel, peer: hear(channel, peer, GET + POST + b"abc"),
    lambda channel, peer: hear(channel, peer, GET * 2),
    lambda channel, peer: hear(channel, peer, b"garbage\r\n\r\n"),
    it_is_half_closed,
    lambda channel, peer: channel.closing.append(iter(())),
    lambda channel, peer: channel.finish(),
    lambda channel, peer: channel.drop(),
]


@pytest.mark.parametrize("happens", HAPPENINGS)
def test_a_connection_to_which_more_than_that_has_happened_does_not(
    make: Make, happens: Callable[[Channel, socket.socket], object]
) -> None:
    channel, peer = make()
    happens(channel, peer)
    assert not channel.settles_itself()


# Another protocol


def test_what_may_switch_waits_for_all_before_it_and_holds_up_all_behind_it(make: Make) -> None:
    """What follows it may be no HTTP, and is not read as any before it is answered."""
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2 + HANDSHAKE + b"\r\n" + GET)
    answer(channel, second, b"2")
    assert tasks_of(channel) == []
    answer(channel, first, b"1")
    (switching,) = tasks_of(channel)
    assert switching.ticket.may_switch
    assert tasks_of(channel) == []
    assert channel.hand_over() == GET


def test_behind_a_switch_that_was_refused_requests_come_one_by_one(make: Make) -> None:
    channel, peer = make()
    (switching,) = hear(channel, peer, HANDSHAKE + b"\r\n" + GET * 2)
    answer(channel, switching, b"426")
    (first,) = tasks_of(channel)
    answer(channel, first, b"1")
    (second,) = tasks_of(channel)
    answer(channel, second, b"2")
    channel.flush(1000.0)
    assert what_has_come(peer) == b"42612"


@pytest.mark.parametrize("changed", [(b"HTTP/1.1", b"HTTP/1.0"), (b"websocket", b"h2c")])
def test_what_cannot_switch_to_websocket_holds_up_nothing(make: Make, changed: tuple[bytes, bytes]) -> None:
    channel, peer = make()
    tasks = hear(channel, peer, HANDSHAKE.replace(*changed) + b"Connection: keep-alive\r\n\r\n" + GET)
    assert len(tasks) == 2
    assert not tasks[0].ticket.may_switch
