"""Answers that any thread writes: what reaches the sink, what happens once the client has gone, and who is told what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import event_stream, push
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.http1 import chunked
from merkhet_reference.http1.inbox import Inbox
from merkhet_reference.limits import Limits

FIXED = settings(deadline=None, derandomize=True, database=None)


class FakeSink:
    """An OpenSink that keeps what it is given. `room`: how many pieces more it takes from one who does not wait."""

    def __init__(self, *, room: int = 10**9) -> None:
        self.is_open = True
        self.pieces: list[bytes] = []
        self.waited: list[bool] = []
        self.ended = self.cuts = 0
        self.alive: tuple[bytes, float] | None = None
        self.ends_anywhere = False
        self.room = room
        self.at_end: Callable[[], None] = lambda: None

    def put(self, data: bytes, *, waits: bool) -> bool:
        """As tasks.OpenAnswer does it: a client that leaves no room is given up."""
        if self.is_open and not waits and not self.room:
            self.cut()
        if not self.is_open:
            return False
        self.room -= 1
        self.pieces.append(data)
        self.waited.append(waits)
        return True

    def end(self) -> None:
        self.at_end()
        self.ended += self.is_open
        self.is_open = False

    def cut(self) -> None:
        self.cuts += self.is_open
        self.is_open = False

    def keep_alive(self, data: bytes, seconds: float) -> None:
        self.alive = (data, seconds)

    def allow_end(self) -> None:
        self.ends_anywhere = True

    @property
    def content(self) -> bytes:
        return b"".join(self.pieces)


def stream_to(sink: FakeSink, *, is_chunked: bool = False, heartbeat: float | None = None) -> push.EventStream:
    return push.EventStream(push.Writer(sink, chunked=is_chunked), heartbeat)


# Writer


@pytest.mark.parametrize(("is_chunked", "piece"), [(True, b"1a\r\n" + b"x" * 26 + b"\r\n"), (False, b"x" * 26)])
def test_each_piece_is_framed_and_whole(piece: bytes, *, is_chunked: bool) -> None:
    sink = FakeSink()
    writer = push.Writer(sink, chunked=is_chunked)
    assert writer.is_chunked is is_chunked
    assert (writer.write(b"x" * 26), writer.write(b"x" * 26)) == (True, True)
    assert (sink.pieces, sink.waited) == ([piece, piece], [True, True])
    assert writer.framed(b"x" * 26) == piece


@pytest.mark.parametrize("is_chunked", [True, False])
def test_writing_nothing_sends_nothing_above_all_not_the_end(*, is_chunked: bool) -> None:
    sink = FakeSink()
    writer = push.Writer(sink, chunked=is_chunked)
    assert writer.write(b"") is True
    assert writer.framed(b"") == b""
    assert (sink.pieces, writer.active) == ([], True)


@pytest.mark.parametrize("waits", [True, False])
def test_what_was_framed_once_is_sent_as_it_is_and_whether_to_wait_is_the_callers_word(*, waits: bool) -> None:
    sink = FakeSink()
    assert push.Writer(sink, chunked=True).write_framed(b"1\r\na\r\n", waits=waits)
    assert (sink.pieces, sink.waited) == ([b"1\r\na\r\n"], [waits])


def test_once_the_client_has_gone_nothing_is_written_and_the_writer_is_told() -> None:
    sink = FakeSink()
    writer = push.Writer(sink, chunked=True)
    assert writer.active
    sink.is_open = False
    assert (writer.active, writer.write(b"x")) == (False, False)
    assert sink.pieces == []


def test_closing_ends_the_answer_and_the_second_time_does_nothing() -> None:
    sink = FakeSink()
    writer = push.Writer(sink, chunked=True)
    writer.close()
    writer.close()
    assert (writer.active, sink.ended, sink.cuts, writer.write(b"x")) == (False, 1, 0, False)


def test_cutting_lets_the_client_see_it_incomplete() -> None:
    sink = FakeSink()
    writer = push.Writer(sink, chunked=True)
    writer.cut()
    writer.close()
    assert (writer.active, sink.ended, sink.cuts) == (False, 0, 1)


@pytest.mark.parametrize(("is_chunked", "data"), [(True, b"2\r\n:\n\r\n"), (False, b":\n")])
def test_what_keeps_a_stream_alive_is_framed_as_all_else_is(data: bytes, *, is_chunked: bool) -> None:
    sink = FakeSink()
    push.Writer(sink, chunked=is_chunked).keep_alive(b":\n", 2.5)
    assert (sink.alive, sink.pieces) == ((data, 2.5), [])


@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("data", ["text", 7, ["a"]])
def test_what_is_no_octets_raises_where_it_is_written_and_reaches_no_sink(data: object, *, is_chunked: bool) -> None:
    sink = FakeSink()
    with pytest.raises(TypeError):
        push.Writer(sink, chunked=is_chunked).write(cast("bytes", data))
    assert (sink.pieces, sink.is_open) == ([], True)


def test_a_buffer_that_is_filled_again_does_not_change_what_was_written() -> None:
    sink, buffer = FakeSink(), bytearray(b"one")
    writer = push.Writer(sink, chunked=False)
    for word in (b"one", b"two"):
        buffer[:] = word
        writer.write(cast("bytes", buffer))
    assert sink.pieces == [b"one", b"two"]


@FIXED
@given(st.lists(st.binary(max_size=20), max_size=6))
def test_what_was_written_in_chunks_is_what_a_client_reads(pieces: list[bytes]) -> None:
    sink, inbox, decoder = FakeSink(), Inbox(), chunked.ChunkedDecoder(Limits(), 10**9)
    writer = push.Writer(sink, chunked=True)
    assert all(writer.write(piece) for piece in pieces)
    inbox.put(sink.content)
    assert decoder.decode(inbox) == b"".join(pieces)
    assert (decoder.part, len(inbox)) == (chunked.Part.SIZE, 0)


def test_an_answer_that_has_no_content_has_a_writer_that_is_closed_from_the_start() -> None:
    writer = push.Writer(push.CLOSED, chunked=True)
    assert (writer.active, writer.write(b"x"), writer.write_framed(b"x", waits=False)) == (False, False, False)
    writer.keep_alive(b":\n\n", 1.0)
    writer.cut()
    writer.close()
    assert writer.active is False


# EventStream: `send`, `active`, `close`, as the tutorial has them; comment, heartbeat and broadcast beside.


@pytest.mark.parametrize(
    ("event", "octets"),
    [
        ("hello", b"data: hello\n\n"),
        ("", b"data: \n\n"),
        ("a\r\nb", b"data: a\ndata: b\n\n"),
        (SSEEvent("x", event="tick", id="7", retry=100), b"event: tick\nid: 7\nretry: 100\ndata: x\n\n"),
    ],
)
def test_an_event_is_sent_as_one_piece_and_a_string_as_its_data(event: SSEEvent | str, octets: bytes) -> None:
    sink = FakeSink()
    assert stream_to(sink).send(event) is True
    assert (sink.pieces, sink.waited) == ([octets], [True])
    in_chunks = FakeSink()
    assert stream_to(in_chunks, is_chunked=True).send(event) is True
    assert in_chunks.pieces == [b"%x\r\n%s\r\n" % (len(octets), octets)]


@pytest.mark.parametrize("event", [b"octets", 5, None])
def test_what_is_no_event_raises_and_the_stream_goes_on(event: object) -> None:
    sink = FakeSink()
    stream = stream_to(sink)
    with pytest.raises(AttributeError):
        stream.send(cast("str", event))
    assert (stream.active, sink.pieces) == (True, [])
    assert stream.send("y")


@pytest.mark.parametrize("is_chunked", [True, False])
def test_an_event_that_is_offered_waits_for_nobody(*, is_chunked: bool) -> None:
    sink, sent = FakeSink(room=1), FakeSink()
    stream = stream_to(sink, is_chunked=is_chunked)
    event = SSEEvent("x", id="7")
    assert (stream.offer(event), sink.waited, stream.active) == (True, [False], True)
    assert stream_to(sent, is_chunked=is_chunked).send(event)
    assert sink.pieces == sent.pieces
    # No room is left: the client is cut, so that it comes back for what it has missed.
    assert (stream.offer(event), sink.cuts, sink.ended, stream.active) == (False, 1, 0, False)
    assert (stream.offer(event), sink.pieces) == (False, sent.pieces)


def test_a_comment_is_one_whatever_is_in_it() -> None:
    sink = FakeSink()
    assert stream_to(sink).comment("a\ndata: b") is True
    assert sink.content == b": a\n: data: b\n\n"


def test_a_stream_is_active_until_the_client_goes_or_the_stream_is_closed() -> None:
    sink = FakeSink()
    stream = stream_to(sink)
    assert stream.active
    sink.is_open = False
    assert (stream.active, stream.send("x"), stream.comment("x")) == (False, False, False)
    other = FakeSink()
    stream = stream_to(other)
    stream.close()
    stream.close()
    assert (stream.active, stream.send("x"), other.ended, other.pieces) == (False, False, 1, [])


@pytest.mark.parametrize(
    ("is_chunked", "heartbeat", "alive"),
    [(True, 15.0, (b"3\r\n:\n\n\r\n", 15.0)), (False, 0.5, (event_stream.HEARTBEAT, 0.5)), (True, None, None)],
)
def test_a_heartbeat_is_asked_for_at_the_start_or_not_at_all(
    heartbeat: float | None, alive: tuple[bytes, float] | None, *, is_chunked: bool
) -> None:
    sink = FakeSink()
    stream_to(sink, is_chunked=is_chunked, heartbeat=heartbeat)
    assert (sink.alive, sink.pieces) == (alive, [])


# Broadcast


def test_everyone_is_told_the_same_in_the_framing_that_each_has() -> None:
    sinks = [FakeSink(), FakeSink(), FakeSink()]
    broadcast = push.Broadcast()
    for sink, is_chunked in zip(sinks, [True, False, True], strict=True):
        broadcast.add(stream_to(sink, is_chunked=is_chunked))
    assert (len(broadcast), broadcast.send("hi"), broadcast.send(SSEEvent("x", id="1"))) == (3, 3, 3)
    plain = [b"data: hi\n\n", b"id: 1\ndata: x\n\n"]
    in_chunks = [b"a\r\ndata: hi\n\n\r\n", b"f\r\nid: 1\ndata: x\n\n\r\n"]
    assert [sink.pieces for sink in sinks] == [in_chunks, plain, in_chunks]


def test_nobody_waits_for_a_slow_client_which_is_cut_and_told_nothing_more() -> None:
    slow, quick = FakeSink(room=1), FakeSink()
    broadcast = push.Broadcast()
    streams = [stream_to(slow), stream_to(quick)]
    for stream in streams:
        broadcast.add(stream)
    assert (broadcast.send("1"), broadcast.send("2"), broadcast.send("3")) == (2, 1, 1)
    assert (slow.pieces, slow.cuts, slow.ended, streams[0].active) == ([b"data: 1\n\n"], 1, 0, False)
    assert (len(quick.pieces), quick.waited, list(broadcast)) == (3, [False] * 3, [streams[1]])


def test_who_has_gone_is_forgotten_with_the_next_event() -> None:
    sinks = [FakeSink(), FakeSink()]
    broadcast = push.Broadcast()
    for sink in sinks:
        broadcast.add(stream_to(sink))
    sinks[0].is_open = False
    assert len(broadcast) == 2
    assert (broadcast.send("x"), len(broadcast)) == (1, 1)
    sinks[1].is_open = False
    assert (broadcast.send("x"), len(broadcast), broadcast.send("x")) == (0, 0, 0)


def test_a_stream_that_is_added_twice_is_told_once_and_hears_only_what_comes_after() -> None:
    sink = FakeSink()
    stream, broadcast = stream_to(sink), push.Broadcast()
    assert broadcast.send("before") == 0
    broadcast.add(stream)
    broadcast.add(stream)
    assert (len(broadcast), broadcast.send("after"), sink.pieces) == (1, 1, [b"data: after\n\n"])


def test_what_is_no_event_is_sent_to_nobody() -> None:
    sink, broadcast = FakeSink(), push.Broadcast()
    broadcast.add(stream_to(sink))
    with pytest.raises(AttributeError):
        broadcast.send(cast("str", b"octets"))
    assert (sink.pieces, sink.is_open, len(broadcast)) == ([], True, 1)


def test_closing_ends_every_stream_whole() -> None:
    sinks = [FakeSink(), FakeSink()]
    broadcast = push.Broadcast()
    for sink in sinks:
        broadcast.add(stream_to(sink))
    broadcast.close()
    assert [(sink.ended, sink.cuts) for sink in sinks] == [(1, 0), (1, 0)]
    assert (len(broadcast), list(broadcast), broadcast.send("x")) == (0, [], 0)
    broadcast.close()


def test_a_stream_that_is_added_while_the_others_are_closed_is_not_lost() -> None:
    first, late = FakeSink(), FakeSink()
    broadcast = push.Broadcast()
    broadcast.add(stream_to(first))
    first.at_end = lambda: broadcast.add(stream_to(late))
    broadcast.close()
    # Neither ended nor forgotten: somebody would be left with a stream in which nothing ever comes.
    assert (late.is_open, len(broadcast), broadcast.send("x")) == (True, 1, 1)
    broadcast.close()
    assert (late.ended, len(broadcast)) == (1, 0)


def test_streams_come_and_go_while_others_are_looked_at() -> None:
    broadcast = push.Broadcast()
    broadcast.add(stream_to(FakeSink()))
    for stream in broadcast:
        broadcast.add(stream_to(FakeSink()))
        stream.close()
    assert (len(broadcast), broadcast.send("x")) == (2, 1)


def test_several_threads_send_add_and_leave_at_once_and_each_event_is_whole() -> None:
    broadcast, sinks = push.Broadcast(), [FakeSink() for _ in range(4)]
    for sink in sinks:
        broadcast.add(stream_to(sink))
    start, failures = threading.Barrier(4), list[BaseException]()

    def send(name: int) -> None:
        try:
            start.wait(10)
            for number in range(50):
                broadcast.send(f"{name}.{number}")
                gone = FakeSink()
                gone.is_open = False
                broadcast.add(stream_to(gone))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (failures, broadcast.send("end")) == ([], 4)
    for sink in sinks:
        told = [piece.decode()[6:-2] for piece in sink.pieces[:-1]]
        assert sorted(told) == sorted(f"{name}.{number}" for name in range(4) for number in range(50))
        for name in range(4):
            assert [item for item in told if item.startswith(f"{name}.")] == [
                f"{name}.{number}" for number in range(50)
            ]


def test_what_a_stream_of_events_says_of_itself() -> None:
    fields = dict(push.EVENT_STREAM_FIELDS)
    assert (fields[b"Content-Type"], fields[b"Cache-Control"]) == (b"text/event-stream", b"no-cache")
    assert 0 < push.HEARTBEAT_SECONDS <= 30
