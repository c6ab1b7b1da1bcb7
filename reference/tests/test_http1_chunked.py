"""The chunked decoder: whole, octet by octet and at every split; legal bodies, and every octet that makes one illegal."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import errors
from merkhet_reference.fields import FieldLine
from merkhet_reference.http1 import chunked
from merkhet_reference.http1.chunked import ChunkedDecoder, Part
from merkhet_reference.http1.inbox import Inbox
from merkhet_reference.limits import Limits

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits(
    content_bytes_max=40, chunk_line_bytes_max=24, chunk_extension_bytes_max=30, trailer_bytes_max=40, field_lines_max=3
)
AFTER = b"0\r\n\r\nGET"

Decoded = tuple[bytes, int, list[FieldLine] | None, bytes]
"""Content, status of the refusal or 0, trailer fields if the body ended, octets left behind it."""


def decoded(pieces: list[bytes]) -> Decoded:
    """What a decoder makes of these segments, each offered until nothing more comes of it."""
    decoder, inbox, content = ChunkedDecoder(LIMITS, LIMITS.content_bytes_max), Inbox(), b""
    try:
        for piece in pieces:
            inbox.put(piece)
            while data := decoder.decode(inbox):
                content += data
        if decoder.part is Part.DONE:
            return content, 0, list(decoder.trailers()), inbox.take(len(inbox))
    except errors.Refusal as refusal:
        return content, refusal.status, None, b""
    return content, 0, None, b""


def in_every_segmentation(octets: bytes) -> Decoded:
    """What the octets come to, the same however they are cut."""
    whole = decoded([octets])
    assert decoded([octets[at : at + 1] for at in range(len(octets))]) == whole
    for at in range(1, len(octets)):
        assert decoded([octets[:at], octets[at:]]) == whole
    return whole


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"0\r\n\r\n", b""),
        (b"000\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"1\r\na\r\n002\r\n\r\n\r\n0;x\r\n\r\n", b"a\r\n"),
        (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
        (b'3;a;b=c;d="e;\\"f"\r\nabc\r\n0\r\n\r\n', b"abc"),
        (b'3 ;\ta = "b"\r\nabc\r\n0\r\n\r\n', b"abc"),
        (b"0" * 20 + b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    ],
)
def test_a_legal_body(body: bytes, content: bytes) -> None:
    assert in_every_segmentation(body) == (content, 0, [], b"")
    assert in_every_segmentation(body + b"GET / HTTP") == (content, 0, [], b"GET / HTTP")
    assert in_every_segmentation(body + b"\r\n\n") == (content, 0, [], b"\r\n\n")
    for end in range(len(body)):
        unfinished = decoded([body[:end]])
        assert content.startswith(unfinished[0])
        assert unfinished[1:] == (0, None, b"")


@pytest.mark.parametrize(
    "line",
    [
        b"", b" ", b"x", b"0x3", b"+3", b"-3", b" 3", b"3 ", b"3\t", b"3_0", b"3.0", b"\xd9\xa3", b"3 x", b"3,",
        b"3\r", b"3\x00", b"3\x0b",
        b"3;", b"3;=b", b"3;a=", b'3;a="b', b"3;a b", b"3;a;", b"3;a=b ", b'3;a="\x00"', b"3;a\r", b";a",
    ],
)  # fmt: skip
def test_a_line_that_is_no_chunk_size_is_400(line: bytes) -> None:
    assert in_every_segmentation(line + b"\r\nabc\r\n" + AFTER)[:2] == (b"", 400)
    # The same after a good chunk: its content comes, whatever the segments are, and then the refusal.
    assert in_every_segmentation(b"2\r\nok\r\n" + line + b"\r\nabc\r\n" + AFTER)[:2] == (b"ok", 400)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"3\nabc\r\n" + AFTER, b""),
        (b"3;a\nabc\r\n" + AFTER, b""),
        (b"3\r\nabc\n" + AFTER, b"abc"),
        (b"3\r\nabc\r" + AFTER, b"abc"),
        (b"3\r\nabc" + AFTER, b"abc"),
        (b"3\r\nabcd\r\n" + AFTER, b"abc"),
        (b"3\r\nab\r\n" + AFTER, b"ab\r"),
        (b"3\r\nabc\r\r\n" + AFTER, b"abc"),
        (b"3\r\nabc\r\n0\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\n\n", b"abc"),
        (b"3\r\nabc\r\n0\r\nA: b\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\nA b\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\n folded: b\r\n\r\n", b"abc"),
        (b"3\r\nabc\r\n0\r\nGET / HTTP/1.1\r\n\r\n", b"abc"),
    ],
)
def test_a_line_end_in_the_wrong_place_is_400(body: bytes, content: bytes) -> None:
    assert in_every_segmentation(body)[:2] == (content, 400)


def test_trailers_are_returned_but_for_those_that_come_too_late() -> None:
    body = b"0\r\nA: 1\r\nHOST: evil\r\na:2 \r\n\r\nrest"
    assert in_every_segmentation(body) == (b"", 0, [(b"A", b"1"), (b"a", b"2")], b"rest")


@pytest.mark.parametrize("name", sorted(chunked.FORBIDDEN_TRAILERS))
def test_a_field_that_frames_or_routes_is_dropped_in_any_case(name: bytes) -> None:
    trailers = chunked.trailer_fields([name.upper() + b": 1", b"X: 2"], LIMITS)
    assert trailers.lines == [(b"X", b"2")]


@pytest.mark.parametrize(
    ("body", "content", "status"),
    [
        (b"28\r\n" + b"x" * 40 + b"\r\n" + AFTER, b"x" * 40, 0),
        (b"29\r\n", b"", 413),
        (b"27\r\n" + b"x" * 39 + b"\r\n2\r\n", b"x" * 39, 413),
        (b"f" * 15 + b"\r\n", b"", 413),
        (b"f" * 16 + b"\r\n", b"", 413),
        (b"1" + b"0" * 20 + b"\r\n", b"", 413),
        (b"0" * 24 + b"\r\n\r\n", b"", 0),
        (b"0" * 25 + b"\r\n\r\n", b"", 413),
        (b"0" * 26, b"", 413),
        (b"1;aaaaaaaaa\r\nx\r\n" * 3 + b"0\r\n\r\n", b"xxx", 0),
        (b"1;aaaaaaaaa\r\nx\r\n" * 3 + b"0;a\r\n\r\n", b"xxx", 413),
        (b"0\r\nA: " + b"b" * 35 + b"\r\n\r\n", b"", 0),
        (b"0\r\nA: " + b"b" * 36 + b"\r\n\r\n", b"", 431),
        (b"0\r\nA: " + b"b" * 37 + b"\r\n\r\n", b"", 431),
        (b"0\r\nA: " + b"b" * 60, b"", 431),
        (b"0\r\n" + b"A: b\r\n" * 3 + b"\r\n", b"", 0),
        (b"0\r\n" + b"A: b\r\n" * 4 + b"\r\n", b"", 431),
        (b"0\r\n" + b"A: b\r\n" * 7 + b"\r\n", b"", 431),
    ],
)
def test_every_limit_at_its_edge(body: bytes, content: bytes, status: int) -> None:
    assert in_every_segmentation(body)[:2] == (content, status)


@pytest.mark.parametrize(("content_bytes_max", "taken"), [(0, b""), (1, b""), (2, b"ab"), (4, b"ab")])
def test_less_than_the_limit_of_the_server_is_taken_where_that_is_said(content_bytes_max: int, taken: bytes) -> None:
    decoder, inbox = ChunkedDecoder(LIMITS, content_bytes_max), Inbox()
    inbox.put(b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    if taken:
        assert decoder.decode(inbox) == taken
    with pytest.raises(errors.Refusal, match="413"):
        decoder.decode(inbox)


@pytest.mark.parametrize("content_bytes_max", [100, 101, 10**12])
def test_more_than_the_limit_of_the_server_is_taken_where_that_is_said(content_bytes_max: int) -> None:
    decoder, inbox = ChunkedDecoder(LIMITS, content_bytes_max), Inbox()
    inbox.put(b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n")
    assert (decoder.decode(inbox), decoder.part) == (b"x" * 100, Part.DONE)


def test_a_refusal_is_raised_again_and_nothing_is_read_behind_it() -> None:
    decoder, inbox = ChunkedDecoder(LIMITS, LIMITS.content_bytes_max), Inbox()
    inbox.put(b"1\r\na\r\nz\r\n0\r\n\r\n")
    assert decoder.decode(inbox) == b"a"
    for _ in range(2):
        with pytest.raises(errors.Refusal, match="400"):
            decoder.decode(inbox)


def test_every_part_but_the_last_has_its_step() -> None:
    assert set(chunked.STEPS) == set(Part) - {Part.DONE}


def test_a_chunk_line_gives_its_size_and_the_octets_of_its_extensions() -> None:
    assert chunked.parse_chunk_line(b"00fF") == (255, 0)
    assert chunked.parse_chunk_line(b"a ;b=c") == (10, 5)


def test_extensions_are_matched_in_linear_time() -> None:
    started = time.process_time()
    for unit in (b";a", b" ;a=b", b'; a="\\b"', b"; "):
        assert chunked.CHUNK_LINE.match(b"1" + unit * 100_000 + b"\x00") is None
    assert time.process_time() - started < 5


@FIXED
@given(
    st.lists(st.binary(min_size=1, max_size=8), max_size=4),
    st.lists(st.sampled_from([(b"A", b"1"), (b"B-c", b""), (b"x", b"y z")]), max_size=3),
    st.data(),
)
def test_what_was_encoded_is_decoded(pieces: list[bytes], trailers: list[FieldLine], data: st.DataObject) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    body += b"0\r\n" + b"".join(b"%s: %s\r\n" % line for line in trailers) + b"\r\n"
    at = data.draw(st.integers(0, len(body)))
    assert decoded([body[:at], body[at:] + b"next"]) == (b"".join(pieces), 0, trailers, b"next")


@FIXED
@given(st.lists(st.sampled_from([b"0", b"1", b"2;a", b"\r\n", b"\r", b"\n", b"x", b"A: b", b" "]), max_size=12))
def test_any_octets_come_to_the_same_however_they_are_cut(parts: list[bytes]) -> None:
    octets = b"".join(parts)
    assert in_every_segmentation(octets)[1] in {0, 400, 413, 431}
