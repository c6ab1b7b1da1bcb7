"""RFC 9110, Section 13.2: Evaluation of Preconditions. When conditions count, and which of several decides."""

from __future__ import annotations

import itertools

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, Step, lacks
from merkhet.expect import answered, ended, silent, status, status_2xx
from merkhet.expect_ranges import same_status
from merkhet.suites.rfc9110.s13_1_tags import conditional
from merkhet.suites.rfc9110.s13_words import (
    FAILED,
    IF_MATCH,
    IF_MODIFIED,
    IF_NONE_MATCH,
    IF_UNMODIFIED,
    NOT_MODIFIED,
    OLD_DATE,
    OTHER_TAG,
    answer_of,
    evaluates,
)
from merkhet.suites.rfc9110.s14_words import (
    NO_DATE,
    NO_STRONG_TAG,
    TWIN,
    fetched,
    has_ranges,
    partial,
    ranged,
    refused,
    rest,
    whole,
)
from merkhet.suites.words import SINCE, post, response

# --- 13.2.1-2 and -4: where conditions do not count

_LINE = b"%s %s HTTP/1.1\r\nHost: {host}\r\n%s\r\n"
FALSE_TAG = b"If-Match: " + OTHER_TAG
STAR = b"If-None-Match: *"
FALSE_DATE = b"If-Unmodified-Since: " + OLD_DATE
RECENT = b"If-Modified-Since: Mon, 01 Jan 2096 00:00:00 GMT"

MISSING = b"{files:merkhet-nothing-here.txt}"
CHALLENGED = response(401, b"who?", b'WWW-Authenticate: Basic realm="merkhet"')
AWAY = response(302, b"there", b"Location: /")
FAILURES: tuple[tuple[str, str, bytes, bytes, bytes], ...] = (
    ("missing-if-match", "A missing file and a false If-Match", MISSING, FALSE_TAG, response(404, b"no")),
    ("missing-star", "A missing file and an If-Match that is a star", MISSING, b"If-Match: *", response(404, b"no")),
    ("missing-date", "A missing file and a false If-Unmodified-Since", MISSING, FALSE_DATE, response(404, b"no")),
    ("missing-if-none-match", "A missing file and If-None-Match", MISSING, STAR, response(404, b"no")),
    ("missing-if-modified", "A missing file and If-Modified-Since", MISSING, RECENT, response(404, b"no")),
    ("redirect-if-match", "A redirect and a false If-Match", b"{redirect}", FALSE_TAG, AWAY),
    ("redirect-if-none-match", "A redirect and an If-None-Match that is a star", b"{redirect}", STAR, AWAY),
    ("redirect-date", "A redirect and a false If-Unmodified-Since", b"{redirect}", FALSE_DATE, AWAY),
    ("private-if-match", "A 401 and a false If-Match", b"{auth}", FALSE_TAG, CHALLENGED),
    ("private-if-none-match", "A 401 and an If-None-Match that is a star", b"{auth}", STAR, CHALLENGED),
    ("forbidden-if-match", "A 403 and a false If-Match", b"{status:403}", FALSE_TAG, response(403, b"no")),
    ("gone-if-none-match", "A 410 and an If-None-Match that is a star", b"{status:410}", STAR, response(410, b"gone")),
)


def _same(  # noqa: PLR0917 - the columns of a table
    check_id: str,
    requirement: str,
    title: str,
    method: str,
    requests: tuple[bytes, bytes],
    good: bytes,
    *,
    successes: bool = False,
) -> Check:
    bare, conditioned = requests
    not_so = {} if successes else {status_2xx: lacks("an answer here that is no 2xx")}
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(bare, anew=True),
            Answers(
                {
                    **not_so,
                    answered: PASS,
                    ended: WARNING.because("the connection ended without an answer"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                to=method,
                keep="bare",
            ),
            Send(conditioned, anew=True),
            Answers(
                {
                    same_status("bare"): PASS,
                    status(412): VIOLATION.because("a condition was evaluated that does not count here"),
                    status(304): VIOLATION.because("a 304 where conditions do not count"),
                    status_2xx: WARNING.because("a success where there was none without the condition"),
                    **rest(),
                },
                to=method,
            ),
        ),
        twin=TWIN,
        good=(good + good,),
        mutants=(
            Canned("answers 412", good + FAILED),
            Canned("answers 304", good + NOT_MODIFIED),
            Canned("refuses it", good + response(400)),
        ),
    )


def _failure(slug: str, words: str, path: bytes, line: bytes, good: bytes) -> Check:
    bare, conditioned = _LINE % (b"GET", path, b""), _LINE % (b"GET", path, line + b"\r\n")
    title = f"{words} come to what there is without the condition"
    return _same(f"rfc9110-13.2.1-{slug}", "rfc9110-13.2.1-2", title, "GET", (bare, conditioned), good)


def _posted(slug: str, words: str, line: bytes) -> Check:
    bare = post(b"hello", b"Content-Length: 5", to=b"{root}")
    conditioned = post(b"hello", b"Content-Length: 5", line, to=b"{root}")
    title = f"A POST that is not allowed is not allowed with {words} either"
    good = response(405, b"", b"Allow: GET, HEAD")
    return _same(f"rfc9110-13.2.1-post-{slug}", "rfc9110-13.2.1-2", title, "POST", (bare, conditioned), good)


