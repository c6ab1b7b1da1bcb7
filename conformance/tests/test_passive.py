"""The passive checks: one outcome for a rule, over every response of a run."""

from __future__ import annotations

import checks
import pytest

from merkhet.answer import Response
from merkhet.check import Passive
from merkhet.engine.execute import Run
from merkhet.engine.passive import WITNESSES_MAX, Ledger
from merkhet.model import Level, Outcome, Profile, Weight
from merkhet.wire.response import ResponseParser
from merkhet.wire.seen import Seen

OK = checks.OK
FOLDED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n c\r\n\r\n"


def passive(rule: str = "obs-fold") -> Passive:
    return Passive(
        id="rfc9112-0-passive",
        requirement="rfc9112-0-1",
        title="No folded lines",
        since="0.1",
        rule=rule,
        good=(),
        mutants=(),
    )


def response(data: bytes) -> Response:
    parser = ResponseParser()
    parser.feed(data)
    assert parser.response is not None
    return parser.response


def add(ledger: Ledger, data: bytes, witness: str = "a") -> None:
    ledger.add([Seen(response=response(data), witness=witness)], [])


@pytest.mark.parametrize(
    ("weight", "outcome"),
    [(Weight.BREACH, Outcome.FAIL), (Weight.WARNING, Outcome.WARN), (Weight.NOTE, Outcome.OBSERVED)],
)
def test_broken_once_is_broken(weight: Weight, outcome: Outcome) -> None:
    ledger = Ledger()
    add(ledger, OK)
    add(ledger, FOLDED, "guilty")
    result = ledger.result(passive(), checks.requirement(weight=weight), Profile.DEFAULT, None)
    assert result.outcome is outcome
    assert result.observed.startswith("1 of 2 responses broke it: guilty: a folded field line")
    assert bool(result.choice) == (outcome is Outcome.OBSERVED)


def test_kept_everywhere_passes() -> None:
    ledger = Ledger()
    add(ledger, OK)
    result = ledger.result(passive(), checks.requirement(), Profile.DEFAULT, None)
    assert (result.outcome, result.observed) == (Outcome.PASS, "kept by 1 responses")


def test_a_rule_that_applied_nowhere_says_so() -> None:
    ledger = Ledger()
    add(ledger, OK)
    result = ledger.result(passive("te-in-1xx-204"), checks.requirement(), Profile.DEFAULT, Run())
    assert result.outcome is Outcome.NOT_APPLICABLE
    assert "no response of this run" in result.reason
    unreachable = ledger.result(
        passive("te-in-1xx-204"), checks.requirement(), Profile.DEFAULT, Run(unreachable="gone")
    )
    assert unreachable.reason == "no connection: gone"


def test_five_witnesses_and_no_more() -> None:
    ledger = Ledger()
    for number in range(9):
        add(ledger, FOLDED, f"w{number}")
    add(ledger, FOLDED, "w0")
    result = ledger.result(passive(), checks.requirement(), Profile.DEFAULT, None)
    assert [f"w{number}:" in result.observed for number in range(9)] == [n < WITNESSES_MAX for n in range(9)]
    assert result.observed.startswith("10 of 10")


def test_a_may_is_a_choice() -> None:
    ledger = Ledger()
    add(ledger, b"HTTP/1.1 304 Not Modified\r\n\r\n")
    may = checks.requirement(level=Level.MAY, weight=Weight.NOTE)
    rule = passive("te-without-content")
    # Nobody knows what was asked here, but a 304 has no content whatever was.
    assert ledger.result(rule, may, Profile.DEFAULT, None).choice == "sends no Transfer-Encoding without content"
    add(ledger, b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert ledger.result(rule, may, Profile.DEFAULT, None).choice == "sends Transfer-Encoding without content"


def test_a_promise_broken_often_enough_is_waited_for_no_more() -> None:
    from merkhet.answer import End

    ledger = Ledger()
    closing = response(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))
    for number in range(WITNESSES_MAX):
        assert ledger.wants_ends()
        ledger.add([Seen(response=closing, end=End.SILENT, witness=f"w{number}")], [])
    assert not ledger.wants_ends()
