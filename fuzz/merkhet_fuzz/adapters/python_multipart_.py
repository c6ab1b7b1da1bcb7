"""python-multipart: forms, by its callbacks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import BOUNDARY, Kind
from merkhet_fuzz.parsers import Parser


class Collector:
    """What python-multipart calls. `whole` are the parts that have ended and were not taken yet."""

    def __init__(self) -> None:
        self.whole: list[tuple[bytes, bytes]] = []
        self.begin()

    def begin(self) -> None:
        """Begin a part."""
        self.name, self.value, self.content = bytearray(), bytearray(), bytearray()
        self.fields: list[tuple[bytes, bytes]] = []

    def on_name(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a field's name."""
        self.name += data[start:end]

    def on_value(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of a field's value."""
        self.value += data[start:end]

    def on_field(self) -> None:
        """End a field."""
        self.fields.append((bytes(self.name).lower(), bytes(self.value)))
        self.name, self.value = bytearray(), bytearray()

    def on_data(self, data: bytes, start: int, end: int) -> None:
        """Take a piece of the content."""
        self.content += data[start:end]


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    try:
        exceptions, multipart = library("python_multipart.exceptions"), library("python_multipart.multipart")
    except ImportError:
        # Before 0.0.13 it had the name that another project has.
        exceptions, multipart = library("multipart.exceptions"), library("multipart.multipart")

    # It logs each refusal; a handler that does nothing keeps that off the terminal.
    logging.getLogger("python_multipart").addHandler(logging.NullHandler())

    def form(segments: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        collector = Collector()

        def end() -> None:
            disposition = dict(collector.fields).get(b"content-disposition", b"")
            options: Any = multipart.parse_options_header(disposition)[1]
            collector.whole.append((options.get(b"name", b""), bytes(collector.content)))

        callbacks: Any = {
            "on_part_begin": collector.begin, "on_part_data": collector.on_data, "on_part_end": end,
            "on_header_field": collector.on_name, "on_header_value": collector.on_value, "on_header_end": collector.on_field,
        }  # fmt: skip
        reader = multipart.MultipartParser(BOUNDARY, callbacks)
        for segment in segments:
            try:
                reader.write(segment)
            except exceptions.FormParserError:
                yield from collector.whole
                raise
            yield from collector.whole
            collector.whole.clear()
        reader.finalize()

    return Parser(name, kind, form, (exceptions.FormParserError,))
