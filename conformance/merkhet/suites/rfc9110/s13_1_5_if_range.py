"""RFC 9110, Section 13.1.5: If-Range. A range only of what the client has a part of, and else all of it."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import content, status, status_2xx, status_4xx
from merkhet.expect_ranges import one_slice, slice_around, slice_within, whole_file
from merkhet.suites.rfc9110.s13_words import FAILED, NOT_MODIFIED, OLD_DATE, OTHER_TAG
from merkhet.suites.rfc9110.s14_words import (
    NO_DATE,
    NO_STRONG_TAG,
    NO_TAG,
    NOT_WHOLE,
    TWIN,
    UNTRUE,
    Cases,
    fetched,
    get,
    has_ranges,
    partial,
    ranged,
    refused,
    rest,
    whole,
)
from merkhet.suites.words import SINCE, chunked_response

OWN = b"{kept:whole/ETag}"
OWN_DATE = b"{kept:whole/Last-Modified}"
FIRST = whole("small.bin") + partial("small.bin", 0, 0)
"""The canned answers to the two requests that most of these checks begin with: all of it, and its first octet."""


# --- without Range

ALONE: tuple[tuple[str, str, bytes, tuple[Cases, ...]], ...] = (
    ("own-tag", "the tag of the file", OWN, (NO_STRONG_TAG,)),
    ("other-tag", "another tag", OTHER_TAG, ()),
    ("weak-tag", "a weak tag", b"W/" + OTHER_TAG, ()),
    ("own-date", "the modification date", OWN_DATE, (NO_DATE,)),
    ("old-date", "a date of another century", OLD_DATE, ()),
    ("word", "a word", b"abc", ()),
    ("empty", "no value", b"", ()),
)


def alone(check_id: str, requirement: str, words: str, value: bytes, unless: tuple[Cases, ...]) -> Check:
    """Return the check that If-Range without Range is ignored."""
    first = whole("small.bin")
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"If-Range with {words} is ignored where there is no Range",
        since=SINCE,
        steps=(
            *fetched("small.bin", *unless),
            Send(get("small.bin", b"If-Range: " + value), anew=True),
            Answers(
                {
                    whole_file("small.bin"): PASS,
                    status(206): VIOLATION.because("a part was sent, and no range was asked for"),
                    status(304, 412): VIOLATION.because("If-Range alone was taken for a condition"),
                    status(416): VIOLATION.because("a 416, and no range was asked for"),
                    status_4xx: VIOLATION.because("the request was refused for a field that is to be ignored"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + first,),
        mutants=(
            Canned("sends a part", first + partial("small.bin", 0, 0)),
            Canned("answers 412", first + FAILED),
            Canned("answers 304", first + NOT_MODIFIED),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
            Canned("answers 416", first + refused("small.bin")),
        ),
    )


# --- on a resource without ranges

_STREAM = b"GET {stream:3} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n%s\r\n"
_PIECES = (b"piece 0\n", b"piece 1\n", b"piece 2\n")
UNRANGED: tuple[tuple[str, str, bytes], ...] = (
    ("tag", "a tag", OTHER_TAG),
    ("weak-tag", "a weak tag", b"W/" + OTHER_TAG),
    ("date", "a date of another century", OLD_DATE),
    ("word", "a word", b"abc"),
)


def unranged(check_id: str, requirement: str, words: str, value: bytes) -> Check:
    """Return the check that If-Range is ignored on a resource that has no ranges."""
    first = chunked_response(*_PIECES)
    all_of_it = content(b"".join(_PIECES))
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"If-Range with {words} is ignored on a resource without ranges",
        since=SINCE,
        steps=(
            Send(_STREAM % b"Range: bytes=0-4\r\n", anew=True),
            Answers({status(206, 416): lacks("a resource without ranges"), all_of_it: PASS, **rest()}),
            Send(_STREAM % (b"Range: bytes=0-4\r\nIf-Range: " + value + b"\r\n"), anew=True),
            Answers(
                {
                    status(206): VIOLATION.because("a part was sent of what has no ranges"),
                    status(304, 412, 416): VIOLATION.because("If-Range was taken for another condition"),
                    all_of_it: PASS,
                    status_4xx: VIOLATION.because("the request was refused for a field that is to be ignored"),
                    status_2xx: WARNING.because("other content than without If-Range"),
                    **rest(),
                }
            ),
        ),
        twin=Exchange(request=_STREAM % b"", answer=status(200), good=first),
        good=(first + first,),
        mutants=(
            Canned("sends a part", first + partial("one.bin", 0, 0)),
            Canned("answers 412", first + FAILED),
            Canned("answers 416", first + refused("small.bin")),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
            Canned("sends something else", first + whole("one.bin")),
        ),
    )


# --- false: all of it

_RANGE = b"10-19"
FALSE: tuple[tuple[str, str, str, bytes, tuple[Cases, ...]], ...] = (
    ("other-tag", "6", "another tag", b"{kept:whole/ETag|other}", (NO_TAG,)),
    ("unknown-tag", "6", "a tag that nobody has", OTHER_TAG, ()),
    ("empty-tag", "6", "the empty tag", b'""', ()),
    ("old-date", "6", "a date of another century", OLD_DATE, (NO_DATE,)),
    ("fresh-tag", "6", "a tag made for this request alone", b'"merkhet-{nonce}"', ()),
    ("weak-own", "a1", "the weak form of the tag", b"{kept:whole/ETag|weak}", (NO_TAG,)),
    ("weak-other", "a1", "the weak form of another tag", b"W/" + OTHER_TAG, (NO_TAG,)),
    ("second-later", "a2", "a date one second after the modification", b"{kept:whole/Last-Modified|+1}", (NO_DATE,)),
    ("second-earlier", "a2", "a date one second before the modification", b"{kept:whole/Last-Modified|-1}", (NO_DATE,)),
    ("hour-later", "a2", "a date an hour after the modification", b"{kept:whole/Last-Modified|+3600}", (NO_DATE,)),
    ("day-earlier", "a2", "a date a day before the modification", b"{kept:whole/Last-Modified|-86400}", (NO_DATE,)),
    ("future", "a2", "a date far in the future", b"Mon, 01 Jan 2096 00:00:00 GMT", (NO_DATE,)),
    ("epoch", "a2", "the epoch", b"Thu, 01 Jan 1970 00:00:00 GMT", (NO_DATE,)),
)
FALSE_AND: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("past-end", "a range that the file does not have", b"1000-", OTHER_TAG),
    ("past-end-date", "a range that the file does not have, by a date", b"1000-", OLD_DATE),
    ("suffix", "a suffix", b"-10", OTHER_TAG),
    ("suffix-zero", "a suffix of no octets", b"-0", OTHER_TAG),
    ("open", "a range without an end", b"500-", OTHER_TAG),
    ("set", "a set of ranges", b"0-9,500-509", OTHER_TAG),
    ("set-date", "a set of ranges, by a date", b"0-9,500-509", OLD_DATE),
    ("whole", "a range of all octets", b"0-999", OTHER_TAG),
    ("stale-past-end-far", "a range far past the end", b"999999-", OTHER_TAG),
)


def ignored(  # noqa: PLR0917 - the columns of a table
    check_id: str, requirement: str, title: str, value: bytes, condition: bytes, unless: tuple[Cases, ...]
) -> Check:
    """Return the check that Range is ignored where If-Range is false, on a file that has ranges."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            *fetched("small.bin", *unless),
            *has_ranges(),
            Send(ranged("small.bin", value, b"If-Range: " + condition), anew=True),
            Answers(
                {
                    whole_file("small.bin"): PASS,
                    status(206): VIOLATION.because("a part was sent though If-Range is false"),
                    status(416): VIOLATION.because("the range was judged though If-Range is false"),
                    status(304, 412): VIOLATION.because("If-Range was taken for another condition"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(FIRST + whole("small.bin"),),
        mutants=(
            Canned("sends the part", FIRST + partial("small.bin", 10, 19)),
            Canned("judges the range", FIRST + refused("small.bin")),
            Canned("answers 412", FIRST + FAILED),
            Canned("answers 304", FIRST + NOT_MODIFIED),
            Canned("sends nothing in a 200", FIRST + whole("small.bin", content=b"")),
            Canned("calls it a bad request", FIRST + refused("small.bin", 400)),
        ),
        note="All of it is what such a client asked for in this case; a part would be put behind octets of another state.",
    )


# --- malformed

MALFORMED: tuple[tuple[str, str, bytes], ...] = (
    ("word", "a word", b"abc"),
    ("empty", "no value", b""),
    ("two-tags", "two tags", b'{kept:whole/ETag}, "merkhet-other"'),
    ("star", "a star", b"*"),
    ("unquoted", "a tag without quotes", b"merkhet-tag"),
    ("iso-date", "an ISO 8601 date", b"2026-11-25T06:00:00Z"),
)


def _malformed(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9110-13.1.5-malformed-{slug}",
        requirement="rfc9110-13.1.5-6",
        title=f"If-Range with {words} is no reason to send a part",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_TAG),
            *has_ranges(),
            Send(ranged("small.bin", _RANGE, b"If-Range: " + value), anew=True),
            Answers(
                {
                    whole_file("small.bin"): PASS,
                    status(400): observed("refuses it"),
                    status(206): WARNING.because("a part was sent by what is no validator"),
                    status(304, 412, 416): VIOLATION.because("If-Range was taken for another condition"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(FIRST + whole("small.bin"),),
        mutants=(
            Canned("sends the part", FIRST + partial("small.bin", 10, 19)),
            Canned("refuses it", FIRST + refused("small.bin", 400)),
            Canned("answers 412", FIRST + FAILED),
        ),
    )


# --- true

TRUE: tuple[tuple[str, str, bytes, tuple[tuple[int, int], ...]], ...] = (
    ("first", "the first octet", b"0-0", ((0, 0),)),
    ("range", "a range", b"10-19", ((10, 19),)),
    ("suffix", "a suffix", b"-10", ((990, 999),)),
    ("open", "a range without an end", b"500-", ((500, 999),)),
    ("past-end", "a range that ends past the end", b"900-2000", ((900, 999),)),
)


def honoured(check_id: str, requirement: str, words: str, value: bytes, asked: tuple[tuple[int, int], ...]) -> Check:
    """Return the check that a range is served whose If-Range is the strong tag of the file."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"If-Range with the strong tag of the file gets {words}",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG),
            *has_ranges(),
            Send(ranged("small.bin", value, b"If-Range: " + OWN), anew=True),
            Answers(
                {
                    one_slice("small.bin", *asked[0]): PASS,
                    whole_file("small.bin"): VIOLATION.because("all of it came though If-Range is true"),
                    slice_within("small.bin", *asked): observed("sends a part of what was asked for"),
                    slice_around("small.bin", *asked): WARNING.because("more octets than were asked for"),
                    status(206): UNTRUE,
                    status_4xx: VIOLATION.because("the request was refused though If-Range is true"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(FIRST + partial("small.bin", *asked[0]),),
        mutants=(
            Canned("sends all of it", FIRST + whole("small.bin")),
            Canned("sends false octets", FIRST + partial("small.bin", *asked[0], content=b"")),
            Canned("answers 412", FIRST + FAILED),
        ),
    )


def _true_but_nothing() -> Check:
    return Check(
        id="rfc9110-13.1.5-true-unsatisfiable",
        requirement="rfc9110-13.1.5-8",
        title="A range that the file does not have gets 416 or all of it, though If-Range is true",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG),
            *has_ranges(),
            Send(ranged("small.bin", b"1000-", b"If-Range: " + OWN), anew=True),
            Answers(
                {
                    status(416): observed("answers 416"),
                    whole_file("small.bin"): observed("sends all of it"),
                    status(206): VIOLATION.because("a 206 for a range that the file does not have"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(FIRST + refused("small.bin"),),
        mutants=(
            Canned("sends the last octet", FIRST + partial("small.bin", 999, 999)),
            Canned("sends all of it", FIRST + whole("small.bin")),
            Canned("answers 412", FIRST + FAILED),
        ),
        note="Range is ignored unless it applies to the representation, and a 416 is asked for by the definition of Range.",
    )


def _own_date(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9110-13.1.5-own-date-{slug}",
        requirement="rfc9110-13.1.5-a2",
        title=f"If-Range with the modification date{words} gets the range, or all of it",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_DATE),
            *has_ranges(),
            Send(ranged("small.bin", _RANGE, b"If-Range: " + value), anew=True),
            Answers(
                {
                    one_slice("small.bin", 10, 19): observed("takes an old date for a strong validator"),
                    whole_file("small.bin"): observed("takes no date for a strong validator"),
                    status(206): UNTRUE,
                    status(304, 412, 416): VIOLATION.because("If-Range was taken for another condition"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(FIRST + partial("small.bin", 10, 19),),
        mutants=(
            Canned("sends false octets", FIRST + partial("small.bin", 10, 19, content=b"?" * 10)),
            Canned("answers 412", FIRST + FAILED),
            Canned("sends all of it", FIRST + whole("small.bin")),
        ),
        note="The file was changed hours ago: an origin may know that it changed once in that second, and need not.",
    )


CHECKS = (
    *(alone(f"rfc9110-13.1.5-alone-{row[0]}", "rfc9110-13.1.5-2", *row[1:]) for row in ALONE),
    *(unranged(f"rfc9110-13.1.5-without-ranges-{row[0]}", "rfc9110-13.1.5-3", *row[1:]) for row in UNRANGED),
    *(
        ignored(
            f"rfc9110-13.1.5-false-{slug}", f"rfc9110-13.1.5-{ordinal}",
            f"If-Range with {words} makes Range be ignored", _RANGE, condition, unless,
        )
        for slug, ordinal, words, condition, unless in FALSE
    ),
    *(
        ignored(
            f"rfc9110-13.1.5-all-for-{slug}", "rfc9110-13.1.5-7",
            f"A false If-Range gets all of it in place of {words}", value, condition, (),
        )
        for slug, words, value, condition in FALSE_AND
    ),
    *(_malformed(*row) for row in MALFORMED),
    *(honoured(f"rfc9110-13.1.5-true-{row[0]}", "rfc9110-13.1.5-8", *row[1:]) for row in TRUE),
    _true_but_nothing(),
    _own_date("imf", "", OWN_DATE),
    _own_date("rfc850", " in the format of RFC 850", b"{kept:whole/Last-Modified|rfc850}"),
)  # fmt: skip
