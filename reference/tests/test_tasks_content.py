"""Handlers that take content piece by piece: run by run, whatever they do, whether it was collected or comes as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from task_rig import replies as replies

from merkhet_reference import message, queues
from merkhet_reference.fields import Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.replies import Receiver
from merkhet_reference.tasks import (
    Cut,
    DropTask,
    HandlerTask,
    Open,
    Pull,
    Receive,
    Reply,
    Service,
    Task,
    Ticket,
    Upload,
)

POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"
TRAILERS = Fields([(b"X-Sum", b"6")])
NO_FIELDS = Fields()

Replies = queues.ReplyQueue[Reply]


def head() -> RequestHead:
    connection = Connection(Limits())
    connection.receive(POST)
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    return event


class Uploading:
    """The I/O thread's part in one upload: each run is held to its one word."""

    def __init__(self, handler: message.Handler, replies: Replies, collected: bytes | None = None) -> None:
        self._replies = replies
        self.receiver: Receiver | None = None
        self.said: list[Reply] = []
        service = Service(handler, replies, Limits())
        if collected is None:
            self.ticket = Ticket(1, upload=Upload())
            self._run(HandlerTask(head(), b"", NO_FIELDS, self.ticket, service, takes_pieces=True))
        else:
            self.ticket = Ticket(1)
            self._run(HandlerTask(head(), collected, TRAILERS, self.ticket, service))

    def _run(self, task: Task) -> None:
        self.receiver = None
        task.run()
        said = self._replies.take_all()
        assert sum(reply.ends_task for reply in said) == 1, "a run that says it never, or twice"
        for reply in said:
            assert reply.ticket is self.ticket
            if isinstance(reply.more, Receive):
                self.receiver = reply.more.receiver
                assert reply is said[-1], "who waits has nothing more to say"
        self.said += said

    def give(self, *pieces: bytes, trailers: Fields | None = None) -> None:
        assert self.receiver is not None
        assert self.receiver.ticket is self.ticket
        self.receiver.take(list(pieces), trailers)
        self._run(self.receiver)

    def give_all(self, *parts: Sequence[bytes]) -> None:
        """Give each row of pieces while the handler waits for more, with the last one the end."""
        for number, pieces in enumerate(parts):
            if self.receiver is not None:
                self.give(*pieces, trailers=TRAILERS if number == len(parts) - 1 else None)

    @property
    def statuses(self) -> list[int]:
        return [reply.status for reply in self.said if reply.status]


# What handlers do


def takes_all(request: message.Request) -> message.Receiver:
    taken: list[bytes] = []
    while (piece := (yield)) is not None:
        assert piece
        taken.append(piece)
    assert request.content_ended
    request.respond(200, content=b"|".join(taken) + b"|" + (request.trailers.get(b"X-Sum") or b"no sum"))


def answers_first(request: message.Request) -> message.Receiver:
    request.respond(201)
    while (yield):
        pass


def answers_in_the_middle(request: message.Request) -> message.Receiver:
    yield
    request.respond(201)
    while (yield):
        pass


def answers_and_returns(request: message.Request) -> message.Receiver:
    yield
    request.respond(201)


def answers_twice(request: message.Request) -> message.Receiver:
    yield
    request.respond(201)
    request.respond(202)


def answers_and_raises(request: message.Request) -> message.Receiver:
    yield
    request.respond(201)
    raise ValueError


def raises_first(request: message.Request) -> message.Receiver:
    if request.method == "POST":
        raise ValueError
    yield


def raises_in_the_middle(request: message.Request) -> message.Receiver:
    yield
    raise ValueError


def raises_at_the_end(request: message.Request) -> message.Receiver:
    while (yield):
        pass
    raise ValueError


def exits(request: message.Request) -> message.Receiver:
    yield
    raise SystemExit


def is_cancelled(request: message.Request) -> message.Receiver:
    yield
    raise asyncio.CancelledError


def closes_itself(request: message.Request) -> message.Receiver:
    yield
    raise GeneratorExit


def never_answers(request: message.Request) -> message.Receiver:
    while (yield):
        pass


def waits_beyond_the_end(request: message.Request) -> message.Receiver:
    while True:
        yield


def answers_and_waits_beyond_the_end(request: message.Request) -> message.Receiver:
    while (yield):
        pass
    request.respond(201)
    yield


