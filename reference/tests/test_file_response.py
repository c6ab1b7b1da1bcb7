"""How a file is answered: every status, every form of content, and a descriptor that is closed once whatever happens."""

from __future__ import annotations

import gzip
import mmap
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import (
    byteranges,
    coding,
    conditional,
    disposition,
    file_response,
    http_date,
    mime,
    ranges,
    validators,
)
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.file_response import READ_BYTES_MAX, Asked, Plan, Presentation
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import FileSegment
from merkhet_reference.paths import OpenedFile
from merkhet_reference.ranges import ByteRange

FIXED = settings(deadline=None, derandomize=True, database=None)
NOW = 1731000000.5
CHANGED = 1730990000
"""Seconds, hours before NOW: a file that has just changed has a weak tag."""
CHANGED_DATE = b"Thu, 07 Nov 2024 14:33:20 GMT"
LATER_DATE = b"Thu, 07 Nov 2024 14:33:21 GMT"
EARLIER_DATE = b"Thu, 07 Nov 2024 14:33:19 GMT"
LIMITS = Limits()
TEN = b"0123456789"
LARGE = bytes(index % 251 for index in range(100_000))
TEXT = b"a line of text that is told again and again\n" * 40
GZIP = (b"Accept-Encoding", b"gzip")


class Descriptors:
    """Every descriptor that was opened and closed, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []
        self._open, self._close = os.open, os.close
        monkeypatch.setattr(os, "open", self._opening)
        monkeypatch.setattr(os, "close", self._closing)

    def _opening(self, *arguments: Any, **named: Any) -> int:
        self.opened.append(self._open(*arguments, **named))
        return self.opened[-1]

    def _closing(self, descriptor: int) -> None:
        self.closed.append(descriptor)
        self._close(descriptor)


@pytest.fixture(autouse=True)
def descriptors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Descriptors]:
    """Every test here closes what it opened, each descriptor once."""
    seen = Descriptors(monkeypatch)
    yield seen
    assert sorted(seen.closed) == sorted(seen.opened)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contents = {
        "ten": TEN, "large": LARGE, "a.txt": TEXT, "a.png": TEXT, "a.css": TEXT, "empty": b"", "one": b"x", "tiny.txt": b"t" * 255,
        "edge": LARGE[:READ_BYTES_MAX], "beyond": LARGE[: READ_BYTES_MAX + 1],
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (CHANGED, CHANGED))
    return tmp_path


@dataclass
class Sent:
    """An answer as its client has it. `is_read`: its content was read at once, none of it is left to the system."""

    status: int
    fields: Fields
    length: int | None
    content: bytes
    is_read: bool

    def __getitem__(self, name: str) -> bytes | None:
        return self.fields.get(name.encode())


def sent(plan: Plan) -> Sent:
    """Send a plan, as the outbox would: each segment is closed behind its octets."""
    content = b""
    for part in plan.parts:
        if isinstance(part, FileSegment):
            content += os.pread(part.descriptor, part.count, part.offset)
            part.close()
        else:
            content += part
    assert len(content) == (plan.length or 0)
    is_read = not any(isinstance(part, FileSegment) for part in plan.parts)
    return Sent(plan.status, Fields(plan.fields), plan.length, content, is_read)


def asked_by(method: str, lines: list[FieldLine], *, now: float = NOW, limits: Limits = LIMITS) -> Asked:
    connection = Connection(Limits())
    connection.receive(
        b"%s / HTTP/1.1\r\nHost: x\r\n" % method.encode() + b"".join(b"%s: %s\r\n" % line for line in lines) + b"\r\n"
    )
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    return Asked(head, now, limits)


def answer(
    path: Path,
    *lines: FieldLine,
    method: str = "GET",
    presentation: Presentation | None = None,
    extra: tuple[FieldLine, ...] = (),
    now: float = NOW,
    limits: Limits = LIMITS,
) -> Sent:
    asked = asked_by(method, list(lines), now=now, limits=limits)
    opened = file_response.open_file(path)
    return sent(file_response.plan(asked, opened, presentation or Presentation(path.name), extra))


def tag_of(path: Path) -> bytes:
    tag = answer(path)["ETag"]
    assert tag is not None
    return tag


def parts_of(answered: Sent) -> list[tuple[bytes | None, bytes | None, bytes]]:
    """Content-Type, Content-Range and octets of each part of a multipart/byteranges, read by its boundary alone."""
    match = re.fullmatch(rb"multipart/byteranges; boundary=(.+)", answered["Content-Type"] or b"")
    assert match is not None
    delimiter = b"\r\n--" + match[1]
    first, *parts, last = (b"\r\n" + answered.content).split(delimiter)
    assert (first, last) == (b"", b"--\r\n")
    found: list[tuple[bytes | None, bytes | None, bytes]] = []
    for part in parts:
        head, _, octets = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = Fields([(name, value) for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n"))])
        found.append((lines.get(b"Content-Type"), lines.get(b"Content-Range"), octets))
    return found


# Whole


@pytest.mark.parametrize(
    ("name", "content", "is_read"),
    [
        ("empty", b"", True), ("one", b"x", True), ("ten", TEN, True), ("edge", LARGE[:READ_BYTES_MAX], True),
        ("beyond", LARGE[: READ_BYTES_MAX + 1], False), ("large", LARGE, False),
    ],
)  # fmt: skip
def test_a_file_is_sent_whole_and_says_what_it_is(folder: Path, name: str, content: bytes, *, is_read: bool) -> None:
    """Promise 18: a download of any size is no 413, and of a large one nothing comes into this process."""
    answered = answer(folder / name)
    assert (answered.status, answered.content, answered.length, answered.is_read) == (
        200,
        content,
        len(content),
        is_read,
    )
    assert [line for line in answered.fields if line[0] != b"ETag"] == [
        (b"Content-Type", b"application/octet-stream"), (b"Last-Modified", CHANGED_DATE), (b"Accept-Ranges", b"bytes"),
        (b"Cache-Control", b"no-cache"),
    ]  # fmt: skip
    assert re.fullmatch(rb'"[0-9a-f]+"', answered["ETag"] or b"")


@pytest.mark.parametrize("name", ["empty", "one", "ten", "large"])
def test_head_has_the_fields_and_the_length_of_get(folder: Path, name: str) -> None:
    """Promise 17: HEAD."""
    got, headed = answer(folder / name), answer(folder / name, method="HEAD")
    assert (headed.status, headed.fields, headed.length) == (200, got.fields, got.length)


@pytest.mark.parametrize(
    ("name", "given", "kind"),
    [
        ("a.png", None, b"image/png"), ("A.PNG", None, b"image/png"), ("video.mp4", None, b"video/mp4"),
        ("a", None, b"application/octet-stream"), ("a.tar.gz", None, b"application/gzip"),
        ("a.txt", None, b"text/plain; charset=utf-8"), ("a.html", None, b"text/html; charset=utf-8"),
        ("a.txt", "image/png", b"image/png"), ("a", "text/css", b"text/css; charset=utf-8"),
        ("a", "text/css; charset=latin-1", b"text/css; charset=latin-1"),
    ],
)  # fmt: skip
def test_the_type_is_that_of_the_name_unless_it_is_given(
    folder: Path, name: str, given: str | None, kind: bytes
) -> None:
    """Promise 14: MIME by extension. Promise 21: detectMimeType."""
    assert answer(folder / "ten", presentation=Presentation(name, given))["Content-Type"] == kind


@pytest.mark.parametrize(
    ("presentation", "value"),
    [
        (Presentation("a.txt"), None),
        (Presentation("a.txt", attachment=True), b'attachment; filename="a.txt"'),
        (Presentation("a.txt", attachment=True, filename="b c.txt"), b'attachment; filename="b c.txt"'),
        (Presentation("a.txt", filename="b.txt"), b'inline; filename="b.txt"'),
        (Presentation("é.txt", attachment=True), b"attachment; filename=\"e.txt\"; filename*=UTF-8''%C3%A9.txt"),
        (Presentation("a\r\nSet-Cookie: x", attachment=True), b'attachment; filename="a__Set-Cookie: x"'),
        (Presentation("a.txt", attachment=True, filename="/etc/.."), b"attachment"),
        (Presentation("a.txt", attachment=True, filename="/etc/\n.."), b'attachment; filename="_.."'),
    ],
)  # fmt: skip
def test_what_it_is_saved_as(folder: Path, presentation: Presentation, value: bytes | None) -> None:
    """Promise 20: respondFile(path, contentType, attachment). Promise 21: setContentDisposition, CR and LF safe."""
    assert answer(folder / "ten", presentation=presentation)["Content-Disposition"] == value


# One range


@pytest.mark.parametrize("name", ["ten", "large"])
@pytest.mark.parametrize(
    ("value", "start", "stop"),
    [
        (b"bytes=0-4", 0, 4), (b"bytes=0-0", 0, 0), (b"bytes=5-", 5, -1), (b"bytes=-3", -3, -1), (b"bytes=-1", -1, -1),
        (b"bytes=0-", 0, -1), (b"bytes=2-999999999", 2, -1), (b"bytes=-999999999", 0, -1), (b"BYTES= 1-2 ", 1, 2),
        (b"bytes=0-1,2-3", 0, 3), (b"bytes=5-5,999999999-", 5, 5), (b"bytes=0-99999999999999999999999", 0, -1),
    ],
)  # fmt: skip
def test_one_range_is_a_206_with_that_range(folder: Path, name: str, value: bytes, start: int, stop: int) -> None:
    """Promises 13 and 17: 206 with Content-Range; `bytes=-500` is the last 500, and what is past the end is clamped."""
    content = (folder / name).read_bytes()
    first, last = start % len(content), stop % len(content)
    answered = answer(folder / name, (b"Range", value))
    assert (answered.status, answered.content) == (206, content[first : last + 1])
    assert answered["Content-Range"] == b"bytes %d-%d/%d" % (first, last, len(content))
    whole = answer(folder / name)
    # Section 15.3.7: all that the 200 would say, and once.
    assert list(answered.fields) == [*whole.fields, (b"Content-Range", answered["Content-Range"])]


@pytest.mark.parametrize(
    "value", [b"bytes=10-", b"bytes=10-20", b"bytes=-0", b"bytes=999999999999999999999-", b"bytes=10-,11-"]
)
@pytest.mark.parametrize("lines", [(), ((b"If-None-Match", b'"other"'),), (GZIP,)])
def test_no_range_that_the_file_has_is_416_and_how_long_it_is(
    folder: Path, value: bytes, lines: tuple[FieldLine, ...]
) -> None:
    """Promise 15: 416 with `Content-Range: bytes */size`."""
    answered = answer(folder / "ten", (b"Range", value), *lines)
    assert (answered.status, answered.content, answered.length) == (416, b"", 0)
    assert list(answered.fields) == [(b"Content-Range", b"bytes */10")]


@pytest.mark.parametrize(
    "value",
    [b"bytes=5-2", b"bytes=a-b", b"bytes=1-2-3", b"bytes=", b"bytes", b"items=0-4", b"bytes=0-1,x", b"0-4",
     b"bytes=" + b",".join(b"%d-%d" % (at, at) for at in range(0, 99, 3))],
)  # fmt: skip
@pytest.mark.parametrize("name", ["ten", "large"])
def test_a_range_that_is_none_is_ignored(folder: Path, name: str, value: bytes) -> None:
    """Promise 17: a malformed Range is ignored; the tutorial's own program sends a negative length, or 500."""
    assert answer(folder / name, (b"Range", value)) == answer(folder / name)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "M"])
