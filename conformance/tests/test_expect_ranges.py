"""Every expectation about ranges and fields beside a kept answer, met and unmet."""

from __future__ import annotations

import pytest

from merkhet import expect_ranges
from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import Expectation
from merkhet.fixtures import FIXTURES

SMALL = FIXTURES["small.bin"]
RANGE, TYPE, LENGTH = b"Content-Range", b"Content-Type", b"Content-Length"
DATED, MODIFIED = b"Date", b"Last-Modified"
Line = tuple[bytes, bytes]


def response(status: int = 200, content: bytes = b"", *fields: Line, complete: bool = True) -> Response:
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields, content=content, complete=complete)


def answer(status: int = 200, content: bytes = b"", *fields: Line, complete: bool = True) -> Answer:
    whole = response(status, content, *fields, complete=complete)
    return Answer(response=whole, end=None if complete else End.CLOSED)


def piece(first: int, last: int, place: bytes = b"", status: int = 206) -> Answer:
    says = place or b"bytes %d-%d/1000" % (first, last)
    return answer(status, SMALL[first : last + 1], (RANGE, says))


def parts(*spans: tuple[int, int], length: bytes = b"1000", kind: bytes = b"text/plain", status: int = 206) -> Answer:
    line = b"Content-Type: " + kind + b"\r\n" if kind else b""
    body = b"".join(
        b"--B\r\n%sContent-Range: bytes %d-%d/%s\r\n\r\n%s\r\n" % (line, first, last, length, SMALL[first : last + 1])
        for first, last in spans
    )
    return answer(status, body + b"--B--\r\n", (TYPE, b"multipart/byteranges; boundary=B"))


KEPT = {
    "whole": response(200, SMALL, (TYPE, b"text/plain"), (b"ETag", b'"a"'), (b"Vary", b"A")),
    "bare": response(404, b""),
}
CONTEXT = Context(render=lambda data: data, baseline_status=200, kept=KEPT, files=FIXTURES)
OTHERS = [Answer(end=End.CLOSED), Answer(end=End.SILENT), Answer(garbage=b"junk")]
CUT = answer(206, SMALL[2:5], (RANGE, b"bytes 2-5/1000"), complete=False)
NOW, LATER = b"Wed, 25 Nov 2026 12:00:00 GMT", b"Wed, 25 Nov 2026 12:00:01 GMT"

