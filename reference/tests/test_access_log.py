"""Lines that hostile octets cannot leave, and a handler that nobody waits for."""

from __future__ import annotations

import io
import json
import logging
import queue
import re
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merkhet_reference import access_log
from merkhet_reference.access_log import (
    CUT,
    LOGGER_NAME,
    OCTETS_MAX,
    AccessHandler,
    AccessLog,
    AccessRecord,
    LineFormatter,
    access_handler,
    format_common,
    format_json,
)

FIXED = settings(deadline=None, derandomize=True, database=None)
WAIT_SECONDS_MAX = 10.0

RECORD = AccessRecord(
    peer="192.0.2.1", method=b"GET", target=b"/a?b=c", version=(1, 1), status=200, sent_bytes=1234, seconds=0.0123456789,
    referer=b"http://example.org/", user_agent=b"curl/8.0", complete=True, time=971186136.9876,
)  # fmt: skip
UNREADABLE = AccessRecord(
    peer="", method=b"", target=b"", version=None, status=400, sent_bytes=0, seconds=0.0,
    referer=None, user_agent=None, complete=False, time=0.0,
)  # fmt: skip
LINE = re.compile(
    r'(?P<peer>[!-~]+) - - \[(?P<time>[^\]]+)\] "(?P<request>[^"]*)" (?P<status>[0-9]+) (?P<sent>[0-9]+)'
    r' "(?P<referer>[^"]*)" "(?P<user_agent>[^"]*)"\Z'
)


