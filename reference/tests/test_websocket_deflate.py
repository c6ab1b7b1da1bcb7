"""permessage-deflate: what is agreed, and messages through it both ways."""

from __future__ import annotations

import itertools
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference.websocket import deflate, extensions
from merkhet_reference.websocket.close import Violation
from merkhet_reference.websocket.deflate import Agreed, Deflater, Inflater, Settings

FIXED = settings(deadline=None, derandomize=True, database=None)
NOTHING_SET = Settings(server_window_bits=15)
BOTH = Agreed(15, 15, server_context=True, client_context=True)
ALONE = Agreed(15, 15, server_context=False, client_context=False)
TAIL = b"\x00\x00\xff\xff"
ROOM = 10_000_000


def agreed(offer: bytes, settings: Settings = NOTHING_SET) -> bytes | None:
    found = deflate.agree(extensions.parse([offer]), settings)
    return None if found is None else found.encode()


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (b"permessage-deflate", b"permessage-deflate"),
        (b"permessage-deflate; server_no_context_takeover", b"permessage-deflate; server_no_context_takeover"),
        (b"permessage-deflate; client_no_context_takeover", b"permessage-deflate; client_no_context_takeover"),
        (b"permessage-deflate; client_max_window_bits", b"permessage-deflate"),
        (b"permessage-deflate; client_max_window_bits=15", b"permessage-deflate"),
        (b"permessage-deflate; client_max_window_bits=9", b"permessage-deflate; client_max_window_bits=9"),
        (b'permessage-deflate; client_max_window_bits="8"', b"permessage-deflate; client_max_window_bits=8"),
        *((b"permessage-deflate; server_max_window_bits=%d" % bits,) * 2 for bits in range(8, 16)),
        (
            b"permessage-deflate; client_max_window_bits=10; server_max_window_bits=11; client_no_context_takeover",
            b"permessage-deflate; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=10",
        ),
        (
            b"permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits",
            b"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (b"foo, permessage-deflate; foo, permessage-deflate", b"permessage-deflate"),
        (b"permessage-deflate; server_max_window_bits=7, permessage-deflate; client_max_window_bits=12",
         b"permessage-deflate; client_max_window_bits=12"),
    ],
)  # fmt: skip
def test_what_is_answered(offer: bytes, answer: bytes) -> None:
    assert agreed(offer) == answer


@pytest.mark.parametrize(
    "parameters",
    [
        b"foo", b"foo=1", b"server_no_context_takeover=1", b"client_no_context_takeover=true", b"server_max_window_bits",
        *(b"%s_max_window_bits=%s" % pair for pair in itertools.product(
            (b"server", b"client"), (b"7", b"16", b"0", b"08", b"010", b"+9", b"9.0", b"x", b"1", b"-9", b"100"))),
        b"server_no_context_takeover; server_no_context_takeover",
        b"client_max_window_bits; client_max_window_bits=10",
        b"server_max_window_bits=10; server_max_window_bits=10",
        b"SERVER_NO_CONTEXT_TAKEOVER",
    ],
)  # fmt: skip
def test_what_is_declined(parameters: bytes) -> None:
    assert agreed(b"permessage-deflate; " + parameters) is None
    assert agreed(b"permessage-deflate; " + parameters + b", permessage-deflate") == b"permessage-deflate"


def test_other_extensions_are_none_of_ours() -> None:
    assert agreed(b"x-webkit-deflate-frame, permessage-bzip2") is None
    assert deflate.agree([]) is None


def test_what_this_server_wants_of_its_own() -> None:
    wants = Settings(server_window_bits=10, client_window_bits=11, client_context=False, server_context=False)
    found = deflate.agree(extensions.parse([b"permessage-deflate; client_max_window_bits"]), wants)
    assert found == Agreed(10, 11, False, False, (b"client_no_context_takeover", b"client_max_window_bits=11"))
    # It asks no window of a client that does not know how to be asked for one.
    assert agreed(b"permessage-deflate", wants) == b"permessage-deflate; client_no_context_takeover"
    assert agreed(b"permessage-deflate; server_max_window_bits=15; client_max_window_bits=9", wants) == (
        b"permessage-deflate; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"
    )


