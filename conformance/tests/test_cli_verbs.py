"""The verbs beside `run`."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import checks
import msgspec
import pytest
from cli_process import (
    HOST,
    declared,
    environment,
    merkhet,
)

from merkhet import catalogue
from merkhet.catalogue import Catalogue
from merkhet.check import PASS, Abort, Answers, Check, HalfClose, On, Send, Write
from merkhet.cli import invoke
from merkhet.cli.codes import Code
from merkhet.expect import served
from merkhet.fixtures import FIXTURES
from merkhet.model import Requirement
from merkhet.target.embedded import OFFERED


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", "-s", "rfc9112#3.2"]) == Code.OK
    assert HOST in capsys.readouterr().out
    assert invoke(["list", "--requirements", "-s", HOST]) == Code.OK
    assert "MUST" in capsys.readouterr().out
    assert invoke(["list", "-s", "nothing-like-it"]) == Code.INVOCATION


def test_list_takes_selectors_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", "rfc9112-3.2-host*", "--format", "ids", "-s", f"-{HOST}"]) == Code.OK
    ids = capsys.readouterr().out.splitlines()
    assert len(ids) > 1
    assert HOST not in ids
    assert all(name.startswith("rfc9112-3.2-host") for name in ids)


def test_list_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", HOST, "--format", "json"]) == Code.OK
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["document"], row["section"], row["level"]) == (HOST, "rfc9112", "3.2", "MUST")
    assert invoke(["list", "--requirements", "--format", "json"]) == Code.OK
    rules = {rule["id"]: rule["checks"] for rule in json.loads(capsys.readouterr().out)}
    assert rules[row["requirement"]] >= 1
    assert 0 in rules.values(), "a rule without a check is listed too"
    assert invoke(["list", HOST, "--requirements", "--format", "ids"]) == Code.OK
    assert capsys.readouterr().out == row["requirement"] + "\n"


def test_coverage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def rule(document: str, section: str, number: int, untestable: str | None = None) -> Requirement:
        name = f"{document}-{section}-{number}"
        return msgspec.structs.replace(checks.requirement(section), id=name, document=document, untestable=untestable)

    def check(requirement: Requirement, slug: str) -> Check:
        place = f"{requirement.document}-{requirement.section}"
        return dataclasses.replace(checks.check(), id=f"{place}-{slug}", requirement=requirement.id)

    rules = [
        rule("whatwg-sse", "9.2.5", 1),
        rule("rfc9112", "6.1", 1),
        rule("rfc9112", "6.1", 2),
        rule("rfc9112", "7", 1, "Nobody can see it."),
        rule("rfc6266", "D", 1),
    ]
    them = [check(rules[0], "a"), check(rules[1], "a"), check(rules[1], "b"), check(rules[4], "a")]
    known = Catalogue(requirements={one.id: one for one in rules}, checks={one.id: one for one in them})
    monkeypatch.setattr("merkhet.catalogue.load", lambda: known)
    assert invoke(["list", "--coverage"]) == Code.OK
    assert capsys.readouterr().out == (
        "document    requirements  testable  tested  untestable  checks\n"
        "rfc6266                1         1       1           0       1\n"
        "rfc9112                3         2       1           1       2\n"
        "whatwg-sse             1         1       1           0       1\n"
        "total                  5         4       3           1       4\n"
    )
    assert invoke(["list", "rfc9112-6.1-a", "--coverage", "--format", "json"]) == Code.OK
    counts = {"requirements": 3, "testable": 2, "tested": 1, "untestable": 1, "checks": 1}
    told = json.loads(capsys.readouterr().out)
    assert told == [{"document": "rfc9112", **counts}, {"document": "total", **counts}]
    assert invoke(["list", "--coverage", "--format", "ids"]) == Code.OK
    assert capsys.readouterr().out == "rfc6266\nrfc9112\nwhatwg-sse\ntotal\n"
    assert invoke(["list", "--coverage", "--requirements"]) == Code.INVOCATION


def test_the_coverage_of_what_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["list", "--coverage", "--format", "json"]) == Code.OK
    *documents, total = json.loads(capsys.readouterr().out)
    assert all(0 < row["tested"] <= row["testable"] <= row["requirements"] for row in documents)
    assert all(sum(row[name] for row in documents) == total[name] for name in total if name != "document")
    assert total["checks"] == len(catalogue.load().checks)


def test_fixtures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "served" / "files"
    assert invoke(["fixtures", str(folder)]) == Code.OK
    assert invoke(["fixtures", str(folder)]) == Code.OK
    assert f"below {folder}" in capsys.readouterr().out
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(FIXTURES)
    assert invoke(["fixtures", str(folder / "empty.txt")]) == Code.INVOCATION
    assert invoke(["fixtures", str(folder / "empty.txt" / "below")]) == Code.OURS
    assert "cannot be written: Not a directory" in capsys.readouterr().err
    assert invoke(["fixtures"]) == Code.INVOCATION


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["explain", HOST]) == Code.OK
    told = capsys.readouterr().out
    assert "GET {root} HTTP/1.1\\r\\n" in told
    assert "-> violation" in told
    assert "proved to notice:" in told
    assert invoke(["explain", "rfc9112-6.1-1"]) == Code.OK
    assert "rfc9112 section 6.1" in capsys.readouterr().out
    assert invoke(["explain", "rfc9112-nothing"]) == Code.INVOCATION


def test_every_step_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    check = checks.check(
        Send(checks.GET),
        Answers({served(): PASS}, keep="page"),
        Write("changing.txt", b"after\n", 60.0),
        On(1),
        Send(b"GET {root} HTTP/1.1\r\nIf-Match: {kept:page/ETag}\r\n\r\n", each=1),
        Answers({served(): PASS}, until=b"ab\n"),
        HalfClose(),
        Answers({served(): PASS}, quiet=True),
        Abort(),
    )
    rule = msgspec.structs.replace(checks.requirement("D"), id="rfc9112-0-1", document="whatwg-sse")
    known = Catalogue(requirements={rule.id: rule}, checks={check.id: check})
    monkeypatch.setattr("merkhet.catalogue.load", lambda: known)
    assert invoke(["explain", check.id]) == Code.OK
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in (
        "rfc9112-0-1  whatwg-sse section D  MUST, a violation is a breach",
        "read an answer, and keep it as page:",
        "write the file changing.txt, as of 60 s ago:",
        "after\\n",
        "on connection 1:",
        "If-Match: {kept:page/ETag}\\r\\n",
        "read an answer until its content has ab\\n:",
        "say that no more will be sent",
        "read an answer (none is expected):",
        "drop the connection",
    ):
        assert line in told


def test_every_check_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["explain", "*"]) == Code.OK
    assert not set(capsys.readouterr().out) & {"\x1b", "\r", "\0"}


def test_selftest(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["selftest", "-s", HOST]) == Code.OK
    assert "1 checks on" in capsys.readouterr().out
    assert invoke(["selftest", HOST]) == Code.OK
    assert "1 checks on" in capsys.readouterr().out
    assert invoke(["selftest", "nothing-like-it"]) == Code.INVOCATION


def test_an_error_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise RuntimeError("\x1b[31m")

    monkeypatch.setattr("merkhet.catalogue.load", broken)
    assert invoke(["list"]) == Code.OURS
    told = capsys.readouterr().err
    assert "merkhet itself failed" in told
    assert "\x1b" not in told


def test_init_then_doctor(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "merkhet_reference.contract", "--port", "{port}", "--files", "{files}")
    done = merkhet("init", "--name", "mine", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert merkhet("init", "--url", "http://h", cwd=tmp_path).returncode == Code.INVOCATION
    done = merkhet("doctor", "--write", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'status = "/status/{code}"' in done.stdout
    assert "not looked for: mutable, form, sse-push, connect" in done.stdout
    text = (tmp_path / "merkhet.toml").read_text(encoding="utf-8")
    assert 'files = "/files/{path}"' in text
    assert text.startswith("# ")
    assert merkhet("run", "-s", HOST, cwd=tmp_path).returncode == 0


def test_doctor_believes_the_reference(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "merkhet_reference.contract", "--port", "{port}", "--files", "{files}"]
    lines = [f"command = {json.dumps(words)}", "[target.all.endpoint]"]
    lines += [f"{name} = {json.dumps(path)}" for name, path in OFFERED.items()]
    (tmp_path / "merkhet.toml").write_text("\n".join(["[target.all]", *lines, ""]), encoding="utf-8")
    done = merkhet("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not offered" not in done.stdout
    assert [name for name in OFFERED if f"\n{name} = " not in done.stdout] == []


def test_init_refuses_what_it_could_not_read(tmp_path: Path) -> None:
    done = merkhet("init", "./server", cwd=tmp_path)
    assert done.returncode == Code.INVOCATION
    assert "{port}" in done.stderr
    assert not (tmp_path / "merkhet.toml").exists()


def test_doctor_on_nobody(tmp_path: Path) -> None:
    declared(tmp_path, "dies-at-once")
    assert merkhet("doctor", cwd=tmp_path).returncode == Code.TARGET


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "merkhet", "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment({"TMPDIR": str(tmp_path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as served:
        assert served.stdout is not None
        line = served.stdout.readline()
        found = re.search(r":(\d+)", line)
        assert found is not None, line
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=10) as connection:
            connection.sendall(b"GET /files/empty.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        served.send_signal(number)
        assert served.wait(20) == 0
    assert not list(tmp_path.glob("merkhet-files-*"))


def test_the_console_script_is_there() -> None:
    program = shutil.which("merkhet", path=str(Path(sys.executable).parent))
    assert program is not None
    done = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.startswith("merkhet")


def test_explain_says_which_frames_a_check_sends(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["explain", "rfc6455-5.5.2-ping-before-last-fragment", "rfc6455-5.5.2-ping-behind-large"]) == Code.OK
    told = capsys.readouterr().out
    assert "    = text b'mer', without FIN\n    = ping b'within'\n" in told
    assert "  hear the WebSocket, up to 1 Pong:\n" in told
    assert "    a binary message, 1048576 octets of b'" in told
    assert "  hear the WebSocket, up to 1 message and 1 Pong:\n" in told
    assert invoke(["explain", "rfc6455-5.5.1-frames-close-body"]) == Code.OK
    told = capsys.readouterr().out
    assert "  and behind the 101:\n" in told
    assert told.count("    = Close 1000\n") == 1
