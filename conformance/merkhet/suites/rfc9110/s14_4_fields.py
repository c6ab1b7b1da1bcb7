"""RFC 9110, Sections 14.3, 14.4, 14.6 and 15.5.17: what Accept-Ranges and Content-Range say, and what a multipart answer is."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import all_of, answered, any_of, field, status, status_4xx, without
from merkhet.expect_kept import field_is, field_matches, true_parts
from merkhet.expect_ranges import Span, any_slice, parts_with_length, tokens, valid_range, whole_file
from merkhet.suites.rfc9110.s14_words import (
    BINARY,
    HAS_RANGES,
    MODIFIED,
    NO_RANGES,
    NO_SETS,
    NOT_WHOLE,
    TAG,
    get,
    multipart,
    part,
    partial,
    parts,
    ranged,
    refused,
    rest,
    size,
    twin,
    whole,
)
from merkhet.suites.words import SINCE

# --- 14.3-a1: Accept-Ranges is a list of tokens

ANSWERS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("200", "a 200", get("small.bin"), whole("small.bin")),
    ("206", "a 206", ranged("small.bin", b"0-9"), partial("small.bin", 0, 9)),
    (
        "206-parts", "a 206 with parts", ranged("large.bin", b"0-9,500000-500009"),
        parts("large.bin", (0, 9), (500000, 500009)),
    ),
)  # fmt: skip


def _accept_ranges(slug: str, words: str, request: bytes, good: bytes) -> Check:
    def with_value(value: bytes) -> bytes:
        return good.replace(HAS_RANGES, b"Accept-Ranges: " + value)

    return Check(
        id=f"rfc9110-14.3-accept-ranges-{slug}",
        requirement="rfc9110-14.3-a1",
        title=f"Accept-Ranges in {words} is a list of units",
        since=SINCE,
        steps=(
            Send(request, anew=True),
            Answers(
                {
                    tokens(b"Accept-Ranges"): PASS,
                    all_of(answered, without(field(b"Accept-Ranges"))): lacks("Accept-Ranges in this answer"),
                    field(b"Accept-Ranges"): VIOLATION.because("Accept-Ranges is no list of tokens"),
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(good,),
        mutants=(
            Canned("sends a set of ranges", with_value(b"bytes=0-999")),
            Canned("sends two words", with_value(b"bytes none")),
            Canned("sends a quoted unit", with_value(b'"bytes"')),
            Canned("sends no unit", with_value(b"")),
        ),
    )


# --- 14.4-4: the complete length

LENGTHS: tuple[tuple[str, str, str, bytes, Span], ...] = (
    ("first", "the first octet", "small.bin", b"0-0", (0, 0)),
    ("suffix", "a suffix", "small.bin", b"-10", (990, 999)),
    ("open", "a range without an end", "small.bin", b"500-", (500, 999)),
    ("large", "a range of a large file", "large.bin", b"1000-1999", (1000, 1999)),
    ("one", "the one octet of a file", "one.bin", b"0-0", (0, 0)),
)


def complete_length(check_id: str, requirement: str, words: str, file: str, value: bytes, span: Span) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that a 206 of a file says how long the file is."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A 206 with {words} says the complete length",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    all_of(status(206), field_matches(b"Content-Range", rb".*/\*", "a range of an unknown length")): (
                        VIOLATION.because("the complete length of a file was called unknown")
                    ),
                    any_slice(file): PASS,
                    whole_file(file): NO_RANGES,
                    status(206): BREACH.because("a 206 that is not the octets that its Content-Range names"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(partial(file, *span),),
        mutants=(
            Canned("calls the length unknown", partial(file, *span, total=b"*")),
            Canned("says another length", partial(file, *span, total=b"%d" % (size(file) + 1))),
            Canned("says the length of the part in a 200", whole(file, content=b"")),
        ),
        note="Only who does not know the length may say so; that of a file is known.",
    )


_FAR: tuple[Span, Span] = ((0, 99), (500000, 500099))


def _parts_length() -> Check:
    unknown = multipart(part("large.bin", _FAR[0]), part("large.bin", _FAR[1], total=b"*"))
    return Check(
        id="rfc9110-14.4-complete-length-parts",
        requirement="rfc9110-14.4-4",
        title="Each part of a 206 says the complete length",
        since=SINCE,
        steps=(
            Send(ranged("large.bin", b"0-99,500000-500099"), anew=True),
            Answers(
                {
                    parts_with_length("large.bin"): PASS,
                    true_parts("large.bin"): VIOLATION.because("the complete length of a file was called unknown"),
                    any_of(any_slice("large.bin"), whole_file("large.bin"), status_4xx): NO_SETS,
                    status(206): BREACH.because("a 206 that is neither one true range nor true parts"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=twin("large.bin"),
        good=(parts("large.bin", *_FAR),),
        mutants=(
            Canned("calls the length of a part unknown", unknown),
            Canned("says another length", multipart(part("large.bin", _FAR[0], total=b"500"))),
        ),
    )


# --- 14.4-6 and 15.5.17-1: a 416 says how long the file is

LONG: tuple[tuple[str, str, str, bytes], ...] = (
    ("small", "to a range at the end", "small.bin", b"1000-"),
    ("small-far", "to a range far past the end", "small.bin", b"500000-500099"),
    ("set", "to a set of ranges past the end", "small.bin", b"1000-,2000-"),
    ("suffix", "to a suffix of no octets", "small.bin", b"-0"),
)
LONG_TOO: tuple[tuple[str, str, str, bytes], ...] = (
    ("one", "for a file of one octet", "one.bin", b"1-"),
    ("large", "for a large file", "large.bin", b"1048576-"),
    ("empty", "for an empty file", "empty.txt", b"0-"),
)


def says_length(check_id: str, requirement: str, words: str, file: str, value: bytes) -> Check:
    """Return the check that a 416 says the length of the file."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A 416 {words} says how long the file is",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    all_of(status(416), field_is(b"Content-Range", b"bytes */%d" % size(file))): PASS,
                    all_of(status(416), field(b"Content-Range")): VIOLATION.because(
                        "another Content-Range than its length"
                    ),
                    status(416): VIOLATION.because("a 416 without Content-Range"),
                    whole_file(file): observed("ignores the range, and sends the whole file"),
                    status(206): BREACH.because("a 206 for a range that the file does not have"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(refused(file),),
        mutants=(
            Canned("says nothing", refused(file, 416, b"X-Nothing: 1")),
            Canned("says another length", refused(file, 416, b"Content-Range: bytes */%d" % (size(file) + 1))),
            Canned("calls the length unknown", refused(file, 416, b"Content-Range: bytes */*")),
            Canned("says a range", refused(file, 416, b"Content-Range: bytes 0-0/1")),
        ),
    )


