"""Content codings: which one a client is sent, what is worth it, and what the coded octets are."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import coding
from merkhet_reference.fields import FieldLine, Fields

FIXED = settings(deadline=None, derandomize=True, database=None)
NAME = b"Accept-Encoding"


def prefers(*values: bytes) -> bool:
    return coding.prefers_gzip(Fields([(NAME, value) for value in values]))


@pytest.mark.parametrize(
    ("values", "codings"),
    [
        ([], None),
        ([b""], {}), ([b" , ,\t"], {}),
        ([b"gzip"], {b"gzip": 1000}), ([b"GZip"], {b"gzip": 1000}), ([b"x-gzip"], {b"gzip": 1000}),
        ([b"X-Compress;q=0.5"], {b"compress": 500}),
        ([b"compress;q=0.5, gzip;q=1.0"], {b"compress": 500, b"gzip": 1000}),
        ([b"gzip;q=1.0, identity; q=0.5, *;q=0"], {b"gzip": 1000, b"identity": 500, b"*": 0}),
        ([b"gzip", b"br;q=0.1"], {b"gzip": 1000, b"br": 100}),
        # weights: three decimals, a dot without any, upper case, whitespace around the semicolon
        ([b"a;q=0.001,b;q=0.12,c;q=0.,d;q=0,e;q=1.,f;q=1.000"],
         {b"a": 1, b"b": 120, b"c": 0, b"d": 0, b"e": 1000, b"f": 1000}),
        ([b"gzip \t;\t Q=0.5\t"], {b"gzip": 500}),
        # of two the lower, however it is called
        ([b"gzip;q=0, gzip"], {b"gzip": 0}), ([b"gzip, x-gzip;q=0.2"], {b"gzip": 200}),
        # a weight that is none is 0
        ([b"gzip;q=0.0001"], {b"gzip": 0}), ([b"gzip;q=1.001"], {b"gzip": 0}), ([b"gzip;q=2"], {b"gzip": 0}),
        ([b"gzip;q=-1"], {b"gzip": 0}), ([b"gzip;q=+1"], {b"gzip": 0}), ([b"gzip;q=.5"], {b"gzip": 0}),
        ([b"gzip;q=1e0"], {b"gzip": 0}), ([b"gzip;q="], {b"gzip": 0}), ([b"gzip;"], {b"gzip": 0}),
        ([b"gzip;q = 1"], {b"gzip": 0}), ([b'gzip;q="1"'], {b"gzip": 0}), ([b"gzip;level=1"], {b"gzip": 0}),
        ([b"gzip;q=1;q=1"], {b"gzip": 0}), ([b"gzip;q=1\x0b"], {b"gzip": 0}), ([b"gzip;q=\xd9\xa1"], {b"gzip": 0}),
        # a name that is none is left out, and it alone
        ([b"g zip, br"], {b"br": 1000}), ([b";q=1, br"], {b"br": 1000}), ([b"\xe9, br"], {b"br": 1000}),
        ([b'"gzip"'], {}), ([b"gzip\x0b"], {}), ([b"gzip/1"], {}),
    ],
)  # fmt: skip
def test_codings_and_their_weights(values: list[bytes], codings: dict[bytes, int] | None) -> None:
    assert coding.accepted_codings(values) == codings


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"gzip", True), (b"GZIP", True), (b"x-gzip", True), (b"gzip, deflate, br, zstd", True),
        (b"compress, gzip", True), (b"compress;q=0.5, gzip;q=1.0", True), (b"gzip;q=0.001", True),
        (b"gzip;q=1.0, identity; q=0.5, *;q=0", True),
        (b"*", True), (b"*;q=0.1", True), (b"br, *;q=0.1", True), (b"gzip, *;q=0", True),
        (b"gzip;q=0.1, br;q=1", True),
        (b"gzip;q=0.5, identity;q=0.5", True), (b"gzip, identity", True),
        (b"identity;q=0, *;q=0.1", True), (b"gzip;q=0.1, identity;q=0", True),
        # never against the client's word
        (b"", False), (b",", False), (b"identity", False), (b"br", False), (b"foo", False),
        (b"gzip;q=0", False), (b"gzip;q=0.000, *", False), (b"*;q=1, gzip;q=0", False), (b"x-gzip;q=0, *", False),
        (b"gzip;q=0.0000, *", False), (b"gzip, gzip;q=0", False),
        (b"*;q=0", False), (b"identity;q=0", False), (b"gzip;q=0, identity;q=0", False), (b"*;q=0, identity", False),
        # where identity is the better one
        (b"gzip;q=0.5, identity;q=0.6", False), (b"gzip;q=0.499, identity;q=0.5", False), (b"gzip;q=0.5, *", False),
    ],
)  # fmt: skip
def test_gzip_is_sent_where_it_is_wanted_most(value: bytes, *, expected: bool) -> None:
    assert prefers(value) is expected


def test_a_client_without_the_field_is_sent_no_coding() -> None:
    assert not prefers()


def test_the_lines_of_the_field_are_one_list() -> None:
    assert prefers(b"br", b"gzip")
    assert not prefers(b"*", b"gzip;q=0")


@FIXED
@given(st.one_of(st.none(), st.integers(0, 1000)), st.one_of(st.none(), st.integers(0, 1000)))
def test_the_higher_weight_wins(gzip_weight: int | None, identity_weight: int | None) -> None:
    weights = [(b"gzip", gzip_weight), (b"identity", identity_weight)]
    members = [
        b"%s;q=%d.%03d" % (name, weight // 1000, weight % 1000) for name, weight in weights if weight is not None
    ]
    expected = bool(gzip_weight) and (gzip_weight or 0) >= (identity_weight or 0)
    assert prefers(b", ".join(members)) is prefers(b",".join(reversed(members))) is expected


@FIXED
@given(st.lists(st.binary(max_size=20), max_size=3))
def test_any_octets_are_understood_or_ignored(values: list[bytes]) -> None:
    codings = coding.accepted_codings(values)
    assert (codings is None) is (not values)
    assert all(0 <= weight <= 1000 for weight in (codings or {}).values())
    assert not coding.prefers_gzip(Fields([(NAME, value) for value in [*values, b"gzip;q=0"]]))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"text/html", True), (b"text/plain; charset=utf-8", True), (b"TEXT/CSS;a=b", True), (b" text/css ", True),
        (b"application/json", True), (b"application/json ;charset=utf-8", True), (b"application/xml", True),
        (b"application/ld+json", True), (b"application/atom+xml", True), (b"image/svg+xml", True),
        (b"text/javascript", True), (b"application/javascript", True), (b"application/wasm", True),
        (b"font/ttf", True), (b"application/vnd.oai.openapi+yaml", True),
        (b"text/event-stream", False), (b"Text/Event-Stream; charset=utf-8", False),
        (b"image/png", False), (b"image/jpeg", False), (b"video/mp4", False), (b"audio/mpeg", False),
        (b"application/zip", False), (b"application/gzip", False), (b"font/woff2", False), (b"application/pdf", False),
        (b"application/octet-stream", False), (b"multipart/byteranges; boundary=x", False), (b"", False),
        (b"application/zip; x=text/html", False), (b"application/epub+zip", False), (b"text", False),
        (b"application/json-seq", False),
    ],
)  # fmt: skip
def test_what_is_compressed(content_type: bytes, *, expected: bool) -> None:
    assert coding.is_compressible(content_type) is expected


@FIXED
@given(st.binary(max_size=5000))
def test_gzip_content_is_read_by_gzip(content: bytes) -> None:
    assert gzip.decompress(coding.gzip_content(content)) == content


def test_gzip_content_says_nothing_about_time() -> None:
    coded = coding.gzip_content(b"a" * 1000)
    assert coded == coding.gzip_content(b"a" * 1000)
    assert coded[:4] == b"\x1f\x8b\x08\0", "gzip, deflate, and no flags: no file name either"
    assert coded[4:8] == bytes(4)
    assert len(coded) < 100


@FIXED
@given(st.lists(st.binary(max_size=300), max_size=10))
def test_a_stream_is_the_pieces_together(pieces: list[bytes]) -> None:
    assert gzip.decompress(b"".join(coding.gzip_pieces(pieces))) == b"".join(pieces)


def test_each_piece_arrives_as_it_is_made() -> None:
    made: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"first", b"", b"second" * 1000, b"third"):
            made.append(piece)
            yield piece

    decoder = zlib.decompressobj(31)
    arrived: list[bytes] = []
    for coded in coding.gzip_pieces(pieces()):
        assert coded
        arrived.append(decoder.decompress(coded))
        assert b"".join(arrived) == b"".join(made)
    assert arrived == [b"first", b"second" * 1000, b"third", b""]
    assert decoder.eof


def test_a_stream_that_has_ended_stays_ended() -> None:
    pieces = coding.gzip_pieces([])
    assert iter(pieces) is pieces
    assert gzip.decompress(next(pieces)) == b""
    assert list(pieces) == []


def test_closing_closes_what_was_given_begun_or_not() -> None:
    class Given:
        def __init__(self) -> None:
            self.closed = 0

        def __iter__(self) -> Iterator[bytes]:
            return iter((b"a", b"b"))

        def close(self) -> None:
            self.closed += 1

    for begun in (False, True):
        given_pieces = Given()
        stream = coding.GzipPieces(given_pieces)
        if begun:
            next(stream)
        stream.close()
        assert given_pieces.closed == 1
    coding.GzipPieces([b"a list has no close"]).close()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], [(b"Vary", NAME)]),
        ([(b"A", b"b")], [(b"A", b"b"), (b"Vary", NAME)]),
        ([(b"vary", b"Origin"), (b"A", b"b")], [(b"vary", b"Origin, Accept-Encoding"), (b"A", b"b")]),
        ([(b"Vary", b"a"), (b"Vary", b"b")], [(b"Vary", b"a, Accept-Encoding"), (b"Vary", b"b")]),
        ([(b"Vary", b"")], [(b"Vary", NAME)]),
        ([(b"Vary", b" , ")], [(b"Vary", NAME)]),
        ([(b"Vary", b"Accept")], [(b"Vary", b"Accept, Accept-Encoding")]),
        # said already
        ([(b"Vary", NAME)], [(b"Vary", NAME)]),
        ([(b"VARY", b"origin,ACCEPT-encoding")], [(b"VARY", b"origin,ACCEPT-encoding")]),
        ([(b"Vary", b"a"), (b"Vary", NAME)], [(b"Vary", b"a"), (b"Vary", NAME)]),
        ([(b"Vary", b"*")], [(b"Vary", b"*")]),
        ([(b"Vary", b"a, *")], [(b"Vary", b"a, *")]),
    ],
)
def test_vary_says_it_once(lines: list[FieldLine], expected: list[FieldLine]) -> None:
    fields = list(lines)
    coding.add_vary(fields, NAME)
    assert fields == expected
    coding.add_vary(fields, NAME)
    assert fields == expected
