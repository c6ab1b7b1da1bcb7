"""RFC 9110, Sections 13.1.3, 13.1.4 and 5.6.7: If-Modified-Since and If-Unmodified-Since on a file, and their formats."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import all_of, content, field, status, status_2xx, status_4xx, without
from merkhet.expect_ranges import whole_file
from merkhet.suites.rfc9110.s13_1_tags import conditional
from merkhet.suites.rfc9110.s13_words import (
    FAILED,
    IF_MODIFIED,
    IF_UNMODIFIED,
    NOT_MODIFIED,
    OLD_DATE,
    answer_of,
    evaluates,
)
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_STRONG_TAG, NO_TAG, TWIN, fetched, get, refused, rest, whole
from merkhet.suites.words import SERVER_ERROR, SINCE, chunked_response, response

MODIFIED = b"{kept:whole/Last-Modified}"
FUTURE = b"Mon, 01 Jan 2096 00:00:00 GMT"

EVALUATES_IMS = (evaluates(304, IF_MODIFIED[1], IF_MODIFIED[0]), answer_of(304))
EVALUATES_IUS = (evaluates(412, IF_UNMODIFIED[1], IF_UNMODIFIED[0]), answer_of(412))


def _shifted(seconds: int) -> bytes:
    return b"{kept:whole/Last-Modified|%+d}" % seconds


# --- 13.1.3-5, -6 and -a1: If-Modified-Since before, at and after the modification

SINCE_DATES: tuple[tuple[str, str, str, bytes, int, str], ...] = (
    ("equal", "5", "A GET with If-Modified-Since at the modification gets 304", MODIFIED, 304, "GET"),
    ("equal-head", "5", "A HEAD with If-Modified-Since at the modification gets 304", MODIFIED, 304, "HEAD"),
    ("second-later", "6", "A GET with If-Modified-Since a second after the modification gets 304", _shifted(1), 304, "GET"),
    ("hour-later", "6", "A GET with If-Modified-Since an hour after the modification gets 304", _shifted(3600), 304, "GET"),
    ("hour-later-head", "6", "A HEAD with If-Modified-Since an hour after the modification gets 304", _shifted(3600), 304, "HEAD"),
    ("second-earlier", "a1", "A GET with If-Modified-Since a second before the modification is served", _shifted(-1), 200, "GET"),
    ("hour-earlier", "a1", "A GET with If-Modified-Since an hour before the modification is served", _shifted(-3600), 200, "GET"),
    ("day-earlier", "a1", "A GET with If-Modified-Since a day before the modification is served", _shifted(-86400), 200, "GET"),
    ("day-earlier-head", "a1", "A HEAD with If-Modified-Since a day before the modification is served",
     _shifted(-86400), 200, "HEAD"),
    ("old", "a1", "A GET with If-Modified-Since of another century is served", OLD_DATE, 200, "GET"),
    ("epoch", "a1", "A GET with If-Modified-Since at the epoch is served", b"Thu, 01 Jan 1970 00:00:00 GMT", 200, "GET"),
)  # fmt: skip
_EXACT = "An origin may honour exact dates alone: a 200 to a later date is never more than a warning."


def _future() -> Check:
    first = whole("small.bin")
    return Check(
        id="rfc9110-13.1.3-future",
        requirement="rfc9110-13.1.3-5",
        title="A GET with If-Modified-Since far in the future gets 304, or is served",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_DATE),
            Send(get("small.bin", b"If-Modified-Since: " + FUTURE), anew=True),
            Answers(
                {
                    status(304): observed("takes a date in the future for one"),
                    whole_file("small.bin"): observed("ignores a date in the future"),
                    status_2xx: BREACH.because("a 200 without the whole file"),
                    status(412): VIOLATION.because("a 412 where 304 or 200 is due"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + NOT_MODIFIED,),
        mutants=(
            Canned("ignores it", first + first),
            Canned("answers 412", first + FAILED),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
        ),
    )


# --- 13.1.3-2a, -2b and 13.1.4-2: what is no date

NO_DATES: tuple[tuple[str, str, bytes], ...] = (
    ("word", "a word", b"xyz"),
    ("empty", "no value", b""),
    ("number", "a number of seconds", b"784111777"),
    ("quoted", "a date in quotes", b'"' + OLD_DATE + b'"'),
    ("tag", "an entity tag", b'"abc"'),
    ("no-time", "a date without a time", b"Sun, 06 Nov 1994"),
    ("star", "a star", b"*"),
)
NEAR_DATES: tuple[tuple[str, str, bytes], ...] = (
    ("iso", "an ISO 8601 date", b"2095-11-06T08:49:37Z"),
    ("zone", "a date in a numeric zone", b"Sun, 06 Nov 2095 08:49:37 +0000"),
    ("weekday", "a date with the wrong day of the week", b"Mon, 06 Nov 2095 08:49:37 GMT"),
    ("lower-case", "a date in lower case", b"sun, 06 nov 2095 08:49:37 gmt"),
    # The grammar has them: it asks for two digits, not for a day that there is.
    ("impossible-day", "the 31st of February", b"Tue, 31 Feb 2095 00:00:00 GMT"),
    ("impossible-hour", "the hour 25", b"Tue, 01 Feb 2095 25:00:00 GMT"),
)
"""Slug, words, and a value: of the second table a lenient recipient may make a date."""


def _near(slug: str, words: str, value: bytes) -> Check:
    first = whole("small.bin")
    return Check(
        id=f"rfc9110-13.1.3-near-{slug}",
        requirement="rfc9110-13.1.3-2a",
        title=f"An If-Modified-Since with {words} is ignored, or read as the date that was meant",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_DATE),
            Send(get("small.bin", b"If-Modified-Since: " + value), anew=True),
            Answers(
                {
                    whole_file("small.bin"): PASS,
                    status(304): observed("reads it as a date"),
                    status(412): VIOLATION.because("a 412 for what is to be ignored"),
                    status_2xx: VIOLATION.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + first,),
        mutants=(
            Canned("answers 412", first + FAILED),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
            Canned("sends nothing in a 200", first + whole("small.bin", content=b"")),
        ),
        note="Who recovers the date that was plainly meant does no harm.",
    )


LISTS: tuple[tuple[str, str, bytes], ...] = (
    ("two-lines", "on two lines", b"%s\r\nIf-Modified-Since: %s" % (MODIFIED, MODIFIED)),
    ("two-lines-later", "on two lines with two dates", b"%s\r\nIf-Modified-Since: %s" % (_shifted(1), _shifted(2))),
    ("list", "with two dates in one line", b"%s, %s" % (MODIFIED, MODIFIED)),
)
UNMODIFIED_LISTS: tuple[tuple[str, str, bytes], ...] = (
    ("list", "two dates in one line", b"%s, %s" % (OLD_DATE, OLD_DATE)),
    ("two-lines", "two lines", b"%s\r\nIf-Unmodified-Since: %s" % (OLD_DATE, OLD_DATE)),
)

# --- 13.1.4-5: If-Unmodified-Since before, at and after the modification

UNMODIFIED: tuple[tuple[str, str, bytes, int, str], ...] = (
    ("old", "A GET with If-Unmodified-Since of another century fails", OLD_DATE, 412, "GET"),
    ("old-head", "A HEAD with If-Unmodified-Since of another century fails", OLD_DATE, 412, "HEAD"),
    ("second-earlier", "A GET with If-Unmodified-Since a second before the modification fails", _shifted(-1), 412, "GET"),
    ("day-earlier", "A GET with If-Unmodified-Since a day before the modification fails", _shifted(-86400), 412, "GET"),
    ("equal", "A GET with If-Unmodified-Since at the modification is served", MODIFIED, 200, "GET"),
    ("equal-head", "A HEAD with If-Unmodified-Since at the modification is served", MODIFIED, 200, "HEAD"),
    ("second-later", "A GET with If-Unmodified-Since a second after the modification is served", _shifted(1), 200, "GET"),
    ("future", "A GET with If-Unmodified-Since far in the future is served", FUTURE, 200, "GET"),
)  # fmt: skip
_OFTEN = "Static file servers often leave If-Unmodified-Since out on GET; it has to be evaluated before every method."

# --- 13.1.3-3 and 13.1.4-3: without a modification date

_STREAM = b"GET {stream:3} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n%s\r\n"
_PIECES = (b"piece 0\n", b"piece 1\n", b"piece 2\n")
UNDATED: tuple[tuple[str, str, str, bytes], ...] = (
    ("13.1.3-undated-now", "rfc9110-13.1.3-3", "If-Modified-Since of the future", b"If-Modified-Since: " + FUTURE),
    ("13.1.3-undated-recent", "rfc9110-13.1.3-3", "If-Modified-Since at its Date", b"If-Modified-Since: {kept:whole/Date}"),
    ("13.1.4-undated-old", "rfc9110-13.1.4-3", "If-Unmodified-Since of another century", b"If-Unmodified-Since: " + OLD_DATE),
    ("13.1.4-undated-epoch", "rfc9110-13.1.4-3", "If-Unmodified-Since at the epoch",
     b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"),
)  # fmt: skip


def _undated(slug: str, requirement: str, words: str, line: bytes) -> Check:
    first = chunked_response(*_PIECES)
    dated = chunked_response(*_PIECES, fields=(b"Last-Modified: Wed, 25 Nov 2026 06:00:00 GMT",))
    whole_stream = content(b"".join(_PIECES))
    return Check(
        id=f"rfc9110-{slug}",
        requirement=requirement,
        title=f"A resource without a modification date is served whatever {words} says",
        since=SINCE,
        steps=(
            Send(_STREAM % b"", anew=True),
            Answers(
                {
                    field(b"Last-Modified"): lacks("a resource without a modification date"),
                    all_of(status(200), without(field(b"Date"))): lacks("a Date"),
                    whole_stream: PASS,
                    **rest(),
                },
                keep="whole",
            ),
            Send(_STREAM % (line + b"\r\n"), anew=True),
            Answers(
                {
                    whole_stream: PASS,
                    status(304): VIOLATION.because("a 304 by a date that the resource does not have"),
                    status(412): VIOLATION.because("a 412 by a date that the resource does not have"),
                    status_4xx: WARNING.because("a legal request was refused"),
                    status_2xx: WARNING.because("other content than without the condition"),
                    **rest(),
                }
            ),
        ),
        twin=Exchange(request=_STREAM % b"", answer=status(200), good=first),
        good=(first + first,),
        mutants=(
            Canned("answers 304", first + NOT_MODIFIED),
            Canned("answers 412", first + FAILED),
            Canned("breaks down", first + SERVER_ERROR.data),
            Canned("sends something else", first + dated.replace(b"piece 1", b"piece 9")),
            Canned("refuses it", first + response(400)),
        ),
    )


# --- 5.6.7: the obsolete formats

_RFC850_OLD = b"Sunday, 06-Nov-94 08:49:37 GMT"
_ASCTIME_OLD = b"Sun Nov  6 08:49:37 1994"
FORMATS = (
    conditional(
        "rfc9110-5.6.7-rfc850-since", "rfc9110-5.6.7-1", "If-Modified-Since is read in the format of RFC 850",
        (b"If-Modified-Since: {kept:whole/Last-Modified|rfc850}",), 304, NO_DATE, before=(EVALUATES_IMS,),
    ),
    conditional(
        "rfc9110-5.6.7-asctime-since", "rfc9110-5.6.7-1", "If-Modified-Since is read in the format of asctime",
        (b"If-Modified-Since: {kept:whole/Last-Modified|asctime}",), 304, NO_DATE, before=(EVALUATES_IMS,),
    ),
    conditional(
        "rfc9110-5.6.7-rfc850-since-head", "rfc9110-5.6.7-1", "If-Modified-Since of a HEAD is read in the format of RFC 850",
        (b"If-Modified-Since: {kept:whole/Last-Modified|rfc850}",), 304, NO_DATE, before=(EVALUATES_IMS,), method="HEAD",
    ),
    conditional(
        "rfc9110-5.6.7-rfc850-unmodified", "rfc9110-5.6.7-1", "If-Unmodified-Since is read in the format of RFC 850",
        (b"If-Unmodified-Since: " + _RFC850_OLD,), 412, NO_DATE, before=(EVALUATES_IUS,),
    ),
    conditional(
        "rfc9110-5.6.7-asctime-unmodified", "rfc9110-5.6.7-1",
        "If-Unmodified-Since is read in the format of asctime, a day of one digit behind two spaces",
        (b"If-Unmodified-Since: " + _ASCTIME_OLD,), 412, NO_DATE, before=(EVALUATES_IUS,),
    ),
    conditional(
        "rfc9110-5.6.7-century-since", "rfc9110-5.6.7-4", "The year 94 of If-Modified-Since is one of the past",
        (b"If-Modified-Since: " + _RFC850_OLD,), 200, NO_DATE,
    ),
    conditional(
        "rfc9110-5.6.7-century-99", "rfc9110-5.6.7-4", "The year 99 of If-Modified-Since is one of the past",
        (b"If-Modified-Since: Friday, 31-Dec-99 23:59:59 GMT",), 200, NO_DATE,
    ),
    conditional(
        "rfc9110-5.6.7-century-unmodified", "rfc9110-5.6.7-4", "The year 94 of If-Unmodified-Since is one of the past",
        (b"If-Unmodified-Since: " + _RFC850_OLD,), 412, NO_DATE, before=(EVALUATES_IUS,),
    ),
)  # fmt: skip

CHECKS = (
    *(
        conditional(
            f"rfc9110-13.1.3-{slug}", f"rfc9110-13.1.3-{ordinal}", title, (b"If-Modified-Since: " + value,), code,
            NO_DATE, method=method, note=_EXACT if ordinal == "6" else "",
        )
        for slug, ordinal, title, value, code, method in SINCE_DATES
    ),
    _future(),
    *(
        conditional(
            f"rfc9110-13.1.3-invalid-{slug}", "rfc9110-13.1.3-2a", f"An If-Modified-Since with {words} is ignored",
            (b"If-Modified-Since: " + value,), 200, NO_DATE,
        )
        for slug, words, value in NO_DATES
    ),
    *(_near(*row) for row in NEAR_DATES),
    *(
        conditional(
            f"rfc9110-13.1.3-several-{slug}", "rfc9110-13.1.3-2b", f"An If-Modified-Since {words} is ignored",
            (b"If-Modified-Since: " + value,), 200, NO_DATE,
        )
        for slug, words, value in LISTS
    ),
    conditional(
        "rfc9110-13.1.3-beside-other-tag", "rfc9110-13.1.3-1",
        "If-Modified-Since at the modification is ignored beside an If-None-Match that is true",
        (b"If-None-Match: {kept:whole/ETag|other}", b"If-Modified-Since: " + MODIFIED), 200, NO_TAG, NO_DATE,
        before=(EVALUATES_IMS,),
    ),
    conditional(
        "rfc9110-13.1.3-beside-other-tag-first", "rfc9110-13.1.3-1",
        "If-Modified-Since before a true If-None-Match is ignored as well",
        (b"If-Modified-Since: " + MODIFIED, b"If-None-Match: {kept:whole/ETag|other}"), 200, NO_TAG, NO_DATE,
        before=(EVALUATES_IMS,),
    ),
    conditional(
        "rfc9110-13.1.3-beside-other-tag-head", "rfc9110-13.1.3-1",
        "If-Modified-Since of a HEAD is ignored beside an If-None-Match that is true",
        (b"If-None-Match: {kept:whole/ETag|other}", b"If-Modified-Since: " + MODIFIED), 200, NO_TAG, NO_DATE,
        before=(EVALUATES_IMS,), method="HEAD",
    ),
    conditional(
        "rfc9110-13.1.3-beside-own-tag", "rfc9110-13.1.3-1",
        "An If-Modified-Since that is true is ignored beside an If-None-Match that is false",
        (b"If-None-Match: {kept:whole/ETag}", b"If-Modified-Since: " + OLD_DATE), 304, NO_TAG, NO_DATE,
    ),
    *(
        conditional(
            f"rfc9110-13.1.4-{slug}", "rfc9110-13.1.4-5", title, (b"If-Unmodified-Since: " + value,), code, NO_DATE,
            method=method, note=_OFTEN if code == 412 else "",
        )
        for slug, title, value, code, method in UNMODIFIED
    ),
    *(
        conditional(
            f"rfc9110-13.1.4-invalid-{slug}", "rfc9110-13.1.4-2", f"An If-Unmodified-Since with {words} is ignored",
            (b"If-Unmodified-Since: " + value,), 200, NO_DATE,
        )
        for slug, words, value in (*NO_DATES, *UNMODIFIED_LISTS)
    ),
    conditional(
        "rfc9110-13.1.4-beside-own-tag", "rfc9110-13.1.4-1",
        "If-Unmodified-Since of another century is ignored beside an If-Match that is true",
        (b"If-Match: {kept:whole/ETag}", b"If-Unmodified-Since: " + OLD_DATE), 200, NO_STRONG_TAG, NO_DATE,
        before=(EVALUATES_IUS,),
    ),
    conditional(
        "rfc9110-13.1.4-beside-star", "rfc9110-13.1.4-1",
        "If-Unmodified-Since of another century is ignored beside an If-Match that is a star",
        (b"If-Match: *", b"If-Unmodified-Since: " + OLD_DATE), 200, NO_DATE, before=(EVALUATES_IUS,),
    ),
    *(_undated(*row) for row in UNDATED),
    *FORMATS,
)  # fmt: skip
