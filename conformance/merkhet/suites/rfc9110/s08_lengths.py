"""RFC 9110, Sections 8.6 and 8.7: lengths that are told and lengths that overflow, and Content-Location in a request."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.answer import Framing
from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Verdict,
    closes,
    lacks,
    observed,
)
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    content,
    ended,
    field,
    framed,
    silent,
    status,
    status_2xx,
    status_4xx,
)
from merkhet.expect_echo import echoed
from merkhet.expect_kept import field_is
from merkhet.fixtures import FIXTURES
from merkhet.suites.rfc9110.s09_shared import (
    FAILS,
    HANGS_UP,
    NOT_FOUND,
    SILENT_SERVER,
    one_answer,
    read,
    unanswered,
    unserved,
)
from merkhet.suites.rfc9112.sequences import request, sized
from merkhet.suites.words import ECHO_TWIN, OK, REFUSED, SINCE, chunked_response, echo, response

# --- 8.6: lengths


def _sized(slug: str, target: bytes, words: str, good: bytes) -> Check:
    data = good.partition(b"\r\n\r\n")[2]
    return one_answer(
        f"rfc9110-8.6-known-{slug}",
        "rfc9110-8.6-7",
        f"{words} comes with its length",
        request(b"GET", b"Accept-Encoding: identity", to=target),
        {
            all_of(status_2xx, framed(Framing.LENGTH)): PASS,
            status_2xx: VIOLATION.because("the length is known before the head is sent, and not told"),
            **unserved(),
            answered: lacks("content there"),
        },
        good=good,
        mutants=(
            Canned("sends it in chunks", chunked_response(data)),
            Canned("ends with the connection", closes(b"HTTP/1.1 200 \r\n\r\n" + data)),
            HANGS_UP,
        ),
        twin=Exchange(request=request(to=target), answer=status_2xx, good=good),
    )


_WRAPPED = VIOLATION.because("the number overflowed: the content was taken for whole")
_HUGE: tuple[tuple[str, bytes, bytes], ...] = (
    ("64-bit", b"18446744073709551617", b"x"),
    ("64-bit-five", b"18446744073709551621", b"hello"),
    ("32-bit", b"4294967301", b"hello"),
    ("63-bit", b"9223372036854775813", b"hello"),
    ("128-bit", b"340282366920938463463374607431768211461", b"hello"),
    ("digits", b"1" + b"0" * 99 + b"5", b"hello"),
)


def _huge(slug: str, number: bytes, data: bytes) -> Check:
    return one_answer(
        f"rfc9110-8.6-huge-{slug}",
        "rfc9110-8.6-8",
        f"A length of {number[:24].decode()}{'...' if len(number) > 24 else ''} does not overflow",
        request(b"POST", b"Content-Length: " + number, to=b"{echo}", content=data),
        {
            echoed(body=data): _WRAPPED,
            echoed(body=b""): _WRAPPED,
            status_4xx: PASS,
            status(501): PASS,
            ended: PASS,
            silent: PASS,
            answered: PASS,
        },
        good=REFUSED,
        mutants=(Canned("overflows", echo(data)), Canned("takes it for nothing", echo(b""))),
        to="POST",
        twin=ECHO_TWIN,
    )


_TWICE: Mapping[Expectation, Verdict] = {
    status(400): observed("refuses equal lengths"),
    echoed(body=b"hello"): observed("takes equal lengths for one"),
    status_4xx: WARNING.because("refused, but not with 400"),
    ended: WARNING.because("the connection ended without an answer"),
    **unserved(),
    answered: VIOLATION.because("the content was read otherwise than by the length that was said twice"),
}
LENGTHS = (
    _sized("file", b"{files:small.bin}", "A file", response(200, FIXTURES["small.bin"])),
    _sized("empty", b"{files:empty.txt}", "An empty file", response(200, b"")),
    _sized("root", b"{root}", "The root", OK),
    *(_huge(*row) for row in _HUGE),
    *(
        one_answer(
            f"rfc9110-8.6-equal-{slug}",
            "rfc9110-8.6-11",
            f"The same length twice {words} is refused or taken for one",
            request(b"POST", *lines, to=b"{echo}", content=b"hello"),
            _TWICE,
            good=echo(b"hello"),
            mutants=(Canned("refuses it", REFUSED), Canned("reads nothing", echo(b"")), FAILS, HANGS_UP, SILENT_SERVER),
            to="POST",
            twin=ECHO_TWIN,
        )
        for slug, words, lines in (
            ("list", "in one line", (b"Content-Length: 5, 5",)),
            ("lines", "on two lines", (b"Content-Length: 5", b"Content-Length: 5")),
        )
    ),
    one_answer(
        "rfc9110-8.6-tunnel",
        "rfc9110-8.6-6",
        "A success of CONNECT has no Content-Length",
        b"CONNECT {connect} HTTP/1.1\r\nHost: {connect}\r\n\r\n",
        {
            all_of(status_2xx, field(b"Content-Length")): VIOLATION.because(
                "a tunnel has no content, and no length of it"
            ),
            status_2xx: PASS,
            answered: lacks("tunnels"),
            **unanswered(),
        },
        good=b"HTTP/1.1 200 \r\n\r\n",
        mutants=(Canned("says a length", b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"),),
        to="CONNECT",
    ),
)

# --- 8.7: Content-Location in a request


def _located(slug: str, requirement: str, title: str, other: bytes, *, looks_there: bool) -> Check:
    path = b"{mutable:merkhet-located-%s-{nonce}}" % slug.encode()
    stored = response(200, b"mine")
    seen: Mapping[Expectation, Verdict] = (
        {
            status(404, 410): PASS,
            content(b"mine"): VIOLATION.because("the content went to where Content-Location pointed"),
            **unserved(),
            answered: WARNING.because("something else came"),
        }
        if looks_there
        else {
            field_is(b"Content-Location", other): VIOLATION.because(
                "what the request said is told as if it were known"
            ),
            content(b"mine"): PASS,
            status_2xx: VIOLATION.because("something else is stored than what was sent"),
            status(404, 410): VIOLATION.because("the content is not where it was put"),
            **unserved(),
            answered: WARNING.because("something else came"),
        }
    )
    missing = NOT_FOUND if looks_there else stored
    return Check(
        id=f"rfc9110-8.7-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(sized(b"PUT", b"mine", b"Content-Location: " + other, to=path)),
            read({status_2xx: PASS, answered: lacks("a store"), **unanswered()}, to="PUT"),
            Send(request(b"GET", b"Accept-Encoding: identity", to=other if looks_there else path), anew=True),
            read(seen),
            Send(request(b"DELETE", to=path), anew=True),
            Answers({answered: PASS, ended: PASS, silent: PASS}, to="DELETE"),
        ),
        good=(response(201, b"") + missing + response(204, b""),),
        mutants=(
            (Canned("stores it there", response(201, b"") + stored),)
            if looks_there
            else (
                Canned(
                    "tells it",
                    response(201, b"") + response(200, b"mine", b"Content-Location: /merkhet-elsewhere"),
                ),
                Canned("stores it elsewhere", response(201, b"") + NOT_FOUND),
            )
        ),
        twin=Exchange(request=request(to=b"{mutable:merkhet-twin}"), answer=status(200, 404), good=NOT_FOUND),
    )


CHECKS = (
    *LENGTHS,
    _located("not-told", "rfc9110-8.7-2", "Content-Location of a request is not told as what the store knows",
             b"/merkhet-elsewhere", looks_there=False),
    _located("not-followed", "rfc9110-8.7-4", "Content-Location of a request does not send its content elsewhere",
             b"{mutable:merkhet-elsewhere-{nonce}}", looks_there=True),
)  # fmt: skip
