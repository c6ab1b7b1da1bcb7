"""RFC 9110, Section 14.2: Range. When it is answered with 206, with 416, or not at all."""

from __future__ import annotations

from merkhet.check import BREACH, PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks, observed
from merkhet.expect import all_of, answered, ended, field, silent, status, status_2xx, status_4xx
from merkhet.expect_kept import parts_of
from merkhet.expect_ranges import (
    Span,
    any_slice,
    contradictory_range,
    no_content,
    one_slice,
    same_status,
    slice_around,
    slice_within,
    whole_file,
)
from merkhet.suites.rfc9110.s14_words import (
    NO_RANGES,
    NO_STRONG_TAG,
    OF_FILE,
    TAG,
    TWIN,
    fetched,
    get,
    has_ranges,
    partial,
    parts,
    ranged,
    refused,
    rest,
    twin,
    whole,
)
from merkhet.suites.words import DATE, SERVER_ERROR, SINCE, response

# --- 14.2-9: a satisfiable range is answered with 206

HONOURED: tuple[tuple[str, str, str, bytes, tuple[Span, ...]], ...] = (
    ("first", "The first octet", "small.bin", b"0-0", ((0, 0),)),
    ("open", "A range without an end", "small.bin", b"1-", ((1, 999),)),
    ("suffix", "A suffix", "small.bin", b"-1", ((999, 999),)),
    ("middle", "A range in the middle", "small.bin", b"300-599", ((300, 599),)),
    ("all", "A range of all octets", "small.bin", b"0-999", ((0, 999),)),
    ("past-end", "A range that ends past the end", "small.bin", b"500-2000", ((500, 999),)),
    ("one-octet", "The one octet of a file", "one.bin", b"0-", ((0, 0),)),
    ("large", "A range of a large file", "large.bin", b"1000-99999", ((1000, 99999),)),
    ("set", "A set of two ranges", "large.bin", b"0-99,500000-500099", ((0, 99), (500000, 500099))),
    ("set-suffix", "A set of a range and a suffix", "large.bin", b"0-0,-1", ((0, 0), (1048575, 1048575))),
)
_ADVERTISED = "ignored, though Accept-Ranges says that there are ranges"


def honoured(check_id: str, requirement: str, title: str, file: str, value: bytes, asked: tuple[Span, ...]) -> Check:  # noqa: PLR0917 - the columns of a table
    """Return the check that a satisfiable range is answered with it."""
    exact = one_slice(file, *asked[0]) if len(asked) == 1 else parts_of(file, *asked)
    good = partial(file, *asked[0]) if len(asked) == 1 else parts(file, *asked)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    exact: PASS,
                    all_of(whole_file(file), field(b"Accept-Ranges", b"bytes")): VIOLATION.because(_ADVERTISED),
                    whole_file(file): NO_RANGES,
                    slice_around(file, *asked): observed("joins the ranges"),
                    slice_within(file, *asked): observed("sends a part of what was asked for"),
                    parts_of(file, *asked, whole=False): observed("sends some of the ranges"),
                    any_slice(file): BREACH.because("other octets than were asked for"),
                    status(206): BREACH.because("a 206 that is neither a true range nor true parts"),
                    status(416): VIOLATION.because("a satisfiable range was called unsatisfiable"),
                    status_4xx: VIOLATION.because("a satisfiable range was refused"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(good,),
        mutants=(
            Canned("ignores it, and says that it has ranges", whole(file)),
            Canned("calls it unsatisfiable", refused(file)),
            Canned("sends other octets than it says", partial(file, *asked[0], content=b"??")),
            Canned(
                "sends other octets than were asked for",
                partial(file, 1, 2) if file != "one.bin" else partial(file, 0, 1),
            ),
        ),
        note="Ranges may be ignored; a server that announces them and then sends all departs from its own word.",
    )


# --- 14.2-10: what no file has is answered with 416

NOT_THERE: tuple[tuple[str, str, str, bytes], ...] = (
    ("at-end", "A range that begins at the end", "small.bin", b"1000-"),
    ("past-end", "A range that begins past the end", "small.bin", b"5000-6000"),
    ("suffix", "A suffix of no octets", "small.bin", b"-0"),
    ("set", "A set without a range that the file has", "small.bin", b"1000-,3000-4000,-0"),
    ("large", "A range past the end of a large file", "large.bin", b"1048576-"),
    ("one-octet", "A second octet of a file that has one", "one.bin", b"1-1"),
)


