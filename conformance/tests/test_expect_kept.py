"""Every expectation that compares, met and unmet."""

from __future__ import annotations

import pytest

from merkhet import expect_kept
from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import Expectation, Rests, cut_short
from merkhet.fixtures import FIXTURES
from merkhet.kept import Lacking, value_of

SMALL = FIXTURES["small.bin"]


def response(
    status: int = 200, content: bytes = b"0123456789", *fields: tuple[bytes, bytes], complete: bool = True
) -> Response:
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields, content=content, complete=complete)


def answer(
    status: int = 200, content: bytes = b"0123456789", *fields: tuple[bytes, bytes], complete: bool = True
) -> Answer:
    whole = response(status, content, *fields, complete=complete)
    return Answer(response=whole, end=None if complete else End.CLOSED)


def partial(content: bytes, *fields: tuple[bytes, bytes]) -> Answer:
    return Answer(response=response(200, content, *fields, complete=False), partial=True)


def parts(*pieces: tuple[int, int], file: bytes = SMALL, length: str = "1000", status: int = 206) -> Answer:
    body = b"".join(
        b"--B\r\nContent-Range: bytes %d-%d/%s\r\n\r\n%s\r\n" % (first, last, length.encode(), file[first : last + 1])
        for first, last in pieces
    )
    return answer(status, body + b"--B--\r\n", (b"Content-Type", b"multipart/byteranges; boundary=B"))


KEPT = {
    "page": response(200, b"0123456789", (b"ETag", b'"a.b"'), (b"X-Two", b"1"), (b"X-Two", b"2")),
    "weak": response(200, b"", (b"ETag", b'W/"a.b"')),
    "bare": response(200, b""),
}


def render(data: bytes) -> bytes:
    known = {b"{root}": b"/", b"{host}": b"a.test", b"{nonce}": b"n", b"{kept:page/ETag}": value_of(KEPT, "page/ETag")}
    for placeholder, value in known.items():
        data = data.replace(placeholder, value)
    if b"{kept:bare/ETag}" in data:
        value_of(KEPT, "bare/ETag")
    return data


CONTEXT = Context(render=render, baseline_status=200, kept=KEPT, files=FIXTURES)
CUT = answer(complete=False)
CLOSED, SILENT, GARBAGE = Answer(end=End.CLOSED), Answer(end=End.SILENT), Answer(garbage=b"junk")
OTHERS = [CLOSED, SILENT, GARBAGE]
RANGE = b"Content-Range"

