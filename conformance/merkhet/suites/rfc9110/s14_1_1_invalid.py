"""RFC 9110, Section 14.1.1: Range Specifiers. What is no set of ranges may be ignored or refused, and is never a true range."""

from __future__ import annotations

from merkhet.check import BREACH, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import ended, silent, status, status_4xx, status_5xx
from merkhet.expect_ranges import any_slice, part_count, whole_file
from merkhet.suites.rfc9110.s14_words import TWIN, Cases, get, partial, refused, whole
from merkhet.suites.words import SERVER_ERROR, SINCE

BACKWARD: tuple[tuple[str, str, bytes], ...] = (
    ("backward", "that ends before it begins", b"bytes=5-2"),
    ("backward-by-one", "that ends one octet before it begins", b"bytes=1-0"),
    ("backward-past-end", "past the end that ends before it begins", b"bytes=2000-1000"),
    ("backward-digits", "that ends before it begins, though its last position reads as more", b"bytes=10-9"),
    ("backward-last", "of a true range and one that ends before it begins", b"bytes=0-1,5-2"),
    ("backward-first", "of one that ends before it begins and a true range", b"bytes=5-2,0-1"),
    ("word-last", "of a true range and a word", b"bytes=0-1,abc"),
    ("word-first", "of a word and a true range", b"bytes=abc,0-1"),
    ("sign-last", "of a true range and one with a sign", b"bytes=0-1,+5-9"),
    ("spaces-inside", "with spaces around its hyphen", b"bytes=0 - 5"),
    ("semicolon", "of two ranges with a semicolon between them", b"bytes=0-1;4-5"),
    ("no-comma", "of two ranges with a space between them", b"bytes=0-1 4-5"),
    ("two-hyphens", "with two hyphens", b"bytes=0--5"),
    ("three-numbers", "with three numbers", b"bytes=0-1-2"),
    ("plus", "with a plus sign", b"bytes=+0-5"),
    ("fraction", "with a decimal point", b"bytes=0.0-5"),
    ("hexadecimal", "in hexadecimal digits", b"bytes=0x0-0x5"),
    ("underscore", "with an underscore between digits", b"bytes=0-1_0"),
    ("letter-behind", "with a letter behind its digits", b"bytes=0-5b"),
    ("no-hyphen", "of one number without a hyphen", b"bytes=5"),
    ("suffix-negative", "with a suffix of less than nothing", b"bytes=--5"),
    ("suffix-hyphen-behind", "with a suffix and a hyphen behind it", b"bytes=-5-"),
    ("superscript", "whose last position is a superscript digit", b"bytes=0-\xb2"),
    ("arabic-indic", "in Arabic-Indic digits", "bytes=\u0660-\u0665".encode()),
    ("unit-twice", "with its unit twice", b"bytes=bytes=0-5"),
    ("quoted", "in quotes", b'bytes="0-5"'),
    ("no-equals", "without an equals sign", b"bytes 0-5"),
    ("no-unit", "without a unit", b"=0-5"),
    ("no-unit-no-equals", "of two numbers alone", b"0-5"),
)
NOTHING: tuple[tuple[str, str, bytes], ...] = (
    ("word", "that is a word", b"bytes=abc"),
    ("empty", "without a range", b"bytes="),
    ("commas", "of commas alone", b"bytes=,,"),
    ("hyphen", "of a hyphen alone", b"bytes=-"),
    ("letters", "of two letters with a hyphen", b"bytes=a-b"),
    ("unit-alone", "that is the unit alone", b"bytes"),
    ("star", "that is a star", b"bytes=*"),
    ("empty-value", "with no value", b""),
)
"""Slug, words for the title, and a value of Range that is no valid set. From the second table nothing can be recovered."""


def _cases(*, recoverable: bool) -> Cases:
    near = WARNING.because("a part was sent of what is no valid set of ranges")
    false = BREACH.because("a 206 that is neither a true range nor true parts")
    part = BREACH.because("a part was sent for what names no octets")
    return {
        whole_file("small.bin"): observed("ignores it"),
        status(416): observed("refuses it with 416"),
        status(400): observed("refuses it with 400"),
        any_slice("small.bin"): near if recoverable else part,
        part_count("small.bin", 1, 99): near if recoverable else part,
        status(206): false,
        status(200): BREACH.because("a 200 without the whole file"),
        status_4xx: WARNING.because("refused, but with neither 400 nor 416"),
        status_5xx: BREACH.because("a malformed range made the server fail"),
        ended: WARNING.because("the connection ended without an answer"),
        silent: WARNING.because("a complete request got no answer"),
    }


def invalid(check_id: str, requirement: str, words: str, value: bytes, *, recoverable: bool) -> Check:
    """Return the check that a Range which is no valid set is ignored or refused."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A Range {words} is ignored or refused",
        since=SINCE,
        steps=(Send(get("small.bin", b"Range: " + value), anew=True), Answers(_cases(recoverable=recoverable))),
        twin=TWIN,
        good=(whole("small.bin"),),
        mutants=(
            Canned("sends the beginning", partial("small.bin", 0, 1)),
            Canned("sends a range that ends before it begins", partial("small.bin", 5, 2, content=b"")),
            Canned("refuses it as it would an unsatisfiable one", refused("small.bin")),
            Canned("calls it a bad request", refused("small.bin", 400)),
            Canned("calls it forbidden", refused("small.bin", 403)),
            Canned("breaks down", SERVER_ERROR),
        ),
        note=(
            "An invalid set may be ignored or refused; 400 and 416 both say so. Nothing forbids to recover a part of it, "
            "but a client that wrote it may have meant another."
        ),
    )


CHECKS = tuple(
    invalid(f"rfc9110-14.1.1-invalid-{slug}", "rfc9110-14.1.1-a1", words, value, recoverable=recoverable)
    for table, recoverable in ((BACKWARD, True), (NOTHING, False))
    for slug, words, value in table
)
