"""RFC 9110, Section 2.2: Requirements Notation. What is sent has the form that it is defined with."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check
from merkhet.expect import answered
from merkhet.expect_grammar import in_grammar
from merkhet.suites.rfc9110.s09_shared import (
    MUTABLE,
    NOWHERE,
    head_of,
    one_answer,
    unanswered,
)
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import response

_BAD_FIELD = VIOLATION.because("a field of the response has another form than the one it is defined with")
_FILE = b"{files:merkhet.txt}"

REQUESTS: tuple[tuple[str, str, bytes, str], ...] = (
    ("get", "GET of the root", request(), "GET"),
    ("head", "HEAD of the root", request(b"HEAD"), "HEAD"),
    ("options", "OPTIONS of the root", request(b"OPTIONS"), "OPTIONS"),
    ("post", "POST to the root", sized(b"POST", b"hello"), "POST"),
    ("unknown-method", "a method that nobody knows", request(b"MERKHET"), "MERKHET"),
    ("unknown-path", "GET of what does not exist", request(to=NOWHERE), "GET"),
    ("file", "GET of a file", request(to=_FILE), "GET"),
    ("file-head", "HEAD of a file", request(b"HEAD", to=_FILE), "HEAD"),
    ("file-options", "OPTIONS of a file", request(b"OPTIONS", to=_FILE), "OPTIONS"),
    ("range", "GET of the first octets of a file", request(b"GET", b"Range: bytes=0-4", to=_FILE), "GET"),
    (
        "range-beyond",
        "GET of octets behind the end of a file",
        request(b"GET", b"Range: bytes=99999-", to=_FILE),
        "GET",
    ),
    ("gzip", "GET of a text in gzip", request(b"GET", b"Accept-Encoding: gzip", to=b"{gzip}"), "GET"),
    (
        "conneg",
        "GET of one of two representations",
        request(b"GET", b"Accept: application/json", to=b"{conneg}"),
        "GET",
    ),
    (
        "unacceptable",
        "GET of a representation that there is not",
        request(b"GET", b"Accept: image/png", to=b"{conneg}"),
        "GET",
    ),
    ("redirect", "GET of what redirects", request(to=b"{redirect}"), "GET"),
    ("unauthorized", "GET without the credentials", request(to=b"{auth}"), "GET"),
    ("stream", "GET of a stream", request(to=b"{stream:3}"), "GET"),
    ("trace", "TRACE", request(b"TRACE", to=b"{trace}"), "TRACE"),
    ("created", "PUT of something new", sized(b"PUT", b"hello", to=MUTABLE), "PUT"),
    ("form", "POST of what is no form", sized(b"POST", b"hello", b"Content-Type: text/plain", to=b"{form}"), "POST"),
)


def _in_grammar(slug: str, words: str, data: bytes, to: str) -> Check:
    good = response(200, b"ok", b"Accept-Ranges: bytes", b"Content-Language: de, en", b"Vary: Accept")
    bad = (
        ("an Accept-Ranges that is no list of units", b"Accept-Ranges: by tes"),
        ("a language with an underscore", b"Content-Language: de_CH"),
        ("a coding with a slash", b"Content-Encoding: x/merkhet"),
        ("a Content-Location with a space", b"Content-Location: /a b"),
        ("a challenge without a scheme", b'WWW-Authenticate: realm="merkhet"'),
    )

    def shaped(answer: bytes) -> bytes:
        return head_of(answer) if to == "HEAD" else answer

    return one_answer(
        f"rfc9110-2.2-fields-{slug}",
        "rfc9110-2.2-2",
        f"Every field of the answer to {words} has its form",
        data,
        {in_grammar: PASS, answered: _BAD_FIELD, **unanswered()},
        good=shaped(good),
        mutants=tuple(Canned(f"sends {fault}", shaped(response(200, b"ok", line))) for fault, line in bad),
        to=to,
        note="The fields without a rule of their own: each other field has one, held against every response of the run.",
    )


CHECKS = (*(_in_grammar(*row) for row in REQUESTS),)
