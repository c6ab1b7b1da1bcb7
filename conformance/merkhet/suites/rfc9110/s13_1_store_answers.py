"""RFC 9110, Sections 13.1 and 13.2.1: conditions where nothing is stored yet, and how a failed one is answered."""

from __future__ import annotations

from merkhet.check import INCONCLUSIVE, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, lacks, observed
from merkhet.expect import content, status, status_2xx, status_4xx
from merkhet.suites.rfc9110.s13_1_store import FIRST, MODIFIED, OTHER, OWN
from merkhet.suites.rfc9110.s13_words import (
    AFTER,
    CREATED,
    FAILED,
    GONE,
    MUTABLE_TWIN,
    NO_CONTENT,
    NOT_MODIFIED,
    OLD_DATE,
    OTHER_TAG,
    at,
    attempt,
    of_store,
    put_first,
    request,
    stored,
    tidied,
)
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_STRONG_TAG, NO_TAG, NO_VALIDATOR, Cases, rest
from merkhet.suites.words import SINCE, response

# --- where nothing is

CREATIONS: tuple[tuple[str, str, str, bytes, int], ...] = (
    ("13.1.1-create-star", "13.1.1-a1", "A PUT whose If-Match is a star creates nothing", b"If-Match: *", 412),
    (
        "13.2.1-create-if-match",
        "13.2.1-1",
        "A PUT whose If-Match names a tag creates nothing",
        b"If-Match: " + OTHER_TAG,
        412,
    ),
    (
        "13.1.2-create-star",
        "13.1.2-a1",
        "A PUT whose If-None-Match is a star creates what is not there",
        b"If-None-Match: *",
        201,
    ),
    (
        "13.1.2-create-other",
        "13.1.2-3",
        "A PUT whose If-None-Match names a tag creates what is not there",
        b"If-None-Match: " + OTHER_TAG,
        201,
    ),
)


def _creation(slug: str, requirement: str, title: str, line: bytes, code: int) -> Check:
    beside, path = at(slug.replace(".", "-").encode() + b"-beside"), at(slug.replace(".", "-").encode())
    fails = code == 412
    wanted: Cases = (
        {status(412): PASS, status_2xx: VIOLATION.because("something was created though the condition is false")}
        if fails
        else {status_2xx: PASS, status(412): VIOLATION.because("a 412 where the condition is true")}
    )
    absent = VIOLATION.because("nothing was created")
    there = VIOLATION.because("something was created though the condition is false")
    after: Cases = (
        {status(404, 410): PASS, status_2xx: there, **rest()}
        if fails
        else {content(AFTER): PASS, status(404, 410): absent, **rest()}
    )
    created = FIRST + CREATED + of_store(AFTER) + NO_CONTENT + NO_CONTENT
    nothing = FIRST + FAILED + GONE + GONE + NO_CONTENT
    return Check(
        id=f"rfc9110-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *put_first(beside),
            *stored(beside, NO_VALIDATOR),
            *attempt(
                b"PUT",
                path,
                line,
                cases={**wanted, status(304): VIOLATION.because("a 304 to a PUT"), **rest()},
            ),
            Send(request(b"GET", path), anew=True),
            Answers(after),
            *tidied(path),
            *tidied(beside),
        ),
        twin=MUTABLE_TWIN,
        good=(nothing if fails else created,),
        mutants=(
            Canned("does the other thing", created if fails else nothing),
            Canned("answers 304", FIRST + NOT_MODIFIED),
            Canned(
                "says one thing and does the other", FIRST + (FAILED + of_store(AFTER) if fails else CREATED + GONE)
            ),
            Canned("refuses with 403 alone", FIRST + response(409, b"")),
        ),
        note="A PUT that would create is a success without the condition, so the condition counts.",
    )


# --- MAY: how a failure is said, and what was done before