@pytest.mark.parametrize("value", [b"bytes=0-4", b"bytes=10-", b"bytes=0-0,5-5"])
def test_only_get_has_ranges(folder: Path, method: str, value: bytes) -> None:
    """Section 14.2. The tutorial's own program answers HEAD with a 206."""
    answered, whole = answer(folder / "ten", (b"Range", value), method=method), answer(folder / "ten")
    assert (answered.status, answered.length, answered.fields) == (200, 10, whole.fields)


@pytest.mark.parametrize("value", [b"bytes=0-", b"bytes=0-0", b"bytes=-1", b"bytes=5-", b"bytes=0-0,-1"])
def test_an_empty_file_has_no_ranges_and_is_sent_as_it_is(folder: Path, value: bytes) -> None:
    answered = answer(folder / "empty", (b"Range", value))
    assert (answered.status, answered.content, answered.length) == (200, b"", 0)
    assert answered["Content-Range"] is None


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"bytes=0-0", 206),
        (b"bytes=0-", 206),
        (b"bytes=-1", 206),
        (b"bytes=-5", 206),
        (b"bytes=1-", 416),
        (b"bytes=-0", 416),
    ],
)
def test_a_file_of_one_octet(folder: Path, value: bytes, status: int) -> None:
    answered = answer(folder / "one", (b"Range", value))
    assert (answered.status, answered.content) == (status, b"x" if status == 206 else b"")
    assert answered["Content-Range"] == (b"bytes 0-0/1" if status == 206 else b"bytes */1")


