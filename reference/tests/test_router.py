"""The router: which pattern wins, what its parameters are, and the answers where no handler is."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from merkhet_reference import Server, push
from merkhet_reference.endpoint import WebSocket
from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import BodyKind, Form, Framing, RequestHead, Target
from merkhet_reference.limits import Limits
from merkhet_reference.message import Admission, Handler, Receiver, Request
from merkhet_reference.router import KNOWN_METHODS, Match, NoMatch, Router, RouteTree, allowed_methods


class Answers:
    """A sink that keeps the octets of the answer."""

    persists = True
    content_came = False
    limits = Limits()

    def __init__(self) -> None:
        self.octets = b""

    def put_interim(self, data: bytes) -> None:
        self.octets += data

    def put_answer(self, status: int, data: bytes, *, keeps: bool) -> None:
        self.octets += data

    def put_parts(self, *args: object, **more: object) -> None:
        raise NotImplementedError

    def put_stream(self, status: int, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        self.octets += head + b"".join(pieces)

    def put_switch(self, *args: object, **more: object) -> WebSocket:
        raise NotImplementedError

    def put_open(self, *args: object, **more: object) -> push.OpenSink:
        raise NotImplementedError

    def status(self) -> int:
        return int(self.octets.split(b" ")[1])

    def allow(self) -> list[str]:
        lines = self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
        values = [line[7:].decode() for line in lines if line.startswith(b"Allow: ")]
        return values[0].split(", ") if values else []


def head_for(method: str, path: bytes, form: Form = Form.ORIGIN, *, expects: bool = False) -> RequestHead:
    framing = Framing(BodyKind.LENGTH, 5) if expects else Framing(BodyKind.NONE)
    return RequestHead(method.encode(), Target(form, path, path), (1, 1), Fields(), framing, b"h", True, expects)


def ask(router: Router, method: str, path: bytes, form: Form = Form.ORIGIN) -> Answers:
    answers = Answers()
    router(Request(head_for(method, path, form), b"", Fields(), answers))
    return answers


def says(text: str) -> Handler:
    """A handler that answers with `text`, and with its parameters in order of their names."""

    def handler(request: Request) -> None:
        params = ",".join(f"{name}={value}" for name, value in sorted(request.path_params.items()))
        request.respond(200, content=f"{text}|{params}".encode("utf-8", "surrogateescape"))

    return handler


def tree(*patterns: str, method: str = "GET") -> RouteTree[str]:
    made: RouteTree[str] = RouteTree()
    for pattern in patterns:
        made.add(method, pattern, pattern)
    return made


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        (b"/", "/", {}),
        (b"/about", "/about", {}),
        (b"/a%62out", "/about", {}),
        (b"/t/x", "/t/:name", {"name": "x"}),
        (b"/t/x%2Fy", "/t/:name", {"name": "x/y"}),
        (b"/t/%2541", "/t/:name", {"name": "%41"}),
        (b"/t/%C3%A9", "/t/:name", {"name": "\u00e9"}),
        (b"/t/%FF", "/t/:name", {"name": "\udcff"}),
        (b"/t/fixed", "/t/fixed", {}),
        (b"/u/x", "/u/@who", {"who": "x"}),
        (b"/assets/x", "/assets/*", {}),
        (b"/files/a/b", "/files/**", {"**": "a/b"}),
        (b"/files/", "/files/**", {"**": ""}),
        (b"/files/index", "/files/:one", {"one": "index"}),
        (b"/t/x/y", "/t/:name/y", {"name": "x"}),
        (b"/t/fixed/z", "/t/:name/z", {"name": "fixed"}),
        (b"/b/", "/b/", {}),
    ],
)
def test_the_best_pattern_is_found_with_its_parameters(path: bytes, pattern: str, params: dict[str, str]) -> None:
    routes = tree(
        "/", "/about", "/t/:name", "/t/fixed", "/t/fixed/q", "/t/:name/y", "/t/:name/z", "/u/@who", "/assets/*",
        "/files/**", "/files/:one", "/b/",
    )  # fmt: skip
    assert routes.resolve("GET", path) == Match(pattern, params)


@pytest.mark.parametrize(
    "path", [b"/nothing", b"/t/", b"/t", b"/About", b"/t/x/", b"/files", b"/assets/", b"//", b"/a/b"]
)
def test_a_path_without_a_pattern_is_404(path: bytes) -> None:
    assert tree("/t/:name", "/files/**", "/assets/*", "/a/b/c").resolve("GET", path) == NoMatch(404)


def test_a_named_parameter_goes_before_a_nameless_one() -> None:
    assert tree("/*", "/:name").resolve("GET", b"/x") == Match("/:name", {"name": "x"})


def test_head_is_answered_by_get_unless_it_has_its_own_handler() -> None:
    routes = tree("/a", "/b")
    routes.add("HEAD", "/b", "own")
    assert routes.resolve("HEAD", b"/a") == Match("/a", {})
    assert routes.resolve("HEAD", b"/b") == Match("own", {})
    assert tree("/a", method="POST").resolve("HEAD", b"/a") == NoMatch(405, ("OPTIONS", "POST"))


def test_another_method_is_405_with_the_methods_of_every_pattern_that_matches() -> None:
    routes = tree("/a", "/:x")
    routes.add("PUT", "/**", "put")
    routes.add("POST", "/elsewhere/x", "post")
    assert routes.resolve("DELETE", b"/a") == NoMatch(405, ("GET", "HEAD", "OPTIONS", "PUT"))
    assert routes.resolve("PUT", b"/a") == Match("put", {"**": "a"})


def test_options_is_answered_with_allow_or_by_its_own_handler() -> None:
    routes = tree("/a")
    assert routes.resolve("OPTIONS", b"/a") == NoMatch(200, ("GET", "HEAD", "OPTIONS"))
    assert routes.resolve("OPTIONS", b"/b") == NoMatch(404)
    routes.add("OPTIONS", "/a", "own")
    assert routes.resolve("OPTIONS", b"/a") == Match("own", {})


@pytest.mark.parametrize("method", ["BREW", "get", "Get", ""])
def test_a_method_never_heard_of_is_501(method: str) -> None:
    assert tree("/a").resolve(method, b"/a") == NoMatch(501)


@pytest.mark.parametrize("pattern", ["", "a", "/a/:", "/@/b", "/**/a"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|parameter"):
        tree(pattern)


@pytest.mark.parametrize("pattern", ["/", "/a", "/:x", "/*", "/**"])
def test_a_pattern_that_is_taken_is_refused(pattern: str) -> None:
    routes = tree(pattern)
    routes.add("PUT", pattern, "another method")
    with pytest.raises(ValueError, match="has a handler already"):
        routes.add("GET", pattern, "again")


def test_allowed_methods_are_sorted_and_get_brings_head() -> None:
    assert allowed_methods(["PUT"]) == ("OPTIONS", "PUT")
    assert allowed_methods({"GET", "DELETE"}) == ("DELETE", "GET", "HEAD", "OPTIONS")


def test_every_shorthand_adds_its_method() -> None:
    router = Router()
    for name in ("get", "post", "put", "patch", "delete", "options"):
        getattr(router, name)("/p/:x", says(name))
    router.add("TRACE", "/p/:x", says("trace"))
    for name in ("get", "post", "put", "patch", "delete", "options", "trace"):
        assert ask(router, name.upper(), b"/p/1").octets.endswith(f"\r\n\r\n{name}|x=1".encode())


def test_answers_where_no_handler_is() -> None:
    router = Router()
    router.get("/a", says("a"))
    assert (ask(router, "GET", b"/none").status(), ask(router, "GET", b"/none").allow()) == (404, [])
    assert (ask(router, "PUT", b"/a").status(), ask(router, "PUT", b"/a").allow()) == (405, ["GET", "HEAD", "OPTIONS"])
    assert (ask(router, "OPTIONS", b"/a").status(), ask(router, "OPTIONS", b"/a").allow()[0]) == (200, "GET")
    assert ask(router, "BREW", b"/a").status() == 501


def test_an_error_handler_answers_in_place_of_the_bare_status() -> None:
    router = Router()
    router.error_handlers[404] = lambda request: request.respond(404, content=b"nothing here")
    assert ask(router, "GET", b"/x").octets.endswith(b"\r\n\r\nnothing here")


def test_the_server_as_a_whole_allows_what_it_knows_but_for_connect_and_trace() -> None:
    answer = ask(Router(), "OPTIONS", b"*", Form.ASTERISK)
    assert answer.status() == 200
    assert set(answer.allow()) == KNOWN_METHODS - {"CONNECT", "TRACE"}


def test_connect_is_501_even_with_a_handler_for_every_path() -> None:
    router = Router()
    router.add("CONNECT", "/**", says("tunnel"))
    assert ask(router, "CONNECT", b"", Form.AUTHORITY).status() == 501


def taker(request: Request) -> Receiver:
    """A handler that takes content by pieces and says how many there were."""
    pieces = 0
    while (yield) is not None:
        pieces += 1
    request.respond(200, content=b"%d" % pieces)


class Picky:
    """A handler that says itself what it takes."""

    def admit(self, head: RequestHead) -> Admission:
        return Admission(streams=True, content_bytes_max=len(head.target.path))

    def __call__(self, request: Request) -> None:
        request.respond(200)


def test_what_a_handler_takes_of_content_is_registered_with_it() -> None:
    """Promise 10: an upload is taken as it comes."""
    router = Router()
    router.get("/a", says("a"))
    router.add("BREW", "/a", says("a"), content_bytes_max=3)
    router.post("/a", taker, streams=True, content_bytes_max=10)
    router.put("/a", taker, streams=True)
    router.patch("/a", taker, content_bytes_max=7)
    assert router.admit(head_for("GET", b"/a")) == Admission()
    assert router.admit(head_for("POST", b"/a")) == Admission(streams=True, content_bytes_max=10)
    assert router.admit(head_for("PUT", b"/a")) == Admission(streams=True)
    assert router.admit(head_for("PATCH", b"/a")) == Admission(content_bytes_max=7)


def test_a_handler_that_knows_itself_what_it_takes_is_asked_unless_something_else_is_registered() -> None:
    inner = Router()
    inner.put("/in/**", Picky())
    router = Router()
    router.put("/own", Picky())
    router.put("/told", Picky(), content_bytes_max=1)
    router.put("/in/**", inner)
    assert router.admit(head_for("PUT", b"/own")) == Admission(streams=True, content_bytes_max=4)
    assert router.admit(head_for("PUT", b"/told")) == Admission(content_bytes_max=1)
    assert router.admit(head_for("PUT", b"/in/x")) == Admission(streams=True, content_bytes_max=5)


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [("PUT", b"/none", Form.ORIGIN), ("PUT", b"/a", Form.ORIGIN), ("BREW", b"/a", Form.ORIGIN), ("PUT", b"*", Form.ASTERISK)],
)  # fmt: skip
def test_nobody_is_invited_to_send_content_that_no_handler_takes(method: str, path: bytes, form: Form) -> None:
    router = Router()
    router.get("/a", says("a"))
    assert router.admit(head_for(method, path, form, expects=True)) == Admission(streams=True)
    assert router.admit(head_for(method, path, form)) == Admission()


def test_the_one_that_takes_content_by_pieces_is_handed_on() -> None:
    router = Router()
    router.put("/a", taker, streams=True)
    router.error_handlers[404] = taker
    for path in (b"/a", b"/none"):
        answers = Answers()
        receiver = router(Request(head_for("PUT", path), b"", Fields(), answers))
        assert receiver is not None
        for piece in (None, b"x", b"y"):
            receiver.send(piece)
        with pytest.raises(StopIteration):
            receiver.send(None)
        assert answers.octets.endswith(b"\r\n\r\n2")


@pytest.mark.parametrize(
    ("line", "interims", "status"),
    [(b"PUT /none", 0, b"404"), (b"POST /a", 0, b"405"), (b"BREW /a", 0, b"501"), (b"PUT /a", 1, b"200")],
)
def test_a_client_is_told_at_once_that_its_content_goes_nowhere(line: bytes, interims: int, status: bytes) -> None:
    router = Router()
    router.put("/a", taker, streams=True)
    with Server(router).running() as server, socket.create_connection(server.address, timeout=10) as client:
        client.sendall(line + b" HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        came = client.recv(65536)
        assert came.count(b"HTTP/1.1 100 ") == interims
        if interims:
            client.sendall(b"ab")
            came = client.recv(65536)
        assert came.startswith(b"HTTP/1.1 " + status)