# --- 14.4-a1: Content-Range is valid by itself

VALID: tuple[tuple[str, str, str, bytes, Span], ...] = (
    ("first", "the first octet", "small.bin", b"0-0", (0, 0)),
    ("last", "the last octet", "small.bin", b"999-999", (999, 999)),
    ("past-end", "a range that ends past the end", "small.bin", b"990-2000", (990, 999)),
    ("suffix", "a suffix", "small.bin", b"-1", (999, 999)),
    ("long-suffix", "a suffix longer than the file", "small.bin", b"-5000", (0, 999)),
    ("one", "the one octet of a file", "one.bin", b"0-5", (0, 0)),
    ("large", "the end of a large file", "large.bin", b"1048575-", (1048575, 1048575)),
)


def _valid(slug: str, words: str, file: str, value: bytes, span: Span) -> Check:
    first, last = span
    return Check(
        id=f"rfc9110-14.4-valid-{slug}",
        requirement="rfc9110-14.4-a1",
        title=f"Content-Range for {words} is valid and counts its octets",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    valid_range(): PASS,
                    whole_file(file): NO_RANGES,
                    status(206): VIOLATION.because(
                        "a Content-Range that is invalid, or does not count what comes with it"
                    ),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(partial(file, first, last),),
        mutants=(
            Canned("ends before it begins", partial(file, first, last, says=b"bytes 2-1/%d" % size(file))),
            Canned("ends at the complete length", partial(file, first, last, total=b"%d" % last)),
            Canned(
                "counts one octet more", partial(file, first, last, says=b"bytes %d-%d/9999999" % (first, last + 1))
            ),
            Canned("says no unit", partial(file, first, last, says=b"%d-%d/%d" % (first, last, size(file)))),
            Canned("sends nothing in a 200", whole(file, content=b"")),
        ),
    )


