"""Results on disk: whole or a line at a time, read back alike, and never a torn file."""

from __future__ import annotations

import errno
import importlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from merkhet.model import (
    CheckResult,
    Direction,
    Evidence,
    Finding,
    Level,
    Outcome,
    Preflight,
    Profile,
    Requirement,
    RunResults,
    TargetInfo,
    Transcript,
    Weight,
    WireEvent,
)
from merkhet.results import Journal, ResultsError, load, save, schema, write_whole

# It has no types of its own.
jsonschema: Any = importlib.import_module("jsonschema")
HOSTILE = b"\x1b[31m\x00\xff\xfe</script>"
SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"


def result(name: str, outcome: Outcome = Outcome.FAIL) -> CheckResult:
    event = WireEvent(connection=0, at=0.5, direction=Direction.RECEIVED, data=HOSTILE, length=len(HOSTILE))
    transcript = Transcript(
        connection=0,
        purpose="check",
        sent_length=0,
        received_length=len(HOSTILE),
        sent_sha256="",
        received_sha256="",
        ended="closed",
        events=(event,),
    )
    return CheckResult(
        check=name,
        requirement="r",
        title="A rule holds",
        level=Level.MUST,
        outcome=outcome,
        findings=(Finding(weight=Weight.BREACH, expected="a", observed=HOSTILE.decode("latin-1")),),
        evidence=Evidence(transcripts=(transcript,), repeat="merkhet run"),
    )


RULE = Requirement(
    id="r", document="rfc9112", section="3", level=Level.MUST, basis="bcp14", role="server", text="A rule."
)
RUN = RunResults(
    merkhet="0.1",
    python="3.11",
    platform="linux",
    profile=Profile.DEFAULT,
    started="2026-11-25T12:00:00Z",
    seconds=1.5,
    target=TargetInfo(name="mine", kind="url", address="http://h", endpoints={"root": "/"}),
    preflight=Preflight(status=200),
    requirements=(RULE,),
    results=(result("a"), result("b", Outcome.PASS)),
    exit_code=1,
)


def test_the_schema_is_current() -> None:
    assert SCHEMA.read_bytes() == schema(), "write merkhet.results.schema() to docs/results.schema.json"


def test_what_is_written_is_valid_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    save(path, RUN)
    document = json.loads(path.read_bytes())
    jsonschema.Draft202012Validator(json.loads(schema())).validate(document)
    assert load(path) == RUN
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_the_schema_refuses_what_is_none() -> None:
    document = json.loads(msgspec.json.encode(RUN))
    document["results"][0]["outcome"] = "excellent"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(schema())).validate(document)


def test_journal_of_a_whole_run(tmp_path: Path) -> None:
    journal = Journal(tmp_path / ".merkhet" / "last.jsonl")
    journal.run(msgspec.structs.replace(RUN, exit_code=0, seconds=0.0))
    journal.result(result("a", Outcome.INCONCLUSIVE))
    journal.result(result("b", Outcome.PASS))
    journal.result(result("a"))
    journal.run(RUN)
    journal.close()
    journal.close()
    assert load(journal.path) == RUN
    assert (tmp_path / ".merkhet" / ".gitignore").read_text(encoding="ascii") == "*\n"


def test_journal_that_stops_within_a_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "last.jsonl")
    journal.run(RUN)
    journal.result(result("a"))
    journal.result(result("b"))
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes()[:-20])
    read = load(journal.path)
    assert [row.check for row in read.results] == ["a"]
    assert read.ended == "interrupted"


def test_what_a_killed_run_was_to_judge_again_is_unreached(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "last.jsonl")
    journal.run(msgspec.structs.replace(RUN, unreached=("a", "b", "c")))
    journal.result(result("b"))
    journal.close()
    assert load(journal.path).unreached == ("a", "c")


def test_the_journal_before_stays_until_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / ".merkhet" / "last.jsonl"
    before = Journal(path)
    before.run(RUN)
    before.close()
    kept = path.read_bytes()
    Journal(path).close()
    assert path.read_bytes() == kept, "no record, no new file"
    after = Journal(path)
    assert path.read_bytes() == kept
    after.run(msgspec.structs.replace(RUN, ended="other"))
    assert load(path).results == ()
    after.close()
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".gitignore", "last.jsonl"]


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"record":"run","run":{', b'{"record":"other"}\n', b"[]"])
def test_files_that_hold_no_results(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ResultsError, match="no results of merkhet"):
        load(tmp_path / "x")


def test_absent_and_newer_files(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be read"):
        load(tmp_path / "absent")
    save(tmp_path / "newer", msgspec.structs.replace(RUN, version=99))
    with pytest.raises(ResultsError, match="version 99"):
        load(tmp_path / "newer")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultsError, match="No space left"):
        save(path, RUN)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


def test_a_journal_on_a_full_disk() -> None:
    journal = Journal(Path("/dev/full"))
    try:
        with pytest.raises(ResultsError, match="/dev/full: cannot be written: No space left"):
            journal.run(RUN)
    finally:
        journal.close()


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ResultsError, match="cannot be written"):
        write_whole(tmp_path / "absent" / "x", b"")
    with pytest.raises(ResultsError, match="cannot be written"):
        Journal(tmp_path / "file" / "x")


def test_the_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_whole(tmp_path / "x", b"data")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_devices_are_written_to_and_links_followed(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No space left"):
        write_whole(Path("/dev/full"), b"data")
    write_whole(Path("/dev/null"), b"data")
    assert Path("/dev/null").is_char_device()
    assert Path("/dev/full").is_char_device()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_whole(tmp_path / "link", b"data")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"data"
