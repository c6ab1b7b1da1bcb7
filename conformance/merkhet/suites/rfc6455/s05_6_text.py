"""RFC 6455, Section 5.6: text is UTF-8 as a whole, wherever its frames and segments begin."""

from __future__ import annotations

from merkhet.check import Canned, Check, Send
from merkhet.heard import Opcode
from merkhet.suites.frame_words import comes_back, says_canned
from merkhet.suites.websocket_words import SWITCHED, binary, continuation, fragments, pieces, ping, pong, text

_POINTS = (
    (0x00, "the first of one octet"),
    (0x7F, "the last of one octet"),
    (0x80, "the first of two octets"),
    (0xE9, "one of two octets"),
    (0x7FF, "the last of two octets"),
    (0x800, "the first of three octets"),
    (0x20AC, "one of three octets"),
    (0xD7FF, "the last before the surrogates"),
    (0xE000, "the first behind the surrogates"),
    (0xFDD0, "a noncharacter"),
    (0xFEFF, "the byte order mark"),
    (0xFFFD, "the replacement character"),
    (0xFFFE, "a noncharacter that looks like a byte order mark"),
    (0xFFFF, "the last of three octets"),
    (0x10000, "the first of four octets"),
    (0x1F600, "one of four octets"),
    (0x3FFFF, "the last behind the lead F0"),
    (0x40000, "the first behind the lead F1"),
    (0xFFFFF, "the last behind the lead F3"),
    (0x100000, "the first behind the lead F4"),
    (0x10FFFE, "a noncharacter of four octets"),
    (0x10FFFF, "the last of all"),
)


def _whole(point: int, words: str) -> Check:
    """The character alone, at the start, in the middle and at the end, and twice."""
    char = chr(point)
    texts = (char, f"{char} first", f"in {char} between", f"last {char}", char * 2)
    return comes_back(
        f"5.6-utf8-u{point:04x}",
        "5.6-1",
        f"U+{point:04X}, {words}, comes back wherever it stands in a text",
        b"".join(map(text, texts)),
        *texts,
        mutants=(
            Canned("replaces it", SWITCHED + says_canned(*(one.replace(char, "?") for one in texts))),
            Canned("drops it", SWITCHED + says_canned(*(one.replace(char, "") for one in texts))),
        ),
    )


def _cut(point: int, words: str) -> Check:
    """The character in two fragments, cut in each place; and in as many fragments as it has octets."""
    octets = chr(point).encode()
    splits = [(b"a" + octets[:at], octets[at:] + b"z") for at in range(1, len(octets))]
    told = f"a{chr(point)}z"
    sent = b"".join(fragments(Opcode.TEXT, split) for split in splits)
    sent += fragments(Opcode.TEXT, (b"a", *pieces(octets, 1), b"z"))
    return comes_back(
        f"5.6-utf8-u{point:04x}-cut",
        "5.6-1",
        f"U+{point:04X}, {words}, comes back wherever a fragment ends within it",
        sent,
        *[told] * (len(splits) + 1),
        mutants=(Canned("replaces its parts", SWITCHED + says_canned(*["a??z"] * len(octets))),),
    )


_VALID = tuple(_whole(*row) for row in _POINTS)
_VALID_CUT = tuple(_cut(point, words) for point, words in _POINTS if point > 0x7F)

# --- segments, and other frames between

_ALL = "".join(chr(point) for point, _ in _POINTS)
_OCTETS = _ALL.encode()
_SHORT = "a\u00e9\u20ac\U0001f600"
_MIXED = (
    comes_back("5.6-utf8-all", "5.6-1", "A text of characters of every length comes back", text(_ALL), _ALL),
    comes_back(
        "5.6-utf8-all-byte-by-byte",
        "5.6-1",
        "A text of characters of every length that comes octet by octet comes back",
        Send(text(_ALL), each=1),
        _ALL,
    ),
    comes_back(
        "5.6-utf8-all-in-1",
        "5.6-1",
        "A text of characters of every length comes back from fragments of one octet",
        fragments(Opcode.TEXT, pieces(_OCTETS, 1)),
        _ALL,
    ),
    comes_back(
        "5.6-utf8-in-1-byte-by-byte",
        "5.6-1",
        "Characters of every length come back from fragments of one octet that come octet by octet",
        Send(fragments(Opcode.TEXT, pieces(_SHORT.encode(), 1)), each=1),
        _SHORT,
    ),
    *(
        comes_back(
            f"5.6-utf8-all-splits-of-{number}",
            "5.6-1",
            f"A text of characters of every length comes back from fragments of {number} octets",
            fragments(Opcode.TEXT, pieces(_OCTETS, number)),
            _ALL,
        )
        for number in (2, 3, 5)
    ),
    comes_back(
        "5.6-utf8-ping-within",
        "5.6-1",
        "A Ping within a character, whose data are not UTF-8, leaves the text as it is",
        text(b"\xe2\x82", fin=False) + ping(b"\xff") + continuation(b"\xac"),
        "\N{EURO SIGN}",
    ),
    comes_back(
        "5.6-utf8-pong-within",
        "5.6-1",
        "A Pong within a character, whose data would go on with it, leaves the text as it is",
        text(b"\xe2\x82", fin=False) + pong(b"\xac") + continuation(b"\xac"),
        "\N{EURO SIGN}",
    ),
    comes_back(
        "5.6-utf8-empty-within",
        "5.6-1",
        "Empty fragments within a character leave it whole",
        fragments(Opcode.TEXT, (b"", b"\xf0\x9f", b"", b"\x98", b"", b"\x80", b"")),
        "\N{GRINNING FACE}",
    ),
    comes_back(
        "5.6-utf8-behind-binary",
        "5.6-1",
        "A text behind binary data that end in half a character is read from its own beginning",
        binary(b"\xe2\x82") + text("\N{EURO SIGN}") + binary(b"\xac") + text("a"),
        b"\xe2\x82",
        "\N{EURO SIGN}",
        b"\xac",
        "a",
    ),
    comes_back(
        "5.6-utf8-composed",
        "5.6-1",
        "Characters that look alike come back as they were, composed or not",
        text("\u00e9 e\u0301 \u212b \u00c5 \ufb01 fi"),
        "\u00e9 e\u0301 \u212b \u00c5 \ufb01 fi",
        mutants=(Canned("composes them", SWITCHED + says_canned("\u00e9 \u00e9 \u00c5 \u00c5 \ufb01 fi")),),
    ),
    comes_back(
        "5.6-utf8-line-ends",
        "5.6-1",
        "Line ends and other control characters in a text come back as they were",
        text("a\r\nb\nc\rd\0\x08\x1b\x85\u2028"),
        "a\r\nb\nc\rd\0\x08\x1b\x85\u2028",
        mutants=(Canned("has other line ends", SWITCHED + says_canned("a\nb\nc\nd\0\x08\x1b\x85\u2028")),),
    ),
    comes_back(
        "5.6-utf8-mark-first",
        "5.6-1",
        "A byte order mark at the beginning of a text is part of it",
        text("\ufeffmerkhet"),
        "\ufeffmerkhet",
        mutants=(Canned("drops it", SWITCHED + says_canned("merkhet")),),
    ),
)

CHECKS = (*_VALID, *_VALID_CUT, *_MIXED)
