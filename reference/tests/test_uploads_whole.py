"""Content that is taken as it comes, over real connections: in little memory, holding no worker, and refused in time."""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from collections.abc import Callable

import pytest
from peer import SECONDS, Peer

from merkhet_reference import Limits, Request, Router, Server
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.message import Admission, Receiver

PUT = b"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"
CHUNKED = b"PUT %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n%s\r\n"
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
EXPECT = b"Expect: 100-continue\r\n"
PIECE = bytes(range(256)) * 256
MEGABYTE = 1024 * 1024


def digests(request: Request) -> Receiver:
    """Answer with how many octets came, and their digest."""
    digest, count = hashlib.sha256(), 0
    while piece := (yield):
        digest.update(piece)
        count += len(piece)
    request.respond(200, content=b"%d %s" % (count, digest.hexdigest().encode("ascii")))


def says_hello(request: Request) -> None:
    request.respond(200, content=b"hello")


def routed(handler: Callable[[Request], Receiver | None], *, content_bytes_max: int | None = None) -> Router:
    """A router with the handler of an upload, and a page."""
    router = Router()
    router.put("/upload", handler, streams=True, content_bytes_max=content_bytes_max)
    router.put("/collected", lambda request: request.respond(200, content=b"%d" % len(request.content)))
    router.get("/", says_hello)
    return router


def sends_plain(peer: Peer, pieces: int) -> None:
    peer.send(PUT % (b"/upload", pieces * len(PIECE), b""))
    for _ in range(pieces):
        peer.send(PIECE)


def sends_chunked(peer: Peer, pieces: int) -> None:
    peer.send(CHUNKED % (b"/upload", b""))
    for _ in range(pieces):
        peer.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
    peer.send(b"0\r\n\r\n")


@pytest.mark.parametrize("send", [sends_plain, sends_chunked])
def test_many_megabytes_are_taken_in_little_memory(send: Callable[[Peer, int], None]) -> None:
    pieces = 512  # 32 megabytes
    digest = hashlib.sha256(PIECE * pieces).hexdigest()
    with Server(routed(digests), workers=2).running() as server, Peer(server) as peer:
        send(peer, 1)  # what is made once is not counted
        peer.answer()
        tracemalloc.start()
        try:
            send(peer, pieces)
            head, content = peer.answer()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (head.status, content) == (200, b"%d %s" % (pieces * len(PIECE), digest.encode("ascii")))
        assert peak < 4 * MEGABYTE
        peer.send(GET % b"/")
        assert peer.answer()[1] == b"hello", "the connection goes on behind it"


def test_more_slow_uploads_than_workers_keep_nobody_waiting() -> None:
    began = threading.Semaphore(0)

    def handler(request: Request) -> Receiver:
        count = 0
        while piece := (yield):
            count += len(piece)
            began.release()
        request.respond(200, content=b"%d" % count)

    with Server(routed(handler), workers=2).running() as server:
        uploads = [Peer(server, PUT % (b"/upload", 3, b"") + b"a") for _ in range(6)]
        for _ in uploads:
            assert began.acquire(timeout=SECONDS), "each has a handler that has taken the first octet"
        with Peer(server, GET % b"/") as other:
            assert other.answer()[1] == b"hello"
        for upload in reversed(uploads):
            with upload:
                upload.send(b"bc")
                assert upload.answer()[1] == b"3"


def test_who_is_asked_for_leave_is_the_application_and_then_the_content_is_taken() -> None:
    with Server(routed(digests)).running() as server, Peer(server, PUT % (b"/upload", 3, EXPECT)) as peer:
        assert peer.head() == (100, {})
        peer.send(b"abc")
        assert peer.answer()[1].startswith(b"3 ")


def test_content_that_is_collected_is_invited_as_well() -> None:
    with Server(routed(digests)).running() as server, Peer(server, PUT % (b"/collected", 3, EXPECT)) as peer:
        assert peer.head().status == 100
        peer.send(b"abc")
        assert peer.answer()[1] == b"3"


def refuses_at_once(request: Request) -> Receiver:
    request.respond(403)
    yield


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (PUT % (b"/nothing", 3, EXPECT), 404),
        (PUT % (b"/", 3, EXPECT), 405),
        (PUT % (b"/upload", 3, EXPECT), 403),
        (PUT % (b"/upload", 1001, EXPECT), 413),
        (PUT % (b"/collected", 101, EXPECT), 413),
    ],
)
def test_who_gets_no_leave_is_told_why_and_not_100(wire: bytes, status: int) -> None:
    router = routed(refuses_at_once, content_bytes_max=1000)
    with Server(router, limits=Limits(content_bytes_max=100)).running() as server, Peer(server, wire) as peer:
        head, _ = peer.answer()
        assert head.status == status
        assert head.fields["connection"] == "close", "the content may still come, and is no request"
        assert peer.rest() == b""


def test_a_route_may_take_more_than_the_server_does() -> None:
    router = routed(digests, content_bytes_max=1000)
    with Server(router, limits=Limits(content_bytes_max=100)).running() as server:
        with Peer(server, PUT % (b"/upload", 1000, b"") + b"x" * 1000) as peer:
            assert peer.answer()[1].startswith(b"1000 ")
        with Peer(server, PUT % (b"/upload", 1001, b"")) as peer:
            assert peer.answer()[0].status == 413


