"""RFC 3986, Section 2: percent-encoding, reserved and unreserved characters."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Exchange, lacks, observed
from merkhet.expect import answered, content, field, status, status_2xx, status_3xx, status_4xx, without
from merkhet.expect_echo import echoed
from merkhet.expect_kept import field_matches, file_content
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc3986.words import BAD, alike, uri_check
from merkhet.suites.rfc9110.s09_shared import NOT_FOUND
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, echo, response

# --- 2.1-a1: a percent sign is followed by two hexadecimal digits

_TAKEN = VIOLATION.because("a percent sign without two digits was taken for something")
BROKEN = tuple(
    uri_check(
        f"2.1-percent-{slug}", "a1", f"{words} is refused", b"{root}" + target,
        {status(400): PASS, status_4xx: _TAKEN, answered: _TAKEN},
        good=BAD,
        mutants=(Canned("finds nothing of that name", NOT_FOUND), Canned("serves something", OK)),
        note="To take it as it stands harms nobody, and is a warning.",
    )
    for slug, words, target in (
        ("alone", "A percent sign alone", b"%"),
        ("one-digit", "A percent sign with one digit", b"%4"),
        ("letters", "A percent sign with letters that are no digits", b"%zz"),
        ("second", "A percent sign with one digit and a letter", b"%4z"),
        ("inside", "A percent sign alone inside a segment", b"a%b-c"),
        ("unicode", "A percent sign with u and four digits", b"%u0041"),
        ("query", "A percent sign alone in a query", b"?a=%"),
        ("twice", "Two percent signs", b"%%"),
    )
)  # fmt: skip

# --- 2.1-a2: digits in either case

SAME_DIGITS = tuple(
    alike(f"2.1-digits-{slug}", "a2", f"The digits of {words} have no case", (b"{param:%s}" % lower, b"{param:%s}" % upper),
          good=response(200, value))
    for slug, words, lower, upper, value in (
        ("tilde", "a tilde", b"a%7eb", b"a%7Eb", b"a~b"),
        ("umlaut", "an umlaut", b"%c3%bc", b"%C3%BC", "ü".encode()),
        ("mixed", "an umlaut, mixed,", b"%c3%BC", b"%C3%bc", "ü".encode()),
        ("semicolon", "a semicolon", b"a%3bb", b"a%3Bb", b"a;b"),
    )
)  # fmt: skip

# --- 2.2-a1: an encoded slash separates nothing

_INNER = FIXTURES["folder/inner.txt"]
SLASHES = tuple(
    uri_check(
        f"2.2-slash-{slug}", "a1", f"{words} is no separator of folders", target,
        {
            file_content("folder/inner.txt"): VIOLATION.because("an encoded slash was taken for a separator"),
            status_4xx: PASS,
            status_3xx: WARNING.because("redirected: to what the decoded path means"),
            answered: PASS,
        },
        good=NOT_FOUND,
        mutants=(Canned("serves the file", response(200, _INNER)), Canned("redirects", response(301, b"", b"Location: /"))),
        twin=Exchange(request=request(to=b"{files:folder/inner.txt}"), answer=status_2xx, good=response(200, _INNER)),
    )
    for slug, words, target in (
        ("upper", "%2F", b"{files:folder%2Finner.txt}"),
        ("lower", "%2f", b"{files:folder%2finner.txt}"),
        ("backslash", "%5C", b"{files:folder%5Cinner.txt}"),
    )
)  # fmt: skip

# --- 2.3-a1: unreserved characters, encoded or not

UNRESERVED = tuple(
    alike(f"2.3-unreserved-{slug}", "a1", f"{words} means the same encoded", (plain, encoded), good=good)
    for slug, words, plain, encoded, good in (
        (
            "letter",
            "A letter",
            b"{files:merkhet.txt}",
            b"{files:%6Derkhet.txt}",
            response(200, FIXTURES["merkhet.txt"]),
        ),
        ("dot", "A dot", b"{files:merkhet.txt}", b"{files:merkhet%2Etxt}", response(200, FIXTURES["merkhet.txt"])),
        ("all", "Every letter", b"{files:A.txt}", b"{files:%41%2E%74%78%74}", response(200, FIXTURES["A.txt"])),
        ("hyphen", "A hyphen", b"{param:a-b}", b"{param:a%2Db}", response(200, b"a-b")),
        ("underscore", "An underscore", b"{param:a_b}", b"{param:a%5Fb}", response(200, b"a_b")),
        ("tilde", "A tilde", b"{param:~a}", b"{param:%7Ea}", response(200, b"~a")),
        ("digit", "A digit", b"{param:a1}", b"{param:a%31}", response(200, b"a1")),
    )
)

# --- 2.3-a2: none of them is encoded in what a server writes

_ENCODED = rb"(?i:.*%(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|3[0-9]|2[de]|5f|7e).*)"
WRITTEN = tuple(
    uri_check(
        f"2.3-written-{slug}", "a2", f"A Location {words} encodes no character that needs it not", target,
        {
            without(field(b"Location")): lacks("a redirect"),
            field_matches(b"Location", _ENCODED, "an unreserved character that is encoded"): VIOLATION.because(
                "an unreserved character was encoded without need"
            ),
            answered: PASS,
        },
        good=response(302, b"", b"Location: /"),
        mutants=(Canned("encodes letters", response(302, b"", b"Location: /%61")),
                 Canned("encodes a dot", response(302, b"", b"Location: /a%2eb"))),
    )
    for slug, words, target in (
        ("redirect", "of the application", b"{redirect}"),
        ("folder", "of a folder", b"{files:folder}"),
    )
)  # fmt: skip

# --- 2.4-a1: decoded once

ONCE = tuple(
    uri_check(
        f"2.4-once-{slug}", "a1", f"{words} is decoded once", target,
        {
            content(twice): VIOLATION.because("it was decoded twice"),
            content(once): PASS,
            status_4xx: observed("refuses it, or finds nothing") if target.startswith(b"{param") else PASS,
            answered: WARNING.because("something else came"),
        },
        good=response(200, once) if once else NOT_FOUND,
        mutants=(Canned("decodes twice", response(200, twice)),),
    )
    for slug, words, target, once, twice in (
        ("letter", "An encoded percent sign before two digits", b"{param:%2541}", b"%41", b"A"),
        ("slash", "An encoded %2F", b"{param:a%252Fb}", b"a%2Fb", b"a/b"),
        ("dots", "Two dots encoded twice", b"{param:%252e%252e}", b"%2e%2e", b".."),
        ("nul", "NUL encoded twice", b"{param:a%2500b}", b"a%00b", b"a\0b"),
        ("percent", "A percent sign encoded twice", b"{param:%252525}", b"%2525", b"%25"),
        ("file", "The name of a file with a percent sign", b"{files:%2541.txt}", FIXTURES["%41.txt"], FIXTURES["A.txt"]),
        ("file-letter", "A letter of a file name, encoded twice",
         b"{files:%256Derkhet.txt}", b"", FIXTURES["merkhet.txt"]),
        ("file-slash", "A slash encoded twice", b"{files:folder%252Finner.txt}", b"", _INNER),
        ("file-climb", "Dots and a slash encoded twice", b"{files:folder%252F%252e%252e%252FA.txt}", b"", FIXTURES["A.txt"]),
    )
)  # fmt: skip

# --- 2.4-a2: split first, decoded then

SPLIT = tuple(
    uri_check(
        f"2.4-split-{slug}",
        "a2",
        f"{words} is part of the segment that it stands in",
        target,
        {
            content(whole): PASS,
            content(cut): VIOLATION.because("the path was decoded first, and split then"),
            status_4xx: PASS,
            answered: WARNING.because("something else came"),
        },
        good=response(200, whole),
        mutants=(Canned("decodes first", response(200, cut)),),
    )
    for slug, words, target, whole, cut in (
        ("question-mark", "An encoded question mark", b"{param:a%3Fb}", b"a?b", b"a"),
        ("number-sign", "An encoded number sign", b"{param:a%23b}", b"a#b", b"a"),
        ("semicolon", "An encoded semicolon", b"{param:a%3Bb}", b"a;b", b"a"),
        ("ampersand", "An encoded ampersand", b"{param:a%26b}", b"a&b", b"a"),
        ("equals", "An encoded equals sign", b"{param:a%3Db}", b"a=b", b"a"),
    )
)

QUERY = tuple(
    uri_check(
        f"2.4-target-{slug}",
        "a2",
        f"{words} reaches the application as it stands",
        target,
        {
            echoed(target=target): PASS,
            echoed(): WARNING.because("the application is told another target, or none"),
            status_4xx: PASS,
            answered: WARNING.because("something else came"),
        },
        good=echo(method="GET", target=target),
        mutants=(Canned("decodes it", echo(method="GET", target=b"{echo}?decoded")),),
    )
    for slug, words, target in (
        ("encoded-ampersand", "An encoded ampersand in a query", b"{echo}?a=1%26b=2"),
        ("encoded-equals", "An encoded equals sign in a query", b"{echo}?a%3Db"),
        ("encoded-number-sign", "An encoded number sign in a query", b"{echo}?a%23b"),
        ("encoded-plus", "An encoded plus sign in a query", b"{echo}?a%2Bb+c"),
    )
)

CHECKS = (*BROKEN, *SAME_DIGITS, *SLASHES, *UNRESERVED, *WRITTEN, *ONCE, *SPLIT, *QUERY)
