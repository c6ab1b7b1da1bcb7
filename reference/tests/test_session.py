"""A session without threads: whose turn it is, which events come, and what becomes of what is sent."""

from __future__ import annotations

import dataclasses
import gc
import select
import threading
import weakref
from collections.abc import Iterator
from typing import cast

import pytest
from session_rig import LIMITS, SessionRig, belled
from websocket_wire import TEXT, Frame, read_frames

from merkhet_reference import Message, WebSocket, WebSocketEvent, wakeup
from merkhet_reference.session import NOBODY, WORKER, LastWord
from merkhet_reference.websocket import frames, sending

MESSAGE = WebSocketEvent.MESSAGE


@pytest.fixture
def bell() -> Iterator[wakeup.Wakeup]:
    with belled() as made:
        yield made


@pytest.fixture
def rig(bell: wakeup.Wakeup) -> SessionRig:
    return SessionRig(bell, dataclasses.replace(LIMITS, send_seconds_max=0.01))


def come(rig: SessionRig, *messages: str | bytes) -> None:
    """Let messages come, as the channel does."""
    for message in messages:
        rig.session.came_bytes += len(message)
        rig.session.events.append(Message(message))


def test_open_comes_when_the_handler_of_the_request_has_returned(rig: SessionRig) -> None:
    rig.work()
    assert rig.heard.events == [], "the worker of the request still has the turn"
    rig.session.rest()
    rig.work()
    assert rig.heard.events == [("open", "")]
    assert rig.session.is_quiet
    assert rig.socket.path_params == {"name": "value"}
    assert rig.socket.subprotocol == "one"
    assert rig.socket.fields.get(b"Host") == b"x"


def test_a_worker_runs_some_events_and_gives_up_its_turn(rig: SessionRig) -> None:
    come(rig, *(str(number) for number in range(40)))
    rig.session.run()
    assert len(rig.heard.events) == 16
    assert rig.announced()
    rig.session.turn = WORKER
    rig.session.run()
    assert len(rig.heard.events) == 32
    rig.work()
    assert [data for _, data in rig.heard.events] == ["", *(str(number) for number in range(40))]
    assert rig.session.came_bytes == rig.session.taken_bytes


