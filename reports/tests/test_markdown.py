"""Markdown: counts, what is open, and no markup of a server's."""

from __future__ import annotations

import re

import pytest
from report_samples import RESULTS, hostile_run, plain_run, run

from merkhet.model import RunResults
from merkhet_reports import markdown


def test_counts_and_what_is_open() -> None:
    page = markdown.render(plain_run(), {"rfc9112-9.3-near": "known"})
    assert "| MUST | 3 | 0 | 1 | 0 | 0 | 1 | 0 |" in page
    assert "| fail | `rfc9112-3.2-served` and 1 more of rfc9112\\-3.2\\-1 | status 400 | status 200 |" in page
    assert "rfc9112-9.3-near" not in page
    assert "1 outcomes are as expected." in page


def test_problems_stand_apart_from_the_table() -> None:
    page = markdown.render(run(RESULTS[0], problems=("one_problem",)))
    assert "- one\\_problem\n\n| level |" in page


def test_nothing_open() -> None:
    assert "fix first" not in markdown.render(run(RESULTS[0]))


def test_hostile_texts() -> None:
    page = markdown.render(hostile_run())
    assert all(line.isprintable() for line in page.split("\n"))
    bare = re.sub(r"`[^`]*`", "", re.sub(r"\\.", "", page))
    assert "<" not in bare
    assert "](" not in bare
    rows = [line for line in page.split("\n") if line.startswith("| fail")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize(("text", "shown"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("```", "```` ``` ````")])
def test_code(text: str, shown: str) -> None:
    assert markdown.code(text) == shown


def test_every_text_hostile(hostile: RunResults) -> None:
    page = markdown.render(hostile)
    assert all(line.isprintable() for line in page.split("\n"))
    bare = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\.", "", page))
    assert "<" not in bare
    assert "](" not in bare
    rows = [line for line in page.split("\n") if line.startswith("| fail")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
