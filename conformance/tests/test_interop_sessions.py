"""Every client of WebSocket in every session, with a right server and with each wrong one: canned frames over real sockets."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
from collections.abc import Generator, Iterator
from io import BufferedReader
from pathlib import Path

import checks
import pytest

from merkhet.interop import session_clients, talks
from merkhet.interop.conversation import NotMineError
from merkhet.interop.scenarios import NotOfferedError
from merkhet.interop.session import Heard, Session, SocketClient
from merkhet.interop.session_clients import SOCKET_CLIENTS, Chromium
from merkhet.interop.session_scenarios import SESSIONS, TEXTS, Answered, SessionScenario, judged
from merkhet.model import Outcome
from merkhet.selftest.canned import NAMES

# A browser takes its time to start: it is here in the environment that has one (tox -e browser).
CLIENTS = list(SOCKET_CLIENTS.values())
KEY = re.compile(rb"(?i)\r\nsec-websocket-key: *(\S+)")
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NODE_MODULES = Path(__file__).parents[1] / "targets" / "node-ws" / "node_modules"
NOT_THEIRS = {"aiohttp sends no fragments", "a page sends no fragments", "a page sets no fields, and sends no pings"}
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@pytest.fixture(autouse=True)
def node_finds_ws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PATH", str(NODE_MODULES))


def installed(client: SocketClient) -> SocketClient:
    if not client.version():
        pytest.skip(f"{client.name} is not installed")
    return client


each_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
each_session = pytest.mark.parametrize("scenario", SESSIONS, ids=lambda scenario: scenario.slug)


@contextlib.contextmanager
def canned(answered: Answered) -> Generator[str]:
    """Serve what the scenario says to whoever comes, and a page to who asks for one. Yields the base."""

    def handler(connection: socket.socket) -> None:
        with connection.makefile("rb") as reader:
            key = KEY.search(read_head(reader))
            if key is None:
                connection.sendall(PAGE)
                return
            connection.sendall(accepted(key[1], answered.lines))
            coming = arrivals(reader)
            for answer in answered.answers:
                next(coming, None)
                connection.sendall(answer)
            # Choice: what still comes is read, for a client that is sent a reset may lose what it has not read yet.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
                while reader.read1():
                    pass

    with checks.serving(handler) as (host, port):
        yield f"http://{host}:{port}"


def read_head(reader: BufferedReader) -> bytes:
    """Read to the empty line, or to the end: a browser opens connections in advance."""
    lines: list[bytes] = []
    while (line := reader.readline()) not in {b"", b"\r\n"}:
        lines.append(line)
    return b"".join(lines)


def accepted(key: bytes, lines: tuple[bytes, ...]) -> bytes:
    told = base64.b64encode(hashlib.sha1(key + ACCEPT).digest())
    fields = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: " + told, *lines)
    return b"\r\n".join((b"HTTP/1.1 101 Switching Protocols", *fields, b"", b""))


def arrivals(reader: BufferedReader) -> Iterator[None]:
    """Yield at each whole message, Ping and Close of a client, whatever is in it."""
    while len(start := reader.read(2)) == 2:
        size = start[1] & 0x7F
        if size > 125:
            size = int.from_bytes(reader.read(2 if size == 126 else 8))
        reader.read(4 + size)
        is_pong = start[0] & 0xF == 0xA
        if start[0] & 0x80 and not is_pong:
            yield


def outcome(scenario: SessionScenario, client: SocketClient, answered: Answered) -> tuple[Outcome, str]:
    with canned(answered) as base:
        result = talks.one_talk(talks.of_session(scenario, client), NAMES, base, client.version())
    return result.outcome, result.reason or result.observed


@each_session
@each_client
def test_a_right_server_is_understood(scenario: SessionScenario, client: SocketClient) -> None:
    found, told = outcome(scenario, installed(client), scenario.good)
    assert found is Outcome.PASS or (found is Outcome.NOT_APPLICABLE and told in NOT_THEIRS), told


@each_session
@each_client
def test_every_wrong_server_is_noticed(scenario: SessionScenario, client: SocketClient) -> None:
    if outcome(scenario, installed(client), scenario.good)[0] is Outcome.NOT_APPLICABLE:
        pytest.skip("not this client's")
    assert scenario.wrong
    for fault, answered in scenario.wrong.items():
        found, told = outcome(scenario, client, answered)
        assert found is Outcome.WARN, f"{fault}: {found} {told}"


@each_session
def test_an_error_of_the_client_is_told(scenario: SessionScenario) -> None:
    assert judged(scenario, Heard(error="it broke")) == "it broke"


def test_what_the_target_does_not_have_is_no_fault() -> None:
    deflate = next(scenario for scenario in SESSIONS if scenario.slug == "ws-deflate")
    with pytest.raises(NotOfferedError, match="permessage-deflate"):
        judged(deflate, Heard(messages=TEXTS[:2], code=1000))


def test_what_a_page_cannot_do_is_no_fault() -> None:
    for session in (
        Session(path="/", fields={"X-A": "b"}),
        Session(path="/", ping=b""),
        Session(path="/", says=(("a",),)),
    ):
        with pytest.raises(NotMineError):
            Chromium().listen("http://127.0.0.1:1", session)


@each_client
def test_a_server_that_is_not_there_is_told(client: SocketClient) -> None:
    assert installed(client).listen("http://127.0.0.1:1", Session(path="/")).error


@each_client
def test_a_refusal_is_told(client: SocketClient) -> None:
    def handler(connection: socket.socket) -> None:
        with connection.makefile("rb") as reader:
            asked = KEY.search(read_head(reader))
            connection.sendall(PAGE if asked is None else PAGE.replace(b"200 OK", b"403 Forbidden"))

    with checks.serving(handler) as (host, port):
        heard = installed(client).listen(f"http://{host}:{port}", Session(path="/ws"))
    assert "403" in heard.error or (client.name == "chromium" and heard.error)


def test_a_client_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert session_clients.NodeWs().version() == ""
    assert Chromium().version() == ""


def test_a_program_that_fails_is_an_error_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_clients, "_NODE", "throw new Error('a fault of ours');")
    found, told = outcome(SESSIONS[0], installed(session_clients.NodeWs()), SESSIONS[0].good)
    assert found is Outcome.ERROR, told
