"""httptools: requests, by the callbacks of llhttp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]
LACKS = frozenset(("rfc9112-3.2-6a", "rfc9112-3.2-6b", "rfc9112-3.2-6c"))
"""It hands fields on unread but those that frame the message: Host is for whoever uses it."""


class Collector:
    """What httptools calls. `whole` are the messages that have ended and were not taken yet."""

    def __init__(self) -> None:
        self.whole: list[Message] = []
        self.method: Callable[[], bytes] = bytes
        self.on_message_begin()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.target = bytearray()
        self.fields: list[tuple[bytes, bytes]] = []
        self.content = bytearray()

    def on_url(self, octets: bytes) -> None:
        """Take a piece of the target."""
        self.target += octets

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field, or a trailer field."""
        self.fields.append((name, value or b""))

    def on_body(self, octets: bytes) -> None:
        """Take a piece of the content."""
        self.content += octets

    def on_message_complete(self) -> None:
        """End a request."""
        self.whole.append((self.method(), bytes(self.target), bytes(self.content), tuple(self.fields)))


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    httptools = library("httptools")

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        collector = Collector()
        reader = httptools.HttpRequestParser(collector)
        collector.method = reader.get_method
        for segment in segments:
            try:
                reader.feed_data(segment)
            except httptools.HttpParserUpgrade:
                yield from collector.whole
                return
            except httptools.HttpParserError:
                yield from collector.whole
                raise
            yield from collector.whole
            collector.whole.clear()

    return Parser(name, kind, requests, (httptools.HttpParserError,), LACKS)
