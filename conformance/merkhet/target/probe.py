"""How an endpoint is asked, and what is said of an answer that is not the contract's."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from merkhet.answer import Answer, Response
from merkhet.engine.connection import Connection
from merkhet.engine.preflight import Scout
from merkhet.template import Names


class Missed(Exception):  # noqa: N818 - what an answer says of an endpoint, not an error
    """Why an answer is not the contract's."""


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks one target. `names` holds a path for every endpoint that may be asked for."""

    scout: Scout
    names: Names

    async def ask(self, method: str, target: str, *lines: str, content: bytes = b"") -> Response:
        """Return the answer to a request. Raises Missed if there is no whole one, Unreachable if there is no connection.

        `target` has placeholders; each of `lines` is a field line.
        """
        return whole(await self.scout.ask(request(method, target, *lines, content=content), to=method))

    async def get(self, target: str, *lines: str) -> Response:
        """Return the answer to a GET."""
        return await self.ask("GET", target, *lines)

    async def text(self, target: str, expected: bytes) -> None:
        """Raise Missed unless a GET is answered 200 with this content, give or take line ends behind it."""
        response = await self.get(target)
        must_be(response, 200)
        if response.content.rstrip(b"\r\n") != expected.rstrip(b"\n"):
            raise Missed(f"content {response.content[:60]!r}, expected {expected!r}")

    async def send(self, connection: Connection, data: bytes) -> None:
        """Send a request on a connection that is open."""
        await connection.send([self.names.render(data, "preflight")])

    async def read(self, connection: Connection, until: bytes = b"") -> Answer:
        """Read the next answer on it, or as far as its content has these octets."""
        return await connection.answer("GET", self.scout.deadlines.answer_seconds, until=until)


Probe = Callable[[Prober], Awaitable[None]]
"""Returns if the endpoint is there; raises Missed if an answer says that it is not."""


def request(method: str, target: str, *lines: str, content: bytes = b"") -> bytes:
    """Return a request; with a Content-Length if it has content, or if its method makes one expected."""
    length = (f"Content-Length: {len(content)}",) if content or method in {"POST", "PUT"} else ()
    head = "\r\n".join((f"{method} {target} HTTP/1.1", "Host: {host}", *lines, *length, "", ""))
    return head.encode("latin-1") + content


def whole(answer: Answer) -> Response:
    """Return the response of an answer. Raises Missed if there is no whole one."""
    if answer.final is None:
        raise Missed(answer.describe())
    return answer.final


def must_be(response: Response, *codes: int) -> None:
    """Raise Missed unless the status is one of these."""
    if response.status not in codes:
        raise Missed(f"status {response.status}, expected {' or '.join(map(str, codes))}")


def must_hold(response: Response, expected: bytes, kind: str = "") -> None:
    """Raise Missed unless this is a 200 with exactly this content, and of this media type if one is given."""
    must_be(response, 200)
    if kind:
        must_be_a(response, kind)
    if response.content != expected:
        raise Missed(f"content {response.content[:60]!r}, expected {expected[:60]!r}")


def must_be_a(response: Response, kind: str) -> None:
    """Raise Missed unless the media type is this, whatever its parameters."""
    told = b"".join(response.values(b"Content-Type")).partition(b";")[0].strip().lower()
    if told != kind.encode("ascii"):
        raise Missed(f"Content-Type {told!r}, expected {kind}")


def json_of(response: Response) -> object:
    """Return the content of a response of the type application/json. Raises Missed."""
    must_be(response, 200)
    must_be_a(response, "application/json")
    try:
        document: object = json.loads(response.content)
    except ValueError:
        raise Missed("the content is no JSON") from None
    return document


def members_of(response: Response, *names: str) -> Mapping[str, object]:
    """Return the JSON object that a response holds, with these members at least. Raises Missed."""
    document = json_of(response)
    if not isinstance(document, dict) or not cast("dict[str, object]", document).keys() >= set(names):
        raise Missed(f"expected an object with {', '.join(names)}")
    return cast("dict[str, object]", document)