def not_there(check_id: str, requirement: str, title: str, file: str, value: bytes) -> Check:
    """Return the check that a range which the file does not have is answered with 416."""
    first = partial(file, 0, 0)
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            *has_ranges(file),
            Send(ranged(file, value), anew=True),
            Answers(
                {
                    status(416): PASS,
                    whole_file(file): observed("ignores it: the whole file came"),
                    status(206): BREACH.because("a 206 for a range that the file does not have"),
                    status(200): BREACH.because("a 200 without the whole file"),
                    status_4xx: VIOLATION.because("refused, but not with 416"),
                    **rest(),
                }
            ),
        ),
        twin=twin(file),
        good=(first + refused(file),),
        mutants=(
            Canned("calls it a bad request", first + refused(file, 400)),
            Canned("calls it not found", first + refused(file, 404)),
            Canned("sends the last octet", first + partial(file, 0, 0)),
            Canned("ignores it", first + whole(file)),
            Canned("breaks down", first + SERVER_ERROR.data),
        ),
    )


# --- 14.2-7: an empty file

EMPTY: tuple[tuple[str, str, bytes, bool], ...] = (
    ("open", "from its first octet on", b"0-", False),
    ("first", "for its first octet", b"0-0", False),
    ("second", "for its second octet", b"1-1", False),
    ("many", "for many octets", b"0-999", False),
    ("suffix-zero", "for its last no octets", b"-0", False),
    ("set", "for two ranges", b"0-0,2-2", False),
    ("suffix", "for its last octet", b"-1", True),
    ("suffix-many", "for its last thousand octets", b"-1000", True),
)


def _empty(slug: str, words: str, value: bytes, satisfiable: bool) -> Check:  # noqa: FBT001
    no_range = observed("sends a 206 without content") if satisfiable else BREACH.because("a 206 where no octet is")
    return Check(
        id=f"rfc9110-14.2-empty-{slug}",
        requirement="rfc9110-14.2-7",
        title=f"An empty file is asked {words}",
        since=SINCE,
        steps=(
            Send(ranged("empty.txt", value), anew=True),
            Answers(
                {
                    whole_file("empty.txt"): observed("ignores it"),
                    status(416): observed("calls it unsatisfiable"),
                    all_of(status(206), contradictory_range()): BREACH.because("a Content-Range that no octet is in"),
                    all_of(status(206), no_content()): no_range,
                    status(206): BREACH.because("octets of a file that has none"),
                    status(200): BREACH.because("content of a file that has none"),
                    **rest(),
                }
            ),
        ),
        twin=twin("empty.txt"),
        good=(whole("empty.txt"),),
        mutants=(
            Canned("calls it unsatisfiable", refused("empty.txt")),
            Canned("sends a range that ends before it begins", partial("empty.txt", 0, -1, says=b"bytes 0--1/0")),
            Canned("sends a range of an octet", partial("empty.txt", 0, 0, content=b"")),
            Canned("sends an octet", partial("empty.txt", 0, 0, content=b"?", total=b"1")),
            Canned("refuses it", refused("empty.txt", 400)),
        ),
        note=(
            "A suffix counts as satisfiable on an empty file, yet no Content-Range can say so: every honest way out is legal."
            if satisfiable
            else "Range may be ignored on an empty file, and no range but a suffix is satisfiable there."
        ),
    )


# --- 14.2-a1: only in place of a 200

