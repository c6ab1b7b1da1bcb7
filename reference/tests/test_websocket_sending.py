"""Messages of ours as frames, compressed or not, for one or for many."""

from __future__ import annotations

import zlib
from typing import cast

import pytest
from websocket_wire import BINARY, TEXT, Frame, read_frames

from merkhet_reference.websocket import deflate, sending

AGREED = deflate.Agreed(15, 15, server_context=True, client_context=True)
END = b"\0\0\xff\xff"


def test_a_message_is_text_or_octets() -> None:
    assert sending.payload_of("\xe9") == (TEXT, b"\xc3\xa9")
    assert sending.payload_of(b"a") == (BINARY, b"a")
    assert sending.payload_of(cast("bytes", bytearray(b"a"))) == (BINARY, b"a")
    with pytest.raises(UnicodeEncodeError):
        sending.payload_of("\ud800")
    with pytest.raises(TypeError):
        sending.payload_of(cast("str", 1))


def test_messages_are_compressed_in_the_context_of_those_before() -> None:
    packing = sending.Compression(AGREED, deflate.DEFAULT)
    first, second = read_frames(packing.text(b"abc" * 50) + packing.binary(b"abc" * 50))
    assert (first.opcode, first.rsv, second.opcode, second.rsv) == (TEXT, 4, BINARY, 4)
    assert len(second.payload) < len(first.payload)
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(first.payload + END + second.payload + END) == b"abc" * 100


def test_a_message_for_many_is_made_once_for_each_window() -> None:
    message = sending.Prepared("abc" * 50)
    assert read_frames(message.frame) == [Frame(TEXT, b"abc" * 50)]
    small = deflate.Agreed(9, 15, server_context=True, client_context=True)
    made = message.compressed(AGREED, 6)
    assert message.compressed(AGREED, 6) is made
    assert message.compressed(small, 6) is not made
    assert zlib.decompressobj(-9).decompress(read_frames(message.compressed(small, 6))[0].payload) == b"abc" * 50


def test_what_follows_a_message_for_many_refers_to_nothing_before_it() -> None:
    packing = sending.Compression(AGREED, deflate.DEFAULT)
    message = sending.Prepared(b"abc" * 50)
    wire = packing.binary(b"xyz" * 50) + packing.alone(message) + packing.binary(b"xyz" * 50)
    inflater = zlib.decompressobj(-15)
    came = [inflater.decompress(frame.payload + END) for frame in read_frames(wire)]
    assert came == [b"xyz" * 50, b"abc" * 50, b"xyz" * 50]
