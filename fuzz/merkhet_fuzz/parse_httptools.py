"""httptools (llhttp) for the parser kind `http-request`."""

from __future__ import annotations

from collections.abc import Sequence

import httptools

from merkhet_fuzz.parsers import CLEAN, INCOMPLETE, REFUSED, Message, Parsed


class _Listener:
    """What llhttp calls back. Fields that come behind the content are trailers, and left out."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.parser: httptools.HttpRequestParser | None = None
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._in_head = False
        self.begun = False

    def on_message_begin(self) -> None:
        self._target, self._fields, self._in_head, self.begun = b"", [], True, True

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes | None) -> None:
        if self._in_head:
            self._fields.append((name, value or b""))

    def on_headers_complete(self) -> None:
        self._in_head = False
        method = b"" if self.parser is None else self.parser.get_method()
        self.messages.append(Message(method, self._target, self._fields, b"", False))

    def on_body(self, body: bytes) -> None:
        self.messages[-1] = self.messages[-1]._replace(content=self.messages[-1].content + body)

    def on_message_complete(self) -> None:
        self.begun = False
        self.messages[-1] = self.messages[-1]._replace(whole=True)


def parse(segments: Sequence[bytes]) -> Parsed:
    """Return the requests of one connection. An upgrade ends what is read as HTTP."""
    listener = _Listener()
    parser = httptools.HttpRequestParser(listener)
    listener.parser = parser
    try:
        for segment in segments:
            parser.feed_data(segment)
    except httptools.HttpParserUpgrade:
        return Parsed(listener.messages, CLEAN)
    except httptools.HttpParserError:
        return Parsed(listener.messages, REFUSED)
    finally:
        listener.parser = None  # each holds the other
    return Parsed(listener.messages, INCOMPLETE if listener.begun else CLEAN)
