"""WHATWG HTML, Section 9.2: Server-sent events, the server's side. From an event to the octets of its block, and no more.

A stream is any row of these blocks. Each is whole by itself and ends in its empty line, so that whatever divides a
stream between two of them leaves one that matches the grammar (Section 9.2.5). None begins with U+FEFF: the client,
which strips one at the start of the stream (Section 9.2.6), finds none to strip, and one in an event's data stays.
"""

from __future__ import annotations

import operator
import re
from dataclasses import KW_ONLY, dataclass

from merkhet_reference.fields import Fields

RETRY_MILLISECONDS_MAX = 2**31 - 1
"""# Choice: 24 days. The text has no bound; a client that keeps its timers in 32 bits would take more for less."""

HEARTBEAT = b":\n\n"
"""A comment that says nothing. About every 15 seconds, it keeps a proxy from ending a quiet stream (Section 9.2.7).

Its empty line dispatches nothing, for no data came before it (Section 9.2.6).
"""

EVENT_NEVER = re.compile(r"[\r\n]")
"""What would end the line: the three line ends are made of these two, and U+2028 or U+0085 is none (Section 9.2.5)."""

# Choice: more than CR, LF and NUL, which Section 9.2.4 keeps out of an id. A client comes back with the id in a field
# line, where no other control character may stand (RFC 9110, Section 5.5): its request would be refused, and a client
# that is refused does not try again (Section 9.2.2).
ID_NEVER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class SSEEvent:
    """One event. Raises ValueError for what cannot be sent as one, TypeError for a `retry` that is no integer.

    `data` is any text; each CR, LF and CRLF in it reaches the client as one LF. Empty data is an event all the same, with
    an empty string. `event` is its type; None and "" mean "message". `id` is where to resume from: it stays with the
    client until another one comes, and "" takes it back. Spaces at the ends of an id do not survive the field line that
    brings it back. `retry` is how many milliseconds the client waits before it connects again.
    """

    data: str = ""
    _: KW_ONLY
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        # [whatwg-sse-9.2.6-a4] [whatwg-sse-9.2.6-a5]
        if self.event is not None and EVENT_NEVER.search(self.event):
            raise ValueError("the type of an event has no CR and no LF")
        if self.id is not None and ID_NEVER.search(self.id):
            raise ValueError("the id of an event has no control character but a tab")
        if self.retry is not None and not 0 <= operator.index(self.retry) <= RETRY_MILLISECONDS_MAX:
            raise ValueError(f"retry is milliseconds, from 0 to {RETRY_MILLISECONDS_MAX}")


def encode_event(event: SSEEvent) -> bytes:
    """Return the block of one event, with the empty line that has the client dispatch it."""
    # [whatwg-sse-9.2.6-a3] [whatwg-sse-9.2.6-a6] [whatwg-sse-9.2.6-a7] [whatwg-sse-9.2.6-a8] [whatwg-sse-9.2.6-a9]
    # Names are in lower case, since they are compared as they are (Section 9.2.6).
    lines: list[str] = []
    if event.event is not None:
        lines.append(field_line("event", event.event))
    if event.id is not None:
        lines.append(field_line("id", event.id))
    if event.retry is not None:
        lines.append(field_line("retry", f"{event.retry:d}"))
    # At least one line, whatever the data: with an empty data buffer the client dispatches nothing, but one data line,
    # though empty, puts an LF there, and it is this LF alone that is taken off again (Section 9.2.6).
    lines += [field_line("data", line) for line in lines_of(event.data)]
    return encode_block(lines)


def encode_comment(text: str) -> bytes:
    """Return a comment, one line for each of `text`. Clients ignore it; people who read the wire do not."""
    # [whatwg-sse-9.2.5-a6]
    return encode_block([field_line("", line) for line in lines_of(text)])


def field_line(name: str, value: str) -> str:
    """Return one line without its end; a name of no characters makes it a comment (Section 9.2.5).

    The space is always there. One is stripped from the value, and if it were left out it would be the value's own.
    """
    # [whatwg-sse-9.2.5-a5] [whatwg-sse-9.2.6-a2]
    return f"{name}: {value}"


def lines_of(text: str) -> list[str]:
    """Divide at CRLF, CR and LF, and at nothing else: str.splitlines knows eight more line ends, the client none."""
    # [whatwg-sse-9.2.6-a1]
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def encode_block(lines: list[str]) -> bytes:
    """Return the lines and an empty one, in UTF-8 (Section 9.2.5).

    Half a surrogate pair is no scalar value and has no UTF-8: U+FFFD stands for it.
    """
    # [whatwg-sse-9.2.5-a1] [whatwg-sse-9.2.5-a2] [whatwg-sse-9.2.5-a3]
    text = "\n".join(lines) + "\n\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return SURROGATE.sub(REPLACEMENT, text).encode("utf-8")


def last_event_id(fields: Fields) -> str | None:
    """Return the id of the last event that the client has seen, as it says when it connects again (Section 9.2.3).

    None where it says none. An empty id is none, as a client that has one sends no field. # Choice: neither is one that
    is not UTF-8, or two field lines. This server gave out no such id, and a stream from its start serves better than a
    refusal, after which the client would not come back.
    """
    # [whatwg-sse-9.2.4-a1] [whatwg-sse-9.2.4-a2]
    values = fields.get_all(b"Last-Event-ID")
    if len(values) != 1:
        return None
    try:
        return values[0].decode("utf-8") or None
    except UnicodeDecodeError:
        return None
