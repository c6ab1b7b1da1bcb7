"""RFC 7578, Section 4.1: what ends a part, and what only looks like it."""

from __future__ import annotations

from merkhet.check import PASS, WARNING, Check, Send, Step, lacks, observed
from merkhet.expect import status, status_4xx
from merkhet.expect_form import any_form, file_part, form_with
from merkhet.suites.rfc7578.words import (
    AROUND,
    BOUNDARY,
    TROUBLE,
    TROUBLE_FAULTS,
    around,
    file,
    file_report,
    form_post,
    in_chunks,
    misread,
    multipart,
    plainly,
    reading,
    surrounded,
)

_PLACE = "rfc7578-4.1"
_MISREAD = "content was read as a delimiter, or a delimiter as content"

LOOKALIKES: tuple[tuple[str, str, bytes], ...] = (
    ("mid-line", "within a line", b"one --aBoundary two"),
    ("mid-line-end", "at the end of a line", b"one --aBoundary\r\ntwo"),
    ("mid-line-close", "closing, at the end of a line", b"one --aBoundary--\r\ntwo"),
    ("indented", "behind a space", b"one\r\n --aBoundary\r\ntwo"),
    ("tab-indented", "behind a tab", b"one\r\n\t--aBoundary\r\ntwo"),
    ("one-dash", "with one dash", b"one\r\n-aBoundary\r\ntwo"),
    ("three-dashes", "with three dashes", b"one\r\n---aBoundary\r\ntwo"),
    ("no-dashes", "without dashes", b"one\r\naBoundary\r\ntwo"),
    ("spaced", "with a space behind its dashes", b"one\r\n-- aBoundary\r\ntwo"),
    ("upper-case", "in upper case", b"one\r\n--ABOUNDARY\r\ntwo"),
    ("lower-case", "in lower case", b"one\r\n--aboundary\r\ntwo"),
    ("all-but-last", "without its last octet", b"one\r\n--aBoundar\r\ntwo"),
    ("half", "cut in half", b"one\r\n--aBou\r\ntwo"),
    ("only-dashes", "that is only its dashes", b"one\r\n--\r\ntwo"),
    ("other-end", "with another last octet", b"one\r\n--aBoundarx\r\ntwo"),
    ("another", "of another form", b"one\r\n--another\r\ntwo\r\n--another--\r\n"),
    ("part-head", "of another form, with a head", b'\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny'),
    ("half-at-end", "cut in half before the true one", b"one\r\n--aBou"),
    ("all-but-last-at-end", "without its last octet before the true one", b"one\r\n--aBoundar"),
    ("dashes-at-end", "that is only its dashes before the true one", b"one\r\n--"),
    ("restarted", "begun twice", b"one\r\n--aBo\r\n--aBoun"),
    ("restarted-cr", "begun twice, by CR", b"one\r\r\n--aBoun\r"),
    ("restarted-crlf", "begun three times, by CRLF", b"one\r\n\r\n\r\n--aBoun\r\n"),
    ("restarted-dash", "begun twice, by a dash", b"one\r\n-\r\n--\r\n-"),
    ("many-halves", "cut in half, a hundred times", b"\r\n--aBoundar" * 100),
    ("many-crs", "begun by a thousand CRs", b"\r" * 1000),
)
"""Slug, words, and the content of a file: by Section 4.1 nothing of it is a delimiter."""


def _lookalike(slug: str, words: str, content: bytes) -> Check:
    return reading(
        _PLACE,
        "1",
        f"lookalike-{slug}",
        f"A delimiter {words} is content",
        form_post(multipart(*around(file(b"f", b"a.bin", content)))),
        {surrounded(file_part("f", content, "a.bin")): PASS, **misread(_MISREAD)},
        file_report(content),
        {"ends the part there": file_report(b"one"), "drops an octet": file_report(content[:-1])},
    )


