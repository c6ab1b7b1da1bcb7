"""A run that stops once so many results are open: only after their second run, and with nothing said of what did not run."""

from __future__ import annotations

import dataclasses

import checks
from test_runner import PASSIVE, first_time, judge, lenient, options

from merkhet.engine.plan import RunOptions
from merkhet.model import Outcome


def stopping(most: int) -> RunOptions:
    return dataclasses.replace(options(), jobs=1, open_max=most)


def test_a_run_stops_once_enough_is_open() -> None:
    them = [checks.check(name=f"n{number:02}") for number in range(9)]
    outcome, _ = judge(lenient, *them, PASSIVE, how=stopping(2))
    assert [(result.outcome, result.runs) for result in outcome.results] == [(Outcome.FAIL, 2)] * 2
    assert outcome.ended == "stopped"
    assert outcome.problems == ("stopped at 2 that did not come out as required: 8 checks were not run",)


def test_what_a_second_run_excuses_stops_no_run() -> None:
    them = [checks.check(name=f"n{number:02}") for number in range(4)]
    outcome, _ = judge(first_time(lambda _: None, checks.small_server), *them, PASSIVE, how=stopping(1))
    assert {result.outcome for result in outcome.results} == {Outcome.PASS}
    assert len(outcome.results) == 5
    assert outcome.ended == "complete"


def test_a_stop_among_those_that_run_alone_confirms_the_others_too() -> None:
    alone = [checks.check(name=name, tags=frozenset({"alone"})) for name in ("alone", "never")]
    outcome, _ = judge(lenient, checks.check(), *alone, how=stopping(2))
    assert [(result.outcome, result.runs) for result in outcome.results] == [(Outcome.FAIL, 2)] * 2
    assert outcome.ended == "stopped"


def test_a_stop_at_the_last_check_is_none() -> None:
    outcome, _ = judge(lenient, checks.check(), how=stopping(1))
    assert (outcome.ended, outcome.problems) == ("complete", ())
