"""RFC 9110, Sections 8.8 and 13: a file that changes between two requests, and one that has only just changed.

Each check writes a file of its own, so that several may run side by side.
"""

from __future__ import annotations

from collections.abc import Callable

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    Step,
    Verdict,
    Write,
    lacks,
    observed,
)
from merkhet.expect import Expectation, all_of, content, field, status, status_2xx, status_4xx, without
from merkhet.expect_kept import field_matches, same_field
from merkhet.expect_ranges import not_later
from merkhet.suites.rfc9110.s13_words import FAILED, IGNORED_CONDITION, NOT_MODIFIED
from merkhet.suites.rfc9110.s14_words import BINARY, HAS_RANGES, MODIFIED, NO_RANGES, TAG, TWIN, Cases, refused, rest
from merkhet.suites.words import DATE, SINCE, response

ONE = b"the first state of it\n"
TWO = b"the second state, lo!\n"
"""Two states of one file, of one length."""
LONGER = b"a state that is longer than the one before\n"

OWN_FILES = frozenset({"own-files"})
STRONG = field_matches(b"ETag", rb'"[^"]*"', "a strong entity tag")
WEAK = field_matches(b"ETag", rb'W/"[^"]*"', "a weak entity tag")
TAG_ONE, TAG_TWO = b'ETag: "one"', b'ETag: "two"'
LATER = b"Last-Modified: Wed, 25 Nov 2026 11:00:00 GMT"
STATE_ONE = response(200, ONE, BINARY, TAG_ONE, MODIFIED, HAS_RANGES)
STATE_TWO = response(200, TWO, BINARY, TAG_TWO, LATER, HAS_RANGES)


def path_of(slug: str) -> str:
    """Return the name of the file of one check."""
    return f"changing-{slug}.txt"


def asked(slug: str, *lines: bytes) -> Send:
    """Return the step that asks for it in no coding, with these field lines."""
    more = b"".join(line + b"\r\n" for line in (b"Accept-Encoding: identity", *lines))
    return Send(b"GET {files:%s} HTTP/1.1\r\nHost: {host}\r\n%s\r\n" % (path_of(slug).encode(), more), anew=True)


def state(data: bytes, keep: str, cases: Cases | None = None) -> Answers:
    """Return the step that reads a state of it and keeps the answer; `cases` come first."""
    stale = WARNING.because("the file has changed, and the old one came")
    return Answers({**(cases or {}), content(data): PASS, status_2xx: stale, **rest()}, keep=keep)


def _no(name: bytes) -> Cases:
    return {all_of(status(200), without(field(name))): lacks(f"{name.decode()} of a file")}


# --- a file that was changed long before: its old validators do not hold any more

_NEW = content(TWO)
_STALE = VIOLATION.because("a 304 by the validator of an earlier state")
SERVED: Cases = {
    _NEW: PASS,
    status(304): _STALE,
    status(206): VIOLATION.because("a part of one state in answer to the validator of another"),
    status(412, 416): VIOLATION.because("a failure where the new state is due"),
    status(200): VIOLATION.because("a 200 that is not the new state"),
    **rest(),
}
FAILS: Cases = {
    status(412): PASS,
    status(304): VIOLATION.because("a 304 where 412 is due"),
    status_2xx: IGNORED_CONDITION,
    status_4xx: WARNING.because("refused, but not with 412"),
    **rest(),
}

