"""A WebSocket as an application has it, and a group of them, over a sender that keeps what it is given."""

from __future__ import annotations

import pytest
from session_rig import request_head

from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketGroup
from merkhet_reference.websocket import frames, sending


class Kept:
    """A sender with room for so many messages; then it gives up, and is not active any more."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.is_active = True
        self.said: list[object] = []

    def send(self, data: str | bytes, *, waits: bool) -> bool:
        return self._keep((data, waits))

    def send_prepared(self, message: sending.Prepared) -> bool:
        return self._keep(message)

    def put(self, frame: bytes) -> bool:
        return self._keep(frame)

    def close(self, code: int, reason: str) -> None:
        self._keep((code, reason))
        self.is_active = False

    def _keep(self, said: object) -> bool:
        self.is_active = len(self.said) < self.room
        if self.is_active:
            self.said.append(said)
        return self.is_active


def made(sender: Kept) -> WebSocket:
    return WebSocket(sender, request_head(), {"room": "1"}, subprotocol="one", is_compressed=True)


def test_it_passes_on_what_it_is_asked_for() -> None:
    sender = Kept()
    websocket = made(sender)
    message = sending.Prepared("all")
    assert websocket.active
    assert (websocket.send("a"), websocket.offer(b"b"), websocket.offer_prepared(message)) == (True, True, True)
    assert websocket.ping(b"c")
    websocket.close(3000, "enough")
    assert sender.said == [("a", True), (b"b", False), message, frames.encode_ping(b"c"), (3000, "enough")]
    assert not websocket.active


def test_it_knows_the_request_that_it_began_with() -> None:
    websocket = made(Kept())
    assert websocket.head.method == b"GET"
    assert websocket.fields.get(b"Upgrade") == b"websocket"
    assert (websocket.path_params, websocket.subprotocol, websocket.is_compressed) == ({"room": "1"}, "one", True)
    assert (websocket.close_code, websocket.close_reason) == (None, "")


def test_what_cannot_be_said_is_refused() -> None:
    sender = Kept()
    websocket = made(sender)
    for code, reason in ((1005, "x"), (1006, ""), (1010, ""), (999, ""), (5000, ""), (1000, "x" * 124)):
        with pytest.raises(ValueError, match=r"code|octets"):
            websocket.close(code, reason)
    with pytest.raises(ValueError, match="125"):
        websocket.ping(b"x" * 126)
    assert sender.said == []
    websocket.close(1005)
    assert sender.said == [(1005, "")]


def test_what_is_over_sends_nothing() -> None:
    sender = Kept()
    websocket = made(sender)
    websocket.detach()
    assert not websocket.active
    assert not websocket.send("a")
    assert not websocket.offer_prepared(sending.Prepared("a"))
    assert not websocket.ping()
    websocket.close()
    assert sender.said == []


def test_a_group_tells_everybody_and_forgets_who_has_gone() -> None:
    senders = [Kept(), Kept(room=1), Kept()]
    sockets = [made(sender) for sender in senders]
    group = WebSocketGroup()
    for websocket in sockets:
        group.add(websocket)
        group.add(websocket)
    assert (len(group), set(group)) == (3, set(sockets))
    assert group.send("one") == 3
    assert group.send(b"two") == 2
    assert set(group) == {sockets[0], sockets[2]}
    assert senders[0].said == senders[2].said, "each message is made once"
    group.discard(sockets[0])
    group.discard(sockets[0])
    assert group.send("three") == 1
    group.close()
    assert senders[2].said[-1] == (1001, "")
    assert (len(group), group.send("nobody")) == (0, 0)


def test_events_have_names() -> None:
    assert [event.value for event in WebSocketEvent] == ["open", "message", "error", "close"]
