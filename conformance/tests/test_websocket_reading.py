"""The reader of a server's frames, held against itself whole and byte by byte, and against wsproto and websockets."""

from __future__ import annotations

import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, TextMessage
from wsproto.events import Ping as TheirPing
from wsproto.events import Pong as TheirPong
from wsproto.extensions import PerMessageDeflate

from merkhet.heard import Close, Event, Message, Opcode, Ping, Pong
from merkhet.suites.deflate_words import Back, Dynamic, Fixed, Reserved, Stored, deflated, flushed
from merkhet.suites.websocket_words import (
    close,
    fragments,
    frame,
    masked,
    pieces,
    ping,
    server_binary,
    server_close,
    server_fragments,
    server_frame,
    server_ping,
    server_pong,
    server_text,
    text,
)
from merkhet.wire.client_frames import ClientFrames, behind_handshake, in_words
from merkhet.wire.extensions import Deflate
from merkhet.wire.websocket import FATAL, FrameReader, is_reserved

DEFLATE = Deflate()
HELLO = deflated(Fixed(b"Hello"))


def read(data: bytes, deflate: Deflate | None = None, *, size: int = 0, bytes_max: int | None = None) -> FrameReader:
    reader = FrameReader(deflate) if bytes_max is None else FrameReader(deflate, message_bytes_max=bytes_max)
    for piece in pieces(data, size or max(1, len(data))):
        reader.feed(piece)
    return reader


def rules(data: bytes, deflate: Deflate | None = None) -> list[str]:
    """Return the rules that frames break, read whole and octet by octet alike."""
    whole, bitten = read(data, deflate), read(data, deflate, size=1)
    assert (whole.events, whole.faults, whole.places) == (bitten.events, bitten.faults, bitten.places)
    return [fault.rule for fault in whole.faults]


LEGAL: tuple[tuple[bytes, tuple[Event, ...]], ...] = (
    (server_text("caf\u00e9"), (Message(Opcode.TEXT, "caf\u00e9".encode()),)),
    (server_binary(b""), (Message(Opcode.BINARY, b""),)),
    (server_binary(b"\xff" * 125), (Message(Opcode.BINARY, b"\xff" * 125),)),
    (server_binary(b"x" * 126), (Message(Opcode.BINARY, b"x" * 126),)),
    (server_binary(b"x" * 65535), (Message(Opcode.BINARY, b"x" * 65535),)),
    (server_binary(b"x" * 65536), (Message(Opcode.BINARY, b"x" * 65536),)),
    (
        server_fragments(Opcode.TEXT, (b"caf\xc3", b"", b"\xa9"), between=(server_ping(b"1"), server_pong(b"2"))),
        (Ping(b"1"), Pong(b"2"), Message(Opcode.TEXT, "caf\u00e9".encode(), frames=3)),
    ),
    (server_close(), (Close(),)),
    (server_close(1001, "bye"), (Close(b"\x03\xe9bye"),)),
    (server_close(4999), (Close(b"\x13\x87"),)),
    (server_close(1014), (Close(b"\x03\xf6"),)),
    (server_close(5000), (Close(b"\x13\x88"),)),
    (server_frame(Opcode.TEXT, b"m", fin=False) + server_close(1000), (Close(b"\x03\xe8"),)),
)


@pytest.mark.parametrize(("data", "events"), LEGAL)
def test_legal_frames_are_read_whole_and_byte_by_byte(data: bytes, events: tuple[Event, ...]) -> None:
    for size in (0, 1, 3):
        reader = read(data + server_pong(b"behind"), size=size)
        assert tuple(reader.events) == (*events, Pong(b"behind"))
        assert (reader.faults, reader.broken) == ([], False)


