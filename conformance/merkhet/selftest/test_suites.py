"""What every check must be, whoever wrote it: run it with `pytest --pyargs merkhet.selftest`.

The heart is `test_can_pass_and_can_fail`: each check runs against its own canned servers, in memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import (
    Answers,
    Check,
    Fresh,
    Hears,
    Kind,
    On,
    Passive,
    Reading,
    Send,
    Terminate,
    Write,
    as_streams,
    walk,
)
from merkhet.kept import filters
from merkhet.model import Level, Outcome, Requirement, Weight
from merkhet.selftest.canned import play, verify
from merkhet.template import ENDPOINTS
from merkhet.wire.judge import RULES

CATALOGUE = catalogue.load()
CHECKS = tuple(CATALOGUE.checks.values())
REQUIREMENTS = tuple(CATALOGUE.requirements.values())
ACTIVE = tuple(check for check in CHECKS if isinstance(check, Check))
PASSIVES = tuple(check for check in CHECKS if isinstance(check, Passive))

SLUG = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
TAGS = frozenset({"slow", "bulk", "concurrent", "alone", "tls", "own-files", "own-process"})
UNSAFE = re.compile(rb"(?:^|\r\n)(POST|PUT|DELETE|PATCH) (\S+)")
EXPECTS_ANYTHING = re.compile(rb"\{(?:echo|form|sse-push)\}.*|\{mutable:merkhet-.*\{nonce\}.*")
EXPECTS_POST = re.compile(rb"\{root\}.*|\{ws\}|\*|example\.com:80")
"""The root bears any method (docs/contract.md); a POST to `ws` is a handshake; the others name nothing that could be changed."""
KEPT = re.compile(rb"\{kept:([^{}/]*)/[^{}|]*\|?([^{}]*)\}")
AT_FAULT = frozenset({Kind.VIOLATION, Kind.BREACH, Kind.DESYNC, Kind.WARNING})

each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
each_active = pytest.mark.parametrize("check", ACTIVE, ids=lambda check: check.id)


def requirement_of(check: AnyCheck) -> Requirement:
    return CATALOGUE.requirement_of(check)


def sent(check: AnyCheck) -> Iterator[bytes]:
    if isinstance(check, Passive):
        yield check.probe
        return
    yield check.twin.request
    for step in walk(check.steps):
        if isinstance(step, Send):
            yield step.data


def readings(check: Check) -> list[Reading]:
    return [step for step in walk(check.steps) if isinstance(step, Answers | Hears)]


def kinds(check: Check) -> set[Kind]:
    return {verdict.kind for step in readings(check) for verdict in step.cases.values()}


@each_check
def test_can_pass_and_can_fail(check: AnyCheck) -> None:
    assert verify(check, requirement_of(check)) == []


@each_check
def test_id_names_a_document_and_a_section_of_it(check: AnyCheck) -> None:
    place = catalogue.place_of(check.id)
    document = requirement_of(check).document
    assert place is not None
    assert SLUG.fullmatch(place.slug)
    assert place.document == document
    assert place.section in {row.section for row in REQUIREMENTS if row.document == document}


@each_check
def test_title_is_one_sentence(check: AnyCheck) -> None:
    assert check.title == check.title.strip()
    assert not check.title.endswith(".")
    # It may begin with a word of the wire, as that is written there: gzip;q=0 excludes gzip.
    word = re.match(r"[^ ]+", check.title)
    assert word is not None
    sent = [step.data for step in walk(check.steps) if isinstance(step, Send)] if isinstance(check, Check) else []
    of_the_wire = re.sub(r"[;,].*", "", word[0]).encode()
    assert check.title[0].isupper() or check.title[0].isdigit() or any(of_the_wire in data for data in sent)
    assert "VERDICT" not in check.title + check.note


def test_titles_tell_checks_apart() -> None:
    counts = Counter((check.requirement, check.title) for check in CHECKS)
    assert [title for title, count in counts.items() if count > 1] == []


@each_check
def test_tags_are_known(check: AnyCheck) -> None:
    assert check.tags <= TAGS
    assert ("tls" in check.tags) == (requirement_of(check).capability == "tls")


@each_check
def test_needs_what_the_contract_knows(check: AnyCheck) -> None:
    assert check.needs <= {*ENDPOINTS, "tls", "own-files", "own-process"}


@each_active
def test_a_check_that_writes_files_says_so(check: Check) -> None:
    assert ("own-files" in check.tags) == any(isinstance(step, Write) for step in walk(check.steps))


@each_active
def test_a_check_that_ends_the_server_has_one_of_its_own(check: Check) -> None:
    steps = tuple(walk(check.steps))
    ends = any(isinstance(step, Terminate) for step in steps)
    assert ("own-process" in check.tags) == ends
    assert [number for number, step in enumerate(steps) if isinstance(step, Fresh)] == ([0] if ends else [])


@each_active
def test_what_is_sent_again_was_kept(check: Check) -> None:
    names = {step.keep for step in walk(check.steps) if isinstance(step, Answers)}
    used = [found for data in sent(check) for found in KEPT.findall(data)]
    assert {name.decode() for name, _ in used} <= names
    others = {name.decode() for _, name in used if name} - filters()
    assert all(re.fullmatch(r"[+-][0-9]+", name) for name in others)


@each_check
def test_unsafe_methods_go_to_endpoints_that_expect_them(check: AnyCheck) -> None:
    asked = [found for data in sent(check) for found in UNSAFE.findall(data)]
    others = [(method, target) for method, target in asked if not EXPECTS_ANYTHING.fullmatch(target)]
    assert [
        (method, target) for method, target in others if method != b"POST" or not EXPECTS_POST.fullmatch(target)
    ] == []


@each_active
def test_every_connection_has_its_canned_answer(check: Check) -> None:
    opened = 1 + max((step.connection for step in walk(check.steps) if isinstance(step, On)), default=0)
    assert len(check.good) == opened
    assert all(len(mutant.streams) <= opened for mutant in check.mutants)


@each_check
def test_mutants_tell_their_faults_apart(check: AnyCheck) -> None:
    faults = [mutant.fault for mutant in check.mutants]
    assert len(set(faults)) == len(faults)
    assert as_streams(check.good) not in [mutant.streams for mutant in check.mutants]


@each_active
def test_what_is_allowed_is_observed_and_never_passed(check: Check) -> None:
    """What comes before the frames of a WebSocket, that it opens and is alive, is no part of the choice."""
    if requirement_of(check).level is Level.MAY:
        last = readings(check)[-1]
        decides = {verdict.kind for verdict in last.cases.values()} if isinstance(last, Hears) else kinds(check)
        assert Kind.PASS not in decides
        assert Kind.OBSERVED in decides


@each_active
def test_what_is_asked_for_can_be_broken(check: Check) -> None:
    if requirement_of(check).level is not Level.MAY:
        assert kinds(check) & {Kind.PASS, Kind.OBSERVED}
        assert kinds(check) & AT_FAULT


@each_active
def test_the_strongest_finding_is_within_reach_of_a_mutant(check: Check) -> None:
    """A violation that no mutant provokes is a verdict that nobody has seen at work."""
    if Kind.VIOLATION not in kinds(check) or requirement_of(check).on_violation is Weight.NOTE:
        return
    requirement = requirement_of(check)
    good = as_streams(check.good)
    played = [play(check, (*mutant.streams, *good[len(mutant.streams) :]), requirement) for mutant in check.mutants]
    worst = Outcome.FAIL if requirement.on_violation is Weight.BREACH else Outcome.WARN
    assert {Outcome.FAIL, worst} & {result.outcome for result in played}


@each_active
def test_every_answer_says_what_it_means(check: Check) -> None:
    for step in readings(check):
        assert step.cases
        assert all(case.describe() for case in step.cases)
        silent_verdicts = [
            verdict for verdict in step.cases.values() if verdict.kind in {Kind.VIOLATION, Kind.OBSERVED}
        ]
        assert all(verdict.text for verdict in silent_verdicts)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.id)
def test_requirement_has_checks_unless_it_says_why_not(requirement: Requirement) -> None:
    checks = [check for check in CHECKS if check.requirement == requirement.id]
    assert requirement.untestable is None or requirement.untestable.strip()
    assert bool(checks) == (requirement.untestable is None)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.id)
def test_requirement_is_whole(requirement: Requirement) -> None:
    assert requirement.id.startswith(f"{requirement.document}-{requirement.section}-")
    assert requirement.text.strip()
    assert requirement.capability in {"any", "tls", *ENDPOINTS}
    if requirement.level is Level.MAY:
        assert requirement.on_violation is Weight.NOTE
    if requirement.level.is_absolute and requirement.on_violation is not Weight.BREACH:
        assert requirement.note or requirement.basis != "bcp14"


@pytest.mark.parametrize("check", PASSIVES, ids=lambda check: check.id)
def test_passive_check_names_the_rule_of_its_requirement(check: Passive) -> None:
    assert check.requirement == RULES[check.rule].requirement


def test_every_rule_of_the_judge_is_a_check() -> None:
    assert Counter(check.rule for check in PASSIVES) == Counter(list(RULES))
