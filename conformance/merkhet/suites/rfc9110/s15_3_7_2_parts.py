"""RFC 9110, Section 15.3.7.2: Multiple Parts. Which ranges come in which parts, in which order, and of which type."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import any_of, status, status_4xx
from merkhet.expect_kept import field_matches, parts_of, true_parts
from merkhet.expect_ranges import (
    Span,
    any_slice,
    one_slice,
    part_count,
    parts_in_order,
    parts_typed_as,
    slice_around,
    slice_within,
    whole_file,
)
from merkhet.suites.rfc9110.s14_4_fields import response_of
from merkhet.suites.rfc9110.s14_words import (
    NO_SETS,
    NOT_WHOLE,
    Cases,
    fetched,
    multipart,
    part,
    partial,
    parts,
    ranged,
    refused,
    rest,
    several,
    twin,
    whole,
)
from merkhet.suites.words import SINCE

FALSE = VIOLATION.because("a 206 that is neither one true range nor true parts")
FALSE_BREACH = BREACH.because("a 206 that is neither one true range nor true parts")
NOT_WHOLE_BREACH = BREACH.because("a 200 without the whole file")
FAR: tuple[Span, Span] = ((0, 99), (500000, 500099))

# --- 15.3.7.2-1: several parts are multipart/byteranges

TYPED: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("far", "two ranges far apart", "large.bin", b"0-99,500000-500099", FAR),
    ("ends", "the first and the last octet", "large.bin", b"0-0,-1", ((0, 0), (1048575, 1048575))),
    ("small", "two ranges of a small file", "small.bin", b"0-99,900-999", ((0, 99), (900, 999))),
)


def typed(check_id: str, requirement: str, words: str, file: str, value: bytes, spans: tuple[Span, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that several parts come as multipart/byteranges with a boundary."""
    bodies = tuple(part(file, span) for span in spans)
    with_boundary = field_matches(
        b"Content-Type", rb"(?i:multipart/byteranges)[ \t]*;.*(?i:boundary)=.+", "multipart/byteranges with a boundary"
    )
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"The parts of {words} come as multipart/byteranges with a boundary",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    any_of(any_slice(file), whole_file(file), status_4xx): NO_SETS,
                    true_parts(file): PASS,
                    with_boundary: VIOLATION.because("the content is not what its Content-Type says"),
                    status(206): VIOLATION.because(
                        "several parts, and no Content-Type that says how they are told apart"
                    ),
                    status(200): NOT_WHOLE,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(multipart(*bodies),),
        mutants=(
            Canned("names the old type", multipart(*bodies, kind=b"multipart/x-byteranges; boundary=canned")),
            Canned("names the type of the file", multipart(*bodies, kind=b"application/octet-stream")),
            Canned("names no boundary", multipart(*bodies, kind=b"multipart/byteranges")),
            Canned("puts the ranges together", response_of(file, spans)),
            Canned("names another boundary", multipart(*bodies, kind=b"multipart/byteranges; boundary=other")),
        ),
    )


# --- 15.3.7.2-3: what each part says is what it has

SETS: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("two", "Two ranges", "large.bin", b"0-99,500000-500099", FAR),
    ("ends", "The first and the last octet", "large.bin", b"0-0,-1", ((0, 0), (1048575, 1048575))),
    ("suffix-first", "A suffix and a range", "large.bin", b"-100,0-99", ((1048476, 1048575), (0, 99))),
    ("past-end", "A range and one that ends past the end", "large.bin", b"0-9,1048000-9999999", ((0, 9), (1048000, 1048575))),
    ("open", "A range and one without an end", "large.bin", b"0-9,1048000-", ((0, 9), (1048000, 1048575))),
    (
        "unsatisfiable-between", "Two ranges and one between them that the file has not", "large.bin",
        b"0-9,2000000-,500000-500009", ((0, 9), (500000, 500009)),
    ),
    (
        "ten", "Ten ranges", "large.bin", b",".join(b"%d-%d" % (at, at + 9) for at in range(0, 1000000, 100000)),
        tuple((at, at + 9) for at in range(0, 1000000, 100000)),
    ),
    ("descending", "Two ranges, the last first", "large.bin", b"500000-500099,0-99", (FAR[1], FAR[0])),
    ("small", "Two ranges of a small file", "small.bin", b"0-99,900-999", ((0, 99), (900, 999))),
    ("large", "Two ranges of 300000 octets", "large.bin", b"0-299999,700000-999999", ((0, 299999), (700000, 999999))),
)  # fmt: skip


