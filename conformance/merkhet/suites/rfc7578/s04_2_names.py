"""RFC 7578, Section 4.2: the names of fields and files, and what else may stand in their place."""

from __future__ import annotations

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Check,
    observed,
)
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, any_part, field_part, file_part
from merkhet.suites.rfc7578.words import (
    OCTETS,
    TROUBLE,
    TROUBLE_FAULTS,
    UNREAD_FAULTS,
    around,
    file,
    file_report,
    form_post,
    misread,
    multipart,
    part,
    reading,
    recording,
    report,
    surrounded,
    text,
)

_PLACE = "rfc7578-4.2"
_LOST = "a part of the form was lost"
_REFUSED = observed("refuses the form")


def _line(parameters: bytes) -> bytes:
    return b"Content-Disposition: form-data" + parameters


# --- 4.2-a2: a part without a name

NAMELESS: tuple[tuple[str, str, bytes], ...] = (
    ("parameter", "whose Content-Disposition has no name", part(b"x", _line(b""))),
    ("file", "that has a file name but no name", part(b"x", _line(b'; filename="a.bin"'), b"Content-Type: " + OCTETS)),
    ("disposition", "without a Content-Disposition", part(b"x", b"Content-Type: text/plain")),
    ("head", "without any field", part(b"x")),
    ("value", "whose name has no value", part(b"x", _line(b"; name"))),
    ("attachment", "that is an attachment", part(b"x", b'Content-Disposition: attachment; name="x"')),
    ("no-type", "whose disposition has no type", part(b"x", b'Content-Disposition: name="x"')),
)


def _nameless(slug: str, words: str, octets: bytes) -> Check:
    return reading(
        _PLACE,
        "a2",
        f"nameless-{slug}",
        f"A part {words} is left out or refused",
        form_post(multipart(*around(octets))),
        {
            surrounded(): PASS,
            surrounded(any_part(None, b"x")): observed("reports the part all the same"),
            any_form: VIOLATION.because("another part of the form was lost or changed"),
            status_4xx: PASS,
            **TROUBLE,
        },
        report(("before", "1"), ("after", "2")),
        {
            "loses the rest": report(("before", "1")),
            "joins it to the one before": report(("before", "1x"), ("after", "2")),
        },
        TROUBLE_FAULTS,
        note="No text says what a reader does with it: the rules of a part bind who sends it.",
    )


EMPTY_NAME = reading(
    _PLACE,
    "a2",
    "nameless-empty",
    "A part whose name is empty is reported, left out or refused",
    form_post(multipart(*around(text(b"", b"x")))),
    {
        surrounded(field_part("", "x")): observed("reports an empty name"),
        surrounded(): observed("leaves the part out"),
        any_form: WARNING.because("another part of the form was lost or changed"),
        status_4xx: _REFUSED,
        **TROUBLE,
    },
    report(("before", "1"), ("", "x"), ("after", "2")),
    {"loses the rest": report(("before", "1"))},
    TROUBLE_FAULTS,
)

# --- 4.2-5: filename*

EXTENDED: tuple[tuple[str, str, bytes], ...] = (
    ("alone", "alone", b"; name=\"f\"; filename*=UTF-8''%C3%A9.bin"),
    ("behind-filename", "behind filename", b'; name="f"; filename="a.bin"; filename*=UTF-8\'\'%C3%A9.bin'),
    ("before-filename", "before filename", b'; name="f"; filename*=UTF-8\'\'%C3%A9.bin; filename="a.bin"'),
)


def _extended(slug: str, words: str, parameters: bytes) -> Check:
    return reading(
        _PLACE,
        "5",
        f"extended-{slug}",
        f"A part with filename* {words} is read by it, without it, or refused",
        form_post(multipart(*around(part(b"x", _line(parameters), b"Content-Type: " + OCTETS)))),
        {
            surrounded(file_part("f", b"x", "\u00e9.bin")): observed("uses filename*"),
            surrounded(file_part("f", b"x", "a.bin")): observed("uses filename"),
            surrounded(file_part("f", b"x")): observed("makes another name of it"),
            surrounded(field_part("f", "x")): observed("takes the part for a field"),
            any_form: WARNING.because(_LOST),
            status_4xx: _REFUSED,
            **TROUBLE,
        },
        file_report(b"x"),
        {"leaves the part out": report(("before", "1"), ("after", "2"))},
        TROUBLE_FAULTS,
        note="Senders must not send it. What a reader makes of it is its own affair.",
    )


# --- 4.2-a3: escapes in names

ESCAPES: tuple[tuple[str, str, bytes, str], ...] = (
    ("quote-pair", "a quote as a quoted pair", b'a\\"b', 'a"b'),
    ("quote-percent", "a quote as a percent escape", b"a%22b", 'a"b'),
    ("backslash-pair", "a backslash as a quoted pair", b"a\\\\b", "a\\b"),
    ("backslash", "a backslash before a letter", b"a\\b", "ab"),
    ("letter-percent", "a letter as a percent escape", b"a%41b", "aAb"),
    ("crlf-percent", "a line end as percent escapes", b"a%0D%0Ab", "a\r\nb"),
    ("percent", "a percent sign that escapes nothing", b"100%", "100%"),
    ("reference", "a character reference", b"a&#233;b", "a\u00e9b"),
    ("encoded-word", "an encoded-word of RFC 2047", b"=?utf-8?Q?=C3=A9?=", "\u00e9"),
)


