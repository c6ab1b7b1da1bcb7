"""The rules for the length of a request's content, one after another, and every way to get them wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import errors
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1 import framing
from merkhet_reference.http1.events import BodyKind, Framing, Version

FIXED = settings(deadline=None, derandomize=True, database=None)
CONTENT_BYTES_MAX = 1000
CODING = b"Transfer-Encoding"
LENGTH = b"Content-Length"


def outcome(lines: list[FieldLine], version: Version = (1, 1)) -> Framing | int:
    """The framing, or the status of the refusal."""
    try:
        framed = framing.content_framing(version, Fields(lines))
        framing.check_length(framed, CONTENT_BYTES_MAX)
    except errors.Refusal as refusal:
        return refusal.status
    return framed


def test_neither_field_means_no_content() -> None:
    assert outcome([]) == outcome([(b"Content-Type", b"a/b")], (1, 0)) == Framing(BodyKind.NONE)
    # The connection asks whether it is this very one: then nobody is asked how much content is taken.
    assert framing.content_framing((1, 1), Fields()) is framing.NO_CONTENT


@pytest.mark.parametrize("version", [(1, 0), (1, 1)])
@pytest.mark.parametrize("coding", [b"chunked", b"", b"identity"])
def test_both_fields_are_400_in_either_order(version: Version, coding: bytes) -> None:
    lines = [(CODING.lower(), coding), (LENGTH, b"0")]
    assert outcome(lines, version) == outcome(lines[::-1], version) == 400


@pytest.mark.parametrize(
    "values", [[b"chunked"], [b"CHUNKED"], [b" ,chunked, "], [b"", b"Chunked"], [b"chunked", b","], [b"\tchunked\t"]]
)
def test_chunked_alone_is_chunked(values: list[bytes]) -> None:
    assert outcome([(CODING, value) for value in values]) == Framing(BodyKind.CHUNKED)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([b""], 400), ([b","], 400), ([b"gzip"], 400), ([b"identity"], 400), ([b"chunked, gzip"], 400),
        ([b"chunked", b"identity"], 400),
        ([b"chunked, chunked"], 400), ([b"chunked", b"chunked"], 400), ([b"chunked, gzip, chunked"], 400),
        ([b"gzip, chunked"], 501), ([b"gzip", b"chunked"], 501), ([b'x;a="b" , chunked'], 501),
        ([b"identity, chunked"], 501),
        ([b"chunked;a=b"], 400), ([b"chunked;"], 400), ([b"chunked a"], 400), ([b"x chunked"], 400),
        ([b"\x0bchunked"], 400),
        ([b"chunked\x0b"], 400), ([b"\xa0chunked"], 400), ([b'x;a="b,c", chunked'], 400), ([b'"chunked"'], 400),
        ([b"x;a, chunked"], 400),
    ],
)  # fmt: skip
def test_any_other_coding_is_refused(values: list[bytes], status: int) -> None:
    assert outcome([(CODING, value) for value in values]) == status


@pytest.mark.parametrize("value", [b"chunked", b"", b"gzip"])
def test_http_1_0_has_no_transfer_codings(value: bytes) -> None:
    assert outcome([(CODING, value)], (1, 0)) == 400


@pytest.mark.parametrize(
    ("digits", "length"), [(b"0", 0), (b"00", 0), (b"1", 1), (b"0010", 10), (b"1000", 1000), (b"0" * 9000 + b"7", 7)]
)
def test_a_length_is_decimal_digits(digits: bytes, length: int) -> None:
    assert outcome([(LENGTH, digits)]) == outcome([(LENGTH, digits)], (1, 0)) == Framing(BodyKind.LENGTH, length)


@pytest.mark.parametrize(
    "value",
    [
        b"", b"+1", b"-1", b"-0", b"1_0", b"0x1", b"1.0", b"1e1", b"1 0", b"1,1", b"5,", b",5", b"\xd9\xa1",
        b"\xb2", b"1\x0b", b"\xa01",
        b"1;a=b", b"one", b"1\n",
    ],
)  # fmt: skip
def test_anything_else_is_no_length(value: bytes) -> None:
    assert outcome([(LENGTH, value)]) == 400


@pytest.mark.parametrize("second", [b"1", b"2", b""])
def test_two_lengths_are_400_even_where_they_agree(second: bytes) -> None:
    assert outcome([(LENGTH, b"1"), (LENGTH.lower(), second)]) == 400


@pytest.mark.parametrize(
    "digits", [b"1001", b"9" * 18, b"9" * 19, b"0" * 20 + b"9" * 19, b"1" + b"0" * 9000, b"18446744073709551617"]
)
def test_a_length_over_the_limit_is_413(digits: bytes) -> None:
    assert outcome([(LENGTH, digits)]) == 413


def test_how_much_is_taken_is_for_the_caller_to_say() -> None:
    framed = framing.content_framing((1, 1), Fields([(LENGTH, b"9" * 18)]))
    assert framed == Framing(BodyKind.LENGTH, 10**18 - 1)
    framing.check_length(framed, 10**18 - 1)
    with pytest.raises(errors.Refusal, match="413"):
        framing.check_length(framed, 10**18 - 2)
    with pytest.raises(errors.Refusal, match="413"):
        framing.content_framing((1, 1), Fields([(LENGTH, b"9" * 19)]))


@pytest.mark.parametrize("framed", [framing.NO_CONTENT, framing.CHUNKED, Framing(BodyKind.LENGTH, 0)])
def test_where_no_octet_is_announced_none_is_too_many(framed: Framing) -> None:
    framing.check_length(framed, 0)
    with pytest.raises(errors.Refusal, match="413"):
        framing.check_length(Framing(BodyKind.LENGTH, 1), 0)


@FIXED
@given(st.integers(0, 2000), st.integers(0, 3))
def test_every_number_is_read_as_it_is(length: int, zeros: int) -> None:
    expected = Framing(BodyKind.LENGTH, length) if length <= 1000 else 413
    assert outcome([(LENGTH, b"0" * zeros + b"%d" % length)]) == expected


@FIXED
@given(st.lists(st.tuples(st.sampled_from([CODING, LENGTH]), st.binary(max_size=12)), min_size=1, max_size=3))
def test_any_values_are_framed_or_refused(lines: list[FieldLine]) -> None:
    found = outcome(lines)
    assert found in {400, 413, 501} or isinstance(found, Framing)
    if len({name for name, _ in lines}) == 2:
        assert found == 400
