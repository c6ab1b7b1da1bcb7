"""Which handler a request is for: patterns, methods, and the answers that RFC 9110 asks for where there is none.

| pattern | matches |
|---|---|
| `/about` | that path |
| `/treasure/:name`, `/treasure/@name` | one segment, given to the handler as `path_params["name"]` |
| `/assets/*` | one segment of any name |
| `/files/**` | the rest of the path, one segment or more |

Segments are compared after percent-decoding, once; an encoded slash stays inside its segment (RFC 3986, Section 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

from merkhet_reference.http1.events import Form, RequestHead, Target
from merkhet_reference.message import Admission, Handler, Receiver, Request

H = TypeVar("H")

KNOWN_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
"""What this server has heard of; anything else is 501 (RFC 9110, Section 9.1). Methods are compared with their case."""

ONE = "*"
REST = "**"
PARAMETER_MARKS = (":", "@")


@dataclass(frozen=True, slots=True)
class Match(Generic[H]):
    """A handler, and the decoded segments that its pattern names. `**` is named "**", its segments joined by "/"."""

    handler: H
    path_params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No handler: the status that says why, and the methods that would have one (for Allow)."""

    status: int
    allow: tuple[str, ...] = ()


class Node(Generic[H]):
    """One segment of the tree of patterns: what may follow it, and who answers where a path ends with it."""

    __slots__ = ("handlers", "literals", "parameters", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, Node[H]] = {}
        self.parameters: dict[str, Node[H]] = {}
        self.handlers: dict[str, H] = {}
        self.rest: dict[str, H] = {}


class RouteTree(Generic[H]):
    """A tree of segments. A literal goes before a parameter, a parameter before `*`, and `**` comes last."""

    def __init__(self) -> None:
        self._root: Node[H] = Node()

    def add(self, method: str, pattern: str, handler: H) -> None:
        """Let `handler` answer `method` on `pattern`. Raises ValueError for a pattern that is none, or is taken."""
        if not pattern.startswith("/"):
            raise ValueError(f"a pattern begins with a slash: {pattern!r}")
        node, handlers = self._root, self._root.handlers
        segments = pattern[1:].split("/")
        for index, segment in enumerate(segments):
            if segment == REST:
                if index != len(segments) - 1:
                    raise ValueError(f"** stands last in a pattern: {pattern!r}")
                handlers = node.rest
                break
            node = child_for(node, segment)
            handlers = node.handlers
        if method in handlers:
            raise ValueError(f"{method} {pattern} has a handler already")
        handlers[method] = handler

    def resolve(self, method: str, path: bytes) -> Match[H] | NoMatch:
        """Find the handler for a method and a percent-encoded path, or the reason why there is none."""
        if method not in KNOWN_METHODS:
            return NoMatch(501)
        allow: set[str] = set()
        for handlers, params in candidates(self._root, decoded_segments(path), {}):
            handler = handler_for(method, handlers)
            if handler is not None:
                return Match(handler, params)
            allow |= handlers.keys()
        if not allow:
            return NoMatch(404)
        return NoMatch(200 if method == "OPTIONS" else 405, allowed_methods(allow))


def child_for(node: Node[H], segment: str) -> Node[H]:
    """Return the node for one segment of a pattern, made if it is new."""
    if segment == ONE:
        return node.parameters.setdefault("", Node())
    if segment[:1] in PARAMETER_MARKS:
        if len(segment) == 1:
            raise ValueError("a parameter has a name")
        return node.parameters.setdefault(segment[1:], Node())
    return node.literals.setdefault(segment, Node())


def decoded_segments(path: bytes) -> list[str]:
    """Split a path at its slashes and then decode each segment, once. Octets that are no UTF-8 are kept as surrogates."""
    # [rfc3986-2.4-a2]
    return [unquote_to_bytes(segment).decode("utf-8", "surrogateescape") for segment in path[1:].split(b"/")]


def candidates(
    node: Node[H], segments: list[str], params: dict[str, str]
) -> Iterable[tuple[dict[str, H], dict[str, str]]]:
    """Yield each set of handlers whose pattern matches, best first, with its parameters."""
    if not segments:
        if node.handlers:
            yield node.handlers, params
        return
    segment, others = segments[0], segments[1:]
    if segment in node.literals:
        yield from candidates(node.literals[segment], others, params)
    # A named parameter before the nameless one; an empty segment is no value for either.
    for name in sorted(node.parameters, reverse=True) if segment else ():
        yield from candidates(node.parameters[name], others, {**params, name: segment} if name else params)
    if node.rest:
        yield node.rest, {**params, REST: "/".join(segments)}


def handler_for(method: str, handlers: Mapping[str, H]) -> H | None:
    """Return the handler for a method; GET's answers HEAD, its content left out (RFC 9110, Section 9.3.2)."""
    # [rfc9110-9.1-1]
    if method == "HEAD" and "HEAD" not in handlers:
        return handlers.get("GET")
    return handlers.get(method)