CASES: list[tuple[Expectation, list[Answer], list[Answer]]] = [
    (
        expect_kept.same_content("page"),
        [answer(), answer(206)],
        [answer(content=b"012345678"), answer(404), CUT, *OTHERS],
    ),
    (expect_kept.same_content("bare"), [answer(204, b"")], [answer(content=b"x")]),
    (expect_kept.same_content("unknown"), [], [answer(), answer(content=b"")]),
    (
        expect_kept.slice_of("page", 2, 4),
        [answer(206, b"234"), answer(200, b"234")],
        [answer(206, b"23"), answer(206, b"2345"), answer(206, b"345"), answer(416, b"234"), CUT, *OTHERS],
    ),
    (expect_kept.slice_of("page", 7), [answer(206, b"789")], [answer(206, b"78")]),
    (
        expect_kept.same_field("page", b"ETag"),
        [answer(200, b"", (b"etag", b'"a.b"'))],
        [
            answer(200, b"", (b"ETag", b'W/"a.b"')),
            answer(200, b"", (b"ETag", b'"a.b"'), (b"ETag", b'"a.b"')),
            answer(),
            answer(200, b"", (b"ETag", b'"a.b"'), complete=False),
            *OTHERS,
        ],
    ),
    (expect_kept.same_field("page", b"X-Two"), [answer(200, b"", (b"X-Two", b"1"), (b"X-Two", b"2"))], [answer()]),
    (expect_kept.same_field("page", b"X-None"), [answer()], [answer(200, b"", (b"X-None", b""))]),
    (expect_kept.same_field("unknown", b"X-None"), [], [answer()]),
    (
        expect_kept.same_field("weak", b"ETag", weakly=True),
        [answer(200, b"", (b"ETag", b'"a.b"')), answer(200, b"", (b"ETag", b'W/"a.b"'))],
        [answer(200, b"", (b"ETag", b'"b"')), answer()],
    ),
    (
        expect_kept.field_matches(b"X-A", rb"[0-9]{3} {host}", "three digits and the host"),
        [answer(200, b"", (b"x-a", b"123 a.test")), partial(b"", (b"X-A", b"123 a.test"))],
        [
            answer(200, b"", (b"X-A", b"123 abtest")),
            answer(200, b"", (b"X-A", b"1234 a.test")),
            answer(200, b"", (b"X-A", b"123 a.test\n")),
            answer(200, b"", (b"X-A", b"123 a.test"), (b"X-A", b"123 a.test")),
            answer(200, b"", (b"X-A", b"123 a.test"), complete=False),
            answer(),
            *OTHERS,
        ],
    ),
    (
        expect_kept.field_matches(b"ETag", rb"(?:W/)?{kept:page/ETag}", "the same entity tag, weak or strong"),
        [answer(200, b"", (b"ETag", b'W/"a.b"')), answer(200, b"", (b"ETag", b'"a.b"'))],
        [answer(200, b"", (b"ETag", b'"a-b"'))],
    ),
    (
        expect_kept.field_is(b"Location", b"{root}a+b"),
        [answer(302, b"", (b"location", b"/a+b")), partial(b"", (b"Location", b"/a+b"))],
        [
            answer(302, b"", (b"Location", b"/aab")),
            answer(302, b"", (b"Location", b"/a+b"), (b"Location", b"/a+b")),
            answer(302, b"", (b"Location", b"/a+b"), complete=False),
            answer(302),
            *OTHERS,
        ],
    ),
    (
        expect_kept.content_range(0, 9, 1000),
        [answer(206, b"", (RANGE, b"bytes 0-9/1000")), answer(206, b"", (RANGE, b"Bytes 0-9/1000"))],
        [
            answer(206, b"", (RANGE, b"bytes 0-9/*")),
            answer(206, b"", (RANGE, b"bytes 0-10/1000")),
            answer(206, b"", (RANGE, b"bytes=0-9/1000")),
            answer(206, b"", (RANGE, b"bytes 0-9/10000")),
            answer(206),
            *OTHERS,
        ],
    ),
    (
        expect_kept.content_range(0, 9, None),
        [answer(206, b"", (RANGE, b"bytes 0-9/1000")), answer(206, b"", (RANGE, b"bytes 0-9/*"))],
        [answer(206, b"", (RANGE, b"bytes 0-9/")), answer(206, b"", (RANGE, b"bytes 1-9/*"))],
    ),
    (
        expect_kept.file_content("small.bin"),
        [answer(200, SMALL), answer(206, SMALL)],
        [answer(200, SMALL[:-1]), answer(200, SMALL + b"x"), answer(416, SMALL), CUT, *OTHERS],
    ),
    (expect_kept.file_content("empty.txt"), [answer(200, b"")], [answer(200, b"x"), answer(404, b"")]),
    (
        expect_kept.file_content("small.bin", 10, 19),
        [answer(206, SMALL[10:20])],
        [answer(206, SMALL[10:19]), answer(206, SMALL[9:19]), answer(206, SMALL)],
    ),
    (
        expect_kept.parts_of("small.bin", (0, 1), (10, 19)),
        [
            parts((0, 1), (10, 19)),
            parts((10, 19), (0, 1)),
            parts((0, 19)),
            parts((0, 9), (10, 19)),
            parts((0, 1), (8, 12), (10, 30), length="*"),
        ],
        [
            parts((0, 1)),
            parts((0, 1), (10, 18)),
            parts((0, 0), (10, 19)),
            parts((0, 1), (10, 14), (16, 19)),
            parts((0, 1), (10, 19), length="1001"),
            parts((0, 1), (10, 19), file=bytes(1000)),
            parts((0, 1), (10, 19), status=200),
            answer(206, SMALL[:2], (b"Content-Type", b"application/octet-stream")),
            CUT,
            *OTHERS,
        ],
    ),
    (
        expect_kept.parts_of("small.bin", (0, 1), (10, 19), whole=False),
        [parts((0, 1), (10, 19)), parts((10, 19)), parts((0, 0), (11, 12))],
        [parts((0, 2)), parts((0, 1), (9, 19)), parts((0, 19)), parts((0, 1), file=b"x" * 1000)],
    ),
    (
        expect_kept.true_parts("small.bin"),
        [parts((0, 1)), parts((500, 999), (0, 0))],
        [parts((0, 1), file=b"x" * 1000), parts((0, 1), length="2"), parts((0, 1), status=200), answer(206), *OTHERS],
    ),
    (
        expect_kept.arrived(b"event {nonce}"),
        [partial(b"data: event n\n"), answer(200, b"event n")],
        [partial(b"event {nonce}"), partial(b""), answer(), answer(200, b"event n", complete=False), *OTHERS],
    ),
]


