"""WebSockets over real connections: their life, their order, who waits for whom, and how they end."""

from __future__ import annotations

import itertools
import logging
import socket
import ssl
import threading
import zlib
from pathlib import Path

import pytest
import trustme
from peer import SECONDS, Peer
from websocket_peer import CLOSE, MESSAGE, Noting, SocketPeer, Told, echo, forget, send_back
from websocket_wire import BINARY, HANDSHAKE, PING, PONG, TEXT, closing, frame, text

from merkhet_reference import (
    HandshakeError,
    Limits,
    Message,
    Request,
    Server,
    WebSocket,
    WebSocketEvent,
    WebSocketGroup,
    tls,
)

QUICK = Limits(websocket_close_seconds_max=0.02, linger_seconds_max=0.02)
SMALL = Limits(
    websocket_send_bytes_max=10_000, response_queue_bytes_max=10_000, send_seconds_max=SECONDS, connections_max=100
)
LARGE = "x" * 100_000
GET = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"


# Life


def test_the_life_of_a_websocket() -> None:
    """As the tutorial has it: 101, what the handler sent, OPEN, MESSAGE and its answer, CLOSE."""
    told = Told(send_back)

    def handler(request: Request) -> None:
        websocket = request.upgrade_to_websocket()
        websocket.send("Connection upgraded!")

    server = Server(handler, websocket_handler=told.take)
    with server.running(), SocketPeer(server) as peer:
        assert peer.answered.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert peer.text() == "Connection upgraded!"
        assert told.next() == ("open", "")
        peer.send(text("Hello"))
        assert peer.text() == "Hello"
        assert told.next() == ("message", "Hello")
        peer.send(frame(BINARY, b"\0\1"))
        assert peer.frame().payload == b"\0\1"
        assert told.next() == ("message", b"\0\1")
        peer.send(closing(3001, b"enough"))
        closed = peer.frame()
        assert (closed.code, closed.payload[2:]) == (3001, b"")
        peer.end()
        assert told.next() == ("close 3001", "enough")


