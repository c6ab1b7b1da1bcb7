"""RFC 8187, Section 3.2.1: the extended value that says the name of a download."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Check, Verdict, lacks
from merkhet.expect import Expectation, all_of
from merkhet.expect_disposition import Flaw, disposed, disposition, flawed, with_extended
from merkhet.suites.rfc6266.words import BEYOND, both, extended, judged, sent

_PLACE = "rfc8187-3.2.1"
REGISTERED = frozenset(
    b"utf-8 csutf8 us-ascii ascii iso-8859-1 latin1 iso-8859-2 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-9 "
    b"iso-8859-15 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 "
    b"windows-1258 koi8-r koi8-u gb2312 gbk gb18030 big5 shift_jis euc-jp euc-kr iso-2022-jp utf-16 utf-16be utf-16le "
    b"utf-32 utf-7".split()
)
"""Names of charsets that IANA has registered: those that a server might send."""


def _judged(  # noqa: PLR0917 - the columns of a table
    rule: str, slug: str, title: str, row: int, cases: Mapping[Expectation, Verdict], faults: Mapping[str, bytes]
) -> Check:
    name = BEYOND[row][2]
    return judged(
        _PLACE,
        rule,
        f"{slug}-{BEYOND[row][0]}",
        f"{title} for {BEYOND[row][1]}",
        name,
        {**cases, with_extended: PASS, disposed: lacks("filename*")},
        sent(both(name)),
        {fault: sent(b"attachment; " + value) for fault, value in faults.items()},
    )


def _registered(row: int) -> Check:
    unknown = disposition(
        "whose charset nobody has registered",
        lambda found: found.charset is not None and found.charset.lower() not in REGISTERED,
    )
    return _judged(
        "1",
        "registered",
        "The extended value names a registered charset",
        row,
        {unknown: VIOLATION.because("the charset is none that is registered")},
        {"misspells it": b"filename*=utf8''a.txt", "invents one": b"filename*=x-merkhet''a.txt"},
    )


def _present(row: int) -> Check:
    return _judged(
        "2",
        "charset",
        "The extended value names a charset",
        row,
        {flawed(Flaw.CHARSET): VIOLATION.because("the extended value names no charset")},
        {
            "leaves it empty": b"filename*=''a.txt",
            "leaves all of it out": b"filename*=a.txt",
            "writes one quote": b"filename*=UTF-8'a.txt",
        },
    )


def _utf_8(row: int) -> Check:
    latin = disposition(
        "in ISO-8859-1", lambda found: found.charset is not None and found.charset.lower() == b"iso-8859-1"
    )
    return _judged(
        "4",
        "utf-8",
        "The extended value is UTF-8",
        row,
        {
            latin: WARNING.because("the extended value is in ISO-8859-1, which older clients know"),
            flawed(Flaw.OTHER_CHARSET): VIOLATION.because("the extended value is in another charset"),
            flawed(Flaw.NOT_UTF_8): VIOLATION.because("the octets of the extended value are not UTF-8"),
        },
        {
            "sends ISO-8859-1": b"filename*=ISO-8859-1''%FC.txt",
            "sends windows-1252": b"filename*=windows-1252''%80.txt",
            "says UTF-8 of octets that are not": b"filename*=UTF-8''%FC.txt",
            "sends half of a character": b"filename*=UTF-8''%E2%82.txt",
            "sends a surrogate": b"filename*=UTF-8''%ED%A0%BD.txt",
        },
    )


def _escaped(row: int) -> Check:
    name = BEYOND[row][2]
    raw = name.encode()
    return _judged(
        "a1",
        "escaped",
        "Everything that must be is escaped in the extended value",
        row,
        {
            flawed(Flaw.CHARACTERS): VIOLATION.because("the extended value has what must be escaped"),
            # A raw semicolon ends the value: what stands behind it is no parameter.
            all_of(with_extended, flawed(Flaw.PARAMETERS)): VIOLATION.because("a semicolon in it is not escaped"),
        },
        {
            "escapes nothing": b"filename*=UTF-8''" + raw,
            "leaves a space": b"filename*=UTF-8''a b.txt",
            "leaves an apostrophe": b"filename*=UTF-8''a'b.txt",
            "leaves an asterisk": b"filename*=UTF-8''a*b.txt",
            "leaves a percent sign": b"filename*=UTF-8''100%.txt",
            "leaves a parenthesis": b"filename*=UTF-8''a(1).txt",
            "leaves a semicolon": b"filename*=UTF-8''a;b.txt",
            "escapes by one digit": b"filename*=UTF-8''%A.txt",
        },
    )


def _unquoted(row: int) -> Check:
    value = extended(BEYOND[row][2]).partition(b"=")[2]
    return _judged(
        "a2",
        "unquoted",
        "The extended value is not in quotes",
        row,
        {flawed(Flaw.QUOTED): VIOLATION.because("the extended value is a quoted-string")},
        {"quotes it": b'filename*="' + value + b'"'},
    )


_FEW = (0, 1, 3, 5, 7)

CHECKS = (
    *(_registered(row) for row in _FEW),
    *(_present(row) for row in _FEW),
    *(_utf_8(row) for row in range(7)),
    *(_escaped(row) for row in range(len(BEYOND))),
    *(_unquoted(row) for row in _FEW),
)