LONE: tuple[tuple[str, str, bytes], ...] = (
    ("lf", "LF", b"one\n--aBoundary\ntwo"),
    ("lf-closing", "LF and closing", b"one\n--aBoundary--\ntwo"),
    ("cr", "CR", b"one\r--aBoundary\rtwo"),
    ("lf-before-crlf", "LF, with CRLF behind it", b"one\n--aBoundary\r\ntwo"),
)


def _lone(slug: str, words: str, content: bytes) -> Check:
    return reading(
        _PLACE,
        "1",
        f"lookalike-{slug}",
        f"A delimiter behind a lone {words} is content",
        form_post(multipart(*around(file(b"f", b"a.bin", content)))),
        {
            surrounded(file_part("f", content, "a.bin")): PASS,
            any_form: WARNING.because("a line end other than CRLF ended a part"),
            status_4xx: WARNING.because("a form was refused whose content has a lone CR or LF"),
            **TROUBLE,
        },
        file_report(content),
        {"ends the part there": file_report(b"one")},
        note="Many readers take a lone LF for a line end; what they lose is content that is no delimiter by the grammar.",
    )


PREFIX = b"one\r\n--aBoundaryAndMore\r\ntwo"
PREFIX_CHECK = reading(
    _PLACE,
    "1",
    "delimiter-and-more",
    "A line that begins with the whole delimiter and goes on is content, a delimiter or refused",
    form_post(multipart(*around(file(b"f", b"a.bin", PREFIX)))),
    {
        surrounded(file_part("f", PREFIX, "a.bin")): observed("takes it for content"),
        form_with(AROUND[0]): observed("takes it for a delimiter"),
        any_form: WARNING.because("the part before it was lost"),
        status_4xx: observed("refuses it"),
        **TROUBLE,
    },
    file_report(PREFIX),
    {"loses the whole form": file_report(b"one").replace(b"before", b"beforf")},
    TROUBLE_FAULTS,
    note="RFC 2046 forbids a sender the delimiter as the beginning of any line, and lets a reader stop at it.",
)

# --- Where the pieces of the content begin and end means nothing

_CONTENT = b"one\r\n--aBoundar\r\n"
_FORM = multipart(*around(file(b"f", b"a.bin", _CONTENT)))
_HEAD, _, _ = form_post(_FORM).partition(b"\r\n\r\n")
_DELIMITER = b"\r\n--" + BOUNDARY
_SECOND = len(_FORM) - _FORM.index(_DELIMITER + b"\r\n" + b'Content-Disposition: form-data; name="after"')
_CLOSE = len(_FORM) - _FORM.index(_DELIMITER + b"--")
"""How many octets of the request there are from the beginning of this delimiter on."""

DELIVERIES: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
    ("octets", "octet by octet", (Send(_HEAD + b"\r\n\r\n"), Send(_FORM, each=1))),
    ("pairs", "two octets at a time", (Send(_HEAD + b"\r\n\r\n"), Send(_FORM, each=2))),
    ("sevens", "seven octets at a time", (Send(_HEAD + b"\r\n\r\n"), Send(_FORM, each=7))),
    ("apart", "apart from the head of the request", (Send(_HEAD + b"\r\n\r\n"), Send(_FORM))),
    ("last-octet", "with its last octet late", (Send(form_post(_FORM), cuts=(-1,)),)),
    *(
        (f"cut-{slug}", f"cut {words}", (Send(form_post(_FORM), cuts=(-(_SECOND - offset),)),))
        for slug, words, offset in (
            ("before", "before a delimiter", 0),
            ("cr", "behind the CR of a delimiter", 1),
            ("crlf", "behind the CRLF of a delimiter", 2),
            ("dash", "between the dashes of a delimiter", 3),
            ("dashes", "behind the dashes of a delimiter", 4),
            ("middle", "in the middle of a delimiter", 9),
            ("all-but-last", "before the last octet of a delimiter", len(_DELIMITER) - 1),
            ("behind", "behind a delimiter", len(_DELIMITER)),
            ("line-end", "within the line end behind a delimiter", len(_DELIMITER) + 1),
            ("line", "behind the line of a delimiter", len(_DELIMITER) + 2),
        )
    ),
    *(
        (f"cut-close-{slug}", f"cut {words}", (Send(form_post(_FORM), cuts=(-(_CLOSE - offset),)),))
        for slug, words, offset in (
            ("cr", "behind the CR of the closing delimiter", 1),
            ("middle", "in the middle of the closing delimiter", 9),
            ("behind", "before the last dashes of the closing delimiter", len(_DELIMITER)),
            ("dash", "between the last dashes of the closing delimiter", len(_DELIMITER) + 1),
            ("dashes", "behind the last dashes of the closing delimiter", len(_DELIMITER) + 2),
        )
    ),
)


