"""RFC 2046, Section 5.1.1: padding, preamble, epilogue and the end of a form."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Check, observed
from merkhet.expect import status_4xx
from merkhet.expect_form import any_form, any_part, field_part, file_part, form_of
from merkhet.suites.rfc7578.words import (
    BOUNDARY,
    MULTIPART,
    PLAIN_REPORT,
    TROUBLE,
    TROUBLE_FAULTS,
    around,
    file,
    file_report,
    form_post,
    misread,
    multipart,
    reading,
    report,
    surrounded,
    text,
)

_PLACE = "rfc2046-5.1.1"
_PARTS = around(file(b"f", b"a.bin", b"one"))
_FORM = multipart(*_PARTS)
_READ = surrounded(file_part("f", b"one", "a.bin"))
_GOOD = file_report(b"one")
_NONE = report()

# --- 5.1.1-2: transport padding

PADDINGS: tuple[tuple[str, str, bytes], ...] = (
    ("space", "a space", b" "),
    ("tab", "a tab", b"\t"),
    ("mixed", "spaces and tabs", b"  \t \t"),
    ("long", "sixty spaces", b" " * 60),
)


def _padded(slug: str, words: str, form: bytes) -> Check:
    return reading(
        _PLACE,
        "2",
        f"padding-{slug}",
        f"A delimiter with {words} behind it is one",
        form_post(form),
        {_READ: PASS, **misread("padding behind a delimiter changed what was read")},
        _GOOD,
        {"takes it for no delimiter": report(("before", "1")), "puts it into the part": file_report(b" \r\none")},
    )


def _everywhere(slug: str, words: str, padding: bytes) -> Check:
    line, end = b"--" + BOUNDARY, b"--" + BOUNDARY + b"--"
    form = _FORM.replace(line + b"\r\n", line + padding + b"\r\n").replace(end + b"\r\n", end + padding + b"\r\n")
    return _padded(slug, words, form)


def _somewhere(slug: str, words: str, place: int, padding: bytes) -> Check:
    """The padding at delimiter number `place` alone; the one that closes is number 3."""
    line = b"--" + BOUNDARY + (b"--" if place == 3 else b"")
    pieces = _FORM.split(line + b"\r\n")
    at = 0 if place == 3 else place
    form = (line + b"\r\n").join(pieces[: at + 1]) + line + padding + b"\r\n" + (line + b"\r\n").join(pieces[at + 1 :])
    return _padded(slug, words, form)


# --- 5.1.1-a2: preamble and epilogue

PREAMBLES: tuple[tuple[str, str, bytes], ...] = (
    ("line", "of a line", b"This is a form.\r\n"),
    ("lines", "of three lines", b"This\r\nis\r\na form.\r\n"),
    ("empty-line", "of an empty line", b"\r\n"),
    ("empty-lines", "of two empty lines", b"\r\n\r\n"),
    ("space", "of a space", b" \r\n"),
    ("mid-line", "with a delimiter within a line", b"This is --aBoundary of a form.\r\n"),
    ("mid-line-end", "with a delimiter at the end of a line", b"This is --aBoundary\r\n"),
    ("half", "with half a delimiter", b"--aBou\r\n"),
    ("half-again", "with half a delimiter behind a line", b"This\r\n--aBou\r\n"),
    ("dashes", "of dashes", b"--\r\n"),
    ("head", "that looks like a part", b'Content-Disposition: form-data; name="x"\r\n\r\none\r\n'),
    ("long", "of a hundred lines", b"This is a form.\r\n" * 100),
    ("crs", "of a hundred CRs", b"\r" * 100 + b"\r\n"),
    ("octets", "of octets beyond ASCII", b"\xff\xfe\x80\r\n"),
)
EPILOGUES: tuple[tuple[str, str, bytes], ...] = (
    ("none", "of nothing, without CRLF before it", b""),
    ("line", "of a line", b"\r\nThis was a form."),
    ("lines", "of three lines", b"\r\nThis\r\nwas\r\na form.\r\n"),
    ("empty-lines", "of three empty lines", b"\r\n\r\n\r\n\r\n"),
    ("spaces", "of spaces", b"\r\n   "),
    ("half", "with half a delimiter", b"\r\n--aBou\r\n"),
    ("head", "that looks like the head of a part", b'\r\nContent-Disposition: form-data; name="x"\r\n\r\none\r\n'),
    ("mid-line", "with a delimiter within a line", b"\r\nThis was --aBoundary\r\n"),
    ("long", "of a hundred lines", b"\r\nThis was a form." * 100),
    ("octets", "of octets beyond ASCII", b"\r\n\xff\xfe\x80"),
    ("part", "that is another part", b'\r\n--aBoundary\r\nContent-Disposition: form-data; name="x"\r\n\r\none\r\n'),
    ("form", "that is another form", b"\r\n" + multipart(text(b"x", b"one"))),
    ("closed-again", "that closes the form again", b"\r\n--aBoundary--\r\n"),
)


def _ignored(slug: str, words: str, form: bytes) -> Check:
    return reading(
        _PLACE,
        "a2",
        slug,
        f"{words} is ignored",
        form_post(form),
        {_READ: PASS, **misread("what stands outside the parts of a form changed what was read")},
        _GOOD,
        {"reads a part there": _GOOD.replace(b"before", b"behind"), "reads nothing": _NONE},
    )


def _preamble(slug: str, words: str, octets: bytes) -> Check:
    return _ignored(f"preamble-{slug}", f"A preamble {words}", multipart(*_PARTS, preamble=octets))


def _epilogue(slug: str, words: str, octets: bytes) -> Check:
    return _ignored(f"epilogue-{slug}", f"An epilogue {words}", multipart(*_PARTS, epilogue=octets))


# --- 5.1.1-a5: no closing delimiter

_END = b"\r\n--" + BOUNDARY
_OPEN = _FORM.removesuffix(_END + b"--\r\n")
_ALL = (field_part("before", "1"), file_part("f", b"one", "a.bin"))
UNCLOSED: tuple[tuple[str, str, bytes], ...] = (
    ("content", "within the content of its last part", _OPEN),
    ("crlf", "in CRLF", _OPEN + b"\r\n"),
    ("half", "within a delimiter", _OPEN + _END[:-3]),
    ("delimiter", "in a delimiter", _OPEN + _END),
    ("line", "in a delimiter that opens a part", _OPEN + _END + b"\r\n"),
    ("one-dash", "before its last dash", _OPEN + _END + b"-"),
)
"""The part `after` is the one that is open: its value is 2, and whatever else may have been taken for content."""


def _unclosed(slug: str, words: str, form: bytes) -> Check:
    return reading(
        _PLACE,
        "a5",
        f"unclosed-{slug}",
        f"A form that ends {words} is refused, or read with every part that it has",
        form_post(form),
        {
            _READ: PASS,
            form_of(*_ALL, any_part("after", None)): observed("takes what is left of the delimiter for content"),
            form_of(*_ALL, any_part("after", None), any_part(None, None)): observed("reads an empty part more"),
            any_form: VIOLATION.because("the form was taken, and a part of it lost"),
            status_4xx: PASS,
            **TROUBLE,
        },
        report(("before", "1"), ("after", "2"), files=(("f", "a.bin", None, b"one"),)),
        {"drops the last part": report(("before", "1"), files=(("f", "a.bin", None, b"one"),)), "drops all": _NONE},
        TROUBLE_FAULTS,
    )


UNCLOSED_FILE = reading(
    _PLACE,
    "a5",
    "unclosed-file",
    "A form that ends within its last file is refused, or read with every part that it has",
    form_post(multipart(text(b"before", b"1"), file(b"f", b"a.bin", b"one")).removesuffix(_END + b"--\r\n")),
    {
        form_of(*_ALL): PASS,
        form_of(_ALL[0], file_part("f", None, "a.bin")): VIOLATION.because(
            "the form was taken, and octets of its file lost"
        ),
        any_form: VIOLATION.because("the form was taken, and a part of it lost"),
        status_4xx: PASS,
        **TROUBLE,
    },
    report(("before", "1"), files=(("f", "a.bin", None, b"one"),)),
    {
        "drops the file": report(("before", "1")),
        "drops octets": report(("before", "1"), files=(("f", "a.bin", None, b""),)),
    },
    TROUBLE_FAULTS,
)


def _within_head(slug: str, words: str, cut: bytes) -> Check:
    """Nothing of the last part is whole enough to be lost."""
    form = _FORM[: _FORM.index(b'form-data; name="after"')] + cut
    return reading(
        _PLACE,
        "a5",
        f"unclosed-{slug}",
        f"A form that ends {words} is refused, or read with the parts before it",
        form_post(form),
        {
            form_of(*_ALL): observed("reads the parts before it"),
            form_of(*_ALL, any_part(None, None)): observed("reads an empty part more"),
            any_form: VIOLATION.because("the form was taken, and a whole part of it lost"),
            status_4xx: PASS,
            **TROUBLE,
        },
        report(("before", "1"), files=(("f", "a.bin", None, b"one"),)),
        {"drops all": _NONE},
        TROUBLE_FAULTS,
    )


def _without_parts(slug: str, words: str, form: bytes) -> Check:
    return reading(
        _PLACE,
        "a5",
        f"unopened-{slug}",
        f"A form {words} is refused, or has no parts",
        form_post(form, MULTIPART),
        {
            form_of(): observed("reads a form without parts"),
            any_form: VIOLATION.because("a part was read that is not there"),
            status_4xx: PASS,
            **TROUBLE,
        },
        _NONE,
        {"invents a part": PLAIN_REPORT},
        TROUBLE_FAULTS,
    )


CHECKS = (
    *(_everywhere(*row) for row in PADDINGS),
    _somewhere("first", "a space, the first one,", 0, b" "),
    _somewhere("second", "a space, the second one,", 1, b" "),
    _somewhere("closing", "a space, the closing one,", 3, b" "),
    *(_preamble(*row) for row in PREAMBLES),
    *(_epilogue(*row) for row in EPILOGUES),
    _ignored(
        "preamble-and-epilogue",
        "A preamble beside an epilogue",
        multipart(*_PARTS, preamble=b"This is\r\n", epilogue=b"\r\na form."),
    ),
    *(_unclosed(*row) for row in UNCLOSED),
    UNCLOSED_FILE,
    _within_head("head", "within the head of a part", b"form-da"),
    _within_head("head-end", "behind the head of a part", b'form-data; name="after"\r\n'),
    _without_parts("empty", "without content", b""),
    _without_parts("text", "whose content is text", b"text"),
    _without_parts("other", "whose content has another boundary", multipart(text(b"x", b"1"), boundary=b"other")),
    _without_parts("closed", "that closes at once", b"--" + BOUNDARY + b"--\r\n"),
)
