"""RFC 9110, Section 5.6.7: Date/Time Formats. Three are read, one is written; all are whole seconds of UTC."""

from __future__ import annotations

import functools
import re
import time
from datetime import UTC, datetime, timedelta

from merkhet_reference import abnf

DAY_NAMES = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
LONG_DAY_NAMES = (b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday", b"Sunday")
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")

DAY_NAME = rb"(?:" + b"|".join(DAY_NAMES) + rb")"
LONG_DAY_NAME = rb"(?:" + b"|".join(LONG_DAY_NAMES) + rb")"
DAY = rb"(?P<day>[0-9]{2})"
MONTH = rb"(?P<month>" + b"|".join(MONTHS) + rb")"
YEAR = rb"(?P<year>[0-9]{4})"
TIME_OF_DAY = rb"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"

IMF_FIXDATE = abnf.whole(DAY_NAME + rb", " + DAY + rb" " + MONTH + rb" " + YEAR + rb" " + TIME_OF_DAY + rb" GMT")
"""Sun, 06 Nov 1994 08:49:37 GMT: the one format that is sent."""

RFC850_DATE = abnf.whole(
    LONG_DAY_NAME + rb", " + DAY + rb"-" + MONTH + rb"-(?P<year>[0-9]{2}) " + TIME_OF_DAY + rb" GMT"
)
"""Sunday, 06-Nov-94 08:49:37 GMT."""

ASCTIME_DATE = abnf.whole(DAY_NAME + rb" " + MONTH + rb" (?P<day>[0-9]{2}| [0-9]) " + TIME_OF_DAY + rb" " + YEAR)
"""Sun Nov  6 08:49:37 1994."""

AHEAD_YEARS_MAX = 50
"""How far ahead a year of two digits is still taken for one to come."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)

SECONDS_MIN = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // SECOND
"""The first second that `format_http_date` can write."""

SECONDS_MAX = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - EPOCH) // SECOND
"""The last second that four digits of a year can say."""


def parse_http_date(value: bytes, now: float) -> int | None:
    """Return the seconds since the epoch that an HTTP-date says, or None if `value` is none of the three formats.

    `now`, in seconds since the epoch, tells the century of a year of two digits. Case counts, and no whitespace is
    forgiven. # Choice: the day name has to be one, but need not be that day's: nothing is decided by it, and recipients
    are asked to be robust.
    """
    # [rfc9110-5.6.7-1]
    match = IMF_FIXDATE.match(value) or ASCTIME_DATE.match(value)
    if match is not None:
        return whole_seconds(int(match["year"]), fields_below_year(match))
    match = RFC850_DATE.match(value)
    if match is not None:
        below = fields_below_year(match)
        return whole_seconds(full_year(int(match["year"]), below, now), below)
    return None


def fields_below_year(match: re.Match[bytes]) -> list[int]:
    """Return month, day, hour, minute, second of a date in any of the formats."""
    month = MONTHS.index(match["month"]) + 1
    return [month, *(int(match[name]) for name in ("day", "hour", "minute", "second"))]


def full_year(digits: int, below: list[int], now: float) -> int:
    """Return the year that ends in these two digits: the last one whose date is at most 50 years ahead of `now`.

    So a date that would be more than 50 years ahead is one of the past.
    """
    # [rfc9110-5.6.7-4]
    year_now, *below_now = time.gmtime(now)[:6]
    horizon = year_now + AHEAD_YEARS_MAX
    year = horizon - (horizon - digits) % 100
    return year - 100 if year == horizon and below > below_now else year


def whole_seconds(year: int, below: list[int]) -> int | None:
    """Return the seconds since the epoch; None for a date or a time of day that does not exist.

    A leap second is the first second of the next day, as in POSIX. # Choice: 60 is a second of 23:59 alone, since only
    there UTC ever has one; and the year 0000 does not exist.
    """
    month, day, hour, minute, second = below
    is_leap = (hour, minute, second) == (23, 59, 60)
    try:
        moment = datetime(year, month, day, hour, minute, second - is_leap, tzinfo=UTC)
    except ValueError:
        return None
    return (moment - EPOCH) // SECOND + is_leap


@functools.lru_cache(maxsize=256)
def format_http_date(seconds: int) -> bytes:
    """Return IMF-fixdate. Raises OverflowError outside of SECONDS_MIN to SECONDS_MAX.

    The names come from this file, not from the locale.
    """
    # [rfc9110-5.6.7-2] [rfc9110-5.6.7-3] [rfc9111-5.3-a1]
    moment = EPOCH + seconds * SECOND
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        DAY_NAMES[moment.weekday()], moment.day, MONTHS[moment.month - 1], moment.year,
        moment.hour, moment.minute, moment.second,
    )  # fmt: skip
