"""RFC 2046, Section 5.1.1: what belongs to the content of a part, and what to its delimiters, in a form."""

from __future__ import annotations

from merkhet.check import PASS, WARNING, Check, observed
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, field_part, file_part, form_of
from merkhet.suites.rfc7578.words import (
    OCTETS,
    TROUBLE,
    TROUBLE_FAULTS,
    around,
    disposition,
    file,
    file_report,
    form_post,
    misread,
    multipart,
    plainly,
    reading,
    report,
    surrounded,
    text,
)

_PLACE = "rfc2046-5.1.1"
_EXACT = misread("the content of a part is not what was sent")

CONTENTS: tuple[tuple[str, str, bytes], ...] = (
    ("empty", "is empty", b""),
    ("cr", "is a CR", b"\r"),
    ("lf", "is an LF", b"\n"),
    ("crlf", "is a CRLF", b"\r\n"),
    ("two-crlfs", "is two CRLFs", b"\r\n\r\n"),
    ("lfcr", "is an LF and a CR", b"\n\r"),
    ("ends-cr", "ends in CR", b"one\r"),
    ("ends-lf", "ends in LF", b"one\n"),
    ("ends-crlf", "ends in CRLF", b"one\r\n"),
    ("ends-two-crs", "ends in two CRs", b"one\r\r"),
    ("ends-two-lfs", "ends in two LFs", b"one\n\n"),
    ("ends-two-crlfs", "ends in two CRLFs", b"one\r\n\r\n"),
    ("ends-crcrlf", "ends in CR and CRLF", b"one\r\r\n"),
    ("ends-crlf-cr", "ends in CRLF and CR", b"one\r\n\r"),
    ("begins-crlf", "begins with CRLF", b"\r\none"),
    ("begins-lf", "begins with LF", b"\none"),
    ("begins-cr", "begins with CR", b"\rone"),
    ("dash", "is a dash", b"-"),
    ("dashes", "is two dashes", b"--"),
    ("ends-dash", "ends in a dash", b"one-"),
    ("ends-dashes", "ends in two dashes", b"one--"),
    ("ends-crlf-dash", "ends in CRLF and a dash", b"one\r\n-"),
    ("ends-crlf-dashes", "ends in CRLF and two dashes", b"one\r\n--"),
    ("space", "is a space", b" "),
    ("ends-space", "ends in whitespace", b"one \t "),
    ("begins-space", "begins with whitespace", b" \t one"),
    ("nul", "is a NUL", b"\0"),
    ("ends-nul", "ends in NUL", b"one\0"),
    ("bom", "begins with the octets of a byte order mark", b"\xef\xbb\xbfone"),
    ("ends-dot", "ends in a line with a dot", b"one\r\n.\r\n"),
    ("head", "looks like the head of a part", b'Content-Disposition: form-data; name="x"\r\n\r\none'),
)


def _file_content(slug: str, words: str, content: bytes) -> Check:
    other = b"one" if content != b"one" else b"two"
    return reading(
        _PLACE,
        "1",
        f"file-{slug}",
        f"A file whose content {words} is read as it is",
        form_post(multipart(*around(file(b"f", b"a.bin", content)))),
        {surrounded(file_part("f", content, "a.bin")): PASS, **_EXACT},
        file_report(content),
        {"keeps the delimiter's CRLF": file_report(content + b"\r\n"), "reads something else": file_report(other)},
    )


FIELD_CONTENTS = tuple(
    row
    for row in CONTENTS
    if row[0] in {"empty", "ends-crlf", "ends-dashes", "begins-crlf", "ends-space", "begins-space"}
)


def _field_content(slug: str, words: str, content: bytes) -> Check:
    value = content.decode("ascii")
    return reading(
        _PLACE,
        "1",
        f"field-{slug}",
        f"A field whose value {words} is read as it is",
        form_post(multipart(*around(text(b"x", content)))),
        {surrounded(field_part("x", value)): PASS, **_EXACT},
        report(("before", "1"), ("x", value), ("after", "2")),
        {"keeps the delimiter's CRLF": report(("before", "1"), ("x", value + "\r\n"), ("after", "2"))},
    )


_ALL_EMPTY = tuple(row for row in CONTENTS if row[0] in {"empty", "crlf", "ends-crlf"})


def _last_part(slug: str, words: str, content: bytes) -> Check:
    return reading(
        _PLACE,
        "1",
        f"last-{slug}",
        f"A last part whose content {words} is read as it is",
        form_post(multipart(file(b"f", b"a.bin", content))),
        {form_of(file_part("f", content, "a.bin")): PASS, **_EXACT},
        report(files=(("f", "a.bin", None, content),)),
        {"keeps the delimiter's CRLF": report(files=(("f", "a.bin", None, content + b"\r\n"),))},
    )


HEAD_ALONE = reading(
    _PLACE,
    "1",
    "part-without-content",
    "A part whose head is followed by a delimiter, without an empty line of its own, is empty",
    form_post(multipart(*around(disposition(b"f", b"a.bin") + b"\r\nContent-Type: " + OCTETS + b"\r\n"))),
    {
        surrounded(file_part("f", b"", "a.bin")): PASS,
        surrounded(): observed("leaves the part out"),
        any_form: WARNING.because("the part was read as another, or its neighbour was lost"),
        status_4xx: WARNING.because("a legal form was refused"),
        **TROUBLE,
    },
    file_report(b""),
    {"reads on": file_report(b"--aBoundary\r\n")},
    TROUBLE_FAULTS,
    note="The grammar has a part of nothing but fields, and the CRLF of the delimiter stands for its empty line. It is rare.",
)

_LF_ONLY = multipart(*around(file(b"f", b"a.bin", b"one"))).replace(b"\r\n", b"\n")
LF_ONLY = reading(
    _PLACE,
    "1",
    "lf-only",
    "A form whose lines all end in LF is read whole or refused",
    form_post(_LF_ONLY),
    {
        surrounded(file_part("f", b"one", "a.bin")): observed("reads it"),
        form_of(): WARNING.because("the form was taken, and all that is in it lost"),
        any_form: WARNING.because("the form was taken, and something in it lost or changed"),
        status_4xx: PASS,
        **TROUBLE,
    },
    file_report(b"one"),
    {"loses all": report(), "loses a part": report(("before", "1"))},
    TROUBLE_FAULTS,
)

CHECKS = (
    plainly(_PLACE, "1", "the content of a part is not what was sent"),
    *(_file_content(*row) for row in CONTENTS),
    *(_field_content(*row) for row in FIELD_CONTENTS),
    *(_last_part(*row) for row in _ALL_EMPTY),
    HEAD_ALONE,
    LF_ONLY,
)
