"""RFC 9110, Sections 14 and 15.3.7: one rule of ranges broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import ranges
from merkhet_reference.ranges import ByteRange, RangeSpec, Selection

RANGES = "merkhet_reference.ranges"
BYTERANGES = "merkhet_reference.byteranges"
RESPONSE = "merkhet_reference.file_response"


@mutant(f"{RANGES}.normalize_range", breaks="rfc9110-15.3.7.1-1", must_kill={"rfc9110-15.3.7.1-range-small-start"})
def ends_are_exclusive(original: Any) -> Any:
    """Takes the last position for the first octet that is not sent."""

    def normalize(spec: RangeSpec, complete_length: int) -> ByteRange | None:
        found = original(spec, complete_length)
        return ByteRange(found.start, max(found.start, found.stop - 1)) if found is not None else None

    return normalize


@mutant(f"{RANGES}.normalize_range", breaks="rfc9110-14.1.2-a3", must_kill={"rfc9110-14.1.2-suffix-zero-small"})
def suffix_zero_is_the_last_octet(original: Any) -> Any:
    """Answers a suffix of no octets with the last octet."""

    def normalize(spec: RangeSpec, complete_length: int) -> ByteRange | None:
        return original(RangeSpec(None, 1) if spec == (None, 0) else spec, complete_length)

    return normalize


@mutant(f"{RANGES}.normalize_range", breaks="rfc9110-14.1.2-a4", must_kill={"rfc9110-14.1.2-past-end-small-open"})
def clamps_the_first_position(original: Any) -> Any:
    """Answers a range past the end with the last octet."""

    def normalize(spec: RangeSpec, complete_length: int) -> ByteRange | None:
        return original(spec, complete_length) or ByteRange(complete_length - 1, complete_length - 1)

    return normalize


@mutant(f"{RANGES}.normalize_range", breaks="rfc9110-14.1.2-a1", must_kill={"rfc9110-14.1.2-last-past-end-small-last"})
def refuses_to_clamp(original: Any) -> Any:
    """Calls a range unsatisfiable that ends past the end."""

    def normalize(spec: RangeSpec, complete_length: int) -> ByteRange | None:
        beyond = spec.first is not None and spec.last is not None and spec.last >= complete_length
        return None if beyond else original(spec, complete_length)

    return normalize


@mutant(f"{RANGES}.position", breaks="rfc9110-14.1.2-1", must_kill={"rfc9110-14.1.2-first-64-bit"})
def numbers_wrap(original: Any) -> Any:
    """Keeps 64 bits of a number."""
    return lambda digits: int(digits[-400:]) % (1 << 64)


@mutant(f"{RANGES}.parse_ranges", breaks="rfc9110-14.2-3", must_kill={"rfc9110-14.2-unknown-unit-int-range"})
def every_unit_is_bytes(original: Any) -> Any:
    """Takes every unit for bytes."""
    return lambda value: original(b"bytes=" + value.partition(b"=")[2])


@mutant(f"{RANGES}.parse_ranges", breaks="rfc9110-14.1-a1", must_kill={"rfc9110-14.1-unit-upper"})
def unit_case_counts(original: Any) -> Any:
    """Ignores the unit bytes in another case, as a server may."""
    return lambda value: original(value) if value.startswith(b"bytes=") else None


@mutant(f"{RANGES}.select_ranges", breaks="rfc9110-14.1.2-a6", must_kill={"rfc9110-14.1.2-satisfiable-first"})
def one_unsatisfiable_spoils_all(original: Any) -> Any:
    """Calls a set unsatisfiable of which one range is."""

    def select(value: bytes | None, complete_length: int, limits: Any) -> Selection:
        specs = ranges.parse_ranges(value) if value is not None else None
        if specs and any(ranges.normalize_range(spec, complete_length) is None for spec in specs):
            return ranges.UNSATISFIABLE
        return original(value, complete_length, limits)

    return select


@mutant(f"{RANGES}.select_ranges", breaks="rfc9110-14.2-9", must_kill={"rfc9110-14.2-satisfied-first"})
def ignores_ranges(original: Any) -> Any:
    """Ignores every Range, and says Accept-Ranges: bytes."""
    return lambda value, complete_length, limits: ranges.WHOLE


@mutant(f"{RANGES}.content_range", breaks="rfc9110-14.4-a1", must_kill={"rfc9110-14.4-valid-suffix"})
def content_range_counts_from_one(original: Any) -> Any:
    """Counts octets from one in Content-Range."""
    return lambda byte_range, length: b"bytes %d-%d/%d" % (byte_range.start + 1, byte_range.stop + 1, length)


@mutant(f"{RANGES}.content_range", breaks="rfc9110-14.4-4", must_kill={"rfc9110-14.4-complete-length-first"})
def length_is_unknown(original: Any) -> Any:
    """Says a star for the complete length."""
    return lambda byte_range, length: original(byte_range, length).rpartition(b"/")[0] + b"/*"


@mutant(f"{RANGES}.unsatisfied_content_range", breaks="rfc9110-14.4-6", must_kill={"rfc9110-14.4-unsatisfied-small"})
def wrong_length_in_416(original: Any) -> Any:
    """Says one octet too many in a 416."""
    return lambda length: original(length + 1)


@mutant(f"{RANGES}.merge_ranges", breaks="rfc9110-15.3.7.2-9", must_kill={"rfc9110-15.3.7.2-order-descending"})
def sorts_parts(original: Any) -> Any:
    """Sends parts in ascending order."""
    return lambda wanted: sorted(original(wanted))


@mutant(f"{RANGES}.merge_ranges", breaks="rfc9110-14.2-5", must_kill={"rfc9110-14.2-many-same-200"})
def merges_nothing(original: Any) -> Any:
    """Sends overlapping ranges again and again."""
    return list


@mutant(f"{BYTERANGES}.part_head", breaks="rfc9110-15.3.7.2-4", must_kill={"rfc9110-15.3.7.2-part-type-text"})
def parts_have_no_type(original: Any) -> Any:
    """Leaves Content-Type out of the parts."""
    return lambda byte_range, length, content_type: original(byte_range, length, None)


@mutant(f"{RESPONSE}.partial", breaks="rfc9110-15.3.7-2", must_kill={"rfc9110-15.3.7-has-etag"})
def no_tag_in_206(original: Any) -> Any:
    """Leaves ETag out of a 206."""

    def partial(opened: Any, fields: Any, *arguments: Any, **named: Any) -> Any:
        kept = [line for line in fields if line[0] != b"ETag"]
        return original(opened, kept, *arguments, **named)

    return partial


@mutant(f"{RESPONSE}.partial", breaks="rfc9110-15.3.7-4", must_kill={"rfc9110-15.3.7-describes-last-modified"})
def no_date_in_206(original: Any) -> Any:
    """Leaves Last-Modified out of a 206 to a request without If-Range."""

    def partial(opened: Any, fields: Any, *arguments: Any, **named: Any) -> Any:
        kept = [line for line in fields if line[0] != b"Last-Modified"]
        return original(opened, kept, *arguments, **named)

    return partial
