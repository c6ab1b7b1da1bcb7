"""Tasks as the I/O thread makes them, without one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from merkhet_reference import message, queues, wakeup
from merkhet_reference.fields import Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import Content, EndOfMessage, RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.tasks import HandlerTask, Reply, Service, Ticket


@pytest.fixture
def replies() -> Iterator[queues.ReplyQueue[Reply]]:
    """A queue that nobody takes from but the test."""
    bell = wakeup.Wakeup()
    yield queues.ReplyQueue(bell)
    bell.close()


def service(handler: message.Handler, replies: queues.ReplyQueue[Reply]) -> Service:
    """What the connections of a server share."""
    return Service(handler, replies, Limits())


def task(
    handler: message.Handler,
    replies: queues.ReplyQueue[Reply],
    data: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    *,
    takes_pieces: bool = False,
) -> HandlerTask:
    """Return the task of a request; with `takes_pieces` its content is still to come."""
    connection = Connection(Limits())
    connection.receive(data)
    head = connection.next_event()
    assert isinstance(head, RequestHead)
    content, trailers = b"", Fields()
    while not takes_pieces and (event := connection.next_event()) is not None:
        if isinstance(event, Content):
            content += event.data
        elif isinstance(event, EndOfMessage):
            trailers = event.trailers
    ticket = Ticket(1, keeps=head.persistent)
    return HandlerTask(head, content, trailers, ticket, service(handler, replies), takes_pieces)