# --- 14.6-a1: multipart/byteranges

SETS: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("two", "two ranges far apart", "large.bin", b"0-99,500000-500099", _FAR),
    ("ends", "the first and the last octet", "large.bin", b"0-0,-1", ((0, 0), (1048575, 1048575))),
    ("three", "three ranges", "large.bin", b"0-9,5000-5009,900000-900009", ((0, 9), (5000, 5009), (900000, 900009))),
    ("small", "two ranges of a small file", "small.bin", b"0-99,900-999", ((0, 99), (900, 999))),
    (
        "big-parts",
        "two ranges of 200000 octets",
        "large.bin",
        b"0-199999,800000-999999",
        ((0, 199999), (800000, 999999)),
    ),
)


def multipart_form(  # noqa: PLR0917 - the columns of a table
    check_id: str, requirement: str, title: str, file: str, value: bytes, spans: tuple[Span, ...]
) -> Check:
    """Return the check that an answer with several parts is multipart/byteranges by its grammar, each part a true slice."""
    bodies = tuple(part(file, span) for span in spans)
    bare = tuple(body.replace(BINARY + b"\r\n", b"").replace(b"Content-Range: ", b"X-Range: ") for body in bodies)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    true_parts(file): PASS,
                    any_of(any_slice(file), whole_file(file), status_4xx): NO_SETS,
                    status(206): VIOLATION.because("a 206 that is neither one true range nor multipart/byteranges"),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(multipart(*bodies),),
        mutants=(
            Canned("leaves out the closing delimiter", multipart(*bodies, closing=b"")),
            Canned("names no boundary", multipart(*bodies, kind=b"multipart/byteranges")),
            Canned("names another boundary", multipart(*bodies, kind=b"multipart/byteranges; boundary=other")),
            Canned("names another type", multipart(*bodies, kind=b"multipart/mixed; boundary=canned")),
            Canned("leaves out Content-Range of the parts", multipart(*bare)),
            Canned("separates by LF", multipart(*(body.replace(b"\r\n", b"\n", 3) for body in bodies))),
            Canned("says another range", multipart(*(part(file, span, total=b"1") for span in spans))),
            Canned("puts the ranges together", response_of(file, spans)),
        ),
        note="A preamble, a quoted boundary and whitespace behind a delimiter are in the grammar, and are read.",
    )


def response_of(file: str, spans: tuple[Span, ...]) -> bytes:
    """Return a 206 in which the octets of several ranges stand one after the other, as no 206 may have them."""
    total = sum(last - first + 1 for first, last in spans)
    one = partial(file, 0, total - 1, BINARY, TAG, MODIFIED, content=b"?" * total)
    return one.replace(b"Content-Range: ", b"X-Range: ")


CHECKS = (
    *(_accept_ranges(*row) for row in ANSWERS),
    *(
        complete_length(f"rfc9110-14.4-complete-length-{slug}", "rfc9110-14.4-4", words, file, value, span)
        for slug, words, file, value, span in LENGTHS
    ),
    _parts_length(),
    *(
        says_length(f"rfc9110-14.4-unsatisfied-{slug}", "rfc9110-14.4-6", words, file, value)
        for slug, words, file, value in LONG
    ),
    *(
        says_length(f"rfc9110-15.5.17-length-{slug}", "rfc9110-15.5.17-1", words, file, value)
        for slug, words, file, value in LONG_TOO
    ),
    *(_valid(*row) for row in VALID),
    *(
        multipart_form(
            f"rfc9110-14.6-multipart-{slug}", "rfc9110-14.6-a1", f"An answer with {words} is multipart by its grammar",
            file, value, spans,
        )
        for slug, words, file, value, spans in SETS
    ),
)  # fmt: skip
