"""waitress: requests, by its parser as a channel feeds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes]


class RefusedError(Exception):
    """It has refused a request, which it says by an attribute and not by an exception."""


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    adjustments, reading = library("waitress.adjustments").Adjustments(), library("waitress.parser")

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        reader = reading.HTTPRequestParser(adjustments)
        for segment in segments:
            rest = segment
            while rest:
                rest = rest[reader.received(rest) :]
                if reader.error is not None:
                    raise RefusedError(reader.error.body)
                if reader.completed:
                    yield from _whole(reader)
                    reader = reading.HTTPRequestParser(adjustments)

    return Parser(name, kind, requests, (RefusedError,))


def _whole(reader: Any) -> Iterator[Message]:  # noqa: ANN401 - waitress' own
    if reader.empty:
        return
    words = bytes(reader.first_line).split()
    # It hands over a dictionary in which the names are changed already: fields cannot be compared.
    yield reader.command.encode("latin-1"), words[1] if len(words) > 1 else b"", reader.get_body_stream().read()
