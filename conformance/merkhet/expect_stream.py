"""Expectations of a response that is still under way: that it stands still, or that its end is seen not to be one."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet.answer import Answer, Context, End, Framing, Response
from merkhet.expectation import Expectation, Rests


@dataclass(frozen=True, slots=True)
class _Paused:
    """A response that has begun, is not whole, and of which nothing more came while it was waited for."""

    rests_on: Rests = Rests.END

    def describe(self) -> str:
        return "a response that has begun and goes on later, the connection still open"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.response
        return response is not None and not response.complete and not answer.partial and answer.end is End.SILENT


paused: Expectation = _Paused()


@dataclass(frozen=True, slots=True)
class _BrokenOff:
    """A response that the end of its connection shows to be incomplete."""

    rests_on: Rests = Rests.END

    def describe(self) -> str:
        return "a response that the end of the connection shows to be incomplete"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.response
        ended = answer.end in {End.CLOSED, End.UNNOTIFIED, End.RESET}
        return response is not None and response.status > 0 and not response.complete and ended


broken_off: Expectation = _BrokenOff()


@dataclass(frozen=True, slots=True)
class _Unmarked:
    """A whole response whose content ends where its connection does."""

    rests_on: Rests = Rests.END

    def describe(self) -> str:
        return "a response that ends with the connection, whole or not"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and answer.final.framing is Framing.UNTIL_CLOSE


unmarked: Expectation = _Unmarked()


@dataclass(frozen=True, slots=True)
class _Trailer:
    """A whole response with this field line in its trailer section."""

    name: bytes
    value: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"the trailer field {self.name.decode('ascii')}: {self.value.decode('ascii')}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and _values(answer.final, self.name) == [self.value]


def _values(response: Response, name: bytes) -> list[bytes]:
    return [value for field, value in response.trailers if field.lower() == name.lower()]


def trailer(name: bytes, value: bytes) -> Expectation:
    """A whole response that has this field once in its trailer section, with this value."""
    return _Trailer(name, value)
