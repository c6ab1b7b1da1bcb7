"""RFC 9110, Sections 14 and 15.3.7: one rule of ranges broken at a time."""

from __future__ import annotations

import dataclasses
from typing import Any

from mutation import mutant

from merkhet_reference import byteranges, file_response, ranges
from merkhet_reference.ranges import ByteRange, RangeSpec, Selection

RANGES = "merkhet_reference.ranges"
BYTERANGES = "merkhet_reference.byteranges"
RESPONSE = "merkhet_reference.file_response"
BEGIN = "merkhet_reference.message.Request._begin"
MUTABLE = "merkhet_reference.mutable.MutableFolder"


def has_ranges(fields: Any) -> bool:
    """Tell whether an answer is that of a file with ranges."""
    return any(line[0] in {b"Accept-Ranges", b"Content-Range"} for line in fields if isinstance(line, tuple))


@mutant(f"{RANGES}.normalize_range", breaks="rfc9110-15.3.7.1-1", must_kill={"rfc9110-15.3.7.1-download-resumed-early"})
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


@mutant(f"{RANGES}.select_ranges", breaks="rfc9110-14.1-a1", must_kill={"rfc9110-14.1-unit-upper"})
def unit_case_counts(original: Any) -> Any:
    """Calls a set unsatisfiable whose unit is bytes in another case."""

    def select(value: bytes | None, complete_length: int, limits: Any) -> Selection:
        is_other = value is not None and value[:6].lower() == b"bytes=" != value[:6]
        return ranges.UNSATISFIABLE if is_other else original(value, complete_length, limits)

    return select


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


@mutant(f"{RANGES}.merge_ranges", breaks="rfc9110-14.2-5", must_kill={"rfc9110-14.2-many-same-three"})
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


@mutant(
    f"{RANGES}.select_ranges",
    breaks="rfc9110-14.1.1-a1",
    must_kill={"rfc9110-14.1.1-invalid-word", "rfc9110-14.2-many-same-200"},
)
def rejects_what_it_may_ignore(original: Any) -> Any:
    """Answers 416 to invalid sets, and to too many ranges: another choice, which is allowed."""

    def select(value: bytes | None, complete_length: int, limits: Any) -> Selection:
        found: Selection = original(value, complete_length, limits)
        is_bytes = value is not None and value[:5].lower() == b"bytes"
        return ranges.UNSATISFIABLE if is_bytes and found == ranges.WHOLE and complete_length else found

    return select


@mutant(f"{RANGES}.select_ranges", breaks="rfc9110-14.2-3", must_kill={"rfc9110-14.2-unknown-unit-other"})
def unknown_units_are_rejected(original: Any) -> Any:
    """Answers 416 to units that it does not know."""

    def select(value: bytes | None, complete_length: int, limits: Any) -> Selection:
        is_other = value is not None and value[:5].lower() != b"bytes"
        return ranges.UNSATISFIABLE if is_other else original(value, complete_length, limits)

    return select


@mutant(
    f"{BEGIN}",
    breaks="rfc9110-14.2-a1",
    must_kill={"rfc9110-14.2-only-in-200-not-found", "rfc9110-14.2-post-echo"},
)
def range_counts_everywhere(original: Any) -> Any:
    """Answers 416 to every Range but that for a file."""

    def begin(self: Any, status: int, fields: Any, *arguments: Any) -> Any:
        is_wrong = b"Range" in self.fields and not has_ranges(fields)
        return original(self, 416 if is_wrong else status, fields, *arguments)

    return begin


@mutant(f"{BEGIN}", breaks="rfc9110-14.4-3", must_kill={"rfc9110-14.4-request-get", "rfc9110-14.4-request-post"})
def refuses_content_range(original: Any) -> Any:
    """Answers 400 to every Content-Range."""

    def begin(self: Any, status: int, fields: Any, *arguments: Any) -> Any:
        return original(self, 400 if b"Content-Range" in self.fields else status, fields, *arguments)

    return begin


