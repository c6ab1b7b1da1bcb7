"""RFC 9110, Sections 13.1.1 and 13.1.2: If-Match and If-None-Match on a file."""

from __future__ import annotations

from merkhet.check import BREACH, WARNING, Answers, Canned, Check, Send, Step, observed
from merkhet.expect import status, status_2xx, status_5xx
from merkhet.expect_ranges import whole_file
from merkhet.suites.rfc9110.s13_words import IF_MATCH, NOT_MODIFIED, answer_of, evaluates, outcome
from merkhet.suites.rfc9110.s14_words import (
    NO_STRONG_TAG,
    NO_TAG,
    NO_VALIDATOR,
    TWIN,
    Cases,
    fetched,
    get,
    refused,
    rest,
    whole,
)
from merkhet.suites.words import SERVER_ERROR, SINCE

OWN = b"{kept:whole/ETag}"
WEAK = b"{kept:whole/ETag|weak}"
STRONG = b"{kept:whole/ETag|strong}"
OTHER = b"{kept:whole/ETag|other}"


def conditional(
    check_id: str,
    requirement: str,
    title: str,
    lines: tuple[bytes, ...],
    code: int,
    *unless: Cases,
    method: str = "GET",
    before: tuple[tuple[tuple[Step, Step], bytes], ...] = (),
    note: str = "",
) -> Check:
    """Return the check that a conditional GET or HEAD of a file comes to this status.

    `before` are steps that show that the server evaluates what the check depends on, with their canned answers.
    """
    first = whole("small.bin") + b"".join(answer for _, answer in before)
    wrong = tuple(other for other in (200, 304, 412) if other != code)
    names = {200: "sends the whole", 304: "answers 304", 412: "answers 412"}
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            *fetched("small.bin", *unless),
            *(step for steps, _ in before for step in steps),
            Send(get("small.bin", *lines, method=method.encode()), anew=True),
            Answers(outcome(code, method=method), to=method),
        ),
        twin=TWIN,
        good=(first + answer_of(code, method=method),),
        mutants=(
            *(Canned(names[other], first + answer_of(other, method=method)) for other in wrong),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
            Canned("breaks down", first + SERVER_ERROR.data),
        ),
        note=note,
    )


EVALUATES_IF_MATCH = (evaluates(412, IF_MATCH[1], IF_MATCH[0]), answer_of(412))

# --- 13.1.1: If-Match

_OFTEN = "Static file servers often leave If-Match out on GET; it has to be evaluated before every method."
MATCHES: tuple[tuple[str, str, bytes, int, str], ...] = (
    ("other-get", "A GET whose If-Match names another tag fails", OTHER, 412, "GET"),
    ("other-head", "A HEAD whose If-Match names another tag fails", OTHER, 412, "HEAD"),
    ("others-get", "A GET whose If-Match names three other tags fails", b'"a", %s, "b"' % OTHER, 412, "GET"),
    ("empty-tag-get", "A GET whose If-Match names the empty tag fails", b'""', 412, "GET"),
    ("own-get", "A GET whose If-Match names the tag of the file is served", OWN, 200, "GET"),
    ("own-head", "A HEAD whose If-Match names the tag of the file is served", OWN, 200, "HEAD"),
    ("own-among", "A GET whose If-Match has the tag of the file in a list is served", b'"a", %s, "b"' % OWN, 200, "GET"),
    ("own-last", "A GET whose If-Match has the tag of the file last is served", b'"a",%s' % OWN, 200, "GET"),
    ("own-after-comma", "A GET whose If-Match has a tag with a comma before that of the file is served",
     b'"a,b", %s' % OWN, 200, "GET"),
    ("any-get", "A GET whose If-Match is a star is served", b"*", 200, "GET"),
    ("any-head", "A HEAD whose If-Match is a star is served", b"*", 200, "HEAD"),
)  # fmt: skip
WEAK_MATCHES: tuple[tuple[str, str, bytes], ...] = (
    ("weak", "A weak form of the tag does not match in If-Match", WEAK),
    ("weak-in-list", "A weak form of the tag does not match in a list of If-Match", b'"a", %s, W/"b"' % WEAK),
    (
        "weak-with-other",
        "Neither a weak form of the tag nor another one matches in If-Match",
        b"%s, %s" % (WEAK, OTHER),
    ),
)

# --- 13.1.2: If-None-Match