def test_chunks_beyond_the_limit_are_refused_when_they_come_and_the_handler_closed() -> None:
    ended: list[str] = []
    closed = threading.Event()

    def handler(request: Request) -> Receiver:
        try:
            while (yield):
                pass
            ended.append("whole")
        finally:
            closed.set()

    with Server(routed(handler, content_bytes_max=1000)).running() as server:
        with Peer(server, CHUNKED % (b"/upload", b"") + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\n") as peer:
            assert peer.answer()[0].status == 413
            assert peer.rest() == b""
        assert closed.wait(SECONDS)
    assert ended == []


def test_a_handler_that_has_seen_enough_answers_inside_the_content() -> None:
    """The rest is read and thrown away for a while, so that a client that goes on sending sees the answer."""

    def handler(request: Request) -> Receiver:
        first = yield
        request.respond(415, content=b"not " + (first or b"")[:3])

    with Server(routed(handler)).running() as server, Peer(server, PUT % (b"/upload", 2 * MEGABYTE, b"")) as peer:
        peer.send(b"GIF" + PIECE * 16)
        head, content = peer.answer()
        assert (head.status, head.fields["connection"], content) == (415, "close", b"not GIF")
        peer.send(PIECE)
        assert peer.rest() == b""


def test_an_upload_behind_a_page_and_a_page_behind_an_upload_are_answered_in_order() -> None:
    with Server(routed(digests)).running() as server:
        wire = GET % b"/" + PUT % (b"/upload", 3, b"") + b"abc" + GET % b"/" + PUT % (b"/collected", 2, b"") + b"ab"
        with Peer(server, wire) as peer:
            assert [peer.answer()[1][:6] for _ in range(4)] == [b"hello", b"3 ba78", b"hello", b"2"]


def test_trailers_come_with_the_end() -> None:
    seen: list[tuple[bool, int]] = []

    def handler(request: Request) -> Receiver:
        piece: bytes | None = b"first"
        while piece:
            piece = yield
            seen.append((request.content_ended, len(request.trailers)))
        request.respond(200, content=request.trailers.get(b"X-Sum") or b"none")

    with Server(routed(handler)).running() as server, Peer(server) as peer:
        peer.send(CHUNKED % (b"/upload", b"") + b"1\r\na\r\n0\r\nX-Sum: 97\r\n\r\n")
        assert peer.answer()[1] == b"97"
    assert seen == [(False, 0), (True, 1)]


def test_a_route_that_does_not_stream_gives_a_generator_its_content_all_the_same() -> None:
    router = Router()
    router.put("/", digests)
    with Server(router).running() as server, Peer(server, PUT % (b"/", 3, b"") + b"abc" + GET % b"/x") as peer:
        assert peer.answer()[1].startswith(b"3 ba7816bf")
        assert peer.answer()[0].status == 404


def test_a_client_that_leaves_closes_the_handler_which_cleans_up() -> None:
    began, closed = threading.Event(), threading.Event()
    ended: list[bool] = []

    def handler(request: Request) -> Receiver:
        try:
            while (yield):
                began.set()
            ended.append(True)
        finally:
            closed.set()

    with Server(routed(handler), workers=1).running() as server:
        with Peer(server, PUT % (b"/upload", 10, b"") + b"abc"):
            assert began.wait(SECONDS)
        assert closed.wait(SECONDS)
    assert ended == [], "it has not seen the end of the content"


def test_a_client_too_slow_inside_its_content_is_told_408() -> None:
    limits = Limits(content_seconds_max=0.05)
    with Server(routed(digests), limits=limits).running() as server, Peer(server, PUT % (b"/upload", 3, b"")) as peer:
        assert peer.answer()[0].status == 408
        assert peer.rest() == b""


def test_what_admits_is_asked_once_and_only_where_there_is_content() -> None:
    asked: list[bytes] = []

    def admit(head: RequestHead) -> Admission:
        asked.append(head.target.raw)
        return Admission(streams=True)

    def handler(request: Request) -> Receiver | None:
        if request.method == "PUT":
            return digests(request)
        request.respond(200)
        return None

    with Server(handler, admit=admit).running() as server, Peer(server) as peer:
        peer.send(GET % b"/1" + PUT % (b"/2", 3, b"") + b"abc" + GET % b"/3" + CHUNKED % (b"/4", b"") + b"0\r\n\r\n")
        for _ in range(4):
            assert peer.answer()[0].status == 200
    assert asked == [b"/2", b"/4"]


def test_what_admits_and_raises_refuses_its_request_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def admit(head: RequestHead) -> Admission:
        if head.target.path == b"/2":
            raise KeyError("a secret")
        return Admission()

    with Server(says_hello, admit=admit).running() as server:
        with Peer(server, GET % b"/1" + PUT % (b"/2", 3, b"") + b"abc") as peer:
            assert peer.answer()[1] == b"hello"
            head, content = peer.answer()
            assert (head.status, head.fields["connection"]) == (500, "close")
            assert b"secret" not in content
        with Peer(server, PUT % (b"/3", 3, b"") + b"abc") as other:
            assert other.answer()[1] == b"hello"
    assert "a secret" in caplog.text
