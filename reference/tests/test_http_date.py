"""Every form of a date that is one, what is close to one, and which century a year of two digits is in."""

from __future__ import annotations

import calendar
import email.utils
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import http_date

FIXED = settings(deadline=None, derandomize=True, database=None)
NOW = 1731000000.5
"""2024-11-07 17:20:00.5."""

EXAMPLE = 784111777
"""Sun, 06 Nov 1994 08:49:37 GMT."""

NAMES_OF_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def at(*moment: int) -> int:
    """Year, month, day, hour, minute, second as seconds since the epoch."""
    return calendar.timegm((*moment, 0, 0, 0))


def parsed(value: bytes, now: float = NOW) -> int | None:
    return http_date.parse_http_date(value, now)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", EXAMPLE),
        (b"Sun Nov  6 08:49:37 1994", EXAMPLE),
        (b"Sun Nov 06 08:49:37 1994", EXAMPLE),
        (b"Sun Nov 16 08:49:37 1994", EXAMPLE + 10 * 86400),
        (b"Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (b"Wed, 31 Dec 1969 23:59:59 GMT", -1),
        (b"Tue, 19 Jan 2038 03:14:08 GMT", 2**31),
        (b"Thu, 29 Feb 2024 00:00:00 GMT", at(2024, 2, 29, 0, 0, 0)),
        (b"Tuesday, 29-Feb-00 00:00:00 GMT", at(2000, 2, 29, 0, 0, 0)),
        (b"Mon, 01 Jan 0001 00:00:00 GMT", http_date.SECONDS_MIN),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", http_date.SECONDS_MAX),
    ],
)
def test_all_three_formats_are_read(value: bytes, seconds: int) -> None:
    assert parsed(value) == seconds


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_is_known(month: int) -> None:
    name = calendar.month_abbr[month].encode()
    expected = at(1994, month, 6, 8, 49, 37)
    assert parsed(b"Sun, 06 %s 1994 08:49:37 GMT" % name) == expected
    assert parsed(b"Sunday, 06-%s-94 08:49:37 GMT" % name) == expected
    assert parsed(b"Sun %s  6 08:49:37 1994" % name) == expected


@pytest.mark.parametrize("name", NAMES_OF_DAYS)
def test_any_day_name_is_one_whatever_day_it_was(name: str) -> None:
    long, short = name.encode(), name[:3].encode()
    assert parsed(short + b", 06 Nov 1994 08:49:37 GMT") == EXAMPLE
    assert parsed(long + b", 06-Nov-94 08:49:37 GMT") == EXAMPLE
    assert parsed(short + b" Nov  6 08:49:37 1994") == EXAMPLE


@pytest.mark.parametrize(
    "value",
    [
        b"", b"0", b"784111777", b"now", b"1994-11-06T08:49:37Z",
        b" Sun, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 08:49:37 GMT ", b"Sun, 06 Nov 1994 08:49:37 GMT\n",
        b"Sun,  06 Nov 1994 08:49:37 GMT", b"Sun, 06  Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 1994  08:49:37 GMT",
        b"Sun,06 Nov 1994 08:49:37 GMT", b"Sun 06 Nov 1994 08:49:37 GMT", b"Sun,\t06 Nov 1994 08:49:37 GMT",
        b"sun, 06 Nov 1994 08:49:37 GMT", b"SUN, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 nov 1994 08:49:37 GMT",
        b"Sun, 06 NOV 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 08:49:37 gmt",
        b"Sun, 06 Nov 1994 08:49:37", b"Sun, 06 Nov 1994 08:49:37 UTC", b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 06 Nov 1994 08:49:37 EST", b"Sun, 06 Nov 1994 08:49:37 GMT+1", b"Sun, 06 Nov 1994 08:49:37.5 GMT",
        b"Sun, 6 Nov 1994 08:49:37 GMT", b"Sun,  6 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 94 08:49:37 GMT",
        b"Sun, 06 Nov 19940 08:49:37 GMT", b"Sun, 06 Nov 1994 8:49:37 GMT", b"Sun, 06 Nov 1994 08:49 GMT",
        b"Sun, 06-Nov-1994 08:49:37 GMT", b"Sun, 06-Nov-94 08:49:37 GMT", b"Sunday, 06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-1994 08:49:37 GMT", b"Sunday, 6-Nov-94 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37",
        b"Sunday, 06-Nov-94 08:49:37 UTC", b"Sunday 06-Nov-94 08:49:37 GMT", b"Sundays, 06-Nov-94 08:49:37 GMT",
        b"Sunday, 06-Nov-94 08:49:37 GMT\n", b"Sun Nov  6 08:49:37 1994\n",
        b"Sun Nov 6 08:49:37 1994", b"Sun Nov   6 08:49:37 1994", b"Sun Nov 6  08:49:37 1994",
        b"Sun Nov  6 08:49:37 94", b"Sun Nov  6 08:49:37 1994 GMT", b"Sun, Nov  6 08:49:37 1994",
        b"Sunday Nov  6 08:49:37 1994", b"Foo, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 Foo 1994 08:49:37 GMT",
        b"Sun, +6 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov -994 08:49:37 GMT", b"Sun, 06 Nov 1_94 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT".encode(), b"Sun, 06 Nov \xb9994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 08:49:37 GMT;a=b",
        b'"Sun, 06 Nov 1994 08:49:37 GMT"', b"Sun, " * 10000, b"0" * 60000,
    ],
)  # fmt: skip
def test_anything_else_is_no_date(value: bytes) -> None:
    assert parsed(value) is None


