"""`merkhet run --expect`: expected failures, and every way in which an expectation is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_process import (
    HOST,
    declared,
    merkhet,
)

from merkhet.cli.codes import Code, gravest


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
def test_bad_expectations(tmp_path: Path, outcome: str, extra: str, selector: str, told: str) -> None:
    done = merkhet(*expecting(tmp_path, "good", outcome, extra, selector), cwd=tmp_path)
    assert done.returncode == Code.INVOCATION
    assert told in done.stderr


def test_precedence() -> None:
    assert gravest(set(Code)) is Code.INTERRUPTED
    assert gravest({Code.OURS, Code.INVOCATION, Code.TARGET, Code.SERVER}) is Code.OURS
    assert gravest({Code.INVOCATION, Code.TARGET, Code.SERVER}) is Code.INVOCATION
    assert gravest({Code.TARGET, Code.SERVER, Code.OK}) is Code.TARGET
    assert gravest([]) is Code.OK
