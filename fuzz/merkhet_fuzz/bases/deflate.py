"""Dialogues of compressed messages as a client sends them (RFC 7692, Section 7.2), behind an offer.

The DEFLATE data are put together by hand: the same octets whatever zlib is installed. A base refers back to earlier
messages and as far as it likes: what a server's answer does not allow is not laid to it (judges/deflate.py).
"""

from __future__ import annotations

import hashlib

from merkhet.suites.deflate_words import Back, Block, Dynamic, Fixed, Stored, deflated, flushed, run_of
from merkhet_fuzz.bases.websocket import BINARY, CONTINUATION, FIN, PING, PINGS, TEXT, frame
from merkhet_fuzz.bases.words import Builder
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Base, Kind

RSV1 = 0x40
OFFERS = (
    b"permessage-deflate", b"permessage-deflate; client_max_window_bits",
    b"permessage-deflate; server_no_context_takeover", b"permessage-deflate; client_no_context_takeover",
    b"permessage-deflate; server_max_window_bits=9", b"permessage-deflate; client_max_window_bits=9",
    b"permessage-deflate; server_max_window_bits=8; server_no_context_takeover",
    b"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
)  # fmt: skip
NOISE = hashlib.shake_256(b"merkhet").hexdigest(350).encode()
"""700 octets of text that refer back to nothing: said twice, the second time refers back as far as that."""
MARK = NOISE[:100]


def make(name: str, seed: int) -> Base:
    """Return an offer and a dialogue. The offer stands in the base's meaning."""
    builder = Builder(Kind.DEFLATE, name, seed)
    dice = builder.dice
    offer = OFFERS[0] if builder.is_simplest else dice.pick(OFFERS)
    count = 1 if builder.is_simplest else 1 + dice.below(3)
    for number in range(1, count + 1):
        if name == "fragments":
            _fragments(builder, number, _blocks(builder))
        elif name == "windows":
            _window(builder, number)
        elif dice.chance(25):
            frame(builder, f"plain{number}", FIN | TEXT, dice.pick((b"plain", b"", NOISE, b"\xc3\xa9" * 100)))
        else:
            frame(builder, f"message{number}", RSV1 | FIN | _kind(dice), deflated(*_blocks(builder)))
    frame(builder, "canary", RSV1 | FIN | TEXT, deflated(Fixed(b"canary")))
    return builder.base(offer)


def _kind(dice: Dice) -> int:
    return TEXT if dice.chance(70) else BINARY


def _blocks(builder: Builder) -> tuple[Block, ...]:
    """Return the blocks of one message: of every type, with and without BFINAL, empty, and with runs."""
    if builder.is_simplest:
        return (Fixed(b"hello"),)
    word = builder.dice.pick((b"hello", b"", b"merkhet " * 20, "é€\U0001f600".encode() * 8, NOISE))
    made: tuple[tuple[Block, ...], ...] = (
        (Fixed(word),), (Stored(word),), (Dynamic(word),), (Fixed(word, final=True),), (Stored(word, final=True),),
        (Dynamic(word, final=True),), (Fixed(word, final=True), Fixed(b"behind")), (Stored(), Fixed(word)),
        (Fixed(b"ab"), Stored(word), Dynamic(b"cd")), (Fixed(*run_of(b"x", 5000)),), (), (Fixed(b"abc", Back(9, 3)),),
        (Fixed(*run_of(b"\0", 50_000)),),
    )  # fmt: skip
    return builder.dice.pick(made)


def _fragments(builder: Builder, number: int, blocks: tuple[Block, ...]) -> None:
    """Add a compressed message, or one that is not, in fragments."""
    dice = builder.dice
    is_plain = not builder.is_simplest and dice.chance(20)
    payload = b"plain text in two" if is_plain else deflated(*blocks)
    if not is_plain and dice.chance(20):
        payload = flushed(*blocks) + deflated(Fixed(b"behind"))
    cut = dice.below(len(payload) + 1)
    frame(builder, f"begin{number}", TEXT if is_plain else TEXT | RSV1, payload[:cut])
    if dice.chance(40):
        frame(builder, f"between{number}", FIN | PING, dice.pick(PINGS))
    if dice.chance(40):
        frame(builder, f"more{number}", CONTINUATION, payload[cut : cut + 3])
        cut += 3
    frame(builder, f"end{number}", FIN | CONTINUATION, payload[cut:])


def _window(builder: Builder, number: int) -> None:
    """Add a message that refers back: to the one before, far within itself, or said twice so that the server may."""
    dice = builder.dice
    way = 0 if builder.is_simplest else dice.below(4)
    if way == 0:
        frame(builder, f"before{number}", RSV1 | FIN | TEXT, deflated(Fixed(b"merkhet said so ")))
        frame(builder, f"back{number}", RSV1 | FIN | TEXT, deflated(Fixed(Back(16, 16), b"again")))
    elif way == 1:
        items = (*run_of(b"0", 32768 - len(MARK)), Back(len(MARK), 32768))
        frame(builder, f"far{number}", RSV1 | FIN | TEXT, deflated(Stored(MARK), Fixed(*items)))
    else:
        frame(builder, f"once{number}", FIN | TEXT, NOISE)
        frame(builder, f"twice{number}", RSV1 | FIN | TEXT, deflated(Stored(NOISE * (way - 1))))
        if way == 3:
            frame(builder, f"final{number}", RSV1 | FIN | TEXT, deflated(Fixed(b"x" * 9, final=True)))
            frame(builder, f"back{number}", RSV1 | FIN | TEXT, deflated(Fixed(Back(9, 9), b"again")))
