"""An event stream, read as a client reads it (WHATWG HTML, Section 9.2.6), and what of it is no stream by the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE_END = re.compile(r"\r\n|\n|\r")
KNOWN = frozenset({"data", "event", "id", "retry"})
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is dispatched: its type, its data, and the last event id at that time."""

    data: str
    kind: str = "message"
    last_id: str = ""


@dataclass(slots=True)
class Read:
    """What a stream came to. `unfinished` are the lines of a block that no empty line ended; `faults` say what is no field."""

    events: list[Event] = field(default_factory=list[Event])
    comments: list[str] = field(default_factory=list[str])
    retries: list[str] = field(default_factory=list[str])
    ids: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    unfinished: list[str] = field(default_factory=list[str])
    idle_blocks: int = 0
    """Blocks with fields and no data: nothing is dispatched for them."""
    is_utf8: bool = True


class _Reader:
    """The buffers of Section 9.2.6."""

    def __init__(self, into: Read) -> None:
        self.into = into
        self.block: list[str] = []
        self.data: list[str] = []
        self.kind = ""
        self.last_id = ""

    def line(self, text: str) -> None:
        """Take one line without its end."""
        if not text:
            self.dispatch()
            return
        if text.startswith(":"):
            self.into.comments.append(text[1:])
            return
        self.block.append(text)
        name, _, value = text.partition(":")
        self.take(name, value.removeprefix(" "))

    def take(self, name: str, value: str) -> None:
        """Take one field."""
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.kind = value
        elif name == "id":
            self.into.ids.append(value)
            if "\0" not in value:
                self.last_id = value
        elif name == "retry":
            self.into.retries.append(value)
        else:
            self.into.unknown.append(name)

    def dispatch(self) -> None:
        """End a block."""
        if self.data:
            self.into.events.append(Event("\n".join(self.data), self.kind or "message", self.last_id))
        elif self.block:
            self.into.idle_blocks += 1
        self.block, self.data, self.kind = [], [], ""


def read(content: bytes) -> Read:
    """Read a whole stream, or as much of it as has come."""
    found = Read()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        found.is_utf8 = False
        text = content.decode("utf-8", "replace")
    lines = _LINE_END.split(text.removeprefix(BOM))
    reader = _Reader(found)
    for line in lines[:-1]:
        reader.line(line)
    found.unfinished = [*reader.block, *([lines[-1]] if lines[-1] else [])]
    return found
