"""What workers do: a request for its handler, the next of its content, the next piece of a stream.

A task, its Request and its generator are made by the I/O thread and changed by the one worker that runs it. What it tells
the I/O thread is in `replies.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from merkhet_reference import message, queues
from merkhet_reference.endpoint import WebSocket, WebSocketHandler
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.outbox import Part
from merkhet_reference.replies import Cut as Cut
from merkhet_reference.replies import More as More
from merkhet_reference.replies import Open as Open
from merkhet_reference.replies import Parts as Parts
from merkhet_reference.replies import Pull as Pull
from merkhet_reference.replies import Receive as Receive
from merkhet_reference.replies import Reply as Reply
from merkhet_reference.replies import Service as Service
from merkhet_reference.replies import Switch
from merkhet_reference.replies import Ticket as Ticket
from merkhet_reference.replies import Upload as Upload
from merkhet_reference.replies import close_parts as close_parts
from merkhet_reference.session import Session
from merkhet_reference.websocket import close as closing
from merkhet_reference.websocket import handshake

LOG = logging.getLogger("merkhet_reference")
NOBODY = 0
"""The serial number of no connection."""
TEXT = ((b"Content-Type", b"text/plain"),)


class Task(Protocol):
    """What a worker runs."""

    def run(self) -> None:
        """Do it. What goes wrong is an application's, and never the worker's end."""
        ...


@dataclass(slots=True)
class HandlerTask:
    """A request for its handler: whole, or where the handler takes content by pieces its head alone."""

    head: RequestHead
    content: bytes
    trailers: Fields
    ticket: Ticket
    service: Service
    takes_pieces: bool = False
    """Whether the content is still to come. Asked here and not of the ticket, whose upload the I/O thread may give up."""
    has_told: bool = False
    """Whether a reply has said that a worker is done with this: each run says so once, with its first last word."""
    session: Session | None = None
    """What becomes of the request where its handler makes a WebSocket of it."""

    def run(self) -> None:
        """Call the handler; whatever it does, the request is answered once."""
        request = message.Request(self.head, self.content, self.trailers, self)
        request.content_ended = not self.takes_pieces
        try:
            receiver = self.service.handler(request)
            if receiver is not None:
                ReceiveTask(request, receiver, self).run()
                return
        except handshake.HandshakeError as refusal:
            self.refuse(request, refusal)
        except BaseException:  # an application's exit, or a cancelled task of its own, ends its request, not the worker
            LOG.exception("the handler of %s raised", self.head.method.decode("ascii"))
            self.break_off(request)
        else:
            answer_for_none(request)
        self.end_run()

    def refuse(self, request: message.Request, refusal: handshake.HandshakeError) -> None:
        """Give the answer that a handshake comes to, where its handler has left that to the server."""
        if not request.answered:
            request.respond(refusal.status, (*refusal.fields, *TEXT), b"%s\n" % refusal.why.encode("ascii"))

    def break_off(self, request: message.Request) -> None:
        """Answer in place of a handler that raised; what has begun already is broken off."""
        if self.session is not None:
            self.session.close(closing.INTERNAL_ERROR, "")
        elif request.is_open:
            self.cut()
        if not request.answered:
            answer_500(request)

    # The sink of its request

    @property
    def persists(self) -> bool:
        """Whether the connection may go on after this answer, as far as is known now."""
        return self.ticket.keeps

    @property
    def content_came(self) -> bool:
        """Whether all of the content has come, though its handler may not have taken it. Once so, it stays so."""
        upload = self.ticket.upload
        return upload is not None and upload.trailers is not None

    @property
    def limits(self) -> Limits:
        """The server's bounds."""
        return self.service.limits

    def _put(self, reply: Reply) -> None:
        reply.ends_task = not self.has_told
        self.has_told = True
        self.service.replies.put(reply)

    def put_interim(self, data: bytes) -> None:
        """Send octets before the final answer."""
        self.service.replies.put(Reply(self.ticket, data, ends_task=False))

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        """Send the whole final answer."""
        self._put(Reply(self.ticket, data, status, finished=True, keeps=keeps))

    def put_parts(self, status: int, head: bytes, parts: tuple[Part, ...], *, keeps: bool) -> None:
        """Send the whole final answer, segments of files among it."""
        self._put(Reply(self.ticket, head, status, finished=True, keeps=keeps, more=Parts(parts)))

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        """Send the head; the I/O thread asks for the pieces when the client has room for them."""
        self._put(Reply(self.ticket, head, status, keeps=keeps, more=Pull(pieces)))

    def put_open(self, status: int, head: bytes, ending: bytes, *, keeps: bool) -> OpenAnswer:
        """Send the head; what follows comes by the object that is returned, and `ending` when it is ended."""
        flow = queues.Flow(self.service.limits.events_waiting_bytes_max, ending, self.service.open_answers)
        self._put(Reply(self.ticket, head, status, keeps=keeps, more=Open(flow)))
        if self.service.replies.is_closed:
            flow.close()  # the server has ended, and nobody else would say so
        return OpenAnswer(self.ticket, flow, self.service, keeps=keeps)

    def cut(self) -> None:
        """End the connection so that the client sees its answer incomplete."""
        self._put(Reply(self.ticket, b"", finished=True, keeps=False, more=Cut()))

    def end_run(self) -> None:
        """Give the worker back, if nothing else has said so; where there is a WebSocket now, let its events come."""
        if self.session is not None:
            self.session.rest()
        elif not self.has_told:
            self._put(Reply(self.ticket, b""))

    def put_switch(
        self,
        head: bytes,
        accepted: handshake.Accepted,
        handler: WebSocketHandler | None,
        path_params: Mapping[str, str],
    ) -> WebSocket:
        """Send a 101; the connection is a WebSocket from here on. The worker is given back when the session has its turn."""
        service = self.service
        handler = handler or service.websocket_handler
        if handler is None:
            raise ValueError("nobody takes the events of this WebSocket: name a handler here, or for the whole server")
        self.session = made = Session(
            service.sessions, service.limits, handler, accepted, head=self.head, path_params=path_params
        )
        self.has_told = True
        service.replies.put(Reply(self.ticket, head, 101, finished=True, ends_task=False, more=Switch(made)))
        if service.replies.is_closed:
            made.end(closing.ABNORMAL, "")  # the server has ended, and nobody else would say so
        return made.socket

    def wait_for_content(self, receiver: ReceiveTask) -> None:
        """Give the worker back until more content has come."""
        self._put(Reply(self.ticket, b"", keeps=self.ticket.keeps, more=Receive(receiver)))