def test_a_player_seeks(folder: Path) -> None:
    """Promise 11: the whole by 206 at first, then what is behind a position, as a browser's video does it."""
    began = answer(folder / "large", (b"Range", b"bytes=0-"), (b"Accept-Encoding", b"identity;q=1, *;q=0"))
    assert (began.status, began.content, began["Accept-Ranges"]) == (206, LARGE, b"bytes")
    sought = answer(folder / "large", (b"Range", b"bytes=70000-"), (b"If-Range", began["ETag"] or b""))
    assert (sought.status, sought.content) == (206, LARGE[70000:])


def test_a_download_is_resumed_where_it_stopped_and_begins_anew_if_the_file_changed(folder: Path) -> None:
    """Promise 11: resumable, as `curl -C -` does it."""
    tag = tag_of(folder / "large")
    rest = answer(folder / "large", (b"Range", b"bytes=40000-"), (b"If-Range", tag))
    assert (rest.status, LARGE[:40000] + rest.content) == (206, LARGE)
    (folder / "large").write_bytes(LARGE[::-1])
    os.utime(folder / "large", (CHANGED + 60, CHANGED + 60))
    anew = answer(folder / "large", (b"Range", b"bytes=40000-"), (b"If-Range", tag))
    assert (anew.status, anew.content, anew["Content-Range"]) == (200, LARGE[::-1], None)
    assert anew["ETag"] != tag


def test_several_connections_fetch_a_file_in_pieces(folder: Path) -> None:
    """Promise 11: multi-connection, as `aria2c -x` does it."""
    step = 7001
    pieces = [
        answer(folder / "large", (b"Range", b"bytes=%d-%d" % (at, at + step - 1))) for at in range(0, len(LARGE), step)
    ]
    assert {piece.status for piece in pieces} == {206}
    assert len({piece["ETag"] for piece in pieces}) == 1
    assert b"".join(piece.content for piece in pieces) == LARGE


# Several ranges


@pytest.mark.parametrize(
    ("value", "wanted", "is_read"),
    [
        (b"bytes=0-4,50000-50004", [(0, 4), (50000, 50004)], True),
        (b"bytes=50000-50004,0-4", [(50000, 50004), (0, 4)], True),
        (b"bytes=0-0,-1", [(0, 0), (99999, 99999)], True),
        (b"bytes=0-9,5-19,40-49", [(0, 19), (40, 49)], True),
        (b"bytes=0-16383,50000-66383", [(0, 16383), (50000, 66383)], True),
        (b"bytes=0-16383,50000-66384", [(0, 16383), (50000, 66384)], False),
        (b"bytes=0-39999,60000-", [(0, 39999), (60000, 99999)], False),
        (b"bytes=90000-,0-29999,40000-40000,200000-", [(90000, 99999), (0, 29999), (40000, 40000)], False),
    ],
)
def test_several_ranges_are_parts_of_one_answer(
    folder: Path, value: bytes, wanted: list[tuple[int, int]], *, is_read: bool
) -> None:
    """Promise 16: multipart/byteranges, merged; the tutorial's own program sends the first range alone."""
    answered = answer(folder / "large", (b"Range", value))
    assert (answered.status, answered.is_read, answered["Content-Range"]) == (206, is_read, None)
    assert parts_of(answered) == [
        (b"application/octet-stream", b"bytes %d-%d/100000" % (start, stop), LARGE[start : stop + 1])
        for start, stop in wanted
    ]
    assert [line for line in answered.fields if line[0] != b"Content-Type"] == [
        line for line in answer(folder / "large").fields if line[0] != b"Content-Type"
    ]


def test_no_two_answers_have_the_same_boundary_and_the_parts_have_the_type_of_the_file(folder: Path) -> None:
    first, second = (answer(folder / "a.txt", (b"Range", b"bytes=0-0,900-900")) for _ in range(2))
    assert len(first.fields.get_all(b"Content-Type")) == 1
    assert first["Content-Type"] != second["Content-Type"]
    assert parts_of(first) == parts_of(second)
    assert [part[0] for part in parts_of(first)] == [b"text/plain; charset=utf-8"] * 2


@pytest.mark.parametrize("conditions", [(), ("ETag",), ("Last-Modified",)])
def test_who_has_a_validator_is_not_told_again_when_it_changed(folder: Path, conditions: tuple[str, ...]) -> None:
    whole = answer(folder / "ten")
    lines = [(b"If-Range", whole[name] or b"") for name in conditions]
    partial = answer(folder / "ten", (b"Range", b"bytes=0-1"), *lines)
    assert partial.status == 206
    assert partial["ETag"] == whole["ETag"]
    assert partial["Last-Modified"] == (None if conditions else whole["Last-Modified"])


