"""RFC 9110, Section 13.2.2: the order of conditions on PUT and DELETE."""

from __future__ import annotations

import itertools

from merkhet.check import PASS, VIOLATION, Answers, Canned, Check, Send, Step, lacks
from merkhet.expect import status, status_2xx
from merkhet.suites.rfc9110.s13_2_order import NAMES, Values, decided, slug_of, words_of
from merkhet.suites.rfc9110.s13_words import (
    AFTER,
    BEFORE,
    CREATED,
    FAILED,
    GONE,
    MUTABLE_TWIN,
    NO_CONTENT,
    NOT_MODIFIED,
    OLD_DATE,
    REFUSES_IT,
    at,
    attempt,
    of_store,
    performed,
    put_first,
    request,
    still,
    stored,
    tidied,
)
from merkhet.suites.rfc9110.s14_words import NO_DATE, NO_STRONG_TAG, rest
from merkhet.suites.words import SINCE

_TRUE = {
    "IM": b"If-Match: {kept:stored/ETag}",
    "IUS": b"If-Unmodified-Since: {kept:stored/Last-Modified}",
    "INM": b"If-None-Match: {kept:stored/ETag|other}",
    "IMS": b"If-Modified-Since: " + OLD_DATE,
}
_FALSE = {
    "IM": b"If-Match: {kept:stored/ETag|other}",
    "IUS": b"If-Unmodified-Since: " + OLD_DATE,
    "INM": b"If-None-Match: {kept:stored/ETag}",
    "IMS": b"If-Modified-Since: {kept:stored/Last-Modified}",
}
_ALONE = ("IM", "IUS", "INM")
"""Those that a PUT is to be stopped by; If-Modified-Since is not for it."""


def _gates(values: Values, path: bytes, method: bytes) -> tuple[Step, ...]:
    """Return the steps that see whether each condition alone stops the method; where one does not, the check does not apply.

    A PUT of them sends what is stored already, so that nothing changes where it is not stopped.
    """
    steps: list[Step] = []
    for name in values:
        if name in _ALONE:
            content = BEFORE if method == b"PUT" else b""
            steps += [
                Send(request(method, path, _FALSE[name], content=content), anew=True),
                Answers(
                    {**REFUSES_IT, status(412): PASS, status_2xx: lacks(f"evaluation of {NAMES[name]}"), **rest()},
                    to=method.decode(),
                ),
            ]
    return tuple(steps)


def _ordered(values: Values, method: bytes) -> Check:
    slug = f"{method.decode().lower()}-{slug_of(values)}"
    path = at(slug.encode())
    fails = decided(values, reads=False) == 412
    is_put = method == b"PUT"
    lines = tuple(_TRUE[name] if value else _FALSE[name] for name, value in values.items())
    first = CREATED + of_store() + FAILED * sum(name in _ALONE for name in values)
    done = NO_CONTENT + (of_store(AFTER) if is_put else GONE)
    stopped = FAILED + of_store()
    wrong = VIOLATION.because("performed though a condition is false that decides")
    refused = VIOLATION.because("a 412 though the conditions that decide are true")
    return Check(
        id=f"rfc9110-13.2.2-{slug}",
        requirement="rfc9110-13.2.2-1",
        title=f"A {method.decode()} with {words_of(values)} {'fails' if fails else 'is performed'}",
        since=SINCE,
        steps=(
            *put_first(path),
            *stored(path, NO_STRONG_TAG, NO_DATE),
            *_gates(values, path, method),
            *attempt(
                method,
                path,
                *lines,
                cases={
                    status(412): PASS if fails else refused,
                    status(304): VIOLATION.because("a 304 to a method that is neither GET nor HEAD"),
                    status_2xx: wrong if fails else PASS,
                    **rest(),
                },
            ),
            *(still(path, BEFORE, wrong) if fails else performed(method, path)),
            *tidied(path),
        ),
        twin=MUTABLE_TWIN,
        good=(first + (stopped if fails else done) + NO_CONTENT,),
        mutants=(
            Canned("decides the other way", first + (done if fails else stopped) + NO_CONTENT),
            Canned("answers 304", first + NOT_MODIFIED),
            Canned(
                "says one thing and does the other",
                first + (FAILED + done[len(NO_CONTENT) :] if fails else NO_CONTENT + of_store()),
            ),
        ),
    )


def _sets(*names: str) -> list[Values]:
    return [dict(zip(names, values, strict=True)) for values in itertools.product((True, False), repeat=len(names))]


_PAIRS = [values for names in itertools.combinations(_ALONE, 2) for values in _sets(*names)]
_WITH_SINCE: list[Values] = [{"IM": True, "IMS": False}, {"INM": True, "IMS": False}, {"IUS": True, "IMS": False}]
_QUADS = _sets("IM", "IUS", "INM", "IMS")

CHECKS = (
    *(_ordered(values, b"PUT") for values in (*_PAIRS, *_WITH_SINCE, *_QUADS)),
    *(_ordered(values, b"DELETE") for values in (*_PAIRS, *_WITH_SINCE, *_QUADS[::3])),
)
