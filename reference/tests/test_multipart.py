"""The form parser: whole, octet by octet and at every split; what is content, what is a delimiter, and every limit."""

from __future__ import annotations

import itertools
import time
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import multipart
from merkhet_reference.fields import Fields
from merkhet_reference.limits import Limits
from merkhet_reference.multipart import (
    Event,
    FormError,
    FormTooLargeError,
    MultipartParser,
    PartBegin,
    PartData,
    PartEnd,
    State,
)

FIXED = settings(deadline=None, derandomize=True, database=None)
LIMITS = Limits(
    multipart_parts_max=3, multipart_head_bytes_max=60, multipart_field_bytes_max=20, multipart_file_bytes_max=30
)
PLAIN = b"Content-Disposition: form-data; name=a"
FILE = b"Content-Disposition: form-data; name=a; filename=b"
OPEN = b"--b\r\n" + PLAIN + b"\r\n\r\n"
CLOSE = b"\r\n--b--"

Part = tuple[str, str | None, bytes, bool]
"""Name, file name, content, and whether the part has ended."""

Parsed = tuple[list[Part], int]
"""The parts, and the status of the error; 0 where the form is whole, 1 where only its end is missing."""


def parts_of(events: list[Event]) -> list[Part]:
    """The parts that these events are, which must come in their order."""
    parts: list[Part] = []
    for event in events:
        if isinstance(event, PartBegin):
            assert not parts or parts[-1][3]
            parts.append((event.name, event.filename, b"", False))
            continue
        name, filename, content, ended = parts.pop()
        assert not ended
        if isinstance(event, PartData):
            assert event.data
            parts.append((name, filename, content + event.data, False))
        else:
            parts.append((name, filename, content, True))
    return parts


def parsed(pieces: list[bytes], boundary: bytes = b"b", limits: Limits = LIMITS) -> Parsed:
    """What the parser makes of these pieces."""
    parser, events = MultipartParser(boundary, limits), list[Event]()
    try:
        for piece in pieces:
            events += parser.feed(piece)
        parser.end()
    except FormError as error:
        is_cut = "ends before" in error.why
        return parts_of(events), 1 if is_cut else error.status
    return parts_of(events), 0


def in_every_segmentation(body: bytes, boundary: bytes = b"b", limits: Limits = LIMITS) -> Parsed:
    """What the body comes to, the same however it is cut."""
    whole = parsed([body], boundary, limits)
    assert parsed([body[at : at + 1] for at in range(len(body))], boundary, limits) == whole
    for at in range(len(body) + 1):
        assert parsed([body[:at], body[at:]], boundary, limits) == whole
    return whole


def field(content: bytes, name: str = "a") -> Part:
    return name, None, content, True


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/form-data; boundary=b", b"b"),
        (b"Multipart/Form-DATA;BOUNDARY=--aB'+_-.", b"--aB'+_-."),
        (b'multipart/form-data; charset=x; boundary="a:b c"', b"a:b c"),
        (b'multipart/form-data ;; boundary="\\a"; x="; boundary=c"', b"a"),
        (b"multipart/form-data; boundary=" + b"x" * 70, b"x" * 70),
        (b'multipart/form-data; boundary="\'()+_,-./:=?"', b"'()+_,-./:=?"),
        (b'multipart/form-data; boundary=" ?"', b" ?"),
    ],
)
def test_a_boundary_is_named(content_type: bytes, boundary: bytes) -> None:
    assert multipart.boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        b"", b"multipart/form-data", b"multipart/form-data;", b"multipart/form-data; boundary",
        b"multipart/form-data; boundary=", b'multipart/form-data; boundary=""', b'multipart/form-data; boundary="b',
        b"multipart/form-data; boundary=" + b"x" * 71, b"multipart/form-data; boundary=" + b"x" * 100_000,
        b'multipart/form-data; boundary="b "', b'multipart/form-data; boundary=" "', b'multipart/form-data; boundary="a\tb"',
        b"multipart/form-data; boundary=a:b", b"multipart/form-data; boundary=a!", b"multipart/form-data; boundary=a*b",
        b'multipart/form-data; boundary="\xe9"', b'multipart/form-data; boundary="b;"', b'multipart/form-data; boundary="b\\\\"',
        b"multipart/form-data; boundary=b; boundary=b", b"multipart/form-data; boundary=b; Boundary=c",
        b"multipart/form-data; boundary =b", b"multipart/form-data boundary=b", b"multipart/form-data, boundary=b",
        b"multipart/form-data; xboundary=b", b"multipart/mixed; boundary=b", b"multipart/form-datax; boundary=b",
        b"application/x-www-form-urlencoded; boundary=b", b"multipart/form-data; boundary=b\n",
        b"multipart/form-data; boundary=b, multipart/form-data; boundary=c",
    ],
)  # fmt: skip
def test_no_legal_boundary_is_refused(content_type: bytes) -> None:
    with pytest.raises(FormError) as caught:
        multipart.boundary_of(content_type)
    assert caught.value.status == 400


