"""One WebSocket, octets in and events out: the states, the closing, and that cuts mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websocket_wire import BINARY, CLOSE, PING, PONG, TEXT, Frame, closing, frame, read_frames, text

from merkhet_reference.limits import Limits
from merkhet_reference.websocket import connection, deflate
from merkhet_reference.websocket.connection import ANSWERING, CLOSED, CLOSING, OPEN, Connection, Move, State
from merkhet_reference.websocket.events import Event, Failed, Message, PeerClosing, PeerGone, Ping, Pong

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits(websocket_message_bytes_max=1000, websocket_fragments_max=8)


def hear(heard: Connection, data: bytes) -> list[Event]:
    heard.receive(data)
    return list(iter(heard.next_event, None))


def test_messages_and_control_frames() -> None:
    heard = Connection(LIMITS)
    data = text("a") + frame(PING, b"1") + frame(BINARY, b"b", fin=False) + frame(PONG, b"2") + frame(0, b"c")
    assert hear(heard, data) == [Message("a"), Ping(b"1"), Pong(b"2"), Message(b"bc")]
    assert (heard.state, heard.waiting_bytes) == (OPEN, 0)


def test_nothing_is_understood_that_is_not_asked_for() -> None:
    heard = Connection(LIMITS)
    heard.receive(text("a") + text("b"))
    assert heard.next_event() == Message("a")
    assert heard.waiting_bytes == len(text("b"))


# Closing


def test_a_close_is_answered_and_nothing_behind_it_is_read() -> None:
    heard = Connection(LIMITS)
    assert hear(heard, closing(1001, b"bye") + text("late") + b"\xff\xff") == [PeerClosing(1001, "bye")]
    assert (heard.state, heard.waiting_bytes) == (ANSWERING, 0)
    assert hear(heard, text("later")) == []
    assert hear(heard, b"") == []
    assert read_frames(heard.close(connection.answer_to(1001))) == [Frame(CLOSE, b"\x03\xe9")]
    assert heard.state is CLOSED
    assert heard.close(1000) == b""


def test_an_empty_close_is_answered_by_an_empty_one() -> None:
    heard = Connection(LIMITS)
    assert hear(heard, closing()) == [PeerClosing(1005, "")]
    assert read_frames(heard.close(connection.answer_to(1005))) == [Frame(CLOSE, b"")]


@pytest.mark.parametrize(("code", "answer"), [(1000, 1000), (3999, 3999), (1005, 1005), (1010, 1000)])
def test_what_answers_a_code(code: int, answer: int) -> None:
    assert connection.answer_to(code) == answer


def test_a_close_inside_of_a_fragmented_message() -> None:
    heard = Connection(LIMITS)
    assert hear(heard, frame(TEXT, b"a", fin=False) + closing(1000)) == [PeerClosing(1000, "")]
    assert heard.state is ANSWERING


def test_closing_first() -> None:
    heard = Connection(LIMITS)
    assert read_frames(heard.close(1001, "going")) == [Frame(CLOSE, b"\x03\xe9going")]
    assert heard.state is CLOSING
    # Messages mean nothing any more, a Ping is to be answered still.
    assert hear(heard, text("late") + frame(PING, b"1")) == [Ping(b"1")]
    assert heard.state is CLOSING
    assert hear(heard, closing(1001) + text("x")) == [PeerClosing(1001, "")]
    assert heard.state is CLOSED


def test_a_close_that_none_may_send_moves_nothing() -> None:
    heard = Connection(LIMITS)
    with pytest.raises(ValueError, match="1006"):
        heard.close(1006)
    assert heard.state is OPEN


# Failing


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, b"x", mask=None), 1002), (frame(TEXT, b"x", rsv=4), 1002), (frame(3), 1002), (frame(0), 1002),
        (frame(TEXT, b"\xff"), 1007), (frame(BINARY, bytes(1001)), 1009), (closing(1006), 1002),
        (frame(CLOSE, b"\x03"), 1002), (closing(1000, b"\xff"), 1007), (frame(PING, fin=False), 1002),
        (frame(TEXT, fin=False) + frame(0, fin=False) * 8, 1009),
    ],
)  # fmt: skip
def test_a_violation_fails_the_connection(data: bytes, code: int) -> None:
    heard = Connection(LIMITS)
    before, failed = hear(heard, text("before") + data + text("behind"))
    assert before == Message("before")
    assert isinstance(failed, Failed)
    (answer,) = read_frames(failed.answer)
    assert (failed.code, answer.code, answer.payload[2:].decode()) == (code, code, failed.why)
    assert (heard.state, heard.waiting_bytes) == (CLOSED, 0)
    assert hear(heard, text("late")) == []
    assert heard.close(1000) == b""


def test_behind_our_close_a_violation_is_answered_by_nothing() -> None:
    heard = Connection(LIMITS)
    heard.close(1000)
    (failed,) = hear(heard, frame(3))
    assert isinstance(failed, Failed)
    assert (failed.code, failed.answer, heard.state) == (1002, b"", CLOSED)


@pytest.mark.parametrize("data", [b"", text("x")[:3], frame(TEXT, b"x", fin=False)])
def test_an_end_without_a_close(data: bytes) -> None:
    heard = Connection(LIMITS)
    if data:
        assert hear(heard, data) == []
    assert not heard.ended
    assert hear(heard, b"") == [PeerGone()]
    assert (heard.ended, heard.state) == (True, CLOSED)


def test_an_end_behind_our_close() -> None:
    heard = Connection(LIMITS)
    heard.close(1000)
    assert hear(heard, b"") == [PeerGone()]
    assert heard.state is CLOSED


def test_what_came_before_the_end_comes_before_the_end() -> None:
    heard = Connection(LIMITS)
    heard.receive(text("a"))
    assert hear(heard, b"") == [Message("a"), PeerGone()]


def test_compression_is_read_where_it_is_agreed() -> None:
    agreed = deflate.Agreed(15, 15, server_context=True, client_context=True)
    payload = deflate.Deflater(agreed).deflate(b"merkhet")
    heard = Connection(LIMITS, agreed)
    assert hear(heard, frame(TEXT, payload, rsv=4) + text("plain")) == [Message("merkhet"), Message("plain")]


# The table


def test_every_state_is_reached_and_left_but_the_last() -> None:
    reached = set(connection.TRANSITIONS.values()) | {State.OPEN}
    assert reached == set(State)
    assert {state for state, _ in connection.TRANSITIONS} == set(State) - {State.CLOSED}
    assert {move for _, move in connection.TRANSITIONS} == set(Move)


# Cuts mean nothing


PIECES = st.one_of(
    st.builds(frame, st.sampled_from([TEXT, BINARY]), st.text(max_size=40).map(str.encode)),
    st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=20)),
    st.builds(frame, st.sampled_from([0, TEXT, BINARY]), st.binary(max_size=20), fin=st.booleans()),
    st.builds(closing, st.sampled_from([None, 1000, 1005, 3000]), st.binary(max_size=5)),
    st.builds(frame, st.integers(0, 15), st.binary(max_size=5), rsv=st.integers(0, 7), fin=st.booleans()),
    st.binary(max_size=4),
)


def events(data: bytes, steps: list[int], *, ends: bool = True) -> list[Event]:
    heard, found, at = Connection(LIMITS), list[Event](), 0
    while at < len(data):
        step = steps[at % len(steps)]
        found += hear(heard, data[at : at + step])
        at += step
    return found + (hear(heard, b"") if ends else [])


@FIXED
@given(st.lists(PIECES, max_size=6).map(b"".join), st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_any_cut_gives_the_same_events(data: bytes, steps: list[int]) -> None:
    assert events(data, steps) == events(data, [1]) == events(data, [len(data) + 1])
