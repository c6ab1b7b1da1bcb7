"""The hook of .pre-commit-hooks.yaml in a repository of a user: what pre-commit would run, and by pre-commit if it is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_process import HOST, SECONDS_MAX, environment

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
GOOD = f'[[expect]]\nselector = "{HOST}"\noutcome = "fail"\nreason = "a known bug"\n'
pytestmark = [
    pytest.mark.skipif(not MANIFEST.exists(), reason="needs the source tree"),
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git"),
]


def hook() -> dict[str, Any]:
    (only,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert isinstance(only, dict)
    return only


def git(folder: Path, *words: str) -> str:
    where = environment({"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})
    done = subprocess.run(["git", *words], cwd=folder, env=where, capture_output=True, encoding="utf-8", check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "README.md").touch()
    return tmp_path


def commits(folder: Path) -> tuple[int, str] | None:
    """Stage all, and do what pre-commit does: None if no staged file is the hook's, else how its entry ended."""
    git(folder, "add", "-A")
    staged = git(folder, "diff", "--cached", "--name-only", "-z").split("\0")
    if not any(re.search(hook()["files"], name) for name in staged):
        return None
    program, *words = shlex.split(hook()["entry"])
    assert (program, hook()["language"], hook()["pass_filenames"]) == ("merkhet", "python", False)
    done = subprocess.run(
        [sys.executable, "-m", "merkhet", *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_runs_for_the_expectations_alone(repository: Path) -> None:
    assert commits(repository) is None
    (repository / "merkhet.expect.toml.orig").write_text("no")
    assert commits(repository) is None


def test_expectations_that_stand_may_be_committed(repository: Path) -> None:
    (repository / "merkhet.expect.toml").write_text(GOOD, encoding="utf-8")
    ended = commits(repository)
    assert ended is not None
    assert ended[0] == 0, ended[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace(HOST, "rfc9112-3.2-hots"), "rfc9112-3.2-hots"),
        (GOOD + 'until = "2020-01-01"\n', "2020-01-01"),
        (GOOD.replace("a known bug", "TODO: say why"), "reason"),
        (GOOD.replace('"fail"', "fail"), "merkhet.expect.toml"),
    ],
)
def test_others_may_not(repository: Path, text: str, told: str) -> None:
    (repository / "merkhet.expect.toml").write_text(text, encoding="utf-8")
    ended = commits(repository)
    assert ended is not None
    assert ended[0] in {1, 2}
    assert told in ended[1]


def test_pre_commit_itself_runs_it(repository: Path) -> None:
    """As users have it: pre-commit makes an environment for the hook, for which it needs the package index."""
    program = shutil.which("pre-commit")
    if program is None:
        pytest.skip("pre-commit is not installed: pip install pre-commit, and run this test again")
    (repository / "merkhet.expect.toml").write_text(GOOD.replace(HOST, "rfc9112-3.2-hots"), encoding="utf-8")
    git(repository, "add", "-A")
    words = [program, "try-repo", str(ROOT), hook()["id"], "--all-files", "--color", "never"]
    env = environment({"PRE_COMMIT_HOME": str(repository / "home"), "GIT_CONFIG_GLOBAL": "/dev/null"})
    done = subprocess.run(
        words, cwd=repository, env=env, capture_output=True, encoding="utf-8", timeout=600, check=False
    )
    if "InstallError" in done.stdout or "CalledProcessError" in done.stdout:
        pytest.skip(f"pre-commit cannot install the hook here, such as without a network: {done.stdout[-300:]}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "merkhet baseline" in done.stdout
    assert "rfc9112-3.2-hots" in done.stdout