CHANGED: tuple[tuple[str, str, str, bytes, tuple[bytes, ...], Cases], ...] = (
    ("if-none-match", "13.1.2-3", "If-None-Match with the tag of an earlier state gets the new one", b"ETag",
     (b"If-None-Match: {kept:one/ETag}",), SERVED),
    ("if-none-match-weak", "13.1.2-3", "If-None-Match with the weak form of an earlier tag gets the new state", b"ETag",
     (b"If-None-Match: {kept:one/ETag|weak}",), SERVED),
    ("if-modified-since", "13.1.3-a1", "If-Modified-Since with the date of an earlier state gets the new one", b"Last-Modified",
     (b"If-Modified-Since: {kept:one/Last-Modified}",), SERVED),
    ("both", "13.1.3-1", "Both validators of an earlier state get the new one", b"ETag",
     (b"If-None-Match: {kept:one/ETag}", b"If-Modified-Since: {kept:one/Last-Modified}"), SERVED),
    ("if-range", "13.1.5-7", "If-Range with the tag of an earlier state gets all of the new one", b"ETag",
     (b"Range: bytes=5-9", b"If-Range: {kept:one/ETag|strong}"), SERVED),
    ("if-range-date", "13.1.5-a2", "If-Range with the date of an earlier state gets all of the new one", b"Last-Modified",
     (b"Range: bytes=5-9", b"If-Range: {kept:one/Last-Modified}"), SERVED),
    ("if-match", "13.1.1-2", "If-Match with the tag of an earlier state fails", b"ETag",
     (b"If-Match: {kept:one/ETag|strong}",), FAILS),
    ("if-unmodified-since", "13.1.4-5", "If-Unmodified-Since with the date of an earlier state fails", b"Last-Modified",
     (b"If-Unmodified-Since: {kept:one/Last-Modified}",), FAILS),
)  # fmt: skip


def _changed(slug: str, requirement: str, title: str, needed: bytes, lines: tuple[bytes, ...], cases: Cases) -> Check:  # noqa: PLR0917 - the columns of a table
    name = path_of(slug)
    good = FAILED if cases is FAILS else STATE_TWO
    both = STATE_ONE + STATE_TWO
    section = requirement.partition("-")[0]
    return Check(
        id=f"rfc9110-{section}-changed-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        tags=OWN_FILES,
        steps=(
            Write(name, ONE, 7200),
            asked(slug),
            state(ONE, "one", _no(needed)),
            Write(name, TWO, 3600),
            asked(slug),
            # A server may look at its files seldom: until it has seen the change, the old state is the current one.
            Answers({content(TWO): PASS, content(ONE): lacks("files that are looked at for each request"), **rest()}),
            asked(slug, *lines),
            Answers(cases),
        ),
        twin=TWIN,
        good=(both + good,),
        mutants=(
            Canned("answers 304", both + NOT_MODIFIED),
            Canned("sends a part", both + response(206, TWO[5:10], b"Content-Range: bytes 5-9/%d" % len(TWO))),
            Canned("sends the old state" if cases is not FAILS else "sends the new state",
                   both + (STATE_ONE if cases is not FAILS else STATE_TWO)),
            Canned("calls it a bad request", both + refused("small.bin", 400)),
        ),
    )  # fmt: skip


# --- a file that has only just changed, and may change again in the same second


def _tried(slug: str, times: int, steps: Callable[[str, str], tuple[Step, ...]]) -> tuple[Step, ...]:
    """Return the steps that write two states one at once after the other, again and again until both are of one second.

    `steps` are those that follow then, given the names of the answers that were kept.
    """
    if times == 0:
        return ()
    one, two = f"one{times}", f"two{times}"
    name = path_of(slug)
    again = _tried(slug, times - 1, steps)
    elsewhen = (
        lacks("two changes in one second") if times == 1 else PASS.because("a second began in between").then(*again)
    )
    return (
        Write(name, ONE, 0),
        asked(slug),
        state(ONE, one, _no(b"Last-Modified")),
        Write(name, TWO, 0),
        asked(slug),
        Answers(
            {
                all_of(content(TWO), same_field(one, b"Last-Modified")): PASS,
                status(200): elsewhen,
                **rest(),
            },
            keep=two,
        ),
        *steps(one, two),
    )


