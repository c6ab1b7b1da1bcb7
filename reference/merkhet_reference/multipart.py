"""RFC 7578 and RFC 2046, Section 5.1: multipart/form-data, parsed as it comes; states and moves are a table.

    multipart-body = [preamble CRLF] dash-boundary padding CRLF body-part *(CRLF dash-boundary padding CRLF body-part)
                     CRLF dash-boundary "--" padding [CRLF epilogue]

Lines end in CRLF and in nothing else. What is searched in vain is not searched again, and nothing is kept but a part's
header section and the few octets that may yet become a delimiter.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from merkhet_reference import abnf, multipart_head
from merkhet_reference.limits import Limits
from merkhet_reference.multipart_head import FormError as FormError
from merkhet_reference.multipart_head import FormTooLargeError as FormTooLargeError
from merkhet_reference.multipart_head import PartBegin as PartBegin

BOUNDARY = abnf.whole(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
"""RFC 2046, Section 5.1.1: 1 to 70 octets, the last one no space."""

NO_PADDING = re.compile(rb"[^ \t]")


@dataclass(frozen=True, slots=True)
class PartData:
    """Some octets of a part's content; never empty. Where pieces divide means nothing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is whole."""


Event = PartBegin | PartData | PartEnd
"""Of each part PartBegin, any number of PartData, PartEnd."""


class State(enum.IntEnum):
    """What the parser reads next."""

    PREAMBLE = enum.auto()
    DELIMITER = enum.auto()
    PADDING = enum.auto()
    HEAD = enum.auto()
    CONTENT_START = enum.auto()
    CONTENT = enum.auto()
    CLOSE_PADDING = enum.auto()
    EPILOGUE = enum.auto()


class Move(enum.IntEnum):
    """What was found."""

    BOUNDARY = enum.auto()
    DASHES = enum.auto()
    NO_DASHES = enum.auto()
    LINE_END = enum.auto()
    HEAD = enum.auto()
    NO_BOUNDARY = enum.auto()


TRANSITIONS: dict[tuple[State, Move], State] = {
    (State.PREAMBLE, Move.BOUNDARY): State.DELIMITER,
    # Two dashes behind the first boundary are a form of no parts. # Choice: the grammar wants one part at least, but this
    # is what browsers send for a form without entries.
    (State.DELIMITER, Move.DASHES): State.CLOSE_PADDING,
    (State.DELIMITER, Move.NO_DASHES): State.PADDING,
    (State.PADDING, Move.LINE_END): State.HEAD,
    (State.HEAD, Move.HEAD): State.CONTENT_START,
    (State.CONTENT_START, Move.BOUNDARY): State.DELIMITER,
    (State.CONTENT_START, Move.NO_BOUNDARY): State.CONTENT,
    (State.CONTENT, Move.BOUNDARY): State.DELIMITER,
    (State.CLOSE_PADDING, Move.LINE_END): State.EPILOGUE,
}
"""From EPILOGUE nothing leads anywhere: what comes then is thrown away."""