def parted(check_id: str, requirement: str, title: str, file: str, value: bytes, spans: tuple[Span, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that a set of ranges is answered by true parts, each with its Content-Range."""
    bodies = [part(file, span) for span in spans]
    first, last = spans[0]
    shifted = part(file, spans[0]).replace(b"bytes %d-%d/" % (first, last), b"bytes %d-%d/" % (first + 1, last + 1))
    elsewhere = (600000, 600009) if file == "large.bin" else (500, 509)
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"{title} come as parts, each a true slice that says its place",
        since=SINCE,
        steps=(Send(ranged(file, value), anew=True), Answers(several(file, *spans))),
        twin=twin(file),
        good=(parts(file, *spans),),
        mutants=(
            Canned("moves the place of the first part", multipart(shifted, *bodies[1:])),
            Canned(
                "leaves out the place of a part",
                multipart(*bodies[:-1], bodies[-1].replace(b"Content-Range", b"X-Range")),
            ),
            Canned("says a wrong complete length", multipart(*bodies[:-1], part(file, spans[-1], total=b"9999999"))),
            Canned("sends octets from elsewhere", partial(file, *elsewhere)),
            Canned("sends the first alone", partial(file, *spans[0])),
            Canned("calls the set unsatisfiable", refused(file)),
            Canned("sends nothing in a 200", whole(file, content=b"")),
        ),
        note="A server may send a part of what was asked for, or all of it in one piece: what it says of it must be true.",
    )


# --- 15.3.7.2-4: each part has the type of the file

TYPES: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("binary", "of a binary file", "large.bin", b"0-99,500000-500099", FAR),
    ("text", "of a text", "text.txt", b"0-99,9000-9099", ((0, 99), (9000, 9099))),
    ("page", "of a page", "page.html", b"0-49,900-949", ((0, 49), (900, 949))),
)


def part_types(check_id: str, requirement: str, words: str, file: str, value: bytes, spans: tuple[Span, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that each part repeats the Content-Type of the 200."""
    first = whole(file)
    lost = multipart(part(file, spans[0]), part(file, spans[1], b"X-Nothing: 1"))
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"Each part {words} repeats the Content-Type of the 200",
        since=SINCE,
        steps=(
            *fetched(file, {}),
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    parts_typed_as(file, "whole"): PASS,
                    true_parts(file): VIOLATION.because("a part without the Content-Type that the 200 had"),
                    any_of(any_slice(file), whole_file(file), status_4xx): NO_SETS,
                    status(206): FALSE_BREACH,
                    status(200): NOT_WHOLE_BREACH,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(first + parts(file, *spans),),
        mutants=(
            Canned("leaves it out of the last part", first + lost),
            Canned(
                "names another type", first + multipart(*(part(file, span, b"Content-Type: text/x") for span in spans))
            ),
        ),
    )


# --- 15.3.7.2-5: ranges that overlap or are near may be joined

JOINED: tuple[tuple[str, str, str, bytes, tuple[Span, ...], bool], ...] = (
    ("overlap", "Two ranges that overlap", "small.bin", b"0-4,2-8", ((0, 4), (2, 8)), True),
    ("inside", "A range and one within it", "small.bin", b"0-99,10-19", ((0, 99), (10, 19)), True),
    ("same", "One range twice", "small.bin", b"10-19,10-19", ((10, 19), (10, 19)), True),
    ("adjacent", "Two adjacent ranges", "small.bin", b"500-600,601-999", ((500, 600), (601, 999)), True),
    ("overlap-by-range", "The example of two ranges that overlap", "small.bin", b"500-700,601-999", ((500, 700), (601, 999)), True),
    ("gap-one", "Two ranges with one octet between them", "small.bin", b"0-0,2-2", ((0, 0), (2, 2)), True),
    ("gap-50", "Two ranges with fifty octets between them", "large.bin", b"0-99,150-249", ((0, 99), (150, 249)), True),
    ("gap-500", "Two ranges with 500 octets between them", "large.bin", b"0-99,600-699", ((0, 99), (600, 699)), True),
    ("gap-5000", "Two ranges with 5000 octets between them", "large.bin", b"0-99,5100-5199", ((0, 99), (5100, 5199)), False),
    ("descending", "Two ranges that overlap, the last first", "large.bin", b"50-149,0-99", ((50, 149), (0, 99)), True),
    ("open-suffix", "A range without an end and a suffix", "large.bin", b"1000000-,-100", ((1000000, 1048575),
     (1048476, 1048575)), True),
)  # fmt: skip


def _joined_cases(file: str, asked: tuple[Span, ...], *, near: bool) -> Cases:
    joined = (
        observed("joins them in one range") if near else WARNING.because("joined across more than parts would cost")
    )
    return {
        whole_file(file): observed("ignores the set"),
        slice_within(file, *asked): observed("sends one of them"),
        slice_around(file, *asked): joined,
        parts_in_order(file, *asked): observed("sends each as a part"),
        parts_of(file, *asked): observed("sends them as other parts"),
        parts_of(file, *asked, whole=False): observed("sends some of them"),
        any_slice(file): BREACH.because("other octets than were asked for"),
        status(206): FALSE_BREACH,
        status(416): WARNING.because("a satisfiable set was called unsatisfiable"),
        status(200): NOT_WHOLE_BREACH,
        **rest(),
    }


def coalesced(  # noqa: PLR0917 - the columns of a table
    check_id: str, requirement: str, title: str, file: str, value: bytes, asked: tuple[Span, ...], *, near: bool
) -> Check:
    """Return the check that ranges are joined rightly, if they are joined."""
    least, most = min(first for first, _ in asked), max(last for _, last in asked)
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"{title} are joined or not",
        since=SINCE,
        steps=(Send(ranged(file, value), anew=True), Answers(_joined_cases(file, asked, near=near))),
        twin=twin(file),
        good=(parts(file, *asked),),
        mutants=(
            Canned("joins them", partial(file, least, most)),
            Canned("joins them and says less", partial(file, least, most, says=b"bytes %d-%d/9" % (least, most - 1))),
            Canned("ignores the set", whole(file)),
            Canned("calls the set unsatisfiable", refused(file)),
            Canned("sends octets from elsewhere", partial(file, 300, 309)),
        ),
        note="Joining is allowed where ranges overlap, and across a gap that is smaller than what a part costs besides.",
    )


# --- 15.3.7.2-7: a single part

ONE_LEFT: tuple[tuple[str, str, str, bytes, Span], ...] = (
    ("unsatisfiable", "of which one is satisfiable", "large.bin", b"0-99,2000000-", (0, 99)),
    ("same", "that are the same", "large.bin", b"0-99,0-99", (0, 99)),
    ("adjacent", "that are adjacent", "large.bin", b"0-49,50-99", (0, 99)),
)


def one_left(check_id: str, requirement: str, words: str, file: str, value: bytes, span: Span) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check of a set of which one range is left: alone, or as the one part of a multipart answer."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"Two ranges {words} come as one range or as one part",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    one_slice(file, *span): observed("sends one range"),
                    part_count(file, 1, 1): observed("sends one part of a multipart answer"),
                    part_count(file, 2, 2): observed("sends two parts"),
                    whole_file(file): observed("ignores the set"),
                    any_slice(file): observed("sends another range of the file"),
                    status(206): FALSE_BREACH,
                    status(416): WARNING.because("a satisfiable set was called unsatisfiable"),
                    status(200): NOT_WHOLE_BREACH,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(partial(file, *span),),
        mutants=(
            Canned("sends one part", parts(file, span)),
            Canned("sends a false part", multipart(part(file, span, total=b"50"))),
            Canned("calls the set unsatisfiable", refused(file)),
        ),
    )


