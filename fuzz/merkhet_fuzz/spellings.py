"""The closed lists of spellings by grammar type: what parsers are known to take for something that it is not.

They come from how Python, C, JavaScript and Java read numbers, strip whitespace, compare case and end lines, and from
bugs that shipped. Whether one is legal where it stands is not said here: that is judged from the octets that come out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from merkhet_fuzz.grammar import Grammar
from merkhet_fuzz.spellings_websocket import KEYS, METHODS, OFFERS, SUBPROTOCOLS

Spelling = Callable[[bytes], bytes]


def _around(before: bytes, after: bytes = b"") -> Spelling:
    return lambda octets: before + octets + after


def _always(octets: bytes) -> Spelling:
    return lambda _: octets


def _inside(octets: bytes) -> Spelling:
    """Put something into the middle; behind a single octet it goes to the end."""
    return lambda whole: whole[: (len(whole) + 1) // 2] + octets + whole[(len(whole) + 1) // 2 :]


def _more(radix: int, added: int) -> Spelling:
    """Write a larger number: one that is the same again once it has been cut to so many bits."""

    def spelled(octets: bytes) -> bytes:
        try:
            number = int(octets, radix) + added
        except ValueError:
            return octets
        return b"%d" % number if radix == 10 else b"%x" % number

    return spelled


def _negative(bits: int, radix: int) -> Spelling:
    def spelled(octets: bytes) -> bytes:
        try:
            number = (1 << bits) - int(octets, radix)
        except ValueError:
            return octets
        return b"%d" % number if radix == 10 else b"%x" % number

    return spelled


def _digits_of(zero: int) -> Spelling:
    """Write the digits of another script, as UTF-8: what `isdigit` and `int` take in Python and Java."""
    return lambda octets: "".join(
        chr(zero + octet - 0x30) if 0x30 <= octet <= 0x39 else chr(octet) for octet in octets
    ).encode()


def _bits(kept: int, value: int, *, flips: bool = False) -> Spelling:
    """Keep some bits of the first octet, and set or flip others."""

    def spelled(octets: bytes) -> bytes:
        if not octets:
            return octets
        first = octets[0] & kept
        return bytes([first ^ value if flips else first | value]) + octets[1:]

    return spelled


WHITESPACE: Mapping[str, bytes] = {
    "space": b" ", "tab": b"\t", "vt": b"\x0b", "ff": b"\x0c", "nel": b"\x85", "nbsp": b"\xa0", "nul": b"\0",
    "fs": b"\x1c", "us": b"\x1f", "utf8-nbsp": b"\xc2\xa0", "utf8-nel": b"\xc2\x85", "utf8-ls": b"\xe2\x80\xa8",
    "utf8-ideographic": b"\xe3\x80\x80", "bom": b"\xef\xbb\xbf",
}  # fmt: skip
"""What some `strip` takes away: of C, of Python for str and for bytes, of JavaScript and of Java."""

_STRIPPED: dict[str, Spelling] = {
    **{f"{name}-before": _around(octets) for name, octets in WHITESPACE.items()},
    **{f"{name}-behind": _around(b"", octets) for name, octets in WHITESPACE.items()},
}
_NUMBERS: dict[str, Spelling] = {
    **_STRIPPED,
    "empty": _always(b""), "plus": _around(b"+"), "minus": _around(b"-"), "minus-zero": _always(b"-0"),
    "minus-one": _always(b"-1"), "zero": _always(b"0"), "leading-zero": _around(b"0"),
    "leading-zeros": _around(b"0" * 20),
    "underscore": _inside(b"_"), "zero-underscore": _around(b"0_"), "plus-underscore": _around(b"+0_"),
    "hex-prefix": _around(b"0x"), "hex-prefix-upper": _around(b"0X"), "octal-prefix": _around(b"0o"),
    "binary-prefix": _around(b"0b"), "x-prefix": _around(b"x"), "dollar": _around(b"$"), "hash": _around(b"#"),
    "point-zero": _around(b"", b".0"), "point": _around(b"", b"."), "exponent": _around(b"", b"e0"),
    "letter-behind": _around(b"", b"Z"), "long-behind": _around(b"", b"L"), "unsigned-behind": _around(b"", b"u"),
    "comma-behind": _around(b"", b","), "comma-before": _around(b","), "semicolon-behind": _around(b"", b";"),
    "inner-space": _inside(b" "), "inner-tab": _inside(b"\t"), "inner-comma": _inside(b","),
    "inner-nul": _inside(b"\0"),
    "inner-lf": _inside(b"\n"), "inner-cr": _inside(b"\r"), "lf-behind": _around(b"", b"\n"),
    "lf-before": _around(b"\n"),
    "cr-behind": _around(b"", b"\r"), "cr-before": _around(b"\r"),
    "quotes": _around(b'"', b'"'), "apostrophes": _around(b"'", b"'"), "parentheses": _around(b"(", b")"),
    "brackets": _around(b"[", b"]"), "infinity": _always(b"inf"), "not-a-number": _always(b"nan"),
    "true": _always(b"true"),
    "null": _always(b"null"), "arabic": _digits_of(0x660), "fullwidth": _digits_of(0xFF10),
    "devanagari": _digits_of(0x966),
    "superscript": _around(b"", b"\xb2"), "utf8-superscript": _around(b"", "\u00b2".encode()),
    "mathematical": _digits_of(0x1D7CE), "twice": lambda octets: octets + b", " + octets,
    "comment-behind": _around(b"", b" (a)"), "percent": _around(b"%3"),
}  # fmt: skip


def _wrapped(radix: int) -> dict[str, Spelling]:
    return {
        **{f"wrap{bits}": _more(radix, 1 << bits) for bits in (8, 16, 31, 32, 53, 63, 64, 128)},
        **{f"negative{bits}": _negative(bits, radix) for bits in (32, 64)},
        "one-more": _more(radix, 1), "one-less": _more(radix, -1), "many-nines": _always(b"9" * 40),
    }  # fmt: skip


_TOKENS: dict[str, Spelling] = {
    **_STRIPPED,
    "empty": _always(b""), "upper": bytes.upper, "lower": bytes.lower, "swapped-case": bytes.swapcase,
    "title": bytes.title,
    "inner-space": _inside(b" "), "inner-tab": _inside(b"\t"), "inner-nul": _inside(b"\0"), "inner-cr": _inside(b"\r"),
    "inner-lf": _inside(b"\n"), "inner-crlf": _inside(b"\r\n"), "inner-fold": _inside(b"\r\n "),
    "inner-del": _inside(b"\x7f"),
    "inner-ctl": _inside(b"\x01"), "inner-high": _inside(b"\xff"), "inner-comma": _inside(b","),
    "inner-colon": _inside(b":"),
    "inner-slash": _inside(b"/"), "inner-at": _inside(b"@"), "inner-semicolon": _inside(b";"),
    "inner-equals": _inside(b"="),
    "inner-quote": _inside(b'"'), "inner-backslash": _inside(b"\\"), "inner-bracket": _inside(b"["),
    "inner-paren": _inside(b"("),
    "underscored": lambda octets: octets.replace(b"-", b"_"), "spaced": lambda octets: octets.replace(b"-", b" "),
    "quotes": _around(b'"', b'"'), "kelvin": lambda octets: octets.replace(b"k", "\u212a".encode()),
    "long-s": lambda octets: octets.replace(b"s", "\u017f".encode()),
    "dotless": lambda octets: octets.replace(b"i", "\u0131".encode()),
    "x-before": _around(b"x"), "x-behind": _around(b"", b"x"), "comma-before": _around(b","),
    "comma-behind": _around(b"", b","),
    "twice": lambda octets: octets + b", " + octets, "cr-behind": _around(b"", b"\r"), "cr-before": _around(b"\r"),
    "long": _around(b"", b"a" * 300),
}  # fmt: skip
_TEXTS: dict[str, Spelling] = {
    **{name: spelling for name, spelling in _TOKENS.items() if name != "long"},
    "ctl-before": _around(b"\x01"), "del-behind": _around(b"", b"\x7f"), "obs-text": _inside(b"\x80\xfe"),
    "utf8": _inside("é€".encode()),
    "inner-crcrlf": _inside(b"\r\r\n"), "inner-cr-field": _inside(b"\rx-injected: 1"),
    "inner-lf-field": _inside(b"\nx-injected: 1"),
    "spaces": _inside(b" " * 40), "tabs": _inside(b"\t" * 40), "percent-nul": _inside(b"%00"),
    "open-quote": _around(b'"'), "overlong-lf": _inside(b"\xc0\x8a"),
    "long": _around(b"", b"a" * 2000),
}  # fmt: skip
SPELLINGS: Mapping[Grammar, Mapping[str, Spelling]] = {
    Grammar.DIGITS: {**_NUMBERS, **_wrapped(10), "octal": _around(b"0"), "hex-letter": _around(b"", b"a")},
    Grammar.HEXDIG: {
        **_NUMBERS, **_wrapped(16), "upper": bytes.upper, "lower": bytes.lower, "hex-suffix": _around(b"", b"h"),
        "hex-zero": _always(b"0x0"), "double-prefix": _around(b"0x0x"), "extension": _around(b"", b";a=b"),
        "g-behind": _around(b"", b"g"),
    },
    Grammar.TOKEN: _TOKENS,
    Grammar.METHOD: {**_TOKENS, **{name: _always(octets) for name, octets in METHODS.items()}},
    Grammar.KEY: {**_TEXTS, **{name: _always(octets) for name, octets in KEYS.items()}},
    Grammar.OFFER: {name: _always(octets) for name, octets in OFFERS.items()},
    Grammar.SUBPROTOCOL: {name: _always(octets) for name, octets in SUBPROTOCOLS.items()},
    Grammar.LINE_END: {
        "lf": _always(b"\n"), "cr": _always(b"\r"), "none": _always(b""), "cr-cr-lf": _always(b"\r\r\n"),
        "lf-cr": _always(b"\n\r"),
        "twice": _always(b"\r\n\r\n"), "lf-lf": _always(b"\n\n"), "cr-any": _always(b"\rX"),
        "any-lf": _always(b"X\n"), "any-any": _always(b"XX"),
        "cr-nul-lf": _always(b"\r\0\n"), "nul-crlf": _always(b"\0\r\n"), "space-crlf": _always(b" \r\n"),
        "tab-crlf": _always(b"\t\r\n"),
        "vt-crlf": _always(b"\x0b\r\n"), "ff": _always(b"\x0c"), "nel": _always(b"\x85"),
        "utf8-ls": _always(b"\xe2\x80\xa8"),
        "crlf-space": _always(b"\r\n "), "crlf-cr": _always(b"\r\n\r"), "crlf-lf": _always(b"\r\n\n"),
        "cr-space-lf": _always(b"\r \n"),
        "crlf-nul": _always(b"\r\n\0"), "crlf-digit": _always(b"\r\n1"), "escaped": _always(b"\\r\\n"),
        "percent": _always(b"%0d%0a"),
        "cr-crlf-any": _always(b"\r\n\rX"), "any-crlf": _always(b"X\r\n"),
    },
    Grammar.SPACE: {
        "none": _always(b""), "two": _always(b"  "), "many": _always(b" " * 30), "crlf": _always(b"\r\n"),
        "lf": _always(b"\n"),
        "cr": _always(b"\r"), "plus": _always(b"+"), "percent": _always(b"%20"), "space-lf": _always(b" \n"),
        "fold": _always(b"\r\n "),
        **{name: _always(octets) for name, octets in WHITESPACE.items() if name != "space"},
    },
    Grammar.OWS: {
        "none": _always(b""), "one": _always(b" "), "two": _always(b"  "), "tabs": _always(b" \t \t"),
        "many": _always(b" " * 60),
        "fold": _always(b"\r\n "), "fold-tab": _always(b"\r\n\t"), "cr": _always(b"\r"), "lf": _always(b"\n"),
        "lf-fold": _always(b"\n "),
        "comma": _always(b","),
        **{name: _always(octets) for name, octets in WHITESPACE.items() if name not in {"space", "bom"}},
    },
    Grammar.COLON: {
        "none": _always(b""), "twice": _always(b"::"), "equals": _always(b"="), "semicolon": _always(b";"),
        "fullwidth": _always("\uff1a".encode()),
        "cr-before": _always(b"\r:"), "lf-before": _always(b"\n:"), "crlf-before": _always(b"\r\n:"),
        "fold-before": _always(b"\r\n :"),
        "space-colon-space": _always(b" : "),
        **{f"{name}-before": _always(octets + b":") for name, octets in WHITESPACE.items()},
    },
    Grammar.QUOTED: {
        **{name: _inside(octets) for name, octets in {
            "inner-lf": b"\n", "inner-cr": b"\r", "inner-crlf": b"\r\n", "inner-nul": b"\0", "inner-ctl": b"\x01",
            "inner-del": b"\x7f",
            "inner-high": b"\xff", "inner-tab": b"\t", "inner-quote": b'"', "inner-pair": b'\\"',
            "inner-backslashes": b"\\\\" * 20,
            "escaped-lf": b"\\\n", "escaped-nul": b"\\\0", "escaped-crlf": b"\\\r\n", "inner-semicolon": b";",
            "inner-comma": b",",
            "inner-utf8": "é".encode(),
        }.items()},
        "empty": _always(b'""'), "nothing": _always(b""), "open": lambda octets: octets[:-1],
        "closed-only": lambda octets: octets[1:],
        "apostrophes": lambda octets: b"'" + octets[1:-1] + b"'", "bare": lambda octets: octets[1:-1],
        "escape-at-end": lambda octets: octets[:-1] + b'\\"',
        "twice": lambda octets: octets + octets, "letter-behind": _around(b"", b"a"), "space-before": _around(b" "),
        "nbsp-before": _around(b"\xa0"),
    },
    Grammar.LIST: {
        **_STRIPPED, "comma-before": _around(b","), "comma-behind": _around(b"", b","), "commas": _around(b", ,\t,"),
        "empty": _always(b""),
        "only-comma": _always(b","), "space-for-comma": lambda octets: octets.replace(b",", b" "),
        "semicolon": lambda octets: octets.replace(b",", b";"),
        "tight": lambda octets: octets.replace(b", ", b","), "wide": lambda octets: octets.replace(b",", b" \t,\t "),
        "nbsp": lambda octets: octets.replace(b" ", b"\xa0"), "vt": lambda octets: octets.replace(b" ", b"\x0b"),
        "twice": lambda octets: octets + b", " + octets,
        "upper": bytes.upper, "lower": bytes.lower, "kelvin": lambda octets: octets.replace(b"k", "\u212a".encode()),
        "quotes": _around(b'"', b'"'),
        "inner-cr": _inside(b"\r"), "inner-nul": _inside(b"\0"), "inner-fold": _inside(b"\r\n "),
        "inner-lf": _inside(b"\n"),
        "identity-behind": _around(b"", b", identity"), "identity-before": _around(b"identity, "),
        "x-before": _around(b"x"), "x-behind": _around(b"", b"x"),
        "parameter": _around(b"", b";q=1"), "other-before": _around(b"gzip, "), "unknown": _always(b"blegh"),
        "unknown-before": _around(b"blegh, "),
    },
    Grammar.TEXT: _TEXTS,
    Grammar.TARGET: {
        "empty": _always(b""), "relative": _always(b"a"), "asterisk": _always(b"*"),
        "authority": _always(b"a.example:80"), "absolute": _around(b"http://a.example"),
        "fragment": _around(b"", b"#a"), "space": _inside(b" "), "tab": _inside(b"\t"), "nul": _inside(b"\0"),
        "ctl": _inside(b"\x01"), "del": _inside(b"\x7f"),
        "high": _inside(b"\xff"), "utf8": _inside("é".encode()), "percent-alone": _around(b"", b"%"),
        "percent-bad": _around(b"", b"%zz"), "percent-nul": _around(b"", b"%00"),
        "lf": _inside(b"\n"), "cr": _inside(b"\r"), "crlf": _inside(b"\r\n"), "quote": _inside(b'"'),
        "angle": _inside(b"<>"), "backslash": _inside(b"\\"),
        "brace": _inside(b"{}"), "bracket": _inside(b"["), "caret": _inside(b"^"), "pipe": _inside(b"|"),
        "dots": _around(b"/.."), "slashes": _around(b"/"),
        "question": _around(b"", b"?a?b/"), "long": _around(b"", b"a" * 9000), "nbsp": _inside(b"\xa0"),
        "nel": _around(b"", b"\x85"),
    },
    Grammar.VERSION: {
        name: _always(octets) for name, octets in {
            "lower": b"http/1.1", "no-minor": b"HTTP/1", "no-point": b"HTTP/11", "two-digits": b"HTTP/1.10",
            "major-two-digits": b"HTTP/01.1",
            "wrapped": b"HTTP/4294967297.1", "plus": b"HTTP/+1.1", "space-inside": b"HTTP/ 1.1",
            "space-point": b"HTTP/1. 1", "letter": b"HTTP/1.a", "comma": b"HTTP/1,1",
            "letter-behind": b"HTTP/1.1a", "space-behind": b"HTTP/1.1 ", "tab-behind": b"HTTP/1.1\t",
            "nbsp-behind": b"HTTP/1.1\xa0", "nul-behind": b"HTTP/1.1\0",
            "arabic": "HTTP/1.\u0661".encode(), "fullwidth": "HTTP/\uff11.\uff11".encode(), "superscript": b"HTTP/1.\xb9",
            "empty": b"", "other": b"HTTPS/1.1", "ice": b"ICE/1.0",
            "version2": b"HTTP/2.0", "version12": b"HTTP/1.2", "version09": b"HTTP/0.9", "version10": b"HTTP/1.0",
            "no-slash": b"HTTP1.1", "negative": b"HTTP/-1.1", "cr-behind": b"HTTP/1.1\r",
        }.items()
    },
    Grammar.OCTETS: {
        "empty": _always(b""), "one": _always(b"a"), "crlf": _around(b"\r\n"), "crlf-behind": _around(b"", b"\r\n"),
        "zero-chunk": _around(b"0\r\n\r\n"),
        "request": _around(b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"), "nul": _around(b"\0"),
        "high": _inside(b"\xff\xfe"), "cr-behind": _around(b"", b"\r"), "lf-behind": _around(b"", b"\n"),
        "twice": lambda octets: octets * 2, "boundary": _inside(b"--merkhet-boundary"),
        "boundary-line": _inside(b"\r\n--merkhet-boundaryX\r\n"), "dashes": _inside(b"\r\n--"),
        "long": _around(b"", b"a" * 3000), "of125": lambda octets: (octets + b"a" * 125)[:125],
        "of126": lambda octets: (octets + b"a" * 126)[:126],
        "of65536": lambda octets: (octets + b"a" * 65536)[:65536], "utf8": _around("é€\U0001f600".encode()),
        "utf8-cut": _around(b"", b"\xe2\x82"), "utf8-surrogate": _around(b"\xed\xa0\x80"),
        "utf8-overlong": _around(b"\xc0\xaf"), "utf8-beyond": _around(b"\xf4\x90\x80\x80"),
        "one-octet": _always(b"\x03"), "code-1005": _always(b"\x03\xed"), "code-1000": _always(b"\x03\xe8"),
        "code-999": _always(b"\x03\xe7bye"), "code-reason-bad": _always(b"\x03\xe8\xff"),
    },
    Grammar.BITS: {
        **{f"flip{bit}": _bits(0xFF, 1 << bit, flips=True) for bit in range(8)},
        **{f"low{value:x}": _bits(0xF0, value) for value in range(16)},
        "len125": _bits(0x80, 125),
        "len126": _bits(0x80, 126),
        "len127": _bits(0x80, 127),
    },
    Grammar.FIXED: {
        "empty": _always(b""), "twice": lambda octets: octets * 2, "upper": bytes.upper, "lower": bytes.lower,
        "space-behind": _around(b"", b" "), "tab-behind": _around(b"", b"\t"),
        "letter-behind": _around(b"", b"x"), "letter-before": _around(b"x"), "space-before": _around(b" "),
        "nul-behind": _around(b"", b"\0"), "cut": lambda octets: octets[:-1],
        "short": lambda octets: octets[1:], "zeros": lambda octets: bytes(len(octets)),
        "lf-behind": _around(b"", b"\n"), "high": _inside(b"\xff"),
    },
}  # fmt: skip
"""For each type, by name, what is made of the octets of a piece."""
COUNT = sum(map(len, SPELLINGS.values()))
