"""Real sockets: every way in which a connection ends, over IPv4, IPv6, Unix sockets and TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import checks
import pytest
import trustme

from merkhet.answer import End
from merkhet.model import Direction, Transcript
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import Address, SocketDialer, SocketWire
from merkhet.wire.tls import client_context
from merkhet.wire.transcript import Recorder

T = TypeVar("T")
SECONDS = 5.0


def on(address: Address, use: Callable[[SocketWire], Awaitable[T]]) -> T:
    """Open a connection, use it, close it; return what the use returned."""

    async def work() -> T:
        dialer = SocketDialer(address)
        wire = await dialer.dial("check", 0, dialer.now())
        try:
            return await use(wire)
        finally:
            await wire.close()

    return asyncio.run(work())


def now() -> float:
    return asyncio.get_running_loop().time()


async def read_all(wire: SocketWire) -> tuple[bytes, End]:
    """Read to the end; return the octets and the end."""
    data = b""
    while True:
        got = await wire.receive(now() + SECONDS)
        if isinstance(got, End):
            return data, got
        data += got


async def ask(wire: SocketWire) -> tuple[bytes, End]:
    await wire.send([b"GET / HTTP/1.1\r\n", b"\r\n"], gap_seconds=0.0001, until=now() + SECONDS)
    return await read_all(wire)


def directions(wire: SocketWire) -> list[Direction]:
    return [event.direction for event in wire.recorder.transcript().events]


def at(address: tuple[str, int]) -> Address:
    return Address(host=address[0], port=address[1])


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_an_answer_and_a_close() -> None:
    def handler(connection: socket.socket) -> None:
        next(checks.heads(connection))
        connection.sendall(checks.OK)

    with checks.serving(handler) as address:
        assert on(at(address), ask) == (checks.OK, End.CLOSED)


def test_a_reset() -> None:
    def handler(connection: socket.socket) -> None:
        next(checks.heads(connection))
        reset(connection)

    with checks.serving(handler) as address:
        assert on(at(address), ask) == (b"", End.RESET)


def test_silence_ends_at_its_deadline() -> None:
    async def wait(wire: SocketWire) -> object:
        return await wire.receive(now() + 0.01)

    with checks.serving(checks.mute) as address:
        assert on(at(address), wait) is End.SILENT


def test_an_early_refusal_is_read_although_sending_fails() -> None:
    """A server that answers at once and resets while much is still being sent: the answer must not be lost."""

    def handler(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(checks.REFUSED.data)
        connection.shutdown(socket.SHUT_WR)
        read.wait(SECONDS)
        reset(connection)

    async def use(wire: SocketWire) -> tuple[bytes, list[Direction]]:
        sending = asyncio.create_task(wire.send([b"x" * 2**25], gap_seconds=0, until=now() + SECONDS))
        first = await wire.receive(now() + SECONDS)
        read.set()
        await sending
        assert isinstance(first, bytes)
        return first + (await read_all(wire))[0], directions(wire)

    read = threading.Event()
    with checks.serving(handler) as address:
        data, seen = on(at(address), use)
    assert data == checks.REFUSED.data
    assert Direction.SEND_FAILED in seen


def test_half_close_is_seen_by_the_peer_and_reading_goes_on() -> None:
    def handler(connection: socket.socket) -> None:
        while connection.recv(100):
            pass
        connection.sendall(b"saw the end")

    async def use(wire: SocketWire) -> tuple[bytes, End]:
        await wire.send([b"half"], gap_seconds=0, until=now() + SECONDS)
        await wire.half_close()
        return await read_all(wire)

    with checks.serving(handler) as address:
        assert on(at(address), use) == (b"saw the end", End.CLOSED)


def test_abort_is_a_reset() -> None:
    problems: list[BaseException] = []
    done = threading.Event()

    def handler(connection: socket.socket) -> None:
        try:
            while connection.recv(100):
                pass
        except ConnectionResetError as problem:
            problems.append(problem)
        done.set()

    async def use(wire: SocketWire) -> None:
        await wire.send([b"x"], gap_seconds=0, until=now() + SECONDS)
        await wire.abort()

    with checks.serving(handler) as address:
        on(at(address), use)
        assert done.wait(SECONDS)
    assert len(problems) == 1


def test_segments_arrive_one_by_one() -> None:
    pieces: list[bytes] = []

    def handler(connection: socket.socket) -> None:
        while piece := connection.recv(100):
            pieces.append(piece)
            connection.sendall(b"+")

    async def use(wire: SocketWire) -> list[bytes]:
        for letter in (b"a", b"b", b"c"):
            await wire.send([letter], gap_seconds=0, until=now() + SECONDS)
            assert await wire.receive(now() + SECONDS) == b"+"
        return list(pieces)

    with checks.serving(handler) as address:
        assert on(at(address), use) == [b"a", b"b", b"c"]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1:"):
        on(at(address), ask)


def test_a_name_is_resolved_to_the_address_that_answers() -> None:
    with checks.serving(checks.small_server) as address:
        place = Address(host="localhost", port=address[1])

        async def use(wire: SocketWire) -> object:
            await wire.send([b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"], gap_seconds=0, until=now() + SECONDS)
            return await wire.receive(now() + SECONDS)

        assert on(place, use) == checks.OK


def listening(family: socket.AddressFamily, place: tuple[str, int] | str) -> socket.socket:
    listener = socket.socket(family)
    listener.bind(place)
    listener.listen()
    return listener


def answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        next(checks.heads(connection))
        connection.sendall(b"here")


@pytest.mark.parametrize("kind", ["ipv6", "unix"])
def test_other_families(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    place = path if kind == "unix" else ("::1", 0)
    try:
        listener = listening(socket.AF_UNIX if kind == "unix" else socket.AF_INET6, place)
    except OSError:
        pytest.skip(f"no {kind} here")
    with listener:
        thread = threading.Thread(target=answer_once, args=(listener,))
        thread.start()
        name = listener.getsockname()
        address = Address(unix=path) if kind == "unix" else Address(host="::1", port=name[1])
        assert on(address, ask) == (b"here", End.CLOSED)
        thread.join()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context and that of a client who trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_alpn_protocols(["http/1.1"])
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(path))
    server.load_cert_chain(path)
    client = client_context()
    client.load_verify_locations(cadata=authority.cert_pem.bytes().decode())
    return server, client


class TestTls:
    def over(
        self,
        certificates: tuple[ssl.SSLContext, ssl.SSLContext],
        behave: Callable[[ssl.SSLSocket], None],
        use: Callable[[SocketWire], Awaitable[T]],
        client: ssl.SSLContext | None = None,
    ) -> T:
        def handler(connection: socket.socket) -> None:
            with contextlib.suppress(ssl.SSLError), certificates[0].wrap_socket(connection, server_side=True) as tls:
                behave(tls)

        with checks.serving(handler) as (host, port):
            tls = client or certificates[1]
            return on(Address(host=host, port=port, tls=tls, server_name="localhost"), use)

    def test_a_close_with_close_notify(self, certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        def behave(tls: ssl.SSLSocket) -> None:
            assert tls.selected_alpn_protocol() == "http/1.1"
            next(checks.heads(tls))
            tls.sendall(checks.OK)
            tls.unwrap()

        assert self.over(certificates, behave, ask) == (checks.OK, End.CLOSED)

    def test_a_close_without_close_notify(self, certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        def behave(tls: ssl.SSLSocket) -> None:
            next(checks.heads(tls))
            tls.sendall(checks.OK)
            tls.shutdown(socket.SHUT_RDWR)

        assert self.over(certificates, behave, ask) == (checks.OK, End.UNNOTIFIED)

    def test_half_close_sends_close_notify_and_reads_on(
        self, certificates: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        def behave(tls: ssl.SSLSocket) -> None:
            while tls.recv(100):
                pass
            tls.sendall(b"saw close_notify")
            tls.unwrap()

        async def use(wire: SocketWire) -> tuple[bytes, End]:
            await wire.send([b"half"], gap_seconds=0, until=now() + SECONDS)
            await wire.half_close()
            return await read_all(wire)

        assert self.over(certificates, behave, use) == (b"saw close_notify", End.CLOSED)

    def test_much_content_both_ways(self, certificates: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
        def behave(tls: ssl.SSLSocket) -> None:
            left = 300_000
            while left:
                left -= len(tls.recv(65536))
            tls.sendall(b"y" * 300_000)
            tls.unwrap()

        async def use(wire: SocketWire) -> tuple[int, End]:
            await wire.send([b"x" * 300_000], gap_seconds=0, until=now() + SECONDS)
            data, end = await read_all(wire)
            return len(data), end

        assert self.over(certificates, behave, use) == (300_000, End.CLOSED)

    def test_a_certificate_is_checked_unless_told_not_to(
        self, certificates: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        def behave(tls: ssl.SSLSocket) -> None:
            next(checks.heads(tls))
            tls.unwrap()

        with pytest.raises(Unreachable, match=r"certificate|CERTIFICATE"):
            self.over(certificates, behave, ask, client_context())
        assert self.over(certificates, behave, ask, client_context(verify=False))[1] is End.CLOSED


class TestRecorder:
    def test_everything_is_counted_and_the_middle_is_not_kept(self) -> None:
        recorder = Recorder(0, "check", began=10.0)
        for number in range(100):
            recorder.data(Direction.RECEIVED, bytes([number]) * 1000, 10.0 + number)
        transcript = recorder.transcript()
        kept = b"".join(event.data for event in transcript.events)
        assert transcript.received_length == 100_000
        assert (
            kept[: Transcript.HEAD_BYTES_MAX]
            == b"".join(bytes([n]) * 1000 for n in range(100))[: Transcript.HEAD_BYTES_MAX]
        )
        assert kept.endswith(bytes([99]) * 1000)
        assert len(kept) < Transcript.HEAD_BYTES_MAX + Transcript.TAIL_BYTES_MAX + 1000
        assert transcript.events[-1].at == 89.0 + 10.0

    def test_one_piece_larger_than_the_bounds(self) -> None:
        recorder = Recorder(0, "check")
        recorder.data(Direction.SENT, b"a" * 65536 + b"b" * 10_000 + b"c" * 4096, 0.0)
        head, tail = recorder.transcript().events
        assert (head.data, head.length) == (b"a" * 65536, 65536)
        assert (tail.data, tail.length) == (b"c" * 4096, 14_096)