def _escaped_name(slug: str, words: str, octets: bytes, undone: str) -> Check:
    raw = octets.decode("ascii")
    return recording(
        _PLACE,
        "a3",
        f"name-{slug}",
        f"A field name with {words} is reported as it came or undone",
        form_post(multipart(*around(text(octets, b"x")))),
        {
            surrounded(field_part(raw, "x")): observed("reports the name as it came"),
            surrounded(field_part(undone, "x")): observed("undoes the escape"),
            surrounded(field_part(None, "x")): observed("reports another name"),
        },
        report(("before", "1"), (raw, "x"), ("after", "2")),
        {"loses the part": report(("before", "1"), ("after", "2"))},
    )


def _escaped_filename(slug: str, words: str, octets: bytes, undone: str) -> Check:
    raw = octets.decode("ascii")
    return recording(
        _PLACE,
        "a3",
        f"filename-{slug}",
        f"A file name with {words} is reported as it came or undone",
        form_post(multipart(*around(file(b"f", octets, b"x")))),
        {
            surrounded(file_part("f", b"x", raw)): observed("reports the name as it came"),
            surrounded(file_part("f", b"x", undone)): observed("undoes the escape"),
            surrounded(file_part("f", b"x")): observed("reports another name"),
        },
        file_report(b"x", raw),
        {"loses the part": report(("before", "1"), ("after", "2"))},
    )


NO_FILE = recording(
    _PLACE,
    "a3",
    "filename-empty",
    "A file without a name and without content, as browsers send it where none was chosen, is left out or reported",
    form_post(multipart(*around(file(b"f", b"", b"")))),
    {
        surrounded(): observed("leaves it out"),
        surrounded(file_part("f", b"")): observed("reports an empty file"),
        surrounded(field_part("f", "")): observed("reports an empty field"),
    },
    report(("before", "1"), ("after", "2")),
    {"loses the rest": report(("before", "1"))},
)

# --- 4.2-a4: where and how the name may stand

WRITTEN: tuple[tuple[str, str, bytes, str], ...] = (
    ("token", "as a token", _line(b"; name=x"), "x"),
    ("no-space", "without a space before it", _line(b';name="x"'), "x"),
    ("spaces", "behind whitespace", _line(b' ; \t name="x"'), "x"),
    ("upper-case", "in upper case", _line(b'; NAME="x"'), "x"),
    ("last", "behind another parameter", _line(b'; a="b"; name="x"'), "x"),
    ("lookalike", "behind one whose name ends alike", _line(b'; filename-name="b"; xname="c"; name="x"'), "x"),
    ("within-another", "behind one whose value looks like it", _line(b'; a="; name=b"; name="x"'), "x"),
    ("semicolon", "with a semicolon in it", _line(b'; name="a;b"'), "a;b"),
    ("parameter", "with what looks like a parameter in it", _line(b'; name="a; filename=b"'), "a; filename=b"),
    ("equals", "with an equals sign in it", _line(b'; name="a=b"'), "a=b"),
    ("comma", "with a comma in it", _line(b'; name="a, b"'), "a, b"),
    ("space", "with a space in it", _line(b'; name="a b"'), "a b"),
    ("brackets", "with brackets in it", _line(b'; name="a[b][]"'), "a[b][]"),
    ("long", "of 200 octets", _line(b'; name="%s"' % (b"n" * 200)), "n" * 200),
    ("type-case", "behind a type in upper case", b'Content-Disposition: FORM-DATA; name="x"', "x"),
    ("field-case", "in a line whose name is in lower case", b'content-disposition: form-data; name="x"', "x"),
    ("field-no-space", "in a line without a space", b'Content-Disposition:form-data; name="x"', "x"),
    (
        "second-line",
        "in the second line of its part",
        b'Content-Type: text/plain\r\nContent-Disposition: form-data; name="x"',
        "x",
    ),
)


def _written(slug: str, words: str, line: bytes, name: str) -> Check:
    return reading(
        _PLACE,
        "a4",
        f"written-{slug}",
        f"A field's name is read {words}",
        form_post(multipart(*around(part(b"x", line)))),
        {surrounded(any_part(name, b"x")): PASS, **misread("the name was read as another")},
        report(("before", "1"), (name, "x"), ("after", "2")),
        {"reads another name": report(("before", "1"), ("name", "x"), ("after", "2"))},
        UNREAD_FAULTS,
    )


BEFORE = reading(
    _PLACE,
    "a4",
    "written-before-name",
    "A file's name is read before the name of its field",
    form_post(multipart(*around(part(b"x", _line(b'; filename="a.bin"; name="f"'), b"Content-Type: " + OCTETS)))),
    {surrounded(file_part("f", b"x", "a.bin")): PASS, **misread("the names were read as others")},
    file_report(b"x"),
    {"takes the one for the other": file_report(b"x").replace(b"a.bin", b"f.bin")},
)

CHECKS = (
    *(_nameless(*row) for row in NAMELESS),
    EMPTY_NAME,
    *(_extended(*row) for row in EXTENDED),
    *(_escaped_name(*row) for row in ESCAPES),
    *(_escaped_filename(*row) for row in ESCAPES),
    NO_FILE,
    *(_written(*row) for row in WRITTEN),
    BEFORE,
)
