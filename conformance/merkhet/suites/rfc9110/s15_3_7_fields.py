"""RFC 9110, Section 15.3.7: 206 Partial Content. Which fields of the 200 a 206 has, with If-Range and without."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, Answers, Canned, Check, Send, lacks
from merkhet.expect import Expectation, all_of, any_of, field, status, without
from merkhet.expect_kept import same_field, true_parts
from merkhet.expect_ranges import any_slice, fields_of, whole_file
from merkhet.suites.rfc9110.s14_words import (
    BINARY,
    HAS_RANGES,
    MODIFIED,
    NO_RANGES,
    NO_SETS,
    NO_STRONG_TAG,
    TAG,
    UNTRUE,
    Cases,
    fetched,
    multipart,
    part,
    partial,
    ranged,
    rest,
    twin,
    whole,
)
from merkhet.suites.words import SINCE

CACHE = b"Cache-Control: no-cache"
EXPIRES = b"Expires: Thu, 26 Nov 2026 12:00:00 GMT"
VARY = b"Vary: Accept-Encoding"
LOCATION = b"Content-Location: /files/small.bin"
LANGUAGE = b"Content-Language: en"
REQUIRED = (CACHE, TAG, EXPIRES, LOCATION, VARY)
DESCRIBING = (BINARY, LANGUAGE, MODIFIED)
ALL = (*DESCRIBING, *REQUIRED, HAS_RANGES)

FAR = ((0, 99), (500000, 500099))
SET = b"0-99,500000-500099"


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0]


def _lacking(name: bytes) -> Cases:
    return {all_of(status(200), without(field(name))): lacks(f"{name.decode()} in the 200")}


def _parts(*lines: bytes) -> bytes:
    return multipart(*(part("large.bin", span) for span in FAR), lines=lines)


# --- 15.3.7-2: what a 206 has in any case


def _required(line: bytes) -> Check:
    name = _name(line)
    others = tuple(other for other in ALL if other != line)
    same: Expectation = same_field("whole", b"ETag", weakly=True) if line == TAG else field(name)
    tagged = all_of(any_slice("small.bin"), field(b"ETag"))
    another_value: Cases = {tagged: VIOLATION.because("a 206 with another tag than the 200")} if line == TAG else {}
    another = partial("small.bin", 10, 19, *others, b'ETag: "canned-2"')
    first = whole("small.bin", *ALL)
    return Check(
        id=f"rfc9110-15.3.7-has-{name.decode().lower()}",
        requirement="rfc9110-15.3.7-2",
        title=f"A 206 has the {name.decode()} of the 200",
        since=SINCE,
        steps=(
            *fetched("small.bin", _lacking(name)),
            Send(ranged("small.bin", b"10-19"), anew=True),
            Answers(
                {
                    all_of(any_slice("small.bin"), same): PASS,
                    **another_value,
                    any_slice("small.bin"): VIOLATION.because(f"a 206 without the {name.decode()} that the 200 had"),
                    whole_file("small.bin"): NO_RANGES,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(first + partial("small.bin", 10, 19, *ALL),),
        mutants=(
            Canned("leaves it out", first + partial("small.bin", 10, 19, *others)),
            Canned("sends false octets", first + partial("small.bin", 10, 19, *ALL, content=b"?" * 10)),
            *((Canned("sends another tag", first + another),) if line == TAG else ()),
        ),
        note="Values may differ, as those of Expires and Cache-Control do with time; a tag may not.",
    )


def kept_fields(check_id: str, requirement: str, words: str, *, parted: bool, if_range: bool) -> Check:
    """Return the check that a 206 has the fields that it has to have, in another form of request."""
    file = "large.bin"
    first = whole(file, *ALL)
    condition = (b"If-Range: {kept:whole/ETag}",) if if_range else ()
    value = SET if parted else b"10-19"
    good = _parts(*REQUIRED) if parted else partial(file, 10, 19, *REQUIRED)
    true = true_parts(file) if parted else any_slice(file)
    unparted = {any_slice(file): NO_SETS} if parted else {}
    bare = (HAS_RANGES,)
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A 206 {words} has the fields that the 200 had and it has to have",
        since=SINCE,
        steps=(
            *fetched(file, NO_STRONG_TAG),
            Send(ranged(file, value, *condition), anew=True),
            Answers(
                {
                    all_of(true, fields_of("whole", *(_name(line) for line in REQUIRED), b"Date")): PASS,
                    true: VIOLATION.because("a 206 without a field that the 200 had and it has to have"),
                    whole_file(file): NO_SETS if parted else NO_RANGES,
                    **unparted,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(first + good,),
        mutants=(
            Canned("leaves them out", first + (_parts(*bare) if parted else partial(file, 10, 19, *bare))),
            Canned("sends false octets", first + partial(file, 10, 19, *ALL, content=b"?")),
        ),
    )


def _date() -> Check:
    first = whole("small.bin")
    good = partial("small.bin", 10, 19)
    return Check(
        id="rfc9110-15.3.7-has-date",
        requirement="rfc9110-15.3.7-2",
        title="A 206 has the Date of the 200",
        since=SINCE,
        steps=(
            *fetched("small.bin", _lacking(b"Date")),
            Send(ranged("small.bin", b"10-19"), anew=True),
            Answers(
                {
                    all_of(any_slice("small.bin"), field(b"Date")): PASS,
                    any_slice("small.bin"): VIOLATION.because("a 206 without Date, which the 200 had"),
                    whole_file("small.bin"): NO_RANGES,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(first + good,),
        mutants=(Canned("leaves it out", first + good.replace(b"Date: ", b"X-Date: ")),),
    )


# --- 15.3.7-3 and 15.3.7-4: what else describes the representation


def spare(check_id: str, requirement: str) -> Check:
    """Return the check that a 206 to If-Range has no field that the client has already."""
    first = whole("small.bin", *ALL)
    extra = any_of(*(field(name) for name in (b"Last-Modified", b"Content-Language", b"Content-Encoding")))
    return Check(
        id=check_id,
        requirement=requirement,
        title="A 206 to If-Range leaves out what describes the representation and is not asked for",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG),
            Send(ranged("small.bin", b"10-19", b"If-Range: {kept:whole/ETag}"), anew=True),
            Answers(
                {
                    all_of(any_slice("small.bin"), extra): VIOLATION.because("a field came again that the client has"),
                    any_slice("small.bin"): PASS,
                    whole_file("small.bin"): NO_RANGES,
                    status(206): BREACH.because("a 206 that is not the octets that its Content-Range names"),
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(first + partial("small.bin", 10, 19, *REQUIRED),),
        mutants=(
            Canned("repeats Last-Modified", first + partial("small.bin", 10, 19, *REQUIRED, MODIFIED)),
            Canned("repeats Content-Language", first + partial("small.bin", 10, 19, *REQUIRED, LANGUAGE)),
            Canned("sends false octets", first + partial("small.bin", 10, 19, *REQUIRED, content=b"?" * 10)),
        ),
        note="The client that sends If-Range has these fields with the validator; Content-Type is tolerated.",
    )


def described(check_id: str, requirement: str, line: bytes) -> Check:
    """Return the check that a 206 without If-Range has one of the fields that describe the representation."""
    name = _name(line)
    others = tuple(other for other in ALL if other != line)
    first = whole("small.bin", *ALL)
    return Check(
        id=check_id,
        requirement=requirement,
        title=f"A 206 to a request without If-Range has the {name.decode()} of the 200",
        since=SINCE,
        steps=(
            *fetched("small.bin", _lacking(name)),
            Send(ranged("small.bin", b"10-19"), anew=True),
            Answers(
                {
                    all_of(any_slice("small.bin"), field(name)): PASS,
                    any_slice("small.bin"): VIOLATION.because(f"a 206 without the {name.decode()} that the 200 had"),
                    whole_file("small.bin"): NO_RANGES,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin(),
        good=(first + partial("small.bin", 10, 19, *ALL),),
        mutants=(
            Canned("leaves it out", first + partial("small.bin", 10, 19, *others)),
            Canned("sends false octets", first + partial("small.bin", 10, 19, *ALL, content=b"?" * 10)),
        ),
    )


def _described_parts() -> Check:
    first = whole("large.bin", *ALL)
    return Check(
        id="rfc9110-15.3.7-describes-parts",
        requirement="rfc9110-15.3.7-4",
        title="A 206 with several parts has the fields that describe the representation in the 200",
        since=SINCE,
        steps=(
            *fetched("large.bin"),
            Send(ranged("large.bin", SET), anew=True),
            Answers(
                {
                    all_of(true_parts("large.bin"), fields_of("whole", b"Last-Modified", b"Content-Language")): PASS,
                    true_parts("large.bin"): VIOLATION.because(
                        "a 206 without a field that describes the representation"
                    ),
                    any_of(any_slice("large.bin"), whole_file("large.bin")): NO_SETS,
                    status(206): UNTRUE,
                    **rest(),
                }
            ),
        ),
        twin=twin("large.bin"),
        good=(first + _parts(LANGUAGE, MODIFIED, *REQUIRED),),
        mutants=(Canned("leaves them out", first + _parts(*REQUIRED)),),
    )


CHECKS = (
    *(_required(line) for line in REQUIRED),
    _date(),
    kept_fields("rfc9110-15.3.7-has-all-parts", "rfc9110-15.3.7-2", "with several parts", parted=True, if_range=False),
    kept_fields("rfc9110-15.3.7-has-all-if-range", "rfc9110-15.3.7-2", "to If-Range", parted=False, if_range=True),
    kept_fields(
        "rfc9110-15.3.7-has-all-parts-if-range", "rfc9110-15.3.7-2", "with several parts to If-Range",
        parted=True, if_range=True,
    ),
    spare("rfc9110-15.3.7-if-range-spare", "rfc9110-15.3.7-3"),
    *(
        described(f"rfc9110-15.3.7-describes-{_name(line).decode().lower()}", "rfc9110-15.3.7-4", line)
        for line in DESCRIBING
    ),
    _described_parts(),
)  # fmt: skip
