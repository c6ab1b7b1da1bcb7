"""`merkhet fuzz parser`, `replay` and `export`: what is found is told, written at once, expected, shown again, handed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from broken import chunked

from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet_fuzz import growth, journal, parsers, seeds
from merkhet_fuzz.grammar import Kind
from merkhet_fuzz.parsers import Parser
from merkhet_fuzz.render import render

LABEL = "test:chunked"
FOUND = f"{LABEL}/accepted.rfc9112-7.1-a3.chunk-data-end"
PLACE = Path(".merkhet") / "fuzz.jsonl"
SHORT = ["fuzz", "parser", "test", "--inputs", "1000"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    installed(monkeypatch, chunked(**{"any two": True}))


def installed(monkeypatch: pytest.MonkeyPatch, parser: Parser) -> None:
    """Let this be the one that its name stands for, with no probe of its work: that has tests of its own."""
    load = parsers.load

    def loaded(label: str) -> Parser:
        return parser if label == LABEL else load(label)

    monkeypatch.setattr(parsers, "load", loaded)
    monkeypatch.setattr(parsers, "known", lambda: {LABEL: "tests"})
    monkeypatch.setattr(growth, "probe", no_probe)


def no_probe(_parser: Parser) -> list[object]:
    return []


def test_a_finding_is_told_with_its_rule_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(SHORT) == Code.SERVER
    told = capsys.readouterr().out
    assert f"warning: {FOUND}" in told
    assert "rfc9112 7.1" in told
    assert f"{len(seeds.of(Kind.CHUNKED))} to begin with and 1000 inputs, 1 classes" in told
    (finding,) = journal.read(PLACE)
    assert (finding.id, finding.seed) == (FOUND, 1)
    assert finding.found_after <= 1000
    assert f"merkhet fuzz replay --parser {LABEL} '{finding.input}'" in told


def test_a_warning_need_not_fail_the_run() -> None:
    assert invoke([*SHORT, "--fail-on", "breach"]) == Code.OK


def test_nothing_found_is_success(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, chunked())
    assert invoke(SHORT) == Code.OK
    assert journal.read(PLACE) == []


def test_an_interruption_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = chunked(**{"any two": True})

    def interrupted(segments: Sequence[bytes]) -> Iterator[bytes]:
        if PLACE.exists() and PLACE.stat().st_size:
            raise KeyboardInterrupt
        yield from sound.function(segments)

    installed(monkeypatch, Parser("test", sound.kind, interrupted, sound.refusals))
    assert invoke(["fuzz", "parser", "test", "--inputs", "100000", "--time", "600"]) == Code.INTERRUPTED
    assert [finding.id for finding in journal.read(PLACE)] == [FOUND]


def test_what_a_check_sends_is_tried_first_and_kept_and_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = chunked()
    chosen = seeds.of_checks(Kind.CHUNKED)[30]

    def parse(segments: Sequence[bytes]) -> Iterator[bytes]:
        if PLACE.exists() and PLACE.stat().st_size and not replaying:
            raise KeyboardInterrupt
        if b"".join(segments) == render(chosen).octets:
            raise IndexError
        yield from sound.function(segments)

    replaying = False
    installed(monkeypatch, Parser("test", sound.kind, parse, sound.refusals))
    assert invoke(["fuzz", "parser", "test", "--time", "600"]) == Code.INTERRUPTED
    told = capsys.readouterr().out
    assert "edit      raw octets" in told
    assert f"merkhet fuzz replay --parser {LABEL} '{chosen}'" in told
    (finding,) = journal.read(PLACE)
    assert (finding.id, finding.input) == (f"{LABEL}/crash.IndexError.parse", str(chosen))
    replaying = True
    assert invoke(["fuzz", "replay", finding.id]) == Code.SERVER
    assert invoke(["fuzz", "replay", str(chosen), "--parser", LABEL]) == Code.SERVER
    assert "verdict   either is right" in capsys.readouterr().out


def expecting(selector: str = f"{LABEL}/*", extra: str = "") -> None:
    text = f'[[fuzz]]\nselector = "{selector}"\nreason = "a known bug"\n{extra}\n'
    Path("merkhet.expect.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("extra", "code"), [("", Code.OK), ("until = 2999-01-01", Code.OK), ("until = 2001-01-01", Code.SERVER)]
)
def test_a_known_finding_is_no_failure_until_its_day(extra: str, code: Code) -> None:
    expecting(extra=extra)
    assert invoke(SHORT) == code


def test_an_expectation_that_nothing_matches_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    expecting(f"{LABEL}/crash.*")
    assert invoke(SHORT) == Code.SERVER
    assert f"'{LABEL}/crash.*' was not found this time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[fuzz]\n", "expected tables [[fuzz]]"),
        ('[[fuzz]]\nreason = "r"\n', "selector: expected a glob"),
        ('[[fuzz]]\nselector = "a"\n', "reason: write why a is expected"),
        ('[[fuzz]]\nselector = "a"\nreason = "r"\nutnil = 1\n', "unknown key 'utnil'"),
        ('[[fuzz]]\nselector = "a"\nreason = "r"\nuntil = "soon"\n', "until: expected a date"),
        ("[[fuzz]\n", "merkhet.expect.toml: "),
    ],
)
def test_a_bad_expectation_is_told_before_anything_runs(
    text: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("merkhet.expect.toml").write_text(text, encoding="utf-8")
    assert invoke(SHORT) == Code.INVOCATION
    assert told in capsys.readouterr().err
    assert not PLACE.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["fuzz", "parser", "nothing"],
        ["fuzz", "parser", "test", "--inputs", "0"],
        ["fuzz", "replay", "nothing"],
        ["fuzz", "replay", "no input", "--parser", LABEL],
        ["fuzz", "replay", "range.one#0", "--parser", LABEL],
        ["fuzz", "replay", "chunked.body#0", "--parser", "none:chunked"],
        ["fuzz", "replay", "chunked.body#0", "--parser", "none"],
        ["fuzz", "export", "nothing"],
    ],
)
def test_what_is_no_order_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(arguments) == Code.INVOCATION
    assert capsys.readouterr().err


def test_an_input_goes_to_the_embedded_reference_where_nobody_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["fuzz", "replay", "exchange.tag-lines#0 request-line.target:question"]) == Code.OK
    told = capsys.readouterr().out
    assert "verdict   either is right" in told
    assert "embedded-reference takes it as it should" in told


def test_it_is_replayed_by_its_name_and_by_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(SHORT) == Code.SERVER
    (finding,) = journal.read(PLACE)
    capsys.readouterr()
    assert invoke(["fuzz", "replay", "chunk-data-end"]) == Code.SERVER
    assert f"warning: {FOUND}" in capsys.readouterr().out
    assert invoke(["fuzz", "replay", finding.input, "--parser", LABEL]) == Code.SERVER
    installed(monkeypatch, chunked())
    capsys.readouterr()
    assert invoke(["fuzz", "replay", FOUND]) == Code.OK
    told = capsys.readouterr().out
    assert "takes it as it should" in told
    assert "verdict   must refuse (rfc9112-7.1-a3" in told


def test_a_finding_is_exported(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert invoke(SHORT) == Code.SERVER
    (finding,) = journal.read(PLACE)
    capfdbinary.readouterr()
    assert invoke(["fuzz", "export", FOUND, "--as", "corpus"]) == Code.OK
    assert capfdbinary.readouterr().out == finding.octets
    assert invoke(["fuzz", "export", FOUND, "-o", "test_found.py"]) == Code.OK
    compile(Path("test_found.py").read_text(encoding="utf-8"), "test_found.py", "exec")
    assert invoke(["fuzz", "export", FOUND, "-o", "none/test_found.py"]) == Code.OURS


def test_parsers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["fuzz", "parser", "--list"]) == Code.OK
    assert capsys.readouterr().out == f"{LABEL}  (of tests)\n"
