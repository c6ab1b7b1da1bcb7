"""RFC 7578, Sections 4.4 to 4.7: types, charsets and encodings of parts."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import Check, Verdict, observed
from merkhet.expect import Expectation, all_of
from merkhet.expect_form import any_part, field_part, file_part, file_typed, form_with
from merkhet.suites.rfc7578.words import (
    AROUND,
    around,
    disposition,
    file,
    form_post,
    multipart,
    part,
    recording,
    report,
    surrounded,
    text,
)

_BARE = report(("before", "1"), ("after", "2"))


def _recorded(  # noqa: PLR0917 - the columns of a table
    section: str,
    rule: str,
    slug: str,
    title: str,
    parts: tuple[bytes, ...],
    choices: Mapping[Expectation, Verdict],
    good: bytes,
) -> Check:
    """A check of what a reader may do as it likes, as long as it loses nothing."""
    return recording(
        f"rfc7578-{section}",
        rule,
        slug,
        title,
        form_post(multipart(*around(*parts))),
        choices,
        good,
        {"loses the part": _BARE},
    )


def _field(value: str, name: str = "x") -> bytes:
    return report(("before", "1"), (name, value), ("after", "2"))


# --- 4.4-1

UNTYPED_FIELD = _recorded(
    "4.4",
    "1",
    "untyped-field",
    "A part without Content-Type and without a file name is reported as text",
    (text(b"x", b"text"),),
    {
        surrounded(field_part("x", "text")): observed("reports text"),
        surrounded(any_part("x", b"text")): observed("reports a file"),
    },
    _field("text"),
)
_ONE = surrounded(file_part("f", b"text", "a"))
UNTYPED_FILE = _recorded(
    "4.4",
    "1",
    "untyped-file",
    "The type of a file without Content-Type is reported as none or as the default",
    (part(b"text", disposition(b"f", b"a")),),
    {
        all_of(_ONE, file_typed(None)): observed("reports no type"),
        all_of(_ONE, file_typed("text/plain")): observed("reports text/plain"),
        all_of(_ONE, file_typed("application/octet-stream")): observed("reports application/octet-stream"),
        _ONE: observed("reports another type"),
    },
    report(("before", "1"), ("after", "2"), files=(("f", "a", "text/plain", b"text"),)),
)
TYPES: tuple[tuple[str, str, bytes], ...] = (
    ("text", "text/plain", b"text/plain"),
    ("octets", "application/octet-stream", b"application/octet-stream"),
    ("json", "application/json", b"application/json"),
    ("unknown", "a type that nobody knows", b"x-merkhet/x-nothing"),
    ("no-type", "a type that is none", b"nothing"),
    ("empty", "an empty type", b""),
)


def _typed(slug: str, words: str, kind: bytes) -> Check:
    return _recorded(
        "4.4",
        "1",
        f"typed-field-{slug}",
        f"A part with {words} and without a file name is a field or a file",
        (text(b"x", b"text", b"Content-Type: " + kind),),
        {
            surrounded(field_part("x", "text")): observed("reports a field"),
            surrounded(any_part("x", b"text")): observed("reports a file"),
        },
        _field("text"),
    )


# --- 4.5-1 and 4.6-a1

CHARSETS: tuple[tuple[str, str, bytes, bytes, str], ...] = (
    ("latin-1", "in ISO-8859-1", b"iso-8859-1", b"\xe9", "\u00e9"),
    ("latin-1-upper-case", "in ISO-8859-1, in upper case", b"ISO-8859-1", b"\xe9", "\u00e9"),
    ("latin-1-quoted", "in ISO-8859-1, quoted", b'"iso-8859-1"', b"\xe9", "\u00e9"),
    ("windows-1252", "in windows-1252", b"windows-1252", b"\x80", "\u20ac"),
    ("utf-8", "in UTF-8", b"utf-8", b"\xc3\xa9", "\u00e9"),
    ("shift-jis", "in Shift_JIS", b"shift_jis", b"\x82\xa0", "\u3042"),
    ("koi8-r", "in KOI8-R", b"koi8-r", b"\xd1", "\u044f"),
)


def _charset(slug: str, words: str, label: bytes, octets: bytes, decoded: str) -> Check:
    return _recorded(
        "4.5",
        "1",
        f"charset-{slug}",
        f"A text part that says it is {words} is decoded so, or otherwise",
        (text(b"x", octets, b"Content-Type: text/plain; charset=" + label),),
        {
            surrounded(field_part("x", decoded)): observed("decodes it by the charset"),
            surrounded(field_part("x", octets.decode("latin-1"))): observed("decodes it as ISO-8859-1"),
            surrounded(field_part("x", octets.decode("utf-8", "replace"))): observed("replaces what is not UTF-8"),
            surrounded(any_part("x", octets)): observed("keeps the octets"),
            surrounded(any_part("x", None)): observed("makes another text of it"),
        },
        _field(decoded),
    )


UNKNOWN_CHARSET = _recorded(
    "4.5",
    "1",
    "charset-unknown",
    "A text part in a charset that nobody knows is read as it stands, or refused",
    (text(b"x", b"text", b"Content-Type: text/plain; charset=x-merkhet"),),
    {
        surrounded(any_part("x", b"text")): observed("reads it as it stands"),
        surrounded(any_part("x", None)): observed("makes another text of it"),
    },
    _field("text"),
)


def _default(slug: str, words: str, label: bytes, octets: bytes, decoded: str) -> Check:
    return _recorded(
        "4.6",
        "a1",
        f"default-charset-{slug}",
        f"A form that says it is {words} in _charset_ is decoded so, or otherwise",
        (text(b"_charset_", label), text(b"x", octets)),
        {
            form_with(*AROUND, field_part("x", decoded)): observed("decodes it by the charset"),
            form_with(*AROUND, field_part("x", octets.decode("latin-1"))): observed("decodes it as ISO-8859-1"),
            form_with(*AROUND, field_part("x", octets.decode("utf-8", "replace"))): observed(
                "replaces what is not UTF-8"
            ),
            form_with(*AROUND, any_part("x", None)): observed("makes another text of it"),
        },
        report(("before", "1"), ("_charset_", label.decode()), ("x", decoded), ("after", "2")),
    )


# --- 4.7-a1

ENCODINGS: tuple[tuple[str, str, bytes, bytes, bytes], ...] = (
    ("base64", "base64", b"base64", b"dGV4dA==", b"text"),
    ("base64-upper-case", "base64, in upper case", b"BASE64", b"dGV4dA==", b"text"),
    ("quoted-printable", "quoted-printable", b"quoted-printable", b"te=78t", b"text"),
    ("unknown", "an encoding that nobody knows", b"x-merkhet", b"text", b"text"),
)


def _encoding(slug: str, words: str, name: bytes, encoded: bytes, decoded: bytes) -> Check:
    kept = {} if encoded == decoded else {surrounded(any_part("x", encoded)): observed("keeps it encoded")}
    return _recorded(
        "4.7",
        "a1",
        f"encoding-{slug}",
        f"A part in {words} is decoded, kept as it is, or refused",
        (text(b"x", encoded, b"Content-Transfer-Encoding: " + name),),
        {
            surrounded(any_part("x", decoded)): observed("decodes it" if kept else "reads it as it stands"),
            **kept,
            surrounded(any_part("x", None)): observed("makes something else of it"),
        },
        _field(decoded.decode()),
    )


def _identity(name: bytes) -> Check:
    """The three names of no encoding: there is nothing to decode."""
    octets = b"a=b\r\nc==\xff" if name == b"binary" else b"a=b\r\nc=="
    one = surrounded(file_part("f", octets, "a.bin"))
    return _recorded(
        "4.7",
        "a1",
        f"encoding-{name.decode()}",
        f"A file that says it is {name.decode()} is read as it stands, or refused",
        (file(b"f", b"a.bin", octets, b"Content-Transfer-Encoding: " + name),),
        {one: observed("reads it as it stands")},
        report(("before", "1"), ("after", "2"), files=(("f", "a.bin", None, octets),)),
    )


CHECKS = (
    UNTYPED_FIELD,
    UNTYPED_FILE,
    *(_typed(*row) for row in TYPES),
    *(_charset(*row) for row in CHARSETS),
    UNKNOWN_CHARSET,
    *(_default(*row) for row in CHARSETS[:1] + CHARSETS[3:5]),
    *(_encoding(*row) for row in ENCODINGS),
    *(_identity(name) for name in (b"7bit", b"8bit", b"binary")),
)
