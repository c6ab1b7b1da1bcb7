"""Servers and loads as processes: started on their cores, waited for, and ended on every way out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import measure

ROOT = Path(__file__).resolve().parents[1]
DESCRIPTORS = 20_000
START_SECONDS = 15.0
STOP_SECONDS = 5.0
LOAD_SECONDS_MORE = 60.0
"""What a load may take beyond the time that it was asked to measure."""
POLL_SECONDS = 0.02


class BenchError(Exception):
    """A server or a load did not do what it was started for."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Where each side runs. They are the same where there is one core: then nothing can be claimed."""

    server: int
    load: int

    @classmethod
    def choose(cls) -> Cores:
        """Take two of the cores that this process may use; the first often has other things to do, so it gets the load."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(server=usable[-1], load=usable[0])

    @property
    def are_apart(self) -> bool:
        return self.server != self.load


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs. Its processes, and no others, are those of the session that `pid` leads."""

    pid: int
    port: int


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` on that core."""
    return [sys.executable, "-m", "bench.pinned", str(core), str(DESCRIPTORS), *command]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of every process here: what it imports of `bench` is this folder's."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **(more or {})}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, core: int, log: Path, more: Mapping[str, str]
) -> Generator[Served, None, None]:
    """Start a server, yield when it takes connections, and end all of its processes. Raises BenchError."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(core, command),
            cwd=ROOT,
            env=environment(more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, port, log)
        yield Served(process.pid, port)
    finally:
        end(process)


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise BenchError(f"the server ended with {process.returncode}: {last_line(log.read_bytes())}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(POLL_SECONDS)
    raise BenchError(f"the server did not listen within {START_SECONDS:.0f} s: {last_line(log.read_bytes())}")


def last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a session, gently at first, and then whatever is left of its session."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + STOP_SECONDS
    while measure.is_alive(process.pid) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)


class Load:
    """A load that runs on its core. It may say that it is ready, and wait to be told to go on; at the end it says a result."""

    def __init__(self, process: subprocess.Popen[bytes], until: float) -> None:
        self._process = process
        self._until = until

    def wait_until_ready(self) -> None:
        """Wait for the line that says that all is prepared. Raises BenchError."""
        line = self._line()
        if line != b"ready\n":
            raise BenchError(f"the load is not ready: {line!r}")

    def go_on(self) -> None:
        """Let it do what it has prepared."""
        stream = pipe(self._process.stdin)
        stream.write(b"go\n")
        stream.flush()

    def result(self) -> bytes:
        """Return the last line that it says: JSON. Raises BenchError if it fails or takes too long."""
        pipe(self._process.stdin).close()
        self._process.stdin = None
        try:
            said, complained = self._process.communicate(timeout=max(0.0, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise BenchError("the load did not end") from None
        if self._process.returncode:
            raise BenchError(f"the load failed: {last_line(complained)}")
        return said.strip().split(b"\n")[-1]

    def _line(self) -> bytes:
        line = pipe(self._process.stdout).readline()
        if line:
            return line
        raise BenchError(f"the load failed: {last_line(pipe(self._process.stderr).read())}")


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise BenchError("the load was started without pipes")
    return stream


def close_pipes(process: subprocess.Popen[bytes]) -> None:
    for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
        with contextlib.suppress(OSError):  # what was not written yet has no reader any more
            stream.close()


@contextlib.contextmanager
def loading(command: Sequence[str], core: int, seconds: float) -> Generator[Load, None, None]:
    """Start a load that is to measure for so long; it is killed at the end of the block if it is still there."""
    process = subprocess.Popen(
        pinned(core, command),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield Load(process, time.monotonic() + seconds + LOAD_SECONDS_MORE)
    finally:
        end(process)
        close_pipes(process)


def say_ready() -> None:
    """A load's own word that it is prepared; returns when it is to go on."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def say_result(**values: float) -> None:
    """A load's last line."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