def _one_second_date() -> Check:
    slug = "if-range-second"
    state_two = response(200, TWO, BINARY, TAG_TWO, MODIFIED, HAS_RANGES)
    probe = response(206, TWO[5:10], b"Content-Range: bytes 5-9/%d" % len(TWO), MODIFIED)

    def steps(one: str, _: str) -> tuple[Step, ...]:
        return (
            asked(slug, b"Range: bytes=5-9"),
            Answers({status(206): PASS, content(TWO): NO_RANGES, **rest()}),
            asked(slug, b"Range: bytes=5-9", b"If-Range: {kept:%s/Last-Modified}" % one.encode()),
            Answers(
                {
                    content(TWO): PASS,
                    status(206): VIOLATION.because("a date that two states had was taken for a strong validator"),
                    status(412, 416): VIOLATION.because("If-Range was taken for another condition"),
                    status(200): VIOLATION.because("a 200 that is not the new state"),
                    **rest(),
                }
            ),
        )

    first = STATE_ONE + state_two + probe
    return Check(
        id="rfc9110-13.1.5-changed-in-one-second",
        requirement="rfc9110-13.1.5-a3",
        title="If-Range with a date that two states of one second have gets all of the file",
        since=SINCE,
        tags=OWN_FILES,
        steps=_tried(slug, 3, steps),
        twin=TWIN,
        good=(first + state_two,),
        mutants=(
            Canned("sends the part", first + probe),
            Canned("answers 412", first + FAILED),
            Canned("sends the old state", first + STATE_ONE),
        ),
        note="Both states were written by merkhet itself, within the second that Last-Modified names.",
    )


def _strong_or_new(slug: str, title: str, second: bytes) -> Check:
    name = path_of(slug)

    def after(number: int, data: bytes) -> tuple[Step, ...]:
        same: Expectation = all_of(content(data), STRONG, same_field(f"state{number - 1}", b"ETag"))
        told: Cases = {same: VIOLATION.because("one strong tag for two states of the file")}
        return Write(name, data, 0), asked(slug), state(data, f"state{number}", told)

    def answer(data: bytes, tag: bytes) -> bytes:
        return response(200, data, BINARY, tag, MODIFIED)

    first = answer(ONE, TAG_ONE)
    return Check(
        id=f"rfc9110-8.8.3-{slug}",
        requirement="rfc9110-8.8.3-1",
        title=title,
        since=SINCE,
        tags=OWN_FILES,
        steps=(
            Write(name, ONE, 0),
            asked(slug),
            state(ONE, "state1", _no(b"ETag")),
            *after(2, second),
            *after(3, ONE[::-1]),
            *after(4, second),
        ),
        twin=TWIN,
        good=(
            first + answer(second, TAG_TWO) + answer(ONE[::-1], b'ETag: "three"') + answer(second, b'ETag: W/"four"'),
        ),
        mutants=(
            Canned("keeps the tag", first + answer(second, TAG_ONE)),
            Canned("sends the old state", first + answer(ONE, b'ETag: W/"a"')),
            Canned("keeps the last tag", first + answer(second, TAG_TWO) + answer(ONE[::-1], TAG_TWO)),
        ),
        note="A tag of modification second and length is weak as long as the file may change within that second.",
    )


FRESH: tuple[tuple[str, str, str, tuple[bytes, ...], int], ...] = (
    ("if-range", "13.1.5-a1", "If-Range with the weak tag of a file gets all of it", (b"Range: bytes=5-9",
     b"If-Range: {kept:one/ETag}"), 200),
    ("if-match", "13.1.1-1", "If-Match with the weak tag of a file fails", (b"If-Match: {kept:one/ETag}",), 412),
    ("if-none-match", "13.1.2-1", "If-None-Match with the weak tag of a file gets 304", (b"If-None-Match: {kept:one/ETag}",), 304),
    ("if-none-match-strong", "13.1.2-1", "If-None-Match with the strong form of a weak tag gets 304",
     (b"If-None-Match: {kept:one/ETag|strong}",), 304),
)  # fmt: skip


