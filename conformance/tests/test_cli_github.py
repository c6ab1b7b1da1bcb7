"""What GitHub's runner is told, read as the runner reads it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from cli_process import HOST, declared, merkhet
from report_samples import plain_run, result, run

from merkhet.cli import github
from merkhet.cli.codes import Code
from merkhet.cli.github import Annotation
from merkhet.cli.terminal import escaped, inert
from merkhet.model import CheckResult, Finding, Outcome, RunResults, Weight

_V2 = re.compile(r"\s*::([a-z0-9-]+)(?: ([^:]*))?::(.*)\Z", re.DOTALL)
_V1 = re.compile(r"##\[([a-z-]+)([^\]]*)\](.*)\Z", re.DOTALL)


@dataclass
class Runner:
    """Obeys lines as actions/runner does: leading space does not matter, and the older form counts anywhere in a line."""

    obeyed: list[tuple[str, dict[str, str], str]] = field(default_factory=list[tuple[str, dict[str, str], str]])
    token: str = ""

    def read(self, lines: Iterable[str]) -> Runner:
        for line in lines:
            self._line(line)
        return self

    def _line(self, line: str) -> None:
        match = _V2.match(line) or _V1.search(line)
        if match is None:
            return
        name, properties, data = match[1], match[2] or "", match[3]
        if self.token:
            self.token = "" if name == self.token else self.token
        elif name == "stop-commands":
            self.token = data
        else:
            pairs = (pair.partition("=") for pair in properties.split(",") if pair)
            self.obeyed.append((name, {key: _unescaped(value) for key, _, value in pairs}, _unescaped(data)))


def _unescaped(text: str) -> str:
    for code, octet in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, octet)
    return text


def hostile(number: int) -> str:
    return f"100% of them, number {number}:\r\n::error title=forged,a:b::forged\n##[error]forged"


def many(count: int, outcome: Outcome) -> RunResults:
    """A run in which so many rules came to this outcome, each with hostile words."""
    weight = Weight.BREACH if outcome is Outcome.FAIL else Weight.WARNING
    plain = result("x", 0, outcome, weight=weight)
    rows: list[CheckResult] = []
    for number in range(count):
        finding = Finding(weight=weight, expected="status 400", observed=hostile(number))
        rows.append(
            msgspec.structs.replace(
                plain, check=f"check-{number}", requirement=f"rule-{number}", title=hostile(number), findings=(finding,)
            )
        )
    return run(*rows)


def obeyed(annotations: list[Annotation]) -> list[tuple[str, dict[str, str], str]]:
    lines = [line for annotation in annotations for line in re.split(r"[\r\n]", annotation.command())]
    assert len(lines) == len(annotations)
    return Runner().read(lines).obeyed


# Annotations


@pytest.mark.parametrize(("count", "left"), [(3, 0), (10, 0), (11, 1), (40, 30)])
@pytest.mark.parametrize(("outcome", "kind"), [(Outcome.FAIL, "error"), (Outcome.WARN, "warning")])
def test_no_more_than_the_runner_takes(count: int, left: int, outcome: Outcome, kind: str) -> None:
    told = obeyed(github.limited(github.annotations_of(many(count, outcome), {})))
    assert [name for name, _, _ in told].count(kind) == count - left
    notices = [text for name, _, text in told if name == "notice"]
    assert len(notices) == bool(left)
    assert all(str(left) in text for text in notices)


def test_hostile_words_stay_words() -> None:
    told = obeyed(github.limited(github.annotations_of(many(2, Outcome.FAIL), {})))
    assert [name for name, _, _ in told] == ["error", "error"]
    for number, (_, properties, text) in enumerate(told):
        assert properties == {"title": f"fail check-{number} (MUST)"}
        assert f"observed: 100% of them, number {number}:\\r\\n::error title=forged,a:b::forged" in text


def test_properties_are_escaped() -> None:
    annotation = Annotation("error", "a:b,c%2C\r\nd", "x:y,z%0A\r\n::warning::w")
    assert annotation.command() == "::error title=a%3Ab%2Cc%252C%0D%0Ad::x:y,z%250A%0D%0A::warning::w"
    assert obeyed([annotation]) == [("error", {"title": annotation.title}, annotation.message)]


def test_the_worst_is_told_first_and_each_rule_once() -> None:
    told = list(github.annotations_of(plain_run(), {}))
    assert [annotation.kind for annotation in told] == ["error", "error", "warning"]
    assert "smuggled" in told[0].title
    assert "more: 1 of this rule" in told[1].message.splitlines()
    assert all("read: https://" in annotation.message for annotation in told)


def test_what_is_expected_is_not_annotated() -> None:
    served = {row.check: "known" for row in plain_run().results if row.outcome is Outcome.FAIL}
    told = list(github.annotations_of(plain_run(), served, ["it was expected to fail and is pass"]))
    assert not [annotation for annotation in told if annotation.title.startswith("fail ")]
    assert told[-1] == Annotation("error", "merkhet expectation", "it was expected to fail and is pass")


def test_warnings_are_errors_where_they_fail_the_run() -> None:
    told = github.annotations_of(many(2, Outcome.WARN), {}, fail_on_warn=True)
    assert {annotation.kind for annotation in told} == {"error"}


# What is printed


@pytest.mark.parametrize(
    "line", ["::error::x", "  ::add-mask::x", "\t::x", "a ##[error]x", "##[set-output name=a]b", "plain: :: x"]
)
def test_a_line_of_a_target_is_no_command(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Runner().read([inert(line)]).obeyed == []
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert Runner().read([escaped(line)]).obeyed == []


def test_a_whole_run_is_told_once(tmp_path: Path) -> None:
    declared(tmp_path, "serves-all")
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = merkhet("run", "-s", f"{HOST}*", cwd=tmp_path, env=env)
    lines = done.stdout.splitlines()
    runner = Runner().read(lines)
    assert [(name, properties["title"]) for name, properties, _ in runner.obeyed] == [("error", f"fail {HOST} (MUST)")]
    assert "more: 5 of this rule" in runner.obeyed[0][2]
    assert runner.token == ""
    stops = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    assert len(stops) == 1
    assert lines.index(f"::{lines[stops[0]].rpartition('::')[2]}::") > max(
        number for number, line in enumerate(lines) if line.startswith("fail ")
    )
    assert lines[-1].endswith("(exit code 1)")
    page = summary.read_text(encoding="utf-8")
    assert page.startswith("# before\n")
    assert HOST in page


def test_what_a_target_prints_commands_nothing(tmp_path: Path) -> None:
    script = tmp_path / "dies.py"
    script.write_text(
        "print('::error::forged')\nprint('  ::set-output name=a::b')\nprint('x ##[error]forged')\nraise SystemExit(3)\n"
    )
    env = {"GITHUB_ACTIONS": "true"}
    done = merkhet("run", "-s", HOST, "--command", f"{sys.executable} {script} {{port}}", cwd=tmp_path, env=env)
    assert done.returncode == Code.TARGET
    assert "forged" in done.stderr
    for text in (done.stdout, done.stderr):
        assert "forged" not in str(
            Runner().read(line for line in text.splitlines() if "stop-commands" not in line).obeyed
        )
    assert [properties["title"] for _, properties, _ in Runner().read(done.stderr.splitlines()).obeyed] == ["merkhet"]


def test_nothing_of_it_elsewhere(tmp_path: Path) -> None:
    declared(tmp_path, "serves-all")
    done = merkhet("run", "-s", HOST, cwd=tmp_path, env={"GITHUB_STEP_SUMMARY": str(tmp_path / "absent")})
    assert "::" not in done.stdout
    assert not (tmp_path / "absent").exists()


# The job's summary


def test_a_summary_that_is_full_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (github.SUMMARY_BYTES_MAX - 10))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert "no room" in github.summarize(plain_run(), {})[0]
    assert summary.stat().st_size == github.SUMMARY_BYTES_MAX - 10
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "folder"))
    assert "cannot be written" in github.summarize(plain_run(), {})[0]
