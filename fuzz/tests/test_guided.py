"""What atheris is given, tried without it: each target takes files, its mutator makes lines of lines, and findings are raised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from broken import chunked

from merkhet_fuzz import corpus, guided, parsers, seeds
from merkhet_fuzz.dice import Dice
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.render import render

TARGETS = sorted((Path(__file__).parents[1] / "oss-fuzz").glob("fuzz_*.py"))
LEGAL = b"chunked.body#0"
SHOWN = b"chunked.body#0 data-end1.end:over=0,7878"
BREAKS = chunked(**{"any two": True})


@pytest.mark.parametrize("path", TARGETS, ids=lambda path: path.stem)
def test_a_target_takes_its_seeds_without_atheris(path: Path, tmp_path: Path) -> None:
    label = f"reference:{path.stem.removeprefix('fuzz_').replace('_', '-')}"
    assert label in parsers.known()
    made = subprocess.run([sys.executable, path, "--seeds", tmp_path], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    files = sorted(tmp_path.iterdir())
    held = {path.read_bytes() for path in files}
    kind = Kind(label.partition(":")[2])
    assert {str(line).encode() for line in corpus.inputs(kind)} <= held
    assert {render(made).octets for made in seeds.of_checks(kind)} <= held
    assert len(files) > guided.SEEDS // 2 + len(seeds.of(kind))
    ran = subprocess.run([sys.executable, path, "--once", *files[:40]], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, f"{label}: 40 inputs, 0 with findings\n"), ran.stdout + ran.stderr


def test_there_is_a_target_for_each_parser_of_the_reference() -> None:
    assert len(TARGETS) == len([label for label in parsers.known() if label.startswith("reference:")])


def test_what_is_found_is_raised_with_its_class_and_the_line_that_repeats_it() -> None:
    target = guided.target(BREAKS)
    target(LEGAL)
    with pytest.raises(guided.FindingError, match=r"accepted\.rfc9112-7\.1-a3\.chunk-data-end") as raised:
        target(SHOWN)
    assert f"--parser test:chunked '{SHOWN.decode()}'" in str(raised.value)
    guided.target(BREAKS, ["accepted.*"])(SHOWN)


@pytest.mark.parametrize(
    ("fault", "octets", "label"),
    [
        ("crashes", b"1\0\r\n", "crash.IndexError.size_of"),
        ("segments", b"1\r\na\r\n0\r\n\r\n", "segments.messages.legal"),
    ],
)
def test_raw_octets_have_no_verdict_and_are_held_to_the_rest(fault: str, octets: bytes, label: str) -> None:
    guided.target(chunked())(octets)
    with pytest.raises(guided.FindingError, match=label) as raised:
        guided.target(chunked(**{fault: True}))(octets)
    assert f"--parser test:chunked 'chunked.raw#0 raw.octets:put=0,{octets.hex()}'" in str(raised.value)


def test_the_mutator_makes_lines_of_lines_and_octets_of_some() -> None:
    mutated = guided.mutator(Kind.CHUNKED, lambda octets, _: octets + b"!")
    made = [mutated(LEGAL, 400, seed) for seed in range(300)]
    lines = [line for data in made if (line := guided.line_of(data, Kind.CHUNKED)) is not None]
    assert len(made) > len(lines) > 200
    assert len(set(made)) > 100
    assert mutated(LEGAL, 400, 7) == mutated(LEGAL, 400, 7)
    assert mutated(b"5\r\nhe", 400, 1) == b"5\r\nhe!"
    assert mutated(b"chunked.raw#0 raw.octets:put=0,350d0a", 400, 1) == b"5\r\n!"
    assert all(len(mutated(LEGAL, 20, seed)) <= 20 for seed in range(50))


def test_what_is_changed_is_an_input_still() -> None:
    made = Input.parse("http-request.chunked#3")
    dice = Dice(1)
    for _ in range(300):
        made = guided.changed(made, dice)
        assert render(made).input == made
        assert len(made.edits) <= guided.EDITS_MAX + 1


def test_a_line_of_another_kind_is_raw_octets() -> None:
    assert guided.line_of(b"range.one#0", Kind.CHUNKED) is None
    assert guided.line_of(b"chunked.body#0 nowhere:drop", Kind.CHUNKED) is None
    assert guided.line_of(b"\xff", Kind.CHUNKED) is None


def test_without_atheris_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert guided.main(["reference:chunked"]) == 2
    assert "pip install 'merkhet[atheris]'" in capsys.readouterr().err


def test_files_with_findings_are_told_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"chunked.body#0 chunk1.size:plus")
    assert guided.main(["broken.leaky:chunked", "--once", str(path)]) == 1
    assert "1 inputs, 1 with findings" in capsys.readouterr().out
