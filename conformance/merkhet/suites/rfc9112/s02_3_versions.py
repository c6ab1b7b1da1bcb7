"""RFC 9112, Section 2.3: HTTP Version."""

from __future__ import annotations

from merkhet.check import PASS, WARNING, Canned, Check, Send, observed
from merkhet.expect import as_preflight, ended, garbage, served, silent, status, status_5xx
from merkhet.suites.rfc9112.s02_heads import NO_ANSWER, NO_STATUS_LINE, OWN_ERROR, read, refused_and_closed
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import HANG_UP, NOTHING, OK, REFUSED, SERVER_ERROR, SINCE, response

VERSIONS: tuple[tuple[str, str, bytes], ...] = (
    ("lower-case", "in lower case", b"http/1.1"),
    ("mixed-case", "in mixed case", b"Http/1.1"),
    ("leading-zero", "with a leading zero", b"HTTP/01.1"),
    ("minor-two-digits", "with two digits behind the point", b"HTTP/1.10"),
    ("minor-long", "whose minor number merely begins with 1", b"HTTP/1.1596"),
    ("major-two-digits", "with two digits before the point", b"HTTP/11.1"),
    ("wraps", "whose major number wraps to 1 in 32 bits", b"HTTP/4294967297.1"),
    ("no-minor", "without a minor number", b"HTTP/1"),
    ("empty-minor", "with nothing behind the point", b"HTTP/1."),
    ("empty-major", "with nothing before the point", b"HTTP/.1"),
    ("three-numbers", "of three numbers", b"HTTP/1.1.1"),
    ("comma", "with a comma for the point", b"HTTP/1,1"),
    ("sign", "with a sign", b"HTTP/+1.1"),
    ("minus", "with a negative number", b"HTTP/1.-1"),
    ("letter", "with a letter for a digit", b"HTTP/1.x"),
    ("hexadecimal", "with a hexadecimal digit", b"HTTP/1.A"),
    ("no-slash", "without its slash", b"HTTP1.1"),
    ("backslash", "with a backslash", b"HTTP\\1.1"),
    ("other-name", "of another protocol", b"HTTPS/1.1"),
    ("short-name", "whose name lacks a letter", b"HTP/1.1"),
    ("long-name", "whose name has a letter too many", b"HTTPP/1.1"),
    ("arabic-indic", "with an Arabic-Indic digit in UTF-8", b"HTTP/1.\xd9\xa1"),
    ("fullwidth", "with a fullwidth digit in UTF-8", b"HTTP/1.\xef\xbc\x91"),
    ("superscript", "with the superscript one of Latin-1", b"HTTP/1.\xb9"),
    ("nul", "followed by NUL", b"HTTP/1.1\x00"),
)
"""Slug, words, and a version that is not "HTTP/" DIGIT "." DIGIT."""

MALFORMED = tuple(
    refused_and_closed(
        f"2.3-version-{slug}",
        "rfc9112-2.3-a2",
        f"A version {words} gets 400 and a close",
        b"GET {root} " + version + b"\r\nHost: {host}\r\n\r\n",
        tolerated=(505,),
        note="505 says of a version that it is not one of the server's: as good as 400.",
    )
    for slug, words, version in VERSIONS
)

_MINOR_REFUSED = WARNING.because("a version that the grammar allows was refused for its minor number")


def _minor(digit: bytes) -> Check:
    name = digit.decode()
    return Check(
        id=f"rfc9112-2.3-version-higher-minor-{name}",
        requirement="rfc9112-2.3-a2",
        title=f"HTTP/1.{name} matches the grammar and is served as HTTP/1.1 is",
        since=SINCE,
        steps=(
            Send(request(version=b"1." + digit)),
            read(
                {
                    as_preflight(): PASS,
                    status(400, 501, 505): _MINOR_REFUSED,
                    status_5xx: OWN_ERROR,
                    served(): observed("answered with another status than HTTP/1.1"),
                    ended: _MINOR_REFUSED,
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                }
            ),
        ),
        good=(OK,),
        mutants=(
            Canned("answers 400", REFUSED),
            Canned("answers 505", response(505, b"", close=True)),
            Canned("hangs up", HANG_UP),
            Canned("never answers", NOTHING),
        ),
        note="RFC 9110, Section 6.2 wants a higher minor version read as the highest that the server has: a warning.",
    )


def _major(digit: bytes) -> Check:
    name = digit.decode()
    return Check(
        id=f"rfc9112-2.3-version-higher-major-{name}",
        requirement="rfc9112-2.3-a2",
        title=f"HTTP/{name}.0 on a request line matches the grammar: served or refused",
        since=SINCE,
        steps=(
            Send(request(version=digit + b".0")),
            read(
                {
                    status(505): observed("refused with 505"),
                    status(400): observed("refused with 400"),
                    status_5xx: OWN_ERROR,
                    as_preflight(): observed("served as HTTP/1.1 is"),
                    served(): observed("answered with another status"),
                    ended: observed("the connection ends without an answer"),
                    garbage: observed("answered with bytes that are no HTTP/1.x"),
                    silent: NO_ANSWER,
                }
            ),
        ),
        good=(response(505, b"", close=True),),
        mutants=(
            Canned("serves it", OK),
            Canned("fails", SERVER_ERROR),
            Canned("never answers", NOTHING),
        ),
        note="No rule tells a server what to do with a major version that it lacks; 505 merely says so.",
    )


CHECKS = (*MALFORMED, *(_minor(digit) for digit in (b"2", b"9")), *(_major(digit) for digit in (b"2", b"3")))
