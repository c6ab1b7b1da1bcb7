"""Expectations of a whole response: whether it has content, and how it stands to an answer that was kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests

MAY_DIFFER = frozenset(
    (
        b"date", b"age", b"connection", b"keep-alive", b"content-length", b"transfer-encoding", b"trailer", b"vary",
        b"set-cookie",
    )
)  # fmt: skip
"""Fields of a GET that its HEAD may be without: those of one message, and those that making the content decides."""


@dataclass(frozen=True, slots=True)
class _HasContent:
    """A whole final response of any status, with content or without."""

    present: bool
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "a response with content" if self.present else "a response without content"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.final is not None and bool(answer.final.content) is self.present


with_content: Expectation = _HasContent(present=True)
without_content: Expectation = _HasContent(present=False)


@dataclass(frozen=True, slots=True)
class _StatusOfKept:
    """A whole final response with the status that a kept answer had."""

    name: str
    rests_on: Rests = Rests.STATUS

    def describe(self) -> str:
        return f"the status of the {self.name} answer"

    def matches(self, answer: Answer, context: Context) -> bool:
        response, kept = answer.final, context.kept.get(self.name)
        return response is not None and kept is not None and response.status == kept.status


def same_status(name: str) -> Expectation:
    """The status that the answer kept as `name` had."""
    return _StatusOfKept(name)


@dataclass(frozen=True, slots=True)
class _KeepsFields:
    """A whole final response that has every field name of a kept answer, but for some."""

    name: str
    but: frozenset[bytes]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"every field that the {self.name} answer has"

    def matches(self, answer: Answer, context: Context) -> bool:
        response, kept = answer.final, context.kept.get(self.name)
        return response is not None and kept is not None and _names(kept) - self.but <= _names(response)


def _names(response: Response) -> frozenset[bytes]:
    return frozenset(name.lower() for name, _ in response.fields)


def keeps_fields(name: str, *but: bytes) -> Expectation:
    """Every field name that the answer kept as `name` has, whatever the values.

    Left out are `but`, the fields that differ from message to message, and those that a HEAD may be without.
    """
    return _KeepsFields(name, MAY_DIFFER | {field.lower() for field in but})


@dataclass(frozen=True, slots=True)
class _Secured:
    """Anything at all, from a target that is reached over TLS."""

    rests_on: Rests = Rests.NOTHING

    def describe(self) -> str:
        return "any answer over TLS"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return context.render(b"{scheme}") == b"https"


secured: Expectation = _Secured()


@dataclass(frozen=True, slots=True)
class _Says:
    """A final response, whole or not, whose content a regular expression finds itself in."""

    pattern: bytes
    words: str
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return f"content with {self.words}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return answer.response is not None and re.search(self.pattern, answer.response.content) is not None


def says(pattern: bytes, words: str) -> Expectation:
    """Content of any status, cut short or not, in which the pattern is found; `words` say what that is."""
    return _Says(pattern, words)


@dataclass(frozen=True, slots=True)
class _Numeric:
    """Anything at all, from a target that is reached by a host without letters."""

    rests_on: Rests = Rests.NOTHING

    def describe(self) -> str:
        return "any answer of a host without letters"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        return not re.search(rb"[A-Za-z]", context.render(b"{host:name}"))


numeric_host: Expectation = _Numeric()
