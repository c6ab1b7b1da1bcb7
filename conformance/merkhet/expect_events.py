"""Expectations of event streams: what a client would have been given, and how the stream was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests
from merkhet.wire.event_stream import Event, Read, read

TYPE = b"text/event-stream"


def is_stream(response: Response) -> bool:
    """Whether a response is a 200 whose type is that of event streams, whatever its parameters."""
    kinds = response.values(b"Content-Type")
    return response.status == 200 and len(kinds) == 1 and kinds[0].partition(b";")[0].strip().lower() == TYPE


@dataclass(frozen=True, slots=True)
class _Events:
    """A whole stream that gives a client exactly these events."""

    events: tuple[Event, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        told = ", ".join(f"{event.kind} {event.data!r} (id {event.last_id!r})" for event in self.events[:4])
        more = f", ... {len(self.events)} in all" if len(self.events) > 4 else ""
        return f"an event stream with {told or 'no events'}{more}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and is_stream(response) and tuple(read(response.content).events) == self.events


def events(*expected: Event) -> Expectation:
    """A whole event stream that comes to these events: type, data and last event id of each."""
    return _Events(expected)


@dataclass(frozen=True, slots=True)
class _Data:
    """A whole stream whose events have these data, whatever their ids and types."""

    data: tuple[str, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"an event stream with the data {', '.join(map(repr, self.data)) or 'of no events'}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        if response is None or not is_stream(response):
            return False
        return tuple(event.data for event in read(response.content).events) == self.data


def event_data(*expected: str) -> Expectation:
    """A whole event stream whose events have these data."""
    return _Data(expected)


@dataclass(frozen=True, slots=True)
class _Stream:
    """A whole stream of which something holds."""

    words: str
    holds: Callable[[Read], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"an event stream {self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and is_stream(response) and self.holds(read(response.content))


def stream(words: str, holds: Callable[[Read], bool]) -> Expectation:
    """A whole event stream of which `holds` is true; `words` go on from "an event stream"."""
    return _Stream(words, holds)


any_stream: Expectation = _Stream("of any events", lambda _: True)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A response that begins an event stream, whether it has ended or not."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "an event stream, ended or not"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.response is not None and answer.response.status > 0 and is_stream(answer.response)


opened: Expectation = _Opened()
