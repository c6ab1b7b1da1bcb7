"""WebSocket loads: `python -m bench.load_websocket PORT echo|broadcast|idle --help`.

Frames of the client are made once. Of what comes back only the heads of frames are looked at, and the rest is thrown away
in the kernel where it is long (recv with MSG_TRUNC), so that this side costs little beside the server.
"""

from __future__ import annotations

import base64
import json
import random
import select
import socket
import statistics
import time
import zlib

import click

from bench import process
from bench.load_bulk import SOURCES
from bench.load_socket import READ_BYTES, WAIT_SECONDS, ClosedLoop, connect

KEY = base64.b64encode(b"sixteen octets.. "[:16]).decode("ascii")
MASK = b"\x37\xfa\x21\x3d"
TEXT, BINARY = 1, 2
SINK_BYTES = 262144
HEAD_BYTES = 10
SHORT_BYTES = 1024
COMPRESSED = 0x40
"""RSV1 in the first octet of a frame (RFC 7692, Section 6)."""
OFFER = "permessage-deflate; client_max_window_bits"


def handshake(sock: socket.socket, path: str, *, deflate: bool) -> None:
    """Become a WebSocket. Raises ValueError where the server does not, or not with what was asked for."""
    extensions = f"Sec-WebSocket-Extensions: {OFFER}\r\n" if deflate else ""
    sock.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extensions}"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode("ascii")
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        octet = sock.recv(1)
        if not octet:
            raise ConnectionError(f"closed inside of a handshake: {head!r}")
        head += octet
    if not head.startswith(b"HTTP/1.1 101 ") or (b"permessage-deflate" in head.lower()) is not deflate:
        raise ValueError(f"a handshake that this load does not take: {head!r}")


def open_socket(port: int, path: str, number: int = 0, *, deflate: bool = False) -> socket.socket:
    """Connect, and become a WebSocket that does not block. `number` is that of many clients."""
    sock = connect(port, source=f"127.0.0.{1 + number % SOURCES}")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    handshake(sock, path, deflate=deflate)
    sock.setblocking(False)
    return sock


def deflated(payload: bytes) -> bytes:
    """Return a message's payload compressed by itself (RFC 7692, Section 7.2.1)."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def masked_frame(opcode: int, payload: bytes, *, deflate: bool = False) -> bytes:
    """Return a client's frame (RFC 6455, Section 5.2)."""
    if deflate:
        payload = deflated(payload)
    length = len(payload)
    head = bytes((0x80 | opcode | (COMPRESSED if deflate else 0),))
    if length < 126:
        head += bytes((0x80 | length,))
    elif length < 65536:
        head += b"\xfe" + length.to_bytes(2, "big")
    else:
        head += b"\xff" + length.to_bytes(8, "big")
    return head + MASK + bytes(octet ^ MASK[at & 3] for at, octet in enumerate(payload))


def echoed(port: int, octets: int, *, deflate: bool) -> bytes:
    """Return what a message comes back as. Raises ValueError, OSError."""
    sock = open_socket(port, "/ws", deflate=deflate)
    with sock:
        sock.settimeout(WAIT_SECONDS)
        sock.sendall(masked_frame(BINARY, document(octets), deflate=deflate))
        data = b""
        while (found := head_of(data)) is None or len(data) < sum(found):
            came = sock.recv(READ_BYTES)
            if not came:
                raise ConnectionError("closed before a message")
            data += came
    payload = data[found[0] :]
    return zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff") if data[0] & COMPRESSED else payload


def head_of(data: bytes) -> tuple[int, int] | None:
    """Return how long the head and the payload of a server's frame are; None while that cannot be known."""
    if len(data) < 2:
        return None
    length = data[1]
    if length < 126:
        return 2, length
    size = 4 if length == 126 else 10
    return None if len(data) < size else (size, int.from_bytes(data[2:size], "big"))


def row(rng: random.Random) -> dict[str, object]:
    return {"id": rng.getrandbits(32), "name": f"user {rng.randrange(1000)}", "score": rng.random(), "active": True}


