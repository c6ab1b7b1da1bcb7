"""RFC 9112, Section 2.2: Message Parsing, CR that no LF follows."""

from __future__ import annotations

from merkhet.check import DESYNC, PASS, VIOLATION, WARNING, Answers, Canned, Check, HalfClose, Send, observed
from merkhet.expect import (
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    served,
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
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import NOTHING, OK, REFUSED, SINCE, echo, response

VALUES: tuple[tuple[str, str, bytes, bytes], ...] = (
    ("middle", "A bare CR inside a value", b"a\rb", b"a b"),
    ("twice", "Two bare CRs inside a value", b"a\r\rb", b"a b"),
    ("field-behind", "A bare CR with what looks like a field line behind it", b"a\rX-Split: b", b"a X-Split: b"),
    ("field-at-once", "A bare CR before the only text of a value", b"\rX-Split: b", b"X-Split: b"),
    ("space-behind", "A bare CR with a space behind it", b"a\r X-Split: b", b"a X-Split: b"),
)
"""Slug, words for the title, the value as sent, and the value in which each CR is SP, runs of SP collapsed."""


def _value(slug: str, words: str, value: bytes, spaced: bytes) -> Check:
    return Check(
        id=f"rfc9112-2.2-bare-cr-value-{slug}",
        requirement="rfc9112-2.2-4",
        title=f"{words} is refused or becomes a space",
        since=SINCE,
        steps=(
            Send(request(b"GET", b"X-Test: " + value, to=b"{echo}")),
            read(
                {
                    status_4xx: PASS,
                    ended: PASS,
                    status_5xx: OWN_ERROR,
                    echoed(lines=((b"X-Test", spaced),), absent=(b"X-Split",), folded=True): PASS,
                    echoed(lines=((b"X-Test", value),)): VIOLATION.because("the bare CR reached the application"),
                    echoed(absent=(b"X-Test", b"X-Split")): observed("the field line is dropped"),
                    echoed(absent=(b"X-Split",)): WARNING.because("the value was changed otherwise than CR to SP"),
                    fields_known: VIOLATION.because("the bare CR ended the field line: what follows became a field"),
                    status_2xx: NOT_SHOWN,
                    silent: NO_ANSWER,
                }
            ),
        ),
        twin=ECHO_GET_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("keeps the CR", echo(method="GET", fields=((b"X-Test", value),))),
            Canned("splits the field", echo(method="GET", fields=((b"X-Test", b"a"), (b"X-Split", b"b")))),
            Canned("cuts the value", echo(method="GET", fields=((b"X-Test", b"z"),))),
        ),
    )


NAME = Check(
    id="rfc9112-2.2-bare-cr-name",
    requirement="rfc9112-2.2-4",
    title="A bare CR inside a field name makes the field line invalid",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"X-Te\rst: a", to=b"{echo}")),
        read(
            {
                status_4xx: PASS,
                ended: PASS,
                status_5xx: OWN_ERROR,
                echoed(lines=((b"X-Te\rst", b"a"),)): VIOLATION.because("the bare CR reached the application"),
                echoed(lines=((b"st", b"a"),)): VIOLATION.because("the bare CR began a new field line"),
                echoed(lines=((b"X-Te-st", b"a"),)): WARNING.because("the name became another one"),
                fields_known: observed("the field line is dropped"),
                status_2xx: NOT_SHOWN,
                silent: NO_ANSWER,
            }
        ),
    ),
    twin=ECHO_GET_TWIN,
    good=(REFUSED,),
    mutants=(
        Canned("keeps it", echo(method="GET", fields=((b"X-Te\rst", b"a"),))),
        Canned("splits the line", echo(method="GET", fields=((b"st", b"a"),))),
        Canned("makes it a hyphen", echo(method="GET", fields=((b"X-Te-st", b"a"),))),
    ),
)