_READS = observed("has what conditions rest on")
_SAID: Cases = {
    status(412): observed("answers 412"),
    status_4xx: observed("answers with another 4xx"),
    status(304): WARNING.because("a 304 to a method that reads nothing"),
    status_2xx: lacks("evaluation of the condition"),
    **{case: verdict for case, verdict in rest().items() if case != status_4xx},
}
SAID: tuple[tuple[str, str, str, bytes, bytes, Cases], ...] = (
    ("13.1.1-said-put", "13.1.1-4", "The answer to a PUT whose If-Match is false", b"PUT", b"If-Match: " + OTHER, NO_TAG),
    ("13.1.1-said-delete", "13.1.1-4", "The answer to a DELETE whose If-Match is false", b"DELETE", b"If-Match: " + OTHER, NO_TAG),
    ("13.1.4-said-put", "13.1.4-7", "The answer to a PUT whose If-Unmodified-Since is false", b"PUT",
     b"If-Unmodified-Since: " + OLD_DATE, NO_DATE),
)  # fmt: skip


def _said(slug: str, requirement: str, title: str, method: bytes, line: bytes, unless: Cases) -> Check:  # noqa: PLR0917 - the columns of a table
    path = at(slug.replace(".", "-").encode())
    return Check(
        id=f"rfc9110-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *put_first(path, fine=_READS),
            *stored(path, unless, fine=_READS),
            *attempt(method, path, line, cases=_SAID),
        ),
        twin=MUTABLE_TWIN,
        good=(FIRST + FAILED,),
        mutants=(
            Canned("answers 409", FIRST + response(409)),
            Canned("answers 304", FIRST + NOT_MODIFIED),
            Canned("breaks down", FIRST + response(500)),
        ),
    )


REPEATED: tuple[tuple[str, str, str, bytes, Cases], ...] = (
    ("13.1.1-repeated", "13.1.1-5", "The second of two equal PUTs with the If-Match of the state before both",
     b"If-Match: " + OWN, NO_STRONG_TAG),
    ("13.1.4-repeated", "13.1.4-8", "The second of two equal PUTs with one If-Unmodified-Since",
     b"If-Unmodified-Since: " + MODIFIED, NO_DATE),
)  # fmt: skip


def _repeated(slug: str, requirement: str, title: str, line: bytes, unless: Cases) -> Check:
    path = at(slug.replace(".", "-").encode())
    first = FIRST + NO_CONTENT
    return Check(
        id=f"rfc9110-{slug}",
        requirement=f"rfc9110-{requirement}",
        title=title,
        since=SINCE,
        steps=(
            *put_first(path, fine=_READS),
            *stored(path, unless, fine=_READS),
            *attempt(
                b"PUT",
                path,
                line,
                cases={
                    status_2xx: _READS,
                    status(412): INCONCLUSIVE.because("the first was not performed"),
                    **rest(),
                },
            ),
            Send(request(b"PUT", path, line, content=AFTER), anew=True),
            Answers(
                {
                    status_2xx: observed("says once more that it is done"),
                    status(412): observed("says that the state has changed"),
                    status(304): WARNING.because("a 304 to a PUT"),
                    **rest(),
                },
                to="PUT",
            ),
            Send(request(b"GET", path), anew=True),
            Answers(
                {
                    content(AFTER): observed("keeps what was sent"),
                    status_2xx: WARNING.because("not what was sent"),
                    **rest(),
                }
            ),
        ),
        twin=MUTABLE_TWIN,
        good=(first + FAILED + of_store(AFTER),),
        mutants=(
            Canned("says that it is done", first + NO_CONTENT + of_store(AFTER)),
            Canned("answers 304", first + NOT_MODIFIED + of_store(AFTER)),
            Canned("goes back", first + FAILED + of_store()),
            Canned("breaks down", first + response(500) + of_store(AFTER)),
        ),
        note="A change that was made already may be called a success, or a failure: the client cannot lose anything by either.",
    )


CHECKS = (
    *(_creation(*row) for row in CREATIONS),
    *(_said(*row) for row in SAID),
    *(_repeated(*row) for row in REPEATED),
)
