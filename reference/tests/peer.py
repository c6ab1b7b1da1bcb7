"""A client that takes an answer apart by hand: it waits for what it asked for, and for nothing beyond it."""

from __future__ import annotations

import re
import socket
import ssl
from typing import NamedTuple, Self

from merkhet_reference import Server

SECONDS = 10


class Head(NamedTuple):
    """A status, and the fields by name in lower case."""

    status: int
    fields: dict[str, str]


class Peer:
    """One connection. Whatever takes longer than SECONDS is a TimeoutError, and an end that comes too soon an EOFError."""

    def __init__(self, server: Server, octets: bytes = b"", *, trusting: ssl.SSLContext | None = None) -> None:
        where = server.addresses[0]
        self.sock = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.sock.settimeout(SECONDS)
        self.sock.connect(where)
        if trusting is not None:
            self.sock = trusting.wrap_socket(self.sock, server_hostname="localhost")
        self._came = bytearray()
        self.send(octets)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, octets: bytes) -> None:
        """Send it all."""
        self.sock.sendall(octets)

    def take(self, count: int) -> bytes:
        """Return the next so many octets."""
        while len(self._came) < count:
            self._receive()
        return self._cut(count)

    def take_to(self, mark: bytes) -> bytes:
        """Return the next octets up to a mark, and it with them."""
        while mark not in self._came:
            self._receive()
        return self._cut(self._came.index(mark) + len(mark))

    def head(self) -> Head:
        """Return the next head."""
        line, *lines = self.take_to(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        matched = re.fullmatch(r"HTTP/1\.1 ([0-9]{3}) .*", line)
        assert matched, line
        return Head(
            int(matched[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        )

    def answer(self) -> tuple[Head, bytes]:
        """Return the next answer, by its length or its chunks."""
        head = self.head()
        if "content-length" in head.fields:
            return head, self.take(int(head.fields["content-length"]))
        assert head.fields["transfer-encoding"] == "chunked"
        pieces: list[bytes] = []
        while piece := self.chunk():
            pieces.append(piece)
        return head, b"".join(pieces)

    def chunk(self) -> bytes:
        """Return the next chunk; the last one is empty."""
        count = int(self.take_to(b"\r\n"), 16)
        data = self.take(count)
        assert self.take(2) == b"\r\n"
        return data

    def rest(self) -> bytes:
        """Return all that comes before the end."""
        while data := self.sock.recv(1_000_000):
            self._came += data
        return self._cut(len(self._came))

    def _receive(self) -> None:
        data = self.sock.recv(1_000_000)
        if not data:
            raise EOFError(bytes(self._came[-1000:]))
        self._came += data

    def _cut(self, count: int) -> bytes:
        data = bytes(self._came[:count])
        del self._came[:count]
        return data
