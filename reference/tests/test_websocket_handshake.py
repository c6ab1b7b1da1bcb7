"""The handshake: each requirement on a request, each one missing, and what the 101 says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from merkhet_reference.fields import FieldLine, Fields
from merkhet_reference.http1.connection import Connection
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.websocket import deflate, handshake
from merkhet_reference.websocket.handshake import HandshakeError, Policy

LINES: dict[str, str] = {
    "Host": "x",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def head(line: str = "GET /ws HTTP/1.1", more: tuple[str, ...] = (), **changed: str | None) -> RequestHead:
    """A handshake's head; `changed` has other values for some lines, None for none."""
    names = {name.replace("-", "_"): name for name in LINES}
    values: dict[str, str | None] = {**LINES, **{names[name]: value for name, value in changed.items()}}
    lines = [line, *(f"{name}: {value}" for name, value in values.items() if value is not None), *more, "", ""]
    connection = Connection(Limits())
    connection.receive("\r\n".join(lines).encode("latin-1"))
    event = connection.next_event()
    assert isinstance(event, RequestHead), event
    return event


def accepted(request: RequestHead, policy: Policy | None = None) -> Fields:
    return Fields(handshake.accept(request, policy or Policy()).fields)


def refused(request: RequestHead, policy: Policy | None = None) -> tuple[int, Fields]:
    with pytest.raises(HandshakeError) as caught:
        handshake.accept(request, policy or Policy())
    assert caught.value.why
    return caught.value.status, Fields(caught.value.fields)


def test_the_answer_to_the_key_of_the_specification() -> None:
    fields = accepted(head())
    assert fields.lines == [
        (b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "request_head",
    [
        head(Upgrade="WebSocket", Connection="UPGRADE"),
        head(Upgrade="h2c, websocket", Connection="keep-alive , upgrade"),
        head(Upgrade="foo", more=("Upgrade: websocket",)),
        head(Connection="keep-alive", more=("Connection: Upgrade",)),
        head("GET http://x/ws HTTP/1.1"),
        head("GET /ws HTTP/1.2"),
        head(more=("Sec-WebSocket-Key1: x", "X-Unknown: y", "Origin: http://anywhere")),
        head(more=("Sec-WebSocket-Extensions: foo; bar=1, permessage-deflate; server_max_window_bits=99",)),
    ],
)  # fmt: skip
def test_what_is_a_handshake(request_head: RequestHead) -> None:
    assert handshake.asks_to_upgrade(request_head)
    assert len(accepted(request_head).lines) == 3


def test_a_method_other_than_get() -> None:
    status, fields = refused(head("POST /ws HTTP/1.1"))
    assert (status, fields.lines) == (405, [(b"Allow", b"GET")])


@pytest.mark.parametrize(
    "request_head",
    [
        head(Upgrade=None), head(Upgrade="h2c"), head(Upgrade="websocket/13"), head(Upgrade="notwebsocket"),
        head("GET /ws HTTP/1.0"),
    ],
)  # fmt: skip
def test_what_asks_for_no_websocket_is_told_to(request_head: RequestHead) -> None:
    status, fields = refused(request_head)
    assert (status, fields.lines) == (426, [(b"Upgrade", b"websocket"), (b"Sec-WebSocket-Version", b"13")])
    assert not handshake.asks_to_upgrade(request_head)


@pytest.mark.parametrize("version", [None, "8", "12", "14", "0", "013", "13, 8", "x", ""])
def test_another_version(version: str | None) -> None:
    status, fields = refused(head(Sec_WebSocket_Version=version))
    assert (status, fields.get(b"Sec-WebSocket-Version"), fields.get(b"Upgrade")) == (426, b"13", b"websocket")


@pytest.mark.parametrize(
    "request_head",
    [
        head(Connection="keep-alive"),
        head(Connection="notupgrade"),
        head(Connection="Upgrade, close"),
        head(Connection=None),
        head(Host=""),
        head(more=("Sec-WebSocket-Protocol:",)),
        head(more=("Sec-WebSocket-Protocol: ,", "Sec-WebSocket-Protocol:")),
        head(more=("Sec-WebSocket-Extensions:",)),
        head(more=("Sec-WebSocket-Version: 13",)),
        head(Sec_WebSocket_Key=None),
        head(Sec_WebSocket_Key=""),
        head(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ"),
        head(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZ!=="),
        head(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25j"),
        head(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZWUgdG9v"),
        head(more=("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",)),
        head(more=("Sec-WebSocket-Protocol: a b",)),
        head(more=("Sec-WebSocket-Protocol: a, (b)",)),
        head(more=("Sec-WebSocket-Extensions: a;",)),
        head(more=('Sec-WebSocket-Extensions: a; b="c d"',)),
    ],
)  # fmt: skip
def test_what_is_broken_is_400(request_head: RequestHead) -> None:
    assert refused(request_head) == (400, Fields())


@pytest.mark.parametrize(
    ("lines", "known", "chosen"),
    [
        ((), ("chat",), None),
        (("a, b",), (), None),
        (("a, b",), ("chat",), None),
        (("a, b, c",), ("c", "b"), b"b"),
        (("a", "b"), ("b",), b"b"),
        ((" , a ,",), ("a",), b"a"),
        (("A",), ("a",), None),
    ],
)
def test_a_subprotocol_is_the_clients_first_that_is_known(
    lines: tuple[str, ...], known: tuple[str, ...], chosen: bytes | None
) -> None:
    request = head(more=tuple(f"Sec-WebSocket-Protocol: {line}" for line in lines))
    policy = Policy(subprotocols=known)
    assert accepted(request, policy).get(b"Sec-WebSocket-Protocol") == chosen
    name = handshake.accept(request, policy).subprotocol
    assert name == (None if chosen is None else chosen.decode())


@pytest.mark.parametrize(
    ("line", "seen"), [((), None), (("Origin: http://a",), "http://a"), (("Origin: \xff",), "\xff")]
)
def test_an_origin_is_asked_for(line: tuple[str, ...], seen: str | None) -> None:
    asked: list[str | None] = []

    def answering(*, answer: bool) -> Callable[[str | None], bool]:
        def allows(origin: str | None) -> bool:
            asked.append(origin)
            return answer

        return allows

    assert refused(head(more=line), Policy(allows_origin=answering(answer=False))) == (403, Fields())
    accepted(head(more=line), Policy(allows_origin=answering(answer=True)))
    assert asked == [seen, seen]


def test_compression() -> None:
    request = head(more=("Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: permessage-deflate"))
    found = handshake.accept(request, Policy())
    line: FieldLine = (b"Sec-WebSocket-Extensions", b"permessage-deflate")
    assert found.fields[-1] == line
    assert found.agreed == deflate.Agreed(12, 15, server_context=True, client_context=True)
    without = handshake.accept(request, Policy(compression=None))
    assert (without.agreed, len(without.fields)) == (None, 3)
