"""Expectations of a form: what the target says that it read in one (docs/contract.md)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests

TEXT_SHOWN_MAX: Final = 40
PARTS_SHOWN_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Told:
    """One part as the target reports it. `filename` is None for a field, whose text is kept as UTF-8."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None

    def describe(self) -> str:
        """Say which part was reported. What the target says of it is shortened, and hostile octets are escapes."""
        where = None if self.filename is None else _cut(self.filename)
        return Part(_cut(self.name), self.content, where, is_file=self.filename is not None).describe()


def read_form(response: Response) -> tuple[Told, ...] | None:
    """Return what a form endpoint's 2xx response reports, fields first, or None if it is no report of the contract's."""
    if not 200 <= response.status < 300:
        return None
    try:
        document: Any = json.loads(response.content)
        fields = [
            Told(_text(name), _text(value).encode("utf-8", "surrogatepass")) for name, value in document["fields"]
        ]
        files = [
            Told(_text(name), base64.b64decode(_text(octets), validate=True), _text(filename), _text_or_none(kind))
            for name, filename, kind, octets in document["files"]
        ]
    except (KeyError, TypeError, ValueError, RecursionError, binascii.Error):
        return None
    return (*fields, *files)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a report has text here")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


@dataclass(frozen=True, slots=True)
class Part:
    """What a report is asked to have. None: whatever it says there; `is_file` None: as a field or as a file."""

    name: str | None
    content: bytes | None
    filename: str | None = None
    is_file: bool | None = None

    def describe(self) -> str:
        """Say which part this is."""
        kind = {True: "the file", False: "the field", None: "the part"}[self.is_file]
        words = [kind] if self.name is None else [kind, ascii(self.name)]
        words += [f"named {self.filename!a}"] if self.filename is not None else []
        words += [f"with the content {_short(self.content)}"] if self.content is not None else []
        return " ".join(words)

    def is_(self, told: Told) -> bool:
        """Whether this reported part is the one."""
        return (
            self.name in {None, told.name}
            and self.content in {None, told.content}
            and self.filename in {None, told.filename}
            and self.is_file in {None, told.filename is not None}
        )


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN_MAX else f"{text[:TEXT_SHOWN_MAX]}..."


def _short(data: bytes) -> str:
    return f"{data!r}" if len(data) <= 40 else f"{data[:40]!r}... ({len(data)} octets)"


def field_part(name: str | None, text: str | None) -> Part:
    """A field with this text; None for whatever it is."""
    return Part(name, None if text is None else text.encode("utf-8"), is_file=False)


def file_part(name: str | None, content: bytes | None, filename: str | None = None) -> Part:
    """A file with these octets; without `filename`, under whatever name."""
    return Part(name, content, filename, is_file=True)


def any_part(name: str | None, content: bytes | None) -> Part:
    """A field or a file: a part without a file name, but with a type of its own, may be called either."""
    return Part(name, content)


@dataclass(frozen=True, slots=True)
class _Reported:
    """A 2xx report of a form that has these parts; unless `more`, no others; with `ordered`, each kind in this order."""

    parts: tuple[Part, ...]
    more: bool = False
    ordered: bool = False
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        if not self.parts:
            return "the report of a form" if self.more else "the report of a form without any part"
        what = " and ".join(part.describe() for part in self.parts)
        return f"the report of a form with {what}{', in this order' if self.ordered else ''}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        told = read_form(answer.final) if answer.final is not None else None
        if told is None:
            return False
        if self.ordered:
            return self._in_order(told)
        rest = list(told)
        # What is asked for most closely chooses first.
        for part in sorted(self.parts, key=lambda part: (part.is_file, part.name, part.content).count(None)):
            found = next((one for one in rest if part.is_(one)), None)
            if found is None:
                return False
            rest.remove(found)
        return self.more or not rest

    def told(self, answer: Answer) -> str:
        told = read_form(answer.final) if answer.final is not None else None
        if told is None:
            return ""
        more = len(told) - PARTS_SHOWN_MAX
        parts = [part.describe() for part in told[:PARTS_SHOWN_MAX]] + ([f"{more} more"] if more > 0 else [])
        return f"the report of a form with {' and '.join(parts)}" if parts else "the report of a form without any part"

    def _in_order(self, told: tuple[Told, ...]) -> bool:
        queues = [[one for one in told if one.filename is None], [one for one in told if one.filename is not None]]
        for part in self.parts:
            queue = next((queue for queue in queues if queue and part.is_(queue[0])), None)
            if queue is None:
                return False
            queue.pop(0)
        return self.more or not any(queues)


def form_of(*parts: Part) -> Expectation:
    """A 2xx report with exactly these parts, in whatever order."""
    return _Reported(parts)


def form_in_order(*parts: Part) -> Expectation:
    """A 2xx report with exactly these parts, the fields in this order and the files in this order."""
    return _Reported(parts, ordered=True)


def form_with(*parts: Part) -> Expectation:
    """A 2xx report with these parts, and perhaps others."""
    return _Reported(parts, more=True)


any_form: Expectation = _Reported((), more=True)
"""A 2xx report in the contract's form, whatever it says."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """A 2xx report of a form whose one file has this content type, compared without case; None: it has none."""

    content_type: str | None
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return (
            f"the report of a file {'without a type' if self.content_type is None else f'of type {self.content_type}'}"
        )

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        told = read_form(answer.final) if answer.final is not None else None
        kinds = [one.content_type for one in told or () if one.filename is not None]
        return [kind if kind is None else kind.lower() for kind in kinds] == [self.content_type]

    def told(self, answer: Answer) -> str:
        told = read_form(answer.final) if answer.final is not None else None
        files = [one for one in told or () if one.filename is not None]
        if told is None or not files:
            return "" if told is None else "the report of a form without a file"
        types = [
            "without a type" if one.content_type is None else f"of type {_cut(one.content_type)!a}"
            for one in files[:PARTS_SHOWN_MAX]
        ]
        more = len(files) - PARTS_SHOWN_MAX
        return f"the report of a file {' and a file '.join(types)}{f' and {more} more' if more > 0 else ''}"


def file_typed(content_type: str | None) -> Expectation:
    """A report with one file, whose type is this one; None: the report says that it has none."""
    return _Typed(content_type)