def answer_for_none(request: message.Request) -> None:
    """Answer in place of a handler that has ended without an answer, and say so."""
    if not request.answered:
        LOG.error("the handler of %s gave no answer", request.method)
        answer_500(request)


def answer_500(request: message.Request) -> None:
    """Answer that the application failed, and nothing of how."""
    request.respond(500, TEXT, b"Internal Server Error\n")


class OpenAnswer:
    """An answer whose octets come from any thread, at any time, until `end`. The sink of a message.Writer."""

    __slots__ = ("_flow", "_keeps", "_service", "_ticket")

    def __init__(self, ticket: Ticket, flow: queues.Flow, service: Service, *, keeps: bool) -> None:
        self._ticket = ticket
        self._flow = flow
        self._service = service
        self._keeps = keeps

    @property
    def is_open(self) -> bool:
        """Whether the client is there, as far as anyone knows."""
        return self._flow.is_open

    def put(self, data: bytes, *, waits: bool) -> bool:
        """Queue octets; return False if the client is gone, or does not read and there was no room for them.

        With `waits` the caller waits for room, `send_seconds_max` at most. A client that leaves no room is given up.
        """
        if not self._flow.put(len(data), self._service.limits.send_seconds_max if waits else 0.0):
            self.cut()
            return False
        self._service.replies.put(Reply(self._ticket, data, keeps=self._keeps, ends_task=False))
        return True

    def end(self) -> None:
        """End the answer; it is whole with this."""
        if self._flow.close():
            ending = self._flow.ending
            self._service.replies.put(Reply(self._ticket, ending, finished=True, keeps=self._keeps, ends_task=False))

    def cut(self) -> None:
        """Give the client up, so that it sees the answer incomplete."""
        if self._flow.close():
            reply = Reply(self._ticket, b"", finished=True, keeps=False, ends_task=False, more=Cut())
            self._service.replies.put(reply)

    def keep_alive(self, data: bytes, seconds: float) -> None:
        """Let the I/O thread send `data` whenever nothing else was sent for `seconds`."""
        self._flow.heartbeat, self._flow.heartbeat_seconds = data, seconds
        # Nothing to send, but a time for the I/O thread to know of.
        self._service.replies.put(Reply(self._ticket, b"", keeps=self._keeps, ends_task=False))

    def allow_end(self) -> None:
        """Let a server that ends call the answer whole, wherever it is."""
        self._flow.ends_anywhere = True