def document(octets: int) -> bytes:
    """Return so many octets of JSON, as an application sends them: some of it repeats, some does not."""
    rng = random.Random(7)
    rows = [row(rng) for _ in range(1 + octets // 60)]
    text = json.dumps(rows).encode("ascii")
    if len(text) < octets:
        raise ValueError(f"{len(text)} octets of JSON are fewer than {octets}")
    return text[:octets]


class Client:
    """One connection: what came of a head, how much of its frame and how many messages are missing, since when it waits."""

    __slots__ = ("asked_at", "head", "missing", "remaining", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.head = b""
        self.remaining = 0
        self.missing = 0
        self.asked_at = 0.0


class EchoLoad(ClosedLoop[Client]):
    """All connections. Each sends so many messages at once, and again when they are all back."""

    def __init__(self, port: int, payload: bytes, connections: int, at_once: int, *, deflate: bool) -> None:
        opened = (Client(open_socket(port, "/ws", deflate=deflate)) for _ in range(connections))
        super().__init__(opened, WAIT_SECONDS)
        self.payload_bytes = len(payload)
        self.at_once = at_once
        self.frame = masked_frame(BINARY, payload, deflate=deflate) * at_once
        self.sink = bytearray(SINK_BYTES)

    def ask(self, client: Client) -> None:
        client.asked_at = time.perf_counter()
        client.missing = self.at_once
        sent = client.sock.send(self.frame)
        if sent < len(self.frame):
            client.sock.setblocking(True)
            client.sock.sendall(self.frame[sent:])
            client.sock.setblocking(False)

    def read(self, client: Client) -> None:
        """Take what is there; ask again when the last message is back."""
        try:
            while client.missing:
                if client.remaining:
                    self.read_payload(client)
                else:
                    self.read_heads(client)
        except BlockingIOError:
            return
        self.seconds.append(time.perf_counter() - client.asked_at)
        self.ask(client)

    def read_payload(self, client: Client) -> None:
        count = client.sock.recv_into(self.sink, min(client.remaining, SINK_BYTES), socket.MSG_TRUNC)
        if not count:
            raise ConnectionError("closed inside of a message")
        client.remaining -= count
        client.missing -= not client.remaining

    def read_heads(self, client: Client) -> None:
        """Take the heads of frames, and short frames whole; of a long one know how much is left."""
        data = client.sock.recv(READ_BYTES if self.payload_bytes < SHORT_BYTES else HEAD_BYTES)
        if not data:
            raise ConnectionError("closed before a message")
        data = client.head + data
        at = 0
        while (found := head_of(data[at : at + HEAD_BYTES])) is not None:
            if data[at] & 0x8F != 0x80 | BINARY:
                raise ValueError(f"a frame that this load does not take: {data[at : at + 16]!r}")
            at += sum(found)
            if at > len(data):
                client.remaining, client.head = at - len(data), b""
                return
            client.missing -= 1
        client.head = data[at:]
        if client.missing < 0:
            raise ValueError("more came back than was sent")


class Hearer:
    """One client of a broadcast: how many whole messages came, and how much is missing of the next one."""

    __slots__ = ("count", "data", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.count = 0
        self.data = b""

    def read(self) -> int:
        """Take what is there and return how many messages it ended. Raises ConnectionError."""
        came = self.sock.recv(READ_BYTES)
        if not came:
            raise ConnectionError(f"a connection ended after {self.count} messages")
        data = self.data + came
        before, at = self.count, 0
        while (found := head_of(data[at : at + 10])) is not None and len(data) >= at + sum(found):
            at += sum(found)
            self.count += 1
        self.data = data[at:]
        return self.count - before


def hear(hearers: dict[int, Hearer], poller: select.epoll, messages: int) -> tuple[float, float]:
    """Read until every client has every message; return when the first and the last one came."""
    first, count, wanted = 0.0, 0, messages * len(hearers)
    while count < wanted:
        ready = poller.poll(WAIT_SECONDS)
        if not ready:
            raise TimeoutError(f"{count} of {wanted} messages came, then nothing")
        first = first or time.perf_counter()
        count += sum(hearers[descriptor].read() for descriptor, _ in ready)
    if any(hearer.count != messages for hearer in hearers.values()):
        raise ValueError("a client had some message twice, and another one not at all")
    return first, time.perf_counter()


@click.group()
@click.argument("port", type=int)
@click.pass_context
def main(context: click.Context, *, port: int) -> None:
    """Load a WebSocket server."""
    context.obj = port


@main.command()
@click.option("--connections", type=int, default=64)
@click.option("--octets", type=int, default=32)
@click.option("--at-once", type=int, default=1)
@click.option("--seconds", type=float, default=2.0)
@click.option("--deflate", is_flag=True)
@click.pass_obj
def echo(port: int, *, connections: int, octets: int, at_once: int, seconds: float, deflate: bool) -> None:
    """Send a message on each connection, again and again, and say how often it came back."""
    load = EchoLoad(port, document(octets), connections, at_once, deflate=deflate)
    took = load.run(seconds)
    if len(load.seconds) < 2:
        raise SystemExit("fewer than two messages: nothing to measure")
    hundredths = statistics.quantiles(load.seconds, n=100)
    count = len(load.seconds) * at_once
    process.say_result(
        count=count,
        seconds=took,
        octets=count * octets,
        p50_ms=hundredths[49] * 1e3,
        p99_ms=hundredths[98] * 1e3,
    )


@main.command()
@click.option("--clients", type=int, default=1000)
@click.option("--messages", type=int, default=100)
@click.option("--pause", type=float, default=0.0, help="Seconds after each message.")
@click.pass_obj
def broadcast(port: int, *, clients: int, messages: int, pause: float) -> None:
    """Have messages sent to every client, and say how long it took until all had all."""
    poller = select.epoll()
    hearers: dict[int, Hearer] = {}
    for number in range(clients):
        sock = open_socket(port, "/broadcast", number)
        hearers[sock.fileno()] = Hearer(sock)
        poller.register(sock.fileno(), select.EPOLLIN)
    asking = open_socket(port, "/start")
    process.say_ready()
    asked = time.perf_counter()
    asking.send(masked_frame(TEXT, f"count={messages}&pause={pause}".encode("ascii")))
    first, last = hear(hearers, poller, messages)
    process.say_result(count=messages * clients, seconds=last - first, asked_seconds=last - asked)


@main.command()
@click.option("--clients", type=int, required=True)
@click.pass_obj
def idle(port: int, *, clients: int) -> None:
    """Have many WebSockets that say nothing, and offer to compress; at the end each says something, so that all were kept."""
    frame = masked_frame(BINARY, b"here")
    kept = [open_socket(port, "/ws", number, deflate=True) for number in range(clients)]
    process.say_ready()
    for sock in kept:
        sock.setblocking(True)
        sock.sendall(frame)
        if sock.recv(READ_BYTES) != b"\x82\x04here":
            raise ValueError("a connection was not kept")
    process.say_result(count=len(kept), seconds=1.0)


if __name__ == "__main__":
    main()