_OPTIONS_GOOD = response(200, b"", b"Allow: GET, HEAD, OPTIONS")
_TRACE_GOOD = response(200, b"TRACE /trace HTTP/1.1\r\n\r\n", b"Content-Type: message/http")
SAFE: tuple[tuple[str, str, bytes, bytes, bytes], ...] = (
    ("options-if-match", "OPTIONS with a false If-Match", b"OPTIONS", b"{root}", FALSE_TAG),
    ("options-star", "OPTIONS with an If-None-Match that is a star", b"OPTIONS", b"{root}", STAR),
    ("options-date", "OPTIONS with a false If-Unmodified-Since", b"OPTIONS", b"{root}", FALSE_DATE),
    ("options-modified", "OPTIONS with If-Modified-Since", b"OPTIONS", b"{root}", RECENT),
    ("options-file-if-match", "OPTIONS of a file with a false If-Match", b"OPTIONS", b"{files:small.bin}", FALSE_TAG),
    (
        "options-file-star",
        "OPTIONS of a file with an If-None-Match that is a star",
        b"OPTIONS",
        b"{files:small.bin}",
        STAR,
    ),
    ("trace-if-match", "TRACE with a false If-Match", b"TRACE", b"{trace}", FALSE_TAG),
    ("trace-star", "TRACE with an If-None-Match that is a star", b"TRACE", b"{trace}", STAR),
)


def _safe(slug: str, words: str, method: bytes, path: bytes, line: bytes) -> Check:
    bare, conditioned = _LINE % (method, path, b""), _LINE % (method, path, line + b"\r\n")
    good = _OPTIONS_GOOD if method == b"OPTIONS" else _TRACE_GOOD
    title = f"{words} is answered as without"
    return _same(
        f"rfc9110-13.2.1-{slug}", "rfc9110-13.2.1-4", title, method.decode(), (bare, conditioned), good, successes=True
    )


# --- 13.2.2: one order for all

_TRUE = {
    "IM": b"If-Match: {kept:whole/ETag}",
    "IUS": b"If-Unmodified-Since: {kept:whole/Last-Modified}",
    "INM": b"If-None-Match: {kept:whole/ETag|other}",
    "IMS": b"If-Modified-Since: " + OLD_DATE,
}
_FALSE = {"IM": IF_MATCH, "IUS": IF_UNMODIFIED, "INM": IF_NONE_MATCH, "IMS": IF_MODIFIED}
NAMES = {"IM": "If-Match", "IUS": "If-Unmodified-Since", "INM": "If-None-Match", "IMS": "If-Modified-Since"}
_CODES = {"IM": 412, "IUS": 412, "INM": 304, "IMS": 304}

Values = dict[str, bool]


def decided(values: Values, *, reads: bool = True) -> int:
    """Return the status that conditions with these values come to (Section 13.2.2); 200 stands for success."""
    if not values.get("IM", values.get("IUS", True)):
        return 412
    if "INM" in values:
        return 200 if values["INM"] else (304 if reads else 412)
    return 304 if reads and not values.get("IMS", True) else 200


def words_of(values: Values) -> str:
    """Return what a set of conditions is in a title."""
    said = [f"a {str(value).lower()} {NAMES[name]}" for name, value in values.items()]
    return f"{', '.join(said[:-1])} and {said[-1]}"


def slug_of(values: Values) -> str:
    """Return what a set of conditions is in an id."""
    return "-".join(f"{name.lower()}-{str(value).lower()}" for name, value in values.items())


def _gates(values: Values, method: str) -> tuple[tuple[tuple[Step, Step], bytes], ...]:
    return tuple(
        (
            evaluates(_CODES[name], _FALSE[name][1], _FALSE[name][0], method=method),
            answer_of(_CODES[name], method=method),
        )
        for name in values
    )


def in_order(check_id: str, requirement: str, values: Values, method: str) -> Check:
    """Return the check of one set of conditions on GET or HEAD, each of which the server evaluates alone."""
    lines = tuple(_TRUE[name] if value else _FALSE[name][0] for name, value in values.items())
    code = decided(values)
    meaning = {200: "is served", 304: "gets 304", 412: "fails"}[code]
    return conditional(
        check_id,
        requirement,
        f"A {method} with {words_of(values)} {meaning}",
        lines,
        code,
        NO_STRONG_TAG,
        NO_DATE,
        method=method,
        before=_gates(values, method),
    )


def _sets(*names: str) -> list[Values]:
    return [dict(zip(names, values, strict=True)) for values in itertools.product((True, False), repeat=len(names))]


OWN_ROWS = {
    ("IM", False, "INM", False): "rfc9110-13.2.2-a1",
    ("IM", True, "INM", False): "rfc9110-13.2.2-a2",
    ("IUS", False, "INM", False): "rfc9110-13.2.2-a4",
}


