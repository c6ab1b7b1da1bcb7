"""RFC 9112, Section 7.1: Chunked Transfer Coding: sizes that are none, and sizes past every integer."""

from __future__ import annotations

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Check,
    HalfClose,
    Send,
    closes,
    observed,
)
from merkhet.expect import (
    as_preflight,
    echoed,
    ended,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import NOT_ALLOWED, OWN_ERROR, malformed
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    OK,
    SINCE,
    chunked_post,
    echo,
    response,
)

LAST = b"0\r\n\r\n"

MALFORMED: tuple[tuple[str, str, bytes], ...] = (
    ("plus", "with a plus sign", b"+5"),
    ("minus", "with a minus sign", b"-5"),
    ("prefix", "with a 0x prefix", b"0x5"),
    ("prefix-upper", "with a 0X prefix", b"0X5"),
    ("letter-x", "with an x before its digit", b"x5"),
    ("suffix-h", "with an h behind its digit", b"5h"),
    ("underscore", "with an underscore between its digits", b"0_5"),
    ("space-before", "behind a space", b" 5"),
    ("tab-before", "behind a tab", b"\t5"),
    ("space-behind", "followed by a space", b"5 "),
    ("inner-space", "with a space between its digits", b"0 5"),
    ("empty", "without a digit", b""),
    ("letter", "with a letter past f behind its digit", b"5g"),
    ("words-behind", "followed by words", b"5these-words"),
    ("comma", "followed by a comma", b"5,5"),
    ("fraction", "with a decimal point", b"5.0"),
    ("arabic-indic", "in an Arabic-Indic digit", "\u0665".encode()),
    ("fullwidth", "in a fullwidth digit", "\uff15".encode()),
    ("superscript", "in a superscript digit of Latin-1", b"\xb2"),
    ("no-break-space", "behind a no-break space", b"\xa05"),
    ("vertical-tab", "behind a vertical tab", b"\x0b5"),
    ("form-feed", "followed by a form feed", b"5\x0c"),
    ("nul", "followed by NUL", b"5\x00"),
    ("carriage-return", "followed by one more CR", b"5\r"),
    ("quoted", "in quotes", b'"5"'),
)
"""Slug, words for the title, and what stands where the size of a five-octet chunk should."""

MALFORMED_LAST: tuple[tuple[str, str, bytes], ...] = (
    ("last-minus", "of minus zero in the last chunk", b"-0"),
    ("last-plus", "of plus zero in the last chunk", b"+0"),
    ("last-prefix", "of 0x0 in the last chunk", b"0x0"),
    ("last-empty", "of no digit in the last chunk", b""),
    ("last-letter", "of a letter past f in the last chunk", b"0g"),
)

HUGE: tuple[tuple[str, str, bytes], ...] = (
    ("2-32", "2^32", b"100000000"),
    ("2-32-plus-5", "2^32 + 5", b"100000005"),
    ("2-63-plus-5", "2^63 + 5", b"8000000000000005"),
    ("2-64-minus-1", "2^64 - 1", b"FFFFFFFFFFFFFFFF"),
    ("2-64-minus-19", "2^64 - 19", b"ffffffffffffffed"),
    ("2-64", "2^64", b"10000000000000000"),
    ("2-64-plus-5", "2^64 + 5", b"10000000000000005"),
    ("15-times-2-64-plus-5", "15 * 2^64 + 5", b"f0000000000000005"),
    ("2-128-plus-5", "2^128 + 5", b"1" + b"0" * 31 + b"5"),
    ("forty-digits", "forty digits", b"f" * 39 + b"5"),
)
"""Sizes of which an integer of 32, 64 or 128 bits keeps 0, 5 or a negative number."""

_WRAPPED = DESYNC.because("the size was cut down to the size of an integer: chunk data was read as a request")
_NOTE = "A size of any length is legal: to wait, to refuse and to close are all right; only a smaller size is wrong."


def _huge(slug: str, words: str, size: bytes) -> Check:
    """Everything behind the size line is chunk data, however much a server is ready to take."""
    return Check(
        id=f"rfc9112-7.1-size-huge-{slug}",
        requirement="rfc9112-7.1-3",
        title=f"A chunk size of {words} is not taken for a smaller one",
        since=SINCE,
        steps=(
            Send(chunked_post(_short_reading(size), to=b"{root}") + GET),
            Answers(
                {
                    status(400, 413, 501): PASS,
                    ended: PASS.then(),
                    silent: observed("the content is waited for").then(),
                    status_5xx: OWN_ERROR,
                    served(): PASS,
                },
                to="POST",
            ),
            Answers(
                {
                    as_preflight(): _WRAPPED,
                    ended: PASS,
                    silent: observed("the request was answered early, then its content is waited for"),
                    status_4xx: PASS.because("the content was refused behind an early answer"),
                    status_5xx: OWN_ERROR,
                }
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(closes(response(413, b"too large", close=True)),),
        mutants=(
            Canned("wraps the size", NOT_ALLOWED + OK),
            Canned("refuses it and reads on", response(413) + OK),
        ),
        note=_NOTE,
    )


def _short_reading(size: bytes) -> bytes:
    """Return the body that is whole for who keeps only the low bits of `size`."""
    return size + (b"\r\n\r\n" if size.rstrip(b"0") == b"1" else b"\r\nhello\r\n" + LAST)


def _huge_echo(slug: str, words: str, size: bytes) -> Check:
    return Check(
        id=f"rfc9112-7.1-size-huge-{slug}-echo",
        requirement="rfc9112-7.1-3",
        title=f"A few octets are not the whole chunk where its size is {words}",
        since=SINCE,
        steps=(
            Send(chunked_post(_short_reading(size))),
            HalfClose(),
            Answers(
                {
                    echoed(): DESYNC.because("the application got a part of the chunk as if it had been the whole"),
                    status_2xx: VIOLATION.because("an incomplete request was answered as if it had been whole"),
                    status_4xx: PASS,
                    status(501): PASS,
                    ended: PASS,
                    silent: observed("the connection is not ended in time, though the client has sent all it will"),
                    status_5xx: OWN_ERROR,
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(closes(response(413, b"too large", close=True)),),
        mutants=(Canned("wraps the size to five", echo(b"hello")), Canned("wraps the size to zero", echo())),
        note=_NOTE,
    )


CHECKS = (
    *(
        check
        for slug, words, size in MALFORMED
        for check in malformed(
            f"7.1-size-{slug}", "rfc9112-7.1-a2", f"A chunk size {words} is refused", size + b"\r\nhello\r\n" + LAST
        )
    ),
    *(
        check
        for slug, words, size in MALFORMED_LAST
        for check in malformed(
            f"7.1-size-{slug}",
            "rfc9112-7.1-a2",
            f"A size {words} is refused",
            b"5\r\nhello\r\n" + size + b"\r\n\r\n",
        )
    ),
    *(_huge(*row) for row in HUGE),
    *(_huge_echo(*row) for row in HUGE),
)
