"""Expectations: the closed set of things a check may ask of what comes next on a connection.

An expectation never reads the wire: it is shown an `Answer` and says whether it is one. Lower-case names read as
the words of a sentence in a check's table of cases. To add one, give it a `describe` that reads as a sentence, say
what it rests on, and show it both met and unmet in `tests/test_expect.py`.
"""

from __future__ import annotations

import base64
import binascii
import enum
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from merkhet.answer import Answer, Context, End, FieldLine, Framing, Response


class Rests(enum.StrEnum):
    """What an expectation that is met rests on. A target that answers everything alike proves nothing by a status."""

    STATUS = "status"
    CONTENT = "content"
    END = "end"
    NOTHING = "nothing"


class Expectation(Protocol):
    """One possible answer."""

    def describe(self) -> str:
        """Say what is expected, in the words of a report."""
        ...

    def matches(self, answer: Answer, context: Context) -> bool:
        """Whether `answer` is this."""
        ...

    @property
    def rests_on(self) -> Rests:
        """What a match proves."""
        ...


@dataclass(frozen=True, slots=True)
class _Status:
    """A whole response whose status code lies in one of the ranges (both ends included)."""

    ranges: tuple[tuple[int, int], ...]
    rests_on: Rests = Rests.STATUS

    def describe(self) -> str:
        return "status " + " or ".join(_code_words(low, high) for low, high in self.ranges)

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and any(low <= response.status <= high for low, high in self.ranges)