def test_a_long_content_type_takes_linear_time() -> None:
    """CVE-2024-24762: a run of backslashes."""
    started = time.process_time()
    for unit in (b"\\\\", b";", b" ;a=b", b'"', b"x"):
        with pytest.raises(FormError):
            multipart.boundary_of(b'multipart/form-data; boundary="' + unit * 100_001 + b"\x00")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (OPEN + b"value" + CLOSE, [field(b"value")]),
        (OPEN + CLOSE, [field(b"")]),
        # The CRLF of the empty line is the delimiter's: a part that has no body at all.
        (OPEN + CLOSE[2:], [field(b"")]),
        (OPEN + b"--b\r\n" + FILE + b"\r\n\r\n--b--\r\n", [field(b""), ("a", "b", b"", True)]),
        (OPEN + b"1\r\n" + OPEN + b"2\r\n--b\r\n" + FILE + b"\r\n\r\n3" + CLOSE,
         [field(b"1"), field(b"2"), ("a", "b", b"3", True)]),
        # What browsers send for a form without entries.
        (b"--b--\r\n", []),
        (b"--b--", []),
        # Preamble and epilogue.
        (b"\r\n" + OPEN + b"x" + CLOSE + b"\r\n", [field(b"x")]),
        (b"This is\r\n--a\r\n-- b\r\n--\r\n x--b\r\n\r\n" + OPEN + b"x" + CLOSE + b"\r\nand\r\n" + OPEN + b"y" + CLOSE,
         [field(b"x")]),
        (b"\r\r\n" + OPEN + b"x" + CLOSE, [field(b"x")]),
        # Transport padding.
        (b"--b \t\r\n" + PLAIN + b"\r\n\r\nx\r\n--b-- \t ", [field(b"x")]),
        (b"--b" + b" " * 99 + b"\r\n" + PLAIN + b"\r\n\r\nx" + CLOSE + b"\t" * 99 + b"\r\n\n", [field(b"x")]),
    ],
)  # fmt: skip
def test_a_form_is_read(body: bytes, parts: list[Part]) -> None:
    assert in_every_segmentation(body) == (parts, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r", b"\r\n\r\n", b"-", b"--", b"\r\n-", b"\r\n--", b"\r\n-\r\n--", b"--a", b"---b",
        b"x--b", b"x--b--", b"x\n--b--", b"x\r--b", b"\n--b\r\n", b"\r--b--\r\n", b"\r\n --b", b"\r\n-b", b"\r\n--\r\nb",
        b"\r\n--a\r\n", b"\r\n--a--", b"\r\n--B\r\n", b"\r\n-\r-", b"\r\n--\r\n--", b"\x00\xff\r\r\r\r\n", b"b", b"-b", b"ab--",
    ],
)  # fmt: skip
def test_what_looks_like_a_delimiter_is_content(content: bytes) -> None:
    assert in_every_segmentation(OPEN + content + CLOSE) == ([field(content)], 0)
    assert in_every_segmentation(OPEN + content + CLOSE[:-2] + OPEN[3:] + content + CLOSE) == ([field(content)] * 2, 0)


