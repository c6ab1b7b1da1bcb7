"""Content that is made while it is sent: framing of pieces, what breaks a promise, and who is closed at the end."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import streaming
from merkhet_reference.fields import FieldLine
from merkhet_reference.http1 import chunked
from merkhet_reference.http1.inbox import Inbox
from merkhet_reference.http1.response import Body
from merkhet_reference.limits import Limits

FIXED = settings(deadline=None, derandomize=True, database=None)


def framed(
    pieces: Iterable[bytes], body: Body, length: int | None = None, trailers: list[FieldLine] | None = None
) -> list[bytes]:
    return list(streaming.framed_pieces(pieces, body, length, trailers or []))


def unchunked(octets: bytes) -> tuple[bytes, list[FieldLine]]:
    """Content and trailers of a whole chunked body, and nothing behind it."""
    inbox, decoder = Inbox(), chunked.ChunkedDecoder(Limits(), 10**9)
    inbox.put(octets)
    content = decoder.decode(inbox) + decoder.decode(inbox)
    assert (decoder.part, len(inbox)) == (chunked.Part.DONE, 0)
    return content, list(decoder.trailers())


class Source:
    """An iterator that counts how often it is asked and closed."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)
        self.asked = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.asked += 1
        return next(self._pieces)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("body", "length", "octets"),
    [
        (Body.CHUNKED, None, [b"3\r\nabc\r\n", b"", b"1\r\nd\r\n", b"0\r\n\r\n"]),
        (Body.LENGTH, 4, [b"abc", b"", b"d"]),
        (Body.UNTIL_CLOSE, None, [b"abc", b"", b"d"]),
        (Body.NOTHING, None, [b"abc", b"", b"d"]),
    ],
)
def test_each_piece_is_framed_as_the_head_has_said(body: Body, length: int | None, octets: list[bytes]) -> None:
    assert framed([b"abc", b"", b"d"], body, length) == octets


@pytest.mark.parametrize(
    ("body", "octets"), [(Body.CHUNKED, [b"0\r\n\r\n"]), (Body.LENGTH, []), (Body.UNTIL_CLOSE, [])]
)
def test_a_stream_of_nothing_has_its_end_alone(body: Body, octets: list[bytes]) -> None:
    assert framed([], body, 0) == octets
    assert framed([], body, None if body is not Body.LENGTH else 0, [(b"A", b"1")]) == [
        piece.replace(b"\r\n\r\n", b"\r\nA: 1\r\n\r\n") for piece in octets
    ]


def test_only_chunked_content_has_trailers() -> None:
    trailers = [(b"X-Sum", b"4"), (b"X-Sum", b"")]
    assert framed([b"a"], Body.CHUNKED, None, trailers) == [b"1\r\na\r\n", b"0\r\nX-Sum: 4\r\nX-Sum: \r\n\r\n"]
    assert framed([b"a"], Body.LENGTH, 1, trailers) == framed([b"a"], Body.UNTIL_CLOSE, None, trailers) == [b"a"]


@pytest.mark.parametrize(
    ("pieces", "length", "left"),
    [
        ([b"ab", b"c"], 2, [b"ab"]),
        ([b"abc"], 2, []),
        ([b"a"], 0, []),
        ([b"ab", b"", b"c", b"d"], 3, [b"ab", b"", b"c"]),
    ],
)
def test_a_piece_beyond_the_length_raises_before_it_leaves(pieces: list[bytes], length: int, left: list[bytes]) -> None:
    stream = streaming.framed_pieces(pieces, Body.LENGTH, length, ())
    assert [next(stream) for _ in left] == left
    with pytest.raises(streaming.WrongLengthError, match=f"longer than its {length} octets"):
        next(stream)


@pytest.mark.parametrize(("pieces", "length"), [([], 1), ([b"a"], 2), ([b"", b"abc", b""], 9)])
def test_a_stream_that_is_short_of_its_length_raises_at_its_end(pieces: list[bytes], length: int) -> None:
    stream = streaming.framed_pieces(pieces, Body.LENGTH, length, ())
    assert [next(stream) for _ in pieces] == pieces
    with pytest.raises(streaming.WrongLengthError, match=f"after {len(b''.join(pieces))} of its {length}"):
        next(stream)


@pytest.mark.parametrize("body", [Body.CHUNKED, Body.LENGTH, Body.UNTIL_CLOSE])
@pytest.mark.parametrize("piece", ["text", "", 5, None, [1, 2]])
def test_what_is_no_octets_raises_in_the_stream_and_never_where_it_would_be_sent(piece: object, body: Body) -> None:
    stream = streaming.framed_pieces([b"ok", cast("bytes", piece)], body, 6, ())
    assert next(stream) in {b"ok", b"2\r\nok\r\n"}
    with pytest.raises(TypeError):
        next(stream)


def test_a_buffer_that_is_filled_again_does_not_change_what_was_taken_from_it() -> None:
    buffer = bytearray(b"one")

    def pieces() -> Iterator[bytes]:
        for word in (b"one", b"two"):
            buffer[:] = word
            yield cast("bytes", buffer)

    taken = framed(pieces(), Body.LENGTH, 6)
    assert taken == [b"one", b"two"]
    assert [type(piece) for piece in taken] == [bytes, bytes]
    assert framed([cast("bytes", memoryview(b"abcd").cast("I"))], Body.LENGTH, 4) == [b"abcd"]