def unescape(text: str) -> bytes:
    """What came, from what stands there."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), text).encode("latin-1")


def is_harmless(line: str) -> bool:
    return line.isascii() and line.isprintable()


def test_a_line_in_the_combined_format() -> None:
    assert format_common(RECORD) == (
        '192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a?b=c HTTP/1.1" 200 1234 "http://example.org/" "curl/8.0"'
    )


def test_a_line_of_json() -> None:
    assert format_json(RECORD) == (
        '{"time":971186136.988,"peer":"192.0.2.1","method":"GET","target":"/a?b=c","version":"HTTP/1.1","status":200,'
        '"sent_bytes":1234,"seconds":0.012346,"referer":"http://example.org/","user_agent":"curl/8.0","complete":true}'
    )


def test_what_is_not_known() -> None:
    assert format_common(UNREADABLE) == '- - - [01/Jan/1970:00:00:00 +0000] "-" 400 0 "-" "-"'
    assert json.loads(format_json(UNREADABLE)) == {
        "time": 0.0, "peer": "", "method": "", "target": "", "version": "", "status": 400, "sent_bytes": 0,
        "seconds": 0.0, "referer": None, "user_agent": None, "complete": False,
    }  # fmt: skip


def test_an_empty_field_is_not_a_missing_one() -> None:
    record = RECORD._replace(referer=b"", user_agent=b"")
    assert format_common(record).endswith(' 1234 "" ""')
    assert json.loads(format_json(record))["referer"] == ""


@pytest.mark.parametrize(
    ("seconds", "stamp"),
    [(951782400, "29/Feb/2000:00:00:00"), (1798761599.999, "31/Dec/2026:23:59:59"), (-1, "31/Dec/1969:23:59:59")],
)
def test_the_time_is_utc(seconds: float, stamp: str) -> None:
    assert f"[{stamp} +0000]" in format_common(RECORD._replace(time=seconds))


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_english_name(month: int) -> None:
    name = "JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3 - 3 : month * 3]
    assert f"/{name}/1970:" in format_common(RECORD._replace(time=(month - 1) * 30.5 * 86400 + 86400))


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\r\n", r"\x0d\x0a"), (b'"', r"\x22"), (b"'", r"\x27"), (b"\\", r"\x5c"), (b"\\x41", r"\x5cx41"),
        (b"\x1b[31m", r"\x1b[31m"), (b"\x1b]0;t\x07", r"\x1b]0;t\x07"), (b"\x00\x08\x7f\x9b", r"\x00\x08\x7f\x9b"),
        (b"\xc3\xa9", r"\xc3\xa9"), (b"\xe2\x80\xa8", r"\xe2\x80\xa8"), (b"a b\t", r"a b\x09"), (b"%0a$(x)`", "%0a$(x)`"),
    ],
)  # fmt: skip
def test_hostile_octets_are_escaped_in_both_formats(octets: bytes, text: str) -> None:
    record = RECORD._replace(method=octets, target=octets, referer=octets, user_agent=octets)
    line = format_common(record)
    assert line.endswith(f'"{text} {text} HTTP/1.1" 200 1234 "{text}" "{text}"')
    members = json.loads(format_json(record))
    assert [members[name] for name in ("method", "target", "referer", "user_agent")] == [text] * 4


@pytest.mark.parametrize(
    ("peer", "column", "member"),
    [
        ("::1", "::1", "::1"), ("fe80::1%eth0", "fe80::1%eth0", "fe80::1%eth0"),
        ("/tmp/a b", r"/tmp/a\x20b", "/tmp/a b"), ('\n"', r"\x0a\x22", r"\x0a\x22"),
        ("\u00e9", r"\xc3\xa9", r"\xc3\xa9"), ("\udcff", r"\xed\xb3\xbf", r"\xed\xb3\xbf"),
    ],
)  # fmt: skip
def test_a_peer_is_one_column(peer: str, column: str, member: str) -> None:
    record = RECORD._replace(peer=peer)
    assert format_common(record).startswith(f"{column} - - [")
    assert json.loads(format_json(record))["peer"] == member


@pytest.mark.parametrize("formatter", [format_common, format_json])
def test_a_line_has_a_bound(formatter: LineFormatter) -> None:
    at_most = b"\xff" * OCTETS_MAX
    record = AccessRecord("\n" * 9999, at_most, at_most, (1, 1), 200, 1, 1.0, at_most, at_most, complete=True, time=0.0)
    assert CUT not in formatter(record._replace(peer=""))
    longer = record._replace(method=at_most + b"x", target=at_most * 9, referer=at_most * 9, user_agent=at_most * 9)
    assert len(formatter(longer)) < len(formatter(record)) + 40 < 6 * 5 * OCTETS_MAX
    assert formatter(record._replace(target=at_most + b"x")).count("...") == formatter(record).count("...") + 1


OCTETS = st.one_of(st.binary(max_size=20), st.text(max_size=20).map(str.encode), st.just(b"a" * (OCTETS_MAX + 1)))
RECORDS = st.builds(
    AccessRecord,
    peer=st.text(st.characters(), max_size=9),
    method=OCTETS,
    target=OCTETS,
    version=st.sampled_from([(1, 0), (1, 1), None]),
    status=st.integers(100, 999),
    sent_bytes=st.integers(0, 2**70),
    seconds=st.floats(0, 1e9),
    referer=st.none() | OCTETS,
    user_agent=st.none() | OCTETS,
    complete=st.booleans(),
    time=st.floats(0, 4e9),
)


def shown(octets: bytes | None, missing: bytes = b"-") -> bytes:
    """What can be read back of a field."""
    if octets is None:
        return missing
    return octets if len(octets) <= OCTETS_MAX else octets[:OCTETS_MAX] + CUT.encode()


@FIXED
@given(RECORDS)
def test_any_record_is_one_line_that_reads_back(record: AccessRecord) -> None:
    line = format_common(record)
    assert is_harmless(line)
    match = LINE.match(line)
    assert match
    assert unescape(match["peer"]) == (record.peer.encode("utf-8", "surrogatepass") or b"-")
    version = b"" if record.version is None else b"HTTP/%d.%d" % record.version
    parts = [part for part in (shown(record.method), shown(record.target), version) if part]
    assert unescape(match["request"]) == (b" ".join(parts) or b"-")
    assert (int(match["status"]), int(match["sent"])) == (record.status, record.sent_bytes)
    assert unescape(match["referer"]) == shown(record.referer)
    assert unescape(match["user_agent"]) == shown(record.user_agent)


@FIXED
@given(RECORDS)
def test_any_record_is_one_object_that_reads_back(record: AccessRecord) -> None:
    line = format_json(record)
    assert is_harmless(line)
    members = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    assert all(map(is_harmless, texts.values())), "harmless to whoever prints what was read"
    for name in ("method", "target", "referer", "user_agent"):
        octets: bytes | None = getattr(record, name)
        assert (None if octets is None else shown(octets)) == (unescape(texts[name]) if name in texts else None)
    for name in ("status", "sent_bytes", "complete"):
        assert members[name] == getattr(record, name)
    assert members["seconds"] == pytest.approx(record.seconds, abs=1e-6)


# The logger.


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def logger_with(handler: logging.Handler, level: int = logging.INFO) -> logging.Logger:
    logger = logging.Logger("test", level)  # noqa: LOG001 - nobody else has it, so it has nobody else's handlers
    logger.addHandler(handler)
    return logger


def test_a_record_is_logged_at_info() -> None:
    kept = Kept()
    AccessLog(logger_with(kept))(RECORD._replace(target=b"/%s%d"))
    assert [record.levelno for record in kept.records] == [logging.INFO]
    assert kept.records[0].getMessage() == format_common(RECORD._replace(target=b"/%s%d"))


def test_the_formatter_is_the_callers() -> None:
    kept = Kept()
    AccessLog(logger_with(kept), format_json)(RECORD)
    assert kept.records[0].getMessage() == format_json(RECORD)


def test_the_logger_has_a_name() -> None:
    kept = Kept()
    logger = logging.getLogger("merkhet_reference.access")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)
    try:
        AccessLog()(RECORD)
    finally:
        logger.removeHandler(kept)
        logger.setLevel(level)
    assert [record.name for record in kept.records] == [LOGGER_NAME]


def test_nothing_is_formatted_where_nobody_listens() -> None:
    kept = Kept()
    AccessLog(logger_with(kept, logging.WARNING), lambda record: pytest.fail("formatted"))(RECORD)
    assert kept.records == []


# The handler. A gate instead of a clock: the stream is at the point that the test means, or the test fails.


class Gate(io.StringIO):
    """A stream that stays in `write` while it is shut, and fails as often as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.write_failures: list[Exception] = []
        self.flush_failures: list[Exception] = []
        self.flush_failed = threading.Event()
        self.has_flushed = threading.Event()
        self.flushed = ""

    def write(self, text: str) -> int:
        self.entered.set()
        assert self.opened.wait(WAIT_SECONDS_MAX)
        if self.write_failures:
            raise self.write_failures.pop()
        return super().write(text)

    def flush(self) -> None:
        if self.flush_failures:
            self.flush_failed.set()
            raise self.flush_failures.pop()
        self.flushed = self.getvalue()
        self.has_flushed.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def log_lines(handler: AccessHandler, *lines: str) -> None:
    logger = logger_with(handler)
    for line in lines:
        logger.info("%s", line)


