"""The delimiters of multipart/byteranges, met and unmet."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect_multipart import any_multipart, delimiter_within, padded, pieces
from merkhet.expectation import Expectation

CONTEXT = Context(render=lambda data: data, baseline_status=200)
TYPE = b"multipart/byteranges; boundary=b"


def answer(content: bytes, *, kind: bytes = TYPE, status: int = 206) -> Answer:
    fields = ((b"Content-Type", kind),)
    return Answer(response=Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields, content=content))


def part(content: bytes, padding: bytes = b"", length: int | None = None) -> bytes:
    last = (len(content) if length is None else length) - 1
    return b"\r\n--b%s\r\nContent-Range: bytes 0-%d/9\r\n\r\n%s" % (padding, last, content)


END = b"\r\n--b--\r\n"
GOOD = part(b"one") + part(b"two") + END


def contents(content: bytes, kind: bytes = TYPE) -> list[bytes]:
    response = answer(content, kind=kind).final
    assert response is not None
    return [piece.content for piece in pieces(response)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (GOOD, [b"one", b"two", b""]),
        (GOOD[2:], [b"one", b"two", b""]),
        (b"preamble" + GOOD, [b"one", b"two", b""]),
        (part(b"\r\n--b") + END, [b"\r\n--b", b""]),
        (part(b"one"), [b"one"]),
        (part(b"one", length=2) + END, [b"on"]),
        (part(b"one").replace(b"Content-Range", b"X"), []),
        (b"\r\n--bx\r\n", []),
        (b"\r\n--b\r\nContent-Range: bytes 0-1/2", []),
        (b"", []),
    ],
)
def test_parts_end_where_their_range_says(content: bytes, expected: list[bytes]) -> None:
    assert contents(content) == expected


def test_boundary_is_found_quoted_or_not() -> None:
    assert contents(GOOD, b'multipart/byteranges; a=c ; BOUNDARY="b"') == [b"one", b"two", b""]
    assert contents(GOOD, b"multipart/byteranges") == []


@pytest.mark.parametrize(
    ("expectation", "met", "unmet"),
    [
        (any_multipart, b"", None),
        (delimiter_within, part(b"a\r\n--b") + END, GOOD),
        (delimiter_within, part(b"--b") + END, part(b"a--b") + END),
        (padded, part(b"one", b" ") + END, GOOD),
        (padded, part(b"one") + b"\r\n--b-- \r\n", part(b" ") + END),
    ],
)
def test_met_and_unmet(expectation: Expectation, met: bytes, unmet: bytes | None) -> None:
    assert expectation.matches(answer(met), CONTEXT)
    assert unmet is None or not expectation.matches(answer(unmet), CONTEXT)
    assert not expectation.matches(answer(met, status=200), CONTEXT)
    assert not expectation.matches(answer(met, kind=b"multipart/mixed; boundary=b"), CONTEXT)
    assert not expectation.matches(Answer(end=End.CLOSED), CONTEXT)
    assert expectation.describe().startswith("multipart/byteranges")


def test_nothing_is_within_without_a_boundary() -> None:
    assert not delimiter_within.matches(answer(GOOD, kind=b"multipart/byteranges"), CONTEXT)
    assert not delimiter_within.matches(answer(GOOD, kind=b"multipart/byteranges; boundary="), CONTEXT)
