"""RFC 9110, Section 14.2: Range. Sets that cost more than they are worth: many ranges, overlapping, in no order."""

from __future__ import annotations

import itertools

from merkhet.check import BREACH, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import ended, silent, status, status_4xx, status_5xx
from merkhet.expect_ranges import any_slice, content_over, part_count, whole_file
from merkhet.suites.rfc9110.s14_words import Cases, multipart, part, parts, ranged, refused, size, twin, whole
from merkhet.suites.words import NOTHING, SERVER_ERROR, SINCE

_APART = [(at, at) for at in range(0, 100000, 1000)]


def _list(spans: list[tuple[int, int]]) -> bytes:
    return b",".join(b"%d-%d" % span for span in spans)


MANY: tuple[tuple[str, str, str, bytes], ...] = (
    ("overlapping-three", "Three overlapping ranges", "large.bin", b"0-99999,50000-149999,100000-199999"),
    ("same-three", "One range three times", "small.bin", b"0-499,0-499,0-499"),
    ("same-200", "One range two hundred times", "large.bin", b",".join([b"0-"] * 200)),
    ("whole-1000", "The whole file a thousand times", "small.bin", b",".join([b"0-"] * 1000)),
    ("suffixes-100", "A hundred suffixes", "large.bin", b",".join(b"-%d" % (at * 10000) for at in range(1, 101))),
    ("nested-100", "A hundred ranges, each in the one before", "large.bin", _list([(at, 1000000 - at) for at in range(100)])),
    ("growing-100", "A hundred ranges that begin alike", "large.bin", _list([(0, at * 1000) for at in range(1, 101)])),
    ("tiny-ascending-300", "Three hundred ranges of one octet", "small.bin", _list([(at, at) for at in range(0, 600, 2)])),
    ("tiny-descending-300", "Three hundred ranges of one octet, the last first", "small.bin",
     _list([(at, at) for at in range(600, 0, -2)])),
    ("adjacent-200", "Two hundred adjacent ranges", "small.bin", _list([(at, at) for at in range(200)])),
    ("apart-100", "A hundred ranges far apart", "large.bin", _list(_APART)),
    ("apart-100-descending", "A hundred ranges far apart, the last first", "large.bin", _list(_APART[::-1])),
    ("interleaved-50", "Fifty ranges from both ends in turn", "large.bin",
     _list([*itertools.chain(*zip(_APART[:25], _APART[:-26:-1], strict=True))])),
    ("past-end-200", "Two hundred ranges past the end", "small.bin", _list([(at, at) for at in range(1000, 1200)])),
    ("commas-2000", "One range among two thousand commas", "small.bin", b"0-9" + b"," * 2000),
)  # fmt: skip


def _cases(file: str) -> Cases:
    return {
        content_over(2 * size(file) + 100000): WARNING.because("the answer is far larger than the file"),
        whole_file(file): observed("ignores the set"),
        part_count(file, 1, 1): observed("joins the ranges"),
        part_count(file, 2, 40): observed("sends up to 40 parts"),
        part_count(file, 41, 100000): observed("sends more than 40 parts"),
        any_slice(file): observed("joins the ranges"),
        status(206): BREACH.because("a 206 that is neither a true range nor true parts"),
        status(416): observed("refuses the set with 416"),
        status_4xx: observed("refuses the request"),
        status(200): BREACH.because("a 200 without the whole file"),
        status_5xx: BREACH.because("a costly set made the server fail"),
        ended: WARNING.because("the connection ended without an answer"),
        silent: WARNING.because("the set got no answer in time"),
    }


def costly(check_id: str, requirement: str, title: str, file: str, value: bytes) -> Check:
    """Return the check that a costly set is answered truly, whatever the answer is."""
    last = size(file) - 1
    everything = part(file, (0, last))
    flood = multipart(*([everything] * (3 if file == "large.bin" else 120)))
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(ranged(file, value), anew=True), Answers(_cases(file))),
        twin=twin(file),
        good=(whole(file),),
        mutants=(
            Canned("sends the file again and again", flood),
            Canned("sends false parts", multipart(part(file, (0, 9), total=b"5"))),
            Canned("sends a few parts", parts(file, (0, 9), (last - 9, last))),
            Canned("refuses the set", refused(file)),
            Canned("sends a part of it as the whole", whole(file, content=b"?")),
            Canned("breaks down", SERVER_ERROR),
            Canned("never answers", NOTHING),
        ),
        note="A server may ignore or refuse such a set, or serve it; what it sends must be true and in proportion.",
    )


CHECKS = tuple(
    costly(f"rfc9110-14.2-many-{slug}", "rfc9110-14.2-5", f"{title} are answered or refused in proportion"
           if not title.startswith(("One", "The")) else f"{title} is answered or refused in proportion", file, value)
    for slug, title, file, value in MANY
)  # fmt: skip