def refuses_to_end(request: message.Request) -> message.Receiver:
    while True:
        try:
            yield
        except GeneratorExit:
            yield


def streams_first(request: message.Request) -> message.Receiver:
    request.respond_stream([b"piece"], status=201)
    while (yield):
        pass


def opens_first(request: message.Request) -> message.Receiver:
    writer = request.respond_writer(201)
    while piece := (yield):
        writer.write(piece)
    writer.close()


def opens_and_raises(request: message.Request) -> message.Receiver:
    writer = request.respond_writer(201)
    writer.write((yield) or b"")
    raise ValueError


def answers_and_gives_a_generator(request: message.Request) -> message.Receiver:
    request.respond(201)
    return never_answers(request)


def gives_what_is_none(request: message.Request) -> message.Receiver:
    request.respond(201)
    return cast("message.Receiver", "not a generator")


HANDLERS: dict[message.Handler, int] = {
    takes_all: 200,
    answers_first: 201,
    answers_in_the_middle: 201,
    answers_and_returns: 201,
    answers_twice: 201,
    answers_and_raises: 201,
    raises_first: 500,
    raises_in_the_middle: 500,
    raises_at_the_end: 500,
    exits: 500,
    is_cancelled: 500,
    closes_itself: 500,
    never_answers: 500,
    waits_beyond_the_end: 500,
    answers_and_waits_beyond_the_end: 201,
    refuses_to_end: 500,
    streams_first: 201,
    opens_first: 201,
    opens_and_raises: 201,
    answers_and_gives_a_generator: 201,
    gives_what_is_none: 201,
}
"""Each with the status of its one answer."""

COMINGS: list[list[list[bytes]]] = [[[b"abc", b"def"]], [[b"abc"], [b"def"]], [[b"abc"], [b"def"], []], [[]]]
"""Rows of pieces, one for each time that a worker goes on; the end comes with the last."""


@pytest.mark.parametrize("content", [b"", b"abcdef"])
@pytest.mark.parametrize("handler", HANDLERS)
def test_content_that_was_collected_is_taken_in_one_run(
    replies: Replies, handler: message.Handler, content: bytes
) -> None:
    upload = Uploading(handler, replies, content)
    assert upload.statuses == [HANDLERS[handler]]
    assert upload.receiver is None, "there is nothing to wait for"
    assert all(reply.keeps for reply in upload.said if reply.status), "the connection can go on"


@pytest.mark.parametrize("coming", COMINGS)
@pytest.mark.parametrize("handler", HANDLERS)
def test_content_that_comes_as_it_comes_is_taken_run_by_run(
    replies: Replies, handler: message.Handler, coming: list[list[bytes]]
) -> None:
    upload = Uploading(handler, replies)
    upload.give_all(*coming)
    assert upload.statuses == [HANDLERS[handler]]
    assert upload.receiver is None, "the end has come, and there is nothing more to wait for"


@pytest.mark.parametrize("coming", COMINGS)
def test_pieces_and_trailers_come_whole_and_in_order(replies: Replies, coming: list[list[bytes]]) -> None:
    upload = Uploading(takes_all, replies)
    upload.give_all(*coming)
    pieces = [piece for row in coming for piece in row]
    assert upload.said[-1].data.endswith(b"\r\n\r\n" + b"|".join(pieces) + b"|6")
    assert upload.said[-1].keeps, "all of it was taken"


def test_collected_content_is_one_piece_and_the_end(replies: Replies) -> None:
    assert Uploading(takes_all, replies, b"abcdef").said[-1].data.endswith(b"\r\n\r\nabcdef|6")


@pytest.mark.parametrize("handler", [answers_first, answers_in_the_middle, answers_and_returns, raises_in_the_middle])
def test_an_answer_before_the_end_of_the_content_ends_the_connection(
    replies: Replies, handler: message.Handler
) -> None:
    upload = Uploading(handler, replies)
    upload.give_all([b"abc"], [b"def"])
    (answer,) = (reply for reply in upload.said if reply.status)
    assert not answer.keeps
    assert b"\r\nConnection: close\r\n" in answer.data


