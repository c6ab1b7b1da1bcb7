"""RFC 9110, Section 14.1.2: Byte Ranges. Numbers too large for any machine word."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import status, status_5xx
from merkhet.expect_ranges import any_slice, one_slice, slice_within, whole_file
from merkhet.suites.rfc9110.s14_words import (
    NOT_WHOLE,
    TWIN,
    UNTRUE,
    Cases,
    has_ranges,
    partial,
    ranged,
    refused,
    rest,
    whole,
)
from merkhet.suites.words import SERVER_ERROR, SINCE

WIDTHS: tuple[tuple[str, str, int], ...] = (
    ("31-bit", "2 to the power of 31", 1 << 31),
    ("32-bit", "2 to the power of 32", 1 << 32),
    ("53-bit", "2 to the power of 53, plus one", (1 << 53) + 1),
    ("63-bit", "2 to the power of 63", 1 << 63),
    ("64-bit", "2 to the power of 64", 1 << 64),
    ("1000-digits", "a number of a thousand digits", 10**999),
)
_FAILED = VIOLATION.because("a large number made the server fail")


def _whole(first: int, last: int) -> Cases:
    return {
        one_slice("small.bin", first, last): PASS,
        whole_file("small.bin"): PASS,
        slice_within("small.bin", (first, last)): observed("sends a part of it"),
        any_slice("small.bin"): VIOLATION.because("the number was taken for another"),
        status(206): UNTRUE,
        status(416): WARNING.because("called unsatisfiable, where a number past the end stands for the end"),
        status(200): NOT_WHOLE,
        status_5xx: _FAILED,
        **rest(),
    }


def _nothing() -> Cases:
    return {
        status(416): PASS,
        whole_file("small.bin"): PASS,
        any_slice("small.bin"): VIOLATION.because(
            "the number was taken for another: octets came that have none so large"
        ),
        status(206): UNTRUE,
        status(200): NOT_WHOLE,
        status_5xx: _FAILED,
        **rest(),
    }


def large(check_id: str, requirement: str, title: str, value: bytes, *, first: int | None) -> Check:
    """Return the check of one large number. `first` is where the range begins that it stands for; None: no octets."""
    probe = partial("small.bin", 0, 0)
    nothing = first is None
    good = refused("small.bin") if first is None else partial("small.bin", first, 999)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            *has_ranges(),
            Send(ranged("small.bin", value), anew=True),
            Answers(_nothing() if first is None else _whole(first, 999)),
        ),
        twin=TWIN,
        good=(probe + good,),
        mutants=(
            Canned("takes it for zero", probe + partial("small.bin", 0, 0)),
            Canned("takes it for a number of its own", probe + partial("small.bin", 3, 5)),
            Canned("believes it", probe + partial("small.bin", 0, 999, says=b"bytes 0-99999999999/1000")),
            Canned("breaks down", probe + SERVER_ERROR.data),
            Canned("calls it a bad request", probe + refused("small.bin", 400)),
            Canned("sends nothing in a 200", probe + whole("small.bin", content=b"")),
            *(() if nothing else (Canned("calls it unsatisfiable", probe + refused("small.bin")),)),
        ),
        note="What a number past the end means is defined for every number; only 416 where the end is meant is a near miss.",
    )


CHECKS = (
    *(
        large(
            f"rfc9110-14.1.2-last-{slug}", "rfc9110-14.1.2-1", f"{words} as the last position stands for the end".capitalize(),
            b"0-%d" % number, first=0,
        )
        for slug, words, number in WIDTHS
    ),
    *(
        large(
            f"rfc9110-14.1.2-last-{slug}-wraps", "rfc9110-14.1.2-1",
            f"{words} and a little more as the last position stands for the end".capitalize(),
            b"500-%d" % (number + 502), first=500,
        )
        for slug, words, number in WIDTHS[1:5]
    ),
    *(
        large(
            f"rfc9110-14.1.2-first-{slug}", "rfc9110-14.1.2-1",
            f"{words} as the first position gets no octets".capitalize(), b"%d-" % number, first=None,
        )
        for slug, words, number in WIDTHS
    ),
    *(
        large(
            f"rfc9110-14.1.2-both-{slug}", "rfc9110-14.1.2-1",
            f"{words} and the next number as both positions get no octets".capitalize(),
            b"%d-%d" % (number, number + 1), first=None,
        )
        for slug, words, number in WIDTHS[1:5]
    ),
    *(
        large(
            f"rfc9110-14.1.2-suffix-{slug}", "rfc9110-14.1.2-1",
            f"{words} and one more as a suffix stand for all of it".capitalize(), b"-%d" % (number + 1), first=0,
        )
        for slug, words, number in WIDTHS
    ),
)  # fmt: skip
