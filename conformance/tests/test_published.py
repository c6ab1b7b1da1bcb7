"""What is published of a real server's run: it is small, and shows of each failure what was judged and what was legal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import report_samples as samples
import sources
from msgspec import structs

from merkhet import results as files
from merkhet.model import CheckResult, Direction, Evidence, Outcome, Transcript, Weight, WireEvent

ROOT = Path(__file__).parents[2]
SLIM = ROOT / "conformance" / "targets" / "_slim.py"
PUBLISHED = sorted((ROOT / "reports" / "published").glob("*.json"))
FILE_BYTES_MAX = 4_000_000

pytestmark = pytest.mark.skipif(not SLIM.exists(), reason="needs the source tree")


@pytest.fixture(scope="module")
def slim() -> ModuleType:
    return sources.module("published_slim", SLIM)


def exchange(number: int, purpose: str, *events: WireEvent) -> Transcript:
    plain = samples.transcript()
    return structs.replace(plain, connection=number, purpose=purpose, events=events or plain.events)


def failed(*transcripts: Transcript) -> CheckResult:
    evidence = Evidence(transcripts=transcripts, repeat="merkhet run")
    return samples.result("served", 0, Outcome.FAIL, weight=Weight.BREACH, evidence=evidence)


def kept(slim: ModuleType, result: CheckResult) -> CheckResult:
    (one,) = slim.slim(samples.run(result)).results
    assert isinstance(one, CheckResult)
    return one


@pytest.mark.parametrize(
    ("purposes", "numbers"),
    [
        (("check",), [0]),
        (("probe",), [0]),
        (("check", "twin"), [0, 1]),
        (("check", "check", "twin", "canary"), [0, 1, 2]),
        (("check", "check", "check", "twin"), [1, 2, 3]),
        (("check", "twin", "check", "twin"), [0, 1]),
        (("check", "twin", "canary", "probe"), [0, 1]),
        ((), []),
    ],
)
def test_the_last_that_was_judged_and_its_twin_are_kept(
    slim: ModuleType, purposes: tuple[str, ...], numbers: list[int]
) -> None:
    result = failed(*(exchange(number, purpose) for number, purpose in enumerate(purposes)))
    assert [one.connection for one in kept(slim, result).evidence.transcripts] == numbers


def test_what_is_cut_still_says_how_much_there_was(slim: ModuleType) -> None:
    many = [
        WireEvent(
            connection=0,
            at=number / 100,
            direction=Direction.SENT if number % 3 else Direction.RECEIVED,
            data=b"x" * 700,
            length=700 + number,
        )
        for number in range(90)
    ]
    (short,) = kept(slim, failed(exchange(0, "check", *many))).evidence.transcripts
    assert len(short.events) == slim.EVENTS_MAX + 2
    assert [event.at for event in short.events] == sorted(event.at for event in short.events)
    assert {len(event.data) for event in short.events} == {0, slim.EVENT_BYTES_MAX}
    assert short.events[0].length == many[0].length
    assert short.events[-1].length == many[-1].length
    for direction in (Direction.SENT, Direction.RECEIVED):
        lengths = [
            sum(event.length for event in events if event.direction is direction) for events in (many, short.events)
        ]
        assert lengths[0] == lengths[1]
    (whole,) = kept(slim, failed(exchange(0, "check", *many[:9]))).evidence.transcripts
    assert [event.length for event in whole.events] == [event.length for event in many[:9]]


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.FAIL])
def test_what_did_not_fail_has_no_exchange(slim: ModuleType, outcome: Outcome) -> None:
    result = kept(slim, samples.result("one", 0, outcome, reason="why"))
    assert result.evidence == Evidence()
    assert result.outcome is outcome
    assert result.reason == "why"
    in_order = outcome in {Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE}
    assert bool(result.expected) is not in_order


def test_what_is_left_out_is_what_every_reader_takes_for_given(slim: ModuleType, tmp_path: Path) -> None:
    short = slim.slim(samples.run(*samples.RESULTS, failed(exchange(0, "check")), target_output="noise"))
    path = tmp_path / "short.json"
    path.write_bytes(slim.encode(short))
    assert files.load(path) == short
    assert len(path.read_bytes()) < len(files.encode(short))
    assert json.loads(path.read_bytes())["version"] == short.version
    assert short.target_output == ""


def test_repeated_checks_take_the_place_of_their_own(slim: ModuleType) -> None:
    before = samples.run(*samples.RESULTS)
    again = samples.result("near", 2, Outcome.PASS)
    made = slim.merged(before, samples.run(again, started="later"))
    assert [result.check for result in made.results] == [result.check for result in before.results]
    assert {result.check: result for result in made.results}[again.check] == again
    assert structs.replace(made, results=before.results) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"merkhet": "9"}, "merkhet: the published run has 0.1.0, the repeated checks 9"),
        ({"profile": "strict"}, "profile"),
        ({"target": structs.replace(samples.run().target, version="mine 2.0")}, "mine 2.0"),
        ({"results": (samples.result("unheard-of", 2, Outcome.PASS),)}, "has no rfc9112-9.3-unheard-of"),
    ],
)
def test_checks_of_another_run_do_not(slim: ModuleType, change: dict[str, Any], told: str) -> None:
    other = structs.replace(samples.run(*samples.RESULTS), **change)
    with pytest.raises(ValueError, match=re.escape(told)):
        slim.merged(samples.run(*samples.RESULTS), other)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_a_published_run_is_whole_small_and_shows_what_it_found(path: Path) -> None:
    assert path.stat().st_size < FILE_BYTES_MAX
    run = files.load(path)
    assert run.ended == "complete"
    checked = {result.requirement for result in run.results}
    assert [rule.id for rule in run.requirements if rule.untestable is not None and rule.id not in checked]
    for result in run.results:
        if result.outcome is not Outcome.FAIL:
            continue
        purposes = [transcript.purpose for transcript in result.evidence.transcripts]
        assert {"check", "probe"} & set(purposes), result.check
        judged = [one for one in result.evidence.transcripts if one.purpose != "twin"]
        assert any(event.direction is Direction.SENT for event in judged[-1].events), result.check
        # A probe, which a rule for every response sends if nothing else was seen, has no twin.
        assert purposes[-1] == "twin" or "check" not in purposes or result.killed_server, result.check
