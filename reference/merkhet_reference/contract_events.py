"""The endpoints of the contract about event streams (WHATWG HTML, Section 9.2)."""

from __future__ import annotations

import functools
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from merkhet_reference import event_stream, push
from merkhet_reference.event_stream import SSEEvent
from merkhet_reference.message import Request
from merkhet_reference.router import Router

TEXT = ((b"Content-Type", b"text/plain"),)
EVENTS_MAX = 10_000
MS_MAX = 10_000
RESUMED = 5
"""Events of `/sse-resume`."""


class Clockwork:
    """One thread that calls what is due. So a stream that speaks now and then costs no worker while it is silent."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def call(self, when: float, action: Callable[[], None]) -> None:
        """Have `action` called at `when` (monotonic seconds). It must not wait."""
        with self._changed:
            heapq.heappush(self._due, (when, next(self._count), action))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="merkhet-clockwork", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while not self._due or self._due[0][0] > time.monotonic():
                self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
            return heapq.heappop(self._due)[2]


class EventEndpoints:
    """The streams, and who listens to what is pushed."""

    def __init__(self) -> None:
        self._clockwork = Clockwork()
        self._listeners = push.Broadcast()

    def events(self, request: Request) -> None:
        """Send `n` events, one every `ms` milliseconds, the first at once; then end."""
        asked = parse_qs((request.query or b"").decode("ascii"))
        count = number(asked, "n", EVENTS_MAX)
        pause = number(asked, "ms", MS_MAX)
        if count is None or pause is None:
            request.respond(400, TEXT, b"n and ms are numbers\n")
            return
        stream = request.respond_sse(heartbeat_seconds=None)
        self._go_on(stream, 1, count, pause / 1000)

    def _go_on(self, stream: push.EventStream, first: int, count: int, pause: float) -> None:
        """Send what is due now, and have the rest sent later."""
        for event in range(first, count + 1):
            if not (stream.offer if pause else stream.send)(numbered(event)):
                return
            if pause and event < count:
                due = time.monotonic() + pause
                self._clockwork.call(due, functools.partial(self._go_on, stream, event + 1, count, pause))
                return
        stream.close()

    def listen(self, request: Request) -> None:
        """Open a stream that hears what is pushed."""
        stream = request.respond_sse()
        self._listeners.add(stream)
        stream.comment("listening")  # who has read this hears all that is pushed from then on

    def push(self, request: Request) -> None:
        """Send the content to every open stream as one event."""
        self._listeners.send(request.content.decode("utf-8", "replace"))
        request.respond(204)


def numbered(event: int) -> SSEEvent:
    """Return the event of this number."""
    return SSEEvent(f"event {event}", id=str(event))


def number(asked: dict[str, list[str]], name: str, most: int) -> int | None:
    """Return a number of the query, 0 if it is not there, None if it is none or too large."""
    text = asked.get(name, ["0"])[0]
    return int(text[:6]) if text.isascii() and text.isdigit() and int(text[:6]) <= most else None


def resume(request: Request) -> None:
    """Send the events behind the one that the client has seen last."""
    seen = event_stream.last_event_id(request.fields) or "0"
    first = int(seen[:6]) + 1 if seen.isascii() and seen.isdigit() else 1
    stream = request.respond_sse(heartbeat_seconds=None)
    for event in range(first, RESUMED + 1):
        stream.send(numbered(event))
    stream.close()


def echo(request: Request) -> None:
    """Send a comment, one event made of what the query says, and another of `then`; 400 for what no event can have."""
    asked = parse_qs((request.query or b"").decode("ascii"), keep_blank_values=True, errors="replace")
    said = {name: values[0] for name, values in asked.items()}
    try:
        retry = int(said["retry"]) if "retry" in said else None
        event = SSEEvent(said.get("data", ""), event=said.get("event"), id=said.get("id"), retry=retry)
    except ValueError as error:
        request.respond(400, TEXT, f"{error}\n".encode("ascii", "replace"))
        return
    stream = request.respond_sse(heartbeat_seconds=None)
    if "comment" in said:
        stream.comment(said["comment"])
    stream.send(event)
    if "then" in said:
        stream.send(said["then"])
    stream.close()


def add_to(router: Router) -> None:
    """Add these endpoints."""
    endpoints = EventEndpoints()
    router.get("/events", endpoints.events)
    router.get("/sse-echo", echo)
    router.get("/sse-push", endpoints.listen)
    router.post("/sse-push", endpoints.push)
    router.get("/sse-resume", resume)
