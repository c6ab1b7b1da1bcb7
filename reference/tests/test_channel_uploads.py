"""Content that a handler takes by pieces, from one connection over a socket pair: no thread, no clock, workers by hand."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from channel_wire import (
    EXPECTING,
    GET,
    POST,
    Make,
    Told,
    Wired,
    all_that_comes,
    answer,
    channels,
    collect,
    hear,
    hear_end,
    phase,
    tasks_of,
    what_has_come,
)

from merkhet_reference import poller
from merkhet_reference.channel import CONTINUE, Channel
from merkhet_reference.deadlines import NEVER
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver, Request
from merkhet_reference.outgoing import Phase
from merkhet_reference.tasks import ReceiveTask

LONG = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def by_pieces(head: RequestHead) -> Admission:
    """Every handler here takes content by pieces, where there is some."""
    return Admission(streams=True)


class Taker:
    """A handler that keeps what it is given, and what became of it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.trailers: list[bytes] = []
        self.ends: list[str] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Receiver:
        self.requests.append(request)
        try:
            self.begin(request)
            while (piece := (yield)) is not None:
                self.pieces.append(piece)
            self.trailers += [value for _, value in request.trailers]
            self.ends.append("whole")
        except GeneratorExit:
            self.ends.append("closed")
            raise
        if not request.answered:
            request.respond(200, content=b"".join(self.pieces))

    def begin(self, request: Request) -> None:
        """Do nothing before the first piece."""


class Echo(Taker):
    """Begins its answer before it has the content."""

    def begin(self, request: Request) -> None:
        request.respond_writer().allow_end()


class Refuser(Taker):
    """Answers before it has the content, and takes it all the same."""

    def begin(self, request: Request) -> None:
        request.respond(409)


@pytest.fixture
def make() -> Iterator[Make]:
    with channels() as made:
        yield made


def begin(channel: Wired, peer: socket.socket, wire: bytes) -> None:
    """Let the peer send what has one request in it, and a worker call its handler."""
    (task,) = hear(channel, peer, wire)
    task.run()
    collect(channel)


def go_on(channel: Wired) -> bool:
    """Let a worker go on with what has come; tell whether there was something for it."""
    receiver = channel.take_receiver()
    if receiver is not None:
        receiver.run()
        collect(channel)
    return receiver is not None


def close_all(channel: Channel) -> int:
    """Let workers close what nobody needs any more; return how many there were."""
    closing = list(channel.closing)
    channel.closing.clear()
    for dropped in closing:
        assert isinstance(dropped, ReceiveTask)
        dropped.close()
    return len(closing)


# Pieces


def test_the_handler_has_each_piece_as_it_comes_and_then_the_end(make: Make) -> None:
    taker, told = Taker(), Told()
    channel, peer = make(handler=taker, admit=by_pieces, observer=told)
    begin(channel, peer, POST)
    assert (taker.requests[0].content, taker.requests[0].content_ended, go_on(channel)) == (b"", False, False)
    assert hear(channel, peer, b"a") == []
    assert not channel.settles_itself()
    assert go_on(channel)
    assert (taker.pieces, go_on(channel)) == ([b"a"], False)
    assert hear(channel, peer, b"bc") == []
    assert not channel.settles_itself(), "a worker is to have the rest"
    assert go_on(channel)
    assert (taker.pieces, taker.ends, go_on(channel)) == ([b"a", b"bc"], ["whole"], False)
    channel.flush(1000.0)
    assert what_has_come(peer).endswith(b"\r\n\r\nabc")
    assert [(record.status, record.received_bytes) for record in told.records] == [(200, 3)]
    assert (phase(channel), channel.closing, channel.settles_itself()) == (Phase.OPEN, [], True)
    assert len(hear(channel, peer, GET)) == 1, "the connection goes on"


def test_what_has_come_before_the_handler_is_asked_is_the_first_that_it_takes(make: Make) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, CHUNKED + b"1\r\na\r\n2\r\nbc\r\n0\r\nt: last\r\n\r\n" + GET)
    assert go_on(channel)
    assert (taker.pieces, taker.trailers, taker.ends) == ([b"abc"], [b"last"], ["whole"])
    assert len(tasks_of(channel)) == 1, "what stands behind it waited for its answer"


def test_an_expectation_of_no_content_gives_the_handler_its_end(make: Make) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, EXPECTING.replace(b"Content-Length: 3\r\n", b""))
    assert go_on(channel)
    assert (taker.pieces, taker.ends) == ([], ["whole"])
    channel.flush(1000.0)
    assert what_has_come(peer).startswith(b"HTTP/1.1 200 "), "nobody waits to be invited to send nothing"


