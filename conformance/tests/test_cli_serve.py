"""`merkhet serve`: the contract, or a folder, until it is told to end."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from cli_process import environment, merkhet

from merkhet.cli.codes import Code


@contextlib.contextmanager
def serving(folder: Path, *arguments: str) -> Generator[tuple[subprocess.Popen[str], int]]:
    """Run `merkhet serve` there, and say at which port."""
    with subprocess.Popen(
        [sys.executable, "-m", "merkhet", "serve", "--port", "0", *arguments],
        cwd=folder,
        env=environment({"TMPDIR": str(folder)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as served:
        assert served.stdout is not None
        line = served.stdout.readline()
        found = re.search(r":(\d+)", line)
        assert found is not None, line
        yield served, int(found[1])


def answer_to(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request + b"Host: h\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_serve_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_bytes(b"plain")
    with serving(tmp_path, "--root", str(root), "--no-listing", "--metrics", "/metrics") as (served, port):
        assert answer_to(port, b"GET /a.txt HTTP/1.1\r\n").endswith(b"\r\n\r\nplain")
        assert answer_to(port, b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 404 ")
        assert b"merkhet_requests_total" in answer_to(port, b"GET /metrics HTTP/1.1\r\n")
        served.send_signal(signal.SIGTERM)
        assert served.wait(20) == 0
    assert [path.name for path in root.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--root", "no-such-folder"], "no-such-folder"),
        (["--root", ".", "--files", "."], "--files"),
        (["--root", ".", "--access-log", "xml"], "--access-log"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_serve_says_what_it_cannot_do(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = merkhet("serve", "--port", "0", *arguments, cwd=tmp_path)
    assert done.returncode == Code.INVOCATION
    assert told in done.stderr
