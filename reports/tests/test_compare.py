"""Servers side by side, and two runs of one: what is told first, what is left out, and what counts as new."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import EXCUSED, FULL_RESULTS, RESULTS, full_run, hostile_run, other_run, plain_run, result, run

from merkhet.model import CheckResult, Outcome, RunResults, TargetInfo
from merkhet_reports import compare, compare_html, compare_json, compare_markdown
from merkhet_reports.compare import Change, Changes, Matrix

FIXED = settings(deadline=None, derandomize=True, database=None)

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def named(name: str, *results: CheckResult, **more: object) -> RunResults:
    return run(*results, target=TargetInfo(name=name, kind="url", address=""), **more)


def matrix(*runs: RunResults, every: bool = False) -> Matrix:
    return compare.matrix(compare.columns([(f"{n}.json", one) for n, one in enumerate(runs)]), every=every)


def changes(before: RunResults, now: RunResults) -> Changes:
    return compare.changes(*compare.columns([("a.json", before), ("b.json", now)]))


def one(name: str, outcome: Outcome, rule: int = 0, **more: object) -> CheckResult:
    return msgspec.structs.replace(result(name, rule, outcome), **more)


# Servers


def test_rows_that_differ_stand_apart_and_what_is_in_order_is_left_out() -> None:
    first = named(
        "a", one("x", Outcome.FAIL), one("y", Outcome.FAIL), one("z", Outcome.PASS), one("v", Outcome.PASS, 3)
    )
    second = named("b", one("x", Outcome.PASS), one("y", Outcome.FAIL), one("z", Outcome.OBSERVED))
    compared = matrix(first, second)
    assert [row.check for group in compared.differing for row in group.rows] == ["rfc9112-3.2-x"]
    assert [row.check for group in compared.alike for row in group.rows] == ["rfc9112-3.2-y"]
    assert compared.left_out == 2
    whole = matrix(first, second, every=True)
    assert [row.check for group in whole.differing for row in group.rows] == ["rfc9112-3.2-x", "rfc9112-3.2-z"]
    assert [row.check for group in whole.alike for row in group.rows] == ["rfc9112-3.2-y", "rfc9112-9.6-v"]
    assert whole.left_out == 0


def test_what_does_not_apply_makes_no_difference() -> None:
    first = named("a", one("x", Outcome.FAIL), one("y", Outcome.WARN))
    second = named("b", one("x", Outcome.NOT_APPLICABLE))
    compared = matrix(first, second)
    assert compared.differing == ()
    assert [row.cells[1] and row.cells[1].outcome for row in compared.alike[0].rows] == [Outcome.NOT_APPLICABLE, None]


def test_what_is_expected_of_a_server_is_not_open_on_it() -> None:
    known = named("a", one("known", Outcome.FAIL), excused=EXCUSED)
    assert matrix(known, named("b", one("known", Outcome.PASS))).left_out == 1
    assert matrix(known, named("b", one("known", Outcome.FAIL))).left_out == 0


def test_rows_are_grouped_by_requirement_in_the_order_of_the_specification() -> None:
    backwards = named("a", *(one("x", Outcome.FAIL, rule) for rule in (2, 1, 0)))
    compared = matrix(backwards, named("b"))
    assert [group.requirement for group in compared.alike] == ["rfc9112-3.2-1", "rfc9112-6.1-1", "rfc9112-9.3-1"]
    assert compared.alike[0].rule is not None
    assert matrix(named("a", one("x", Outcome.FAIL), requirements=()), named("b")).alike[0].rule in {
        None,
        *plain_run().requirements,
    }


def test_columns_have_names_of_their_own() -> None:
    runs = [("a.json", named("x")), ("b.json", named("x")), ("b.json", named("x")), ("c.json", named("y"))]
    names = [column.name for column in compare.columns(runs)]
    assert names == ["x (a.json)", "x (b.json)", "x (b.json) 2", "y"]


# Two runs


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (Outcome.PASS, Outcome.FAIL, Change.NEW),
        (Outcome.PASS, Outcome.WARN, Change.NEW),
        (Outcome.WARN, Outcome.FAIL, Change.NEW),
        (Outcome.NOT_APPLICABLE, Outcome.FAIL, Change.NEW),
        (Outcome.OBSERVED, Outcome.ERROR, Change.NEW),
        (Outcome.PASS, Outcome.INCONCLUSIVE, Change.NEW),
        (Outcome.FAIL, Outcome.PASS, Change.FIXED),
        (Outcome.WARN, Outcome.OBSERVED, Change.FIXED),
        (Outcome.INCONCLUSIVE, Outcome.PASS, Change.FIXED),
        (Outcome.FAIL, Outcome.WARN, Change.CHANGED),
        (Outcome.FAIL, Outcome.NOT_APPLICABLE, Change.CHANGED),
        (Outcome.FAIL, Outcome.INCONCLUSIVE, Change.CHANGED),
        (Outcome.PASS, Outcome.OBSERVED, Change.CHANGED),
        (Outcome.FAIL, None, Change.GONE),
        (None, Outcome.FAIL, Change.ADDED),
        (Outcome.FAIL, Outcome.FAIL, None),
        (Outcome.PASS, Outcome.PASS, None),
    ],
)
def test_each_change(before: Outcome | None, now: Outcome | None, change: Change | None) -> None:
    old, new = (named("a", *([one("x", outcome)] if outcome is not None else [])) for outcome in (before, now))
    compared = changes(old, new)
    assert [row.change for row in compared.differences] == ([change] if change is not None else [])
    assert compared.same == (change is None)
    failing = {Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE}
    assert bool(compared.fails) == (change is Change.NEW and now in failing)


def test_a_choice_that_changes() -> None:
    early, late = one("x", Outcome.OBSERVED, 3, choice="early"), one("x", Outcome.OBSERVED, 3, choice="late")
    assert [row.change for row in changes(named("a", early), named("a", late)).differences] == [Change.CHANGED]
    assert changes(named("a", early), named("a", early)).differences == ()


def test_what_is_inconclusive_counts_on_a_must_alone() -> None:
    compared = changes(named("a", one("x", Outcome.PASS, 2)), named("a", one("x", Outcome.INCONCLUSIVE, 2)))
    assert [row.change for row in compared.differences] == [Change.CHANGED]


def test_expectations() -> None:
    fails = one("known", Outcome.FAIL)
    plain, known = named("a", fails), named("a", fails, excused=EXCUSED)
    good = named("a", one("known", Outcome.PASS))
    assert [row.change for row in changes(plain, known).differences] == [Change.CHANGED]
    assert [row.change for row in changes(known, plain).differences] == [Change.NEW]
    assert changes(good, known).fails == []
    assert [row.change for row in changes(good, known).differences] == [Change.CHANGED]


def test_the_new_ones_come_first_and_the_gravest_of_them() -> None:
    old = named("a", *(one(name, Outcome.PASS) for name in "xyz"), one("w", Outcome.FAIL))
    new = named(
        "a",
        one("w", Outcome.PASS),
        one("x", Outcome.WARN),
        one("y", Outcome.FAIL),
        one("z", Outcome.FAIL, killed_server=True),
    )
    told = [(row.change.value, row.check[-1]) for row in changes(old, new).differences]
    assert told == [("new", "z"), ("new", "y"), ("new", "x"), ("fixed", "w")]


# What is made of them


def both(first: RunResults, second: RunResults) -> list[Matrix | Changes]:
    return [matrix(first, second), matrix(first, second, every=True), changes(first, second)]


def inert(page: str) -> None:
    assert all(line.isprintable() for line in page.split("\n"))
    tags = set(re.findall(r"<([a-z0-9]+)", page))
    assert not tags & {"script", "img", "iframe", "object", "form", "b1"}
    assert not re.search(r"<[^>]*\son[a-z]+=", re.sub(r'"[^"]*"', '""', page))
    outside = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith(("#", "data:,", "https://merkhet.readthedocs.io/")) for link in outside)


def test_pages_are_offline_and_need_no_script() -> None:
    for compared in both(full_run(), other_run()):
        page = compare_html.render(compared)
        inert(page)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
        assert policy is not None
        assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
        assert "script-src" not in policy[1]
        assert "unsafe" not in policy[1]
        assert page.count("<style>") == 1
        assert "style=" not in page


def test_pages_say_what_differs() -> None:
    page = compare_html.render(matrix(full_run(), other_run()))
    assert page.index("rfc9112-9.3-near") < page.index("rfc9112-6.1-smuggled")
    assert '<td class="f">FAIL' in page
    assert "5 more on which nothing is open are not shown" in page
    runs = compare_html.render(changes(full_run(), other_run()))
    assert "2 new, 1 fixed, 2 changed, 1 gone, 1 added, 8 the same" in " ".join(runs.split())
    assert ", expected</td>" in runs


@pytest.mark.parametrize("second", [full_run, hostile_run])
def test_every_text_hostile(hostile: RunResults, second: object) -> None:
    other = hostile_run() if second is hostile_run else full_run()
    for compared in (*both(hostile, other), *both(other, hostile), *both(hostile, hostile)):
        inert(compare_html.render(compared))
        page = compare_markdown.render(compared)
        assert all(line.isprintable() for line in page.split("\n"))
        assert len(page.encode()) <= 60_000
        json.loads(compare_json.render(compared))


@given(st.text(alphabet=st.characters(codec=None)))
@FIXED
def test_any_text(text: str) -> None:
    told = msgspec.structs.replace(
        FULL_RESULTS[1], check=text, title=text, observed=text, findings=(), requirement=text
    )
    for compared in both(named(text, told), named(text, RESULTS[0], started=text, ended=text)):
        inert(compare_html.render(compared))
        assert all(line.isprintable() for line in compare_markdown.render(compared).split("\n"))
        json.loads(compare_json.render(compared))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_executes_nothing_and_asks_for_nothing(tmp_path: Path, hostile: RunResults) -> None:
    pages = [compare_html.render(compared) for compared in both(hostile, full_run())]
    path = tmp_path / "page.html"
    # Frames would each need a page: one document after the other shows the same.
    path.write_text("".join(pages), encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
    done = subprocess.run(
        [
            *(str(CHROMIUM), *options.split(), f"--user-data-dir={tmp_path / 'profile'}"),
            *("--virtual-time-budget=1000", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    dom = done.stdout.decode("utf-8")
    assert "rfc9112-3.2-served" in dom
    assert not re.search(r"<(script|img|b1)\b", dom)
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    assert title[1] == "Servers compared", "a script that ran would have named the page"


def test_json_has_all_that_a_script_asks() -> None:
    document = json.loads(
        compare_json.render(matrix(named("a", one("x", Outcome.FAIL)), named("b", one("x", Outcome.PASS))))
    )
    assert document["kind"] == "servers"
    assert [server["name"] for server in document["servers"]] == ["a", "b"]
    check = document["differing"][0]["checks"][0]
    assert {name: cell["outcome"] for name, cell in check["outcomes"].items()} == {"a": "fail", "b": "pass"}
    document = json.loads(compare_json.render(changes(full_run(), other_run())))
    assert document["kind"] == "runs"
    assert document["counts"] == {"new": 2, "fixed": 1, "changed": 2, "gone": 1, "added": 1}
    gone = next(row for row in document["differences"] if row["change"] == "gone")
    assert gone["now"] is None
    known = next(row for row in document["differences"] if row["check"] == "rfc9112-3.2-known")
    assert known["before"]["expected because"] == "a known bug, to be mended"


def test_many_servers_make_a_page_of_a_sane_size() -> None:
    many = [
        named(f"server-{n}", *(one(f"c{c}", Outcome.FAIL if c % (n + 2) else Outcome.PASS) for c in range(300)))
        for n in range(15)
    ]
    assert len(compare_html.render(matrix(*many))) < 300_000
    assert len(compare_markdown.render(matrix(*many)).encode()) <= 60_000
