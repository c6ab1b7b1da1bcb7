"""RFC 9110: what the checks on methods, context and statuses share: the step that reads an answer, and what is no answer."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import PASS, WARNING, Answers, Canned, Check, Exchange, Send, Stream, Verdict, closes
from merkhet.expect import Expectation, answered, cut_short, ended, garbage, silent, status_5xx
from merkhet.suites.rfc9112.sequences import GRACE_SECONDS, request, then_ended
from merkhet.suites.words import HANG_UP, NOTHING, OK, SERVER_ERROR, SINCE, response

ALLOWS_READING = b"Allow: GET, HEAD"
NOT_ALLOWED = response(405, b"no\n", ALLOWS_READING)
NOT_FOUND = response(404, b"nothing\n")
NOWHERE = b"{root}merkhet-nothing-here-{nonce}"
"""A path that no application has."""
NAME = b"merkhet-{nonce}"
MUTABLE = b"{mutable:merkhet-{nonce}}"

OWN_ERROR = WARNING.because("an error of the server's own")
HUNG_UP = WARNING.because("the connection ended without an answer to a complete request")
NO_ANSWER = WARNING.because("a complete request got no answer")
NO_STATUS_LINE = WARNING.because("answered with bytes that have no status line")
CUT = WARNING.because("the answer was cut short")


def unanswered(weight: Verdict = WARNING) -> Mapping[Expectation, Verdict]:
    """Return the cases of no answer to a complete request, each of this weight."""
    return {
        ended: weight.because(HUNG_UP.text),
        silent: weight.because(NO_ANSWER.text),
        garbage: weight.because(NO_STATUS_LINE.text),
        cut_short: weight.because(CUT.text),
    }


def unserved(weight: Verdict = WARNING) -> Mapping[Expectation, Verdict]:
    """Return the cases of no answer, and of an error of the server's own in the place of one."""
    return {status_5xx: weight.because(OWN_ERROR.text), **unanswered(weight)}


def read(
    cases: Mapping[Expectation, Verdict], *, to: str = "GET", version: str = "1.1", keep: str = "", quiet: bool = False
) -> Answers:
    """Return the step that judges the next answer by these cases, and takes nothing for silence before seven seconds.

    A server with a short queue of connections loses the first segments of some; they come again after a second or three.
    """
    return Answers(
        cases, to=to, version=version, keep=keep, quiet=quiet, patience_seconds=None if quiet else GRACE_SECONDS
    )


def head_of(answer: bytes) -> bytes:
    """Return a canned answer as HEAD gets it: its head alone."""
    return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def bare(code: int, *fields: bytes) -> bytes:
    """Return a canned answer that has neither content nor a length: 204 and 304."""
    return head_of(response(code, b"", *fields)).replace(b"Content-Length: 0\r\n", b"")


def one_answer(
    check_id: str,
    requirement: str,
    title: str,
    data: bytes,
    cases: Mapping[Expectation, Verdict],
    *,
    good: Stream | bytes,
    mutants: tuple[Canned, ...],
    to: str = "GET",
    version: str = "1.1",
    twin: Exchange | None = None,
    tags: frozenset[str] = frozenset(),
    note: str = "",
) -> Check:
    """Return the check of one request and its answer. Without a twin of its own it has the plain GET."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(data), read(cases, to=to, version=version)),
        good=(good,),
        mutants=mutants,
        twin=twin or Exchange(request=request()),
        tags=tags,
        note=note,
    )


def asks_for_the_end(check_id: str, requirement: str, title: str, line: bytes) -> Check:
    """Return the check of a GET whose field line means that the connection ends behind the answer."""
    return Check(
        id=check_id,
        requirement=requirement,
        title=title,
        since=SINCE,
        steps=(Send(request(b"GET", line)), read({answered: PASS, **unanswered()}), then_ended()),
        good=(closes(response(close=True)),),
        mutants=(Canned("does not see it", OK), SILENT_SERVER),
    )


SILENT_SERVER = Canned("never answers", NOTHING)
HANGS_UP = Canned("hangs up", HANG_UP)
FAILS = Canned("fails", SERVER_ERROR)
