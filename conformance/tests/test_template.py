"""Placeholders: only these are replaced, and any other brace is literal."""

from __future__ import annotations

import pytest

from merkhet.answer import Response
from merkhet.kept import Lacking
from merkhet.template import Names, filled, needs

NAMES = Names(
    host=b"example.test:8080",
    scheme="https",
    endpoints={
        "root": "/base/",
        "status": "/s/{code}",
        "stream": "/stream?n={n}",
        "sse": "/e?n={n}&ms={ms}",
        "mutable": "/m/{name}/it",
        "connect": "h:80",
    },
)
KEPT = Response(version=b"HTTP/1.1", status=200, reason=b"OK", fields=((b"ETag", b'W/"{root}"'),))


@pytest.mark.parametrize(
    ("data", "rendered"),
    [
        (b"GET {root} HTTP/1.1", b"GET /base/ HTTP/1.1"),
        (b"{scheme}://{host}{root}{nonce}", b"https://example.test:8080/base/n1"),
        (b"{status:204}", b"/s/204"),
        (b"{stream:5}", b"/stream?n=5"),
        (b"{connect}", b"h:80"),
        (b"{rooty} {ROOT} {} {{ {\xff}", b"{rooty} {ROOT} {} {{ {\xff}"),
        (b"{{root}}", b"{/base/}"),
        (b"{mutable:merkhet-a}-{nonce}", b"/m/merkhet-a/it-n1"),
        (b"{mutable:merkhet-{nonce}-{nonce}}", b"/m/merkhet-n1-n1/it"),
        (b"{mutable:{root}}", b"{mutable:/base/}"),
        (b"{sse:3,50}", b"/e?n=3&ms=50"),
        (b"{sse-pushed} {sse", b"{sse-pushed} {sse"),
        (b"", b""),
    ],
)
def test_render(data: bytes, rendered: bytes) -> None:
    assert NAMES.render(data, "n1") == rendered


def test_what_a_value_holds_is_not_read_again() -> None:
    assert NAMES.render(b"{status:\\1}", "n") == b"/s/\\1"


def test_what_an_answer_said_is_not_read_again() -> None:
    assert NAMES.render(b"If-Match: {kept:page/etag}\r\n", "n", {"page": KEPT}) == b'If-Match: W/"{root}"\r\n'
    assert NAMES.render(b"{kept:page/ETag|strong}", "n", {"page": KEPT}) == b'"{root}"'


def test_what_no_answer_has_said_yet() -> None:
    assert NAMES.render(b"{kept:page/ETag}", "n") == b"{kept:page/ETag}"
    with pytest.raises(Lacking, match="no Last-Modified"):
        NAMES.render(b"{kept:page/Last-Modified}", "n", {"page": KEPT})


@pytest.mark.parametrize(
    ("template", "argument", "path"),
    [
        ("/text", "ignored", "/text"),
        ("/files/{path}", "a,b.txt", "/files/a,b.txt"),
        ("/files/{path}", "", "/files/"),
        ("/e?n={n}&ms={ms}", "3,50", "/e?n=3&ms=50"),
        ("/e?n={n}&ms={ms}", "3", "/e?n=3&ms="),
        ("/e?n={n}&ms={ms}", "3,5,0", "/e?n=3&ms=5,0"),
        ("/e/{a}/{b}/{c}", "1,,3", "/e/1//3"),
    ],
)
def test_filled(template: str, argument: str, path: str) -> None:
    assert filled(template, argument) == path


def test_an_endpoint_that_the_target_lacks() -> None:
    with pytest.raises(KeyError):
        NAMES.render(b"{echo}", "n")
    assert NAMES.offers(frozenset({"status"}))
    assert not NAMES.offers(frozenset({"status", "echo"}))


def test_needs() -> None:
    assert needs(b"{root} {host} {nonce} {scheme}") == frozenset()
    assert needs(b"{echo} {status:404} {unknown}") == {"echo", "status"}
    assert needs(b"{sse-echo:data=a} {sse:1,2} {mutable:merkhet-{nonce}}") == {"sse-echo", "sse", "mutable"}
    assert needs(b"{kept:page/ETag}") == frozenset()


def test_extra_fields_follow_every_host_line() -> None:
    names = Names(host=b"h", scheme="http", endpoints={"root": "/"}, extra_fields=b"X-Key: 1\r\n")
    request = b"GET {root} HTTP/1.1\r\nHost: {host}\r\nA: b\r\n\r\n"
    rendered = b"GET / HTTP/1.1\r\nHost: h\r\nX-Key: 1\r\nA: b\r\n\r\n"
    assert names.render(request + request, "n") == rendered + rendered
    assert names.render(b"GET / HTTP/1.1\r\nHost: other\r\n\r\n", "n") == b"GET / HTTP/1.1\r\nHost: other\r\n\r\n"


@pytest.mark.parametrize(
    ("host", "upper", "name"),
    [
        (b"h", b"H", b"h"),
        (b"localhost:8080", b"LOCALHOST:8080", b"localhost"),
        (b"h:", b"H:", b"h"),
        (b"[::1]:80", b"[::1]:80", b"[::1]"),
        (b"[::a]", b"[::A]", b"[::a]"),
    ],
)
def test_the_host_has_forms(host: bytes, upper: bytes, name: bytes) -> None:
    names = Names(host=host, scheme="http", endpoints={})
    assert names.render(b"{host} {host:upper} {host:name}", "n") == b" ".join((host, upper, name))
