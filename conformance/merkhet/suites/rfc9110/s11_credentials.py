"""RFC 9110, Section 11: who has no credentials is challenged, and the name of a scheme has no case."""

from __future__ import annotations

import base64

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Exchange, Send, lacks
from merkhet.expect import all_of, answered, content, status, status_2xx, status_4xx
from merkhet.expect_grammar import challenged
from merkhet.suites.rfc9110.s09_shared import FAILS, HANGS_UP, SILENT_SERVER, one_answer, unserved
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import SINCE, response

PRIVATE = response(200, b"private\n")
CHALLENGE = response(401, b"no\n", b'WWW-Authenticate: Basic realm="merkhet"')
RIGHT = base64.b64encode(b"merkhet:merkhet")


def ask(credentials: bytes) -> bytes:
    """Return a request for what not everybody may have; without an Authorization field if there are no credentials."""
    lines = (b"Authorization: " + credentials,) if credentials else ()
    return request(b"GET", *lines, to=b"{auth}")


TWIN = Exchange(request=ask(b"Basic " + RIGHT), answer=status_2xx, good=PRIVATE)

SCHEMES: tuple[tuple[str, bytes], ...] = (
    ("lower", b"basic"),
    ("upper", b"BASIC"),
    ("mixed", b"bAsIc"),
)


def _cased(slug: str, scheme: bytes) -> Check:
    return Check(
        id=f"rfc9110-11.1-case-{slug}",
        requirement="rfc9110-11.1-a1",
        title=f"The scheme {scheme.decode()} is Basic",
        since=SINCE,
        steps=(
            Send(ask(b"Basic " + RIGHT)),
            Answers({content(b"private\n"): PASS, answered: lacks("Basic credentials"), **unserved()}),
            Send(ask(scheme + b" " + RIGHT), anew=True),
            Answers(
                {
                    content(b"private\n"): PASS,
                    status(401): VIOLATION.because("the credentials were not known by another case of their scheme"),
                    status_4xx: VIOLATION.because("the credentials were refused in another case of their scheme"),
                    answered: WARNING.because("something else came"),
                    **unserved(),
                }
            ),
        ),
        twin=TWIN,
        good=(PRIVATE + PRIVATE,),
        mutants=(
            Canned("compares with case", PRIVATE + CHALLENGE),
            Canned("calls it a bad request", PRIVATE + response(400, b"no")),
        ),
    )


def basic(text: bytes) -> bytes:
    """Return Basic credentials of any text."""
    return b"Basic " + base64.b64encode(text)


WRONG: tuple[tuple[str, str, bytes], ...] = (
    ("none", "no credentials", b""),
    ("password", "a wrong password", basic(b"merkhet:wrong")),
    ("user", "a wrong user", basic(b"nobody:merkhet")),
    ("longer", "a password that is longer than the right one", basic(b"merkhet:merkhet1")),
    ("shorter", "a password that is shorter than the right one", basic(b"merkhet:merkhe")),
    ("case", "a password in another case", basic(b"merkhet:MERKHET")),
    ("no-colon", "a user without a colon", basic(b"merkhet")),
    ("empty", "an empty user and password", basic(b":")),
    ("nul", "a password with NUL behind it", basic(b"merkhet:merkhet\x00")),
    ("scheme-alone", "the scheme alone", b"Basic"),
    ("no-scheme", "credentials without a scheme", RIGHT),
    ("other-scheme", "the right ones under another scheme", b"Merkhet " + RIGHT),
    ("bearer", "a bearer token", b"Bearer merkhet"),
    ("plain", "credentials that are not encoded", b"Basic merkhet:merkhet"),
    ("broken", "base64 that breaks off", b"Basic " + RIGHT[:-3]),
)


def _wrong(slug: str, words: str, credentials: bytes) -> Check:
    return one_answer(
        f"rfc9110-11.4-wrong-{slug}",
        "rfc9110-11.4-1",
        f"{words[0].upper()}{words[1:]}: 401 with a challenge",
        ask(credentials),
        {
            all_of(status(401), challenged): PASS,
            status(401): VIOLATION.because("a 401 without a challenge"),
            status(400): WARNING.because("called a bad request, and not challenged"),
            status_4xx: VIOLATION.because("refused without a challenge"),
            status_2xx: VIOLATION.because("it was given to who has no credentials for it"),
            answered: WARNING.because("something else came"),
            **unserved(),
        },
        good=CHALLENGE,
        mutants=(
            Canned("gives it away", PRIVATE),
            Canned("says 401 without a challenge", response(401, b"no")),
            Canned("forbids it", response(403, b"no")),
            FAILS,
            HANGS_UP,
            SILENT_SERVER,
        ),
        twin=TWIN,
    )


CHECKS = (*(_cased(*row) for row in SCHEMES), *(_wrong(*row) for row in WRONG))
