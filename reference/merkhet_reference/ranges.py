"""RFC 9110, Sections 14.1, 14.2 and 14.4: byte ranges, from the octets of Range to the positions that are sent.

A set of ranges is read (`parse_ranges`), fitted to a representation (`normalize_range`), rid of what it asks for twice
(`merge_ranges`), and so comes to one of three answers (`select_ranges`). That the method is GET, that the answer would
be 200 without Range, and that If-Range allows it, is for the caller to see first (Section 14.2; 13.2.2).
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from merkhet_reference import abnf
from merkhet_reference.limits import Limits

UNIT = b"bytes"
"""The one range unit that is understood here (Section 14.1.2)."""

RANGE_SPEC = abnf.whole(rb"(" + abnf.DIGITS + rb")-([0-9]*+)|-(" + abnf.DIGITS + rb")")
"""int-range or suffix-range (Section 14.1.1): ten digits, and no sign, no space, nothing else that int() would take."""

CONTENT_RANGE = abnf.whole(
    rb"(" + abnf.TOKEN + rb") (?:(" + abnf.DIGITS + rb")-(" + abnf.DIGITS + rb")/(" + abnf.DIGITS + rb"|\*)"
    rb"|\*/(" + abnf.DIGITS + rb"))"
)
"""range-unit, one SP, and range-resp or unsatisfied-range (Section 14.4)."""

POSITION_DIGITS_MAX = 19
"""Digits of the largest number that a file's length can be, 2 ** 63 - 1. Only so many are ever made a number, because
that takes time with the square of their count, and Python refuses it altogether beyond some thousands."""

POSITION_MAX = 10**POSITION_DIGITS_MAX
"""What stands for any number of more digits: beyond every position there is (Section 14.1.2: no overflow)."""

PART_BYTES = 80
"""What a part costs besides its own octets, about (Section 15.3.7.2): a delimiter, two field lines, an empty line."""


class ByteRange(NamedTuple):
    """A range that a representation has: positions of its first and its last octet, both counted from 0, both sent."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Return the octets in the range: never 0."""
        return self.stop - self.start + 1


class RangeSpec(NamedTuple):
    """A range as it was asked for, before the length of the representation is known.

    `first` None: the last `last` octets. `last` None: from `first` to the end. Else both positions, inclusive.
    """

    first: int | None
    last: int | None


