"""A request as a handler sees it, and the answer that the handler gives: plain calls, no socket, no thread."""

from __future__ import annotations

import email.utils
import functools
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import NamedTuple

from merkhet_reference import file_response, paths, push, ranges, streaming
from merkhet_reference.endpoint import WebSocket, WebSocketHandler
from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1 import response
from merkhet_reference.http1.events import RequestHead, Target
from merkhet_reference.limits import Limits
from merkhet_reference.sink import Sink as Sink
from merkhet_reference.websocket import deflate, handshake

FieldLines = Sequence[FieldLine] | Mapping[str, str]


class AlreadyAnsweredError(RuntimeError):
    """A handler answered a second time. The first answer is not touched."""


class Admission(NamedTuple):
    """What an application says of a request before its content has come.

    `streams`: its handler is called with the head alone and takes the content piece by piece. `content_bytes_max`: in
    place of the server's own limit on content.
    """

    streams: bool = False
    content_bytes_max: int | None = None

    def bytes_max(self, limits: Limits) -> int:
        """Return how much content is taken, within the server's own limits where the application has none."""
        if self.content_bytes_max is not None:
            return self.content_bytes_max
        return limits.stream_content_bytes_max if self.streams else limits.content_bytes_max


class HttpDate:  # [rfc9110-6.6.1-1]
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
    """One request: whole, or where its handler takes content piece by piece, its head.

    `target` and `authority` are octets as received, still percent-encoded; `path_params` are decoded. `trailers` are
    apart from `fields`. `content` is decoded of its transfer coding, and of nothing else; it is empty where the handler
    takes it by pieces, and `content_ended` is False until the last one has been taken.
    """

    __slots__ = ("_answered", "_head", "_sink", "_writer", "content", "content_ended", "path_params", "trailers")

    def __init__(self, head: RequestHead, content: bytes, trailers: Fields, sink: Sink) -> None:
        self._head = head
        self._sink = sink
        self._answered = False
        self._writer: push.Writer | None = None
        self.content = content
        self.content_ended = True
        self.trailers = trailers
        self.path_params: Mapping[str, str] = {}

    @property
    def method(self) -> str:
        """The method, with its case."""
        return self._head.method.decode("ascii")

    @property
    def head(self) -> RequestHead:
        """Request line and header section as they were read."""
        return self._head

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
        """Whether a final answer was given, or begun."""
        return self._answered

    @property
    def is_open(self) -> bool:
        """Whether an answer was begun that somebody still writes."""
        return self._writer is not None and self._writer.active

    def respond(self, status: int, fields: FieldLines = (), content: bytes = b"") -> None:
        """Give the final answer with its whole content.

        Raises AlreadyAnsweredError at the second call, ValueError for a status below 200, for a field line that breaks
        the grammar, and for one that the server sends itself (Content-Length, Transfer-Encoding, Connection, Date).
        """
        # RFC 9110, Section 8.6: a length in 304 is that of the 200 it stands for, which no content does not tell.
        method = self._head.method
        if status == 304 and not content:
            framed, length = response.NOTHING, None
        else:
            length = len(content)
            framed = response.body_framing(method, self._head.version, status, length)
        head, keeps = self._begin(status, fields, framed, length)
        if content and response.sends_content(method, status):
            head += content  # raises TypeError for text, and then the request is still to be answered
        self._answered = True
        self._sink.put_answer(status, head, keeps=keeps)

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

        `pieces` is asked for the next piece when the client has taken those before; a file-like object is read in
        pieces. `length` is the octets of all pieces together, if that is known; without it the content is chunked, or
        ends with the connection for HTTP/1.0. If `pieces` has a `close`, as generators and files do, it is called at
        the end, whether all was sent or not. Raises as `respond` does. If `pieces` raises, or does not come to
        `length`, the connection is cut, so that the client sees the content incomplete.
        """
        response.check_fields(trailers)
        framed = response.body_framing(self._head.method, self.version, status, length)
        head, keeps = self._begin(status, fields, framed, length)
        stream = streaming.Stream(
            pieces, streaming.framed_pieces(streaming.pieces_of(pieces), framed, length, trailers)
        )
        self._answered = True
        if response.sends_content(self._head.method, status):
            self._sink.put_stream(status, head, stream, keeps=keeps)
        else:
            self._sink.put_answer(status, head, keeps=keeps)
            stream.close()

    def respond_file(
        self,
        path: os.PathLike[str] | str,
        content_type: str | None = None,
        *,
        attachment: bool = False,
        filename: str | None = None,
        fields: FieldLines = (),
    ) -> None:
        """Answer GET or HEAD with a file: conditions, ranges and validators are taken care of (RFC 9110, 13 and 14).

        `path` is trusted: what comes from a client goes through `files.FileServer`. The type is that of the name unless
        it is given. With `attachment` the client is asked to save it, as `filename` or the name that it has. Raises as
        `respond` does, and OSError for a file that cannot be opened, before anything is answered.
        """
        opened = file_response.open_file(path)
        self.respond_opened(
            opened, file_response.Presentation(file_response.name_of(path), content_type, attachment, filename), fields
        )

    def respond_opened(
        self, opened: paths.OpenedFile, presentation: file_response.Presentation, fields: FieldLines = ()
    ) -> None:
        """Answer with a file that is open already; it is closed when it was sent, or could not be."""
        asked = file_response.Asked(self._head, time.time(), self._sink.limits)
        try:
            lines = field_lines(fields)
        except BaseException:
            opened.close()
            raise
        self._respond_plan(file_response.plan(asked, opened, presentation, lines))

    def respond_range(
        self, path: os.PathLike[str] | str, wanted: Sequence[ranges.ByteRange], content_type: str | None = None
    ) -> None:
        """Answer 206 with these ranges of a file, whatever the request's own Range says; 416 where there are none.

        Ranges beyond the end of the file are a ValueError: `normalize_range` clamps what a client asks for.
        """
        opened = file_response.open_file(path)
        presentation = file_response.Presentation(file_response.name_of(path), content_type)
        self._respond_plan(file_response.plan_ranges(opened, presentation, wanted, time.time()))

    def respond_file_stream(
        self, path: os.PathLike[str] | str, start: int = 0, end: int | None = None, content_type: str | None = None
    ) -> None:
        """Answer with the octets of a file from `start` to `end` (inclusive; None: the last), and no more fields than that.

        206 with Content-Range unless it is the whole file. Raises ValueError for a range that the file does not have.
        """
        opened = file_response.open_file(path)
        presentation = file_response.Presentation(file_response.name_of(path), content_type)
        self._respond_plan(file_response.plan_stream(opened, presentation, start, end))

    def _respond_plan(self, plan: file_response.Plan) -> None:
        try:
            framed = response.NOTHING
            if plan.length is not None:
                framed = response.body_framing(self._head.method, self.version, plan.status, plan.length)
            head, keeps = self._begin(plan.status, plan.fields, framed, plan.length)
        except BaseException:
            plan.close()
            raise
        self._answered = True
        if response.sends_content(self._head.method, plan.status):
            self._sink.put_parts(plan.status, head, plan.parts, keeps=keeps)
        else:
            plan.close()
            self._sink.put_answer(plan.status, head, keeps=keeps)

    def respond_writer(self, status: int = 200, fields: FieldLines = ()) -> push.Writer:
        """Begin an answer that any thread writes, with as much as it likes, whenever it likes.

        The one form in which a thread waits for the client: see push.Writer. To HEAD nothing is sent but the head, and
        the writer is closed from the start.
        """
        framed = response.body_framing(self._head.method, self.version, status, None)
        head, keeps = self._begin(status, fields, framed, None)
        self._answered = True
        if response.sends_content(self._head.method, status):
            ending = response.encode_last_chunk() if framed is response.CHUNKED else b""
            sink = self._sink.put_open(status, head, ending, keeps=keeps)
        else:
            self._sink.put_answer(status, head, keeps=keeps)
            sink = push.CLOSED
        self._writer = push.Writer(sink, chunked=framed is response.CHUNKED)
        return self._writer

    def respond_sse(
        self, fields: FieldLines = (), *, heartbeat_seconds: float | None = push.HEARTBEAT_SECONDS
    ) -> push.EventStream:
        """Begin an event stream (WHATWG HTML, Section 9.2): the handler may return and the stream goes on.

        `heartbeat_seconds` of silence are broken by a comment, so that nobody between takes the stream for dead, and a
        client that has gone is noticed; None for none. Of `fields` those take the place of ours that have their names.
        Raises ValueError for a time that is none.
        """
        if heartbeat_seconds is not None and heartbeat_seconds <= 0:
            raise ValueError(f"there is no heartbeat every {heartbeat_seconds} seconds")
        given = field_lines(fields)
        names = {name.lower() for name, _ in given}
        lines = [*(line for line in push.EVENT_STREAM_FIELDS if line[0].lower() not in names), *given]
        return push.EventStream(self.respond_writer(200, lines), heartbeat_seconds)

    def upgrade_to_websocket(
        self,
        handler: WebSocketHandler | None = None,
        *,
        subprotocols: Sequence[str] = (),
        allows_origin: Callable[[str | None], bool] | None = None,
        compression: deflate.Settings | None = deflate.DEFAULT,
        fields: FieldLines = (),
    ) -> WebSocket:
        """Answer 101, and go on as a WebSocket (RFC 6455, Section 4.2): what is sent now goes out behind the 101.

        `handler` takes its events, or else the one that the server was given; OPEN comes when this handler has returned.
        Of `subprotocols` the one is spoken that the client wants most. `allows_origin` is asked with the value of Origin,
        None without one; whom it refuses is told 403. Without `compression` none is agreed to. `fields` go with the 101.

        Raises HandshakeError where the request is no handshake that can be accepted. It is an answer (400, 403, 405 or
        426 with Sec-WebSocket-Version), given by the server unless the handler catches it and answers itself.
        """
        if self._answered:
            raise AlreadyAnsweredError("this request has its answer")
        if not self.content_ended:
            raise handshake.HandshakeError(400, "what is still to come of the content would be read as frames")
        lines = field_lines(fields)
        response.check_fields(lines)
        policy = handshake.Policy(subprotocols, allows_origin, compression)
        accepted = handshake.accept(self._head, policy)  # [rfc6455-4.2.2-7]
        # [rfc6455-4.2.2-a1] [rfc6455-4.2.2-a5]
        head = response.encode_interim(101, (*accepted.fields, (b"Date", DATE.now()), *lines))
        websocket = self._sink.put_switch(head, accepted, handler, self.path_params)
        self._answered = True
        return websocket

    def inform(self, status: int, fields: FieldLines = ()) -> None:
        """Send an interim response before the final one (RFC 9110, Section 15.2); nothing to an HTTP/1.0 client."""
        if not 100 <= status < 200 or status == 101:  # [rfc9110-15.2.2-1]
            raise ValueError(f"{status} is no interim status")
        lines = field_lines(fields)
        response.check_fields(lines)
        if self.version >= (1, 1) and not self._answered:  # [rfc9110-15.2-1]
            self._sink.put_interim(response.encode_interim(status, lines))

    def _begin(self, status: int, fields: FieldLines, body: response.Body, length: int | None) -> tuple[bytes, bool]:
        """Return the head, and whether the connection goes on. Whoever hands it to the sink calls the request answered."""
        if self._answered:
            raise AlreadyAnsweredError("this request has its answer")
        if not 200 <= status <= 999:
            raise ValueError(f"{status} is no final status")
        lines = encoded_fields(fields)
        # What of the content is still to come would be read as the next request. [rfc9110-10.1.1-10]
        is_read = self.content_ended or self._sink.content_came
        keeps = self._sink.persists and body is not response.UNTIL_CLOSE and is_read
        version = self._head.version
        asked = version < (1, 1) and b"keep-alive" in self.fields.list_members(b"Connection")
        option = response.connection_option(version, persists=keeps, asked_keep_alive=asked)
        return response.encode_head(status, lines, date=DATE.now(), body=body, length=length, connection=option), keeps


def encoded_fields(fields: FieldLines) -> bytes:
    """Return the octets of field lines, each with its CRLF. Raises ValueError as `response.field_line` does."""
    if isinstance(fields, dict):  # asked first, because asking for any Mapping costs more
        return b"".join([text_line(name, value) for name, value in fields.items()])
    return b"".join([response.field_line(name, value) for name, value in field_lines(fields)])


def text_line(name: str, value: str) -> bytes:
    """Return the octets of a field line of text, which is taken as Latin-1: every octet has a character there."""
    if len(value) <= response.REMEMBERED_BYTES_MAX:
        return remembered_text_line(name, value)
    return response.field_line(name.encode("ascii"), value.encode("latin-1"))


@functools.lru_cache(maxsize=512)
def remembered_text_line(name: str, value: str) -> bytes:
    """Return the octets of a short line, which an application is likely to send again."""
    return response.field_line(name.encode("ascii"), value.encode("latin-1"))


def field_lines(fields: FieldLines) -> Sequence[FieldLine]:
    """Return field lines as pairs of octets."""
    if isinstance(fields, Mapping):
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items()]
    return fields


Receiver = Generator[None, bytes | None, None]
"""What takes content as it comes: each `yield` gives the next octets, and None after the last of them. Closed in the
middle when the client has gone, so that its `finally` and `with` clean up."""

Handler = Callable[[Request], Receiver | None]
"""What answers a request, on the thread of a worker: a function that calls `respond` or one of its kin once, or a
generator function that takes the content first."""
