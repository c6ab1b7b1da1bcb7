"""Expectations of an echo: what the target says that it read (docs/contract.md)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from merkhet.answer import Answer, Context, FieldLine, Response
from merkhet.expectation import Expectation, Rests

VALUES_SHOWN_MAX: Final = 4

Part = Literal["method", "target", "fields", "body", "trailers"]


class Echo(msgspec.Struct, frozen=True, kw_only=True):
    """What an echo endpoint says that it read. None where it cannot know. All octets are decoded from base64."""

    method: str | None
    target: bytes | None
    fields: tuple[FieldLine, ...] | None
    body: bytes | None
    trailers: tuple[FieldLine, ...] | None

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Return the values of the field lines of this name, in order."""
        return tuple(value for field_name, value in self.fields or () if field_name.lower() == name.lower())


def read_echo(response: Response) -> Echo | None:
    """Return what an echo endpoint's response says, or None if it is no echo in the contract's form."""
    try:
        document: Any = msgspec.json.decode(response.content)
        return Echo(
            method=document.get("method"),
            target=_octets(document.get("target")),
            fields=_lines(document.get("fields")),
            body=_octets(document.get("body")),
            trailers=_lines(document.get("trailers")),
        )
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError, binascii.Error):
        return None


def _echo_of(answer: Answer) -> Echo | None:
    response = answer.final
    return read_echo(response) if response is not None and 200 <= response.status < 300 else None


def _octets(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


def _lines(rows: list[list[str]] | None) -> tuple[FieldLine, ...] | None:
    if rows is None:
        return None
    return tuple(
        (base64.b64decode(name, validate=True), base64.b64decode(value, validate=True)) for name, value in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Echoed:
    """A 2xx echo of what was read; every part that is given must be known to the echo and equal."""

    method: str | None = None
    target: bytes | None = None
    body: bytes | None = None
    lines: tuple[FieldLine, ...] = ()
    absent: tuple[bytes, ...] = ()
    trailer: FieldLine | None = None
    folded: bool = False
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        parts = [f"the method {self.method}"] if self.method is not None else []
        parts += [f"the target {self.target!r}"] if self.target is not None else []
        parts += [f"the content {_short(self.body)}"] if self.body is not None else []
        parts += [f"the field line {_line_words(line)}" for line in self.lines]
        parts += [f"no field {name.decode('latin-1')}" for name in self.absent]
        parts += [f"the trailer {_line_words(self.trailer)}"] if self.trailer is not None else []
        return "a 2xx echo with " + " and ".join(parts) if parts else "a 2xx echo"

    def matches(self, answer: Answer, context: Context) -> bool:
        echo = _echo_of(answer)
        return echo is not None and all(
            (
                self.method is None or echo.method == self.method,
                self.target is None or echo.target == context.render(self.target),
                self.body is None or echo.body == context.render(self.body),
                all(self._has(echo, name, context.render(value)) for name, value in self.lines),
                all(echo.fields is not None and not echo.values(name) for name in self.absent),
                self.trailer is None or self._has_trailer(echo, self.trailer),
            )
        )

    def told(self, answer: Answer) -> str:
        echo = _echo_of(answer)
        if echo is None:
            return ""
        parts = [f"the method {_cut(echo.method)}"] if self.method is not None else []
        parts += [f"the target {_told(echo.target)}"] if self.target is not None else []
        parts += [f"the content {_told(echo.body)}"] if self.body is not None else []
        names = dict.fromkeys([*(name for name, _ in self.lines), *self.absent])
        parts += [_told_lines("field", name, echo.fields) for name in names]
        parts += [_told_lines("trailer", self.trailer[0], echo.trailers)] if self.trailer is not None else []
        return "an echo with " + " and ".join(parts) if parts else ""

    def _has(self, echo: Echo, name: bytes, value: bytes) -> bool:
        values = echo.values(name)
        return value in ((_collapse(seen) for seen in values) if self.folded else values)

    @staticmethod
    def _has_trailer(echo: Echo, line: FieldLine) -> bool:
        return (line[0].lower(), line[1]) in {(name.lower(), value) for name, value in echo.trailers or ()}


def _collapse(value: bytes) -> bytes:
    return b" ".join(part for part in value.replace(b"\t", b" ").split(b" ") if part)


def _short(data: bytes) -> str:
    return f"{data!r}" if len(data) <= 40 else f"{data[:40]!r}... ({len(data)} bytes)"


def _cut(text: object) -> str:
    # What a target puts there may be no text at all.
    if not isinstance(text, str):
        return "untold"
    return ascii(text[:40]) + ("..." if len(text) > 40 else "")


def _told(data: bytes | None) -> str:
    return "untold" if data is None else _short(data)


def _told_lines(kind: str, name: bytes, lines: tuple[FieldLine, ...] | None) -> str:
    if lines is None:
        return f"the {kind}s untold"
    values = [value for found, value in lines if found.lower() == name.lower()]
    if not values:
        return f"no {kind} {name.decode('latin-1')}"
    more = len(values) - VALUES_SHOWN_MAX
    words = [_short(value) for value in values[:VALUES_SHOWN_MAX]] + ([f"{more} more"] if more > 0 else [])
    return f"the {kind} {name.decode('latin-1')} as {' and '.join(words)}"


def _line_words(line: FieldLine) -> str:
    return repr(line[0] + b": " + line[1])


def echoed(
    *,
    method: str | None = None,
    target: bytes | None = None,
    body: bytes | None = None,
    lines: tuple[FieldLine, ...] = (),
    absent: tuple[bytes, ...] = (),
    trailer: FieldLine | None = None,
    folded: bool = False,
) -> Expectation:
    """A 2xx echo in the contract's form, of which every given part holds.

    `lines` must each stand among the echoed field lines, names without case; with `folded`, runs of SP and HTAB in an
    echoed value are collapsed to one SP before the comparison. `absent` names fields that must not stand there.
    """
    return _Echoed(method=method, target=target, body=body, lines=lines, absent=absent, trailer=trailer, folded=folded)


@dataclass(frozen=True, slots=True)
class _Misechoed:
    """A 2xx echo in the contract's form whose content is known and is not this."""

    body: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 2xx echo with other content than {_short(self.body)}"

    def matches(self, answer: Answer, context: Context) -> bool:
        echo = _echo_of(answer)
        return echo is not None and echo.body is not None and echo.body != context.render(self.body)

    def told(self, answer: Answer) -> str:
        echo = _echo_of(answer)
        return "" if echo is None else f"an echo with the content {_told(echo.body)}"


def misechoed(body: bytes) -> Expectation:
    """A 2xx echo in the contract's form whose known content differs from `body`; an echo that cannot know it is none."""
    return _Misechoed(body)


@dataclass(frozen=True, slots=True)
class _Untold:
    """A 2xx echo in the contract's form that says null of one of its parts."""

    part: Part
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 2xx echo that does not tell the {'content' if self.part == 'body' else self.part}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002 - what every expectation is asked
        echo = _echo_of(answer)
        return echo is not None and getattr(echo, self.part) is None


def untold(part: Part) -> Expectation:
    """A 2xx echo in the contract's form of which this part is null: its server does not tell the application."""
    return _Untold(part)