def test_the_last_segment_closes_the_file_and_none_before_it(folder: Path) -> None:
    page = mmap.PAGESIZE
    asked = asked_by("GET", [(b"Range", f"bytes=0-39999,{10 * page}-".encode())])
    plan = file_response.plan(asked, file_response.open_file(folder / "large"), Presentation("large"), ())
    segments = [part for part in plan.parts if isinstance(part, FileSegment)]
    assert [(part.offset, part.count, part.owns) for part in segments] == [
        (0, 40000, False), (10 * page, 100000 - 10 * page, True),
    ]  # fmt: skip
    plan.close()
    plan.close()


@pytest.mark.parametrize("before", [0, 1, 2, mmap.PAGESIZE - 1])
def test_what_lies_before_the_first_whole_page_is_read(folder: Path, before: int) -> None:
    page = mmap.PAGESIZE
    piece = ByteRange(2 * page - before, 99_999)
    with file_response.open_file(folder / "large") as opened:
        *octets, segment = file_response.segments(opened, [piece])
        assert octets == ([LARGE[piece.start : 2 * page]] if before else [])
        assert isinstance(segment, FileSegment)
        assert (segment.offset, segment.count, segment.owns) == (2 * page, 100_000 - 2 * page, True)
        segment.owns = False


@pytest.mark.parametrize("spare", [0, 1])
def test_pieces_within_a_page_are_all_read_and_the_file_is_closed(folder: Path, spare: int) -> None:
    page = mmap.PAGESIZE
    pieces = [ByteRange(number * page + 1 + spare, (number + 1) * page - 1) for number in range(20)]
    with file_response.open_file(folder / "large") as opened:
        parts = file_response.segments(opened, pieces)
    assert parts == tuple(LARGE[piece.start : piece.stop + 1] for piece in pieces)


@pytest.mark.parametrize("limit", [1, 2])
def test_more_ranges_than_the_limit_are_ignored(folder: Path, limit: int) -> None:
    """Promise 16: limited."""
    answered = answer(folder / "large", (b"Range", b"bytes=0-0,50000-50000"), limits=Limits(ranges_max=limit))
    assert answered.status == (200 if limit == 1 else 206)


# Conditions


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([(b"If-None-Match", b"TAG")], 304), ([(b"If-None-Match", b"W/TAG")], 304), ([(b"If-None-Match", b"*")], 304),
        ([(b"If-None-Match", b'"a", TAG')], 304), ([(b"If-None-Match", b'"a"')], 200), ([(b"If-None-Match", b"TAGx")], 200),
        ([(b"If-Modified-Since", CHANGED_DATE)], 304), ([(b"If-Modified-Since", LATER_DATE)], 304),
        ([(b"If-Modified-Since", EARLIER_DATE)], 200), ([(b"If-Modified-Since", b"yesterday")], 200),
        ([(b"If-None-Match", b'"a"'), (b"If-Modified-Since", CHANGED_DATE)], 200),
        ([(b"If-None-Match", b"TAG"), (b"If-Modified-Since", EARLIER_DATE)], 304),
        ([(b"If-Match", b"TAG")], 200), ([(b"If-Match", b"*")], 200), ([(b"If-Match", b'"a"')], 412),
        ([(b"If-Match", b"W/TAG")], 412),
        ([(b"If-Unmodified-Since", CHANGED_DATE)], 200), ([(b"If-Unmodified-Since", EARLIER_DATE)], 412),
        ([(b"If-Match", b'"a"'), (b"If-None-Match", b"TAG")], 412), ([(b"If-Match", b"TAG"), (b"If-None-Match", b"TAG")], 304),
        # Range counts for nothing where the condition decides.
        ([(b"If-None-Match", b"TAG"), (b"Range", b"bytes=0-0")], 304), ([(b"If-Match", b'"a"'), (b"Range", b"bytes=0-0")], 412),
        ([(b"If-None-Match", b"TAG"), (b"Range", b"bytes=10-")], 304), ([(b"If-Match", b'"a"'), (b"Range", b"bytes=10-")], 412),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["ten", "large"])
def test_conditions(folder: Path, name: str, method: str, lines: list[FieldLine], status: int) -> None:
    """Promise 17: with ETag and Last-Modified."""
    tag, whole = tag_of(folder / name), answer(folder / name, method=method)
    answered = answer(folder / name, *((field, value.replace(b"TAG", tag)) for field, value in lines), method=method)
    assert answered.status == status
    if status == 304:
        assert (answered.length, answered.content) == (None, b"")
        assert list(answered.fields) == [(b"ETag", tag), (b"Accept-Ranges", b"bytes"), (b"Cache-Control", b"no-cache")]
    elif status == 412:
        assert (answered.length, answered.content, len(answered.fields)) == (0, b"", 0)
    else:
        assert answered == whole


@pytest.mark.parametrize(
    ("line", "status"), [((b"If-None-Match", b"*"), 412), ((b"If-Match", b"*"), 200), ((b"If-Match", b'"a"'), 412)]
)
def test_other_methods_have_other_conditions(folder: Path, line: FieldLine, status: int) -> None:
    assert answer(folder / "ten", line, method="POST").status == status


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"TAG", 206),
        (b"W/TAG", 200),
        (b'"a"', 200),
        (CHANGED_DATE, 206),
        (LATER_DATE, 200),
        (EARLIER_DATE, 200),
        (b"x", 200),
        (b"", 200),
    ],
)
@pytest.mark.parametrize("name", ["ten", "large"])
def test_if_range(folder: Path, name: str, value: bytes, status: int) -> None:
    """Promise 17: with If-Range."""
    answered = answer(
        folder / name, (b"Range", b"bytes=0-4"), (b"If-Range", value.replace(b"TAG", tag_of(folder / name)))
    )
    assert answered.status == status
    assert answered.length == (5 if status == 206 else (folder / name).stat().st_size)


