"""A WebSocket's connection, octet by octet and second by second: reading, sending, and each way to end. No thread."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from session_rig import LIMITS, ChannelRig, belled, record, request_head
from websocket_wire import BINARY, PING, PONG, TEXT, Frame, closing, frame, text

from merkhet_reference import Limits, Message, WebSocket, WebSocketEvent, poller
from merkhet_reference.deadlines import NEVER
from merkhet_reference.line import Line, Phase
from merkhet_reference.observer import Load, Record
from merkhet_reference.replies import Service, Ticket
from merkhet_reference.session import NOBODY, WORKER, LastWord
from merkhet_reference.websocket_channel import WebSocketChannel

MESSAGE = WebSocketEvent.MESSAGE
OPENED = ("open", "")


class Make(Protocol):
    def __call__(self, limits: Limits = ..., *, came: bytes = ..., compresses: bool = ...) -> ChannelRig: ...


@pytest.fixture
def make() -> Iterator[Make]:
    with belled() as bell, contextlib.ExitStack() as made:

        def rig(limits: Limits = LIMITS, *, came: bytes = b"", compresses: bool = False) -> ChannelRig:
            new = ChannelRig(bell, limits, came=came, compresses=compresses)
            made.callback(new.close)
            new.settle()
            return new

        yield rig


def phase(rig: ChannelRig) -> Phase:
    """The phase now: a type checker believes that an attribute stays as it was asserted."""
    return rig.channel.phase


def send_back(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
    if event is MESSAGE:
        websocket.send(message.data)


def small(**changes: Any) -> Limits:
    return dataclasses.replace(LIMITS, **changes)


# Reading


def test_messages_are_for_the_handler_and_pings_are_not(make: Make) -> None:
    rig = make()
    rig.heard.does = send_back
    rig.hear(text("a") + frame(PING, b"1") + frame(PONG) + frame(BINARY, b"b") + frame(PING, b"2"))
    assert rig.heard.events == [OPENED, ("message", "a"), ("message", b"b")]
    assert rig.frames() == [Frame(PONG, b"1"), Frame(PONG, b"2"), Frame(TEXT, b"a"), Frame(BINARY, b"b")]
    assert rig.channel.settles_itself()
    traffic = rig.service.traffic
    assert (traffic.opened, traffic.closed, traffic.received, traffic.sent) == (1, 0, 2, 2)


def test_what_came_behind_the_handshake_is_read_at_once(make: Make) -> None:
    rig = make(came=text("early"))
    assert rig.heard.events == [OPENED, ("message", "early")]


def test_a_client_that_had_ended_before_it_switched(make: Make) -> None:
    rig = make()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = WebSocketChannel(Line(8, ours, LIMITS, rig.now), rig.service, rig.session, rig.now)
        channel.begin(Ticket(8), b"", rig.now, ended=True)
        rig.announced()
        channel.advance(rig.now)
        channel.flush(rig.now)
        assert channel.phase is Phase.GONE
        assert channel.has_heard_all


def test_a_full_inbox_is_not_read_for_until_the_handler_has_taken_some(make: Make) -> None:
    rig = make()
    rig.session.turn = WORKER
    rig.peer.sendall(b"".join(text(str(number)) for number in range(10)) + frame(PING, b"late"))
    rig.channel.read(rig.now)
    assert len(rig.session.events) == LIMITS.websocket_waiting_messages_max
    rig.look()
    assert rig.channel.wanted_interest() == 0
    assert rig.channel.deadline() == NEVER, "it is not the client that is slow"
    assert not rig.channel.settles_itself()
    rig.now += 50.0
    rig.session.run()
    rig.settle()
    assert [data for _, data in rig.heard.events[1:]] == [str(number) for number in range(10)]
    assert rig.frames() == [Frame(PONG, b"late")]
    assert rig.channel.wanted_interest() == poller.READ
    assert rig.channel.deadline() == rig.now + 20.0


def test_messages_are_counted_by_their_octets_too(make: Make) -> None:
    rig = make()
    rig.session.turn = WORKER
    rig.peer.sendall(text("x" * 1000) + text("behind it"))
    rig.channel.read(rig.now)
    assert len(rig.session.events) == 1
    assert rig.channel.is_held_back()


def test_pongs_that_are_not_read_stop_the_reading(make: Make) -> None:
    rig = make()
    pings = frame(PING, b"x" * 125)
    count = 0
    while not rig.channel.is_held_back():
        rig.hear(pings * 50)
        count += 50
    assert rig.channel.wanted_interest() == poller.WRITE
    assert rig.channel.deadline() == 1030.0
    came = rig.octets()
    while not rig.channel.settles_itself():
        rig.settle()
        came += rig.octets()
    rig.channel.interest = rig.channel.wanted_interest()
    assert came == (b"\x8a\x7d" + b"x" * 125) * count


def test_a_crowd_of_pings_is_answered_in_several_turns(make: Make) -> None:
    rig = make(small(response_queue_bytes_max=10**6))
    count = 3000
    rig.peer.sendall(frame(PING) * count)
    rig.channel.read(rig.now)
    rig.channel.flush(rig.now)
    assert len(rig.frames()) < count
    assert rig.channel.wanted_interest() == 0
    rig.settle()
    assert rig.channel.wanted_interest() == poller.READ
    rig.hear(text("behind them"))
    assert rig.heard.events[-1] == ("message", "behind them")


def test_a_socket_that_fails_is_dropped(make: Make) -> None:
    rig = make()
    rig.channel.sock.close()
    rig.channel.read(rig.now)
    assert phase(rig) is Phase.GONE
    rig.channel.advance(rig.now)
    rig.channel.abandon_all()
    rig.work()
    assert rig.heard.events == [OPENED, ("close", "")]
    assert rig.socket.close_code == 1006
    assert rig.session.serial == 0


# Sending


def test_what_is_said_moves_on_as_the_client_reads(make: Make) -> None:
    rig = make(small(websocket_send_bytes_max=10_000_000))
    message = "x" * 50_000
    for _ in range(40):
        assert rig.socket.send(message)
    rig.settle()
    assert rig.channel.wanted_interest() == poller.READ | poller.WRITE
    assert len(rig.session.outlet) > 0
    came = rig.octets()
    rounds = 0
    rig.socket.close()
    rig.socket.ping()
    rig.look()
    while len(came) < 40 * 50_004 + 4:
        rig.settle()
        came += rig.octets()
        rounds += 1
    assert rounds > 2
    assert len(rig.session.outlet) == 0
    assert came.endswith(b"\x88\x02\x03\xe8"), "our Close is behind all that was said before"
    assert rig.channel.wanted_interest() == poller.READ


def test_there_is_more_to_say_but_others_have_their_turn(make: Make) -> None:
    rig = make(small(websocket_send_bytes_max=10_000_000))
    for number in range(10):
        assert rig.socket.send(str(number) * 600)
    rig.look()
    assert len(rig.session.outlet) > 0
    assert rig.announced()
    rig.session.announce()
    rig.settle()
    assert [message.payload[:1] for message in rig.frames()] == [b"%d" % number for number in range(10)]


def test_a_session_has_its_turn_when_the_client_has_made_room(make: Make) -> None:
    """What was sent fits into the socket at once, and nothing but this tells that messages may be handled again."""
    rig = make(small(websocket_waiting_messages_max=1))
    rig.heard.does = send_back
    rig.hear(b"".join(text(str(number) * 1100) for number in range(5)))
    assert [message.payload[:1] for message in rig.frames()] == [b"%d" % number for number in range(5)]
    assert len(rig.heard.events) == 6


def test_a_client_that_does_not_read_is_cut_with_a_reset(make: Make) -> None:
    rig = make()
    while rig.socket.offer("x" * 100_000):
        rig.look()
    rig.look()
    assert phase(rig) is Phase.GONE
    rig.channel.abandon_all()
    rig.work()
    assert rig.heard.events == [OPENED, ("error", "the client does not read what it is sent"), ("close", "")]


def test_a_client_that_reads_nothing_for_too_long_is_an_error_of_that_name(make: Make) -> None:
    """Whoever notices first: the thread that waits to send, or the deadline of what is being sent."""
    rig = make()
    for _ in range(3):
        assert rig.socket.offer("x" * 100_000)
        rig.look()
    assert rig.channel.deadline() < float("inf")
    rig.channel.overdue(rig.channel.deadline())
    assert phase(rig) is Phase.GONE
    rig.channel.abandon_all()
    rig.work()
    assert rig.heard.events == [OPENED, ("error", "the client does not read what it is sent"), ("close", "")]


def test_a_send_that_fails_drops_the_connection(make: Make) -> None:
    rig = make(small(websocket_send_bytes_max=10_000))
    rig.peer.close()
    for _ in range(3):
        rig.socket.send("x" * 2000)
    rig.settle()
    assert phase(rig) is Phase.GONE


def test_a_ping_of_the_applications(make: Make) -> None:
    rig = make()
    assert rig.socket.ping(b"there?")
    rig.settle()
    assert rig.frames() == [Frame(PING, b"there?")]
    assert rig.service.traffic.sent == 0


def test_a_client_is_cut_while_more_is_moved_to_it(make: Make) -> None:
    rig = make()
    for _ in range(3):
        rig.socket.offer("x" * 600)
    rig.session.outlet.end(LastWord(1006, "cut"))
    rig.channel.flush(rig.now)
    assert phase(rig) is Phase.GONE


def test_no_progress_for_too_long_is_an_end(make: Make) -> None:
    rig = make(small(websocket_send_bytes_max=10_000_000))
    assert rig.socket.send("x" * 5_000_000)
    rig.look()
    assert rig.channel.deadline() == 1030.0
    rig.now = 1030.0
    rig.channel.overdue(rig.now)
    assert phase(rig) is Phase.GONE


# Closing


def test_the_client_closes(make: Make) -> None:
    rig = make()
    rig.hear(closing(3000, b"enough") + text("thrown away"))
    assert rig.frames() == [Frame(8, b"\x0b\xb8")]
    assert phase(rig) is Phase.LINGERING
    assert rig.channel.wanted_interest() == poller.READ
    assert rig.channel.deadline() == 1002.0
    assert rig.peer.recv(1) == b""
    rig.peer.sendall(b"thrown away")
    rig.channel.read(rig.now)
    assert phase(rig) is Phase.LINGERING
    rig.channel.overdue(rig.now)
    assert phase(rig) is Phase.GONE
    assert rig.heard.events == [OPENED, ("close", "enough")]
    assert (rig.socket.close_code, rig.socket.close_reason) == (3000, "enough")


def test_a_close_waits_for_the_handler_of_what_came_before(make: Make) -> None:
    rig = make()
    rig.heard.does = send_back
    rig.peer.sendall(text("first") + closing(1000))
    rig.channel.read(rig.now)
    rig.look()
    assert not rig.socket.active
    assert rig.frames() == []
    assert rig.channel.wanted_interest() == 0
    assert rig.channel.deadline() == 1005.0
    rig.settle()
    assert rig.frames() == [Frame(TEXT, b"first"), Frame(8, b"\x03\xe8")]


def test_a_close_waits_for_a_handler_no_longer_than_it_may(make: Make) -> None:
    rig = make()
    rig.session.turn = WORKER
    rig.peer.sendall(closing(1000))
    rig.channel.read(rig.now)
    rig.look()
    assert rig.frames() == []
    rig.now += 5.0
    rig.channel.overdue(rig.now)
    rig.look()
    assert rig.frames() == [Frame(8, b"\x03\xe8")]
    assert not rig.socket.send("too late")


def test_the_handler_closes_behind_a_close(make: Make) -> None:
    rig = make()

    def closes(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            websocket.close(4000, "mine")

    rig.heard.does = closes
    rig.hear(text("first") + text("second") + closing(1000))
    assert rig.frames() == [Frame(8, b"\x0f\xa0mine")]
    assert rig.heard.events == [OPENED, ("message", "first"), ("close", "")]
    assert rig.socket.close_code == 1000


def test_the_server_closes(make: Make) -> None:
    rig = make()
    rig.socket.send("before")
    rig.socket.close(1001, "bye")
    rig.settle()
    assert rig.frames() == [Frame(TEXT, b"before"), Frame(8, b"\x03\xe9bye")]
    assert phase(rig) is Phase.OPEN
    assert rig.channel.deadline() == 1005.0
    rig.hear(text("thrown away") + frame(PING, b"1"))
    assert rig.frames() == [Frame(PONG, b"1")]
    rig.hear(closing(1001))
    assert rig.octets() == b""
    assert phase(rig) is Phase.LINGERING
    assert rig.heard.events == [OPENED, ("close", "")]


def test_the_server_closes_while_it_does_not_read(make: Make) -> None:
    """What came before is thrown away, so that the client's own Close is seen."""
    rig = make()
    rig.session.turn = WORKER
    rig.peer.sendall(b"".join(text(str(number)) for number in range(9)) + closing(1000))
    rig.channel.read(rig.now)
    assert rig.channel.stopped_early
    rig.socket.close()
    for _ in range(3):
        rig.look()
    assert rig.frames() == [Frame(8, b"\x03\xe8")]
    assert phase(rig) is Phase.LINGERING
    rig.session.run()
    rig.settle()
    assert rig.heard.events == [OPENED, ("close", "")]


