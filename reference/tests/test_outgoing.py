"""What leaves one connection: the order of answers, open ones, the end in stages, cuts, and who is told. No thread."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from channel_wire import (
    GET,
    LAST,
    POST,
    Layer,
    Make,
    Told,
    all_that_comes,
    answer,
    channels,
    collect,
    connected,
    end,
    hear,
    hear_end,
    open_answer,
    phase,
    say,
    tasks_of,
    what_has_come,
)

from merkhet_reference import poller, queues
from merkhet_reference.message import Admission, Receiver, Request
from merkhet_reference.outbox import FileSegment
from merkhet_reference.outgoing import Phase
from merkhet_reference.tasks import ReceiveTask

OLD = b"GET / HTTP/1.0\r\n\r\n"


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield made


# Order


def test_answers_leave_in_the_order_of_their_requests(make: Make) -> None:
    channel, peer = make()
    first, second, third = hear(channel, peer, GET * 3)
    answer(channel, third, b"3")
    answer(channel, second, b"2")
    channel.flush(1000.0)
    assert what_has_come(peer) == b""
    answer(channel, first, b"1")
    channel.flush(1000.0)
    assert what_has_come(peer) == b"123"


def test_a_part_of_the_first_answer_leaves_before_its_end(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    say(channel, first, b"begun", 200)
    answer(channel, second, b"2")
    channel.flush(1000.0)
    assert what_has_come(peer) == b"begun"


def test_files_leave_in_the_order_of_answers_too(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    answer(channel, second, b"2")
    first.ticket.data.append(b"1:")
    first.ticket.data.append(FileSegment(descriptor, 3, 4, owns=True))
    end(channel, first)
    channel.flush(1000.0)
    assert what_has_come(peer) == b"1:34562"


def test_only_the_first_stream_is_pulled(make: Make) -> None:
    channel, peer = make()
    assert channel.wants_piece() is None
    first, second = hear(channel, peer, GET * 2)
    second.ticket.stream = iter([b"more"])
    assert channel.wants_piece() is None
    answer(channel, first, b"1")
    assert channel.wants_piece() is second.ticket


def test_a_stream_is_not_pulled_while_the_peer_does_not_read(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    task.ticket.stream = iter([b"more"])
    say(channel, task, b"x" * 1000, 200)
    assert channel.wants_piece() is task.ticket
    say(channel, task, b"x")
    assert channel.wants_piece() is None
    channel.flush(1000.0)
    assert channel.wants_piece() is task.ticket


# Open answers


def test_an_open_answer_moves_while_the_peer_has_room_and_makes_room_for_its_writers(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    flow = open_answer(channel, second)
    assert flow.put(993, 0.0)
    say(channel, second, b"a" * 993)
    assert not flow.put(8, 0.0), "it is not its turn, so nothing of it moves"
    answer(channel, first, b"1")
    assert flow.put(500, 0.0)
    say(channel, second, b"b" * 500)
    assert flow.put(1000, 0.0), "a thousand octets waited to be sent, and no more"
    say(channel, second, b"c" * 1000)
    assert not flow.put(1, 0.0), "more than a thousand octets wait to be sent"
    channel.flush(1000.0)
    assert what_has_come(peer) == b"1[head]" + b"a" * 993 + b"b" * 500 + b"c" * 1000
    assert flow.put(1000, 0.0), "there was room again, though nobody wrote more"


def test_the_answer_behind_an_open_one_waits_for_all_of_it(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    open_answer(channel, first)
    answer(channel, second, b"[second]")
    for _ in range(3):
        say(channel, first, b"x" * 700)
    end(channel, first)
    assert len(channel.tickets) == 2, "it is whole, but has not all been moved"
    channel.flush(1000.0)
    assert what_has_come(peer) == b"[head]" + b"x" * 2100 + b"[second]"
    assert not channel.tickets


def test_what_was_kept_back_waits_while_the_socket_is_full(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    open_answer(channel, task)
    say(channel, task, b"x" * 4_000_000)
    say(channel, task, b"[rest]")
    channel.flush(1000.0)
    assert (list(task.ticket.data), channel.wanted_interest()) == ([b"[rest]"], poller.WRITE)
    came = b""
    while not came.endswith(b"[rest]"):
        came += peer.recv(1 << 20)
        channel.flush(1000.0)
    assert len(came) == 6 + 4_000_000 + 6


def test_an_open_answer_is_left_when_its_peer_has_said_all(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    hear_end(channel, peer)
    states = [channel.is_left]
    open_answer(channel, task)
    states.append(channel.is_left)
    task.ticket.finished = True
    states.append(channel.is_left)
    channel, peer = make()
    open_answer(channel, *hear(channel, peer, GET))
    assert [*states, channel.is_left] == [False, True, False, False]


def test_an_open_answer_is_ended_whole_and_last(make: Make) -> None:
    channel, peer = make()
    first, second = hear(channel, peer, GET * 2)
    flow = open_answer(channel, first)
    channel.end_open(first.ticket)
    assert flow.is_open, "nobody says that it is whole"
    flow.ends_anywhere = True
    channel.end_open(first.ticket)
    channel.end_open(first.ticket)
    channel.end_open(second.ticket)
    assert (flow.is_open, second.ticket.finished) == (False, False)
    channel.advance()
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"[head][end]"


# The end


def test_the_last_answer_ends_in_stages(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, LAST + GET)
    answer(channel, task, b"bye", keeps=False)
    assert phase(channel) is Phase.LAST
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"bye"
    assert phase(channel) is Phase.LINGERING
    assert hear_end(channel, peer) is Phase.GONE


def test_fin_is_not_said_before_the_last_octet_has_left(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, LAST)
    answer(channel, task, b"x" * 4_000_000, keeps=False)
    channel.flush(1000.0)
    assert phase(channel) is Phase.LAST
    count = 0
    while phase(channel) is Phase.LAST:
        count += len(peer.recv(1 << 20))
        channel.flush(1000.0)
    assert count + len(all_that_comes(peer)) == 4_000_000


def test_nobody_lingers_for_a_peer_that_has_said_all(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    assert hear_end(channel, peer) is Phase.LAST
    answer(channel, task, b"1", keeps=False)
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE


def test_what_is_queued_behind_the_last_answer_is_given_up(make: Make, tmp_path: Path) -> None:
    told = Told()
    channel, peer = make(observer=told)
    first, second, third = hear(channel, peer, GET * 3)
    stream = iter([b"never"])
    second.ticket.stream = stream
    third.ticket.flow = flow = open_answer(channel, third)
    (tmp_path / "file").write_bytes(b"never")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    third.ticket.data.append(FileSegment(descriptor, 0, 5, owns=True))
    answer(channel, first, b"1", keeps=False)
    assert (list(channel.tickets), channel.closing, flow.is_open) == ([], [stream], False)
    assert (len(third.ticket.data), second.ticket.finished) == (0, True), "what a worker still says of it goes nowhere"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert tasks_of(channel) == []
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"1"
    assert [(record.complete, record.sent_bytes) for record in told.records] == [(False, 0), (False, 0), (True, 1)]


def test_a_peer_that_left_is_noticed_while_sending(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    peer.close()
    answer(channel, task, b"answer")
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE


@pytest.mark.parametrize("layer", [None, Layer()])
def test_a_peer_that_left_is_noticed_while_ending(make: Make, layer: Layer | None) -> None:
    channel, peer = make(layer=layer)
    peer.close()
    if layer is None:
        channel.sock.close()
    channel.finish()
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE


def test_a_layer_that_fails_ends_the_connection(make: Make) -> None:
    layer = Layer()
    channel, peer = make(layer=layer)
    (task,) = hear(channel, peer, b"h" + GET)
    layer.is_broken = True
    answer(channel, task, b"answer")
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE
    assert what_has_come(peer) == b"H"


def test_a_file_that_became_shorter_ends_the_connection(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    task.ticket.data.append(FileSegment(os.open(tmp_path / "file", os.O_RDONLY), 0, 10, owns=True))
    answer(channel, task, b"")
    channel.flush(1000.0)
    assert phase(channel) is Phase.GONE
    assert what_has_come(peer) == b"short"


def test_a_handler_that_waits_for_content_is_closed_with_its_connection(make: Make) -> None:
    def handler(request: Request) -> Receiver:
        yield

    channel, peer = make(handler=handler, admit=lambda head: Admission(streams=True))
    (task,) = hear(channel, peer, POST)
    task.run()
    collect(channel)
    channel.drop()
    channel.abandon_all()
    assert [type(dropped) for dropped in channel.closing] == [ReceiveTask]


# Cuts


@pytest.mark.parametrize(("wire", "is_reset"), [(GET, False), (OLD, True)], ids=["framed", "until close"])
def test_a_cut_is_seen_to_be_one(make: Make, wire: bytes, *, is_reset: bool) -> None:
    channel, peer = make(sockets=connected)
    (task,) = hear(channel, peer, wire)
    say(channel, task, b"begun", 200)
    channel.cut(1000.0)
    assert phase(channel) is Phase.GONE
    channel.sock.close()
    assert peer.recv(5) == b"begun", "what was there has been sent"
    with pytest.raises(ConnectionResetError) if is_reset else contextlib.nullcontext():
        assert peer.recv(1) == b""


def test_what_breaks_off_behind_others_ends_the_connection_in_its_place(make: Make) -> None:
    channel, peer = make()
    first, second, third = hear(channel, peer, GET * 3)
    flow = second.ticket.flow = queues.Flow(100, b"[end]")
    say(channel, second, b"never sent", 200)
    channel.break_off(second.ticket, 1000.0)
    assert not flow.is_open
    end(channel, second)
    channel.break_off(third.ticket, 1000.0)
    assert phase(channel) is Phase.OPEN
    answer(channel, first, b"1")
    channel.flush(1000.0)
    assert all_that_comes(peer) == b"1"


def test_what_breaks_off_first_is_cut(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    say(channel, task, b"begun", 200)
    channel.break_off(task.ticket, 1000.0)
    assert phase(channel) is Phase.GONE
    assert what_has_come(peer) == b"begun"


def test_a_cut_over_a_unix_socket_ends_it(make: Make) -> None:
    channel, peer = make()
    (task,) = hear(channel, peer, OLD)
    say(channel, task, b"begun", 200)
    channel.cut(1000.0)
    channel.sock.close()
    assert all_that_comes(peer) == b"begun"


def test_a_file_that_is_half_sent_is_closed_with_its_connection(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(2_000_000))
    channel, peer = make()
    (task,) = hear(channel, peer, GET)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    task.ticket.data.append(FileSegment(descriptor, 0, 2_000_000, owns=True))
    end(channel, task)
    channel.flush(1000.0)
    assert os.fstat(descriptor)
    channel.drop()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert channel.wanted_interest() == 0


def test_a_cut_of_a_connection_that_is_gone_changes_nothing(make: Make) -> None:
    channel, peer = make(sockets=connected)
    hear(channel, peer, OLD)
    channel.sock.close()
    channel.cut(1000.0)
    assert phase(channel) is Phase.GONE


@pytest.mark.parametrize("reads", [True, False])
def test_a_peer_that_is_cut_in_the_middle_of_an_answer_sees_it(make: Make, *, reads: bool) -> None:
    channel, peer = make(sockets=connected)
    (task,) = hear(channel, peer, GET)
    if reads:
        say(channel, task, b"begun", 200)
    else:
        answer(channel, task, bytes(20_000_000))
    channel.flush(1000.0)
    assert channel.wanted_interest() == (poller.READ if reads else poller.WRITE)
    if reads:
        channel.give_up()
    else:
        channel.overdue(1030.0)
    channel.sock.close()
    with pytest.raises(ConnectionResetError):
        all_that_comes(peer)


def test_a_peer_that_is_given_up_between_answers_sees_an_end(make: Make) -> None:
    channel, peer = make(sockets=connected)
    hear(channel, peer, GET)
    channel.give_up()
    channel.sock.close()
    assert all_that_comes(peer) == b""
