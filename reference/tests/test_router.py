"""The router: which pattern wins, what its parameters are, and the answers where no handler is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from merkhet_reference.fields import Fields
from merkhet_reference.http1.events import BodyKind, Form, Framing, RequestHead, Target
from merkhet_reference.message import Handler, Request
from merkhet_reference.router import KNOWN_METHODS, Match, NoMatch, Router, RouteTree, allowed_methods


class Answers:
    """A sink that keeps the octets of the answer."""

    def __init__(self) -> None:
        self.octets = b""

    def put_interim(self, data: bytes) -> None:
        self.octets += data

    def put_answer(self, data: bytes, *, keeps: bool) -> None:
        self.octets += data

    def put_stream(self, head: bytes, pieces: Iterator[bytes], *, keeps: bool) -> None:
        self.octets += head + b"".join(pieces)

    def status(self) -> int:
        return int(self.octets.split(b" ")[1])

    def allow(self) -> list[str]:
        lines = self.octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
        values = [line[7:].decode() for line in lines if line.startswith(b"Allow: ")]
        return values[0].split(", ") if values else []


def ask(router: Router, method: str, path: bytes, form: Form = Form.ORIGIN) -> Answers:
    answers = Answers()
    head = RequestHead(
        method.encode(), Target(form, path, path), (1, 1), Fields(), Framing(BodyKind.NONE), b"h", True, False
    )
    router(Request(head, b"", Fields(), answers))
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
