"""Expectations that compare: with an answer that the check kept, with the harness's own files, with what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests
from merkhet.template import in_pattern
from merkhet.wire import byteranges


@dataclass(frozen=True, slots=True)
class _ContentOfKept:
    """A whole 2xx response with the content that a kept answer had, or with a slice of it (both ends included)."""

    name: str
    first: int = 0
    last: int | None = None
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        if self.last is None and not self.first:
            return f"the same content as in the {self.name} answer"
        return f"octets {self.first} to {'the end' if self.last is None else self.last} of the {self.name} answer's content"

    def matches(self, answer: Answer, context: Context) -> bool:
        response, kept = answer.final, context.kept.get(self.name)
        if response is None or kept is None or not 200 <= response.status < 300:
            return False
        stop = None if self.last is None else self.last + 1
        return response.content == kept.content[self.first : stop]


def same_content(name: str) -> Expectation:
    """A whole 2xx response with the content that the answer kept as `name` had."""
    return _ContentOfKept(name)


def slice_of(name: str, first: int, last: int | None = None) -> Expectation:
    """A whole 2xx response whose content is octets `first` to `last` (None: the end) of the answer kept as `name`."""
    return _ContentOfKept(name, first, last)


@dataclass(frozen=True, slots=True)
class _FieldOfKept:
    """A whole final response with the same value in this field as a kept answer, or absent in both."""

    name: str
    field: bytes
    weakly: bool
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        how = "an equal" if not self.weakly else "a weakly equal"
        return f"{how} {self.field.decode('ascii')} as in the {self.name} answer"

    def matches(self, answer: Answer, context: Context) -> bool:
        response, kept = answer.final, context.kept.get(self.name)
        if response is None or kept is None:
            return False
        return self._of(response) == self._of(kept)

    def _of(self, response: Response) -> tuple[bytes, ...]:
        values = response.values(self.field)
        return tuple(value.removeprefix(b"W/") for value in values) if self.weakly else values


def same_field(name: str, field: bytes, *, weakly: bool = False) -> Expectation:
    """The field has the value that it had in the answer kept as `name`; `weakly` leaves W/ out of the comparison."""
    return _FieldOfKept(name, field, weakly)


@dataclass(frozen=True, slots=True)
class _FieldHas:
    """A final response with a whole head and one line of this field, whose value matches a pattern."""

    field: bytes
    pattern: bytes
    words: str
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"{self.field.decode('ascii')}: {self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.response if answer.partial else answer.final
        if response is None:
            return False
        values = response.values(self.field)
        pattern = in_pattern(self.pattern, context.render)
        return len(values) == 1 and re.fullmatch(pattern, values[0], re.DOTALL) is not None


def field_matches(field: bytes, pattern: bytes, words: str) -> Expectation:
    """One line of this field, its whole value matched by a regular expression; `words` say what that is.

    Placeholders in the pattern stand for themselves, whatever characters they hold.
    """
    return _FieldHas(field, pattern, words)


@dataclass(frozen=True, slots=True)
class _FieldIs:
    """A final response with a whole head and one line of this field, with this value."""

    field: bytes
    value: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"{self.field.decode('ascii')}: {self.value.decode('ascii', 'backslashreplace')}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.response if answer.partial else answer.final
        return response is not None and response.values(self.field) == (context.render(self.value),)


def field_is(field: bytes, value: bytes) -> Expectation:
    """One line of this field with exactly this value, placeholders replaced."""
    return _FieldIs(field, value)


def content_range(first: int, last: int, complete: int | None) -> Expectation:
    """Content-Range for these octets; `complete` None: a complete length of any number, or "*"."""
    length = rb"(?:[0-9]+|\*)" if complete is None else b"%d" % complete
    words = f"bytes {first}-{last}/{'any length' if complete is None else complete}"
    return _FieldHas(b"Content-Range", rb"(?i:bytes) %d-%d/%s" % (first, last, length), words)


@dataclass(frozen=True, slots=True)
class _File:
    """A whole 2xx response with the content of a fixture file, or a slice of it."""

    file: str
    first: int = 0
    last: int | None = None
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        if self.last is None and not self.first:
            return f"the content of the file {self.file}"
        return f"octets {self.first} to {'the end' if self.last is None else self.last} of the file {self.file}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        if response is None or not 200 <= response.status < 300:
            return False
        stop = None if self.last is None else self.last + 1
        return response.content == context.files[self.file][self.first : stop]


def file_content(file: str, first: int = 0, last: int | None = None) -> Expectation:
    """A whole 2xx response with the octets of a fixture file, all or from `first` to `last`."""
    return _File(file, first, last)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A 206 whose multipart/byteranges content is well-formed, its parts true slices of a fixture file.

    With `whole`, they cover every octet that was asked for, and may hold more (RFC 9110, Section 15.3.7.2, lets ranges be
    coalesced); without, nothing but what was asked for.
    """

    file: str
    asked: tuple[tuple[int, int], ...]
    whole: bool
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        what = "all that was asked for" if self.whole else "nothing but what was asked for"
        return f"multipart/byteranges of {self.file}, every part a true slice, {what}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        if response is None or response.status != 206:
            return False
        try:
            parts = byteranges.read(response)
        except byteranges.MalformedError:
            return False
        data = context.files[self.file]
        if any(part.complete not in {None, len(data)} for part in parts):
            return False
        if any(part.content != data[part.first : part.last + 1] for part in parts):
            return False
        sent = tuple((part.first, part.last) for part in parts)
        return _within(self.asked, sent) if self.whole else _within(sent, self.asked)


def _within(inner: Iterable[tuple[int, int]], outer: Iterable[tuple[int, int]]) -> bool:
    """Whether every octet of the inner ranges is in one of the outer ones."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(outer):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return all(any(start <= first and last <= end for start, end in joined) for first, last in inner)


def parts_of(file: str, *asked: tuple[int, int], whole: bool = True) -> Expectation:
    """Multipart content whose parts are true slices of a fixture file and cover `asked` (first and last, inclusive).

    With `whole` false they need not cover it, but hold nothing else.
    """
    return _Parts(file, asked, whole)


@dataclass(frozen=True, slots=True)
class _TruthfulParts:
    """A multipart/byteranges content that is well-formed, and every part a true slice of a fixture file."""

    file: str
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"multipart/byteranges with true slices of {self.file}"

    def matches(self, answer: Answer, context: Context) -> bool:
        return _Parts(self.file, (), whole=True).matches(answer, context)


def true_parts(file: str) -> Expectation:
    """A 206 with multipart content that is well-formed and holds true slices of a fixture file, whichever they are."""
    return _TruthfulParts(file)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """The content has these octets, whether the response has ended or not."""

    marker: bytes
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"content with {self.marker[:60]!r}, while the response goes on or at its end"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.response
        if response is None or not (answer.partial or response.complete):
            return False
        return context.render(self.marker) in response.content


def arrived(marker: bytes) -> Expectation:
    """Content with these octets came in time; the response may go on. For `Answers(..., until=marker)`."""
    return _Arrived(marker)