def test_a_close_that_is_not_answered(make: Make) -> None:
    rig = make()
    rig.socket.close()
    rig.settle()
    rig.pass_time(5.0)
    assert phase(rig) is Phase.LINGERING
    assert rig.frames() == [Frame(8, b"\x03\xe8")]
    assert rig.heard.events == [OPENED, ("error", "the client has not answered a Close"), ("close", "")]
    assert rig.socket.close_code == 1006


@pytest.mark.parametrize(
    ("octets", "code", "why"),
    [
        (frame(3), 1002, "an opcode is reserved"),
        (frame(TEXT, b"\xff"), 1007, "a text message is no UTF-8"),
    ],
)
def test_a_violation(make: Make, octets: bytes, code: int, why: str) -> None:
    rig = make()
    rig.hear(octets + frame(PING, b"not answered"))
    assert rig.frames() == [Frame(8, code.to_bytes(2, "big") + why.encode())]
    assert phase(rig) is Phase.LINGERING
    assert rig.heard.events == [OPENED, ("error", why), ("close", why)]
    assert rig.socket.close_code == code


def test_a_violation_behind_our_own_close(make: Make) -> None:
    rig = make()
    rig.socket.close()
    rig.settle()
    rig.hear(frame(3))
    assert rig.frames() == [Frame(8, b"\x03\xe8")]
    assert rig.socket.close_code == 1002