@pytest.mark.parametrize(("expectation", "met", "unmet"), CASES, ids=lambda case: type(case).__name__)
def test_expectation(expectation: Expectation, met: list[Answer], unmet: list[Answer]) -> None:
    for case in met:
        assert expectation.matches(case, CONTEXT), case
    for case in unmet:
        assert not expectation.matches(case, CONTEXT), case
    assert expectation.describe()
    assert expectation.rests_on is Rests.CONTENT


def test_every_kind_of_expectation_is_shown() -> None:
    shown = {type(expectation) for expectation, _, _ in CASES}
    kinds = {
        kind
        for kind in vars(expect_kept).values()
        if isinstance(kind, type) and kind.__name__.startswith("_") and hasattr(kind, "matches")
    }
    assert {kind.__name__ for kind in kinds - shown} == set()


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (expect_kept.same_content("page"), "the same content as in the page answer"),
        (expect_kept.slice_of("page", 2, 4), "octets 2 to 4 of the page answer's content"),
        (expect_kept.slice_of("page", 2), "octets 2 to the end of the page answer's content"),
        (expect_kept.same_field("page", b"ETag", weakly=True), "a weakly equal ETag as in the page answer"),
        (expect_kept.field_matches(b"A", b"[0-9]+", "a number"), "A: a number"),
        (expect_kept.field_is(b"A", b"{root}\xff"), r"A: {root}\xff"),
        (expect_kept.content_range(0, 9, None), "Content-Range: bytes 0-9/any length"),
        (expect_kept.content_range(0, 9, 10), "Content-Range: bytes 0-9/10"),
        (expect_kept.file_content("small.bin"), "the content of the file small.bin"),
        (expect_kept.file_content("small.bin", 2, 4), "octets 2 to 4 of the file small.bin"),
        (expect_kept.file_content("small.bin", 2), "octets 2 to the end of the file small.bin"),
        (expect_kept.true_parts("small.bin"), "multipart/byteranges with true slices of small.bin"),
    ],
)
def test_words(expectation: Expectation, words: str) -> None:
    assert expectation.describe() == words


def test_what_no_answer_said_is_lacking() -> None:
    for expectation in (
        expect_kept.field_is(b"ETag", b"{kept:bare/ETag}"),
        expect_kept.field_matches(b"ETag", b"(?:W/)?{kept:bare/ETag}", "a tag"),
        expect_kept.arrived(b"{kept:bare/ETag}"),
    ):
        with pytest.raises(Lacking):
            expectation.matches(answer(200, b"", (b"ETag", b"x")), CONTEXT)


def test_a_response_that_is_still_read_is_not_cut_short() -> None:
    assert cut_short.matches(CUT, CONTEXT)
    assert not cut_short.matches(partial(b""), CONTEXT)
    assert partial(b"").describe() == "status 200, as far as it was waited for"


def test_large_ranges_are_compared_in_no_time() -> None:
    large = FIXTURES["large.bin"]
    whole = parts((0, len(large) - 1), file=large, length=str(len(large)))
    assert expect_kept.parts_of("large.bin", *((at, at + 1) for at in range(0, len(large), 4096))).matches(
        whole, CONTEXT
    )
