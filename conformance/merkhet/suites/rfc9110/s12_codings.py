"""RFC 9110, Section 12.5: which coding and which type is sent to whom, and what tells caches of it."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, Verdict, lacks, observed
from merkhet.expect import Expectation, all_of, answered, status, status_2xx, status_4xx
from merkhet.expect_codings import coded, says_coding
from merkhet.expect_kept import field_matches
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, bare, one_answer, read, unanswered, unserved
from merkhet.suites.rfc9110.s12_words import GZIPPED, PLAIN, RAW, TEXT_TWIN, VARY, ask, zipped
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import SINCE, response

_GZIP = coded("text.txt", b"gzip", b"x-gzip")
_ANY = coded("text.txt", b"gzip", b"x-gzip", b"deflate")
_IDENTITY = coded("text.txt")
_OTHER = says_coding(b"br", b"zstd", b"compress")
_BROKEN = WARNING.because("neither the text nor a coding of it came")

UNWANTED = VIOLATION.because("a coding came that the client does not want")
REFUSES = VIOLATION.because("refused, though something acceptable is there")
IGNORES = VIOLATION.because("identity came, which the client does not want")


def _asked(
    number: str,
    slug: str,
    title: str,
    line: bytes,
    cases: Mapping[Expectation, Verdict],
    *,
    good: bytes = PLAIN,
) -> Check:
    others = {PLAIN: Canned("sends it plain", PLAIN), GZIPPED: Canned("sends it in gzip", GZIPPED)}
    return Check(
        id=f"rfc9110-12.5.3-{slug}",
        requirement=f"rfc9110-12.5.3-{number}",
        title=title,
        since=SINCE,
        steps=(
            Send(ask(b"Accept-Encoding: gzip, identity;q=0")),
            read({_GZIP: PASS, answered: lacks("gzip"), **unanswered()}),
            Send(ask(*([line] if line else [])), anew=True),
            read({**cases, **unserved(), answered: _BROKEN}),
        ),
        good=(GZIPPED + good,),
        mutants=(
            *(
                Canned(other.fault, GZIPPED + other.streams[0].data)
                for answer, other in others.items()
                if answer != good
            ),
            Canned("refuses it", GZIPPED + response(406, b"no")),
            Canned("sends something else", GZIPPED + response(200, b"else")),
        ),
        twin=TEXT_TWIN,
    )


_PLAIN_ONLY: Mapping[Expectation, Verdict] = {
    _IDENTITY: PASS,
    says_coding(): UNWANTED,
    status(406, 415): REFUSES,
}
_NO_GZIP: Mapping[Expectation, Verdict] = {
    _IDENTITY: PASS,
    _GZIP: UNWANTED,
    says_coding(): PASS,
    status(406, 415): REFUSES,
}
_GZIP_ONLY: Mapping[Expectation, Verdict] = {
    _GZIP: PASS,
    _IDENTITY: IGNORES,
    status(406, 415): REFUSES,
    says_coding(): UNWANTED,
}
_GZIP_FIRST: Mapping[Expectation, Verdict] = {
    _GZIP: PASS,
    _IDENTITY: WARNING.because("identity came, though gzip is preferred and there"),
    says_coding(): UNWANTED,
    status(406, 415): REFUSES,
}
_ANYTHING: Mapping[Expectation, Verdict] = {
    _ANY: observed("sends a coding"),
    _OTHER: observed("sends a coding"),
    _IDENTITY: observed("sends none"),
    status(406, 415): WARNING.because("refused, though anything is acceptable"),
}

CODINGS = (
    _asked("2", "unknown", "To who takes a coding alone that is not there, identity is sent",
           b"Accept-Encoding: merkhet", _PLAIN_ONLY),
    _asked("2", "unknown-several", "To who takes several codings that are not there, identity is sent",
           b"Accept-Encoding: merkhet, merkhet2;q=0.5", _PLAIN_ONLY),
    _asked("a2", "gzip-zero", "gzip;q=0 excludes gzip", b"Accept-Encoding: gzip;q=0", _NO_GZIP),
    _asked("a2", "gzip-zero-digits", "gzip;q=0.000 excludes gzip", b"Accept-Encoding: gzip;q=0.000", _NO_GZIP),
    _asked("a2", "gzip-zero-any", "gzip;q=0 excludes gzip where anything else is taken",
           b"Accept-Encoding: gzip;q=0.000, *", _NO_GZIP),
    _asked("a2", "gzip-zero-spaces", "gzip ; q=0 excludes gzip", b"Accept-Encoding: gzip ; q=0", _NO_GZIP),
    _asked("a2", "gzip-zero-upper", "GZIP;Q=0 excludes gzip", b"Accept-Encoding: GZIP;Q=0", _NO_GZIP),
    _asked("a3", "identity-zero", "identity;q=0 beside gzip excludes identity",
           b"Accept-Encoding: gzip, identity;q=0", _GZIP_ONLY, good=GZIPPED),
    _asked("a3", "any-zero", "*;q=0 beside gzip excludes identity", b"Accept-Encoding: gzip, *;q=0", _GZIP_ONLY, good=GZIPPED),
    _asked("a3", "any-zero-first", "*;q=0 before gzip excludes identity",
           b"Accept-Encoding: *;q=0, gzip", _GZIP_ONLY, good=GZIPPED),
    _asked("a4", "empty", "An empty Accept-Encoding wants no coding", b"Accept-Encoding:", _PLAIN_ONLY),
    _asked("a4", "empty-spaces", "An Accept-Encoding of spaces wants no coding", b"Accept-Encoding:   ", _PLAIN_ONLY),
    _asked("a4", "identity", "identity alone wants no coding", b"Accept-Encoding: identity", _PLAIN_ONLY),
    _asked("a5", "prefers-gzip", "gzip is sent to who likes it better than identity",
           b"Accept-Encoding: identity;q=0.1, gzip;q=0.9", _GZIP_FIRST, good=GZIPPED),
    _asked("a5", "prefers-identity", "identity is sent to who likes it better than gzip",
           b"Accept-Encoding: gzip;q=0.1, identity;q=0.9", _PLAIN_ONLY),
    _asked("a5", "prefers-identity-first", "identity is sent to who likes it better than gzip and says so first",
           b"Accept-Encoding: identity;q=1.0, gzip;q=0.5", _PLAIN_ONLY),
    _asked("a6", "any-but-gzip", "* is everything but gzip where that has q=0",
           b"Accept-Encoding: *;q=1, gzip;q=0", _NO_GZIP),
    _asked("a6", "any", "* is any coding", b"Accept-Encoding: *", {**_ANYTHING, status(406, 415): REFUSES}),
)  # fmt: skip

NO_FIELD = one_answer(
    "rfc9110-12.5.3-no-field",
    "rfc9110-12.5.3-a1",
    "To who says nothing of codings any may be sent",
    ask(),
    {**_ANYTHING, **unserved(), answered: _BROKEN},
    good=PLAIN,
    mutants=(
        Canned("sends it in gzip", GZIPPED),
        Canned("refuses it", response(406, b"no")),
        Canned("sends something else", response(200, b"else")),
        FAILS,
        HANGS_UP,
    ),
    twin=TEXT_TWIN,
)

# --- 12.5.5-3: caches are told

_TELLS = field_matches(b"Vary", rb"(?i:.*(?:\*|accept-encoding).*)", "Accept-Encoding, or *")
_UNTOLD = VIOLATION.because("a cache would give one client what another asked for: no Vary says what it depends on")


def _varied(slug: str, words: str, lines: tuple[bytes, ...], code: int, answers: tuple[bytes, bytes]) -> Check:
    good, silent_good = answers
    return Check(
        id=f"rfc9110-12.5.5-vary-{slug}",
        requirement="rfc9110-12.5.5-3",
        title=f"{words} says that it depends on Accept-Encoding",
        since=SINCE,
        steps=(
            Send(ask(b"Accept-Encoding: gzip, identity;q=0.1")),
            read({_GZIP: PASS, answered: lacks("gzip"), **unanswered()}, keep="coded"),
            Send(ask(*lines), anew=True),
            read(
                {
                    all_of(status(code), _TELLS): PASS,
                    status(code): _UNTOLD,
                    status_2xx: lacks("that answer"),
                    **unserved(),
                    answered: WARNING.because("something else came"),
                }
            ),
        ),
        good=(_TAGGED + good,),
        mutants=(Canned("does not say so", _TAGGED + silent_good),),
        twin=TEXT_TWIN,
    )


_TAGGED = response(200, zipped(RAW), b"Content-Encoding: gzip", VARY, b'ETag: "a-gzip"')
VARIED = (
    _varied("coded", "Content in gzip", (b"Accept-Encoding: gzip",), 200,
            (GZIPPED, response(200, zipped(RAW), b"Content-Encoding: gzip"))),
    _varied("plain", "Content that could have come in gzip", (b"Accept-Encoding: identity",), 200, (PLAIN, response(200, RAW))),
    _varied("not-modified", "A 304 to what came in gzip",
            (b"Accept-Encoding: gzip, identity;q=0.1", b"If-None-Match: {kept:coded/ETag}"), 304,
            (bare(304, VARY), bare(304))),
)  # fmt: skip

# --- 12.5.1-2: the weight among the parameters of a type

_HTML = response(200, b"<p>merkhet</p>", b"Content-Type: text/html")
_JSON = response(200, b'{"name": "merkhet"}', b"Content-Type: application/json")
_IS_HTML = field_matches(b"Content-Type", rb"(?i:text/html.*)", "text/html")
_IS_JSON = field_matches(b"Content-Type", rb"(?i:application/json.*)", "application/json")


def _weighed(slug: str, words: str, accept: bytes) -> Check:
    return one_answer(
        f"rfc9110-12.5.1-weight-{slug}",
        "rfc9110-12.5.1-2",
        f"A weight is read {words}",
        request(b"GET", b"Accept: " + accept, to=b"{conneg}"),
        {
            _IS_JSON: PASS,
            _IS_HTML: VIOLATION.because("a type came that has the weight of zero"),
            status_4xx: VIOLATION.because("refused, though one of the types is acceptable"),
            **unserved(),
            answered: WARNING.because("something else came"),
        },
        good=_JSON,
        mutants=(Canned("sends the other", _HTML), Canned("refuses it", response(406, b"no")), FAILS, HANGS_UP),
        twin=Exchange(request=request(b"GET", b"Accept: text/html", to=b"{conneg}"), answer=status_2xx, good=_HTML),
    )


WEIGHTS = (
    _weighed("alone", "behind a type", b"text/html;q=0, application/json"),
    _weighed("first", "before another parameter", b"text/html;q=0;level=1, application/json"),
    _weighed("last", "behind another parameter", b"text/html;charset=utf-8;q=0, text/html;q=0, application/json"),
    _weighed("spaces", "with space around it", b"text/html ; q=0 , application/json"),
    _weighed("upper", "in capitals", b"text/html;Q=0, application/json"),
    _weighed("smaller", "as a preference", b"text/html;q=0.1, application/json;q=0.9"),
    _weighed(
        "specific", "of the type itself and not of the range", b"text/*;q=1, text/html;q=0, application/json;q=0.5"
    ),
)

CHECKS = (*CODINGS, NO_FIELD, *VARIED, *WEIGHTS)
