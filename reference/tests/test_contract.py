"""The target contract as the reference serves it: every endpoint over a real connection, and the command line."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_client import ask

from merkhet_reference import Limits, Server, contract


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("contract")
    (top / "secret.txt").write_text("secret")
    files = top / "files"
    (files / "below").mkdir(parents=True)
    (files / "a b.txt").write_bytes(b"plain")
    (files / "below" / "octets.unknown-kind").write_bytes(bytes(range(256)) * 2000)
    (files / "empty.txt").write_bytes(b"")
    (files / "text.txt").write_bytes(b"a text" * 100)
    (files / "way-out").symlink_to(top / "secret.txt")
    return files


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(contract.application(folder, tmp_path_factory.mktemp("drop"))).running() as running:
        yield running


def test_root(server: Server) -> None:
    assert ask(server, "/?any=query").content == b"merkhet reference\n"
    head = ask(server, "/", "HEAD")
    assert (head.status, head.fields["content-length"], head.content) == (200, "18", b"")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_echo_says_what_was_read(server: Server, method: str) -> None:
    answer = ask(server, "/echo?a=%20b", method, b"\0\xff", {"X-One": "caf\xe9"})
    assert answer.fields["content-type"] == "application/json"
    document = json.loads(answer.content)
    lines = [(base64.b64decode(name), base64.b64decode(value)) for name, value in document["fields"]]
    assert document["method"] == method
    assert base64.b64decode(document["target"]) == b"/echo?a=%20b"
    assert base64.b64decode(document["body"]) == b"\0\xff"
    assert (b"X-One", b"caf\xe9") in lines
    assert document["trailers"] == []


def test_echo_keeps_trailers_apart(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"
        )
        answer = http.client.HTTPResponse(client)
        answer.begin()
        document = json.loads(answer.read())
    assert base64.b64decode(document["body"]) == b"abc"
    assert document["trailers"] == [[base64.b64encode(octets).decode() for octets in (b"X-Sum", b"6")]]


@pytest.mark.parametrize("code", [200, 201, 299, 302, 404, 418, 503, 599])
def test_status_answers_with_it(server: Server, code: int) -> None:
    answer = ask(server, f"/status/{code}")
    assert (answer.status, answer.content) == (code, b"status %d\n" % code)


@pytest.mark.parametrize("code", [204, 304])
def test_status_without_content(server: Server, code: int) -> None:
    answer = ask(server, f"/status/{code}")
    assert (answer.status, answer.content) == (code, b"")


def test_an_interim_status_goes_before_a_200(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(b"GET /status/103 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        came = b"".join(iter(lambda: client.recv(65536), b""))
    assert re.findall(rb"HTTP/1\.1 (\d+)", came) == [b"103", b"200"]
    assert ask(server, "/status/101").status == 200


@pytest.mark.parametrize(
    "path",
    ["/status/99", "/status/600", "/status/x", "/status/²00", "/sleep/10001", "/sleep/-1", "/stream/10001", "/nothing",
     "/status/9999999999999999999999"],
)  # fmt: skip
def test_what_is_not_there_is_404(server: Server, path: str) -> None:
    assert ask(server, path.replace("²", "%C2%B2")).status == 404


def test_sleep_says_how_long(server: Server) -> None:
    assert ask(server, "/sleep/1").content == b"1"


@pytest.mark.parametrize("count", [0, 1, 100])
def test_stream_sends_its_pieces_without_a_length(server: Server, count: int) -> None:
    answer = ask(server, f"/stream/{count}")
    assert "content-length" not in answer.fields
    assert answer.content == b"".join(b"piece %d\n" % number for number in range(count))


@pytest.mark.parametrize("end", ["whole", "trailer"])
def test_pieces_come_to_an_end(server: Server, end: str) -> None:
    answer = ask(server, f"/pieces?n=3&ms=1&end={end}")
    assert answer.content == b"piece 0\npiece 1\npiece 2\n"


def test_pieces_end_in_a_trailer_for_who_takes_trailers(server: Server) -> None:
    with socket.create_connection(server.address[:2]) as client, client.makefile("rb") as reader:
        client.sendall(
            b"GET /pieces?n=1&end=trailer HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n"
        )
        assert reader.read().endswith(b"0\r\nMerkhet-Pieces: 1\r\n\r\n")


def test_pieces_that_fail_are_cut(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(server.address[:2]) as client, client.makefile("rb") as reader:
        client.sendall(b"GET /pieces?n=1&end=abort HTTP/1.1\r\nHost: a\r\n\r\n")
        assert reader.read().endswith(b"8\r\npiece 0\n\r\n")
    assert "to fail here" in caplog.text


@pytest.mark.parametrize("query", ["n=x", "n=1&ms=10001", "end=nothing"])
def test_pieces_that_nobody_can_send(server: Server, query: str) -> None:
    assert ask(server, f"/pieces?{query}").status == 400


def test_redirect(server: Server) -> None:
    answer = ask(server, "/redirect")
    assert (answer.status, answer.fields["location"]) == (302, "/")


@pytest.mark.parametrize(
    ("sent", "decoded"), [("a%2525", b"a%25"), ("%C3%A9", b"\xc3\xa9"), ("a+b", b"a+b"), ("%ff", b"\xff")]
)
def test_param_is_decoded_once(server: Server, sent: str, decoded: bytes) -> None:
    assert ask(server, f"/param/{sent}").content == decoded


def test_mutable_is_a_store(server: Server) -> None:
    path = "/mutable/merkhet-test"
    assert ask(server, path).status == 404
    assert ask(server, path, "PUT", b"one").status == 201
    assert ask(server, path, "PUT", b"two").status == 204
    assert ask(server, path).content == b"two"
    assert ask(server, path, "DELETE").status == 204
    assert ask(server, path, "DELETE").status == 404


def test_mutable_has_a_bound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(contract, "MUTABLE_FILES_MAX", 1)
    with Server(contract.application(drop=tmp_path)).running() as small:
        assert ask(small, "/mutable/a", "PUT", b"1").status == 201
        assert ask(small, "/mutable/b", "PUT", b"1").status == 507
        assert ask(small, "/mutable/a", "PUT", b"2").status == 204


def test_the_text_is_the_file_if_there_is_one(server: Server) -> None:
    plain, zipped = (ask(server, "/text", fields={"Accept-Encoding": coding}) for coding in ("identity", "gzip"))
    assert (plain.content, gzip.decompress(zipped.content)) == (b"a text" * 100, b"a text" * 100)
    assert plain.fields["etag"] != zipped.fields["etag"]


def test_files_are_sent_with_their_kind_and_length(server: Server) -> None:
    plain = ask(server, "/files/a%20b.txt")
    assert (plain.content, plain.fields["content-type"], plain.fields["content-length"]) == (
        b"plain",
        "text/plain; charset=utf-8",
        "5",
    )
    octets = ask(server, "/files/below/octets.unknown-kind")
    assert octets.content == bytes(range(256)) * 2000
    assert octets.fields["content-type"] == "application/octet-stream"
    head = ask(server, "/files/below/octets.unknown-kind", "HEAD")
    assert (head.fields["content-length"], head.content) == ("512000", b"")
    assert ask(server, "/files/empty.txt").content == b""
    assert octets.fields["content-location"] == "/files/below/octets.unknown-kind"
    assert {"content-language", "expires", "vary"} <= octets.fields.keys()


def test_a_folder_is_a_redirect_and_a_page(server: Server) -> None:
    answer = ask(server, "/files/below")
    assert (answer.status, answer.fields["location"]) == (301, "/files/below/")
    assert b"octets.unknown-kind" in ask(server, "/files/below/").content


@pytest.mark.parametrize(
    "name",
    ["none.txt", "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "below/../../secret.txt", "way-out",
     "%2Fetc%2Fhostname", "a%00b", "..%5csecret.txt"],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_sent(server: Server, name: str) -> None:
    answer = ask(server, f"/files/{name}")
    assert answer.status in {400, 404}
    assert b"secret" not in answer.content


def test_limits_come_from_the_command_line() -> None:
    options = contract.parse_arguments(["--idle-seconds", "1.5", "--head-seconds", "2"])
    limits = contract.limits_from(options)
    assert (limits.idle_seconds_max, limits.head_seconds_max) == (1.5, 2.0)
    assert limits.content_seconds_max == Limits().content_seconds_max


@pytest.mark.parametrize(
    "arguments",
    [
        ["--workers", "0"],
        ["--tls-cert", "/no/such/file"],
        ["--unix", "/no/such/folder/s"],
        ["--files", "/no/such/folder"],
    ],
)
def test_what_cannot_be_started_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert contract.main(["--port", "0", *arguments]) == 1
    assert "cannot listen" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["merkhet_reference.contract", "merkhet_reference"])
def test_the_command_serves_until_it_is_told_to_end(module: str) -> None:
    command = [sys.executable, "-W", "error", "-m", module, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"merkhet reference: listening on http://127\.0\.0\.1:(\d+)/\n", line)
        assert match is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"merkhet reference\n"
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_command_serves_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    command = [sys.executable, "-m", "merkhet_reference.contract", "--unix", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"merkhet reference: listening on unix:{path}\n"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
