"""Frames: what comes of octets, however they are cut; each violation at the octet that makes it one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websocket_wire import BINARY, CLOSE, KEY, PING, PONG, TEXT, Frame, frame, masked, read_frames

from merkhet_reference.websocket import frames
from merkhet_reference.websocket.close import Violation
from merkhet_reference.websocket.frames import FrameReader

FIXED = settings(deadline=None, derandomize=True, database=None)
ROOM = 1_000_000
SIZES = [0, 1, 3, 4, 5, 124, 125, 126, 127, 1023, 1024, 1025, 65535, 65536, 65541]


def pieces(reader: FrameReader) -> list[tuple[int, bytes, bool]]:
    return [(reader.opcode, piece, reader.has_ended) for piece in iter(reader.take, None)]


def read(
    data: bytes, *, room: int = ROOM, deflates: bool = False, step: int = 0
) -> list[tuple[int, bytes, bool, bool]]:
    """Opcode, payload, FIN and RSV1 of each frame, out of segments of `step` octets."""
    reader = FrameReader(room, deflates=deflates)
    found: list[tuple[int, bytes, bool, bool]] = []
    payload = b""
    for start in range(0, len(data), step or len(data)):
        reader.receive(data[start : start + (step or len(data))])
        while (piece := reader.take()) is not None:
            payload += piece
            if reader.has_ended:
                is_control = reader.opcode >= CLOSE
                last = is_control or reader.is_last_frame
                found.append((reader.opcode, payload, last, not is_control and reader.is_compressed))
                payload = b""
    assert payload == b""
    assert reader.waiting_bytes == 0
    return found


def violation_of(reader: FrameReader) -> tuple[int, str] | None:
    try:
        for _ in iter(reader.take, None):
            pass
    except Violation as violation:
        return violation.code, violation.why
    return None


def fault_at(data: bytes, *, room: int = ROOM, deflates: bool = False) -> tuple[int, int, str]:
    """After how many octets a violation is seen, its code, and why."""
    reader = FrameReader(room, deflates=deflates)
    for count in range(len(data)):
        reader.receive(data[count : count + 1])
        found = violation_of(reader)
        if found is not None:
            whole = FrameReader(room, deflates=deflates)
            whole.receive(data)
            assert violation_of(whole) == found
            return count + 1, *found
    raise AssertionError("nothing is wrong")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_a_payload_of_any_size(size: int, step: int) -> None:
    if step == 1 and size > 2000:
        step = 997
    payload = bytes(range(256)) * (size // 256 + 1)
    data = frame(BINARY, payload[:size]) + frame(TEXT, b"next")
    assert read(data, step=step) == [(BINARY, payload[:size], True, False), (TEXT, b"next", True, False)]


def test_a_whole_frame_is_one_piece_and_half_of_one_is_there_at_once() -> None:
    reader = FrameReader(ROOM)
    reader.receive(frame(TEXT, b"whole") + frame(BINARY, b"abcdef")[:9])
    assert pieces(reader) == [(TEXT, b"whole", True), (BINARY, b"abc", False)]
    assert reader.take() is None
    reader.receive(frame(BINARY, b"abcdef")[9:10])
    assert pieces(reader) == [(BINARY, b"d", False)]
    reader.receive(frame(BINARY, b"abcdef")[10:] + frame(BINARY))
    assert pieces(reader) == [(BINARY, b"ef", True), (BINARY, b"", True)]


def test_control_frames_come_whole_and_between_fragments() -> None:
    reader = FrameReader(ROOM)
    ping = frame(PING, b"12345")
    reader.receive(frame(TEXT, b"a", fin=False) + ping[:-1])
    assert pieces(reader) == [(TEXT, b"a", True)]
    assert (reader.in_message, reader.is_last_frame) == (True, False)
    reader.receive(ping[-1:] + frame(PONG) + frame(0, b"b"))
    assert pieces(reader) == [(PING, b"12345", True), (PONG, b"", True), (0, b"b", True)]
    assert (reader.in_message, reader.is_last_frame) == (False, True)


def test_what_is_thrown_away_is_not_read() -> None:
    reader = FrameReader(ROOM)
    reader.receive(frame(TEXT, b"x"))
    assert reader.waiting_bytes == 7
    reader.clear()
    assert (reader.take(), reader.waiting_bytes) == (None, 0)


FAULTS: list[tuple[bytes, int, int, str]] = [
    *((frame(TEXT, b"x", rsv=rsv), 1, 1002, "reserved bit") for rsv in (1, 2, 3, 4, 7)),
    *((frame(PING, b"x", rsv=rsv), 1, 1002, "reserved bit") for rsv in (1, 4)),
    *((frame(opcode, b"x"), 1, 1002, "opcode is reserved") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    *((frame(opcode, b"x", fin=False), 1, 1002, "fragmented") for opcode in (CLOSE, PING, PONG)),
    (frame(0, b"x"), 1, 1002, "nothing is there to be continued"),
    (frame(TEXT, b"x") + frame(0, b"x"), 8, 1002, "nothing is there to be continued"),
    (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 8, 1002, "inside of another"),
    (frame(TEXT, b"x", fin=False) + frame(PING) + frame(BINARY, b"x", fin=False), 14, 1002, "inside of another"),
    (frame(TEXT, b"x", mask=None), 2, 1002, "not masked"),
    (frame(PING, mask=None), 2, 1002, "not masked"),
    (frame(PING, b"x" * 126), 2, 1002, "more than 125"),
    (frame(CLOSE, b"x" * 70000), 2, 1002, "more than 125"),
    (frame(PING, b"x" * 5, form=3), 2, 1002, "more than 125"),
    (frame(TEXT, b"x" * 125, form=3), 4, 1002, "more octets than it needs"),
    (frame(TEXT, b"x" * 125, form=9), 8, 1002, "more octets than it needs"),
    (frame(TEXT, b"x" * 65535, form=9), 8, 1002, "more octets than it needs"),
    (b"\x81\xff" + b"\x80" + bytes(7), 3, 1002, "first bit"),
    (b"\x81\xff" + b"\xff" * 8, 3, 1002, "first bit"),
    (b"\x81\xff" + (1 << 60).to_bytes(8, "big"), 3, 1009, "larger"),
    (b"\x81\xff" + (1 << 32).to_bytes(8, "big"), 6, 1009, "larger"),
    (b"\x81\xff" + (ROOM + 1).to_bytes(8, "big"), 10, 1009, "larger"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "octets", "code", "why"), FAULTS)
def test_each_violation_is_seen_with_its_octet(data: bytes, octets: int, code: int, why: str) -> None:
    seen = fault_at(data)
    assert seen[:2] == (octets, code)
    assert why in seen[2]


@pytest.mark.parametrize(
    ("size", "room", "octets"), [(126, 125, 4), (256, 125, 3), (65536, 65535, 8), (11, 10, 2), (70000, 500, 8)]
)
def test_a_frame_beyond_the_room_is_refused_at_its_length(size: int, room: int, octets: int) -> None:
    assert fault_at(frame(TEXT, bytes(size)), room=room)[:2] == (octets, 1009)
    assert len(read(frame(TEXT, bytes(size)), room=size)) == 1


def test_control_frames_need_no_room() -> None:
    assert read(frame(PING, b"x" * 125), room=0) == [(PING, b"x" * 125, True, False)]


def test_rsv1_where_compression_is_agreed() -> None:
    data = frame(TEXT, b"x", rsv=4, fin=False) + frame(PING) + frame(0, b"y")
    assert read(data, deflates=True) == [(TEXT, b"x", False, True), (PING, b"", True, False), (0, b"y", True, False)]
    assert read(frame(BINARY, b"x"), deflates=True) == [(BINARY, b"x", True, False)]
    for bad in (frame(PING, rsv=4), frame(TEXT, rsv=6), frame(TEXT, rsv=1)):
        assert fault_at(bad, deflates=True)[:2] == (1, 1002)
    assert fault_at(frame(TEXT, b"x", rsv=4, fin=False) + frame(0, b"y", rsv=4), deflates=True)[:2] == (8, 1002)


def test_tables_say_what_the_rules_say() -> None:
    assert {key: sum(map(bool, row)) for key, row in frames.FIRST_OCTET.items()} == {
        (False, False): 256 - 7, (False, True): 256 - 5, (True, False): 256 - 11, (True, True): 256 - 5,
    }  # fmt: skip
    assert {key: sum(map(bool, row)) for key, row in frames.SECOND_OCTET.items()} == {False: 128, True: 130}


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 31, 1022, 1023, 1024, 1025, 1026, 1027, 5000])
@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_unmasking(length: int, turned: int) -> None:
    data = bytes(octet * 7 & 255 for octet in range(length))
    assert frames.unmask(masked(data, KEY[turned:] + KEY[:turned]), KEY, turned) == data


@pytest.mark.parametrize("size", SIZES)
def test_frames_of_ours(size: int) -> None:
    payload = bytes(size)
    assert read_frames(frames.encode(BINARY, payload)) == [Frame(BINARY, payload)]


def test_more_frames_of_ours() -> None:
    data = (
        frames.encode(TEXT, b"a", is_last=False, is_compressed=True) + frames.encode_ping(b"p") + frames.encode_ping()
    )
    data += frames.encode_pong(b"q") + frames.encode_close(1001, "bye")
    assert read_frames(data) == [
        Frame(TEXT, b"a", fin=False, rsv=4), Frame(PING, b"p"), Frame(PING, b""), Frame(PONG, b"q"),
        Frame(CLOSE, b"\x03\xe9bye"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="125"):
        frames.encode_ping(bytes(126))


ONE = st.one_of(
    st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=125), mask=st.binary(min_size=4, max_size=4)),
    st.builds(frame, st.sampled_from([TEXT, BINARY]), st.binary(max_size=300), mask=st.binary(min_size=4, max_size=4)),
)


@FIXED
@given(st.lists(ONE, max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_any_cut_gives_the_same_frames(sent: list[bytes], steps: list[int]) -> None:
    data = b"".join(sent)
    reader = FrameReader(ROOM)
    found: list[tuple[int, bytes]] = []
    payload, at = b"", 0
    while at < len(data):
        step = steps[at % len(steps)]
        reader.receive(data[at : at + step])
        at += step
        while (piece := reader.take()) is not None:
            payload += piece
            if reader.has_ended:
                found.append((reader.opcode, payload))
                payload = b""
    assert found == [(opcode, whole) for opcode, whole, _, _ in (read(data) if data else [])]
    assert len(found) == len(sent)


@FIXED
@given(data=st.binary(max_size=40), deflates=st.booleans())
def test_any_octets_at_all_give_the_same_however_they_are_cut(data: bytes, *, deflates: bool) -> None:
    def outcome(step: int) -> list[object]:
        reader = FrameReader(100, deflates=deflates)
        found: list[object] = []
        payload = b""
        for start in range(0, len(data), step):
            reader.receive(data[start : start + step])
            try:
                while (piece := reader.take()) is not None:
                    payload += piece
                    if reader.has_ended:
                        found.append((reader.opcode, payload))
                        payload = b""
            except Violation as violation:
                return [*found, payload, violation.code, violation.why]
        return [*found, payload]

    assert outcome(1) == outcome(3) == outcome(max(1, len(data)))
