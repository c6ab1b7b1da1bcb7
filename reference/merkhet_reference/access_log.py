r"""One line for each request, in the combined log format or as JSON, and a handler that writes lines without waiting.

A line is made of what strangers sent. It is read in terminals, by grep and by programs, so whatever could end the line,
leave its quotes or steer a terminal stands there as `\xHH`, and a backslash too: each line is printable ASCII, and what
came can be told from it octet by octet.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import queue
import re
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TextIO

from merkhet_reference.http1.events import Version

LOGGER_NAME = "merkhet_reference.access"

OCTETS_MAX = 1024
"""# Choice: so much of a target, a referrer, a user agent. A head may have 64 KiB, and an octet becomes five letters."""

CUT = r"\..."
"""Ends what was longer. Nothing else has a backslash before anything but an "x"."""

LINES_MAX = 4096
"""Lines that wait to be written: some tenths of a second of a busy server, 60 MB if every one is as long as can be."""

CLOSE_SECONDS_MAX = 2.0
"""What is waited for the last lines, twice: a terminal that was stopped must not keep a server from ending."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As the format has them, whatever the locale."""

HOSTILE = re.compile(rb"[^ !#-&(-\[\]-~]")
"""All but printable ASCII without quotes and backslash. An apostrophe counts: lines are pasted into shells."""

ESCAPES = {octet: rf"\x{octet:02x}" for octet in range(256) if HOSTILE.match(bytes((octet,)))}
ESCAPES_IN_COLUMN = {**ESCAPES, 0x20: r"\x20"}
"""For what stands without quotes, where a space would begin the next column."""


class AccessRecord(NamedTuple):
    """One request and its answer. Octets are as they came from the client.

    `peer` is the host, "" if it has no name, as behind a Unix socket. Where nobody could read the request line, `method`
    and `target` are b"" and `version` is None. `sent_bytes` counts content and head. `seconds` are from the head of the
    request to the end of the answer; `complete` tells that the client was sent all of it. `time` is epoch seconds.
    """

    peer: str
    method: bytes
    target: bytes
    version: Version | None
    status: int
    sent_bytes: int
    seconds: float
    referer: bytes | None
    user_agent: bytes | None
    complete: bool
    time: float


LineFormatter = Callable[[AccessRecord], str]


def escaped(octets: bytes) -> str:
    """Return octets as printable ASCII, and no more of them than OCTETS_MAX."""
    if len(octets) > OCTETS_MAX:
        return escaped(octets[:OCTETS_MAX]) + CUT
    if HOSTILE.search(octets) is None:
        return octets.decode("ascii")
    return octets.decode("latin-1").translate(ESCAPES)


def version_text(version: Version | None) -> str:
    """Return the version as it stands on a request line."""
    return "" if version is None else f"HTTP/{version[0]}.{version[1]}"


def format_common(record: AccessRecord) -> str:
    """Return the line in the combined log format: the common one, and then referrer and user agent in quotes.

    What is not known is "-". The time is UTC. # Choice: the number of octets is that of the whole answer, not of its
    content alone, and zero is 0: a program that adds them up comes to what was sent.
    """
    host = record.peer.encode("utf-8", "surrogatepass")[:OCTETS_MAX].decode("latin-1").translate(ESCAPES_IN_COLUMN)
    when = time.gmtime(record.time)
    stamp = (
        f"{when.tm_mday:02}/{MONTHS[when.tm_mon - 1]}/{when.tm_year:04}"
        f":{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02} +0000"
    )
    parts = (escaped(record.method), escaped(record.target), version_text(record.version))
    request = " ".join(part for part in parts if part) or "-"
    referer = "-" if record.referer is None else escaped(record.referer)
    user_agent = "-" if record.user_agent is None else escaped(record.user_agent)
    return f'{host or "-"} - - [{stamp}] "{request}" {record.status} {record.sent_bytes} "{referer}" "{user_agent}"'


