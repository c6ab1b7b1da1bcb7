"""The inflater, with zlib as the second opinion."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merkhet.suites.deflate_words import Back, Block, Dynamic, Fixed, Reserved, Stored, deflate, deflated, run_of
from merkhet.wire.inflate import MEASURED_BYTES_MAX, TAIL, Inflated, InflateError, Inflater, TooLong, inflate

BYTES_MAX = 20 * 1024 * 1024
WORDS = st.lists(st.sampled_from([b"merkhet ", b"abc", b"\x00\xff", b"a" * 300, bytes(range(256))]), max_size=60)
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE)


def by_zlib(data: bytes, *, level: int = 6, bits: int = 15, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def distances(blocks: tuple[Block, ...]) -> list[int]:
    return [
        item.distance for block in blocks if isinstance(block, Fixed) for item in block.items if isinstance(item, Back)
    ]


@given(WORDS, st.integers(0, 9), st.sampled_from(STRATEGIES))
def test_what_zlib_deflates_is_inflated(words: list[bytes], level: int, strategy: int) -> None:
    data = b"".join(words)
    assert inflate(by_zlib(data, level=level, strategy=strategy)).data == data


@given(st.binary(max_size=600))
def test_any_octets_are_inflated_or_refused_as_zlib_does(data: bytes) -> None:
    """zlib stops at a block with BFINAL, and takes more incomplete codes for faults than this does."""
    reader = zlib.decompressobj(-15)
    try:
        theirs = reader.decompress(data)
    except zlib.error:
        theirs = None
    try:
        ours = inflate(data, bytes_max=BYTES_MAX)
    except InflateError:
        assert theirs is None or not reader.eof or reader.unused_data
    else:
        assert theirs is None or ours.data.startswith(theirs)


@given(WORDS, st.integers(9, 15))
def test_no_distance_is_longer_than_the_window_it_was_deflated_with(words: list[bytes], bits: int) -> None:
    inflated = inflate(by_zlib(b"".join(words) * 3, bits=bits))
    assert inflated.distance is not None
    assert inflated.distance <= 1 << bits
    assert inflated.reach == 0


def test_the_longest_distance_is_measured_where_zlib_lets_it_pass() -> None:
    block = Fixed(b"0123456789" * 400, Back(9, 4000))
    data = deflate(block)
    assert zlib.decompressobj(-9).decompress(data) == b"0123456789" * 400 + b"012345678", "a window of 512"
    assert inflate(data).distance == 4000


@pytest.mark.parametrize(
    ("blocks", "data"),
    [
        ((Stored(b"Hello"),), b"Hello"),
        ((Stored(b""),), b""),
        ((Stored(bytes(65535)),), bytes(65535)),
        ((Fixed(b"Hello"),), b"Hello"),
        ((Fixed(bytes(range(256))),), bytes(range(256))),
        ((Dynamic(bytes(range(256))),), bytes(range(256))),
        ((Fixed(b"ab", Back(258, 2)),), b"ab" * 130),
        ((Fixed(*run_of(b"a", 1000)),), b"a" * 1000),
        ((Fixed(*run_of(b"a", 1)),), b"a"),
        ((Fixed(*run_of(b"a", 261)),), b"a" * 261),
        ((Fixed(b"a", final=True), Dynamic(b"b", final=True), Stored(b"c", final=True), Fixed(b"d")), b"abcd"),
        ((Fixed(b"abc", final=True), Fixed(Back(3, 3))), b"abcabc"),
        *(((Stored(bytes(range(256)) * 128), Fixed(Back(length, 32768))), bytes(range(256)) * 128 + bytes(range(256))[:length])
          for length in (3, 10, 11, 17, 114, 115, 256)),
    ],
)  # fmt: skip
def test_blocks_by_hand(blocks: tuple[Block, ...], data: bytes) -> None:
    inflated = inflate(deflate(*blocks, Stored()))
    assert inflated.data == data
    assert inflated.distance == max(distances(blocks), default=0)
    assert inflated.finals == sum(not isinstance(block, Reserved) and block.final for block in blocks)
    assert not inflated.padding
    if not inflated.finals:
        assert zlib.decompressobj(-15).decompress(deflate(*blocks, Stored())) == data


def test_the_examples_of_rfc_7692() -> None:
    hello = deflated(Fixed(b"Hello"))
    assert hello == bytes.fromhex("f248cdc9c90700")
    assert deflated(Fixed(b"H", Back(4, 5))) == bytes.fromhex("f200110000")
    assert deflated(Stored(b"Hello")) == bytes.fromhex("000500faff48656c6c6f00")
    assert deflated(Fixed(b"Hello", final=True)) == bytes.fromhex("f348cdc9c9070000")
    assert deflated(Fixed(b"He"), Stored(), Fixed(b"llo")) == bytes.fromhex("f24805000000ffffcac9c90700")
    assert deflated() == b"\x00"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (deflate(Reserved()) + TAIL, "reserved type"),
        (b"\x00\x05\x00\xfa\xfe" + b"Hello", "disagree"),
        (b"\x00\x05\x00\xfa\xffHell", "end within a stored block"),
        (b"\xf2\x48\xcd", "end within a block"),
        (b"", ""),
        (b"\x00", "end within a block"),
        (deflate(Fixed(Back(3, 1))), "a distance of 1 with 0 octets"),
        (deflate(Fixed(b"abc", Back(3, 4))), "a distance of 4 with 3 octets"),
        (b"\xfc\xff" + bytes(20), "literal and"),
        (b"\x04\xe0\x93\x24" + bytes(20), "more codes than there is room for"),
        (b"\x1a\x03\x00", "the length code 286"),
    ],
)
def test_what_is_no_deflate_data(data: bytes, words: str) -> None:
    if not words:
        assert inflate(data).data == b""
        return
    with pytest.raises(InflateError, match=words):
        inflate(data)


def test_bits_that_fill_up_a_final_block() -> None:
    data = deflate(Fixed(b"Hello", final=True))
    assert not inflate(data).padding
    assert inflate(data[:-1] + bytes([data[-1] | 0x80])).padding


@pytest.mark.parametrize("size", [1000, MEASURED_BYTES_MAX + 1])
def test_the_window_goes_from_message_to_message(size: int) -> None:
    """With zlib for the long ones. Between two takeovers the same octets come from 32768 back."""
    noise = bytes(range(256)) * 128
    long = b"x" * size
    inflater = Inflater(bytes_max=BYTES_MAX)
    assert inflater.message(by_zlib(noise).removesuffix(TAIL)).data == noise
    assert inflater.message(deflated(Fixed(Back(9, 32768)))).data == noise[:9]
    assert inflater.message(by_zlib(long).removesuffix(TAIL)).data == long
    again = inflater.message(deflated(Fixed(Back(3, 1))))
    assert (again.data, again.distance, again.reach) == (b"xxx", 1, 1)


@pytest.mark.parametrize("size", [10, MEASURED_BYTES_MAX])
def test_a_reference_to_an_earlier_message_is_told(size: int) -> None:
    inflater = Inflater(takeover=False, bytes_max=BYTES_MAX)
    inflater.message(deflated(Fixed(b"Hello")))
    tail = by_zlib(b"z" * size).removesuffix(TAIL)
    told = inflater.message(deflate(Fixed(b"H", Back(4, 5)), Stored()) + tail)
    assert told.data == b"Hello" + b"z" * size
    assert told.reach is not None
    assert told.reach > 0
    assert not inflater.message(tail).reach


def test_blocks_with_bfinal_do_not_end_a_long_message() -> None:
    long = b"x" * MEASURED_BYTES_MAX
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    ended = packer.compress(long) + packer.flush(zlib.Z_FINISH)
    inflater = Inflater(bytes_max=BYTES_MAX)
    told = inflater.message(ended + deflated(Fixed(Back(3, 1), b"end")))
    assert (told.data, told.distance) == (long + b"xxxend", None)


def test_too_much_is_not_inflated() -> None:
    with pytest.raises(TooLong):
        inflate(by_zlib(bytes(100_000)), bytes_max=99_999)
    with pytest.raises(TooLong):
        Inflater(bytes_max=3_000_000).message(by_zlib(bytes(3_000_001)).removesuffix(TAIL))
    told: Inflated = Inflater(bytes_max=3_000_000).message(by_zlib(bytes(3_000_000)).removesuffix(TAIL))
    assert (len(told.data), told.distance) == (3_000_000, None)


def test_long_messages_that_are_broken() -> None:
    data = by_zlib(bytes(2_000_000))
    for broken in (data + deflate(Reserved()), data[:-20], data + deflate(Stored(b"abcdefgh"))[:-6]):
        with pytest.raises(InflateError):
            Inflater(bytes_max=BYTES_MAX).message(broken)
