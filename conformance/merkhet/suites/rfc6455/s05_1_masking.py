"""RFC 6455, Sections 5.1 and 5.3: frames of a client are masked, and the mask is taken off."""

from __future__ import annotations

from merkhet.check import PASS, Canned, Check, Hears, Send, closes, observed
from merkhet.expect_websocket import ends_bare, goes_on, sends_close, stays_open
from merkhet.heard import Opcode
from merkhet.suites.frame_words import comes_back, fails_on, says_canned
from merkhet.suites.websocket_words import (
    CLOSE_SECONDS,
    OPEN,
    alive,
    binary,
    close_body,
    continuation,
    frame,
    ping,
    pong,
    server_close,
    server_pong,
    text,
)
from merkhet.suites.words import SINCE

# --- frames without a mask

_BARE = PASS.because("ended without a Close frame, which this section leaves to the server")
_BARE_NOTE = "That a Close frame with 1002 comes first is a MAY of this very section: an end without one is as good."

_PLAIN = (
    ("text", "A text frame", text("unmasked", mask=None), says_canned("unmasked")),
    ("text-empty", "An empty text frame", text(mask=None), says_canned("")),
    ("binary", "A binary frame", binary(b"\x00\xffunmasked", mask=None), says_canned(b"\x00\xffunmasked")),
    ("ping", "A Ping", ping(b"unmasked", mask=None), server_pong(b"unmasked")),
    ("ping-empty", "An empty Ping", ping(mask=None), server_pong()),
    ("pong", "A Pong", pong(b"unmasked", mask=None), b""),
    ("close", "A Close", frame(Opcode.CLOSE, close_body(1000), mask=None), b""),
    (
        "first-fragment",
        "A first fragment",
        text("un", fin=False, mask=None) + continuation("masked"),
        says_canned("unmasked"),
    ),
    (
        "last-fragment",
        "A last fragment",
        text("un", fin=False) + continuation("masked", mask=None),
        says_canned("unmasked"),
    ),
    (
        "middle-fragment",
        "A middle fragment",
        text("un", fin=False) + continuation("mas", fin=False, mask=None) + continuation("ked"),
        says_canned("unmasked"),
    ),
    (
        "ping-between-fragments",
        "A Ping between fragments",
        text("un", fin=False) + ping(b"between", mask=None) + continuation("masked"),
        server_pong(b"between") + says_canned("unmasked"),
    ),
    ("126", "A text frame of 126 octets", text("x" * 126, mask=None), says_canned("x" * 126)),
    ("65536", "A binary frame of 65,536 octets", binary(b"x" * 65536, mask=None), says_canned(b"x" * 65536)),
)
_UNMASKED = tuple(
    fails_on(
        f"5.1-unmasked-{slug}",
        "5.1-2",
        f"{words} without a mask ends the connection",
        sent,
        1002,
        taken=answer,
        bare=_BARE,
        note=_BARE_NOTE,
    )
    for slug, words, sent, answer in _PLAIN
)
_BY_OCTETS = fails_on(
    "5.1-unmasked-text-byte-by-byte",
    "5.1-2",
    "A text frame without a mask that comes octet by octet ends the connection",
    text("unmasked", mask=None),
    1002,
    each=1,
    taken=says_canned("unmasked"),
    bare=_BARE,
    note=_BARE_NOTE,
)

_CODE = Check(
    id="rfc6455-5.1-unmasked-code",
    requirement="rfc6455-5.1-3",
    title="How a server ends a connection on which a frame came without a mask",
    since=SINCE,
    steps=(
        *alive(),
        Send(text("unmasked", mask=None) + ping(b"behind")),
        Hears(
            {
                goes_on: observed("takes frames without a mask"),
                sends_close(1002): observed("ends with Close 1002 on a frame without a mask"),
                sends_close(None): observed("ends with a Close without a code on a frame without a mask"),
                sends_close(): observed("ends with a Close of another code than 1002 on a frame without a mask"),
                ends_bare: observed("ends without a Close frame on a frame without a mask"),
                stays_open: observed("passes over frames without a mask"),
            },
            pongs=1,
            patience_seconds=CLOSE_SECONDS,
        ),
    ),
    good=(closes(OPEN + server_close(1002)),),
    mutants=(
        Canned("closes with 1000", closes(OPEN + server_close(1000))),
        Canned("closes without a code", closes(OPEN + server_close())),
        Canned("hangs up", closes(OPEN)),
        Canned("echoes it", OPEN + says_canned("unmasked")),
        Canned("does nothing", OPEN),
    ),
    note="Whether the connection ends is for the checks beside it.",
)

# --- masking keys

