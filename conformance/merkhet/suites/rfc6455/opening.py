"""RFC 6455, Section 4.2: what the checks on opening handshakes share. There is one request, and one answer to it."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import (
    PASS,
    VIOLATION,
    WARNING,
    Answers,
    Canned,
    Check,
    Send,
    Step,
    Stream,
    Verdict,
    observed,
)
from merkhet.expect import Expectation, ended, silent, status
from merkhet.expect_handshake import refused, refused_5xx, switches
from merkhet.suites.websocket_words import KEY, WS_TWIN, must_refuse, switched_by
from merkhet.suites.words import HANG_UP, NOTHING, REFUSED, SERVER_ERROR, SINCE, response

FAILS = Canned("answers with 500", SERVER_ERROR)
HANGS_UP = Canned("hangs up", HANG_UP)
SAYS_NOTHING = Canned("says nothing", NOTHING)
REFUSES = Canned("refuses it", REFUSED)
OWN_ERROR = WARNING.because("an error of the server's own")
HUNG_UP = WARNING.because("the connection ended without an answer")
NO_ANSWER = WARNING.because("a complete request got no answer")
NEAR = WARNING.because("it switched all the same")
UPGRADE_REQUIRED = response(426, b"no", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13")
"""A refusal that says which version is spoken."""


def unanswered(lost: Verdict = WARNING) -> Mapping[Expectation, Verdict]:
    """Return the cases of no answer, and of an error of the server's own, which is a near miss at most."""
    return {
        refused_5xx: OWN_ERROR,
        ended: lost.because(HUNG_UP.text),
        silent: lost.because(NO_ANSWER.text),
    }


def must_switch(
    key: bytes = KEY, lost: Verdict = VIOLATION, why: str = "it was refused"
) -> Mapping[Expectation, Verdict]:
    """The handshake is legal: it opens a WebSocket. A 101 with wrong fields is for the checks on these to judge."""
    return {switches(key): PASS, refused: lost.because(why), **unanswered(lost)}


def one(
    check_id: str,
    requirement: str,
    title: str,
    sent: bytes | Send,
    cases: Mapping[Expectation, Verdict],
    *then: Step,
    good: bytes | Stream,
    mutants: tuple[Canned, ...],
    to: str = "GET",
    version: str = "1.1",
    note: str = "",
) -> Check:
    """A check of one request, and of its answer by these cases. `then` are steps that follow."""
    return Check(
        id=f"rfc6455-{check_id}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(sent if isinstance(sent, Send) else Send(sent), Answers(cases, to=to, version=version), *then),
        good=(good,),
        mutants=mutants,
        twin=WS_TWIN,
        note=note,
    )


def refuses(
    check_id: str,
    requirement: str,
    title: str,
    sent: bytes | Send,
    *,
    switching: Verdict | None = None,
    also: tuple[int, ...] = (),
    key: bytes = KEY,
    to: str = "GET",
    version: str = "1.1",
    note: str = "",
) -> Check:
    """A check that a handshake is refused. `switching` is what a 101 means; `also` are codes of 5xx that say it rightly."""
    table = must_refuse() if switching is None else must_refuse(switching)
    return one(
        check_id,
        requirement,
        title,
        sent,
        {**({status(*also): PASS} if also else {}), **table},
        good=REFUSED,
        mutants=(Canned("switches all the same", switched_by(key=key)), FAILS, HANGS_UP, SAYS_NOTHING),
        to=to,
        version=version,
        note=note,
    )


def accepts(
    check_id: str,
    requirement: str,
    title: str,
    sent: bytes | Send,
    *,
    lost: Verdict = VIOLATION,
    key: bytes = KEY,
    note: str = "",
) -> Check:
    """A check that a handshake opens a WebSocket. `lost` is what its refusal means."""
    return one(
        check_id,
        requirement,
        title,
        sent,
        must_switch(key, lost),
        good=switched_by(key=key),
        mutants=(REFUSES, HANGS_UP, SAYS_NOTHING, FAILS),
        note=note,
    )


def either_way(
    check_id: str,
    requirement: str,
    title: str,
    sent: bytes | Send,
    what: str,
    *,
    cases: Mapping[Expectation, Verdict] | None = None,
    also: tuple[int, ...] = (),
    note: str = "",
) -> Check:
    """A check of a handshake that may be taken and may be refused. `what` it is stands behind "takes" and "refuses"."""
    refusal = observed(f"refuses {what}")
    taken = cases if cases is not None else {switches(): observed(f"takes {what}")}
    return one(
        check_id,
        requirement,
        title,
        sent,
        {**taken, **({status(*also): refusal} if also else {}), refused: refusal, **unanswered()},
        good=switched_by(),
        mutants=(REFUSES, FAILS, HANGS_UP, SAYS_NOTHING),
        note=note,
    )
