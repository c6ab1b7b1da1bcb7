"""The parsers of the reference as a fuzzer calls them."""

from __future__ import annotations

import pytest

from merkhet_reference import parsers

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


def test_requests_come_with_their_content_in_order() -> None:
    messages, end = parsers.http_request([GET + CHUNKED[:-20], CHUNKED[-20:]])
    assert end == "clean"
    assert messages[0] == (b"GET", b"/a", [(b"Host", b"h")], b"", True)
    assert messages[1][3:] == (b"abc", True)


@pytest.mark.parametrize(
    ("segments", "end", "wholes"),
    [
        ([], "clean", []),
        ([GET], "clean", [True]),
        ([GET, b"GET /"], "incomplete", [True]),
        ([CHUNKED[:-2]], "incomplete", [False]),
        ([GET, b"nonsense\r\n\r\n"], "refused", [True]),
    ],
)
def test_the_end_is_told_from_a_refusal_and_from_a_break(segments: list[bytes], end: str, wholes: list[bool]) -> None:
    messages, told = parsers.http_request(segments)
    assert told == end
    assert [message[4] for message in messages] == wholes
