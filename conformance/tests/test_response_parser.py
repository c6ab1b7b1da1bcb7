"""The strict response parser: whole, byte by byte, with octets behind it, and beside h11 as a second opinion."""

from __future__ import annotations

import h11
import pytest

from merkhet.answer import End, Framing, Response
from merkhet.wire.response import LINE_BYTES_MAX, ResponseParser

WHOLE = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", b"hello"),
    "no reason": (b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", "GET", b""),
    "head": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", b""),
    "204": (b"HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n", "GET", b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", b""),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: 1\r\n\r\n",
        "GET",
        b"hello world",
    ),
    "same length twice": (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "GET", b"ok"),
}


def parse(data: bytes, method: str = "GET", end: End | None = None) -> ResponseParser:
    parser = ResponseParser(method)
    parser.feed(data)
    if end is not None:
        parser.feed_end(end)
    return parser


def response_of(data: bytes, method: str = "GET", end: End | None = None) -> Response:
    response = parse(data, method, end).response
    assert response is not None
    return response


def rules(response: Response) -> list[str]:
    return [fault.rule for fault in response.faults]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_and_byte_by_byte_are_the_same_response(name: str) -> None:
    data, method, content = WHOLE[name]
    whole = response_of(data, method)
    parser = ResponseParser(method)
    for number in range(len(data)):
        assert parser.response is None, f"finished after {number} octets"
        parser.feed(data[number : number + 1])
    assert parser.response == whole
    assert (whole.content, whole.complete, whole.faults) == (content, True, ())


@pytest.mark.parametrize("name", WHOLE)
def test_octets_behind_a_response_are_left_alone(name: str) -> None:
    data, method, _ = WHOLE[name]
    parser = parse(data + b"HTTP/1.1 500 ", method)
    assert parser.rest == b"HTTP/1.1 500 "
    assert parser.response == response_of(data, method)


@pytest.mark.parametrize("name", WHOLE)
def test_h11_agrees(name: str) -> None:
    data, method, content = WHOLE[name]
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    events: list[object] = []
    while not events or not isinstance(events[-1], h11.EndOfMessage):
        events.append(client.next_event())
    ours = response_of(data, method)
    head = events[0]
    assert isinstance(head, h11.Response)
    assert (ours.status, ours.reason) == (head.status_code, bytes(head.reason))
    assert [(name.lower(), value) for name, value in ours.fields if name != b"Content-Length"] == [
        (bytes(key), bytes(value)) for key, value in head.headers if key != b"content-length"
    ]
    assert b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data)) == content


def test_content_until_close_is_whole_only_at_a_clean_end() -> None:
    data = b"HTTP/1.1 200 OK\r\n\r\nsome"
    assert parse(data).response is None
    for end, complete in ((End.CLOSED, True), (End.RESET, False), (End.UNNOTIFIED, False), (End.SILENT, False)):
        response = response_of(data, end=end)
        assert (response.framing, response.content, response.complete) == (Framing.UNTIL_CLOSE, b"some", complete)


def test_what_is_cut_is_incomplete_and_nothing_is_nothing() -> None:
    assert not response_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", end=End.CLOSED).complete
    assert not response_of(b"HTTP/1.1 200 OK\r\nConte", end=End.CLOSED).complete
    assert response_of(b"HTTP/1.", end=End.RESET).status == 0
    nothing = parse(b"", end=End.CLOSED)
    assert nothing.response is None
    assert not nothing.garbage


@pytest.mark.parametrize("data", [b"<html>", b"\x15\x03", b"HTTP/1.1 abc\r\n", b"\r\nHTTP/1.1 200 OK\r\n\r\n", b"HTP"])
def test_garbage(data: bytes) -> None:
    parser = parse(data)
    assert parser.garbage == data
    assert parser.response is None


def test_a_tunnel_begins_at_the_empty_line() -> None:
    switched = parse(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00raw")
    assert switched.response is not None
    assert (switched.response.framing, switched.rest) == (Framing.TUNNEL, b"\x00raw")
    assert response_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "CONNECT").framing is Framing.TUNNEL
    assert response_of(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "CONNECT").framing is Framing.LENGTH


FAULTS = {
    "bare LF": (b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "message-grammar"),
    "bare CR": (b"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n", "bare-cr"),
    "space first": (b"HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 0\r\n\r\n", "space-after-status-line"),
    "fold": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n c\r\n\r\n", "obs-fold"),
    "lower-case version": (b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "version-grammar"),
    "long version": (b"HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n", "version-grammar"),
    "two spaces": (b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "status-line"),
    "control in reason": (b"HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n", "status-line"),
    "no space": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "status-space"),
    "space before colon": (b"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n", "field-line"),
    "empty name": (b"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n", "field-line"),
    "no colon": (b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n", "field-line"),
    "NUL": (b"HTTP/1.1 200 OK\r\nA: b\x00\r\nContent-Length: 0\r\n\r\n", "field-line"),
    "padded size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nok\r\n0\r\n\r\n", "chunked-grammar"),
    "LF after size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n", "chunked-grammar"),
    "LF after data": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n", "chunked-grammar"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_departure_from_the_grammar_is_one_fault_and_still_framed(name: str) -> None:
    data, rule = FAULTS[name]
    response = response_of(data)
    assert response.complete
    assert rules(response) == [rule]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", "content-length-conflict"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "content-length-conflict"),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "content-length-conflict"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk-broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay", "chunk-broken"),
    ],
)
def test_what_cannot_be_framed_says_so(data: bytes, rule: str) -> None:
    response = response_of(data)
    assert not response.complete
    assert rules(response)[-1] == rule
    assert ("chunked-grammar" in rules(response)) == (rule == "chunk-broken")


def test_a_coding_that_is_not_chunked_ends_with_the_connection() -> None:
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc"
    assert response_of(data, end=End.CLOSED).content == b"abc"


def test_a_folded_value_is_joined() -> None:
    response = response_of(b"HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 0\r\n\r\n")
    assert response.values(b"a") == (b"b c",)


def test_no_more_is_held_than_the_bound() -> None:
    parser = ResponseParser(bytes_max=100)
    parser.feed(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101)
    assert parser.response is not None
    assert (parser.response.complete, parser.response.faults[-1].rule) == (False, "too-large")
    line = parse(b"HTTP/1.1 200 " + b"x" * LINE_BYTES_MAX)
    assert line.response is not None
    assert line.response.faults[-1].rule == "too-large"
