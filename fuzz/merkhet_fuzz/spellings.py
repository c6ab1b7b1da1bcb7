"""The closed lists of lenient spellings: by grammar type, what is put in the place of a legal piece, and what is due then.

Most come from what Python, C, JavaScript and Java take for a number or strip from a string. A spelling that sections of
the specifications leave open is never a finding by itself.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple


class Due(enum.IntEnum):
    """What a parser owes an input."""

    ACCEPT = 1
    """It is legal, and is read as what it says."""
    EITHER = 2
    """It is refused, or read as what is meant."""
    FREE = 3
    """Anything, as long as it is the same however it comes."""
    REFUSE = 4
    """Its message is never handed on as a whole one."""


class Level(enum.StrEnum):
    """How hard a rule is. SHOULD also stands for a grammar that no requirement asks a recipient to insist on."""

    MUST = "must"
    SHOULD = "should"


class Spelling(NamedTuple):
    """A spelling of a grammar type, and the clause that decides about it. `write` has the legal octets, returns others."""

    name: str
    write: Callable[[bytes], bytes]
    due: Due
    clause: str
    level: Level = Level.MUST


def _before(octets: bytes) -> Callable[[bytes], bytes]:
    return lambda data: octets + data


def _after(octets: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data + octets


def _is(octets: bytes) -> Callable[[bytes], bytes]:
    return lambda _: octets


def _inside(octets: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[: len(data) // 2] + octets + data[len(data) // 2 :]


def _doubled(between: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data + between + data


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


def _foreign_digits(lead: bytes, zero: int) -> Callable[[bytes], bytes]:
    """Write each digit as one of Unicode's others, in UTF-8."""
    return lambda data: b"".join(lead + bytes([zero + octet - 0x30]) for octet in data)


def _quoted(data: bytes) -> bytes:
    return b'"' + data + b'"'


def _shorter(data: bytes) -> bytes:
    return data[:-1]


def _wrapped(data: bytes) -> bytes:
    """Write a number that 64 bits take for this one."""
    return b"%d" % (2**64 + int(data))


def _wrapped_hex(data: bytes) -> bytes:
    return b"%x" % (2**64 + int(data, 16))


LENGTH_CLAUSE, CHUNK, COLON = "rfc9112#6.3", "rfc9112#7.1", "rfc9112#5.1"
HOST, CODING, VALUE, OWS, LINE = "rfc9112#3.2", "rfc9112#6.3", "rfc9110#5.5", "rfc9110#5.6.3", "rfc9112#2.2"
SHOULD = Level.SHOULD

NUMBER_HABITS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("plus", _before(b"+")), ("minus", _before(b"-")), ("minus-zero", _is(b"-0")), ("hex-prefix", _before(b"0x")),
    ("underscore", _before(b"0_")), ("point", _after(b".0")), ("exponent", _after(b"e0")),
    ("comma-letter", _after(b",x")), ("semicolon", _after(b";")), ("letter-behind", _after(b"z")),
    ("two-numbers", _doubled(b" ")), ("vt-before", _before(b"\x0b")), ("ff-behind", _after(b"\x0c")),
    ("nbsp-behind", _after(b"\xa0")), ("nel-behind", _after(b"\x85")), ("l-suffix", _after(b"L")),
    ("fullwidth", _foreign_digits(b"\xef\xbc", 0x90)),
    ("arabic-indic", _foreign_digits(b"\xd9", 0xA0)),
    ("superscript", _is(b"\xb2")), ("quoted", _quoted), ("empty", _is(b"")),
)  # fmt: skip
"""Ways to write decimal digits that no grammar of HTTP has."""


def _digits(prefix: str, clause: str) -> tuple[Spelling, ...]:
    return tuple(Spelling(f"{prefix}.{name}", write, Due.REFUSE, clause) for name, write in NUMBER_HABITS)


def _hexdigits() -> tuple[Spelling, ...]:
    habits = (
        ("plus", _before(b"+")), ("minus", _before(b"-")), ("hex-prefix", _before(b"0x")), ("hex-prefix-big", _before(b"0X")),
        ("underscore", _before(b"0_")), ("sp-before", _before(b" ")), ("htab-before", _before(b"\t")),
        ("vt-before", _before(b"\x0b")), ("ff-behind", _after(b"\x0c")),
        ("cr-behind", _after(b"\r")), ("nul-behind", _after(b"\x00")),
        ("nbsp-behind", _after(b"\xa0")), ("letter-behind", _after(b"z")), ("h-suffix", _after(b"h")), ("point", _after(b".")),
        ("comma", _after(b",")), ("quoted", _quoted), ("empty", _is(b"")),
    )  # fmt: skip
    return tuple(Spelling(f"chunk-size.{name}", write, Due.REFUSE, CHUNK, SHOULD) for name, write in habits)


