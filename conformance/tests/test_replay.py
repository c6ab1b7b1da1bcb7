"""Recorded connections once more: the same bytes, in the same order, whatever comes; and never for ever."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import pytest

from merkhet.answer import End
from merkhet.engine.replay import inexact, replayed, sent_bytes
from merkhet.model import Direction, Transcript, WireEvent
from merkhet.wire.dial import Unreachable
from merkhet.wire.transcript import Recorder

OPENED, SENT, RECEIVED, CLOSED = Direction.OPENED, Direction.SENT, Direction.RECEIVED, Direction.CLOSED
Happened = tuple[float, Direction, bytes]
Answer = bytes | End
Play = Callable[[bytes], list[Answer]]
"""What a peer does when it has been sent these octets in all."""


def recorded(*happened: Happened, connection: int = 0, ended: str = "closed") -> Transcript:
    recorder = Recorder(connection, "check")
    for at, direction, data in happened:
        if data:
            recorder.data(direction, data, at)
        else:
            recorder.note(direction, at)
    recorder.ended = ended
    return recorder.transcript()


class Peer:
    """A dialer whose time is made up, and whose every connection is to a peer that plays."""

    def __init__(self, play: Play, *, refuses: bool = False) -> None:
        self.play = play
        self.refuses = refuses
        self.time = 0.0
        self.deeds: list[tuple[int, str, bytes]] = []

    def now(self) -> float:
        return self.time

    async def dial(self, purpose: str, number: int, began: float) -> PeerWire:
        if self.refuses:
            raise Unreachable("no connection")
        return PeerWire(self, Recorder(number, purpose, began), number)


class PeerWire:
    def __init__(self, peer: Peer, recorder: Recorder, number: int) -> None:
        self.peer = peer
        self.recorder = recorder
        self.number = number
        self.sent = b""
        self.inbox: list[Answer] = []
        self.closed = False
        self.received_at = 0.0
        self.ended_at: float | None = None

    async def send(self, segments: Sequence[bytes], *, gap_seconds: float, until: float) -> None:
        assert not self.closed
        for segment in segments:
            self.sent += segment
            self.peer.deeds.append((self.number, "send", segment))
            self.recorder.data(SENT, segment, self.peer.time)
            self.inbox += self.peer.play(self.sent)

    async def half_close(self) -> None:
        self.peer.deeds.append((self.number, "half-close", b""))

    async def abort(self) -> None:
        self.peer.deeds.append((self.number, "abort", b""))

    async def receive(self, until: float) -> bytes | End:
        if not self.inbox:
            self.peer.time = max(self.peer.time, until)
            self.recorder.note(Direction.TIMED_OUT, self.peer.time)
            return End.SILENT
        got = self.inbox.pop(0)
        self.peer.time += 0.001
        if isinstance(got, bytes):
            self.recorder.data(RECEIVED, got, self.peer.time)
            self.peer.deeds.append((self.number, "read", got))
        else:
            self.inbox.append(got)
        return got

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


def replay(peer: Peer, *then: Transcript, scale: float = 1.0) -> tuple[Transcript, ...]:
    return asyncio.run(replayed(then, peer, scale))


def echo(answers: dict[bytes, list[Answer]]) -> Play:
    return lambda sent: list(answers.get(sent, []))


def test_what_follows_an_answer_waits_for_as_many_bytes() -> None:
    then = recorded(
        (0.0, OPENED, b""), (0.1, SENT, b"a"), (0.2, RECEIVED, b"xyz"), (0.3, SENT, b"b"), (0.4, CLOSED, b"")
    )
    peer = Peer(echo({b"a": [b"1", b"2", b"3"], b"ab": [End.CLOSED]}))
    (now,) = replay(peer, then)
    assert peer.deeds == [
        *[(0, "send", b"a"), (0, "read", b"1"), (0, "read", b"2"), (0, "read", b"3"), (0, "send", b"b")],
    ]
    assert sent_bytes(now) == b"ab"
    assert now.ended == "closed"


def test_a_shorter_answer_is_not_waited_for_for_ever() -> None:
    then = recorded((0.0, OPENED, b""), (0.0, SENT, b"a"), (9e9, RECEIVED, b"xyz"), (9e9, SENT, b"b"))
    peer = Peer(echo({b"a": [b"1"]}))
    (now,) = replay(peer, then)
    assert sent_bytes(now) == b"ab"
    assert peer.time < 100
    assert now.ended == "closed by merkhet"


def test_a_peer_that_ends_early_is_sent_the_rest_all_the_same() -> None:
    """It is the recorded bytes that are sent; what becomes of them is seen."""
    then = recorded((0.0, OPENED, b""), (0.0, SENT, b"a"), (0.1, RECEIVED, b"x"), (0.2, SENT, b"b"))
    (now,) = replay(Peer(echo({b"a": [End.RESET]})), then)
    assert sent_bytes(now) == b"ab"
    assert now.ended == "reset"


def test_gaps_between_segments_are_kept(pauses: list[float]) -> None:
    then = recorded(
        (0.0, SENT, b"a"), (0.008, SENT, b"b"), (60.0, SENT, b"c"), (60.1, RECEIVED, b"x"), (70.0, SENT, b"d")
    )
    replay(Peer(echo({b"abc": [b"x"]})), then)
    assert pauses == [0.008, 5.0]


def test_connections_take_their_turns() -> None:
    first = recorded((0.0, SENT, b"a"), (0.3, SENT, b"c"), connection=0)
    second = recorded((0.2, SENT, b"b"), (0.4, SENT, b"d"), connection=1)
    peer = Peer(lambda _: [])
    now = replay(peer, second, first)
    assert [data for _, _, data in peer.deeds] == [b"a", b"b", b"c", b"d"]
    assert [(one.connection, sent_bytes(one)) for one in now] == [(0, b"ac"), (1, b"bd")]


def test_what_else_the_harness_did() -> None:
    half = recorded((0.0, SENT, b"a"), (0.1, Direction.HALF_CLOSED, b""), (0.2, RECEIVED, b"x"), connection=0)
    drop = recorded((1.0, SENT, b"a"), (1.1, Direction.ABORTED, b""), connection=1)
    peer = Peer(echo({b"a": [b"x", End.CLOSED]}))
    now = replay(peer, half, drop)
    assert [(number, deed) for number, deed, _ in peer.deeds if deed != "send"] == [
        *[(0, "half-close"), (0, "read"), (1, "abort")],
    ]
    assert [one.ended for one in now] == ["closed by merkhet", "closed"]


def test_a_recorded_silence_is_waited_for_as_long() -> None:
    then = recorded((0.0, SENT, b"a"), (7.0, Direction.TIMED_OUT, b""), ended="closed by merkhet")
    peer = Peer(lambda _: [])
    replay(peer, then, scale=2.0)
    assert peer.time == 14.0


def test_a_connection_is_opened_when_what_came_before_has_come() -> None:
    first = recorded((0.0, OPENED, b""), (0.1, SENT, b"a"), (0.2, RECEIVED, b"xy"), (0.3, CLOSED, b""), connection=0)
    second = recorded((0.4, OPENED, b""), (0.5, SENT, b"b"), connection=1)
    peer = Peer(echo({b"a": [b"x", b"y", End.CLOSED]}))
    replay(peer, first, second)
    assert [(number, data) for number, _, data in peer.deeds] == [(0, b"a"), (0, b"x"), (0, b"y"), (1, b"b")]


def test_a_later_connection_that_cannot_be_opened() -> None:
    """The target died of the first: that is what is to be shown."""
    first = recorded((0.0, OPENED, b""), (0.1, SENT, b"a"), (0.2, RECEIVED, b"x"), connection=0)
    second = recorded((0.4, OPENED, b""), (0.5, SENT, b"b"), connection=1)
    peer = Peer(echo({b"a": [End.RESET]}))

    def dies(sent: bytes) -> list[Answer]:
        peer.refuses = True
        return [End.RESET]

    peer.play = dies
    assert [(one.connection, one.ended) for one in replay(peer, first, second)] == [(0, "reset")]


def test_no_connection() -> None:
    with pytest.raises(Unreachable):
        replay(Peer(lambda _: [], refuses=True), recorded((0.0, SENT, b"a")))


def test_what_is_not_exactly_what_was_sent() -> None:
    assert inexact(recorded((0.0, SENT, b"a" * 10))) == ""
    big = recorded((0.0, SENT, b"a" * 100_000))
    assert (
        inexact(big) == "connection 0 (check): 30368 of the 100000 bytes that were sent are not kept, and left out now"
    )
    masked = Transcript(
        connection=0,
        purpose="check",
        sent_length=4,
        received_length=0,
        sent_sha256=hashlib.sha256(b"abcd").hexdigest(),
        received_sha256="",
        ended="",
        events=(WireEvent(connection=0, at=0.0, direction=SENT, data=b"****", length=4),),
    )
    assert "masked" in inexact(masked)
