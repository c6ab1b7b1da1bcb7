"""The parsers that can be fuzzed, and what each hands back.

A parser is a function that takes the segments of one connection, after which the stream ends, and returns Parsed, or the
same as plain tuples. What it raises is a finding: an adapter turns the exceptions that its library declares into an end.
Others are found by the entry-point group `merkhet.parsers`, whose names are KIND.NAME, such as `http-request.mine`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Literal, NamedTuple

import msgspec

ENTRY_POINTS = "merkhet.parsers"
CLEAN, REFUSED, INCOMPLETE = "clean", "refused", "incomplete"


class Message(NamedTuple):
    """One request as a parser hands it on. `whole` tells that its end was found."""

    method: bytes
    target: bytes
    fields: Sequence[tuple[bytes, bytes]]
    content: bytes
    whole: bool


class Parsed(NamedTuple):
    """All requests of a stream, of which only the last may not be whole, and how it ended.

    The end is CLEAN between two requests, REFUSED where the parser declared an error, INCOMPLETE within a request.
    """

    messages: Sequence[Message]
    end: str


Returned = tuple[list[Message], Literal["clean", "refused", "incomplete"]]
"""What a parser of others returns, which may know nothing of our classes."""

Parser = Callable[[Sequence[bytes]], Parsed]
OWN = {
    "http-request.h11": "merkhet_fuzz.parse_h11:parse",
    "http-request.httptools": "merkhet_fuzz.parse_httptools:parse",
}


class ParserError(Exception):
    """There is no such parser, or it cannot be loaded; the message says what to do."""


def names() -> list[str]:
    """Return all parsers there are, ours and those of entry points, loaded or not."""
    return sorted({*OWN, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def load(name: str) -> Parser:
    """Return the parser of this name. Raises ParserError."""
    places = [point.value for point in entry_points(group=ENTRY_POINTS, name=name)]
    places += [OWN[name]] if name in OWN else []
    if not places:
        raise ParserError(f"there is no parser {name!r}; there are {', '.join(names())}")
    return _plain(_loaded(name, places[0]))


def _loaded(name: str, place: str) -> Callable[[Sequence[bytes]], object]:
    module, _, function = place.partition(":")
    try:
        found: Callable[[Sequence[bytes]], object] = getattr(importlib.import_module(module), function)
    except ImportError as problem:
        raise ParserError(f"parser {name!r} cannot be loaded: {problem}; install what it needs") from problem
    except AttributeError as problem:
        raise ParserError(f"parser {name!r} cannot be loaded: {module} has no {function}") from problem
    return found


def _plain(parse: Callable[[Sequence[bytes]], object]) -> Parser:
    """Return a parser that hands back Parsed, whatever tuples the function makes."""

    def parser(segments: Sequence[bytes]) -> Parsed:
        result = parse(segments)
        return result if type(result) is Parsed else _as_parsed(result)

    return parser


def _as_parsed(result: object) -> Parsed:
    try:
        messages, end = msgspec.convert(result, Returned)
    except msgspec.ValidationError as problem:
        raise TypeError(
            f"a parser returns (messages, end) as merkhet_fuzz.parsers.Parsed has them: {problem}"
        ) from problem
    return Parsed(messages, end)
