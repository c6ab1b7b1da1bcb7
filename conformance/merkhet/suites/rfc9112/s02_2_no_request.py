"""RFC 9112, Section 2.2: Message Parsing, octets that match no rule of the grammar."""

from __future__ import annotations

from merkhet.check import PASS, VIOLATION, WARNING, Canned, Check, HalfClose, Send, observed
from merkhet.expect import (
    answered,
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
    NO_ANSWER,
    NO_STATUS_LINE,
    NOT_400,
    NOT_SHOWN,
    OWN_ERROR,
    fields_known,
    hides_no_framing,
    read,
    refused_and_closed,
)
from merkhet.suites.rfc9112.sequences import request
from merkhet.suites.words import OK, REFUSED, SERVER_ERROR, SINCE, echo, response

_HOST = b"\r\nHost: {host}\r\n\r\n"

HEADS: tuple[tuple[str, str, bytes], ...] = (
    ("one-word", "A request line of one word", b"merkhet" + _HOST),
    ("four-words", "A request line of four words", b"GET {root} HTTP/1.1 extra" + _HOST),
    ("controls", "A line of control octets", b"\x01\x02 \x03 \x04" + _HOST),
    ("octets", "A line of octets above 0x7F", b"\xff\xfe\xfd \xfc \xfb" + _HOST),
    ("status-line", "A status line", b"HTTP/1.1 200 OK" + _HOST),
    ("method-at", "A method with an at sign", b"GE@T {root} HTTP/1.1" + _HOST),
    ("method-quote", "A method with a quotation mark", b'GE"T {root} HTTP/1.1' + _HOST),
    ("method-colon", "A method with a colon", b"GET: {root} HTTP/1.1" + _HOST),
    ("method-slash", "A method with a slash", b"GE/T {root} HTTP/1.1" + _HOST),
    ("method-parenthesis", "A method with a parenthesis", b"GET( {root} HTTP/1.1" + _HOST),
    ("method-nul", "A method that is NUL", b"\x00 {root} HTTP/1.1" + _HOST),
    ("method-nul-inside", "A method that holds NUL", b"GET\x00 {root} HTTP/1.1" + _HOST),
    ("method-control", "A method that holds a control octet", b"GE\x01T {root} HTTP/1.1" + _HOST),
    ("method-above-ascii", "A method that holds an octet above 0x7F", b"GE\xe9T {root} HTTP/1.1" + _HOST),
    ("byte-order-mark", "A byte order mark before the method", b"\xef\xbb\xbfGET {root} HTTP/1.1" + _HOST),
    ("no-colon", "A field line without a colon", request(b"GET", b"X-Test")),
    ("no-colon-words", "A field line of two words without a colon", request(b"GET", b"X-Test a")),
    ("no-colon-length", "A Content-Length line without a colon", request(b"GET", b"Content-Length 0")),
    ("joined-lines", "A field line broken inside its name", request(b"GET", b"X-Te", b"st: a")),
)

REFUSALS = tuple(
    refused_and_closed(
        f"2.2-no-request-{slug}",
        "rfc9112-2.2-10",
        f"{words} gets 400 and a close",
        data,
    )
    for slug, words, data in HEADS
)

SIMPLE_REQUEST = Check(
    id="rfc9112-2.2-no-request-version-missing",
    requirement="rfc9112-2.2-10",
    title="A request line without a version is refused, or answered in the manner of HTTP/0.9",
    since=SINCE,
    steps=(
        Send(b"GET {root}\r\n\r\n"),
        HalfClose(),
        read(
            {
                status(400, 505): PASS,
                status_5xx: OWN_ERROR,
                answered: observed("answered with a status line"),
                garbage: observed("answered with bare content, as HTTP/0.9 was"),
                ended: observed("the connection ends without an answer"),
                silent: observed("more octets are waited for"),
            }
        ),
    ),
    good=(REFUSED,),
    mutants=(Canned("fails", SERVER_ERROR), Canned("serves it", OK)),
    note="HTTP/0.9 is outside this grammar, but a server may still speak it.",
)

