"""Probes of WebSockets: they are asked where they are declared, and believed for what they say behind the 101."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, Mapping

from merkhet.answer import Response
from merkhet.check import Hears
from merkhet.engine.connection import Connection
from merkhet.heard import Message, Opcode
from merkhet.target.probe import Missed, Probe, Prober, must_be, request, whole
from merkhet.wire.client_frames import short_frame
from merkhet.wire.extensions import deflate_of

_SUBPROTOCOLS = (b"merkhet.one", b"merkhet.two")
_HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: bWVya2hldCBkb2N0b3IuLg==",
)


@contextlib.asynccontextmanager
async def _opened(prober: Prober, endpoint: str, *lines: str) -> AsyncGenerator[tuple[Connection, Response], None]:
    """Open a WebSocket; yield its connection and the 101. Raises Missed."""
    async with prober.scout.connection() as connection:
        await prober.send(connection, request("GET", f"{{{endpoint}}}", *_HANDSHAKE, *lines))
        response = whole(await prober.read(connection))
        must_be(response, 101)
        yield connection, response


async def _must_say(prober: Prober, connection: Connection, sent: Message, *expected: Message) -> None:
    """Send a short message. Raises Missed unless these come back, however they are framed."""
    await connection.send([short_frame(sent.opcode, sent.data, os.urandom(4))])
    seconds = prober.scout.deadlines.answer_seconds
    heard = await connection.hear(Hears({}, messages=len(expected), until_close=True), seconds)
    came = [(one.opcode, one.data) for one in heard.messages] if heard is not None else []
    if came != [(one.opcode, one.data) for one in expected]:
        told = heard.describe() if heard is not None else "nothing"
        raise Missed(f"{told}, expected {', '.join(one.describe() for one in expected)}")


def _text(data: bytes) -> Message:
    return Message(Opcode.TEXT, data)


async def _must_echo(prober: Prober, connection: Connection) -> None:
    for message in (_text("merkh\u00e9t".encode()), Message(Opcode.BINARY, b"\x00\xff")):
        await _must_say(prober, connection, message, message)


async def _ws(prober: Prober) -> None:
    async with _opened(prober, "ws") as (connection, _):
        await _must_echo(prober, connection)


async def _ws_deflate(prober: Prober) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    async with _opened(prober, "ws-deflate", offer) as (connection, response):
        if deflate_of(response) is None:
            raise Missed("a 101 that does not accept permessage-deflate")
        await _must_echo(prober, connection)


async def _ws_subproto(prober: Prober) -> None:
    offer = "Sec-WebSocket-Protocol: " + ", ".join(name.decode() for name in _SUBPROTOCOLS)
    async with _opened(prober, "ws-subproto", offer) as (connection, response):
        chosen = response.values(b"Sec-WebSocket-Protocol")
        if len(chosen) != 1 or chosen[0] not in _SUBPROTOCOLS:
            raise Missed(f"the subprotocol {chosen!r:.60}, expected merkhet.one or merkhet.two")
        await _must_echo(prober, connection)


async def _ws_serial(prober: Prober) -> None:
    async with _opened(prober, "ws-serial") as (connection, _):
        await _must_say(prober, connection, _text(b"name 1"), _text(b"name"))


async def _ws_push(prober: Prober) -> None:
    async with _opened(prober, "ws-push") as (connection, _):
        await _must_say(prober, connection, _text(b"send 2 3"), _text(b"0  "), _text(b"1  "))


SOCKET_PROBES: Mapping[str, Probe] = {
    "ws": _ws,
    "ws-deflate": _ws_deflate,
    "ws-subproto": _ws_subproto,
    "ws-serial": _ws_serial,
    "ws-push": _ws_push,
}
