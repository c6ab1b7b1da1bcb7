"""Markdown: counts, what is open, and no markup of a server's."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_samples import FULL_RESULTS, HOSTILE, RESULTS, hostile_run, plain_run, result, run

from merkhet.model import Outcome, RunResults, Weight
from merkhet_reports import markdown
from merkhet_reports.escape import printable, shorten

FIXED = settings(deadline=None, derandomize=True, database=None)


def test_counts_and_what_is_open() -> None:
    page = markdown.render(plain_run(), {"rfc9112-9.3-near": "known"})
    assert "| MUST | 3 | 0 | 1 | 0 | 0 | 1 | 0 |" in page
    assert "| fail | `rfc9112-3.2-served` and 1 more of rfc9112\\-3.2\\-1 | status 400 | status 200 |" in page
    assert "rfc9112-9.3-near" not in page
    assert "1 outcome is as expected." in page


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


TEXTS = st.text(alphabet=st.one_of(st.sampled_from("`|\\@#<>[]()*_~:/&w. -1"), st.characters(codec=None)))
_READER = MarkdownIt("gfm-like", {"linkify": False})


@given(TEXTS)
@FIXED
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """A reader of Markdown finds in a cell the text itself, and nothing but text and code."""
    one = msgspec.structs.replace(FULL_RESULTS[1], observed=text, findings=())
    tokens = _READER.parse(markdown.render(run(one)))
    cells = [token for token, before in zip(tokens[1:], tokens, strict=False) if before.type == "td_open"]
    shown = next(cell for cell in reversed(cells) if cell.type == "inline")
    children = shown.children or []
    assert {child.type for child in children} <= {"text", "text_special", "code_inline"}
    said = " ".join("".join(child.content for child in children).split())
    expected = shorten(printable(text))
    assert said.replace("\\x7c", "|") == " ".join(expected.replace("\\x7c", "|").split(" ")).strip() or len(text) > 200
    plain = "".join(child.content for child in children if child.type != "code_inline")
    assert not re.search(r"@|://|www\.", plain)


def test_a_page_of_anything_is_below_what_github_takes() -> None:
    """And it is cut between two rows, and says how many are left out."""
    long = HOSTILE * 200
    many = [
        msgspec.structs.replace(
            result(f"n{number}", 0, Outcome.FAIL, weight=Weight.BREACH),
            check=f"{number}{long}",
            requirement=f"{number}{long}",
            observed=long,
            expected=long,
            findings=(),
        )
        for number in range(500)
    ]
    whole = run(*many, problems=(long,) * 500, ended=long)
    page = markdown.render(msgspec.structs.replace(whole, target=msgspec.structs.replace(whole.target, name=long)))
    assert len(page.encode()) <= markdown.BYTES_MAX
    rows = [line for line in page.split("\n") if line.startswith("| fail | ")]
    assert rows
    assert all(line.endswith(" |") for line in rows)
    assert f"\n{500 - len(rows)} more requirements are left out here" in page


def test_mentions_and_links_are_code() -> None:
    assert markdown.escape("see @all or https://x/ #1") == "see `@all` or `https://x/` `#1`"
    assert markdown.escape("a|@b|c") == "`a\\x7c@b\\x7cc`"