FAULTY: tuple[tuple[str, bytes], ...] = (
    ("frame-masked", text("merkhet")),
    ("frame-masked", close(1000)),
    ("frame-rsv", server_text("x", rsv=4)),
    ("frame-rsv", server_text("x", rsv=2)),
    ("frame-rsv", server_text("x", rsv=1)),
    ("frame-rsv", server_frame(Opcode.PONG, b"", rsv=4)),
    *(("frame-opcode", server_frame(opcode, b"x")) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    ("frame-length-top-bit", b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x01x"),
    ("frame-length-minimal", server_frame(Opcode.TEXT, b"x" * 125, form=16)),
    ("frame-length-minimal", server_frame(Opcode.TEXT, b"x" * 125, form=64)),
    ("frame-length-minimal", server_frame(Opcode.TEXT, b"x" * 65535, form=64)),
    ("frame-length-minimal", server_frame(Opcode.PING, b"", form=16)),
    ("frame-control-fragmented", server_frame(Opcode.PING, b"", fin=False)),
    ("frame-control-fragmented", server_frame(Opcode.CLOSE, b"", fin=False)),
    ("frame-control-size", server_frame(Opcode.PONG, b"x" * 126)),
    ("frame-continuation", server_frame(Opcode.CONTINUATION, b"x")),
    ("frame-continuation", server_frame(Opcode.CONTINUATION, b"x", fin=False)),
    ("frame-continuation", server_text("x") + server_frame(Opcode.CONTINUATION, b"x")),
    ("frame-interleaved", server_frame(Opcode.TEXT, b"x", fin=False) + server_binary(b"x")),
    ("frame-text-utf8", server_text(b"\xc3")),
    ("frame-text-utf8", server_text(b"\xed\xa0\x80")),
    ("frame-text-utf8", server_text(b"\xf4\x90\x80\x80")),
    ("frame-text-utf8", server_fragments(Opcode.TEXT, (b"\xc3", b"x"))),
    ("frame-close-body", server_close(body=b"\x03")),
    ("frame-close-body", server_close(1000, b"\xff")),
    ("frame-close-1005", server_close(1005)),
    ("frame-close-1006", server_close(1006)),
    ("frame-close-1015", server_close(1015)),
    ("frame-close-1010", server_close(1010)),
    *(("frame-close-reserved", server_close(code)) for code in (0, 999, 1004, 1016, 2999)),
    ("frame-data-after-close", server_close(1000) + server_text("x")),
    ("frame-data-after-close", server_frame(Opcode.TEXT, b"x", fin=False) + server_close() + server_frame(0, b"x")),
)


@pytest.mark.parametrize(("rule", "data"), FAULTY)
def test_a_fault_names_its_rule(rule: str, data: bytes) -> None:
    assert rules(data) == [rule]
    goes_on = [event for event in read(data + server_ping(b"behind")).events if event == Ping(b"behind")]
    assert bool(goes_on) is (rule not in FATAL)


def test_a_pong_behind_the_close_is_no_fault_of_data() -> None:
    assert rules(server_close(1000) + server_pong(b"late")) == []


def test_a_fault_says_before_which_event_it_stands() -> None:
    reader = read(server_text("a") + server_close(1005) + server_text("b"))
    assert list(zip([fault.rule for fault in reader.faults], reader.places, strict=True)) == [
        ("frame-close-1005", 1),
        ("frame-data-after-close", 2),
    ]
    reader = read(server_text("a") + server_text(b"\xff"))
    assert (reader.places, len(reader.events)) == ([1], 2)


def test_reserved_codes() -> None:
    assert [code for code in range(6000) if is_reserved(code)] == [*range(1000), 1004, *range(1016, 3000)]


# --- compressed messages

COMPRESSED: tuple[tuple[bytes, bytes], ...] = (
    (HELLO, b"Hello"),
    (deflated(Stored(b"Hello")), b"Hello"),
    (deflated(Dynamic(b"Hello")), b"Hello"),
    (deflated(Fixed(b"Hello", final=True)), b"Hello"),
    (deflated(Fixed(b"He"), Stored(), Fixed(b"llo")), b"Hello"),
    (b"\x00", b""),
    (deflated(), b""),
)


@pytest.mark.parametrize(("payload", "data"), COMPRESSED)
def test_compressed_messages(payload: bytes, data: bytes) -> None:
    reader = read(server_text(payload, rsv=4) + server_text("plain"), DEFLATE)
    told = [(message.data, message.compressed) for message in reader.events if isinstance(message, Message)]
    assert told == [(data, True), (b"plain", False)]
    assert not reader.faults
    assert (reader.tally.compressed, reader.tally.measured) == (1, 1)


def test_the_window_is_taken_over_unless_it_was_agreed_not_to_be() -> None:
    again = server_text(HELLO, rsv=4) + server_text(deflated(Fixed(b"H", Back(4, 5))), rsv=4)
    reader = read(again, DEFLATE)
    assert [event.data for event in reader.events if isinstance(event, Message)] == [b"Hello", b"Hello"]
    assert reader.faults == []
    assert rules(again, Deflate(server_takeover=False)) == ["deflate-takeover"]


def test_a_compressed_message_in_fragments() -> None:
    whole = server_fragments(Opcode.TEXT, (HELLO[:3], HELLO[3:]), rsv=4, between=(server_ping(),))
    reader = read(whole, DEFLATE)
    assert reader.events == [Ping(b""), Message(Opcode.TEXT, b"Hello", compressed=True, frames=2, distance=0)]
    parts = (flushed(Fixed(b"Hel")), deflated(Fixed(b"lo")))
    assert rules(server_fragments(Opcode.TEXT, parts, rsv=4), DEFLATE) == []


@pytest.mark.parametrize(
    ("rule", "data", "deflate"),
    [
        ("deflate-broken", server_text(deflated(Reserved()), rsv=4), DEFLATE),
        ("deflate-broken", server_text(b"", rsv=4), DEFLATE),
        ("deflate-broken", server_text(deflated(Fixed(Back(3, 1))), rsv=4), DEFLATE),
        ("deflate-rsv1", server_frame(Opcode.PONG, b"", rsv=4), DEFLATE),
        ("deflate-rsv1", server_frame(Opcode.TEXT, HELLO[:2], rsv=4, fin=False) + server_frame(0, b"", rsv=4), DEFLATE),
        ("frame-rsv", server_text(HELLO, rsv=6), DEFLATE),
        ("deflate-window", server_text(deflated(Fixed(b"x" * 600, Back(9, 513))), rsv=4), Deflate(server_bits=9)),
        ("deflate-padding", server_text(b"\xf3\x48\xcd\xc9\xc9\x07\x80\x00", rsv=4), DEFLATE),
        ("frame-text-utf8", server_text(deflated(Stored(b"\xff")), rsv=4), DEFLATE),
    ],
)
def test_faults_of_compressed_messages(rule: str, data: bytes, deflate: Deflate) -> None:
    assert rules(data, deflate) == [rule]


def test_a_distance_of_the_whole_window_is_legal() -> None:
    reader = read(server_text(deflated(Fixed(b"x" * 600, Back(9, 512))), rsv=4), Deflate(server_bits=9))
    assert reader.faults == []
    assert [event.distance for event in reader.events if isinstance(event, Message)] == [512]


# --- bounds and speed


def test_what_is_held_is_bounded() -> None:
    for data in (
        server_frame(Opcode.BINARY, b"x" * 101),
        server_fragments(Opcode.BINARY, (b"x" * 60, b"x" * 60)),
        b"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00",
    ):
        assert [fault.rule for fault in read(data, bytes_max=100).faults] == ["too-large"]
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = (bomb.compress(bytes(50_000_000)) + bomb.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")
    reader = read(server_binary(payload, rsv=4), DEFLATE)
    assert [fault.rule for fault in reader.faults] == ["too-large"]


def test_large_messages_are_read_in_linear_time() -> None:
    data = server_binary(bytes(16 * 1024 * 1024)) + server_fragments(Opcode.BINARY, [b"x" * 256] * 65_537)
    began = time.process_time()
    reader = read(data, size=65_536)
    assert [len(event.data) for event in reader.events if isinstance(event, Message)] == [
        16 * 1024 * 1024,
        65_537 * 256,
    ]
    assert reader.faults == []
    # Twenty times what it takes, and far less than anything that is not linear.
    assert time.process_time() - began < 10


# --- second opinions

CONTROL = st.binary(max_size=125)
FRAMES = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=300), st.integers(1, 4)),
    st.tuples(st.just("binary"), st.binary(max_size=300), st.integers(1, 4)),
    st.tuples(st.just("ping"), CONTROL, st.just(1)),
    st.tuples(st.just("pong"), CONTROL, st.just(1)),
)


