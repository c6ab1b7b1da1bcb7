"""An example as its reader runs it: `python FILE PORT`, asked over a socket, ended by Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
ATTEMPTS_MAX = 2000
SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `fields` are looked up without regard to case."""

    status: int
    fields: Message
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(slots=True)
class Example:
    """A running example; `output` is what it has written to its standard output, once it has ended."""

    port: int
    process: subprocess.Popen[bytes]
    output: bytes = field(default=b"")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)

    def ask(
        self,
        path: str,
        method: str = "GET",
        content: bytes | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once, on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, content, dict(fields or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def send(self, octets: bytes) -> bytes:
        """Send octets as they are, and return all that comes until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS_MAX) as client:
            client.sendall(octets)
            return b"".join(iter(lambda: client.recv(65536), b""))


@contextlib.contextmanager
def reserved_port() -> Generator[int, None, None]:
    """Hold a port while a server binds it, which both ask to share: no other test can be given it meanwhile."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


def wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(ATTEMPTS_MAX):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX).close()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the example ended with {process.wait(0.01)}")
    pytest.fail("the example does not listen")


@contextlib.contextmanager
def running(name: str, *arguments: str, folder: Path | None = None) -> Generator[Example, None, None]:
    """Run an example in `folder`, and hold it to end quietly and well."""
    with reserved_port() as port:
        command = [sys.executable, "-W", "error", str(EXAMPLES / name), str(port), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder) as process:
            try:
                wait_until_it_listens(process, port)
                example = Example(port, process)
                yield example
                process.send_signal(signal.SIGINT)
                example.output, errors = process.communicate(timeout=2 * SECONDS_MAX)
                assert (process.returncode, errors) == (0, b"")
            finally:
                process.kill()