TARGET = Check(
    id="rfc9112-2.2-bare-cr-target",
    requirement="rfc9112-2.2-4",
    title="A bare CR inside the request target never reaches the application",
    since=SINCE,
    steps=(
        Send(request(b"GET", to=b"{echo}?a\rb")),
        read(
            {
                status_4xx: PASS,
                ended: PASS,
                status_5xx: OWN_ERROR,
                echoed(target=b"{echo}?a\rb"): VIOLATION.because("the bare CR reached the application"),
                status_2xx: observed("served with another target than was sent, or one that the echo does not show"),
                served(): PASS,
                garbage: NO_STATUS_LINE,
                silent: NO_ANSWER,
            }
        ),
    ),
    twin=ECHO_GET_TWIN,
    good=(REFUSED,),
    mutants=(Canned("keeps it", echo(method="GET", target=b"{echo}?a\rb")), Canned("never answers", NOTHING)),
)

HIDDEN: tuple[tuple[str, str, bytes], ...] = (
    ("length", "A Content-Length behind a bare CR in a value", b"X-Test: a\r" + LENGTH),
    ("coding", "A Transfer-Encoding behind a bare CR in a value", b"X-Test: a\r" + CODING),
    ("coding-at-once", "A Transfer-Encoding behind the bare CR that begins a value", b"X-Test: \r" + CODING),
    ("coding-and-octet", "A Transfer-Encoding one octet behind a bare CR", b"X-Test: \rx" + CODING),
    ("length-no-space", "A Content-Length behind a bare CR next to the colon", b"X-Test:\r" + LENGTH),
)

FRAMING = tuple(
    hides_no_framing(
        f"2.2-bare-cr-hides-{slug}", "rfc9112-2.2-4", f"{words} announces no content", request(b"GET", line)
    )
    for slug, words, line in HIDDEN
)

HEAD_ENDS: tuple[tuple[str, str, bytes], ...] = (
    ("crlf-cr", "CRLF and a bare CR", b"\r\n\r"),
    ("cr-cr", "Two bare CRs", b"\r\r"),
    ("cr-crlf-cr", "A bare CR, CRLF and a bare CR", b"\r\r\n\r"),
)


def _no_head_end(slug: str, words: str, octets: bytes) -> Check:
    inner = b"GET {root} HTTP/1.1\r\nX-Other: b\r\n\r\n"
    second = DESYNC.because("a second answer came: the head was held to end at a bare CR")
    return Check(
        id=f"rfc9112-2.2-bare-cr-head-end-{slug}",
        requirement="rfc9112-2.2-4",
        title=f"{words} do not end a head: what follows is no second request",
        since=SINCE,
        steps=(
            Send(b"GET {root} HTTP/1.1\r\nHost: {host}\r\nX-Test: a" + octets + inner),
            read(
                {
                    as_preflight(): PASS,
                    status_4xx: PASS,
                    ended: PASS.then(),
                    status_5xx: OWN_ERROR,
                    garbage: NO_STATUS_LINE.then(),
                    silent: NO_ANSWER.then(),
                    served(): PASS,
                }
            ),
            Answers({ended: PASS, silent: PASS, answered: second, garbage: second}, quiet=True),
        ),
        good=(REFUSED,),
        mutants=(
            Canned("reads two requests", OK + OK),
            Canned("refuses the second", OK + REFUSED.data),
            Canned("never answers", NOTHING),
        ),
    )


NO_LF = Check(
    id="rfc9112-2.2-bare-cr-every-line",
    requirement="rfc9112-2.2-4",
    title="A request whose lines all end in a bare CR is not served",
    since=SINCE,
    steps=(
        Send(b"GET {root} HTTP/1.1\rHost: {host}\r\r"),
        HalfClose(),
        Answers(
            {
                status_4xx: PASS,
                ended: PASS,
                silent: PASS,
                status_5xx: OWN_ERROR,
                garbage: NO_STATUS_LINE,
                served(): VIOLATION.because("bare CRs were taken for line ends"),
            }
        ),
    ),
    good=(REFUSED,),
    mutants=(Canned("serves it", OK), Canned("fails", response(500))),
)

CHECKS = (
    *(_value(*row) for row in VALUES),
    NAME,
    TARGET,
    *FRAMING,
    *(_no_head_end(*row) for row in HEAD_ENDS),
    NO_LF,
)