def test_what_any_thread_sends_comes_in_its_order() -> None:
    told = Told()
    with Server(told).running() as server, SocketPeer(server) as peer:
        websocket = told.socket()

        def count(name: str) -> None:
            for number in range(100):
                assert websocket.send(f"{name} {number}")

        threads = [threading.Thread(target=count, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        came = [peer.text().split() for _ in range(300)]
        for name in "abc":
            assert [number for sender, number in came if sender == name] == [str(n) for n in range(100)]
        for thread in threads:
            thread.join()
        assert websocket.ping(b"are you there?")
        assert peer.frame().payload == b"are you there?"
        websocket.close(4000, "enough")
        websocket.close(4001, "a second time does nothing")
        assert not websocket.send("behind the end")
        assert not websocket.offer("behind the end")
        assert not websocket.ping()
        assert not websocket.active
        closed = peer.frame()
        assert (closed.code, closed.payload[2:]) == (4000, b"enough")
        peer.send(frame(PING, b"1") + text("thrown away") + closing(4000))
        assert peer.frame().payload == b"1", "until the client has closed, its Pings are answered"
        peer.end()
        assert [told.next(), told.next()] == [("open", ""), ("close 4000", "")]


# Handshake


@pytest.mark.parametrize(
    ("request_octets", "status"),
    [
        (GET, 426),
        (HANDSHAKE.replace(b": 13", b": 8") + b"\r\n", 426),
        (HANDSHAKE.replace(b"Connection: Upgrade\r\n", b"") + b"\r\n", 400),
        (HANDSHAKE.replace(b"==", b"") + b"\r\n", 400),
        (HANDSHAKE.replace(b"GET", b"POST") + b"\r\n", 405),
        (HANDSHAKE + b"Sec-WebSocket-Extensions: ;\r\n\r\n", 400),
    ],
)
def test_a_handshake_that_is_none_is_refused_and_the_connection_goes_on(request_octets: bytes, status: int) -> None:
    with Server(echo).running() as server, Peer(server, request_octets) as peer:
        head, content = peer.answer()
        assert head.status == status
        assert content.endswith(b"\n")
        if status == 426:
            assert head.fields["sec-websocket-version"] == "13"
            assert (head.fields["upgrade"], head.fields["connection"]) == ("websocket", "Upgrade")
        assert "date" in head.fields
        peer.send(HANDSHAKE + b"\r\n")
        assert peer.head().status == 101


def test_a_handler_may_answer_a_refusal_itself() -> None:
    """As the tutorial's does."""

    def handler(request: Request) -> None:
        try:
            request.upgrade_to_websocket(send_back)
        except HandshakeError as error:
            request.respond(400, content=error.why.encode())

    with Server(handler).running() as server, Peer(server, GET) as peer:
        assert peer.answer()[0].status == 400


def test_a_server_without_a_handler_of_websockets_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> None:
        request.upgrade_to_websocket()

    with Server(handler).running() as server, Peer(server, HANDSHAKE + b"\r\n") as peer:
        assert peer.answer()[0].status == 500
    assert "nobody takes the events" in caplog.text


def test_frames_in_the_packet_of_the_handshake_are_read() -> None:
    with Server(echo).running() as server, SocketPeer(server, behind=text("at once") + text("and again")) as peer:
        assert [peer.text(), peer.text()] == ["at once", "and again"]


def test_what_was_asked_before_the_handshake_is_answered_before_it() -> None:
    def handler(request: Request) -> None:
        if request.path == b"/page":
            request.respond(200, content=b"page")
        else:
            echo(request)

    behind = frame(PING, b"1") + text("2")
    with Server(handler).running() as server, Peer(server, GET * 3 + HANDSHAKE + b"\r\n" + behind) as peer:
        assert [peer.answer()[1] for _ in range(3)] == [b"page"] * 3
        assert peer.head().status == 101
        assert peer.take(3) == b"\x8a\x011"
        assert peer.take(3) == b"\x81\x012"


def test_content_of_a_handshake_is_read_before_the_frames() -> None:
    handshake = HANDSHAKE + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with Server(echo).running() as server, Peer(server, handshake) as peer:
        assert peer.head().status == 100
        peer.send(b"abc" + text("hello"))
        assert peer.head().status == 101
        assert peer.take(7) == b"\x81\x05hello"


def test_subprotocol_and_origin_are_the_applications() -> None:
    def handler(request: Request) -> None:
        websocket = request.upgrade_to_websocket(
            send_back, subprotocols=("one", "two"), allows_origin=lambda origin: origin in {None, "http://here"}
        )
        websocket.send(f"{websocket.subprotocol} {websocket.path_params} {websocket.fields.get(b'Host')!r}")

    with Server(handler).running() as server:
        with SocketPeer(server, b"Sec-WebSocket-Protocol: three, two, one\r\nOrigin: http://here\r\n") as peer:
            assert peer.answered.fields["sec-websocket-protocol"] == "two"
            assert peer.text() == "two {} b'x'"
        with SocketPeer(server, b"Sec-WebSocket-Protocol: three\r\n") as peer:
            assert "sec-websocket-protocol" not in peer.answered.fields
            assert peer.text().startswith("None")
        with Peer(server, HANDSHAKE + b"Origin: http://elsewhere\r\n\r\n") as refused:
            assert refused.answer()[0].status == 403


# Compression


def test_messages_are_compressed_in_the_context_of_those_before() -> None:
    def handler(request: Request) -> None:
        assert request.upgrade_to_websocket(send_back).is_compressed

    inflater, deflater = zlib.decompressobj(-12), zlib.compressobj(wbits=-15)
    offer = b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n"
    with Server(handler).running() as server, SocketPeer(server, offer) as peer:
        assert peer.answered.fields["sec-websocket-extensions"] == "permessage-deflate; server_max_window_bits=12"
        lengths: list[int] = []
        for _ in range(2):
            data = deflater.compress(b"a merkhet tells the time " * 9) + deflater.flush(zlib.Z_SYNC_FLUSH)
            peer.send(frame(TEXT, data[:-4], rsv=4))
            came = peer.frame()
            assert (came.opcode, came.rsv) == (TEXT, 4)
            assert inflater.decompress(came.payload + b"\0\0\xff\xff") == b"a merkhet tells the time " * 9
            lengths.append(len(came.payload))
        assert lengths[1] < lengths[0], "the second one refers to the first"
        peer.send(text("short"))
        assert peer.text() == "short", "what is too short to gain is sent as it is"


def test_a_group_is_told_at_once_whatever_each_has_agreed() -> None:
    everybody = WebSocketGroup()
    told = Told(send_back)

    def handler(request: Request) -> None:
        everybody.add(request.upgrade_to_websocket(told.take))

    offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    with Server(handler).running() as server, SocketPeer(server) as plain, SocketPeer(server, offer) as deflated:
        assert [told.next(), told.next()] == [("open", "")] * 2
        assert len(everybody) == 2
        inflater = zlib.decompressobj(-15)
        for message in ("x" * 100, "y" * 100):
            assert everybody.send(message) == 2
            assert plain.text() == message
            assert inflater.decompress(deflated.frame().payload + b"\0\0\xff\xff") == message.encode()
            deflated.send(text(message))
            assert inflater.decompress(deflated.frame().payload + b"\0\0\xff\xff") == message.encode(), (
                "what is compressed for one refers to nothing that was compressed for all"
            )
        assert everybody.send("short") == 2
        assert [plain.text(), deflated.text()] == ["short"] * 2
        everybody.close(1001, "the end")
        assert [plain.frame().code, deflated.frame().code] == [1001, 1001]
        assert len(everybody) == 0


# Order


def test_events_of_one_socket_come_one_after_another_and_of_others_meanwhile() -> None:
    inside, both = threading.Semaphore(0), threading.Barrier(2)
    running = itertools.count()

    def handler(request: Request) -> None:
        request.upgrade_to_websocket(take)

    def take(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            inside.release()
            both.wait(SECONDS)
            websocket.send(f"{message.data!r} {next(running)}")

    with Server(handler).running() as server, SocketPeer(server) as one, SocketPeer(server) as two:
        one.send(text("a") + text("b"))
        assert inside.acquire(timeout=SECONDS)
        assert not inside.acquire(blocking=False), "the second waits for the first"
        two.send(text("c") + text("d"))
        came = [one.text(), one.text()], [two.text(), two.text()]
        assert [[message.split()[0] for message in messages] for messages in came] == [["'a'", "'b'"], ["'c'", "'d'"]]


def test_pings_are_answered_in_order_while_every_worker_is_busy() -> None:
    go_on, busy = threading.Event(), threading.Event()

    def handler(request: Request) -> None:
        request.upgrade_to_websocket(take)

    def take(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            busy.set()
            assert go_on.wait(SECONDS)
            websocket.send("done")

    with Server(handler, workers=1).running() as server, SocketPeer(server) as peer:
        peer.send(text("work"))
        assert busy.wait(SECONDS)
        pings = [b"%d" % number for number in range(500)]
        peer.send(b"".join(frame(PING, ping) for ping in pings))
        for ping in pings:
            came = peer.frame()
            assert (came.opcode, came.payload) == (PONG, ping)
        go_on.set()
        assert peer.text() == "done"


# Who waits for whom


def test_a_client_that_sends_and_does_not_read_occupies_no_worker() -> None:
    """What it is answered waits in its bound, and then its messages do, and then it is not read from."""
    with Server(echo, workers=1, limits=SMALL).running() as server, SocketPeer(server) as peer:
        message = text(LARGE)
        wanted = 100
        sender = threading.Thread(target=lambda: peer.send(message * wanted))
        sender.start()
        with SocketPeer(server) as other:
            for number in range(20):
                other.send(text(str(number)))
                assert other.text() == str(number)
        for _ in range(wanted):
            assert len(peer.frame().payload) == len(LARGE)
        sender.join()


def test_who_sends_waits_for_a_slow_client_and_then_gives_it_up() -> None:
    told = Told()
    limits = Limits(websocket_send_bytes_max=10_000, response_queue_bytes_max=10_000, send_seconds_max=0.05)
    with Server(told, limits=limits).running() as server, SocketPeer(server) as peer:
        websocket = told.socket()
        sent = 0
        while websocket.send(LARGE):
            sent += 1
        assert sent > 0
        assert not websocket.active
        assert [told.next() for _ in range(3)] == [
            ("open", ""),
            ("error", "the client does not read what it is sent"),
            ("close 1006", ""),
        ]
        with pytest.raises(ConnectionError):
            peer.rest()


def test_a_group_cuts_who_is_behind_and_waits_for_nobody() -> None:
    told, everybody = Told(), WebSocketGroup()
    with Server(told, limits=SMALL).running() as server, SocketPeer(server) as slow, SocketPeer(server) as quick:
        sockets = [told.socket(), told.socket()]
        for websocket in sockets:
            everybody.add(websocket)
        while everybody.send(LARGE) == 2:
            assert len(quick.frame().payload) == len(LARGE)
        assert len(everybody) == 1
        assert len(quick.frame().payload) == len(LARGE)
        assert {told.next() for _ in range(4)} >= {("close 1006", "")}
        with pytest.raises(ConnectionError):
            slow.rest()
        everybody.discard(next(iter(everybody)))
        assert everybody.send("nobody") == 0


# Ends


def test_what_came_before_a_violation_is_answered_before_it() -> None:
    told = Told(send_back)
    with Server(told).running() as server, SocketPeer(server) as peer:
        peer.send(text("before") + frame(3) + text("behind"))
        assert peer.text() == "before"
        assert peer.frame().code == 1002
        peer.end()
        assert [told.next() for _ in range(4)] == [
            ("open", ""),
            ("message", "before"),
            ("error", "an opcode is reserved"),
            ("close 1002", "an opcode is reserved"),
        ]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (frame(TEXT, b"x" * 20, mask=None), 1002),
        (frame(TEXT, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80 and more")[:-5], 1007),
        (frame(TEXT, b"ab", fin=False) + frame(0, b"\xff", fin=False), 1007),
        (frame(BINARY, b"x" * 1001)[:8], 1009),
        (frame(BINARY, b"x" * 600, fin=False) + frame(0, b"x" * 600), 1009),
        (frame(BINARY, b"", fin=False) + frame(0, b"", fin=False) * 4, 1009),
        (frame(TEXT, b"ab", fin=False) + closing(1000), 1000),
    ],
    ids=["not masked", "UTF-8 inside of a frame", "UTF-8 in a fragment", "length", "sum", "fragments", "orderly"],
)
def test_a_fault_ends_the_connection_with_its_code(octets: bytes, code: int) -> None:
    limits = Limits(websocket_message_bytes_max=1000, websocket_fragments_max=4)
    with Server(echo, limits=limits).running() as server, SocketPeer(server, behind=octets) as peer:
        assert peer.frame().code == code
        peer.end()


def test_a_handler_that_raises_ends_its_websocket_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def fails(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            raise ValueError("a secret")

    told = Told(fails)
    with Server(told, workers=1).running() as server, SocketPeer(server) as peer:
        peer.send(text("one") + text("two"))
        closed = peer.frame()
        assert (closed.code, closed.payload[2:]) == (1011, b"")
        peer.send(closing(1011))
        peer.end()
        assert [told.next() for _ in range(3)] == [("open", ""), ("message", "one"), ("close 1011", "")]
        with SocketPeer(server):
            assert told.next() == ("open", "")
    assert "a secret" in caplog.text


def test_a_handler_that_raises_behind_its_upgrade(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()

    def handler(request: Request) -> None:
        request.upgrade_to_websocket(told.take).send("so far")
        raise ValueError("and no further")

    with Server(handler).running() as server, SocketPeer(server) as peer:
        assert peer.text() == "so far"
        assert peer.frame().code == 1011
        peer.send(closing(1011))
        peer.end()
        assert [told.next(), told.next()] == [("open", ""), ("close 1011", "")]
    assert "and no further" in caplog.text


def test_a_client_that_answers_no_close_has_its_time() -> None:
    told = Told()
    with Server(told, limits=QUICK).running() as server, SocketPeer(server) as peer:
        told.socket().close()
        assert peer.frame().code == 1000
        peer.end()
        assert [told.next() for _ in range(3)] == [
            ("open", ""),
            ("error", "the client has not answered a Close"),
            ("close 1006", ""),
        ]


def test_a_handler_that_is_busy_does_not_keep_a_close_waiting_for_ever() -> None:
    go_on = threading.Event()

    def waits(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            assert go_on.wait(SECONDS)

    told = Told(waits)
    with Server(told, limits=QUICK).running() as server, SocketPeer(server) as peer:
        peer.send(text("work") + closing(1000))
        assert peer.frame().code == 1000
        peer.end()
        go_on.set()
        assert [told.next() for _ in range(3)] == [("open", ""), ("message", "work"), ("close 1000", "")]


def test_a_client_that_has_gone_is_over() -> None:
    told = Told()
    with Server(told).running() as server:
        with SocketPeer(server) as peer:
            forget(peer.sock)
        with SocketPeer(server) as peer:
            peer.sock.shutdown(socket.SHUT_WR)
            peer.end()
        assert sorted(told.next() for _ in range(4)) == [("close 1006", "")] * 2 + [("open", "")] * 2
        assert not told.socket().send("nobody")


def test_what_a_client_said_before_it_left_is_handled() -> None:
    told = Told(send_back)
    with Server(told).running() as server, SocketPeer(server) as peer:
        peer.send(text("the last word"))
        peer.sock.shutdown(socket.SHUT_WR)
        assert peer.text() == "the last word", "it may still read"
        peer.end()
        assert [told.next() for _ in range(3)] == [("open", ""), ("message", "the last word"), ("close 1006", "")]


def test_a_silent_client_is_asked_and_then_given_up() -> None:
    told = Told()
    limits = Limits(websocket_silence_seconds_max=0.02, websocket_pong_seconds_max=0.05, linger_seconds_max=0.02)
    with Server(told, limits=limits).running() as server, SocketPeer(server) as peer:
        for _ in range(3):
            ping = peer.frame()
            assert ping.opcode == PING
            peer.send(frame(PONG, ping.payload))
        while (came := peer.frame()).opcode == PING:
            pass
        assert came.code == 1011
        peer.end()
        assert [told.next() for _ in range(3)] == [
            ("open", ""),
            ("error", "the client has fallen silent"),
            ("close 1006", ""),
        ]


def test_a_websocket_that_nobody_uses_is_closed() -> None:
    told = Told()
    with Server(told, limits=Limits(websocket_idle_seconds_max=0.02)).running() as server, SocketPeer(server) as peer:
        assert peer.frame().code == 1001
        peer.send(closing(1001))
        peer.end()
        assert [told.next(), told.next()] == [("open", ""), ("close 1001", "")]


def test_a_server_that_ends_handles_what_came_and_says_1001() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def waits(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            inside.set()
            assert go_on.wait(SECONDS)
            websocket.send("done")

    told = Told(waits)
    server = Server(told, limits=Limits(linger_seconds_max=0.02))
    server.listen(0)
    server.start()
    with SocketPeer(server) as peer, SocketPeer(server) as other:
        peer.send(text("work"))
        assert inside.wait(SECONDS)
        ending = threading.Thread(target=server.shutdown)
        ending.start()
        assert other.frame().code == 1001
        other.send(closing(1001))
        other.end()
        go_on.set()
        assert peer.text() == "done"
        assert peer.frame().code == 1001
        peer.send(closing(1001))
        peer.end()
        ending.join()
    assert told.over.acquire(timeout=SECONDS)
    assert told.over.acquire(timeout=SECONDS)


def test_a_server_that_has_no_time_still_tells_its_handlers() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def waits(websocket: WebSocket, event: WebSocketEvent, message: Message) -> None:
        if event is MESSAGE:
            inside.set()
            assert go_on.wait(SECONDS)

    told = Told(waits)
    server = Server(told)
    server.listen(0)
    server.start()
    with SocketPeer(server) as peer, SocketPeer(server):
        peer.send(text("work"))
        assert inside.wait(SECONDS)
        assert not server.shutdown(0.0), "one handler is still busy"
        assert told.over.acquire(timeout=SECONDS), "the other is told"
        go_on.set()
        assert told.over.acquire(timeout=SECONDS)
    assert not told.socket().send("nobody")


def test_an_upgrade_behind_the_end_of_the_server() -> None:
    inside, go_on = threading.Event(), threading.Event()
    told = Told()

    def handler(request: Request) -> None:
        inside.set()
        assert go_on.wait(SECONDS)
        told(request)

    server = Server(handler)
    server.listen(0)
    server.start()
    with Peer(server, HANDSHAKE + b"\r\n") as peer:
        assert inside.wait(SECONDS)
        assert not server.shutdown(0.0)
        go_on.set()
        assert [told.next(), told.next()] == [("open", ""), ("close 1006", "")]
        with pytest.raises((EOFError, ConnectionError)):
            peer.head()


def test_a_client_that_leaves_before_its_upgrade() -> None:
    inside, go_on = threading.Event(), threading.Event()
    told, noting = Told(), Noting()

    def handler(request: Request) -> None:
        inside.set()
        assert go_on.wait(SECONDS)
        told(request)

    with Server(handler, observer=noting).running() as server:
        peer = Peer(server, HANDSHAKE + b"\r\n")
        assert inside.wait(SECONDS)
        forget(peer.sock)
        assert noting.next().status == 0
        go_on.set()
        assert [told.next(), told.next()] == [("open", ""), ("close 1006", "")]


# Around it


def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    trusting = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    server = Server(echo, ssl_context=tls.server_context(str(tmp_path / "both.pem")))
    with server.running(), SocketPeer(server, trusting=trusting) as peer:
        peer.send(text("secret") + frame(BINARY, b"x" * 200_000))
        assert peer.text() == "secret"
        assert peer.frame().payload == b"x" * 200_000
        peer.send(closing(1000))
        assert peer.frame().code == 1000
        peer.end()


def test_an_observer_is_told_of_the_whole_life() -> None:
    noting = Noting()
    with Server(echo, observer=noting).running() as server:
        with SocketPeer(server) as peer:
            peer.send(text("one") + text("two"))
            assert [peer.text(), peer.text()] == ["one", "two"]
            peer.send(closing(1000))
            peer.frame()
            peer.end()
        record = noting.next()
        assert (record.status, record.complete) == (101, True)
        assert record.sent_bytes > 100
        with SocketPeer(server) as peer:
            forget(peer.sock)
        record = noting.next()
        assert (record.status, record.complete) == (101, False)
    first, second = (load.traffic for load in noting.loads)
    assert (first.opened, first.received, first.sent) == (1, 2, 2)
    assert (second.opened, second.closed, second.received) == (2, 2, 2)


def test_no_more_connections_than_the_limit_whatever_they_speak() -> None:
    with Server(echo, limits=Limits(connections_max=1)).running() as server, SocketPeer(server) as peer:
        with Peer(server, GET) as other:
            assert other.head().status == 503
        peer.send(text("still here"))
        assert peer.text() == "still here"


def test_nothing_is_logged_where_nothing_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = Told(send_back)
    with Server(told).running() as server, SocketPeer(server) as peer:
        peer.send(text("a") + closing(1000))
        assert peer.text() == "a"
        peer.frame()
        peer.end()
        assert told.over.acquire(timeout=SECONDS)
    assert caplog.records == []
    assert CLOSE.value == "close"
