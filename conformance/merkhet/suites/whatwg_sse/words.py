"""Canned event streams, and how a check of one is built."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Stream,
    Verdict,
)
from merkhet.expect import Expectation, answered, cut_short, ended, garbage, silent, status_4xx, status_5xx
from merkhet.expect_events import any_stream
from merkhet.suites.words import DATE, HANG_UP, NOTHING, SERVER_ERROR, SINCE

SECONDS = 3.0
"""How long a stream that ends may take to come."""


def get(target: bytes, *lines: bytes, method: bytes = b"GET") -> bytes:
    """Return a request for a stream, with these field lines."""
    more = b"".join(line + b"\r\n" for line in lines)
    return b"%s %s HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n%s\r\n" % (method, target, more)


def echo(**fields: str) -> bytes:
    """Return the request for a stream with one event of these fields, percent-encoded already."""
    return get(b"{sse-echo:%s}" % "&".join(f"{name}={value}" for name, value in fields.items()).encode("ascii"))


def stream(content: bytes, kind: bytes = b"text/event-stream", code: int = 200) -> bytes:
    """Return a whole response with this stream, chunked."""
    return b"HTTP/1.1 %d \r\n%sContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % (
        code, DATE, kind, b"%x\r\n%s\r\n" % (len(content), content) if content else b"",
    )  # fmt: skip


def numbered(*numbers: int) -> bytes:
    """Return the events that the contract's streams have."""
    return b"".join(b"id: %d\ndata: event %d\n\n" % (number, number) for number in numbers)


TWIN = Exchange(request=get(b"{sse:1,0}"), answer=any_stream, good=stream(numbered(1)))
ECHO_TWIN = Exchange(request=echo(data="x"), answer=any_stream, good=stream(b"data: x\n\n"))

NO_STREAM: Mapping[Expectation, Verdict] = {
    status_5xx: WARNING.because("an error of the server's own"),
    answered: WARNING.because("the answer is no event stream of the contract"),
    cut_short: WARNING.because("the stream did not come to its end"),
    garbage: WARNING.because("what came is no response"),
    ended: WARNING.because("the connection ended without a stream"),
    silent: WARNING.because("no stream came in time"),
}
"""What says nothing of the rule, and is no stream all the same."""

NO_STREAM_FAULTS = (
    Canned("fails", SERVER_ERROR),
    Canned("hangs up", HANG_UP),
    Canned("says nothing", NOTHING),
)


def judged(  # noqa: PLR0917 - the columns of a table
    section: str,
    rule: str,
    slug: str,
    title: str,
    request: bytes,
    cases: Mapping[Expectation, Verdict],
    good: bytes | Stream,
    faults: Mapping[str, bytes | Stream],
    *,
    twin: Exchange = TWIN,
    note: str = "",
) -> Check:
    """Return a check that sends one request and judges the stream that comes."""
    return Check(
        id=f"whatwg-sse-{section}-{slug}",
        requirement=f"whatwg-sse-{section}-{rule}",
        title=title,
        since=SINCE,
        steps=(Send(request), Answers({**cases, **NO_STREAM}, patience_seconds=SECONDS)),
        good=(good,),
        mutants=(*(Canned(fault, answer) for fault, answer in faults.items()), *NO_STREAM_FAULTS),
        twin=twin,
        note=note,
    )


def echoed(  # noqa: PLR0917 - the columns of a table
    section: str,
    rule: str,
    slug: str,
    title: str,
    fields: Mapping[str, str],
    wanted: Mapping[Expectation, Verdict],
    good: bytes,
    faults: Mapping[str, bytes | Stream],
    *,
    broken: str = "what the client is given is not what was sent",
    note: str = "",
) -> Check:
    """Return a check of one event that the server was asked to send. Refusing to send it is no fault."""
    cases = {**wanted, any_stream: VIOLATION.because(broken), status_4xx: PASS}
    return judged(section, rule, slug, title, echo(**fields), cases, stream(good), faults, twin=ECHO_TWIN, note=note)