def _fresh(slug: str, requirement: str, title: str, lines: tuple[bytes, ...], code: int) -> Check:
    own = f"fresh-{slug}"
    section = requirement.partition("-")[0]
    weak_one = response(200, ONE, BINARY, b'ETag: W/"one"', MODIFIED, HAS_RANGES)
    cases: dict[int, Cases] = {
        200: {content(ONE): PASS, status(206): VIOLATION.because("a part was sent by a weak tag"), **SERVED},
        304: {
            status(304): PASS,
            status_2xx: VIOLATION.because("the weak tag of the file itself did not match"),
            status(412): VIOLATION.because("a 412 where 304 is due"),
            **rest(),
        },
        412: FAILS,
    }
    answers = {200: weak_one, 304: NOT_MODIFIED.replace(TAG, b'ETag: W/"one"'), 412: FAILED}
    part = response(206, ONE[5:10], b"Content-Range: bytes 5-9/%d" % len(ONE))
    wrong = tuple(answers[other] for other in answers if other != code)
    return Check(
        id=f"rfc9110-{section}-fresh-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        tags=OWN_FILES,
        steps=(
            Write(path_of(own), ONE, 0),
            asked(own),
            state(ONE, "one", {**_no(b"ETag"), STRONG: lacks("a weak entity tag")}),
            asked(own, *lines),
            Answers({STRONG: lacks("a tag that stays weak so long"), **cases[code]}),
        ),
        twin=TWIN,
        good=(weak_one + answers[code],),
        mutants=(
            *(Canned(f"answers with {answer[9:12].decode()}", weak_one + answer) for answer in wrong),
            Canned("sends a part", weak_one + part),
        ),
        note="A file that has only just changed may have a weak tag, since it may change again unnoticed.",
    )


# --- 8.8.1-1 and 8.8.2.1-4


def _weak_changes() -> Check:
    slug = "weak-changes"
    weak_one = response(200, ONE, BINARY, b'ETag: W/"one"', MODIFIED)

    def weak_two(tag: bytes) -> bytes:
        return response(200, LONGER, BINARY, b"ETag: " + tag, MODIFIED)

    return Check(
        id="rfc9110-8.8.1-weak-changes",
        requirement="rfc9110-8.8.1-1",
        title="A weak tag of a file changes when the file does",
        since=SINCE,
        tags=OWN_FILES,
        steps=(
            Write(path_of(slug), ONE, 0),
            asked(slug),
            state(ONE, "one", {**_no(b"ETag"), STRONG: lacks("a weak entity tag")}),
            Write(path_of(slug), LONGER, 0),
            asked(slug),
            Answers(
                {
                    all_of(content(LONGER), same_field("one", b"ETag", weakly=True)): (
                        VIOLATION.because("a weak tag stayed while the content became another")
                    ),
                    content(LONGER): PASS,
                    status_2xx: WARNING.because("the file has changed, and the old one came"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(weak_one + weak_two(b'W/"two"'),),
        mutants=(
            Canned("keeps it", weak_one + weak_two(b'W/"one"')),
            Canned("keeps it and calls it strong", weak_one + weak_two(b'"one"')),
            Canned("sends the old state", weak_one + weak_one),
        ),
    )


def _future(slug: str, words: str, age_seconds: float) -> Check:
    def answer(date: bytes) -> bytes:
        return response(200, ONE, BINARY, b"Last-Modified: " + date)

    later: Verdict = VIOLATION.because("a Last-Modified later than the Date of the answer")
    return Check(
        id=f"rfc9110-8.8.2.1-{slug}",
        requirement="rfc9110-8.8.2.1-4",
        title=f"A file whose time is {words} ahead was last modified no later than now",
        since=SINCE,
        tags=OWN_FILES,
        steps=(
            Write(path_of(slug), ONE, -age_seconds),
            asked(slug),
            Answers(
                {
                    not_later(b"Last-Modified", b"Date"): PASS,
                    all_of(status(200), without(field(b"Last-Modified"))): observed("sends no Last-Modified"),
                    all_of(status(200), without(field(b"Date"))): lacks("a Date"),
                    status(200): later,
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(answer(DATE.strip().removeprefix(b"Date: ")),),
        mutants=(
            Canned("sends the time of the file", answer(b"Thu, 26 Nov 2026 12:00:00 GMT")),
            Canned("sends the next second", answer(b"Wed, 25 Nov 2026 12:00:01 GMT")),
            Canned("sends nothing", response(200, ONE, BINARY)),
        ),
    )


CHECKS = (
    *(_changed(*row) for row in CHANGED),
    _one_second_date(),
    _strong_or_new("two-states-one-length", "Two states of one length in one second have two tags, or weak ones", TWO),
    _strong_or_new("two-states", "Two states of two lengths in one second have two tags, or weak ones", LONGER),
    *(_fresh(*row) for row in FRESH),
    _weak_changes(),
    _future("future-hour", "an hour", 3600),
    _future("future-day", "a day", 86400),
)