def allowed_methods(methods: Iterable[str]) -> tuple[str, ...]:
    """Return what Allow says: HEAD wherever GET is, and OPTIONS everywhere (RFC 9110, Sections 10.2.1 and 9.3.7)."""
    # [rfc9110-10.2.1-a1] [rfc9110-15.5.6-1]
    allowed = {*methods, "OPTIONS"}
    return tuple(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))


class Route(NamedTuple):
    """A handler, and what it takes of content: as it was registered, or what the handler itself says of each request."""

    handler: Handler
    admit: Callable[[RequestHead], Admission]


def route_for(handler: Handler, registered: Admission) -> Route:
    """Return the route of a handler. What is registered counts before what the handler says, if it can say anything."""

    def admit(_: RequestHead) -> Admission:
        return registered

    own: Callable[[RequestHead], Admission] | None = getattr(handler, "admit", None)
    return Route(handler, admit if own is None or registered != Admission() else own)


class Router:
    """A handler that finds the handler: `Server(router)`.

    A handler takes a Request; `request.path_params` holds what its pattern names. `error_handlers` maps a status of the
    router's own (404, 405, 501) to a handler that answers in its place; Allow is for that handler to send.

    With `streams` a handler is called before the content has come and takes it by pieces (message.Receiver);
    `content_bytes_max` is how much of it there may be, in place of the server's limit. A handler that has an `admit` of
    its own, as another router has, says so itself.
    """

    def __init__(self) -> None:
        self.error_handlers: dict[int, Handler] = {}
        self._tree: RouteTree[Route] = RouteTree()

    def add(
        self,
        method: str,
        pattern: str,
        handler: Handler,
        *,
        streams: bool = False,
        content_bytes_max: int | None = None,
    ) -> None:
        """Let `handler` answer `method` on `pattern`. Raises ValueError for a pattern that is none, or is taken."""
        self._tree.add(method, pattern, route_for(handler, Admission(streams, content_bytes_max)))

    def get(self, pattern: str, handler: Handler) -> None:
        """Answer GET, and HEAD with it."""
        self.add("GET", pattern, handler)

    def post(
        self, pattern: str, handler: Handler, *, streams: bool = False, content_bytes_max: int | None = None
    ) -> None:
        """Answer POST."""
        self.add("POST", pattern, handler, streams=streams, content_bytes_max=content_bytes_max)

    def put(
        self, pattern: str, handler: Handler, *, streams: bool = False, content_bytes_max: int | None = None
    ) -> None:
        """Answer PUT."""
        self.add("PUT", pattern, handler, streams=streams, content_bytes_max=content_bytes_max)

    def patch(
        self, pattern: str, handler: Handler, *, streams: bool = False, content_bytes_max: int | None = None
    ) -> None:
        """Answer PATCH."""
        self.add("PATCH", pattern, handler, streams=streams, content_bytes_max=content_bytes_max)

    def delete(self, pattern: str, handler: Handler) -> None:
        """Answer DELETE."""
        self.add("DELETE", pattern, handler)

    def options(self, pattern: str, handler: Handler) -> None:
        """Answer OPTIONS in place of the router's own answer."""
        self.add("OPTIONS", pattern, handler)

    def admit(self, head: RequestHead) -> Admission:
        """Return what the handler of a request takes of its content. The server asks before the content has come.

        A client that waits for leave to send content to where no handler is gets none: its request goes on without, to
        be told 404, 405 or 501 at once (RFC 9110, Section 10.1.1).
        """
        found = self._find(head.method.decode("ascii"), head.target)
        if isinstance(found, Match):
            return found.handler.admit(head)
        return Admission(streams=head.expects_continue)

    def __call__(self, request: Request) -> Receiver | None:
        """Answer a request by the handler it is for, or with the status that says why there is none."""
        # [rfc9110-9.1-3] [rfc9110-9.1-4] [rfc9110-10.2.1-1a] [rfc9110-9.3.7-1] [rfc9110-15.5-1]
        found = self._find(request.method, request.target)
        if isinstance(found, Match):
            request.path_params = found.path_params
            return found.handler.handler(request)
        handler = self.error_handlers.get(found.status)
        if handler is not None:
            return handler(request)
        allow = ((b"Allow", ", ".join(found.allow).encode("ascii")),) if found.allow else ()
        request.respond(found.status, allow)
        return None

    def _find(self, method: str, target: Target) -> Match[Route] | NoMatch:
        if target.form is Form.AUTHORITY:
            return NoMatch(501)  # CONNECT asks for a tunnel, and this is no proxy
        if target.form is Form.ASTERISK:
            return NoMatch(200, allowed_methods(KNOWN_METHODS - {"CONNECT", "TRACE"}))
        return self._tree.resolve(method, target.path)
