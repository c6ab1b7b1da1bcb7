"""RFC 6266, Section 4.1: the type, each parameter once, and how a name is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Verdict, lacks
from merkhet.expect import Expectation
from merkhet.expect_disposition import (
    Flaw,
    cut_at_delimiter,
    disposed,
    disposition,
    flawed,
    named,
    substituted,
    with_extended,
)
from merkhet.suites.rfc6266.words import BEYOND, PLAIN, Name, both, extended, judged, quoted, sent

_PLACE = "rfc6266-4.1"

INJECTIONS: tuple[Name, ...] = (
    ("parameter", "a name with what looks like a parameter", "a;b=c.txt"),
    ("filename", "a name with what looks like another filename", "a; filename=b.txt"),
    ("filename-quoted", "a name that closes its quotes before another filename", 'a"; filename="b.txt'),
    ("filename-upper-case", "a name that closes its quotes before another FILENAME", 'a"; FILENAME="b.txt'),
    ("filename-extended", "a name that closes its quotes before a filename*", "a\"; filename*=UTF-8''b.txt"),
)
SPECIALS: tuple[Name, ...] = (
    ("space", "a name with a space", "a b.txt"),
    ("spaces", "a name with two spaces", "a  b.txt"),
    ("space-first", "a name that begins with a space", " a.txt"),
    ("space-last", "a name that ends in a space", "a.txt "),
    ("tab", "a name with a tab", "a\tb.txt"),
    ("quote", "a name with a quote", 'a"b.txt'),
    ("quote-first", "a name that begins with a quote", '"a.txt'),
    ("quote-last", "a name that ends in a quote", 'a.txt"'),
    ("quotes", "a name in quotes", '"a.txt"'),
    ("backslash", "a name with a backslash", "a\\b.txt"),
    ("backslash-last", "a name that ends in a backslash", "a.txt\\"),
    ("backslash-quote", "a name with a backslash before a quote", 'a\\"b.txt'),
    ("semicolon", "a name with a semicolon", "a;b.txt"),
    ("semicolon-space", "a name with a semicolon and a space", "a; b.txt"),
    ("comma", "a name with a comma", "a,b.txt"),
    ("equals", "a name with an equals sign", "a=b.txt"),
    ("colon", "a name with a colon", "a:b.txt"),
    ("question-mark", "a name with a question mark", "a?b.txt"),
    ("at", "a name with an at sign", "a@b.txt"),
    ("parentheses", "a name with parentheses", "a(1).txt"),
    ("brackets", "a name with brackets", "a[1].txt"),
    ("braces", "a name with braces", "a{1}.txt"),
    ("angles", "a name with angle brackets", "a<b>.txt"),
    ("apostrophe", "a name with an apostrophe", "a'b.txt"),
    ("asterisk", "a name with an asterisk", "a*b.txt"),
    ("hash", "a name with a number sign", "a#b.txt"),
    ("ampersand", "a name with an ampersand", "a&b.txt"),
    ("plus", "a name with a plus sign", "a+b.txt"),
    ("percent", "a name with a percent sign", "100%.txt"),
    ("percent-escape", "a name with what looks like a percent escape", "a%41.txt"),
    ("percent-quote", "a name with a percent escape of a quote", "a%22b.txt"),
    ("encoded-word", "a name that looks like an encoded-word", "=?utf-8?Q?a?=.txt"),
    ("long", "a name of 200 octets", "a" * 196 + ".txt"),
    ("very-long", "a name of 1000 octets", "a" * 996 + ".txt"),
    ("long-space", "a name of 200 octets with a space", "a" * 98 + " " + "b" * 97 + ".txt"),
)


# --- 4.1-a1 and 4.1-a2

_FEW = (PLAIN[0], SPECIALS[0], SPECIALS[5], SPECIALS[12], BEYOND[0], BEYOND[1])


def _once(slug: str, words: str, name: str) -> Check:
    good = both(name)
    return judged(
        _PLACE,
        "a1",
        f"once-{slug}",
        f"The Content-Disposition for {words} has no parameter twice",
        name,
        {flawed(Flaw.TWICE): VIOLATION.because("a parameter is there twice"), disposed: PASS},
        sent(good),
        {
            "sends it twice": sent(good + b"; filename=a.txt"),
            "sends it twice, once in upper case": sent(good + b"; FILENAME=a.txt"),
            "sends filename* twice": sent(good + b"; " + extended(name)),
        },
    )


def _typed(slug: str, words: str, name: str) -> Check:
    good = both(name)
    return judged(
        _PLACE,
        "a2",
        f"type-{slug}",
        f"The Content-Disposition for {words} begins with a type",
        name,
        {flawed(Flaw.TYPE): VIOLATION.because("the field has no disposition type"), disposed: PASS},
        sent(good),
        {
            "sends none": sent(good.removeprefix(b"attachment; ")),
            "sends an empty one": sent(good.removeprefix(b"attachment")),
            "quotes it": sent(good.replace(b"attachment", b'"attachment"')),
        },
    )


# --- 4.1-a3


def _last_segment(name: str) -> str:
    return name.rpartition("\\")[2]


def _written(slug: str, words: str, name: str) -> Check:
    """A client may take a backslash for a path: a server that sends what stands behind it has its reasons."""
    stripped: Mapping[Expectation, Verdict] = {}
    if "\\" in name and _last_segment(name):
        stripped = {substituted(_last_segment(name)): PASS.because("what stands behind the backslash is sent")}
    cases: Mapping[Expectation, Verdict] = {
        flawed(Flaw.FILENAME, Flaw.PARAMETERS): VIOLATION.because("the name is no token and no quoted-string"),
        named(name): PASS,
        cut_at_delimiter(name): VIOLATION.because("the name ends where it has a character that must be quoted"),
        substituted(name): PASS,
        **stripped,
        disposition("without a name", lambda found: not found.names): PASS,
        disposed: WARNING.because("the name is another"),
    }
    return judged(
        _PLACE,
        "a3",
        f"name-{slug}",
        f"The Content-Disposition for {words} has it as a token or quoted-string",
        name,
        cases,
        sent(quoted(name)),
        {
            "leaves the quotes open": sent(quoted(name)[:-1]),
            "writes something behind the quotes": sent(quoted(name) + b"x"),
            "sends another name": sent(b"attachment; filename=download"),
        },
        note="The name that is sent may differ from the one that was asked for: replaced characters are no fault.",
    )


_RAW: Mapping[str, Mapping[str, bytes]] = {
    "quote": {"does not escape it": sent(b'attachment; filename="a"b.txt"')},
    "backslash-last": {"does not escape it": sent(b'attachment; filename="a.txt\\"')},
    "semicolon": {"does not quote it": sent(b"attachment; filename=a;b.txt")},
    "comma": {"does not quote it": sent(b"attachment; filename=a,b.txt")},
    "space": {"does not quote it": sent(b"attachment; filename=a b.txt")},
    "parameter": {"does not quote it": sent(b"attachment; filename=a;b=c.txt")},
    "filename": {"does not quote it": sent(b"attachment; filename=a; filename=b.txt")},
    "filename-quoted": {"does not escape it": sent(b'attachment; filename="a"; filename="b.txt"')},
}


def _raw(slug: str, words: str, name: str) -> Check:
    """The same check under its own id, with the mistakes that this name is about among its canned servers."""
    check = _written(slug, words, name)
    faults = tuple(Canned(fault, answer) for fault, answer in _RAW.get(slug, {}).items())
    return replace(check, mutants=(*faults, *check.mutants))


# --- 4.1-a4

_EXTENDED = (Flaw.CHARSET, Flaw.LANGUAGE, Flaw.CHARACTERS, Flaw.QUOTED)


def _extended(slug: str, words: str, name: str) -> Check:
    value = extended(name)
    return judged(
        _PLACE,
        "a4",
        f"extended-{slug}",
        f"The filename* for {words} is charset, language and escaped octets",
        name,
        {
            flawed(*_EXTENDED): VIOLATION.because("the extended value is not by the grammar"),
            disposition("without filename*", lambda found: b"filename*" not in found.order): lacks("filename*"),
            named(name): PASS,
            with_extended: WARNING.because("the name is another"),
        },
        sent(both(name)),
        {
            "leaves the charset out": sent(b"attachment; filename*=" + value.rpartition(b"'")[2]),
            "leaves the octets as they are": sent(b"attachment; filename*=UTF-8''" + name.encode()),
            "quotes it": sent(b'attachment; filename*="' + value.partition(b"=")[2] + b'"'),
            "names no language": sent(b"attachment; filename*=UTF-8'e_n'a.txt"),
            "sends another name": sent(both("other.txt")),
        },
    )


CHECKS = (
    *(_once(*row) for row in (*_FEW, *INJECTIONS)),
    *(_typed(*row) for row in _FEW),
    *(_raw(*row) for row in (*SPECIALS, *INJECTIONS)),
    *(_extended(*row) for row in BEYOND),
)
