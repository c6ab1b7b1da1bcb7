"""`merkhet baseline`: every entry it writes, refuses and takes out, and every octet that it leaves alone."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cli_process import HOST
from test_results import RUN

from merkhet import catalogue, results
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.cli.expect_file import FILE
from merkhet.cli.expected import NO_REASON
from merkhet.history import Entry, History, Kind
from merkhet.model import CheckResult, Outcome

OTHER = "rfc9112-3.2-host-twice-same"
SHOULD = "rfc9112-3.2-target-space"
ENTRY = f'[[expect]]\nselector = "{HOST}"\noutcome = "fail"\nreason = "a known bug"\n'
KNOWN = catalogue.load()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def result(name: str, outcome: Outcome) -> CheckResult:
    rule = KNOWN.requirement_of(KNOWN.checks[name])
    return CheckResult(check=name, requirement=rule.id, title="t", level=rule.level, outcome=outcome)


def came(outcomes: Mapping[str, Outcome], ended: str = "complete") -> None:
    Path(".merkhet").mkdir(exist_ok=True)
    rows = tuple(result(name, outcome) for name, outcome in outcomes.items())
    results.save(results.RESULTS, msgspec.structs.replace(RUN, results=rows, ended=ended))


def written(text: str) -> None:
    Path(FILE).write_text(text, encoding="utf-8", newline="")


def text() -> str:
    return Path(FILE).read_bytes().decode()


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(text())["expect"]
    return found


# update


def test_update_writes_what_is_open_and_has_no_entry(capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.FAIL, OTHER: Outcome.INCONCLUSIVE, SHOULD: Outcome.WARN})
    words = ["--reason", 'It says "no".', "--issue", "#7", "--until", "2999-01-31"]
    assert invoke(["baseline", "update", *words]) == Code.OK
    common = {"reason": 'It says "no".', "issue": "#7", "until": dt.date(2999, 1, 31)}
    assert rows() == [
        {"selector": HOST, "outcome": "fail", **common},
        {"selector": OTHER, "outcome": "inconclusive", **common},
    ]
    assert "2 entries for 2 open outcomes" in capsys.readouterr().out
    before = text()
    assert invoke(["baseline", "update"]) == Code.OK
    assert text() == before
    assert "every open outcome has an entry" in capsys.readouterr().out
    assert invoke(["baseline", "check"]) == Code.OK
    assert invoke(["baseline", "update", "--fail-on", "warn"]) == Code.OK
    assert rows()[-1] == {"selector": SHOULD, "outcome": "warn", "reason": NO_REASON}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_update_touches_nothing_that_is_there(end: str) -> None:
    before = f'# Ours.\n\n  # why\n[[expect]] # first\noutcome="fail"\nreason = """a\n[[expect]]\n"""\nselector = "{OTHER}"\n# end'
    before = before.replace("\n", end)
    written(before)
    came({HOST: Outcome.FAIL, OTHER: Outcome.FAIL})
    assert invoke(["baseline", "update", "--reason", "r"]) == Code.OK
    assert (
        text() == before + end + f'{end}[[expect]]{end}selector = "{HOST}"{end}outcome = "fail"{end}reason = "r"{end}'
    )


def test_update_of_some(capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.FAIL, OTHER: Outcome.FAIL})
    assert invoke(["baseline", "update", "rfc9112-3.2-host-twice*", "--reason", "r"]) == Code.OK
    assert [row["selector"] for row in rows()] == [OTHER]
    assert invoke(["baseline", "update", "nothing-like-it"]) == Code.INVOCATION
    assert "matches no check" in capsys.readouterr().err


def test_a_dry_run_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.FAIL})
    assert invoke(["baseline", "update", "--dry-run"]) == Code.OK
    assert f'+selector = "{HOST}"' in capsys.readouterr().out
    assert not (here / FILE).exists()
    written(ENTRY)
    came({HOST: Outcome.PASS})
    assert invoke(["baseline", "prune", "--dry-run"]) == Code.OK
    assert f'-selector = "{HOST}"' in capsys.readouterr().out
    assert text() == ENTRY


def test_update_names_entries_that_must_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    written(
        ENTRY.replace('"fail"', '"warn"')
        + f'[[expect]]\nselector = "{OTHER}"\noutcome = "fail"\nreason = "r"\nuntil = 2001-01-01\n'
    )
    before = text()
    came({HOST: Outcome.FAIL, OTHER: Outcome.FAIL})
    assert invoke(["baseline", "update"]) == Code.OK
    told = capsys.readouterr().out
    assert f"{HOST} is fail, and entry 1 for it says warn: change that entry" in told
    assert f"{OTHER} is fail, and entry 2 for it expired on 2001-01-01: change that entry" in told
    assert text() == before


def test_a_group_is_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.FAIL, OTHER: Outcome.FAIL, SHOULD: Outcome.PASS})
    assert invoke(["baseline", "update", "--group", "rfc9112#3.2"]) == Code.INVOCATION
    assert f"these pass, so no one entry fits: {SHOULD}" in capsys.readouterr().err
    assert invoke(["baseline", "update", "--group", "rfc9112-3.2-host-*", "--reason", "r"]) == Code.OK
    assert [row["selector"] for row in rows()] == ["rfc9112-3.2-host-*"]
    assert invoke(["baseline", "check"]) == Code.OK
    assert invoke(["baseline", "update", "--group", "rfc9112-3.2-host-*"]) == Code.INVOCATION


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["update", "--reason", " "], "--reason: expected words"),
        (["update", "--until", "2001-01-01"], "that day is over"),
        (["update", "--results", "absent.json"], "absent.json: cannot be read"),
        (["check", "--no-results", "--results", "x"], "expected one of"),
        (["check", "--no-results", "--expect", "absent.toml"], "absent.toml"),
        (["prune"], FILE),
    ],
)
def test_invocations(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["baseline", *words]) == Code.INVOCATION
    assert told in capsys.readouterr().err


def test_without_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("update", "check"):
        assert invoke(["baseline", verb]) == Code.INVOCATION
        assert "there is no last run here" in capsys.readouterr().err


@pytest.mark.parametrize(
    "bad", ["[[expect]\n", "expect = 1\n", "more = 1\n", "\udcff", f'expect = [{{selector="{HOST}"}}]\n']
)
@pytest.mark.parametrize("verb", ["update", "prune"])
def test_what_cannot_be_read_is_not_written(bad: str, verb: str) -> None:
    Path(FILE).write_bytes(bad.encode("utf-8", "surrogateescape"))
    came({HOST: Outcome.FAIL})
    assert invoke(["baseline", verb]) == Code.INVOCATION
    assert Path(FILE).read_bytes() == bad.encode("utf-8", "surrogateescape")


def test_entries_in_one_line_are_not_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    before = f'expect = [{{selector="{HOST}", outcome="fail", reason="r"}}]\n'
    written(before)
    came({HOST: Outcome.PASS, OTHER: Outcome.FAIL})
    for verb in ("update", "prune"):
        assert invoke(["baseline", verb]) != Code.OK
        assert text() == before
    assert "write them as tables [[expect]]" in capsys.readouterr().err


def test_a_run_on_a_dead_target_says_nothing_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.INCONCLUSIVE}, ended="target died")
    assert invoke(["baseline", "update"]) == Code.INVOCATION
    assert "on mine, target died: what it left open says nothing of the server; run it again" in capsys.readouterr().err
    assert not (here / FILE).exists()


# check


def test_a_reason_that_nobody_wrote_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    came({HOST: Outcome.FAIL})
    assert invoke(["baseline", "update"]) == Code.OK
    assert invoke(["baseline", "check"]) == Code.INVOCATION
    assert f"reason: write why {HOST} is expected to fail" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "outcome", "code", "told"),
    [
        (ENTRY, Outcome.FAIL, Code.OK, "is sound: 1 entries"),
        (ENTRY, Outcome.PASS, Code.SERVER, "was expected to fail and is pass: a known bug"),
        (ENTRY, Outcome.NOT_APPLICABLE, Code.OK, "is sound"),
        (ENTRY + "until = 2001-01-01\n", Outcome.FAIL, Code.SERVER, "expired on 2001-01-01"),
        (ENTRY.replace(HOST, OTHER), Outcome.FAIL, Code.SERVER, f"1 open outcomes have no entry: {HOST}"),
        (ENTRY.replace(HOST, f"{HOST}x"), Outcome.FAIL, Code.INVOCATION, f"nearest: {HOST}"),
        (ENTRY + "utnil = 1\n", Outcome.FAIL, Code.INVOCATION, "unknown key 'utnil'"),
    ],
)
def test_check(entry: str, outcome: Outcome, code: Code, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    written(entry)
    came({HOST: outcome})
    assert invoke(["baseline", "check"]) == code
    assert told in capsys.readouterr().out


def test_check_names_every_fault_and_needs_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    written(ENTRY.replace(HOST, "rfc9112-none") + ENTRY.replace('"fail"', '"broken"') + ENTRY + "until = 2001-01-01\n")
    assert invoke(["baseline", "check", "--no-results"]) == Code.INVOCATION
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2][:8] for line in lines] == ["expect 1", "expect 2", "expect 3"]


def test_no_file_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["baseline", "check", "--no-results"]) == Code.OK
    assert "nothing is expected to fail" in capsys.readouterr().out


# prune


def test_prune_takes_out_what_passes_and_what_matches_nothing() -> None:
    blocks = [
        "# The head of the file.\n\n",
        f"# about the first\n{ENTRY}\n",
        f"# about the second\n# in two lines\n{ENTRY.replace(HOST, OTHER)}# behind it\n\n",
        f"# about the third\n{ENTRY.replace(HOST, 'rfc9112-none')}\n",
        f"# about the last\n{ENTRY.replace(HOST, SHOULD)}",
    ]
    written("".join(blocks))
    came({HOST: Outcome.PASS, OTHER: Outcome.FAIL})
    assert invoke(["baseline", "prune"]) == Code.OK
    assert text() == blocks[0] + blocks[2] + blocks[4]


def test_prune_leaves_a_group_of_which_a_part_fails(capsys: pytest.CaptureFixture[str]) -> None:
    entry = ENTRY.replace(HOST, "rfc9112-3.2-host-*")
    written(entry)
    came({HOST: Outcome.PASS, OTHER: Outcome.FAIL})
    assert invoke(["baseline", "prune"]) == Code.OK
    assert f"stays: 1 of its 2 checks pass now: {HOST}" in capsys.readouterr().out
    assert text() == entry


def test_prune_leaves_a_file_that_is_not_sound(capsys: pytest.CaptureFixture[str]) -> None:
    before = ENTRY + ENTRY.replace('"fail"', '"broken"')
    written(before)
    came({HOST: Outcome.PASS})
    assert invoke(["baseline", "prune"]) == Code.INVOCATION
    assert "nothing is taken out of a file that is not sound" in capsys.readouterr().err
    assert text() == before


# A check that is no longer there


def test_a_withdrawn_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    gone = Entry(
        version="0.2", kind=Kind.WITHDRAWN, reason="It asked too much.", checks=("rfc9112-3.2-gone",), since="0.1"
    )
    monkeypatch.setattr("merkhet.history.load", lambda: History(released=("0.1",), entry=(gone,)))
    written(ENTRY.replace(HOST, "rfc9112-3.2-gone"))
    came({OTHER: Outcome.PASS})
    assert invoke(["baseline", "check"]) == Code.INVOCATION
    assert "rfc9112-3.2-gone was withdrawn in 0.2: It asked too much." in capsys.readouterr().out
    assert invoke(["baseline", "prune"]) == Code.OK
    assert text() == ""
