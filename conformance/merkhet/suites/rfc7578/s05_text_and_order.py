"""RFC 7578, Sections 5.1 and 5.2: text beyond ASCII, order, and parts of one name."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, WARNING, Check, Verdict, lacks, observed
from merkhet.expect import Expectation, status, status_4xx
from merkhet.expect_form import Part, any_form, field_part, file_part, form_in_order, form_of
from merkhet.suites.rfc7578.words import (
    TROUBLE,
    TROUBLE_FAULTS,
    URLENCODED,
    around,
    file,
    file_report,
    form_post,
    misread,
    multipart,
    reading,
    recording,
    report,
    surrounded,
    text,
)

TextPair = tuple[str, str]

# --- 5.1.2-1: UTF-8 as it is

TEXTS: tuple[tuple[str, str, str], ...] = (
    ("two-octets", "of two octets in UTF-8", "na\u00efve"),
    ("three-octets", "of three octets in UTF-8", "\u20ac 100"),
    ("four-octets", "of four octets in UTF-8", "\U0001f600"),
    ("right-to-left", "that are written from right to left", "\u05e9\u05dc\u05d5\u05dd"),
    ("combining", "that are composed of two", "e\u0301"),
)


def _latin(value: str) -> str:
    return value.encode("utf-8").decode("latin-1")


def _text_cases(of: Mapping[str, Part], lost: Part) -> Mapping[Expectation, Verdict]:
    """Each reading by its words, then whatever else may have become of the part."""
    return {
        **{surrounded(part): observed(words) for words, part in of.items()},
        surrounded(lost): observed("makes another text of it"),
    }


def _value(slug: str, words: str, value: str) -> Check:
    return recording(
        "rfc7578-5.1.2",
        "1",
        f"value-{slug}",
        f"A value of characters {words} is reported",
        form_post(multipart(*around(text(b"x", value.encode())))),
        _text_cases(
            {"reads UTF-8": field_part("x", value), "reads ISO-8859-1": field_part("x", _latin(value))},
            field_part("x", None),
        ),
        report(("before", "1"), ("x", value), ("after", "2")),
        {
            "loses it": report(("before", "1"), ("after", "2")),
            "reads ISO-8859-1": report(("before", "1"), ("x", _latin(value)), ("after", "2")),
        },
    )


def _name(slug: str, words: str, name: str) -> Check:
    return recording(
        "rfc7578-5.1.2",
        "1",
        f"name-{slug}",
        f"A field name of characters {words} is reported",
        form_post(multipart(*around(text(name.encode(), b"x")))),
        _text_cases(
            {"reads UTF-8": field_part(name, "x"), "reads ISO-8859-1": field_part(_latin(name), "x")},
            field_part(None, "x"),
        ),
        report(("before", "1"), (name, "x"), ("after", "2")),
        {"loses it": report(("before", "1"), ("after", "2"))},
    )


def _filename(slug: str, words: str, name: str) -> Check:
    return recording(
        "rfc7578-5.1.2",
        "1",
        f"filename-{slug}",
        f"A file name of characters {words} is reported",
        form_post(multipart(*around(file(b"f", name.encode(), b"x")))),
        _text_cases(
            {"reads UTF-8": file_part("f", b"x", name), "reads ISO-8859-1": file_part("f", b"x", _latin(name))},
            file_part("f", b"x"),
        ),
        file_report(b"x", name),
        {"loses it": report(("before", "1"), ("after", "2"))},
    )


NOT_UTF_8 = recording(
    "rfc7578-5.1.2",
    "1",
    "value-not-utf-8",
    "A value that is not UTF-8 is replaced, read otherwise or refused",
    form_post(multipart(*around(text(b"x", b"caf\xe9")))),
    _text_cases(
        {"replaces what is not UTF-8": field_part("x", "caf\ufffd"), "reads ISO-8859-1": field_part("x", "caf\u00e9")},
        field_part("x", None),
    ),
    report(("before", "1"), ("x", "caf\ufffd"), ("after", "2")),
    {"loses it": report(("before", "1"), ("after", "2"))},
)

# --- 5.2-3: parts of one name

SAME: tuple[tuple[str, str, tuple[TextPair, ...]], ...] = (
    ("two", "Two fields", (("a", "1"), ("a", "2"))),
    ("three", "Three fields", (("a", "1"), ("a", "2"), ("a", "3"))),
    ("same-value", "Two fields of one value", (("a", "1"), ("a", "1"))),
    ("empty", "An empty field and another", (("a", ""), ("a", "1"))),
    ("both-empty", "Two empty fields", (("a", ""), ("a", ""))),
    ("apart", "Two fields with others between them", (("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"))),
    ("brackets", "Two fields with brackets", (("a[]", "1"), ("a[]", "2"))),
    ("comma", "Two fields with commas", (("a", "1,2"), ("a", "3,4"))),
)
CASES: tuple[TextPair, ...] = (("a", "1"), ("A", "2"))


def _fields(pairs: tuple[TextPair, ...]) -> tuple[Part, ...]:
    return tuple(field_part(name, value) for name, value in pairs)


def _posted(pairs: tuple[TextPair, ...]) -> bytes:
    return form_post(multipart(*(text(name.encode(), value.encode()) for name, value in pairs)))


def _faults(pairs: tuple[TextPair, ...]) -> Mapping[str, bytes]:
    return {
        "keeps the last": report(*dict(pairs).items()),
        "joins them": report((pairs[0][0], ", ".join(value for _, value in pairs))),
    }


def _same(slug: str, words: str, pairs: tuple[TextPair, ...]) -> Check:
    return reading(
        "rfc7578-5.2",
        "3",
        f"same-name-{slug}",
        f"{words} of one name are reported apart",
        _posted(pairs),
        {form_of(*_fields(pairs)): PASS, **misread("fields of one name were joined, or one of them was dropped")},
        report(*pairs),
        _faults(pairs),
    )


OTHER_CASE = reading(
    "rfc7578-5.2",
    "3",
    "same-name-but-case",
    "Two fields whose names differ in case alone are reported apart",
    _posted(CASES),
    {
        form_of(*_fields(CASES)): PASS,
        form_of(field_part(None, "1"), field_part(None, "2")): observed("changes the case of a name"),
        **misread("fields of different names were joined, or one of them was dropped"),
    },
    report(*CASES),
    {"keeps the last": report(("a", "2"))},
)

# --- 5.2-3 and 5.2-a1: the other format of forms

PAIRS: tuple[tuple[str, str, tuple[TextPair, ...]], ...] = (SAME[0], SAME[2], SAME[3], SAME[5])


def _urlencoded(pairs: tuple[TextPair, ...]) -> bytes:
    return form_post(b"&".join(b"%s=%s" % (name.encode(), value.encode()) for name, value in pairs), URLENCODED)


def _same_pairs(slug: str, words: str, pairs: tuple[TextPair, ...]) -> Check:
    return reading(
        "rfc7578-5.2",
        "3",
        f"same-name-urlencoded-{slug}",
        f"{words} of one name in application/x-www-form-urlencoded are reported apart",
        _urlencoded(pairs),
        {
            form_of(*_fields(pairs)): PASS,
            any_form: WARNING.because("fields of one name were joined, or one of them was dropped"),
            status(415): lacks("forms that are URL-encoded"),
            status_4xx: WARNING.because("a legal form was refused"),
            **TROUBLE,
        },
        report(*pairs),
        _faults(pairs),
        TROUBLE_FAULTS,
        note="The rule is about the parts of multipart/form-data; the other format has none, so losing a pair is a near miss.",
    )


# --- 5.2-a1: order

ORDERS: tuple[tuple[str, str, tuple[TextPair, ...]], ...] = (
    ("descending", "Fields whose names descend", (("c", "1"), ("b", "2"), ("a", "3"))),
    ("numbers", "Fields whose names are numbers", (("10", "1"), ("9", "2"), ("1", "3"))),
    ("same-name", "Fields of one name", (("a", "2"), ("a", "1"), ("a", "3"))),
    ("interleaved", "Fields of two names in turn", (("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"))),
    ("many", "Twenty fields", tuple((f"n{number * 7 % 20}", str(number)) for number in range(20))),
)


def _ordered(parts: tuple[Part, ...]) -> Mapping[Expectation, Verdict]:
    return {
        form_in_order(*parts): observed("keeps the order"),
        form_of(*parts): observed("reports another order"),
        status_4xx: WARNING.because("a legal form was refused"),
    }


def _order(slug: str, words: str, pairs: tuple[TextPair, ...]) -> Check:
    return recording(
        "rfc7578-5.2",
        "a1",
        f"order-{slug}",
        f"{words} are reported in the order of the form",
        _posted(pairs),
        _ordered(_fields(pairs)),
        report(*pairs),
        {"sorts them": report(*sorted(pairs)), "loses one": report(*pairs[1:])},
    )


def _order_urlencoded(slug: str, words: str, pairs: tuple[TextPair, ...]) -> Check:
    return recording(
        "rfc7578-5.2",
        "a1",
        f"order-urlencoded-{slug}",
        f"{words} in application/x-www-form-urlencoded are reported in the order of the form",
        _urlencoded(pairs),
        _ordered(_fields(pairs)),
        report(*pairs),
        {"sorts them": report(*sorted(pairs)), "loses one": report(*pairs[1:])},
    )


_NAMES = (b"c", b"a", b"b")
ORDER_OF_FILES = recording(
    "rfc7578-5.2",
    "a1",
    "order-files",
    "Files are reported in the order of the form",
    form_post(multipart(*(file(b"f", name, name) for name in _NAMES))),
    _ordered(tuple(file_part("f", name, name.decode()) for name in _NAMES)),
    report(files=tuple(("f", name.decode(), None, name) for name in _NAMES)),
    {"sorts them": report(files=tuple(("f", name.decode(), None, name) for name in sorted(_NAMES)))},
)

CHECKS = (
    *(_value(*row) for row in TEXTS),
    *(_name(*row) for row in TEXTS),
    *(_filename(*row) for row in TEXTS),
    NOT_UTF_8,
    *(_same(*row) for row in SAME),
    OTHER_CASE,
    *(_same_pairs(*row) for row in PAIRS),
    *(_order(*row) for row in ORDERS),
    *(_order_urlencoded(*row) for row in ORDERS[:4]),
    ORDER_OF_FILES,
)