@pytest.mark.parametrize("bits", [7, 16])
def test_windows_have_8_to_15_bits(bits: int) -> None:
    with pytest.raises(ValueError, match="8 to 15"):
        Settings(server_window_bits=bits)
    with pytest.raises(ValueError, match="8 to 15"):
        Settings(client_window_bits=bits)


# Compressing


def messages() -> list[bytes]:
    source = random.Random(7692)
    words = [source.randbytes(source.randrange(1, 9)) for _ in range(50)]
    return [b" ".join(source.choices(words, k=source.randrange(0, 400))) for _ in range(60)] + [
        b"",
        b"x",
        bytes(70_000),
    ]


@pytest.mark.parametrize("bits", range(8, 16))
@pytest.mark.parametrize("context", [False, True])
def test_what_is_compressed_can_be_read_with_a_window_of_the_agreed_size(bits: int, *, context: bool) -> None:
    deflater = Deflater(Agreed(bits, 15, server_context=context, client_context=True))
    decompressor = zlib.decompressobj(-bits)  # zlib refuses a distance beyond its window
    compressed = 0
    for message in messages():
        payload = deflater.deflate(message)
        compressed += len(payload)
        if not context:
            decompressor = zlib.decompressobj(-bits)
        assert decompressor.decompress(payload + TAIL) == message
    if bits > 8:
        assert compressed < sum(map(len, messages())) * 0.7


def test_without_context_a_message_is_compressed_the_same_each_time() -> None:
    text = b"merkhet " * 40
    alone, both = Deflater(ALONE), Deflater(BOTH)
    assert alone.deflate(text) == alone.deflate(text)
    assert len(both.deflate(text)) > len(both.deflate(text))
    both.forget()
    assert both.deflate(text) == alone.deflate(text)


def test_an_empty_message_is_one_octet() -> None:
    assert Deflater(ALONE).deflate(b"") == b"\x00"


# Decompressing


class Client:
    """A client's compressor."""

    def __init__(self, bits: int = 15) -> None:
        self.compressor = zlib.compressobj(9, zlib.DEFLATED, -bits)

    def __call__(self, data: bytes, mode: int = zlib.Z_SYNC_FLUSH) -> bytes:
        return (self.compressor.compress(data) + self.compressor.flush(mode))[:-4]


def inflated(inflater: Inflater, payload: bytes, room: int = ROOM) -> bytes:
    return inflater.inflate(payload, room, ends=True)


def test_context_is_kept_or_not() -> None:
    client, both, alone = Client(), Inflater(BOTH), Inflater(ALONE)
    first, second = client(b"merkhet " * 10), client(b"merkhet " * 10)
    assert [inflated(both, first), inflated(both, second)] == [b"merkhet " * 10] * 2
    assert inflated(alone, first) == b"merkhet " * 10
    with pytest.raises(Violation) as caught:
        inflated(alone, second)
    assert caught.value.code == 1007


@pytest.mark.parametrize("bits", range(9, 16))
def test_the_window_is_as_large_as_was_agreed(bits: int) -> None:
    client, inflater = Client(bits), Inflater(Agreed(15, bits, server_context=True, client_context=True))
    source = random.Random(bits)
    block = source.randbytes((1 << bits) - 300)
    assert inflated(inflater, client(block)) == block
    again = client(block)
    assert inflated(inflater, again) == block


def test_in_pieces_of_any_size() -> None:
    payload = Client()(bytes(range(256)) * 50)
    for size in (1, 2, 7, 100):
        inflater = Inflater(BOTH)
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        found = b"".join(inflater.inflate(piece, ROOM, ends=at == len(pieces) - 1) for at, piece in enumerate(pieces))
        assert found == bytes(range(256)) * 50


