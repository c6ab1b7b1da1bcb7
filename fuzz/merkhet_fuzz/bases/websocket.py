"""Handshakes and dialogues of frames as a client sends them (RFC 6455, Sections 4.1 and 5.2)."""

from __future__ import annotations

from merkhet_fuzz.bases.http import head_end
from merkhet_fuzz.bases.words import CRLF, Builder
from merkhet_fuzz.grammar import Base, Grammar, Kind, Length

FIN = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASKS = (b"\x01\x02\x03\x04", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x81\x80\x7f\xfe")
TEXTS = (b"hello", b"", "é€\U0001f600".encode(), b"x" * 125, b"x" * 126, b"x" * 300)
BINARIES = (b"\0\xff", b"", bytes(range(256)), b"\x81\x85")


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


def make_frames(name: str, seed: int) -> Base:
    """Return a dialogue: messages whole or in fragments, control frames between them, and a text that ends it all."""
    builder = Builder(Kind.FRAMES, name, seed)
    dice = builder.dice
    count = 1 if builder.is_simplest else 1 + dice.below(3)
    for number in range(1, count + 1):
        if name == "fragments":
            fragments(builder, number)
        elif name == "control":
            frame(builder, f"ping{number}", FIN | dice.pick((PING, PING, PONG)), dice.pick((b"", b"hi", b"x" * 125)))
        else:
            is_text = builder.is_simplest or dice.chance(60)
            payload = b"hello" if builder.is_simplest else dice.pick(TEXTS if is_text else BINARIES)
            frame(builder, f"message{number}", FIN | (TEXT if is_text else BINARY), payload)
    frame(builder, "canary", FIN | TEXT, b"canary")
    if name == "control" or dice.chance(30):
        body = b"\x03\xe8" if builder.is_simplest else dice.pick((b"", b"\x03\xe8", b"\x03\xe9bye", b"\x0b\xb8"))
        frame(builder, "close", FIN | CLOSE, body)
    return builder.base()


def fragments(builder: Builder, number: int) -> None:
    """Add a message in fragments, cut anywhere, also within a character, with a control frame between them perhaps."""
    dice = builder.dice
    whole = "hé€llo \U0001f600".encode() if builder.is_simplest else dice.pick(TEXTS)
    cut = 2 if builder.is_simplest else dice.below(len(whole) + 1)
    frame(builder, f"begin{number}", TEXT, whole[:cut])
    if dice.chance(40):
        frame(builder, f"between{number}", FIN | dice.pick((PING, PONG)), dice.pick((b"", b"hi")))
    if dice.chance(30):
        frame(builder, f"more{number}", CONTINUATION, b"")
    frame(builder, f"end{number}", FIN | CONTINUATION, whole[cut:])


def make_handshake(name: str, seed: int) -> Base:
    """Return a request to become a WebSocket."""
    builder = Builder(Kind.HANDSHAKE, name, seed)
    dice = builder.dice
    builder.unit(
        "request-line", "request-line",
        ("method", Grammar.TOKEN, b"GET"), ("space1", Grammar.SPACE, b" "), ("target", Grammar.TARGET, b"/"),
        ("space2", Grammar.SPACE, b" "), ("version", Grammar.VERSION, b"HTTP/1.1"), ("end", Grammar.LINE_END, CRLF),
    )  # fmt: skip
    lines = [
        ("Host", b"a", "host", Grammar.TEXT), ("Upgrade", b"websocket", "upgrade", Grammar.LIST),
        ("Connection", b"Upgrade", "connection", Grammar.LIST),
        ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==", "key", Grammar.TEXT),
        ("Sec-WebSocket-Version", b"13", "version", Grammar.DIGITS),
    ]  # fmt: skip
    if name == "extended":
        lines += [
            ("Sec-WebSocket-Protocol", b"chat, superchat", "field", Grammar.LIST),
            ("Origin", b"http://a.example", "field", Grammar.TEXT),
            ("Sec-WebSocket-Extensions", b"permessage-deflate; client_max_window_bits", "field", Grammar.LIST),
        ]  # fmt: skip
    if not builder.is_simplest:
        # The order of fields is free: any rotation is as good as any permutation.
        turned = dice.below(len(lines))
        lines = lines[turned:] + lines[:turned]
    for line in lines:
        builder.field(*line)
    head_end(builder)
    return builder.base()
