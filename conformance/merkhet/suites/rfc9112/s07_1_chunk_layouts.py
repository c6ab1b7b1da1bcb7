"""RFC 9112, Section 7.1: Chunked Transfer Coding: what every recipient must be able to decode."""

from __future__ import annotations

from merkhet.check import observed
from merkhet.suites.rfc9112.s06_framing import INNER, chunk, chunks
from merkhet.suites.rfc9112.s06_legal import legal, legal_echo
from merkhet.suites.words import chunked_post

LETTERS = b"abcdefghijklmnopqrstuvwxyz"
BINARY = bytes(range(256))
LAST = b"0\r\n\r\n"


def _singles(data: bytes) -> bytes:
    return chunks(*(data[offset : offset + 1] for offset in range(len(data))))


LAYOUTS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("empty", "No chunk but the last", LAST, b""),
    ("two-chunks", "Two chunks", chunks(b"hello, ", b"world"), b"hello, world"),
    (
        "growing-chunks",
        "Chunks of growing size",
        chunks(*(LETTERS[:size] for size in range(1, 27))),
        b"".join(LETTERS[:size] for size in range(1, 27)),
    ),
    ("one-octet-chunks", "Chunks of one octet", _singles(LETTERS), LETTERS),
    ("binary", "A chunk of every octet value", chunks(BINARY), BINARY),
    (
        "line-ends-inside",
        "Chunk data that ends in CR, LF and CRLF",
        chunks(b"a\r", b"\nb\r\n", b"\r\n"),
        b"a\r\nb\r\n\r\n",
    ),
    ("last-chunk-inside", "Chunk data that looks like a last chunk", chunks(LAST, LAST + LAST), LAST * 3),
    ("size-inside", "Chunk data that looks like a chunk", chunks(chunk(b"hello")), chunk(b"hello")),
    ("request-inside", "Chunk data that looks like a request", chunks(INNER), INNER),
    (
        "hexadecimal-boundaries",
        "Chunks of 9, 10, 15, 16 and 17 octets",
        chunks(*(LETTERS[:size] for size in (9, 10, 15, 16, 17))),
        b"".join(LETTERS[:size] for size in (9, 10, 15, 16, 17)),
    ),
)
"""Slug, words for the title, a whole chunked body, and what it decodes to."""

_PIECE = bytes(range(256)) * 256
LARGE: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("chunk-of-64-kib", "A chunk of 64 KiB", chunks(_PIECE), _PIECE),
    ("thousand-one-octet-chunks", "A thousand chunks of one octet", _singles(b"0123456789" * 100), b"0123456789" * 100),
    ("hundred-chunks-of-1-kib", "A hundred chunks of 1 KiB", chunks(*([_PIECE[:1024]] * 100)), _PIECE[:1024] * 100),
)

CUTS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("inside-size-line", "between the size and its CRLF", (-14,)),
    ("inside-size-crlf", "between CR and LF behind a size", (-13,)),
    ("inside-data", "within chunk data", (-10,)),
    ("before-data-crlf", "between chunk data and its CRLF", (-7,)),
    ("inside-data-crlf", "between CR and LF behind chunk data", (-6,)),
    ("inside-last-chunk", "between the last chunk's zero and its CRLF", (-4,)),
    ("inside-last-crlf", "between CR and LF behind the last chunk", (-3,)),
    ("before-final-crlf", "before the final CRLF", (-2,)),
    ("inside-final-crlf", "between the final CR and LF", (-1,)),
    ("head-and-body", "between head and body", (-15,)),
)
"""Offsets from the end of a request whose body is `5 CRLF hello CRLF 0 CRLF CRLF`."""