@pytest.mark.parametrize(
    "value",
    [
        b"Sun, 00 Nov 1994 08:49:37 GMT", b"Sun, 31 Nov 1994 08:49:37 GMT", b"Sun, 32 Dec 1994 08:49:37 GMT",
        b"Sun, 29 Feb 1900 08:49:37 GMT", b"Sun, 29 Feb 2023 08:49:37 GMT", b"Sun, 30 Feb 2024 08:49:37 GMT",
        b"Sun, 99 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 0000 08:49:37 GMT",
        b"Sunday, 31-Nov-94 08:49:37 GMT", b"Sunday, 29-Feb-94 08:49:37 GMT", b"Sun Nov  0 08:49:37 1994",
        b"Sun Nov 31 08:49:37 1994",
        b"Sun, 06 Nov 1994 24:00:00 GMT", b"Sun, 06 Nov 1994 99:49:37 GMT", b"Sun, 06 Nov 1994 08:60:37 GMT",
        b"Sun, 06 Nov 1994 08:49:60 GMT", b"Sun, 06 Nov 1994 23:49:60 GMT", b"Sun, 06 Nov 1994 08:59:60 GMT",
        b"Sun, 06 Nov 1994 23:59:61 GMT", b"Sun, 06 Nov 1994 08:49:99 GMT",
    ],
)  # fmt: skip
def test_a_day_or_a_time_that_does_not_exist_is_no_date(value: bytes) -> None:
    assert parsed(value) is None


@pytest.mark.parametrize(
    "value", [b"Sat, 31 Dec 2016 23:59:60 GMT", b"Saturday, 31-Dec-16 23:59:60 GMT", b"Sat Dec 31 23:59:60 2016"]
)
def test_a_leap_second_is_the_first_of_the_next_day(value: bytes) -> None:
    assert parsed(value) == at(2017, 1, 1, 0, 0, 0)


def test_even_the_last_second_may_be_a_leap_second() -> None:
    assert parsed(b"Fri, 31 Dec 9999 23:59:60 GMT") == http_date.SECONDS_MAX + 1