def test_a_part_to_if_range_is_described_no_more_than_it_has_to_be(folder: Path) -> None:
    extra = ((b"Content-Language", b"en"), (b"Content-Location", b"/ten"))
    wanted = (b"Range", b"bytes=0-4")
    plain = answer(folder / "ten", wanted, extra=extra)
    to_if_range = answer(folder / "ten", wanted, (b"If-Range", tag_of(folder / "ten")), extra=extra)
    assert plain["Content-Language"] == b"en"
    assert plain["Last-Modified"] is not None
    assert to_if_range.status == 206
    assert (to_if_range["Content-Language"], to_if_range["Last-Modified"]) == (None, None)
    assert (to_if_range["Content-Location"], to_if_range["ETag"]) == (b"/ten", plain["ETag"])


@pytest.mark.parametrize("value", [b"bytes=10-", b"bytes=-0"])
def test_a_range_that_if_range_takes_back_is_no_416(folder: Path, value: bytes) -> None:
    assert answer(folder / "ten", (b"Range", value), (b"If-Range", b'"a"')).status == 200


def test_a_file_that_has_just_changed_is_not_resumed_by_a_validator_that_may_be_wrong(folder: Path) -> None:
    young = answer(folder / "ten", now=CHANGED + 1)
    tag = young["ETag"] or b""
    assert tag.startswith(b'W/"')
    for value in (tag, tag[2:], CHANGED_DATE):
        assert answer(folder / "ten", (b"Range", b"bytes=0-4"), (b"If-Range", value), now=CHANGED + 1).status == 200
    assert answer(folder / "ten", (b"Range", b"bytes=0-4"), now=CHANGED + 1).status == 206
    assert answer(folder / "ten", (b"If-None-Match", tag), now=CHANGED + 1).status == 304
    assert answer(folder / "ten", (b"If-None-Match", tag)).status == 200


@pytest.mark.parametrize(
    ("current", "fields"),
    [
        (validators.Validators(validators.EntityTag(b"v1", weak=False), 784111777),
         [(b"ETag", b'"v1"'), (b"Last-Modified", b"Sun, 06 Nov 1994 08:49:37 GMT")]),
        (validators.Validators(None, 784111777), [(b"Last-Modified", b"Sun, 06 Nov 1994 08:49:37 GMT")]),
        (validators.Validators(validators.EntityTag(b"v1", weak=True), None), [(b"ETag", b'W/"v1"')]),
        (validators.Validators(None, None), []),
    ],
)  # fmt: skip
def test_an_application_may_know_better_which_state_it_is(
    folder: Path, current: validators.Validators, fields: list[FieldLine]
) -> None:
    presentation = Presentation("a.txt", current=current)
    answered = answer(folder / "a.txt", GZIP, presentation=presentation)
    assert [line for line in answered.fields if line[0] in {b"ETag", b"Last-Modified"}] == [
        (name, value.replace(b'v1"', b'v1-gzip"')) for name, value in fields
    ]
    plain = answer(folder / "a.txt", presentation=presentation)
    assert [line for line in plain.fields if line[0] in {b"ETag", b"Last-Modified"}] == fields
    assert answer(folder / "a.txt", (b"If-None-Match", b'"v1"'), presentation=presentation).status == (
        304 if current.entity_tag else 200
    )


# Content codings


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("name", "value", "zipped"),
    [
        ("a.txt", b"gzip", True), ("a.css", b"br, gzip;q=0.5", True), ("a.txt", b"*", True), ("a.txt", b"x-gzip", True),
        ("a.txt", b"gzip;q=0.001", True), ("a.txt", b"gzip;q=0.5, identity;q=0.5", True),
        ("a.txt", b"gzip;q=0", False), ("a.txt", b"", False), ("a.txt", b"br", False), ("a.txt", b"*;q=0", False),
        ("a.txt", b"gzip;q=0.4, identity;q=0.5", False), ("a.txt", b"gzip;q=2", False), ("a.txt", None, False),
        ("a.png", b"gzip", False), ("large", b"gzip", False), ("tiny.txt", b"gzip", False), ("empty", b"gzip", False),
    ],
)  # fmt: skip
def test_gzip_by_type_and_by_what_the_client_likes(
    folder: Path, name: str, value: bytes | None, method: str, *, zipped: bool
) -> None:
    lines = [] if value is None else [(b"Accept-Encoding", value)]
    answered, plain = answer(folder / name, *lines, method=method), answer(folder / name)
    assert answered["Content-Encoding"] == (b"gzip" if zipped else None)
    if not zipped:
        assert answered == plain
        return
    # The tutorial's trap: the length is that of the content that is sent.
    assert (answered.length, gzip.decompress(answered.content)) == (len(answered.content), TEXT)
    assert len(answered.content) < len(TEXT)
    assert answered["ETag"] == (plain["ETag"] or b"")[:-1] + b'-gzip"'
    assert [line for line in answered.fields if line[0] not in {b"ETag", b"Content-Encoding"}] == [
        line for line in plain.fields if line[0] != b"ETag"
    ]


@pytest.mark.parametrize(
    "lines", [[], [GZIP], [(b"Accept-Encoding", b"gzip;q=0")], [(b"Range", b"bytes=0-4")], [(b"If-None-Match", b"*")]]
)
@pytest.mark.parametrize(
    ("name", "vary"), [("a.txt", b"Accept-Encoding"), ("tiny.txt", b"Accept-Encoding"), ("a.png", None), ("ten", None)]
)
def test_vary_is_there_where_the_type_could_be_compressed_whatever_was_asked(
    folder: Path, name: str, vary: bytes | None, lines: list[FieldLine]
) -> None:
    assert answer(folder / name, *lines)["Vary"] == vary


