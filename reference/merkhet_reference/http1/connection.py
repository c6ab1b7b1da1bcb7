"""RFC 9112, Section 9: Connection Management. One connection's octets become events; states and moves are a table.

Pull-driven: `receive` only stores, `next_event` understands. Whoever stops asking stops the parsing, which is how
backpressure on pipelined requests works.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from merkhet_reference import errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import chunked, framing, inbox, request
from merkhet_reference.http1.events import (
    BodyKind,
    Content,
    EndOfMessage,
    Event,
    PeerAborted,
    PeerClosed,
    Refused,
    RequestHead,
)
from merkhet_reference.limits import Limits

NO_FIELDS = Fields()
END_OF_MESSAGE = EndOfMessage(NO_FIELDS)


class State(enum.IntEnum):
    """What the connection reads next."""

    HEAD = enum.auto()
    CONTENT = enum.auto()
    LAST_CONTENT = enum.auto()
    OVER = enum.auto()


class Move(enum.IntEnum):
    """What an event means for the state."""

    HEAD = enum.auto()
    LAST_HEAD = enum.auto()
    CONTENT = enum.auto()
    END = enum.auto()
    REFUSED = enum.auto()
    PEER_ENDED = enum.auto()
    SWITCHED = enum.auto()


# Looked up once: a name in an enumeration costs more than a global one, and these are asked for with every request.
AT_HEAD, IN_CONTENT, IN_LAST_CONTENT, OVER = State
HEAD_CAME, LAST_HEAD_CAME, CONTENT_CAME, MESSAGE_ENDED, REFUSED, PEER_ENDED, SWITCHED = Move

TRANSITIONS: dict[tuple[State, Move], State] = {
    (State.HEAD, Move.HEAD): State.CONTENT,
    (State.HEAD, Move.LAST_HEAD): State.LAST_CONTENT,
    (State.HEAD, Move.REFUSED): State.OVER,
    (State.HEAD, Move.PEER_ENDED): State.OVER,
    (State.HEAD, Move.SWITCHED): State.OVER,
    (State.CONTENT, Move.CONTENT): State.CONTENT,
    # The next request is read where the content of this one has ended, read by its handler or not. [rfc9112-9.3-5]
    (State.CONTENT, Move.END): State.HEAD,
    (State.CONTENT, Move.REFUSED): State.OVER,
    (State.CONTENT, Move.PEER_ENDED): State.OVER,
    (State.LAST_CONTENT, Move.CONTENT): State.LAST_CONTENT,
    # Nothing behind a request that ends the connection is read as one. [rfc9112-9.6-5]
    (State.LAST_CONTENT, Move.END): State.OVER,
    (State.LAST_CONTENT, Move.REFUSED): State.OVER,
    (State.LAST_CONTENT, Move.PEER_ENDED): State.OVER,
}
"""From OVER nothing leads anywhere: what comes then is thrown away. [rfc9112-9.6-7]"""


class Connection:
    """The server's side of one HTTP/1.1 connection, sans I/O.

    `ended` is set once the peer has said that it sends no more. The events of a message are RequestHead, any number of
    Content, EndOfMessage; Refused, PeerClosed and PeerAborted are each the last event of a connection.
    `content_bytes_max` is asked for each request that has content, or whose client waits to be invited to send it, how
    much is taken; without it `limits` says so. `is_secure`: what is asked for by an https URI may be asked for here.
    """

    __slots__ = (
        "_asks_head",
        "_content_bytes_max",
        "_decoder",
        "_empty_lines",
        "_inbox",
        "_is_secure",
        "_limits",
        "_remaining",
        "ended",
        "state",
    )

    def __init__(
        self, limits: Limits, content_bytes_max: Callable[[RequestHead], int] | None = None, *, is_secure: bool = True
    ) -> None:
        self.state = AT_HEAD
        self.ended = False
        self._limits = limits
        self._is_secure = is_secure
        self._content_bytes_max = content_bytes_max
        self._inbox = inbox.Inbox()
        self._empty_lines = 0
        self._remaining = 0
        self._decoder: chunked.ChunkedDecoder | None = None
        self._asks_head = False

    @property
    def buffered_bytes(self) -> int:
        """Octets that came and are not yet understood."""
        return len(self._inbox)

    @property
    def is_over(self) -> bool:
        """Whether no event will come any more, whatever is received."""
        return self.state is OVER

    @property
    def in_head(self) -> bool:
        """Whether a head has begun and not ended: what a time limit on heads is about."""
        return self.state is AT_HEAD and len(self._inbox) > 0

    def receive(self, data: bytes) -> None:
        """Store what came; b"" says that the peer sends no more (a half-close)."""
        if not data:
            self.ended = True
        elif self.state is not OVER:
            self._inbox.put(data)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed or nothing will come any more."""
        state = self.state
        if state is OVER:
            return None
        if state is AT_HEAD and not self.ended and not self._inbox:
            return None  # the question behind every request whose successor has not come: nothing to look at
        try:
            event = READERS[state](self)
        except errors.Refusal as refusal:
            self._move(REFUSED)
            return Refused(refusal.status, refusal.why, self._asks_head)
        if event is None and self.ended:
            return self._peer_ended()
        return event

    def read_head(self) -> Event | None:
        """Take a head if it is whole, and find out how its content is framed (Section 6.3)."""
        head = self._take_head()
        if head is None:
            return None
        method, target, version, fields = request.parse_head(head, self._limits)
        if target.scheme == b"https" and not self._is_secure:
            # Choice: 421, since it is the connection that is wrong. [rfc9110-7.4-1] [rfc9110-7.4-2]
            raise errors.misdirected("an https URI is not asked for on a connection without TLS")
        framed = framing.content_framing(version, fields)
        event = RequestHead(
            method,
            target,
            version,
            fields,
            framed,
            request.authority(target, fields),
            request.is_persistent(version, fields),
            request.expects_continue(version, fields),
        )
        self._remaining = framed.length
        self._decoder = None
        if framed is not framing.NO_CONTENT or event.expects_continue:
            self._prepare_for_content(event)
        self._move(HEAD_CAME if event.persistent else LAST_HEAD_CAME)
        return event

    def _prepare_for_content(self, head: RequestHead) -> None:
        asked = self._content_bytes_max
        content_bytes_max = self._limits.content_bytes_max if asked is None else asked(head)
        framing.check_length(head.framing, content_bytes_max)
        if head.framing.kind is BodyKind.CHUNKED:
            self._decoder = chunked.ChunkedDecoder(self._limits, content_bytes_max)

    def hand_over(self) -> bytes:
        """Return what came behind the last request: from here on the connection is another protocol's (RFC 9110, 7.8)."""
        data = self._inbox.take(len(self._inbox))
        self._move(SWITCHED)
        return data

    def release(self) -> None:
        """Ask nobody any more: whoever is asked for `content_bytes_max` and this connection would keep each other in memory."""
        self._content_bytes_max = None

    def read_content(self) -> Event | None:
        """Take what there is of the content."""
        if self._decoder is not None:
            return self._read_chunked(self._decoder)
        if not self._remaining:
            self._move(MESSAGE_ENDED)
            return END_OF_MESSAGE
        data = self._inbox.take(self._remaining)
        if not data:
            return None
        self._remaining -= len(data)
        self._move(CONTENT_CAME)
        return Content(data)

    def _read_chunked(self, decoder: chunked.ChunkedDecoder) -> Event | None:
        data = decoder.decode(self._inbox)
        if data:
            self._move(CONTENT_CAME)
            return Content(data)
        if decoder.part is not chunked.Part.DONE:
            return None
        trailers = decoder.trailers()
        self._move(MESSAGE_ENDED)
        return EndOfMessage(trailers)

    def _take_head(self) -> bytes | None:
        # [rfc9110-5.3-4]
        if self._inbox.begins_with(b"\r\n"):
            self._skip_empty_lines()
        self._asks_head = self._inbox.begins_with(b"HEAD ")
        head = self._inbox.take_until(b"\r\n\r\n")
        if head is None:
            self._check_unfinished_head()
            return None
        check_head(head, self._limits)
        self._empty_lines = 0
        return head

    def _check_unfinished_head(self) -> None:
        """Refuse what cannot become a head any more, before its empty line comes."""
        window = self._limits.head_bytes_max + 4
        if len(self._inbox) >= window or not self._inbox.has_line_within(self._limits.request_line_bytes_max):
            check_head(self._inbox.peek(window), self._limits)
        check_line_ends(has_lone_lf=self._inbox.has_lone_lf())

    def _skip_empty_lines(self) -> None:
        """Section 2.2: an empty line or a few before a request line, as some clients send after a POST."""
        while self._inbox.begins_with(b"\r\n"):
            if self._empty_lines == self._limits.empty_lines_max:
                raise errors.bad_request("there are too many empty lines before a request line")
            self._inbox.take(2)  # [rfc9112-2.2-7]
            self._empty_lines += 1

    def _peer_ended(self) -> Event:
        """The peer sends no more: between two messages that is an end, within one the message is incomplete."""
        between = self.state is AT_HEAD and not len(self._inbox)
        self._move(PEER_ENDED)
        # [rfc9112-6.3-8] [rfc9112-8-a1] [rfc9112-8-1]
        return PeerClosed() if between else PeerAborted()

    def _move(self, move: Move) -> None:
        self.state = TRANSITIONS[self.state, move]
        if self.state is OVER:
            self._inbox.clear()


