"""RFC 9112, Section 9: what the checks on connections share: requests, tables of answers, and the closing fence.

A check here looks at what follows an answer, so the answer itself is judged gently: whatever shows that a legal request
was read is a pass, and what it is about is left to the checks on requests.
"""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Send,
    Step,
    Verdict,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    cut_short,
    ended,
    field,
    garbage,
    served,
    silent,
    status,
    status_5xx,
)
from merkhet.suites.words import GET, response

NOT_ALLOWED = response(405, b"", b"Allow: GET, HEAD")
NO_METHOD = response(501, b"")
HEAD_OK = response(200, b"ok").removesuffix(b"ok")
"""The head of a plain 200 that keeps the connection: the answer to HEAD."""
HEAD_OK_CLOSE = response(200, b"ok", close=True).removesuffix(b"ok")
UNKNOWN = b"{root}merkhet-nothing-here-{nonce}"
"""A path that no application has."""
HELLO_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
GRACE_SECONDS = 7.0
"""How long a graceful close may linger before the connection counts as open: nginx lingers for 5 s."""

SAYS_CLOSE = field(b"Connection", b"close")
OVERLOADED = WARNING.because("the server was not ready to serve it (503)")


def request(
    method: bytes = b"GET",
    *fields: bytes,
    to: bytes = b"{root}",
    version: bytes = b"1.1",
    content: bytes = b"",
) -> bytes:
    """Return a request with a Host field, these field lines (each without its CRLF), and this after the head."""
    lines = b"".join(line + b"\r\n" for line in fields)
    return b"%s %s HTTP/%s\r\nHost: {host}\r\n%s\r\n%s" % (method, to, version, lines, content)


def sized(method: bytes, content: bytes, *fields: bytes, to: bytes = b"{root}") -> bytes:
    """Return a request with this content and its Content-Length."""
    return request(method, *fields, b"Content-Length: %d" % len(content), to=to, content=content)


def chunked(method: bytes, body: bytes, *fields: bytes, to: bytes = b"{root}") -> bytes:
    """Return a request with this chunked body, chunk framing included."""
    return request(method, *fields, b"Transfer-Encoding: chunked", to=to, content=body)


def read_rightly(unanswered: Verdict = WARNING) -> Mapping[Expectation, Verdict]:
    """Return the cases of a legal request whose answer is not what the check is about."""
    return {
        served(): PASS,
        status(400): WARNING.because("a legal request was refused"),
        status_5xx: WARNING.because("an error of the server's own"),
        ended: unanswered.because("the connection ended without an answer to a complete request").then(),
        silent: unanswered.because("a complete request got no answer").then(),
    }


def next_answer(*, ended_is: Verdict, silent_is: Verdict, patience_seconds: float | None = None) -> Answers:
    """Return the step that reads the answer to a plain GET which stands behind another request.

    Another answer than the plain one shows that the octets before it were not taken for what they are.
    """
    return Answers(
        {
            as_preflight(): PASS,
            status(503): OVERLOADED,
            ended: ended_is,
            silent: silent_is,
            answered: DESYNC.because("the request behind it was not answered as a plain GET is"),
            garbage: DESYNC.because("bytes that belong to no answer came"),
        },
        patience_seconds=patience_seconds,
    )


def then_ended(open_is: Verdict = VIOLATION, *, again: Verdict = DESYNC) -> Answers:
    """Return the step after the last answer of a connection: its end. `again` is what another answer means.

    A connection that is silent is asked for one answer more before it is waited for: a server that has not ended it
    answers at once, and one whose idle timeout is short is not taken for one that ended it.
    """
    unasked: dict[Expectation, Verdict] = {
        answered: again.because("one answer more than there were requests to answer"),
        cut_short: again.because("the head of one answer more than there were requests to answer"),
        garbage: DESYNC.because("bytes that belong to no answer came"),
    }
    open_still = open_is.because("the connection stays open")
    asked_again = Answers(
        {ended: PASS, silent: open_still, answered: open_still, cut_short: open_still, garbage: unasked[garbage]},
        patience_seconds=GRACE_SECONDS,
    )
    return Answers({ended: PASS, silent: PASS.then(Send(GET), asked_again), **unasked})


def asked(data: bytes, *, to: str = "GET", version: str = "1.1", unanswered: Verdict = WARNING) -> tuple[Step, Step]:
    """Return the steps that send a legal request and take its answer."""
    return Send(data), Answers(read_rightly(unanswered), to=to, version=version)


def ends_early(answers: int) -> Verdict:
    """The connection ended between two answers of a pipeline: legal, and nothing is shown about the rest."""
    return observed(f"the connection ends after {answers} of the pipelined requests").then()
