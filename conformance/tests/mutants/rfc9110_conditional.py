"""RFC 9110, Sections 13 and 15.4.5: one rule of conditions broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import conditional, mutable, validators
from merkhet_reference.conditional import Outcome
from merkhet_reference.fields import Fields

CONDITIONAL = "merkhet_reference.conditional"
VALIDATORS = "merkhet_reference.validators"
MUTABLE = "merkhet_reference.mutable.MutableFolder"
BEGIN = "merkhet_reference.message.Request._begin"


def is_of_a_file(fields: Any) -> bool:
    """Tell whether an answer is the content of a file, or the 304 in its place."""
    return any(line[0] == b"Accept-Ranges" for line in fields if isinstance(line, tuple))


@mutant(f"{CONDITIONAL}.if_match", breaks="rfc9110-13.1.1-2", must_kill={"rfc9110-13.1.1-other-get"})
def ignores_if_match(original: Any) -> Any:
    """Takes every If-Match for true."""
    return lambda fields, current: True


@mutant(
    f"{VALIDATORS}.strong_match",
    breaks="rfc9110-13.1.1-1",
    must_kill={"rfc9110-13.1.1-weak", "rfc9110-13.1.5-false-weak-own"},
)
def strong_is_weak(original: Any) -> Any:
    """Compares weakly where strong comparison is asked for."""
    return validators.weak_match


@mutant(f"{VALIDATORS}.weak_match", breaks="rfc9110-13.1.2-1", must_kill={"rfc9110-13.1.2-weak-of-own"})
def weak_is_strong(original: Any) -> Any:
    """Compares strongly in If-None-Match."""
    return validators.strong_match


@mutant(f"{CONDITIONAL}.RETRIEVALS", breaks="rfc9110-13.1.2-4a", must_kill={"rfc9110-13.1.2-own-head"})
def head_gets_412(original: Any) -> Any:
    """Answers a HEAD with a false If-None-Match as it does a PUT."""
    return (b"GET",)


@mutant(
    f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.1.3-2c", must_kill={"rfc9110-13.1.3-put", "rfc9110-13.1.3-delete"}
)
def put_counts_if_modified_since(original: Any) -> Any:
    """Evaluates If-Modified-Since of every method, and answers 412."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        stores = method not in conditional.RETRIEVALS and current is not None
        if stores and not conditional.if_modified_since(fields, current, now):
            return Outcome.PRECONDITION_FAILED
        return original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.if_modified_since", breaks="rfc9110-13.1.3-5", must_kill={"rfc9110-13.1.3-equal"})
def ignores_if_modified_since(original: Any) -> Any:
    """Takes every If-Modified-Since for true."""
    return lambda fields, current, now: True


@mutant(f"{CONDITIONAL}.if_modified_since", breaks="rfc9110-13.1.3-a1", must_kill={"rfc9110-13.1.3-hour-earlier"})
def nothing_is_ever_modified(original: Any) -> Any:
    """Answers every If-Modified-Since that is a date with 304."""

    def modified(fields: Fields, current: Any, now: float) -> bool:
        return conditional.one_date(fields.get_all(b"If-Modified-Since"), now) is None

    return modified


@mutant(f"{CONDITIONAL}.one_date", breaks="rfc9110-13.1.3-2b", must_kill={"rfc9110-13.1.3-several-two-lines"})
def first_of_two_dates(original: Any) -> Any:
    """Reads the first of two lines of a date."""
    return lambda values, now: original(values[:1], now)


@mutant(f"{CONDITIONAL}.if_unmodified_since", breaks="rfc9110-13.1.4-5", must_kill={"rfc9110-13.1.4-old"})
def ignores_if_unmodified_since(original: Any) -> Any:
    """Takes every If-Unmodified-Since for true."""
    return lambda fields, current, now: True


@mutant(f"{CONDITIONAL}.if_range", breaks="rfc9110-13.1.5-6", must_kill={"rfc9110-13.1.5-false-other-tag"})
def ignores_if_range(original: Any) -> Any:
    """Takes every If-Range for true."""
    return lambda fields, current, now: True


@mutant(f"{CONDITIONAL}.if_range", breaks="rfc9110-13.1.5-8", must_kill={"rfc9110-13.1.5-true-range"})
def if_range_is_never_true(original: Any) -> Any:
    """Takes every If-Range for false."""
    return lambda fields, current, now: b"If-Range" not in fields


@mutant(
    f"{VALIDATORS}.last_modified_is_strong",
    breaks="rfc9110-13.1.5-a3",
    must_kill={"rfc9110-13.1.5-changed-in-one-second"},
)
def every_date_is_strong(original: Any) -> Any:
    """Takes the date of a file that has only just changed for a strong validator."""
    return lambda last_modified, date: True


