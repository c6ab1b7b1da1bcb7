"""How the development tools here find and start a target: its merkhet.toml, a free port, and the servers' own environment.

The harness has its own way of starting targets; this one is independent of it, so that a target's app can be held
against docs/contract.md without the thing that judges it. Standard library, and what is part of the contract itself: the
fixture files and the names of the endpoints.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "conformance"))

from merkhet.fixtures import FIXTURES as FIXTURES
from merkhet.fixtures import fresh, remove
from merkhet.target.embedded import OFFERED

START_TRIES = 5
REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Target:
    """One target file: where it lies, its commands, and its endpoints."""

    name: str
    folder: Path
    command: tuple[str, ...]
    version: tuple[str, ...]
    endpoints: Mapping[str, str]


def names() -> list[str]:
    """Return the name of every target folder here."""
    return sorted(path.parent.name for path in HERE.glob("*/merkhet.toml"))


def load(name: str) -> Target:
    """Return the target of this name. `reference` is the embedded server, with every endpoint that it offers."""
    if name == REFERENCE:
        module = (sys.executable, "-m", "merkhet_reference.contract")
        return Target(name, ROOT, (*module, "--port", "{port}", "--files", "{files}"), (*module, "--help"), OFFERED)
    folder = HERE / name
    table = tomllib.loads((folder / "merkhet.toml").read_text(encoding="utf-8"))["target"][name]
    return Target(name, folder, tuple(table["command"]), tuple(table["version"]), table["endpoint"])


def environment() -> dict[str, str]:
    """Return the environment in which targets start: PATH begins with the servers' own virtual environment, if there is one.

    That is $MERKHET_TARGETS_VENV, or else `.tox/targets` in this repository.
    """
    folder = Path(os.environ.get("MERKHET_TARGETS_VENV") or ROOT / ".tox" / "targets")
    path = os.environ.get("PATH", os.defpath)
    binaries = next((folder / name for name in ("bin", "Scripts") if (folder / name).is_dir()), None)
    return {**os.environ, "PATH": path if binaries is None else f"{binaries}{os.pathsep}{path}"}


def absence(target: Target) -> str:
    """Return why this target cannot be started here, in one line, or "" if it can."""
    where = environment()
    if shutil.which(target.command[0], path=where["PATH"]) is None:
        return f"{target.command[0]} is not on PATH"
    program = shutil.which(target.version[0], path=where["PATH"])
    if program is None:
        return f"{target.version[0]} is not on PATH"
    run = subprocess.run(
        [program, *target.version[1:]], cwd=target.folder, env=where, capture_output=True, text=True, check=False
    )
    if run.returncode:
        return (run.stderr.strip().splitlines() or ["its version command fails"])[-1]
    return _missing_package(target.folder / "requirements.txt", where)


def _missing_package(requirements: Path, where: dict[str, str]) -> str:
    """Return which of a Python target's packages is not there, or "": a server may be, and what its app needs may not."""
    python = shutil.which("python", path=where["PATH"])
    if python is None or not requirements.exists():
        return ""
    names = [line.partition("==")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines()]
    asking = "import sys; from importlib.metadata import version; [version(name) for name in sys.argv[1:] if name]"
    run = subprocess.run([python, "-c", asking, *names], env=where, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr.strip().splitlines()[-1]


def version(target: Target) -> str:
    """Return what the target's version command prints, on either stream."""
    where = environment()
    program = shutil.which(target.version[0], path=where["PATH"]) or target.version[0]
    run = subprocess.run(
        [program, *target.version[1:]], cwd=target.folder, env=where, capture_output=True, text=True, check=False
    )
    return (run.stdout.strip() or run.stderr.strip()).splitlines()[0]


@contextlib.contextmanager
def running(target: Target, timeout_seconds: float = 20.0) -> Iterator[int]:
    """Start the target with fixture files and yield its port; stop its whole process group on the way out."""
    files = fresh()
    try:
        for _ in range(START_TRIES):
            port = _free_port()
            process = _start(target, port, str(files))
            try:
                if _ready(process, port, timeout_seconds):
                    yield port
                    return
            finally:
                _stop(process)
    finally:
        remove(files)
    raise RuntimeError(f"{target.name} did not listen within {timeout_seconds} s, in {START_TRIES} tries")


def _start(target: Target, port: int, files: str) -> subprocess.Popen[bytes]:
    where = environment()
    words = [word.replace("{port}", str(port)).replace("{files}", files) for word in target.command]
    noise = None if os.environ.get("MERKHET_TARGETS_VERBOSE") else subprocess.DEVNULL
    words[0] = shutil.which(words[0], path=where["PATH"]) or words[0]
    return subprocess.Popen(
        words, cwd=target.folder, env=where, stdout=subprocess.DEVNULL, stderr=noise, start_new_session=True
    )


def _ready(process: subprocess.Popen[bytes], port: int, timeout_seconds: float) -> bool:
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process.poll() is None
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