READERS: dict[State, Callable[[Connection], Event | None]] = {
    AT_HEAD: Connection.read_head,
    IN_CONTENT: Connection.read_content,
    IN_LAST_CONTENT: Connection.read_content,
}


def check_head(head: bytes, limits: Limits) -> None:
    """Refuse a head over a limit; `head` may be only as much of it as has come.

    What is wrong first is refused first, and what stands behind it is not looked at: the answer is the same whether the
    head came at once or octet by octet. It relies on a limit for the request line below the one for the head.
    """
    line_window = limits.request_line_bytes_max + 2
    if len(head) < line_window:
        return
    if head.find(b"\r\n", 0, line_window) < 0:
        check_line_ends(has_lone_lf=request.has_lone_lf(head[:line_window]))
        raise request.line_too_long(head[:line_window], limits)
    if len(head) > limits.head_bytes_max:
        check_line_ends(has_lone_lf=request.has_lone_lf(head[: limits.head_bytes_max + 4]))
    check_head_size(len(head), limits)


def check_head_size(head_bytes: int, limits: Limits) -> None:
    """Refuse a head over the limit, whether it came at once or in pieces (RFC 6585, Section 5)."""
    if head_bytes > limits.head_bytes_max:
        raise errors.fields_too_large("the header section is larger than this server reads")


def check_line_ends(*, has_lone_lf: bool) -> None:
    """Refuse a lone LF as soon as it comes, not with its whole head: who sends one waits for an answer."""
    if has_lone_lf:
        raise request.lone_lf()
