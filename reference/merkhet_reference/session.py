"""One WebSocket between its connection, its handler, and whoever sends.

| what | who |
|---|---|
| `serial`, the number of its connection, 0 where it has none; `came_bytes`, `is_left` | the I/O thread |
| events | the I/O thread appends; the worker whose turn it is takes, and counts `taken_bytes` |
| `turn` | the I/O thread gives it to a worker, the worker gives it up, the I/O thread notices: TURNS |
| `outlet` | any thread puts, the I/O thread takes |
| `is_announced` | set by who has something for the I/O thread to look at, taken back by the I/O thread before it looks |

Events of one WebSocket are run one after another, since one worker has the turn, and those of others meanwhile.
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from merkhet_reference import outlet, queues
from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketHandler
from merkhet_reference.http1.events import RequestHead
from merkhet_reference.limits import Limits
from merkhet_reference.websocket import close, frames, handshake, sending
from merkhet_reference.websocket.events import Message

LOG = logging.getLogger("merkhet_reference")
MESSAGE = WebSocketEvent.MESSAGE
EVENTS_MAX = 16
"""Events that a worker runs for one WebSocket before it looks what else there is to do."""


class Turn(enum.Enum):
    """Who may run events."""

    NOBODY = enum.auto()
    """The I/O thread may give it to a worker."""
    WORKER = enum.auto()
    GIVEN_UP = enum.auto()
    """A worker has had it, and the I/O thread has not noticed yet."""


NOBODY, WORKER, GIVEN_UP = Turn


@dataclass(frozen=True, slots=True)
class Occasion:
    """An event that is no message."""

    event: WebSocketEvent
    text: str = ""


@dataclass(frozen=True, slots=True)
class LastWord:
    """What is said behind all messages: a Close with this code; ABNORMAL asks for an end at once, without one."""

    code: int
    reason: str = ""


DOES_NOT_READ = LastWord(close.ABNORMAL, "the client does not read what it is sent")


class Session:
    """What a channel, its handler's worker and the threads that send have in common. `run` makes it a worker's task."""

    __slots__ = (
        "_claim", "_compression", "_handler", "_lane", "_limits", "_over", "agreed", "came_bytes", "events", "is_announced",
        "is_left", "outlet", "serial", "socket", "taken_bytes", "turn",
    )  # fmt: skip

    def __init__(
        self,
        lane: queues.Lane[Session],
        limits: Limits,
        handler: WebSocketHandler,
        accepted: handshake.Accepted,
        *,
        head: RequestHead,
        path_params: Mapping[str, str],
    ) -> None:
        self._lane = lane
        self._limits = limits
        self._handler = handler
        self._claim = outlet.turnstile()
        self._over = outlet.Once()
        self.events: deque[Message | Occasion] = deque((Occasion(WebSocketEvent.OPEN),))
        self.agreed = accepted.agreed
        self._compression = None
        if accepted.agreed is not None:
            self._compression = sending.Compression(accepted.agreed, accepted.settings)
        self.came_bytes = self.taken_bytes = 0
        self.serial = 0
        self.turn = WORKER  # the one that has the handler of the request: OPEN comes when that returns
        self.is_announced = False
        self.is_left = False
        self.outlet: outlet.Outlet[LastWord] = outlet.Outlet(limits.websocket_send_bytes_max)
        self.socket = WebSocket(
            self,
            head,
            path_params,
            subprotocol=accepted.subprotocol,
            is_compressed=accepted.agreed is not None,
        )

    def announce(self) -> None:
        """Have the I/O thread look at this. Any thread, behind what there is to be seen."""
        if not self.is_announced:
            self.is_announced = True
            self._lane.put(self)

    # Sending: any thread

    @property
    def is_active(self) -> bool:
        """Whether neither side has closed, as far as is known."""
        return self.outlet.is_open and not self.is_left

    def send(self, data: str | bytes, *, waits: bool) -> bool:
        """Queue a message; return False if it will never be sent. A client that leaves no room is given up."""
        opcode, payload = sending.payload_of(data)
        seconds = self._limits.send_seconds_max if waits else 0.0
        packing = self._compression
        if packing is None or len(payload) < packing.bytes_min:
            done = self.outlet.put(frames.encode(opcode, payload), seconds)  # [rfc7692-6.1-2]
        else:
            done = self.outlet.put(payload, seconds, packing.text if opcode == sending.TEXT else packing.binary)
        return self._sent(done=done)

    def send_prepared(self, message: sending.Prepared) -> bool:
        """Queue a message that goes to many; a client that leaves no room is given up at once."""
        packing = self._compression
        if packing is None or len(message.payload) < packing.bytes_min:
            return self._sent(done=self.outlet.put(message.frame))
        return self._sent(done=self.outlet.put(message.payload, 0.0, lambda _: packing.alone(message)))

    def _sent(self, *, done: bool) -> bool:
        if not done and not self.outlet.end(DOES_NOT_READ):
            return False  # it was closed before
        if not self.is_announced:
            self.announce()
        return done

    def put(self, frame: bytes) -> bool:
        """Queue a control frame, if there is room."""
        done = self.outlet.put(frame)
        self.announce()
        return done

    def close(self, code: int, reason: str) -> None:
        """Have the connection closed behind all that is queued."""
        if self.outlet.end(LastWord(code, reason)):
            self.announce()

    # The I/O thread

    @property
    def is_due(self) -> bool:
        """Whether a worker should have the turn: there is an event, and room for what its handler may say."""
        return self.turn is NOBODY and bool(self.events) and (self.outlet.has_room or not self.outlet.is_open)

    @property
    def is_over(self) -> bool:
        """Whether its last events are there."""
        return self.socket.close_code is not None

    @property
    def is_quiet(self) -> bool:
        """Whether all that came has been handled."""
        return self.turn is NOBODY and not self.events

    def end(self, code: int, reason: str, error: str = "") -> None:
        """Note that the connection is over: nothing is sent any more, and the last events wait for the handler."""
        if not self._over.is_first():
            return
        self.is_left = True
        self.outlet.shut()
        self.socket.close_code, self.socket.close_reason = code, reason
        if error:
            self.events.append(Occasion(WebSocketEvent.ERROR, error))
        self.events.append(Occasion(WebSocketEvent.CLOSE, reason))
        self.announce()

    # The worker whose turn it is

    def run(self) -> None:
        """Run some events and give up the turn; all of them where nobody would give it again."""
        with self._claim:
            self._run_events(EVENTS_MAX)
        self.rest()

    def rest(self) -> None:
        """Give up the turn."""
        self.turn = GIVEN_UP
        self.announce()
        if self._lane.is_closed:  # the server has ended, and its I/O thread may not have seen this
            with self._claim:
                self._run_events(len(self.events))

    def _run_events(self, count: int) -> None:
        events, said = self.events, self.outlet
        while events and count:
            count -= 1
            event = events.popleft()
            if isinstance(event, Occasion):
                self._call(event.event, Message(event.text))
                if event.event is WebSocketEvent.CLOSE:
                    self.socket.detach()
                continue
            self.taken_bytes += len(event.data)
            if said.last is None:  # else this server has closed, and what had come by then goes nowhere
                self._call(MESSAGE, event)
            if not said.has_room and said.is_open:
                return  # the client reads less than it is answered: no worker is to wait for it

    def _call(self, event: WebSocketEvent, message: Message) -> None:
        try:
            self._handler(self.socket, event, message)
        except BaseException:  # an application's exit, too, ends its WebSocket, not the worker
            LOG.exception("the handler of a WebSocket raised")
            self.close(close.INTERNAL_ERROR, "")