@pytest.mark.parametrize(
    "boundary", [b"ab", b"-", b"--", b"a--", b"--a", b"a b", b"=_?:", b"x" * 70, b"aab", b"-" * 35 + b"aa"]
)
def test_a_prefix_of_the_boundary_is_content(boundary: bytes) -> None:
    """A nested form whose boundary is a prefix, and the boundary without the CRLF before it, are content."""
    limits = Limits()
    for end in range(len(boundary)):
        content = b"\r\n--%s\r\nContent-Disposition: x\r\n\r\n\r\n--%s" % (boundary[:end], boundary[:end])
        if b"\r\n--" + boundary in content + b"\r\n":
            continue  # dashes alone, which begin the boundary's own line
        body = b"--%s\r\n%s\r\n\r\nx%s\r\n--%s--" % (boundary, PLAIN, content, boundary)
        assert parsed([body], boundary, limits) == ([field(b"x" + content)], 0)
        assert parsed([body[at : at + 1] for at in range(len(body))], boundary, limits) == ([field(b"x" + content)], 0)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        # A line that begins with the boundary and is no delimiter.
        (b"--bx", []), (b"--b-\r\n", []), (b"--b -- \r\n", []), (b"x\r\n--bb\r\n", []), (b"--b\n", []), (b"--b\r\r\n", []),
        (OPEN + b"x\r\n--bc\r\n", [field(b"x")]),
        (OPEN + b"x\r\n--b\x0b\r\n", [field(b"x")]),
        (OPEN + b"x\r\n--b\rx", [field(b"x")]),
        (OPEN + b"x\r\n--b-x", [field(b"x")]),
        (OPEN + b"--bc", [field(b"")]),
        (OPEN + b"x" + CLOSE + b"x", [field(b"x")]),
        (OPEN + b"x" + CLOSE + b"-", [field(b"x")]),
        (OPEN + b"x" + CLOSE + b" \n", [field(b"x")]),
        # No head, no name, a head in the wrong shape.
        (b"--b\r\n\r\nx" + CLOSE, []),
        (b"--b\r\nX: y\r\n\r\nx" + CLOSE, []),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nx" + CLOSE, []),
        (b"--b\r\n" + PLAIN + b"\r\n--b\r\n\r\nx" + CLOSE, []),
        (OPEN + b"1\r\n--b\r\nX: y\r\n\r\nx" + CLOSE, [field(b"1")]),
        (OPEN + b"1\r\n--b\r\n" + PLAIN + b"\nX: y\r\n\r\nx" + CLOSE, [field(b"1")]),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_400_behind_what_was_good(body: bytes, parts: list[Part]) -> None:
    assert in_every_segmentation(body) == (parts, 400)


def test_a_boundary_in_a_head_is_none_of_its_field_lines() -> None:
    """CVE-2024-30251 and its like: a delimiter where no delimiter may stand must not be read past."""
    body = b"--a:b\r\n--a:b\r\n" + PLAIN + b"\r\n\r\nx\r\n--a:b--"
    assert in_every_segmentation(body, b"a:b") == ([], 400)
    body = b"--a:b\r\n" + PLAIN + b"\r\n--a:b\r\n\r\nx\r\n--a:b--"
    assert in_every_segmentation(body, b"a:b") == ([], 400)
    body = b"--a:b\r\n-" + PLAIN + b"\r\n" + PLAIN + b"\r\n--a: b\r\n\r\nx\r\n--a:b--"
    assert in_every_segmentation(body, b"a:b", Limits()) == ([field(b"x")], 0)


def test_every_form_that_is_cut_short_says_so() -> None:
    body = b"preamble\r\n" + OPEN + b"1\r\n" + OPEN + b"2\r\n" + CLOSE
    whole = [field(b"1"), field(b"2\r\n")]
    assert parsed([body]) == (whole, 0)
    for end in range(len(body)):
        parts, status = parsed([body[:end]])
        assert status == 1
        ended = [part for part in parts if part[3]]
        assert ended == whole[: len(ended)]
        for _, _, content, _ in parts[len(ended) :]:
            assert whole[len(ended)][2].startswith(content)
    assert parsed([]) == ([], 1)
    assert parsed([body + b"\r"])[1] == 1
    assert parsed([body + b" "])[1] == 0


