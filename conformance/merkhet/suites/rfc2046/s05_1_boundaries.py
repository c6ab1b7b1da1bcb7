"""RFC 2046, Sections 5.1 and 5.1.1: the boundary that a form names."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Check, observed
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, file_part, form_of
from merkhet.suites.rfc7578.words import (
    TROUBLE,
    TROUBLE_FAULTS,
    around,
    file,
    file_report,
    form_post,
    form_type,
    misread,
    multipart,
    reading,
    report,
    surrounded,
)

_READ = surrounded(file_part("f", b"one\r\n--", "a.bin"))
_GOOD = file_report(b"one\r\n--")
_PARTS = around(file(b"f", b"a.bin", b"one\r\n--"))
_EVERY = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=?"


def _accepted(rule: str, slug: str, title: str, boundary: bytes, kind: bytes) -> Check:
    return reading(
        "rfc2046-5.1.1",
        rule,
        slug,
        title,
        form_post(multipart(*_PARTS, boundary=boundary), kind),
        {_READ: PASS, **misread("the form was read as another")},
        _GOOD,
        {"finds no part": report(), "finds other content": file_report(b"one")},
    )


# --- 5.1.1-a3: quoted boundaries

QUOTED: tuple[tuple[str, str, bytes], ...] = (
    ("plain", "a quoted boundary that needs no quotes", b"aBoundary"),
    ("colon", "a colon", b"a:b"),
    ("space", "a space", b"a b"),
    ("colon-and-space", "a colon and a space", b"a:b c"),
    ("equals", "an equals sign", b"a=b"),
    ("equals-at-end", "an equals sign at its end", b"a="),
    ("question-mark", "a question mark", b"a?b"),
    ("slash", "a slash", b"a/b"),
    ("comma", "a comma", b"a,b"),
    ("parentheses", "parentheses", b"a(b)c"),
    ("mime", "what mailers put into it", b"----=_Part_1_2.3=:?"),
    ("first-half", "half of all octets that it may have", _EVERY[:38] + b"_"),
    ("second-half", "the other half of all octets that it may have", _EVERY[38:]),
    ("dashes", "two dashes at its end", b"a--"),
    ("all-dashes", "nothing but dashes", b"----"),
    ("leading-space", "a space at its beginning", b" a"),
)


def _quoted(slug: str, words: str, boundary: bytes) -> Check:
    with_words = words if slug == "plain" else f"a quoted boundary with {words}"
    kind = form_type(b'"%s"' % boundary)
    return _accepted("a3", f"quoted-{slug}", f"A form with {with_words} is read", boundary, kind)


UNQUOTED: tuple[tuple[str, str, bytes], ...] = (
    ("dashes", "begins with dashes", b"----------------------------0123456789"),
    ("apostrophe", "has an apostrophe", b"a'b"),
    ("plus", "has a plus sign", b"a+b"),
    ("underscore", "has an underscore", b"_a_b"),
    ("dot", "has a dot", b"a.b"),
    ("digits", "is digits", b"0123"),
    ("browser", "is a browser's", b"----WebKitFormBoundary7MA4YWxkTrZu0gW"),
)


def _unquoted(slug: str, words: str, boundary: bytes) -> Check:
    return _accepted(
        "a3", f"unquoted-{slug}", f"A form whose unquoted boundary {words} is read", boundary, form_type(boundary)
    )


# --- 5.1.1-a4: the length of a boundary

LENGTHS: tuple[tuple[str, str, bytes], ...] = (
    ("one", "one octet", b"b"),
    ("one-dash", "one dash", b"-"),
    ("two", "two octets", b"bb"),
    ("sixty-nine", "69 octets", b"b" * 69),
    ("seventy", "70 octets", b"b" * 70),
    ("seventy-mixed", "70 octets that differ", _EVERY[:62] + b"_-.+'_-."),
    ("seventy-dashes", "70 dashes", b"-" * 70),
)


def _length(slug: str, words: str, boundary: bytes) -> Check:
    return _accepted(
        "a4", f"length-{slug}", f"A form with a boundary of {words} is read", boundary, form_type(boundary)
    )


def _too_long(slug: str, octets: int) -> Check:
    return reading(
        "rfc2046-5.1.1",
        "a4",
        f"length-{slug}",
        f"A form with a boundary of {octets} octets, which is too long, is read or refused",
        form_post(multipart(*_PARTS, boundary=b"b" * octets), form_type(b"b" * octets)),
        {
            _READ: observed("reads it"),
            form_of(): observed("reads a form without parts"),
            any_form: WARNING.because("the form was taken, and something in it lost or changed"),
            status_4xx: observed("refuses it"),
            **TROUBLE,
        },
        _GOOD,
        {"loses a part": report(("before", "1"))},
        TROUBLE_FAULTS,
    )


# --- 5.1-a1: no boundary

MISSING: tuple[tuple[str, str, bytes], ...] = (
    ("none", "without a boundary", b"multipart/form-data"),
    ("semicolon", "with a semicolon in the place of a boundary", b"multipart/form-data;"),
    ("empty", "with an empty boundary", b"multipart/form-data; boundary="),
    ("empty-quoted", "with an empty boundary in quotes", b'multipart/form-data; boundary=""'),
    ("no-value", "with a boundary without a value", b"multipart/form-data; boundary"),
    ("other-parameter", "with another parameter in its place", b"multipart/form-data; charset=utf-8"),
    ("longer-name", "with a parameter whose name begins so", b"multipart/form-data; boundaryx=aBoundary"),
    ("within-value", "with what looks like one in a value", b'multipart/form-data; a="; boundary=aBoundary"'),
)


def _missing(slug: str, words: str, kind: bytes) -> Check:
    return reading(
        "rfc2046-5.1",
        "a1",
        f"boundary-{slug}",
        f"A form {words} is refused, or has no parts",
        form_post(multipart(*_PARTS), b"Content-Type: " + kind),
        {
            form_of(): observed("reads a form without parts"),
            _READ: VIOLATION.because("the form was read by a boundary that it does not name"),
            any_form: VIOLATION.because("parts were read that nothing delimits"),
            status_4xx: PASS,
            **TROUBLE,
        },
        report(),
        {"guesses the boundary": _GOOD, "invents a part": report(("x", "1"))},
        TROUBLE_FAULTS,
    )


CHECKS = (
    *(_quoted(*row) for row in QUOTED),
    *(_unquoted(*row) for row in UNQUOTED),
    *(_length(*row) for row in LENGTHS),
    _too_long("seventy-one", 71),
    _too_long("two-hundred", 200),
    *(_missing(*row) for row in MISSING),
)
