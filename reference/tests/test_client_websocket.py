"""Other people's clients speak WebSocket with the reference: websockets, with threads, and aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from merkhet_reference import Limits, Server, contract

SECONDS = 10
MESSAGES = (
    "",
    "hello",
    "\N{GREEK SMALL LETTER KAPPA}\N{GRINNING FACE}" * 500,
    b"",
    b"\0\xff",
    b"x" * 70_000,
    "x" * 125,
)


@pytest.fixture(scope="module")
def where() -> Iterator[str]:
    """Where the contract is served."""
    with Server(contract.application(), limits=Limits(websocket_silence_seconds_max=3600.0)).running() as server:
        yield f"127.0.0.1:{server.address[1]}"


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_websockets(where: str, compression: str | None) -> None:
    with connect(f"ws://{where}/ws-deflate", compression=compression) as client:
        assert client.response is not None
        assert ("permessage-deflate" in str(client.response.headers)) is (compression is not None)
        for message in MESSAGES * 2:
            client.send(message)
            assert client.recv(SECONDS) == message
        client.send(iter(["in ", "several ", "fragments"]))
        assert client.recv(SECONDS) == "in several fragments"
        assert client.ping(b"there?").wait(SECONDS)
        client.close(4001, "enough")
        assert (client.close_code, client.close_reason) == (4001, "")


def test_websockets_and_what_the_server_begins(where: str) -> None:
    with connect(f"ws://{where}/ws-push") as client, connect(f"ws://{where}/ws-push") as other:
        client.send("ping there?")
        client.send("send 3 5")
        assert [client.recv(SECONDS) for _ in range(3)] == ["0    ", "1    ", "2    "]
        client.send("all hear")
        assert [client.recv(SECONDS), other.recv(SECONDS)] == ["hear", "hear"]
        client.send("close 3000 that is all")
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(SECONDS)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (3000, "that is all")


def test_websockets_is_told_why_not(where: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://{where}/nothing"):
        pass
    assert refused.value.response.status_code == 404


def test_websockets_and_subprotocols(where: str) -> None:
    offered = [Subprotocol(name) for name in ("x", "merkhet.two", "merkhet.one")]
    with connect(f"ws://{where}/ws-subproto", subprotocols=offered) as client:
        assert client.subprotocol == "merkhet.two"


@pytest.mark.parametrize("bits", [0, 9, 15])
def test_aiohttp(where: str, bits: int) -> None:
    async def speak() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://{where}/ws-deflate", compress=bits) as client,
        ):
            assert bool(client.compress) is bool(bits)
            async for message in echoed(client):
                assert message in MESSAGES
            await client.ping(b"there?")
            await client.close(code=4002, message=b"enough")
            assert client.close_code == 4002

    asyncio.run(asyncio.wait_for(speak(), SECONDS))


async def echoed(client: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str | bytes]:
    for message in MESSAGES * 2:
        if isinstance(message, str):
            await client.send_str(message)
            came: str | bytes = await client.receive_str()
        else:
            await client.send_bytes(message)
            came = await client.receive_bytes()
        assert came == message
        yield came
