"""Discovery: an endpoint is believed only for the answer that the contract asks of it."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Callable

import checks
import pytest

from merkhet.fixtures import FIXTURES
from merkhet.selftest.dead import DEAD, always, serve
from merkhet.target.discover import Discovery, discover
from merkhet.template import Names
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import Address, SocketDialer

NAMES = Names(host=b"h", scheme="http", endpoints={"root": "/"})


def look(host: str, port: int, names: Names = NAMES) -> Discovery:
    async def main() -> Discovery:
        return await discover(SocketDialer(Address(host=host, port=port)), names, scale=0.1)

    return asyncio.run(main())


def answer(status: int, content: bytes = b"", *lines: str) -> bytes:
    length = [] if status == 204 else [f"Content-Length: {len(content)}"]
    return "\r\n".join([f"HTTP/1.1 {status} X", *lines, *length, "", ""]).encode() + content


def good(path: str) -> bytes:
    """Answer as the contract says."""
    name, _, value = path.lstrip("/").partition("/")
    if name.startswith("echo"):
        target = base64.b64encode(path.encode()).decode()
        told = {"method": "GET", "target": target, "body": "", "fields": None, "trailers": None}
        return answer(200, json.dumps(told).encode(), "Content-Type: application/json")
    if name == "redirect":
        return answer(302, b"", "Location: http://h/")
    contents = {
        "": b"root\n",
        "sleep": value.encode(),
        "stream": b"".join(b"piece %d\n" % number for number in range(3)),
        "param": value.replace("%20", " ").encode(),
        "files": FIXTURES.get(value, b""),
    }
    if name == "status":
        return answer(int(value))
    return answer(200, contents[name]) if name in contents else answer(404)


def serving(reply: Callable[[str], bytes]) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return
            head += data
        connection.sendall(reply(head.split(b" ")[1].decode()))

    return handle


def found(reply: Callable[[str], bytes], names: Names = NAMES) -> Discovery:
    with checks.serving(serving(reply)) as (host, port):
        return look(host, port, names)


def test_everything() -> None:
    result = found(good)
    assert list(result.found) == ["root", "echo", "status", "sleep", "stream", "redirect", "param", "files"]
    assert result.found["status"] == "/status/{code}"
    assert not result.missed


def test_declared_paths_and_base_path() -> None:
    names = Names(host=b"h", scheme="http", endpoints={"root": "/app/", "sleep": "/app/wait/{n}"})
    asked: list[str] = []

    def reply(path: str) -> bytes:
        asked.append(path)
        return good(path.removeprefix("/app").replace("/wait/", "/sleep/"))

    result = found(reply, names)
    assert result.found["sleep"] == "/app/wait/{n}"
    assert result.found["param"] == "/app/param/{value}"
    assert all(path.startswith("/app/") for path in asked)


@pytest.mark.parametrize(
    ("name", "path", "reply", "why"),
    [
        ("echo", "/echo", answer(200, b"{}", "Content-Type: text/html"), "Content-Type"),
        ("echo", "/echo", answer(200, b"{", "Content-Type: application/json"), "no JSON"),
        ("echo", "/echo", answer(200, b"[]", "Content-Type: application/json"), "expected an object"),
        ("status", "/status/404", answer(200), "status 200, expected 404"),
        ("sleep", "/sleep/2", answer(200, b"1"), "expected b'2'"),
        ("stream", "/stream", answer(200, b"piece 0\n"), "expected b'piece 0"),
        ("redirect", "/redirect", answer(302, b"", "Location: /elsewhere"), "Location"),
        ("redirect", "/redirect", answer(301, b"", "Location: /"), "status 301"),
        ("param", "/param", answer(200, b"merkhet%20a"), "expected b'merkhet a'"),
        ("files", "/files", answer(404), "status 404"),
    ],
)
def test_a_wrong_answer_is_not_believed(name: str, path: str, reply: bytes, why: str) -> None:
    result = found(lambda asked: reply if asked.startswith(path) else good(asked))
    assert name not in result.found
    assert why in result.missed[name]
    assert len(result.missed) == 1


def test_a_false_echo_is_not_believed() -> None:
    def reply(path: str) -> bytes:
        return good(path.replace("%41", "A")) if path.startswith("/echo") else good(path)

    assert "expected base64 of" in found(reply).missed["echo"]


def test_a_root_that_changes() -> None:
    count = iter(range(100))
    assert "alike" in found(lambda path: answer(200, b"%d" % next(count)) if path == "/" else good(path)).missed["root"]


@pytest.mark.parametrize("name", ["always 200", "always 400", "garbage", "hang-up"])
def test_dead_servers_have_nothing_but_a_root(name: str) -> None:
    with serve(DEAD[name]) as (host, port):
        assert set(look(host, port).found) <= {"root"}


def test_a_server_that_answers_all_with_404_has_no_status() -> None:
    with serve(always(b"404 Not Found")) as (host, port):
        assert "status" not in look(host, port).found


def test_no_connection_at_all() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            look(*closed.getsockname())