def test_a_client_that_ends_without_a_close(make: Make) -> None:
    rig = make()
    rig.peer.shutdown(socket.SHUT_WR)
    rig.channel.read(rig.now)
    rig.settle()
    assert rig.octets() == b""
    assert phase(rig) is Phase.GONE
    assert rig.heard.events == [OPENED, ("close", "")]
    assert rig.socket.close_code == 1006


def test_a_reset_in_the_middle_of_a_close_has_the_clients_code(make: Make) -> None:
    rig = make()
    rig.session.turn = WORKER
    rig.peer.sendall(closing(3000))
    rig.channel.read(rig.now)
    rig.channel.drop()
    rig.channel.abandon_all()
    assert rig.socket.close_code == 3000


# Waiting


def test_a_silent_client_is_asked_and_given_up(make: Make) -> None:
    rig = make()
    rig.pass_time(19.0)
    assert rig.octets() == b""
    rig.pass_time(1.0)
    assert rig.frames() == [Frame(PING, b"")]
    assert rig.channel.deadline() == 1030.0
    rig.now += 5.0
    rig.hear(frame(PONG))
    assert rig.channel.deadline() == 1045.0
    rig.pass_time(20.0)
    rig.pass_time(10.0)
    assert rig.frames() == [Frame(PING, b""), Frame(8, b"\x03\xf3no answer to a Ping")]
    assert phase(rig) is Phase.LINGERING
    assert rig.heard.events == [OPENED, ("error", "the client has fallen silent"), ("close", "")]