MISSING = b"GET {files:merkhet-nothing-here.txt} HTTP/1.1\r\nHost: {host}\r\n%s\r\n"
_RANGE = b"Range: bytes=0-4\r\n"
ELSEWHERE: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("not-found", "A path where nothing is", MISSING, response(404, b"not here")),
    (
        "redirect", "A redirect", b"GET {redirect} HTTP/1.1\r\nHost: {host}\r\n%s\r\n",
        response(302, b"there", b"Location: /"),
    ),
    ("forbidden", "A 403", b"GET {status:403} HTTP/1.1\r\nHost: {host}\r\n%s\r\n", response(403, b"no")),
    ("gone", "A 410", b"GET {status:410} HTTP/1.1\r\nHost: {host}\r\n%s\r\n", response(410, b"gone")),
    ("unavailable", "A 503", b"GET {status:503} HTTP/1.1\r\nHost: {host}\r\n%s\r\n", response(503, b"later")),
    (
        "no-content", "A 204", b"GET {status:204} HTTP/1.1\r\nHost: {host}\r\n%s\r\n",
        b"HTTP/1.1 204 \r\n" + DATE + b"\r\n",
    ),
    (
        "unauthorized", "A 401", b"GET {auth} HTTP/1.1\r\nHost: {host}\r\n%s\r\n",
        response(401, b"who?", b'WWW-Authenticate: Basic realm="merkhet"'),
    ),
)  # fmt: skip


def _elsewhere(slug: str, words: str, request: bytes, bare: bytes) -> Check:
    return Check(
        id=f"rfc9110-14.2-only-in-200-{slug}",
        requirement="rfc9110-14.2-a1",
        title=f"{words} is answered alike with Range and without",
        since=SINCE,
        steps=(
            Send(request % b"", anew=True),
            Answers(
                {
                    status(200): lacks("an answer here that is no 200"),
                    answered: PASS,
                    ended: WARNING.because("the connection ended without an answer"),
                    silent: WARNING.because("a complete request got no answer"),
                },
                keep="bare",
            ),
            Send(request % _RANGE, anew=True),
            Answers(
                {
                    status(206): VIOLATION.because("a part of an answer that is no 200"),
                    status(416): VIOLATION.because("the range was judged where there is nothing to have one"),
                    same_status("bare"): PASS,
                    **rest(),
                }
            ),
        ),
        twin=Exchange(request=request % b"", answer=status(200, 204, 302, 401, 403, 404, 410, 503), good=bare),
        good=(bare + bare,),
        mutants=(
            Canned("sends a part of it", bare + partial("small.bin", 0, 4)),
            Canned("calls the range unsatisfiable", bare + response(416, b"", b"Content-Range: bytes */0")),
            Canned("refuses it", bare + response(400, b"")),
        ),
    )


def _304() -> Check:
    unchanged = b"HTTP/1.1 304 \r\n" + DATE + TAG + b"\r\n\r\n"
    bare = whole("small.bin", *OF_FILE)
    return Check(
        id="rfc9110-14.2-only-in-200-not-modified",
        requirement="rfc9110-14.2-a1",
        title="A condition that comes to 304 is answered alike with Range and without",
        since=SINCE,
        steps=(
            *fetched("small.bin", NO_STRONG_TAG),
            Send(get("small.bin", b"If-None-Match: {kept:whole/ETag}"), anew=True),
            Answers({status(304): PASS, whole_file("small.bin"): lacks("conditions on entity tags"), **rest()}),
            Send(ranged("small.bin", b"0-4", b"If-None-Match: {kept:whole/ETag}"), anew=True),
            Answers(
                {
                    status(304): PASS,
                    status(206): VIOLATION.because("a part was sent of what has not changed"),
                    status(416): VIOLATION.because("the range was judged before the condition"),
                    status_2xx: VIOLATION.because("the condition was forgotten over the range"),
                    **rest(),
                }
            ),
        ),
        twin=TWIN,
        good=(bare + unchanged + unchanged,),
        mutants=(
            Canned("sends the part", bare + unchanged + partial("small.bin", 0, 4)),
            Canned("sends it all", bare + unchanged + bare),
        ),
    )


CHECKS = (
    *(
        honoured(
            f"rfc9110-14.2-satisfied-{slug}", "rfc9110-14.2-9", f"{title} is answered with 206", file, value, asked
        )
        for slug, title, file, value, asked in HONOURED
    ),
    *(
        not_there(f"rfc9110-14.2-unsatisfied-{slug}", "rfc9110-14.2-10", f"{title} is answered with 416", file, value)
        for slug, title, file, value in NOT_THERE
    ),
    *(_empty(*row) for row in EMPTY),
    *(_elsewhere(*row) for row in ELSEWHERE),
    _304(),
)