@mutant(
    f"{BEGIN}",
    breaks="rfc9110-13.2.1-2",
    must_kill={"rfc9110-13.2.1-options-if-match", "rfc9110-13.2.1-missing-if-match", "rfc9110-13.1.4-undated-old"},
)
def conditions_always_count(original: Any) -> Any:
    """Answers 412 or 304 to conditions wherever there is no file, and whatever the answer would be."""

    def begin(self: Any, status: int, fields: Any, *arguments: Any) -> Any:
        asked = self.fields.by_name.keys()
        if not is_of_a_file(fields) and asked & {b"if-match", b"if-none-match", b"if-unmodified-since"}:
            status = 412
        elif not is_of_a_file(fields) and b"if-modified-since" in asked:
            status = 304
        return original(self, status, fields, *arguments)

    return begin


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.2.2-a1", must_kill={"rfc9110-13.2.2-get-im-false-inm-false"})
def if_none_match_first(original: Any) -> Any:
    """Evaluates If-None-Match before If-Match."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        reads = current is not None and b"If-None-Match" in fields and method in conditional.RETRIEVALS
        if reads and not conditional.if_none_match(method, fields, current):
            return Outcome.NOT_MODIFIED
        return original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.not_modified_fields", breaks="rfc9110-15.4.5-1", must_kill={"rfc9110-15.4.5-has-etag"})
def bare_304(original: Any) -> Any:
    """Leaves ETag out of a 304."""
    return lambda lines: [line for line in original(lines) if line[0] != b"ETag"]


@mutant(
    f"{CONDITIONAL}.if_match", breaks="rfc9110-13.1.1-2", must_kill={"rfc9110-13.1.1-any-get", "rfc9110-13.1.1-put-own"}
)
def if_match_is_never_true(original: Any) -> Any:
    """Takes every If-Match for false."""
    return lambda fields, current: False


@mutant(f"{CONDITIONAL}.if_none_match", breaks="rfc9110-13.1.2-3", must_kill={"rfc9110-13.1.2-other-get"})
def if_none_match_is_never_true(original: Any) -> Any:
    """Takes every If-None-Match for false."""
    return lambda method, fields, current: False


@mutant(
    f"{CONDITIONAL}.if_none_match",
    breaks="rfc9110-13.1.2-4a",
    must_kill={"rfc9110-13.1.2-own-get", "rfc9110-13.1.2-any-get"},
)
def ignores_if_none_match(original: Any) -> Any:
    """Takes every If-None-Match for true."""
    return lambda method, fields, current: True


@mutant(f"{VALIDATORS}.parse_entity_tags", breaks="rfc9110-13.1.2-3", must_kill={"rfc9110-13.1.2-own-two-lines"})
def first_line_of_tags(original: Any) -> Any:
    """Reads the first of several lines of tags."""
    return lambda values: original(values[:1])


@mutant(f"{VALIDATORS}.parse_entity_tags", breaks="rfc9110-13.1.2-a2", must_kill={"rfc9110-13.1.2-malformed-word"})
def what_is_no_tag_is_a_star(original: Any) -> Any:
    """Takes a list that is malformed for a star."""
    return lambda values: validators.ANY if original(values) is None else original(values)


@mutant(f"{CONDITIONAL}.if_unmodified_since", breaks="rfc9110-13.1.4-5", must_kill={"rfc9110-13.1.4-equal"})
def if_unmodified_since_is_never_true(original: Any) -> Any:
    """Takes every If-Unmodified-Since for false."""
    return lambda fields, current, now: b"If-Unmodified-Since" not in fields


@mutant(f"{CONDITIONAL}.one_date", breaks="rfc9110-13.1.4-2", must_kill={"rfc9110-13.1.4-invalid-word"})
def no_date_is_the_first_of_all(original: Any) -> Any:
    """Takes what is no date for the beginning of time."""

    def one_date(values: list[bytes], now: float) -> int | None:
        found: int | None = original(values, now)
        return 0 if values and found is None else found

    return one_date


@mutant(f"{CONDITIONAL}.one_date", breaks="rfc9110-13.1.3-2a", must_kill={"rfc9110-13.1.3-invalid-word"})
def no_date_is_now(original: Any) -> Any:
    """Takes what is no date for the present."""

    def one_date(values: list[bytes], now: float) -> int | None:
        found: int | None = original(values, now)
        return int(now) if values and found is None else found

    return one_date


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.1.4-1", must_kill={"rfc9110-13.1.4-beside-own-tag"})
def if_unmodified_since_counts_beside_if_match(original: Any) -> Any:
    """Evaluates If-Unmodified-Since though there is an If-Match."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        if current is not None and not conditional.if_unmodified_since(fields, current, now):
            return Outcome.PRECONDITION_FAILED
        return original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.1.3-1", must_kill={"rfc9110-13.1.3-beside-other-tag"})
