"""A connection that is kept, by a state machine: requests in any order, in any segments, read late or at once."""

from __future__ import annotations

import socket
from collections import deque
from pathlib import Path
from typing import ClassVar

import serving
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from merkhet.answer import End
from merkhet_fuzz.live.answers import Answers

SECONDS_MAX = 20.0
"""Never waited for but by a server that is at fault."""
PENDING_MAX = 12
METHODS = strategies.sampled_from(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"))
CONTENTS = strategies.binary(max_size=40) | strategies.sampled_from(
    (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"0\r\n\r\n", b"x" * 70000)
)
QUERIES = strategies.text("abc=&/?%41", max_size=6).filter(lambda query: "%" not in query)
Sent = tuple[str, bytes, bytes]


def written(method: str, target: bytes, content: bytes, cuts: list[int] | None, option: bytes = b"") -> bytes:
    """Return a request: with Content-Length, or in chunks of these lengths."""
    head = method.encode() + b" " + target + b" HTTP/1.1\r\nHost: a\r\n" + option
    if cuts is None:
        return head + b"Content-Length: %d\r\n\r\n" % len(content) + content
    chunks = b""
    for cut in cuts:
        part, content = content[:cut], content[cut:]
        chunks += b"%x;a=b\r\n%b\r\n" % (len(part), part) if part else b""
    chunks += b"%x\r\n%b\r\n" % (len(content), content) if content else b""
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-Trailer: t\r\n\r\n"


class KeptConnection(RuleBasedStateMachine):
    """What was sent and not answered yet is in `pending`; every answer is to the first of it."""

    address: ClassVar[tuple[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self.pending: deque[Sent] = deque()
        self.half = b""

    @initialize()
    def connects(self) -> None:
        self.socket = socket.create_connection(self.address, SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = Answers([])
        self.methods: list[str] = []
        self.answers.methods = self.methods
        self.read = 0

    def sends(self, octets: bytes, sent: Sent) -> None:
        self.methods.append(sent[0])
        self.pending.append(sent)
        self.socket.sendall(octets)

    @precondition(lambda self: not self.half and len(self.pending) < PENDING_MAX)
    @rule(
        method=METHODS,
        query=QUERIES,
        content=CONTENTS,
        cuts=strategies.none() | strategies.lists(strategies.integers(0, 9), max_size=4),
    )
    def asks(self, method: str, query: str, content: bytes, cuts: list[int] | None) -> None:
        target = b"/echo?" + query.encode()
        self.sends(written(method, target, content, cuts), (method, target, content))

    @precondition(lambda self: not self.half and len(self.pending) < PENDING_MAX)
    @rule(content=CONTENTS, at=strategies.integers(1, 60), cuts=strategies.none() | strategies.just([2]))
    def begins(self, content: bytes, at: int, cuts: list[int] | None) -> None:
        octets = written("POST", b"/echo", content, cuts)
        self.sends(octets[:at], ("POST", b"/echo", content))
        self.half = octets[at:]

    @precondition(lambda self: bool(self.half))
    @rule(count=strategies.integers(1, 200))
    def goes_on(self, count: int) -> None:
        self.socket.sendall(self.half[:count])
        self.half = self.half[count:]

    @precondition(lambda self: len(self.pending) > bool(self.half))
    @rule()
    def reads(self) -> None:
        while len(self.answers.finals) <= self.read:
            octets = self.socket.recv(65536)
            assert octets, f"the server has ended the connection: {self.answers.told()}"
            self.answers.received(octets)
            assert not self.answers.garbage
        self.agrees(self.pending.popleft())

    def agrees(self, sent: Sent) -> None:
        method, target, content = sent
        answer = self.answers.finals[self.read]
        assert answer.status == 200
        assert not answer.faults
        echo = self.answers.echo(self.read)
        self.read += 1
        if method != "HEAD":
            assert echo is not None
            assert (echo.method, echo.target, echo.body) == (method, target, content)
            assert b"x-trailer" not in {name.lower() for name, _ in echo.fields or ()}

    @precondition(lambda self: not self.half)
    @rule(option=strategies.sampled_from((b"close", b"x-a, Close", b"keep-alive\r\nConnection: close")))
    def says_that_it_is_the_last(self, option: bytes) -> None:
        target = b"/echo?last"
        self.sends(written("GET", target, b"", None, b"Connection: " + option + b"\r\n"), ("GET", target, b""))
        self.socket.sendall(b"GET /echo?behind HTTP/1.1\r\nHost: a\r\n\r\n")
        while self.pending:
            self.reads()
        assert self.socket.recv(100) == b""
        self.answers.ended(End.CLOSED)
        assert len(self.answers.finals) == self.read
        self.socket.close()
        self.connects()

    def teardown(self) -> None:
        if hasattr(self, "socket"):
            self.socket.close()


def test_a_kept_connection_answers_each_request_in_its_turn(tmp_path: Path) -> None:
    """Whatever was asked before, and in whatever segments, each answer is to the request whose turn it is."""
    with serving.contract_at(tmp_path) as KeptConnection.address:
        run_state_machine_as_test(KeptConnection, settings=serving.FEW)
