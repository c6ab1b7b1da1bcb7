"""merkhet as a process of its own, and small targets for it, for the tests of the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from merkhet import results
from merkhet.model import Outcome, RunResults

SERVER = Path(__file__).with_name("cli_server.py")
HOST = "rfc9112-3.2-host-missing"
MANY = ("-s", "rfc9112#7.1")
SECONDS_MAX = 120


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    cleared = {"CI", "GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"}
    return {name: value for name, value in os.environ.items() if name not in cleared} | dict(extra or {})


def merkhet(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "merkhet", *words],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS_MAX,
        check=False,
    )


def declared(folder: Path, mode: str, *, timeout: float = 20.0) -> None:
    command = json.dumps([sys.executable, str(SERVER), "{port}", mode])
    text = f"[target.small]\ncommand = {command}\nready = {{ timeout = {timeout} }}\n"
    (folder / "merkhet.toml").write_text(text, encoding="utf-8")


@contextmanager
def running(mode: str, folder: Path) -> Generator[tuple[str, int]]:
    """Run the server apart from merkhet; yield its URL and process id."""
    with subprocess.Popen([sys.executable, str(SERVER), "0", mode], cwd=folder, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port, pid = (int(word) for word in server.stdout.readline().split()[1:])
        try:
            yield f"http://127.0.0.1:{port}", pid
        finally:
            server.kill()


def kept(folder: Path) -> RunResults:
    return results.load(folder / ".merkhet" / "results.json")


def outcome_of(folder: Path, check: str = HOST) -> Outcome:
    return next(result.outcome for result in kept(folder).results if result.check == check)


def is_gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def target_of(owner: int) -> int:
    """Return the process id of the small server that a run started."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = place.joinpath("stat").read_text(encoding="ascii").rpartition(")")[2].split()[1]
            words = place.joinpath("cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(parent) == owner and os.fsencode(SERVER) in words:
            return int(place.name)
    raise AssertionError("it has no target")


@contextmanager
def judging(folder: Path, *words: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "merkhet", "run", *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def wait_for_a_result(run: subprocess.Popen[str]) -> None:
    assert run.stderr is not None
    for line in run.stderr:
        if line.partition(" ")[0] in {"pass", "fail", "warn", "observed", "inconclusive"}:
            return
    raise AssertionError("it ended before its first result")