CONTROLS: tuple[tuple[str, str, bytes], ...] = (
    ("start-of-heading", "0x01", b"\x01"),
    ("backspace", "0x08", b"\x08"),
    ("escape", "0x1B", b"\x1b"),
    ("delete", "0x7F", b"\x7f"),
)


def _control(slug: str, words: str, octet: bytes) -> Check:
    return Check(
        id=f"rfc9112-2.2-control-in-value-{slug}",
        requirement="rfc9112-2.2-10",
        title=f"A value that holds the control octet {words} is refused, or taken as it is",
        since=SINCE,
        steps=(
            Send(request(b"GET", b"X-Test: a" + octet + b"b")),
            read(
                {
                    status(400): PASS,
                    status_4xx: NOT_400,
                    status_5xx: OWN_ERROR,
                    ended: HUNG_UP,
                    silent: NO_ANSWER,
                    served(): observed("taken"),
                }
            ),
        ),
        good=(REFUSED,),
        mutants=(Canned("takes it", OK), Canned("fails", SERVER_ERROR)),
        note="RFC 9110, Section 5.5 lets a recipient keep such octets where they do no harm.",
    )


NUL_ECHO = Check(
    id="rfc9112-2.2-nul-in-value-echo",
    requirement="rfc9112-2.2-10",
    title="NUL inside a value never reaches the application and cuts nothing off",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"X-Test: a\x00b", to=b"{echo}")),
        read(
            {
                status(400): PASS,
                status_4xx: NOT_400,
                ended: HUNG_UP,
                status_5xx: OWN_ERROR,
                echoed(lines=((b"X-Test", b"a b"),)): observed("NUL becomes a space"),
                echoed(lines=((b"X-Test", b"a\x00b"),)): VIOLATION.because("NUL reached the application"),
                echoed(lines=((b"X-Test", b"a"),)): VIOLATION.because("the value was cut at NUL"),
                echoed(absent=(b"X-Test",)): observed("the field line is dropped"),
                fields_known: WARNING.because("the value was changed otherwise than NUL to SP"),
                status_2xx: NOT_SHOWN,
                silent: NO_ANSWER,
            }
        ),
    ),
    twin=ECHO_GET_TWIN,
    good=(REFUSED,),
    mutants=(
        Canned("keeps it", echo(method="GET", fields=((b"X-Test", b"a\x00b"),))),
        Canned("cuts the value", echo(method="GET", fields=((b"X-Test", b"a"),))),
        Canned("drops NUL alone", echo(method="GET", fields=((b"X-Test", b"ab"),))),
    ),
    note="RFC 9110, Section 5.5 asks for a refusal or a space in place of NUL.",
)

NUL_ROOT = Check(
    id="rfc9112-2.2-nul-in-value",
    requirement="rfc9112-2.2-10",
    title="NUL inside a value is refused, or not seen to do harm",
    since=SINCE,
    steps=(
        Send(request(b"GET", b"X-Test: a\x00b")),
        read(
            {
                status(400): PASS,
                status_4xx: NOT_400,
                ended: HUNG_UP,
                status_5xx: OWN_ERROR,
                garbage: NO_STATUS_LINE,
                silent: NO_ANSWER,
                served(): observed("served; what NUL became cannot be seen"),
            }
        ),
    ),
    good=(REFUSED,),
    mutants=(Canned("serves it", OK), Canned("refuses it with 403", response(403, b""))),
)

JOINED = hides_no_framing(
    "2.2-no-request-joined-coding",
    "rfc9112-2.2-10",
    "A Transfer-Encoding whose name is broken over two lines announces no content",
    request(b"GET", b"Transfer-", CODING.removeprefix(b"Transfer-")),
)

NO_COLON = hides_no_framing(
    "2.2-no-request-no-colon-framing",
    "rfc9112-2.2-10",
    "A Content-Length without a colon announces no content",
    request(b"GET", b"Content-Length 1000"),
)

CHECKS = (*REFUSALS, SIMPLE_REQUEST, *(_control(*row) for row in CONTROLS), NUL_ECHO, NUL_ROOT, JOINED, NO_COLON)