def format_json(record: AccessRecord) -> str:
    """Return one JSON object. What came as octets is text in the same escapes as in the other format, or null.

    So it is harmless even after a program has read the JSON and prints a member.
    """
    members = {
        "time": round(record.time, 3),
        "peer": escaped(record.peer.encode("utf-8", "surrogatepass")),
        "method": escaped(record.method),
        "target": escaped(record.target),
        "version": version_text(record.version),
        "status": record.status,
        "sent_bytes": record.sent_bytes,
        "seconds": round(record.seconds, 6),
        "referer": None if record.referer is None else escaped(record.referer),
        "user_agent": None if record.user_agent is None else escaped(record.user_agent),
        "complete": record.complete,
    }
    return json.dumps(members, separators=(",", ":"))


class AccessLog:
    """Called with a record, logs its line at INFO. Whoever wants to see it sets the logger's level and gives a handler.

    A handler that writes by itself makes the I/O thread wait for the disk or the terminal: `access_handler` does not.
    """

    def __init__(self, logger: logging.Logger | None = None, formatter: LineFormatter = format_common) -> None:
        self._logger = logging.getLogger(LOGGER_NAME) if logger is None else logger
        self._formatter = formatter

    def __call__(self, record: AccessRecord) -> None:
        """Log one request; nothing is formatted where nobody listens."""
        if self._logger.isEnabledFor(logging.INFO):
            self._logger.info("%s", self._formatter(record))


class AccessHandler(logging.handlers.QueueHandler):
    """Writes to a stream from a thread of its own. A line that finds the queue full is dropped and counted.

    # Choice: no QueueListener. It ends by a mark that it puts into the queue without waiting, which raises if the queue
    is full, and it waits for its thread without a bound, which is for ever if nobody reads the stream.
    """

    def __init__(self, stream: TextIO, *, lines_max: int = LINES_MAX) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(lines_max)
        super().__init__(self._lines)
        self._stream = stream
        self._ended = False
        self._not_queued = 0  # changed under the handler's lock
        self._not_flushed = 0  # these two by the thread below alone
        self._not_written = 0
        self._thread = threading.Thread(target=self._write_all, name="merkhet-access-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many lines did not reach the stream: the queue was full, or the stream failed. Any thread."""
        return self._not_queued + self._not_written

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Leave the record as it is: its text alone is queued, so there is nothing to copy."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue the record's line, or count it. Never waits."""
        line = self.format(record) + "\n"
        if self._ended:
            self._not_queued += 1
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._not_queued += 1

    def close(self) -> None:
        """Write what waits, within twice CLOSE_SECONDS_MAX. Later lines are dropped; a second time does nothing."""
        self.acquire()
        was_ended, self._ended = self._ended, True
        self.release()
        if not was_ended:
            with contextlib.suppress(queue.Full):
                self._lines.put(None, timeout=CLOSE_SECONDS_MAX)
            self._thread.join(CLOSE_SECONDS_MAX)
        super().close()

    def _write_all(self) -> None:
        """Write line after line, and flush when none waits. What the stream raises is counted: a log has no log."""
        ended = False
        while not ended:
            line = self._lines.get()
            ended = line is None
            try:
                self._write(line)
            except (OSError, ValueError):  # no room, no reader, or closed
                self._not_written += self._not_flushed
                self._not_flushed = 0

    def _write(self, line: str | None) -> None:
        """Write one line, or what is not flushed at the end, after which no line comes."""
        if line is not None:
            self._not_flushed += 1
            self._stream.write(line)
        if self._lines.empty():
            self._stream.flush()
            self._not_flushed = 0


def access_handler(stream: TextIO, *, lines_max: int = LINES_MAX) -> AccessHandler:
    """Return a handler for the access logger that never makes the caller wait, whatever the stream does.

    To end it is `close`, which `logging.shutdown` also does when the process ends.
    """
    return AccessHandler(stream, lines_max=lines_max)
