"""WHATWG HTML, Section 9.2: event streams, one rule of the stream broken at a time."""

from __future__ import annotations

import re
from typing import Any

from mutation import mutant

STREAM = "merkhet_reference.event_stream"
PUSH = "merkhet_reference.push"


@mutant(f"{STREAM}.lines_of", breaks="whatwg-sse-9.2.5-a5", must_kill={"whatwg-sse-9.2.5-data-lf-field"})
def data_in_one_line(original: Any) -> Any:
    """Sends data as one line, so that a line end in them begins a field."""
    return lambda text: [text]


@mutant(f"{STREAM}.lines_of", breaks="whatwg-sse-9.2.5-a5", must_kill={"whatwg-sse-9.2.5-data-line-separator"})
def lines_of_python(original: Any) -> Any:
    """Takes for a line end whatever Python does."""
    return lambda text: text.splitlines() or [""]


@mutant(f"{STREAM}.lines_of", breaks="whatwg-sse-9.2.5-a5", must_kill={"whatwg-sse-9.2.5-data-cr-field"})
def data_lines_end_in_lf(original: Any) -> Any:
    """Divides data at LF alone, and lets a CR through, which ends a line too."""
    return lambda text: text.split("\n")


@mutant(f"{STREAM}.field_line", breaks="whatwg-sse-9.2.6-a2", must_kill={"whatwg-sse-9.2.6-leading-space"})
def no_space_of_its_own(original: Any) -> Any:
    """Writes a value right behind its colon, so that a client takes away a space of the value."""
    return lambda name, value: f"{name}:{value}"


@mutant(
    f"{STREAM}.encode_block",
    breaks="whatwg-sse-9.2.5-a1",
    must_kill={"whatwg-sse-9.2.5-utf-8-non-ascii", "whatwg-sse-9.2.5-utf-8-non-bmp"},
)
def streams_in_latin_1(original: Any) -> Any:
    """Sends what it can in ISO 8859-1."""
    return lambda lines: ("\n".join(lines) + "\n\n").encode("latin-1", "replace")


@mutant(f"{STREAM}.encode_block", breaks="whatwg-sse-9.2.6-a3", must_kill={"whatwg-sse-9.2.6-several-lines"})
def no_empty_line_behind(original: Any) -> Any:
    """Leaves out the empty line with which a client is given an event."""
    return lambda lines: original(lines)[:-1]


@mutant(
    f"{STREAM}.EVENT_NEVER",
    breaks="whatwg-sse-9.2.5-a5",
    must_kill={"whatwg-sse-9.2.5-type-lf", "whatwg-sse-9.2.5-type-cr"},
)
def any_type(original: Any) -> Any:
    """Sends an event's type as it is, line ends too."""
    return re.compile(r"(?!)")


@mutant(
    f"{STREAM}.ID_NEVER",
    breaks="whatwg-sse-9.2.6-a4",
    must_kill={"whatwg-sse-9.2.6-id-nul", "whatwg-sse-9.2.5-id-lf"},
)
def any_id(original: Any) -> Any:
    """Sends an event's id as it is, NUL and line ends too."""
    return re.compile(r"(?!)")


@mutant(f"{STREAM}.encode_comment", breaks="whatwg-sse-9.2.5-a6", must_kill={"whatwg-sse-9.2.5-comment-lf"})
def comments_are_events(original: Any) -> Any:
    """Sends a comment as the data of an event."""
    return lambda text: b"data: " + text.encode() + b"\n\n"


@mutant(f"{STREAM}.encode_event", breaks="whatwg-sse-9.2.6-a9", must_kill={"whatwg-sse-9.2.6-id-stays"})
def ids_are_forgotten(original: Any) -> Any:
    """Leaves out the ids of events."""
    return lambda event: re.sub(rb"(?m)^id: .*\n", b"", original(event))


@mutant(f"{STREAM}.encode_event", breaks="whatwg-sse-9.2.6-a8", must_kill={"whatwg-sse-9.2.6-type-for-one"})
def types_are_forgotten(original: Any) -> Any:
    """Leaves out the types of events."""
    return lambda event: re.sub(rb"(?m)^event: .*\n", b"", original(event))


@mutant(f"{STREAM}.encode_event", breaks="whatwg-sse-9.2.6-a5", must_kill={"whatwg-sse-9.2.6-retry-digits"})
def retry_in_seconds(original: Any) -> Any:
    """Says the time to wait as seconds with a fraction."""

    def in_seconds(found: re.Match[bytes]) -> bytes:
        return b"retry: %.1f" % (int(found[1]) / 1000)

    return lambda event: re.sub(rb"(?m)^retry: (\d+)", in_seconds, original(event))


@mutant(f"{STREAM}.last_event_id", breaks="whatwg-sse-9.2.4-a1", must_kill={"whatwg-sse-9.2.4-reconnected"})
def always_from_the_start(original: Any) -> Any:
    """Does not look at what the client has seen last."""
    return lambda fields: None


@mutant(f"{PUSH}.Broadcast.send", breaks="whatwg-sse-9.2.5-a7", must_kill={"whatwg-sse-9.2.5-push-dozen"})
def one_hears_it(original: Any) -> Any:
    """Sends what is for everybody to whoever came first."""

    def send(self: Any, event: Any) -> int:
        for stream in self:
            stream.send(event)
            return 1
        return 0

    return send
