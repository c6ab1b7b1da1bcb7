"""`merkhet fuzz live`: what it leaves behind, and what it tells of a server that it cannot fuzz."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from merkhet import results
from merkhet.cli import invoke, outputs
from merkhet.cli.codes import Code
from merkhet_fuzz import journal

WORDS = f"{sys.executable} -m http.server {{port}} --bind 127.0.0.1 --protocol HTTP/1.1"
LIVE = ["fuzz", "live", "--surface", "http-request", "--no-seeds", "--inputs", "60", "--time", "20"]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_findings_are_in_the_results_and_repeat_with_no_secret() -> None:
    arguments = [*LIVE, "--inputs", "300", "--command", WORDS, "--header", "X-Key: secret", "-o", "json:found.json"]
    assert invoke(arguments) == Code.SERVER
    run = results.load(Path("found.json"))
    assert run.ended == "complete"
    assert run.exit_code == Code.SERVER
    assert run.fuzz
    (label,) = run.fuzzed
    assert label.endswith(":http-request")
    assert run.fuzzed[label] >= 100
    assert all(f"--header {'X-Key: ***'!r}" in finding.repeat for finding in run.fuzz)
    assert "secret" not in Path("found.json").read_text(encoding="utf-8")


def test_the_embedded_reference_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([*LIVE, "-o", "json:found.json"]) == Code.OK
    assert "60 inputs, 0 classes of findings" in capsys.readouterr().out
    assert results.load(Path("found.json")).fuzz == ()


def test_a_campaign_begins_with_bugs_that_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([word for word in LIVE if word != "--no-seeds"]) == Code.OK
    assert "to begin with and 60 inputs" in capsys.readouterr().out


def test_a_target_that_is_not_there_is_told_and_written_down() -> None:
    assert invoke([*LIVE, "--url", "http://127.0.0.1:9", "-o", "json:found.json"]) == Code.TARGET
    run = results.load(Path("found.json"))
    assert run.ended == "target unreachable"
    assert run.problems


def test_processes_share_the_inputs_and_tell_each_class_once(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*LIVE, "--inputs", "301", "--jobs", "2", "--command", WORDS, "-o", "json:found.json"]
    assert invoke(arguments) == Code.SERVER
    run = results.load(Path("found.json"))
    assert run.ended == "complete"
    (label,) = run.fuzzed
    assert f"{label}: {run.fuzzed[label]} inputs in 2 processes" in capsys.readouterr().out
    assert len({finding.id for finding in run.fuzz}) == len(run.fuzz) > 0
    assert {finding.id for finding in journal.read(Path(".merkhet/fuzz.jsonl"))} == {finding.id for finding in run.fuzz}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_results_that_cannot_be_written_are_no_success(jobs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> list[str]:
        return ["no space left on device"]

    monkeypatch.setattr(outputs, "write", full)
    assert invoke([*LIVE, "--jobs", jobs]) == Code.OURS


def test_a_process_that_cannot_go_on_is_told_and_the_results_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{sys.executable} -c pass {{port}}"
    assert invoke([*LIVE, "--jobs", "2", "--command", words, "-o", "json:found.json"]) == Code.TARGET
    assert "1 of 2 with exit code 3, 2 of 2 with exit code 3" in capsys.readouterr().err
    assert results.load(Path("found.json")).ended == "target unreachable"
