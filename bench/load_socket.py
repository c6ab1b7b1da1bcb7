"""What the loads that use plain sockets share."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

READ_BYTES = 65536
WAIT_SECONDS = 30.0


def connect(port: int, source: str = "127.0.0.1", receive_bytes: int = 0) -> socket.socket:
    """Connect from `source`, with a receive buffer of that size, or what the system gives."""
    sock = socket.socket()
    sock.settimeout(WAIT_SECONDS)
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    return sock


def ask(sock: socket.socket, head: str) -> None:
    """Send a request head: its request line, and what it has beside Host."""
    sock.sendall(f"{head}\r\nHost: 127.0.0.1\r\n\r\n".encode("ascii"))


def read_head(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a 200, and what has come behind it. Raises ConnectionError, ValueError, TimeoutError."""
    data = b""
    while b"\r\n\r\n" not in data:
        came = sock.recv(READ_BYTES)
        if not came:
            raise ConnectionError(f"closed inside of a head: {data!r}")
        data += came
    head, _, behind = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ValueError(f"an answer that this load does not take: {head!r}")
    return head, behind


class Asking(Protocol):
    """One connection of a closed loop."""

    sock: socket.socket
    asked_at: float


Client = TypeVar("Client", bound=Asking)


class ClosedLoop(Generic[Client]):
    """Connections that do not block, each of which asks again when what it asked for is there: `seconds` says how soon that was.

    Who inherits says how to `ask`, and how to `read` what is there, up to the next asking.
    """

    def __init__(self, clients: Iterable[Client], wait_seconds: float) -> None:
        self.seconds: list[float] = []
        self.clients = {client.sock.fileno(): client for client in clients}
        self._wait_seconds = wait_seconds
        self._poller = select.epoll()
        for descriptor in self.clients:
            self._poller.register(descriptor, select.EPOLLIN)

    def run(self, seconds: float) -> float:
        """Ask until the time is over; return how long that was. Raises ConnectionError, ValueError, TimeoutError."""
        began = time.perf_counter()
        for client in self.clients.values():
            self.ask(client)
        until = began + seconds
        while time.perf_counter() < until:
            ready = self._poller.poll(self._wait_seconds)
            if not ready:
                raise TimeoutError("no answer to any connection")
            for descriptor, _ in ready:
                self.read(self.clients[descriptor])
        return time.perf_counter() - began

    def ask(self, client: Client) -> None:
        """Send the next of what this client asks."""
        raise NotImplementedError

    def read(self, client: Client) -> None:
        """Take what is there; behind the last of it note how long it took, and ask again."""
        raise NotImplementedError
