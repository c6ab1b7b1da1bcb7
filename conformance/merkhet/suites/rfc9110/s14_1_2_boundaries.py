"""RFC 9110, Section 14.1.2: Byte Ranges. Positions beyond the end, and sets of which a part is satisfiable."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send
from merkhet.expect import all_of, status
from merkhet.expect_kept import parts_of
from merkhet.expect_ranges import Span, any_slice, one_slice, whole_file
from merkhet.suites.rfc9110.s14_words import (
    NOT_WHOLE,
    Cases,
    has_ranges,
    multipart,
    part,
    partial,
    parts,
    ranged,
    refused,
    rest,
    size,
    twin,
    unsatisfiable,
    whole,
)
from merkhet.suites.rfc9110.s15_3_7_1_slices import sliced
from merkhet.suites.words import SERVER_ERROR, SINCE

# --- a1 and a2: a last position past the end, and a suffix longer than the file

CLAMPED: tuple[tuple[str, str, str, bytes, int, int], ...] = (
    ("one-last", "one past the end of a file of one octet", "one.bin", b"0-1", 0, 0),
    ("one-far", "far past the end of a file of one octet", "one.bin", b"0-999", 0, 0),
    ("small-last", "one past the end", "small.bin", b"0-1000", 0, 999),
    ("small-two-past", "two past the end", "small.bin", b"500-1001", 500, 999),
    ("small-far", "far past the end", "small.bin", b"0-999999", 0, 999),
    ("small-from-last", "one past the end, from the last octet", "small.bin", b"999-1000", 999, 999),
    ("large-last", "one past the end of a large file", "large.bin", b"1048570-1048576", 1048570, 1048575),
    ("large-far", "far past the end of a large file", "large.bin", b"1000000-9999999", 1000000, 1048575),
)
LONG_SUFFIXES: tuple[tuple[str, str, str, bytes], ...] = (
    ("one", "one octet longer than a file of one octet", "one.bin", b"-2"),
    ("one-far", "far longer than a file of one octet", "one.bin", b"-1000"),
    ("small", "one octet longer than the file", "small.bin", b"-1001"),
    ("small-far", "far longer than the file", "small.bin", b"-999999"),
    ("large", "one octet longer than a large file", "large.bin", b"-1048577"),
)

# --- a3 and a4: what no file has

NOTHING: tuple[tuple[str, str, str, bytes], ...] = (
    ("one", "of a file of one octet", "one.bin", b"-0"),
    ("small", "of a small file", "small.bin", b"-0"),
    ("small-zeros", "with many zeros", "small.bin", b"-0000"),
    ("large", "of a large file", "large.bin", b"-0"),
)
PAST_THE_END: tuple[tuple[str, str, str, bytes], ...] = (
    ("one-open", "The length of a file of one octet as the first position", "one.bin", b"1-"),
    ("one-closed", "The length of a file of one octet as both positions", "one.bin", b"1-1"),
    ("one-far", "A first position far past a file of one octet", "one.bin", b"1000-"),
    ("small-open", "The length of a file as the first position", "small.bin", b"1000-"),
    ("small-closed", "The length of a file as both positions", "small.bin", b"1000-1000"),
    ("small-next", "One more than the length as the first position", "small.bin", b"1001-"),
    ("small-next-closed", "Two positions behind the end", "small.bin", b"1001-1002"),
    ("small-far", "A first position far past the end", "small.bin", b"999999-"),
    ("small-two", "Two ranges past the end", "small.bin", b"1000-,2000-3000"),
    ("small-with-nothing", "A range past the end and a suffix of no octets", "small.bin", b"1000-,-0"),
    ("large-open", "The length of a large file as the first position", "large.bin", b"1048576-"),
    ("large-closed", "The length of a large file as both positions", "large.bin", b"1048576-1048577"),
)


def _beyond(slug: str, requirement: str, title: str, file: str, value: bytes) -> Check:
    last = size(file) - 1
    return Check(
        id=f"rfc9110-14.1.2-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(*has_ranges(file), Send(ranged(file, value), anew=True), Answers(unsatisfiable(file))),
        twin=twin(file),
        good=(partial(file, 0, 0) + refused(file),),
        mutants=(
            Canned("sends the last octet", partial(file, 0, 0) + partial(file, last, last)),
            Canned("sends the whole as a part", partial(file, 0, 0) + partial(file, 0, last)),
            Canned("sends no octets as a part", partial(file, 0, 0) + partial(file, last + 1, last, content=b"")),
            Canned("calls it a bad request", partial(file, 0, 0) + refused(file, 400)),
            Canned("breaks down", partial(file, 0, 0) + SERVER_ERROR.data),
        ),
    )


# --- a6: one of several is enough

MIXED: tuple[tuple[str, str, str, bytes, Span], ...] = (
    ("first", "the first of two", "small.bin", b"0-0,1000-", (0, 0)),
    ("last", "the last of two", "small.bin", b"1000-,5-9", (5, 9)),
    ("middle", "the one in the middle", "small.bin", b"1000-,5-9,2000-3000", (5, 9)),
    ("beside-nothing", "the one beside a suffix of no octets", "small.bin", b"-0,0-0", (0, 0)),
    ("suffix", "a suffix", "small.bin", b"5000-6000,-3", (997, 999)),
    ("one-octet", "the one octet of a file", "one.bin", b"0-0,1-1", (0, 0)),
    ("large", "a range of a large file", "large.bin", b"2000000-,1000-1999", (1000, 1999)),
)  # fmt: skip


def alone(file: str, span: Span) -> Cases:
    """Return what the answers to a set mean of which one range is satisfiable."""
    return {
        one_slice(file, *span): PASS,
        all_of(parts_of(file, span), parts_of(file, span, whole=False)): PASS,
        parts_of(file, span): WARNING.because("parts that were not asked for"),
        whole_file(file): PASS,
        any_slice(file): VIOLATION.because("other octets than those of the range that the file has"),
        status(206): VIOLATION.because("a 206 that is neither the range nor a part with it"),
        status(200): NOT_WHOLE,
        status(416): VIOLATION.because("a set was called unsatisfiable of which one range is not"),
        **rest(),
    }


def mixed(check_id: str, requirement: str, title: str, file: str, value: bytes, span: Span) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that one satisfiable range makes a set satisfiable."""
    first = partial(file, 0, 0)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(*has_ranges(file), Send(ranged(file, value), anew=True), Answers(alone(file, span))),
        twin=twin(file),
        good=(first + partial(file, *span),),
        mutants=(
            Canned("calls the set unsatisfiable", first + refused(file)),
            Canned("calls it a bad request", first + refused(file, 400)),
            Canned("sends false octets", first + partial(file, *span, content=b"?" * (span[1] - span[0] + 1))),
            Canned("sends a part that is false", first + multipart(part(file, span, total=b"5000000"))),
            Canned("sends a part that was not asked for", first + parts(file, span, (size(file) - 1, size(file)))),
            Canned("sends less than the whole", first + whole(file, content=b"")),
        ),
        note="One range of a set that can be satisfied is enough; it may come alone, as a part, or in the whole file.",
    )


