"""What the pages of the catalogue tell beside it: each fact is one that the repository has."""

from __future__ import annotations

import json

import citations
import pytest
from catalogue_facts import Facts

from merkhet import catalogue
from merkhet.model import Outcome


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts()


def test_outcomes_are_those_of_the_published_runs(facts: Facts) -> None:
    published = citations.ROOT / "reports" / "published"
    assert set(facts.servers) == {path.stem for path in published.glob("*.json")}
    rows = json.loads((published / "nginx.json").read_bytes())["results"]
    told = {check: outcomes["nginx"] for check, outcomes in facts.outcomes.items() if "nginx" in outcomes}
    assert told == {row["check"]: Outcome(row["outcome"]) for row in rows}
    assert facts.servers["nginx"].target.name == "nginx"


def test_kills_are_told_by_the_mutant_and_by_the_check(facts: Facts) -> None:
    pairs = {(check, broken.name) for check, found in facts.killed_by.items() for broken in found}
    assert pairs == {(check, broken.name) for broken in facts.mutants.values() for check in broken.kills}
    assert pairs
    assert all(broken.fault and broken.breaks for broken in facts.mutants.values())
    assert not facts.canned_only & set(facts.killed_by)
    known = set(catalogue.load().checks)
    assert {check for check, _ in pairs} | facts.canned_only <= known


def test_a_citation_is_the_line_that_names_the_rule(facts: Facts) -> None:
    lines: dict[str, list[str]] = {}
    for requirement, found in facts.citations.items():
        for line in found:
            text = lines.setdefault(line.path, (citations.ROOT / line.path).read_text(encoding="utf-8").splitlines())
            assert requirement in text[line.number - 1]
            assert line.address.endswith(f"{line.path}#L{line.number}")
    assert set(facts.citations) <= set(catalogue.load().requirements)
    assert not set(facts.citations) & set(facts.absences)


def test_modules_say_what_they_are(facts: Facts) -> None:
    names = [module.name for module in facts.modules]
    assert names[0] == "merkhet_reference"
    assert len(set(names)) == len(names) == len(citations.sources())
    assert all(module.sentence.endswith(".") for module in facts.modules)
    assert any(module.io_thread_only for module in facts.modules)


def test_the_owners_are_a_whole_table(facts: Facts) -> None:
    head, *rows = facts.owners
    assert rows
    assert {len(row) for row in rows} == {len(head)}
