"""RFC 7578, Section 4.8: Other "Content-" Header Fields."""

from __future__ import annotations

from merkhet.check import PASS, WARNING, Check
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, file_part
from merkhet.suites.rfc7578.words import (
    OCTETS,
    TROUBLE,
    around,
    disposition,
    file,
    file_report,
    form_post,
    misread,
    multipart,
    part,
    reading,
    surrounded,
)

_PLACE = "rfc7578-4.8"
_CONTENT = b"one\r\ntwo"

OTHERS: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("unknown", "a field that nobody knows", (b"X-Merkhet: 1",)),
    ("unknown-content", "a Content- field that nobody knows", (b"Content-Merkhet: 1",)),
    ("empty", "a field without a value", (b"X-Merkhet:",)),
    ("length-short", "a Content-Length that is too short", (b"Content-Length: 3",)),
    ("length-long", "a Content-Length that is too long", (b"Content-Length: 1000",)),
    ("length-zero", "a Content-Length of zero", (b"Content-Length: 0",)),
    ("length-none", "a Content-Length that is no number", (b"Content-Length: many",)),
    ("length-right", "its true Content-Length", (b"Content-Length: %d" % len(_CONTENT),)),
    ("coding", "a Content-Encoding", (b"Content-Encoding: gzip",)),
    ("coding-deflate", "a Content-Encoding of deflate", (b"Content-Encoding: deflate",)),
    ("transfer", "a Transfer-Encoding", (b"Transfer-Encoding: chunked",)),
    ("range", "a Content-Range", (b"Content-Range: bytes 0-2/8",)),
    ("language", "a Content-Language", (b"Content-Language: en",)),
    ("location", "a Content-Location", (b"Content-Location: /elsewhere",)),
    ("md5", "a Content-MD5 that is wrong", (b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",)),
    ("id", "a Content-ID", (b"Content-ID: <1@example.com>",)),
    ("mime-version", "a MIME-Version", (b"MIME-Version: 1.0",)),
    ("connection", "a Connection that says close", (b"Connection: close",)),
    ("host", "a Host", (b"Host: example.com",)),
    ("lookalike", "a field whose name ends as Content-Disposition", (b'X-Content-Disposition: form-data; name="x"',)),
    ("long", "a field of 500 octets", (b"X-Merkhet: " + b"v" * 500,)),
    ("three", "three fields that nobody knows", (b"X-One: 1", b"X-Two: 2", b"X-Three: 3")),
    ("twice", "a field that nobody knows, twice", (b"X-Merkhet: 1", b"X-Merkhet: 2")),
    ("odd-name", "a field with every kind of octet in its name", (b"!#$%&'*+-.^_`|~0aZ: 1",)),
    ("colons", "a field with colons in its value", (b"X-Merkhet: a: b:c",)),
)


def _ignored(slug: str, words: str, octets: bytes) -> Check:
    return reading(
        _PLACE,
        "1",
        slug,
        f"A file with {words} is read without it",
        form_post(multipart(*around(octets))),
        {surrounded(file_part("f", _CONTENT, "a.bin")): PASS, **misread("a field of a part changed what was read")},
        file_report(_CONTENT),
        {"takes three octets": file_report(_CONTENT[:3]), "takes none": file_report(b"")},
    )


def _behind(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    return _ignored(f"ignored-{slug}", words, file(b"f", b"a.bin", _CONTENT, *lines))


def _before(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    octets = part(_CONTENT, *lines, disposition(b"f", b"a.bin"), b"Content-Type: " + OCTETS)
    return _ignored(f"ignored-first-{slug}", f"{words} before its Content-Disposition", octets)


FOLDED: tuple[tuple[str, str, bytes], ...] = (
    ("space", "a space", b"X-Merkhet: 1\r\n 2"),
    ("tab", "a tab", b"X-Merkhet: 1\r\n\t2"),
    (
        "lookalike",
        "a space and what looks like another field",
        b'X-Merkhet: 1\r\n Content-Disposition: form-data; name="x"',
    ),
    ("twice", "a space, twice", b"X-Merkhet: 1\r\n 2\r\n 3"),
)


def _folded(slug: str, words: str, line: bytes) -> Check:
    return reading(
        _PLACE,
        "1",
        f"ignored-folded-{slug}",
        f"A file with an unknown field that goes on in the next line behind {words} is read without it",
        form_post(multipart(*around(file(b"f", b"a.bin", _CONTENT, line)))),
        {
            surrounded(file_part("f", _CONTENT, "a.bin")): PASS,
            any_form: WARNING.because("a folded field changed what was read"),
            status_4xx: WARNING.because("a folded field was a reason to refuse the form"),
            **TROUBLE,
        },
        file_report(_CONTENT),
        {"takes the fold for content": file_report(b" 2\r\n\r\n" + _CONTENT)},
        note="MIME has folded fields, which HTTP gave up: a reader that has learnt from HTTP is a near miss.",
    )


CHECKS = (
    *(_behind(*row) for row in OTHERS),
    *(_before(*row) for row in OTHERS if row[0] in {"unknown", "length-short", "lookalike", "coding"}),
    *(_folded(*row) for row in FOLDED),
)
