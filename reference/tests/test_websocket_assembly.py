"""Messages out of fragments: order, limits, and text that is looked at as it comes."""

from __future__ import annotations

import zlib

import pytest
from websocket_wire import BINARY, PING, TEXT, frame

from merkhet_reference.limits import Limits
from merkhet_reference.websocket import assembly, deflate, frames
from merkhet_reference.websocket.close import Violation

LIMITS = Limits(websocket_message_bytes_max=1000, websocket_fragments_max=5)
AGREED = deflate.Agreed(15, 15, server_context=True, client_context=True)


class Reading:
    """A reader and an assembler, and what has come of them."""

    def __init__(self, *, compressed: bool = False) -> None:
        self.reader = frames.FrameReader(LIMITS.websocket_message_bytes_max, deflates=compressed)
        self.assembler = assembly.Assembler(LIMITS, AGREED if compressed else None)
        self.messages: list[str | bytes] = []

    def take(self, data: bytes) -> list[str | bytes]:
        self.reader.receive(data)
        while (piece := self.reader.take()) is not None:
            if self.reader.opcode & frames.CONTROL:
                continue
            message = self.assembler.take(self.reader, piece)
            if message is not None:
                self.messages.append(message.data)
        return self.messages


def code_of(data: bytes, *, compressed: bool = False) -> int:
    with pytest.raises(Violation) as caught:
        Reading(compressed=compressed).take(data)
    return caught.value.code


def squeezed(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def fragments(opcode: int, *payloads: bytes, rsv: int = 0) -> bytes:
    last = len(payloads) - 1
    return b"".join(
        frame(0 if at else opcode, payload, fin=at == last, rsv=0 if at else rsv) for at, payload in enumerate(payloads)
    )


def test_whole_messages() -> None:
    found = Reading().take(frame(TEXT, b"a") + frame(BINARY, b"b") + frame(TEXT) + frame(BINARY))
    assert found == ["a", b"b", "", b""]


def test_fragments_in_order_with_empty_ones_and_control_frames_between() -> None:
    data = fragments(TEXT, b"", b"a", b"", b"b", b"") + fragments(BINARY, b"c", b"d")
    assert Reading().take(data) == ["ab", b"cd"]
    between = frame(TEXT, b"a", fin=False) + frame(PING, b"\xff") + frame(0, b"b")
    assert Reading().take(between) == ["ab"]


def test_a_character_may_be_cut_by_a_frame() -> None:
    assert Reading().take(fragments(TEXT, b"\xe2", b"\x82", b"\xac")) == ["\u20ac"]
    assert code_of(fragments(TEXT, b"\xe2\x82", b"")) == 1007
    assert code_of(frame(TEXT, b"\xe2\x82")) == 1007


def test_invalid_text_is_refused_before_its_frame_or_message_ends() -> None:
    assert code_of(frame(TEXT, b"ok\xffmore")[:-4]) == 1007
    assert code_of(frame(TEXT, b"\xc3", fin=False) + frame(0, b"\x20", fin=False)) == 1007
    assert Reading().take(frame(BINARY, b"\xff", fin=False)) == []


def test_what_is_text_in_one_message_is_nothing_to_the_next() -> None:
    reading = Reading()
    with pytest.raises(Violation):
        reading.take(
            fragments(BINARY, b"\xff", b"\xfe") + fragments(TEXT, b"\xc3", b"\xbc") + fragments(TEXT, b"\xff", b"")
        )
    assert reading.messages == [b"\xff\xfe", "\u00fc"]


def test_the_limit_is_for_the_message_not_the_frame() -> None:
    assert Reading().take(fragments(BINARY, bytes(500), bytes(500)) * 2) == [bytes(1000)] * 2
    assert Reading().take(fragments(BINARY, bytes(500), b"") + frame(BINARY, bytes(1000))) == [bytes(500), bytes(1000)]
    # Seen at the head of the frame that is too long: nothing of its payload is there.
    assert code_of(frame(BINARY, bytes(500), fin=False) + frame(0, bytes(501))[:4]) == 1009
    assert code_of(frame(BINARY, bytes(1001))[:4]) == 1009


def test_the_count_of_fragments_is_limited() -> None:
    assert Reading().take(fragments(TEXT, *[b"x"] * 5)) == ["xxxxx"]
    assert code_of(fragments(TEXT, *[b"x"] * 6)[: 7 * 5]) == 1009
    assert len(Reading().take(frame(TEXT, b"x") * 20)) == 20


def test_compressed_messages() -> None:
    data = squeezed("\u20ac".encode() * 200)
    whole = frame(TEXT, data, rsv=4)
    cut = fragments(TEXT, data[:1], b"", data[1:4], data[4:], rsv=4)
    plain = frame(BINARY, b"plain")
    reading = Reading(compressed=True)
    assert reading.take(whole + plain + cut) == ["\u20ac" * 200, b"plain", "\u20ac" * 200]


def test_compressed_text_is_looked_at_behind_decompression() -> None:
    assert code_of(frame(TEXT, squeezed(b"a\xff"), rsv=4), compressed=True) == 1007
    assert code_of(frame(TEXT, squeezed(b"a\xc3"), rsv=4), compressed=True) == 1007
    assert code_of(frame(TEXT, b"\xff\xff", rsv=4), compressed=True) == 1007
    assert Reading(compressed=True).take(frame(BINARY, squeezed(b"\xff"), rsv=4)) == [b"\xff"]


def test_the_limit_is_for_what_comes_out_too() -> None:
    assert Reading(compressed=True).take(frame(BINARY, squeezed(bytes(1000)), rsv=4)) == [bytes(1000)]
    assert code_of(frame(BINARY, squeezed(bytes(1001)), rsv=4), compressed=True) == 1009
    halves = fragments(BINARY, squeezed(bytes(600)) + b"\x00\x00\xff\xff", squeezed(bytes(401)), rsv=4)
    assert code_of(halves, compressed=True) == 1009


def test_a_compressed_frame_without_an_agreement_is_the_readers_to_refuse() -> None:
    reading = Reading()
    reading.reader = frames.FrameReader(1000, deflates=True)
    with pytest.raises(AssertionError):
        reading.take(frame(TEXT, b"x", rsv=4))