SPELLINGS: dict[str, tuple[Spelling, ...]] = {
    "method": (
        Spelling("method.empty-line-before", _before(b"\r\n"), Due.EITHER, LINE),
        Spelling("method.sp-before", _before(b" "), Due.FREE, "rfc9112#3"),
        Spelling("method.separator", _inside(b"("), Due.FREE, "rfc9110#5.6.2"),
        Spelling("method.nul", _after(b"\x00"), Due.FREE, "rfc9110#5.6.2"),
        Spelling("method.obs-text", _after(b"\xe9"), Due.FREE, "rfc9110#5.6.2"),
        Spelling("method.empty", _is(b""), Due.FREE, "rfc9112#3"),
    ),
    "sp": (
        Spelling("sp.two", _is(b"  "), Due.EITHER, "rfc9112#3"),
        Spelling("sp.htab", _is(b"\t"), Due.EITHER, "rfc9112#3"),
        Spelling("sp.vt", _is(b"\x0b"), Due.EITHER, "rfc9112#3"),
        Spelling("sp.ff", _is(b"\x0c"), Due.EITHER, "rfc9112#3"),
        Spelling("sp.cr", _is(b"\r"), Due.EITHER, "rfc9112#3"),
        Spelling("sp.nul", _is(b"\x00"), Due.FREE, "rfc9112#3"),
        Spelling("sp.nbsp", _is(b"\xa0"), Due.FREE, "rfc9112#3"),
        Spelling("sp.none", _is(b""), Due.FREE, "rfc9112#3"),
    ),
    "target": (
        Spelling("target.fragment", _after(b"#f"), Due.FREE, HOST),
        Spelling("target.sp", _after(b" x"), Due.FREE, HOST),
        Spelling("target.nul", _after(b"\x00"), Due.FREE, HOST),
        Spelling("target.utf-8", _after(b"\xc3\xa9"), Due.FREE, HOST),
        Spelling("target.quote", _after(b'"'), Due.FREE, HOST),
        Spelling("target.bad-percent", _after(b"%zz"), Due.FREE, HOST),
        Spelling("target.empty-query", _after(b"?"), Due.ACCEPT, "rfc9112#3.2.1"),
        Spelling("target.percent", _after(b"%41"), Due.ACCEPT, "rfc9112#3.2.1"),
    ),
    "version": (
        Spelling("version.small", _is(b"http/1.1"), Due.FREE, "rfc9112#2.3"),
        Spelling("version.two-digits", _is(b"HTTP/1.10"), Due.FREE, "rfc9112#2.3"),
        Spelling("version.zeros", _is(b"HTTP/01.1"), Due.FREE, "rfc9112#2.3"),
        Spelling("version.none", _is(b""), Due.FREE, "rfc9112#2.3"),
        Spelling("version.plus", _is(b"HTTP/+1.1"), Due.FREE, "rfc9112#2.3"),
        Spelling("version.sp-behind", _after(b" "), Due.EITHER, "rfc9112#3"),
        Spelling("version.superscript", _is(b"HTTP/1.\xb9"), Due.FREE, "rfc9112#2.3"),
    ),
    "eol": (
        Spelling("eol.lf", _is(b"\n"), Due.FREE, LINE),
        Spelling("eol.cr", _is(b"\r"), Due.FREE, LINE),
        Spelling("eol.cr-cr-lf", _is(b"\r\r\n"), Due.FREE, LINE),
        Spelling("eol.nel", _is(b"\x85"), Due.FREE, LINE),
        Spelling("eol.vt", _is(b"\x0b"), Due.FREE, LINE),
        Spelling("eol.u2028", _is(b"\xe2\x80\xa8"), Due.FREE, LINE),
        Spelling("eol.no-colon", _after(b"nonsense\r\n"), Due.FREE, LINE),
        Spelling("eol.sp-line", _after(b" x: y\r\n"), Due.FREE, LINE),
        Spelling("eol.empty-name", _after(b": y\r\n"), Due.FREE, "rfc9112#5"),
        Spelling("eol.space-colon", _after(b"X-Other : y\r\n"), Due.REFUSE, COLON),
        Spelling("eol.htab-colon", _after(b"X-Other\t: y\r\n"), Due.REFUSE, COLON),
    ),
    "host-line": (
        Spelling("host.none", _is(b""), Due.REFUSE, HOST),
        Spelling("host.twice", _doubled(b""), Due.REFUSE, HOST),
        Spelling("host.two", _after(b"Host: other.test\r\n"), Due.REFUSE, HOST),
        Spelling("host.small-name", _replaced(b"Host", b"host"), Due.ACCEPT, "rfc9110#5.1"),
        Spelling("host.big-name", _replaced(b"Host", b"HOST"), Due.ACCEPT, "rfc9110#5.1"),
        Spelling("host.space-colon", _replaced(b":", b" :"), Due.REFUSE, COLON),
        Spelling("host.sp-in-value", _is(b"Host: a b\r\n"), Due.REFUSE, HOST, SHOULD),
        Spelling("host.user", _is(b"Host: u@h\r\n"), Due.REFUSE, HOST, SHOULD),
        Spelling("host.port-letters", _is(b"Host: h:abc\r\n"), Due.REFUSE, HOST, SHOULD),
        Spelling("host.path", _is(b"Host: h/x\r\n"), Due.REFUSE, HOST, SHOULD),
        Spelling("host.empty", _is(b"Host:\r\n"), Due.FREE, HOST),
    ),
    "name": (
        Spelling("name.small", bytes.lower, Due.ACCEPT, "rfc9110#5.1"),
        Spelling("name.big", bytes.upper, Due.ACCEPT, "rfc9110#5.1"),
        Spelling("name.sp-inside", _inside(b" "), Due.FREE, LINE),
        Spelling("name.separator", _inside(b"("), Due.FREE, LINE),
        Spelling("name.nul", _after(b"\x00"), Due.FREE, LINE),
        Spelling("name.obs-text", _after(b"\xe9"), Due.FREE, LINE),
        Spelling("name.empty", _is(b""), Due.FREE, LINE),
        Spelling("name.sp-before", _before(b" "), Due.FREE, "rfc9112#5.2"),
    ),
    "framing-name": (
        Spelling("framing-name.small", bytes.lower, Due.ACCEPT, "rfc9110#5.1"),
        Spelling("framing-name.big", bytes.upper, Due.ACCEPT, "rfc9110#5.1"),
        Spelling("framing-name.sp-before", _before(b" "), Due.FREE, "rfc9112#5.2"),
        Spelling("framing-name.nul", _after(b"\x00"), Due.FREE, LINE),
    ),
    "trailer": (
        Spelling("trailer.small", bytes.lower, Due.ACCEPT, "rfc9110#5.1"),
        Spelling("trailer.none", _is(b""), Due.ACCEPT, CHUNK),
        Spelling("trailer.twice", _doubled(b""), Due.ACCEPT, "rfc9112#7.1.2"),
        Spelling("trailer.space-colon", _replaced(b":", b" :"), Due.FREE, COLON),
        Spelling("trailer.lf", _replaced(b"\r\n", b"\n"), Due.FREE, LINE),
        Spelling("trailer.no-colon", _is(b"nonsense\r\n"), Due.FREE, LINE),
        Spelling("trailer.framing", _after(b"Content-Length: 7\r\n"), Due.FREE, "rfc9110#6.5.1"),
        Spelling("trailer.fold", _after(b" folded\r\n"), Due.FREE, "rfc9112#5.2"),
        Spelling("trailer.nul", _replaced(b": ", b": \x00"), Due.FREE, VALUE),
    ),
    "colon": (
        Spelling("colon.sp-before", _is(b" :"), Due.REFUSE, COLON),
        Spelling("colon.htab-before", _is(b"\t:"), Due.REFUSE, COLON),
        Spelling("colon.two-sp-before", _is(b"  :"), Due.REFUSE, COLON),
        Spelling("colon.none", _is(b""), Due.FREE, LINE),
        Spelling("colon.equals", _is(b"="), Due.FREE, LINE),
    ),
    "ows": (
        Spelling("ows.none", _is(b""), Due.ACCEPT, OWS),
        Spelling("ows.htab", _is(b"\t"), Due.ACCEPT, OWS),
        Spelling("ows.many", _is(b" \t  \t "), Due.ACCEPT, OWS),
        Spelling("ows.fold", _is(b"\r\n "), Due.EITHER, "rfc9112#5.2"),
        Spelling("ows.vt", _is(b"\x0b"), Due.FREE, OWS),
        Spelling("ows.ff", _is(b"\x0c"), Due.FREE, OWS),
        Spelling("ows.nbsp", _is(b"\xa0"), Due.FREE, OWS),
    ),
    "value": (
        Spelling("value.fold", _after(b"\r\n folded"), Due.EITHER, "rfc9112#5.2"),
        Spelling("value.cr", _after(b"\rx"), Due.FREE, VALUE),
        Spelling("value.nul", _after(b"\x00x"), Due.FREE, VALUE),
        Spelling("value.lf", _after(b"\nx"), Due.FREE, VALUE),
        Spelling("value.bel", _after(b"\x07x"), Due.FREE, VALUE),
        Spelling("value.obs-text", _after(b"\xe9x"), Due.EITHER, VALUE),
        Spelling("value.empty", _is(b""), Due.ACCEPT, VALUE),
        Spelling("value.spaces-inside", _after(b" \t x"), Due.ACCEPT, VALUE),
        Spelling("value.quoted-comma", _after(b', "a,b\\"c"'), Due.ACCEPT, VALUE),
        Spelling("value.open-quote", _after(b', "a'), Due.ACCEPT, VALUE),
        Spelling("value.empty-members", _after(b",,\t, x,"), Due.ACCEPT, "rfc9110#5.6.1.2"),
    ),
    "length": (
        *_digits("length", LENGTH_CLAUSE),
        Spelling("length.leading-zeros", _before(b"00"), Due.ACCEPT, "rfc9110#8.6"),
        Spelling("length.list", _doubled(b", "), Due.EITHER, "rfc9110#8.6"),
        Spelling("length.two-values", _doubled(b", 1"), Due.REFUSE, LENGTH_CLAUSE),
        Spelling("length.second-line", _doubled(b"\r\nContent-Length: "), Due.EITHER, "rfc9110#8.6"),
        Spelling("length.other-line", _doubled(b"\r\nContent-Length: 1"), Due.REFUSE, LENGTH_CLAUSE),
        Spelling("length.huge", _wrapped, Due.REFUSE, "rfc9110#8.6"),
        Spelling("length.nul-behind", _after(b"\x00"), Due.EITHER, VALUE),
        Spelling("length.with-coding", _after(b"\r\nTransfer-Encoding: chunked"), Due.FREE, "rfc9112#6.1"),
    ),
    "coding": (
        Spelling("coding.big", _is(b"CHUNKED"), Due.ACCEPT, "rfc9112#7"),
        Spelling("coding.ows", _is(b"\tchunked \t"), Due.ACCEPT, OWS),
        Spelling("coding.identity", _is(b"identity"), Due.REFUSE, CODING),
        Spelling("coding.longer", _is(b"xchunked"), Due.REFUSE, CODING),
        Spelling("coding.behind", _is(b"chunked, foo"), Due.REFUSE, CODING),
        Spelling("coding.vt", _is(b"\x0bchunked"), Due.REFUSE, CODING),
        Spelling("coding.quoted", _is(b'"chunked"'), Due.REFUSE, CODING),
        Spelling("coding.nul", _is(b"chunked\x00"), Due.FREE, VALUE),
        Spelling("coding.sp-inside", _is(b"chu nked"), Due.REFUSE, CODING),
        Spelling("coding.empty", _is(b""), Due.FREE, CODING),
        Spelling("coding.twice", _is(b"chunked, chunked"), Due.FREE, "rfc9112#7.1"),
        Spelling("coding.empty-members", _is(b", chunked,"), Due.FREE, "rfc9110#5.6.1.2"),
        Spelling("coding.unknown-before", _is(b"foo, chunked"), Due.FREE, "rfc9112#6.1"),
        Spelling("coding.with-length", _after(b"\r\nContent-Length: 3"), Due.EITHER, "rfc9112#6.1"),
    ),
    "end": (
        Spelling("end.lf", _is(b"\n"), Due.FREE, LINE),
        Spelling("end.cr", _is(b"\r"), Due.FREE, LINE),
        Spelling("end.sp", _is(b" \r\n"), Due.FREE, LINE),
    ),
    "body": (
        Spelling("body.grow", _after(b"x"), Due.ACCEPT, LENGTH_CLAUSE),
        Spelling("body.shrink", _shorter, Due.ACCEPT, LENGTH_CLAUSE),
        Spelling("body.head", _is(b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"), Due.ACCEPT, LENGTH_CLAUSE),
        Spelling("body.line-ends", _before(b"\r\n\r\n"), Due.ACCEPT, LENGTH_CLAUSE),
        Spelling("body.binary", _is(b"\x00\xff\r\n0\r\n\r\n"), Due.ACCEPT, LENGTH_CLAUSE),
    ),
    "chunk-size": (
        *_hexdigits(),
        Spelling("chunk-size.big", bytes.upper, Due.ACCEPT, CHUNK),
        Spelling("chunk-size.small", bytes.lower, Due.ACCEPT, CHUNK),
        Spelling("chunk-size.leading-zeros", _before(b"00"), Due.ACCEPT, CHUNK),
        Spelling("chunk-size.huge", _wrapped_hex, Due.REFUSE, CHUNK),
        Spelling("chunk-size.trailing-sp", _after(b" "), Due.FREE, CHUNK),
    ),
    "chunk-ext": (
        Spelling("chunk-ext.name", _is(b";a"), Due.ACCEPT, "rfc9112#7.1.1"),
        Spelling("chunk-ext.token", _is(b";a=b"), Due.ACCEPT, "rfc9112#7.1.1"),
        Spelling("chunk-ext.quoted", _is(b';a="b;c\\"\t"'), Due.ACCEPT, "rfc9112#7.1.1"),
        Spelling("chunk-ext.bws", _is(b" ; a = b"), Due.EITHER, "rfc9112#7.1.1"),
        Spelling("chunk-ext.lf", _is(b";\n"), Due.FREE, "rfc9112#7.1.1"),
        Spelling("chunk-ext.cr", _is(b";a\rb"), Due.FREE, "rfc9112#7.1.1"),
        Spelling("chunk-ext.nul", _is(b";\x00"), Due.FREE, "rfc9112#7.1.1"),
        Spelling("chunk-ext.open-quote", _is(b';a="b'), Due.FREE, "rfc9112#7.1.1"),
    ),
    "chunk-eol": (
        Spelling("chunk-eol.lf", _is(b"\n"), Due.EITHER, CHUNK),
        Spelling("chunk-eol.cr", _is(b"\r"), Due.FREE, CHUNK),
    ),
    "chunk-data": (
        Spelling("chunk-data.grow", _after(b"x"), Due.ACCEPT, CHUNK),
        Spelling("chunk-data.shrink", _shorter, Due.ACCEPT, CHUNK),
        Spelling("chunk-data.last-chunk", _is(b"0\r\n\r\n"), Due.ACCEPT, CHUNK),
    ),
    "chunk-end": (
        Spelling("chunk-end.xx", _is(b"xx"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("chunk-end.lf-cr", _is(b"\n\r"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("chunk-end.cr-x", _is(b"\rx"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("chunk-end.x-lf", _is(b"x\n"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("chunk-end.nul", _is(b"\x00\x00"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("chunk-end.lf", _is(b"\n"), Due.EITHER, CHUNK),
        Spelling("chunk-end.none", _is(b""), Due.REFUSE, CHUNK, SHOULD),
    ),
    "last-chunk": (
        Spelling("last-chunk.zeros", _is(b"000"), Due.ACCEPT, CHUNK),
        Spelling("last-chunk.minus-zero", _is(b"-0"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("last-chunk.hex-prefix", _is(b"0x0"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("last-chunk.plus", _is(b"+0"), Due.REFUSE, CHUNK, SHOULD),
        Spelling("last-chunk.empty", _is(b""), Due.REFUSE, CHUNK, SHOULD),
        Spelling("last-chunk.letter", _is(b"z"), Due.REFUSE, CHUNK, SHOULD),
    ),
}
"""By grammar type. A kind that is not here is left alone."""

BY_NAME = {spelling.name: spelling for spellings in SPELLINGS.values() for spelling in spellings}
KIND_OF = {spelling.name: kind for kind, spellings in SPELLINGS.items() for spelling in spellings}