def _code_words(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if (high - low, low % 100) == (99, 0):
        return f"{low // 100}xx"
    return f"{low} to {high}"


def status(*codes: int) -> Expectation:
    """A whole final response with one of these status codes."""
    return _Status(tuple((code, code) for code in codes))


status_2xx: Expectation = _Status(((200, 299),))
status_3xx: Expectation = _Status(((300, 399),))
status_4xx: Expectation = _Status(((400, 499),))
status_5xx: Expectation = _Status(((500, 599),))


@dataclass(frozen=True, slots=True)
class _Served:
    """A whole final response that is neither 400 nor 5xx: the request was read as a request. 405 to a POST is served."""

    rests_on: Rests = Rests.STATUS

    def describe(self) -> str:
        return "the request served (any whole final response but 400 and 5xx)"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and response.status != 400 and 200 <= response.status < 500


@dataclass(frozen=True, slots=True)
class _AsPreflight:
    """A whole final response with the status that a plain GET of the root got in preflight."""

    rests_on: Rests = Rests.STATUS

    def describe(self) -> str:
        return "the answer that a plain GET gets"

    def matches(self, answer: Answer, context: Context) -> bool:
        return answer.final is not None and answer.final.status == context.baseline_status


@dataclass(frozen=True, slots=True)
class _Answered:
    """Any whole final response."""

    rests_on: Rests = Rests.NOTHING

    def describe(self) -> str:
        return "any whole final response"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None


@dataclass(frozen=True, slots=True)
class _Ended:
    """No byte of an answer, and the connection in one of these states."""

    ends: tuple[End, ...]
    words: str
    rests_on: Rests = Rests.END

    def describe(self) -> str:
        return self.words

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.response is None and not answer.garbage and answer.end in self.ends


@dataclass(frozen=True, slots=True)
class _Cut:
    """A response whose content was cut short by the end of the connection, or by silence."""

    rests_on: Rests = Rests.END

    def describe(self) -> str:
        return "a response cut short"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.response is not None and not answer.response.complete


@dataclass(frozen=True, slots=True)
class _Garbage:
    """Bytes that are no HTTP/1.x response."""

    rests_on: Rests = Rests.NOTHING

    def describe(self) -> str:
        return "bytes that are no HTTP response"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return bool(answer.garbage)


@dataclass(frozen=True, slots=True)
class _Anything:
    """Whatever came, silence included."""

    rests_on: Rests = Rests.NOTHING

    def describe(self) -> str:
        return "anything"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return True


def served() -> Expectation:
    """The request was read as a request: any whole final response but 400 and 5xx."""
    return _Served()


def as_preflight() -> Expectation:
    """The status that a plain GET of the root got in preflight."""
    return _AsPreflight()


answered: Expectation = _Answered()
closed: Expectation = _Ended((End.CLOSED, End.UNNOTIFIED), "the connection closed, without another byte")
reset: Expectation = _Ended((End.RESET,), "the connection reset, without another byte")
ended: Expectation = _Ended((End.CLOSED, End.UNNOTIFIED, End.RESET), "the connection ended, without another byte")
notified: Expectation = _Ended((End.CLOSED,), "close_notify, then the connection closed")
unnotified: Expectation = _Ended((End.UNNOTIFIED,), "the connection closed without close_notify")
silent: Expectation = _Ended((End.SILENT,), "no byte in time, the connection still open")
cut_short: Expectation = _Cut()
garbage: Expectation = _Garbage()
anything: Expectation = _Anything()


@dataclass(frozen=True, slots=True)
class _AnyOf:
    """At least one of these."""

    cases: tuple[Expectation, ...]

    def describe(self) -> str:
        return ", or ".join(case.describe() for case in self.cases)

    def matches(self, answer: Answer, context: Context) -> bool:
        return any(case.matches(answer, context) for case in self.cases)

    @property
    def rests_on(self) -> Rests:
        kinds = {case.rests_on for case in self.cases}
        return next(kind for kind in Rests if kind in kinds)


@dataclass(frozen=True, slots=True)
class _AllOf:
    """Every one of these."""

    cases: tuple[Expectation, ...]

    def describe(self) -> str:
        return ", and ".join(case.describe() for case in self.cases)

    def matches(self, answer: Answer, context: Context) -> bool:
        return all(case.matches(answer, context) for case in self.cases)

    @property
    def rests_on(self) -> Rests:
        kinds = {case.rests_on for case in self.cases}
        return next(kind for kind in (Rests.CONTENT, Rests.END, Rests.STATUS, Rests.NOTHING) if kind in kinds)


@dataclass(frozen=True, slots=True)
class _Not:
    """A whole final response of which the inner expectation does not hold."""

    case: Expectation

    def describe(self) -> str:
        return f"a response without: {self.case.describe()}"

    def matches(self, answer: Answer, context: Context) -> bool:
        return answer.final is not None and not self.case.matches(answer, context)

    @property
    def rests_on(self) -> Rests:
        return self.case.rests_on


def any_of(*cases: Expectation) -> Expectation:
    """At least one of these."""
    return _AnyOf(cases)


def all_of(*cases: Expectation) -> Expectation:
    """Every one of these."""
    return _AllOf(cases)


def without(case: Expectation) -> Expectation:
    """A whole final response of which `case` does not hold."""
    return _Not(case)


@dataclass(frozen=True, slots=True)
class _Interim:
    """A final response preceded by at least one interim response with this status code."""

    code: int
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"an interim {self.code} before the final response"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return any(response.status == self.code for response in answer.interim)


def interim(code: int) -> Expectation:
    """At least one 1xx response with this code came before whatever came last."""
    return _Interim(code)


@dataclass(frozen=True, slots=True)
class _Field:
    """A whole final response with a field line of this name; if a member is given, the list has it."""

    name: bytes
    member: bytes | None
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        name = self.name.decode("ascii")
        return (
            f"{name} in the response"
            if self.member is None
            else f"{name}: {self.member.decode('ascii')} in the response"
        )

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        if answer.final is None:
            return False
        if self.member is None:
            return bool(answer.final.values(self.name))
        return self.member.lower() in answer.final.members(self.name)


def field(name: bytes, member: bytes | None = None) -> Expectation:
    """A response field of this name, if `member` is given with that list member (compared without case)."""
    return _Field(name, member)


@dataclass(frozen=True, slots=True)
class _Version:
    """A whole final response whose status line says this version, such as b"HTTP/1.1"."""

    version: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a status line that says {self.version.decode('ascii')}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and answer.final.version == self.version


def version(name: bytes) -> Expectation:
    """A response whose status line says this version, such as b"HTTP/1.1"."""
    return _Version(name)


@dataclass(frozen=True, slots=True)
class _Content:
    """A whole 2xx response with exactly this content. Placeholders are rendered."""

    data: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 2xx response with the content {self.data[:60]!r}{'...' if len(self.data) > 60 else ''}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        return response is not None and 200 <= response.status < 300 and response.content == context.render(self.data)


def content(data: bytes) -> Expectation:
    """A whole 2xx response with exactly this content, placeholders rendered."""
    return _Content(data)


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
        response = answer.final
        if response is None or not 200 <= response.status < 300:
            return False
        echo = read_echo(response)
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
        response = answer.final
        if response is None or not 200 <= response.status < 300:
            return False
        echo = read_echo(response)
        return echo is not None and echo.body is not None and echo.body != context.render(self.body)


def misechoed(body: bytes) -> Expectation:
    """A 2xx echo in the contract's form whose known content differs from `body`; an echo that cannot know it is none."""
    return _Misechoed(body)


@dataclass(frozen=True, slots=True)
class _Reason:
    """A whole final response whose status line has a reason phrase, or has none."""

    present: bool
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "a status line with a reason phrase" if self.present else "a status line without a reason phrase"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and bool(answer.final.reason.strip(b" \t")) is self.present


with_reason: Expectation = _Reason(present=True)
without_reason: Expectation = _Reason(present=False)


@dataclass(frozen=True, slots=True)
class _Framed:
    """A whole final response whose content ends in one of these ways."""

    ways: tuple[Framing, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "a response framed by " + " or ".join(way.value for way in self.ways)

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and answer.final.framing in self.ways


def framed(*ways: Framing) -> Expectation:
    """A whole final response whose content ends in one of these ways."""
    return _Framed(ways)
