"""Werkzeug: ranges, dates and forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import BOUNDARY, Kind
from merkhet_fuzz.parsers import Parser

Specs = tuple[tuple[int | None, int | None], ...]


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    exceptions, http = library("werkzeug.exceptions"), library("werkzeug.http")
    multipart = library("werkzeug.sansio.multipart")

    def ranges(value: bytes) -> Specs | None:
        # A WSGI server hands a field's value over as Latin-1.
        read = http.parse_range_header(value.decode("latin-1"))
        if read is None or read.units != "bytes":
            return None
        return tuple(
            (None, -first) if first < 0 else (first, None if stop is None else stop - 1) for first, stop in read.ranges
        )

    def date(value: bytes) -> int | None:
        read = http.parse_date(value.decode("latin-1"))
        return None if read is None else int(read.timestamp())

    def events(segments: Sequence[bytes]) -> Iterator[Any]:
        decoder = multipart.MultipartDecoder(BOUNDARY)
        for segment in (*segments, None):
            decoder.receive_data(segment)
            while not isinstance(event := decoder.next_event(), (multipart.NeedData, multipart.Epilogue)):
                yield event

    def form(segments: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        field, content = "", b""
        for event in events(segments):
            if isinstance(event, (multipart.Field, multipart.File)):
                field, content = event.name or "", b""
            elif isinstance(event, multipart.Data):
                content += event.data
                if not event.more_data:
                    yield field.encode(), content

    functions: dict[Kind, Callable[[Any], Any]] = {Kind.RANGE: ranges, Kind.DATE: date, Kind.MULTIPART: form}
    return Parser(name, kind, functions[kind], (ValueError, UnicodeDecodeError, exceptions.RequestEntityTooLarge))