def test_whether_all_content_has_come_is_seen_from_the_task(replies: Replies) -> None:
    ticket = Ticket(1, upload=Upload())
    task = HandlerTask(head(), b"", NO_FIELDS, ticket, Service(never_answers, replies, Limits()), takes_pieces=True)
    said = [task.content_came]
    ticket.upload = Upload(trailers=NO_FIELDS)
    said.append(task.content_came)
    ticket.upload = None
    assert [*said, task.content_came] == [False, True, False]


def test_who_has_answered_and_goes_on_is_still_waited_for(replies: Replies) -> None:
    """It is the I/O thread that closes it, when it sees that its answer was the last."""
    upload = Uploading(answers_first, replies)
    assert [reply.finished for reply in upload.said] == [True, False]
    assert upload.receiver is not None
    upload.give(b"abc")
    assert upload.receiver is not None


def test_a_stream_that_was_given_is_not_touched_by_what_the_handler_does_then(replies: Replies) -> None:
    upload = Uploading(streams_first, replies)
    upload.give_all([b"abc"], [])
    assert [reply.more for reply in upload.said if isinstance(reply.more, Pull)] != []
    assert not any(reply.finished for reply in upload.said), "the stream has yet to come to its end"


def test_an_open_answer_is_written_while_content_comes(replies: Replies) -> None:
    upload = Uploading(opens_first, replies)
    upload.give_all([b"abc"], [b"def"])
    assert isinstance(upload.said[0].more, Open)
    octets = b"".join(reply.data for reply in upload.said).partition(b"\r\n\r\n")[2]
    assert octets == b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"


@pytest.mark.parametrize("collected", [None, b"abcdef"])
def test_a_handler_that_raises_behind_an_open_answer_cuts_it(replies: Replies, collected: bytes | None) -> None:
    upload = Uploading(opens_and_raises, replies, collected)
    if collected is None:
        upload.give(b"abcdef")
    assert [reply.more for reply in upload.said if reply.finished] == [Cut()]


@pytest.mark.parametrize(
    ("handler", "word"),
    [
        (raises_first, "raised"),
        (raises_in_the_middle, "raised"),
        (exits, "raised"),
        (never_answers, "gave no answer"),
        (waits_beyond_the_end, "waits for content beyond its end"),
        (refuses_to_end, "raised while it was closed"),
    ],
)
def test_what_a_handler_does_wrong_is_logged(
    replies: Replies, caplog: pytest.LogCaptureFixture, handler: message.Handler, word: str
) -> None:
    Uploading(handler, replies, b"abcdef")
    assert word in caplog.text


def test_closing_lets_a_handler_clean_up(replies: Replies) -> None:
    events: list[str] = []

    def handler(request: message.Request) -> message.Receiver:
        try:
            yield
            events.append("a piece")
            yield
        except GeneratorExit:
            events.append("closed")
            raise
        finally:
            events.append("cleaned up")

    upload = Uploading(handler, replies)
    upload.give(b"abc")
    assert upload.receiver is not None
    DropTask(upload.receiver, replies).run()
    (dropped,) = replies.take_all()
    assert (dropped.ends_task, dropped.ticket is upload.ticket, dropped.data) == (True, False, b"")
    assert events == ["a piece", "closed", "cleaned up"]


@pytest.mark.parametrize("respond", [True, False])
def test_an_answer_from_another_thread_while_the_handler_waits_counts_no_run(
    replies: Replies, *, respond: bool
) -> None:
    """As of a timer of the application's: between two runs nobody is there to be given back."""
    requests: list[message.Request] = []

    def handler(request: message.Request) -> message.Receiver:
        requests.append(request)
        while (yield):
            pass

    upload = Uploading(handler, replies)
    if respond:
        requests[0].respond(503)
    else:
        requests[0].respond_writer(503).close()
    assert [reply.ends_task for reply in replies.take_all()] == [False] * (1 if respond else 2)
    upload.give(b"abc", trailers=NO_FIELDS)
    assert upload.statuses == []


def test_an_upload_is_due_when_its_handler_waits_and_something_has_come(replies: Replies) -> None:
    waits = Uploading(never_answers, replies).receiver
    assert not Upload(pieces=[b"abc"], trailers=NO_FIELDS).is_due, "a worker has the handler"
    assert not Upload(receiver=waits).is_due
    assert Upload(pieces=[b"abc"], receiver=waits).is_due
    assert Upload(trailers=NO_FIELDS, receiver=waits).is_due
