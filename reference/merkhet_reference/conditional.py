"""RFC 9110, Section 13: Conditional Requests. What preconditions make of a request, and what a 304 carries (15.4.5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from merkhet_reference import http_date, validators
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.validators import Validators

WITHOUT_REPRESENTATION = (b"CONNECT", b"OPTIONS", b"TRACE")
"""Methods that neither select nor modify a representation (Section 13.2.1)."""

PRECONDITIONS = frozenset((b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range"))
"""Their fields, in lower case (Section 13.1)."""

RETRIEVALS = (b"GET", b"HEAD")
"""Methods whose false If-None-Match is no failure, but good news: 304."""

NOT_IN_304 = frozenset(
    {
        b"content-digest", b"content-disposition", b"content-encoding", b"content-language", b"content-length",
        b"content-range", b"content-type", b"repr-digest",
    }
)  # fmt: skip
"""What describes content that is not there. Not all that begins with Content-: Content-Location is asked for, and
Content-Security-Policy is no metadata of a representation."""


class Outcome(enum.Enum):
    """What is to be done with a request after its preconditions."""

    PROCEED = "perform the method; Range, if any, does not count"
    PROCEED_WITH_RANGE = "perform GET for the ranges that Range asks for, if this resource has ranges"
    NOT_MODIFIED = "respond 304"
    PRECONDITION_FAILED = "respond 412"


def evaluate(method: bytes, fields: Fields, current: Validators | None, now: float) -> Outcome:
    """Return what the preconditions of a request come to: the steps of Section 13.2.2 in their order.

    `current` has the validators of the selected representation, None if there is none; `now` is in seconds since the
    epoch. To be asked last: where the answer without preconditions would not be 2xx, they do not count (13.2.1).
    """
    if not has_preconditions(method, current):  # [rfc9110-13.2.1-2]
        return Outcome.PROCEED
    if PRECONDITIONS.isdisjoint(fields.by_name):  # as in most requests: then step 5 alone has something to say
        return Outcome.PROCEED_WITH_RANGE if method == b"GET" and b"Range" in fields else Outcome.PROCEED
    # [rfc9110-13.1.1-2] [rfc9110-13.2.2-1] [rfc9110-13.2.2-a1]
    # Step 1: If-Match.
    if b"If-Match" in fields:
        # [rfc9110-13.1.1-3]
        if not if_match(fields, current):
            return Outcome.PRECONDITION_FAILED
    # [rfc9110-13.1.4-1] [rfc9110-13.1.4-5] [rfc9110-13.2.2-a4]
    # Step 2: If-Unmodified-Since, only in the absence of If-Match.
    elif not if_unmodified_since(fields, current, now):  # [rfc9110-13.1.4-6]
        return Outcome.PRECONDITION_FAILED
    # [rfc9110-13.1.2-3] [rfc9110-13.2.2-a2]
    # Step 3: If-None-Match.
    if b"If-None-Match" in fields:
        if not if_none_match(method, fields, current):
            # [rfc9110-13.1.2-4a] [rfc9110-13.1.2-4b] [rfc9110-15.4.5-a2]
            return Outcome.NOT_MODIFIED if method in RETRIEVALS else Outcome.PRECONDITION_FAILED
    # [rfc9110-13.1.3-1] [rfc9110-13.1.3-2c] [rfc9110-13.1.3-5] [rfc9110-13.2.2-a3]
    # Step 4: If-Modified-Since, only in the absence of If-None-Match, and only for GET and HEAD.
    elif method in RETRIEVALS and not if_modified_since(fields, current, now):
        return Outcome.NOT_MODIFIED
    # [rfc9110-13.1.5-2] [rfc9110-13.1.5-6] [rfc9110-14.2-2] [rfc9110-14.2-a1]
    # Step 5: If-Range; only GET has ranges, and without Range there is nothing to be conditional (Section 14.2; 13.1.5).
    if method == b"GET" and b"Range" in fields and if_range(fields, current, now):
        # [rfc9110-13.1.5-8]
        return Outcome.PROCEED_WITH_RANGE
    # [rfc9110-13.1.5-7]
    # Step 6: the method is performed.
    return Outcome.PROCEED


def has_preconditions(method: bytes, current: Validators | None) -> bool:
    """Tell whether the conditions of a request count at all (Section 13.2.1).

    GET and HEAD without a representation come to 404 or the like, whatever they are conditional on.
    """
    if method in WITHOUT_REPRESENTATION:  # [rfc9110-13.2.1-4]
        return False
    return current is not None or method not in RETRIEVALS


def if_match(fields: Fields, current: Validators | None) -> bool:
    """Section 13.1.1: true if there is a representation, and it has one of these tags by strong comparison.

    # Choice: a malformed list has no tag that matches. Who sent it wanted to overwrite one state and no other.
    """
    tags = validators.parse_entity_tags(fields.get_all(b"If-Match"))
    # [rfc9110-13.1.1-a1]
    if current is None or tags is None:
        return False
    if tags is validators.ANY:
        return True
    own = current.entity_tag
    return own is not None and any(validators.strong_match(tag, own) for tag in tags)  # [rfc9110-13.1.1-1]


def if_none_match(method: bytes, fields: Fields, current: Validators | None) -> bool:
    """Section 13.1.2: false if there is a representation, and it has one of these tags by weak comparison.

    # Choice: a malformed list is true for GET and HEAD, so that nothing stale stays in use, and false for all other
    methods, so that nothing is overwritten that was to be kept.
    """
    tags = validators.parse_entity_tags(fields.get_all(b"If-None-Match"))
    if current is None:
        return True
    # [rfc9110-13.1.2-a2]
    if tags is None:
        return method in RETRIEVALS
    # [rfc9110-13.1.2-a1]
    if tags is validators.ANY:
        return False
    own = current.entity_tag
    return own is None or not any(validators.weak_match(tag, own) for tag in tags)  # [rfc9110-13.1.2-1]


def if_modified_since(fields: Fields, current: Validators | None, now: float) -> bool:
    """Section 13.1.3: false if the last modification was at this date or before; true if either date is missing.

    A date in the future is a date like others: the clock that counts is ours, and by it nothing has changed since.
    """
    date = one_date(fields.get_all(b"If-Modified-Since"), now)
    modified = last_modified(current)
    return date is None or modified is None or modified > date  # [rfc9110-13.1.3-3] [rfc9110-13.1.3-a1]


def if_unmodified_since(fields: Fields, current: Validators | None, now: float) -> bool:
    """Section 13.1.4: true if the last modification was at this date or before, or if either date is missing."""
    date = one_date(fields.get_all(b"If-Unmodified-Since"), now)
    modified = last_modified(current)
    return date is None or modified is None or modified <= date  # [rfc9110-13.1.4-3]


def if_range(fields: Fields, current: Validators | None, now: float) -> bool:
    """Section 13.1.5: true without If-Range, or if its one validator is strong and exactly the current one.

    # Choice: a value that is neither a tag nor a date, or more than one, is false: all of the content is never wrong.
    """
    values = fields.get_all(b"If-Range")
    if not values:
        return True
    if current is None or len(values) > 1:
        return False
    # A quote among the first three octets makes it an entity tag; neither format is ever taken for the other.
    tag = validators.parse_entity_tag(values[0])
    if tag is not None:
        # [rfc9110-13.1.5-a1]
        return current.entity_tag is not None and validators.strong_match(tag, current.entity_tag)
    date = http_date.parse_http_date(values[0], now)
    if date is None or date != current.last_modified:  # [rfc9110-13.1.5-a2]
        return False
    return validators.last_modified_is_strong(date, now)  # [rfc9110-13.1.5-a3]


def one_date(values: list[bytes], now: float) -> int | None:
    """Return the date of a field that has one, else None: several lines are a list, and a list is no date."""
    # [rfc9110-13.1.3-2a] [rfc9110-13.1.3-2b] [rfc9110-13.1.4-2]
    return http_date.parse_http_date(values[0], now) if len(values) == 1 else None


def last_modified(current: Validators | None) -> int | None:
    """Return the modification date of the representation, if it has one, if there is one."""
    return None if current is None else current.last_modified


def not_modified_fields(lines: Iterable[FieldLine]) -> list[FieldLine]:
    """Return those field lines of a 200 that the 304 in its place has, in their order (Section 15.4.5).

    Content-Location, Date, ETag, Vary, Cache-Control and Expires have to stay. Of what else describes the representation
    nothing does, but Last-Modified if there is no ETag. # Choice: fields that describe no representation stay: a cookie,
    a permission for other origins, a policy may have changed where the content has not.
    """
    of_200 = Fields(lines)
    dropped = NOT_IN_304 | {b"last-modified"} if b"ETag" in of_200 else NOT_IN_304
    # [rfc9110-15.4.5-1] [rfc9110-15.4.5-2]
    return [(name, value) for name, value in of_200 if name.lower() not in dropped]
