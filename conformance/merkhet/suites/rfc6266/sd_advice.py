"""RFC 6266, Appendix D: advice on generating the field, each piece a warning where it is not taken."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Check, lacks, observed
from merkhet.expect import all_of
from merkhet.expect_disposition import (
    beyond_ascii,
    disposed,
    disposition,
    extended_first,
    named,
    substituted,
    with_backslash,
    with_extended,
    with_filename,
    with_percent,
)
from merkhet.suites.rfc6266.s04_1_grammar import SPECIALS
from merkhet.suites.rfc6266.words import BEYOND, PLAIN, Name, both, extended, judged, quoted, sent

_PLACE = "rfc6266-D"
_BY_SLUG = {row[0]: row for row in SPECIALS}


def _chosen(*slugs: str) -> tuple[Name, ...]:
    return tuple(_BY_SLUG[slug] for slug in slugs)


ASCII = (
    *PLAIN,
    *_chosen("space", "spaces", "semicolon", "comma", "equals", "parentheses", "brackets", "apostrophe", "plus"),
)


def _in_filename(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a1",
        f"ascii-{slug}",
        f"{words[0].upper()}{words[1:]}, which is ASCII, is sent in filename",
        name,
        {
            all_of(with_filename, named(name)): PASS,
            all_of(with_filename, substituted(name)): PASS,
            with_filename: WARNING.because("the name is another"),
            disposed: VIOLATION.because("there is no filename"),
        },
        sent(quoted(name)),
        {
            "sends filename* alone": sent(b"attachment; " + extended(name)),
            "sends no name": sent(b"attachment"),
            "sends another": sent(quoted("!")),
        },
    )


PERCENTS: tuple[Name, ...] = (
    _BY_SLUG["percent-escape"],
    _BY_SLUG["percent-quote"],
    ("space", "a name with a space", "a b.txt"),
    ("two-octets", "a name with what looks like two percent escapes", "a%C3%A9.txt"),
    *((f"beyond-{slug}", words, name) for slug, words, name in BEYOND[:4]),
)


def _without_percent(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a2",
        f"percent-{slug}",
        f"There is no percent escape in the filename for {words}",
        name,
        {
            all_of(with_percent, with_extended): observed("sends one, and filename* beside it"),
            with_percent: VIOLATION.because("some clients decode a percent escape in filename, others show it"),
            disposed: PASS,
        },
        sent(both(name)),
        {"escapes its name so": sent(b'attachment; filename="a%41.txt"')},
    )


BACKSLASHES = (
    *_chosen("backslash", "backslash-last", "backslash-quote", "quote", "quotes", "quote-first", "space"),
    PLAIN[0],
)


def _without_backslash(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a3",
        f"backslash-{slug}",
        f"There is no backslash in the filename for {words}",
        name,
        {with_backslash: VIOLATION.because("some clients do not undo a quoted pair"), disposed: PASS},
        sent(both(name)),
        {"sends a quoted pair": sent(b'attachment; filename="a\\"b.txt"')},
    )


def _ascii_alone(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a4",
        f"octets-{slug}",
        f"There is no octet beyond ASCII in the field for {words}",
        name,
        {beyond_ascii: VIOLATION.because("clients differ in the charset that they suppose"), disposed: PASS},
        sent(both(name)),
        {
            "sends UTF-8": sent(b'attachment; filename="\xc3\xbc.txt"'),
            "sends ISO-8859-1": sent(b'attachment; filename="\xfc.txt"'),
        },
    )


def _with_extended(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a5",
        f"extended-{slug}",
        f"{words[0].upper()}{words[1:]} is sent in filename*",
        name,
        {
            all_of(with_extended, named(name)): PASS,
            with_extended: WARNING.because("the name is another"),
            disposed: VIOLATION.because("there is no filename*"),
        },
        sent(both(name)),
        {"sends filename alone": sent(quoted("fallback.txt")), "sends another": sent(both("other.txt"))},
    )


_NOT_EXTENDED = disposition("without filename*", lambda found: b"filename*" not in found.order)


def _with_fallback(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a6",
        f"fallback-{slug}",
        f"Beside the filename* for {words} there is a filename",
        name,
        {
            _NOT_EXTENDED: lacks("filename*"),
            with_filename: PASS,
            disposed: VIOLATION.because("there is nothing for clients that do not know filename*"),
        },
        sent(both(name)),
        {"sends filename* alone": sent(b"attachment; " + extended(name))},
    )


def _fallback_first(slug: str, words: str, name: str) -> Check:
    return judged(
        _PLACE,
        "a7",
        f"order-{slug}",
        f"The filename for {words} comes before its filename*",
        name,
        {
            _NOT_EXTENDED: lacks("filename*"),
            extended_first: VIOLATION.because("some clients take whichever comes first"),
            with_filename: PASS,
            disposed: lacks("both forms"),
        },
        sent(both(name)),
        {"sends it behind": sent(b"attachment; " + extended(name) + b"; filename=fallback.txt")},
    )


CHECKS = (
    *(_in_filename(*row) for row in ASCII),
    *(_without_percent(*row) for row in PERCENTS),
    *(_without_backslash(*row) for row in BACKSLASHES),
    *(_ascii_alone(*row) for row in BEYOND),
    *(_with_extended(*row) for row in BEYOND),
    *(_with_fallback(*row) for row in BEYOND[:9]),
    *(_fallback_first(*row) for row in BEYOND[:9]),
)
