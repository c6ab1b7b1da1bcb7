"""Expectations: the closed set of things a check may ask of what comes next on a connection.

An expectation never reads the wire: it is shown an `Answer` and says whether it is one. Lower-case names read as
the words of a sentence in a check's table of cases. To add one, give it a `describe` that reads as a sentence, say
what it rests on, and show it both met and unmet in `tests/test_expect.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.answer import Answer, Context, End, Framing
from merkhet.expect_echo import Echo as Echo
from merkhet.expect_echo import echoed as echoed
from merkhet.expect_echo import misechoed as misechoed
from merkhet.expect_echo import read_echo as read_echo
from merkhet.expect_echo import untold as untold
from merkhet.expectation import Expectation as Expectation
from merkhet.expectation import Rests as Rests
from merkhet.expectation import told_by


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
        return answer.response is not None and not answer.response.complete and not answer.partial


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

    def told(self, answer: Answer) -> str:
        return told_by(self.cases, answer)

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

    def told(self, answer: Answer) -> str:
        return told_by(self.cases, answer)

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