def their_frames(kind: str, value: str | bytes, count: int) -> bytes:
    """Return a message or a control frame as the `websockets` package writes it for a server."""
    data = value.encode() if isinstance(value, str) else value
    if kind in {"ping", "pong"}:
        return Frame({"ping": TheirOpcode.PING, "pong": TheirOpcode.PONG}[kind], data).serialize(mask=False)
    parts = pieces(data, max(1, len(data) // count))
    first = TheirOpcode.TEXT if kind == "text" else TheirOpcode.BINARY
    return b"".join(
        Frame(first if not number else TheirOpcode.CONT, part, fin=number == len(parts) - 1).serialize(mask=False)
        for number, part in enumerate(parts)
    )


def our_words(reader: FrameReader) -> list[tuple[str, str | bytes]]:
    told: list[tuple[str, str | bytes]] = []
    for event in reader.events:
        if isinstance(event, Message):
            is_text = event.opcode is Opcode.TEXT
            told.append(("text", event.data.decode()) if is_text else ("binary", event.data))
        elif isinstance(event, Ping | Pong):
            told.append((type(event).__name__.lower(), event.data))
    return told


def their_words(data: bytes) -> list[tuple[str, str | bytes]]:
    """Return what wsproto, as a client, makes of a server's frames."""
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(data)
    told: list[tuple[str, str | bytes]] = []
    text_so_far, bytes_so_far = "", b""
    for event in client.events():
        if isinstance(event, TextMessage):
            text_so_far += event.data
            if event.message_finished:
                told.append(("text", text_so_far))
                text_so_far = ""
        elif isinstance(event, BytesMessage):
            bytes_so_far += bytes(event.data)
            if event.message_finished:
                told.append(("binary", bytes_so_far))
                bytes_so_far = b""
        elif isinstance(event, TheirPing | TheirPong):
            told.append(("ping" if isinstance(event, TheirPing) else "pong", bytes(event.payload)))
        else:
            assert isinstance(event, CloseConnection)
    return told


@given(st.lists(FRAMES, max_size=8), st.integers(1, 400))
def test_others_read_and_write_the_same(items: list[tuple[str, str | bytes, int]], size: int) -> None:
    data = b"".join(their_frames(*item) for item in items)
    reader = read(data, size=size)
    assert (reader.faults, reader.unfinished) == ([], False)
    assert our_words(reader) == [(kind, value) for kind, value, _ in items] == their_words(data)


@given(st.binary(max_size=400), st.integers(1, 50))
def test_hostile_octets_raise_nothing_and_are_read_alike(data: bytes, size: int) -> None:
    for deflate in (None, DEFLATE):
        whole, cut = read(data, deflate), read(data, deflate, size=size)
        assert (whole.events, whole.faults) == (cut.events, cut.faults)
        assert whole.broken is bool([fault for fault in whole.faults if fault.rule in FATAL])


@given(st.lists(st.text(max_size=200), max_size=5))
def test_wsproto_compresses_what_we_inflate(texts: list[str]) -> None:
    extension = PerMessageDeflate()
    extension.finalize("permessage-deflate")
    server = Connection(ConnectionType.SERVER, extensions=[extension])
    data = b"".join(server.send(TextMessage(data=one)) for one in texts)
    reader = read(data, DEFLATE)
    assert our_words(reader) == [("text", one) for one in texts]
    assert reader.faults == []


def test_closes_of_others() -> None:
    data = Frame(TheirOpcode.CLOSE, b"\x03\xe8bye").serialize(mask=False)
    assert read(data).events == [Close(b"\x03\xe8bye")]
    assert (Close(b"\x03\xe8bye").code, Close(b"\x03\xe8bye").reason, Close(b"").code) == (1000, b"bye", None)


# --- the check's own frames


def follow(*sent: bytes) -> ClientFrames:
    frames = ClientFrames()
    for one in sent:
        frames.feed(one)
    return frames


def test_the_checks_own_frames_are_followed() -> None:
    whole = text("a") + fragments(Opcode.BINARY, (b"x" * 200, b"y" * 70_000)) + text("b", mask=None)
    assert follow(whole).between_frames
    assert follow(*pieces(whole, 1)).between_frames
    for end in (1, 2, 6, len(whole) - 1):
        assert not follow(whole[:end]).between_frames
    assert not follow(b"\x81\xff\x80" + bytes(7)).between_frames, "a length that nobody can follow"


def test_a_close_of_the_check_is_remembered() -> None:
    assert (follow(text("a")).closes, follow(text("a")).close_code) == (0, None)
    for sent in (close(1010, "bye"), close(1010)):
        for size in (1, 3, 100):
            frames = follow(*pieces(sent, size))
            assert (frames.closes, frames.close_code) == (1, 1010)
    assert (follow(close()).closes, follow(close()).close_code) == (1, None)
    assert (follow(close(body=b"\x03")).closes, follow(close(body=b"\x03")).close_code) == (1, None)


def test_the_checks_own_frames_in_words() -> None:
    odd = (
        (text("h\u00e9"), "text b'h\\xc3\\xa9'"),
        (ping(b"x", rsv=5, fin=False), "ping b'x', RSV1, RSV3, without FIN"),
        (close(1000, "bye"), "Close 1000 b'bye'"),
        (frame(3, b"x", mask=None), "opcode 3 b'x', unmasked"),
        (frame(2, b"x", form=64), "binary b'x', its length in 64 bits"),
        (frame(2, bytes(126)), f"binary {bytes(40)!r}... (126 octets)"),
    )
    assert list(in_words(b"".join(data for data, _ in odd))) == [words for _, words in odd]
    assert list(in_words(text("abc")[:7])) == ["text b'a', 3 octets announced"]
    assert list(in_words(text("abc")[:3])) == ["the first 3 octets of a frame"]


def test_what_was_sent_behind_the_handshake() -> None:
    head = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
    assert behind_handshake(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + head + text("a")) == text("a")
    assert behind_handshake(b"GET / HTTP/1.1\r\n\r\nabc") == b""


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_none(data: bytes, key: bytes) -> None:
    assert masked(masked(data, key), key) == data
    assert masked(data, key) == bytes(octet ^ key[place % 4] for place, octet in enumerate(data))