def _requirement(values: Values) -> str:
    key = tuple(itertools.chain(*values.items()))
    return next((row for pair, row in OWN_ROWS.items() if pair == key), "rfc9110-13.2.2-1")


_PAIRS = [pair for names in itertools.combinations(NAMES, 2) for pair in _sets(*names)]
_QUADS = _sets(*NAMES)
_TRIPLES = [
    {"IM": True, "IUS": False, "INM": False},
    {"IM": True, "INM": True, "IMS": False},
    {"IUS": True, "INM": True, "IMS": False},
]
_HEAD_SETS = [values for values in _PAIRS if not any(values.values())] + _TRIPLES + _QUADS[1::5]

# --- 13.2.2-a3: conditions before ranges

BEFORE_RANGES: tuple[tuple[str, str, bytes, int, bytes, tuple[bytes, ...]], ...] = (
    ("304-range", "A false If-None-Match", b"{kept:whole/ETag}", 304, b"0-9", ()),
    ("304-range-past-end", "A false If-None-Match with a range past the end", b"{kept:whole/ETag}", 304, b"1000-", ()),
    ("304-if-range", "A false If-None-Match with a true If-Range", b"{kept:whole/ETag}", 304, b"0-9",
     (b"If-Range: {kept:whole/ETag}",)),
    ("304-if-range-false", "A false If-None-Match with a false If-Range", b"{kept:whole/ETag}", 304, b"0-9",
     (b"If-Range: " + OTHER_TAG,)),
)  # fmt: skip


def _before_range(slug: str, words: str, value: bytes, code: int, asked: bytes, lines: tuple[bytes, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    first = whole("small.bin") + answer_of(code) + partial("small.bin", 0, 0)
    return Check(
        id=f"rfc9110-13.2.2-{slug}",
        requirement="rfc9110-13.2.2-a3",
        title=f"{words} comes before Range: 304",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG),
            *evaluates(304, IF_NONE_MATCH[1], IF_NONE_MATCH[0]),
            *has_ranges(),
            Send(ranged("small.bin", asked, b"If-None-Match: " + value, *lines), anew=True),
            Answers(
                {
                    status(code): PASS,
                    status(206): VIOLATION.because("a part was sent of what has not changed"),
                    status(416): VIOLATION.because("the range was judged before the condition"),
                    status(412): VIOLATION.because("a 412 where 304 is due"),
                    status_2xx: VIOLATION.because("the condition was forgotten over the range"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + answer_of(code),),
        mutants=(
            Canned("sends the part", first + partial("small.bin", 0, 9)),
            Canned("judges the range", first + refused("small.bin")),
            Canned("sends all of it", first + whole("small.bin")),
            Canned("answers 412", first + FAILED),
        ),
    )


def _failed_before_range(slug: str, words: str, line: bytes, what: str, asked: bytes) -> Check:
    first = whole("small.bin") + FAILED + partial("small.bin", 0, 0)
    return Check(
        id=f"rfc9110-13.2.2-{slug}",
        requirement="rfc9110-13.2.2-1",
        title=f"{words} comes before Range: 412",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG, NO_DATE),
            *evaluates(412, what, line),
            *has_ranges(),
            Send(ranged("small.bin", asked, line, b"If-Range: {kept:whole/ETag}"), anew=True),
            Answers(
                {
                    status(412): PASS,
                    status(206): VIOLATION.because("a part was sent though a condition is false"),
                    status(416): VIOLATION.because("the range was judged before the condition"),
                    status(304): VIOLATION.because("a 304 where 412 is due"),
                    status_2xx: VIOLATION.because("the condition was forgotten over the range"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(first + FAILED,),
        mutants=(
            Canned("sends the part", first + partial("small.bin", 0, 9)),
            Canned("judges the range", first + refused("small.bin")),
            Canned("sends all of it", first + whole("small.bin")),
            Canned("answers 304", first + NOT_MODIFIED),
        ),
    )


CHECKS = (
    *(_failure(*row) for row in FAILURES),
    _posted("if-match", "a false If-Match", FALSE_TAG),
    _posted("star", "an If-None-Match that is a star", STAR),
    *(_safe(*row) for row in SAFE),
    *(in_order(f"rfc9110-13.2.2-get-{slug_of(values)}", _requirement(values), values, "GET") for values in _PAIRS),
    *(in_order(f"rfc9110-13.2.2-get-{slug_of(values)}", "rfc9110-13.2.2-1", values, "GET") for values in _TRIPLES),
    *(in_order(f"rfc9110-13.2.2-get-{slug_of(values)}", "rfc9110-13.2.2-1", values, "GET") for values in _QUADS),
    *(in_order(f"rfc9110-13.2.2-head-{slug_of(values)}", "rfc9110-13.2.2-1", values, "HEAD") for values in _HEAD_SETS),
    *(_before_range(*row) for row in BEFORE_RANGES),
    _failed_before_range("412-range", "A false If-Match", *IF_MATCH, b"0-9"),
    _failed_before_range("412-range-past-end", "A false If-Match with a range past the end", *IF_MATCH, b"1000-"),
    _failed_before_range("412-range-date", "A false If-Unmodified-Since", *IF_UNMODIFIED, b"0-9"),
)
