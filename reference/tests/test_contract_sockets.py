"""The endpoints of the contract that speak WebSocket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from peer import Peer
from websocket_peer import SocketPeer, forget
from websocket_wire import BINARY, HANDSHAKE, PING, Frame, closing, frame, text

from merkhet_reference import Server, contract

LIMITS = contract.limits(contract.parse_arguments([]))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(contract.application(), limits=LIMITS).running() as running:
        yield running


class At(SocketPeer):
    """A WebSocket at one of the endpoints."""

    def __init__(self, server: Server, path: bytes, more: bytes = b"") -> None:
        Peer.__init__(self, server, HANDSHAKE.replace(b"/ws ", path + b" ") + more + b"\r\n")
        self.answered = self.head()
        assert self.answered.status == 101


def test_an_echo_takes_large_messages_and_many_fragments(server: Server) -> None:
    with At(server, b"/ws", b"Sec-WebSocket-Extensions: permessage-deflate\r\n") as peer:
        assert "sec-websocket-extensions" not in peer.answered.fields
        size = 16 * 1024 * 1024
        peer.send(frame(BINARY, b"x" * size, mask=b"\0\0\0\0"))
        assert peer.frame().payload == b"x" * size
        pieces = frame(BINARY, b"a", fin=False) + frame(0, b"", fin=False) * 65_535 + frame(0, b"z")
        peer.send(pieces)
        assert peer.frame().payload == b"az"
        peer.send(frame(BINARY, b"a", fin=False) + frame(0, b"", fin=False) * 65_536)
        assert peer.frame().code == 1009
        peer.end()


def test_an_echo_that_compresses(server: Server) -> None:
    with At(server, b"/ws-deflate", b"Sec-WebSocket-Extensions: permessage-deflate\r\n") as peer:
        assert peer.answered.fields["sec-websocket-extensions"] == "permessage-deflate"
        peer.send(text("x" * 1000))
        came = peer.frame()
        assert came.rsv == 4
        assert len(came.payload) < 100


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [(b"merkhet.two, merkhet.one", "merkhet.two"), (b"other, merkhet.one", "merkhet.one"), (b"other", None)],
)
def test_an_echo_with_subprotocols(server: Server, offered: bytes, spoken: str | None) -> None:
    with At(server, b"/ws-subproto", b"Sec-WebSocket-Protocol: " + offered + b"\r\n") as peer:
        assert peer.answered.fields.get("sec-websocket-protocol") == spoken
        peer.send(text("hello"))
        assert peer.text() == "hello"


def test_messages_of_one_socket_are_answered_in_order(server: Server) -> None:
    with At(server, b"/ws-serial") as peer, At(server, b"/ws-serial") as other:
        peer.send(text("slow and sure 30") + text("quick 0"))
        other.send(text("other 0"))
        assert [peer.text(), peer.text(), other.text()] == ["slow and sure", "quick", "other"]


def test_what_the_server_is_ordered_to_do(server: Server) -> None:
    with At(server, b"/ws-push") as peer, At(server, b"/ws-push") as other:
        peer.send(text("send 2 4") + text("ping x y") + text("all to everybody") + text("nothing at all"))
        assert [peer.text(), peer.text()] == ["0   ", "1   "]
        assert peer.frame() == Frame(PING, b"x y")
        assert [peer.text(), other.text()] == ["to everybody"] * 2
        peer.send(closing(1000))
        assert peer.frame().code == 1000
        peer.end()
        other.send(text("all who are left") + text("close 4321 now then"))
        assert other.text() == "who are left"
        closed = other.frame()
        assert (closed.code, closed.payload[2:]) == (4321, b"now then")


def test_who_leaves_is_sent_nothing_more(server: Server) -> None:
    peer = At(server, b"/ws-push")
    peer.send(text("send 10000 1000"))
    assert peer.text().strip() == "0"
    forget(peer.sock)
    with At(server, b"/ws-push") as other:
        other.send(text("all alone"))
        assert other.text() == "alone"


def test_a_wrong_order_ends_the_socket(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    for order in ("send x 1", "send 1 2000000", "close 999 no"):
        with At(server, b"/ws-push") as peer:
            peer.send(text(order))
            assert peer.frame().code == 1011
            peer.send(closing(1011))
            peer.end()
    assert "raised" in caplog.text