class ContentRange(NamedTuple):
    """What Content-Range says of the content that it comes with. `complete_length` None: unknown, a "*" on the wire.

    `first` and `last` are inclusive; both None in the unsatisfied form, which says the complete length alone.
    """

    first: int | None
    last: int | None
    complete_length: int | None

    @property
    def length(self) -> int:
        """Return the octets of the range, which the content must have too; 0 in the unsatisfied form."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1


class Outcome(enum.IntEnum):
    """The three answers to a request with Range, each the number of its status."""

    WHOLE = 200
    """Range is ignored: the answer is what it would be without."""
    PARTIAL = 206
    UNSATISFIABLE = 416


class Selection(NamedTuple):
    """What to answer. `ranges` has one or more with PARTIAL, in the order to send them, none with the other two.

    More than one means that the client asked for several: only then may the answer be multipart (Section 15.3.7.2).
    """

    outcome: Outcome
    ranges: tuple[ByteRange, ...] = ()


WHOLE = Selection(Outcome.WHOLE)
UNSATISFIABLE = Selection(Outcome.UNSATISFIABLE)


def parse_ranges(value: bytes) -> list[RangeSpec] | None:
    """Return what a Range value asks for, in its order; None if it is to be ignored. Never raises.

    `value` is the combined field value. A position beyond every file's length comes as POSITION_MAX.
    Ignored is a unit that is not understood, as an origin server must (Section 14.2), and a set that is not valid.
    """
    # Choice: an invalid set may be ignored or rejected; whole content helps its sender more than an error does.
    unit, _, range_set = value.partition(b"=")
    # [rfc9110-14.1-a1] [rfc9110-14.2-3]
    if unit.lower() != UNIT:
        return None
    members = (member.strip(b" \t") for member in range_set.split(b","))
    specs = [parse_spec(member) for member in members if member]  # empty members do not count (Section 5.6.1.2)
    valid = [spec for spec in specs if spec is not None]
    # One invalid member makes the whole set invalid, and there is at least one in a valid set (Section 14.1.1).
    return valid if valid and len(valid) == len(specs) else None


def parse_spec(member: bytes) -> RangeSpec | None:
    """Return one member of a set of byte ranges; None if it is none, or ends before it begins (Section 14.1.1)."""
    match = RANGE_SPEC.match(member)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix:
        return RangeSpec(None, position(suffix))
    if not last:
        return RangeSpec(position(first), None)
    return None if is_less(last, first) else RangeSpec(position(first), position(last))  # [rfc9110-14.1.1-a1]


def position(digits: bytes) -> int:
    """Return the number that these digits write, and POSITION_MAX for any of more than POSITION_DIGITS_MAX digits."""
    significant = digits.lstrip(b"0")
    return int(significant or b"0") if len(significant) <= POSITION_DIGITS_MAX else POSITION_MAX  # [rfc9110-14.1.2-1]


def is_less(digits: bytes, others: bytes) -> bool:
    """Tell whether one number is less than another, of however many digits, in time linear in them."""
    digits, others = digits.lstrip(b"0"), others.lstrip(b"0")
    return (len(digits), digits) < (len(others), others)


def normalize_range(spec: RangeSpec, complete_length: int) -> ByteRange | None:
    """Return the positions of a representation of `complete_length` octets that `spec` asks for; None if it has none.

    None are a first position at or past the end and a suffix of no octets (Section 14.1.2). An empty representation has
    no position for any spec: even the suffix that counts as satisfiable there has no range that could be written.
    """
    end = complete_length - 1
    if spec.first is None:
        # A suffix longer than the representation is the whole of it.
        start, stop = max(0, complete_length - (spec.last or 0)), end  # [rfc9110-14.1.2-a2]
    else:
        # A last position that is absent or past the end is the end.
        start, stop = spec.first, end if spec.last is None else min(spec.last, end)  # [rfc9110-14.1.2-a1]
    return ByteRange(start, stop) if 0 <= start <= stop else None  # [rfc9110-14.1.2-a3] [rfc9110-14.1.2-a4]


def merge_ranges(ranges: list[ByteRange]) -> list[ByteRange]:
    """Return ranges with the same positions, none of them in two and none adjacent (Section 15.3.7.2).

    Their order is that of the request, where a range that several were merged into stands at the first of them.
    # Choice: a gap is never bridged, however small: nobody is sent octets that were not asked for.
    """
    merged: list[tuple[int, ByteRange]] = []
    for index, following in sorted(enumerate(ranges), key=lambda numbered: numbered[1]):
        if merged and following.start <= merged[-1][1].stop + 1:  # [rfc9110-15.3.7.2-5]
            earliest, last = merged[-1]
            merged[-1] = min(earliest, index), ByteRange(last.start, max(last.stop, following.stop))
        else:
            merged.append((index, following))
    return [byte_range for _, byte_range in sorted(merged)]  # [rfc9110-15.3.7.2-9]


def select_ranges(value: bytes | None, complete_length: int, limits: Limits) -> Selection:
    """Return the answer to a Range value, None where there is no Range, for a representation of `complete_length`."""
    if value is None or complete_length == 0:  # [rfc9110-14.2-7]
        # Choice: Range is ignored on an empty representation, as Section 14.2 allows. The suffix-range is satisfiable
        # there (14.1.2), yet no Content-Range can say so (14.4); 200 without content is true for every form alike.
        return WHOLE
    specs = parse_ranges(value)
    if specs is None or len(specs) > limits.ranges_max:  # [rfc9110-14.2-5]
        # Choice: too many are ignored, not rejected: the whole representation costs one head, and has all of them.
        return WHOLE
    found = [normalize_range(spec, complete_length) for spec in specs]
    merged = merge_ranges([byte_range for byte_range in found if byte_range is not None])
    if not merged:
        # [rfc9110-14.1.2-a6] [rfc9110-14.2-10]
        return UNSATISFIABLE  # not one is satisfiable; one that is makes the whole set so (Section 14.1.1)
    # Choice: overlapping ranges and ranges out of order may be ignored as signs of an attack (Section 14.2). They are
    # served: merged, no octet is sent twice, and the number of parts is bounded.
    # [rfc9110-14.2-1] [rfc9110-14.2-9]
    return WHOLE if costs_more_than_whole(merged, complete_length) else Selection(Outcome.PARTIAL, tuple(merged))


def costs_more_than_whole(merged: list[ByteRange], complete_length: int) -> bool:
    """Tell whether several parts, with what surrounds each, are no less than the whole (Section 15.3.7.2).

    # Choice: then Range is ignored: a request must not be answered by many times what the representation has. A single
    range is served even if it is the whole, because a player learns from that 206 that it can seek.
    """
    return len(merged) > 1 and sum(PART_BYTES + byte_range.length for byte_range in merged) >= complete_length


def content_range(byte_range: ByteRange, complete_length: int) -> bytes:
    """Return the Content-Range value of a 206 or of one part, as b"bytes 0-4/10" (Section 14.4).

    Raises ValueError for a range that a representation of this length does not have: a client would reject it.
    """
    if not 0 <= byte_range.start <= byte_range.stop < complete_length:  # [rfc9110-14.4-a1]
        raise ValueError(f"no range of {complete_length} octets: {byte_range}")
    return b"bytes %d-%d/%d" % (byte_range.start, byte_range.stop, complete_length)  # [rfc9110-14.4-4]


def unsatisfied_content_range(complete_length: int) -> bytes:
    """Return the Content-Range value of a 416, as b"bytes */10": how long the representation is (Section 15.5.17)."""
    return b"bytes */%d" % complete_length  # [rfc9110-14.4-6]


def parse_content_range(value: bytes) -> ContentRange | None:
    """Return what the Content-Range of a partial PUT says (Sections 14.4 and 14.5); None if it is invalid.

    Invalid are another unit than bytes, a last position before the first, and a complete length that does not reach
    past the last. # Choice: a number that no file's length can be is invalid too, never clamped: octets would be
    written at a place that nobody named.
    """
    match = CONTENT_RANGE.match(value)
    if match is None or match[1].lower() != UNIT:
        return None
    first, last, complete, alone = map(number, match.groups()[1:])
    if POSITION_MAX in {last, complete, alone}:
        return None  # nor is there a first of that size, since the last is not less
    if first is None or last is None:
        return ContentRange(None, None, alone)
    if last < first or (complete is not None and complete <= last):
        return None
    return ContentRange(first, last, complete)


def number(digits: bytes | None) -> int | None:
    """Return a number of Content-Range; None where the other form stands, or "*" for a length that is unknown."""
    return None if digits is None or digits == b"*" else position(digits)
