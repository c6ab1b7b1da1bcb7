"""RFC 9110, Section 15.3.7: whole downloads by ranges: in parallel, resumed where they broke off, and across a change."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Abort, Answers, Canned, Check, On, Send, Step, Verdict
from merkhet.expect import status
from merkhet.expect_kept import arrived
from merkhet.expect_ranges import any_slice, one_slice, whole_file
from merkhet.fixtures import FIXTURES, LARGE_BYTES
from merkhet.suites.rfc9110.s14_words import (
    NO_RANGES,
    NO_STRONG_TAG,
    UNTRUE,
    fetched,
    get,
    one_range,
    partial,
    ranged,
    refused,
    rest,
    twin,
    whole,
)
from merkhet.suites.words import SINCE

_LANES = 8
_LANE = LARGE_BYTES // _LANES


def _spans(count: int) -> list[tuple[int, int]]:
    each = LARGE_BYTES // count
    return [(at * each, (at + 1) * each - 1) for at in range(count)]


def _asked(first: int, last: int) -> Send:
    return Send(ranged("large.bin", b"%d-%d" % (first, last)), anew=True)


def _parallel() -> Check:
    spans = _spans(_LANES)
    sends: list[Step] = []
    reads: list[Step] = []
    for lane, span in enumerate(spans):
        sends += [On(lane), _asked(*span)]
        reads += [On(lane), Answers(one_range("large.bin", *span))]
    streams = [partial("large.bin", *span) for span in spans]
    first, last = spans[-1]
    return Check(
        id="rfc9110-15.3.7.1-download-parallel",
        requirement="rfc9110-15.3.7.1-1",
        title="Eight ranges on eight connections at once are the whole file",
        since=SINCE,
        steps=(*sends, *reads),
        tags=frozenset({"concurrent"}),
        twin=twin("large.bin"),
        good=tuple(streams),
        mutants=(
            Canned("mixes two connections up", *streams[1::-1], *streams[2:]),
            Canned(
                "sends false octets on the last", *streams[:-1], partial("large.bin", first, last, content=b"?" * _LANE)
            ),
            Canned("refuses the last", *streams[:-1], refused("large.bin", 429)),
        ),
    )


def _in_turn(slug: str, words: str, *, pipelined: bool) -> Check:
    spans = _spans(_LANES)
    answers = [Answers(one_range("large.bin", *span)) for span in spans]
    steps: list[Step] = []
    if pipelined:
        steps = [Send(b"".join(ranged("large.bin", b"%d-%d" % span) for span in spans), anew=True), *answers]
    else:
        for span, answer in zip(spans, answers, strict=True):
            steps += [_asked(*span), answer]
    good = [partial("large.bin", *span) for span in spans]
    return Check(
        id=f"rfc9110-15.3.7.1-download-{slug}",
        requirement="rfc9110-15.3.7.1-1",
        title=f"Eight ranges on one connection, {words}, are the whole file",
        since=SINCE,
        steps=tuple(steps),
        twin=twin("large.bin"),
        good=(b"".join(good),),
        mutants=(
            Canned("sends the first range again", b"".join([*good[:1], *good[:-1]])),
            Canned(
                "sends false octets", b"".join([*good[:-1], partial("large.bin", *spans[-1], content=b"?" * _LANE)])
            ),
        ),
    )


RESUMED: tuple[tuple[str, str, int], ...] = (
    ("early", "after the first hundred octets", 100),
    ("page", "after 64 KiB", 65536),
    ("late", "a hundred octets before the end", LARGE_BYTES - 100),
)
_MARKER_BYTES = 64


def _resumed(slug: str, words: str, at: int, *, by_tag: bool) -> Check:
    marker = FIXTURES["large.bin"][at - _MARKER_BYTES : at]
    condition = (b"If-Range: {kept:whole/ETag}",) if by_tag else ()
    head, tail = whole("large.bin"), partial("large.bin", at, LARGE_BYTES - 1)
    ahead = partial("large.bin", at + 1, LARGE_BYTES - 1, says=b"bytes %d-%d/%d" % (at, LARGE_BYTES - 1, LARGE_BYTES))
    once_more = NO_RANGES
    changed: Verdict = VIOLATION.because("the rest of the file begins elsewhere than where it broke off")
    return Check(
        id=f"rfc9110-15.3.7.1-download-resumed-{slug}{'-if-range' if by_tag else ''}",
        requirement="rfc9110-15.3.7.1-1",
        title=f"A download that broke off {words} is resumed with the same octets{', by its tag' if by_tag else ''}",
        since=SINCE,
        steps=(
            *fetched("large.bin", *((NO_STRONG_TAG,) if by_tag else ())),
            On(1),
            Send(get("large.bin"), anew=True),
            Answers(
                {arrived(marker): PASS, status(200): VIOLATION.because("a 200 without the whole file"), **rest()},
                until=marker,
            ),
            Abort(),
            On(2),
            Send(ranged("large.bin", b"%d-" % at, *condition), anew=True),
            Answers(
                {
                    one_slice("large.bin", at, LARGE_BYTES - 1): PASS,
                    whole_file("large.bin"): once_more,
                    any_slice("large.bin"): changed,
                    status(206): UNTRUE,
                    status(416): WARNING.because("the rest of the file was called unsatisfiable"),
                    **rest(),
                }
            ),
        ),
        twin=twin("large.bin"),
        good=(head, head, tail),
        mutants=(
            Canned("begins one octet late", head, head, ahead),
            Canned("begins elsewhere", head, head, partial("large.bin", 1, 50)),
            Canned("sends other octets at first", head, whole("large.bin", content=b"?" * 1000), tail),
            Canned("calls the rest unsatisfiable", head, head, refused("large.bin")),
        ),
    )


CHECKS = (
    _parallel(),
    _in_turn("in-turn", "one after the other", pipelined=False),
    _in_turn("pipelined", "sent at once", pipelined=True),
    *(_resumed(*row, by_tag=False) for row in RESUMED),
    *(_resumed(*row, by_tag=True) for row in RESUMED[1:2]),
)