@pytest.mark.parametrize(
    "value", [b"bytes=0-4", b"bytes=0-4,900-904", b"bytes=0-", b"bytes=99999-", b"bytes=x", b"items=0-4"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("condition", [(), ((b"If-Range", b'"other"'),)])
def test_never_gzip_beside_range(folder: Path, value: bytes, method: str, condition: tuple[FieldLine, ...]) -> None:
    answered = answer(folder / "a.txt", (b"Range", value), GZIP, *condition, method=method)
    without = answer(folder / "a.txt", (b"Range", value), *condition, method=method)
    assert (answered.status, answered["Content-Encoding"], answered["ETag"]) == (without.status, None, without["ETag"])
    if b"multipart" in (answered["Content-Type"] or b""):
        assert parts_of(answered) == parts_of(without)
    else:
        assert answered == without


def test_each_coding_has_its_own_validators(folder: Path) -> None:
    plain, zipped = tag_of(folder / "a.txt"), answer(folder / "a.txt", GZIP)["ETag"] or b""
    assert plain != zipped
    for tag, lines, status in (
        (plain, [], 304), (zipped, [GZIP], 304), (plain, [GZIP], 200), (zipped, [], 200), (plain + b", " + zipped, [GZIP], 304),
        (plain + b", " + zipped, [], 304),
    ):  # fmt: skip
        assert answer(folder / "a.txt", (b"If-None-Match", tag), *lines).status == status
    not_modified = answer(folder / "a.txt", (b"If-None-Match", zipped), GZIP)
    assert [not_modified[name] for name in ("ETag", "Vary", "Content-Encoding", "Content-Type")] == [
        zipped, b"Accept-Encoding", None, None,
    ]  # fmt: skip
    # What was begun in gzip is never continued with octets that are not.
    begun = (b"Range", b"bytes=50-"), (b"If-Range", zipped), GZIP
    assert answer(folder / "a.txt", *begun).status == 200


@pytest.mark.parametrize(
    ("limits", "zipped"),
    [
        (Limits(gzip_bytes_max=len(TEXT)), True), (Limits(gzip_bytes_max=len(TEXT) - 1), False),
        (Limits(gzip_bytes_min=len(TEXT)), True), (Limits(gzip_bytes_min=len(TEXT) + 1), False),
    ],
)  # fmt: skip
def test_what_is_too_large_or_too_small_is_not_compressed(folder: Path, limits: Limits, *, zipped: bool) -> None:
    answered = answer(folder / "a.txt", GZIP, limits=limits)
    assert answered["Content-Encoding"] == (b"gzip" if zipped else None)


# Fields of the caller


@pytest.mark.parametrize("name", [b"Cache-Control", b"cache-control"])
@pytest.mark.parametrize(
    "lines", [[], [(b"Range", b"bytes=0-4")], [(b"Range", b"bytes=0-0,900-900")], [(b"If-None-Match", b"*")], [GZIP]]
)
def test_cache_control_is_ours_unless_it_is_given(folder: Path, name: bytes, lines: list[FieldLine]) -> None:
    """Promise 17: Cache-Control."""
    assert answer(folder / "a.txt", *lines).fields.get_all(b"Cache-Control") == [b"no-cache"]
    answered = answer(folder / "a.txt", *lines, extra=((name, b"max-age=60"), (b"X-A", b"1")))
    assert answered.fields.get_all(b"Cache-Control") == [b"max-age=60"]
    assert answered["X-A"] == b"1"


def test_fields_of_the_caller_take_the_place_of_ours(folder: Path) -> None:
    extra = (
        (b"content-type", b"text/x-own"), (b"LAST-MODIFIED", CHANGED_DATE), (b"accept-ranges", b"none"), (b"Vary", b"Origin"),
        (b"X-A", b"1"), (b"X-A", b"2"), (b"Content-Disposition", b"inline"),
    )  # fmt: skip
    answered = answer(folder / "ten", extra=extra)
    assert [(name, value) for name, value in answered.fields if name != b"ETag"] == [
        (b"Cache-Control", b"no-cache"), *extra[:3], (b"Vary", b"Origin, Accept-Encoding"), *extra[4:],
    ]  # fmt: skip
    named = answer(folder / "ten", extra=extra, presentation=Presentation("ten", attachment=True))
    assert named.fields.get_all(b"Content-Disposition") == [b'attachment; filename="ten"']


def test_a_type_in_the_fields_of_the_caller_is_the_type_in_all_respects(folder: Path) -> None:
    extra = ((b"Content-Type", b"image/png"),)
    assert answer(folder / "a.txt", GZIP, extra=extra)["Content-Encoding"] is None
    assert answer(folder / "a.txt", GZIP, extra=extra)["Vary"] is None
    parts = parts_of(answer(folder / "a.txt", (b"Range", b"bytes=0-0,900-900"), extra=extra))
    assert [part[0] for part in parts] == [b"image/png"] * 2
    assert answer(folder / "a.png", GZIP, extra=((b"content-type", b"text/plain"),))["Content-Encoding"] == b"gzip"


def test_what_has_a_coding_already_is_not_put_into_another(folder: Path) -> None:
    answered = answer(folder / "a.css", GZIP, extra=((b"content-encoding", b"gzip"),))
    assert (answered.content, answered.fields.get_all(b"Content-Encoding")) == (TEXT, [b"gzip"])
    assert b"gzip" not in (answered["ETag"] or b"")


# Ranges that the application asks for


@pytest.mark.parametrize("name", ["ten", "large"])
@pytest.mark.parametrize("wanted", [[(0, 0)], [(2, 4)], [(0, 9)], [(7, 9), (0, 2)], [(0, 3), (2, 5)]])
def test_an_application_sends_the_ranges_that_it_likes(folder: Path, name: str, wanted: list[tuple[int, int]]) -> None:
    """Promise 20: respondRange(path, ranges)."""
    content, length = (folder / name).read_bytes(), (folder / name).stat().st_size
    opened = file_response.open_file(folder / name)
    answered = sent(file_response.plan_ranges(opened, Presentation(name), [ByteRange(*pair) for pair in wanted], NOW))
    found = parts_of(answered) if len(wanted) > 1 else [(None, answered["Content-Range"], answered.content)]
    assert answered.status == 206
    assert [(value, octets) for _, value, octets in found] == [
        (b"bytes %d-%d/%d" % (start, stop, length), content[start : stop + 1]) for start, stop in wanted
    ]
    assert answered["ETag"] == tag_of(folder / name)


def test_normalized_ranges_are_those_of_the_request(folder: Path) -> None:
    """Promises 13 and 20: parseRanges, normalizeRange, ByteRange.start and .stop, and respondRange of what they give."""
    length = (folder / "ten").stat().st_size
    specs = ranges.parse_ranges(b"bytes=0-1, 8-99, -3, 10-") or []
    wanted = [found for found in (ranges.normalize_range(spec, length) for spec in specs) if found is not None]
    assert [(one.start, one.stop) for one in wanted] == [(0, 1), (8, 9), (7, 9)]
    answered = sent(
        file_response.plan_ranges(file_response.open_file(folder / "ten"), Presentation("ten"), wanted, NOW)
    )
    assert [octets for _, _, octets in parts_of(answered)] == [b"01", b"89", b"789"]


def test_an_application_that_has_no_range_answers_416(folder: Path) -> None:
    answered = sent(file_response.plan_ranges(file_response.open_file(folder / "ten"), Presentation("ten"), [], NOW))
    assert (answered.status, answered.length, list(answered.fields)) == (416, 0, [(b"Content-Range", b"bytes */10")])


@pytest.mark.parametrize("wanted", [[(0, 10)], [(10, 10)], [(5, 4)], [(-1, 3)], [(0, 1), (8, 10)], [(0, 1), (4, 3)]])
@pytest.mark.parametrize("name", ["ten", "empty"])
def test_a_range_that_the_file_does_not_have_is_a_mistake_of_the_application(
    folder: Path, name: str, wanted: list[tuple[int, int]]
) -> None:
    opened = file_response.open_file(folder / name)
    with pytest.raises(ValueError, match="no range of"):
        file_response.plan_ranges(opened, Presentation(name), [ByteRange(*pair) for pair in wanted], NOW)


@pytest.mark.parametrize("name", ["one", "ten", "large"])
@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 0), (3, None), (3, 5), (9, 9), (0, 9)])
def test_an_application_streams_from_a_position_to_another(
    folder: Path, name: str, start: int, end: int | None
) -> None:
    """Promise 20: respondFileStream(start, end)."""
    content, length = (folder / name).read_bytes(), (folder / name).stat().st_size
    opened = file_response.open_file(folder / name)
    last = length - 1 if end is None else end
    if not start <= last < length:
        with pytest.raises(ValueError, match="no range of"):
            file_response.plan_stream(opened, Presentation(name), start, end)
        return
    answered = sent(file_response.plan_stream(opened, Presentation(name), start, end))
    is_whole = (start, last) == (0, length - 1)
    assert (answered.status, answered.content) == (200 if is_whole else 206, content[start : last + 1])
    described: list[FieldLine] = [(b"Content-Type", b"application/octet-stream"), (b"Accept-Ranges", b"bytes")]
    if not is_whole:
        described.append((b"Content-Range", b"bytes %d-%d/%d" % (start, last, length)))
    assert list(answered.fields) == described