def test_a_websocket_without_messages_is_closed(make: Make) -> None:
    rig = make()
    rig.now += 60.0
    rig.hear(text("one"))
    rig.now += 30.0
    rig.socket.send("two")
    rig.settle()
    for _ in range(9):
        rig.now += 10.0
        rig.hear(frame(PONG))
    assert rig.channel.deadline() == 1190.0
    rig.octets()
    rig.pass_time(10.0)
    assert rig.frames() == [Frame(8, b"\x03\xe9nothing was said for too long")]
    rig.hear(closing(1001))
    assert rig.socket.close_code == 1001


def test_the_server_ends(make: Make) -> None:
    rig = make()
    rig.channel.stop(rig.now)
    rig.channel.stop(rig.now)
    rig.settle()
    assert rig.frames() == [Frame(8, b"\x03\xe9this server is shutting down")]
    rig.hear(closing(1001))
    assert phase(rig) is Phase.LINGERING
    rig.channel.stop(rig.now)
    assert not rig.announced()


def test_the_server_ends_behind_what_is_under_way(make: Make) -> None:
    rig = make()
    rig.heard.does = send_back
    rig.peer.sendall(text("before"))
    rig.channel.read(rig.now)
    rig.channel.stop(rig.now)
    rig.peer.sendall(text("behind") + closing(1000))
    rig.look()
    assert rig.channel.wanted_interest() == 0
    rig.settle()
    assert rig.frames() == [Frame(TEXT, b"before"), Frame(8, b"\x03\xe9this server is shutting down")]
    rig.channel.read(rig.now)
    rig.settle()
    assert rig.heard.events == [OPENED, ("message", "before"), ("close", "")]
    assert rig.socket.close_code == 1000


