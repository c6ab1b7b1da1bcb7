"""RFC 9110, Sections 14.1.2 and 8.8.3: ranges of what is compressed, and the tags of both forms."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import Expectation, all_of, field, status, without
from merkhet.expect_kept import field_matches, file_content, same_field, slice_of
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc9110.s14_words import Cases, rest
from merkhet.suites.words import SINCE, response

TEXT = FIXTURES["text.txt"]
CODED = b"\x1f\x8b" + b"these octets stand for a gzip of the text, which nobody here decodes. " * 4
GZIP = b"Content-Encoding: gzip"
PLAIN_TAG = b'ETag: "plain"'
CODED_TAG = b'ETag: "coded"'

STRONG = field_matches(b"ETag", rb'"[^"]*"', "a strong entity tag")
SAME_TAG: Expectation = all_of(STRONG, same_field("coded", b"ETag"))
IN_GZIP = field(b"Content-Encoding", b"gzip")


def get(*lines: bytes) -> bytes:
    """Return a request for the text with these field lines, each without its CRLF."""
    return b"GET {gzip} HTTP/1.1\r\nHost: {host}\r\n%s\r\n" % b"".join(line + b"\r\n" for line in lines)


ACCEPTS = b"Accept-Encoding: gzip"
_WHOLE = response(200, CODED, GZIP, CODED_TAG)
_TWIN = Exchange(request=get(b"Accept-Encoding: identity"), answer=status(200), good=response(200, TEXT, PLAIN_TAG))


def _coded() -> tuple[Send, Answers]:
    return (
        Send(get(ACCEPTS), anew=True),
        Answers(
            {
                all_of(status(200), IN_GZIP): PASS,
                status(200): lacks("gzip"),
                **rest(),
            },
            keep="coded",
        ),
    )


def _range(first: int, last: int, *lines: bytes, data: bytes = CODED) -> bytes:
    place = b"Content-Range: bytes %d-%d/%d" % (first, last, len(data))
    return response(206, data[first : last + 1], *lines, place)


def _slice_cases(first: int, last: int) -> Cases:
    return {
        all_of(status(206), IN_GZIP, SAME_TAG, slice_of("coded", first, last)): PASS,
        all_of(status(206), IN_GZIP, SAME_TAG): VIOLATION.because(
            "other octets than those of the gzip with the same strong tag"
        ),
        all_of(status(206), IN_GZIP): observed("a part of another gzip, by its tag"),
        all_of(status(206), SAME_TAG): VIOLATION.because("a part without gzip that has the strong tag of the gzip"),
        all_of(status(206), file_content("text.txt", first, last)): observed("sends ranges without a coding"),
        status(206): VIOLATION.because("a part that is neither of the text nor of its gzip"),
        status(200): lacks("ranges of what it compresses"),
        **rest(),
    }


RANGES: tuple[tuple[str, str, int, int], ...] = (
    ("first", "the first octets", 0, 19),
    ("middle", "octets in the middle", 30, 59),
    ("one", "one octet", 10, 10),
)


def _sliced(slug: str, words: str, first: int, last: int) -> Check:
    good = _range(first, last, GZIP, CODED_TAG)
    return Check(
        id=f"rfc9110-14.1.2-coded-{slug}",
        requirement="rfc9110-14.1.2-a5",
        title=f"A range for {words} of what is compressed counts compressed octets, or is sent without a coding",
        since=SINCE,
        steps=(
            *_coded(),
            Send(get(ACCEPTS, b"Range: bytes=%d-%d" % (first, last)), anew=True),
            Answers(_slice_cases(first, last)),
        ),
        twin=_TWIN,
        good=(_WHOLE + good,),
        mutants=(
            Canned("counts octets of the text", _WHOLE + _range(first, last, GZIP, CODED_TAG, data=TEXT)),
            Canned("sends the text under the tag of the gzip", _WHOLE + _range(first, last, CODED_TAG, data=TEXT)),
            Canned("sends no octets of either", _WHOLE + _range(first, last, PLAIN_TAG, data=b"?" * 100)),
        ),
        note="Where a coding is made anew for each answer, only equal strong tags say that two are the same octets.",
    )


def _own_tag(slug: str, title: str, *lines: bytes, content: Expectation) -> Check:
    good = _range(0, 19, PLAIN_TAG, data=TEXT) if b"Range" in lines[-1] else response(200, TEXT, PLAIN_TAG)
    return Check(
        id=f"rfc9110-8.8.3-coded-{slug}",
        requirement="rfc9110-8.8.3-1",
        title=title,
        since=SINCE,
        steps=(
            *_coded(),
            Send(get(*lines), anew=True),
            Answers(
                {
                    IN_GZIP: lacks("an answer without gzip"),
                    all_of(status(200, 206), SAME_TAG): VIOLATION.because("one strong tag for two sequences of octets"),
                    all_of(status(200, 206), without(field(b"ETag"))): lacks("an entity tag"),
                    content: PASS,
                    status(200, 206): VIOLATION.because("what came is not the text"),
                    **rest(),
                }
            ),
        ),
        twin=_TWIN,
        good=(_WHOLE + good,),
        mutants=(
            Canned("has one tag for both", _WHOLE + good.replace(PLAIN_TAG, CODED_TAG)),
            Canned("sends something else", _WHOLE + response(200, b"?", PLAIN_TAG)),
        ),
        note="Different strong tags and weak tags are right; one strong tag for both forms mixes their ranges up.",
    )


CHECKS = (
    *(_sliced(*row) for row in RANGES),
    _own_tag(
        "whole", "The text in gzip and the text itself have not one strong tag", b"Accept-Encoding: identity",
        content=file_content("text.txt"),
    ),
    _own_tag(
        "range", "A range without a coding has not the strong tag of the gzip", ACCEPTS, b"Range: bytes=0-19",
        content=file_content("text.txt", 0, 19),
    ),
)  # fmt: skip
