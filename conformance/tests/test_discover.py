"""Discovery: an endpoint is believed only for the answers that the contract asks of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import checks
import pytest
from contract_server import ContractServer, Reply, Request, answer

from merkhet.selftest.dead import DEAD, always, serve
from merkhet.target.discover import SAFE, UNSAFE, Discovery, discover
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.dial import Unreachable
from merkhet.wire.sockets import Address, SocketDialer

NAMES = Names(host=b"h", scheme="http", endpoints={"root": "/"})
ALL = Names(host=b"h", scheme="http", endpoints={"root": "/", **{name: ENDPOINTS[name] for name in UNSAFE}})
Override = Callable[[Request], Reply | None]


def look(host: str, port: int, names: Names = NAMES) -> Discovery:
    async def main() -> Discovery:
        return await discover(SocketDialer(Address(host=host, port=port)), names, scale=0.1)

    return asyncio.run(main())


def found(override: Override = lambda _: None, names: Names = NAMES) -> Discovery:
    with checks.serving(ContractServer(override)) as (host, port):
        return look(host, port, names)


def test_every_endpoint_of_the_contract_has_a_probe() -> None:
    assert {*SAFE, *UNSAFE} == set(ENDPOINTS)


def test_everything_that_may_be_looked_for() -> None:
    result = found()
    assert not result.missed
    assert list(result.found) == [name for name in ENDPOINTS if name in SAFE]
    assert result.found["status"] == "/status/{code}"
    sockets = {"ws", "ws-deflate", "ws-subproto", "ws-serial", "ws-push"}
    assert set(result.unasked) == {"mutable", "form", "sse-push", "connect", *sockets}


def test_what_is_declared_is_asked_by_any_method() -> None:
    result = found(names=ALL)
    assert not result.missed
    assert result.found == ENDPOINTS
    assert not result.unasked


def test_what_is_not_declared_is_asked_by_safe_methods_alone() -> None:
    asked: list[Request] = []
    found(lambda request: asked.append(request))  # noqa: PLW0108 - it returns None: the server's own answer
    assert {request.method for request in asked} == {"GET", "TRACE"}
    assert {request.path for request in asked if request.method == "TRACE"} == {"/trace"}
    assert not [request for request in asked if request.content]


def test_declared_paths_and_base_path() -> None:
    names = Names(host=b"h", scheme="http", endpoints={"root": "/app/", "sleep": "/app/wait/{n}"})
    asked: list[str] = []

    def moved(request: Request) -> Reply | None:
        asked.append(request.path)
        request.path = request.path.removeprefix("/app").replace("/wait/", "/sleep/")
        return None

    result = found(moved, names)
    assert result.found["sleep"] == "/app/wait/{n}"
    assert result.found["param"] == "/app/param/{value}"
    assert all(path.startswith("/app/") for path in asked)


def instead(path: str, reply: Reply, *, method: str = "", field: str = "") -> Override:
    """Answer what is asked for there otherwise; only this method, or only requests with this in their field lines."""

    def override(request: Request) -> Reply | None:
        there = request.path.startswith(path) and method in {"", request.method}
        return reply if there and field in request.fields else None

    return override


JSON = "Content-Type: application/json"
TEXT = "Content-Type: text/plain"
STREAM = "Content-Type: text/event-stream"
SAVED = "Content-Disposition: attachment; filename*=UTF-8''merkhet.txt"
BASIC = 'WWW-Authenticate: Basic realm="merkhet"'


@pytest.mark.parametrize(
    ("name", "override", "why"),
    [
        ("echo", instead("/echo", answer(200, b"{}", "Content-Type: text/html")), "Content-Type"),
        ("echo", instead("/echo", answer(200, b"{", JSON)), "no JSON"),
        ("echo", instead("/echo", answer(200, b"[]", JSON)), "expected an object"),
        ("echo", instead("/echo", answer(201, b"{}", JSON)), "status 201"),
        ("status", instead("/status/404", answer(200)), "status 200, expected 404"),
        ("sleep", instead("/sleep/2", answer(200, b"1")), "expected b'2'"),
        ("stream", instead("/stream", answer(200, b"piece 0\n")), "expected b'piece 0"),
        ("pieces", instead("/pieces", answer(200, b"piece 0\n")), "expected b'piece 0"),
        ("redirect", instead("/redirect", answer(302, b"", "Location: /elsewhere")), "Location"),
        ("redirect", instead("/redirect", answer(301, b"", "Location: /")), "status 301"),
        ("param", instead("/param", answer(200, b"merkhet%20a")), "expected b'merkhet a'"),
        ("files", instead("/files/empty", answer(404)), "status 404 for 'empty.txt'"),
        ("files", instead("/files/one.bin", answer(200, b"1\n")), "other octets"),
        ("files", instead("/files/%C3%BCber", answer(404)), "merkhet fixtures"),
        ("files", instead("/files/merkhet-nothing", answer(200)), "status 200, expected 404"),
        ("gzip", instead("/text", answer(200, b"x", TEXT)), "content b'x'"),
        ("gzip", instead("/text", answer(200, b"x", TEXT), field="gzip"), "Content-Encoding"),
        ("gzip", instead("/text", answer(200, b"x", TEXT, "Content-Encoding: gzip"), field="gzip"), "not text.txt"),
        ("gzip", instead("/text", answer(200, b"x", "Content-Type: text/html")), "expected text/plain"),
        ("conneg", instead("/conneg", answer(200, b"<p>merkhet</p>", "Content-Type: text/html")), "Content-Type"),
        ("conneg", instead("/conneg", answer(200, b'{"name": "x"}', JSON), field="json"), "the document is"),
        ("download", instead("/download", answer(200, b"download\n")), "no Content-Disposition"),
        ("download", instead("/download", answer(200, b"download\n", "Content-Disposition: inline")), "attachment"),
        ("download", instead("/download", answer(200, b"download\n", SAVED)), "expected 'merkhet \u00fc.txt'"),
        ("download", instead("/download", answer(200, b"other", SAVED)), "content b'other'"),
        ("auth", instead("/private", answer(200, b"private\n")), "expected 401"),
        ("auth", instead("/private", answer(401)), "no WWW-Authenticate"),
        ("auth", instead("/private", answer(401, b"", BASIC.replace("merkhet", "other"))), "no WWW-Authenticate"),
        ("auth", instead("/private", answer(401, b"", BASIC)), "expected 200"),
        ("trace", instead("/trace", answer(405)), "expected 200"),
        ("trace", instead("/trace", answer(200, b"x", TEXT)), "expected message/http"),
        ("sse", instead("/events", answer(200, b"data: event 1\n\n", STREAM)), "the events are"),
        ("sse", instead("/events", answer(200, b"", TEXT)), "expected text/event-stream"),
        ("sse-echo", instead("/sse-echo", answer(200, b"data: one\n\n", STREAM)), "the events are"),
        ("sse-resume", instead("/sse-resume", answer(200, b"id: 1\ndata: event 1\n\n", STREAM)), "the events are"),
    ],
)
def test_a_wrong_answer_is_not_believed(name: str, override: Override, why: str) -> None:
    result = found(override)
    assert name not in result.found
    assert why in result.missed[name]
    assert len(result.missed) == 1


def changed(path: str, old: bytes, new: bytes) -> Override:
    """Give the contract's answer with something of it changed."""

    def override(request: Request) -> Reply | None:
        return Reply(old, new) if request.path.startswith(path) else None

    return override


