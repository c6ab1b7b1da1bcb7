"""Counts per level, what to fix first, and the one sentence."""

from __future__ import annotations

import msgspec
from report_samples import RESULTS, plain_run, result, run

from merkhet.model import Outcome, Weight
from merkhet_reports import summary


def test_the_sentence_counts_per_level_and_grades_nothing() -> None:
    said = summary.sentence(plain_run())
    assert said == (
        "9 checks of RFC 9112 on mine: MUST: 3 fail, 1 inconclusive, 1 pass; SHOULD: 1 inconclusive, 1 warn, 1 not"
        " applicable; MAY: 1 observed."
    )
    assert "%" not in said
    assert summary.sentence(run()) == "No check of mine was run."


def test_what_to_fix_first_groups_by_requirement() -> None:
    groups = summary.to_fix(plain_run(), {})
    assert [(group.requirement, [item.check for item in group.results]) for group in groups] == [
        ("rfc9112-6.1-1", ["rfc9112-6.1-smuggled", "rfc9112-6.1-unproven"]),
        ("rfc9112-3.2-1", ["rfc9112-3.2-served", "rfc9112-3.2-served-too"]),
        ("rfc9112-9.3-1", ["rfc9112-9.3-near"]),
    ]


def test_a_death_comes_before_everything() -> None:
    killer = result("killer", 2, Outcome.FAIL, killed_server=True)
    assert summary.to_fix(run(*RESULTS, killer), {})[0].worst == killer
    assert summary.remarks(msgspec.structs.replace(killer, flaky=True, runs=2)) == [
        "the server died while this check ran",
        "seen once, not again: flaky",
        "run 2 times",
    ]


def test_what_is_expected_is_not_open() -> None:
    excused = {item.check: "known" for item in RESULTS}
    assert summary.to_fix(plain_run(), excused) == []


def test_the_heaviest_finding_speaks() -> None:
    both = result("both", 0, Outcome.FAIL, weight=Weight.WARNING)
    breach = result("x", 0, Outcome.FAIL, weight=Weight.BREACH).findings[0]
    heavier = msgspec.structs.replace(breach, observed="status 201")
    assert summary.observed(msgspec.structs.replace(both, findings=(*both.findings, heavier))) == "status 201"
    assert summary.why(both, None) == "The request was served."


def test_links() -> None:
    rule = plain_run().requirements[0]
    assert summary.link(rule) == "https://www.rfc-editor.org/rfc/rfc9112#section-3.2"
    assert summary.link(msgspec.structs.replace(rule, document="tus")) == ""
    appendix = msgspec.structs.replace(rule, document="rfc6266", section="C.1")
    assert summary.link(appendix) == "https://www.rfc-editor.org/rfc/rfc6266#appendix-C.1"
    assert summary.link(msgspec.structs.replace(rule, document="whatwg-sse")).endswith("/server-sent-events.html")


def test_places() -> None:
    assert summary.place("rfc9112", "3.2") == "RFC 9112, Section 3.2"
    assert summary.place("rfc6266", "D") == "RFC 6266, Appendix D"
    assert summary.place("whatwg-sse", "9.2.5") == "Server-sent events, Section 9.2.5"
    assert summary.place("somebody-s", "") == "somebody-s"


def test_places_are_in_the_order_of_their_documents() -> None:
    sections = ["D", "10", "C.1", "9.3", "9.3.1", "C"]
    ordered = sorted(sections, key=lambda section: summary.place_order("rfc6266", section))
    assert ordered == ["9.3", "9.3.1", "10", "C", "C.1", "D"]
