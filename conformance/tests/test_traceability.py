"""Requirement, check and implementing line: each link is held in both directions."""

from __future__ import annotations

import pytest
from citations import KEPT_BY_ABSENCE, REFERENCE, citations

from merkhet import catalogue

CATALOGUE = catalogue.load()
NO_SPECIFICATION = "architecture"
"""What merkhet asks of its own: it is linked to no line, since the whole of the reference is the answer."""

pytestmark = pytest.mark.skipif(not REFERENCE.exists(), reason="needs the source tree")


def named_by_the_reference() -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for one in citations():
        places.setdefault(one.requirement, []).append(f"{one.path}:{one.number}")
    return places


def test_the_reference_names_only_requirements_that_exist() -> None:
    unknown = {tag: places for tag, places in named_by_the_reference().items() if tag not in CATALOGUE.requirements}
    assert not unknown


def test_every_requirement_has_its_line_or_a_reason() -> None:
    named = named_by_the_reference().keys() | KEPT_BY_ABSENCE.keys()
    testable = [
        requirement
        for requirement in CATALOGUE.requirements.values()
        if requirement.untestable is None and requirement.document != NO_SPECIFICATION
    ]
    # A rule that a later specification has as well is fulfilled at the line of that one.
    unnamed = [rule.id for rule in testable if rule.id not in named and rule.same_as not in named]
    assert not unnamed


def test_no_reason_stands_beside_a_line() -> None:
    assert not KEPT_BY_ABSENCE.keys() & named_by_the_reference().keys()
    assert KEPT_BY_ABSENCE.keys() <= CATALOGUE.requirements.keys()
    assert all(len(reason.split()) > 3 for reason in KEPT_BY_ABSENCE.values())


def test_every_requirement_has_a_check_or_a_reason() -> None:
    tested = {check.requirement for check in CATALOGUE.checks.values()}
    for requirement in CATALOGUE.requirements.values():
        has_check = requirement.id in tested
        assert has_check is (requirement.untestable is None), requirement.id
