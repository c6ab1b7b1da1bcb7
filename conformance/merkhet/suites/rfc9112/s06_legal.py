"""RFC 9112, Sections 6 and 7: the shapes of checks that send legal requests and look for their content, or behind them."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    DESYNC,
    PASS,
    VIOLATION,
    Answers,
    Canned,
    Check,
    Exchange,
    Send,
    Step,
    Verdict,
    closes,
    observed,
)
from merkhet.expect import (
    Expectation,
    answered,
    as_preflight,
    echoed,
    ended,
    garbage,
    misechoed,
    served,
    silent,
    status,
    status_4xx,
    status_5xx,
)
from merkhet.suites.rfc9112.s06_framing import EARLY, NOT_ALLOWED, OWN_ERROR, REQUIRED_LENGTH
from merkhet.suites.words import CHUNKED_ECHO_TWIN, CHUNKED_TWIN, GET, NOTHING, OK, REFUSED, SINCE, echo, response


def reached(request: bytes, refused: Verdict = VIOLATION) -> tuple[Step, ...]:
    """Return the steps that send a legal request with a plain GET behind it, both of which must be answered."""
    return (
        Send(request + GET),
        Answers(
            {
                status(411): REQUIRED_LENGTH,
                status(400): PASS.then(_behind_400(refused)),
                status_5xx: OWN_ERROR.then(),
                ended: VIOLATION.because("the connection ended without an answer to a legal request"),
                silent: VIOLATION.because("a legal, complete request got no answer"),
                served(): PASS,
            },
            to="POST",
        ),
        behind(),
    )


def _behind_400(refused: Verdict) -> Answers:
    """A 400 may be the application's own: then the connection goes on, and the request behind it is answered."""
    wrong = DESYNC.because("what was sent behind a legal request was not answered as a plain GET is")
    return Answers(
        {
            as_preflight(): observed("answered 400, and the request behind it as a plain GET is"),
            ended: refused.because("a legal request was refused"),
            answered: wrong,
            garbage: wrong,
            silent: VIOLATION.because("a legal request was refused, and the one behind it never answered"),
        }
    )


def behind() -> Answers:
    """The answer to a plain GET behind a request whose end is certain."""
    return Answers(
        {
            as_preflight(): PASS,
            answered: DESYNC.because("the request behind it was not answered as a plain GET is"),
            garbage: DESYNC.because("bytes that are no response came where the request behind it is answered"),
            ended: EARLY,
            silent: VIOLATION.because("the request behind it was never answered"),
        }
    )


REACHED_GOOD = NOT_ALLOWED + OK
REACHED_MUTANTS = (
    Canned("refuses it", REFUSED),
    Canned("never answers it", NOTHING),
    Canned("swallows the request behind it", NOT_ALLOWED),
    Canned("reads its content as a request", closes(NOT_ALLOWED + response(400, close=True))),
)


def legal(
    slug: str,
    requirement: str,
    title: str,
    request: bytes,
    *,
    twin: Exchange = CHUNKED_TWIN,
    refused: Verdict = VIOLATION,
    note: str = "",
) -> Check:
    """Return the check that a legal request to `{root}` is served, and the plain GET behind it too.

    `refused` is what a 400 means.
    """
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=reached(request, refused),
        twin=twin,
        good=(REACHED_GOOD,),
        mutants=REACHED_MUTANTS,
        note=note,
    )


def content_cases(body: bytes, refused: Verdict = VIOLATION) -> Mapping[Expectation, Verdict]:
    """Return the cases of a legal request to `{echo}` whose content is `body`; `refused` is what a 4xx means."""
    return {
        echoed(body=body): PASS,
        misechoed(body): DESYNC.because("the application got other content than was sent"),
        status(411): REQUIRED_LENGTH,
        status_4xx: refused.because("a legal request was refused"),
        status_5xx: OWN_ERROR,
        ended: refused.because("the connection ended without an answer to a legal request"),
        silent: VIOLATION.because("a legal, complete request got no answer"),
    }


def legal_echo(
    slug: str,
    requirement: str,
    title: str,
    request: bytes,
    body: bytes,
    *,
    cuts: tuple[int, ...] = (),
    each: int = 0,
    refused: Verdict = VIOLATION,
    twin: Exchange = CHUNKED_ECHO_TWIN,
    tags: frozenset[str] = frozenset(),
    note: str = "",
) -> Check:
    """Return the check that the content of a legal request to `{echo}` is what was sent."""
    return Check(
        id=f"rfc9112-{slug}",
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(request, cuts=cuts, each=each), Answers(content_cases(body, refused), to="POST")),
        twin=twin,
        good=(echo(body),),
        mutants=(
            Canned("loses the last octet", echo(body[:-1] if body else b"0")),
            Canned("gives the framing to the application", echo(request.partition(b"\r\n\r\n")[2] + b"!")),
            Canned("refuses it", REFUSED),
            Canned("never answers it", NOTHING),
        ),
        tags=tags,
        note=note,
    )
