"""What an operator sees: each answer counted once and logged once, and the counts as a page."""

from __future__ import annotations

import http.client
import json
import logging
import queue
import re
import socket
import threading

import pytest
from peer import SECONDS
from websocket_peer import SocketPeer, echo
from websocket_wire import closing, text

from merkhet_reference import EventStream, Limits, Request, Router, Server
from merkhet_reference.access_log import AccessLog, AccessRecord, format_json
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import BodyKind, Form, Framing, RequestHead, Target
from merkhet_reference.metrics import Metrics
from merkhet_reference.observer import Record
from merkhet_reference.operation import Operation, access_record, metrics_page

HEAD = RequestHead(
    b"GET",
    Target(Form.ORIGIN, b"/a?b", b"/a", b"b"),
    (1, 1),
    Fields([(b"Referer", b"http://r/"), (b"User-Agent", b"one"), (b"User-Agent", b"two")]),
    Framing(BodyKind.NONE),
    b"h",
    True,
    False,
)


def record(head: RequestHead | None = HEAD, status: int = 200, *, complete: bool = True) -> Record:
    return Record(
        head, "192.0.2.1", 5.0, received_bytes=7, status=status, sent_bytes=30, seconds=0.25, complete=complete
    )


class Lines(logging.Handler):
    """Keeps lines, and tells when there are enough."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.enough = threading.Event()
        self._count = count

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if len(self.lines) >= self._count:
            self.enough.set()


def log_to(handler: logging.Handler, name: str) -> AccessLog:
    logger = logging.getLogger(f"test_operation.{name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers[:] = [handler]
    return AccessLog(logger, format_json)


def test_an_answer_becomes_a_record() -> None:
    assert access_record(record(), 1000.0) == AccessRecord(
        peer="192.0.2.1", method=b"GET", target=b"/a?b", version=(1, 1), status=200, sent_bytes=30, seconds=0.25,
        referer=b"http://r/", user_agent=b"one, two", complete=True, time=999.75,
    )  # fmt: skip


def test_what_nobody_could_read_becomes_one_too() -> None:
    made = access_record(record(None, 400, complete=False), 1000.0)
    assert (made.method, made.target, made.version, made.referer, made.user_agent) == (b"", b"", None, None, None)
    assert (made.status, made.complete) == (400, False)


def test_an_answer_is_counted_and_logged_once() -> None:
    """Promise 23: metrics of downloads and resources."""
    metrics, lines = Metrics(), Lines(1)
    operation = Operation(metrics, log_to(lines, "once"), clock=lambda: 1000.0)
    operation.answered(record())
    operation.answered(record(None, 400, complete=False))
    operation.answered(record(status=206, complete=False))
    counts = metrics.snapshot()
    assert counts['merkhet_requests_total{method="GET",status="2xx"}'] == 2
    assert counts['merkhet_requests_total{method="other",status="4xx"}'] == 1
    assert counts['merkhet_downloads_total{outcome="complete"}'] == 1
    assert counts['merkhet_downloads_total{outcome="broken"}'] == 1
    assert (counts["merkhet_received_bytes_total"], counts["merkhet_sent_bytes_total"]) == (21, 90)
    assert [json.loads(line)["time"] for line in lines.lines] == [999.75] * 3


def test_connections_are_counted_and_the_refused_ones_apart() -> None:
    metrics = Metrics()
    operation = Operation(metrics)
    for refused in (False, False, True):
        operation.connection_came(refused=refused)
    operation.connection_closed()
    assert metrics.connections_open == 1
    counts = metrics.snapshot()
    assert counts["merkhet_connections_accepted_total"] == 2
    assert counts["merkhet_connections_refused_total"] == 1


@pytest.mark.parametrize("refused", [True, False])
def test_either_may_be_missing(refused: bool) -> None:  # noqa: FBT001
    lines = Lines(1)
    operation = Operation(access_log=log_to(lines, "alone"))
    operation.connection_came(refused=refused)
    operation.connection_closed()
    operation.answered(record())
    assert len(lines.lines) == 1
    metrics = Metrics()
    Operation(metrics).answered(record())
    assert metrics.snapshot()["merkhet_sent_bytes_total"] == 30
    Operation().answered(record())


def test_a_running_server_is_counted_logged_and_has_a_page() -> None:
    """Promise 23: `/metrics` in Prometheus text."""
    metrics, lines = Metrics(), Lines(3)
    router = Router()
    router.get("/metrics", metrics_page(metrics))
    router.put("/in", taken)
    with Server(router, observer=Operation(metrics, log_to(lines, "server"))).running() as server:
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        connection.request("PUT", "/in", b"x" * 1000)
        connection.getresponse().read()
        connection.request("GET", "/none")
        connection.getresponse().read()
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
        assert lines.enough.wait(10)
        connection.close()
    assert answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.getheader("Cache-Control") == "no-store"
    assert 'merkhet_requests_total{method="PUT",status="2xx"} 1\n' in text
    assert 'merkhet_requests_total{method="GET",status="4xx"} 1\n' in text
    assert "merkhet_received_bytes_total 1000\n" in text
    assert "merkhet_connections_open 1\n" in text
    assert "merkhet_workers 8\n" in text
    # The worker of this page, and for a moment longer those of the two answers before it, of which the client has all.
    assert re.search(r"^merkhet_workers_busy [123]$", text, re.MULTILINE)
    assert "merkhet_requests_in_flight 1\n" in text
    assert "merkhet_queue_depth 0\n" in text
    logged = [json.loads(line) for line in lines.lines]
    assert [(one["method"], one["target"], one["status"], one["complete"]) for one in logged] == [
        ("PUT", "/in", 200, True), ("GET", "/none", 404, True), ("GET", "/metrics", 200, True),
    ]  # fmt: skip
    assert {one["peer"] for one in logged} == {"127.0.0.1"}
    assert logged[2]["sent_bytes"] > len(text)
    assert metrics.connections_open == 0


def taken(request: Request) -> None:
    request.respond(200, content=b"%d" % len(request.content))


def test_a_download_that_breaks_off_is_counted_as_such() -> None:
    """Promise 23: a download that did not come to its end is no download."""
    metrics, lines = Metrics(), Lines(1)

    def endless(request: Request) -> None:
        request.respond_stream(iter(lambda: b"x" * 65536, None))

    observer = Operation(metrics, log_to(lines, "broken"))
    with Server(endless, limits=Limits(shutdown_seconds_max=1.0), observer=observer).running() as server:
        with socket.create_connection(server.address, timeout=10) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert lines.enough.wait(10)
    assert json.loads(lines.lines[0])["complete"] is False
    assert metrics.snapshot()['merkhet_downloads_total{outcome="broken"}'] == 1


def test_an_open_stream_is_counted_for_as_long_as_it_is_open() -> None:
    metrics = Metrics()
    streams: queue.SimpleQueue[EventStream] = queue.SimpleQueue()
    server = Server(lambda request: streams.put(request.respond_sse()), observer=Operation(metrics))
    with server.running(), socket.create_connection(server.address, timeout=10) as client:
        assert "merkhet_event_streams_open 0" in metrics.encode().decode()
        client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert "merkhet_event_streams_open 1" in metrics.encode().decode()
        stream = streams.get(timeout=10)
        stream.close()
        stream.close()
        assert "merkhet_event_streams_open 0" in metrics.encode().decode()


def test_without_metrics_nothing_is_looked_up() -> None:
    Operation().started(lambda: pytest.fail("nobody has asked"))


def test_websockets_and_their_messages_are_counted_and_each_is_a_line() -> None:
    metrics, lines = Metrics(), Lines(1)
    server = Server(echo, observer=Operation(metrics, log_to(lines, "websocket")))
    with server.running(), SocketPeer(server) as peer:
        peer.send(text("one") + text("two"))
        assert [peer.text(), peer.text()] == ["one", "two"]
        seen = metrics.snapshot()
        assert (seen["merkhet_websockets_open"], seen["merkhet_websockets_opened_total"]) == (1, 1)
        assert seen["merkhet_websocket_messages_received_total"] == 2
        assert seen["merkhet_websocket_messages_sent_total"] == 2
        assert b"# TYPE merkhet_websockets_opened_total counter\n" in metrics.encode()
        assert lines.lines == [], "its answer has not ended"
        peer.send(closing(1000))
        peer.frame()
        peer.end()
        assert lines.enough.wait(SECONDS)
        (line,) = map(json.loads, lines.lines)
        assert (line["status"], line["target"], line["complete"]) == (101, "/ws", True)
    seen = metrics.snapshot()
    assert (seen["merkhet_websockets_open"], seen["merkhet_websockets_opened_total"]) == (0, 1)
