"""Placeholders: only these are replaced, and any other brace is literal."""

from __future__ import annotations

import pytest

from merkhet.template import Names, needs

NAMES = Names(
    host=b"example.test:8080",
    scheme="https",
    endpoints={"root": "/base/", "status": "/s/{code}", "stream": "/stream?n={n}", "connect": "h:80"},
)


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
        (b"", b""),
    ],
)
def test_render(data: bytes, rendered: bytes) -> None:
    assert NAMES.render(data, "n1") == rendered


def test_what_a_value_holds_is_not_read_again() -> None:
    assert NAMES.render(b"{status:\\1}", "n") == b"/s/\\1"


def test_an_endpoint_that_the_target_lacks() -> None:
    with pytest.raises(KeyError):
        NAMES.render(b"{echo}", "n")
    assert NAMES.offers(frozenset({"status"}))
    assert not NAMES.offers(frozenset({"status", "echo"}))


def test_needs() -> None:
    assert needs(b"{root} {host} {nonce} {scheme}") == frozenset()
    assert needs(b"{echo} {status:404} {unknown}") == {"echo", "status"}


def test_extra_fields_follow_every_host_line() -> None:
    names = Names(host=b"h", scheme="http", endpoints={"root": "/"}, extra_fields=b"X-Key: 1\r\n")
    request = b"GET {root} HTTP/1.1\r\nHost: {host}\r\nA: b\r\n\r\n"
    rendered = b"GET / HTTP/1.1\r\nHost: h\r\nX-Key: 1\r\nA: b\r\n\r\n"
    assert names.render(request + request, "n") == rendered + rendered
    assert names.render(b"GET / HTTP/1.1\r\nHost: other\r\n\r\n", "n") == b"GET / HTTP/1.1\r\nHost: other\r\n\r\n"
