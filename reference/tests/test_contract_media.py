"""The contract's endpoints about representations, over a real connection."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import http_client
import pytest
from http_client import ask

from merkhet_reference import Server, contract
from merkhet_reference.contract_media import LINES, credentials

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="../x.bin"\r\nContent-Type: a/b\r\n\r\n\x00\xff\r\n'
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\ntwo\r\n--b--\r\n'
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(contract.application()).running() as running:
        yield running


def test_text_is_compressed_for_who_prefers_it(server: Server) -> None:
    plain = ask(server, "/text")
    assert (plain.content, plain.fields["vary"]) == (LINES, "Accept-Encoding")
    assert "content-encoding" not in plain.fields
    zipped = ask(server, "/text", fields={"Accept-Encoding": "gzip"})
    assert gzip.decompress(zipped.content) == LINES
    assert (zipped.fields["content-encoding"], zipped.fields["vary"]) == ("gzip", "Accept-Encoding")


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [("text/html", 200, "text/html"), ("application/*", 200, "application/json"), ("image/png", 406, "text/plain")],
)
def test_negotiation(server: Server, accept: str, status: int, kind: str) -> None:
    answer = ask(server, "/conneg", fields={"Accept": accept})
    assert (answer.status, answer.fields["content-type"], answer.fields["vary"]) == (status, kind, "Accept")


def test_a_form_is_reported_in_order(server: Server) -> None:
    answer = ask(server, "/form", "POST", PARTS, FORM)
    assert answer.status == 200
    assert json.loads(answer.content) == {
        "fields": [["a", "one"], ["a", "two"]],
        "files": [["f", "x.bin", "a/b", base64.b64encode(b"\x00\xff").decode()]],
    }


def test_a_form_of_pairs_is_reported(server: Server) -> None:
    fields = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}
    answer = ask(server, "/form", "POST", b"a=1&b=%C3%BC&a=", fields)
    assert json.loads(answer.content) == {"fields": [["a", "1"], ["b", "\xfc"], ["a", ""]], "files": []}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400),
        (PARTS, "multipart/form-data", 400),
        (b"x" * (1024 * 1024 + 1), "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused(server: Server, content: bytes, kind: str, status: int) -> None:
    assert ask(server, "/form", "POST", content, {"Content-Type": kind}).status == status


def test_a_form_leaves_nothing_on_disk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert ask(server, "/form", "POST", PARTS, FORM).status == 200
    assert ask(server, "/form", "POST", PARTS[:-8], FORM).status == 400
    assert list(tmp_path.iterdir()) == []


def test_a_download_has_the_name_of_its_path(server: Server) -> None:
    answer = ask(server, "/download/a%20b.txt")
    assert (answer.content, answer.fields["content-disposition"]) == (b"download\n", 'attachment; filename="a b.txt"')


def test_who_has_the_credentials_is_let_in(server: Server) -> None:
    token = base64.b64encode(b"merkhet:merkhet").decode()
    assert ask(server, "/private").fields["www-authenticate"] == 'Basic realm="merkhet"'
    assert ask(server, "/private", fields={"Authorization": f"bAsIc {token}"}).content == b"private\n"
    assert ask(server, "/private", fields={"Authorization": f"Bearer {token}"}).status == 401


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([b"Basic YTpi", b"Basic YTpi"], None),
        ([b"Basic"], b""),
        ([b"Basic !"], None),
        ([b"Basic YTpi "], b"a:b"),
        ([b"BASIC  YTpi"], b"a:b"),
    ],
)
def test_credentials(values: list[bytes], expected: bytes | None) -> None:
    assert credentials(values) == expected


def test_trace_sends_back_all_but_secrets(server: Server) -> None:
    octets = http_client.exchange(
        server,
        b"TRACE /trace?x HTTP/1.1\r\nHost: h\r\nX-A: b\r\nCOOKIE: c\r\nAuthorization: d\r\nConnection: close\r\n\r\n",
    )
    head, _, content = octets.partition(b"\r\n\r\n")
    assert b"Content-Type: message/http" in head
    assert content == b"TRACE /trace?x HTTP/1.1\r\nHost: h\r\nX-A: b\r\nConnection: close\r\n\r\n"
