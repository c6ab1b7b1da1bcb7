"""Dead WebSockets: HTTP is served and the handshake is right, and behind the 101 nothing is as it must be.

A check that hears frames may not pass on them. What does not go beyond the handshake may: that is truly kept.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Mapping

from merkhet.check import Check, Hears, Passive, walk
from merkhet.selftest.dead import READ_BYTES, Behaviour, drain
from merkhet.template import ENDPOINTS

SOCKET_ENDPOINTS: Mapping[str, str] = {
    name: path for name, path in ENDPOINTS.items() if name == "root" or name.startswith("ws")
}
"""What these servers claim to have."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = re.compile(rb"\r\nSec-WebSocket-Key:[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)
_DATE = b"Date: Wed, 25 Nov 2026 12:00:00 GMT\r\n"
_OK = b"HTTP/1.1 200 OK\r\n" + _DATE + b"Content-Length: 2\r\n\r\nok"
_REFUSED = b"HTTP/1.1 400 Bad Request\r\n" + _DATE + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
_BYE = b"\x88\x02\x03\xe8"


def switched(head: bytes) -> bytes:
    """Return the 101 to a handshake with whatever key it has."""
    match = _KEY.search(head)
    digest = hashlib.sha1((match[1] if match else b"") + _GUID, usedforsecurity=False).digest()
    return b"".join(
        (
            b"HTTP/1.1 101 Switching Protocols\r\n" + _DATE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n",
        )
    )


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the next head that comes, and what came behind it; nothing at the end."""
    data: bytes = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(READ_BYTES)
        if not piece:
            return b"", b""
        data = b"".join((data, piece))
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def behind_the_handshake(talk: Callable[[socket.socket, bytes], None]) -> Behaviour:
    """Return what serves plain requests, refuses what has no Host, and talks so behind each right handshake."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
        while True:
            head, rest = _head(connection)
            if not head:
                return
            if b"\r\nHost:" not in head or b" HTTP/1.1\r\n" not in head:
                connection.sendall(_REFUSED)
                connection.shutdown(socket.SHUT_WR)
                return
            if _KEY.search(head) is not None:
                connection.sendall(switched(head))
                talk(connection, rest)
                return
            connection.sendall(_OK)

    return behave


def say_nothing(connection: socket.socket, came: bytes) -> None:  # noqa: ARG001
    """Read everything and say nothing."""
    drain(connection)


def echo_octets(connection: socket.socket, came: bytes) -> None:
    """Send the octets back as they came, masks and all."""
    while came:
        connection.sendall(came)
        came = connection.recv(READ_BYTES)
    while came := connection.recv(READ_BYTES):
        connection.sendall(came)


def close_at_once(connection: socket.socket, came: bytes) -> None:  # noqa: ARG001
    """Send a Close, and end the connection once something has come."""
    connection.sendall(_BYE)
    connection.shutdown(socket.SHUT_WR)
    drain(connection)


def hang_up(connection: socket.socket, came: bytes) -> None:  # noqa: ARG001
    """End the connection without a word."""
    connection.shutdown(socket.SHUT_WR)
    drain(connection)


def close_at_the_first_frame(connection: socket.socket, came: bytes) -> None:
    """Take the first frame for a violation, whatever it is."""
    if came or connection.recv(READ_BYTES):
        connection.sendall(b"\x88\x02\x03\xea")
        connection.shutdown(socket.SHUT_WR)
        drain(connection)


DEAD_SOCKETS: Mapping[str, Behaviour] = {
    "silent socket": behind_the_handshake(say_nothing),
    "socket that echoes octets": behind_the_handshake(echo_octets),
    "socket that closes at once": behind_the_handshake(close_at_once),
    "socket that hangs up": behind_the_handshake(hang_up),
    "socket that closes at the first frame": behind_the_handshake(close_at_the_first_frame),
}
"""Every dead WebSocket by its name."""

MAY_KEEP = frozenset({"socket that closes at once", "socket that closes at the first frame"})
"""Those whose one Close is a right frame: the rules on frames are truly kept."""


def hears(check: Check | Passive) -> bool:
    """Whether a check goes beyond the handshake."""
    return isinstance(check, Check) and any(isinstance(step, Hears) for step in walk(check.steps))
