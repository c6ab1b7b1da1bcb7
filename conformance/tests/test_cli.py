"""`merkhet run` as a user meets it: a process of its own, its exit code, its streams, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_process import (
    HOST,
    MANY,
    SECONDS_MAX,
    declared,
    is_gone,
    judging,
    kept,
    merkhet,
    outcome_of,
    running,
    target_of,
    wait_for_a_result,
)

from merkhet import results
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.model import Outcome

# Ends that are no fault of the run


def test_a_good_target(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    done = merkhet("run", "-s", HOST, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "small" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[-1].endswith("(exit code 0)")
    run = kept(tmp_path)
    assert (run.target.name, run.target.kind, run.ended, run.exit_code) == ("small", "command", "complete", 0)
    assert run == results.load(tmp_path / ".merkhet" / "last.jsonl")
    assert outcome_of(tmp_path) is Outcome.PASS


def test_without_a_target_it_says_what_it_judges(tmp_path: Path) -> None:
    done = merkhet("run", "-s", HOST, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "embedded reference" in lines[0]
    assert "embedded reference" in lines[-1]
    assert kept(tmp_path).target.kind == "embedded"


def test_a_url_and_the_repeat_command(tmp_path: Path) -> None:
    with running("serves-all", tmp_path) as (url, _):
        words = ("--url", url, "--header", "Authorization: secret", "--profile", "strict")
        done = merkhet("run", "-s", HOST, *words, cwd=tmp_path)
    assert done.returncode == Code.SERVER
    assert f"fail  {HOST}" in done.stdout
    for word in ("expected", "observed", "repeat"):
        assert re.search(rf"^ +{word} ", done.stdout, re.MULTILINE), word
    evidence = kept(tmp_path).results[0].evidence
    assert evidence.repeat == f"merkhet run --url {url} --header 'Authorization: ***' --profile strict --select {HOST}"
    everything = done.stdout + done.stderr + (tmp_path / ".merkhet" / "results.json").read_text(encoding="utf-8")
    assert "secret" not in everything
    assert b"Authorization: ******\r\n" in b"".join(
        event.data for transcript in evidence.transcripts for event in transcript.events
    )


def test_a_unix_socket(tmp_path: Path) -> None:
    place = tmp_path / "s"
    command = [sys.executable, "-m", "merkhet_reference.contract", "--unix", str(place)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 20
            while not place.exists() and time.monotonic() < until:
                time.sleep(0.01)
            done = merkhet("run", "-s", HOST, "--unix", str(place), cwd=tmp_path)
        finally:
            server.kill()
    assert done.returncode == 0, done.stderr
    assert kept(tmp_path).target.address == f"unix:{place}"


# Every output


def test_outputs(tmp_path: Path) -> None:
    declared(tmp_path, "serves-all")
    files = {"json": "r.json", "html": "r.html", "junit": "r.xml", "md": "r.md"}
    words = [word for name, path in files.items() for word in ("-o", f"{name}:{path}")]
    assert merkhet("run", "-s", HOST, *words, cwd=tmp_path).returncode == Code.SERVER
    assert results.load(tmp_path / "r.json") == kept(tmp_path)
    for path in files.values():
        assert HOST in (tmp_path / path).read_text(encoding="utf-8"), path


def test_standard_output_is_the_report_alone(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    done = merkhet("run", "-s", HOST, "-o", "json:-", cwd=tmp_path)
    assert json.loads(done.stdout)["results"][0]["check"] == HOST
    assert "merkhet" in done.stderr.splitlines()[0]


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    done = merkhet("run", "-s", HOST, "-o", "json:absent/r.json", cwd=tmp_path)
    assert done.returncode == Code.OURS
    assert "absent/r.json: cannot be written" in done.stderr
    assert not (tmp_path / ".merkhet").exists(), "it is told before the run"


def test_a_full_disk(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    done = merkhet("run", "-s", HOST, "-o", "json:/dev/full", "-o", "md:r.md", cwd=tmp_path)
    assert done.returncode == Code.OURS
    assert "/dev/full: cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "1 pass" in (tmp_path / "r.md").read_text(encoding="utf-8"), "the others are written all the same"


def test_a_folder_that_cannot_be_written_costs_only_the_kept_results(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    (tmp_path / ".merkhet").write_bytes(b"")
    done = merkhet("run", "-s", HOST, cwd=tmp_path)
    assert done.returncode == 0
    assert "results are not kept" in done.stderr


# Invocations that cannot be meant


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-s", "rfc9112-3.2-host-mising"], f"nearest: {HOST}"),
        (["-s", "@nothing"], "matches no check"),
        (["-s", HOST, "-s", f"-{HOST}"], "no check is left"),
        (["--target", "smal"], "it has small"),
        (["--url", "http://127.0.0.1:1", "--target", "small"], "--target names a target by itself"),
        (["--url", "127.0.0.1:8080"], "expected a URL such as"),
        (["--url", "http://127.0.0.1:1", "--header", "a b"], "expected a field line"),
        (["--url", "http://127.0.0.1:1", "--base-path", "x"], "base path that begins with /"),
        (["-o", "pdf:x"], "expected FORMAT:PATH"),
        (["-o", "json:-", "-o", "md:-"], "only one -o"),
        (["-j", "0"], "Invalid value"),
        (["--timeout-scale", "0"], "Invalid value"),
        (["--expect", "absent.toml"], "absent.toml"),
        (["--url", "http://192.0.2.1", "-s", "@bulk"], "--i-may-test 192.0.2.1"),
    ],
)
def test_invocations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    declared(tmp_path, "good")
    monkeypatch.chdir(tmp_path)
    assert invoke(["run", *words]) == Code.INVOCATION
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_several_targets_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[target.one]\nurl = "http://h"\n[target.two]\nurl = "http://h"\n'
    (tmp_path / "merkhet.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert invoke(["run"]) == Code.INVOCATION
    assert "--target: one, two" in capsys.readouterr().err


def test_a_bad_target_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "merkhet.toml").write_text('[target.a]\nurl = "http://h"\nredy = 1\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert invoke(["run"]) == Code.INVOCATION
    assert "merkhet.toml:3: target.a.redy: unknown key; did you mean 'ready'?" in capsys.readouterr().err


# Targets that fail


def test_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "merkhet.toml").write_text('[target.a]\ncommand = ["./absent", "{port}"]\n', encoding="utf-8")
    done = merkhet("run", "-o", "json:r.json", "-o", "md:r.md", cwd=tmp_path)
    assert done.returncode == Code.TARGET
    assert "./absent {port} cannot be started: " in done.stderr
    run = kept(tmp_path)
    assert run == results.load(tmp_path / "r.json") == results.load(tmp_path / ".merkhet" / "last.jsonl")
    assert (run.results, run.ended, run.exit_code) == ((), "target unreachable", Code.TARGET)
    assert "cannot be started" in run.problems[0]
    assert "cannot be started" in (tmp_path / "r.md").read_text(encoding="utf-8")


def test_what_is_told_of_no_target_may_fail_too(tmp_path: Path) -> None:
    (tmp_path / "merkhet.toml").write_text('[target.a]\ncommand = ["./absent", "{port}"]\n', encoding="utf-8")
    done = merkhet("run", "-o", "json:/dev/full", cwd=tmp_path)
    assert done.returncode == Code.OURS
    assert "/dev/full: cannot be written" in done.stderr


def test_dies_at_once(tmp_path: Path) -> None:
    declared(tmp_path, "dies-at-once")
    done = merkhet("run", cwd=tmp_path)
    assert done.returncode == Code.TARGET
    assert "ended before it listened: exit status 3" in done.stderr
    run = kept(tmp_path)
    assert (run.results, run.ended, run.exit_code) == ((), "target unreachable", Code.TARGET)
    assert "licence" in run.target_output
    assert "no \\x1b[31mlicence" in done.stderr


def test_never_ready(tmp_path: Path) -> None:
    declared(tmp_path, "never-ready", timeout=0.5)
    done = merkhet("run", cwd=tmp_path)
    assert done.returncode == Code.TARGET
    assert "within 0.5 s" in done.stderr


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = merkhet("run", "--url", f"http://127.0.0.1:{closed.getsockname()[1]}", cwd=tmp_path)
    assert done.returncode == Code.TARGET
    assert "two plain GETs got no answer" in done.stderr
    assert "two plain GETs got no answer" in kept(tmp_path).problems[0]


def test_killed_by_our_bytes(tmp_path: Path) -> None:
    declared(tmp_path, "dies-of-it")
    done = merkhet("run", "-s", HOST, *MANY, cwd=tmp_path)
    assert done.returncode == Code.SERVER
    assert outcome_of(tmp_path) is Outcome.FAIL
    run = kept(tmp_path)
    assert [result.check for result in run.results if result.killed_server] == [HOST]
    assert run.ended == "complete"
    assert len(run.results) > 10, "the run goes on"
    assert "killed the server" in done.stdout


def test_killed_from_outside_and_not_ours_to_start(tmp_path: Path) -> None:
    with running("good", tmp_path) as (url, pid), judging(tmp_path, "--url", url, "-v", *MANY) as run:
        assert run.stderr is not None
        wait_for_a_result(run)
        os.kill(pid, signal.SIGKILL)
        out, err = run.communicate(timeout=SECONDS_MAX)
    assert run.returncode == Code.TARGET, err
    assert kept(tmp_path).ended == "target died"
    assert "the target died" in out


def test_killed_from_outside_and_started_again(tmp_path: Path) -> None:
    declared(tmp_path, "dies-once")
    done = merkhet("run", *MANY, cwd=tmp_path)
    run = kept(tmp_path)
    assert run.ended == "complete", done.stderr
    assert done.returncode == run.exit_code == Code.TARGET
    assert "the target went away, and no check is proved to have killed it" in run.problems
    assert not any(result.killed_server for result in run.results)
    assert "the target died and was started again" in done.stderr


def test_killed_from_outside_and_ours_to_start(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    with judging(tmp_path, "-v", *MANY) as run:
        wait_for_a_result(run)
        os.kill(target_of(run.pid), signal.SIGKILL)
        out, err = run.communicate(timeout=SECONDS_MAX)
    assert run.returncode == Code.TARGET, err
    assert "the target went away, and no check is proved to have killed it" in out
    assert "    listening " in out, "the last that it printed"
    assert kept(tmp_path).results


# Interruption


def test_a_target_does_not_outlive_a_run_that_is_killed(tmp_path: Path) -> None:
    declared(tmp_path, "good")
    with judging(tmp_path, "-v") as run:
        wait_for_a_result(run)
        target = target_of(run.pid)
        run.kill()
        run.communicate(timeout=SECONDS_MAX)
    assert is_gone(target)
    assert results.load(tmp_path / ".merkhet" / "last.jsonl").ended == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    declared(tmp_path, "good")
    with judging(tmp_path, "-v", "-o", "json:r.json") as run:
        wait_for_a_result(run)
        run.send_signal(number)
        out, err = run.communicate(timeout=SECONDS_MAX)
    assert run.returncode == Code.INTERRUPTED, err
    assert "Traceback" not in err
    written = results.load(tmp_path / "r.json")
    assert written.ended == "interrupted"
    assert written.exit_code == Code.INTERRUPTED
    assert written.results
    assert is_gone(int(written.target_output.split()[2]))
    assert "interrupted" in out.splitlines()[-1]


# Hostile bytes


@pytest.mark.parametrize("env", [{}, {"FORCE_COLOR": ""}, {"NO_COLOR": "1"}, {"CI": "true", "GITHUB_ACTIONS": "true"}])
def test_hostile_bytes_are_escaped(tmp_path: Path, env: dict[str, str]) -> None:
    declared(tmp_path, "hostile")
    done = merkhet("run", "-v", "-s", f"{HOST}*", "-o", "md:-", cwd=tmp_path, env=env)
    assert done.returncode in {Code.OK, Code.SERVER}
    for text in (done.stdout, done.stderr):
        assert not set(text) & {chr(number) for number in range(0x20) if chr(number) != "\n"}
    result = next(result for result in kept(tmp_path).results if result.check == HOST)
    events = [event for transcript in result.evidence.transcripts for event in transcript.events]
    assert any(b"\x1b[31m\x00\xff" in event.data for event in events), "the bytes were there to be shown"
