"""The file server of the command line: what it says, what it serves, and how it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
import trustme

from merkhet_reference import Server, serve

LISTENING = re.compile(r"merkhet reference: listening on (https?)://(127\.0\.0\.1|\[::1\]):(\d+)/\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"plain")
    (root / ".hidden").write_bytes(b"hidden")
    return root


class Running:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def ask(self, path: str, method: str = "GET", content: bytes | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, content, {"Connection": "close"})
        answer = connection.getresponse()
        connection.close()
        return answer

    def end(self, number: int = signal.SIGTERM) -> str:
        """End it, and return what it has written since it began to listen."""
        self.process.send_signal(number)
        assert self.process.wait(10) == 0
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextlib.contextmanager
def running(root: Path, *arguments: str) -> Generator[Running, None, None]:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "merkhet_reference.serve",
        "--root",
        str(root),
        "--port",
        "0",
        *arguments,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            match = LISTENING.fullmatch(process.stdout.readline())
            assert match is not None
            yield Running(process, int(match[3]))
        finally:
            process.kill()


def test_a_folder_is_served_to_be_read(root: Path) -> None:
    """Promise 23: the hardened file server, as it comes."""
    with running(root) as server:
        assert server.ask("/a.txt").read() == b"plain"
        assert b"./sub/" in server.ask("/").read()
        assert server.ask("/sub").getheader("Location") == "/sub/"
        assert server.ask("/.hidden").status == 404
        refused = server.ask("/new.txt", "PUT", b"x")
        assert (refused.status, refused.getheader("Allow")) == (405, "GET, HEAD, OPTIONS")
        assert server.ask("/a.txt", "BREW").status == 501
        assert server.ask("/metrics").status == 404
        log = server.end()
    assert not (root / "new.txt").exists()
    lines = log.splitlines()
    assert len(lines) == 7
    assert re.fullmatch(r'127\.0\.0\.1 - - \[[^]]*\] "GET /a\.txt HTTP/1\.1" 200 \d+ "-" "-"', lines[0])


def test_uploads_metrics_and_a_log_for_programs_when_they_are_asked_for(root: Path) -> None:
    """Promises 10 and 23."""
    with running(
        root, "--upload", "--hidden", "--no-listing", "--access-log", "json", "--metrics", "/-/metrics"
    ) as server:
        assert server.ask("/sub/new.txt", "PUT", b"new").status == 201
        assert server.ask("/sub/new.txt").read() == b"new"
        assert server.ask("/a.txt", "DELETE").status == 204
        assert (server.ask("/.hidden").status, server.ask("/").status) == (200, 404)
        text = server.ask("/-/metrics").read().decode()
        log = server.end(signal.SIGINT)
    assert 'merkhet_requests_total{method="PUT",status="2xx"} 1\n' in text
    assert "merkhet_workers 8.0\n" in text or "merkhet_workers 8\n" in text
    assert [json.loads(line)["target"] for line in log.splitlines()] == [
        "/sub/new.txt", "/sub/new.txt", "/a.txt", "/.hidden", "/", "/-/metrics",
    ]  # fmt: skip
    assert sorted(path.name for path in root.rglob("*")) == [".hidden", "new.txt", "sub"]


def test_a_part_may_be_put(root: Path) -> None:
    """Promise 10: PUT with Content-Range."""
    with running(root, "--upload", "--access-log", "none") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("PUT", "/a.txt", b"new", {"Content-Range": "bytes 5-7/8"})
        assert connection.getresponse().status == 204
        connection.close()
        assert server.ask("/a.txt").read() == b"plainnew"
        assert server.end() == ""


def test_a_download_in_flight_is_finished_at_the_end(root: Path) -> None:
    content = b"x" * 30_000_000
    (root / "large.bin").write_bytes(content)
    with running(root, "--access-log", "none") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/large.bin")
        answer = connection.getresponse()
        server.process.send_signal(signal.SIGTERM)
        assert answer.read() == content
        connection.close()
        assert server.process.wait(10) == 0


def test_over_tls(root: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode("ascii"))
    with running(root, "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")) as server:
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
        connection.request("GET", "/a.txt")
        assert connection.getresponse().read() == b"plain"
        connection.close()
        server.end()


def test_over_a_unix_socket(root: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    command = [sys.executable, "-m", "merkhet_reference.serve", "--root", str(root), "--unix", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"merkhet reference: listening on unix:{path}\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
            client.sendall(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--root", "ROOT/none"], "there is no folder '"),
        (["--root", "ROOT/a.txt"], "there is no folder '"),
        ([], "--root"),
        (["--root", "ROOT", "--metrics", "metrics"], "begins with a slash"),
        (["--root", "ROOT", "--tls-key", "key.pem"], "without a certificate"),
        (["--root", "ROOT", "--access-log", "xml"], "xml"),
        (["--root", "ROOT", "--port", "x"], "--port"),
    ],
)
def test_what_is_asked_for_wrongly_is_2(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        serve.main([argument.replace("ROOT", str(root)) for argument in arguments])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--port", "TAKEN"], ["--workers", "0"], ["--port", "70000"], ["--tls-cert", "/no/such/file"],
                  ["--metrics", "/x/**/y"], ["--metrics", "/**"]]
)  # fmt: skip
def test_what_cannot_be_done_is_1_and_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        given = [argument.replace("TAKEN", port) for argument in arguments]
        assert serve.main(["--root", str(root), *(given if "--port" in given else ["--port", "0", *given])]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("merkhet reference: cannot listen: ")


@pytest.mark.parametrize(
    "options",
    [[], ["--access-log", "none"], ["--access-log", "none", "--metrics", "/m"], ["--metrics", "/m", "--upload"]],
)
def test_the_program_in_this_process(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    answered: list[bytes] = []

    def serve_once(server: Server) -> None:
        server.start()
        connection = http.client.HTTPConnection(*server.address, timeout=10)
        connection.request("GET", "/a.txt")
        answered.append(connection.getresponse().read())
        connection.close()
        server.shutdown()

    monkeypatch.setattr(Server, "serve", serve_once)
    assert serve.main(["--root", str(root), "--port", "0", *options]) == 0
    assert answered == [b"plain"]
    line, *log = capsys.readouterr().out.splitlines()
    assert LISTENING.fullmatch(line + "\n")
    assert len(log) == (0 if "none" in options else 1)


def test_an_ipv6_address_has_brackets(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    monkeypatch.setattr(Server, "serve", Server.shutdown)
    assert serve.main(["--root", str(root), "--host", "::1", "--port", "0", "--access-log", "none"]) == 0
    assert LISTENING.fullmatch(capsys.readouterr().out)