@pytest.mark.parametrize(
    ("name", "override", "why"),
    [
        ("trace", changed("/trace", b"X-Merkhet: trace\r\n", b""), "a field line of the request is not"),
        ("trace", changed("/trace", b"TRACE /trace", b"TRACE /"), "the first line is"),
        ("trace", changed("/trace", b"X-Merkhet: trace", b"X-Merkhet: trace\r\nCookie: merkhet=secret"), "the Cookie"),
        ("sse", changed("/events", b"id: 3", b"id: 4"), "the events are"),
        ("sse-echo", changed("/sse-echo", b"retry: 1000\n", b""), "retry"),
        ("sse-echo", changed("/sse-echo", b"event: merkhet\n", b""), "the events are"),
        ("sse-resume", changed("/sse-resume", b"data: event 5", b"data: event 6"), "the events are"),
        ("conneg", changed("/conneg", b"<p>", b"<b>"), "expected '<p>merkhet"),
    ],
)
def test_what_is_almost_right_is_not_believed(name: str, override: Override, why: str) -> None:
    result = found(override)
    assert why in result.missed[name]
    assert set(result.missed) == {name}


def only(path: str, reply: Reply) -> Override:
    """Give this answer, or this change of the contract's, for this path alone."""

    def override(request: Request) -> Reply | None:
        return reply if request.path == path else None

    return override