@pytest.mark.parametrize("method", [b"POST", b"GET"])
def test_it_waits_for_all_answers_before_it(make: Make, method: bytes) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    (get,) = hear(channel, peer, GET + POST.replace(b"POST", method))
    assert channel.stopped_early
    assert channel.wanted_interest() == 0
    answer(channel, get, b"1")
    (task,) = tasks_of(channel)
    assert task.takes_pieces


# Backpressure


def test_a_socket_whose_handler_is_behind_is_not_read(make: Make) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    begin(channel, peer, LONG)
    hear(channel, peer, b"x" * 1000)
    assert (channel.is_held_back(), channel.wanted_interest()) == (False, poller.READ)
    hear(channel, peer, b"x")
    assert (channel.is_held_back(), channel.stopped_early, channel.wanted_interest()) == (True, True, 0)
    assert go_on(channel)
    assert (channel.is_held_back(), channel.wanted_interest()) == (False, poller.READ)
    hear(channel, peer, b"x" * 1000)
    assert not channel.stopped_early, "what was taken counts no more"


# Invitations


def test_the_client_is_invited_once_and_not_before_the_handler_waits(make: Make) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    (task,) = hear(channel, peer, EXPECTING)
    channel.flush(1000.0)
    assert what_has_come(peer) == b""
    task.run()
    collect(channel)
    channel.flush(1000.0)
    assert what_has_come(peer) == CONTINUE
    hear(channel, peer, b"a")
    assert go_on(channel)
    channel.flush(1000.0)
    assert what_has_come(peer) == b""


def test_a_client_that_sends_unasked_is_not_invited(make: Make) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    begin(channel, peer, EXPECTING + b"a")
    channel.flush(1000.0)
    assert what_has_come(peer) == b""


def test_nobody_is_invited_in_the_middle_of_an_answer(make: Make) -> None:
    channel, peer = make(handler=Echo(), admit=by_pieces)
    begin(channel, peer, EXPECTING)
    channel.flush(1000.0)
    came = what_has_come(peer)
    assert came.startswith(b"HTTP/1.1 200 ")
    assert came.endswith(b"\r\n\r\n"), "the head, and nothing behind it yet"
    assert came.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("first", [POST + b"abc", CHUNKED + b"0\r\n\r\n"])
def test_a_handler_with_all_its_content_invites_nobody_elses(make: Make, first: bytes) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    begin(channel, peer, first + EXPECTING)
    assert channel.stopped_early, "the second one waits for the first"
    assert go_on(channel)
    channel.flush(1000.0)
    assert what_has_come(peer).count(b"HTTP/1.1 ") == 1, "the answer to the first"


# Answers before the end


def test_an_early_answer_ends_the_connection_and_takes_no_more(make: Make) -> None:
    taker = Refuser()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, EXPECTING)
    assert close_all(channel) == 1
    assert taker.ends == ["closed"]
    channel.stop()  # which has nothing to add
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 409 ")
    assert came.count(b"HTTP/1.1") == 1
    assert b"\r\nConnection: close\r\n" in came
    assert phase(channel) is Phase.LINGERING
    assert hear(channel, peer, b"abc" + GET) == []
    assert not go_on(channel)


@pytest.mark.parametrize("taker", [Refuser(), None])
def test_an_early_answer_keeps_the_connection_when_all_content_has_come(make: Make, taker: Refuser | None) -> None:
    channel, peer = make(handler=taker or (lambda request: request.respond(409)), admit=by_pieces)
    (task,) = hear(channel, peer, POST + b"abc" + GET)
    task.run()
    collect(channel)
    assert close_all(channel) == (taker is not None)
    (after,) = tasks_of(channel)
    assert (after.head.method, after.ticket.keeps) == (b"GET", True)
    answer(channel, after, b"[after]")
    channel.flush(1000.0)
    came = what_has_come(peer)
    assert came.startswith(b"HTTP/1.1 409 ")
    assert b"Connection" not in came
    assert came.endswith(b"[after]")
    assert not go_on(channel)
    assert channel.settles_itself()


def test_an_answer_from_elsewhere_closes_the_handler_that_waits_for_more(make: Make) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, LONG)
    hear(channel, peer, b"a")
    taker.requests[0].respond(503)
    collect(channel)
    assert not go_on(channel), "what has come is not for anyone now"
    assert close_all(channel) == 1
    assert (taker.pieces, taker.ends) == ([], ["closed"])
    channel.flush(1000.0)
    assert all_that_comes(peer).startswith(b"HTTP/1.1 503 ")


