"""RFC 9112, Section 6.3: Message Body Length, rule 4: a request whose final transfer coding is not chunked."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Answers, Canned, Check, Send
from merkhet.expect import ended, silent, status, status_2xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s06_framing import HELLO, OWN_ERROR, closing, refusal
from merkhet.suites.words import CHUNKED_ECHO_TWIN, CHUNKED_TWIN, NOTHING, REFUSED, SINCE, echo, post

NOT_FINAL: tuple[tuple[str, str, bytes], ...] = (
    ("chunked-identity", "chunked, then identity", b"chunked, identity"),
    ("chunked-gzip", "chunked, then gzip", b"chunked, gzip"),
    (
        "chunked-line-identity-line",
        "chunked on one line and identity on the next",
        b"chunked\r\nTransfer-Encoding: identity",
    ),
    ("chunked-line-gzip-line", "chunked on one line and gzip on the next", b"chunked\r\nTransfer-Encoding: gzip"),
    ("chunked-identity-folded", "chunked, then identity on a folded line", b"chunked\r\n , identity"),
    ("gzip", "gzip alone", b"gzip"),
    ("identity", "identity alone", b"identity"),
    ("unknown", "a coding that nobody knows", b"merkhet-coding"),
    ("letter-before", "chunked with a letter before it", b"xchunked"),
    ("letter-behind", "chunked with a letter behind it", b"chunkedx"),
    ("space-word", "chunked and a word behind a space", b"chunked identity"),
    ("vertical-tab-before", "chunked behind a vertical tab", b"\x0bchunked"),
    ("form-feed-behind", "chunked followed by a form feed", b"chunked\x0c"),
    ("no-break-space-before", "chunked behind a no-break space", b"\xa0chunked"),
    ("next-line-behind", "chunked followed by the NEXT LINE octet of Latin-1", b"chunked\x85"),
    ("kelvin-sign", "chunked spelled with the KELVIN SIGN", "chun\u212aed".encode()),
    ("double-quoted", "chunked in double quotes", b'"chunked"'),
    ("single-quoted", "chunked in single quotes", b"'chunked'"),
)
"""Slug, words for the title, and a value whose last member is not the name `chunked`."""

WITH_LENGTH = frozenset(
    {
        "chunked-identity",
        "chunked-line-identity-line",
        "identity",
        "unknown",
        "letter-before",
        "vertical-tab-before",
        "no-break-space-before",
        "kelvin-sign",
        "double-quoted",
    }
)
CLOSED = WITH_LENGTH | {"gzip", "chunked-gzip", "chunked-identity-folded"}

NEAR = {
    status(501): WARNING.because("501 says that the coding is unknown; where chunked is not last, 400 is asked for"),
}
STATUS_JUDGED = frozenset(
    {
        "chunked-identity",
        "chunked-gzip",
        "chunked-line-identity-line",
        "chunked-line-gzip-line",
        "chunked-identity-folded",
        "gzip",
        "identity",
        "unknown",
    }
)
"""Where 501 is a near miss. A server that prefers 501 prefers it always: the other checks do not count that again."""
NOT_READ = {status(501): PASS}
NOTE = "A 501 is a near miss: Section 6.1 prefers it for an unknown coding, Section 6.3 asks for 400 without exception."
OTHER_NOTE = "A 501 passes here: that 400 is asked for is judged by other checks of this rule."
LENGTH = b"Content-Length: %d" % len(HELLO)


def _field(value: bytes) -> bytes:
    return b"Transfer-Encoding: " + value


def _content_check(slug: str, words: str, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-6.3-final-coding-{slug}-echo",
        requirement="rfc9112-6.3-3",
        title=f"A request whose Transfer-Encoding is {words} does not fall back to its Content-Length",
        since=SINCE,
        steps=(
            Send(post(HELLO, LENGTH, _field(value))),
            Answers(
                {
                    status_2xx: VIOLATION.because("the application got a request whose length cannot be known"),
                    status(400): PASS,
                    **NOT_READ,
                    status_4xx: WARNING.because("refused, but not with 400"),
                    ended: WARNING.because("the connection ended without the 400"),
                    status_5xx: OWN_ERROR,
                    silent: VIOLATION.because("no 400 came"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("falls back to the length", echo(HELLO)),
            Canned("reads it as chunked", echo(b"hello")),
            Canned("waits", NOTHING),
        ),
        note=OTHER_NOTE,
    )


CHECKS = (
    *(
        refusal(
            f"6.3-final-coding-{slug}",
            "rfc9112-6.3-3",
            f"A request whose Transfer-Encoding is {words} gets 400",
            post(HELLO, _field(value), to=b"{root}"),
            near=NEAR,
            twin=CHUNKED_TWIN,
            note=NOTE,
        )
        for slug, words, value in NOT_FINAL
        if slug in STATUS_JUDGED
    ),
    *(
        refusal(
            f"6.3-final-coding-{slug}",
            "rfc9112-6.3-3",
            f"A Transfer-Encoding of {words} is not read as chunked",
            post(HELLO, _field(value), to=b"{root}"),
            near=NOT_READ,
            twin=CHUNKED_TWIN,
            note=OTHER_NOTE,
        )
        for slug, words, value in NOT_FINAL
        if slug not in STATUS_JUDGED
    ),
    *(
        refusal(
            f"6.3-final-coding-{slug}-with-length",
            "rfc9112-6.3-3",
            f"A request whose Transfer-Encoding is {words} is refused though it has a Content-Length",
            post(HELLO, LENGTH, _field(value), to=b"{root}"),
            near=NOT_READ,
            twin=CHUNKED_TWIN,
            note=OTHER_NOTE,
        )
        for slug, words, value in NOT_FINAL
        if slug in WITH_LENGTH
    ),
    *(
        closing(
            f"6.3-final-coding-{slug}",
            "rfc9112-6.3-3",
            f"The connection ends after a request whose Transfer-Encoding is {words} was refused",
            post(HELLO, _field(value), to=b"{root}"),
            twin=CHUNKED_TWIN,
        )
        for slug, words, value in NOT_FINAL
        if slug in CLOSED
    ),
    *(_content_check(slug, words, value) for slug, words, value in NOT_FINAL if slug in WITH_LENGTH),
)
