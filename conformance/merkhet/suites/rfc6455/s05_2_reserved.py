"""RFC 6455, Sections 5.2 and 5.8: opcodes and bits that are reserved, and nothing was agreed on that would mean them."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Hears, Send, closes
from merkhet.expect_websocket import echoes, ends_bare, misframed, sends_close, speaks, stays_open
from merkhet.heard import Opcode
from merkhet.suites.deflate_words import Fixed, deflated, run_of
from merkhet.suites.frame_words import fails_on, says_canned
from merkhet.suites.websocket_words import (
    OPEN,
    SWITCHED,
    alive,
    binary,
    close,
    continuation,
    fails,
    frame,
    offers,
    opened,
    ping,
    pong,
    server_close,
    server_frame,
    server_pong,
    server_text,
    text,
)
from merkhet.suites.words import SINCE

# --- opcodes

_WITHOUT_MEANING = (*range(0x3, 0x8), *range(0xB, 0x10))


def _kind(opcode: int) -> str:
    return "control" if opcode >= 0x8 else "data"


_OPCODES = tuple(
    fails_on(
        f"5.2-opcode-{opcode:x}{slug}",
        "5.2-4",
        f"A frame of the reserved {_kind(opcode)} opcode 0x{opcode:X} {words} fails the connection",
        frame(opcode, data),
        1002,
        taken=says_canned(data),
    )
    for opcode in _WITHOUT_MEANING
    for slug, words, data in (("", "with data", b"reserved"), ("-empty", "without data", b""))
)
_OPCODES_ELSEWHERE = tuple(
    fails_on(
        f"5.2-opcode-{opcode:x}-{slug}",
        "5.2-4",
        f"A frame of the reserved {_kind(opcode)} opcode 0x{opcode:X} {words} fails the connection",
        bad,
        1002,
        taken=says_canned("reserved"),
        each=each,
    )
    for opcode in (0x3, 0xB)
    for slug, words, bad, each in (
        ("byte-by-byte", "that comes octet by octet", frame(opcode, b"reserved"), 1),
        (
            "between-fragments",
            "between the fragments of a message",
            text("res", fin=False) + frame(opcode, b"-") + continuation("erved"),
            0,
        ),
        ("first-of-two", "in the segment of a text message behind it", frame(opcode, b"-") + text("reserved"), 0),
    )
)
_OPCODE_FRAGMENTED = fails_on(
    "5.2-opcode-3-fragmented",
    "5.2-4",
    "A message in fragments, the first of the reserved opcode 0x3, fails the connection",
    frame(0x3, b"res", fin=False) + continuation("erved"),
    1002,
    taken=says_canned(b"reserved"),
)

# --- RSV bits

_BITS = (
    (4, "1", "RSV1"),
    (2, "2", "RSV2"),
    (1, "3", "RSV3"),
    (6, "12", "RSV1 and RSV2"),
    (5, "13", "RSV1 and RSV3"),
    (3, "23", "RSV2 and RSV3"),
    (7, "123", "every RSV bit"),
)
_EACH_AND_ALL = tuple(bits for bits in _BITS if bits[0] in {1, 2, 4, 7})


def _rsv(slug: str, words: str, bad: bytes, taken: bytes = b"", each: int = 0) -> Check:
    return fails_on(f"5.2-rsv-{slug}", "5.2-3", f"{words} set fails the connection", bad, 1002, taken=taken, each=each)


_RSV_TEXT = tuple(
    _rsv(f"{slug}-text", f"A text message with {words}", text("reserved", rsv=bits), says_canned("reserved"))
    for bits, slug, words in _BITS
)
_RSV_BINARY = tuple(
    _rsv(f"{slug}-binary", f"A binary message with {words}", binary(b"reserved", rsv=bits), says_canned(b"reserved"))
    for bits, slug, words in _EACH_AND_ALL
)
_RSV_CONTINUATION = tuple(
    _rsv(
        f"{slug}-continuation",
        f"A continuation frame with {words}",
        text("res", fin=False) + continuation("erved", rsv=bits),
        says_canned("reserved"),
    )
    for bits, slug, words in _EACH_AND_ALL
)
_RSV_PING = tuple(
    _rsv(f"{slug}-ping", f"A Ping with {words}", ping(b"reserved", rsv=bits), server_pong(b"reserved"))
    for bits, slug, words in _EACH_AND_ALL
)
_RSV_PONG = tuple(
    _rsv(f"{slug}-pong", f"A Pong with {words}", pong(b"reserved", rsv=bits)) for bits, slug, words in _EACH_AND_ALL
)
_RSV_CLOSE = tuple(
    _rsv(f"{slug}-close", f"A Close with {words}", close(1000, rsv=bits)) for bits, slug, words in _EACH_AND_ALL
)
_RSV_ELSEWHERE = (
    _rsv("1-text-empty", "An empty text message with RSV1", text(rsv=4), says_canned("")),
    _rsv(
        "1-first-fragment",
        "A first fragment with RSV1",
        text("res", fin=False, rsv=4) + continuation("erved"),
        says_canned("reserved"),
    ),
    _rsv(
        "3-last-of-three",
        "A last fragment with RSV3",
        text("re", fin=False) + continuation("ser", fin=False) + continuation("ved", rsv=1),
        says_canned("reserved"),
    ),
    _rsv(
        "2-ping-between-fragments",
        "A Ping between fragments with RSV2",
        text("res", fin=False) + ping(b"reserved", rsv=2) + continuation("erved"),
        server_pong(b"reserved") + says_canned("reserved"),
    ),
    _rsv(
        "2-text-byte-by-byte",
        "A text message that comes octet by octet with RSV2",
        text("reserved", rsv=2),
        says_canned("reserved"),
        each=1,
    ),
    _rsv(
        "3-text-first-of-two",
        "A text message in the segment of another with RSV3",
        text("reserved", rsv=1) + text("second"),
        says_canned("reserved", "second"),
    ),
)

# --- extensions that were not agreed on

_SQUEEZED = deflated(Fixed(*run_of(b"a", 1000)))
_DEFLATE_UNASKED = fails_on(
    "5.8-deflate-not-offered",
    "5.8-1",
    "A compressed message fails the connection where no compression was offered",
    text(_SQUEEZED, rsv=4),
    1002,
    taken=says_canned("a" * 1000),
)

_UNKNOWN = offers("merkhet-unknown; level=1")
_UNKNOWN_OFFERED = Check(
    id="rfc6455-5.8-unknown-offered",
    requirement="rfc6455-5.8-1",
    title="The bits of an extension that was offered and is known to nobody fail the connection",
    since=SINCE,
    steps=(*alive("ws", _UNKNOWN), Send(text("reserved", rsv=7) + ping(b"behind")), fails(1002)),
    good=(closes(OPEN + server_close(1002)),),
    mutants=(
        Canned("takes them", OPEN + server_text("reserved") + server_pong(b"behind")),
        Canned("keeps the connection after its Close", OPEN + server_close(1002)),
        Canned("does nothing", OPEN),
    ),
)

_LONG = "a" * 4096
_PLAIN_ECHO = Check(
    id="rfc6455-5.8-nothing-compressed",
    requirement="rfc6455-5.8-1",
    title="A message that would compress well comes back as it is where no compression was offered",
    since=SINCE,
    steps=(
        *opened(),
        Send(text(_LONG)),
        Hears(
            {
                misframed("frame-rsv", "frame-opcode"): VIOLATION.because("it used an extension that nobody offered"),
                echoes(_LONG): PASS,
                speaks: VIOLATION.because("something else came back"),
                sends_close(): VIOLATION.because("it closed the WebSocket"),
                ends_bare: VIOLATION.because("the connection ended"),
                stays_open: VIOLATION.because("no echo came"),
            },
            messages=1,
        ),
    ),
    good=(SWITCHED + server_text(_LONG),),
    mutants=(
        Canned("compresses it", SWITCHED + server_text(deflated(Fixed(*run_of(b"a", 4096))), rsv=4)),
        Canned("sets RSV3", SWITCHED + server_text(_LONG, rsv=1)),
        Canned("uses a reserved opcode", SWITCHED + server_frame(0x3, _LONG.encode())),
        Canned("compresses it in secret", SWITCHED + server_frame(Opcode.BINARY, deflated(Fixed(*run_of(b"a", 4096))))),
        Canned("echoes nothing", SWITCHED),
    ),
)

CHECKS = (
    *_OPCODES,
    *_OPCODES_ELSEWHERE,
    _OPCODE_FRAGMENTED,
    *_RSV_TEXT,
    *_RSV_BINARY,
    *_RSV_CONTINUATION,
    *_RSV_PING,
    *_RSV_PONG,
    *_RSV_CLOSE,
    *_RSV_ELSEWHERE,
    _DEFLATE_UNASKED,
    _UNKNOWN_OFFERED,
    _PLAIN_ECHO,
)
