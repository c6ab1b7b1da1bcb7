"""RFC 6455, Section 7.4: the status codes of a client's Close, and what a server makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from merkhet.check import BREACH, PASS, VIOLATION, Canned, Check, Hears, Send, Verdict, closes, observed
from merkhet.expect_websocket import closes as closes_with
from merkhet.expect_websocket import ends_bare, goes_on, lets_the_connection_stand, sends_close, stays_open
from merkhet.expectation import Hearing
from merkhet.suites.rfc6455.closing import BARE, STANDS, UNANSWERED
from merkhet.suites.websocket_words import CLOSE_SECONDS, OPEN, alive, close, server_close
from merkhet.suites.words import SINCE

_OPEN_STILL: Mapping[Hearing, Verdict] = {
    lets_the_connection_stand: BREACH.because("a Close went each way, and the connection stays open"),
    goes_on: BREACH.because("it went on behind the Close"),
    stays_open: BREACH.because("the connection stays open"),
}


def _reserved(slug: str, code: int, requirement: str, title: str, *, note: str, reason: str = "") -> Check:
    """A code that no Close may have. How the server ends the connection is its own affair, but for that code."""
    cases: Mapping[Hearing, Verdict] = {
        **_OPEN_STILL,
        sends_close(code): VIOLATION.because(f"its own Close has the code {code}"),
        closes_with(): PASS,
        ends_bare: PASS,
    }
    return Check(
        id=f"rfc6455-{requirement.partition('-')[0]}-{slug}",
        requirement=f"rfc6455-{requirement}",
        title=title,
        since=SINCE,
        steps=(*alive(), Send(close(code, reason)), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(1002)),),
        mutants=(
            Canned("repeats the code", closes(OPEN + server_close(code))),
            Canned("repeats the code and the reason", closes(OPEN + server_close(code, "merkhet"))),
            STANDS,
            UNANSWERED,
        ),
        note=note,
    )


_NEVER = tuple(
    _reserved(
        f"close-{code}{slug}",
        code,
        requirement,
        f"A Close with the code {code}{words} ends the connection, and the code is not repeated",
        note="The text binds who sends the code and not who meets it: with any other Close, or none, the connection ends.",
        reason=reason,
    )
    for code, requirement in ((1005, "7.4.1-3"), (1006, "7.4.1-4"), (1015, "7.4.1-6"))
    for slug, words, reason in (("", "", ""), ("-reason", " and a reason", "merkhet"))
)

_UNUSED = tuple(
    _reserved(
        f"close-{code}",
        code,
        "7.4.2-a1",
        f"A Close with the code {code} ends the connection, and the code is not repeated",
        note="Who repeats a client's code says nothing of its own: a warning. To keep the connection open is a breach.",
    )
    for code in (0, 1, 999, 1004, 1016, 1100, 2000, 2999)
)


def _free(code: int, reason: str = "") -> Check:
    cases: Mapping[Hearing, Verdict] = {
        closes_with(code): observed(f"answers {code} with the same code"),
        closes_with(1002): observed(f"takes {code} for an error"),
        closes_with(): observed(f"answers {code} with another code, or with none"),
        ends_bare: BREACH.because("the connection ended without a Close"),
        **_OPEN_STILL,
    }
    return Check(
        id=f"rfc6455-7.4.2-close-{code}" + ("-reason" if reason else ""),
        requirement="rfc6455-7.4.2-a2",
        title=f"A Close with the code {code}{' and a reason' if reason else ''} is answered",
        since=SINCE,
        steps=(*alive(), Send(close(code, reason)), Hears(cases, patience_seconds=CLOSE_SECONDS)),
        good=(closes(OPEN + server_close(code, reason)),),
        mutants=(
            Canned("takes it for an error", closes(OPEN + server_close(1002))),
            Canned("answers with 1000", closes(OPEN + server_close(1000))),
            BARE,
            STANDS,
            UNANSWERED,
        ),
    )


_FREE = (*(_free(code) for code in (3000, 3999, 4000, 4999)), _free(3000, "merkhet"), _free(4999, "merkhet"))

CHECKS = (*_NEVER, *_UNUSED, *_FREE)
