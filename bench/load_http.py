"""Load in a closed loop on kept-alive connections: `python -m bench.load_http --help`.

What is not needed of an answer is thrown away in the kernel (recv with MSG_TRUNC), so that this side costs little
beside the server even where an answer is large.
"""

from __future__ import annotations

import re
import socket
import statistics
import time
from collections.abc import Sequence

import click

from bench import process
from bench.load_socket import ClosedLoop

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_READ_BYTES = 4096
SINK_BYTES = 262144
WAIT_SECONDS = 5.0


class Client:
    """One connection: what came of a head, how much content it says and is still to come, and since when it waits."""

    __slots__ = ("asked_at", "head", "length", "number", "remaining", "sock")

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.head = b""
        self.length = 0
        self.remaining = 0
        self.asked_at = 0.0


def connected(port: int) -> socket.socket:
    """Return a connection that does not block."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    return sock


class HttpLoad(ClosedLoop[Client]):
    """All connections. Each sends the next request when it has the whole answer to the one before."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        super().__init__((Client(connected(port), number) for number in range(connections)), WAIT_SECONDS)
        self.requests = requests
        self.octets = 0
        self.sink = bytearray(SINK_BYTES)

    def ask(self, client: Client) -> None:
        request = self.requests[client.number % len(self.requests)]
        client.number += len(self.clients)
        client.asked_at = time.perf_counter()
        client.sock.send(request)

    def read(self, client: Client) -> None:
        """Take what is there of one answer."""
        try:
            if not client.remaining and not self.read_head(client):
                return
            while client.remaining:
                count = client.sock.recv_into(self.sink, min(client.remaining, SINK_BYTES), socket.MSG_TRUNC)
                if not count:
                    raise ConnectionError("closed inside of an answer")
                client.remaining -= count
        except BlockingIOError:
            return
        self.seconds.append(time.perf_counter() - client.asked_at)
        self.octets += client.length
        self.ask(client)

    def read_head(self, client: Client) -> bool:
        """Take octets of a head; return whether it is whole, and know how much content is left."""
        data = client.sock.recv(HEAD_READ_BYTES)
        if not data:
            raise ConnectionError("closed before an answer")
        client.head += data
        end = client.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = CONTENT_LENGTH.search(client.head, 0, end)
        if length is None or not client.head.startswith(b"HTTP/1.1 20"):
            raise ValueError(f"an answer that this load does not take: {client.head[:end]!r}")
        client.length = int(length[1])
        client.remaining = client.length - (len(client.head) - end - 4)
        client.head = b""
        return True


def requests_for(path: str, range_bytes: int, file_bytes: int, count: int = 64) -> list[bytes]:
    """Return what is asked: the same each time, or one range after another, spread over the file."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if not range_bytes:
        return [f"{head}\r\n".encode("ascii")]
    step = (file_bytes - range_bytes) // count
    firsts = [number * step for number in range(count)]
    return [f"{head}Range: bytes={first}-{first + range_bytes - 1}\r\n\r\n".encode("ascii") for first in firsts]


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--path", default="/")
@click.option("--connections", type=int, default=64)
@click.option("--seconds", type=float, default=2.0)
@click.option("--range-bytes", type=int, default=0, help="Ask for ranges of so many octets.")
@click.option("--file-bytes", type=int, default=0, help="The file that the ranges are of.")
def main(*, port: int, path: str, connections: int, seconds: float, range_bytes: int, file_bytes: int) -> None:
    """Ask again and again, and say how often there was an answer."""
    load = HttpLoad(port, requests_for(path, range_bytes, file_bytes), connections)
    took = load.run(seconds)
    if len(load.seconds) < 2:
        raise SystemExit("fewer than two answers: nothing to measure")
    hundredths = statistics.quantiles(load.seconds, n=100)
    process.say_result(
        count=len(load.seconds),
        seconds=took,
        octets=load.octets,
        p50_ms=hundredths[49] * 1e3,
        p99_ms=hundredths[98] * 1e3,
    )


if __name__ == "__main__":
    main()
