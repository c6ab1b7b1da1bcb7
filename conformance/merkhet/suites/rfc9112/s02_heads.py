"""RFC 9112, Sections 2 to 5: the shapes that checks on request lines and field lines share."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    PLAIN_GET,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Kind,
    Send,
    Step,
    Stream,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import (
    Expectation,
    all_of,
    answered,
    as_preflight,
    echoed,
    ended,
    field,
    garbage,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import fenced_close
from merkhet.suites.rfc9112.sequences import GRACE_SECONDS, request
from merkhet.suites.words import GET, HANG_UP, NOTHING, OK, REFUSED, SERVER_ERROR, SINCE, echo, response

LENGTH = b"Content-Length: 1000"
"""More octets than any check sends behind it: a server that believes it waits."""
CODING = b"Transfer-Encoding: chunked"

OWN_ERROR = WARNING.because("an error of the server's own, not a refusal")
NO_STATUS_LINE = WARNING.because("answered with bytes that have no status line")
NO_ANSWER = WARNING.because("a complete request got no answer")
NOT_400 = WARNING.because("refused, but not with 400")
HUNG_UP = WARNING.because("the connection ended without the 400")

ECHO_GET_TWIN = Exchange(
    request=request(b"GET", b"X-Test: a", to=b"{echo}"),
    answer=status_2xx,
    good=echo(method="GET", fields=((b"X-Test", b"a"),)),
)
"""The echo of a plain field line."""

fields_known: Expectation = echoed(absent=(b"X-Merkhet-Unsent",))
"""A 2xx echo that says which field lines came."""

NOT_SHOWN = observed("taken; the echo does not show what became of it")


def read(cases: Mapping[Expectation, Verdict], *, to: str = "GET", version: str = "1.1") -> Answers:
    """Return the step that judges the next answer by these cases, and takes nothing for silence within five seconds.

    A server with a short queue of connections loses the first segments of some; they come again after a second or three.
    """
    return Answers(cases, to=to, version=version, patience_seconds=GRACE_SECONDS)


def invalid_line(*, served_is: Verdict = VIOLATION) -> Mapping[Expectation, Verdict]:
    """Return the cases of a request line that no rule of the grammar matches: 400, or 301 to its encoded form."""
    return {
        status(400): PASS,
        all_of(status(301), field(b"Location")): PASS,
        status_4xx: WARNING.because("refused, but neither with 400 nor with 301"),
        status_5xx: OWN_ERROR,
        ended: WARNING.because("the connection ended without an answer"),
        garbage: NO_STATUS_LINE,
        silent: NO_ANSWER,
        answered: served_is.because("the invalid request line was served"),
    }


def bad_line(
    slug: str,
    requirement: str,
    title: str,
    request_line: bytes,
    *,
    twin: Exchange = PLAIN_GET,
    to: str = "GET",
    note: str = "",
) -> Check:
    """Return the check that this request line, with a Host line behind it, gets 400 or 301."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(request_line + b"\r\nHost: {host}\r\n\r\n"), read(invalid_line(), to=to)),
        twin=twin,
        good=(REFUSED,),
        mutants=(
            Canned("serves it", OK if to != "HEAD" else response(200, b"")),
            Canned("answers 404", response(404, b"")),
            Canned("hangs up", HANG_UP),
        ),
        note=note,
    )


def refused_and_closed(
    slug: str,
    requirement: str,
    title: str,
    data: bytes,
    *,
    tolerated: tuple[int, ...] = (),
    twin: Exchange = PLAIN_GET,
    note: str = "",
) -> Check:
    """Return the check that these octets, whole as a head, get 400 and a close. `tolerated` codes count as 400."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(data),
            read(
                {
                    status(400, *tolerated): PASS,
                    status_4xx: NOT_400.then(),
                    status_5xx: OWN_ERROR.then(),
                    ended: HUNG_UP.then(),
                    garbage: NO_STATUS_LINE.then(),
                    silent: NO_ANSWER.then(),
                    answered: VIOLATION.because("what no rule of the grammar matches was served"),
                }
            ),
            *fenced_close(),
        ),
        twin=twin,
        good=(REFUSED,),
        mutants=(
            Canned("serves it", OK),
            Canned("refuses it and keeps the connection", response(400)),
            Canned("refuses it and reads on", response(400) + OK),
            Canned("hangs up", HANG_UP),
        ),
        note=note,
    )


def refused(slug: str, requirement: str, title: str, data: bytes, cases: Mapping[Expectation, Verdict]) -> Check:
    """Return the check that this request gets a 400, by these cases. It goes to `{root}`."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(data), read({**cases, garbage: NO_STATUS_LINE})),
        good=(REFUSED,),
        mutants=(
            Canned("serves it", OK),
            Canned("refuses it with 403", response(403, b"")),
            Canned("hangs up", HANG_UP),
        ),
    )


def either(
    slug: str,
    requirement: str,
    title: str,
    steps: tuple[Step, ...],
    *,
    good: Stream | bytes = REFUSED,
    other: Canned,
    twin: Exchange = PLAIN_GET,
    to: str = "GET",
    version: str = "1.1",
    silent_is: Verdict = NO_ANSWER,
    note: str = "",
) -> Check:
    """Return the check of a permission: it is recorded which choice was made. `other` is a server that chose otherwise.

    `silent_is` is what no answer means: a fault, unless a server may still wait for the end of the head.
    """
    hang = () if silent_is.kind is Kind.OBSERVED else (Canned("never answers", NOTHING),)
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            *steps,
            read(
                {
                    status(400): observed("refused with 400"),
                    status_2xx: observed("served"),
                    served(): observed("answered with another status"),
                    ended: observed("the connection ends without an answer"),
                    silent: silent_is,
                    garbage: NO_STATUS_LINE,
                    status_5xx: OWN_ERROR,
                },
                to=to,
                version=version,
            ),
        ),
        twin=twin,
        good=(good,),
        mutants=(other, Canned("fails", SERVER_ERROR), *hang),
        note=note,
    )


def _read_on(refusal: Verdict) -> tuple[Step, ...]:
    waits = VIOLATION.because("the server waits for content that no field line announces")
    swallowed = VIOLATION.because("the request behind it was read as content")
    return (
        read(
            {
                as_preflight(): PASS,
                status_4xx: refusal.then(),
                status_5xx: OWN_ERROR.then(),
                ended: refusal.then(),
                garbage: NO_STATUS_LINE.then(),
                silent: waits,
                served(): PASS,
            }
        ),
        Send(GET),
        read(
            {
                as_preflight(): PASS,
                ended: observed("served, then the connection ends"),
                status_5xx: OWN_ERROR,
                silent: swallowed,
                answered: swallowed,
                garbage: swallowed,
            }
        ),
    )


def hides_no_framing(
    slug: str,
    requirement: str,
    title: str,
    data: bytes,
    *,
    refusal: Verdict = PASS,
    twin: Exchange = PLAIN_GET,
    note: str = "",
) -> Check:
    """Return the check that a GET is over with its empty line: what only looks like a framing field gives it no content.

    `refusal` is what a 4xx or a bare close means. The next request is sent only after the answer, so that nothing rests
    on pipelining.
    """
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(data), *_read_on(refusal)),
        twin=twin,
        good=(OK + OK,),
        mutants=(
            Canned("waits for content", NOTHING),
            Canned("swallows the next request", OK),
            Canned("reads the next request as a chunk", closes(OK + REFUSED.data)),
        ),
        note=note,
    )
