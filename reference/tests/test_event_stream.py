"""Every event, read back by a reader that was written from the section on interpreting a stream, and from nothing else."""

from __future__ import annotations

import codecs
import dataclasses
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from merkhet_reference.event_stream import (
    HEARTBEAT,
    RETRY_MILLISECONDS_MAX,
    SSEEvent,
    encode_comment,
    encode_event,
    last_event_id,
)
from merkhet_reference.fields import Fields

FIXED = settings(deadline=None, derandomize=True, database=None)
BOM = "\ufeff"


@dataclass(frozen=True)
class Dispatched:
    """What the page is told."""

    data: str
    type: str = "message"
    last_id: str = ""


@dataclass
class Reader:
    """WHATWG HTML, Section 9.2.6, one character after another."""

    dispatched: list[Dispatched] = field(default_factory=list[Dispatched])
    ignored: list[str] = field(default_factory=list[str])
    comments: list[str] = field(default_factory=list[str])
    retry: int | None = None
    line: str = ""
    data: str = ""
    type: str = ""
    id_buffer: str = ""
    last_id: str = ""
    after_cr: bool = False
    started: bool = False
    decoder: codecs.IncrementalDecoder = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("strict"))

    def feed(self, octets: bytes) -> None:
        for character in self.decoder.decode(octets):
            is_bom = character == BOM and not self.started
            self.started = True
            if not is_bom:
                self.take(character)

    def take(self, character: str) -> None:
        is_second_half = character == "\n" and self.after_cr
        self.after_cr = character == "\r"
        if is_second_half:
            return
        if character in "\r\n":
            line, self.line = self.line, ""
            self.end_line(line)
        else:
            self.line += character

    def end_line(self, line: str) -> None:
        if not line:
            self.dispatch()
        elif line.startswith(":"):
            self.comments.append(line[1:])
        elif ":" in line:
            name, _, value = line.partition(":")
            self.process(name, value.removeprefix(" "))
        else:
            self.process(line, "")

    def process(self, name: str, value: str) -> None:
        if name == "event":
            self.type = value
        elif name == "data":
            self.data += value + "\n"
        elif name == "id" and "\0" not in value:
            self.id_buffer = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = int(value)
        else:
            self.ignored.append(name)

    def dispatch(self) -> None:
        self.last_id = self.id_buffer
        if self.data:
            self.dispatched.append(Dispatched(self.data.removesuffix("\n"), self.type or "message", self.last_id))
        self.data = self.type = ""

    @property
    def is_between_blocks(self) -> bool:
        return not self.line and not self.data and not self.type


def read(stream: bytes) -> Reader:
    """The whole stream at once; the same stream octet by octet must read the same."""
    whole, single = Reader(), Reader()
    whole.feed(stream)
    for number in range(len(stream)):
        single.feed(stream[number : number + 1])
    assert single.dispatched == whole.dispatched
    return whole


def arrives_as(text: str) -> str:
    """Line ends come as LF, half a surrogate pair as U+FFFD, all else as it is."""
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub("\r\n|\r", "\n", text))


# The reader itself, on the examples of Section 9.2.6.


