"""The claims of docs/contract.md on WebSockets, over raw sockets with a client of a few lines."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_SECONDS = 10.0
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LARGE_BYTES = 16 * 1024 * 1024


class Broken(ValueError):
    """The server does not do what a claim needs."""


@dataclass
class Talk:
    """One WebSocket: sends whole messages, reads whole messages and control frames."""

    connection: socket.socket
    fields: dict[str, str] = field(default_factory=dict)
    _data: bytes = b""

    def say(self, opcode: int, data: bytes, *, rsv: int = 0) -> None:
        """Send one frame."""
        size = len(data)
        form = (
            bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
        )
        key = os.urandom(4)
        masked = int.from_bytes(data) ^ int.from_bytes((key * (size // 4 + 1))[:size])
        head = bytes([0x80 | rsv << 4 | opcode, 0x80 | form[0]]) + form[1:]
        self.connection.sendall(head + key + masked.to_bytes(size))

    def _take(self, count: int) -> bytes:
        pieces, have = [self._data], len(self._data)
        while have < count:
            piece = self.connection.recv(1 << 20)
            if not piece:
                raise Broken("the connection ended")
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        self._data = data[count:]
        return data[:count]

    def head(self) -> bytes:
        """Read the head of the 101."""
        while b"\r\n\r\n" not in self._data:
            piece = self.connection.recv(65536)
            if not piece:
                raise Broken("the connection ended without a 101")
            self._data += piece
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        return head

    def hear(self, *kinds: int) -> tuple[int, bool, bytes]:
        """Read up to the next whole message or control frame of these kinds; return it, and whether RSV1 was set."""
        kind, is_compressed, data = 0, False, b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            size = int.from_bytes(self._take({126: 2, 127: 8}[size])) if size > 125 else size
            payload = self._take(size)
            opcode = first & 0xF
            if opcode >= CLOSE:
                if opcode in kinds:
                    return opcode, False, payload
                continue
            if opcode:
                kind, is_compressed, data = opcode, bool(first & 0x40), b""
            data += payload
            if first & 0x80 and kind in kinds:
                return kind, is_compressed, data


@contextlib.contextmanager
def opened(client: Any, endpoint: str, *lines: str) -> Iterator[Talk]:
    """Open a WebSocket. Raises Broken if the answer is no right 101."""
    key = base64.b64encode(os.urandom(16)).decode()
    offer = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")
    with socket.create_connection(("127.0.0.1", client.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(client.head("GET", client.path(endpoint), *offer, *lines))
        talk = Talk(connection)
        status, *fields = talk.head().decode("latin-1").split("\r\n")
        if not status.startswith("HTTP/1.1 101"):
            raise Broken(f"the handshake gave {status}")
        talk.fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        if talk.fields.get("sec-websocket-accept") != accept:
            raise Broken(f"Sec-WebSocket-Accept is {talk.fields.get('sec-websocket-accept')!r}")
        yield talk


Problems = Iterator[str]


def _echoes(talk: Talk, kind: int, data: bytes) -> Problems:
    talk.say(kind, data)
    came = talk.hear(TEXT, BINARY, CLOSE)
    if came != (kind, False, data):
        yield f"{len(data)} octets of kind {kind} gave kind {came[0]}, RSV1 {came[1]}, {len(came[2])} octets {came[2][:40]!r}"


def ws(client: Any) -> Problems:
    """Each message comes back as it was, up to 16 MiB; a Ping is answered with its data."""
    with opened(client, "ws") as talk:
        for kind, data in (
            (TEXT, "merkh\u00e9t".encode()),
            (BINARY, b"\x00\xff"),
            (TEXT, b""),
            (BINARY, bytes(70_000)),
        ):
            yield from _echoes(talk, kind, data)
        talk.say(PING, b"merkhet")
        if talk.hear(PONG)[2] != b"merkhet":
            yield "a Pong with other data"
        yield from _echoes(talk, BINARY, os.urandom(1024) * (LARGE_BYTES // 1024))


def ws_deflate(client: Any) -> Problems:
    """permessage-deflate is accepted, and compressed messages come back."""
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; client_max_window_bits"
    with opened(client, "ws-deflate", offer) as talk:
        if not talk.fields.get("sec-websocket-extensions", "").startswith("permessage-deflate"):
            yield f"Sec-WebSocket-Extensions is {talk.fields.get('sec-websocket-extensions')!r}"
            return
        data = b"merkhet " * 200
        # The smallest window that a server may have asked for holds nothing of this.
        packer = zlib.compressobj(0, zlib.DEFLATED, -15)
        packed = (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")
        talk.say(TEXT, packed, rsv=4)
        kind, is_compressed, came = talk.hear(TEXT, BINARY, CLOSE)
        plain = zlib.decompressobj(-15).decompress(came + b"\x00\x00\xff\xff") if is_compressed else came
        if (kind, plain) != (TEXT, data):
            yield f"kind {kind}, {plain[:40]!r}"


def ws_subproto(client: Any) -> Problems:
    """One of the two subprotocols is spoken where it is offered, and nothing else."""
    for offered in ("merkhet.two, merkhet.one", "merkhet.one", "unknown, merkhet.two"):
        with opened(client, "ws-subproto", f"Sec-WebSocket-Protocol: {offered}") as talk:
            chosen = talk.fields.get("sec-websocket-protocol")
            if chosen not in set(offered.split(", ")) - {"unknown"}:
                yield f"{offered!r} gave {chosen!r}"
            yield from _echoes(talk, TEXT, b"merkhet")


def ws_serial(client: Any) -> Problems:
    """The messages of a socket are handled one after the other, each for its time."""
    with opened(client, "ws-serial") as talk:
        began = time.monotonic()
        for order in (b"a 200", b"b 0"):
            talk.say(TEXT, order)
        came = [talk.hear(TEXT, CLOSE)[2] for _ in range(2)]
        if came != [b"a", b"b"]:
            yield f"a 200 and b 0 gave {came}"
        if time.monotonic() - began < 0.2:
            yield "they were answered before their time"


def ws_push(client: Any) -> Problems:
    """Each order is carried out, or answered by no."""
    with opened(client, "ws-push") as talk, opened(client, "ws-push") as other:
        talk.say(TEXT, b"send 3 2")
        came = [talk.hear(TEXT, CLOSE)[2] for _ in range(3)]
        if came != [b"0 ", b"1 ", b"2 "]:
            yield f"send 3 2 gave {came}"
        talk.say(TEXT, b"ping a b")
        if (answer := talk.hear(PING, TEXT)) not in {(PING, False, b"a b"), (TEXT, False, b"no")}:
            yield f"ping gave {answer}"
        talk.say(TEXT, "all caf\u00e9 x".encode())
        for one in (talk, other):
            if (answer := one.hear(TEXT, CLOSE)) != (TEXT, False, "caf\u00e9 x".encode()):
                yield f"all gave {answer}"
        talk.say(TEXT, b"close 4001 good bye")
        if (answer := talk.hear(CLOSE, TEXT)) not in {(CLOSE, False, b"\x0f\xa1good bye"), (TEXT, False, b"no")}:
            yield f"close gave {answer}"


SOCKET_CLAIMS: tuple[tuple[str, Callable[[Any], Problems]], ...] = (
    ("ws", ws),
    ("ws-deflate", ws_deflate),
    ("ws-subproto", ws_subproto),
    ("ws-serial", ws_serial),
    ("ws-push", ws_push),
)
