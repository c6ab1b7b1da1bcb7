"""The parsers of the reference as a fuzzer calls them: octets in segments, messages that are whole, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from merkhet_reference import parsers
from merkhet_reference.errors import Refusal
from merkhet_reference.multipart import FormError
from merkhet_reference.websocket.close import Violation

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
FORM = b'--merkhet-boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\nhi\r\n--merkhet-boundary--\r\n'
SHAKE = (
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
FRAMES = b"\x01\x81\0\0\0\0a\x89\x80\0\0\0\0\x80\x81\0\0\0\0b"
STREAMS: dict[str, tuple[Callable[[Iterable[bytes]], Iterator[object]], bytes, list[object]]] = {
    "requests": (
        parsers.http_request,
        GET + CHUNKED,
        [
            (b"GET", b"/a", b"", ((b"Host", b"h"),)),
            (b"POST", b"/", b"abc", ((b"Host", b"h"), (b"Transfer-Encoding", b"chunked"))),
        ],
    ),
    "chunks": (parsers.chunked_body, b"2;a=b\r\nab\r\n0\r\nx: y\r\n\r\n", [b"ab"]),
    "form": (parsers.multipart_form, FORM, [(b"a", b"hi")]),
    "frames": (parsers.websocket_frames, FRAMES, [("ping", b""), ("text", b"ab")]),
    "handshake": (parsers.websocket_handshake, SHAKE, [True]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_what_comes_out_is_the_same_in_any_segments(name: str) -> None:
    parser, octets, messages = STREAMS[name]
    assert list(parser([octets])) == messages
    assert list(parser([octets[at : at + 1] for at in range(len(octets))])) == messages


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "form"])
def test_what_is_cut_off_comes_not_out(name: str) -> None:
    parser, octets, messages = STREAMS[name]
    assert list(parser([octets[:-3]])) == messages[:-1]
    assert list(parser([])) == []


@pytest.mark.parametrize("octets", [FORM[:-3], FORM[:30], b""])
def test_a_form_that_is_cut_off_is_refused(octets: bytes) -> None:
    with pytest.raises(FormError):
        list(parsers.multipart_form([octets]))


def test_those_before_a_refusal_come_out() -> None:
    messages = parsers.http_request([GET, b"nonsense\r\n\r\n"])
    assert next(messages)[1] == b"/a"
    with pytest.raises(Refusal):
        next(messages)


@pytest.mark.parametrize(
    ("parser", "octets", "refusal"),
    [
        (parsers.http_request, b"GET / HTTP/1.1\r\n\r\n", Refusal),
        (parsers.chunked_body, b"0x5\r\nhello\r\n0\r\n\r\n", Refusal),
        (parsers.multipart_form, b"--merkhet-boundary\r\n\r\nno name\r\n--merkhet-boundary--\r\n", FormError),
        (parsers.websocket_frames, b"\x81\x02hi", Violation),
        (parsers.websocket_handshake, SHAKE.replace(b"13", b"12"), Refusal),
    ],
)
def test_what_breaks_the_grammar_is_refused_by_what_the_parser_says(
    parser: parsers.Parser[[Iterable[bytes]], Iterator[object]], octets: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        list(parser([octets]))
    assert any(issubclass(refusal, each) for each in parser.refusals)


def test_values() -> None:
    assert parsers.range_value(b"bytes=0-9, -5") == ((0, 9), (None, 5))
    assert parsers.range_value(b"bytes=5-2") is None
    assert parsers.date_value(b"Sun, 06 Nov 1994 08:49:37 GMT") == 784111777
    assert parsers.date_value(b"Sunday, 06-Nov-94 08:49:37 GMT") == 784111777
    assert parsers.date_value(b"yesterday") is None


def test_every_parser_says_how_it_refuses() -> None:
    every = (
        parsers.http_request, parsers.chunked_body, parsers.multipart_form, parsers.websocket_frames,
        parsers.websocket_handshake, parsers.range_value, parsers.date_value,
    )  # fmt: skip
    assert all(each.refusals for each in every)
