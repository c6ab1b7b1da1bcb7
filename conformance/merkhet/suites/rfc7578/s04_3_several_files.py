"""RFC 7578, Section 4.3: Multiple Files for One Form Field."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Check, observed
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, any_part, field_part, file_part, form_with
from merkhet.suites.rfc7578.words import (
    AROUND,
    OCTETS,
    TROUBLE,
    TROUBLE_FAULTS,
    FileLine,
    around,
    disposition,
    file,
    form_post,
    misread,
    multipart,
    part,
    reading,
    report,
    surrounded,
    text,
)

_PLACE = "rfc7578-4.3"
_KIND = OCTETS.decode("ascii")
Row = tuple[bytes, bytes, bytes]

SEVERAL: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    ("two", "Two files", ((b"f", b"a.bin", b"one"), (b"f", b"b.bin", b"two"))),
    ("five", "Five files", tuple((b"f", b"%d.bin" % number, b"%d" % number) for number in range(5))),
    ("same-filename", "Two files of one file name", ((b"f", b"a.bin", b"one"), (b"f", b"a.bin", b"two"))),
    ("same-content", "Two files that are the same", ((b"f", b"a.bin", b"one"), (b"f", b"a.bin", b"one"))),
    ("empty", "A file and an empty one", ((b"f", b"a.bin", b"one"), (b"f", b"b.bin", b""))),
    (
        "apart",
        "Two files with another one between them",
        ((b"f", b"a.bin", b"one"), (b"g", b"c.bin", b"three"), (b"f", b"b.bin", b"two")),
    ),
)


def _lines(rows: tuple[Row, ...]) -> tuple[FileLine, ...]:
    return tuple((name.decode(), filename.decode(), _KIND, octets) for name, filename, octets in rows)


def _several(slug: str, words: str, rows: tuple[Row, ...]) -> Check:
    wanted = tuple(file_part(name.decode(), octets, filename.decode()) for name, filename, octets in rows)
    good = report(("before", "1"), ("after", "2"), files=_lines(rows))
    return reading(
        _PLACE,
        "a1",
        f"several-{slug}",
        f"{words} of one field are all reported",
        form_post(multipart(*around(*(file(*row) for row in rows)))),
        {surrounded(*wanted): PASS, **misread("a file of the form is missing, or is another")},
        good,
        {
            "keeps the last alone": report(("before", "1"), ("after", "2"), files=_lines(rows[-1:])),
            "joins them": report(
                ("before", "1"), ("after", "2"), files=(("f", "a.bin", _KIND, b"".join(row[2] for row in rows) + b"x"),)
            ),
        },
    )


WITH_FIELD = reading(
    _PLACE,
    "a1",
    "several-with-field",
    "A field and a file of one name are both reported",
    form_post(multipart(*around(text(b"f", b"text"), file(b"f", b"a.bin", b"one")))),
    {
        surrounded(field_part("f", "text"), file_part("f", b"one", "a.bin")): PASS,
        **misread("the field or the file is missing, or is another"),
    },
    report(("before", "1"), ("f", "text"), ("after", "2"), files=(("f", "a.bin", _KIND, b"one"),)),
    {"keeps the file alone": report(("before", "1"), ("after", "2"), files=(("f", "a.bin", _KIND, b"one"),))},
)


def _nested(slug: str, words: str, kind: bytes) -> Check:
    """Two files in one part, each with a disposition of its own, as RFC 2388 had it."""
    parts = tuple(
        part(octets, b'Content-Disposition: %s; filename="%s"' % (kind, name), b"Content-Type: " + OCTETS)
        for name, octets in ((b"a.bin", b"one"), (b"b.bin", b"two"))
    )
    raw = multipart(*parts, boundary=b"inner", epilogue=b"")
    nested = part(raw, disposition(b"f"), b"Content-Type: multipart/mixed; boundary=inner")
    both = (file_part(None, b"one", "a.bin"), file_part(None, b"two", "b.bin"))
    files: tuple[FileLine, ...] = (("f", "a.bin", _KIND, b"one"), ("f", "b.bin", _KIND, b"two"))
    return reading(
        _PLACE,
        "2",
        f"nested-{slug}",
        f"Two files in a nested multipart/mixed, each {words}, are both reported",
        form_post(multipart(*around(nested))),
        {
            surrounded(*(file_part("f", one.content, one.filename) for one in both)): PASS,
            surrounded(*both): observed("reports both, under another name"),
            surrounded(any_part(None, raw)): observed("reports the nested form as one part"),
            form_with(*AROUND): VIOLATION.because("the nested files were lost"),
            any_form: VIOLATION.because("the form around the nested files was lost or changed"),
            status_4xx: observed("refuses the form"),
            **TROUBLE,
        },
        report(("before", "1"), ("after", "2"), files=files),
        {
            "drops them": report(("before", "1"), ("after", "2")),
            "keeps one": report(("before", "1"), ("after", "2"), files=files[:1]),
            "loses the rest": report(("before", "1"), files=files),
        },
        TROUBLE_FAULTS,
        note="Section 4.3 asks this of readers for wide use alone, and calls the usage deprecated: doing without is recorded.",
    )


CHECKS = (
    *(_several(*row) for row in SEVERAL),
    WITH_FIELD,
    _nested("file", "a file by its disposition", b"file"),
    _nested("attachment", "an attachment by its disposition", b"attachment"),
)
