"""A response's octets: which framing it gets, what its head says, and that no handler can break out of a line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference.fields import FieldLine
from merkhet_reference.http1 import response
from merkhet_reference.http1.events import Version
from merkhet_reference.http1.response import Body

FIXED = settings(deadline=None, derandomize=True, database=None)
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("method", "version", "status", "length", "body", "sends"),
    [
        (b"GET", (1, 1), 200, 5, Body.LENGTH, True),
        (b"GET", (1, 1), 200, 0, Body.LENGTH, True),
        (b"GET", (1, 1), 200, None, Body.CHUNKED, True),
        (b"GET", (1, 0), 200, 5, Body.LENGTH, True),
        (b"GET", (1, 0), 200, None, Body.UNTIL_CLOSE, True),
        (b"HEAD", (1, 1), 200, 5, Body.LENGTH, False),
        (b"HEAD", (1, 1), 404, None, Body.CHUNKED, False),
        (b"GET", (1, 1), 304, 5, Body.LENGTH, False),
        (b"GET", (1, 1), 204, 5, Body.NOTHING, False),
        (b"GET", (1, 1), 204, None, Body.NOTHING, False),
        (b"GET", (1, 1), 100, None, Body.NOTHING, False),
        (b"CONNECT", (1, 1), 200, 5, Body.NOTHING, False),
        (b"CONNECT", (1, 1), 299, None, Body.NOTHING, False),
        (b"CONNECT", (1, 1), 400, 5, Body.LENGTH, True),
        (b"connect", (1, 1), 200, 5, Body.LENGTH, True),
        (b"GET", (1, 1), 205, 0, Body.LENGTH, True),
    ],
)
def test_how_a_response_is_framed(
    method: bytes, version: Version, status: int, length: int | None, body: Body, *, sends: bool
) -> None:
    assert response.body_framing(method, version, status, length) is body
    assert response.sends_content(method, status) is sends
    assert response.has_no_content_fields(method, status) is (body is Body.NOTHING)


@pytest.mark.parametrize(
    "line",
    [
        (b"", b"v"), (b"A b", b"v"), (b"A:", b"v"), (b"A\r\nB", b"v"), (b"\xc3\xa9", b"v"), (b"A", b"v\r\nB: c"),
        (b"A", b"v\n"),
        (b"A", b"v\r"), (b"A", b"v\x00"), (b"A", b"\x7f"), (b"A", b" v"), (b"A", b"v\t"),
    ],
)  # fmt: skip
def test_a_line_that_breaks_the_grammar_is_not_sent(line: FieldLine) -> None:
    with pytest.raises(ValueError, match="not a field line"):
        response.check_fields([(b"Good", b"1"), line])


@pytest.mark.parametrize("name", [b"Connection", b"CONTENT-LENGTH", b"date", b"Transfer-encoding"])
def test_what_frames_a_message_is_the_servers_to_send(name: bytes) -> None:
    with pytest.raises(ValueError, match="the server sends"):
        response.check_fields([(name, b"1")])


def test_good_lines_pass() -> None:
    response.check_fields(iter([(b"A", b""), (b"Content-Type", b'text/plain; a="b"'), (b"a", b"\xff b")]))
    response.check_fields(())


BAD_LINES = [
    (b"", b"v"), (b"A b", b"v"), (b"A", b"v\r\nB: c"), (b"A", b" v"), (b"Date", b"v"), (b"connection", b"close"),
    (b"A", b"x" * 300 + b"\n"), (b"A b", b"x" * 300), (b"Content-Length", b"0" * 300),
]  # fmt: skip


@pytest.mark.parametrize("line", BAD_LINES)
def test_what_is_refused_is_refused_each_time(line: FieldLine) -> None:
    # Remembering that a line was looked at must not mean that it passed.
    for _ in range(3):
        with pytest.raises(ValueError, match=r"not a field line|the server sends"):
            response.field_line(*line)
    response.field_line(b"A", b"v")
    with pytest.raises(ValueError, match=r"not a field line|the server sends"):
        response.field_line(*line)


@pytest.mark.parametrize("value", [b"", b"v", b"\xff", b"a\tb", b"x" * 256, b"x" * 257, b"x" * 100_000])
@pytest.mark.parametrize("name", [b"A", b"X-Long-" + b"n" * 249])
def test_a_line_has_the_same_octets_each_time_remembered_or_not(name: bytes, value: bytes) -> None:
    response.remembered_line.cache_clear()
    first, second = response.field_line(name, value), response.field_line(name, value)
    assert first == second == response.checked_line(name, value) == name + b": " + value + b"\r\n"
    assert response.remembered_line.cache_info().hits == (1 if len(value) <= 256 else 0)


def test_names_and_values_are_never_taken_for_one_another() -> None:
    assert response.field_line(b"A", b"b") == b"A: b\r\n"
    assert response.field_line(b"a", b"b") == b"a: b\r\n"
    assert response.field_line(b"A", b"B") == b"A: B\r\n"


def test_what_is_remembered_is_bounded_in_number_and_in_size() -> None:
    response.remembered_line.cache_clear()
    most = response.remembered_line.cache_info().maxsize
    assert most is not None
    for number in range(2 * most):
        response.field_line(b"A", b"%d" % number)
    assert response.remembered_line.cache_info().currsize == most <= 1024
    response.remembered_line.cache_clear()
    response.field_line(b"A", b"x" * (response.REMEMBERED_BYTES_MAX + 1))
    for name in (b"n" * 257, b"n" * 1_000_000):
        with pytest.raises(ValueError, match="a name of"):
            response.field_line(name, b"v")
    assert response.remembered_line.cache_info().currsize == 0
    assert response.field_line(b"n" * 256, b"") == b"n" * 256 + b": \r\n"


@pytest.mark.parametrize(
    ("body", "length", "connection", "lines"),
    [
        (Body.NOTHING, 7, None, b""),
        (Body.LENGTH, 7, None, b"Content-Length: 7\r\n"),
        (Body.LENGTH, None, None, b"Content-Length: 0\r\n"),
        (Body.CHUNKED, None, b"close", b"Transfer-Encoding: chunked\r\nConnection: close\r\n"),
        (Body.UNTIL_CLOSE, None, b"close", b"Connection: close\r\n"),
    ],
)
def test_a_head_has_its_status_line_date_fields_and_framing(
    body: Body, length: int | None, connection: bytes | None, lines: bytes
) -> None:
    head = response.encode_head(200, b"A: 1\r\nB: \r\n", date=DATE, body=body, length=length, connection=connection)
    assert head == b"HTTP/1.1 200 OK\r\nDate: " + DATE + b"\r\nA: 1\r\nB: \r\n" + lines + b"\r\n"


def test_a_status_without_a_phrase_keeps_its_space() -> None:
    assert response.encode_head(799, b"", date=DATE).startswith(b"HTTP/1.1 799 \r\nDate: ")
    assert response.encode_interim(199) == b"HTTP/1.1 199 \r\n\r\n"


def test_an_interim_response_has_fields_and_nothing_else() -> None:
    assert response.encode_interim(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert response.encode_interim(103, [(b"Link", b"</a>")]) == b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "persists", "asked", "option"),
    [
        ((1, 1), True, True, None), ((1, 1), True, False, None), ((1, 1), False, True, b"close"),
        ((1, 0), True, True, b"keep-alive"),
        ((1, 0), True, False, None), ((1, 0), False, True, b"close"), ((1, 0), False, False, b"close"),
    ],
)  # fmt: skip
def test_the_connection_option(version: Version, option: bytes | None, *, persists: bool, asked: bool) -> None:
    assert response.connection_option(version, persists=persists, asked_keep_alive=asked) == option


def test_chunks() -> None:
    assert response.encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert response.encode_chunk(b"") == b""
    assert response.encode_last_chunk() == b"0\r\n\r\n"
    assert response.encode_last_chunk([(b"A", b"1"), (b"B", b"2")]) == b"0\r\nA: 1\r\nB: 2\r\n\r\n"


def test_the_four_framings_that_are_looked_up_once_are_those_of_the_enumeration() -> None:
    looked_up = {
        "NOTHING": response.NOTHING, "LENGTH": response.LENGTH, "CHUNKED": response.CHUNKED,
        "UNTIL_CLOSE": response.UNTIL_CLOSE,
    }  # fmt: skip
    assert looked_up == dict(Body.__members__)


def test_every_reason_phrase_can_stand_in_a_status_line() -> None:
    assert all(response.FIELD_VALUE.match(phrase) and phrase for phrase in response.REASONS.values())
    assert response.REASONS[404] == b"Not Found"


@FIXED
@given(st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), max_size=3))
def test_what_passes_the_check_comes_out_as_that_many_lines(lines: list[FieldLine]) -> None:
    try:
        encoded = b"".join(response.field_line(*line) for line in lines)
    except ValueError:
        return
    head = response.encode_head(200, encoded, date=DATE)
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n") == len(lines) + 3
    assert [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[2:-2]] == lines
