"""Known bugs found again: the table is sound, a bug is found where it is, and the list is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken import chunked

from merkhet_fuzz import growth, parsers, rediscover
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.rediscover import Bug, Release, Row, Shown, look, releases, wrong
from merkhet_fuzz.rediscovery_table import page

TABLE = Path(__file__).parents[1] / "rediscovery.toml"
ANY_TWO = Bug(id="two", about="any two octets", finding="accepted.rfc9112-7.1-a3.*")


def release(*bugs: Bug, inputs: int = 400) -> Release:
    return Release(parser="test:chunked", broken="a==1", mended="a==2", bug=bugs, inputs=inputs)


def test_the_table_is_sound() -> None:
    rows = releases(TABLE)
    labels = parsers.known()
    names = [(row.broken, row.parser, bug.id) for row in rows for bug in row.bug]
    assert len(names) == len(set(names)) > 40
    for row in rows:
        assert row.parser in labels
        assert row.broken.partition("==")[0] == row.mended.partition("==")[0] == labels[row.parser]
        kind = Kind(row.parser.partition(":")[2])
        for bug in row.bug:
            assert bool(bug.finding) is not bool(bug.probe), bug
            assert not bug.probe or bug.probe in growth.PROBES[kind], bug


def test_a_bug_is_found_where_it_is_and_only_there() -> None:
    (shown,) = look(release(ANY_TWO), chunked(**{"any two": True}))
    assert shown.id == "two"
    assert shown.number <= 400
    assert "data-end" in shown.input
    assert look(release(ANY_TWO), chunked()) == []


def test_a_glob_on_the_edit_tells_bugs_of_one_class_apart() -> None:
    plus = Bug(id="plus", about="", finding="accepted.rfc9112-7.1-a2.*", edit="*.size:plus")
    hexa = Bug(id="hex", about="", finding="accepted.rfc9112-7.1-a2.*", edit="*.size:hex-prefix")
    shown = {each.id: each.input for each in look(release(plus, hexa, inputs=4000), chunked(int=True))}
    assert list(shown) == ["plus"]
    assert shown["plus"].endswith(".size:plus")


def test_what_is_not_as_the_table_says_is_told() -> None:
    given = release(ANY_TWO)
    shown = Shown("two", 7, 0.25, "chunked.body#0 data-end1.end:any-any")
    assert wrong([Row(given, ANY_TWO, shown, is_gone=True)]) == []
    assert wrong([Row(given, ANY_TWO, None, is_gone=True)]) == ["two on a==1: not found"]
    assert wrong([Row(given, ANY_TWO, shown, is_gone=False)]) == ["two on a==1: still in a==2"]


def test_the_list_has_a_line_for_each() -> None:
    shown = Shown("two", 7, 0.25, "chunked.body#0 data-end1.end:any-any")
    text = page([("a==1", "two", "about", shown, "a==2", True), ("a==1", "x", "about", None, "a==2", False)])
    assert "| a==1 | two | about | 7 | 0.2 | `chunked.body#0 data-end1.end:any-any` | a==2 |" in text
    assert "not found" in text
    assert "STILL in a==2" in text


def test_the_command_asks_each_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "t.toml"
    table.write_text(
        '[[release]]\nparser = "h11:http-request"\nbroken = "h11==0"\nmended = "h11==1"\n'
        'bug = [{ id = "two", about = "a", finding = "x" }]\n',
        encoding="utf-8",
    )
    answers = {"h11==0": [Shown("two", 7, 0.25, "a line")], "h11==1": list[Shown]()}

    def environment(_folder: Path, requirement: str, _needs: tuple[str, ...]) -> Path:
        return Path(requirement)

    def ask(python: Path, _table: Path, _place: int) -> list[Shown]:
        return answers[str(python)]

    monkeypatch.setattr(rediscover, "environment", environment)
    monkeypatch.setattr(rediscover, "ask", ask)
    written = tmp_path / "list.md"
    assert rediscover.main(["--table", str(table), "--write", str(written)]) == 0
    assert "a line" in written.read_text(encoding="utf-8")
    answers["h11==1"] = answers["h11==0"]
    assert rediscover.main(["--table", str(table)]) == 1
    assert rediscover.main(["--table", str(table), "--only", "nothing==1"]) == 1
