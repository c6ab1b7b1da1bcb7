"""Expectations about ranges, conditions and validators: true slices of a fixture file, and fields beside a kept answer's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests
from merkhet.kept import Lacking, parse_date
from merkhet.wire import byteranges
from merkhet.wire.byteranges import Part

Span = tuple[int, int]
"""The positions of the first and the last octet of a range, both in it."""

_RANGE = re.compile(rb"(?i:bytes) ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)")
_TOKENS = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*,[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")


def span_of(response: Response) -> tuple[Span, int | None] | None:
    """Return the positions and the complete length (None: "*") of a Content-Range that is valid by itself, else None."""
    values = response.values(b"Content-Range")
    match = _RANGE.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    complete = None if match[3] == b"*" else int(match[3])
    if last < first or (complete is not None and complete <= last):
        return None
    return (first, last), complete


def true_span(answer: Answer, data: bytes) -> Span | None:
    """Return the positions of a 206 with one part that is a true slice of `data`, None for any other answer."""
    response = answer.final
    if response is None or response.status != 206:
        return None
    found = span_of(response)
    if found is None:
        return None
    (first, last), complete = found
    true = complete in {None, len(data)} and response.content == data[first : last + 1] and last < len(data)
    return (first, last) if true else None


def true_parts_of(answer: Answer, data: bytes) -> tuple[Part, ...]:
    """Return the parts of a multipart 206 whose parts are all true slices of `data`; none for any other answer."""
    response = answer.final
    if response is None or response.status != 206:
        return ()
    try:
        parts = byteranges.read(response)
    except byteranges.MalformedError:
        return ()
    true = all(
        part.complete in {None, len(data)} and part.content == data[part.first : part.last + 1] for part in parts
    )
    return parts if true else ()


@dataclass(frozen=True, slots=True)
class _Slice:
    """A 206 with one part, a true slice of a fixture file, whose positions stand a test."""

    file: str
    words: str
    test: Callable[[Span], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 206 with one range: {self.words} of {self.file}, and a Content-Range that says so"

    def matches(self, answer: Answer, context: Context) -> bool:
        span = true_span(answer, context.files[self.file])
        return span is not None and self.test(span)


def one_slice(file: str, first: int, last: int) -> Expectation:
    """A 206 with exactly this range of a fixture file; the complete length is its length or "*"."""
    return _Slice(file, f"octets {first} to {last}", lambda span: span == (first, last))


def slice_within(file: str, *asked: Span) -> Expectation:
    """A 206 with one range that lies within one of those that were asked for: less may come than was asked for."""
    return _Slice(
        file, "a part of what was asked for", lambda span: any(a <= span[0] and span[1] <= b for a, b in asked)
    )


def slice_around(file: str, *asked: Span) -> Expectation:
    """A 206 with one range that has all that was asked for in it."""
    return _Slice(
        file, "all that was asked for, in one piece", lambda span: all(span[0] <= a and b <= span[1] for a, b in asked)
    )


def any_slice(file: str) -> Expectation:
    """A 206 with one range, whichever, of a fixture file."""
    return _Slice(file, "a true slice", lambda _: True)


@dataclass(frozen=True, slots=True)
class _PartsThat:
    """A multipart 206 whose parts are true slices of a fixture file and stand a test."""

    file: str
    words: str
    test: Callable[[Sequence[Part], Context], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a multipart 206 of true slices of {self.file}: {self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:
        parts = true_parts_of(answer, context.files[self.file])
        return bool(parts) and self.test(parts, context)


def parts_in_order(file: str, *asked: Span) -> Expectation:
    """A multipart 206 with exactly these ranges, in this order."""
    words = "the ranges asked for, in their order"
    return _PartsThat(file, words, lambda parts, _: tuple((part.first, part.last) for part in parts) == asked)


def part_count(file: str, least: int, most: int) -> Expectation:
    """A multipart 206 with so many parts."""
    words = f"{least} parts" if least == most else f"{least} to {most} parts"
    return _PartsThat(file, words, lambda parts, _: least <= len(parts) <= most)


def parts_typed_as(file: str, name: str) -> Expectation:
    """A multipart 206 each part of which has the Content-Type of the answer kept as `name`."""

    def typed(parts: Sequence[Part], context: Context) -> bool:
        kept = context.kept.get(name)
        kinds = kept.values(b"Content-Type") if kept is not None else ()
        return all((part.content_type,) == kinds for part in parts)

    return _PartsThat(file, f"each with the Content-Type of the {name} answer", typed)


def parts_with_length(file: str) -> Expectation:
    """A multipart 206 each part of which says the complete length."""
    return _PartsThat(
        file, "each says the complete length", lambda parts, _: all(part.complete is not None for part in parts)
    )


@dataclass(frozen=True, slots=True)
class _WholeFile:
    """A 200 with all octets of a fixture file."""

    file: str
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"a 200 with the whole file {self.file}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        return response is not None and response.status == 200 and response.content == context.files[self.file]


def whole_file(file: str) -> Expectation:
    """A 200 with all octets of a fixture file, in no coding."""
    return _WholeFile(file)


@dataclass(frozen=True, slots=True)
class _Response:
    """A whole final response of which something holds, perhaps beside a kept one."""

    words: str
    test: Callable[[Response, Context], bool]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return self.words

    def matches(self, answer: Answer, context: Context) -> bool:
        return answer.final is not None and self.test(answer.final, context)


def valid_range() -> Expectation:
    """A 206 whose Content-Range ends not before it begins, within the complete length, and counts its own content."""

    def valid(response: Response, context: Context) -> bool:  # noqa: ARG001
        found = span_of(response)
        return found is not None and found[0][1] - found[0][0] + 1 == len(response.content) and response.status == 206

    return _Response("a 206 whose Content-Range is valid and counts the octets that come with it", valid)


def contradictory_range() -> Expectation:
    """A Content-Range outside of its grammar, or with a last position before the first or not within the complete length."""
    unsatisfied = re.compile(rb"(?i:bytes) \*/[0-9]+")

    def invalid(response: Response, context: Context) -> bool:  # noqa: ARG001
        values = response.values(b"Content-Range")
        return bool(values) and span_of(response) is None and not any(unsatisfied.fullmatch(value) for value in values)

    return _Response("a Content-Range that contradicts itself", invalid)


def fields_of(name: str, *fields: bytes) -> Expectation:
    """Every one of these fields that the answer kept as `name` had."""

    def all_there(response: Response, context: Context) -> bool:
        kept = context.kept.get(name)
        return kept is not None and all(response.values(field) for field in fields if kept.values(field))

    words = ", ".join(field.decode("ascii") for field in fields)
    return _Response(f"what the {name} answer had of {words}", all_there)


def same_status(name: str) -> Expectation:
    """The status that the answer kept as `name` had."""

    def same(response: Response, context: Context) -> bool:
        kept = context.kept.get(name)
        return kept is not None and kept.status == response.status

    return _Response(f"the status of the {name} answer", same, Rests.STATUS)


def length_of_kept(name: str) -> Expectation:
    """A Content-Length that is the number of octets in the answer kept as `name`."""

    def agrees(response: Response, context: Context) -> bool:
        kept = context.kept.get(name)
        return kept is not None and response.values(b"Content-Length") == (b"%d" % len(kept.content),)

    return _Response(f"a Content-Length that counts the octets of the {name} answer", agrees)


def content_over(octets: int) -> Expectation:
    """Content of more octets than this."""
    return _Response(f"content of more than {octets} octets", lambda response, _: len(response.content) > octets)


def no_content() -> Expectation:
    """A whole response without an octet of content."""
    return _Response("no content", lambda response, _: not response.content)


def tokens(field: bytes) -> Expectation:
    """Every line of this field is a list of tokens, and there is one."""

    def listed(response: Response, context: Context) -> bool:  # noqa: ARG001
        values = response.values(field)
        return bool(values) and all(_TOKENS.fullmatch(value) for value in values)

    return _Response(f"{field.decode('ascii')}: a list of tokens", listed)


def not_later(field: bytes, other: bytes) -> Expectation:
    """Both fields are there, and the date of the first is not later than that of the other."""

    def ordered(response: Response, context: Context) -> bool:  # noqa: ARG001
        one, two = _date(response, field), _date(response, other)
        return one is not None and two is not None and one <= two

    return _Response(f"a {field.decode('ascii')} that is not later than {other.decode('ascii')}", ordered)


def _date(response: Response, field: bytes) -> dt.datetime | None:
    values = response.values(field)
    try:
        return parse_date(values[0]) if len(values) == 1 else None
    except Lacking:
        return None
