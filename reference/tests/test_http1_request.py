"""A request's head: request line, the four forms of its target, field lines, Host, and what the connection options say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import request
from merkhet_reference.http1.events import Form, Target, Version
from merkhet_reference.limits import Limits

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits(request_line_bytes_max=64, field_lines_max=4)


def status_of(call: Callable[[], object]) -> int:
    with pytest.raises(errors.Refusal) as refused:
        call()
    return refused.value.status


def target_status(method: bytes, target: bytes) -> int:
    return status_of(lambda: request.parse_target(method, target))


def head_status(head: bytes) -> int:
    try:
        request.parse_head(head, LIMITS)
    except errors.Refusal as refusal:
        return refusal.status
    return 0


def test_a_whole_head() -> None:
    head = b"GET /a?b HTTP/1.1\r\nHost: x:80\r\nA:\t 1 2 \t"
    assert request.parse_head(head, LIMITS) == (
        b"GET", Target(Form.ORIGIN, b"/a?b", b"/a", b"b"), (1, 1), Fields([(b"Host", b"x:80"), (b"A", b"1 2")]),
    )  # fmt: skip


@pytest.mark.parametrize("end", range(len(b"GET /a HTTP/1.1\r\nHost: x")))
def test_a_head_that_stops_early_is_refused(end: int) -> None:
    head = b"GET /a HTTP/1.1\r\nHost: x"[:end]
    # What is left may still be whole but for the Host field, or have an empty Host value, which is legal.
    assert head_status(head) == (0 if head.endswith((b"Host:", b"Host: ")) else 400)


@pytest.mark.parametrize("tail", [b"\r\n", b"\n", b"\r", b"\x00", b"\r\nB", b"\r\n A: b", b"\nA: b", b"\n\r\nA: b"])
def test_octets_behind_a_head_are_part_of_it_and_refused(tail: bytes) -> None:
    assert head_status(b"GET / HTTP/1.1\r\nHost: x" + tail) == 400


@pytest.mark.parametrize(
    "line",
    [
        b"", b"GET", b"GET /", b"GET / ", b"GET /  HTTP/1.1", b"GET  / HTTP/1.1", b" GET / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"GET\t/\tHTTP/1.1", b"GET / http/1.1", b"GET / HTTP/1", b"GET / HTTP/1.10", b"GET / HTTP/01.1",
        b"GET / HTTP/1,1",
        b"GET / HTTP /1.1", b"G(T / HTTP/1.1", b"GET / a HTTP/1.1", b"GET /HTTP/1.1", b"GET / HTTP/\xd9\xa1.1",
        b"GET / HTTP/1.1\n",
    ],
)  # fmt: skip
def test_a_line_that_is_no_request_line_is_400(line: bytes) -> None:
    assert status_of(lambda: request.parse_request_line(line, LIMITS)) == 400


def test_the_sentence_tells_a_bad_version_from_bad_spacing() -> None:
    assert "in a space and an HTTP version" in request.malformed_request_line(b"GET /").why
    assert "space, target, space" in request.malformed_request_line(b"GET  / HTTP/1.1").why


@pytest.mark.parametrize(
    ("digits", "version"), [(b"1.0", (1, 0)), (b"1.1", (1, 1)), (b"1.2", (1, 1)), (b"1.9", (1, 1))]
)
def test_a_minor_version_above_one_is_read_as_one(digits: bytes, version: Version) -> None:
    assert request.parse_request_line(b"M * HTTP/" + digits, LIMITS) == (b"M", b"*", version)


@pytest.mark.parametrize("digits", [b"0.9", b"2.0", b"9.1", b"3.1"])
def test_another_major_version_is_505(digits: bytes) -> None:
    assert status_of(lambda: request.parse_request_line(b"GET / HTTP/" + digits, LIMITS)) == 505


def test_a_long_line_is_414_and_a_long_method_501() -> None:
    line = b"GET /" + b"a" * 50 + b" HTTP/1.1"
    assert len(line) == LIMITS.request_line_bytes_max
    assert request.parse_request_line(line, LIMITS)[1] == b"/" + b"a" * 50
    assert status_of(lambda: request.parse_request_line(line + b"1", LIMITS)) == 414
    assert status_of(lambda: request.parse_request_line(b"M" * 65, LIMITS)) == 501
    assert status_of(lambda: request.parse_request_line(b"M" * 33 + b" / HTTP/1.1", LIMITS)) == 501
    assert request.parse_request_line(b"M" * 32 + b" / HTTP/1.1", LIMITS)[0] == b"M" * 32


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"GET", Target(Form.ORIGIN, b"/", b"/")),
        (b"GET", Target(Form.ORIGIN, b"//a/../%2e?", b"//a/../%2e", b"")),
        (b"GET", Target(Form.ORIGIN, b"/a?b?c/d", b"/a", b"b?c/d")),
        (b"OPTIONS", Target(Form.ORIGIN, b"/", b"/")),
        (b"OPTIONS", Target(Form.ASTERISK, b"*", b"*")),
        (b"GET", Target(Form.ABSOLUTE, b"http://h", b"/", None, b"h", b"http")),
        (b"GET", Target(Form.ABSOLUTE, b"HTTPS://H:/a?b", b"/a", b"b", b"H:", b"https")),
        (b"GET", Target(Form.ABSOLUTE, b"http://[::1]:8?q", b"/", b"q", b"[::1]:8", b"http")),
        (b"OPTIONS", Target(Form.ASTERISK, b"http://h:1", b"*", None, b"h:1", b"http")),
        (b"OPTIONS", Target(Form.ABSOLUTE, b"http://h/", b"/", None, b"h", b"http")),
        (b"OPTIONS", Target(Form.ABSOLUTE, b"http://h?", b"/", b"", b"h", b"http")),
        (b"OPTIONS", Target(Form.ABSOLUTE, b"http://h/x://h", b"/x://h", None, b"h", b"http")),
        (b"CONNECT", Target(Form.AUTHORITY, b"h:1", b"", None, b"h:1")),
        (b"CONNECT", Target(Form.AUTHORITY, b"[::1]:65535", b"", None, b"[::1]:65535")),
        (b"CONNECT", Target(Form.AUTHORITY, b"h:0000443", b"", None, b"h:0000443")),
    ],
)
def test_the_four_forms(method: bytes, target: Target) -> None:
    assert request.parse_target(method, target.raw) == target


@pytest.mark.parametrize(
    "target",
    [
        b"/a#b", b"/a?b#c", b"/%", b"/%zz", b"/a\\b", b"/\x80", b"/a\x00", b"/a\rb", b"/<", b"/?[", b"a", b"a/b",
        b"?a", b"h:80",
        b"http:/a", b"http://", b"http:///a", b"http://:80/", b"http://u@h/", b"http://h:x/", b"http://h/#f",
        b"http://[::1/", b"1http://h/",
        b"ftp://h/", b"file://h/a", b"ws://h/", b"httpss://h", b"*", b"**", b"/ ",
    ],
)  # fmt: skip
def test_a_target_of_no_form_is_400(target: bytes) -> None:
    assert target_status(b"GET", target) == 400


@pytest.mark.parametrize("target", [b"**", b"*?", b"*/"])
def test_options_takes_an_asterisk_and_nothing_behind_it(target: bytes) -> None:
    assert target_status(b"OPTIONS", target) == 400


@pytest.mark.parametrize(
    "target",
    [
        b"h", b"h:", b"h:0", b"h:00000", b"h:65536", b"h:99999", b"h:100000", b"h:" + b"9" * 6000, b":443", b":",
        b"[]:443", b"h:+1",
        b"h:1x", b"u@h:1", b"h:1/", b"/", b"*", b"http://h:1", b"http://h:1/", b"h:\xd9\xa1", b"",
    ],
)  # fmt: skip
def test_connect_takes_a_host_and_a_valid_port_alone(target: bytes) -> None:
    assert target_status(b"CONNECT", target) == 400


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b" A: b", "begins with whitespace"),
        (b"\tfolded", "begins with whitespace"),
        (b"A : b", "between a field name and its colon"),
        (b"A\t:b", "between a field name and its colon"),
        (b"A", "not name, colon, value"),
        (b"", "not name, colon, value"),
        (b": b", "not name, colon, value"),
        (b"A B: c", "not name, colon, value"),
        (b"A\x00: b", "not name, colon, value"),
        (b"A: b\x00", "not name, colon, value"),
        (b"A: b\rC: d", "not name, colon, value"),
        (b"A: \x7f", "not name, colon, value"),
        (b"\xc3\xa9: b", "not name, colon, value"),
        (b"A: b\n", "not name, colon, value"),
    ],
)
def test_a_line_that_is_no_field_line_is_400(line: bytes, fault: str) -> None:
    with pytest.raises(errors.Refusal, match=fault) as refused:
        request.parse_field_line(line)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("line", "value"),
    [(b"A:b", b"b"), (b"A:", b""), (b"A: \t ", b""), (b"A:\tb c\t ", b"b c"), (b"A: \xff:b", b"\xff:b")],
)
def test_whitespace_around_a_value_is_not_part_of_it(line: bytes, value: bytes) -> None:
    assert request.parse_field_line(line) == (b"A", value)


def test_more_field_lines_than_the_limit_are_431() -> None:
    assert len(request.parse_field_lines([b"A: b"] * 4, LIMITS)) == 4
    assert status_of(lambda: request.parse_field_lines([b"A: b"] * 5, LIMITS)) == 431


@pytest.mark.parametrize(
    ("values", "version", "legal"),
    [
        ([], (1, 1), False), ([], (1, 0), True), ([b""], (1, 1), True), ([b"h"], (1, 1), True), ([b"h:"],
        (1, 1), True),
        ([b"[::1]:8080"], (1, 1), True), ([b"h", b"h"], (1, 1), False), ([b"h", b"h"], (1, 0), False), ([b"h, h"],
        (1, 1), False),
        ([b"u@h"], (1, 1), False), ([b"h/p"], (1, 1), False), ([b"h:x"], (1, 1), False), ([b"http://h"],
        (1, 0), False), ([b"::1"], (1, 1), False),
    ],
)  # fmt: skip
def test_host(values: list[bytes], version: Version, *, legal: bool) -> None:
    fields = Fields([(b"hOsT", value) for value in values])
    if legal:
        request.check_host(fields, version)
    else:
        assert status_of(lambda: request.check_host(fields, version)) == 400


def test_the_target_says_the_authority_before_the_host_field() -> None:
    fields = Fields([(b"Host", b"field")])
    assert request.authority(request.parse_target(b"GET", b"http://target/"), fields) == b"target"
    assert request.authority(request.parse_target(b"GET", b"/"), fields) == b"field"
    assert request.authority(request.parse_target(b"GET", b"/"), Fields()) == b""


@pytest.mark.parametrize(
    ("version", "value", "persistent"),
    [
        ((1, 1), b"", True), ((1, 1), b"close", False), ((1, 1), b"keep-alive, Close", False), ((1, 1),
        b"closed", True),
        ((1, 0), b"", False), ((1, 0), b"Keep-Alive", True), ((1, 0), b"keep-alive, close", False), ((1, 0),
        b"upgrade", False),
    ],
)  # fmt: skip
def test_persistence(version: Version, value: bytes, *, persistent: bool) -> None:
    assert request.is_persistent(version, Fields([(b"Connection", value)])) is persistent


@pytest.mark.parametrize(
    ("version", "lines", "expects"),
    [
        ((1, 1), [(b"Expect", b"100-Continue")], True), ((1, 0), [(b"Expect", b"100-continue")], False),
        ((1, 1), [(b"Expect", b"200-ok")], False), ((1, 1), [], False),
    ],
)  # fmt: skip
def test_expectation(version: Version, lines: list[tuple[bytes, bytes]], *, expects: bool) -> None:
    assert request.expects_continue(version, Fields(lines)) is expects


@FIXED
@given(st.binary(max_size=60))
def test_any_octets_are_a_head_or_a_refusal(octets: bytes) -> None:
    assert head_status(octets) in {0, 400, 501, 505}


@FIXED
@given(
    st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}", fullmatch=True),
    st.binary(max_size=20).map(lambda octets: bytes(o for o in octets if o >= 32 and o != 127).strip(b" ")),
)
def test_a_field_line_of_the_grammar_comes_back_whole(name: bytes, value: bytes) -> None:
    assert request.parse_field_line(name + b": " + value + b" ") == (name, value)