def test_the_reader_reads_the_specifications_examples() -> None:
    assert read(b"data: YHOO\ndata: +2\ndata: 10\n\n").dispatched == [Dispatched("YHOO\n+2\n10")]
    four = read(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n")
    assert four.dispatched == [
        Dispatched("first event", last_id="1"), Dispatched("second event"), Dispatched(" third event"),
    ]  # fmt: skip
    assert read(b"data\n\ndata\ndata\n\ndata:").dispatched == [Dispatched(""), Dispatched("\n")]
    assert read(b"data:test\n\ndata: test\n\n").dispatched == [Dispatched("test"), Dispatched("test")]


def test_the_reader_knows_all_line_ends_and_one_bom() -> None:
    assert read(b"\xef\xbb\xbfdata: a\r\rdata: b\r\n\r\ndata: c\n\r").dispatched == [
        Dispatched("a"), Dispatched("b"), Dispatched("c"),
    ]  # fmt: skip
    assert read((BOM * 2 + "data: a\n\n").encode()).ignored == [BOM + "data"]
    assert read(b"id: a\0b\nretry: +1\nretry:\nData: x\n\n").ignored == ["id", "retry", "retry", "Data"]


# The octets.


@pytest.mark.parametrize(
    ("event", "octets"),
    [
        (SSEEvent("x"), b"data: x\n\n"),
        (SSEEvent(), b"data: \n\n"),
        (SSEEvent("a\nb"), b"data: a\ndata: b\n\n"),
        (SSEEvent("a\r\nb\rc"), b"data: a\ndata: b\ndata: c\n\n"),
        (SSEEvent("a\n"), b"data: a\ndata: \n\n"),
        (SSEEvent(" x"), b"data:  x\n\n"),
        (SSEEvent(":x"), b"data: :x\n\n"),
        (SSEEvent("x", event="add", id="7", retry=10), b"event: add\nid: 7\nretry: 10\ndata: x\n\n"),
        (SSEEvent("x", event="", id="", retry=0), b"event: \nid: \nretry: 0\ndata: x\n\n"),
        (SSEEvent("\u00e9\U0001f600"), b"data: \xc3\xa9\xf0\x9f\x98\x80\n\n"),
        (SSEEvent("\ud800", event="\udfff", id="\udc80"), b"event: \xef\xbf\xbd\nid: \xef\xbf\xbd\ndata: \xef\xbf\xbd\n\n"),
    ],
)  # fmt: skip
def test_an_event_is_this_block(event: SSEEvent, octets: bytes) -> None:
    assert encode_event(event) == octets


# What comes back.


@pytest.mark.parametrize(
    "data",
    [
        "", " ", "  x ", ":", ": x", "data: x", "event: x", "\n", "\n\n", "a\n", "\na", "\r", "\r\n", "\n\r", "a\r\r\nb",
        "a\rid: 9", "a\nevent: x", "a\r\n\r\ndata: b", "a\n\nretry: 5",
        "\u2028", "a\u2028b\u2029c", "a\x85b", "a\x0cb", "a\x0bb", "\x1c\x1d\x1e", "\0", "a\0b", "\x1b[31m",
        BOM, BOM + "x", "x" + BOM, "e\u0301", "\U0010ffff", "\ud83d", "a\ude00b", "\u00a0x",
    ],
)  # fmt: skip
def test_data_comes_back_and_nothing_else_with_it(data: str) -> None:
    reader = read(encode_event(SSEEvent(data)))
    assert reader.dispatched == [Dispatched(arrives_as(data))]
    assert (reader.retry, reader.ignored, reader.comments) == (None, [], [])


def test_a_type_is_for_one_event_and_an_id_until_the_next() -> None:
    events = [SSEEvent("1", event="add", id="a"), SSEEvent("2"), SSEEvent("3", id=""), SSEEvent("4", event="")]
    assert read(b"".join(map(encode_event, events))).dispatched == [
        Dispatched("1", "add", "a"), Dispatched("2", last_id="a"), Dispatched("3"), Dispatched("4"),
    ]  # fmt: skip


@pytest.mark.parametrize("value", [" x", "x ", ": x", "\u2028\x85", BOM, "\t", "a\u00e9"])
def test_a_type_and_an_id_come_back(value: str) -> None:
    assert read(encode_event(SSEEvent("x", event=value, id=value))).dispatched == [Dispatched("x", value, value)]


def test_a_type_may_have_what_no_id_may() -> None:
    assert read(encode_event(SSEEvent("x", event="\0\x1b\x0c"))).dispatched == [Dispatched("x", "\0\x1b\x0c")]


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "\r\n", "a\n\ndata: injected", "\n"])
def test_a_line_end_in_type_or_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="type of an event"):
        SSEEvent("x", event=text)
    with pytest.raises(ValueError, match="id of an event"):
        SSEEvent("x", id=text)


@pytest.mark.parametrize("control", [chr(code) for code in (*range(0x20), 0x7F) if code != 0x09])
def test_an_id_that_no_field_line_brings_back_is_refused(control: str) -> None:
    with pytest.raises(ValueError, match="id of an event"):
        SSEEvent(id=f"a{control}b")


@pytest.mark.parametrize("retry", [-1, RETRY_MILLISECONDS_MAX + 1, 10**99])
def test_a_retry_out_of_bounds_is_refused(retry: int) -> None:
    with pytest.raises(ValueError, match="retry is milliseconds"):
        SSEEvent(retry=retry)


@pytest.mark.parametrize("retry", [1.0, "1", "\u0661"])
def test_a_retry_is_an_integer(retry: int) -> None:
    with pytest.raises(TypeError):
        SSEEvent(retry=retry)


@pytest.mark.parametrize("retry", [0, 3000, RETRY_MILLISECONDS_MAX])
def test_a_retry_comes_back(retry: int) -> None:
    assert read(encode_event(SSEEvent(retry=retry))).retry == retry


