"""What the loads that use plain sockets share."""

from __future__ import annotations

import socket

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
