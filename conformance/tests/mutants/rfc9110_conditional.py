"""RFC 9110, Sections 8.8, 13 and 15.4.5: one rule of conditions and validators broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import conditional, validators
from merkhet_reference.conditional import Outcome
from merkhet_reference.fields import Fields

CONDITIONAL = "merkhet_reference.conditional"
VALIDATORS = "merkhet_reference.validators"


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


@mutant(f"{CONDITIONAL}.RETRIEVALS", breaks="rfc9110-13.1.3-2c", must_kill={"rfc9110-13.1.3-put"})
def put_gets_304(original: Any) -> Any:
    """Evaluates If-Modified-Since of every method, and answers 304."""
    return (*original, b"PUT", b"DELETE")


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


@mutant(f"{CONDITIONAL}.has_preconditions", breaks="rfc9110-13.2.1-2", must_kill={"rfc9110-13.2.1-options-if-match"})
def conditions_always_count(original: Any) -> Any:
    """Evaluates conditions of every method."""
    return lambda method, current: True


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


@mutant(f"{VALIDATORS}.variant_tag", breaks="rfc9110-8.8.3-1", must_kill={"rfc9110-8.8.3-coded-whole"})
def one_tag_for_every_coding(original: Any) -> Any:
    """Gives what is compressed the strong tag of what is not."""
    return lambda tag, coding: tag


@mutant(f"{VALIDATORS}.file_last_modified", breaks="rfc9110-8.8.2.1-4", must_kill={"rfc9110-8.8.2.1-future-hour"})
def future_last_modified(original: Any) -> Any:
    """Sends the time of a file as it stands, though it is yet to come."""
    return lambda status, now: status.st_mtime_ns // 10**9
