"""`merkhet report`, `compare` and `schema`: from files to files, with the exit code that says whose fault it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from cli_process import HOST, declared, kept, merkhet
from report_samples import RESULTS, result, run

from merkhet import results
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.model import Excuse, Outcome, RunResults, TargetInfo, Weight
from merkhet_reports.compare import Change

FILES = {"json": "r.json", "html": "r.html", "md": "r.md", "junit": "r.xml", "ctrf": "r.ctrf", "tap": "r.tap"}
KNOWN = "rfc9112-3.2-served"
FLAT = run(*RESULTS, excused=(Excuse(check=KNOWN, reason="a known bug"),))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def saved(name: str, whole: RunResults) -> str:
    results.save(Path(name), whole)
    return name


def named(name: str, *rows: tuple[str, Outcome]) -> RunResults:
    found = [
        result(word, 0, outcome, weight=Weight.BREACH if outcome is Outcome.FAIL else None) for word, outcome in rows
    ]
    return run(*found, target=TargetInfo(name=name, kind="url", address="http://h"))


# report


def test_the_same_formats_as_the_run_made() -> None:
    """Whatever has become of the expectations since: what the run excused stays excused."""
    declared(Path(), "serves-all")
    Path("merkhet.expect.toml").write_text(
        f'[[expect]]\nselector = "{HOST}"\noutcome = "fail"\nreason = "a known bug"\nissue = "#7"\nuntil = 2999-01-31\n',
        encoding="utf-8",
    )
    words = [word for name, path in FILES.items() for word in ("-o", f"{name}:{path}")]
    assert merkhet("run", "-s", HOST, *words, "-o", "badge:badges", cwd=Path()).returncode == Code.OK
    assert kept(Path()).excused == (Excuse(check=HOST, reason="a known bug", issue="#7", until="2999-01-31"),)
    Path("merkhet.expect.toml").unlink()
    Path("again").mkdir()
    again = [word for name, path in FILES.items() for word in ("-o", f"{name}:again/{path}")]
    assert invoke(["report", *again, "-o", "badge:again/badges"]) == Code.OK
    made = sorted(path.relative_to("again") for path in Path("again").rglob("*") if path.is_file())
    assert len(made) == len(FILES) + 4
    for path in made:
        assert path.read_bytes() == ("again" / path).read_bytes(), path
    assert "as expected" in Path("again/r.md").read_text(encoding="utf-8")
    assert "# TODO expected: a known bug" in Path("again/r.tap").read_text(encoding="utf-8")
    assert "0 fail, 0 warn, 1 expected" in Path("again/badges/rfc9112.svg").read_text(encoding="utf-8")


def test_without_an_output_it_is_told_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["report", saved("r.json", FLAT)]) == Code.OK
    out = capsys.readouterr().out
    assert "judged mine on 2026-11-25T12:00:00Z, ended: complete (exit code 1)" in out
    assert "fail  rfc9112-6.1-smuggled" in out
    assert "1 as expected" in out
    assert f"fail  {KNOWN}  " not in out


@pytest.mark.parametrize("cut", [1, 60])
def test_a_file_that_is_cut_off(capsys: pytest.CaptureFixture[str], cut: int) -> None:
    data = results.encode(FLAT).rstrip()
    Path("r.json").write_bytes(data[:-cut])
    assert invoke(["report", "r.json", "-o", "md:r.md", "-o", "json:whole.json"]) == Code.INVOCATION
    err = capsys.readouterr().err
    assert re.search(r"r\.json: not whole: the file is cut off after \d+ bytes; 9 results are whole", err)
    page = Path("r.md").read_text(encoding="utf-8")
    assert "9 checks" in page
    assert "- these results are not whole: the file is cut off after" in page
    assert "1 outcome is as expected" in page
    assert results.load(Path("whole.json")).results == FLAT.results


def test_a_journal_that_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    journal = results.Journal(results.JOURNAL)
    journal.run(msgspec.structs.replace(FLAT, excused=()))
    for one in RESULTS:
        journal.result(one)
    journal.close()
    results.JOURNAL.write_bytes(results.JOURNAL.read_bytes()[:-9])
    assert invoke(["report", "-o", "md:-"]) == Code.INVOCATION
    told = capsys.readouterr()
    assert "its last line is cut off" in told.err
    assert "8 results are whole" in told.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], Code.INVOCATION, "there is no last run here; make some with: merkhet run"),
        (["absent.json"], Code.INVOCATION, "absent.json: no such file"),
        (["empty.json"], Code.INVOCATION, "the file is empty"),
        (["other.json"], Code.INVOCATION, "no results of merkhet"),
        (["newer.json"], Code.INVOCATION, "upgrade this one"),
        (["r.json", "-o", "pdf:x"], Code.INVOCATION, "a format of json, html, md, junit, ctrf, tap, badge"),
        (["r.json", "-o", "badge:-"], Code.INVOCATION, "name a folder"),
        (["r.json", "-o", "badge:r.json"], Code.OURS, "cannot be written: no folder"),
        (["r.json", "-o", "badge:absent/b"], Code.OURS, "cannot be written: no folder"),
        (["r.json", "-o", "tap:absent/r.tap"], Code.OURS, "cannot be written"),
        (["r.json", "-o", "tap:/dev/full"], Code.OURS, "No space left"),
    ],
)
def test_what_cannot_be_reported(capsys: pytest.CaptureFixture[str], words: list[str], code: Code, told: str) -> None:
    saved("r.json", FLAT)
    Path("empty.json").write_bytes(b"")
    Path("other.json").write_bytes(b'{"a": 1}')
    saved("newer.json", msgspec.structs.replace(FLAT, version=2))
    assert invoke(["report", *words]) == code
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_a_folder_of_badges_is_made_or_filled() -> None:
    for _ in range(2):
        assert invoke(["report", saved("r.json", FLAT), "-o", "badge:badges"]) == Code.OK
    assert sorted(path.name for path in Path("badges").iterdir()) == [
        *("rfc9112.json", "rfc9112.svg", "total.json", "total.svg"),
    ]


# compare


def test_servers(capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        saved("a.json", named("a", ("x", Outcome.FAIL), ("y", Outcome.PASS), ("z", Outcome.WARN))),
        saved("b.json", named("b", ("x", Outcome.PASS), ("y", Outcome.PASS), ("z", Outcome.WARN))),
        saved("c.json", named("c", ("x", Outcome.PASS))),
    ]
    assert invoke(["compare", *files]) == Code.OK
    out = capsys.readouterr().out
    assert out.index("servers differ: 1 checks") < out.index("rfc9112-3.2-x") < out.index("rfc9112-3.2-z")
    assert "1 checks on which nothing is open are not shown; --all shows them" in out
    assert "rfc9112-3.2-y" not in out
    assert re.search(r"rfc9112-3\.2-x +F +\. +\.", out)
    assert re.search(r"rfc9112-3\.2-z +W +W *\n", out)
    assert invoke(["compare", "--all", *files]) == Code.OK
    assert "rfc9112-3.2-y" in capsys.readouterr().out


def test_fifteen_servers_fit_80_columns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    files = [saved(f"{n}.json", named(f"a-server-of-{n}", (f"{'x' * 40}", Outcome.FAIL))) for n in range(15)]
    monkeypatch.setenv("COLUMNS", "80")
    assert invoke(["compare", *files]) == Code.OK
    assert max(len(line.rstrip()) for line in capsys.readouterr().out.splitlines()) <= 80


BEFORE = named("a", ("same", Outcome.FAIL), ("bad", Outcome.FAIL), ("good", Outcome.PASS), ("old", Outcome.PASS))


@pytest.mark.parametrize(
    ("rows", "code", "kind"),
    [
        ([("bad", Outcome.PASS)], Code.OK, Change.FIXED),
        ([("good", Outcome.FAIL)], Code.SERVER, Change.NEW),
        ([("good", Outcome.WARN)], Code.OK, Change.NEW),
        ([("good", Outcome.ERROR)], Code.OURS, Change.NEW),
        ([("more", Outcome.FAIL)], Code.OK, Change.ADDED),
        ([("bad", Outcome.WARN)], Code.OK, Change.CHANGED),
    ],
)
def test_two_runs(
    capsys: pytest.CaptureFixture[str], rows: list[tuple[str, Outcome]], code: Code, kind: Change
) -> None:
    now = {"same": Outcome.FAIL, "bad": Outcome.FAIL, "good": Outcome.PASS} | dict(rows)
    files = [saved("before.json", BEFORE), saved("now.json", named("a", *now.items()))]
    assert invoke(["compare", *files, "-o", "json:c.json", "-o", "html:c.html", "-o", "md:c.md"]) == code
    document = json.loads(Path("c.json").read_bytes())
    assert document["kind"] == "runs"
    assert document["counts"][kind.value] == 1
    assert document["counts"]["gone"] == 1
    assert invoke(["compare", *files]) == code
    out = capsys.readouterr().out
    assert f"rfc9112-3.2-{rows[0][0]}" in out
    assert "rfc9112-3.2-same" not in out
    assert f"1 {kind}" in out


def test_how_files_are_taken_can_be_said() -> None:
    files = [saved("before.json", BEFORE), saved("now.json", named("a", ("good", Outcome.FAIL)))]
    assert invoke(["compare", *files]) == Code.SERVER
    assert invoke(["compare", "--as", "servers", *files]) == Code.OK
    other = saved("other.json", named("b", ("good", Outcome.FAIL)))
    assert invoke(["compare", files[0], other]) == Code.OK
    assert invoke(["compare", "--as", "runs", files[0], other]) == Code.SERVER


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.json"], "two files of results or more"),
        (["a.json", "absent.json"], "absent.json: no such file"),
        (["a.json", "a.json", "a.json", "--as", "runs"], "--as runs compares two files, and here are 3"),
        (["a.json", "a.json", "--all"], "--all is about servers"),
        (["a.json", "a.json", "-o", "tap:x"], "a format of html, md, json"),
        (["a.json", "cut.json"], "cut.json: not whole"),
    ],
)
def test_what_cannot_be_compared(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    saved("a.json", BEFORE)
    Path("cut.json").write_bytes(results.encode(BEFORE)[:-40])
    assert invoke(["compare", *words]) == Code.INVOCATION
    assert told in capsys.readouterr().err


def test_nothing_of_a_results_file_reaches_the_terminal_raw(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[31m\x07\r\n::error::x"
    told = msgspec.structs.replace(
        RESULTS[1], check=evil, title=evil, requirement=evil, observed=evil, choice=evil, findings=()
    )
    whole = run(told, target=TargetInfo(name=evil, kind="url", address=evil), started=evil, ended=evil, merkhet=evil)
    other = msgspec.structs.replace(whole, results=(msgspec.structs.replace(told, outcome=Outcome.WARN),))
    files = [saved("a.json", whole), saved("b.json", other)]
    for words in (["report", files[0]], ["compare", *files], ["compare", "--as", "servers", *files]):
        invoke(words)
        captured = capsys.readouterr()
        assert all(line.isprintable() for line in (captured.out + captured.err).split("\n"))
        assert not [line for line in captured.out.split("\n") if line.startswith("::")]


# schema


def test_the_schema_is_the_published_one(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert invoke(["schema"]) == Code.OK
    assert capsysbinary.readouterr().out == results.schema()
