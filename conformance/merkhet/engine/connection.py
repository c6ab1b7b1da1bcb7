"""One connection of a check: what was sent on it, the answers read from it, and what the judge may see of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from merkhet.answer import Answer, End, Fault, Framing, Response
from merkhet.check import Hears, Send
from merkhet.engine.conversation import Conversation
from merkhet.engine.deadlines import Deadlines
from merkhet.heard import Heard
from merkhet.wire.client_frames import behind_handshake, opens_websocket
from merkhet.wire.dial import Dialer, Wire
from merkhet.wire.request import mentions_te, names_a_version, read_requests
from merkhet.wire.response import ResponseParser
from merkhet.wire.seen import Seen, Talk

SENT_BYTES_MAX = 256 * 1024
AFTER_BYTES_MAX = 64
FIRST_REFUSAL = 400
GAP_SECONDS = 0.001
"""The engine's own gap between two of many segments: many times what loopback takes, too short to be noticed in a run."""
FEW_GAP_SECONDS = 0.008
"""The gap between two of a few segments: longer than the 5 ms for which a busy thread of Python keeps others waiting."""
GAPS_SECONDS = 0.024
"""What all the gaps of one send may take together before they become shorter than that."""


def gap_between(count: int) -> float:
    """Return the seconds between two of so many segments.

    A server that reads two segments as one was not shown the place where they were cut, so the gap is as long as the
    number of segments lets it be.
    """
    return min(FEW_GAP_SECONDS, max(GAP_SECONDS, GAPS_SECONDS / max(1, count - 1)))


def segments(data: bytes, step: Send) -> list[bytes]:
    """Cut rendered bytes as the step says. Cuts outside of the bytes count for nothing."""
    if step.each:
        return [data[at : at + step.each] for at in range(0, len(data), step.each)]
    places = sorted({cut if cut >= 0 else len(data) + cut for cut in step.cuts})
    inner = [0, *(cut for cut in places if 0 < cut < len(data)), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(inner)]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A response in the connection's log; garbage stands there with status 0."""

    response: Response


def _garbage_entry(data: bytes) -> _Entry:
    fault = Fault("message-grammar", f"bytes that are no HTTP response: {data[:60]!r}")
    return _Entry(
        Response(version=b"", status=0, reason=b"", fields=(), complete=False, head=data[:64], faults=(fault,))
    )


