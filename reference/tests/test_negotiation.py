"""Accept: media ranges, weights, and the type that is wanted most."""

from __future__ import annotations

import pytest

from merkhet_reference.negotiation import MediaRange, best_type, media_range, media_ranges

HTML, JSON = b"text/html", b"application/json"


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (b"text/html", MediaRange(b"text", b"html", 1000, 2)),
        (b"TEXT/Html", MediaRange(b"text", b"html", 1000, 2)),
        (b"text/*;q=0.5", MediaRange(b"text", b"*", 500, 1)),
        (b"*/* ; Q=0", MediaRange(b"*", b"*", 0, 0)),
        (b"text/html;q=0;level=1", MediaRange(b"text", b"html", 0, 2)),
        (b'text/html;level="1";q=0.123', MediaRange(b"text", b"html", 123, 2)),
        (b"text/html;", MediaRange(b"text", b"html", 1000, 2)),
        (b"*/html", None),
        (b"text", None),
        (b"text/html extra", None),
        (b"", None),
    ],
)
def test_a_media_range(member: bytes, expected: MediaRange | None) -> None:
    assert media_range(member) == expected


def test_members_of_all_lines_count_and_empty_ones_do_not() -> None:
    assert media_ranges([b"text/html,, a/b;q=0.1", b"x/y"]) == [
        MediaRange(b"text", b"html", 1000, 2), MediaRange(b"a", b"b", 100, 2), MediaRange(b"x", b"y", 1000, 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], HTML),
        ([b""], HTML),
        ([b"nonsense"], HTML),
        ([b"*/*"], HTML),
        ([b"application/json"], JSON),
        ([b"application/json;q=0.9, text/html;q=0.8"], JSON),
        ([b"application/json;q=0.8, text/html;q=0.8"], HTML),
        ([b"text/html;q=0, */*"], JSON),
        ([b"text/*;q=0.1, application/json;q=0.2, text/html;q=0.3"], HTML),
        ([b"text/html;q=0;level=1, application/json"], JSON),
        ([b"image/png"], None),
        ([b"text/html;q=0"], None),
        ([b"image/png", b"application/*"], JSON),
    ],
)
def test_the_type_that_is_wanted_most(values: list[bytes], expected: bytes | None) -> None:
    assert best_type(values, [HTML, JSON]) == expected


def test_parameters_of_what_is_offered_do_not_count() -> None:
    assert best_type([b"text/html"], [b"text/html; charset=utf-8"]) == b"text/html; charset=utf-8"
