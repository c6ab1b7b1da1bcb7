"""Dialogues on a WebSocket by a state machine: whatever a client may do, in whatever order, the reference answers as it should."""

from __future__ import annotations

import socket
from collections import deque
from pathlib import Path
from typing import ClassVar

import serving
from hypothesis import strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from merkhet.expect_handshake import SAMPLE_KEY, accept_of
from merkhet.heard import Close, Message, Ping, Pong
from merkhet.wire.client_frames import masked
from merkhet.wire.websocket import FrameReader
from merkhet_fuzz.bases.websocket import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT

SECONDS_MAX = 20.0
"""Never waited for but by a server that is at fault."""


def sent(first: int, payload: bytes, key: bytes = b"\x37\xfa\x21\x3d") -> bytes:
    """Return one masked frame."""
    length = len(payload)
    head = bytes((first, 0x80 | length)) if length < 126 else bytes((first, 0xFE)) + length.to_bytes(2, "big")
    return head + key + masked(payload, key)


class Client:
    """A WebSocket to the echo, and all that the server has said that nobody has asked about yet."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = FrameReader()
        self.seen = 0
        self.socket.sendall(
            b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: " + SAMPLE_KEY + b"\r\n\r\n"
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.some()
        head, _, rest = head.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: " + accept_of(SAMPLE_KEY) in head
        self.reader.feed(rest)

    def some(self) -> bytes:
        """Return the next octets, of which there are some."""
        octets = self.socket.recv(65536)
        assert octets, "the server has ended the connection"
        return octets

    def next(self) -> Message | Ping | Pong | Close:
        """Return what the server says next."""
        while len(self.reader.events) == self.seen:
            self.reader.feed(self.some())
            assert not self.reader.faults
        self.seen += 1
        return self.reader.events[self.seen - 1]


class Dialogue(RuleBasedStateMachine):
    """What a client does, and what it waits for: its Pongs and its messages each in their own order."""

    address: ClassVar[tuple[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self.client: Client | None = None
        self.kind = 0
        self.content = b""
        self.rest = b""
        self.messages: deque[tuple[int, bytes]] = deque()
        self.pongs: deque[bytes] = deque()

    @initialize()
    def open(self) -> None:
        """Shake hands."""
        self.client = Client(self.address)

    def say(self, first: int, payload: bytes, size: int) -> None:
        """Send a frame, cut into two segments where `size` says."""
        assert self.client is not None
        octets = sent(first, payload)
        for segment in (octets[: size % len(octets)], octets[size % len(octets) :]):
            self.client.socket.sendall(segment)

    cut = strategies.integers(0, 300)

    @precondition(lambda self: not self.kind)
    @rule(text=strategies.text(max_size=80), cut=cut)
    def text(self, text: str, cut: int) -> None:
        """Say a text."""
        self.say(FIN | TEXT, text.encode(), cut)
        self.messages.append((TEXT, text.encode()))

    @precondition(lambda self: not self.kind)
    @rule(data=strategies.binary(max_size=300), cut=cut)
    def binary(self, data: bytes, cut: int) -> None:
        """Say octets."""
        self.say(FIN | BINARY, data, cut)
        self.messages.append((BINARY, data))

    @precondition(lambda self: not self.kind)
    @rule(text=strategies.text(max_size=20), at=strategies.integers(0, 80), cut=cut)
    def begin(self, text: str, at: int, cut: int) -> None:
        """Begin a text, and cut it anywhere, also within a character."""
        octets = text.encode()
        self.kind, self.content = TEXT, octets
        self.say(TEXT, octets[:at], cut)
        self.rest = octets[at:]

    @precondition(lambda self: self.kind)
    @rule(size=strategies.integers(0, 5), cut=cut)
    def go_on(self, size: int, cut: int) -> None:
        """Say more of a message, or nothing of it."""
        self.say(CONTINUATION, self.rest[:size], cut)
        self.rest = self.rest[size:]

    @precondition(lambda self: self.kind)
    @rule(cut=cut)
    def end(self, cut: int) -> None:
        """Say the rest of a message."""
        self.say(FIN | CONTINUATION, self.rest, cut)
        self.messages.append((self.kind, self.content))
        self.kind = 0

    @rule(data=strategies.binary(max_size=125), cut=cut)
    def ping(self, data: bytes, cut: int) -> None:
        """Ping, within a message too."""
        self.say(FIN | PING, data, cut)
        self.pongs.append(data)

    @rule(data=strategies.binary(max_size=125), cut=cut)
    def pong(self, data: bytes, cut: int) -> None:
        """Pong unasked, to which nobody says anything."""
        self.say(FIN | PONG, data, cut)

    @invariant()
    def is_answered(self) -> None:
        """Each answer comes, in its order, and no other."""
        while self.client is not None and (self.messages or self.pongs):
            said = self.client.next()
            if isinstance(said, Message):
                assert (said.opcode, said.data) == self.messages.popleft()
            else:
                assert said == Pong(self.pongs.popleft())

    def teardown(self) -> None:
        """Close, within a message perhaps: a Close comes back, and then the end."""
        if self.client is None:
            return
        self.say(FIN | CLOSE, b"\x03\xe8bye", 3)
        said = self.client.next()
        assert isinstance(said, Close)
        assert said.code == 1000
        assert self.client.socket.recv(1) == b""
        self.client.socket.close()


def test_a_dialogue_in_any_order(tmp_path: Path) -> None:
    """The echo keeps to the model, whatever a client may do, and in whatever segments."""
    with serving.contract_at(tmp_path) as Dialogue.address:
        run_state_machine_as_test(Dialogue, settings=serving.FEW)
