"""The expectation that the Date goes on, met and unmet."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect_dates import advanced

FIRST = b"Wed, 25 Nov 2026 12:00:00 GMT"


def response(*dates: bytes, complete: bool = True) -> Response:
    fields = tuple((b"Date", date) for date in dates)
    return Response(version=b"HTTP/1.1", status=200, reason=b"", fields=fields, complete=complete)


CONTEXT = Context(
    render=lambda data: data,
    baseline_status=200,
    kept={"first": response(FIRST), "undated": response(), "twice": response(FIRST, FIRST)},
)


@pytest.mark.parametrize(
    ("date", "met"),
    [
        (FIRST, False),
        (b"Wed, 25 Nov 2026 12:00:01 GMT", True),
        (b"Wed, 25 Nov 2026 12:00:03 GMT", True),
        (b"Wed, 25 Nov 2026 12:00:04 GMT", False),
        (b"Wed, 25 Nov 2026 11:59:59 GMT", False),
        (b"Thu, 26 Nov 2026 12:00:01 GMT", False),
        (b"now", False),
    ],
)
def test_the_date_goes_on(date: bytes, *, met: bool) -> None:
    assert advanced("first", 1, 3).matches(Answer(response=response(date)), CONTEXT) is met


@pytest.mark.parametrize("name", ["undated", "twice", "unknown"])
def test_without_one_date_to_compare_with_nothing_is_met(name: str) -> None:
    assert not advanced(name, 0, 10).matches(Answer(response=response(FIRST)), CONTEXT)


def test_without_one_date_nothing_is_met() -> None:
    expectation = advanced("first", 0, 10)
    assert expectation.matches(Answer(response=response(FIRST)), CONTEXT)
    for other in (response(), response(FIRST, FIRST), response(FIRST, complete=False)):
        assert not expectation.matches(Answer(response=other), CONTEXT)
    assert not expectation.matches(Answer(end=End.CLOSED), CONTEXT)
    assert "0 to 10 s" in expectation.describe()
