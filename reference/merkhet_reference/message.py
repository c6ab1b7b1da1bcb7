"""A request as a handler sees it, and the answer that the handler gives: plain calls, no socket, no thread."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1 import response
from merkhet_reference.http1.events import RequestHead, Target

FieldLines = Sequence[FieldLine] | Mapping[str, str]


class AlreadyAnsweredError(RuntimeError):
    """A handler answered a second time. The first answer is not touched."""


class Sink(Protocol):
    """Where an answer goes: octets for one request's place in the order of answers."""

    def put_interim(self, data: bytes) -> None:
        """Send octets before the final answer."""
        ...

    def put_answer(self, data: bytes, *, keeps: bool) -> None:
        """Send the whole final answer; afterwards the connection goes on if `keeps`."""
        ...

    def put_stream(self, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        """Send a head, then one piece after another as the client takes them."""
        ...


class HttpDate:
    """The Date of answers, made once a second (RFC 9110, Section 6.6.1). Threads may race: all write the same value."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._made: tuple[int, bytes] = (-1, b"")

    def now(self) -> bytes:
        """Return the current time as IMF-fixdate."""
        second = int(self._clock())
        made = self._made
        if made[0] != second:
            made = self._made = (second, email.utils.formatdate(second, usegmt=True).encode("ascii"))
        return made[1]


DATE = HttpDate()


class Request:
    """One request, whole: its handler is called when the last octet of its content has come.

    `target` and `authority` are octets as received, still percent-encoded; `path_params` are decoded. `trailers` are
    apart from `fields`. `content` is decoded of its transfer coding, and of nothing else.
    """

    __slots__ = ("_answered", "_head", "_sink", "content", "path_params", "trailers")

    def __init__(self, head: RequestHead, content: bytes, trailers: Fields, sink: Sink) -> None:
        self._head = head
        self._sink = sink
        self._answered = False
        self.content = content
        self.trailers = trailers
        self.path_params: Mapping[str, str] = {}

    @property
    def method(self) -> str:
        """The method, with its case."""
        return self._head.method.decode("ascii")

    @property
    def target(self) -> Target:
        """The request target in its four parts."""
        return self._head.target

    @property
    def path(self) -> bytes:
        """The path of the target, still percent-encoded."""
        return self._head.target.path

    @property
    def query(self) -> bytes | None:
        """The query of the target, still percent-encoded; None without a "?"."""
        return self._head.target.query

    @property
    def authority(self) -> bytes:
        """Host and port that the request is for; empty if it does not say."""
        return self._head.authority

    @property
    def fields(self) -> Fields:
        """The header section."""
        return self._head.fields

    @property
    def version(self) -> tuple[int, int]:
        """(1, 0) or (1, 1)."""
        return self._head.version

    @property
    def answered(self) -> bool:
        """Whether a final answer was given."""
        return self._answered

    def respond(self, status: int, fields: FieldLines = (), content: bytes = b"") -> None:
        """Give the final answer with its whole content.

        Raises AlreadyAnsweredError at the second call, ValueError for a status below 200, for a field line that breaks
        the grammar, and for one that the server sends itself (Content-Length, Transfer-Encoding, Connection, Date).
        """
        # RFC 9110, Section 8.6: a length in 304 is that of the 200 it stands for, which no content does not tell.
        length = None if status == 304 and not content else len(content)
        body = (
            response.Body.NOTHING
            if length is None
            else response.body_framing(self._head.method, self.version, status, length)
        )
        head, keeps = self._begin(status, fields, body, length)
        sent = content if response.sends_content(self._head.method, status) else b""
        self._sink.put_answer(head + sent, keeps=keeps)

    def respond_stream(
        self,
        pieces: Iterable[bytes],
        *,
        status: int = 200,
        fields: FieldLines = (),
        length: int | None = None,
        trailers: Sequence[FieldLine] = (),
    ) -> None:
        """Give a final answer whose content is made while it is sent; no worker waits for the client.

        `pieces` is asked for the next piece when the client has taken those before. `length` is the octets of all
        pieces together, if that is known; without it the content is chunked, or ends with the connection for HTTP/1.0.
        If `pieces` has a `close`, as generators and files do, it is called at the end, whether all was sent or not.
        Raises as `respond` does. If `pieces` raises, or does not come to `length`, the connection is cut, so that the
        client sees the content incomplete.
        """
        response.check_fields(trailers)
        body = response.body_framing(self._head.method, self.version, status, length)
        head, keeps = self._begin(status, fields, body, length)
        stream = Stream(pieces, framed_pieces(pieces, body, length, trailers))
        if response.sends_content(self._head.method, status):
            self._sink.put_stream(head, stream, keeps=keeps)
        else:
            self._sink.put_answer(head, keeps=keeps)
            stream.close()

    def inform(self, status: int, fields: FieldLines = ()) -> None:
        """Send an interim response before the final one (RFC 9110, Section 15.2); nothing to an HTTP/1.0 client."""
        if not 100 <= status < 200 or status == 101:
            raise ValueError(f"{status} is no interim status")
        lines = field_lines(fields)
        response.check_fields(lines)
        if self.version >= (1, 1) and not self._answered:
            self._sink.put_interim(response.encode_interim(status, lines))

    def _begin(self, status: int, fields: FieldLines, body: response.Body, length: int | None) -> tuple[bytes, bool]:
        if self._answered:
            raise AlreadyAnsweredError("this request has its answer")
        if not 200 <= status <= 999:
            raise ValueError(f"{status} is no final status")
        lines = field_lines(fields)
        response.check_fields(lines)
        keeps = self._head.persistent and body is not response.Body.UNTIL_CLOSE
        version = self._head.version
        asked = version < (1, 1) and b"keep-alive" in self.fields.list_members(b"Connection")
        option = response.connection_option(version, persists=keeps, asked_keep_alive=asked)
        head = response.encode_head(status, lines, date=DATE.now(), body=body, length=length, connection=option)
        self._answered = True
        return head, keeps


def field_lines(fields: FieldLines) -> Sequence[FieldLine]:
    """Return field lines as octets; a mapping of text is taken as Latin-1, which every octet has a character in."""
    if isinstance(fields, Mapping):
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items()]
    return fields


class WrongLengthError(ValueError):
    """The pieces of a stream are more or fewer octets than its Content-Length said."""


class Stream:
    """What is sent of a stream, piece by piece. Closing it closes what the application gave, begun or not."""

    __slots__ = ("_framed", "_given")

    def __init__(self, given: Iterable[bytes], framed: Iterator[bytes]) -> None:
        self._given = given
        self._framed = framed

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._framed)

    def close(self) -> None:
        """Let a generator run its `finally`, a file be closed."""
        close: Callable[[], None] | None = getattr(self._given, "close", None)
        if close is not None:
            close()


def framed_pieces(
    pieces: Iterable[bytes], body: response.Body, length: int | None, trailers: Sequence[FieldLine]
) -> Iterator[bytes]:
    """Yield the octets to send for each piece, and for the end. Raises WrongLengthError before a false one leaves."""
    count = 0
    for piece in pieces:
        count += len(piece)
        if body is response.Body.LENGTH and count > (length or 0):
            raise WrongLengthError(f"the stream is longer than its {length} octets")
        yield response.encode_chunk(piece) if body is response.Body.CHUNKED else piece
    if body is response.Body.LENGTH and count != length:
        raise WrongLengthError(f"the stream ended after {count} of its {length} octets")
    if body is response.Body.CHUNKED:
        yield response.encode_last_chunk(trailers)


Handler = Callable[[Request], None]
"""What answers a request: it calls `respond` or `respond_stream` once, on the thread of a worker."""
