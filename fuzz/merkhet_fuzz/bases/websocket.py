"""Handshakes and dialogues of frames as a client sends them (RFC 6455, Sections 4.1 and 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from merkhet.wire.client_frames import masked
from merkhet_fuzz.bases.http import head_end
from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length, Piece

FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASKS = (
    b"\x01\x02\x03\x04", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x81\x80\x7f\xfe", b"\x37\0\x21\x3d", b"\0\0\0\x01",
)  # fmt: skip
TEXTS = (
    b"hello", b"", "é€\U0001f600".encode(), b"x" * 125, b"x" * 126, b"x" * 300, b"a", "é".encode(), "\ufeffmark".encode(),
    b"a\0b", "e\u0301a\u030a".encode(), b"a\r\nb\rc\n", "\u00e9\u00ff".encode(), b"0123456789" * 150, b"y" * 65535,
    "\U0001f600".encode() * 300, "\ufffe\uffff\ud7ff\ue000\U0010ffff\u0800\u0080".encode(),
)  # fmt: skip
BINARIES = (
    b"\0\xff", b"", bytes(range(256)), b"\x81\x85", b"hello", b"\xff", b"\xed\xa0\x80", b"a", bytes(range(256)) * 5, b"z" * 65536,
)  # fmt: skip
PINGS = (b"", b"hi", b"x" * 125, b"\xff\xfe\0", b"ping", "é".encode(), bytes(range(60, 180)), b"\0")
CLOSES = (
    b"", b"\x03\xe8", b"\x03\xe9bye", b"\x0b\xb8", b"\x13\x87", b"\x03\xea", b"\x03\xeb", b"\x03\xef", b"\x03\xf0",
    b"\x03\xf1", b"\x03\xf2", b"\x03\xf3" + b"r" * 123, b"\x03\xe8" + "caf\u00e9".encode(),
)  # fmt: skip


def frame(builder: Builder, name: str, first: int, payload: bytes) -> None:
    """Add one masked frame. The payload stands in its piece as it is meant: it is masked when the input is rendered."""
    length = len(payload)
    width, short = (1, length) if length < 126 else (2, 126) if length < 65536 else (8, 127)
    mask = b"\0\0\0\0" if builder.is_simplest else builder.dice.pick(MASKS)
    unit = builder.unit(
        name, "frame",
        ("first", Grammar.BITS, bytes([first])), ("length", Grammar.BITS, bytes([0x80 | short])),
        ("extended", Grammar.FIXED, b"" if width == 1 else length.to_bytes(width, "big")),
        ("mask", Grammar.FIXED, mask), ("payload", Grammar.OCTETS, payload),
    )  # fmt: skip
    builder.lengths.append(Length(f"{unit}.length", (f"{unit}.payload",), 0, 1))


def on_the_wire(pieces: Iterable[Piece]) -> bytes:
    """Return frames as they go over the wire: each payload masked by the key before it, if that is one."""
    made: list[bytes] = []
    key = b""
    for piece in pieces:
        octets = piece.octets
        if piece.name.endswith(".payload"):
            octets = masked(octets, key) if len(key) == 4 and any(key) else octets
        elif piece.name.endswith(".mask"):
            key = octets
        made.append(octets)
    return b"".join(made)


def make_frames(name: str, seed: int) -> Base:
    """Return a dialogue: messages whole or in fragments, control frames between them, and a text that ends it all.

    "early" is for the handshake's own packet, and "many" is one long dialogue; "serial" and "push" are what two
    endpoints of the contract take for orders.
    """
    builder = Builder(Kind.FRAMES, name, seed)
    dice = builder.dice
    PARTS[name](builder, 1 if builder.is_simplest or name == "closing" else 1 + dice.below(3))
    if name in {"serial", "push"}:
        return builder.base()
    frame(builder, "canary", FIN | TEXT, b"canary")
    if name == "control" or (name != "closing" and dice.chance(30)):
        frame(builder, "close", FIN | CLOSE, b"\x03\xe8" if builder.is_simplest else dice.pick(CLOSES))
    return builder.base()


def messages(builder: Builder, count: int) -> None:
    """Add whole messages."""
    dice = builder.dice
    for number in range(1, count + 1):
        is_text = builder.is_simplest or dice.chance(60)
        payload = b"hello" if builder.is_simplest else dice.pick(TEXTS if is_text else BINARIES)
        frame(builder, f"message{number}", FIN | (TEXT if is_text else BINARY), payload)


def controls(builder: Builder, count: int) -> None:
    """Add Pings and Pongs, one behind the other."""
    dice = builder.dice
    for number in range(1, count + 1):
        frame(builder, f"ping{number}", FIN | dice.pick((PING, PING, PONG)), dice.pick(PINGS))


def all_fragments(builder: Builder, count: int) -> None:
    """Add messages in fragments."""
    for number in range(1, count + 1):
        fragments(builder, number)


def fragments(builder: Builder, number: int) -> None:
    """Add a message in fragments, cut anywhere, also within a character, with a control frame between them perhaps."""
    dice = builder.dice
    is_text = builder.is_simplest or dice.chance(70)
    whole = "hé€llo \U0001f600".encode() if builder.is_simplest else dice.pick((TEXTS if is_text else BINARIES)[:13])
    cut = 2 if builder.is_simplest else dice.below(len(whole) + 1)
    frame(builder, f"begin{number}", TEXT if is_text else BINARY, whole[:cut])
    if dice.chance(40):
        frame(builder, f"between{number}", FIN | dice.pick((PING, PONG)), dice.pick(PINGS))
    if dice.chance(30):
        frame(builder, f"more{number}", CONTINUATION, b"")
    end = cut if dice.chance(60) else cut + dice.below(len(whole) - cut + 1)
    if end > cut:
        frame(builder, f"middle{number}", CONTINUATION, whole[cut:end])
    if not builder.is_simplest and dice.chance(10):
        for place in range(14):
            frame(builder, f"small{number}-{place}", CONTINUATION, b"")
    frame(builder, f"end{number}", FIN | CONTINUATION, whole[end:])


def closing(builder: Builder, count: int) -> None:
    """Add a Close, perhaps within a message, and a Ping or more of that message behind it."""
    dice = builder.dice
    frame(builder, f"message{count}", FIN | TEXT, b"hello")
    is_within = not builder.is_simplest and dice.chance(50)
    if is_within:
        frame(builder, "begin", dice.pick((TEXT, BINARY)), dice.pick((b"part", b"", b"\xc3")))
    frame(builder, "close", FIN | CLOSE, b"\x03\xe8" if builder.is_simplest else dice.pick(CLOSES))
    if is_within and dice.chance(50):
        frame(builder, "end", FIN | CONTINUATION, b"\xa9ial")


def many(builder: Builder, count: int) -> None:
    """Add many short messages and Pings, whole and in fragments: what one says to a server that one has most from."""
    dice = builder.dice
    for number in range(count * 20):
        roll = dice.below(10)
        if roll < 6:
            is_text = dice.chance(60)
            frame(
                builder,
                f"many{number}",
                FIN | (TEXT if is_text else BINARY),
                dice.pick((TEXTS if is_text else BINARIES)[:13]),
            )
        elif roll < 8:
            frame(builder, f"many{number}", FIN | dice.pick((PING, PONG)), dice.pick(PINGS))
        else:
            fragments(builder, number)


def serial(builder: Builder, count: int) -> None:
    """Add messages for `ws-serial`, the first of which takes its time, and a Ping among them."""
    dice = builder.dice
    frame(builder, "first", FIN | TEXT, b"first %d" % dice.pick((40, 60)))
    frame(builder, "ping", FIN | PING, b"within")
    for number in range(count):
        frame(builder, f"next{number}", FIN | TEXT, b"next%d %d" % (number, dice.pick((0, 0, 5))))


REASONS = (b"", b"bye", "caf\u00e9 \U0001f600".encode(), b"r" * 100, b"a b  c")


def push(builder: Builder, count: int) -> None:
    """Add orders for `ws-push`; what stands behind an order to close is not carried out."""
    dice = builder.dice
    # One Ping at most: the second with the same data may be more than an application can have.
    pinged = dice.below(2 * count) if not builder.is_simplest else count
    for number in range(count):
        order = b"send %d %d" % (dice.pick((1, 3, 10)), dice.pick((0, 1, 125, 126, 5000)))
        if number == pinged:
            order = b"ping " + dice.pick((b"", b"are you there"))
        frame(builder, f"order{number}", FIN | TEXT, order)
    if builder.is_simplest or dice.chance(70):
        code = dice.pick((1000, 1001, 1008, 1011, 3000, 4999))
        frame(builder, "close", FIN | TEXT, b"close %d %s" % (code, dice.pick(REASONS)))
        if dice.chance(60):
            frame(builder, "behind", FIN | TEXT, b"send 1 1")


PARTS: Mapping[str, Callable[[Builder, int], None]] = {
    "messages": messages, "fragments": all_fragments, "control": controls, "closing": closing, "early": messages, "many": many,
    "serial": serial, "push": push,
}  # fmt: skip
KEYS = (
    b"dGhlIHNhbXBsZSBub25jZQ==", b"AQIDBAUGBwgJCgsMDQ4PEA==", b"x3JJHMbDL1EzLkh9GBhXDw==", b"AAAAAAAAAAAAAAAAAAAAAA==",
    b"/////////////////////w==",
)  # fmt: skip
CONNECTIONS = (b"Upgrade", b"upgrade", b"keep-alive, Upgrade", b"Upgrade, keep-alive", b"keep-alive,UPGRADE")
OFFERS = (
    b"permessage-deflate; client_max_window_bits", b"permessage-deflate", b"x-merkhet-unknown", b"x-webkit-deflate-frame",
    b"permessage-deflate; server_no_context_takeover", b"permessage-deflate; client_no_context_takeover",
    b"permessage-deflate; server_max_window_bits=9", b"permessage-deflate; server_max_window_bits=15; client_max_window_bits=10",
    b'permessage-deflate; server_max_window_bits="10"', b"x-merkhet-unknown, permessage-deflate",
    b"permessage-deflate; server_max_window_bits=8, permessage-deflate", b"permessage-deflate;client_max_window_bits=8",
    b"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
    b"permessage-deflate;\tserver_max_window_bits = 12", b"x-merkhet; a=1; b",
    b"permessage-deflate; server_max_window_bits=10, permessage-deflate; client_no_context_takeover",
)  # fmt: skip
SUBPROTOCOLS = (
    b"merkhet.one", b"merkhet.two", b"merkhet.one, merkhet.two", b"merkhet.two,merkhet.one", b"x-merkhet, merkhet.two",
    b"x-merkhet", b"MERKHET.ONE", b"merkhet.one.more", b"merkhet", b"chat, superchat", b"merkhet.one.merkhet.two",
)  # fmt: skip


def make_handshake(name: str, seed: int) -> Base:
    """Return a request to become a WebSocket. "subprotocol" and "deflate" are for the endpoints that know of them.

    "absolute" has its target in absolute form.
    """
    builder = Builder(Kind.HANDSHAKE, name, seed)
    dice = builder.dice
    target = b"http://a/" if name == "absolute" else b"/"
    builder.unit(
        "request-line", "request-line",
        ("method", Grammar.METHOD, b"GET"), ("space1", Grammar.SPACE, b" "), ("target", Grammar.TARGET, target),
        ("space2", Grammar.SPACE, b" "), ("version", Grammar.VERSION, b"HTTP/1.1"), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
    is_simplest = builder.is_simplest
    lines = [
        ("Host", b"a", "host", Grammar.TEXT), ("Upgrade", b"websocket", "upgrade", Grammar.LIST),
        ("Connection", CONNECTIONS[0] if is_simplest else dice.pick(CONNECTIONS), "connection", Grammar.LIST),
        ("Sec-WebSocket-Key", KEYS[0] if is_simplest else dice.pick(KEYS), "key", Grammar.KEY),
        ("Sec-WebSocket-Version", b"13", "version", Grammar.DIGITS),
    ]  # fmt: skip
    if name == "extended":
        lines += [
            ("Sec-WebSocket-Protocol", b"chat, superchat", "field", Grammar.LIST),
            ("Origin", b"http://a.example", "origin", Grammar.TEXT),
            ("Sec-WebSocket-Extensions", OFFERS[0] if is_simplest else dice.pick(OFFERS), "extensions", Grammar.OFFER),
        ]  # fmt: skip
    if name == "subprotocol":
        chosen = SUBPROTOCOLS[0] if is_simplest else dice.pick(SUBPROTOCOLS)
        lines.append(("Sec-WebSocket-Protocol", chosen, "protocol", Grammar.SUBPROTOCOL))
    if name == "deflate":
        lines.append(
            ("Sec-WebSocket-Extensions", OFFERS[1] if is_simplest else dice.pick(OFFERS), "extensions", Grammar.OFFER)
        )
    if not is_simplest:
        # The order of fields is free: any rotation is as good as any permutation.
        turned = dice.below(len(lines))
        lines = lines[turned:] + lines[:turned]
    for line in lines:
        if line[0] == "Connection" and not is_simplest and dice.chance(20):
            # Two lines of a list are one list.
            _line(builder, "connection-first", b"Connection", b"keep-alive")
        if line[0] == "Sec-WebSocket-Protocol" and name == "subprotocol" and not is_simplest and dice.chance(20):
            _line(builder, "protocol-first", b"Sec-WebSocket-Protocol", b"x-first")
        builder.field(*line)
    head_end(builder)
    return builder.base()


def _line(builder: Builder, unit: str, name: bytes, value: bytes) -> None:
    """Add a field line of a name that another line has too."""
    builder.unit(
        unit, "field",
        ("name", Grammar.TOKEN, name), ("colon", Grammar.COLON, b":"), ("before", Grammar.OWS, b" "),
        ("value", Grammar.LIST, value), ("behind", Grammar.OWS, b""), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