CHECKS = (
    *(
        sliced(
            f"rfc9110-14.1.2-last-past-end-{slug}",
            "rfc9110-14.1.2-a1",
            f"A last position {words} stands for the last octet",
            file, value, first, last,
        )
        for slug, words, file, value, first, last in CLAMPED
    ),
    *(
        sliced(
            f"rfc9110-14.1.2-suffix-too-long-{slug}",
            "rfc9110-14.1.2-a2",
            f"A suffix {words} stands for all of it",
            file, value, 0, size(file) - 1,
        )
        for slug, words, file, value in LONG_SUFFIXES
    ),
    *(
        _beyond(f"suffix-zero-{slug}", "rfc9110-14.1.2-a3", f"A suffix of no octets {words} gets no range", file, value)
        for slug, words, file, value in NOTHING
    ),
    *(
        _beyond(f"past-end-{slug}", "rfc9110-14.1.2-a4", f"{title} gets no range", file, value)
        for slug, title, file, value in PAST_THE_END
    ),
    *(
        mixed(
            f"rfc9110-14.1.2-satisfiable-{slug}",
            "rfc9110-14.1.2-a6",
            f"A set is satisfiable if {words} is",
            file, value, span,
        )
        for slug, words, file, value, span in MIXED
    ),
)  # fmt: skip