def test_of_an_empty_file_an_application_streams_nothing(folder: Path) -> None:
    for end in (None, -1):
        answered = sent(file_response.plan_stream(file_response.open_file(folder / "empty"), Presentation("x"), 0, end))
        assert (answered.status, answered.content) == (200, b"")
    for start, end in ((1, None), (0, 0), (-1, None)):
        with pytest.raises(ValueError, match="no range of"):
            file_response.plan_stream(file_response.open_file(folder / "empty"), Presentation("x"), start, end)


# Files


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.txt", "a.txt"),
        ("/b/a.txt", "a.txt"),
        ("../a", "a"),
        (Path("/b/a.txt"), "a.txt"),
        (Path("a"), "a"),
        ("a\\b", "a\\b"),
    ],
)
def test_the_name_of_a_file_is_the_last_segment_of_its_path(path: Path | str, name: str) -> None:
    assert file_response.name_of(path) == name


@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_is_text_or_a_path(folder: Path, *, as_text: bool) -> None:
    path = folder / "ten"
    with file_response.open_file(str(path) if as_text else path) as opened:
        assert os.pread(opened.descriptor, 20, 0) == TEN


def test_opening_tells_of_this_very_file_and_hands_its_descriptor_to_no_child(folder: Path) -> None:
    with file_response.open_file(folder / "ten") as opened:
        assert opened.stat.st_size == 10
        assert not os.get_inheritable(opened.descriptor)
        (folder / "ten").unlink()
        assert os.pread(opened.descriptor, 20, 0) == TEN


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("none", FileNotFoundError),
        ("folder", PermissionError),
        ("fifo", PermissionError),
        ("ten/below", NotADirectoryError),
    ],
)
def test_what_is_no_regular_file_is_not_opened_nor_waited_for(folder: Path, name: str, error: type[OSError]) -> None:
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    with pytest.raises(error):
        file_response.open_file(folder / name)


def test_a_file_of_which_nothing_can_be_said_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "fstat", fail)
        with pytest.raises(OSError, match="bad disk"):
            file_response.open_file(folder / "ten")


@pytest.mark.parametrize("lines", [(), (GZIP,), ((b"Range", b"bytes=0-1799"),), ((b"Range", b"bytes=0-1,1500-1599"),)])
def test_a_file_that_became_shorter_is_never_sent_as_if_it_were_whole(
    folder: Path, lines: tuple[FieldLine, ...]
) -> None:
    asked, opened = asked_by("GET", list(lines)), file_response.open_file(folder / "a.txt")
    (folder / "a.txt").write_bytes(TEXT[:1400])
    with pytest.raises(OSError, match="became shorter"):
        file_response.plan(asked, opened, Presentation("a.txt"), ())


def test_a_file_that_became_longer_is_sent_as_it_was_when_it_was_opened(folder: Path) -> None:
    asked, opened = asked_by("GET", []), file_response.open_file(folder / "ten")
    (folder / "ten").write_bytes(TEN + b"more")
    assert sent(file_response.plan(asked, opened, Presentation("ten"), ())).content == TEN


# Descriptors


def fail(*_arguments: object, **_named: object) -> Any:
    raise OSError("bad disk")


Planning = Callable[[OpenedFile, Presentation], Plan]


