"""Counts per level, what to fix first, and the one sentence."""

from __future__ import annotations

import msgspec
import pytest
from report_samples import RESULTS, RULES, plain_run, result, run

from merkhet.model import Outcome, TargetInfo, Weight
from merkhet_reports import summary


def test_the_sentence_counts_per_level_and_grades_nothing() -> None:
    said = summary.sentence(plain_run())
    assert said == (
        "9 checks of RFC 9112 on mine: 3 fail, 2 inconclusive, 1 warn, 1 observed, 1 pass, 1 not applicable."
    )
    assert "%" not in said
    assert summary.sentence(run()) == "No check of mine was run."


def test_the_sentence_stays_short_however_many_specifications_there_are() -> None:
    rules = [msgspec.structs.replace(RULES[0], id=f"rfc{number}-1-1", document=f"rfc{number}") for number in range(9)]
    results = [msgspec.structs.replace(RESULTS[0], requirement=rule.id) for rule in rules]
    three = summary.sentence(run(*results[:3], requirements=tuple(rules)))
    assert three == "3 checks of RFC 0, RFC 1 and RFC 2 on mine: 3 pass."
    assert summary.sentence(run(*results, requirements=tuple(rules))) == "9 checks of 9 specifications on mine: 9 pass."


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("tornado", "tornado 6.6.1", "6.6.1"),
        ("express", "Express 5.3.0 on Node.js", "5.3.0 on Node.js"),
        ("nginx", "nginx version: nginx/1.22.1", "version: nginx/1.22.1"),
        ("lighttpd", "lighttpd/1.4.69 (ssl)", "1.4.69 (ssl)"),
        ("h2", "h2o 2.2", "h2o 2.2"),
        ("caddy", "2.6.2", "2.6.2"),
        ("nginx", "nginx", "nginx"),
        ("nginx", "", ""),
        ("uvicorn-h11", "uvicorn 0.54.0 with h11 0.16.0", "uvicorn 0.54.0 with h11 0.16.0"),
    ],
)
def test_a_version_does_not_repeat_the_name(name: str, version: str, words: str) -> None:
    assert TargetInfo(name=name, kind="command", address="", version=version).bare_version == words


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