def test_an_event_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(SSEEvent("x"), "event", "a\nb")  # noqa: B010 - a type checker would see a plain assignment


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", b": \n\n"), ("hello", b": hello\n\n"), ("a\ndata: x", b": a\n: data: x\n\n"),
        ("a\r\n\r\nid: 1\rb", b": a\n: \n: id: 1\n: b\n\n"), ("\ud800\u2028", b": \xef\xbf\xbd\xe2\x80\xa8\n\n"),
    ],
)  # fmt: skip
def test_a_comment_stays_one(text: str, octets: bytes) -> None:
    assert encode_comment(text) == octets
    reader = read(encode_event(SSEEvent("x", id="1")) + octets)
    assert (reader.dispatched, reader.ignored, reader.last_id) == ([Dispatched("x", last_id="1")], [], "1")


def test_a_heartbeat_is_heard_by_nobody() -> None:
    event = encode_event(SSEEvent("x", event="a", id="1"))
    reader = read(HEARTBEAT + event + HEARTBEAT + event + HEARTBEAT)
    assert reader.dispatched == [Dispatched("x", "a", "1")] * 2
    assert reader.comments == [""] * 3


TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\r\n: \0\u2028\x85\x0c" + BOM)), max_size=12)
IDS = TEXT.filter(lambda text: not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text))
TYPES = TEXT.filter(lambda text: not re.search(r"[\r\n]", text))
EVENTS = st.builds(
    SSEEvent,
    TEXT,
    event=st.none() | TYPES,
    id=st.none() | IDS,
    retry=st.none() | st.integers(0, RETRY_MILLISECONDS_MAX),
)


@FIXED
@given(st.lists(st.one_of(EVENTS, TEXT), max_size=4))
@example([SSEEvent("\r"), BOM, SSEEvent("\n", id="")])
def test_any_events_and_comments_are_read_back(parts: list[SSEEvent | str]) -> None:
    expected: list[Dispatched] = []
    last_id, retry = "", None
    reader = Reader()
    for part in parts:
        if isinstance(part, str):
            reader.feed(encode_comment(part))
        else:
            last_id = last_id if part.id is None else arrives_as(part.id)
            retry = retry if part.retry is None else part.retry
            expected.append(Dispatched(arrives_as(part.data), arrives_as(part.event or "") or "message", last_id))
            reader.feed(encode_event(part))
        assert reader.is_between_blocks
    assert (reader.dispatched, reader.retry, reader.ignored) == (expected, retry, [])


BLOCK = re.compile(rb"(?:[^\r\n]+(?:\r\n|\r|\n))*(?:\r\n|\r|\n)")
"""`event` in the grammar of Section 9.2.5: lines that are not empty are comments or fields, and an empty one ends it."""


@FIXED
@given(st.one_of(EVENTS.map(encode_event), TEXT.map(encode_comment), st.just(HEARTBEAT)))
def test_all_that_is_sent_are_whole_blocks(octets: bytes) -> None:
    assert BLOCK.fullmatch(octets)
    octets.decode("utf-8", "strict")


@FIXED
@given(EVENTS)
def test_any_event_reads_the_same_octet_by_octet(event: SSEEvent) -> None:
    assert len(read(encode_event(event)).dispatched) == 1


@FIXED
@given(EVENTS, st.data())
def test_an_event_that_is_cut_is_none_and_leaves_no_id(event: SSEEvent, data: st.DataObject) -> None:
    octets = encode_event(event)
    reader = read(octets[: data.draw(st.integers(0, len(octets) - 1))])
    assert (reader.dispatched, reader.last_id) == ([], "")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None), ([b""], None), ([b"7"], "7"), ([b"\xc3\xa9 \xf0\x9f\x98\x80"], "\u00e9 \U0001f600"),
        ([b"\xff"], None), ([b"\xed\xa0\x80"], None), ([b"a, b"], "a, b"), ([b"a", b"b"], None), ([b"a", b"a"], None),
        ([b"x" * 99], "x" * 99), ([b"\xef\xbb\xbfx"], BOM + "x"),
    ],
)  # fmt: skip
def test_last_event_id(values: list[bytes], expected: str | None) -> None:
    assert last_event_id(Fields([(b"last-event-id", value) for value in values])) == expected


@FIXED
@given(IDS)
def test_an_id_comes_back_in_its_field(event_id: str) -> None:
    """By way of a client, which sends none for the empty one, and of a field line, which has no whitespace at its ends."""
    kept = read(encode_event(SSEEvent(id=event_id))).last_id
    value = kept.encode().strip(b" \t")
    assert last_event_id(Fields([(b"Last-Event-ID", value)])) == (value.decode() or None)
