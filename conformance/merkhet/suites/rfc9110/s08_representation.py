"""RFC 9110, Sections 8.3, 8.4 and 8.8: types, codings and tags of what is sent."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Canned,
    Check,
    Exchange,
    Send,
    Verdict,
    lacks,
    observed,
)
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    field,
    status,
    status_2xx,
    status_4xx,
    without,
)
from merkhet.expect_codings import coded, says_coding, unsaid_gzip
from merkhet.expect_kept import field_matches, same_field, true_parts
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    SILENT_SERVER,
    one_answer,
    read,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9110.s12_words import GZIPPED, PLAIN, RAW, TEXT_TWIN, ask, zipped
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import ECHO_TWIN, OK, SINCE, echo, response

# --- 8.3-1: the type is told where it is known


def _typed(slug: str, target: bytes, words: str) -> Check:
    typed = response(200, b"ok", b"Content-Type: text/plain")
    return one_answer(
        f"rfc9110-8.3-type-{slug}",
        "rfc9110-8.3-1",
        f"{words} has a Content-Type",
        request(to=target),
        {
            all_of(status_2xx, field(b"Content-Type")): PASS,
            status_2xx: VIOLATION.because("content of a known type without a word of it"),
            **unserved(),
            answered: lacks("content there"),
        },
        good=typed,
        mutants=(Canned("says none", OK), FAILS, HANGS_UP, SILENT_SERVER),
        twin=Exchange(request=request(to=target), good=typed),
    )


# --- 8.3.3-1: parts end their lines with CRLF

_SET = request(b"GET", b"Accept-Encoding: identity", b"Range: bytes=0-9,5000-5009", to=b"{files:large.bin}")
_LARGE = FIXTURES["large.bin"]


def _parts(line_end: bytes) -> bytes:
    size = len(_LARGE)
    parts = b"".join(
        b"--b%sContent-Range: bytes %d-%d/%d%s%s%s%s" % (
            line_end, first, first + 9, size, line_end, line_end, _LARGE[first : first + 10], line_end
        )
        for first in (0, 5000)
    )  # fmt: skip
    return response(206, parts + b"--b--" + line_end, b"Content-Type: multipart/byteranges; boundary=b")


LINES = one_answer(
    "rfc9110-8.3.3-line-ends",
    "rfc9110-8.3.3-1",
    "The lines of a multipart content end with CRLF",
    _SET,
    {
        true_parts("large.bin"): PASS,
        all_of(status(206), field(b"Content-Range")): lacks("several parts"),
        status(206): VIOLATION.because("the parts cannot be read as lines that end with CRLF"),
        **unserved(),
        answered: lacks("several parts"),
    },
    good=_parts(b"\r\n"),
    mutants=(Canned("ends its lines with LF", _parts(b"\n")), Canned("ends its lines with CR", _parts(b"\r"))),
    twin=Exchange(request=request(to=b"{files:large.bin}"), answer=status_2xx),
)

# --- 8.4: codings


def _told(slug: str, words: str, line: bytes) -> Check:
    return one_answer(
        f"rfc9110-8.4-told-{slug}",
        "rfc9110-8.4-1",
        f"A coding that is applied is told {words}",
        ask(line),
        {
            coded("text.txt"): PASS,
            coded("text.txt", b"gzip", b"x-gzip", b"deflate"): PASS,
            unsaid_gzip: VIOLATION.because("content in gzip, and no field says so"),
            says_coding(b"br", b"zstd", b"compress", b"dcb", b"dcz"): lacks("a coding that can be undone here"),
            all_of(status_2xx, says_coding()): VIOLATION.because("the content is not what Content-Encoding says"),
            **unserved(),
            answered: WARNING.because("neither the text nor a coding of it came"),
        },
        good=GZIPPED,
        mutants=(
            Canned("does not say it", response(200, zipped(RAW))),
            Canned("says what it is not", response(200, RAW, b"Content-Encoding: gzip")),
            Canned("says gzip twice", response(200, zipped(RAW), b"Content-Encoding: gzip, gzip")),
            FAILS,
            HANGS_UP,
        ),
        twin=TEXT_TWIN,
    )


def _unknown_coding(slug: str, words: str, coding: bytes) -> Check:
    return one_answer(
        f"rfc9110-8.4-unknown-{slug}",
        "rfc9110-8.4-3",
        f"Content in {words} is refused with 415, or taken as it is",
        sized(b"POST", b"hello", b"Content-Encoding: " + coding, to=b"{echo}"),
        {
            status(415): observed("refuses it with 415"),
            status_2xx: observed("takes it as it is"),
            status(400): observed("calls it a bad request"),
            status_4xx: WARNING.because("refused, but with neither 415 nor 400"),
            **unserved(),
            answered: WARNING.because("something else came"),
        },
        good=echo(b"hello"),
        mutants=(Canned("refuses it", response(415, b"no")), FAILS, HANGS_UP, SILENT_SERVER),
        to="POST",
        twin=ECHO_TWIN,
    )


def _cased(slug: str, coding: bytes) -> Check:
    """The first answer shows that there is gzip to be had; identity is no answer to who excludes it."""
    refused = VIOLATION.because("the coding was not known by another case: nothing was left to send")
    return Check(
        id=f"rfc9110-8.4.1-case-{slug}",
        requirement="rfc9110-8.4.1-a1",
        title=f"{coding.decode()} is gzip",
        since=SINCE,
        steps=(
            Send(ask(b"Accept-Encoding: gzip, identity;q=0")),
            read({coded("text.txt", b"gzip", b"x-gzip"): PASS, answered: lacks("gzip"), **unanswered()}),
            Send(ask(b"Accept-Encoding: " + coding + b", identity;q=0"), anew=True),
            read(
                {
                    coded("text.txt", b"gzip", b"x-gzip"): PASS,
                    status(406, 415): refused,
                    coded("text.txt"): WARNING.because("the coding was not known by another case"),
                    **unserved(),
                    answered: WARNING.because("something else came"),
                }
            ),
        ),
        good=(GZIPPED + GZIPPED,),
        mutants=(
            Canned("refuses it", GZIPPED + response(406, b"no")),
            Canned("does not know it", GZIPPED + PLAIN),
        ),
        twin=TEXT_TWIN,
    )


def _named(slug: str, requirement: str, coding: bytes, title: str, cases: Mapping[Expectation, Verdict]) -> Check:
    return one_answer(
        f"rfc9110-8.4.1-{slug}",
        requirement,
        title,
        ask(b"Accept-Encoding: %s, identity;q=0.1" % coding),
        {**cases, **unserved(), answered: WARNING.because("something else came")},
        good=PLAIN if slug.startswith("x-") else response(200, zipped(RAW, 15), b"Content-Encoding: deflate"),
        mutants=(
            Canned("refuses it", response(406, b"no")),
            Canned("sends raw DEFLATE", response(200, zipped(RAW, -15), b"Content-Encoding: deflate")),
            FAILS,
            HANGS_UP,
        ),
        twin=TEXT_TWIN,
    )


_REFUSES = VIOLATION.because("an alias of a coding is enough to refuse")
CODINGS = (
    _told("gzip", "to who asks for gzip", b"Accept-Encoding: gzip"),
    _told("any", "to who takes any", b"Accept-Encoding: *"),
    _told("several", "to who takes several", b"Accept-Encoding: gzip, deflate, br;q=0"),
    _told("head-only", "to who says nothing of codings", b"X-Merkhet: 1"),
    _unknown_coding("word", "a coding that nobody knows", b"merkhet"),
    _unknown_coding("identity", "identity, which is no coding,", b"identity"),
    _unknown_coding("list", "two codings that nobody knows", b"merkhet, merkhet2"),
    _cased("upper", b"GZIP"),
    _cased("capital", b"Gzip"),
    _cased("mixed", b"gZiP"),
    _named(
        "x-compress", "rfc9110-8.4.1.1-1", b"x-compress", "x-compress is compress, or identity is sent",
        {says_coding(b"compress", b"x-compress"): PASS, coded("text.txt"): PASS, status_4xx: _REFUSES,
         status_2xx: VIOLATION.because("another coding came than the one that was asked for")},
    ),
    _named(
        "deflate", "rfc9110-8.4.1.2-a1", b"deflate", "The coding deflate is DEFLATE in the format of zlib",
        {coded("text.txt", b"deflate"): PASS,
         says_coding(b"deflate"): VIOLATION.because("the octets are no zlib data: raw DEFLATE, say"),
         status_2xx: lacks("deflate"), status_4xx: WARNING.because("refused, though identity was acceptable")},
    ),
    _named(
        "x-gzip", "rfc9110-8.4.1.3-1", b"x-gzip", "x-gzip is gzip, or identity is sent",
        {coded("text.txt", b"gzip", b"x-gzip"): PASS, coded("text.txt"): PASS, status_4xx: _REFUSES,
         status_2xx: VIOLATION.because("another coding came than the one that was asked for")},
    ),
)  # fmt: skip

# --- 8.8.3.3-a1: a tag for each coding

_STRONG = field_matches(b"ETag", rb'"[^"]*"', "a strong entity tag")
_TAGGED = response(200, RAW, b'ETag: "a"')
_BOTH = Check(
    id="rfc9110-8.8.3.3-two-codings",
    requirement="rfc9110-8.8.3.3-a1",
    title="What is sent in gzip has another strong tag than what is not",
    since=SINCE,
    steps=(
        Send(ask(b"Accept-Encoding: identity")),
        read({all_of(coded("text.txt"), field(b"ETag")): PASS, answered: lacks("an entity tag"), **unanswered()}, keep="plain"),
        Send(ask(b"Accept-Encoding: gzip"), anew=True),
        read(
            {
                without(says_coding(b"gzip", b"x-gzip")): lacks("gzip"),
                all_of(_STRONG, same_field("plain", b"ETag")): VIOLATION.because("one tag for two sequences of octets"),
                answered: PASS,
                **unanswered(),
            }
        ),
    ),
    good=(
        response(200, RAW, b'ETag: "a"') + response(200, zipped(RAW), b"Content-Encoding: gzip", b'ETag: "a-gzip"'),
    ),
    mutants=(
        Canned("has one tag", _TAGGED + response(200, zipped(RAW), b"Content-Encoding: gzip", b'ETag: "a"')),
    ),
    twin=TEXT_TWIN,
    note="A weak tag may be the same for both; a strong one names octets.",
)  # fmt: skip

CHECKS = (
    _typed("page", b"{files:page.html}", "A page"),
    _typed("text", b"{files:text.txt}", "A text"),
    _typed("root", b"{root}", "The root"),
    _typed("redirect-target", b"{param:a}", "A parameter"),
    LINES,
    *CODINGS,
    _BOTH,
)  # fmt: skip