def either_says_that_nothing_changed(original: Any) -> Any:
    """Answers 304 where If-Modified-Since is false, though If-None-Match is true."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        found = original(method, fields, current, now)
        reads = found is Outcome.PROCEED and method in conditional.RETRIEVALS
        return found if not reads or conditional.if_modified_since(fields, current, now) else Outcome.NOT_MODIFIED

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.1.3-1", must_kill={"rfc9110-13.1.3-beside-own-tag"})
def both_must_say_that_nothing_changed(original: Any) -> Any:
    """Answers 200 where If-Modified-Since is true, though If-None-Match is false."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        found = original(method, fields, current, now)
        date = conditional.one_date(fields.get_all(b"If-Modified-Since"), now)
        is_so = date is not None and conditional.if_modified_since(fields, current, now)
        return Outcome.PROCEED if found is Outcome.NOT_MODIFIED and is_so else found

    return evaluate


@mutant(
    f"{CONDITIONAL}.evaluate",
    breaks="rfc9110-13.2.2-1",
    must_kill={"rfc9110-13.1.1-put-other", "rfc9110-13.1.4-put-old"},
)
def stores_unconditionally(original: Any) -> Any:
    """Evaluates the conditions of GET and HEAD alone."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        return original(method, fields, current, now) if method in conditional.RETRIEVALS else Outcome.PROCEED

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.2.2-1", must_kill={"rfc9110-13.2.2-put-ius-true-inm-true"})
def stores_nothing_on_conditions(original: Any) -> Any:
    """Refuses every PUT and DELETE that has a condition."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        asked = not conditional.PRECONDITIONS.isdisjoint(fields.by_name)
        if asked and method not in conditional.RETRIEVALS:
            return Outcome.PRECONDITION_FAILED
        return original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.1.5-2", must_kill={"rfc9110-13.1.5-alone-other-tag"})
def if_range_counts_without_range(original: Any) -> Any:
    """Answers 412 to any If-Range without Range."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        is_alone = b"If-Range" in fields and b"Range" not in fields
        return Outcome.PRECONDITION_FAILED if is_alone else original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-15.4.5-a2", must_kill={"rfc9110-15.4.5-responses-condition-asked"})
def nothing_is_ever_sent(original: Any) -> Any:
    """Answers 304 to who has asked for no such thing."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        found = original(method, fields, current, now)
        return Outcome.NOT_MODIFIED if found is Outcome.PROCEED and method in conditional.RETRIEVALS else found

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-13.2.2-1", must_kill={"rfc9110-13.2.2-get-im-false-inm-true"})
def several_conditions_are_true(original: Any) -> Any:
    """Evaluates one condition, and takes several for true."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        several = len(conditional.PRECONDITIONS & fields.by_name.keys()) > 1
        return Outcome.PROCEED if several else original(method, fields, current, now)

    return evaluate


@mutant(f"{CONDITIONAL}.evaluate", breaks="rfc9110-14.2-a1", must_kill={"rfc9110-14.2-only-in-200-not-modified"})
def range_before_conditions(original: Any) -> Any:
    """Answers a range where 304 or 412 is due."""

    def evaluate(method: bytes, fields: Fields, current: Any, now: float) -> Outcome:
        has_part = method == b"GET" and b"Range" in fields and current is not None
        return Outcome.PROCEED_WITH_RANGE if has_part else original(method, fields, current, now)

    return evaluate


@mutant(f"{BEGIN}", breaks="rfc9110-13.1.5-3", must_kill={"rfc9110-13.1.5-without-ranges-tag"})
def if_range_counts_everywhere(original: Any) -> Any:
    """Answers 412 to If-Range wherever there is no file."""

    def begin(self: Any, status: int, fields: Any, *arguments: Any) -> Any:
        is_wrong = b"If-Range" in self.fields and not is_of_a_file(fields)
        return original(self, 412 if is_wrong else status, fields, *arguments)

    return begin


@mutant(
    f"{CONDITIONAL}.not_modified_fields",
    breaks="rfc9110-15.4.5-1",
    must_kill={"rfc9110-15.4.5-has-cache-control", "rfc9110-15.4.5-has-vary-coded", "rfc9110-15.4.5-has-expires"},
)
def tag_alone_in_304(original: Any) -> Any:
    """Sends nothing in a 304 but ETag."""
    return lambda lines: [line for line in original(lines) if line[0] == b"ETag"]


@mutant(f"{MUTABLE}._check_preconditions", breaks="rfc9110-13.1.1-4", must_kill={"rfc9110-13.1.1-said-put"})
def says_conflict(original: Any) -> Any:
    """Answers 409 in the place of 412, as a server may not: it has found no conflict."""

    def check(self: Any, head: Any, current: Any) -> None:
        try:
            original(self, head, current)
        except mutable.Declined as declined:
            raise mutable.Declined(409, declined.text) from None

    return check