def planned(*lines: FieldLine) -> Planning:
    asked = asked_by("GET", list(lines))
    return lambda opened, presentation: file_response.plan(asked, opened, presentation, ())


def some_ranges(opened: OpenedFile, presentation: Presentation) -> Plan:
    return file_response.plan_ranges(opened, presentation, [ByteRange(0, 1), ByteRange(4, 5)], NOW)


def a_stream(opened: OpenedFile, presentation: Presentation) -> Plan:
    return file_response.plan_stream(opened, presentation, 1, 5)


@pytest.mark.parametrize(
    ("module", "function", "planning"),
    [
        (validators, "file_validators", planned()), (mime, "detect_mime_type", planned()), (mime, "with_charset", planned()),
        (http_date, "format_http_date", planned()), (conditional, "evaluate", planned()), (os, "pread", planned()),
        (conditional, "not_modified_fields", planned((b"If-None-Match", b"*"))),
        (coding, "is_compressible", planned(GZIP)), (coding, "prefers_gzip", planned(GZIP)),
        (coding, "gzip_content", planned(GZIP)), (coding, "add_vary", planned(GZIP)),
        (validators, "variant_tag", planned(GZIP)), (os, "pread", planned(GZIP)),
        (ranges, "select_ranges", planned((b"Range", b"bytes=0-1"))), (ranges, "content_range", planned((b"Range", b"bytes=0-1"))),
        (os, "pread", planned((b"Range", b"bytes=0-1"))),
        (ranges, "unsatisfied_content_range", planned((b"Range", b"bytes=9999-"))),
        (byteranges, "layout", planned((b"Range", b"bytes=0-0,900-900"))),
        (byteranges, "make_boundary", planned((b"Range", b"bytes=0-0,900-900"))),
        (os, "pread", planned((b"Range", b"bytes=0-0,900-900"))),
        (disposition, "set_content_disposition", planned()),
        (validators, "file_validators", some_ranges), (mime, "detect_mime_type", some_ranges), (byteranges, "layout", some_ranges),
        (os, "pread", some_ranges),
        (mime, "detect_mime_type", a_stream), (ranges, "content_range", a_stream), (os, "pread", a_stream),
    ],
)  # fmt: skip
def test_whatever_fails_the_file_is_closed_once(
    folder: Path, descriptors: Descriptors, *, module: Any, function: str, planning: Planning
) -> None:
    opened = file_response.open_file(folder / "a.txt")
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(module, function, fail)
        with pytest.raises(OSError, match="bad disk"):
            planning(opened, Presentation("a.txt", attachment=True))
    assert descriptors.closed == [opened.descriptor]


@pytest.mark.parametrize("planning", [planned(), planned((b"Range", b"bytes=0-1")), some_ranges, a_stream])
@pytest.mark.parametrize("content_type", ["text/é", "text/plain; a=\ud800"])
def test_a_type_that_no_field_can_say_closes_the_file_too(folder: Path, planning: Planning, content_type: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        planning(file_response.open_file(folder / "large"), Presentation("large", content_type))


@pytest.mark.parametrize(
    ("name", "lines", "at_once"),
    [
        ("ten", (), True), ("empty", (), True), ("edge", (), True), ("a.txt", (GZIP,), True),
        ("large", ((b"Range", b"bytes=0-9"),), True),
        ("large", ((b"If-None-Match", b"*"),), True), ("large", ((b"If-Match", b'"a"'),), True),
        ("large", ((b"Range", b"bytes=100000-"),), True), ("large", ((b"Range", b"bytes=0-4,9000-9004"),), True),
        ("beyond", (), False), ("large", (), False), ("large", ((b"Range", b"bytes=0-40000"),), False),
        ("large", ((b"Range", b"bytes=0-40000,50000-"),), False),
    ],
)  # fmt: skip
def test_a_file_is_open_only_while_a_segment_of_it_is_to_be_sent(
    folder: Path, name: str, lines: tuple[FieldLine, ...], descriptors: Descriptors, *, at_once: bool
) -> None:
    opened = file_response.open_file(folder / name)
    plan = file_response.plan(asked_by("GET", list(lines)), opened, Presentation(name), ())
    assert descriptors.closed == ([opened.descriptor] if at_once else [])
    plan.close()
    assert descriptors.closed == [opened.descriptor]
    assert stat.S_ISREG(opened.stat.st_mode)


# Any file, any ranges


SPECS = st.one_of(
    st.tuples(st.integers(0, 1200), st.integers(0, 1200)).map(lambda pair: b"%d-%d" % (min(pair), max(pair))),
    st.integers(0, 1200).map(lambda first: b"%d-" % first),
    st.integers(0, 1200).map(lambda last: b"-%d" % last),
)


@FIXED
@given(
    st.integers(0, 1100),
    st.lists(SPECS, min_size=1, max_size=4),
    st.sampled_from([[], [GZIP]]),
    st.sampled_from(["GET", "HEAD"]),
)
def test_what_a_client_puts_together_is_what_the_file_has(
    tmp_path_factory: pytest.TempPathFactory, length: int, specs: list[bytes], lines: list[FieldLine], method: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(LARGE[:length])
    os.utime(path, (CHANGED, CHANGED))
    answered = answer(path, (b"Range", b"bytes=" + b",".join(specs)), *lines, method=method)
    assert answered["Content-Encoding"] is None
    if answered.status == 416:
        assert answered["Content-Range"] == b"bytes */%d" % length
        return
    if answered.status == 200:
        assert answered.content == LARGE[:length]
        return
    assert (answered.status, method) == (206, "GET")
    one = answered["Content-Range"]
    for _, value, octets in parts_of(answered) if one is None else [(None, one, answered.content)]:
        match = re.fullmatch(rb"bytes (\d+)-(\d+)/(\d+)", value or b"")
        assert match is not None
        start, stop, complete = map(int, match.groups())
        assert (complete, octets) == (length, LARGE[start : stop + 1])
        assert len(octets) == stop - start + 1 > 0