def test_content_is_taken_while_its_answer_is_written(make: Make) -> None:
    taker = Echo()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, POST)
    hear(channel, peer, b"abc")
    assert go_on(channel)
    assert (taker.pieces, taker.ends, phase(channel)) == ([b"abc"], ["whole"], Phase.OPEN)


# Content that does not come whole


def end_of_input(channel: Channel, peer: socket.socket) -> None:
    hear_end(channel, peer)


def no_chunk(channel: Channel, peer: socket.socket) -> None:
    hear(channel, peer, b"zz\r\n")


def no_octet(channel: Channel, peer: socket.socket) -> None:
    assert channel.deadline() == 1020.0
    channel.overdue(1020.0)


Break = Callable[[Channel, socket.socket], None]
BREAKS: list[tuple[Break, bytes]] = [
    (end_of_input, b"400"),
    (no_chunk, b"400"),
    (no_octet, b"408"),
    (lambda channel, peer: channel.stop(), b"503"),
]


@pytest.mark.parametrize(("breaks", "status"), BREAKS)
def test_a_handler_that_waits_for_what_never_comes_is_closed_once(make: Make, breaks: Break, status: bytes) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, CHUNKED + b"1\r\na\r\n")
    assert go_on(channel)
    breaks(channel, peer)
    assert not go_on(channel)
    assert close_all(channel) == 1
    channel.flush(1020.0)
    channel.abandon_all()
    assert close_all(channel) == 0
    assert (taker.pieces, taker.ends) == ([b"a"], ["closed"])
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 " + status)
    assert came.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(("breaks", "status"), [row for row in BREAKS if row[0] is not no_octet])
def test_a_handler_that_runs_just_then_is_closed_when_it_waits_again(make: Make, breaks: Break, status: bytes) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, CHUNKED + b"1\r\na\r\n")
    receiver = channel.take_receiver()
    assert receiver is not None
    breaks(channel, peer)
    assert close_all(channel) == 0
    receiver.run()
    collect(channel)
    assert close_all(channel) == 1
    channel.flush(1020.0)
    assert taker.ends == ["closed"]
    assert all_that_comes(peer).startswith(b"HTTP/1.1 " + status), "not what the handler might have said"


@pytest.mark.parametrize("breaks", [end_of_input, no_chunk, no_octet])
def test_an_answer_that_has_begun_is_cut_and_its_handler_closed(make: Make, breaks: Break) -> None:
    taker = Echo()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, CHUNKED)
    channel.flush(1000.0)
    breaks(channel, peer)
    assert phase(channel) is Phase.GONE
    channel.abandon_all()
    assert close_all(channel) == 1
    assert taker.ends == ["closed"]
    assert what_has_come(peer).count(b"HTTP/1.1") == 1


def test_an_open_answer_ends_whole_when_the_server_stops_though_content_is_missing(make: Make) -> None:
    taker = Echo()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, CHUNKED)
    channel.stop()
    assert close_all(channel) == 1
    channel.flush(1000.0)
    came = all_that_comes(peer)
    assert came.startswith(b"HTTP/1.1 200 ")
    assert came.endswith(b"\r\n\r\n0\r\n\r\n")
    assert phase(channel) is Phase.LINGERING


def test_what_waits_for_its_turn_when_the_server_stops_is_told_503(make: Make) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    (get,) = hear(channel, peer, GET + EXPECTING)
    channel.stop()
    assert tasks_of(channel) == []
    answer(channel, get, b"[first]")
    channel.flush(1000.0)
    assert all_that_comes(peer).startswith(b"[first]HTTP/1.1 503 ")
    assert (taker.requests, channel.closing) == ([], [])


def test_a_handler_that_comes_too_late_for_content_is_closed(make: Make) -> None:
    taker = Taker()
    channel, peer = make(handler=taker, admit=by_pieces)
    begin(channel, peer, LONG)
    hear(channel, peer, b"a")
    receiver = channel.take_receiver()
    assert receiver is not None
    channel.drop()
    channel.abandon_all()
    channel.wait_for_content(receiver.ticket, receiver)
    assert close_all(channel) == 1
    assert taker.ends == ["closed"]


# Time limits


def test_a_handler_has_all_the_time_it_needs_for_what_has_come(make: Make) -> None:
    channel, peer = make(handler=Taker(), admit=by_pieces)
    (task,) = hear(channel, peer, LONG)
    assert channel.deadline() == NEVER
    task.run()
    collect(channel)
    assert channel.deadline() == 1020.0, "now it is the peer that is waited for"
    hear(channel, peer, b"a", now=1005.0)
    assert channel.take_receiver() is not None
    assert channel.deadline() == NEVER
