"""A target that we start: on a port of our choice, with our fixture files, and never outliving us, whatever ends us."""

from __future__ import annotations

import atexit
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from merkhet import fixtures
from merkhet.target.guard import Guard
from merkhet.target.listener import belongs_to

START_TRIES = 5
POLL_SECONDS = 0.02
STOP_SECONDS = 2.0
VERSION_SECONDS = 10.0
OUTPUT_BYTES_MAX = 16384
PORTS_BELOW = 12000
"""How many ports below the ephemeral range are drawn from: nothing that connects out is given one of these."""
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_FIRST = 32768
_living: set[TargetProcess] = set()


class TargetError(Exception):
    """A target that could not be started. `output` is the last that it printed."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class TargetProcess:
    """One command, started in a session of its own, with `{port}` and `{files}` in its words replaced."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        ready_seconds: float = 10.0,
    ) -> None:
        self.port = 0
        self._command = tuple(command)
        self._folder = folder
        self._env = {**os.environ, **(env or {})}
        self._ready_seconds = ready_seconds
        self._files: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._output = _Output()

    @property
    def files(self) -> Path | None:
        """The folder of fixture files, from the first start on."""
        return self._files

    def start(self) -> int:
        """Start the command and wait until it listens; return its port. Raises TargetError."""
        if self._files is None:
            self._files = fixtures.fresh()
        _living.add(self)
        for _ in range(START_TRIES):
            self.port = draw_port()
            process = self._spawn(self.port, self._files)
            foreign = self._wait(process, self.port)
            if not foreign:
                return self.port
            self._kill()
        self.stop()
        raise TargetError(
            f"{self._words()} was started {START_TRIES} times, and each time its port was answered by a process that it"
            f" did not start",
            self.output(),
        )

    def restart(self) -> int:
        """Stop what is left of it and start it again, on another port. Raises TargetError."""
        self._kill()
        return self.start()

    def alive(self) -> bool:
        """Whether the process that was started still runs."""
        return self._process is not None and self._process.poll() is None

    def group(self) -> int:
        """Return the id of its process group; 0 where there is none."""
        return 0 if self._process is None else self._process.pid

    def another(self) -> TargetProcess:
        """Return the same command, not started: a process of its own, with fixture files of its own."""
        return TargetProcess(self._command, folder=self._folder, env=self._env, ready_seconds=self._ready_seconds)

    def terminate(self) -> None:
        """Ask the process that was started to end, and no other: it has to see to what it has started itself."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def ended(self) -> str:
        """Say how the process ended; "" while it runs."""
        code = self._process.poll() if self._process is not None else None
        return "" if code is None else _ending(code)

    def output(self) -> str:
        """Return the last that it printed on either stream; what is no UTF-8 is escaped."""
        return self._output.text()

    def stop(self) -> None:
        """Kill its whole session and remove the fixture files. Safe to call twice."""
        self._kill()
        if self._files is not None:
            fixtures.remove(self._files)
            self._files = None
        _living.discard(self)

    def _words(self) -> str:
        return " ".join(self._command)

    def _spawn(self, port: int, files: Path) -> subprocess.Popen[bytes]:
        words = [word.replace("{port}", str(port)).replace("{files}", str(files)) for word in self._command]
        try:
            self._guard = guard = Guard()
            self._process = process = subprocess.Popen(
                words,
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            self.stop()
            raise TargetError(f"{self._words()} cannot be started: {problem}") from problem
        guard.watch(process.pid, files)
        if process.stdout is not None:
            self._output.follow(process.stdout)
        return process

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Wait until the command listens. Returns whether the port is somebody else's. Raises TargetError."""
        until = time.monotonic() + self._ready_seconds
        while time.monotonic() < until:
            listens = _connects(port)
            if process.poll() is not None:
                if not _is_free(port):
                    return True
                self._fail(f"{self._words()} ended before it listened: {_ending(process.returncode)}")
            if listens:
                return not belongs_to(port, process.pid)
            time.sleep(POLL_SECONDS)
        self._fail(f"{self._words()} did not listen on 127.0.0.1:{port} within {self._ready_seconds:g} s")
        return False

    def _fail(self, message: str) -> None:
        self.stop()
        raise TargetError(message, self.output())

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            self._end(process)
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        # The leader may be gone and its children not: the group is killed in any case.
        _signal(process, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        process.wait()
        self._output.join()


class _Output:
    """The last that a process printed, read by a thread so that a full pipe never stops it."""

    def __init__(self) -> None:
        self._data = b""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def follow(self, stream: IO[bytes]) -> None:
        """Read this stream to its end."""
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while data := os.read(stream.fileno(), 65536):
                with self._lock:
                    self._data = (self._data + data)[-OUTPUT_BYTES_MAX:]

    def join(self) -> None:
        """Wait for the end, though not for a process that left our session and keeps the pipe."""
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def text(self) -> str:
        with self._lock:
            return self._data.decode("utf-8", "backslashreplace")


def version_of(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> str:
    """Return the first line that a version command prints, on either stream; "" if it cannot be had."""
    if not command:
        return ""
    try:
        done = subprocess.run(
            list(command),
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0].decode("utf-8", "backslashreplace") if done.returncode == 0 and lines else ""


def draw_port() -> int:
    """Return a port below the ephemeral range on which nothing listens. Raises TargetError."""
    first = _EPHEMERAL_FIRST
    with contextlib.suppress(OSError, ValueError, IndexError):
        first = int(_RANGE.read_text(encoding="ascii").split()[0])
    # Choice: where the range leaves no room below it, its usual place is drawn from all the same.
    first = first if first > 2048 else _EPHEMERAL_FIRST
    for port in random.sample(range(max(1024, first - PORTS_BELOW), first), 200):
        if not _connects(port) and _is_free(port):
            return port
    raise TargetError(f"no port below {first} is free")


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


@atexit.register
def stop_all() -> None:
    """Stop every target that still runs: whatever ends us ends them."""
    for process in list(_living):
        process.stop()
