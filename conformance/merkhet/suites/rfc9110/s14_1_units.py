"""RFC 9110, Sections 14, 14.1 and 14.2: whether there are ranges, the unit that they are in, and how a set is written."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import status, status_4xx, status_5xx
from merkhet.expect_kept import parts_of
from merkhet.expect_ranges import Span, any_slice, one_slice, slice_around, slice_within, whole_file
from merkhet.suites.rfc9110.s14_words import (
    NOT_WHOLE,
    OWN_ERROR,
    TWIN,
    UNTRUE,
    Cases,
    get,
    has_ranges,
    has_sets,
    multipart,
    part,
    partial,
    parts,
    ranged,
    refused,
    rest,
    twin,
    whole,
)
from merkhet.suites.words import SERVER_ERROR, SINCE

FALSE_PARTS = VIOLATION.because("a 206 that is neither one true range nor true parts")

# --- 14-1 and 14.2-1: ranges are optional


def optional(check_id: str, requirement: str, title: str, file: str, value: bytes, *asked: Span) -> Check:
    """Return the check that ranges are answered with them or with the whole file."""
    good = partial(file, *asked[0]) if len(asked) == 1 else parts(file, *asked)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    one_slice(file, *asked[0]): observed("answers with the range"),
                    parts_of(file, *asked): observed("answers with the ranges as parts"),
                    slice_around(file, *asked): observed("answers with one range that has them all"),
                    whole_file(file): observed("answers with the whole file"),
                    slice_within(file, *asked): observed("answers with a part of what was asked for"),
                    any_slice(file): WARNING.because("other octets than were asked for"),
                    status(206): BREACH.because("a 206 that is neither a true range nor true parts"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(good,),
        mutants=(
            Canned("sends the whole file", whole(file)),
            Canned("sends nothing in a 200", whole(file, content=b"")),
            Canned("sends other octets than it says", partial(file, *asked[0], content=b"?")),
            Canned("refuses", refused(file, 403)),
        ),
        note="Who has no ranges answers as if none were asked for: with all of it, and no refusal.",
    )


OPTIONAL = (
    optional(
        "rfc9110-14-ranges", "rfc9110-14-1", "A range is answered with it or with the whole file",
        "small.bin", b"0-9", (0, 9),
    ),
    optional(
        "rfc9110-14-ranges-large", "rfc9110-14-1", "A range of a large file is answered with it or with the whole file",
        "large.bin", b"1000000-", (1000000, 1048575),
    ),
    optional(
        "rfc9110-14.2-ignored-suffix", "rfc9110-14.2-1", "A suffix is answered, or ignored",
        "small.bin", b"-5", (995, 999),
    ),
    optional(
        "rfc9110-14.2-ignored-set", "rfc9110-14.2-1", "A set of two ranges is answered, or ignored",
        "large.bin", b"0-99,500000-500099", (0, 99), (500000, 500099),
    ),
)  # fmt: skip

# --- 14.1-a1: the unit in any case

UNITS: tuple[tuple[str, str, bytes], ...] = (
    ("upper", "in upper case", b"BYTES"),
    ("capital", "with a capital", b"Bytes"),
    ("mixed", "in mixed case", b"bYtEs"),
)
IGNORED = observed("ignores it: the whole file came")


def _unit(slug: str, words: str, unit: bytes) -> Check:
    first = partial("small.bin", 0, 0)
    return Check(
        id=f"rfc9110-14.1-unit-{slug}",
        requirement="rfc9110-14.1-a1",
        title=f"The unit bytes is known {words}",
        since=SINCE,
        steps=(
            *has_ranges(),
            Send(get("small.bin", b"Range: " + unit + b"=10-19"), anew=True),
            Answers(
                {
                    one_slice("small.bin", 10, 19): PASS,
                    whole_file("small.bin"): IGNORED,
                    status(206): UNTRUE,
                    status(200): NOT_WHOLE,
                    status_4xx: VIOLATION.because("the unit was refused for its case"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + partial("small.bin", 10, 19),),
        mutants=(
            Canned("calls it unsatisfiable", first + refused("small.bin")),
            Canned("calls it a bad request", first + refused("small.bin", 400)),
            Canned("ignores it", first + whole("small.bin")),
        ),
        note="A server may ignore any Range, so one with another case too; to refuse it is wrong.",
    )


# --- 14.2-3: a unit that nobody knows

UNKNOWN: tuple[tuple[str, str, bytes], ...] = (
    ("int-range", "with two numbers", b"merkhet-unit=0-5"),
    ("open", "without an end", b"merkhet-unit=10-"),
    ("suffix", "with a suffix", b"merkhet-unit=-5"),
    ("past-end", "with numbers past the end", b"merkhet-unit=5000-6000"),
    ("other", "with a range of its own kind", b"merkhet-unit=1.2-4.3"),
    ("set", "with a set", b"merkhet-unit=0-5,10-15"),
    ("longer-name", "whose name begins with bytes", b"bytes-of-merkhet=0-5"),
    ("shorter-name", "whose name is the beginning of bytes", b"byte=0-5"),
    ("one-letter", "whose name is one letter", b"m=0-5"),
    ("symbols", "whose name has every symbol of a token", b"!#$%&'*+-.^_`|~=0-5"),
)


def unknown_unit(check_id: str, requirement: str, words: str, value: bytes) -> Check:
    """Return the check that a range in a unit that nobody knows is ignored."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A range in an unknown unit {words} is ignored",
        since=SINCE,
        steps=(
            Send(get("small.bin", b"Range: " + value), anew=True),
            Answers(
                {
                    whole_file("small.bin"): PASS,
                    status(206): VIOLATION.because("a part was sent by a unit that no server knows"),
                    status(416): VIOLATION.because("a range was called unsatisfiable that had to be ignored"),
                    status_4xx: VIOLATION.because("a request was refused for a range that had to be ignored"),
                    status_5xx: OWN_ERROR,
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(whole("small.bin"),),
        mutants=(
            Canned("takes it for bytes", partial("small.bin", 0, 5)),
            Canned("calls it unsatisfiable", refused("small.bin")),
            Canned("calls it a bad request", refused("small.bin", 400)),
            Canned("breaks down", SERVER_ERROR),
        ),
        note="No such unit is registered, so no server can support it for another resource and ask for 416 here.",
    )


# --- 5.6.1.2-2, of ranges: how a set may be written

SETS: tuple[tuple[str, str, bytes], ...] = (
    ("space-after", "with a space behind the comma", b"0-99, 600000-600099"),
    ("space-before", "with a space before the comma", b"0-99 ,600000-600099"),
    ("tabs", "with tabs around the comma", b"0-99\t,\t600000-600099"),
    ("empty-between", "with an empty member between them", b"0-99,,600000-600099"),
    ("empty-first", "with an empty member before them", b",0-99,600000-600099"),
    ("empty-last", "with an empty member behind them", b"0-99,600000-600099,"),
    ("empty-many", "with many empty members", b", ,0-99, , ,600000-600099 ,,"),
)
SPACED: tuple[tuple[str, str, bytes], ...] = (
    ("space-first", "with a space before its range", b" 10-19"),
    ("empty-first", "with an empty member before its range", b",10-19"),
    ("empty-last", "with an empty member behind its range", b"10-19,"),
)
_TWO: tuple[Span, Span] = ((0, 99), (600000, 600099))


def form_of(file: str, *asked: Span) -> Cases:
    """Return what the answers to a legal but unusual way to write ranges mean."""
    exact = one_slice(file, *asked[0]) if len(asked) == 1 else parts_of(file, *asked)
    return {
        exact: PASS,
        whole_file(file): IGNORED,
        slice_around(file, *asked): observed("joins the ranges"),
        slice_within(file, *asked): observed("sends one of the ranges"),
        parts_of(file, *asked): observed("sends one range as a part"),
        status(206): FALSE_PARTS,
        status(200): NOT_WHOLE,
        **rest(),
    }


def _set_form(slug: str, words: str, value: bytes) -> Check:
    first = parts("large.bin", *_TWO)
    return Check(
        id=f"rfc9110-5.6.1.2-ranges-{slug}",
        requirement="rfc9110-5.6.1.2-2",
        title=f"A set of two ranges {words} is understood, or ignored",
        since=SINCE,
        steps=(
            *has_sets("large.bin", b"0-99,600000-600099", *_TWO),
            Send(ranged("large.bin", value), anew=True),
            Answers(form_of("large.bin", *_TWO)),
        ),
        twin=twin("large.bin"),
        good=(first + first,),
        mutants=(
            Canned("calls it unsatisfiable", first + refused("large.bin")),
            Canned("calls it a bad request", first + refused("large.bin", 400)),
            Canned("sends false octets", first + multipart(part("large.bin", (0, 99), total=b"99"))),
            Canned("ignores it", first + whole("large.bin")),
        ),
        note="A list may have spaces and empty members; Range may be ignored. Most servers refuse it, to no one's harm: a warning.",
    )


def _single_form(slug: str, words: str, value: bytes) -> Check:
    first = partial("small.bin", 0, 0)
    return Check(
        id=f"rfc9110-5.6.1.2-range-{slug}",
        requirement="rfc9110-5.6.1.2-2",
        title=f"A Range {words} is understood, or ignored",
        since=SINCE,
        steps=(*has_ranges(), Send(ranged("small.bin", value), anew=True), Answers(form_of("small.bin", (10, 19)))),
        twin=TWIN,
        good=(first + partial("small.bin", 10, 19),),
        mutants=(
            Canned("calls it unsatisfiable", first + refused("small.bin")),
            Canned("sends the beginning", first + partial("small.bin", 0, 9, says=b"bytes 10-19/1000")),
            Canned("ignores it", first + whole("small.bin")),
        ),
        note="A list may have empty members, and the example of Section 14.1.2 a space behind the equals sign.",
    )


CHECKS = (
    *OPTIONAL,
    *(_unit(*row) for row in UNITS),
    *(
        unknown_unit(f"rfc9110-14.2-unknown-unit-{slug}", "rfc9110-14.2-3", words, value)
        for slug, words, value in UNKNOWN
    ),
    *(_set_form(*row) for row in SETS),
    *(_single_form(*row) for row in SPACED),
)
