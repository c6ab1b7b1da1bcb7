"""gunicorn: requests, by the parser that its workers in Python use, read as an application reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]
PEER = ("127.0.0.1", 1)


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    config, errors = library("gunicorn.config").Config(), library("gunicorn.http.errors")
    reading = library("gunicorn.http.parser")

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        for request in reading.RequestParser(config, iter(segments), PEER):
            content = request.body.read()
            fields = tuple((_octets(field), _octets(value)) for field, value in request.headers)
            yield request.method.encode("latin-1"), request.uri.encode("latin-1"), content, fields

    # What it raises to refuse is in part an OSError and no more.
    return Parser(name, kind, requests, (errors.ParseException, OSError))


def _octets(text: str) -> bytes:
    # A name's capital letter may be one that Latin-1 does not have: then it is no octet that was sent.
    return text.encode("latin-1", "backslashreplace")
