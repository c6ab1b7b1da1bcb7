"""RFC 6455, Sections 5.5 and 7: one WebSocket's octets become events, and who has closed what is a table.

Pull-driven as `http1.connection` is: `receive` only stores, `next_event` understands. Whoever stops asking stops the
reading, which is how backpressure works.
"""

from __future__ import annotations

import enum

from merkhet_reference.limits import Limits
from merkhet_reference.websocket import assembly, close, deflate, frames
from merkhet_reference.websocket.events import Event, Failed, PeerClosing, PeerGone, Ping, Pong


class State(enum.IntEnum):
    """Who has said Close."""

    OPEN = enum.auto()
    """Nobody."""
    ANSWERING = enum.auto()
    """The client; ours is due, behind what is being sent (Section 5.5.1)."""
    CLOSING = enum.auto()
    """We; what comes before the client's own is read, and of its messages nothing is kept."""
    CLOSED = enum.auto()
    """Both, or nobody can any more. Nothing is read or sent."""


class Move(enum.IntEnum):
    """What happens to a connection."""

    RECEIVED = enum.auto()
    """Anything but a Close."""
    RECEIVED_CLOSE = enum.auto()
    SENT_CLOSE = enum.auto()
    FAILED = enum.auto()
    PEER_ENDED = enum.auto()


OPEN, ANSWERING, CLOSING, CLOSED = State
RECEIVED, RECEIVED_CLOSE, SENT_CLOSE, FAILED, PEER_ENDED = Move

TRANSITIONS: dict[tuple[State, Move], State] = {
    (State.OPEN, Move.RECEIVED): State.OPEN,
    (State.OPEN, Move.RECEIVED_CLOSE): State.ANSWERING,
    (State.OPEN, Move.SENT_CLOSE): State.CLOSING,
    (State.OPEN, Move.FAILED): State.CLOSED,
    (State.OPEN, Move.PEER_ENDED): State.CLOSED,
    (State.ANSWERING, Move.SENT_CLOSE): State.CLOSED,
    (State.ANSWERING, Move.PEER_ENDED): State.CLOSED,
    (State.CLOSING, Move.RECEIVED): State.CLOSING,
    (State.CLOSING, Move.RECEIVED_CLOSE): State.CLOSED,
    (State.CLOSING, Move.FAILED): State.CLOSED,
    (State.CLOSING, Move.PEER_ENDED): State.CLOSED,
}
"""From CLOSED nothing leads anywhere, and from ANSWERING nothing that comes does: behind a Close nothing is read."""

READS = frozenset((OPEN, CLOSING))
"""Where what comes is looked at."""
SPEAKS = frozenset((OPEN, ANSWERING))
"""Where a Close of ours may still be sent."""

CONTROL_EVENTS: dict[int, type[Ping | Pong]] = {frames.Opcode.PING: Ping, frames.Opcode.PONG: Pong}


class Connection:
    """The server's side of one WebSocket behind its handshake, sans I/O.

    `ended` is set once the peer has said that it sends no more.
    """

    __slots__ = ("_assembler", "_reader", "ended", "state")

    def __init__(self, limits: Limits, agreed: deflate.Agreed | None = None) -> None:
        self.state = OPEN
        self.ended = False
        self._reader = frames.FrameReader(limits.websocket_message_bytes_max, deflates=agreed is not None)
        self._assembler = assembly.Assembler(limits, agreed)

    @property
    def waiting_bytes(self) -> int:
        """Octets that came and are not yet understood."""
        return self._reader.waiting_bytes

    def receive(self, data: bytes) -> None:
        """Store what came; b"" says that the peer sends no more."""
        if not data:
            self.ended = True
        elif self.state in READS:
            self._reader.receive(data)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed or nothing will come any more."""
        reader = self._reader
        if self.state not in READS:
            return None
        try:
            while (piece := reader.take()) is not None:
                if reader.opcode & frames.CONTROL:
                    return self._take_control(piece)  # [rfc6455-5.4-1] [rfc6455-5.4-5] [rfc6455-6.2-2]
                message = self._assembler.take(reader, piece)
                if message is not None and self.state is OPEN:
                    return message
        except close.Violation as violation:
            # [rfc6455-7.1.7-3] [rfc6455-10.7-3]
            answer = frames.encode_close(violation.code, violation.why) if self.state in SPEAKS else b""
            self._move(FAILED)  # [rfc6455-7.1.7-5] [rfc6455-7.1.7-2a]
            return Failed(violation.code, violation.why, answer)
        if not self.ended:
            return None
        self._move(PEER_ENDED)
        return PeerGone()

    def _take_control(self, payload: bytes) -> Event:
        made = CONTROL_EVENTS.get(self._reader.opcode)
        if made is not None:
            self._move(RECEIVED)
            return made(payload)
        code, reason = close.parse_body(payload)
        self._move(RECEIVED_CLOSE)
        return PeerClosing(code, reason)

    def close(self, code: int, reason: str = "") -> bytes:
        """Return the Close to send, behind everything that is sent before; b"" where none may be sent any more.

        Raises ValueError for what no Close of ours may say.
        """
        frame = frames.encode_close(code, reason)  # [rfc6455-7.1.2-1]
        if self.state not in SPEAKS:  # [rfc6455-7.1.7-4]
            return b""
        self._move(SENT_CLOSE)
        return frame

    def _move(self, move: Move) -> None:
        self.state = TRANSITIONS[self.state, move]
        if self.state not in READS:
            self._reader.clear()


def answer_to(code: int) -> int:
    """Return the code of the Close that answers one with this code: the same one (Section 5.5.1), if we may say it."""
    return code if code == close.NO_STATUS or close.may_be_sent(code) else close.NORMAL
