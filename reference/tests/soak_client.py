"""What the deeds of the soak are made of: connections that end in every way there is, and a strict reader of answers."""

from __future__ import annotations

import contextlib
import io
import random
import select
import socket
import ssl
import struct
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

SECONDS = 20.0
"""A server that lets a client wait for so long hangs."""

RESET = struct.pack("ii", 1, 0)
SMALL_BUFFER = 4096


class WrongError(Exception):
    """The server did what it must not."""


class IncompleteError(Exception):
    """An answer broke off, and its client can tell."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole. `fields` have lower-case names."""

    status: int
    fields: dict[bytes, bytes]
    content: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers are, and a context for who speaks TLS to them."""

    plain: int
    secure: int
    small: int
    context: ssl.SSLContext


class Peer:
    """One connection to the server."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None, *, buffer: int | None = None) -> None:
        sock = socket.socket()
        try:
            sock.settimeout(SECONDS)
            if buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            sock.connect(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = sock if context is None else context.wrap_socket(sock, server_hostname="localhost")
        except BaseException:
            sock.close()
            raise
        self.reader = self.sock.makefile("rb")

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_slowly(self, data: bytes, pause: Callable[[], object]) -> None:
        """Send one octet at a time."""
        for index in range(len(data)):
            self.sock.sendall(data[index : index + 1])
            pause()

    def ask(self, data: bytes, method: bytes = b"GET") -> Answer:
        """Send a request and read its answer."""
        self.send(data)
        return self.answer(method)

    def answer(self, method: bytes = b"GET") -> Answer:
        """Read one final answer. Raises IncompleteError, WrongError for what is no answer, and OSError."""
        while True:
            answer = read_answer(self.reader, method)
            if answer.status >= 200:
                return answer

    def rest(self) -> bytes:
        """Read to the end; a reset is an end too."""
        try:
            return self.reader.read()
        except (ConnectionResetError, BrokenPipeError):
            return b""

    def half_close(self) -> None:
        """Say that no more comes, and go on reading. Not for TLS."""
        self.sock.shutdown(socket.SHUT_WR)

    def answer_101(self) -> Answer:
        """Read an answer that makes another protocol of the connection."""
        answer = read_answer(self.reader, b"GET")
        check(answer.status == 101, answer.status)
        return answer

    def fill(self, data: bytes = b"G" * 65536) -> None:
        """Send as much as fits while nobody reads."""
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.send(data)

    def wait_until_reset(self) -> None:
        """Wait, and read nothing. Raises WrongError when the server has had time enough."""
        poll = select.poll()
        poll.register(self.sock, 0)  # errors are told unasked
        check(poll.poll(SECONDS * 1000), "a client that reads nothing is waited for")

    def reset(self) -> None:
        """Leave without a word. The system sends a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self) -> None:
        """Leave; of TLS's own farewell nothing is said."""
        self.reader.close()
        self.sock.close()


@contextlib.contextmanager
def connected(place: Place, rng: random.Random, *, secure: float = 0.2) -> Generator[Peer, None, None]:
    """Connect, one time in so many by TLS, and leave in one way or another."""
    peer = Peer(place.secure, place.context) if rng.random() < secure else Peer(place.plain)
    try:
        yield peer
    finally:
        leave(peer, rng)


def leave(peer: Peer, rng: random.Random) -> None:
    """Close or reset."""
    if rng.random() < 0.3:
        peer.reset()
    else:
        peer.close()


def read_line(reader: io.BufferedReader) -> bytes:
    line = reader.readline(65536)
    if not line.endswith(b"\r\n"):
        raise IncompleteError(f"a line breaks off: {line[-40:]!r}")
    return line[:-2]


def read_exactly(reader: io.BufferedReader, count: int) -> bytes:
    data = reader.read(count)
    if len(data) != count:
        raise IncompleteError(f"{len(data)} of {count} octets")
    return data


def read_fields(reader: io.BufferedReader) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    while line := read_line(reader):
        name, colon, value = line.partition(b": ")
        if not colon or name.lower() in fields:
            raise WrongError(f"no field line, or a second one: {line!r}")
        fields[name.lower()] = value
    return fields


def read_answer(reader: io.BufferedReader, method: bytes) -> Answer:
    """Read one answer, interim or final."""
    line = read_line(reader)
    version, _, rest = line.partition(b" ")
    if version != b"HTTP/1.1" or not rest[:3].isdigit():
        raise WrongError(f"no status line: {line[:80]!r}")
    status, fields = int(rest[:3]), read_fields(reader)
    if method == b"HEAD" or status < 200 or status in {204, 304}:
        return Answer(status, fields, b"")
    if fields.get(b"transfer-encoding") == b"chunked":
        return Answer(status, fields, b"".join(read_chunks(reader)))
    if b"content-length" in fields:
        return Answer(status, fields, read_exactly(reader, int(fields[b"content-length"])))
    return Answer(status, fields, reader.read())


def read_chunks(reader: io.BufferedReader) -> Iterable[bytes]:
    while size := int(read_line(reader), 16):
        yield read_exactly(reader, size)
        if read_line(reader):
            raise WrongError("a chunk is longer than it says")
    read_fields(reader)


def get(path: bytes, *lines: bytes, method: bytes = b"GET") -> bytes:
    """Return a request without content."""
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"Host: localhost", *lines, b"", b""])


def put(path: bytes, content: bytes, *lines: bytes, method: bytes = b"PUT") -> bytes:
    """Return a request whose content has a length."""
    return get(path, b"Content-Length: %d" % len(content), *lines, method=method) + content


def put_chunked(path: bytes, pieces: Iterable[bytes], *lines: bytes, method: bytes = b"PUT") -> bytes:
    """Return a request whose content comes in chunks."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)
    return get(path, b"Transfer-Encoding: chunked", *lines, method=method) + chunks + b"0\r\n\r\n"


def check(condition: object, what: object) -> None:
    """Raise WrongError, saying what came, unless it is so."""
    if not condition:
        raise WrongError(repr(what)[:400])
