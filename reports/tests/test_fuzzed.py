"""What fuzzing found, in every format: told once, red where the exit code is, and hostile octets are nothing but text."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import msgspec
import pytest
from report_samples import DIFFER, EXCUSED, FOUND, HOSTILE, HOSTILE_BYTES, fuzz_run, hostile_run, plain_run, run

from merkhet.model import Disagreement, FuzzFinding, RunResults, Severity, TargetInfo, Weight
from merkhet_reports import (
    compare,
    compare_html,
    compare_json,
    compare_markdown,
    ctrf,
    fuzzed,
    html,
    html_fuzz,
    junit,
    markdown,
    tap,
)
from merkhet_reports.compare import Change, Changes

IDS = [one.id for one in (*FOUND, *DIFFER)]
KNOWN = EXCUSED[1].check


def told(results: RunResults) -> list[str]:
    return [one.id for one in fuzzed.told(results, results.reasons)]


def test_the_gravest_stand_first_and_what_is_expected_last() -> None:
    assert told(fuzz_run()) == [DIFFER[0].id, FOUND[0].id, FOUND[2].id, DIFFER[1].id, KNOWN]


def test_framing_stands_before_what_weighs_the_same() -> None:
    meaning = msgspec.structs.replace(DIFFER[0], id="a", severity=Severity.MEANING)
    assert told(run(differences=(meaning, DIFFER[0]), fuzzed={"x": 1})) == [DIFFER[0].id, "a"]


def test_the_sentence_says_how_much_was_tried() -> None:
    assert fuzzed.sentence(fuzz_run()) == (
        "Fuzzing: 2,000 inputs on mine:http-request, other:http-request; 3 classes of findings (2 breaches, 1 warning); "
        "2 classes of disagreements (1 framing, 1 taste)."
    )
    assert fuzzed.lead(run(fuzzed={"mine:date": 7})) == "Fuzzing: 7 inputs on mine:date; no classes of findings."
    assert fuzzed.sentence(plain_run()) == ""
    assert fuzzed.lead(fuzz_run()) == fuzzed.sentence(fuzz_run())


def test_sides_name_who_read_the_same() -> None:
    assert fuzzed.sides(DIFFER[1]) == [("mine, other", "1 message: GET /"), ("third", "refused")]
    assert [fuzzed.letter(side) for side in (0, 25, 26)] == ["A", "Z", "27"]


# Build servers


def test_junit_is_red_for_what_is_new_and_not_for_what_is_known() -> None:
    cases = {
        case.get("name"): case for case in ET.fromstring(junit.render(fuzz_run(), fuzz_run().reasons)).iter("testcase")
    }
    assert cases.keys() == {*IDS, "run"}
    assert {name for name, case in cases.items() if case.find("failure") is not None} == {
        DIFFER[0].id,
        FOUND[0].id,
        FOUND[2].id,
    }
    skipped = cases[KNOWN].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "expected: as it is by design"


@pytest.mark.parametrize(("exit_code", "failures"), [(0, 0), (1, 1)])
def test_a_warning_is_red_only_where_the_run_counted_it(exit_code: int, failures: int) -> None:
    only = run(fuzz=(msgspec.structs.replace(FOUND[0], weight=Weight.WARNING),), fuzzed={"x": 1}, exit_code=exit_code)
    assert ET.fromstring(junit.render(only)).get("failures") == str(failures)
    assert json.loads(ctrf.render(only))["results"]["summary"]["failed"] == failures
    assert tap.render(only).count("\nnot ok") == failures


def test_tap_counts_every_point() -> None:
    lines = tap.render(fuzz_run(), fuzz_run().reasons).splitlines()
    points = [line for line in lines if line.startswith(("ok ", "not ok "))]
    assert lines[1] == f"1..{len(points)}" == "1..6"
    assert any(line.endswith("# TODO expected: as it is by design") for line in points)


def test_ctrf_says_what_repeats_it() -> None:
    tests = {test["name"]: test for test in json.loads(ctrf.render(fuzz_run(), fuzz_run().reasons))["results"]["tests"]}
    assert tests[FOUND[0].id]["extra"]["repeat"] == FOUND[0].repeat
    assert tests[DIFFER[0].id]["extra"]["at fault"] == "mine, other"
    assert tests[KNOWN]["status"] == "skipped"


# Pages


def test_octets_are_marked_where_they_are_not_those_of_the_legal_input() -> None:
    shown = html_fuzz.octets(
        msgspec.structs.replace(FOUND[0], legal=b"GET / HTTP/1.1\r\n", octets=b"GET  / TTP/1.1\r\n"), 99
    )
    assert (shown.before, shown.taken, shown.put, shown.after) == ("GET ", "/ H", " / ", "TTP/1.1\\r\\n")
    assert shown.dump.startswith("000000  47 45 54 20 20 2f")


def test_of_many_octets_those_around_the_change_are_shown() -> None:
    long = b"a" * 5000
    shown = html_fuzz.octets(
        msgspec.structs.replace(FOUND[0], legal=long, octets=long[:2500] + b"!" + long[2500:]), 100
    )
    assert (len(shown.before), shown.put, len(shown.after), shown.cut) == (50, "!", 49, 4901)


def test_of_huge_findings_a_page_stays_small() -> None:
    many = tuple(msgspec.structs.replace(FOUND[2], id=str(n), octets=HOSTILE_BYTES * 400) for n in range(300))
    page = html.render(run(fuzz=many, fuzzed={"x": 1}))
    assert len(page) < html.PAGE_BYTES_MAX
    assert page.count('class="c z"') == 300


def test_the_page_of_a_fuzzing_run_speaks_of_no_checks() -> None:
    page = html.render(fuzz_run(), fuzz_run().reasons)
    assert "Nothing was judged" not in page
    assert "Not tested" not in page
    assert "Fuzzing report" in page
    assert all(page.count(f'id="{name}"') == 1 for name in IDS)


def test_hostile_octets_are_inert_everywhere() -> None:
    wild = hostile_run()
    named = msgspec.structs.replace(
        wild,
        fuzz=tuple(
            msgspec.structs.replace(one, id=HOSTILE + one.id, target=HOSTILE, edits=(HOSTILE,)) for one in wild.fuzz
        ),
        differences=tuple(
            msgspec.structs.replace(one, id=HOSTILE + one.id, participants=(HOSTILE, "b", "c"))
            for one in wild.differences
        ),
    )
    page = html.render(named)
    assert "<script>window.pwned" not in page
    assert "<img src=x" not in page
    ET.fromstring(junit.render(named))
    for text in (markdown.render(named), tap.render(named), page, ctrf.render(named).decode()):
        assert not {"\x1b", "\x00", "\u202e", "\ud800"} & set(text)


def test_markdown_is_cut_between_rows() -> None:
    many = tuple(msgspec.structs.replace(FOUND[0], id=f"{n:04}", observed="x" * 300) for n in range(400))
    page = markdown.render(run(fuzz=many, differences=DIFFER, fuzzed={"x": 1}))
    assert len(page.encode()) <= markdown.BYTES_MAX
    assert " more findings are left out here" in page


def test_markdown_has_a_matrix() -> None:
    page = markdown.render(fuzz_run(), fuzz_run().reasons)
    assert "| A \N{BLACK STAR} | B \N{BLACK STAR} | C |" in page
    assert "| A | A | C |" in page


# Two runs


def changes(before: RunResults, now: RunResults) -> Changes:
    return compare.changes(*compare.columns([("a.json", before), ("b.json", now)]))


def fuzzing(*found: FuzzFinding | Disagreement, inputs: int = 100) -> RunResults:
    return run(
        fuzz=tuple(one for one in found if isinstance(one, FuzzFinding)),
        differences=tuple(one for one in found if isinstance(one, Disagreement)),
        fuzzed={"mine:http-request": inputs},
        target=TargetInfo(name="mine", kind="parser", address=""),
    )


def test_what_is_new_fails_a_comparison() -> None:
    compared = changes(fuzzing(FOUND[0]), fuzzing(FOUND[0], DIFFER[0]))
    assert [(change, one.id) for change, one in compared.found] == [(Change.NEW, DIFFER[0].id)]
    assert [one.id for one in compared.breaches] == [DIFFER[0].id]


def test_a_new_note_or_a_known_finding_fails_none() -> None:
    known = msgspec.structs.replace(
        fuzzing(FOUND[0]), excused=(msgspec.structs.replace(EXCUSED[1], check=FOUND[0].id),)
    )
    assert changes(fuzzing(), fuzzing(DIFFER[1])).breaches == []
    assert changes(fuzzing(), known).breaches == []


@pytest.mark.parametrize(("inputs", "change"), [(100, Change.FIXED), (200, Change.FIXED), (99, Change.GONE)])
def test_fixed_is_what_as_many_inputs_do_not_show(inputs: int, change: Change) -> None:
    compared = changes(fuzzing(FOUND[0]), fuzzing(inputs=inputs))
    assert [one for one, _ in compared.found] == [change]


def test_a_run_that_did_not_fuzz_says_nothing_of_findings() -> None:
    assert changes(fuzzing(FOUND[0]), run()).found == ()
    assert changes(run(), fuzzing(FOUND[0])).found == ()


def test_a_comparison_tells_findings_in_every_format() -> None:
    compared = changes(fuzzing(FOUND[2]), fuzzing(FOUND[0]))
    assert [(one["id"], one["change"]) for one in json.loads(compare_json.render(compared))["found"]] == [
        (FOUND[0].id, "new"),
        (FOUND[2].id, "fixed"),
    ]
    for page in (compare_html.render(compared), compare_markdown.render(compared)):
        assert FOUND[0].id in page
        assert "<script>window.pwned" not in page
