"""Every expectation of a whole response, met and unmet."""

from __future__ import annotations

import pytest

from merkhet.answer import Answer, Context, End, Response
from merkhet.expect import Expectation, Rests
from merkhet.expect_response import (
    keeps_fields,
    same_status,
    says,
    secured,
    with_content,
    without_content,
)


def response(
    status: int = 200, content: bytes = b"ok", *fields: tuple[bytes, bytes], complete: bool = True
) -> Response:
    return Response(version=b"HTTP/1.1", status=status, reason=b"", fields=fields, content=content, complete=complete)


def answer(status: int = 200, content: bytes = b"ok", *fields: tuple[bytes, bytes], complete: bool = True) -> Answer:
    return Answer(response=response(status, content, *fields, complete=complete), end=None if complete else End.CLOSED)


KEPT = {
    "get": response(200, b"ok", (b"ETag", b'"a"'), (b"Content-Type", b"text/plain"), (b"Date", b"now")),
    "missing": response(404, b""),
}
CUT = answer(complete=False)
CLOSED, SILENT, GARBAGE = Answer(end=End.CLOSED), Answer(end=End.SILENT), Answer(garbage=b"junk")
ETAG, TYPE = (b"etag", b'"b"'), (b"Content-Type", b"text/html")


def context(scheme: bytes = b"http") -> Context:
    return Context(render=lambda data: data.replace(b"{scheme}", scheme), baseline_status=200, kept=KEPT)


@pytest.mark.parametrize(
    ("expectation", "met"),
    [
        (with_content, answer(404, b"no such thing")),
        (without_content, answer(404, b"")),
        (same_status("get"), answer(200, b"something else")),
        (same_status("missing"), answer(404)),
        (keeps_fields("get"), answer(200, b"", ETAG, TYPE)),
        (keeps_fields("get", b"ETag"), answer(200, b"", TYPE)),
        (keeps_fields("missing"), answer()),
        (says(b"o.?k", "an o and a k"), answer(500, b"not ok")),
        (says(b"^n", "an n first"), answer(200, b"not", complete=False)),
    ],
)
def test_met(expectation: Expectation, met: Answer) -> None:
    assert expectation.matches(met, context())


@pytest.mark.parametrize(
    ("expectation", "unmet"),
    [
        (with_content, [answer(404, b""), CUT, CLOSED]),
        (without_content, [answer(), answer(200, b"", complete=False), CLOSED]),
        (same_status("get"), [answer(404), CUT]),
        (same_status("never kept"), [answer()]),
        (keeps_fields("get"), [answer(200, b"", TYPE), answer(200, b"", ETAG)]),
        (keeps_fields("get", b"ETag"), [answer(200, b"", ETAG)]),
        (keeps_fields("never kept"), [answer()]),
        (says(b"^k", "a k first"), [answer()]),
        (secured, [answer(), SILENT]),
    ],
)
def test_unmet(expectation: Expectation, unmet: list[Answer]) -> None:
    others = [CLOSED, SILENT, GARBAGE]
    assert [one for one in (*unmet, *others) if expectation.matches(one, context())] == []


def test_secured_is_a_matter_of_the_target_alone() -> None:
    assert secured.matches(answer(), context(b"https"))
    assert secured.matches(SILENT, context(b"https"))


def test_what_they_rest_on() -> None:
    assert same_status("get").rests_on is Rests.STATUS
    assert secured.rests_on is Rests.NOTHING
    assert {one.rests_on for one in (with_content, keeps_fields("get"), says(b"", ""))} == {Rests.CONTENT}


def test_descriptions_read_as_the_end_of_a_sentence() -> None:
    assert with_content.describe() == "a response with content"
    assert without_content.describe() == "a response without content"
    assert same_status("get").describe() == "the status of the get answer"
    assert keeps_fields("get").describe() == "every field that the get answer has"
    assert secured.describe() == "any answer over TLS"
    assert says(b"a", "an a").describe() == "content with an a"
