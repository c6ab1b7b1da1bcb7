"""RFC 6455, Section 5.4: messages in fragments, of every number and size."""

from __future__ import annotations

from collections.abc import Sequence

from merkhet.check import BREACH, Canned, Check, Hears, Send, closes, observed
from merkhet.expect_websocket import Item, echoes, ends_bare, sends_close, speaks, stays_open
from merkhet.heard import Opcode
from merkhet.suites.frame_words import comes_back, says_canned
from merkhet.suites.websocket_words import (
    SWITCHED,
    fragments,
    opened,
    pieces,
    server_binary,
    server_close,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_OCTETS = bytes(range(255, 229, -1))
_TEXT, _BINARY = Opcode.TEXT, Opcode.BINARY
_KINDS = ((_TEXT, "text", _LETTERS), (_BINARY, "binary", _OCTETS))
_DELIVERIES = (("", "", 0), ("-byte-by-byte", " that come octet by octet", 1))


def _item(opcode: Opcode, data: bytes) -> Item:
    return data.decode() if opcode is Opcode.TEXT else data


def _joined(
    slug: str,
    requirement: str,
    title: str,
    opcode: Opcode,
    parts: Sequence[bytes],
    *,
    each: int = 0,
    mutants: Sequence[Canned] = (),
) -> Check:
    return comes_back(
        f"5.4-{slug}",
        requirement,
        title,
        Send(fragments(opcode, parts), each=each),
        _item(opcode, b"".join(parts)),
        mutants=mutants,
    )


def _said(opcode: Opcode, data: bytes) -> bytes:
    return says_canned(_item(opcode, data))


# --- their order

_COUNTS = ((2, "two", 13), (3, "three", 9), (13, "13", 2), (26, "26", 1))
_IN_ORDER = tuple(
    _joined(
        f"fragments-{count}-{kind}{slug}",
        "5.4-3",
        f"The {words} fragments of a {kind} message{delivery} are joined in their order",
        opcode,
        pieces(data, size),
        each=each,
        mutants=(
            Canned("joins them in reverse", SWITCHED + _said(opcode, b"".join(reversed(pieces(data, size))))),
            Canned("drops the first", SWITCHED + _said(opcode, data[size:])),
            Canned("drops the last", SWITCHED + _said(opcode, data[: -(len(data) % size or size)])),
            Canned("echoes each", SWITCHED + b"".join(_said(opcode, part) for part in pieces(data, size))),
        ),
    )
    for opcode, kind, data in _KINDS
    for count, words, size in _COUNTS
    for slug, delivery, each in _DELIVERIES
)
_SEGMENTED = tuple(
    comes_back(
        f"5.4-fragments-{slug}",
        "5.4-3",
        f"Three fragments are joined in their order when {words}",
        Send(fragments(_TEXT, ("abc", "def", "ghi")), cuts=cuts),
        "abcdefghi",
    )
    # Each of these frames has nine octets: six of its head, three of its payload.
    for slug, words, cuts in (
        ("one-per-segment", "each comes in a segment of its own", (9, 18)),
        ("cut-in-heads", "the head of each is cut", (1, 10, 19)),
        ("cut-in-masks", "the masking key of each is cut", (4, 13, 22)),
        ("cut-in-payloads", "the payload of each is cut", (7, 16, 25)),
    )
)

# --- empty ones

_EMPTY = (
    ("first", "whose first fragment is empty", (b"", b"merkhet")),
    ("middle", "with an empty fragment in the middle", (b"mer", b"", b"khet")),
    ("last", "whose last fragment is empty", (b"merkhet", b"")),
    ("around", "between two empty fragments", (b"", b"merkhet", b"")),
    ("several", "with several empty fragments everywhere", (b"", b"", b"mer", b"", b"", b"khet", b"", b"")),
    ("both", "of two empty fragments", (b"", b"")),
    ("all", "of five empty fragments", (b"",) * 5),
)
_EMPTIES = tuple(
    _joined(
        f"empty-{slug}-{kind}{way}",
        "5.4-7",
        f"A {kind} message {words}{' and that comes octet by octet' if each else ''} is received",
        opcode,
        parts,
        each=each,
    )
    for opcode, kind, _ in _KINDS
    for slug, words, parts in _EMPTY
    for way, _, each in _DELIVERIES
)

# --- whole messages among them

_BOTH_FORMS = (
    comes_back(
        "5.4-whole-and-fragments",
        "5.4-7",
        "A message in one frame and the same in three are received alike",
        text("merkhet") + fragments(_TEXT, ("mer", "kh", "et")) + text("merkhet"),
        "merkhet",
        "merkhet",
        "merkhet",
        mutants=(
            Canned("takes no fragments", closes(SWITCHED + server_text("merkhet") + server_close(1003))),
            Canned("loses the fragments", SWITCHED + server_text("merkhet") * 2),
        ),
    ),
    *(
        comes_back(
            f"5.4-all-splits-{kind}",
            "5.4-7",
            f"A {kind} message in two fragments is received wherever it is split",
            b"".join(fragments(opcode, (data[:at], data[at:])) for at in range(len(data) + 1)),
            *[_item(opcode, data)] * (len(data) + 1),
        )
        for opcode, kind, data in _KINDS
    ),
    *(
        comes_back(
            f"5.4-length-class-{first}-{second}",
            "5.4-7",
            f"A message in fragments of {first} and {second} octets is received",
            fragments(_BINARY, (b"\xfe" * first, b"\x01" * second)),
            b"\xfe" * first + b"\x01" * second,
        )
        for first, second in ((125, 126), (126, 125), (127, 1), (1, 65535), (65535, 1), (65536, 0), (0, 65536))
    ),
)

# --- any size

_SIZES = (1, 2, 3, 5, 7, 11, 25)


def _any_size(size: int) -> Check:
    parts = pieces(_LETTERS, size)
    told = _LETTERS.decode()
    return Check(
        id=f"rfc6455-5.4-fragments-of-{size}",
        requirement="rfc6455-5.4-6",
        title=f"What a server does with fragments of {size} octet{'' if size == 1 else 's'}",
        since=SINCE,
        steps=(
            *opened(),
            Send(fragments(_TEXT, parts)),
            Hears(
                {
                    echoes(told): observed("takes fragments of any size"),
                    sends_close(1008, 1009): observed(f"refuses fragments of {size} with a code for its limits"),
                    speaks: BREACH.because("it joined them wrongly"),
                    sends_close(): BREACH.because("it closed the WebSocket"),
                    ends_bare: BREACH.because("the connection ended"),
                    stays_open: BREACH.because("no echo came"),
                },
                messages=1,
            ),
        ),
        good=(SWITCHED + server_text(told),),
        mutants=(
            Canned("echoes each", SWITCHED + b"".join(server_text(part) for part in parts)),
            Canned("drops the last", SWITCHED + server_text(told[: -(len(told) % size or size)])),
            Canned("closes the WebSocket", closes(SWITCHED + server_close(1002))),
            Canned("hangs up", closes(SWITCHED)),
            Canned("echoes nothing", SWITCHED),
        ),
        note="A server may have limits, and not for fragments as few as these; none that it says so of is held against it.",
    )


# --- one type

_SYMBOLS = "\N{EURO SIGN}\N{SNOWMAN}".encode()
_OF_ONE_TYPE = (
    comes_back(
        "5.4-type-text",
        "5.4-12",
        "A text message in fragments is text to its last",
        fragments(_TEXT, ("mer", "kh", "et")),
        "merkhet",
        mutants=(Canned("ends it as binary", SWITCHED + server_text("mer") + server_binary(b"khet")),),
    ),
    comes_back(
        "5.4-type-binary",
        "5.4-12",
        "A binary message in fragments is binary to its last",
        fragments(_BINARY, (b"mer", b"kh", b"et")),
        b"merkhet",
        mutants=(Canned("ends it as text", SWITCHED + server_binary(b"mer") + server_text("khet")),),
    ),
    comes_back(
        "5.4-type-binary-like-text",
        "5.4-12",
        "A binary message in fragments that are UTF-8 is binary all the same",
        fragments(_BINARY, (_SYMBOLS[:3], _SYMBOLS[3:])),
        _SYMBOLS,
    ),
    comes_back(
        "5.4-type-binary-not-utf8",
        "5.4-12",
        "A binary message in fragments that are not UTF-8 is received",
        fragments(_BINARY, (b"\xff\xfe", b"\xc3", b"\x28")),
        b"\xff\xfe\xc3\x28",
    ),
    comes_back(
        "5.4-type-by-turns",
        "5.4-12",
        "Messages in fragments keep their types, text and binary by turns",
        fragments(_TEXT, ("a", "b")) + fragments(_BINARY, (b"c", b"d")) + fragments(_TEXT, ("e", "f")),
        "ab",
        b"cd",
        "ef",
    ),
    comes_back(
        "5.4-type-empty-first",
        "5.4-12",
        "The type of a message is that of its first fragment though that is empty",
        fragments(_BINARY, (b"", b"merkhet")) + fragments(_TEXT, ("", "merkhet")),
        b"merkhet",
        "merkhet",
    ),
)

CHECKS = (*_IN_ORDER, *_SEGMENTED, *_EMPTIES, *_BOTH_FORMS, *(_any_size(size) for size in _SIZES), *_OF_ONE_TYPE)
