"""RFC 9112, Section 6.3: Message Body Length, rule 5: invalid Content-Length."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Answers, Canned, Check, Send, observed
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    misechoed,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import EARLY, INNER, NOT_ALLOWED, OWN_ERROR, closing, refusal
from merkhet.suites.words import ECHO_TWIN, GET, NOTHING, OK, POST_TWIN, REFUSED, SINCE, echo, post, response

INVALID: tuple[tuple[str, str, bytes], ...] = (
    ("plus", "with a plus sign", b"+5"),
    ("minus", "with a minus sign", b"-5"),
    ("minus-zero", "of minus zero", b"-0"),
    ("hexadecimal", "with a 0x prefix", b"0x5"),
    ("hexadecimal-digit", "that is a hexadecimal digit", b"A"),
    ("octal-prefix", "with a 0o prefix", b"0o5"),
    ("binary-prefix", "with a 0b prefix", b"0b101"),
    ("underscore", "with an underscore between its digits", b"0_5"),
    ("inner-space", "with a space between its digits", b"5 5"),
    ("inner-tab", "with a tab between its digits", b"5\t5"),
    ("fraction", "with a decimal point", b"5.0"),
    ("exponent", "with an exponent", b"5e0"),
    ("letter-behind", "with a letter behind its digits", b"5Z"),
    ("semicolon", "with a parameter", b"5;a=1"),
    ("quoted", "in quotes", b'"5"'),
    ("empty", "without a digit", b""),
    ("arabic-indic", "in Arabic-Indic digits", "\u0665".encode()),
    ("fullwidth", "in fullwidth digits", "\uff15".encode()),
    ("superscript", "in a superscript digit of Latin-1", b"\xb2"),
    ("no-break-space", "behind a no-break space", b"\xa05"),
    ("vertical-tab", "behind a vertical tab", b"\x0b5"),
    ("form-feed", "followed by a form feed", b"5\x0c"),
    ("list-unequal", "that lists two lengths", b"5, 6"),
    ("list-invalid-member", "that lists a length and a word", b"5, x"),
    ("lines-unequal", "on two lines that differ", b"5\r\nContent-Length: 6"),
    ("lines-unequal-descending", "on two lines of which the second is shorter", b"6\r\nContent-Length: 5"),
    ("lines-signed", "on two lines that differ by a sign", b"5\r\nContent-Length: +5"),
    ("folded", "that is folded between its digits", b"5\r\n 5"),
)
"""Slug, words for the title, and a field value that no list of equal valid lengths can be."""

STATUS_CHECKS = tuple(
    refusal(
        f"6.3-content-length-{slug}",
        "rfc9112-6.3-5",
        f"A Content-Length {words} gets 400",
        post(b"hello", b"Content-Length: " + value, to=b"{root}"),
    )
    for slug, words, value in INVALID
)
CLOSE_CHECKS = tuple(
    closing(
        f"6.3-content-length-{slug}",
        "rfc9112-6.3-5",
        f"The connection ends after a Content-Length {words} was refused",
        post(b"hello", b"Content-Length: " + value, to=b"{root}"),
    )
    for slug, words, value in INVALID
)


def _content_check(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-content-length-{slug}-echo",
        requirement="rfc9112-6.3-4",
        title=f"A Content-Length {words} gives the application no content",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: " + value)),
            Answers(
                {
                    status_2xx: VIOLATION.because("the application got a request whose length is no length"),
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    silent: VIOLATION.because("the server waits as if it knew a length"),
                }
            ),
        ),
        twin=ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("reads five octets", echo(b"hello")), Canned("waits for content", NOTHING)),
    )


CONTENT_CHECKS = tuple(
    _content_check(slug, words, value)
    for slug, words, value in INVALID
    if slug in {"plus", "hexadecimal", "underscore", "letter-behind", "arabic-indic", "lines-signed", "empty"}
)

_LENGTH = b"%d" % len(INNER)
TWO_LENGTHS: tuple[tuple[str, str, bytes], ...] = (
    (
        "zero-then-all",
        "Of two Content-Length lines, zero first, neither is believed",
        b"0\r\nContent-Length: " + _LENGTH,
    ),
    (
        "all-then-zero",
        "Of two Content-Length lines, zero last, neither is believed",
        _LENGTH + b"\r\nContent-Length: 0",
    ),
    (
        "zero-then-all-other-case",
        "Of two lengths under names of different case neither is believed",
        b"0\r\nCONTENT-LENGTH: " + _LENGTH,
    ),
    ("list-zero-then-all", "Of zero and a length in one Content-Length neither is believed", b"0, " + _LENGTH),
    ("list-all-then-zero", "Of a length and zero in one Content-Length neither is believed", _LENGTH + b", 0"),
)
"""The content is itself a request: what answers it shows which of the two lengths was believed."""


def _two_lengths(slug: str, title: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-content-length-{slug}",
        requirement="rfc9112-6.3-4",
        title=title,
        since=SINCE,
        steps=(
            Send(post(INNER, b"Content-Length: " + value, to=b"{root}") + GET),
            Answers(
                {
                    status(400): PASS.then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: PASS.then(),
                    silent: VIOLATION.because("the server waits for content"),
                    answered: PASS,
                }
            ),
            Answers(
                {
                    ended: PASS,
                    as_preflight(): VIOLATION.because("the longer length was believed, and the connection read on"),
                    answered: VIOLATION.because("zero was believed: the content was read as a request"),
                    silent: VIOLATION.because("the connection was kept and the request behind it swallowed"),
                }
            ),
        ),
        twin=POST_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("believes the length", NOT_ALLOWED + OK),
            Canned("believes zero", NOT_ALLOWED + response(404) + OK),
            Canned("waits", NOTHING),
        ),
    )


EQUAL: tuple[tuple[str, str, bytes], ...] = (
    ("list-equal", "A Content-Length that lists one length twice is refused or taken as that length", b"5, 5"),
    ("list-equal-thrice", "A Content-Length that lists one length thrice is refused or taken as that length", b"5,5,5"),
    (
        "lines-equal",
        "Two Content-Length lines with one length are refused or taken as that length",
        b"5\r\nContent-Length: 5",
    ),
)
_TAKEN = "taken as the one length"
_REFUSED = "refused"


def _equal(slug: str, title: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-content-length-{slug}",
        requirement="rfc9112-6.3-4",
        title=title,
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: " + value, to=b"{root}") + GET),
            Answers(
                {
                    status(400): observed(_REFUSED).then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: observed("refused by a close").then(),
                    silent: VIOLATION.because("a complete request got no answer"),
                    answered: PASS,
                }
            ),
            Answers(
                {
                    as_preflight(): observed(_TAKEN),
                    answered: DESYNC.because("the request behind it was not answered as a plain GET is"),
                    garbage: DESYNC.because("bytes that are no response came for the request behind it"),
                    ended: EARLY,
                    silent: DESYNC.because("the request behind it was swallowed"),
                }
            ),
        ),
        twin=POST_TWIN,
        good=(NOT_ALLOWED + OK,),
        mutants=(
            Canned("takes it for no content", NOT_ALLOWED + response(400)),
            Canned("takes it for more content", NOT_ALLOWED),
            Canned("waits", NOTHING),
        ),
        note="Section 6.3 lets a list of equal valid lengths be taken as that length; refusing it is legal too.",
    )


def _equal_echo(slug: str, title: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-content-length-{slug}-echo",
        requirement="rfc9112-6.3-4",
        title=f"{title}, where the content is read",
        since=SINCE,
        steps=(
            Send(post(b"hello", b"Content-Length: " + value)),
            Answers(
                {
                    echoed(body=b"hello"): observed(_TAKEN),
                    misechoed(b"hello"): DESYNC.because("the application got other content than the one length says"),
                    status(400): observed(_REFUSED),
                    status_4xx: WARNING.because("refused, but not with 400"),
                    ended: observed("refused by a close"),
                    status_5xx: OWN_ERROR,
                    silent: VIOLATION.because("a complete request got no answer"),
                },
                to="POST",
            ),
        ),
        twin=ECHO_TWIN,
        good=(echo(b"hello"),),
        mutants=(Canned("takes it for no content", echo()), Canned("waits", NOTHING)),
    )


CHECKS = (
    *STATUS_CHECKS,
    *CLOSE_CHECKS,
    *CONTENT_CHECKS,
    *(_two_lengths(*row) for row in TWO_LENGTHS),
    *(_equal(*row) for row in EQUAL),
    *(_equal_echo(*row) for row in EQUAL),
)