# --- 15.3.7.2-9: the order of the parts

ORDERS: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("ascending", "Two ranges in ascending order", "large.bin", b"0-99,500000-500099", FAR),
    ("descending", "Two ranges in descending order", "large.bin", b"500000-500099,0-99", (FAR[1], FAR[0])),
    (
        "three", "Three ranges in no order", "large.bin", b"500000-500099,900000-900099,0-99",
        ((500000, 500099), (900000, 900099), (0, 99)),
    ),
    ("suffix", "A suffix and a range from the beginning", "large.bin", b"-100,0-99", ((1048476, 1048575), (0, 99))),
    (
        "unsatisfiable-first", "Ranges behind one that the file has not", "large.bin", b"2000000-,500000-500099,0-99",
        (FAR[1], FAR[0]),
    ),
)  # fmt: skip


def ordered(check_id: str, requirement: str, title: str, file: str, value: bytes, asked: tuple[Span, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that parts come in the order of the request."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"{title} come in that order",
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    parts_in_order(file, *asked): PASS,
                    any_of(any_slice(file), whole_file(file), part_count(file, 1, 1), status_4xx): NO_SETS,
                    part_count(file, len(asked), len(asked)): VIOLATION.because("the parts come in another order"),
                    true_parts(file): lacks("a part for each of these ranges"),
                    status(206): FALSE_BREACH,
                    status(200): NOT_WHOLE_BREACH,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(parts(file, *asked),),
        mutants=(
            Canned("turns the order round", parts(file, *asked[::-1])),
            Canned("sends a false part", multipart(part(file, asked[0], total=b"50"))),
        ),
    )


CHECKS = (
    *(typed(f"rfc9110-15.3.7.2-type-{row[0]}", "rfc9110-15.3.7.2-1", *row[1:]) for row in TYPED),
    *(parted(f"rfc9110-15.3.7.2-parts-{row[0]}", "rfc9110-15.3.7.2-3", *row[1:]) for row in SETS),
    *(part_types(f"rfc9110-15.3.7.2-part-type-{row[0]}", "rfc9110-15.3.7.2-4", *row[1:]) for row in TYPES),
    *(
        coalesced(f"rfc9110-15.3.7.2-joined-{slug}", "rfc9110-15.3.7.2-5", title, file, value, asked, near=near)
        for slug, title, file, value, asked, near in JOINED
    ),
    *(one_left(f"rfc9110-15.3.7.2-one-left-{row[0]}", "rfc9110-15.3.7.2-7", *row[1:]) for row in ONE_LEFT),
    *(ordered(f"rfc9110-15.3.7.2-order-{row[0]}", "rfc9110-15.3.7.2-9", *row[1:]) for row in ORDERS),
)
