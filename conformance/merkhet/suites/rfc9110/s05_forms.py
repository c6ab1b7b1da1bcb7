"""RFC 9110, Sections 5.6.4, 5.6.6 and 12.5.3: the parameters of a form's type, and the refusal of what is no form."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import all_of, answered, ended, field, silent, status, status_4xx, status_5xx
from merkhet.expect_form import any_form, field_part, file_part, form_of
from merkhet.suites.rfc7578.words import (
    MULTIPART,
    TROUBLE,
    TROUBLE_FAULTS,
    TWIN,
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
from merkhet.suites.words import CHUNKED, SINCE, post, response

_PARTS = around(file(b"f", b"a.bin", b"one"))
_READ = surrounded(file_part("f", b"one", "a.bin"))
_GOOD = file_report(b"one")
_FAULTS = {"finds no part": report(), "loses a part": report(("before", "1"))}

# --- 5.6.4-1: quoted pairs

PAIRS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("all", "every octet", b'"\\a\\b\\c"', b"abc"),
    ("first", "its first octet", b'"\\ab"', b"ab"),
    ("last", "its last octet", b'"a\\b"', b"ab"),
    ("colon", "a colon", b'"a\\:b"', b"a:b"),
    ("space", "a space", b'"a\\ b"', b"a b"),
    ("dash", "a dash", b'"a\\-b"', b"a-b"),
    ("digit", "a digit", b'"a\\1b"', b"a1b"),
    ("n", "the letter n", b'"a\\nb"', b"anb"),
)


def _pair(slug: str, words: str, value: bytes, boundary: bytes) -> Check:
    return reading(
        "rfc9110-5.6.4",
        "1",
        f"quoted-pair-{slug}",
        f"A boundary that has {words} as a quoted pair is the one without the backslash",
        form_post(multipart(*_PARTS, boundary=boundary), form_type(value)),
        {_READ: PASS, **misread("a quoted pair was read as something else than its octet")},
        _GOOD,
        _FAULTS,
    )


BESIDE: tuple[tuple[str, str, bytes], ...] = (
    ("quote", "a quote as a quoted pair", b'; a="b\\"c"'),
    ("backslash", "a backslash as a quoted pair at its end", b'; a="b\\\\"'),
    ("lookalike", "what looks like a boundary behind a quoted pair", b'; a="\\"; boundary=b; c=\\""'),
)


def _beside(slug: str, words: str, parameter: bytes) -> Check:
    return reading(
        "rfc9110-5.6.4",
        "1",
        f"quoted-pair-before-{slug}",
        f"A boundary behind a parameter with {words} is found",
        form_post(multipart(*_PARTS), b"Content-Type: multipart/form-data" + parameter + b"; boundary=aBoundary"),
        {_READ: PASS, **misread("the quoted-string before the boundary was not read to its end")},
        _GOOD,
        _FAULTS,
    )


EXTENSIONS: tuple[tuple[str, str, bytes], ...] = (
    ("quote", "a quote", b';a="b\\"c"'),
    ("backslash", "a backslash", b';a="b\\\\"'),
    ("semicolon", "a quote before a semicolon", b';a="b\\";c"'),
)


def _extension(slug: str, words: str, extension: bytes) -> Check:
    body = multipart(*_PARTS)
    coded = b"%x%s\r\n%s\r\n0\r\n\r\n" % (len(body), extension, body)
    return reading(
        "rfc9110-5.6.4",
        "1",
        f"quoted-pair-chunk-{slug}",
        f"A form in a chunk whose extension has {words} as a quoted pair is read",
        post(coded, MULTIPART, CHUNKED, to=b"{form}"),
        {_READ: PASS, status(411): lacks("content without a length"), **misread("the form was read as another")},
        _GOOD,
        _FAULTS,
    )


# --- 5.6.6-a1: names of parameters

NAMED: tuple[tuple[str, str, bytes], ...] = (
    ("upper-case", "in upper case", b"multipart/form-data; BOUNDARY=aBoundary"),
    ("capital", "with a capital", b"multipart/form-data; Boundary=aBoundary"),
    ("mixed-case", "in mixed case", b"multipart/form-data; bOuNdArY=aBoundary"),
    ("upper-case-quoted", "in upper case, its value quoted", b'multipart/form-data; BOUNDARY="aBoundary"'),
    ("all-upper-case", "in upper case, as the type is", b"MULTIPART/FORM-DATA; BOUNDARY=aBoundary"),
    ("no-space", "without a space", b"multipart/form-data;boundary=aBoundary"),
    ("spaces", "behind spaces", b"multipart/form-data  ;   boundary=aBoundary"),
    ("tabs", "behind tabs", b"multipart/form-data\t;\tboundary=aBoundary"),
    ("last", "behind another parameter", b"multipart/form-data; charset=utf-8; boundary=aBoundary"),
    ("first", "before another parameter", b"multipart/form-data; boundary=aBoundary; charset=utf-8"),
    ("quoted-before", "behind a quoted value with a semicolon", b'multipart/form-data; a="b;c"; boundary=aBoundary'),
    ("lookalike", "behind what looks like it in a value", b'multipart/form-data; a="; boundary=b"; boundary=aBoundary'),
    ("longer", "behind a name that begins alike", b"multipart/form-data; boundaryx=b; boundary=aBoundary"),
    ("suffix", "behind a name that ends alike", b"multipart/form-data; xboundary=b; boundary=aBoundary"),
)
EMPTY: tuple[tuple[str, str, bytes], ...] = (
    ("empty-before", "behind an empty parameter", b"multipart/form-data;; boundary=aBoundary"),
    ("empty-behind", "before an empty parameter", b"multipart/form-data; boundary=aBoundary;"),
    ("empty-behind-spaces", "before an empty parameter and whitespace", b"multipart/form-data; boundary=aBoundary ; "),
)


def _named(slug: str, words: str, kind: bytes) -> Check:
    return reading(
        "rfc9110-5.6.6",
        "a1",
        f"boundary-{slug}",
        f"The parameter boundary is found {words}",
        form_post(multipart(*_PARTS), b"Content-Type: " + kind),
        {_READ: PASS, **misread("the parameter was not found, or another was taken for it")},
        _GOOD,
        _FAULTS,
    )


def _empty(slug: str, words: str, kind: bytes) -> Check:
    return reading(
        "rfc9110-5.6.6",
        "a1",
        f"boundary-{slug}",
        f"The parameter boundary is found {words}",
        form_post(multipart(*_PARTS), b"Content-Type: " + kind),
        {
            _READ: PASS,
            any_form: WARNING.because("the form was read as another"),
            status_4xx: WARNING.because("an empty parameter was a reason to refuse the form"),
            **TROUBLE,
        },
        _GOOD,
        _FAULTS,
        TROUBLE_FAULTS,
        note="The grammar has empty parameters, though the row is about names: a reader without them is a near miss.",
    )


SPACED: tuple[tuple[str, str, bytes], ...] = (
    ("before", "before", b"boundary =aBoundary"),
    ("behind", "behind", b"boundary= aBoundary"),
    ("around", "on both sides of", b"boundary = aBoundary"),
)


def _spaced(slug: str, words: str, parameter: bytes) -> Check:
    return reading(
        "rfc9110-5.6.6",
        "a1",
        f"boundary-space-{slug}",
        f"A boundary with a space {words} its equals sign is refused, or read all the same",
        form_post(multipart(*_PARTS), b"Content-Type: multipart/form-data; " + parameter),
        {
            _READ: observed("reads it all the same"),
            form_of(): observed("reads a form without parts"),
            any_form: WARNING.because("the form was read as another"),
            status_4xx: PASS,
            **TROUBLE,
        },
        _GOOD,
        {"loses a part": report(("before", "1"))},
        TROUBLE_FAULTS,
    )


URLENCODED: tuple[tuple[str, str, bytes], ...] = (
    ("charset", "a charset", b"; charset=utf-8"),
    ("charset-upper-case", "a charset in upper case", b"; CHARSET=UTF-8"),
    ("charset-quoted", "a quoted charset", b'; charset="utf-8"'),
    ("unknown", "a parameter that nobody knows", b"; a=b"),
)


def _urlencoded(slug: str, words: str, parameter: bytes) -> Check:
    return reading(
        "rfc9110-5.6.6",
        "a1",
        f"urlencoded-{slug}",
        f"A form in application/x-www-form-urlencoded with {words} is read",
        form_post(b"a=1&b=two+words", b"Content-Type: application/x-www-form-urlencoded" + parameter),
        {
            form_of(field_part("a", "1"), field_part("b", "two words")): PASS,
            status(415): lacks("forms that are URL-encoded, with this parameter"),
            **misread("the form was read as another"),
        },
        report(("a", "1"), ("b", "two words")),
        {"finds no pair": report(), "does not decode": report(("a", "1"), ("b", "two+words"))},
    )


# --- 12.5.3-3: 415 says nothing of codings

OTHER_TYPES: tuple[tuple[str, str, tuple[bytes, ...]], ...] = (
    ("text", "text/plain", (b"Content-Type: text/plain",)),
    ("json", "application/json", (b"Content-Type: application/json",)),
    ("octets", "application/octet-stream", (b"Content-Type: application/octet-stream",)),
    ("image", "image/png", (b"Content-Type: image/png",)),
    ("mixed", "multipart/mixed", (b"Content-Type: multipart/mixed; boundary=aBoundary",)),
    ("unknown", "a type that nobody knows", (b"Content-Type: x-merkhet/x-nothing",)),
    ("no-type", "a type that is none", (b"Content-Type: nothing",)),
    ("none", "no type", ()),
    ("text-asked-for-gzip", "text/plain and wishes for gzip", (b"Content-Type: text/plain", b"Accept-Encoding: gzip")),
)


def _unsupported(slug: str, words: str, lines: tuple[bytes, ...]) -> Check:
    return Check(
        id=f"rfc9110-12.5.3-unsupported-{slug}",
        requirement="rfc9110-12.5.3-3",
        title=f"A 415 to content with {words} has no Accept-Encoding",
        since=SINCE,
        steps=(
            Send(post(b"hello", *lines, b"Content-Length: 5", to=b"{form}"), anew=True),
            Answers(
                {
                    all_of(status(415), field(b"Accept-Encoding")): VIOLATION.because(
                        "Accept-Encoding says that the coding was at fault, and there was none"
                    ),
                    status(415): PASS,
                    status_5xx: WARNING.because("an error of the server's own"),
                    answered: lacks("415 for this type"),
                    ended: WARNING.because("the connection ended without an answer"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        good=(response(415, b""),),
        mutants=(
            Canned("lists its codings", response(415, b"", b"Accept-Encoding: gzip, identity")),
            Canned("has an empty list", response(415, b"", b"Accept-Encoding:")),
            Canned("fails", response(500, b"oops")),
        ),
        twin=TWIN,
    )


CHECKS = (
    *(_pair(*row) for row in PAIRS),
    *(_beside(*row) for row in BESIDE),
    *(_extension(*row) for row in EXTENSIONS),
    *(_named(*row) for row in NAMED),
    *(_empty(*row) for row in EMPTY),
    *(_spaced(*row) for row in SPACED),
    *(_urlencoded(*row) for row in URLENCODED),
    *(_unsupported(*row) for row in OTHER_TYPES),
)
