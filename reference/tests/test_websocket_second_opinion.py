"""wsproto makes the same of the same octets, and of ours what we meant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websocket_wire import BINARY, PING, PONG, TEXT, closing, frame

from merkhet_reference.limits import Limits
from merkhet_reference.websocket import frames
from merkhet_reference.websocket.connection import Connection
from merkhet_reference.websocket.events import Event, Message, PeerClosing, Ping, Pong

wsproto = pytest.importorskip("wsproto")

FIXED = settings(deadline=None, derandomize=True, database=None)


def fragmented(first: str, ping: bytes, second: str) -> bytes:
    return frame(TEXT, first.encode(), fin=False) + frame(PING, ping) + frame(0, second.encode())


ONE = st.one_of(
    st.builds(frame, st.just(TEXT), st.text(max_size=40).map(str.encode)),
    st.builds(frame, st.just(BINARY), st.binary(max_size=200)),
    st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=20)),
    st.builds(fragmented, st.text(max_size=9), st.binary(max_size=9), st.text(max_size=9)),
    st.builds(closing, st.sampled_from([1000, 1001, 3000, 4999]), st.text(max_size=9).map(str.encode)),
)


def second_opinion(data: bytes, role: str = "SERVER") -> list[Event]:
    """What wsproto makes of octets; its pieces of messages put together."""
    other = wsproto.Connection(wsproto.ConnectionType[role])
    other.receive_data(data)
    found: list[Event] = []
    words, octets = "", b""
    for event in other.events():
        match type(event).__name__:
            case "TextMessage":
                words += event.data
                if event.message_finished:
                    found.append(Message(words))
                    words = ""
            case "BytesMessage":
                octets += bytes(event.data)
                if event.message_finished:
                    found.append(Message(octets))
                    octets = b""
            case "Ping":
                found.append(Ping(bytes(event.payload)))
            case "Pong":
                found.append(Pong(bytes(event.payload)))
            case _:
                return [*found, PeerClosing(event.code, event.reason or "")]
    return found


@FIXED
@given(st.lists(ONE, min_size=1, max_size=6).map(b"".join))
def test_it_sees_what_we_see(data: bytes) -> None:
    heard = Connection(Limits())
    heard.receive(data)
    assert list(iter(heard.next_event, None)) == second_opinion(data)


@FIXED
@given(st.text(max_size=300), st.binary(max_size=300), st.binary(max_size=125))
def test_it_reads_what_we_send(words: str, octets: bytes, ping: bytes) -> None:
    data = frames.encode(TEXT, words.encode()) + frames.encode_ping(ping) + frames.encode(BINARY, octets)
    data += frames.encode_pong(ping) + frames.encode_close(1001, "bye")
    assert second_opinion(data, "CLIENT") == [
        Message(words), Ping(ping), Message(octets), Pong(ping), PeerClosing(1001, "bye")
    ]  # fmt: skip
