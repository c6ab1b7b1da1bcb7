"""RFC 9112, Sections 2 to 7: one response, read strictly from bytes as they come.

The parser frames whatever a client could frame and writes down each departure from the grammar as a `Fault` that names
the judge's rule. It never raises on hostile bytes, and it holds no more than `bytes_max` octets of one response.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable

from merkhet.answer import End, Fault, FieldLine, Framing, Response

RESPONSE_BYTES_MAX = 16 * 1024 * 1024
"""Octets of one response that are read before the harness stops: above the largest body that a check asks for."""
LINE_BYTES_MAX = 256 * 1024
FAULTS_MAX = 16

UNFRAMEABLE = frozenset({"content-length-conflict", "chunk-broken", "too-large"})
"""Faults after which nobody can say where the response ends."""

_BREAKS = {"chunk-broken": "chunked-grammar"}
"""Unframeable faults that also break a rule of the judge."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LENIENT_STATUS = re.compile(rb"(HTTP/[^ \t]*)[ \t]+(\d{3})(?!\d)[ \t]?(.*)", re.IGNORECASE | re.DOTALL)
_VERSION_START = re.compile(rb"HTTP/\d\.\d ")
_STATUS_REST = re.compile(rb"[^ \t]+ \d{3} [\t \x21-\x7e\x80-\xff]*")
_NO_SPACE = re.compile(rb"[^ \t]+ \d{3}")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):([\t \x21-\x7e\x80-\xff]*)")
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_EXTENSION = rb"[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?"
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)(?:" + _EXTENSION + rb")*")
_LENIENT_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})(?![0-9A-Za-z_])")
_START = b"HTTP/"


class _Phase(enum.Enum):
    STATUS = enum.auto()
    FIELDS = enum.auto()
    LENGTH = enum.auto()
    UNTIL_CLOSE = enum.auto()
    CHUNK_SIZE = enum.auto()
    CHUNK_DATA = enum.auto()
    CHUNK_END = enum.auto()
    TRAILERS = enum.auto()
    DONE = enum.auto()
    GARBAGE = enum.auto()


