"""Every precondition alone, all of them together for four methods, and the fields that a 304 has."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import conditional
from merkhet_reference.conditional import Outcome
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http_date import format_http_date
from merkhet_reference.validators import EntityTag, Validators

FIXED = settings(deadline=None, derandomize=True, database=None)

MODIFIED = 784111777
NOW = MODIFIED + 3600.5
STRONG = Validators(EntityTag(b"own", weak=False), MODIFIED)
WEAK = Validators(EntityTag(b"own", weak=True), MODIFIED)
BARE = Validators(None, None)

EQUAL, BEFORE, AFTER = (format_http_date(MODIFIED + seconds) for seconds in (0, -1, 1))
FUTURE = format_http_date(MODIFIED + 10**8)
RFC850, ASCTIME = b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"
NO_DATES = [b"", b"xyz", b"784111777", b"1994-11-06T08:49:37Z", EQUAL + b", " + EQUAL, EQUAL.lower(), b'"own"', b"*"]

GO, RANGE = Outcome.PROCEED, Outcome.PROCEED_WITH_RANGE
SAME, FAILED = Outcome.NOT_MODIFIED, Outcome.PRECONDITION_FAILED
METHODS = (b"GET", b"HEAD", b"PUT", b"DELETE")

Condition = list[FieldLine]


def outcome(method: bytes, *lines: FieldLine, current: Validators | None = STRONG, now: float = NOW) -> Outcome:
    return conditional.evaluate(method, Fields(lines), current, now)


def lines_of(name: bytes, values: bytes | list[bytes]) -> list[FieldLine]:
    return [(name, value) for value in ([values] if isinstance(values, bytes) else values)]


@pytest.mark.parametrize("current", [STRONG, WEAK, BARE, None])
@pytest.mark.parametrize("method", [*METHODS, b"POST", b"PATCH", b"OPTIONS"])
def test_a_request_without_preconditions_proceeds(method: bytes, current: Validators | None) -> None:
    assert outcome(method, current=current) is GO


# Section 13.1.1


@pytest.mark.parametrize("method", [*METHODS, b"POST", b"PATCH", b"get"])
@pytest.mark.parametrize(
    ("values", "current", "holds"),
    [
        (b'"own"', STRONG, True), (b'"a", "own"', STRONG, True), ([b'"a"', b'"own"'], STRONG, True),
        (b',"own",', STRONG, True), (b"*", STRONG, True), (b"*", WEAK, True), (b"*", BARE, True),
        (b'W/"own"', STRONG, False), (b'"own"', WEAK, False), (b'W/"own"', WEAK, False), (b'"a"', STRONG, False),
        (b'"a", "b"', STRONG, False), (b'"OWN"', STRONG, False), (b'"own"', BARE, False), (b'"own,"', STRONG, False),
        (b"", STRONG, False), (b",", STRONG, False),
        # Malformed: nothing is overwritten.
        (b"own", STRONG, False), (b'"own", *', STRONG, False), ([b"*", b"*"], STRONG, False), (b'"own" "a"', STRONG, False),
        (b'"own", a', STRONG, False), (b'"ow n"', STRONG, False),
    ],
)  # fmt: skip
def test_if_match(method: bytes, values: bytes | list[bytes], current: Validators, holds: bool) -> None:  # noqa: FBT001
    expected = GO if holds else FAILED
    assert outcome(method, *lines_of(b"If-Match", values), current=current) is expected
    assert outcome(method, *lines_of(b"IF-MATCH", values), current=current) is expected


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"POST", b"PATCH"])
@pytest.mark.parametrize("value", [b"*", b'"own"', b"", b"malformed"])
def test_if_match_without_a_representation_is_false(method: bytes, value: bytes) -> None:
    assert outcome(method, (b"If-Match", value), current=None) is FAILED


# Section 13.1.2


@pytest.mark.parametrize("method", [*METHODS, b"POST", b"PATCH"])
@pytest.mark.parametrize(
    ("values", "current", "holds"),
    [
        (b'"own"', STRONG, False), (b'W/"own"', STRONG, False), (b'"own"', WEAK, False), (b'W/"own"', WEAK, False),
        (b'"a", W/"own"', STRONG, False), ([b'"a"', b'"own"'], STRONG, False), (b"*", STRONG, False), (b"*", WEAK, False),
        (b"*", BARE, False),
        (b'"a"', STRONG, True), (b'W/"a", "b"', STRONG, True), (b'"OWN"', STRONG, True), (b'"own"', BARE, True),
        (b"", STRONG, True), (b",", STRONG, True),
    ],
)  # fmt: skip
def test_if_none_match(method: bytes, values: bytes | list[bytes], current: Validators, holds: bool) -> None:  # noqa: FBT001
    expected = GO if holds else SAME if method in (b"GET", b"HEAD") else FAILED
    assert outcome(method, *lines_of(b"If-None-Match", values), current=current) is expected


@pytest.mark.parametrize("values", [b"own", b'"own", *', [b"*", b"*"], b'"own" "a"', b'"a", own', b'"ow n"'])
@pytest.mark.parametrize("current", [STRONG, WEAK, BARE])
def test_a_malformed_if_none_match_reads_all_and_overwrites_nothing(
    values: bytes | list[bytes], current: Validators
) -> None:
    lines = lines_of(b"If-None-Match", values)
    assert [outcome(method, *lines, current=current) for method in METHODS] == [GO, GO, FAILED, FAILED]


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"POST", b"PATCH"])
@pytest.mark.parametrize("value", [b"*", b'"own"', b"", b"malformed"])
def test_if_none_match_without_a_representation_is_true(method: bytes, value: bytes) -> None:
    assert outcome(method, (b"If-None-Match", value), current=None) is GO


# Sections 13.1.3 and 13.1.4


@pytest.mark.parametrize("method", [*METHODS, b"POST"])
@pytest.mark.parametrize("date", [EQUAL, BEFORE, AFTER, FUTURE, RFC850, ASCTIME])
def test_dates_are_compared_by_order(method: bytes, date: bytes) -> None:
    modified_since = date == BEFORE
    unchanged = SAME if method in (b"GET", b"HEAD") else GO
    assert outcome(method, (b"If-Modified-Since", date)) is (GO if modified_since else unchanged)
    assert outcome(method, (b"If-Unmodified-Since", date)) is (FAILED if modified_since else GO)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("values", [*NO_DATES, [EQUAL, EQUAL], [BEFORE, BEFORE], [AFTER, b""]])
def test_what_is_not_one_date_is_ignored(method: bytes, values: bytes | list[bytes]) -> None:
    assert outcome(method, *lines_of(b"If-Modified-Since", values)) is GO
    assert outcome(method, *lines_of(b"If-Unmodified-Since", values)) is GO


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("current", [None, BARE, Validators(EntityTag(b"own", weak=False), None)])
@pytest.mark.parametrize("date", [BEFORE, EQUAL, FUTURE])
def test_dates_are_ignored_without_a_modification_date(method: bytes, current: Validators | None, date: bytes) -> None:
    assert outcome(method, (b"If-Modified-Since", date), current=current) is GO
    assert outcome(method, (b"If-Unmodified-Since", date), current=current) is GO


def test_a_year_of_two_digits_is_read_by_the_clock() -> None:
    # 2044 is fifty years and less from this clock, 2045 would be more and is 1945.
    assert outcome(b"GET", (b"If-Modified-Since", b"Sunday, 06-Nov-44 08:49:37 GMT")) is SAME
    assert outcome(b"GET", (b"If-Modified-Since", b"Sunday, 06-Nov-45 08:49:37 GMT")) is GO
    assert outcome(b"PUT", (b"If-Unmodified-Since", b"Sunday, 06-Nov-44 08:49:37 GMT")) is GO
    assert outcome(b"PUT", (b"If-Unmodified-Since", b"Sunday, 06-Nov-45 08:49:37 GMT")) is FAILED


# Section 13.1.5

A_RANGE = (b"Range", b"bytes=0-0")


@pytest.mark.parametrize(
    ("values", "current", "holds"),
    [
        (b'"own"', STRONG, True),
        (b'"stale"', STRONG, False), (b'W/"own"', STRONG, False), (b'"own"', WEAK, False), (b'W/"own"', WEAK, False),
        (b'"own"', BARE, False), (b'"own", "own"', STRONG, False), (b"own", STRONG, False), (b"*", STRONG, False),
        (b'w/"own"', STRONG, False), ([b'"own"', b'"own"'], STRONG, False),
        (EQUAL, STRONG, True), (RFC850, STRONG, True), (ASCTIME, STRONG, True), (EQUAL, WEAK, True),
        (EQUAL, Validators(None, MODIFIED), True),
        (BEFORE, STRONG, False), (AFTER, STRONG, False), (FUTURE, STRONG, False), (EQUAL, BARE, False),
        ([EQUAL, EQUAL], STRONG, False), (b"", STRONG, False), (b"xyz", STRONG, False), (b"", BARE, False),
        (b"xyz", BARE, False), (EQUAL.lower(), STRONG, False), (b'"' + EQUAL + b'"', STRONG, False),
    ],
)  # fmt: skip
def test_if_range(values: bytes | list[bytes], current: Validators, holds: bool) -> None:  # noqa: FBT001
    lines = lines_of(b"If-Range", values)
    assert outcome(b"GET", A_RANGE, *lines, current=current) is (RANGE if holds else GO)
    # It counts in no other method, and for nothing but Range.
    assert [outcome(method, A_RANGE, *lines, current=current) for method in METHODS[1:]] == [GO] * 3
    assert [outcome(method, *lines, current=current) for method in METHODS] == [GO] * 4


@pytest.mark.parametrize(
    ("later", "expected"), [(-5.0, GO), (0.0, GO), (0.9, GO), (1.0, GO), (1.9, GO), (2.0, RANGE), (1e6, RANGE)]
)
def test_a_date_that_may_stand_for_two_states_gives_no_range(later: float, expected: Outcome) -> None:
    assert outcome(b"GET", A_RANGE, (b"If-Range", EQUAL), now=MODIFIED + later) is expected


def test_a_date_in_the_future_gives_no_range_even_where_it_is_equal() -> None:
    ahead = Validators(None, MODIFIED + 10**8)
    assert outcome(b"GET", A_RANGE, (b"If-Range", FUTURE), current=ahead) is GO


@pytest.mark.parametrize("value", [b"bytes=0-0", b"bytes=9999-", b"", b"malformed", b"lines=1-2"])
def test_range_alone_counts_for_get_whatever_it_says(value: bytes) -> None:
    assert [outcome(method, (b"range", value)) for method in (*METHODS, b"POST")] == [RANGE, GO, GO, GO, GO]
    assert outcome(b"GET", (b"Range", value), current=BARE) is RANGE


# Section 13.2.1

EVERY_FALSE_ONE: list[Condition] = [
    [(b"If-Match", b'"a"')],
    [(b"If-Match", b"*")],
    [(b"If-Match", b"malformed")],
    [(b"If-Unmodified-Since", BEFORE)],
    [(b"If-None-Match", b"*")],
    [(b"If-None-Match", b'"own"')],
    [(b"If-Modified-Since", EQUAL)],
    [A_RANGE, (b"If-Range", b'"a"')],
    [A_RANGE],
]


@pytest.mark.parametrize("condition", EVERY_FALSE_ONE)
@pytest.mark.parametrize("method", [b"CONNECT", b"OPTIONS", b"TRACE"])
@pytest.mark.parametrize("current", [STRONG, None])
def test_methods_without_a_representation_ignore_them_all(
    condition: Condition, method: bytes, current: Validators | None
) -> None:
    assert outcome(method, *condition, current=current) is GO


@pytest.mark.parametrize("condition", EVERY_FALSE_ONE)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_what_will_be_404_stays_404(condition: Condition, method: bytes) -> None:
    assert outcome(method, *condition, current=None) is GO


# Section 13.2.2: each condition absent, true and false, and those with dates also malformed.

IF_MATCH = {"-": None, "true": b'"own"', "false": b'"a"'}
IF_NONE_MATCH = {"-": None, "true": b'"a"', "false": b'"own"'}
IF_UNMODIFIED_SINCE = {"-": None, "true": EQUAL, "false": BEFORE, "bad": b"xyz"}
IF_MODIFIED_SINCE = {"-": None, "true": BEFORE, "false": EQUAL, "bad": b"xyz"}
IF_RANGE = {"-": None, "true": b'"own"', "false": b'"a"'}

TABLE = """
method    If-Match  If-Unmod.  If-None-M.  If-Mod.    Range  If-Range   outcome
any       false     *          *           *          *      *          PRECONDITION_FAILED
any       -         false      *           *          *      *          PRECONDITION_FAILED
GET,HEAD  *         *          false       *          *      *          NOT_MODIFIED
any       *         *          false       *          *      *          PRECONDITION_FAILED
GET,HEAD  *         *          -           false      *      *          NOT_MODIFIED
GET       *         *          *           *          yes    -,true     PROCEED_WITH_RANGE
any       *         *          *           *          *      *          PROCEED
"""
"""From above to below, the first row that fits; "*" is whatever it is."""


def fits(row: Sequence[str], method: bytes, states: tuple[str, ...]) -> bool:
    if row[0] != "any" and method.decode() not in row[0].split(","):
        return False
    return all(cell == "*" or state in cell.split(",") for cell, state in zip(row[1:-1], states, strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("if_match", IF_MATCH)
@pytest.mark.parametrize("if_none_match", IF_NONE_MATCH)
def test_every_combination_in_its_order(method: bytes, if_match: str, if_none_match: str) -> None:
    rows = [line.split() for line in TABLE.strip().splitlines()[1:]]
    for unmodified, modified, ranged, if_range in itertools.product(
        IF_UNMODIFIED_SINCE, IF_MODIFIED_SINCE, ("yes", "no"), IF_RANGE
    ):
        states = (if_match, unmodified, if_none_match, modified, ranged, if_range)
        expected = next(row[-1] for row in rows if fits(row, method, states))
        values = [
            (b"If-Range", IF_RANGE[if_range]),
            (b"Range", b"bytes=0-0" if ranged == "yes" else None),
            (b"If-Modified-Since", IF_MODIFIED_SINCE[modified]),
            (b"If-None-Match", IF_NONE_MATCH[if_none_match]),
            (b"If-Unmodified-Since", IF_UNMODIFIED_SINCE[unmodified]),
            (b"If-Match", IF_MATCH[if_match]),
        ]
        lines = [(name, value) for name, value in values if value is not None]
        # The order of the lines is not that of the evaluation.
        assert outcome(method, *lines) is outcome(method, *lines[::-1]) is Outcome[expected], (method, states)


@pytest.mark.parametrize("method", [b"PUT", b"DELETE"])
def test_every_combination_without_a_representation(method: bytes) -> None:
    for unmodified, none_match, modified in itertools.product(IF_UNMODIFIED_SINCE, IF_NONE_MATCH, IF_MODIFIED_SINCE):
        values = [
            (b"If-Unmodified-Since", IF_UNMODIFIED_SINCE[unmodified]),
            (b"If-None-Match", IF_NONE_MATCH[none_match]),
            (b"If-Modified-Since", IF_MODIFIED_SINCE[modified]),
        ]
        lines = [(name, value) for name, value in values if value is not None]
        assert outcome(method, *lines, current=None) is GO
        assert outcome(method, *lines, (b"If-Match", b"*"), current=None) is FAILED


@pytest.mark.parametrize("first", [b"malformed", b"", b'"own", *'])
def test_a_malformed_list_of_tags_still_puts_the_date_out_of_force(first: bytes) -> None:
    assert outcome(b"GET", (b"If-None-Match", first), (b"If-Modified-Since", FUTURE)) is GO
    assert outcome(b"PUT", (b"If-Match", first), (b"If-Unmodified-Since", FUTURE)) is FAILED


NAMES = [b"If-Match", b"If-None-Match", b"If-Modified-Since", b"If-Unmodified-Since", b"If-Range", b"Range"]
VALUES = [b"*", b'"own"', b'W/"own"', b'"a"', b"", b"xyz", EQUAL, BEFORE, FUTURE]


@FIXED
@given(
    st.sampled_from([*METHODS, b"POST", b"OPTIONS"]),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=8)), max_size=6),
    st.sampled_from([STRONG, WEAK, BARE, None]),
)
def test_what_can_never_be(method: bytes, lines: list[FieldLine], current: Validators | None) -> None:
    found = outcome(method, *lines, current=current)
    names = {name for name, _ in lines}
    if found is SAME:
        assert method in (b"GET", b"HEAD")
        assert current is not None
        assert names & {b"If-None-Match", b"If-Modified-Since"}
    if found is RANGE:
        assert method == b"GET"
        assert b"Range" in names
    if found is FAILED:
        assert names & {b"If-Match", b"If-Unmodified-Since", b"If-None-Match"}
    if current in (BARE, None) and found is FAILED:
        assert names & {b"If-Match", b"If-None-Match"}


# The conditions are total, whoever asks them.


def test_without_a_representation_there_is_nothing_to_take_a_range_of() -> None:
    assert not conditional.if_range(Fields([(b"If-Range", b'"own"')]), None, NOW)
    assert conditional.if_range(Fields(), None, NOW)


# Section 15.4.5

KEPT = [b"Content-Location", b"Date", b"ETag", b"Vary", b"Cache-Control", b"Expires"]
ALSO_KEPT = [
    b"Set-Cookie", b"Access-Control-Allow-Origin", b"Content-Security-Policy", b"Server", b"Accept-Ranges",
    b"Strict-Transport-Security", b"Link",
]  # fmt: skip
DROPPED = [
    b"Content-Type", b"Content-Encoding", b"Content-Language", b"Content-Length", b"Content-Range",
    b"Content-Disposition", b"Content-Digest", b"Repr-Digest",
]  # fmt: skip


@pytest.mark.parametrize("name", [*KEPT, *ALSO_KEPT, b"Last-Modified"])
def test_a_304_has_what_guides_a_cache_and_what_is_no_metadata(name: bytes) -> None:
    assert conditional.not_modified_fields([(name, b"x")]) == [(name, b"x")]
    assert conditional.not_modified_fields([(name.lower(), b"x")]) == [(name.lower(), b"x")]


@pytest.mark.parametrize("name", DROPPED)
def test_a_304_describes_no_content(name: bytes) -> None:
    lines = [(name, b"x"), (b"Vary", b"a"), (name.upper(), b"y"), (b"vary", b"b")]
    assert conditional.not_modified_fields(lines) == [(b"Vary", b"a"), (b"vary", b"b")]


@pytest.mark.parametrize("etag", [b"ETag", b"etag", b"ETAG"])
def test_a_304_has_last_modified_only_without_etag(etag: bytes) -> None:
    lines = [(b"LAST-Modified", EQUAL), (etag, b'"own"')]
    assert conditional.not_modified_fields(iter(lines)) == [(etag, b'"own"')]
    assert conditional.not_modified_fields(iter(lines[:1])) == lines[:1]


def test_the_order_of_what_stays_is_kept() -> None:
    lines = [(name, b"%d" % index) for index, name in enumerate([*ALSO_KEPT, *DROPPED, *KEPT, *KEPT])]
    expected = [(name, value) for name, value in lines if name not in DROPPED]
    assert conditional.not_modified_fields(lines) == expected
