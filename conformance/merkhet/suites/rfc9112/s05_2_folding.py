"""RFC 9112, Section 5.2: Obsolete Line Folding."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, Canned, Check, Send, closes, observed
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s02_heads import (
    CODING,
    ECHO_GET_TWIN,
    HUNG_UP,
    LENGTH,
    NO_ANSWER,
    NO_STATUS_LINE,
    NOT_400,
    NOT_SHOWN,
    OWN_ERROR,
    fields_known,
    hides_no_framing,
    read,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import CHUNKED_TWIN, GET, HANG_UP, OK, REFUSED, SERVER_ERROR, SINCE, echo, post, response

FOLDS: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("space", "with a space", b"X-Test: a\r\n b", b"a b"),
    ("tab", "with a tab", b"X-Test: a\r\n\tb", b"a b"),
    ("spaces", "with whitespace on both sides", b"X-Test: a \t\r\n \t b", b"a b"),
    ("twice", "over three lines", b"X-Test: a\r\n b\r\n\tc", b"a b c"),
    ("value-below", "with nothing on its first line", b"X-Test:\r\n a", b"a"),
    ("blank", "with whitespace alone on its last line", b"X-Test: a\r\n ", b"a"),
    ("blank-inside", "with whitespace alone on its middle line", b"X-Test: a\r\n \r\n b", b"a b"),
    ("field-like", "with what looks like a field on its last line", b"X-Test: a\r\n X-Split: b", b"a X-Split: b"),
    (
        "request-like",
        "with what looks like a request line on its last line",
        b"X-Test: a\r\n GET / HTTP/1.1",
        b"a GET / HTTP/1.1",
    ),
)
"""Slug, words, the field as sent, and its value with each fold and each run of whitespace as one SP."""

_SPLIT = (b"X-Split", b" X-Split", b"b", b" b")


def _echoed(slug: str, words: str, line: bytes, value: bytes) -> Check:
    return Check(
        id=f"rfc9112-5.2-fold-{slug}-echo",
        requirement="rfc9112-5.2-2",
        title=f"A value folded {words} is refused with 400, or arrives whole on one line",
        since=SINCE,
        steps=(
            Send(request(b"GET", line, b"X-After: after", to=b"{echo}")),
            read(
                {
                    status(400): PASS,
                    status_4xx: NOT_400,
                    status_5xx: OWN_ERROR,
                    ended: HUNG_UP,
                    silent: NO_ANSWER,
                    echoed(lines=((b"X-Test", value), (b"X-After", b"after")), absent=_SPLIT, folded=True): PASS,
                    fields_known: VIOLATION.because("a part of the folded value was lost, or became a field"),
                    status_2xx: NOT_SHOWN,
                }
            ),
        ),
        twin=ECHO_GET_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("loses the field", echo(method="GET", fields=((b"X-After", b"after"),))),
            Canned("cuts the value", echo(method="GET", fields=((b"X-Test", b""), (b"X-After", b"after")))),
            Canned(
                "makes a field of the last line",
                echo(method="GET", fields=((b"X-Test", value), (b"X-Split", b"b"), (b"X-After", b"after"))),
            ),
            Canned("loses the next field", echo(method="GET", fields=((b"X-Test", value),))),
            Canned("keeps the line end", echo(method="GET", fields=((b"X-Test", b"a\r\n b"), (b"X-After", b"after")))),
            Canned("hangs up", HANG_UP),
        ),
    )


def _rooted(slug: str, words: str, line: bytes) -> Check:
    return Check(
        id=f"rfc9112-5.2-fold-{slug}",
        requirement="rfc9112-5.2-2",
        title=f"A value folded {words} gets 400, or is not seen to do harm",
        since=SINCE,
        steps=(
            Send(request(b"GET", line)),
            read(
                {
                    status(400): PASS,
                    status_5xx: OWN_ERROR,
                    as_preflight(): observed("served; what became of the fold cannot be seen"),
                    status_4xx: NOT_400,
                    served(): observed("served with another status than a plain GET"),
                    ended: HUNG_UP,
                    garbage: NO_STATUS_LINE,
                    silent: NO_ANSWER,
                }
            ),
        ),
        good=(REFUSED,),
        mutants=(
            Canned("serves it", OK),
            Canned("refuses it with 403", response(403, b"")),
            Canned("fails", SERVER_ERROR),
        ),
    )


HOST = Check(
    id="rfc9112-5.2-fold-host",
    requirement="rfc9112-5.2-2",
    title="A Host field whose value stands on its second line gets 400, or is read",
    since=SINCE,
    steps=(
        Send(b"GET {root} HTTP/1.1\r\nHost:\r\n {host}\r\n\r\n"),
        read(
            {
                status(400): PASS,
                as_preflight(): observed("served as with a plain Host field"),
                status_4xx: NOT_400,
                status_5xx: OWN_ERROR,
                ended: HUNG_UP,
                garbage: NO_STATUS_LINE,
                silent: NO_ANSWER,
                served(): observed("served with another status than a plain GET"),
            }
        ),
    ),
    good=(REFUSED,),
    mutants=(Canned("serves it", OK), Canned("refuses it with 403", response(403, b""))),
)

HIDDEN = tuple(
    hides_no_framing(
        f"5.2-fold-hides-{slug}",
        "rfc9112-5.2-2",
        f"{words} announces no content",
        request(b"GET", b"X-Test: a\r\n" + line),
    )
    for slug, words, line in (
        ("length", "A Content-Length on the second line of a folded value", b" " + LENGTH),
        ("length-tab", "A Content-Length behind a tab on the second line of a folded value", b"\t" + LENGTH),
        ("coding", "A Transfer-Encoding on the second line of a folded value", b" " + CODING),
        ("coding-tab", "A Transfer-Encoding behind a tab on the second line of a folded value", b"\t" + CODING),
    )
)

_BEHIND = DESYNC.because("the folded Transfer-Encoding was not read: its chunks were read as a request")


def _coding(slug: str, words: str, line: bytes) -> Check:
    return Check(
        id=f"rfc9112-5.2-fold-coding-{slug}",
        requirement="rfc9112-5.2-2",
        title=f"A Transfer-Encoding folded {words} gets 400, or is read as one line",
        since=SINCE,
        steps=(
            Send(post(b"5\r\nhello\r\n0\r\n\r\n", line, to=b"{root}") + GET),
            read(
                {
                    status(400): PASS.then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: HUNG_UP.then(),
                    garbage: NO_STATUS_LINE.then(),
                    silent: NO_ANSWER.then(),
                    served(): PASS,
                },
                to="POST",
            ),
            read(
                {
                    as_preflight(): PASS,
                    ended: observed("answered, then the connection ends"),
                    answered: _BEHIND,
                    garbage: _BEHIND,
                    silent: VIOLATION.because("the request behind it was never answered"),
                }
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("reads the chunks as a request", closes(response(405, b"", b"Allow: GET") + REFUSED.data)),
            Canned("swallows the next request", OK),
        ),
    )


CODINGS = (
    _coding("space", "with a space", b"Transfer-Encoding:\r\n chunked"),
    _coding("tab", "with a tab", b"Transfer-Encoding:\r\n\tchunked"),
)

CHECKS = (
    *(_echoed(*row) for row in FOLDS),
    *(_rooted(slug, words, line) for slug, words, line, _ in FOLDS),
    HOST,
    *HIDDEN,
    *CODINGS,
)
