"""The GitHub Action: its description, and its steps as a runner would run them, in bash with the environment that it sets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_process import HOST, SECONDS_MAX, SERVER, environment, running

from merkhet.cli.codes import Code
from merkhet.cli.outputs import FORMATS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "action.yml").exists(), reason="needs the source tree")
HOSTILE = "'; touch pwned #\"$(touch pwned)`touch pwned`\n::error::forged"


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return loaded


def steps() -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in action()["runs"]["steps"]}


class Job:
    """One job of a workflow: its folders, and its steps run as actions/runner runs the composite ones."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.temp = folder / "runner"
        self.outputs = folder / "outputs"
        self.summary = folder / "summary.md"
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= action()["inputs"].keys()
        defaults: dict[str, dict[str, str]] = action()["inputs"]
        self.inputs = {name: given.get(name) or row.get("default") or "" for name, row in defaults.items()}
        binaries = self.temp / "merkhet" / "bin"
        binaries.mkdir(parents=True)
        (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (binaries / "python").chmod(0o755)
        self.outputs.touch()

    def expression(self, text: str) -> str:
        """Evaluate the expressions of a value, as the runner does before a step."""

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            return self.inputs[name.removeprefix("inputs.")] if name.startswith("inputs.") else f"<{name}>"

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    def run(self, name: str, extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        step = steps()[name]
        env = {key: self.expression(text) for key, text in step.get("env", {}).items()}
        runner = {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder,
            env={**environment(), **runner, **env, **(extra or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS_MAX,
            check=False,
        )

    def output(self) -> dict[str, str]:
        """Read the file of outputs as the runner does: NAME<<END, lines, END."""
        found: dict[str, str] = {}
        lines = iter(self.outputs.read_text(encoding="utf-8").splitlines())
        for line in lines:
            name, _, end = line.partition("<<")
            value: list[str] = []
            for more in lines:
                if more == end:
                    break
                value.append(more)
            found[name] = "\n".join(value)
        return found


# The description


def test_no_input_is_part_of_a_shells_text() -> None:
    scripts = [step["run"] for step in steps().values() if "run" in step]
    assert len(scripts) == 2
    assert not [script for script in scripts if "${{" in script]


def test_every_input_is_handed_on_and_every_output_is_set(tmp_path: Path) -> None:
    used = re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text(encoding="utf-8"))
    assert sorted(used) == sorted(action()["inputs"])
    for name, row in action()["outputs"].items():
        assert row["value"] == f"${{{{ steps.judge.outputs.{name} }}}}"
    assert {"json", "html", "junit", "md"} <= set(FORMATS)


def test_it_is_as_its_schema_says() -> None:
    checker = pytest.importorskip("check_jsonschema")
    assert checker is not None
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-actions",
            str(ROOT / "action.yml"),
        ],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


# The steps


def test_a_command_and_every_output(tmp_path: Path) -> None:
    command = f"'{sys.executable}' '{SERVER}' {{port}} serves-all"
    job = Job(tmp_path, command=command, select=f"{HOST}*\n-*post\n", formats="html, junit md")
    done = job.run("Judge")
    assert done.returncode == Code.SERVER, done.stderr
    found = job.output()
    assert set(action()["outputs"]) == found.keys()
    assert found["exit-code"] == "1"
    assert json.loads(found["counts"])["fail"] == int(found["fail-count"]) == 5
    assert found["reports"].splitlines() == [found[name] for name in ("json", "html", "junit", "md")]
    for name in ("json", "html", "junit", "md"):
        assert HOST in Path(found[name]).read_text(encoding="utf-8")
    assert HOST in job.summary.read_text(encoding="utf-8")
    assert any(line.startswith("::error title=fail ") for line in done.stdout.splitlines())


def test_the_embedded_reference_by_its_url(tmp_path: Path) -> None:
    command = f"{sys.executable} -m merkhet_reference.contract --port {{port}}"
    job = Job(tmp_path, command=command, select="rfc9112#3.2")
    done = job.run("Judge")
    assert done.returncode == 0, done.stdout + done.stderr
    assert job.output()["exit-code"] == "0"
    assert int(json.loads(job.output()["counts"])["pass"]) > 50


def test_fail_on(tmp_path: Path) -> None:
    for number, (fail_on, code) in enumerate({"fail": 0, "warn": 1, "never": 0}.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with running("serves-all", folder) as (url, _):
            job = Job(folder, url=url, select="rfc9112-3.2.1-relative-word", fail_on=fail_on)
            assert job.run("Judge").returncode == code
        assert job.output()["warn-count"] == "1"


def test_never_fails_for_the_servers_faults_alone(tmp_path: Path) -> None:
    with running("serves-all", tmp_path) as (url, _):
        job = Job(tmp_path, url=url, select=HOST, fail_on="never")
        assert job.run("Judge").returncode == 0
    assert job.output()["exit-code"] == "1"
    again = tmp_path / "again"
    again.mkdir()
    assert (
        Job(again, command=f"{sys.executable} {SERVER} {{port}} dies-at-once", fail_on="never").run("Judge").returncode
        == 3
    )


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "expected one of the inputs url, target and command"),
        ({"url": "http://127.0.0.1:1", "target": "mine"}, "got url, target"),
        ({"url": "http://127.0.0.1:1", "formats": "html pdf"}, "unknown 'pdf'"),
        ({"url": "http://127.0.0.1:1", "fail_on": "always"}, "expected fail, warn or never"),
        ({"url": "http://127.0.0.1:1", "select": "rfc9113"}, "matches no check"),
        ({"command": "./server"}, "expected {port} in one of its words"),
    ],
)
def test_inputs_that_cannot_be_meant(tmp_path: Path, inputs: dict[str, str], told: str) -> None:
    job = Job(tmp_path, **inputs)
    done = job.run("Judge")
    assert done.returncode == Code.INVOCATION
    assert told in done.stderr
    assert job.output()["exit-code"] == "2"
    assert any(line.startswith("::error title=merkhet::") for line in done.stderr.splitlines())


@pytest.mark.parametrize("name", ["url", "target", "command", "select", "profile", "expect", "formats", "arguments"])
def test_hostile_inputs_are_words(tmp_path: Path, name: str) -> None:
    inputs = {name: HOSTILE} if name in {"url", "target", "command"} else {"url": "http://127.0.0.1:1", name: HOSTILE}
    done = Job(tmp_path, **inputs).run("Judge")
    assert done.returncode == Code.INVOCATION
    assert not list(tmp_path.rglob("pwned"))
    assert not re.search(r"^\s*::error::forged", done.stdout + done.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("version", "word"), [("", "<github.action_path>"), ("1.2", "merkhet==1.2"), (HOSTILE, f"merkhet=={HOSTILE}")]
)
def test_what_is_installed(tmp_path: Path, version: str, word: str) -> None:
    job = Job(tmp_path, version=version)
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\nfor word; do :; done\nprintf %s "$word" >>asked\n')
    script.chmod(0o755)
    (job.temp / "merkhet" / "bin" / "python").write_text(script.read_text())
    done = job.run("Install merkhet", {"MERKHET_PYTHON": str(script)})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked").read_text() == f"{job.temp / 'merkhet'}{word}"
    assert not list(tmp_path.rglob("pwned"))