@pytest.mark.parametrize(
    ("name", "override", "why"),
    [
        ("form", instead("/form", answer(200, b'{"fields": []}', JSON)), "expected an object with fields, files"),
        ("form", instead("/form", answer(200, b'{"fields": [], "files": []}', JSON)), "fields []"),
        ("form", changed("/form", b'"b.bin"', b'"c.bin"'), "files"),
        ("form", instead("/form", answer(400), field="text/plain"), "status 400, expected 415"),
        ("form", instead("/form", answer(404)), "status 404, expected 200"),
        ("mutable", instead("/mutable", answer(405)), "status 405, expected 404"),
        ("mutable", instead("/mutable", answer(204), method="PUT"), "status 204, expected 201"),
        ("mutable", instead("/mutable", answer(201), method="PUT"), "status 404, expected 200"),
        ("mutable", changed("/mutable", b"one\0", b"one0"), "content b'one0'"),
        ("mutable", instead("/mutable", answer(403), method="DELETE"), "status 403, expected 200 or 204"),
        ("sse-push", instead("/sse-push", answer(200, b"", STREAM), method="GET"), "expected a stream with a comment"),
        ("sse-push", instead("/sse-push", answer(204), method="POST"), "content so far|did not come"),
        ("sse-push", instead("/sse-push", answer(200), method="POST"), "expected 204"),
        ("connect", instead("example.com:80", answer(405)), "status 405, expected 2xx"),
        ("ws", only("/ws", answer(200)), "status 200, expected 101"),
        ("ws", only("/ws", Reply("\u00e9".encode(), b"e!")), "expected text b'merkh"),
        ("ws", only("/ws", Reply(b"\x82\x02\x00\xff", b"\x82\x01\x00")), "expected binary"),
        ("ws-deflate", only("/ws-deflate", answer(404)), "status 404, expected 101"),
        ("ws-deflate", only("/ws-deflate", Reply(b"permessage", b"perhaps")), "does not accept permessage-deflate"),
        ("ws-subproto", only("/ws-subproto", Reply(b"merkhet.two", b"merkhet")), "expected merkhet.one or"),
        ("ws-serial", only("/ws-serial", Reply(b"name", b"nane")), "expected text b'name'"),
        ("ws-push", only("/ws-push", Reply(b"1  ", b"2  ")), "text b'2  '"),
    ],
)
def test_what_is_declared_must_be_right_too(name: str, override: Override, why: str) -> None:
    result = found(override, ALL)
    assert any(part in result.missed[name] for part in why.split("|")), result.missed[name]
    assert set(result.missed) == {name}


def test_a_false_echo_is_not_believed() -> None:
    def decoded(request: Request) -> Reply | None:
        request.path = request.path.replace("%41", "A")
        return None

    assert "expected base64 of" in found(decoded).missed["echo"]


def test_a_root_that_changes() -> None:
    count = iter(range(100))
    result = found(lambda request: answer(200, b"%d" % next(count)) if request.path == "/" else None)
    assert "alike" in result.missed["root"]


@pytest.mark.parametrize("name", ["always 200", "always 400", "garbage", "hang-up"])
def test_dead_servers_have_nothing_but_a_root(name: str) -> None:
    with serve(DEAD[name]) as (host, port):
        assert set(look(host, port, ALL).found) <= {"root", "connect"}


def test_a_server_that_answers_all_with_404_has_no_status() -> None:
    with serve(always(b"404 Not Found")) as (host, port):
        assert "status" not in look(host, port).found


def test_no_connection_at_all() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            look(*closed.getsockname())