class Connection:
    """A wire, the octets that no answer has used yet, and the log of answers."""

    def __init__(self, wire: Wire, dialer: Dialer, deadlines: Deadlines) -> None:
        self.wire = wire
        self.end: End | None = None
        self.sent_segments: list[bytes] = []
        self.deadlines = deadlines
        self._dialer = dialer
        self._pending = b""
        self._sent = bytearray()
        self._log: list[_Entry] = []
        self._begun: ResponseParser | None = None
        """The reader of a response that was not read to its end."""
        self._talk: Conversation | None = None
        """What is said behind a 101 to WebSocket."""
        self._is_ours = False
        """Whether the harness itself ended its side: the peer's end then says nothing about the peer."""

    async def send(self, pieces: Sequence[bytes], gap_seconds: float = 0.0) -> None:
        """Send these segments. What the peer makes of them is seen by reading."""
        for piece in pieces:
            self._sent += piece[: max(0, SENT_BYTES_MAX - len(self._sent))]
            if self._talk is not None:
                self._talk.client.feed(piece)
        self.sent_segments += pieces
        gap = gap_seconds or gap_between(len(pieces))
        until = self._dialer.now() + self.deadlines.send_seconds + 2 * gap * len(pieces)
        await self.wire.send(pieces, gap_seconds=gap, until=until)

    async def reply(self, data: bytes) -> None:
        """Send octets that no step of the check asked for: they are not among those that repeat it."""
        steps = len(self.sent_segments)
        await self.send([data])
        del self.sent_segments[steps:]

    def now(self) -> float:
        """Return the time."""
        return self._dialer.now()

    async def hear(self, step: Hears, seconds: float) -> Heard | None:
        """Read the frames behind the 101 that was read last; None if that was none."""
        return await self._talk.hear(step, seconds, self) if self._talk is not None else None

    async def half_close(self) -> None:
        """Say that no more will be sent."""
        self._is_ours = True
        await self.wire.half_close()

    async def abort(self) -> None:
        """Drop the connection."""
        self._is_ours = True
        await self.wire.abort()
        self.end = self.end or End.CLOSED

    def ends_by_us(self) -> None:
        """Take note that the harness has the peer end: the end of the connection then says nothing about the peer."""
        self._is_ours = True

    async def answer(self, to: str, seconds: float, until: bytes = b"") -> Answer:
        """Read the next final answer and the interim ones before it, for at most so many seconds in all.

        With `until`, no further than where its content has these octets, even if its end has come with them. The next call
        reads on in the same response, after a silence too.
        """
        began = self._dialer.now()
        interim: list[Response] = []
        while True:
            answer = await self._one(to, began + seconds, until)
            response = answer.response
            if answer.partial:
                return replace(answer, interim=tuple(interim), seconds=self._dialer.now() - began)
            if response is None or not 100 <= response.status < 200 or response.status == 101 or not response.complete:
                took = self._dialer.now() - began
                return Answer(
                    response=response,
                    end=answer.end,
                    garbage=answer.garbage,
                    interim=tuple(interim),
                    seconds=took,
                )
            interim.append(response)

    async def _one(self, to: str, until: float, marker: bytes) -> Answer:
        parser, self._begun = self._begun or ResponseParser(to), None
        parser.feed(self._pending)
        self._pending = b""
        end: End | None = None
        while end is None:
            if marker and marker in parser.content:
                self._begun = parser
                return Answer(response=parser.so_far(), partial=True)
            if parser.finished:
                break
            end = await self._more(parser, until)
        if marker and end is End.SILENT and parser.has_head:
            self._begun = parser
            return Answer(response=parser.so_far(), end=end)
        if end is not None:
            parser.feed_end(end)
        return self._read(parser, end)

    def _read(self, parser: ResponseParser, end: End | None) -> Answer:
        """Take down what a parser made of all it was given, and return it."""
        if parser.garbage:
            self._log.append(_garbage_entry(parser.garbage))
            return Answer(garbage=parser.garbage)
        if parser.response is None:
            return Answer(end=end)
        self._log.append(_Entry(parser.response))
        self._pending = parser.rest
        if parser.response.status == 101 and parser.response.framing is Framing.TUNNEL:
            self._talk = Conversation(parser.response, parser.rest, behind_handshake(bytes(self._sent)))
            self._pending = b""
        return Answer(response=parser.response, end=None if parser.response.complete else end)

    def settle(self) -> None:
        """Take down a response whose end has come, though no step has read so far."""
        if self._begun is not None and self._begun.finished:
            self._read(self._begun, None)
            self._begun = None

    async def _more(self, parser: ResponseParser, until: float) -> End | None:
        """Feed the parser once. Returns the end if there is no more."""
        got = await self.octets(until)
        if isinstance(got, bytes):
            parser.feed(got)
            return None
        return got

    async def octets(self, until: float) -> bytes | End:
        """Return octets as they come, or the end, or SILENT at `until`."""
        if self.end is not None:
            return self.end
        got = await self.wire.receive(until)
        if isinstance(got, End) and got is not End.SILENT:
            self.end = got
        return got

    @property
    def last(self) -> Response | None:
        """The last answer on this connection."""
        return self._log[-1].response if self._log else None

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent here. Behind a 101 it would be read as something else."""
        last = self.last
        return self.end is None and (last is None or not (last.says_close or last.framing is Framing.TUNNEL))

    @property
    def talks(self) -> bool:
        """Whether a 101 has made it a WebSocket."""
        return self._talk is not None

    async def is_over(self) -> bool:
        """Tell whether another request would not be read here: a server may end a connection behind a refusal, unsaid."""
        if self.reusable and not self._pending and self.last is not None and self.last.status >= FIRST_REFUSAL:
            await self.linger(GAP_SECONDS)
        return not self.reusable

    async def linger(self, seconds: float) -> End:
        """Wait for the end of the connection and keep the octets that come before it, within bounds."""
        until = self._dialer.now() + seconds
        while self.end is None:
            got = await self.wire.receive(until)
            if got is End.SILENT:
                return got
            if isinstance(got, End):
                self.end = got
            else:
                self._pending = (self._pending + got)[:AFTER_BYTES_MAX]
                if self._dialer.now() >= until:
                    return End.SILENT
        return self.end

    def seen(self, witness: str, baseline_version: bytes, lingered: End | None) -> Iterator[Seen]:
        """Yield what the judge may see of each response. `lingered` is what waiting for the end came to, if it was done."""
        requests = read_requests(bytes(self._sent))
        is_plain = sum(request.length for request in requests) == len(self._sent)
        asked_te = mentions_te(bytes(self._sent))
        named_version = names_a_version(bytes(self._sent))
        finals = 0
        for number, entry in enumerate(self._log):
            response = entry.response
            last = number == len(self._log) - 1
            request = requests[finals] if finals < len(requests) else None
            end = self._end_after(response, lingered, plain=is_plain) if last else None
            yield Seen(
                response=response,
                request=request,
                asked_te=asked_te,
                named_version=named_version,
                after=self._pending[:AFTER_BYTES_MAX]
                if last
                else self._log[number + 1].response.head[:AFTER_BYTES_MAX],
                end=end,
                ended_at_once=self._ended_at_once(),
                baseline_version=baseline_version,
                talk=self._talk_behind(response),
                witness=witness,
            )
            finals += not 100 <= response.status < 200 or response.status == 101

    def _talk_behind(self, response: Response) -> Talk | None:
        """Return what the judge may see of the frames behind a response."""
        if self._talk is None or response.status != 101 or not opens_websocket(response, bytes(self._sent)):
            return None
        return self._talk.talk()

    def _end_after(self, response: Response, lingered: End | None, *, plain: bool) -> End | None:
        """Return how the connection stood after its last response, if that says something about the peer."""
        end = self.end or lingered
        if response.framing is Framing.UNTIL_CLOSE or self._pending:
            return end
        return end if response.says_close or (plain and not self._is_ours) else None

    def _ended_at_once(self) -> bool:
        ended = self.wire.ended_at
        return ended is not None and ended - self.wire.received_at < self.deadlines.quiet_seconds / 2

    async def close(self) -> None:
        """Close the connection."""
        self.wire.recorder.ended = self.end.value if self.end else "closed by merkhet"
        await self.wire.close()