NONE_MATCHES: tuple[tuple[str, str, str, bytes, int, str], ...] = (
    ("own-get", "4a", "A GET whose If-None-Match names the tag of the file gets 304", OWN, 304, "GET"),
    ("own-head", "4a", "A HEAD whose If-None-Match names the tag of the file gets 304", OWN, 304, "HEAD"),
    ("own-in-list", "4a", "A GET whose If-None-Match has the tag of the file in a list gets 304",
     b'"a", %s, "b"' % OWN, 304, "GET"),
    ("own-first", "4a", "A GET whose If-None-Match has the tag of the file first gets 304", b'%s, "b"' % OWN, 304, "GET"),
    ("own-last", "4a", "A GET whose If-None-Match has the tag of the file last gets 304", b'"a","b",%s' % OWN, 304, "GET"),
    ("own-of-fifty", "4a", "A GET whose If-None-Match has the tag of the file behind fifty others gets 304",
     b", ".join(b'"merkhet-%d"' % n for n in range(50)) + b", " + OWN, 304, "GET"),
    ("own-two-lines", "4a", "A GET whose second line of If-None-Match names the tag of the file gets 304",
     b'"a"\r\nIf-None-Match: ' + OWN, 304, "GET"),
    ("own-head-in-list", "4a", "A HEAD whose If-None-Match has the tag of the file in a list gets 304",
     b'"a", ' + OWN, 304, "HEAD"),
    ("other-get", "3", "A GET whose If-None-Match names another tag is served", OTHER, 200, "GET"),
    ("other-head", "3", "A HEAD whose If-None-Match names another tag is served", OTHER, 200, "HEAD"),
    ("others", "3", "A GET whose If-None-Match names three other tags is served", b'"a", W/"b", ' + OTHER, 200, "GET"),
    ("empty-tag", "3", "A GET whose If-None-Match names the empty tag is served", b'""', 200, "GET"),
    ("comma-in-tag", "3", "A GET whose If-None-Match has a tag with a comma is served", b'"a,b"', 200, "GET"),
    ("star-in-tag", "3", "A GET whose If-None-Match has a star in quotes is served", b'"*"', 200, "GET"),
    ("strong-of-own", "1", "The strong form of the tag matches in If-None-Match", STRONG, 304, "GET"),
    ("weak-of-own", "1", "The weak form of the tag matches in If-None-Match", WEAK, 304, "GET"),
    ("weak-head", "1", "The weak form of the tag matches in If-None-Match of a HEAD", WEAK, 304, "HEAD"),
    ("weak-in-list", "1", "The weak form of the tag matches in a list of If-None-Match", b'W/"a", %s, "b"' % WEAK, 304, "GET"),
    ("weak-of-other", "1", "The weak form of another tag does not match in If-None-Match", b"W/" + OTHER, 200, "GET"),
)  # fmt: skip

# --- 13.1.2-a2: tags without quotes

UNQUOTED: tuple[tuple[str, str, bytes, bool], ...] = (
    ("word", "a word", b"abc", True),
    ("own-in-braces", "a tag in other marks", b"<abc>", True),
    ("half-quoted", "a tag without its last quote", b'"abc', True),
    ("lower-case-weak", "a tag with the mark of a weak one in lower case", b'w/"abc"', True),
)


def _unquoted(slug: str, words: str, value: bytes, warns: bool) -> Check:  # noqa: FBT001
    cases: Cases = {
        whole_file("small.bin"): observed("takes it for no match"),
        status(304): WARNING.because("a 304 for what is no tag of the file") if warns else observed("recovers it"),
        status(400): observed("refuses it"),
        status_2xx: BREACH.because("a 200 without the whole file"),
        status_5xx: WARNING.because("an error of the server's own"),
        **rest(),
    }
    return Check(
        id=f"rfc9110-13.1.2-malformed-{slug}",
        requirement="rfc9110-13.1.2-a2",
        title=f"An If-None-Match with {words} is taken for no match, or refused",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_TAG, fine=observed("has entity tags")),
            Send(get("small.bin", b"If-None-Match: " + value), anew=True),
            Answers(cases),
        ),
        twin=TWIN,
        good=(whole("small.bin") + whole("small.bin"),),
        mutants=(
            Canned("answers 304", whole("small.bin") + NOT_MODIFIED),
            Canned("refuses it", whole("small.bin") + refused("small.bin", 400)),
            Canned("breaks down", whole("small.bin") + SERVER_ERROR.data),
        ),
    )


_STARS: tuple[tuple[str, str, bytes, int, str], ...] = (
    ("any-get", "A GET whose If-None-Match is a star gets 304", b"*", 304, "GET"),
    ("any-head", "A HEAD whose If-None-Match is a star gets 304", b"*", 304, "HEAD"),
)

CHECKS = (
    *(
        conditional(
            f"rfc9110-13.1.1-{slug}", "rfc9110-13.1.1-2", title, (b"If-Match: " + value,), code,
            NO_TAG if code == 412 or value == b"*" else NO_STRONG_TAG, method=method, note=_OFTEN if code == 412 else "",
        )
        for slug, title, value, code, method in MATCHES
    ),
    *(
        conditional(
            f"rfc9110-13.1.1-{slug}", "rfc9110-13.1.1-1", title, (b"If-Match: " + value,), 412, NO_STRONG_TAG,
            before=(EVALUATES_IF_MATCH,),
        )
        for slug, title, value in WEAK_MATCHES
    ),
    *(
        conditional(
            f"rfc9110-13.1.2-{slug}", f"rfc9110-13.1.2-{ordinal}", title, (b"If-None-Match: " + value,), code, NO_TAG,
            method=method,
        )
        for slug, ordinal, title, value, code, method in NONE_MATCHES
    ),
    *(
        conditional(
            f"rfc9110-13.1.2-{slug}", "rfc9110-13.1.2-a1", title, (b"If-None-Match: " + value,), code, NO_VALIDATOR,
            method=method,
        )
        for slug, title, value, code, method in _STARS
    ),
    *(_unquoted(*row) for row in UNQUOTED),
)  # fmt: skip
