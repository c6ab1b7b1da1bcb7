"""RFC 9112, Section 2.2: Message Parsing, octets above 0x7F and what string libraries take for line ends."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, Exchange, Send, Verdict, observed
from merkhet.expect import echoed, ended, silent, status_2xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s02_heads import (
    CODING,
    ECHO_GET_TWIN,
    LENGTH,
    NO_ANSWER,
    NOT_SHOWN,
    OWN_ERROR,
    fields_known,
    hides_no_framing,
    read,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, SINCE, echo, response

_LEGAL_REFUSED = WARNING.because("octets that a field value may hold were refused")

SEPARATORS: tuple[tuple[str, str, bytes, Verdict], ...] = (
    ("overlong-lf", "an overlong UTF-8 form of LF", b"\xc0\x8a", _LEGAL_REFUSED),
    ("overlong-crlf", "overlong UTF-8 forms of CR and LF", b"\xc0\x8d\xc0\x8a", _LEGAL_REFUSED),
    ("overlong-lf-3", "a three-octet UTF-8 form of LF", b"\xe0\x80\x8a", _LEGAL_REFUSED),
    ("next-line", "the NEXT LINE octet of Latin-1", b"\x85", _LEGAL_REFUSED),
    ("next-line-utf8", "NEXT LINE in UTF-8", b"\xc2\x85", _LEGAL_REFUSED),
    ("line-separator", "LINE SEPARATOR in UTF-8", b"\xe2\x80\xa8", _LEGAL_REFUSED),
    ("paragraph-separator", "PARAGRAPH SEPARATOR in UTF-8", b"\xe2\x80\xa9", _LEGAL_REFUSED),
    ("u010a", "a letter whose code point ends in 0A", b"\xc4\x8a", _LEGAL_REFUSED),
    ("u560d-u560a", "two ideographs whose code points end in 0D and 0A", b"\xe5\x98\x8d\xe5\x98\x8a", _LEGAL_REFUSED),
    ("vertical-tab", "a vertical tab", b"\x0b", PASS),
    ("form-feed", "a form feed", b"\x0c", PASS),
    ("file-separator", "a FILE SEPARATOR control", b"\x1c", PASS),
    ("record-separator", "a RECORD SEPARATOR control", b"\x1e", PASS),
)
"""Slug, words, octets that are no line end, and what a refusal of them means: control octets may be refused."""


def _splits_no_field(slug: str, words: str, octets: bytes, refusal: Verdict) -> Check:
    value = b"a" + octets + b"X-Split: b"
    return Check(
        id=f"rfc9112-2.2-octets-{slug}-echo",
        requirement="rfc9112-2.2-1",
        title=f"What stands behind {words} in a value does not become a field",
        since=SINCE,
        steps=(
            Send(request(b"GET", b"X-Test: " + value, to=b"{echo}")),
            read(
                {
                    echoed(lines=((b"X-Test", value),), absent=(b"X-Split",)): PASS,
                    echoed(absent=(b"X-Split",)): observed("one field, its value reported in other octets"),
                    fields_known: VIOLATION.because("octets that are no line end split a field line"),
                    status_2xx: NOT_SHOWN,
                    status_4xx: refusal,
                    ended: refusal,
                    status_5xx: OWN_ERROR,
                    silent: NO_ANSWER,
                }
            ),
        ),
        twin=ECHO_GET_TWIN,
        good=(echo(method="GET", fields=((b"X-Test", value),)),),
        mutants=(
            Canned("splits the field", echo(method="GET", fields=((b"X-Test", b"a"), (b"X-Split", b"b")))),
            Canned("fails", response(500)),
        ),
    )


_HIDING = frozenset({"overlong-lf", "overlong-crlf", "next-line", "line-separator", "u560d-u560a", "vertical-tab"})

HIDING = tuple(
    hides_no_framing(
        f"2.2-octets-{slug}-hides-{hidden}",
        "rfc9112-2.2-1",
        f"A {name} behind {words} in a value announces no content",
        request(b"GET", b"X-Test: a" + octets + line),
        refusal=refusal,
    )
    for slug, words, octets, refusal in SEPARATORS
    if slug in _HIDING
    for hidden, name, line in (("length", "Content-Length", LENGTH), ("coding", "Transfer-Encoding", CODING))
)

ABOVE_ASCII = bytes(range(0x80, 0x100))

ALL_OCTETS = (
    hides_no_framing(
        "2.2-octets-above-ascii-value",
        "rfc9112-2.2-1",
        "A value that holds every octet above 0x7F is read, and the next request too",
        request(b"GET", b"X-Test: a" + ABOVE_ASCII + b"z"),
        refusal=_LEGAL_REFUSED,
    ),
    hides_no_framing(
        "2.2-octets-above-ascii-target",
        "rfc9112-2.2-1",
        "After a target that holds every octet above 0x7F the next request is found, or none is read",
        request(b"GET", to=b"{root}?" + ABOVE_ASCII),
        twin=Exchange(request=request(b"GET", to=b"{root}?a")),
        note="Such a target is invalid, so that a refusal is right; what is judged here is where the request ends.",
    ),
    hides_no_framing(
        "2.2-octets-overlong-lf-target",
        "rfc9112-2.2-1",
        "After a target that holds an overlong UTF-8 form of LF the next request is found, or none is read",
        request(b"GET", to=b"{root}?a\xc0\x8aContent-Length:1000"),
        twin=Exchange(request=request(b"GET", to=b"{root}?a")),
    ),
)

NO_WHITESPACE = Check(
    id="rfc9112-2.2-octets-not-stripped",
    requirement="rfc9112-2.2-1",
    title="Octets above 0x7F at the ends of a value are no whitespace and stay",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"X-Test: \x85admin\xa0", to=b"{echo}")),
        read(
            {
                echoed(lines=((b"X-Test", b"\x85admin\xa0"),)): PASS,
                echoed(lines=((b"X-Test", b"admin"),)): WARNING.because(
                    "octets that only a character set calls whitespace were stripped"
                ),
                status_2xx: observed("the value is reported in other octets"),
                status_4xx: _LEGAL_REFUSED,
                ended: _LEGAL_REFUSED,
                status_5xx: OWN_ERROR,
                silent: NO_ANSWER,
            }
        ),
    ),
    twin=ECHO_GET_TWIN,
    good=(echo(method="GET", fields=((b"X-Test", b"\x85admin\xa0"),)),),
    mutants=(
        Canned("strips them", echo(method="GET", fields=((b"X-Test", b"admin"),))),
        Canned("shows nothing", OK),
    ),
    note="An application that decodes and strips values itself looks the same from outside: a warning.",
)

CHECKS = (*(_splits_no_field(*row) for row in SEPARATORS), *HIDING, *ALL_OCTETS, NO_WHITESPACE)