class ResponseParser:
    """Reads one response to a request with this method. Feed it bytes until `response` is set or `garbage` is not empty.

    `rest` then holds the octets behind the response. After `feed_end` one of the two is set unless nothing had come.
    """

    def __init__(self, method: str = "GET", *, bytes_max: int = RESPONSE_BYTES_MAX) -> None:
        self.response: Response | None = None
        self.garbage = b""
        self._method = method
        self._bytes_max = bytes_max
        self._bytes = 0
        self._buffer = bytearray()
        self._scanned = 0
        self._phase = _Phase.STATUS
        self._head = bytearray()
        self._line_start = (b"", 0, b"")
        self._fields: list[FieldLine] = []
        self._trailers: list[FieldLine] = []
        self._content = bytearray()
        self._remaining = 0
        self._framing = Framing.NONE
        self._faults: list[Fault] = []
        self._steps: dict[_Phase, Callable[[], bool]] = {
            _Phase.STATUS: self._read_status,
            _Phase.FIELDS: self._read_field,
            _Phase.LENGTH: self._read_length,
            _Phase.UNTIL_CLOSE: self._read_until_close,
            _Phase.CHUNK_SIZE: self._read_chunk_size,
            _Phase.CHUNK_DATA: self._read_chunk_data,
            _Phase.CHUNK_END: self._read_chunk_end,
            _Phase.TRAILERS: self._read_trailer,
        }

    @property
    def rest(self) -> bytes:
        """The octets that follow the response."""
        return bytes(self._buffer)

    @property
    def finished(self) -> bool:
        """Whether no further octet can change what was read."""
        return self._phase in {_Phase.DONE, _Phase.GARBAGE}

    @property
    def begun(self) -> bool:
        """Whether at least one octet of the response has come."""
        return bool(self._bytes)

    @property
    def has_head(self) -> bool:
        """Whether all of its field lines have come."""
        return self._phase not in {_Phase.STATUS, _Phase.FIELDS, _Phase.GARBAGE}

    @property
    def content(self) -> bytes:
        """The content as far as it has come, decoded of its transfer coding."""
        return bytes(self._content)

    def so_far(self) -> Response:
        """Return the response as far as it has come."""
        return self._snapshot(complete=False)

    def feed(self, data: bytes) -> None:
        """Take the next octets of the connection."""
        self._buffer += data
        self._bytes += len(data)
        while not self.finished and self._steps[self._phase]():
            pass
        if not self.finished and self._bytes > self._bytes_max:
            self._give_up("too-large", f"more than {self._bytes_max} octets without an end")

    def feed_end(self, end: End) -> None:
        """Say how the connection stood when no more octets came: the response is now whole, cut, or nothing."""
        if self.finished or not self._bytes:
            return
        if self._phase is _Phase.STATUS and not self._might_be_status():
            self._fail_as_garbage()
            return
        # A reset, or TLS closed without close_notify, may have lost content: RFC 9112, Sections 8 and 9.8.
        whole = self._phase is _Phase.UNTIL_CLOSE and end is End.CLOSED
        self._finish(complete=whole)

    def _might_be_status(self) -> bool:
        start = bytes(self._buffer[: len(_START)]).upper()
        return start == _START[: len(start)]

    def _fail_as_garbage(self) -> None:
        self.garbage = bytes(self._head + self._buffer)
        self._buffer.clear()
        self._phase = _Phase.GARBAGE

    def _finish(self, *, complete: bool) -> None:
        self.response = self._snapshot(complete=complete)
        self._phase = _Phase.DONE

    def _snapshot(self, *, complete: bool) -> Response:
        version, status, reason = self._line_start
        return Response(
            version=version,
            status=status,
            reason=reason,
            fields=tuple(self._fields),
            content=bytes(self._content),
            trailers=tuple(self._trailers),
            framing=self._framing,
            complete=complete,
            head=bytes(self._head),
            faults=tuple(self._faults),
        )

    def _fault(self, rule: str, text: str) -> None:
        if len(self._faults) < FAULTS_MAX:
            self._faults.append(Fault(rule, text))

    def _give_up(self, rule: str, text: str) -> None:
        if rule in _BREAKS:
            self._fault(_BREAKS[rule], text)
        self._faults = [*self._faults[: FAULTS_MAX - 1], Fault(rule, text)]
        self._finish(complete=False)

    def _line(self, loose_end: str) -> bytes | None:
        """Take one line without its end, or None. A lone LF ends it too, and breaks the rule `loose_end`."""
        at = self._buffer.find(b"\n", self._scanned)
        if at < 0:
            self._scanned = len(self._buffer)
            if self._scanned > LINE_BYTES_MAX:
                self._give_up("too-large", f"a line of more than {LINE_BYTES_MAX} octets")
            return None
        line = bytes(self._buffer[: at + 1])
        del self._buffer[: at + 1]
        self._scanned = 0
        if self._phase in {_Phase.STATUS, _Phase.FIELDS}:
            self._head += line
        text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if not line.endswith(b"\r\n"):
            self._fault(loose_end, f"a line ends in LF without CR: {line[:60]!r}")
        if b"\r" in text:
            self._fault("bare-cr", f"a CR without LF: {line[:60]!r}")
        return text

    def _read_status(self) -> bool:
        if not self._might_be_status():
            self._fail_as_garbage()
            return False
        line = self._line("message-grammar")
        if line is None:
            return False
        match = _LENIENT_STATUS.fullmatch(line)
        if match is None:
            self._fail_as_garbage()
            return False
        self._line_start = (match[1], int(match[2]), match[3])
        self._judge_status_line(line.replace(b"\r", b""))
        self._phase = _Phase.FIELDS
        return True

    def _judge_status_line(self, line: bytes) -> None:
        if not _VERSION_START.match(line):
            self._fault("version-grammar", f"a status line begins {line[:12]!r}")
        if _NO_SPACE.fullmatch(line):
            self._fault("status-space", f"no SP after the status code: {line[:60]!r}")
        elif not _STATUS_REST.fullmatch(line):
            self._fault("status-line", f"no status line by the grammar: {line[:60]!r}")

    def _read_field(self) -> bool:
        line = self._line("message-grammar")
        if line is None:
            return False
        if not line:
            self._begin_content()
            return True
        if line[:1] in {b" ", b"\t"} and self._head.count(b"\n") == 2:
            self._fault("space-after-status-line", f"whitespace before the first field line: {line[:60]!r}")
        else:
            self._add_field(self._fields, line)
        return True

    def _add_field(self, fields: list[FieldLine], line: bytes) -> None:
        if line[:1] in {b" ", b"\t"}:
            self._fault("obs-fold", f"a folded field line: {line[:60]!r}")
            if fields:
                name, value = fields[-1]
                fields[-1] = (name, value + b" " + line.strip(b" \t"))
            return
        if not _FIELD.fullmatch(line.replace(b"\r", b"")):
            self._fault("field-line", f"no field line by the grammar: {line[:60]!r}")
        name, colon, value = line.partition(b":")
        if colon:
            fields.append((name.rstrip(b" \t"), value.strip(b" \t")))

    def _begin_content(self) -> None:
        self._framing, self._remaining = self._frame()
        phases = {
            Framing.LENGTH: _Phase.LENGTH,
            Framing.CHUNKED: _Phase.CHUNK_SIZE,
            Framing.UNTIL_CLOSE: _Phase.UNTIL_CLOSE,
        }
        if self._remaining < 0:
            self._give_up("content-length-conflict", "no one Content-Length can be read from the response")
        elif self._framing in phases:
            self._phase = phases[self._framing]
        else:
            self._finish(complete=True)

    def _frame(self) -> tuple[Framing, int]:
        """Return how the content ends, and its length if that is known. A length of -1: nobody can know."""
        status = self._line_start[1]
        codings = self._members(b"transfer-encoding")
        if status == 101 or (self._method == "CONNECT" and 200 <= status < 300):
            return Framing.TUNNEL, 0
        if self._method == "HEAD" or 100 <= status < 200 or status in {204, 304}:
            return Framing.NONE, 0
        if codings:
            return (Framing.CHUNKED if codings[-1].lower() == b"chunked" else Framing.UNTIL_CLOSE), 0
        lengths = set(self._members(b"content-length", keep_empty=True))
        if not lengths:
            return Framing.UNTIL_CLOSE, 0
        length = lengths.pop()
        valid = not lengths and re.fullmatch(rb"[0-9]{1,18}", length)
        return Framing.LENGTH, int(length) if valid else -1

    def _members(self, name: bytes, *, keep_empty: bool = False) -> list[bytes]:
        values = [value for field, value in self._fields if field.lower() == name]
        members = [member.strip(b" \t") for value in values for member in value.split(b",")]
        return [member for member in members if member or keep_empty]

    def _take(self, count: int) -> int:
        taken = min(count, len(self._buffer))
        self._content += self._buffer[:taken]
        del self._buffer[:taken]
        return taken

    def _read_length(self) -> bool:
        self._remaining -= self._take(self._remaining)
        if not self._remaining:
            self._finish(complete=True)
        return False

    def _read_until_close(self) -> bool:
        self._take(len(self._buffer))
        return False

    def _read_chunk_size(self) -> bool:
        line = self._line("chunked-grammar")
        if line is None:
            return False
        if not _CHUNK_LINE.fullmatch(line):
            self._fault("chunked-grammar", f"no chunk size line by the grammar: {line[:60]!r}")
        match = _LENIENT_CHUNK.match(line)
        if match is None:
            self._give_up("chunk-broken", f"no chunk size can be read: {line[:60]!r}")
            return False
        self._remaining = int(match[1], 16)
        self._phase = _Phase.CHUNK_DATA if self._remaining else _Phase.TRAILERS
        return True

    def _read_chunk_data(self) -> bool:
        self._remaining -= self._take(self._remaining)
        if self._remaining:
            return False
        self._phase = _Phase.CHUNK_END
        return True

    def _read_chunk_end(self) -> bool:
        after = bytes(self._buffer[:2])
        if after in {b"", b"\r"}:
            return False
        if after.startswith(b"\n"):
            self._fault("chunked-grammar", "LF without CR after chunk data")
        elif after != b"\r\n":
            self._give_up("chunk-broken", f"chunk data is followed by {after!r} and not by CRLF")
            return False
        del self._buffer[: 1 if after.startswith(b"\n") else 2]
        self._phase = _Phase.CHUNK_SIZE
        return True

    def _read_trailer(self) -> bool:
        line = self._line("chunked-grammar")
        if line is None:
            return False
        if line:
            self._add_field(self._trailers, line)
            return True
        self._finish(complete=True)
        return False