def test_lines_reach_the_stream_in_order(gate: Gate) -> None:
    handler = access_handler(gate)
    gate.opened.set()
    lines = [f"line {number}" for number in range(300)]
    log_lines(handler, *lines)
    handler.close()
    assert gate.flushed.split("\n") == [*lines, ""]
    assert handler.dropped == 0


Put = Callable[..., None]


def watch_puts(monkeypatch: pytest.MonkeyPatch, watch: Callable[[object, bool], None]) -> None:
    """Have `watch` see what is put into a queue, and whether the caller waits for room."""
    put: Put = vars(queue.Queue)["put"]

    def watched(lines: object, line: object, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        watch(line, block)
        put(lines, line, block, timeout)

    monkeypatch.setattr(queue.Queue, "put", watched)


def test_what_does_not_fit_is_dropped_and_counted_and_nobody_waits(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = access_handler(gate, lines_max=2)
    log_lines(handler, "1")
    assert gate.entered.wait(WAIT_SECONDS_MAX)
    waits: list[bool] = []
    with monkeypatch.context() as patch:
        watch_puts(patch, lambda line, block: waits.append(block))
        log_lines(handler, "2", "3", "4", "5", "6")
    assert waits == [False] * 5
    assert handler.dropped == 3
    gate.opened.set()
    handler.close()
    assert gate.flushed == "1\n2\n3\n"
    assert handler.dropped == 3


def test_after_close_lines_are_counted_alone(gate: Gate) -> None:
    gate.opened.set()
    handler = access_handler(gate)
    log_lines(handler, "1")
    handler.close()
    log_lines(handler, "2")
    handler.close()
    logging.shutdown([weakref.ref(handler)])
    assert (gate.flushed, handler.dropped) == ("1\n", 1)


@pytest.mark.parametrize("lines", [["1"], ["1", "2"]])
def test_closing_does_not_wait_for_ever(gate: Gate, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    """With room for the end in the queue, and without."""
    monkeypatch.setattr(access_log, "CLOSE_SECONDS_MAX", 0.001)
    handler = access_handler(gate, lines_max=1)
    log_lines(handler, lines[0])
    assert gate.entered.wait(WAIT_SECONDS_MAX)
    log_lines(handler, *lines[1:])
    handler.close()
    assert gate.flushed == "", "the stream is still shut"


def test_closing_waits_for_room_and_for_the_last_line(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream takes the next line only when the end is about to be put into a queue that is full."""
    before = set(threading.enumerate())
    handler = access_handler(gate, lines_max=1)
    (thread,) = set(threading.enumerate()) - before
    log_lines(handler, "1")
    assert gate.entered.wait(WAIT_SECONDS_MAX)
    log_lines(handler, "2")
    watch_puts(monkeypatch, lambda line, block: gate.opened.set())
    handler.close()
    assert gate.flushed == "1\n2\n"
    assert not thread.is_alive()


def test_a_failure_counts_only_what_was_not_flushed(gate: Gate) -> None:
    gate.opened.set()
    handler = access_handler(gate)
    log_lines(handler, "1")
    assert gate.has_flushed.wait(WAIT_SECONDS_MAX)
    gate.write_failures = [OSError()]
    log_lines(handler, "2")
    handler.close()
    assert (handler.dropped, gate.flushed) == (1, "1\n")


def test_a_stream_that_fails_is_counted_and_tried_again(gate: Gate) -> None:
    gate.write_failures = [OSError("no space"), ValueError("closed")]
    gate.flush_failures = [BrokenPipeError()]
    handler = access_handler(gate, lines_max=9)
    log_lines(handler, "1")
    assert gate.entered.wait(WAIT_SECONDS_MAX)
    log_lines(handler, "2", "3", "4", "5")
    gate.opened.set()
    assert gate.flush_failed.wait(WAIT_SECONDS_MAX)
    log_lines(handler, "6")
    handler.close()
    # 1 and 2 fail in write; 3 to 5 are written, and the one flush after them fails; 6 comes through, and they with it.
    assert handler.dropped == 5
    assert gate.flushed == "3\n4\n5\n6\n"


def test_a_record_that_cannot_be_formatted_ends_nothing(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    gate.opened.set()
    handler = access_handler(gate)
    logger = logger_with(handler)
    logger.info("%d", "no number")
    logger.info("%s", "fine")
    handler.close()
    assert gate.flushed == "fine\n"


def test_the_handlers_own_formatter_is_used(gate: Gate) -> None:
    gate.opened.set()
    handler = access_handler(gate)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log_lines(handler, "x")
    handler.close()
    assert gate.flushed == "INFO x\n"


def test_the_thread_keeps_no_process_alive(gate: Gate) -> None:
    before = set(threading.enumerate())
    handler = access_handler(gate)
    started = set(threading.enumerate()) - before
    assert [(thread.name, thread.daemon) for thread in started] == [("merkhet-access-log", True)]
    handler.close()
    assert not any(thread.is_alive() for thread in started)