@pytest.mark.parametrize(
    ("body", "parts", "status"),
    [
        # A field's octets, a file's octets; each part has its own count, and its own bound.
        (OPEN + b"x" * 20 + CLOSE, [field(b"x" * 20)], 0),
        (OPEN + b"x" * 21 + CLOSE, [("a", None, b"x" * 20, False)], 413),
        (OPEN + b"x" * 99, [("a", None, b"x" * 20, False)], 413),
        (OPEN + b"x" * 18 + b"\r\n" + CLOSE, [field(b"x" * 18 + b"\r\n")], 0),
        (OPEN + b"x" * 20 + b"\r\n-", [("a", None, b"x" * 20, False)], 1),
        (OPEN + b"x" * 20 + b"\r\n-x", [("a", None, b"x" * 20, False)], 413),
        ((OPEN + b"x" * 20 + b"\r\n") * 3 + CLOSE[2:], [field(b"x" * 20)] * 3, 0),
        (b"--b\r\n" + FILE + b"\r\n\r\n" + b"x" * 30 + CLOSE, [("a", "b", b"x" * 30, True)], 0),
        (b"--b\r\n" + FILE + b"\r\n\r\n" + b"x" * 31 + CLOSE, [("a", "b", b"x" * 30, False)], 413),
        (b"--b\r\n" + FILE + b"\r\n\r\n" + b"x" * 30 + b"\r\n" + OPEN + b"x" * 21 + CLOSE,
         [("a", "b", b"x" * 30, True), ("a", None, b"x" * 20, False)], 413),
        # Parts.
        ((OPEN + b"\r\n") * 3 + CLOSE[2:], [field(b"")] * 3, 0),
        ((OPEN + b"\r\n") * 4 + CLOSE[2:], [field(b"")] * 3, 413),
        ((OPEN + b"\r\n") * 3 + b"--b \r\n", [field(b"")] * 3, 413),
        ((OPEN + b"\r\n") * 3 + b"--b \r", [field(b"")] * 3, 1),
        # The header section of a part.
        (b"--b\r\n" + PLAIN + b"\r\nX: " + b"y" * 17 + b"\r\n\r\nx" + CLOSE, [field(b"x")], 0),
        (b"--b\r\n" + PLAIN + b"\r\nX: " + b"y" * 18 + b"\r\n\r\nx" + CLOSE, [], 413),
        (b"--b\r\n" + PLAIN + b"\r\nX: " + b"y" * 99, [], 413),
        (b"--b\r\n" + b"X: y\r\n" * 99, [], 413),
        (b"--b\r\n" + b"\x00" * 63, [], 1),
        (b"--b\r\n" + b"\x00" * 64, [], 413),
        (OPEN + b"1\r\n--b\r\n" + b"X" * 64, [field(b"1")], 413),
    ],
)  # fmt: skip
def test_every_limit_at_its_edge(body: bytes, parts: list[Part], status: int) -> None:
    assert in_every_segmentation(body) == (parts, status)


def test_an_error_is_raised_again_and_nothing_is_read_behind_it() -> None:
    parser = MultipartParser(b"b", LIMITS)
    assert parts_of(parser.feed(OPEN + b"x\r\n--b!" + b"y" * 1000)) == [field(b"x")]
    for call in (lambda: parser.feed(OPEN), parser.end, lambda: parser.feed(b"")):
        with pytest.raises(FormError, match="begins with the boundary"):
            call()
    with pytest.raises(FormTooLargeError):
        MultipartParser(b"b", LIMITS).feed(b"--b\r\n" + b"x" * 100)


def test_events_say_all_that_a_part_says() -> None:
    head = b'content-disposition: form-data; name="n"; filename="f"\r\nContent-Type: a/b'
    body = b"--b\r\n" + head + b"\r\n\r\nx" + CLOSE
    fields = Fields([(b"content-disposition", b'form-data; name="n"; filename="f"'), (b"Content-Type", b"a/b")])
    expected = [PartBegin("n", "f", b"a/b", fields), PartData(b"x"), PartEnd()]
    assert MultipartParser(b"b", Limits()).feed(body) == expected


def test_what_cannot_be_a_delimiter_any_more_is_given_at_once() -> None:
    parser = MultipartParser(b"b", LIMITS)
    parser.feed(OPEN)
    assert parser.feed(b"abc") == [PartData(b"abc")]
    assert parser.feed(b"d\r\n--") == [PartData(b"d")]
    assert parser.feed(b"") == []
    assert parser.feed(b"\r") == [PartData(b"\r\n--")]
    assert parser.feed(b"-") == [PartData(b"\r-")]


def test_states_and_moves_reach_everything() -> None:
    assert set(multipart.STEPS) == set(State)
    assert {State.PREAMBLE, *multipart.TRANSITIONS.values()} == set(State)
    assert not [state for state, _ in multipart.TRANSITIONS if state is State.EPILOGUE]


