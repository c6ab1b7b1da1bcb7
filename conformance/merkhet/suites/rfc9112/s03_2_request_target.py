"""RFC 9112, Section 3.2: Request Target, octets that no form of it may hold."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Send, observed
from merkhet.expect import echoed, ended, garbage, served, silent, status_2xx, status_3xx, status_4xx, status_5xx
from merkhet.suites.rfc9112.s02_heads import ECHO_GET_TWIN, NO_ANSWER, NO_STATUS_LINE, OWN_ERROR, bad_line, read
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import REFUSED, SERVER_ERROR, SINCE, echo

TARGETS: tuple[tuple[str, str, bytes], ...] = (
    ("space", "with a space in its query", b"{root}?a b"),
    ("space-path", "with a space in its path", b"{root}a b"),
    ("control", "with the control octet 0x01", b"{root}?a\x01b"),
    ("escape", "with the control octet 0x1B", b"{root}?a\x1bb"),
    ("delete", "with the control octet 0x7F", b"{root}?a\x7fb"),
    ("nul", "with NUL in its query", b"{root}?a\x00b"),
    ("nul-path", "with NUL in its path", b"{root}\x00b"),
    ("space-nul", "with a space and NUL", b"{root}a \x00b"),
    ("utf8", "with a letter in UTF-8", b"{root}?caf\xc3\xa9"),
    ("utf8-path", "with a letter in UTF-8 in its path", b"{root}caf\xc3\xa9"),
    ("latin1", "with a letter in Latin-1", b"{root}?caf\xe9"),
    ("quote", "with a quotation mark", b'{root}?a"b'),
    ("less-than", "with a less-than sign", b"{root}?a<b"),
    ("backslash", "with a backslash", b"{root}?a\\b"),
    ("caret", "with a caret", b"{root}?a^b"),
    ("backquote", "with a backquote", b"{root}?a`b"),
    ("bar", "with a vertical bar", b"{root}?a|b"),
    ("bracket", "with a square bracket in its path", b"{root}a[b"),
    ("percent-bad", "with a percent sign before two letters that are no digits", b"{root}?a%zzb"),
    ("percent-short", "that ends in a percent sign and one digit", b"{root}?a%4"),
)

INVALID = tuple(
    bad_line(
        f"3.2-target-{slug}",
        "rfc9112-3.2-1",
        f"A target {words} gets 400, or 301 to its encoded form",
        b"GET " + target + b" HTTP/1.1",
    )
    for slug, words, target in TARGETS
)

FRAGMENTS: tuple[tuple[str, str, bytes], ...] = (
    ("path", "A fragment behind a path", b"{root}#part"),
    ("query", "A fragment behind a query", b"{root}?a#part"),
    ("empty", "An empty fragment", b"{root}#"),
    ("absolute", "A fragment in absolute-form", b"{scheme}://{host}{root}#part"),
)

FRAGMENT_CHECKS = tuple(
    bad_line(
        f"3.2-fragment-{slug}",
        "rfc9112-3.2-a1",
        f"{words} makes the request line invalid",
        b"GET " + target + b" HTTP/1.1",
    )
    for slug, words, target in FRAGMENTS
)

CORRECTIONS: tuple[tuple[str, str, bytes, tuple[bytes, ...]], ...] = (
    ("space", "with a space", b"{echo}?a b", (b"{echo}?a%20b", b"{echo}?a+b", b"{echo}?a")),
    ("utf8", "with a letter in UTF-8", b"{echo}?a\xc3\xa9", (b"{echo}?a%C3%A9", b"{echo}?a%c3%a9", b"{echo}?a")),
    ("control", "with a control octet", b"{echo}?a\x01b", (b"{echo}?a%01b", b"{echo}?ab", b"{echo}?a")),
    ("quote", "with a quotation mark", b'{echo}?a"b', (b"{echo}?a%22b", b"{echo}?ab", b"{echo}?a")),
    ("fragment", "with a fragment", b"{echo}?a#b", (b"{echo}?a", b"{echo}?a%23b")),
)
"""Slug, words, an invalid target, and what it may be corrected to."""


def _not_corrected(slug: str, words: str, target: bytes, corrected: tuple[bytes, ...]) -> Check:
    wrong = VIOLATION.because("the target was corrected and the request processed")
    return Check(
        id=f"rfc9112-3.2-no-autocorrection-{slug}",
        requirement="rfc9112-3.2-2",
        title=f"A target {words} is not corrected in silence",
        since=SINCE,
        steps=(
            Send(request(b"GET", to=target)),
            read(
                {
                    **{echoed(target=guess): wrong for guess in corrected},
                    echoed(target=target): observed("processed as it came, not corrected"),
                    status_2xx: observed("processed; the echo does not show with which target"),
                    status_3xx: PASS,
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                    served(): PASS,
                }
            ),
        ),
        twin=ECHO_GET_TWIN,
        good=(REFUSED,),
        mutants=(
            *(Canned(f"reads {guess.decode()}", echo(method="GET", target=guess)) for guess in corrected),
            Canned("fails", SERVER_ERROR),
        ),
        note="Processing the target as it came breaks the rule on invalid request lines, which other checks hold.",
    )


CHECKS = (*INVALID, *FRAGMENT_CHECKS, *(_not_corrected(*row) for row in CORRECTIONS))