class ReceiveTask:
    """The next pieces of content for a handler that takes them as they come."""

    __slots__ = ("_pieces", "_receiver", "_request", "_task", "_trailers")

    def __init__(self, request: message.Request, receiver: message.Receiver, task: HandlerTask) -> None:
        self._request = request
        self._receiver: Generator[None, bytes | None, None] = receiver
        self._task = task
        self._pieces: list[bytes | None] = [None]  # what primes a generator
        self._trailers: Fields | None = None
        if not task.takes_pieces:
            # The content was collected before, since nobody said of this route that it takes pieces.
            self._pieces += [task.content] if task.content else []
            self._trailers = task.trailers

    @property
    def ticket(self) -> Ticket:
        """The request's place."""
        return self._task.ticket

    def take(self, pieces: list[bytes], trailers: Fields | None) -> None:
        """Add what has come; `trailers` with the last of it. The I/O thread, while no worker has this task."""
        self._pieces += pieces
        self._trailers = trailers
        self._task.has_told = False

    def run(self) -> None:
        """Hand the pieces on, and after the last one the end."""
        try:
            for piece in self._pieces:
                self._receiver.send(piece)
            self._pieces = []
            if self._trailers is None:
                self._task.wait_for_content(self)
                return
            self._request.trailers, self._request.content_ended = self._trailers, True
            self._receiver.send(None)
            LOG.error("a handler waits for content beyond its end")
        except StopIteration:
            answer_for_none(self._request)
        except handshake.HandshakeError as refusal:
            self._task.refuse(self._request, refusal)
        except BaseException:
            LOG.exception("a handler that takes content raised")
            self._task.break_off(self._request)
        close(self._receiver)
        if not self._request.answered:
            answer_500(self._request)
        self._task.end_run()

    def close(self) -> None:
        """Let the handler's generator run its `finally`: no more content will come."""
        close(self._receiver)


def close(stream: object) -> None:
    """Close a stream that can be closed; what it raises then is logged, for no answer depends on it any more."""
    closing: Callable[[], None] | None = getattr(stream, "close", None)
    try:
        if closing is not None:
            closing()
    except BaseException:
        LOG.exception("a stream raised while it was closed")


@dataclass(slots=True)
class PullTask:
    """The next piece of a stream."""

    ticket: Ticket
    stream: Iterator[bytes]
    replies: queues.ReplyQueue[Reply]

    def run(self) -> None:
        """Ask for one piece and send it; after the last one the answer is whole."""
        keeps = self.ticket.keeps
        try:
            piece = next(self.stream, None)
        except BaseException:
            LOG.exception("a stream raised")
            close(self.stream)
            self.replies.put(Reply(self.ticket, b"", finished=True, keeps=False, more=Cut()))
            return
        if piece is None:
            close(self.stream)
            self.replies.put(Reply(self.ticket, b"", finished=True, keeps=keeps))
        else:
            self.replies.put(Reply(self.ticket, piece, keeps=keeps, more=Pull(self.stream)))


@dataclass(slots=True)
class DropTask:
    """A stream or a receiver that nobody needs any more: closed on a worker, since its code is an application's."""

    dropped: object
    replies: queues.ReplyQueue[Reply]

    def run(self) -> None:
        """Let a generator run its `finally`."""
        close(self.dropped)
        self.replies.put(Reply(Ticket(NOBODY), b""))