@mutant("merkhet_reference.conditional.evaluate", breaks="rfc9110-14.2-2", must_kill={"rfc9110-14.2-head-first"})
def head_has_ranges(original: Any) -> Any:
    """Answers HEAD with the status that GET would have with Range."""

    def evaluate(method: bytes, *arguments: Any) -> Any:
        return original(b"GET" if method == b"HEAD" else method, *arguments)

    return evaluate


@mutant(f"{RESPONSE}.ACCEPT_RANGES", breaks="rfc9110-14.3-a1", must_kill={"rfc9110-14.3-accept-ranges-200"})
def accept_ranges_has_a_range(original: Any) -> Any:
    """Sends a set of ranges in Accept-Ranges."""
    return original[0], b"bytes=0-"


@mutant(f"{RANGES}.content_range", breaks="rfc9110-14.4-a1", must_kill={"rfc9110-14.4-valid-first"})
def length_is_the_last_position(original: Any) -> Any:
    """Says the last position of a range in the place of the complete length."""
    return lambda byte_range, length: b"bytes %d-%d/%d" % (byte_range.start, byte_range.stop, byte_range.stop)


@mutant(f"{MUTABLE}._span", breaks="rfc9110-14.5-1", must_kill={"rfc9110-14.5-put-first"})
def puts_a_part_as_the_whole(original: Any) -> Any:
    """Takes the part that a PUT has for the whole."""
    return lambda self, head: None


@mutant(f"{RESPONSE}.plan", breaks="rfc9110-15.3.7-a1", must_kill={"rfc9110-15.3.7-responses-range-asked"})
def part_for_the_whole(original: Any) -> Any:
    """Answers 206 to who asks for the whole file."""

    def plan(asked: Any, opened: Any, presentation: Any, extra: Any) -> Any:
        length = opened.stat.st_size
        found = original(asked, opened, presentation, extra)
        if found.status != 200 or not length or b"Range" in asked.head.fields:
            return found
        line = (b"Content-Range", b"bytes 0-%d/%d" % (length - 1, length))
        return dataclasses.replace(found, status=206, fields=[*found.fields, line])

    return plan


@mutant(f"{RESPONSE}.partial", breaks="rfc9110-15.3.7.1-1", must_kill={"rfc9110-15.3.7.1-responses-content-range"})
def part_without_its_place(original: Any) -> Any:
    """Leaves Content-Range out of a 206 with one range."""

    def partial(*arguments: Any) -> Any:
        found = original(*arguments)
        return dataclasses.replace(found, fields=[line for line in found.fields if line[0] != b"Content-Range"])

    return partial


@mutant(f"{RESPONSE}.partial", breaks="rfc9110-15.3.7.2-2", must_kill={"rfc9110-15.3.7.2-responses-no-outer-range"})
def parts_with_one_place(original: Any) -> Any:
    """Sends the first Content-Range of several in the head as well."""

    def partial(opened: Any, fields: Any, content_type: bytes, wanted: Any) -> Any:
        found = original(opened, fields, content_type, wanted)
        if len(wanted) == 1:
            return found
        line = (b"Content-Range", ranges.content_range(wanted[0], opened.stat.st_size))
        return dataclasses.replace(found, fields=[*found.fields, line])

    return partial


@mutant(f"{RESPONSE}.partial", breaks="rfc9110-15.3.7.2-6", must_kill={"rfc9110-15.3.7.2-responses-no-multipart"})
def one_part_in_multipart(original: Any) -> Any:
    """Sends one range as multipart/byteranges."""

    def partial(opened: Any, fields: Any, content_type: bytes, wanted: Any) -> Any:
        layout = byteranges.layout(wanted, opened.stat.st_size, content_type, b"one-part")
        kept = [line for line in fields if line[0] != b"Content-Type"]
        lines = [*kept, (b"Content-Type", layout.content_type)]
        return file_response.Plan(206, lines, layout.content_length, file_response.segments(opened, layout.pieces))

    return partial
