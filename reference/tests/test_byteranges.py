"""multipart/byteranges: the octets of a layout, their count, and what a reader of another hand finds in them."""

from __future__ import annotations

import email.message
import email.parser
import email.policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import byteranges, ranges
from merkhet_reference.byteranges import Layout
from merkhet_reference.ranges import ByteRange

FIXED = settings(deadline=None, derandomize=True, database=None)
ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
BOUNDARY = b"B0"


def content(found: Layout, representation: bytes) -> bytes:
    """What goes over the wire."""
    return b"".join(
        piece if isinstance(piece, bytes) else representation[piece.start : piece.stop + 1] for piece in found.pieces
    )


def parts(found: Layout, representation: bytes) -> list[email.message.Message]:
    """What the standard library's reader of mail finds there; it would note every fault of the syntax."""
    head = b"MIME-Version: 1.0\r\nContent-Type: " + found.content_type + b"\r\n\r\n"
    # Of the compatible policy, which takes lines and octets as they are.
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(head + content(found, representation))
    assert message.get_content_type() == "multipart/byteranges"
    assert message.is_multipart()
    assert message.defects == []
    return [part for part in message.walk() if part is not message]


def test_the_octets_of_two_parts() -> None:
    found = byteranges.layout([ByteRange(0, 2), ByteRange(24, 25)], 26, b"text/plain; charset=utf-8", BOUNDARY)
    assert found.content_type == b"multipart/byteranges; boundary=B0"
    assert content(found, ALPHABET) == (
        b"--B0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-2/26\r\n\r\nabc"
        b"\r\n--B0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 24-25/26\r\n\r\nyz"
        b"\r\n--B0--\r\n"
    )
    assert found.content_length == len(content(found, ALPHABET))


def test_pieces_alternate_and_ranges_are_not_read() -> None:
    far = [ByteRange(2**62, 2**63 - 2), ByteRange(0, 0)]
    found = byteranges.layout(far, 2**63 - 1, None, BOUNDARY)
    assert [type(piece) for piece in found.pieces] == [bytes, ByteRange, bytes, ByteRange, bytes]
    assert list(found.pieces[1::2]) == far
    assert found.content_length == sum(map(len, content_pieces(found))) + 2**62 - 1 + 1


def content_pieces(found: Layout) -> list[bytes]:
    return [piece for piece in found.pieces if isinstance(piece, bytes)]


def test_a_part_has_a_content_type_only_if_the_whole_would() -> None:
    without = byteranges.layout([ByteRange(1, 1)], 26, None, BOUNDARY)
    assert content(without, ALPHABET) == b"--B0\r\nContent-Range: bytes 1-1/26\r\n\r\nb\r\n--B0--\r\n"
    assert byteranges.layout([ByteRange(1, 1)], 26, b"", BOUNDARY) == without
    assert byteranges.layout([ByteRange(1, 1)], 26, b"a/b", BOUNDARY).content_length == without.content_length + 19


def test_a_mail_reader_finds_the_parts_in_the_order_given() -> None:
    asked = [ByteRange(20, 25), ByteRange(0, 0), ByteRange(5, 9)]
    read = parts(byteranges.layout(asked, 26, b"image/png", BOUNDARY), ALPHABET)
    assert [part.items() for part in read] == [
        [("Content-Type", "image/png"), ("Content-Range", f"bytes {each.start}-{each.stop}/26")] for each in asked
    ]
    assert [part.get_payload(decode=True) for part in read] == [b"uvwxyz", b"a", b"fghij"]


@pytest.mark.parametrize(
    "representation", [b"\r\n", b"\r\n\r\n", b"--", b"--B", b"\r\n--B", b"--\r\n", b"\n--\n", b"\x00\xff", b"\r", b"\n"]
)
def test_content_that_resembles_the_syntax_stays_content(representation: bytes) -> None:
    length = len(representation)
    found = byteranges.layout([ByteRange(0, length - 1)] * 2, length, b"a/b", BOUNDARY)
    assert content(found, representation).split(b"\r\n--B0")[1:] == [
        b"\r\nContent-Type: a/b\r\nContent-Range: bytes 0-%d/%d\r\n\r\n%s" % (length - 1, length, representation), b"--\r\n",
    ]  # fmt: skip
    assert found.content_length == len(content(found, representation))