_SAID = "masked with any key"
_KEYS = (
    ("zero", "0", bytes(4)),
    ("ones", "all ones", b"\xff" * 4),
    ("first-octet", "0 but for its first octet", b"\x5a\x00\x00\x00"),
    ("second-octet", "0 but for its second octet", b"\x00\x5a\x00\x00"),
    ("third-octet", "0 but for its third octet", b"\x00\x00\x5a\x00"),
    ("last-octet", "0 but for its last octet", b"\x00\x00\x00\x5a"),
    ("high-bits", "the high bit of each octet", b"\x80" * 4),
    ("crlf", "two line ends", b"\r\n\r\n"),
    ("head", "what looks like the head of a frame", b"\x88\x80\x81\xfe"),
)
_BY_KEY = tuple(
    comes_back(
        f"6.2-mask-{slug}",
        "6.2-7",
        f"A mask whose key is {words} is taken off text and binary data",
        text(_SAID, mask=key) + binary(bytes(range(256)), mask=key),
        _SAID,
        bytes(range(256)),
    )
    for slug, words, key in _KEYS
)

_SIZES = tuple("abcdefghi"[:size] for size in range(1, 10))
_FRESH = (b"\x01\x02\x03\x04", b"\xf0\xe1\xd2\xc3", b"\x00\xff\x00\xff", b"\x7f\x00\x80\x01")
_ALIGNED = comes_back(
    "6.2-mask-sizes",
    "6.2-7",
    "The mask is taken off messages of 1 to 9 octets",
    b"".join(text(data) for data in _SIZES),
    *_SIZES,
)
_CHANGING = comes_back(
    "6.2-mask-key-per-frame",
    "6.2-7",
    "Each message is unmasked with the key of its own frame",
    b"".join(text(f"number {number}", mask=key) for number, key in enumerate(_FRESH)),
    *(f"number {number}" for number in range(len(_FRESH))),
)
_PER_FRAGMENT = comes_back(
    "6.2-mask-key-per-fragment",
    "6.2-7",
    "Each fragment is unmasked with the key of its own frame, from that key's first octet",
    text("abc", fin=False, mask=_FRESH[0])
    + continuation("defgh", fin=False, mask=_FRESH[1])
    + continuation("i", fin=False, mask=_FRESH[2])
    + continuation("jklmno", mask=_FRESH[3]),
    "abcdefghijklmno",
)
_AROUND_PING = comes_back(
    "6.2-mask-key-around-ping",
    "6.2-7",
    "The key of a Ping between two fragments unmasks the Ping alone",
    text("abcde", fin=False, mask=_FRESH[0]) + ping(b"xyz", mask=_FRESH[1]) + continuation("fgh", mask=_FRESH[2]),
    "abcdefgh",
)
_SAME_AS_KEY = comes_back(
    "6.2-mask-same-as-data",
    "6.2-7",
    "Data that are the masking key itself come back as they were",
    text("AbCdAbCd", mask=b"AbCd") + binary(b"\xde\xad\xbe\xef" * 3, mask=b"\xde\xad\xbe\xef"),
    "AbCdAbCd",
    b"\xde\xad\xbe\xef" * 3,
)
_CUTS = comes_back(
    "6.2-mask-cut-payload",
    "6.2-7",
    "The mask is taken off a payload that comes in pieces of 3, 1, 2 and 5 octets",
    # The head with its key has six octets.
    Send(text("abcdefghijklm"), cuts=(9, 10, 12, 17)),
    "abcdefghijklm",
)
_LONG = bytes(range(256)) * 15 + bytes(range(255))
_LONG_CUTS = comes_back(
    "6.2-mask-long-cut-payload",
    "6.2-7",
    "The mask is taken off a payload of 4,095 octets that comes in pieces no key fits into",
    Send(binary(_LONG), each=1021),
    _LONG,
)
_EXAMPLE = comes_back(
    "6.2-mask-example",
    "6.2-7",
    "The masked text message of the specification's own examples is read as Hello",
    b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
    "Hello",
)
_FULL = comes_back(
    "6.2-mask-65536",
    "6.2-7",
    "The mask is taken off a message of 65,536 octets to its last",
    binary(bytes(range(256)) * 256, mask=_FRESH[1]),
    bytes(range(256)) * 256,
)

CHECKS = (
    *_UNMASKED,
    _BY_OCTETS,
    _CODE,
    *_BY_KEY,
    _ALIGNED,
    _CHANGING,
    _PER_FRAGMENT,
    _AROUND_PING,
    _SAME_AS_KEY,
    _CUTS,
    _LONG_CUTS,
    _EXAMPLE,
    _FULL,
)
