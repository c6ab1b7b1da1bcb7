"""RFC 9112, Section 2.2: Message Parsing, whitespace between the request line and the first field line."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, Canned, Check, Send, observed
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    silent,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s02_heads import (
    CODING,
    ECHO_GET_TWIN,
    LENGTH,
    NO_ANSWER,
    NO_STATUS_LINE,
    NOT_SHOWN,
    OWN_ERROR,
    fields_known,
    hides_no_framing,
    read,
)
from merkhet.suites.words import OK, REFUSED, SERVER_ERROR, SINCE, echo

LINES: tuple[tuple[str, str, bytes], ...] = (
    ("space", "A line that begins with a space", b" X-Test: a\r\n"),
    ("tab", "A line that begins with a tab", b"\tX-Test: a\r\n"),
    ("spaces", "A line that begins with many spaces", b"        X-Test: a\r\n"),
    ("two-lines", "Two lines that begin with whitespace", b" X-Test: a\r\n\tX-Second: b\r\n"),
    ("blank", "A line of whitespace alone, and one behind it that begins with a space,", b" \r\n X-Test: a\r\n"),
)


def _head(target: bytes, lines: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + lines + b"Host: {host}\r\nX-After: after\r\n\r\n"


_ABSENT = (b"X-Test", b" X-Test", b"\tX-Test", b"        X-Test", b"X-Second", b"\tX-Second")


def _echoed(slug: str, words: str, lines: bytes) -> Check:
    return Check(
        id=f"rfc9112-2.2-whitespace-first-{slug}-echo",
        requirement="rfc9112-2.2-9",
        title=f"{words} before the first field line is refused or leaves no trace",
        since=SINCE,
        steps=(
            Send(_head(b"{echo}", lines)),
            read(
                {
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    echoed(lines=((b"X-After", b"after"),), absent=_ABSENT): PASS,
                    fields_known: VIOLATION.because("the line became a field, or changed another one"),
                    status_2xx: NOT_SHOWN,
                    silent: NO_ANSWER,
                }
            ),
        ),
        twin=ECHO_GET_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("makes it a field", echo(method="GET", fields=((b"X-Test", b"a"), (b"X-After", b"after")))),
            Canned("changes the first field", echo(method="GET", fields=((b"X-After", b"X-Test: a after"),))),
            Canned("fails", SERVER_ERROR),
        ),
    )


def _rooted(slug: str, words: str, lines: bytes) -> Check:
    return Check(
        id=f"rfc9112-2.2-whitespace-first-{slug}",
        requirement="rfc9112-2.2-9",
        title=f"{words} before the first field line is refused, or not seen to do harm",
        since=SINCE,
        steps=(
            Send(_head(b"{root}", lines)),
            read(
                {
                    as_preflight(): observed("served; whether the line was ignored cannot be seen"),
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                    answered: observed("served with another status than a plain GET"),
                }
            ),
        ),
        good=(REFUSED,),
        mutants=(Canned("serves it", OK), Canned("fails", SERVER_ERROR)),
    )


HIDDEN = tuple(
    hides_no_framing(
        f"2.2-whitespace-first-{slug}",
        "rfc9112-2.2-9",
        f"{words} on the line behind the request line announces no content",
        _head(b"{root}", line + b"\r\n"),
    )
    for slug, words, line in (
        ("length", "A Content-Length behind a space", b" " + LENGTH),
        ("length-tab", "A Content-Length behind a tab", b"\t" + LENGTH),
        ("coding", "A Transfer-Encoding behind a space", b" " + CODING),
        ("coding-tab", "A Transfer-Encoding behind a tab", b"\t" + CODING),
    )
)

CHECKS = (*(_echoed(*row) for row in LINES), *(_rooted(*row) for row in LINES), *HIDDEN)
