"""What an operator sees of a running server: every answer counted and logged, and the counts as a page."""

from __future__ import annotations

import time
from collections.abc import Callable

from merkhet_reference import metrics as counting
from merkhet_reference.access_log import AccessLog, AccessRecord
from merkhet_reference.fields import Fields
from merkhet_reference.message import Handler, Request
from merkhet_reference.metrics import Metrics
from merkhet_reference.observer import Load, Observer, Record

PAGE_FIELDS = (
    (b"Content-Type", counting.CONTENT_TYPE),
    (b"Cache-Control", b"no-store"),
    (b"X-Content-Type-Options", b"nosniff"),
)


class Operation(Observer):
    """Tells Metrics and an AccessLog, either of which may be missing, what the I/O thread tells it.

        server = Server(handler, observer=Operation(metrics, AccessLog()))

    `clock` gives the seconds since the epoch.
    """

    def __init__(
        self,
        metrics: Metrics | None = None,
        access_log: AccessLog | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._access_log = access_log
        self._clock = clock

    def started(self, load: Callable[[], Load]) -> None:
        """Have the numbers that nobody counts looked up whenever the counts are asked for."""
        counted = self._metrics
        if counted is not None:
            counted.look_up = lambda: note_load(counted, load())

    def connection_came(self, *, refused: bool) -> None:
        """Count a connection. One that is refused is never reported as closed, so it is not counted as open."""
        if self._metrics is None:
            return
        if refused:
            self._metrics.connection_refused()
        else:
            self._metrics.connection_opened()

    def connection_closed(self) -> None:
        """Count a connection as gone."""
        if self._metrics is not None:
            self._metrics.connection_closed()

    def answered(self, record: Record) -> None:
        """Count and log a request. Where no answer began, the status is 0."""
        if self._metrics is not None:
            method = b"" if record.head is None else record.head.method
            self._metrics.count_received(record.received_bytes)
            self._metrics.count_request(
                method, record.status, record.sent_bytes, record.seconds, complete=record.complete
            )
        if self._access_log is not None:
            self._access_log(access_record(record, self._clock()))


def note_load(metrics: Metrics, load: Load) -> None:
    """Set what a server knows without counting."""
    metrics.queue_depth = load.tasks_waiting
    metrics.requests_in_flight = load.tasks_in_flight
    metrics.workers_total = load.workers
    metrics.workers_busy = load.workers_busy
    metrics.event_streams_open = load.open_answers
    traffic = load.traffic
    metrics.websockets_opened = traffic.opened
    metrics.websockets_open = traffic.opened - traffic.closed
    metrics.messages_received, metrics.messages_sent = traffic.received, traffic.sent


def access_record(record: Record, now: float) -> AccessRecord:
    """Return what is logged of a request whose answer has ended `now`. Its time is that of its beginning."""
    head = record.head
    fields = Fields() if head is None else head.fields
    return AccessRecord(
        peer=record.peer,
        method=b"" if head is None else head.method,
        target=b"" if head is None else head.target.raw,
        version=None if head is None else head.version,
        status=record.status,
        sent_bytes=record.sent_bytes,
        seconds=record.seconds,
        referer=fields.get(b"Referer"),
        user_agent=fields.get(b"User-Agent"),
        complete=record.complete,
        time=now - record.seconds,
    )


def metrics_page(metrics: Metrics) -> Handler:
    """Return a handler that answers GET with the counts, as Prometheus reads them."""

    def page(request: Request) -> None:
        request.respond(200, PAGE_FIELDS, metrics.encode())

    return page
