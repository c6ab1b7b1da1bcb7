"""A request's head: request line, the four forms of its target, field lines, Host, and what the connection options say."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
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


Reading = Callable[[bytes, Limits], tuple[bytes, Target, Version, Fields]]
Outcome = tuple[bytes, Target, Version, Fields] | tuple[int, str]


def whole_reading(head: bytes, limits: Limits) -> tuple[bytes, Target, Version, Fields]:
    """The reading of a usual head, which this one has to be."""
    match = request.USUAL_HEAD.match(head)
    assert match is not None, head
    return request.usual_head(match, limits)


READINGS: list[Reading] = [whole_reading, request.parse_lines, request.parse_head]


def outcome(reading: Reading, head: bytes) -> Outcome:
    """What a head says, or why it is refused."""
    try:
        return reading(head, LIMITS)
    except errors.Refusal as refusal:
        return refusal.status, refusal.why


def is_usual(head: bytes) -> bool:
    return request.USUAL_HEAD.match(head) is not None


def is_rarer_form(head: bytes) -> bool:
    """Whether a legal head is one that is not usual: by its method, its target, or its version alone."""
    method, target, version = head.partition(b"\r\n")[0].split(b" ")
    return method == b"CONNECT" or not target.startswith(b"/") or version not in {b"HTTP/1.0", b"HTTP/1.1"}


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


@pytest.mark.parametrize(("version", "persistent"), [((1, 1), True), ((1, 0), False)])
def test_persistence_where_nothing_is_said_of_it(version: Version, *, persistent: bool) -> None:
    assert request.is_persistent(version, Fields()) is persistent
    assert request.is_persistent(version, Fields([(b"Connections", b"close"), (b"Keep-Alive", b"1")])) is persistent
    assert request.is_persistent(version, Fields([(b"cONNECTION", b"close")])) is False


@pytest.mark.parametrize(
    ("version", "lines", "expects"),
    [
        ((1, 1), [(b"Expect", b"100-Continue")], True), ((1, 0), [(b"Expect", b"100-continue")], False),
        ((1, 1), [(b"Expect", b"200-ok")], False), ((1, 1), [], False),
    ],
)  # fmt: skip
def test_expectation(version: Version, lines: list[tuple[bytes, bytes]], *, expects: bool) -> None:
    assert request.expects_continue(version, Fields(lines)) is expects


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x", b"GET / HTTP/1.0", b"GET / HTTP/1.0\r\nA:", b"M~ //a?? HTTP/1.1\r\nhost:\t\xff",
        b"OPTIONS / HTTP/1.1\r\nHost: x", b"CONNECTED / HTTP/1.1\r\nHost: x", b"connect / HTTP/1.1\r\nHost: x",
        b"GET /%20;a=b,c@d:e?q=/?&%00 HTTP/1.1\r\nA:b\r\nA: \t\r\nHost:  x:1 \t",
        # Refused for what the grammar does not say.
        b"GET / HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a b", b"GET / HTTP/1.0\r\nHost: x\r\nhost: x",
        b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 3, b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 4,
        b"M" * 32 + b" / HTTP/1.1\r\nHost: x", b"M" * 33 + b" / HTTP/1.1\r\nHost: x",
        b"GET /" + b"a" * 50 + b" HTTP/1.1\r\nHost: x", b"GET /" + b"a" * 51 + b" HTTP/1.1\r\nHost: x",
        b"M" * 33 + b" /" + b"a" * 60 + b" HTTP/1.1",
        # Two faults: the one that the other reading finds first.
        b"M" * 33 + b" / HTTP/1.1\r\nHost: a b", b"GET /" + b"a" * 51 + b" HTTP/1.1" + b"\r\nA: b" * 5,
        b"GET / HTTP/1.1" + b"\r\nA: b" * 5, b"GET / HTTP/1.1" + b"\r\nHost: a b" * 5,
    ],
)  # fmt: skip
def test_a_usual_head_is_read_the_same_whole_and_line_by_line(head: bytes) -> None:
    first, *others = [outcome(reading, head) for reading in READINGS]
    assert others == [first, first]


@pytest.mark.parametrize(
    ("head", "form", "version"),
    [
        (b"CONNECT h:1 HTTP/1.1\r\nHost: h:1", Form.AUTHORITY, (1, 1)),
        (b"OPTIONS * HTTP/1.1\r\nHost: x", Form.ASTERISK, (1, 1)),
        (b"GET http://h/ HTTP/1.1\r\nHost: x", Form.ABSOLUTE, (1, 1)),
        (b"OPTIONS http://h HTTP/1.1\r\nHost: x", Form.ASTERISK, (1, 1)),
        (b"GET / HTTP/1.2\r\nHost: x", Form.ORIGIN, (1, 1)),
        (b"GET /a?b HTTP/1.9\r\nHost: x\r\nA: b", Form.ORIGIN, (1, 1)),
    ],
)
def test_the_rarer_forms_are_read_line_by_line(head: bytes, form: Form, version: Version) -> None:
    assert not is_usual(head)
    assert is_rarer_form(head)
    _, target, read_as, _ = request.parse_head(head, LIMITS)
    assert (target.form, read_as) == (form, version)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"CONNECT / HTTP/1.1\r\nHost: x", 400), (b"CONNECT /a:1 HTTP/1.1\r\nHost: x", 400),
        (b"GET /a#b HTTP/1.1\r\nHost: x", 400), (b"GET a HTTP/1.1\r\nHost: x", 400),
        (b"GET / HTTP/2.0\r\nHost: x", 505), (b"GET / HTTP/0.9\r\nHost: x", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded", 400), (b"GET / HTTP/1.1\r\nHost : x", 400),
        (b"GET / HTTP/1.1\r\nHost: x\n", 400), (b"GET / HTTP/1.1\nHost: x", 400), (b"GET / HTTP/1.1\r\nHost: x\r", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", 400), (b"GET / HTTP/1.1\r\nHost: \x00", 400),
        # What is over a limit in a head that is not usual.
        (b"GET http://h/" + b"a" * 43 + b" HTTP/1.1\r\nHost: x", 414), (b"M" * 33 + b" * HTTP/1.1\r\nHost: x", 501),
        (b"GET / HTTP/1.2" + b"\r\nHost: x" * 5, 431), (b"GET / HTTP/1.2\r\nHost: a b", 400),
        (b"OPTIONS * HTTP/1.1", 400), (b"GET /" + b"a" * 51 + b" HTTP/1.2\r\nHost: x", 414),
    ],
)  # fmt: skip
def test_what_is_not_usual_and_has_a_fault_is_refused(head: bytes, status: int) -> None:
    assert not is_usual(head)
    assert head_status(head) == status


NAMES = st.sampled_from(
    [b"Host", b"host", b"A", b"!#$%&'*+-.^_`|~9z", b"Content-Length", b"H ost", b"", b" A", b"\xe9"]
)
VALUES = st.sampled_from(
    [b"", b"x", b" x:80 ", b"\t\xff \t", b"a b", b" [::1]", b"a\tb", b"\x00", b"a\rb", b"a\nb", b" u@h"]
)
FIELD_LINES = st.lists(st.tuples(NAMES, VALUES).map(b":".join), max_size=6)
METHODS = st.sampled_from(
    [b"GET", b"OPTIONS", b"CONNECT", b"CONNECTS", b"m", b"M" * 32, b"M" * 33, b"G(T", b"", b"GET "]
)
TARGETS = st.sampled_from(
    [b"/", b"//a/..?b?", b"/%2f", b"/%2", b"/?#", b"*", b"http://h", b"http://h/a?b", b"h:80", b"/" + b"a" * 49,
     b"/" + b"a" * 50, b"/" + b"a" * 51, b"/\xff", b"/a b", b""]
)  # fmt: skip
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/1.", b"http/1.1", b"HTTP/1.11"])
REQUEST_LINES = st.tuples(METHODS, TARGETS, VERSIONS).map(b" ".join)
HEADS = st.tuples(REQUEST_LINES, FIELD_LINES).map(lambda parts: b"\r\n".join([parts[0], *parts[1]]))
LEGAL_NAMES = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,5}", fullmatch=True)
LEGAL_VALUES = st.from_regex(rb"[\t\x20-\x7e\x80-\xff]{0,8}", fullmatch=True)
LEGAL_LINES = st.lists(st.tuples(LEGAL_NAMES, LEGAL_VALUES).map(b":".join), max_size=5)
LEGAL_TARGETS = st.from_regex(
    rb"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,4}){1,3}(\?[a-z/?&=]{0,5})?", fullmatch=True
)


@FIXED
@given(
    LEGAL_NAMES.filter(lambda method: method != b"CONNECT"), LEGAL_TARGETS, st.sampled_from([b"0", b"1"]), LEGAL_LINES
)
@example(b"GET", b"/", b"1", [b"Host: h", b"a:", b"a: ", b"a:\t b\t"])
def test_every_head_of_the_grammar_in_origin_form_is_usual_and_read_the_same(
    method: bytes, target: bytes, minor: bytes, lines: list[bytes]
) -> None:
    head = b"\r\n".join([b"%s %s HTTP/1.%s" % (method, target, minor), *lines])
    assert outcome(whole_reading, head) == outcome(request.parse_lines, head)


@settings(FIXED, max_examples=1000)
@given(HEADS)
@example(b"CONNECT h:1 HTTP/1.1\r\nHost: h:1")
@example(b"GET / HTTP/1.2\r\nHost: h")
def test_a_head_is_usual_and_read_the_same_or_refused_or_of_a_rarer_form(head: bytes) -> None:
    by_lines = outcome(request.parse_lines, head)
    assert outcome(request.parse_head, head) == by_lines
    if is_usual(head):
        assert outcome(whole_reading, head) == by_lines
    else:
        assert len(by_lines) == 2 or is_rarer_form(head)


@FIXED
@given(st.sampled_from([b"GET /a?b HTTP/1.1\r\nHost: x:80\r\nA-b: c d", b"PUT /%2f HTTP/1.0\r\na:\tb "]), st.data())
def test_a_usual_head_with_a_few_octets_changed_comes_to_the_same_in_both_ways(
    head: bytes, data: st.DataObject
) -> None:
    octets = bytearray(head)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(octets)))
        octets[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    changed = bytes(octets)
    by_lines = outcome(request.parse_lines, changed)
    assert outcome(request.parse_head, changed) == by_lines
    if not is_usual(changed):
        assert len(by_lines) == 2 or is_rarer_form(changed)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * 50 + b" HTTP/1.1\r\nHost: x", 0),
        (b"GET /" + b"a" * 51 + b" HTTP/1.1\r\nHost: x", 414),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x", 414),
        (b"M" * 32 + b" / HTTP/1.1\r\nHost: x", 0),
        (b"M" * 33 + b" / HTTP/1.1\r\nHost: x", 501),
        (b"M" * 9000 + b" / HTTP/1.1\r\nHost: x", 501),
        (b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 3, 0),
        (b"GET / HTTP/1.1\r\nHost: x" + b"\r\nA: b" * 4, 431),
        (b"GET / HTTP/1.0" + b"\r\nA: b" * 4, 0),
        (b"GET / HTTP/1.0" + b"\r\nA: b" * 9000, 431),
        (b"GET / HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x", 400),
        (b"GET / HTTP/1.1\r\nHost: x, y", 400),
    ],
)
def test_every_limit_is_held_in_both_ways(reading: Reading, head: bytes, status: int) -> None:
    found = outcome(reading, head)
    assert (found[0] if len(found) == 2 else 0) == status


def test_a_usual_head_is_matched_in_linear_time() -> None:
    started = time.process_time()
    for head, unit in (
        (b"G", b"G"), (b"GET /", b"a"), (b"GET ", b"/"), (b"GET /", b"%41"), (b"GET /?", b"/?"), (b"GET /", b" /"),
        (b"GET / HTTP/1.1", b"\r\nA: b"), (b"GET / HTTP/1.1\r\nA:", b" "), (b"GET / HTTP/1.1\r\nA", b"A"),
        (b"GET / HTTP/1.1", b"\r\nA:"), (b"GET / HTTP/1.1\r\nA:", b"a:"),
    ):  # fmt: skip
        assert not is_usual(head + unit * 200_000 + b"\x00")
    assert time.process_time() - started < 5


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
