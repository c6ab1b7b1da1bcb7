"""Parsers of requests as parsers of chunked bodies: the head that says so is put before the body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(parser: Parser) -> Parser:
    """Return the parser of chunked bodies that a parser of requests is."""
    read = cast("Callable[[Sequence[bytes]], Iterator[Any]]", parser.function)

    def bodies(segments: Sequence[bytes]) -> Iterator[Any]:
        for message in read((HEAD, *segments)):
            yield message if message is ... else message[2]
            return

    return replace(parser, kind=Kind.CHUNKED, function=bodies, unparse=None)