@pytest.mark.parametrize(
    ("now", "date", "year"),
    [
        # One second more than fifty years ahead is the past; so are a minute, an hour, a day and a month.
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-74 08:49:37", 2074),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-74 08:49:38", 1974),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-74 08:50:37", 1974),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-74 09:49:37", 1974),
        ((2024, 11, 6, 8, 49, 37), b"07-Nov-74 00:00:00", 1974),
        ((2024, 11, 6, 8, 49, 37), b"01-Dec-74 00:00:00", 1974),
        ((2024, 11, 6, 8, 49, 37), b"31-Oct-74 23:59:59", 2074),
        ((2024, 11, 6, 8, 49, 37), b"31-Dec-73 23:59:59", 2073),
        ((2024, 11, 6, 8, 49, 37), b"01-Jan-75 00:00:00", 1975),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-24 08:49:37", 2024),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-25 08:49:37", 2025),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-00 08:49:37", 2000),
        ((2024, 11, 6, 8, 49, 37), b"06-Nov-99 08:49:37", 1999),
        # Around the turn of a century, on both sides of it.
        ((1999, 12, 31, 23, 59, 59), b"01-Jan-00 00:00:00", 2000),
        ((1999, 12, 31, 23, 59, 59), b"31-Dec-49 23:59:59", 2049),
        ((1999, 12, 31, 23, 59, 59), b"01-Jan-50 00:00:00", 1950),
        ((2000, 1, 1, 0, 0, 0), b"01-Jan-50 00:00:00", 2050),
        ((2000, 1, 1, 0, 0, 0), b"01-Jan-50 00:00:01", 1950),
        ((2000, 1, 1, 0, 0, 0), b"31-Dec-99 23:59:59", 1999),
        ((2080, 1, 1, 0, 0, 0), b"01-Jan-10 00:00:00", 2110),
        ((2080, 1, 1, 0, 0, 0), b"01-Jan-31 00:00:00", 2031),
    ],
)
def test_two_digits_are_the_last_such_year_at_most_fifty_years_ahead(
    now: tuple[int, ...], date: bytes, year: int
) -> None:
    found = parsed(b"Sunday, " + date + b" GMT", at(*now) + 0.9)
    assert found is not None
    assert time.gmtime(found).tm_year == year


def test_a_29th_of_february_has_to_be_in_the_year_that_was_found() -> None:
    assert parsed(b"Friday, 29-Feb-00 00:00:00 GMT", at(2050, 1, 1, 0, 0, 0)) == at(2000, 2, 29, 0, 0, 0)
    assert parsed(b"Friday, 29-Feb-00 00:00:00 GMT", at(2050, 3, 1, 0, 0, 0)) is None  # 2100 has none


@pytest.mark.parametrize(
    ("seconds", "date"),
    [
        (EXAMPLE, b"Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, b"Wed, 31 Dec 1969 23:59:59 GMT"),
        (2**31, b"Tue, 19 Jan 2038 03:14:08 GMT"),
        (http_date.SECONDS_MIN, b"Mon, 01 Jan 0001 00:00:00 GMT"),
        (http_date.SECONDS_MAX, b"Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_what_is_written_is_imf_fixdate(seconds: int, date: bytes) -> None:
    assert http_date.format_http_date(seconds) == date


@pytest.mark.parametrize("seconds", [http_date.SECONDS_MIN - 1, http_date.SECONDS_MAX + 1, 2**63, -(2**63)])
def test_a_year_of_more_than_four_digits_is_not_written(seconds: int) -> None:
    with pytest.raises(OverflowError):
        http_date.format_http_date(seconds)


@FIXED
@given(st.integers(http_date.SECONDS_MIN, http_date.SECONDS_MAX))
def test_what_is_written_is_read_as_it_was(seconds: int) -> None:
    assert parsed(http_date.format_http_date(seconds)) == seconds


@FIXED
@given(st.integers(-(2**31), 2**33))
def test_the_standard_library_writes_the_same(seconds: int) -> None:
    assert http_date.format_http_date(seconds) == email.utils.formatdate(seconds, usegmt=True).encode()


@FIXED
@given(st.integers(0, 2**32), st.integers(-49 * 365 * 86400, 49 * 365 * 86400))
def test_all_formats_agree_within_the_fifty_years(now: int, ahead: int) -> None:
    seconds = now + ahead
    moment = time.gmtime(seconds)
    day = NAMES_OF_DAYS[moment.tm_wday]
    rest = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    month = calendar.month_abbr[moment.tm_mon]
    rfc850 = f"{day}, {moment.tm_mday:02}-{month}-{moment.tm_year % 100:02} {rest} GMT"
    asctime = f"{day[:3]} {month} {moment.tm_mday:2} {rest} {moment.tm_year}"
    assert parsed(rfc850.encode(), now) == parsed(asctime.encode(), now) == seconds


@FIXED
@given(
    st.lists(
        st.sampled_from(
            [b"Sun", b"day", b", ", b" ", b"06", b"-", b"Nov", b"1994", b"94", b"08:49:37", b"60", b" GMT"]
        ),
        max_size=9,
    )
)
def test_any_octets_are_a_date_or_none(pieces: list[bytes]) -> None:
    found = parsed(b"".join(pieces))
    assert found is None or http_date.SECONDS_MIN <= found <= http_date.SECONDS_MAX + 1