def test_a_piece_of_octets_is_not_copied() -> None:
    piece = b"x" * 100_000
    assert framed([piece], Body.LENGTH, len(piece))[0] is piece


def test_nothing_is_asked_for_before_it_is_wanted() -> None:
    source = Source(b"a", b"b")
    stream = streaming.Stream(source, streaming.framed_pieces(source, Body.CHUNKED, None, ()))
    assert source.asked == 0
    assert (next(stream), source.asked) == (b"1\r\na\r\n", 1)
    assert (list(stream), source.asked, source.closed) == ([b"1\r\nb\r\n", b"0\r\n\r\n"], 3, 0)


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_closing_a_stream_closes_what_was_given_begun_or_not(taken: int) -> None:
    source = Source(b"a", b"b")
    stream = streaming.Stream(source, streaming.framed_pieces(source, Body.CHUNKED, None, ()))
    assert len([next(stream) for _ in range(taken)]) == taken
    stream.close()
    assert source.closed == 1


def test_closing_lets_a_generator_run_its_finally() -> None:
    events: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            events.append("closed")

    given = pieces()
    stream = streaming.Stream(given, streaming.framed_pieces(given, Body.UNTIL_CLOSE, None, ()))
    assert (next(stream), events) == (b"a", [])
    stream.close()
    stream.close()
    assert events == ["closed"]
    assert list(given) == []


def test_what_cannot_be_closed_is_left_alone() -> None:
    stream = streaming.Stream([b"a"], streaming.framed_pieces([b"a"], Body.UNTIL_CLOSE, None, ()))
    stream.close()
    assert list(stream) == [b"a"]


def test_what_closing_raises_is_for_the_caller() -> None:
    class Bad(Source):
        def close(self) -> None:
            raise OSError("bad disk")

    with pytest.raises(OSError, match="bad disk"):
        streaming.Stream(Bad(), iter(())).close()


@pytest.mark.parametrize("length", [0, 1, streaming.READ_BYTES - 1, streaming.READ_BYTES, streaming.READ_BYTES + 1])
def test_a_file_is_read_in_bounded_pieces(length: int, tmp_path: Path) -> None:
    content = bytes(index % 251 for index in range(length))
    (tmp_path / "f").write_bytes(content)
    # By its lines, as a file is iterated, a piece could be all of it.
    for source in (io.BytesIO(content), (tmp_path / "f").open("rb")):
        pieces = list(streaming.pieces_of(source))
        source.close()
        assert b"".join(pieces) == content
        assert [len(piece) for piece in pieces] == [
            min(streaming.READ_BYTES, length - at) for at in range(0, length, streaming.READ_BYTES)
        ]


def test_what_cannot_be_read_is_iterated_as_it_is() -> None:
    pieces = [b"a", b"b\nc"]
    assert streaming.pieces_of(pieces) is pieces


def test_what_reading_raises_is_raised_where_the_piece_was_asked_for() -> None:
    class Broken(io.BytesIO):
        def read(self, _count: int | None = -1) -> bytes:
            raise OSError("bad disk")

    stream = streaming.framed_pieces(streaming.pieces_of(Broken()), Body.CHUNKED, None, ())
    with pytest.raises(OSError, match="bad disk"):
        next(stream)


def test_a_file_of_text_is_refused_and_not_read_for_ever() -> None:
    stream = streaming.framed_pieces(
        streaming.pieces_of(cast("Iterable[bytes]", io.StringIO(""))), Body.CHUNKED, None, ()
    )
    with pytest.raises(TypeError):
        next(stream)


@FIXED
@given(
    st.lists(st.binary(max_size=20), max_size=6), st.lists(st.sampled_from([(b"A", b"1"), (b"b-C", b"")]), max_size=2)
)
def test_what_is_framed_is_what_a_client_reads(pieces: list[bytes], trailers: list[FieldLine]) -> None:
    content = b"".join(pieces)
    assert unchunked(b"".join(framed(pieces, Body.CHUNKED, None, trailers))) == (content, trailers)
    assert b"".join(framed(pieces, Body.LENGTH, len(content), trailers)) == content
    assert b"".join(framed(pieces, Body.UNTIL_CLOSE, None, trailers)) == content


@FIXED
@given(st.lists(st.binary(max_size=4), max_size=5), st.integers(0, 16))
def test_no_client_ever_reads_other_than_the_length_it_was_told(pieces: list[bytes], length: int) -> None:
    sent = b""
    try:
        for piece in streaming.framed_pieces(pieces, Body.LENGTH, length, ()):
            sent += piece
    except streaming.WrongLengthError:
        assert len(b"".join(pieces)) != length
    else:
        assert len(sent) == length
    assert b"".join(pieces).startswith(sent)
    assert len(sent) <= length


def test_chunks_that_stop_early_are_never_whole() -> None:
    inbox, decoder = Inbox(), chunked.ChunkedDecoder(Limits(), 100)
    stream = streaming.framed_pieces([b"abc", b"d"], Body.CHUNKED, None, ())
    inbox.put(next(stream) + next(stream))
    assert decoder.decode(inbox) == b"abcd"
    assert decoder.part is chunked.Part.SIZE
