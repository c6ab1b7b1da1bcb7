"""Expectations of content in a coding: what it is called, and whether it decodes to a fixture file."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from merkhet.answer import Answer, Context, Response
from merkhet.expectation import Expectation, Rests

_WINDOW = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""For zlib: 15 bits of window, and 16 more for the wrapper of gzip."""
KNOWN = frozenset((*_WINDOW, b"identity"))
"""Content of which one can tell here whether it is what it is called."""


def decoded(response: Response) -> bytes | None:
    """Return the content without its codings, None where one is not known here or the octets are none of it."""
    content = response.content
    for coding in reversed(response.members(b"Content-Encoding")):
        if coding == b"identity":
            continue
        if coding not in _WINDOW:
            return None
        reader = zlib.decompressobj(_WINDOW[coding])
        try:
            content = reader.decompress(content) + reader.flush()
        except zlib.error:
            return None
        if not reader.eof or reader.unused_data:
            return None
    return content


def _codings(response: Response) -> tuple[bytes, ...]:
    return tuple(coding for coding in response.members(b"Content-Encoding") if coding != b"identity")


@dataclass(frozen=True, slots=True)
class _Coded:
    """A 2xx response that is a fixture file, in exactly one of these codings, or in none."""

    file: str
    codings: tuple[bytes, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        words = " or ".join(coding.decode("ascii") for coding in self.codings) or "no coding"
        return f"a 2xx response with the file {self.file} in {words}"

    def matches(self, answer: Answer, context: Context) -> bool:
        response = answer.final
        if response is None or not 200 <= response.status < 300:
            return False
        used = _codings(response)
        fits = used == () if not self.codings else len(used) == 1 and used[0] in self.codings
        return fits and decoded(response) == context.files[self.file]


def coded(file: str, *codings: bytes) -> Expectation:
    """The whole fixture file in one of these codings, as Content-Encoding says; in no coding, if none is given."""
    return _Coded(file, codings)


@dataclass(frozen=True, slots=True)
class _SaysCoding:
    """A final response that says that it is in one of these codings, whatever its octets are."""

    codings: tuple[bytes, ...]
    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        words = " or ".join(coding.decode("ascii") for coding in self.codings) or "any coding"
        return f"a Content-Encoding of {words}"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        if answer.final is None:
            return False
        used = _codings(answer.final)
        return bool(used) if not self.codings else any(coding in used for coding in self.codings)


def says_coding(*codings: bytes) -> Expectation:
    """A Content-Encoding that names one of these; any but identity, if none is given."""
    return _SaysCoding(codings)


@dataclass(frozen=True, slots=True)
class _Unsaid:
    """A final response whose content begins as gzip does, without a word of it."""

    rests_on: Rests = Rests.CONTENT

    def describe(self) -> str:
        return "content in gzip that no Content-Encoding tells of"

    def matches(self, answer: Answer, context: Context) -> bool:  # noqa: ARG002
        response = answer.final
        return response is not None and response.content.startswith(b"\x1f\x8b") and not _codings(response)


unsaid_gzip: Expectation = _Unsaid()