def test_no_worker_runs_a_handler_whose_client_reads_less_than_it_is_answered(rig: SessionRig) -> None:
    def answers(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            assert websocket.send("x" * 600)

    rig.heard.does = answers
    come(rig, "a", "b", "c")
    rig.session.run()
    assert len(rig.heard.events) == 3, "below the bound one more may be sent, and beyond it none"
    rig.announced()
    assert rig.socket.active
    assert not rig.session.is_due
    rig.said()
    assert rig.session.is_due


@pytest.mark.parametrize("waits", [True, False])
def test_a_client_that_leaves_no_room_is_given_up(rig: SessionRig, *, waits: bool) -> None:
    assert rig.socket.send("x" * 1000)
    assert not (rig.socket.send if waits else rig.socket.offer)("y")
    assert rig.announced()
    assert not rig.socket.active
    assert rig.session.outlet.last == LastWord(1006, "the client does not read what it is sent")
    assert not rig.socket.send("behind the end")


def test_a_ping_without_room_is_not_sent(rig: SessionRig) -> None:
    assert rig.socket.ping(b"1")
    assert rig.socket.offer("x" * 1000)
    assert not rig.socket.ping(b"too much")
    assert rig.socket.active
    assert rig.said()[0] == frames.encode_ping(b"1")
    with pytest.raises(ValueError, match="125"):
        rig.socket.ping(b"x" * 126)


def test_messages_behind_our_own_close_go_nowhere(rig: SessionRig) -> None:
    def closes(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            websocket.close()

    rig.heard.does = closes
    come(rig, "one", "two")
    rig.session.run()
    rig.session.end(1000, "bye")
    rig.work()
    assert rig.heard.events == [("open", ""), ("message", "one"), ("close", "bye")]
    assert (rig.socket.close_code, rig.socket.close_reason) == (1000, "bye")


def test_messages_before_an_end_are_handled(rig: SessionRig) -> None:
    come(rig, "one")
    rig.session.end(1006, "", "it broke")
    rig.session.end(1000, "the first end counts")
    rig.session.rest()
    rig.work()
    assert rig.heard.events == [("open", ""), ("message", "one"), ("error", "it broke"), ("close", "")]
    assert rig.session.is_over
    assert not rig.socket.send("behind the end")
    assert not rig.session.outlet.last


def test_nothing_but_its_users_keeps_what_is_over_in_memory(bell: wakeup.Wakeup) -> None:
    rig = SessionRig(bell)
    rig.session.end(1000, "")
    rig.session.rest()
    rig.work()
    kept = weakref.ref(rig.socket)
    gc.disable()
    try:
        del rig
        assert kept() is None
    finally:
        gc.enable()


def test_a_handler_that_raises_closes(rig: SessionRig, caplog: pytest.LogCaptureFixture) -> None:
    def fails(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        raise SystemExit

    rig.heard.does = fails
    come(rig, "one")
    rig.session.run()
    assert rig.session.outlet.last == LastWord(1011)
    assert rig.heard.events == [("open", "")]
    assert "the handler of a WebSocket raised" in caplog.text


def test_where_the_server_has_ended_the_worker_goes_on_by_itself(rig: SessionRig) -> None:
    come(rig, *("x" * 40))
    rig.replies.close()
    rig.session.end(1006, "")
    rig.session.run()
    assert len(rig.heard.events) == 42
    assert rig.heard.events[-1] == ("close", "")


def test_what_was_announced_is_not_announced_again(rig: SessionRig) -> None:
    for _ in range(3):
        assert rig.socket.send("x")
    assert len(rig.service.sessions.items) == 1
    assert rig.announced()
    assert rig.socket.send("x")
    assert rig.announced()


def test_a_close_is_checked_where_it_is_asked_for(rig: SessionRig) -> None:
    with pytest.raises(ValueError, match="1005"):
        rig.socket.close(1005, "no")
    with pytest.raises(ValueError, match="octets"):
        rig.socket.close(1000, "x" * 124)
    assert rig.socket.active
    rig.socket.close(1001, "x" * 123)
    rig.socket.close(1002)
    assert rig.session.outlet.last == LastWord(1001, "x" * 123)


def test_messages_are_framed_and_long_ones_compressed(bell: wakeup.Wakeup) -> None:
    plain, packing = SessionRig(bell), SessionRig(bell, compresses=True)
    assert (plain.socket.is_compressed, packing.socket.is_compressed) == (False, True)
    prepared = [sending.Prepared("y" * 100), sending.Prepared("short")]
    for each in (plain, packing):
        assert each.socket.send("x" * 100)
        assert each.socket.send(b"x" * 100)
        assert each.socket.send("short")
        for message in prepared:
            assert each.socket.offer_prepared(message)
    came = read_frames(b"".join(plain.said()))
    assert came[0] == Frame(TEXT, b"x" * 100)
    assert [frame.rsv for frame in came] == [0] * 5
    came = read_frames(b"".join(packing.said()))
    assert [frame.rsv for frame in came] == [4, 4, 0, 4, 0]
    assert [frame.opcode for frame in came] == [1, 2, 1, 1, 1]


@pytest.mark.parametrize("data", [None, 1, ["x"], "\ud800"])
def test_what_is_no_message_is_refused_on_the_thread_that_sends_it(rig: SessionRig, data: object) -> None:
    with pytest.raises((TypeError, UnicodeEncodeError)):
        rig.socket.send(cast("str", data))
    assert rig.socket.active
    assert rig.session.turn is not NOBODY


class Loop(threading.Thread):
    """The I/O thread as far as a session knows it, until it has heard so much."""

    def __init__(self, rig: SessionRig, bell: wakeup.Wakeup, messages: int) -> None:
        super().__init__(daemon=True)
        self.taken: list[bytes] = []
        self.slept_over = False
        self._rig, self._bell, self._messages = rig, bell, messages

    def run(self) -> None:
        replies, session = self._rig.replies, self._rig.session
        while len(self.taken) < self._messages and not self.slept_over:
            if replies.may_sleep():
                self.slept_over = not select.select([self._bell], [], [], 10)[0]
                self._bell.drain()
            replies.awake()
            for announced in self._rig.service.sessions.take_all():
                announced.is_announced = False
                self.taken += iter(session.outlet.take, None)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("count", [300])
def test_nothing_that_many_threads_send_is_slept_over_or_out_of_order(bell: wakeup.Wakeup, count: int) -> None:
    rig = SessionRig(bell)
    loop = Loop(rig, bell, 4 * count)

    def send(name: str) -> None:
        for number in range(count):
            assert rig.socket.send(f"{name} {number}")

    senders = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
    for thread in (loop, *senders):
        thread.start()
    for thread in (*senders, loop):
        thread.join(30)
    assert not loop.slept_over
    heard = [message.payload.decode().split() for message in read_frames(b"".join(loop.taken))]
    for name in "abcd":
        assert [number for sender, number in heard if sender == name] == [str(number) for number in range(count)]
