"""Dead servers: each behaves in one way whatever it is asked. No check may pass on them but by what they truly keep.

They are real listeners on loopback, so that the whole engine is in the test and not only the verdicts.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Generator, Mapping

READ_BYTES = 65536
_HEAD = b"Content-Length: 2\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\n"
_OK = b"HTTP/1.1 200 OK\r\n" + _HEAD + b"\r\nok"
_SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
_BLOCK = b"x" * READ_BYTES

Behaviour = Callable[[socket.socket, threading.Event], None]
"""What is done with each connection, until it ends or the event says that the server stops."""


def drain(connection: socket.socket) -> None:
    """Read everything up to the end."""
    while connection.recv(READ_BYTES):
        pass


def black_hole(connection: socket.socket, stop: threading.Event) -> None:
    """Read everything, say nothing, keep the connection even after the client's end of it."""
    drain(connection)
    stop.wait()


def hang_up(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
    """Close at once."""
    connection.shutdown(socket.SHUT_RDWR)


def always(status: bytes) -> Behaviour:
    """Return what answers everything that comes with this status, and keeps the connection."""
    answer = b"HTTP/1.1 " + status + b"\r\n" + _HEAD + b"\r\nok"

    def behave(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
        while connection.recv(READ_BYTES):
            connection.sendall(answer)

    return behave


def always_closing(status: bytes) -> Behaviour:
    """Return what answers the first octets with this status and closes."""
    answer = b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + _HEAD + b"\r\nok"

    def behave(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
        if connection.recv(READ_BYTES):
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            drain(connection)

    return behave


def garbage(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
    """Answer everything with octets that are no HTTP."""
    while connection.recv(READ_BYTES):
        connection.sendall(b"\x00\x01\xfe\xff no HTTP at all\r\n\r\n")


def byte_a_second(connection: socket.socket, stop: threading.Event) -> None:
    """Send a good answer, one octet a second: never within a deadline that octets do not reset."""
    for octet in _OK:
        connection.sendall(bytes([octet]))
        if stop.wait(1.0):
            return


def endless_body(connection: socket.socket, stop: threading.Event) -> None:
    """Answer with content that never ends."""
    connection.recv(READ_BYTES)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while not stop.is_set():
        connection.sendall(_BLOCK)


def answer_first(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
    """Answer before anything is asked."""
    connection.sendall(_OK)
    drain(connection)


def always_101(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
    """Switch to a WebSocket whatever is asked, and say nothing there."""
    if connection.recv(READ_BYTES):
        connection.sendall(_SWITCHED)
        drain(connection)


def always_101_and_echo(connection: socket.socket, stop: threading.Event) -> None:  # noqa: ARG001
    """Switch to a WebSocket whatever is asked, and send back the octets that come there."""
    if connection.recv(READ_BYTES):
        connection.sendall(_SWITCHED)
        while data := connection.recv(READ_BYTES):
            connection.sendall(data)


DEAD: Mapping[str, Behaviour] = {
    "black hole": black_hole,
    "hang-up": hang_up,
    "always 400": always(b"400 Bad Request"),
    "always 400 and close": always_closing(b"400 Bad Request"),
    "always 200": always(b"200 OK"),
    "always 200 and close": always_closing(b"200 OK"),
    "always 500": always(b"500 Internal Server Error"),
    "garbage": garbage,
    "a byte a second": byte_a_second,
    "endless body": endless_body,
    "answer before the request": answer_first,
    "always 101": always_101,
    "always 101 and echo": always_101_and_echo,
}
"""Every dead server by its name."""

# What a head without a fault keeps, whatever its status.
_HEAD_KEEPS = frozenset(
    {
        "bare-cr",
        "date-spaces",
        "field-line",
        "field-once",
        "imf-fixdate",
        "length-and-te",
        "obs-fold",
        "request-fields",
        "space-after-status-line",
        "status-code",
        "status-line",
        "status-space",
        "te-unasked",
        "version-grammar",
    }
)
# The one answer that they give has a Date, a length, no transfer coding, and a head without a fault. It has content even where
# HEAD asked, so `no-content` is not here; a server that keeps the connection leaves that content on it for the next
# response, so `message-grammar` is not here either.
_ONE_ANSWER = _HEAD_KEEPS | {
    "close-announced",
    "condition-asked",
    "date-sent",
    "interim-to-old",
    "length-digits",
    "range-asked",
    "self-delimited",
    "te-in-connect",
    "te-to-old-client",
    "version-downgrade",
}
_AND_CLOSE = _ONE_ANSWER | {"close-kept", "end-to-end", "list-no-empty", "message-grammar", "ows-single"}
# A right 101 to whatever was asked. Octets that come back behind it may begin no response, and may be no frames.
_ONE_SWITCH = _HEAD_KEEPS | {
    "end-to-end",
    "length-in-1xx-204",
    "list-no-empty",
    "ows-single",
    "te-in-1xx-204",
    "upgrade-in-101",
    "upgrade-option",
}
KEEPS: Mapping[str, frozenset[str]] = {
    "always 400": _ONE_ANSWER,
    "always 400 and close": _AND_CLOSE,
    "always 200": _ONE_ANSWER,
    "always 200 and close": _AND_CLOSE,
    "always 500": _ONE_ANSWER,
    "answer before the request": _ONE_ANSWER,
    "always 101": _ONE_SWITCH | {"message-grammar"},
    "always 101 and echo": _ONE_SWITCH,
}
"""The rules of the judge that a dead server truly keeps, by its name; one that is not here keeps none that applies."""


class _Server:
    """A listener, and a thread for each of its connections."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                with self._lock:
                    self._connections.add(connection)
                    self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._behaviour(connection, self._stop)
        with self._lock:
            self._connections.discard(connection)

    def stop(self) -> None:
        """End every connection and wait for every thread."""
        self._stop.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._accepting.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def serve(behaviour: Behaviour) -> Generator[tuple[str, int], None, None]:
    """Run a dead server; yield its host and port."""
    server = _Server(behaviour)
    try:
        host, port = server.listener.getsockname()[:2]
        yield str(host), int(port)
    finally:
        server.stop()
