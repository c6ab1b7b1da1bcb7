"""RFC 9112, Sections 8 and 9: incomplete messages and the management of connections, one rule broken at a time."""

from __future__ import annotations

import socket
import struct
from typing import Any

from mutation import mutant

from merkhet_reference import errors, outgoing, tasks
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import connection
from merkhet_reference.http1.connection import Move, State
from merkhet_reference.http1.events import EndOfMessage, PeerAborted, Refused

REQUEST = "merkhet_reference.http1.request"
CONNECTION = "merkhet_reference.http1.connection"
CHANNEL = "merkhet_reference.channel"
RESET = struct.pack("ii", 1, 0)


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.6-3",
    must_kill={"rfc9112-9.6-closes-after-get", "rfc9112-9.6-closes-after-options"},
)
def close_is_ignored(original: Any) -> Any:
    """Ignores the close option."""
    return lambda version, fields: version >= (1, 1) or b"keep-alive" in fields.list_members(b"Connection")


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a1",
    must_kill={"rfc9112-9.3-close-mixed-case", "rfc9112-9.3-close-upper-case"},
)
def close_has_case(original: Any) -> Any:
    """Knows the close option in lower case alone."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        options = b",".join(fields.get_all(b"Connection"))
        if b"close" in [option.strip(b" \t") for option in options.split(b",")]:
            return False
        return version >= (1, 1) or b"keep-alive" in options

    return is_persistent


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a1",
    must_kill={"rfc9112-9.3-close-empty-members", "rfc9112-9.3-close-first"},
)
def close_stands_alone(original: Any) -> Any:
    """Knows the close option only where the list has no other."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        options = (fields.get(b"Connection") or b"").lower()
        return options != b"close" if version >= (1, 1) else options == b"keep-alive"

    return is_persistent


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a1",
    must_kill={"rfc9112-9.3-close-lines-apart", "rfc9112-9.3-close-second-line"},
)
def first_connection_line_only(original: Any) -> Any:
    """Looks at the first Connection line alone."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        first = fields.get_all(b"Connection")[:1]
        return original(version, Fields([(b"Connection", value) for value in first]))

    return is_persistent


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a1",
    must_kill={"rfc9112-9.3-close-first-line", "rfc9112-9.3-close-line-before-keep-alive"},
)
def last_connection_line_only(original: Any) -> Any:
    """Looks at the last Connection line alone."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        last = fields.get_all(b"Connection")[-1:]
        return original(version, Fields([(b"Connection", value) for value in last]))

    return is_persistent


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a1",
    must_kill={"rfc9112-9.3-close-http-1.0-keep-alive", "rfc9112-9.3-close-after-keep-alive"},
)
def keep_alive_beats_close(original: Any) -> Any:
    """Lets keep-alive beside close win."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        return b"keep-alive" in fields.list_members(b"Connection") or original(version, fields)

    return is_persistent


@mutant(f"{REQUEST}.is_persistent", breaks="rfc9112-9.3-1", must_kill={"rfc9112-9.3-persists-after-get-close-within"})
def close_by_substring(original: Any) -> Any:
    """Takes an option that merely contains the word close for it."""

    def is_persistent(version: Any, fields: Fields) -> bool:
        return original(version, fields) and b"close" not in (fields.get(b"Connection") or b"").lower()

    return is_persistent


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a2",
    must_kill={"rfc9112-9.3-http-1.0-closes-get", "rfc9112-9.3-http-1.0-closes-get-without-host"},
)
def http10_persists(original: Any) -> Any:
    """Keeps an HTTP/1.0 connection that did not ask for it."""
    return lambda version, fields: original((1, 1), fields)


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-1",
    must_kill={"rfc9112-9.3-persists-after-get", "rfc9112-9.3-persists-after-get-close-elsewhere"},
)
def never_persistent(original: Any) -> Any:
    """Closes after every answer, and says so."""
    return lambda version, fields: False


@mutant(
    f"{REQUEST}.is_persistent",
    breaks="rfc9112-9.3-a3",
    must_kill={"rfc9112-9.3-http-1.0-keep-alive-lower-case", "rfc9112-9.3-http-1.0-keep-alive-in-list"},
)
def http10_never_persistent(original: Any) -> Any:
    """Closes after every answer to HTTP/1.0, as a server may."""
    return lambda version, fields: version >= (1, 1) and original(version, fields)


@mutant(
    f"{CHANNEL}.Channel.advance",
    breaks="rfc9112-9.6-6",
    must_kill={"rfc9112-6.1-http-1.0-content", "rfc9112-6.1-http-1.0-uncoded-stream"},
)
def open_after_the_last_answer(original: Any) -> Any:
    """Says close and keeps the connection open, reading no more."""

    def advance(self: Any) -> None:
        while self.tickets:
            ticket = self.tickets[0]
            for data in ticket.data:
                self._outbox.put(data)
            ticket.data.clear()
            if not ticket.finished:
                return
            self.tickets.popleft()

    return advance


@mutant(
    f"{CHANNEL}.Channel.answer_last",
    breaks="rfc9112-9.6-7",
    must_kill={"rfc9112-6.3-content-length-arabic-indic-closes", "rfc9112-6.3-content-length-binary-prefix-closes"},
)
def refusals_keep_the_connection(original: Any) -> Any:
    """Answers a refused request without ending the connection, and reads on."""

    def answer_last(self: Any, status: int, why: str, **more: Any) -> None:
        content = b"no\n"
        head = b"HTTP/1.1 %d No\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 3\r\n\r\n" % status
        if self._head is None:
            self.tickets.append(tasks.Ticket(self.serial))
        last = self.tickets[-1]
        last.data.append(head + content)
        last.finished = last.keeps = True
        self._head = None
        self._protocol.state = State.HEAD
        self.advance()

    return answer_last


@mutant(
    f"{CHANNEL}.Channel.answer_last",
    breaks="rfc9112-9.6-1",
    must_kill={"rfc9112-2.2-lf-empty-line", "rfc9112-2.2-lf-every-line"},
)
def refusals_hang_up(original: Any) -> Any:
    """Closes the connection where it should refuse."""

    def answer_last(self: Any, status: int, why: str, **more: Any) -> None:
        self._head = None
        self.tickets.append(tasks.Ticket(self.serial, finished=True, keeps=False))
        self.advance()

    return answer_last


@mutant(f"{CHANNEL}.Channel._take", breaks="rfc9112-9.3.2-2b", must_kill={"rfc9112-9.3.2-garbage-behind-one-segment"})
def refusal_overtakes_answers(original: Any) -> Any:
    """Refuses a segment as a whole where its last request is broken; those before it get no answer."""

    def take(self: Any, data: bytes, now: float) -> None:
        scratch = connection.Connection(self._limits)
        scratch.receive(data)
        events: list[Any] = []
        while (event := scratch.next_event()) is not None:
            events.append(event)
        # Looked at alone, so that what this does never depends on how far a worker is with the requests before.
        if len(events) > 1 and isinstance(events[-1], Refused):
            self.answer_last(events[-1].status, events[-1].why)
        else:
            original(self, data, now)

    return take


@mutant(
    f"{CHANNEL}.Channel.advance",
    breaks="rfc9112-9.3.2-2b",
    must_kill={"rfc9112-9.3.2-order-falling", "rfc9112-9.3.2-order-fast-slow-fast"},
)
def answers_out_of_order(original: Any) -> Any:
    """Sends each answer as soon as it is there, whatever request it is for."""

    def advance(self: Any) -> None:
        for ticket in list(self.tickets):
            if ticket.finished and ticket is not self.tickets[0]:
                self.tickets.remove(ticket)
                self.tickets.appendleft(ticket)
        original(self)

    return advance


@mutant(
    f"{CONNECTION}.Connection._peer_ended",
    breaks="rfc9112-6.3-8",
    must_kill={"rfc9112-6.3-short-content-echo", "rfc9112-6.3-short-content-put"},
)
def end_of_input_ends_content(original: Any) -> Any:
    """Takes the end of the input for the end of the content."""

    def peer_ended(self: Any) -> Any:
        if self.state in {State.CONTENT, State.LAST_CONTENT}:
            self.state = State.OVER
            return EndOfMessage(Fields())
        return original(self)

    return peer_ended


@mutant(
    f"{CHANNEL}.Channel._take_event",
    breaks="rfc9112-8-1",
    must_kill={"rfc9112-8-head-cut-empty-line", "rfc9112-8-head-cut-field-name"},
)
def incomplete_is_dropped(original: Any) -> Any:
    """Closes without an answer when a request is cut short, as a server may."""

    def take_event(self: Any, event: Any) -> None:
        if isinstance(event, PeerAborted):
            self.finish()
        else:
            original(self, event)

    return take_event


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-9.3-5",
    must_kill={"rfc9112-9.3-unread-post-1m-nowhere-chunked", "rfc9112-9.3-unread-post-64k-chunked"},
)
def content_left_unread(original: Any) -> Any:
    """Calls the handler before the content, and leaves the content to be read as the next request."""

    def read_content(self: Any) -> Any:
        self._move(Move.END)
        return connection.END_OF_MESSAGE

    return {**original, State.CONTENT: read_content, State.LAST_CONTENT: read_content}


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-9.3-5",
    must_kill={"rfc9112-9.3-unread-get-chunked", "rfc9112-6.3-unread-get-chunked"},
)
def content_of_get_left_unread(original: Any) -> Any:
    """Reads no content where the method is GET."""

    def read_head(self: Any) -> Any:
        event = original[State.HEAD](self)
        if event is not None and event.method == b"GET":
            self._remaining, self._decoder = 0, None
        return event

    return {**original, State.HEAD: read_head}


@mutant(
    f"{CHANNEL}.Channel._say_end",
    breaks="rfc9112-9.5-1",
    must_kill={"rfc9112-6.1-http-1.0-content", "rfc9112-6.1-http-1.0-uncoded-stream"},
)
def ends_with_a_reset(original: Any) -> Any:
    """Ends every connection with a reset."""

    def say_end(self: Any) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.drop()

    return say_end


@mutant(
    f"{CHANNEL}.Channel.overdue",
    breaks="rfc9112-9.5-1",
    must_kill={"rfc9112-9.5-timeout-fresh", "rfc9112-9.5-timeout-after-answer", "rfc9112-9.5-timeout-within-head"},
)
def timeouts_end_with_a_reset(original: Any) -> Any:
    """Ends a connection whose time is over with a reset."""

    def overdue(self: Any, now: float) -> None:
        if self.phase is outgoing.Phase.OPEN:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.drop()

    return overdue


@mutant(
    f"{CHANNEL}.Channel.advance",
    breaks="rfc9112-9.5-4",
    must_kill={"rfc9112-9.5-sustains-100", "rfc9112-9.5-sustains-100-keep-alive"},
)
def closes_after_fifty(original: Any) -> Any:
    """Closes a connection after fifty answers, unannounced."""
    counts: dict[int, int] = {}

    def advance(self: Any) -> None:
        before = len(self.tickets)
        original(self)
        counts[self.serial] = counts.get(self.serial, 0) + before - len(self.tickets)
        if counts[self.serial] >= 50 and self.phase is outgoing.Phase.OPEN:
            self.phase = outgoing.Phase.LAST

    return advance


@mutant(
    f"{CHANNEL}.Channel._take_event",
    breaks="rfc9112-2.2-10",
    must_kill={"rfc9112-2.2-no-request-joined-coding", "rfc9112-2.2-no-request-no-colon-framing"},
)
def refusals_are_500(original: Any) -> Any:
    """Answers whatever it refuses with 500."""

    def take_event(self: Any, event: Any) -> None:
        original(self, Refused(500, event.why) if isinstance(event, Refused) else event)

    return take_event


@mutant(
    f"{CHANNEL}.Channel._take_event",
    breaks="rfc9112-2.2-10",
    must_kill={"rfc9112-2.2-control-in-value-backspace", "rfc9112-2.2-control-in-value-delete"},
)
def refusals_are_silent(original: Any) -> Any:
    """Says nothing to what it refuses, and leaves the connection open."""

    def take_event(self: Any, event: Any) -> None:
        if not isinstance(event, Refused):
            original(self, event)

    return take_event


@mutant(
    "merkhet_reference.tls.TlsLayer.close",
    breaks="rfc9112-9.8-6",
    must_kill={"rfc9112-9.8-notified-after-garbage", "rfc9112-9.8-notified-after-get"},
)
def no_close_notify(original: Any) -> Any:
    """Closes a TLS connection without close_notify."""
    return lambda self: None


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-2.2-1",
    must_kill={"rfc9112-2.2-delivery-crlf-apart", "rfc9112-2.2-delivery-get-after-request-line"},
)
def heads_in_one_segment_only(original: Any) -> Any:
    """Refuses a head that does not come whole at once."""

    def read_head(self: Any) -> Any:
        event = original[State.HEAD](self)
        if event is None and len(self._inbox) > 0:
            raise errors.bad_request("no")
        return event

    return {**original, State.HEAD: read_head}


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-9.3.2-2b",
    must_kill={"rfc9112-9.3.2-expectation-behind-slow", "rfc9112-9.3.2-half-close-gets"},
)
def pipelined_requests_dropped(original: Any) -> Any:
    """Throws away what came behind a request before it was answered."""

    def read_content(self: Any) -> Any:
        event = original[State.CONTENT](self)
        if isinstance(event, EndOfMessage):
            self._inbox.clear()
        return event

    return {**original, State.CONTENT: read_content}


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-6.3-a3",
    must_kill={"rfc9112-6.3-no-length-content-type", "rfc9112-6.3-no-length-post"},
)
def post_without_a_length_waits(original: Any) -> Any:
    """Waits for content of a POST that says no length."""

    def read_head(self: Any) -> Any:
        event = original[State.HEAD](self)
        if event is not None and event.method == b"POST" and event.framing.kind == "none":
            self._remaining = 20
        return event

    return {**original, State.HEAD: read_head}


@mutant(f"{CONNECTION}.READERS", breaks="rfc9112-6.3-a3", must_kill={"rfc9112-6.3-length-of-zero"})
def content_of_length_zero(original: Any) -> Any:
    """Takes what lies behind a request with a length of zero for its content."""

    def read_head(self: Any) -> Any:
        event = original[State.HEAD](self)
        if event is not None and event.framing == ("length", 0):
            self._inbox.clear()
        return event

    return {**original, State.HEAD: read_head}


@mutant(
    f"{CONNECTION}.READERS",
    breaks="rfc9112-7.1.2-3",
    must_kill={"rfc9112-7.1.2-trailer-connection-not-acted-on", "rfc9112-7.1.2-trailer-content-length-not-acted-on"},
)
def trailers_are_acted_on(original: Any) -> Any:
    """Acts on Connection, Content-Length and the like in a trailer section: nothing more is read."""

    def read_content(self: Any) -> Any:
        event = original[State.CONTENT](self)
        lines = self._decoder._trailer_lines if self._decoder is not None else []
        acted = (b"connection", b"content-length", b"transfer-encoding", b"expect")
        if isinstance(event, EndOfMessage) and any(line.lower().startswith(acted) for line in lines):
            self._inbox.clear()
            self.state = State.OVER
        return event

    return {**original, State.CONTENT: read_content}


@mutant(
    f"{CHANNEL}.Channel.answer_last",
    breaks="rfc9112-9.6-7",
    must_kill={"rfc9112-9.6-closes-after-refusal", "rfc9112-6.3-content-length-arabic-indic-closes"},
)
def says_close_and_reads_on(original: Any) -> Any:
    """Refuses a request, says close, and serves what follows."""

    def answer_last(self: Any, status: int, why: str, **more: Any) -> None:
        head = b"HTTP/1.1 %d No\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nConnection: close\r\n" % status
        if self._head is None:
            self.tickets.append(tasks.Ticket(self.serial))
        last = self.tickets[-1]
        last.data.append(head + b"Content-Length: 3\r\n\r\nno\n")
        last.finished = last.keeps = True
        self._head = None
        self._protocol.state = State.HEAD
        self.advance()

    return answer_last


@mutant(
    f"{CHANNEL}.Channel._take_event",
    breaks="rfc9112-6.3-8",
    must_kill={"rfc9112-8-head-cut-empty-line", "rfc9112-8-head-cut-field-name"},
)
def incomplete_keeps_the_connection(original: Any) -> Any:
    """Neither answers nor closes when a request is cut short."""

    def take_event(self: Any, event: Any) -> None:
        if not isinstance(event, PeerAborted):
            original(self, event)

    return take_event