def _delivery(slug: str, words: str, sends: tuple[Step, ...]) -> Check:
    return reading(
        _PLACE,
        "1",
        f"delivered-{slug}",
        f"A form is read alike when it comes {words}",
        sends,
        {surrounded(file_part("f", _CONTENT, "a.bin")): PASS, **misread(_MISREAD)},
        file_report(_CONTENT),
        {"ends the part early": file_report(b"one"), "keeps half a delimiter": file_report(_CONTENT + b"\r\n--aB")},
    )


CHUNKS: tuple[tuple[str, str, int], ...] = (
    ("one", "of one octet", 1),
    ("two", "of two octets", 2),
    ("three", "of three octets", 3),
    ("delimiter", "as long as a delimiter", len(_DELIMITER)),
    ("whole", "that have it whole", len(_FORM)),
)


def _chunks(slug: str, words: str, size: int) -> Check:
    return reading(
        _PLACE,
        "1",
        f"chunks-{slug}",
        f"A form is read alike when it comes in chunks {words}",
        in_chunks(_FORM, size),
        {
            surrounded(file_part("f", _CONTENT, "a.bin")): PASS,
            status(411): lacks("content without a length"),
            **misread(_MISREAD),
        },
        file_report(_CONTENT),
        {"ends the part early": file_report(b"one"), "keeps half a delimiter": file_report(_CONTENT + b"\r\n--aB")},
    )


# --- A delimiter across the edge of what a server reads at once

EDGES = (4096, 8192, 16384, 65536)


def _edge(size: int, into: int) -> Check:
    """A file whose delimiter begins `into` octets before the edge, counted from the beginning of the content."""
    empty = multipart(*around(file(b"f", b"a.bin", b"")))
    start = empty.index(b"octet-stream\r\n\r\n") + len(b"octet-stream\r\n\r\n")
    content = (b"\r\n--aBoundar" * (size // 12 + 1))[: size - into - start]
    return reading(
        _PLACE,
        "1",
        f"edge-{size}-{into}",
        f"A delimiter that begins {into} octets before octet {size} of the content ends its part",
        form_post(multipart(*around(file(b"f", b"a.bin", content)))),
        {surrounded(file_part("f", content, "a.bin")): PASS, **misread(_MISREAD)},
        file_report(content),
        {"drops an octet": file_report(content[:-1]), "keeps half a delimiter": file_report(content + b"\r\n--a")},
    )


OCTETS_CHECK = reading(
    _PLACE,
    "1",
    "every-octet",
    "A file of every octet that there is is read as it was sent",
    form_post(multipart(*around(file(b"f", b"a.bin", bytes(range(256)) * 2)))),
    {
        surrounded(file_part("f", bytes(range(256)) * 2, "a.bin")): PASS,
        **misread("the octets are not those that were sent"),
    },
    file_report(bytes(range(256)) * 2),
    {"makes text of it": file_report(bytes(range(256)).decode("latin-1").encode() * 2)},
)

CHECKS = (
    plainly(_PLACE, "1", _MISREAD),
    OCTETS_CHECK,
    *(_lookalike(*row) for row in LOOKALIKES),
    *(_lone(*row) for row in LONE),
    PREFIX_CHECK,
    *(_delivery(*row) for row in DELIVERIES),
    *(_chunks(*row) for row in CHUNKS),
    *(_edge(size, into) for size in EDGES for into in (0, 1, 3, 7)),
)
