"""What of the expectations stands in the results."""

from __future__ import annotations

import datetime as dt

from report_samples import RESULTS

from merkhet.cli.excuses import excuses
from merkhet.cli.expected import Expected
from merkhet.model import Excuse, Outcome

SERVED, SMUGGLED = RESULTS[1].check, RESULTS[3].check


def entry(outcome: Outcome, reason: str, until: dt.date | None = None) -> Expected:
    checks = frozenset({SERVED, SMUGGLED})
    return Expected(selector="*", outcome=outcome, reason=reason, issue=f"#{reason}", until=until, checks=checks)


def test_an_excuse_has_what_its_own_entry_says() -> None:
    entries = [entry(Outcome.WARN, "a"), entry(Outcome.FAIL, "b"), entry(Outcome.FAIL, "a", dt.date(2999, 1, 31))]
    assert excuses(entries, RESULTS, {SMUGGLED: "a", SERVED: "b"}) == (
        Excuse(check=SERVED, reason="b", issue="#b"),
        Excuse(check=SMUGGLED, reason="a", issue="#a", until="2999-01-31"),
    )


def test_a_reason_that_no_entry_gave_stands_alone() -> None:
    assert excuses([], RESULTS, {SERVED: "judged as of 0.1"}) == (Excuse(check=SERVED, reason="judged as of 0.1"),)
    assert excuses([entry(Outcome.FAIL, "a")], RESULTS, {"not-run": "a"}) == ()
