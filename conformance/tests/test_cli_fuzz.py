"""`merkhet fuzz`: what is found is written and told, kept when it is interrupted, and shown again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet_fuzz import parsers
from merkhet_fuzz.findings import read
from merkhet_fuzz.parsers import Parsed, Parser

NAME = "http-request.lenient"
REFERENCE = parsers.load("http-request.reference")


def lenient(segments: Sequence[bytes]) -> Parsed:
    return REFERENCE([segment.replace(b"Content-Length: +", b"Content-Length: ") for segment in segments])


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parsers, "OWN", {NAME: f"{__name__}:lenient"})
    usual = parsers.load

    def load(name: str) -> Parser:
        return lenient if name == NAME else usual(name)

    monkeypatch.setattr(parsers, "load", load)


def test_findings_are_written_told_and_shown_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["fuzz", "parser", NAME, "--inputs", "3000", "--seed", "1"]) == Code.SERVER
    told = capsys.readouterr().out
    assert "must: refuse: length.plus (rfc9112#6.3)" in told
    assert "3000 inputs" in told
    path = Path(f"{NAME}-1.jsonl")
    (finding,) = read(path)
    assert (finding.name, finding.parser, finding.seed) == ("refuse: length.plus", NAME, 1)
    assert invoke(["fuzz", "replay", str(path)]) == Code.SERVER
    assert "there: refuse: length.plus" in capsys.readouterr().out
    assert invoke(["fuzz", "replay", str(path), "--parser", "http-request.reference"]) == Code.OK
    assert "1 findings, 0 still there" in capsys.readouterr().out


def test_nothing_found_is_success() -> None:
    assert (
        invoke(["fuzz", "parser", "http-request.reference", "--inputs", "200", "--findings", "none.jsonl"]) == Code.OK
    )
    assert read(Path("none.jsonl")) == []


def test_a_short_time_is_kept() -> None:
    assert invoke(["fuzz", "parser", "http-request.reference", "--time", "0.01"]) == Code.OK


def test_earlier_findings_are_never_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("before.jsonl")
    path.write_bytes(b"kept")
    assert invoke(["fuzz", "parser", NAME, "--inputs", "9", "--findings", str(path)]) == Code.INVOCATION
    assert "is there already" in capsys.readouterr().err
    assert path.read_bytes() == b"kept"


def test_an_interruption_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = parsers.load(NAME)

    def interrupted(segments: Sequence[bytes]) -> Parsed:
        if Path("found.jsonl").stat().st_size:
            raise KeyboardInterrupt
        return usual(segments)

    def load(name: str) -> Parser:
        return interrupted

    monkeypatch.setattr(parsers, "load", load)
    assert invoke(["fuzz", "parser", NAME, "--findings", "found.jsonl", "--seed", "1"]) == Code.INTERRUPTED
    assert len(read(Path("found.jsonl"))) == 1


def test_parsers_are_listed_and_an_unknown_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["fuzz", "parser", "--list"]) == Code.OK
    assert capsys.readouterr().out.split() == [NAME, "http-request.reference"]
    assert invoke(["fuzz", "parser", "http-request.none"]) == Code.INVOCATION
    assert NAME in capsys.readouterr().err
    assert invoke(["fuzz", "parser"]) == Code.INVOCATION


def test_a_cut_off_line_is_left_out_and_a_wrong_one_told(capsys: pytest.CaptureFixture[str]) -> None:
    invoke(["fuzz", "parser", NAME, "--inputs", "3000", "--seed", "1", "--findings", "a.jsonl"])
    path = Path("a.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"name":"ref')
    assert len(read(path)) == 1
    path.write_bytes(whole + b"nothing\n")
    assert invoke(["fuzz", "replay", str(path)]) == Code.INVOCATION
    assert "a.jsonl, line 2, is no finding" in capsys.readouterr().err
    path.write_bytes(whole.replace(b"edit:length.plus@", b"edit:length.gone@"))
    assert invoke(["fuzz", "replay", str(path)]) == Code.INVOCATION
    assert "edit:length.gone" in capsys.readouterr().err