@pytest.mark.parametrize(
    ("payload", "data"),
    [  # RFC 7692, Section 7.2.3
        (b"\xf2\x48\xcd\xc9\xc9\x07\x00", b"Hello"),
        (b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", b"Hello"),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
        (b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", b"Hello"),
        (b"\x00", b""),
        (b"\x02\x00", b""),
        (b"\x03\x00\x00", b""),
        (b"\x01\x00\x00\xff\xff\x00", b""),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00", b"Hello"),
    ],
)  # fmt: skip
def test_blocks_of_every_type(payload: bytes, data: bytes) -> None:
    for agreement in (BOTH, ALONE):
        inflater = Inflater(agreement)
        assert [inflated(inflater, payload) for _ in range(3)] == [data] * 3


def test_what_follows_a_final_block_may_refer_to_what_was_before_it() -> None:
    def final(data: bytes, before: bytes) -> bytes:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=before) if before else zlib.compressobj(9, wbits=-15)
        return compressor.compress(data) + compressor.flush(zlib.Z_FINISH)

    word = random.Random(1).randbytes(5000)
    inflater = Inflater(BOTH)
    in_one = final(word, b"") + final(word, word)
    assert inflated(inflater, in_one + b"\x00") == word * 2
    assert inflated(inflater, final(word, word) + b"\x00") == word
    assert len(in_one) < 5100
    alone = Inflater(ALONE)
    assert inflated(alone, in_one + b"\x00") == word * 2
    with pytest.raises(Violation):
        inflated(alone, final(word, word) + b"\x00")


def test_the_window_behind_a_final_block_is_the_last_of_much() -> None:
    client = Client()
    inflater = Inflater(BOTH)
    blocks = [random.Random(seed).randbytes(30_000) for seed in range(4)]
    for block in blocks:
        assert inflated(inflater, client(block)) == block
    window = b"".join(blocks)[-32768:]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=window)
    assert inflated(inflater, b"\x03\x00" + compressor.compress(window[-8000:]) + compressor.flush()) == window[-8000:]


def test_final_blocks_are_counted() -> None:
    assert inflated(Inflater(BOTH), b"\x03\x00" * 60) == b""
    with pytest.raises(Violation) as caught:
        inflated(Inflater(BOTH), b"\x03\x00" * 80)
    assert caught.value.code == 1009


@pytest.mark.parametrize("payload", [b"\x07", b"\xff\xff", b"\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"])
def test_what_is_no_deflate(payload: bytes) -> None:
    with pytest.raises(Violation) as caught:
        inflated(Inflater(BOTH), payload)
    assert caught.value.code == 1007


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_the_limit_is_exact(size: int) -> None:
    payload = Client()(bytes(size))
    assert inflated(Inflater(BOTH), payload, size) == bytes(size)
    if size:
        with pytest.raises(Violation) as caught:
            inflated(Inflater(BOTH), payload, size - 1)
        assert caught.value.code == 1009


def test_a_bomb_is_stopped_long_before_it_is_large() -> None:
    payload = Client()(bytes(50_000_000))
    kept: list[int] = []

    class Watched(Inflater):
        def _keep(self, made: bytes) -> None:
            kept.append(len(made))
            super()._keep(made)

    with pytest.raises(Violation) as caught:
        inflated(Watched(BOTH), payload, 1_000_000)
    assert caught.value.code == 1009
    assert sum(kept) <= 1_000_000
    assert max(kept) == deflate.INFLATED_BYTES


@FIXED
@given(sent=st.lists(st.binary(max_size=500), max_size=5), step=st.integers(1, 50), context=st.booleans())
def test_whatever_was_compressed_comes_back(sent: list[bytes], step: int, *, context: bool) -> None:
    agreement = Agreed(9, 15, server_context=context, client_context=context)
    deflater, inflater = Deflater(agreement), Inflater(agreement)
    for data in sent:
        payload = deflater.deflate(data)
        starts = range(0, len(payload), step)
        pieces = [inflater.inflate(payload[at : at + step], ROOM, ends=at == starts[-1]) for at in starts]
        assert b"".join(pieces) == data
