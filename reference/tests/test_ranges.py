"""Range to positions: every form at every boundary, what is ignored, and what a hostile set costs."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import ranges
from merkhet_reference.limits import Limits
from merkhet_reference.ranges import ByteRange, ContentRange, Outcome, RangeSpec, Selection

FIXED = settings(deadline=None, derandomize=True, database=None, max_examples=400)
LIMITS = Limits()
LARGE = 2**63 - 1
"""The longest file that there can be."""
BEYOND = ranges.POSITION_MAX


def selected(value: bytes | None, complete_length: int, limits: Limits = LIMITS) -> int | list[tuple[int, int]]:
    """The positions of a 206, or the status of one of the other two answers."""
    selection = ranges.select_ranges(value, complete_length, limits)
    if selection.outcome is Outcome.PARTIAL:
        assert selection.ranges
        return [(byte_range.start, byte_range.stop) for byte_range in selection.ranges]
    assert selection.ranges == ()
    return int(selection.outcome)


@pytest.mark.parametrize(
    ("value", "specs"),
    [
        (b"bytes=0-4", [(0, 4)]), (b"bytes=5-5", [(5, 5)]), (b"bytes=9500-", [(9500, None)]), (b"bytes=-500", [(None, 500)]),
        (b"bytes=-0", [(None, 0)]), (b"bytes=0-0,-1", [(0, 0), (None, 1)]), (b"bytes=7-,0-1", [(7, None), (0, 1)]),
        (b"bytes= 0-999, 4500-5499, -1000", [(0, 999), (4500, 5499), (None, 1000)]),
        (b"bytes=500-700,601-999", [(500, 700), (601, 999)]), (b"bytes=1-2,1-2", [(1, 2), (1, 2)]),
        (b"BYTES=0-0", [(0, 0)]), (b"bYtEs=-1", [(None, 1)]),
        (b"bytes=,0-0,, \t,2-2,", [(0, 0), (2, 2)]), (b"bytes=0-0\t ,\t 2-2 ", [(0, 0), (2, 2)]),
        (b"bytes=007-0009", [(7, 9)]), (b"bytes=-00", [(None, 0)]), (b"bytes=10-010", [(10, 10)]),
    ],
)  # fmt: skip
def test_a_valid_set_is_read_in_its_order(value: bytes, specs: list[tuple[int | None, int | None]]) -> None:
    assert ranges.parse_ranges(value) == [RangeSpec(*spec) for spec in specs]


@pytest.mark.parametrize(
    "value",
    [
        # No unit, another unit, and what is no unit.
        b"", b"bytes", b"0-4", b"=0-4", b"items=0-4", b"byte=0-4", b"bytess=0-4", b"bytes =0-4", b" bytes=0-4",
        b"bytes:0-4", b"bytes 0-4", b"bytes 0-4/10", b"seconds=1-2",
        # No member.
        b"bytes=", b"bytes=,", b"bytes= , ,\t",
        # What is no range.
        b"bytes=-", b"bytes=5", b"bytes=a-b", b"bytes=0-b", b"bytes=a-4", b"bytes=0-4-", b"bytes=--5", b"bytes=0--5",
        b"bytes=-5-", b"bytes=-5-6", b"bytes=0 - 4", b"bytes=0- 4", b"bytes=- 5", b"bytes=0-4;q=1", b"bytes=0-4 5-6",
        b"bytes=0-4\n", b"bytes=\x0b0-4", b"bytes=0-4\x00", b"bytes=*", b"bytes=0-*", b"bytes==0-4", b'bytes="0-4"',
        # What a programming language takes for a number.
        b"bytes=+1-5", b"bytes=1_0-2_0", b"bytes=0x1-0x5", b"bytes=1.0-5", b"bytes=1e1-20", b"bytes=\xa01-5",
        b"bytes=-+5", b"bytes=-1_0", b"bytes=\xd9\xa0-\xd9\xa9", b"bytes=-\xd9\xa9", b"bytes=\xb2-\xb3",
        # A last position before the first, at every size of number.
        b"bytes=5-2", b"bytes=1-0", b"bytes=10-9", b"bytes=010-9", b"bytes=18446744073709551616-18446744073709551615",
        # One bad member among good ones.
        b"bytes=0-1,5-2", b"bytes=5-2,0-1", b"bytes=0-1,a-b", b"bytes=0-1,-", b"bytes=0-1, bytes=2-3", b"bytes=0-1;2-3",
    ],
)  # fmt: skip
def test_anything_else_is_ignored(value: bytes) -> None:
    assert ranges.parse_ranges(value) is None
    assert [selected(value, length) for length in (0, 1, 10, LARGE)] == [200] * 4


@pytest.mark.parametrize(
    ("digits", "position"),
    [
        (b"9" * 18, 10**18 - 1), (b"9" * 19, 10**19 - 1), (b"%d" % LARGE, LARGE), (b"1" + b"0" * 19, BEYOND),
        (b"18446744073709551616", BEYOND), (b"9" * 5000, BEYOND), (b"0" * 5000 + b"12", 12), (b"0" * 5000, 0),
    ],
)  # fmt: skip
def test_a_number_of_any_size_is_read_and_none_overflows(digits: bytes, position: int) -> None:
    assert ranges.parse_ranges(b"bytes=%s-" % digits) == [RangeSpec(position, None)]
    assert ranges.parse_ranges(b"bytes=%s-%s" % (digits, digits)) == [RangeSpec(position, position)]
    assert ranges.parse_ranges(b"bytes=-%s" % digits) == [RangeSpec(None, position)]


@pytest.mark.parametrize(
    ("first", "last", "valid"),
    [
        (b"9" * 30, b"9" * 31, True), (b"9" * 31, b"9" * 30, False), (b"8" * 9000, b"9" * 9000, True),
        (b"9" * 9000, b"8" * 9000, False), (b"1" + b"0" * 20, b"0" * 99 + b"9" * 20, False), (b"0" * 99 + b"5", b"10", True),
    ],
)  # fmt: skip
def test_numbers_too_large_to_be_made_are_still_told_apart(first: bytes, last: bytes, *, valid: bool) -> None:
    assert (ranges.parse_ranges(b"bytes=%s-%s" % (first, last)) is not None) == valid


@pytest.mark.parametrize(
    ("spec", "length", "expected"),
    [
        # An empty representation has no position, whatever is asked for.
        ((0, 0), 0, None), ((0, None), 0, None), ((None, 1), 0, None), ((None, 0), 0, None),
        # One octet.
        ((0, 0), 1, (0, 0)), ((0, None), 1, (0, 0)), ((0, 1), 1, (0, 0)), ((1, 1), 1, None), ((1, None), 1, None),
        ((None, 1), 1, (0, 0)), ((None, 2), 1, (0, 0)), ((None, 0), 1, None),
        # Ten octets: around the first, around the last.
        ((0, 0), 10, (0, 0)), ((0, 9), 10, (0, 9)), ((0, 10), 10, (0, 9)), ((0, None), 10, (0, 9)), ((9, 9), 10, (9, 9)),
        ((9, 10), 10, (9, 9)), ((9, None), 10, (9, 9)), ((10, 10), 10, None), ((10, None), 10, None), ((11, 99), 10, None),
        ((4, 6), 10, (4, 6)), ((8, BEYOND), 10, (8, 9)), ((BEYOND, BEYOND), 10, None), ((BEYOND, None), 10, None),
        ((None, 1), 10, (9, 9)), ((None, 9), 10, (1, 9)), ((None, 10), 10, (0, 9)), ((None, 11), 10, (0, 9)),
        ((None, BEYOND), 10, (0, 9)), ((None, 0), 10, None), ((None, 500), 10000, (9500, 9999)),
        # The longest file.
        ((0, None), LARGE, (0, LARGE - 1)), ((0, BEYOND), LARGE, (0, LARGE - 1)), ((None, 1), LARGE, (LARGE - 1, LARGE - 1)),
        ((LARGE - 1, None), LARGE, (LARGE - 1, LARGE - 1)), ((LARGE, None), LARGE, None), ((BEYOND, None), LARGE, None),
        ((None, BEYOND), LARGE, (0, LARGE - 1)),
        # What only a caller's own hand can make: never a range of less than one octet.
        ((5, 2), 10, None), ((-1, 5), 10, None), ((None, -1), 10, None), ((None, None), 10, None),
    ],
)  # fmt: skip
def test_a_spec_is_fitted_to_the_representation(
    spec: tuple[int | None, int | None], length: int, expected: tuple[int, int] | None
) -> None:
    found = ranges.normalize_range(RangeSpec(*spec), length)
    assert found == expected
    assert found is None or found.length == len(range(found.start, found.stop + 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], []), ([(3, 5)], [(3, 5)]), ([(0, 4), (5, 9)], [(0, 9)]), ([(0, 4), (6, 9)], [(0, 4), (6, 9)]),
        ([(0, 4), (2, 8)], [(0, 8)]), ([(0, 9), (2, 3)], [(0, 9)]), ([(2, 3), (0, 9)], [(0, 9)]), ([(1, 1), (1, 1)], [(1, 1)]),
        # The order of the request, and not that of the positions.
        ([(8, 9), (0, 1)], [(8, 9), (0, 1)]), ([(8, 9), (4, 5), (0, 1)], [(8, 9), (4, 5), (0, 1)]),
        # Merged ones stand where the first of them stood.
        ([(8, 9), (0, 1), (10, 11)], [(8, 11), (0, 1)]), ([(4, 5), (8, 9), (0, 3)], [(0, 5), (8, 9)]),
        ([(0, 1), (8, 9), (4, 5), (6, 7)], [(0, 1), (4, 9)]), ([(0, 0), (2, 2), (1, 1)], [(0, 2)]),
    ],
)  # fmt: skip
def test_overlapping_and_adjacent_ranges_are_merged(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    assert ranges.merge_ranges([ByteRange(*pair) for pair in before]) == [ByteRange(*pair) for pair in after]


@pytest.mark.parametrize(
    ("value", "length", "expected"),
    [
        (None, 0, 200), (None, 1000, 200),
        # One range, satisfiable or not; the whole of the representation is a range as well.
        (b"bytes=0-499", 1000, [(0, 499)]), (b"bytes=-500", 1000, [(500, 999)]), (b"bytes=0-", 1000, [(0, 999)]),
        (b"bytes=0-9999", 1000, [(0, 999)]), (b"bytes=-9999", 1000, [(0, 999)]), (b"bytes=999-", 1000, [(999, 999)]),
        (b"bytes=1000-", 1000, 416), (b"bytes=-0", 1000, 416), (b"bytes=1000-1000", 1000, 416), (b"bytes=0-", 1, [(0, 0)]),
        (b"bytes=1-", 1, 416), (b"bytes=0-18446744073709551615", 1000, [(0, 999)]),
        (b"bytes=99999999999999999999-", LARGE, 416), (b"bytes=-1", LARGE, [(LARGE - 1, LARGE - 1)]),
        # An empty representation is sent whole, to every form.
        (b"bytes=0-", 0, 200), (b"bytes=0-0", 0, 200), (b"bytes=-1", 0, 200), (b"bytes=-0", 0, 200), (b"bytes=5-", 0, 200),
        # Several: all of them, those that are satisfiable, or none.
        (b"bytes=0-0,-1", 1000, [(0, 0), (999, 999)]), (b"bytes=-1,0-0", 1000, [(999, 999), (0, 0)]),
        (b"bytes=0-9,2000-", 1000, [(0, 9)]), (b"bytes=-0,0-9", 1000, [(0, 9)]), (b"bytes=1000-,-0", 1000, 416),
        (b"bytes=0-9,20-29,2000-", 1000, [(0, 9), (20, 29)]), (b"bytes=0-4,5-9", 10, [(0, 9)]),
        (b"bytes=500-600,601-999", 10000, [(500, 999)]), (b"bytes=500-700,601-999", 10000, [(500, 999)]),
        # The octets that would overflow a sum of 64 bits.
        (b"bytes=-999,-9223372036854774808", 1000, [(0, 999)]), (b"bytes=-500,-9223372036854775807", 1000, [(0, 999)]),
    ],
)  # fmt: skip
def test_one_of_three_answers(value: bytes | None, length: int, expected: int | list[tuple[int, int]]) -> None:
    assert selected(value, length) == expected


def test_the_answers_without_a_range_are_named() -> None:
    assert Selection(Outcome.WHOLE) == ranges.WHOLE == ranges.select_ranges(None, 10, LIMITS)
    assert Selection(Outcome.UNSATISFIABLE) == ranges.UNSATISFIABLE == ranges.select_ranges(b"bytes=10-", 10, LIMITS)


def test_a_request_has_so_many_ranges_and_no_more() -> None:
    apart = [b"%d-%d" % (at, at) for at in range(0, 10_000, 1000)]
    assert len(apart) == 10
    value = b"bytes=" + b",".join(apart)
    assert selected(value, 10_000, Limits(ranges_max=10)) == [(at, at) for at in range(0, 10_000, 1000)]
    assert selected(value, 10_000, Limits(ranges_max=9)) == 200
    # Those that are not satisfiable count, and empty members do not.
    assert selected(value + b",99999-", 10_000, Limits(ranges_max=10)) == 200
    assert selected(value + b",, ,", 10_000, Limits(ranges_max=10)) == selected(value, 10_000)


@pytest.mark.parametrize(
    ("length", "expected"), [(161, 200), (162, 200), (163, [(0, 0), (100, 100)]), (1000, [(0, 0), (100, 100)])]
)
def test_parts_that_cost_no_less_than_the_whole_are_not_made(
    length: int, expected: int | list[tuple[int, int]]
) -> None:
    # Two octets, and twice PART_BYTES around them.
    assert selected(b"bytes=0-0,100-100", length) == expected


def test_many_tiny_ranges_do_not_multiply_a_small_representation() -> None:
    assert selected(b"bytes=" + b",".join(b"%d-%d" % (at, at) for at in range(0, 60, 2)), 60) == 200


@pytest.mark.parametrize("length", [1, 1000, LARGE])
def test_ranges_that_overlap_are_sent_once(length: int) -> None:
    value = b"bytes=" + b",".join([b"0-"] * LIMITS.ranges_max)
    assert selected(value, length) == [(0, length - 1)]


@pytest.mark.parametrize(
    "value",
    [
        b"bytes=0-" + b"9" * 2_000_000, b"bytes=" + b"9" * 2_000_000 + b"-", b"bytes=-" + b"9" * 2_000_000,
        b"bytes=" + b"9" * 1_000_000 + b"-" + b"8" * 1_000_000, b"bytes=" + b"0" * 2_000_000, b"bytes=0-" + b"-" * 2_000_000,
        b"bytes=" + b"," * 2_000_000, b"bytes=0-0" + b" " * 2_000_000 + b"x", b"bytes=" + b"5-1," * 100_000,
        b"bytes=" + b"0-," * 100_000, b"=" * 2_000_000, b"bytes=0-,5-0,5-1," + b",".join(b"5-%d" % at for at in range(100_000)),
    ],
    ids=lambda value: repr(value[:12]),
)  # fmt: skip
def test_reading_a_set_is_linear(value: bytes) -> None:
    # In quadratic time this would take minutes; and it must be an answer, never an exception.
    started = time.process_time()
    assert selected(value, 1000) in (200, 416, [(0, 999)])
    assert time.process_time() - started < 5


def test_merging_is_not_quadratic() -> None:
    many = [ByteRange(at * 3, at * 3 + 1) for at in range(50_000)]
    random.Random(1).shuffle(many)
    started = time.process_time()
    assert ranges.merge_ranges(many) == many
    assert time.process_time() - started < 5


def test_content_range_of_a_part_and_of_none() -> None:
    assert ranges.content_range(ByteRange(0, 4), 10) == b"bytes 0-4/10"
    assert ranges.content_range(ByteRange(0, 0), 1) == b"bytes 0-0/1"
    assert ranges.content_range(ByteRange(LARGE - 1, LARGE - 1), LARGE) == b"bytes %d-%d/%d" % (
        LARGE - 1,
        LARGE - 1,
        LARGE,
    )
    assert ranges.unsatisfied_content_range(10) == b"bytes */10"
    assert ranges.unsatisfied_content_range(0) == b"bytes */0"


@pytest.mark.parametrize(
    ("start", "stop", "length"), [(0, 10, 10), (10, 10, 10), (5, 4, 10), (-1, 4, 10), (0, 0, 0), (0, -1, 0)]
)
def test_a_content_range_that_would_be_invalid_is_never_made(start: int, stop: int, length: int) -> None:
    with pytest.raises(ValueError, match="no range of"):
        ranges.content_range(ByteRange(start, stop), length)


@pytest.mark.parametrize(
    ("value", "expected", "length"),
    [
        (b"bytes 0-4/10", (0, 4, 10), 5), (b"bytes 0-0/1", (0, 0, 1), 1), (b"bytes 42-1233/*", (42, 1233, None), 1192),
        (b"bytes 9-9/10", (9, 9, 10), 1), (b"BYTES 0-4/10", (0, 4, 10), 5), (b"bytes 00-04/010", (0, 4, 10), 5),
        (b"bytes */10", (None, None, 10), 0), (b"bytes */0", (None, None, 0), 0),
        (b"bytes 0-0/%s1" % (b"0" * 5000), (0, 0, 1), 1), (b"bytes 0-%d/%d" % (LARGE - 1, LARGE), (0, LARGE - 1, LARGE), LARGE),
    ],
)  # fmt: skip
def test_a_valid_content_range_is_read(
    value: bytes, expected: tuple[int | None, int | None, int | None], length: int
) -> None:
    found = ranges.parse_content_range(value)
    assert found is not None
    assert found == ContentRange(*expected)
    assert found.length == length


@pytest.mark.parametrize(
    "value",
    [
        b"", b"bytes", b"bytes ", b"0-4/10", b"bytes=0-4/10", b"bytes  0-4/10", b"bytes\t0-4/10", b" bytes 0-4/10", b"items 0-4/10",
        b"bytes 0-4", b"bytes 0-4/", b"bytes 0-/10", b"bytes -4/10", b"bytes 4/10", b"bytes */*", b"bytes *", b"bytes */",
        b"bytes *-4/10", b"bytes 0-*/10", b"bytes 0-4 /10", b"bytes 0-4/ 10", b"bytes 0-4/10 ", b"bytes 0-4/10\n",
        b"bytes 0-4/10, bytes 5-6/10", b"bytes 0-4,5-6/10", b"bytes +0-4/10", b"bytes 0-4/1_0", b"bytes 0-0x4/10",
        b"bytes 0-\xd9\xa4/10", b"bytes 0-4/-1", b"bytes */-1",
        # The last before the first; the complete length not past the last.
        b"bytes 4-0/10", b"bytes 1-0/*", b"bytes 0-10/10", b"bytes 0-9/9", b"bytes 10-10/10", b"bytes 0-0/0",
        # Numbers that no file's length can be.
        b"bytes %s-%s/*" % (b"9" * 20, b"9" * 20), b"bytes 0-%s/*" % (b"9" * 20), b"bytes 0-4/%s" % (b"9" * 20),
        b"bytes */%s" % (b"9" * 5000),
    ],
)  # fmt: skip
def test_any_other_content_range_is_invalid(value: bytes) -> None:
    assert ranges.parse_content_range(value) is None


@pytest.mark.parametrize(
    "value", [b"x" * 2_000_000, b"bytes " + b"9" * 2_000_000, b"bytes 0-4/" + b"9" * 2_000_000 + b" "]
)
def test_reading_a_content_range_is_linear(value: bytes) -> None:
    started = time.process_time()
    assert ranges.parse_content_range(value) is None
    assert time.process_time() - started < 5


def positions(spec: tuple[int | None, int | None], length: int) -> set[int]:
    """What a spec asks for, one octet after another."""
    first, last = spec
    if first is None:
        return {at for at in range(length) if length - at <= (last or 0)}
    return {at for at in range(length) if at >= first and (last is None or at <= last)}


def runs(octets: set[int]) -> int:
    """How many pieces without a gap they are."""
    return sum(at - 1 not in octets for at in octets)


def brute_force(value: bytes) -> list[tuple[int | None, int | None]] | None:
    """Another reading of a Range value, without regular expressions, from the grammar alone."""
    if value[:6].lower() != b"bytes=":
        return None
    specs: list[tuple[int | None, int | None]] = []
    for member in value[6:].decode("latin-1").split(","):
        first, dash, last = member.strip(" \t").partition("-")
        if not first + dash + last:
            continue
        if not dash or not first + last or any(character not in "0123456789" for character in first + last):
            return None
        specs.append((int(first) if first else None, int(last) if last else None))
        if first and last and int(last) < int(first):
            return None
    return specs or None


NUMBERS = st.integers(0, 700)
SPECS = st.tuples(st.none() | NUMBERS, NUMBERS) | st.tuples(NUMBERS, st.none() | NUMBERS)
PAIRS = st.tuples(NUMBERS, st.integers(0, 40)).map(lambda pair: ByteRange(pair[0], sum(pair)))
LENGTHS = st.integers(0, 3) | st.integers(4, 600)


@st.composite
def values(draw: st.DrawFn) -> bytes:
    """A Range value, with what its grammar lets vary: case, whitespace, empty members, zeros."""
    pads = st.sampled_from([b"", b"", b" ", b"\t ", b",", b" ,\t,"])
    members: list[bytes] = []
    for spec in draw(st.lists(SPECS, min_size=1, max_size=5)):
        written = b"-".join(
            b"" if number is None else b"0" * draw(st.integers(0, 2)) + b"%d" % number for number in spec
        )
        members.append(draw(pads) + written + draw(pads))
    return draw(st.sampled_from([b"bytes=", b"Bytes=", b"BYTES="])) + b",".join(members)


@FIXED
@given(
    values()
    | st.binary(max_size=8)
    | st.text("0123456789-, \t+", max_size=12).map(lambda text: b"bytes=" + text.encode())
)
def test_a_set_is_read_as_another_reader_reads_it(value: bytes) -> None:
    expected = brute_force(value)
    assert ranges.parse_ranges(value) == (None if expected is None else [RangeSpec(*spec) for spec in expected])


@FIXED
@given(SPECS, LENGTHS)
def test_a_spec_comes_to_the_positions_that_it_asks_for(spec: tuple[int | None, int | None], length: int) -> None:
    found = ranges.normalize_range(RangeSpec(*spec), length)
    assert (set() if found is None else set(range(found.start, found.stop + 1))) == positions(spec, length)


@FIXED
@given(st.lists(PAIRS, max_size=12))
def test_merging_keeps_the_positions_and_their_order(before: list[ByteRange]) -> None:
    after = ranges.merge_ranges(before)
    octets = {at for byte_range in before for at in range(byte_range.start, byte_range.stop + 1)}
    assert sorted(octets) == sorted(at for byte_range in after for at in range(byte_range.start, byte_range.stop + 1))
    assert len(after) == runs(octets)
    places = [
        next(index for index, each in enumerate(before) if kept.start <= each.start <= kept.stop) for kept in after
    ]
    assert places == sorted(places)


@FIXED
@given(values(), LENGTHS)
def test_the_octets_are_those_of_a_reading_by_sets_of_positions(value: bytes, length: int) -> None:
    representation = random.Random(length).randbytes(length)
    specs = brute_force(value)
    found = ranges.select_ranges(value, length, LIMITS)
    wanted = {at for spec in specs or () for at in positions(spec, length)}
    costs = len(wanted) + 80 * runs(wanted)
    if specs is None or length == 0 or (runs(wanted) > 1 and costs >= length):
        assert found == ranges.WHOLE
    elif not wanted:
        assert found == ranges.UNSATISFIABLE
    else:
        assert found.outcome is Outcome.PARTIAL
        sent = b"".join(representation[each.start : each.stop + 1] for each in sorted(found.ranges))
        assert sent == bytes(representation[at] for at in sorted(wanted))
        assert len(found.ranges) == runs(wanted)
