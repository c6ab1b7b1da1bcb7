"""tornado: requests, by its server's connection over a stream in memory, and the ranges that its files are served in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from merkhet_fuzz.adapters.library import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser

Message = tuple[bytes, bytes, bytes, tuple[tuple[bytes, bytes], ...]]
Specs = tuple[tuple[int | None, int | None], ...]


class RefusedError(Exception):
    """It has refused a request, which it says on the wire, and in its log where the peer has gone."""


class Listener(logging.Handler):
    """Hears of refusals: `said` is the last of them, "" where there was none."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take what it logs."""
        if record.msg.startswith("Malformed"):
            self.said = record.getMessage()


def parser(name: str, kind: Kind) -> Parser:
    """Return the parser. Raises ImportError."""
    if kind is Kind.RANGE:
        return Parser(name, kind, _ranges())
    listener, log = Listener(), logging.getLogger("tornado.general")
    log.handlers, log.propagate = [listener], False
    log.setLevel(logging.INFO)
    connection = library("tornado.http1connection")
    stream_of, delegate_of = _streams(), _delegates()
    loop = asyncio.new_event_loop()

    def requests(segments: Sequence[bytes]) -> Iterator[Message]:
        whole: list[Message] = []

        async def serve() -> None:
            server = connection.HTTP1ServerConnection(stream_of(segments))
            server.start_serving(delegate_of(whole))
            await server._serving_future  # noqa: SLF001 - the end of the conversation: close() waits for the same

        listener.said = ""
        loop.run_until_complete(serve())
        yield from whole
        if listener.said:
            raise RefusedError(listener.said)

    return Parser(name, kind, requests, (RefusedError,))


def _streams() -> Callable[[Sequence[bytes]], Any]:
    base: Any = library("tornado.iostream").BaseIOStream

    class Memory(base):
        """The segments, one a read, and then the end."""

        def __init__(self, segments: Sequence[bytes]) -> None:
            base.__init__(self)
            self.left = list(segments)

        def fileno(self) -> int:
            """Nothing is ever waited for."""
            return -1

        def close_fd(self) -> None:
            """Nothing is to be closed."""

        def write(self, _data: bytes | memoryview) -> asyncio.Future[None]:
            """Let it go: what is answered is no matter, nor that a 100 comes when the end of the stream was read already."""
            written = asyncio.get_running_loop().create_future()
            written.set_result(None)
            return written

        def read_from_fd(self, buf: bytearray | memoryview) -> int:
            """Hand over one segment, or what fits of it; 0 at the end."""
            if not self.left:
                return 0
            part = self.left[0][: len(buf)]
            buf[: len(part)] = part
            self.left[0] = self.left[0][len(part) :]
            if not self.left[0]:
                del self.left[0]
            return len(part)

    return Memory


def _delegates() -> Callable[[list[Message]], Any]:
    util = library("tornado.httputil")
    connections: Any = util.HTTPServerConnectionDelegate
    messages: Any = util.HTTPMessageDelegate

    class Request(messages):
        """Takes one request, and answers it when it has ended: the next one is read only then."""

        def __init__(self, connection: Any, whole: list[Message]) -> None:  # noqa: ANN401 - tornado's own
            self.connection, self.whole = connection, whole
            self.content = b""

        def headers_received(self, start_line: Any, headers: Any) -> None:  # noqa: ANN401 - tornado's own
            """Take the head."""
            self.line, self.fields = start_line, tuple(headers.get_all())

        def data_received(self, chunk: bytes) -> None:
            """Take some content."""
            self.content += chunk

        def finish(self) -> None:
            """Keep the request, and answer."""
            fields = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in self.fields)
            line = self.line
            self.whole.append((line.method.encode("latin-1"), line.path.encode("latin-1"), self.content, fields))
            self.connection.write_headers(util.ResponseStartLine("", 204, "No Content"), util.HTTPHeaders(), b"")
            self.connection.finish()

        def on_connection_close(self) -> None:
            """Nothing more comes."""

    class Server(connections):
        """Makes a delegate for each request."""

        def __init__(self, whole: list[Message]) -> None:
            self.whole = whole

        def start_request(self, _server: Any, connection: Any) -> Any:  # noqa: ANN401 - tornado's own
            """Return what takes the next request."""
            return Request(connection, self.whole)

        def on_close(self, _server: Any) -> None:  # noqa: ANN401 - tornado's own
            """Nothing more comes."""

    return Server


def _ranges() -> Callable[[bytes], Specs | None]:
    # It has no name of its own: this is the function that its static files call.
    read: Any = getattr(library("tornado.httputil"), "_parse_request_range")  # noqa: B009

    def ranges(value: bytes) -> Specs | None:
        found = read(value.decode("latin-1"))
        if found is None:
            return None
        first, end = found
        if first is not None and first < 0:
            return ((None, -first),)
        if first is None:
            return ((None, end),)
        return ((first, None if end is None else end - 1),)

    return ranges