class MultipartParser:
    """One form. Feed it what comes, in whatever pieces, then call `end`. `boundary` is what `boundary_of` returned."""

    __slots__ = (
        "_at",
        "_buffer",
        "_delimiter",
        "_error",
        "_limits",
        "_parts",
        "_room",
        "_searched",
        "_too_large",
        "state",
    )

    def __init__(self, boundary: bytes, limits: Limits) -> None:
        self.state = State.PREAMBLE
        self._limits = limits
        self._delimiter = b"\r\n--" + boundary  # [rfc2046-5.1.1-1]
        # The first delimiter needs no CRLF before it: the body begins as if one had just ended a line.
        self._buffer = bytearray(b"\r\n")
        self._at = 0
        self._searched = 0
        self._parts = 0
        self._room = 0
        self._too_large = ""
        self._error: FormError | None = None

    @property
    def buffered_bytes(self) -> int:
        """Octets that came and are not yet understood."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """Return what these octets come to. Raises FormError, and again whenever it is called after that.

        Events in front of a fault are returned first, and the fault is raised by the next call, `end` if there is no
        other: what is seen of a form does not depend on how it was cut in pieces.
        """
        if self._error is not None:
            raise self._error
        self._buffer += data
        events: list[Event] = []
        try:
            while STEPS[self.state](self, events):
                pass
        except FormError as error:
            self._error = error
            self._at = len(self._buffer)
        self._drop_taken()
        if self._error is not None and not events:
            raise self._error
        return events

    def end(self) -> None:
        """Say that nothing comes any more. Raises FormError, also when the closing delimiter has not come."""
        if self._error is not None:
            raise self._error
        is_closed = self.state is State.CLOSE_PADDING and not self._buffer
        if not is_closed and self.state is not State.EPILOGUE:
            raise FormError("the form ends before its closing delimiter")  # [rfc2046-5.1.1-a5]

    def skip_preamble(self, _events: list[Event]) -> bool:
        """Drop what stands before the first delimiter, in bulk."""
        end, is_found = self._next_delimiter()
        self._at = end  # [rfc2046-5.1.1-a2]
        if is_found:
            self._take_delimiter()
        return is_found

    def take_dashes(self, _events: list[Event]) -> bool:
        """Take the two dashes that make a delimiter the closing one, if they are there."""
        dashes = self._peek(2)
        if dashes == b"--":
            self._at += 2
            self._move(Move.DASHES)
            return True
        if b"--".startswith(dashes):
            return False
        self._move(Move.NO_DASHES)
        return True

    def take_padding(self, _events: list[Event]) -> bool:
        """Take transport padding, which only receivers must know, and the end of the delimiter's line.

        # Choice: anything else on that line is refused. A line that begins with the boundary may not stand in a part, and
        Section 5.1.1 lets a recipient take it for a delimiter: who reads on would read another form than the next one.
        """
        behind = NO_PADDING.search(self._buffer, self._at)  # [rfc2046-5.1.1-2]
        self._at = len(self._buffer) if behind is None else behind.start()
        line_end = self._peek(2)
        if line_end != b"\r\n":
            if b"\r\n".startswith(line_end):
                return False
            raise FormError("a line of the form begins with the boundary and is no delimiter")
        self._at += 2
        self._move(Move.LINE_END)
        return True

    def take_head(self, events: list[Event]) -> bool:
        """Take a part's header section if it is whole. The CRLF of its empty line is left to `start_content`."""
        self._check_parts()
        if self._peek(2) == b"\r\n":
            raise FormError("a part has no header fields")
        window = self._limits.multipart_head_bytes_max + 4
        found = self._buffer.find(b"\r\n\r\n", max(self._at, self._searched - 3), self._at + window)
        if found < 0:
            if len(self._buffer) - self._at >= window:
                raise FormTooLargeError("the header section of a part is larger than this server reads")
            self._searched = len(self._buffer)
            return False
        head = bytes(self._buffer[self._at : found])
        if self._delimiter in b"\r\n" + head:
            # A boundary may hold a colon, so that its line looks like a field line.
            raise FormError("a part ends within its header section")
        begin = multipart_head.parse_part_head(head)
        events.append(begin)
        self._parts += 1
        self._begin_content(is_file=begin.filename is not None)
        self._at = found + 2
        self._move(Move.HEAD)
        return True

    def start_content(self, events: list[Event]) -> bool:
        """Look for a delimiter right behind the empty line: its CRLF is the empty line's then, and the part is empty."""
        start = self._peek(len(self._delimiter))
        if start == self._delimiter:
            self._take_delimiter()
            events.append(PartEnd())
            return True
        if self._delimiter.startswith(start):
            return False
        self._at += 2
        self._move(Move.NO_BOUNDARY)
        return True

    def take_content(self, events: list[Event]) -> bool:
        """Take what is surely content, and the delimiter if it has come."""
        end, is_found = self._next_delimiter()
        self._take_data(end, events)
        if is_found:
            self._take_delimiter()
            events.append(PartEnd())
        return is_found

    def skip_epilogue(self, _events: list[Event]) -> bool:
        """Drop whatever stands behind the closing delimiter, in bulk."""
        self._at = len(self._buffer)
        return False

    def _next_delimiter(self) -> tuple[int, bool]:
        """Return where the next delimiter begins, and whether it is whole; or how far there surely is none."""
        found = self._buffer.find(self._delimiter, self._at)  # [rfc7578-4.1-1]
        if found >= 0:
            return found, True
        # A delimiter has one CR, its first octet: only what follows the last CR may still become one.
        end = len(self._buffer)
        cr = self._buffer.rfind(b"\r", max(self._at, end - len(self._delimiter) + 1))
        may_come = cr >= 0 and self._delimiter.startswith(self._buffer[cr:])
        return (cr if may_come else end), False

    def _take_delimiter(self) -> None:
        self._at += len(self._delimiter)
        self._move(Move.BOUNDARY)

    def _take_data(self, end: int, events: list[Event]) -> None:
        """Make an event of the content up to `end`, as far as there is room for it."""
        begin, room_end = self._at, self._at + self._room
        self._at = min(end, room_end)
        self._room -= self._at - begin
        if begin < self._at:
            events.append(PartData(bytes(self._buffer[begin : self._at])))
        if end > room_end:
            raise FormTooLargeError(self._too_large)

    def _begin_content(self, *, is_file: bool) -> None:
        limits = self._limits
        self._room = limits.multipart_file_bytes_max if is_file else limits.multipart_field_bytes_max
        self._too_large = f"a {'file' if is_file else 'field'} of the form is larger than this server takes"

    def _check_parts(self) -> None:
        if self._parts == self._limits.multipart_parts_max:
            raise FormTooLargeError("the form has more parts than this server takes")

    def _peek(self, count: int) -> bytes:
        return bytes(self._buffer[self._at : self._at + count])

    def _drop_taken(self) -> None:
        """Once a feed and not once an event, or a form of many parts would be moved for each of them."""
        del self._buffer[: self._at]
        self._searched = max(0, self._searched - self._at)
        self._at = 0

    def _move(self, move: Move) -> None:
        self.state = TRANSITIONS[self.state, move]


STEPS: dict[State, Callable[[MultipartParser, list[Event]], bool]] = {
    State.PREAMBLE: MultipartParser.skip_preamble,
    State.DELIMITER: MultipartParser.take_dashes,
    State.PADDING: MultipartParser.take_padding,
    State.HEAD: MultipartParser.take_head,
    State.CONTENT_START: MultipartParser.start_content,
    State.CONTENT: MultipartParser.take_content,
    State.CLOSE_PADDING: MultipartParser.take_padding,
    State.EPILOGUE: MultipartParser.skip_epilogue,
}
"""Which method reads in which state; each returns False when it needs more octets."""


def boundary_of(content_type: bytes) -> bytes:
    """Return the boundary that this Content-Type names (RFC 7578, Section 4.1). Raises FormError."""
    match = multipart_head.MEDIA_TYPE.match(content_type)
    if match is None or match[1].lower() != b"multipart/form-data":
        raise FormError("the content is not multipart/form-data")
    boundary = multipart_head.unquoted(multipart_head.parameters(match[2]).get(b"boundary", b""))  # [rfc2046-5.1.1-a3]
    if BOUNDARY.match(boundary) is None:  # [rfc2046-5.1.1-a4]
        raise FormError("Content-Type names no legal boundary")  # [rfc2046-5.1-a1]
    return boundary