def test_a_boundary_is_all_the_randomness_and_fits_everywhere() -> None:
    boundary = byteranges.make_boundary(bytes(range(16)))
    assert boundary == b"000102030405060708090a0b0c0d0e0f"
    assert bytes.fromhex(boundary.decode()) == bytes(range(16))
    assert byteranges.layout([ByteRange(0, 0)], 1, None, boundary).content_type.endswith(b"boundary=" + boundary)


@pytest.mark.parametrize("count", [0, 1, 15, 17, 64])
def test_a_boundary_is_made_of_128_bits_exactly(count: int) -> None:
    with pytest.raises(ValueError, match="16 random octets"):
        byteranges.make_boundary(bytes(count))


@pytest.mark.parametrize("boundary", [b"a", b"a" * 70, b"0'+_.-Z"])
def test_a_boundary_needs_no_quotes(boundary: bytes) -> None:
    found = byteranges.layout([ByteRange(0, 1)], 26, None, boundary)
    assert found.content_type == b"multipart/byteranges; boundary=" + boundary
    assert len(parts(found, ALPHABET)) == 1


@pytest.mark.parametrize(
    "boundary",
    [
        b"",
        b"a" * 71,
        b"a b",
        b"a ",
        b"a\r\nb",
        b"a\n",
        b"a;b",
        b'"a"',
        b"a:b",
        b"a/b",
        b"a=b",
        b"a?",
        b"(a)",
        b"\xe9",
        b"#",
    ],
)
def test_what_is_no_boundary_without_quotes_is_refused(boundary: bytes) -> None:
    with pytest.raises(ValueError, match="not a boundary"):
        byteranges.layout([ByteRange(0, 1)], 26, None, boundary)


@pytest.mark.parametrize("content_type", [b"a/b\r\nSet-Cookie: x", b"a/b\n", b"a/b\r", b"\x00"])
def test_a_content_type_cannot_end_its_line(content_type: bytes) -> None:
    with pytest.raises(ValueError, match="not a field value"):
        byteranges.layout([ByteRange(0, 1)], 26, content_type, BOUNDARY)


@pytest.mark.parametrize("asked", [ByteRange(0, 26), ByteRange(26, 26), ByteRange(3, 2), ByteRange(-1, 2)])
def test_a_range_that_the_representation_does_not_have_is_refused(asked: ByteRange) -> None:
    with pytest.raises(ValueError, match="no range of"):
        byteranges.layout([ByteRange(0, 0), asked], 26, None, BOUNDARY)


def test_there_is_no_multipart_of_no_parts() -> None:
    with pytest.raises(ValueError, match="one or more parts"):
        byteranges.layout([], 26, None, BOUNDARY)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, list[ByteRange]]:
    """A representation without line ends, which a reader of mail might change, and ranges that it has."""
    representation = draw(st.binary(min_size=1, max_size=200)).translate(None, b"\r\n\x00") or b"x"
    last = len(representation) - 1
    ends = st.tuples(st.integers(0, last), st.integers(0, last)).map(sorted)
    return representation, [ByteRange(*pair) for pair in draw(st.lists(ends, min_size=1, max_size=6))]


@FIXED
@given(
    requests(), st.sampled_from([None, b"text/plain", b"application/octet-stream"]), st.binary(min_size=16, max_size=16)
)
def test_any_layout_has_its_length_and_is_read_back(
    request: tuple[bytes, list[ByteRange]], content_type: bytes | None, random_bytes: bytes
) -> None:
    representation, asked = request
    found = byteranges.layout(asked, len(representation), content_type, byteranges.make_boundary(random_bytes))
    assert found.content_length == len(content(found, representation))
    read = parts(found, representation)
    assert len(read) == len(asked)
    for part, each in zip(read, asked, strict=True):
        assert part["Content-Type"] == (None if content_type is None else content_type.decode())
        assert part["Content-Range"].encode() == ranges.content_range(each, len(representation))
        assert part.get_payload(decode=True) == representation[each.start : each.stop + 1]