CASES: list[tuple[Expectation, list[Answer], list[Answer]]] = [
    (
        expect_ranges.one_slice("small.bin", 2, 5),
        [piece(2, 5), piece(2, 5, b"bytes 2-5/*"), piece(2, 5, b"BYTES 2-5/1000")],
        [
            piece(2, 4), piece(3, 5), piece(2, 5, b"bytes 2-5/1001"), piece(2, 5, b"bytes 2-5"), piece(2, 5, b"2-5/1000"),
            piece(2, 5, status=200), answer(206, b"????", (RANGE, b"bytes 2-5/1000")), answer(206, SMALL[2:6]),
            answer(206, SMALL[2:6], (RANGE, b"bytes 2-5/1000"), (RANGE, b"bytes 2-5/1000")), CUT, *OTHERS,
        ],
    ),
    (
        expect_ranges.slice_within("small.bin", (2, 5), (20, 29)),
        [piece(2, 5), piece(3, 4), piece(20, 20)],
        [piece(2, 6), piece(1, 5), piece(5, 20), parts((2, 5)), *OTHERS],
    ),
    (
        expect_ranges.slice_around("small.bin", (2, 5), (20, 29)),
        [piece(2, 29), piece(0, 999)],
        [piece(2, 28), piece(3, 29), piece(2, 5), *OTHERS],
    ),
    (
        expect_ranges.any_slice("small.bin"),
        [piece(0, 0), piece(0, 999)],
        [piece(0, 0, b"bytes 1-1/1000"), piece(0, 9, b"bytes 0-1000/2000"), piece(999, 1000, b"bytes 999-1000/*"), *OTHERS],
    ),
    (
        expect_ranges.parts_in_order("small.bin", (5, 6), (1, 2)),
        [parts((5, 6), (1, 2))],
        [parts((1, 2), (5, 6)), parts((5, 6)), parts((5, 6), (1, 2), (3, 3)), parts((5, 6), (1, 2), length=b"1001"), *OTHERS],
    ),
    (
        expect_ranges.part_count("small.bin", 2, 3),
        [parts((1, 2), (5, 6)), parts((1, 2), (5, 6), (8, 8))],
        [parts((1, 2)), parts(*[(1, 1)] * 4), piece(1, 2), parts((1, 2), (5, 6), status=200), *OTHERS],
    ),
    (
        expect_ranges.parts_typed_as("small.bin", "whole"),
        [parts((1, 2), (5, 6))],
        [parts((1, 2), kind=b"text/html"), parts((1, 2), kind=b""), answer(206, b"--B--", (TYPE, b"text/plain")), *OTHERS],
    ),
    (expect_ranges.parts_typed_as("small.bin", "bare"), [], [parts((1, 2))]),
    (expect_ranges.parts_typed_as("small.bin", "unknown"), [], [parts((1, 2))]),
    (
        expect_ranges.parts_with_length("small.bin"),
        [parts((1, 2), (5, 6))],
        [parts((1, 2), length=b"*"), parts((1, 2), length=b"9"), *OTHERS],
    ),
    (
        expect_ranges.whole_file("small.bin"),
        [answer(200, SMALL)],
        [answer(200, SMALL[:-1]), answer(206, SMALL), answer(200, SMALL, complete=False), *OTHERS],
    ),
    (
        expect_ranges.valid_range(),
        [answer(206, b"abc", (RANGE, b"bytes 7-9/10")), answer(206, b"abc", (RANGE, b"bytes 7-9/*"))],
        [
            answer(206, b"abc", (RANGE, b"bytes 7-9/9")), answer(206, b"abc", (RANGE, b"bytes 9-7/10")),
            answer(206, b"ab", (RANGE, b"bytes 7-9/10")), answer(206, b"abc"), answer(200, b"abc", (RANGE, b"bytes 7-9/10")),
            *OTHERS,
        ],
    ),
    (
        expect_ranges.contradictory_range(),
        [
            answer(206, b"", (RANGE, b"bytes 0-0/0")), answer(206, b"", (RANGE, b"bytes 1-0/5")),
            answer(206, b"", (RANGE, b"bytes 0--1/0")),
        ],
        [answer(206), answer(206, b"a", (RANGE, b"bytes 0-0/1")), answer(206, b"", (RANGE, b"bytes */0")), *OTHERS],
    ),
    (
        expect_ranges.fields_of("whole", b"ETag", b"Vary", b"Expires"),
        [answer(206, b"", (b"etag", b'"b"'), (b"Vary", b"B"))],
        [answer(206, b"", (b"ETag", b'"a"')), answer(206), *OTHERS],
    ),
    (expect_ranges.fields_of("unknown", b"ETag"), [], [answer()]),
    (expect_ranges.same_status("bare"), [answer(404)], [answer(200), *OTHERS]),
    (expect_ranges.same_status("unknown"), [], [answer()]),
    (
        expect_ranges.length_of_kept("whole"),
        [answer(304, b"", (LENGTH, b"1000"))],
        [answer(304), answer(304, b"", (LENGTH, b"0")), *OTHERS],
    ),
    (expect_ranges.length_of_kept("unknown"), [], [answer(304, b"", (LENGTH, b"0"))]),
    (expect_ranges.content_over(2), [answer(200, b"abc")], [answer(200, b"ab"), *OTHERS]),
    (expect_ranges.no_content(), [answer(206)], [answer(206, b"a"), *OTHERS]),
    (
        expect_ranges.tokens(b"Accept-Ranges"),
        [answer(200, b"", (b"Accept-Ranges", b"bytes")), answer(200, b"", (b"Accept-Ranges", b"bytes ,\tx"))],
        [answer(), answer(200, b"", (b"Accept-Ranges", b"bytes none")), answer(200, b"", (b"Accept-Ranges", b"")), *OTHERS],
    ),
    (
        expect_ranges.not_later(MODIFIED, DATED),
        [answer(200, b"", (MODIFIED, NOW), (DATED, NOW)), answer(200, b"", (MODIFIED, NOW), (DATED, LATER))],
        [
            answer(200, b"", (MODIFIED, LATER), (DATED, NOW)), answer(200, b"", (MODIFIED, NOW)),
            answer(200, b"", (DATED, NOW)), answer(200, b"", (MODIFIED, b"x"), (DATED, NOW)), *OTHERS,
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("expectation", "met", "unmet"), CASES, ids=lambda case: getattr(case, "words", "")[:40])
def test_expectation(expectation: Expectation, met: list[Answer], unmet: list[Answer]) -> None:
    assert expectation.describe()
    assert [found for found in met if not expectation.matches(found, CONTEXT)] == []
    assert [found for found in unmet if expectation.matches(found, CONTEXT)] == []
