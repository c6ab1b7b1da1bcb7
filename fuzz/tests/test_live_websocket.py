"""Talks on WebSockets, without a socket: what is suspected of what a server says, and what is not."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from merkhet.answer import End
from merkhet.expect_handshake import SAMPLE_KEY, accept_of
from merkhet.model import Weight
from merkhet.suites.deflate_words import Fixed, deflated
from merkhet.suites.websocket_frames import server_close, server_frame, server_pong, server_text
from merkhet.template import Names
from merkhet_fuzz.bases import library
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.judges.frames import follow
from merkhet_fuzz.live import websocket_plan
from merkhet_fuzz.live.seam import Place
from merkhet_fuzz.live.surfaces import SURFACES
from merkhet_fuzz.live.websocket_talk import Talk
from merkhet_fuzz.render import render
from merkhet_fuzz.verdicts import Decision

ENDPOINTS = {name: f"/{name}" for name in ("ws", "ws-deflate", "ws-subproto", "ws-serial", "ws-push")}
PLACE = Place(Names(host=b"localhost:1", scheme="http", endpoints=ENDPOINTS))
BYE = server_close(1000)
CANARY = server_text("canary")


def switched(*lines: bytes, key: bytes = SAMPLE_KEY) -> bytes:
    """Return a 101 with these further lines."""
    head = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
    return b"\r\n".join((*head, b"Sec-WebSocket-Accept: " + accept_of(key), *lines, b"", b""))


def talk(line: str, *said: bytes, end: End | None = End.CLOSED) -> Talk:
    """Hold a talk with a server that says these, one after each turn of ours, and then ends the connection so."""
    made = Input.parse(line)
    surface = SURFACES[Kind(made.kind)]()
    wire = render(made, surface.placed(library.base(made.kind, made.name, made.seed), PLACE))
    dialogue = surface.dialogue(wire, PLACE)
    assert isinstance(dialogue, Talk)
    for octets in said:
        dialogue.outgoing.clear()
        if not dialogue.is_done:
            dialogue.received(octets)
    if not dialogue.is_done and end is not None:
        dialogue.ended(end)
    return dialogue


def labels(line: str, *said: bytes, end: End | None = End.CLOSED) -> list[str]:
    """Return the classes of what is suspected."""
    return [suspicion.label for suspicion in talk(line, *said, end=end).suspicions()]


HELLO = server_text("hello") + CANARY
OPENS = switched()
MESSAGE = "websocket-frames.messages#0"
CASES: tuple[tuple[str, tuple[bytes, ...], End, str], ...] = (
    (MESSAGE, (OPENS, HELLO, BYE), End.CLOSED, ""),
    (MESSAGE, (OPENS + HELLO[:3], HELLO[3:], BYE), End.CLOSED, ""),
    (MESSAGE, (OPENS, server_frame(1, b"he", fin=False) + server_frame(0, b"llo") + CANARY, BYE), End.CLOSED, ""),
    (MESSAGE, (OPENS, server_frame(9, b"x") + HELLO, BYE), End.CLOSED, ""),
    (MESSAGE, (OPENS, server_frame(2, b"hello")), End.CLOSED, "echo.rfc6455-6.1-5.type"),
    (MESSAGE, (OPENS, server_text("hullo")), End.CLOSED, "echo.rfc6455-6.2-7.data"),
    (MESSAGE, (OPENS, HELLO + CANARY), End.CLOSED, "echo.rfc6455-6.2-4.extra"),
    (MESSAGE, (OPENS, server_text("hello")), End.SILENT, "lost.rfc6455-6.2-1.message-silent"),
    (MESSAGE, (OPENS, server_close(1002)), End.CLOSED, "lost.rfc6455-6.2-1.message-closed"),
    (MESSAGE, (OPENS, HELLO), End.CLOSED, "close.rfc6455-5.5.1-6.bare"),
    (MESSAGE, (OPENS, HELLO), End.SILENT, "close.rfc6455-5.5.1-6.unanswered"),
    (MESSAGE, (OPENS, HELLO, BYE), End.SILENT, "close.rfc6455-5.5.1-9.open"),
    (MESSAGE, (OPENS, HELLO, BYE), End.RESET, "close.rfc6455-7.1.1-1.reset"),
    (MESSAGE, (OPENS, HELLO, server_close(1005)), End.CLOSED, "frame.rfc6455-7.4.1-3.frame-close-1005"),
    (f"{MESSAGE} message1.first:flip5", (OPENS, server_close(1002)), End.CLOSED, ""),
    (f"{MESSAGE} message1.first:flip5", (OPENS,), End.RESET, ""),
    (f"{MESSAGE} message1.first:flip5", (OPENS,), End.CLOSED, "fault.rfc6455-7.1.7-3.bare"),
    (f"{MESSAGE} message1.first:flip5", (OPENS,), End.SILENT, "fault.rfc6455-5.2-3.silent"),
    (f"{MESSAGE} message1.first:flip5", (OPENS, server_close(1002)), End.SILENT, "fault.rfc6455-7.1.7-2a.open"),
    (f"{MESSAGE} message1.first:flip5", (OPENS, HELLO), End.CLOSED, "accepted.rfc6455-5.2-3.message"),
    (f"{MESSAGE} message1.first:flip5", (OPENS, CANARY), End.CLOSED, "accepted.rfc6455-5.2-3.message"),
    (f"{MESSAGE} message1.length:len126 message1.extended:put=0,0005", (OPENS, HELLO), End.CLOSED, ""),
    (f"{MESSAGE} message1.length:len126 message1.extended:put=0,0005", (OPENS, server_close(1002)), End.CLOSED, ""),
    (f"{MESSAGE} message1.length:len126 message1.extended:put=0,0005", (OPENS, CANARY), End.CLOSED,
     "echo.rfc6455-6.2-7.data"),
    (f"{MESSAGE} message1.payload:put=5,c3", (OPENS, server_close(1007)), End.CLOSED, ""),
    (f"{MESSAGE} message1.payload:put=5,c3", (OPENS, server_text("hello\ufffd")), End.CLOSED,
     "accepted.rfc6455-8.1-1.message"),
    ("websocket-frames.early#0", (OPENS,), End.SILENT, "lost.rfc6455-4.2.2-a5.early-silent"),
    ("websocket-frames.push#0", (OPENS, server_text("0") * 0), End.SILENT, "lost.rfc6455-6.2-1.message-silent"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "said", "end", "label"), CASES, ids=range(len(CASES)))
def test_frames(line: str, said: tuple[bytes, ...], end: End, label: str) -> None:
    """Each fault is told by its class, and what a server may do by none."""
    assert labels(line, *said, end=end) == ([label] if label else [])


PING = "websocket-frames.control#0"


def test_the_last_of_several_pings_is_enough() -> None:
    """A server may answer the last Ping alone, and no Pong but that of the last will do."""
    line = next(
        f"websocket-frames.control#{seed}"
        for seed in range(library.SEEDS)
        if len({event.payload for event in follow(render(Input.parse(f"websocket-frames.control#{seed}")).octets).events
                if event.name == "ping"}) > 1
    )  # fmt: skip
    asked = [event.payload for event in follow(render(Input.parse(line)).octets).events if event.name == "ping"]
    others = b"".join(map(server_pong, asked[:-1]))
    assert labels(line, OPENS, server_pong(asked[-1]) + CANARY, BYE) == []
    assert labels(line, OPENS, others + CANARY, end=End.SILENT) == ["pong.rfc6455-5.5.2-2.silent"]


HANDSHAKE = "websocket-handshake.plain#0"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"
ANSWERS: tuple[tuple[str, bytes, str], ...] = (
    (HANDSHAKE, b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", "refused.rfc6455-4.2.2-a1.legal"),
    (f"{HANDSHAKE} upgrade:drop", b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", ""),
    (f"{HANDSHAKE} upgrade:drop", OPENS, "accepted.rfc6455-4.2.1-a4.upgrade"),
    (f"{HANDSHAKE} upgrade.value:upper", b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n",
     "refused.rfc6455-4.2.1-a4.upgrade"),
    (f"{HANDSHAKE} upgrade.value:other-before", b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", ""),
    (f"{HANDSHAKE} upgrade.value:other-before", OPENS, ""),
    (f"{HANDSHAKE} sec-websocket-version.value:one-less", b"HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n",
     "handshake.rfc6455-4.2.2-6.versions"),
    (f"{HANDSHAKE} sec-websocket-version.value:one-less",
     b"HTTP/1.1 426 No\r\nContent-Length: 0\r\nSec-WebSocket-Version: 8, 13\r\n\r\n", ""),
    (f"{HANDSHAKE} upgrade:drop", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "handshake.rfc6455-10.7-4.status"),
    (f"{HANDSHAKE} request-line.method:post", OPENS, "accepted.rfc6455-4.2.1-a1.request-line"),
    ("websocket-handshake.deflate#0", switched(DEFLATE), ""),
    ("websocket-handshake.deflate#0", switched(DEFLATE + b"; client_max_window_bits=10"),
     "handshake.rfc7692-7.1.2.2-5.client-bits"),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:server-bits-7", switched(DEFLATE),
     "handshake.rfc7692-7-1-a2.offer-taken"),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:unknown-name", switched(DEFLATE),
     "handshake.rfc6455-4.2.2-10.unoffered"),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:invalid-then-valid", switched(DEFLATE), ""),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:semicolons", switched(),
     "accepted.rfc6455-9.1-1.extensions"),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:quoted",
     switched(DEFLATE + b"; server_max_window_bits=10"), ""),
    ("websocket-handshake.deflate#0 sec-websocket-extensions.value:quoted", switched(DEFLATE),
     "handshake.rfc7692-7.1.2.1-a1.server-bits"),
    ("websocket-handshake.subprotocol#0", switched(b"Sec-WebSocket-Protocol: merkhet.one"), ""),
    ("websocket-handshake.subprotocol#0", switched(b"Sec-WebSocket-Protocol: merkhet.two"),
     "handshake.rfc6455-4.2.2-8.unoffered"),
)  # fmt: skip


@pytest.mark.parametrize(("line", "answer", "label"), ANSWERS, ids=range(len(ANSWERS)))
def test_handshakes(line: str, answer: bytes, label: str) -> None:
    """Each answer is held against what was asked for."""
    assert labels(line, answer, server_text("merkhet"), BYE) == ([label] if label else [])


def test_compressed_messages_are_read_as_was_agreed() -> None:
    """A server may compress its echo; without an agreement on the bit it is a fault."""
    line = "websocket-deflate.messages#0"
    echo = b"".join(server_frame(1, deflated(Fixed(word)), rsv=4) for word in (b"hello", b"canary"))
    assert labels(line, switched(DEFLATE), echo, BYE) == []
    assert labels(line, switched(DEFLATE), HELLO, BYE) == []
    assert labels(line, switched(), BYE) == []  # declined, as it may be
    assert labels(line, OPENS, echo)[:1] == ["frame.rfc6455-5.2-2.frame-rsv"]


def test_what_an_answer_does_not_allow_is_not_laid_to_the_server() -> None:
    """Who asked the client to forget its window need not understand what refers to it."""
    line = "websocket-deflate.windows#0"
    forgets = switched(DEFLATE + b"; client_no_context_takeover")
    said = b"".join(map(server_text, ("merkhet said so ", "merkhet said so again", "canary")))
    assert labels(line, forgets, server_text("merkhet said so "), server_close(1007)) == []
    assert labels(line, switched(DEFLATE), said, BYE) == []
    assert labels(line, switched(DEFLATE), server_text("merkhet said so ") + server_close(1007)) == [
        "lost.rfc7692-7.2.1-2.compressed-closed"
    ]


def test_a_limit_is_no_fault() -> None:
    """1009 is right for what is large, and wrong for a few octets."""
    small, large = (_with_payload(size) for size in (range(6), range(60_000, 70_000)))
    assert labels(large, OPENS, server_close(1009)) == []
    assert labels(small, OPENS, server_close(1009)) == ["lost.rfc6455-6.2-1.message-closed"]


def _with_payload(sizes: Iterable[int]) -> str:
    wanted = set(sizes)
    for seed in range(library.SEEDS):
        line = f"websocket-frames.messages#{seed}"
        first = follow(render(Input.parse(line)).octets).events[0]
        if len(first.payload) in wanted and first.payload.isascii():
            return line
    raise AssertionError(f"no base with {sizes}")


KINDS = (Kind.FRAMES, Kind.HANDSHAKE, Kind.DEFLATE)


@pytest.mark.parametrize("kind", KINDS)
def test_every_base_is_legal(kind: Kind) -> None:
    """What edits are done to has nothing wrong with it."""
    for name in library.names(kind):
        for seed in range(library.SEEDS):
            assert render(Input(kind, name, seed)).verdict.decision is Decision.ACCEPT


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_inputs(kind: Kind) -> None:
    """Inputs are what their line says, and all of them can be put on the wire."""
    made = [websocket_plan.make(kind, 7, index) for index in range(300)]
    assert made == [websocket_plan.make(kind, 7, index) for index in range(300)]
    assert len(set(map(str, made))) > 150
    for one in made:
        assert Input.parse(str(one)) == one
        assert render(one).octets


def test_weights() -> None:
    """What the text does not oblige a server to is a warning at most."""
    (late,) = talk(
        f"{MESSAGE} message1.first:flip5", OPENS, server_pong(b"merkhet-behind") + server_close(1002)
    ).suspicions()
    assert (late.label, late.weight) == ("accepted.rfc6455-5.2-3.late", Weight.WARNING)
