"""Each example, run as its reader would run it: `python FILE PORT`, asked as its first lines say, ended by Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
ATTEMPTS_MAX = 1000


class Example:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, method: str = "GET", content: bytes | None = None) -> tuple[int, bytes, str | None]:
        """Status, content, and Allow if there is one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, content)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("Allow")
        finally:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(ATTEMPTS_MAX):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the example ended with {process.wait(0.01)}")
    pytest.fail("the example does not listen")


@contextlib.contextmanager
def running(name: str) -> Generator[Example, None, None]:
    port = free_port()
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_until_it_listens(process, port)
            yield Example(port)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
            assert (process.returncode, errors) == (0, b"")
        finally:
            process.kill()


def test_hello() -> None:
    with running("hello.py") as example:
        assert example.ask("/") == (200, b"hello, world\n", None)
        assert example.ask("/any/thing", "POST", b"x") == (200, b"hello, world\n", None)


def test_router() -> None:
    with running("router.py") as example:
        assert example.ask("/notes/today")[0] == 404
        assert example.ask("/notes/today", "PUT", b"buy bread") == (201, b"", None)
        assert example.ask("/notes/today", "PUT", b"buy bread, twice") == (204, b"", None)
        assert example.ask("/notes/today") == (200, b"buy bread, twice", None)
        assert example.ask("/notes") == (200, b"today\n", None)
        status, _, allow = example.ask("/notes/today", "POST", b"x")
        assert status == 405
        assert set((allow or "").split(", ")) >= {"GET", "PUT"}


def test_stream() -> None:
    with running("stream.py") as example:
        lines = example.ask("/?20")[1].splitlines()
        assert (len(lines), lines[-1]) == (20, b"19 squared is 361")
        assert len(example.ask("/")[1].splitlines()) == 10
        assert len(example.ask("/?10000")[1].splitlines()) == 10_000
        assert example.ask("/?many")[0] == 400
        assert example.ask("/?10001")[0] == 400


def test_every_example_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    missing = [path.name for path in EXAMPLES.glob("*.py") if f'running("{path.name}")' not in source]
    assert missing == []
