"""What an answer said, sent back as it was or changed by a filter."""

from __future__ import annotations

import datetime as dt

import pytest

from merkhet.answer import Response
from merkhet.kept import Lacking, filtered, filters, parse_date, value_of

DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


def page(*fields: tuple[bytes, bytes]) -> dict[str, Response]:
    return {"page": Response(version=b"HTTP/1.1", status=200, reason=b"OK", fields=fields)}


def test_the_value_of_a_field() -> None:
    kept = page((b"ETag", b'"a"'), (b"etag", b'"b"'), (b"X-Empty", b""))
    assert value_of(kept, "page/ETag") == b'"a"'
    assert value_of(kept, "page/eTAG|weak") == b'W/"a"'
    assert value_of(kept, "page/x-empty") == b""


@pytest.mark.parametrize("argument", ["page/Last-Modified", "other/ETag", "page/", "page", ""])
def test_what_was_not_said(argument: str) -> None:
    with pytest.raises(Lacking, match="in the answer to build on"):
        value_of(page((b"ETag", b'"a"')), argument)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (b"anything at all", "", b"anything at all"),
        (b'"a"', "weak", b'W/"a"'),
        (b'W/"a"', "weak", b'W/"a"'),
        (b'W/"a"', "strong", b'"a"'),
        (b'"a"', "strong", b'"a"'),
        (b'""', "weak", b'W/""'),
        (b'"a,b"', "strong", b'"a,b"'),
        (b'W/"a-\xff!"', "other", b'"merkhet-a"'),
        (b'""', "other", b'"merkhet-"'),
        (DATE, "+1", b"Sun, 06 Nov 1994 08:49:38 GMT"),
        (DATE, "-86400", b"Sat, 05 Nov 1994 08:49:37 GMT"),
        (DATE, "rfc850", b"Sunday, 06-Nov-94 08:49:37 GMT"),
        (DATE, "asctime", b"Sun Nov  6 08:49:37 1994"),
        (b"Thu, 29 Feb 2024 23:59:59 GMT", "+1", b"Fri, 01 Mar 2024 00:00:00 GMT"),
        (b"Thu, 29 Feb 2024 23:59:59 GMT", "asctime", b"Thu Feb 29 23:59:59 2024"),
    ],
)
def test_filters(value: bytes, name: str, expected: bytes) -> None:
    assert filtered(value, name) == expected


def test_every_filter_is_shown() -> None:
    assert filters() == {"weak", "strong", "other", "rfc850", "asctime"}


@pytest.mark.parametrize("name", ["weak", "strong", "other"])
@pytest.mark.parametrize("value", [b"", b"a", b'"a', b'"a" ', b'w/"a"', b'W/ "a"', b'"a"b"', b'"a b"', b'"\x7f"'])
def test_what_is_no_entity_tag(value: bytes, name: str) -> None:
    with pytest.raises(Lacking, match="is no entity tag"):
        filtered(value, name)


@pytest.mark.parametrize("name", ["+1", "-1", "rfc850", "asctime"])
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Sunday, 06-Nov-94 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994",
        b"Mon, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun,  06 Nov 1994 08:49:37 GMT",
        b"sun, 06 nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:60 GMT",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 GMT\xff",
        b"Mon, 31 Feb 1994 08:49:37 GMT",
    ],
)
def test_what_is_no_date(value: bytes, name: str) -> None:
    with pytest.raises(Lacking, match="is no date"):
        filtered(value, name)


def test_the_end_of_the_calendar() -> None:
    with pytest.raises(Lacking, match="end of the calendar"):
        filtered(b"Fri, 31 Dec 9999 23:59:59 GMT", "+1")
    with pytest.raises(Lacking, match="end of the calendar"):
        filtered(DATE, "-99999999999")


def test_dates_are_moments() -> None:
    assert parse_date(DATE) == dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)
