"""Known bugs found again: the table is sound, a bug is found where it is, and the list is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from broken import chunked

from merkhet_fuzz import growth, parsers, rediscover, rediscover_live
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.live.surfaces import SURFACES
from merkhet_fuzz.rediscover import look, wrong
from merkhet_fuzz.rediscover_live import served
from merkhet_fuzz.rediscovery_table import Bug, Release, Row, Server, Shown, page, read

TABLE = Path(__file__).parents[1] / "rediscovery.toml"
TARGETS = Path(__file__).parents[2] / "conformance" / "targets"
ANY_TWO = Bug(id="two", about="any two octets", finding="accepted.rfc9112-7.1-a3.*")


def release(*bugs: Bug, inputs: int = 400) -> Release:
    return Release(parser="test:chunked", broken="a==1", mended="a==2", bug=bugs, inputs=inputs)


def test_the_table_is_sound() -> None:
    table = read(TABLE)
    labels = parsers.known()
    rows: list[Release | Server] = [*table.release, *table.live]
    names = [(row.broken, isinstance(row, Server) or row.parser, bug.id) for row in rows for bug in row.bug]
    assert len(names) == len(set(names)) > 40
    for row in rows:
        assert row.broken.partition("==")[0] == row.mended.partition("==")[0]
        assert all(bool(bug.finding) is not bool(bug.probe) for bug in row.bug)
    for release in table.release:
        assert labels[release.parser] == release.broken.partition("==")[0]
        probes = growth.PROBES[Kind(release.parser.partition(":")[2])]
        assert all(not bug.probe or bug.probe in probes for bug in release.bug)
    for server in table.live:
        assert server.mended in (TARGETS / server.target / "requirements.txt").read_text(encoding="utf-8").split()
        assert Kind(server.surface) in SURFACES


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
    served = Server(target="toy", surface="http-request", broken="b==1", mended="b==2", bug=(ANY_TWO,))
    text = page([Row(release(), ANY_TWO, shown, is_gone=True), Row(served, ANY_TWO, None, is_gone=False)])
    line = "`chunked.body#0 data-end1.end:any-any`"
    assert f"| a==1 | two | any two octets | test:chunked | 7 | 0.2 | {line} | a==2 |" in text
    assert "| b==1 | two | any two octets | live, toy | not found" in text
    assert "STILL in b==2" in text


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


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """A target that is the standard library's own server, which looks at no length of a GET."""
    monkeypatch.setattr(rediscover_live, "TARGETS", tmp_path)
    (tmp_path / "toy").mkdir()
    words = ["python", "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--protocol", "HTTP/1.1"]
    declared = f'[target.toy]\ncommand = {words}\n\n[target.toy.endpoint]\nroot = "/"\n'
    (tmp_path / "toy" / "merkhet.toml").write_text(declared, encoding="utf-8")
    plus = Bug(id="plus", about="a length of +5", finding="accepted.rfc9112-6.3-5.then-length-plus")
    return Server(target="toy", surface="http-request", broken="toy==1", mended="toy==2", bug=(plus,), seconds=30.0)


def test_a_bug_is_found_on_a_server(toy: Server) -> None:
    (shown,) = served(Path(sys.executable), toy, is_broken=True)
    assert shown.id == "plus"
    assert any(edit.what == "then-length-plus" for edit in Input.parse(shown.input).edits)
    assert shown.number >= 1


def test_a_server_that_does_not_start_is_no_mended_one(toy: Server) -> None:
    (rediscover_live.TARGETS / "toy" / "merkhet.toml").write_text(
        '[target.toy]\ncommand = ["python", "-c", "", "{port}"]\n', encoding="utf-8"
    )
    with pytest.raises(subprocess.CalledProcessError, match="exit status"):
        served(Path(sys.executable), toy, is_broken=False)
