"""Expectations of content in a coding, met and unmet."""

from __future__ import annotations

import gzip
import zlib

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import Expectation
from merkhet.expect_codings import coded, decoded, says_coding, unsaid_gzip

FILE = b"the text\n" * 20
CONTEXT = Context(render=lambda data: data, baseline_status=200, files={"text.txt": FILE})
# No time in it: these octets are in the names of tests, which every worker has to collect alike.
GZIP = gzip.compress(FILE, mtime=0)
DEFLATE = zlib.compress(FILE)
RAW_DEFLATE = DEFLATE[2:-4]


def response(content: bytes, *codings: bytes, status: int = 200, complete: bool = True) -> Response:
    fields = tuple((b"content-encoding", coding) for coding in codings)
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields, content=content, complete=complete)


@pytest.mark.parametrize(
    ("content", "codings", "expected"),
    [
        (FILE, (), FILE),
        (FILE, (b"identity",), FILE),
        (GZIP, (b"gzip",), FILE),
        (GZIP, (b"X-GZip",), FILE),
        (DEFLATE, (b"deflate",), FILE),
        (gzip.compress(DEFLATE, mtime=0), (b"deflate, gzip",), FILE),
        (gzip.compress(DEFLATE, mtime=0), (b"deflate", b"gzip"), FILE),
        (gzip.compress(DEFLATE, mtime=0), (b"gzip, deflate",), None),
        (RAW_DEFLATE, (b"deflate",), None),
        (FILE, (b"gzip",), None),
        (GZIP[:-4], (b"gzip",), None),
        (GZIP + b"x", (b"gzip",), None),
        (FILE, (b"br",), None),
        (b"", (b"gzip",), None),
    ],
)
def test_codings_are_undone_from_the_last_to_the_first(
    content: bytes, codings: tuple[bytes, ...], expected: bytes | None
) -> None:
    assert decoded(response(content, *codings)) == expected


PLAIN, ZIPPED, DEFLATED = response(FILE), response(GZIP, b"gzip"), response(DEFLATE, b"deflate")


@pytest.mark.parametrize(
    ("expectation", "answer", "met"),
    [
        (coded("text.txt"), PLAIN, True),
        (coded("text.txt"), response(FILE, b"identity"), True),
        (coded("text.txt"), ZIPPED, False),
        (coded("text.txt"), response(b"other"), False),
        (coded("text.txt"), response(FILE, status=404), False),
        (coded("text.txt", b"gzip"), ZIPPED, True),
        (coded("text.txt", b"gzip"), PLAIN, False),
        (coded("text.txt", b"gzip"), DEFLATED, False),
        (coded("text.txt", b"gzip", b"deflate"), DEFLATED, True),
        (coded("text.txt", b"gzip"), response(gzip.compress(GZIP, mtime=0), b"gzip, gzip"), False),
        (coded("text.txt", b"gzip"), response(gzip.compress(b"other", mtime=0), b"gzip"), False),
        (says_coding(), ZIPPED, True),
        (says_coding(), response(FILE, b"br"), True),
        (says_coding(), PLAIN, False),
        (says_coding(), response(FILE, b"identity"), False),
        (says_coding(b"gzip"), ZIPPED, True),
        (says_coding(b"br"), ZIPPED, False),
        (unsaid_gzip, response(GZIP), True),
        (unsaid_gzip, response(GZIP, b"identity"), True),
        (unsaid_gzip, ZIPPED, False),
        (unsaid_gzip, PLAIN, False),
    ],
)
def test_what_is_met(expectation: Expectation, answer: Response, *, met: bool) -> None:
    assert expectation.matches(Answer(response=answer), CONTEXT) is met
    assert expectation.describe()


@pytest.mark.parametrize("expectation", [coded("text.txt"), coded("text.txt", b"gzip"), says_coding(), unsaid_gzip])
def test_what_is_no_whole_answer_meets_nothing(expectation: Expectation) -> None:
    cut = Answer(response=response(GZIP, complete=False), end=End.CLOSED)
    for answer in (cut, Answer(end=End.CLOSED), Answer(garbage=b"junk")):
        assert not expectation.matches(answer, CONTEXT)
