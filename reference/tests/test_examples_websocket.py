"""The examples that speak WebSocket, run as their reader would run them, with the `websockets` client."""

from __future__ import annotations

import pytest
from example_process import Example, running
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

SECONDS = 10


def test_websocket() -> None:
    """The tutorial's program, and what it writes."""
    with running("websocket.py") as example:
        with connect(f"ws://127.0.0.1:{example.port}/") as client:
            assert client.recv(SECONDS) == "Connection upgraded!"
            client.send("Hello")
            assert client.recv(SECONDS) == "You said: Hello"
            pong = client.ping()
            assert pong.wait(SECONDS), "a ping is no message, and is answered as what it is"
        answer = example.ask("/")
        assert (answer.status, answer.text) == (400, "this is for WebSocket alone\n")
    assert example.output.decode().splitlines() == [
        "WebSocket connection opened.",
        "Received message: 'Hello'",
        "WebSocket connection closed: 1000",
    ]


def enter(example: Example, origin: str | None = None) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{example.port}/room",
        subprotocols=[Subprotocol("room.example")],
        origin=None if origin is None else Origin(origin),
    )


def test_room() -> None:
    with running("room.py") as example:
        assert b"new WebSocket" in example.ask("/").content
        with pytest.raises(InvalidStatus) as refused, enter(example, "http://elsewhere.example"):
            pass
        assert refused.value.response.status_code == 403
        with enter(example) as one:
            assert one.subprotocol == "room.example"
            assert one.recv(SECONDS) == "1 here"
            with enter(example, f"http://127.0.0.1:{example.port}") as other:
                assert [one.recv(SECONDS), other.recv(SECONDS)] == ["2 here"] * 2
                one.send("anybody in here?")
                assert [one.recv(SECONDS), other.recv(SECONDS)] == ["anybody in here?"] * 2
                other.send("x" * 1001)
                with pytest.raises(ConnectionClosedError) as closed:
                    other.recv(SECONDS)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1009
            assert one.recv(SECONDS) == "1 here"