SIZES: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("lower-case", "in lower case", b"a\r\n0123456789\r\n" + LAST, b"0123456789"),
    ("upper-case", "in upper case", b"A\r\n0123456789\r\n" + LAST, b"0123456789"),
    ("mixed-case", "in mixed case", b"aB\r\n%s\r\n" % BINARY[:171] + LAST, BINARY[:171]),
    ("mixed-case-reversed", "in mixed case, upper first", b"Ab\r\n%s\r\n" % BINARY[:171] + LAST, BINARY[:171]),
    (
        "every-letter-lower",
        "of each lower-case letter",
        b"".join(b"%x\r\n%s\r\n" % (size, LETTERS[:size]) for size in range(10, 16)) + LAST,
        b"".join(LETTERS[:size] for size in range(10, 16)),
    ),
    (
        "every-letter-upper",
        "of each upper-case letter",
        b"".join(b"%X\r\n%s\r\n" % (size, LETTERS[:size]) for size in range(10, 16)) + LAST,
        b"".join(LETTERS[:size] for size in range(10, 16)),
    ),
    ("leading-zero", "with a leading zero", b"05\r\nhello\r\n" + LAST, b"hello"),
    ("leading-zeros", "with seven leading zeros", b"00000005\r\nhello\r\n" + LAST, b"hello"),
    ("leading-zero-sixteen", "of sixteen in three digits", b"010\r\n%s\r\n" % LETTERS[:16] + LAST, LETTERS[:16]),
    ("last-two-zeros", "of the last chunk in two zeros", b"5\r\nhello\r\n00\r\n\r\n", b"hello"),
    ("last-eight-zeros", "of the last chunk in eight zeros", b"5\r\nhello\r\n00000000\r\n\r\n", b"hello"),
)
"""Spellings of chunk-size that the grammar has."""

MANY_DIGITS: tuple[tuple[str, str, bytes], ...] = (
    ("thirty-two-digits", "A size of five in thirty-two digits", b"%032x\r\nhello\r\n" % 5 + LAST),
    ("last-thirty-two-zeros", "A last chunk of thirty-two zeros", b"5\r\nhello\r\n" + b"0" * 32 + b"\r\n\r\n"),
)
LIMITED = observed("the number of digits is limited")

CHECKS = (
    *(
        legal_echo(
            f"7.1-layout-{slug}-echo", "rfc9112-7.1-2", f"{words}: the content is decoded", chunked_post(body), content
        )
        for slug, words, body, content in (*LAYOUTS, *LARGE)
    ),
    *(
        legal(
            f"7.1-layout-{slug}",
            "rfc9112-7.1-2",
            f"{words}: the request behind it is answered",
            chunked_post(body, to=b"{root}"),
        )
        for slug, words, body, _ in (*LAYOUTS, *LARGE)
        if slug in {"two-chunks", "one-octet-chunks", "request-inside", "thousand-one-octet-chunks"}
    ),
    *(
        legal_echo(
            f"7.1-cut-{slug}-echo",
            "rfc9112-7.1-2",
            f"A chunked body cut {words} is decoded",
            chunked_post(chunks(b"hello")),
            b"hello",
            cuts=cuts,
        )
        for slug, words, cuts in CUTS
    ),
    legal_echo(
        "7.1-octet-at-a-time-echo",
        "rfc9112-7.1-2",
        "A chunked request that comes an octet at a time is decoded",
        chunked_post(chunks(b"hello", b"0123456789")),
        b"hello0123456789",
        each=1,
    ),
    *(
        legal_echo(
            f"7.1-size-{slug}-echo", "rfc9112-7.1-a1", f"A chunk size {words} is decoded", chunked_post(body), content
        )
        for slug, words, body, content in SIZES
    ),
    *(
        legal(
            f"7.1-size-{slug}",
            "rfc9112-7.1-a1",
            f"A chunk size {words} ends where it should: the request behind it is answered",
            chunked_post(body, to=b"{root}"),
        )
        for slug, words, body, _ in SIZES
        if slug in {"every-letter-lower", "every-letter-upper", "leading-zeros", "last-eight-zeros"}
    ),
    *(
        legal_echo(
            f"7.1-size-{slug}-echo",
            "rfc9112-7.1-a1",
            f"{words} is decoded, or refused for its length",
            chunked_post(body),
            b"hello",
            refused=LIMITED,
            note="The grammar has no limit on leading zeros; a recipient may well have one.",
        )
        for slug, words, body in MANY_DIGITS
    ),
)
