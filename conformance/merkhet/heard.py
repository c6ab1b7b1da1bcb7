"""What was heard on a WebSocket: the messages and control frames that a server sent, and how it came to an end.

It stands beside `merkhet.answer` as frames stand beside responses: behind a 101, `Hears` steps read these.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from merkhet.answer import End, Fault

SHOWN_BYTES_MAX = 40
SHOWN_EVENTS_MAX = 6


class Opcode(enum.IntEnum):
    """What a frame is (RFC 6455, Section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    @property
    def is_control(self) -> bool:
        """Whether it may come between the fragments of a message."""
        return self >= Opcode.CLOSE


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: TEXT or BINARY, its octets (inflated), and how it was sent.

    `distance` is the longest way back that its DEFLATE data refer to, None if that was not measured: it was not compressed,
    or is too long.
    """

    opcode: Opcode
    data: bytes
    compressed: bool = False
    frames: int = 1
    distance: int | None = None

    def describe(self) -> str:
        """Say what it is, as the words of a report."""
        kind = "text" if self.opcode is Opcode.TEXT else "binary"
        fragments = f" in {self.frames} fragments" if self.frames > 1 else ""
        return f"{'compressed ' if self.compressed else ''}{kind} {shown(self.data)}{fragments}"


@dataclass(frozen=True, slots=True)
class Ping:
    """A Ping."""

    data: bytes

    def describe(self) -> str:
        """Say what it is."""
        return f"Ping {shown(self.data)}"


@dataclass(frozen=True, slots=True)
class Pong:
    """A Pong."""

    data: bytes

    def describe(self) -> str:
        """Say what it is."""
        return f"Pong {shown(self.data)}"


@dataclass(frozen=True, slots=True)
class Close:
    """A Close frame, whatever its body is."""

    body: bytes = b""

    @property
    def code(self) -> int | None:
        """The status code, None if there is none."""
        return int.from_bytes(self.body[:2]) if len(self.body) >= 2 else None

    @property
    def reason(self) -> bytes:
        """The octets behind the code."""
        return self.body[2:]

    def describe(self) -> str:
        """Say what it is."""
        if self.code is None:
            return f"Close with the body {self.body!r}" if self.body else "Close without a code"
        return f"Close {self.code}" + (f" {shown(self.reason)}" if self.reason else "")


Event = Message | Ping | Pong | Close


def shown(data: bytes) -> str:
    """Show octets as a report does: hostile ones only as escapes, and no more than fit."""
    more = f"... ({len(data)} octets)" if len(data) > SHOWN_BYTES_MAX else ""
    return f"{data[:SHOWN_BYTES_MAX]!r}{more}"


_ENDS = {
    End.CLOSED: "the connection closed",
    End.RESET: "the connection reset",
    End.SILENT: "nothing more in time, the connection still open",
    End.UNNOTIFIED: "the connection closed without close_notify",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a `Hears` step heard.

    `events` are in the order in which they came, up to the server's Close, and `behind` is what came behind that. `end` is
    how the connection stood when reading stopped, None if it stopped because all that was waited for had come.
    `unreadable` says that a fault stopped the reading: frames that no client may take. `answered` says that merkhet
    answered the Close with its own. `unfinished` says that a message had begun and was not whole.
    """

    events: tuple[Event, ...] = ()
    behind: tuple[Event, ...] = ()
    faults: tuple[Fault, ...] = ()
    end: End | None = None
    unreadable: bool = False
    answered: bool = False
    unfinished: bool = False
    seconds: float = 0.0

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages before the Close."""
        return tuple(event for event in self.events if isinstance(event, Message))

    @property
    def pongs(self) -> tuple[bytes, ...]:
        """The application data of the Pongs before the Close."""
        return tuple(event.data for event in self.events if isinstance(event, Pong))

    @property
    def pings(self) -> tuple[bytes, ...]:
        """The application data of the Pings before the Close."""
        return tuple(event.data for event in self.events if isinstance(event, Ping))

    @property
    def close(self) -> Close | None:
        """The server's Close, if it has come."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Close) else None

    @property
    def ended(self) -> bool:
        """Whether the server has ended the connection, in whatever way."""
        return self.end in {End.CLOSED, End.RESET, End.UNNOTIFIED}

    @property
    def absent(self) -> bool:
        """Whether it stands on what did not come: only such a judgement may be excused by a second run."""
        return not self.unreadable and (self.end is End.SILENT or (self.ended and self.close is None))

    def describe(self) -> str:
        """Say what was heard, as the words of a report."""
        told = [event.describe() for event in self.events]
        if len(told) > SHOWN_EVENTS_MAX:
            told[SHOWN_EVENTS_MAX - 1 : -1] = [f"... ({len(told)} in all)"]
        if self.unfinished:
            told.append("the beginning of a message")
        if self.behind:
            told.append("behind its Close " + ", ".join(event.describe() for event in self.behind[:SHOWN_EVENTS_MAX]))
        told += [f"a fault ({fault.rule}: {fault.text})" for fault in self.faults[:2]]
        if self.end is not None:
            answered = "behind merkhet's Close " if self.answered else ""
            told.append(answered + _ENDS[self.end])
        return ", then ".join(told) or "nothing"