def test_the_server_ends_and_a_handler_does_not(make: Make) -> None:
    rig = make()
    rig.session.turn = WORKER
    rig.channel.stop(rig.now)
    rig.look()
    assert rig.frames() == []
    assert rig.channel.deadline() == 1005.0
    rig.now += 5.0
    rig.channel.overdue(rig.now)
    rig.look()
    assert rig.frames() == [Frame(8, b"\x03\xe9this server is shutting down")]
    assert rig.channel.deadline() == 1010.0
    assert not rig.socket.send("too late")


# Telling


class Noting:
    def __init__(self) -> None:
        self.records: list[Record] = []

    def started(self, load: object) -> None:
        assert not isinstance(load, Load)

    def connection_came(self, *, refused: bool) -> None:
        """Of no interest here."""

    def connection_closed(self) -> None:
        """Of no interest here."""

    def answered(self, record: Record) -> None:
        self.records.append(record)


@pytest.mark.parametrize("is_orderly", [True, False])
def test_the_record_of_the_101_ends_with_the_connection(make: Make, *, is_orderly: bool) -> None:
    rig, noting = make(), Noting()
    service = Service(rig.service.handler, rig.replies, LIMITS, observer=noting)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        channel = WebSocketChannel(Line(8, ours, LIMITS, 1000.0, observer=noting), service, rig.session, 1000.0)
        ticket = Ticket(8, record=record(), status=101)
        ticket.data.append(b"the head")
        channel.begin(ticket, b"", 1000.0, ended=False)
        assert ticket.finished
        channel.flush(1001.0)
        assert noting.records == []
        theirs.sendall(closing(1000) if is_orderly else b"")
        if is_orderly:
            channel.read(1002.0)
            channel.advance(1002.0)
            channel.flush(1003.0)
        else:
            channel.drop()
        channel.abandon_all()
        (told,) = noting.records
        assert told.complete is is_orderly
        assert told.sent_bytes == (12 if is_orderly else 8)
        assert told.seconds == (4.0 if is_orderly else 2.0)
    assert rig.session.turn is NOBODY
    assert told.head == request_head()
