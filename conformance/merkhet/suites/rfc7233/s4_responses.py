"""RFC 7233, Section 4: one check of each requirement; RFC 9110, Sections 14.4 and 15.3.7, has all its faces."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, Send
from merkhet.expect import all_of, any_of, field, status, status_4xx
from merkhet.expect_kept import true_parts
from merkhet.expect_ranges import Span, any_slice, one_slice, part_count, whole_file
from merkhet.suites.rfc9110.s14_4_fields import complete_length, says_length
from merkhet.suites.rfc9110.s14_words import (
    NO_RANGES,
    NO_SETS,
    UNTRUE,
    multipart,
    part,
    partial,
    parts,
    ranged,
    rest,
    twin,
)
from merkhet.suites.rfc9110.s15_3_7_1_slices import sliced
from merkhet.suites.rfc9110.s15_3_7_2_parts import coalesced, one_left, ordered, part_types, parted, typed
from merkhet.suites.rfc9110.s15_3_7_fields import DESCRIBING, described, kept_fields, spare
from merkhet.suites.words import SINCE

_FAR: tuple[Span, Span] = ((0, 99), (600000, 600099))
_SET = b"0-99,600000-600099"


def _no_outer_range() -> Check:
    good = parts("large.bin", *_FAR)
    outer = multipart(*(part("large.bin", span) for span in _FAR), lines=(b"Content-Range: bytes 0-600099/1048576",))
    return Check(
        id="rfc7233-4.1-outer-range",
        requirement="rfc7233-4.1-3",
        title="A 206 with several parts has no Content-Range of its own",
        since=SINCE,
        steps=(
            Send(ranged("large.bin", _SET), anew=True),
            Answers(
                {
                    any_of(any_slice("large.bin"), whole_file("large.bin"), status_4xx): NO_SETS,
                    all_of(true_parts("large.bin"), field(b"Content-Range")): (
                        VIOLATION.because("a Content-Range beside parts that have their own")
                    ),
                    true_parts("large.bin"): PASS,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin("large.bin"),
        good=(good,),
        mutants=(
            Canned("has one", outer),
            Canned("sends a false part", multipart(part("large.bin", _FAR[0], total=b"5"))),
        ),
    )


def _single_is_single() -> Check:
    return Check(
        id="rfc7233-4.1-single",
        requirement="rfc7233-4.1-7",
        title="A single range does not come as a part of a multipart answer",
        since=SINCE,
        steps=(
            Send(ranged("small.bin", b"10-19"), anew=True),
            Answers(
                {
                    one_slice("small.bin", 10, 19): PASS,
                    part_count("small.bin", 1, 99): VIOLATION.because("multipart in answer to a single range"),
                    whole_file("small.bin"): NO_RANGES,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(partial("small.bin", 10, 19),),
        mutants=(
            Canned("sends a part", parts("small.bin", (10, 19))),
            Canned("sends false octets", partial("small.bin", 10, 19, content=b"?" * 10)),
        ),
    )


CHECKS = (
    sliced("rfc7233-4.1-range", "rfc7233-4.1-1", "A range comes with its octets and its place", "small.bin", b"20-29", 20, 29),
    typed("rfc7233-4.1-type", "rfc7233-4.1-2", "two ranges", "large.bin", _SET, _FAR),
    _no_outer_range(),
    parted("rfc7233-4.1-parts", "rfc7233-4.1-4", "Two ranges", "large.bin", _SET, _FAR),
    part_types("rfc7233-4.1-part-type", "rfc7233-4.1-5", "of a binary file", "large.bin", _SET, _FAR),
    coalesced(
        "rfc7233-4.1-joined", "rfc7233-4.1-6", "Two ranges that overlap", "small.bin", b"0-4,2-8", ((0, 4), (2, 8)),
        near=True,
    ),
    _single_is_single(),
    one_left("rfc7233-4.1-one-left", "rfc7233-4.1-8", "of which one is satisfiable", "large.bin", b"0-99,3000000-", (0, 99)),
    ordered("rfc7233-4.1-order", "rfc7233-4.1-10", "Two ranges, the last first,", "large.bin", b"600000-600099,0-99", _FAR[::-1]),
    kept_fields("rfc7233-4.1-fields", "rfc7233-4.1-12", "with one range", parted=False, if_range=False),
    spare("rfc7233-4.1-if-range-spare", "rfc7233-4.1-13"),
    described("rfc7233-4.1-describes", "rfc7233-4.1-14", DESCRIBING[2]),
    complete_length("rfc7233-4.2-complete-length", "rfc7233-4.2-3", "a range", "small.bin", b"30-39", (30, 39)),
    says_length("rfc7233-4.2-unsatisfied", "rfc7233-4.2-5", "to a range past the end", "small.bin", b"1000-"),
    says_length("rfc7233-4.4-length", "rfc7233-4.4-1", "for a large file", "large.bin", b"1048576-"),
)  # fmt: skip
