"""aiohttp: requests, by its parser in C and the one in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError, also where the one in C was not built."""
    http_exceptions, http_parser = library("aiohttp.http_exceptions"), library("aiohttp.http_parser")
    protocol = library("aiohttp.base_protocol").BaseProtocol

    in_c: Any = http_parser.HttpRequestParser
    in_python: Any = http_parser.HttpRequestParserPy
    if name == "aiohttp-c" and in_c is in_python:
        raise ImportError("this aiohttp has no parser in C")
    made = in_c if name == "aiohttp-c" else in_python
    loop = asyncio.new_event_loop()
    loop.close()  # a queue has to have one; nothing is ever run

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        # The content is never more than the limit, or reading would wait for somebody to take it.
        reader = made(protocol(loop), loop, 1 << 20)
        waiting: list[tuple[Any, Any]] = []
        for segment in (*segments, None):
            refusal = _fed(reader, segment, waiting, http_exceptions.HttpProcessingError)
            while waiting and (told := _whole(*waiting[0])) is not None:
                yield told
                waiting.pop(0)
            if refusal is not None:
                raise refusal
            if waiting and waiting[0][1].exception() is not None:
                raise waiting[0][1].exception()

    return Parser(name, kind, requests, (http_exceptions.HttpProcessingError,))


def _fed(
    reader: Any,  # noqa: ANN401 - aiohttp's own
    segment: bytes | None,
    waiting: list[tuple[Any, Any]],
    refused: type[Exception],
) -> Exception | None:
    """Hand over a segment, None for the end of the stream; return the refusal, if it is one."""
    try:
        if segment is None:
            reader.feed_eof()
        else:
            messages, _, _ = reader.feed_data(segment)
            waiting += messages
    except refused as problem:
        return problem
    return None


def _whole(message: Any, payload: Any) -> Message | None:  # noqa: ANN401 - aiohttp's own
    """Return a message whose content has ended; None for one whose has not, or is broken."""
    if not payload.is_eof() or payload.exception() is not None:
        return None
    content = payload.read_nowait(-1)
    target = message.path.encode("utf-8", "surrogateescape")
    return message.method.encode("utf-8", "surrogateescape"), target, content, tuple(message.raw_headers)
