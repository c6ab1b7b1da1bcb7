"""What the clients of the soak do over WebSockets: what is right, what is wrong, and what breaks off."""

from __future__ import annotations

import contextlib
import random
import ssl
import zlib
from collections.abc import Callable

from soak_client import SMALL_BUFFER, IncompleteError, Peer, Place, check, connected, get, leave
from websocket_wire import BINARY, CLOSE, PING, PONG, TEXT, Frame, closing, frame, read_frame

HANDSHAKE_LINES: tuple[bytes, ...] = (
    b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip
OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
GONE = (ConnectionError, IncompleteError, ssl.SSLError, EOFError)
END = b"\0\0\xff\xff"
SIZES = (0, 1, 125, 126, 1000, 65_535, 65_536, 300_000)
ZERO_MASK = b"\0\0\0\0"

Pause = Callable[[], object]


class Talk:
    """A WebSocket over a peer: what has come and is not read yet."""

    def __init__(self, peer: Peer, path: bytes = b"/ws", *lines: bytes, behind: bytes = b"") -> None:
        self.peer = peer
        self._came = bytearray()
        peer.send(get(path, *HANDSHAKE_LINES, *lines) + behind)
        answer = peer.answer_101()
        self.is_compressed = b"sec-websocket-extensions" in answer.fields
        self._inflater = zlib.decompressobj(-15)

    def frame(self) -> Frame:
        """Return the next frame that is no Ping; those are answered. Raises EOFError at the end."""
        while True:
            while (found := read_frame(bytes(self._came))) is None:
                came = self.peer.reader.read1(65536)
                if not came:
                    raise EOFError
                self._came += came
            del self._came[: len(self._came) - len(found[1])]
            if found[0].opcode != PING:
                return found[0]
            self.peer.send(frame(PONG, found[0].payload))

    def message(self) -> tuple[int, bytes]:
        """Return the next message, inflated."""
        came = self.frame()
        payload = self._inflater.decompress(came.payload + END) if came.rsv else came.payload
        return came.opcode, payload

    def close(self) -> None:
        """Close, and see the end."""
        self.peer.send(closing(1000))
        while (came := self.frame()).opcode != CLOSE:
            pass
        check(came.code == 1000, came)
        check(not self.peer.rest(), "nothing comes behind a Close")


def large(rng: random.Random, size: int) -> bytes:
    return bytes((rng.randrange(97, 123),)) * size


def fragments(rng: random.Random, opcode: int, payload: bytes) -> bytes:
    """The frames of one message, with a Ping between some of them."""
    wire, at = bytearray(), 0
    while True:
        size = rng.randrange(1, len(payload) + 2)
        piece, at = payload[at : at + size], at + size
        wire += frame(opcode, piece, fin=at >= len(payload), mask=ZERO_MASK)
        if at >= len(payload):
            return bytes(wire)
        opcode = 0
        if rng.random() < 0.2:
            wire += frame(PING, b"between")


def talks(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        talk = Talk(peer)
        for _ in range(rng.randrange(1, 20)):
            opcode, payload = rng.choice((TEXT, BINARY)), large(rng, rng.choice(SIZES))
            peer.send(fragments(rng, opcode, payload))
            while (came := talk.frame()).opcode == PONG:
                check(came.payload == b"between", came)
            check((came.opcode, came.payload) == (opcode, payload), (came.opcode, len(came.payload), len(payload)))
        talk.close()


def talks_compressed(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        talk = Talk(peer, b"/ws", OFFER)
        check(talk.is_compressed, "compression is declined")
        deflater = zlib.compressobj(wbits=-15)
        for _ in range(rng.randrange(1, 10)):
            payload = large(rng, rng.choice(SIZES)) + rng.randbytes(100)
            data = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
            peer.send(frame(BINARY, data[:-4], rsv=4, mask=ZERO_MASK))
            check(talk.message() == (BINARY, payload), len(payload))
        talk.close()


def talks_at_once(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Send many messages in the packet of the handshake, and a Close behind them."""
    with connected(place, rng) as peer:
        count = rng.randrange(1, 500)
        wire = b"".join(frame(TEXT, b"%d" % number) for number in range(count))
        talk = Talk(peer, behind=wire + closing(4000, b"enough"))
        check([talk.message() for _ in range(count)] == [(TEXT, b"%d" % n) for n in range(count)], count)
        check(talk.frame().code == 4000, "the code of the Close")
        check(not peer.rest(), "nothing comes behind a Close")


def is_in_the_room(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        talk = Talk(peer, b"/room", *((OFFER,) if rng.random() < 0.5 else ()))
        for _ in range(rng.randrange(1, 12)):
            check(talk.message()[1].startswith(b"event "), "what is pushed")
        if rng.random() < 0.5:
            talk.close()


def is_silent(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Answer no Ping, or every one and say nothing: both have their time."""
    with connected(place, rng, secure=0.0) as peer:
        talk = Talk(peer)
        if rng.random() < 0.5:
            check(b"\x89\x00\x88" in peer.rest(), "a Ping, and a Close without an answer to it")
        else:
            check(talk.frame().code == 1001, "nobody uses it")
            peer.send(closing(1001))
            check(not peer.rest(), "nothing comes behind a Close")


VIOLATIONS = (
    (frame(3), 1002), (frame(TEXT, b"x", mask=None), 1002), (frame(TEXT, b"\xff"), 1007), (frame(0, b"x"), 1002),
    (frame(TEXT, b"x", rsv=4), 1002), (frame(PING, b"x", fin=False), 1002), (frame(PING, b"x" * 126), 1002),
    (closing(1005), 1002), (frame(CLOSE, b"x"), 1002), (frame(BINARY, b"x", fin=False) * 2, 1002),
    (b"\x82\xff\x00\x00\x00\x00\xff\xff\xff\xff", 1009), (b"\x82\xff\xff", 1002),
    (frame(TEXT, b"\xed\xa0\x80 half a pair")[:9], 1007), (frame(TEXT, b"fail"), 1011),
    (frame(BINARY, b"", fin=False) + frame(0, b"", fin=False) * 1100, 1009),
)  # fmt: skip


def violates(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng) as peer:
        talk = Talk(peer)
        before = rng.randrange(4)
        wire, code = rng.choice(VIOLATIONS)
        peer.send(b"".join(frame(TEXT, b"%d" % number) for number in range(before)) + wire)
        check([talk.message() for _ in range(before)] == [(TEXT, b"%d" % n) for n in range(before)], before)
        check(talk.frame().code == code, (wire[:20], code))
        if code == 1011:
            peer.send(closing(1011))
        check(not peer.rest(), "it is the last word")


def sends_garbage(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Whatever comes, the connection ends, and nobody else's."""
    with connected(place, rng) as peer:
        wire = bytearray(frame(rng.choice((TEXT, BINARY, 0, PING)), rng.randbytes(rng.randrange(200))))
        for _ in range(rng.randrange(1, 6)):
            wire[rng.randrange(len(wire))] = rng.randrange(256)
        Talk(peer)
        with contextlib.suppress(*GONE):
            peer.send(bytes(wire) + rng.randbytes(rng.randrange(3000)))
            peer.rest()


def is_no_handshake(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Leave out, change or double a line: it is refused, and the connection goes on."""
    with connected(place, rng) as peer:
        lines: list[bytes] = list(HANDSHAKE_LINES)
        at = rng.randrange(len(lines))
        how = rng.randrange(2)
        lines[at : at + 1] = [b"X: y"] if how else [lines[at].replace(b": ", b": x")]
        answer = peer.ask(get(b"/ws", *lines))
        check(answer.status in {400, 426}, (answer.status, lines[at]))
        check(peer.ask(get(b"/hello")).status == 200, "behind a refusal")


def breaks_off(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Leave in the middle of anything."""
    wire = get(b"/room" if rng.random() < 0.5 else b"/ws", *HANDSHAKE_LINES)
    wire += fragments(rng, TEXT, large(rng, 50_000)) * rng.randrange(1, 20) + closing(1000)
    with connected(place, rng) as peer, contextlib.suppress(*GONE):
        peer.send(wire[: rng.randrange(len(wire))])
        if rng.random() < 0.5:
            peer.reader.read1(rng.choice((1, 200, 70_000)))


def reads_no_message(place: Place, rng: random.Random, _pause: Pause) -> None:
    """Send and send, and read nothing of what comes back, until the server gives the connection up."""
    peer = Peer(place.plain, buffer=SMALL_BUFFER)
    peer.send(get(b"/ws", *HANDSHAKE_LINES))
    with contextlib.suppress(*GONE):
        peer.fill(frame(BINARY, b"x" * 60_000, mask=ZERO_MASK))
    peer.wait_until_reset()
    leave(peer, rng)


def says_a_last_word(place: Place, rng: random.Random, _pause: Pause) -> None:
    with connected(place, rng, secure=0.0) as peer:
        talk = Talk(peer)
        peer.send(frame(TEXT, b"the last word"))
        peer.half_close()
        check(talk.message() == (TEXT, b"the last word"), "it is answered")
        check(not peer.rest(), "and then there is an end")


SOCKET_DEEDS: dict[Callable[[Place, random.Random, Pause], None], int] = {
    talks: 6, talks_compressed: 6, talks_at_once: 4, is_in_the_room: 4, is_silent: 1, violates: 8, sends_garbage: 8,
    is_no_handshake: 3, breaks_off: 8, reads_no_message: 1, says_a_last_word: 4,
}  # fmt: skip
"""Each with how often it is done among all."""
