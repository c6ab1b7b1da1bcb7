"""RFC 9112, Sections 6 and 7: the shapes that checks on request framing share.

Each function builds one check from the bytes that matter. A request to `{root}` is judged by what becomes of the plain GET
behind it, because a server may answer a POST early, by a 405, without having looked at its content; a request to `{echo}`
is judged by the content that the application got.
"""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    INCONCLUSIVE,
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Step,
    Verdict,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    ended,
    garbage,
    served,
    silent,
    status,
    status_2xx,
    status_4xx,
    status_5xx,
)
from merkhet.suites.words import (
    CHUNKED_ECHO_TWIN,
    CHUNKED_TWIN,
    GET,
    HANG_UP,
    NOTHING,
    OK,
    POST_TWIN,
    REFUSED,
    SINCE,
    chunked_post,
    echo,
    response,
)

INNER = b"GET /merkhet-inner HTTP/1.1\r\nHost: inner.invalid\r\n\r\n"
"""A request that stands inside the content of another: any answer to it shows that content was read as a request.

It holds no placeholder, so that its length is known when the check is written.
"""
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
"""The five octets `hello` as one chunk: fifteen octets."""
NOT_ALLOWED = response(405, b"", b"Allow: GET, HEAD")
REQUIRED_LENGTH = observed("a chunked upload is refused with 411, which Section 6.3 allows").then()
EARLY = observed("the request was answered, then the connection ended before the one behind it was reached")
OWN_ERROR = WARNING.because("an error of the server's own, not an answer to this request")

LINGER_SECONDS = 10.0
"""How long an end may take: a server that lingers reads on for some seconds, and what is sent meanwhile prolongs it."""

NO_MORE = Answers(
    {
        ended: PASS,
        silent: VIOLATION.because("no 400 came, and the connection stays open"),
        answered: VIOLATION.because("no 400 came, and the octets behind were read as a request"),
        garbage: VIOLATION.because("no 400 came, and bytes that are no response followed"),
    },
    patience_seconds=LINGER_SECONDS,
)


def chunk(data: bytes) -> bytes:
    """Return these octets as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunks(*parts: bytes) -> bytes:
    """Return a whole chunked body: each part a chunk, last-chunk, an empty trailer section."""
    return b"".join(chunk(part) for part in parts) + b"0\r\n\r\n"


def unrecoverable(near: Mapping[Expectation, Verdict] | None = None) -> Answers:
    """Exactly 400 is asked for, and a plain GET stands behind the request.

    Another 4xx is a near miss only if nothing more is read from the connection. Silence is a violation: the head was whole,
    so a server that waits has taken for a length what is none. `near` are cases to be looked at after 400.
    """
    return Answers(
        {
            status(400): PASS,
            **(near or {}),
            status_4xx: WARNING.because("refused, but not with 400").then(NO_MORE),
            status_5xx: WARNING.because("an error of the server's own, not a refusal"),
            ended: WARNING.because("the connection ended without the 400"),
            answered: VIOLATION.because("the request was served"),
            silent: VIOLATION.because("no 400 came: the server waits as if it knew a length"),
        }
    )


def refusal(
    slug: str,
    requirement: str,
    title: str,
    request: bytes,
    *,
    near: Mapping[Expectation, Verdict] | None = None,
    twin: Exchange = POST_TWIN,
    note: str = "",
) -> Check:
    """Return the check that `request` gets a 400. The request goes to `{root}`, with a plain GET behind it."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(request + GET), unrecoverable(near)),
        twin=twin,
        good=(REFUSED,),
        mutants=(
            Canned("serves it and the request behind it", NOT_ALLOWED + OK),
            Canned("serves it", OK),
            Canned("refuses with 403 and goes on reading", response(403, b"") + OK),
            Canned("waits for content", NOTHING),
            Canned("hangs up", HANG_UP),
        ),
        note=note,
    )


def fenced_close() -> tuple[Step, Step]:
    """Send a plain GET after the answer: the connection must have ended, so nothing answers it.

    A wait alone would take an idle timeout for a close.
    """
    return (
        Send(GET),
        Answers(
            {
                ended: PASS,
                silent: VIOLATION.because("the connection stays open"),
                answered: VIOLATION.because("the connection stays open: what was sent after the answer was read"),
                garbage: VIOLATION.because("bytes that belong to no answer came"),
            },
            patience_seconds=LINGER_SECONDS,
        ),
    )


