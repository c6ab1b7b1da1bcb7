"""`merkhet run --expect`: expected failures, and every way in which an expectation is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import (
    HOST,
    declared,
    merkhet,
)

from merkhet.cli import invoke
from merkhet.cli.codes import Code, gravest
from merkhet.cli.expect_file import FILE


def expecting(folder: Path, mode: str, outcome: str, extra: str = "", selector: str = HOST) -> list[str]:
    declared(folder, mode)
    text = f'[[expect]]\nselector = "{selector}"\noutcome = "{outcome}"\nreason = "a known bug"\n{extra}\n'
    (folder / "merkhet.expect.toml").write_text(text, encoding="utf-8")
    return ["run", "-s", HOST, "--expect", "merkhet.expect.toml"]


@pytest.mark.parametrize(
    ("mode", "outcome", "extra", "code", "told"),
    [
        ("serves-all", "fail", 'issue = "#1"\nuntil = 2999-01-01', Code.OK, "1 as expected"),
        ("serves-all", "warn", "", Code.SERVER, f"fail  {HOST}"),
        ("good", "fail", "", Code.SERVER, "was expected to fail and is pass: a known bug"),
        ("serves-all", "fail", "until = 2001-01-01", Code.SERVER, "expired on 2001-01-01: a known bug"),
    ],
)
def test_expectations(  # noqa: PLR0917 - one argument a column
    tmp_path: Path, mode: str, outcome: str, extra: str, code: Code, told: str
) -> None:
    done = merkhet(*expecting(tmp_path, mode, outcome, extra), cwd=tmp_path)
    assert done.returncode == code
    assert told in done.stdout


@pytest.mark.parametrize(
    ("outcome", "extra", "selector", "told"),
    [
        ("fail", "", "rfc9112-none", "expect 1: selector 'rfc9112-none' matches no check"),
        ("broken", "", HOST, "outcome: expected one of pass, fail"),
        ("fail", "utnil = 1", HOST, "unknown key 'utnil'"),
        ("fail", 'until = "soon"', HOST, "until: expected a date"),
        ("fail", "issue = 7", HOST, "issue: expected words"),
    ],
)
def test_bad_expectations(  # noqa: PLR0917 - one argument a column
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: str,
    extra: str,
    selector: str,
    told: str,
) -> None:
    words = expecting(tmp_path, "good", outcome, extra, selector)
    monkeypatch.chdir(tmp_path)
    assert invoke(words) == Code.INVOCATION
    assert told in capsys.readouterr().err


def test_the_file_beside_the_target_file_is_used_unasked(tmp_path: Path) -> None:
    words = expecting(tmp_path, "serves-all", "fail")
    done = merkhet(*words[:3], cwd=tmp_path)
    assert done.returncode == Code.OK
    assert "1 as expected" in done.stdout


def test_the_file_here_is_used_for_a_target_file_above(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    words = expecting(tmp_path, "serves-all", "fail")
    (tmp_path / FILE).rename(below / FILE)
    assert merkhet(*words[:3], cwd=below).returncode == Code.OK
    assert merkhet(*words[:3], cwd=tmp_path).returncode == Code.SERVER


def test_the_embedded_reference_is_held_to_no_file_that_nobody_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text('[[expect]]\nselector = "nothing-like-it"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert invoke(["run", "-s", HOST]) == Code.OK
    assert invoke(["run", "-s", HOST, "--expect", FILE]) == Code.INVOCATION


def test_precedence() -> None:
    assert gravest(set(Code)) is Code.INTERRUPTED
    assert gravest({Code.OURS, Code.INVOCATION, Code.TARGET, Code.SERVER}) is Code.OURS
    assert gravest({Code.INVOCATION, Code.TARGET, Code.SERVER}) is Code.INVOCATION
    assert gravest({Code.TARGET, Code.SERVER, Code.OK}) is Code.TARGET
    assert gravest([]) is Code.OK