LARGE = Limits(multipart_head_bytes_max=1 << 20, multipart_file_bytes_max=1 << 30)
LARGE_OPEN = b"--bb\r\n" + FILE + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        (b"", b"x"), (b"", b"\r"), (b"", b"\r\n"), (b"", b"\r\n--b"), (b"", b"x--bb"), (b"--bb", b" "),
        (b"--bb\r\n", b"X: y\r\n"), (LARGE_OPEN, b"x"), (LARGE_OPEN, b"\r"), (LARGE_OPEN, b"\r\n"), (LARGE_OPEN, b"\r\n--b"),
        (LARGE_OPEN, b"\n--bb"), (LARGE_OPEN + b"\r\n--bb--", b"\t"), (LARGE_OPEN + b"\r\n--bb--\r\n", b"\r\n--bb\r\n"),
        (LARGE_OPEN, b"\r" + b"x" * 999),
    ],
)  # fmt: skip
@pytest.mark.parametrize("piece", [1, 7, 65536, 1 << 24])
def test_octets_take_linear_time_and_are_not_kept(before: bytes, unit: bytes, piece: int) -> None:
    """CVE-2023-46136 (content behind a CR), CVE-2024-53981 (preamble and epilogue, octet by octet)."""
    total = 200_000 if piece < 100 else 8_000_000
    octets = unit * (min(total, 1_000_000 if unit == b"X: y\r\n" else total) // len(unit))
    parser = MultipartParser(b"bb", LARGE)
    parser.feed(before)
    started = time.process_time()
    taken = 0
    for at in range(0, len(octets), piece):
        events = parser.feed(octets[at : at + piece])
        taken += sum(len(event.data) for event in events if isinstance(event, PartData))
        assert len(events) <= 2
    assert time.process_time() - started < 5
    kept = parser.buffered_bytes
    assert kept < 10 or (parser.state is State.HEAD and kept == len(octets))
    if parser.state in {State.CONTENT, State.CONTENT_START}:
        assert taken + kept == len(octets)


def test_thousands_of_parts_take_linear_time() -> None:
    """CVE-2023-25577 and its like are a matter of the limit; under a large one, time is still linear in the octets."""
    limits = Limits(multipart_parts_max=20_000)
    body = b"".join(b"--b\r\n" + PLAIN + b"\r\n\r\n%d\r\n" % number for number in range(20_000)) + b"--b--"
    started = time.process_time()
    parts, status = parsed([body], limits=limits)
    assert (len(parts), status, parts[-1]) == (20_000, 0, field(b"19999"))
    assert time.process_time() - started < 10
    assert parsed([body]) == ([field(b"0"), field(b"1"), field(b"2")], 413)


def test_the_parts_of_mail_software_are_read() -> None:
    form, wanted = EmailMessage(policy=policy.SMTP), list[Part]()
    form["Content-Type"] = "multipart/form-data"
    for number, text in enumerate(["", "plain", "two\nlines\n", "--\n--b", "é" * 40]):
        part = EmailMessage(policy=policy.SMTP)
        part.set_content(text, cte="8bit")
        filename = f'a "quoted\\ name" that is long enough to be folded {number}' if number % 2 else None
        names = {"name": f"f{number}"} | ({"filename": filename} if filename else {})
        part.add_header("Content-Disposition", "form-data", **names)
        form.attach(part)
        content = text.rstrip("\n").replace("\n", "\r\n") + "\r\n" if text else "\r\n"
        wanted.append((f"f{number}", filename, content.encode(), True))
    head, _, body = form.as_bytes().partition(b"\r\n\r\n")
    content_type = b" ".join(line.strip() for line in head.splitlines() if b"ultipart" in line or b"boundary" in line)
    boundary = multipart.boundary_of(content_type.partition(b":")[2].strip())
    assert b";\r\n filename=" in body
    assert in_every_segmentation(body, boundary, Limits()) == (wanted, 0)


CONTENT = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"b", b"x", b"\r\n--", b"--a", b" ", b"\x00"]), max_size=12
)


@FIXED
@given(st.lists(CONTENT.map(b"".join), max_size=5), st.lists(st.integers(0, 700), max_size=8), st.binary(max_size=9))
def test_what_was_written_is_read(contents: list[bytes], cuts: list[int], epilogue: bytes) -> None:
    contents = [content.replace(b"\r\n--b", b"") for content in contents]
    contents = [b"x" + content for content in contents if b"\r\n--b" not in content]
    body = b"".join(OPEN + content + b"\r\n" for content in contents) + b"--b--\r\n" + epilogue
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[begin:end] for begin, end in itertools.pairwise(edges)]
    limits = Limits(multipart_parts_max=5)
    assert parsed(pieces, limits=limits) == ([field(content) for content in contents], 0)


@FIXED
@given(
    st.lists(
        st.sampled_from(
            [OPEN, CLOSE, b"--b", b"--b\r\n", PLAIN, FILE, b"\r\n", b"\r", b"\n", b"-", b"--", b" ", b"b", b"x" * 9]
        ),
        max_size=10,
    )
)
def test_any_octets_come_to_the_same_however_they_are_cut(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    whole = in_every_segmentation(body)
    assert parsed(pieces) == whole
    assert whole[1] in {0, 1, 400, 413}