_NOT_REFUSED = INCONCLUSIVE.because("the request was not refused, so no close after a refusal is seen")
_SERVED_THEN = (Send(GET), Answers({ended: PASS, answered: _NOT_REFUSED, silent: _NOT_REFUSED, garbage: _NOT_REFUSED}))


def closing(slug: str, requirement: str, title: str, request: bytes, *, twin: Exchange = POST_TWIN) -> Check:
    """Return the check that the connection ends after `request` was refused. What is sent later must not be answered."""
    return Check(
        id=f"rfc9112-{slug}-closes",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(request),
            Answers(
                {
                    status(400): PASS,
                    status_5xx: PASS,
                    ended: PASS.then(),
                    served(): PASS.then(*_SERVED_THEN),
                    silent: INCONCLUSIVE.because("the request was not answered, so no close after a refusal is seen"),
                }
            ),
            *fenced_close(),
        ),
        twin=twin,
        good=(REFUSED,),
        mutants=(
            Canned("keeps the connection", response(400, b"bad request")),
            Canned("serves the next request", response(400) + OK),
            Canned("answers the content as a request", response(400) + response(400)),
        ),
        note="The rule asks for the status and for the close; this check looks at the close alone.",
    )


AFTER_400 = Answers(
    {
        ended: PASS,
        silent: VIOLATION.because("the connection stays open after the 400"),
        answered: VIOLATION.because("the connection was read on after its framing was lost"),
        garbage: VIOLATION.because("bytes that are no response followed the 400"),
    },
    patience_seconds=LINGER_SECONDS,
)
BEHIND_MALFORMED = Answers(
    {
        as_preflight(): VIOLATION.because("the malformed content was accepted: the request behind it was answered"),
        status_4xx: observed("the request was answered early, then its content refused"),
        ended: EARLY,
        silent: observed("the request was answered early, then its content is waited for"),
        status_5xx: OWN_ERROR,
    }
)
WAITS = observed("more octets are waited for").then()


def malformed(slug: str, requirement: str, title: str, body: bytes, *, note: str = "") -> tuple[Check, Check]:
    """Return two checks that a chunked body which breaks the grammar gets 400 and a close: by `{root}` and by `{echo}`."""
    by_root = Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(chunked_post(body, to=b"{root}") + GET),
            Answers(
                {
                    status(400): PASS.then(AFTER_400),
                    status(411): REQUIRED_LENGTH,
                    status_5xx: OWN_ERROR.then(),
                    ended: WARNING.because("the connection ended without the 400"),
                    silent: WAITS,
                    served(): PASS.then(BEHIND_MALFORMED),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_TWIN,
        good=(REFUSED,),
        mutants=(
            Canned("accepts it", NOT_ALLOWED + OK),
            Canned("accepts it as content", OK + OK),
            Canned("refuses it and reads on", response(400) + OK),
            Canned("refuses it and keeps the connection", response(400)),
            Canned("hangs up", HANG_UP),
        ),
        note=note,
    )
    return by_root, malformed_echo(f"{slug}-echo", requirement, f"{title}, where the content is read", body, note=note)


def malformed_echo(
    slug: str, requirement: str, title: str, body: bytes, *, cuts: tuple[int, ...] = (), note: str = ""
) -> Check:
    """Return the check that a chunked body which breaks the grammar is not given to the application of `{echo}`."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(
            Send(chunked_post(body), cuts=cuts),
            Answers(
                {
                    status(400): PASS,
                    status(411): REQUIRED_LENGTH,
                    status_4xx: WARNING.because("refused, but not with 400"),
                    status_5xx: OWN_ERROR,
                    ended: WARNING.because("the connection ended without the 400"),
                    silent: WAITS,
                    status_2xx: VIOLATION.because("the malformed content was given to the application"),
                },
                to="POST",
            ),
        ),
        twin=CHUNKED_ECHO_TWIN,
        good=(REFUSED,),
        mutants=(Canned("accepts it", echo(b"hello")), Canned("hangs up", HANG_UP)),
        note=note,
    )
