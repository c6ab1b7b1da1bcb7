"""`merkhet run` itself, as a process of its own, on every dead server: what it gives them, and how soon.

Each must end with the server's or the target's fault, in time, and no check may pass but the passive ones that the
server's bytes truly keep.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from merkhet import catalogue, results
from merkhet.check import Passive
from merkhet.model import CheckResult, Outcome, RunResults
from merkhet.selftest.dead import KEEPS, Behaviour, serve
from merkhet.selftest.dead_sockets import MAY_KEEP, SOCKET_ENDPOINTS, hears
from merkhet.wire.judge import RULES

SECONDS_MAX = 60.0
CODES = (1, 3)
"""The server's fault, and the target's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """What `merkhet run` came to on one dead server. `code` is None if it had to be killed."""

    server: str
    code: int | None
    seconds: float
    counts: Mapping[Outcome, int]
    problems: tuple[str, ...] = ()

    def words(self) -> str:
        """Say it in one line."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items()) or "no results"
        code = "none" if self.code is None else str(self.code)
        return f"{self.server}: {counts}; exit code {code}; {self.seconds:.1f} s"


def bury(
    server: str, behaviour: Behaviour, selectors: Sequence[str] = (), *, seconds_max: float = SECONDS_MAX
) -> Burial:
    """Judge a dead server with the checks that the selectors take, all of them if there is none."""
    with tempfile.TemporaryDirectory(prefix="merkhet-dead-") as folder, serve(behaviour) as (host, port):
        words = [word for selector in selectors for word in ("--select", selector)]
        began = time.monotonic()
        code = _run(Path(folder), ["--url", f"http://{host}:{port}", *words], seconds_max)
        seconds = time.monotonic() - began
        problems = _ending(code, seconds_max)
        try:
            run = results.load(Path(folder) / results.RESULTS)
        except results.ResultsError as problem:
            return Burial(server=server, code=code, seconds=seconds, counts={}, problems=(*problems, str(problem)))
    return Burial(
        server=server,
        code=code,
        seconds=seconds,
        counts=_counts(run),
        problems=(*problems, *_unearned(server, run)),
    )


def bury_socket(
    server: str, behaviour: Behaviour, selectors: Sequence[str] = (), *, seconds_max: float = SECONDS_MAX
) -> Burial:
    """Judge a dead WebSocket, whose HTTP is served, with those of the selected checks that are about WebSockets."""
    chosen = selectors or ("rfc6455", "rfc7692", "-@bulk", "-@slow")
    with tempfile.TemporaryDirectory(prefix="merkhet-dead-") as folder, serve(behaviour) as (host, port):
        table = "".join(f'{name} = "{path}"\n' for name, path in SOCKET_ENDPOINTS.items())
        target = f'[target.dead]\nurl = "http://{host}:{port}"\n[target.dead.endpoint]\n{table}'
        (Path(folder) / "merkhet.toml").write_text(target, encoding="utf-8")
        words = ["--target", "dead", "--jobs", "32", "--timeout-scale", "0.2"]
        words += [word for selector in chosen for word in ("--select", selector)]
        began = time.monotonic()
        code = _run(Path(folder), words, seconds_max)
        seconds = time.monotonic() - began
        problems = [] if code is not None else _ending(code, seconds_max)
        try:
            run = results.load(Path(folder) / results.RESULTS)
        except results.ResultsError as problem:
            return Burial(server=server, code=code, seconds=seconds, counts={}, problems=(*problems, str(problem)))
    good = {Outcome.PASS, Outcome.OBSERVED}
    passed = [one.check for one in run.results if one.outcome in good and not _is_earned_by_socket(server, one.check)]
    return Burial(
        server=server,
        code=code,
        seconds=seconds,
        counts=_counts(run),
        problems=(*problems, *(f"{check} passes" for check in passed)),
    )


def _is_earned_by_socket(server: str, name: str) -> bool:
    """Whether a check that passed is about HTTP or the handshake, or a rule on frames that the server's one frame keeps."""
    check = catalogue.load().checks[name]
    if isinstance(check, Passive):
        return server in MAY_KEEP or not RULES[check.rule].reads_frames
    return not hears(check)


def _counts(run: RunResults) -> Mapping[Outcome, int]:
    counted = Counter(result.outcome for result in run.results)
    return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


def _run(folder: Path, words: Sequence[str], seconds_max: float) -> int | None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "merkhet", "run", *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds_max,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _ending(code: int | None, seconds_max: float) -> list[str]:
    if code is None:
        return [f"it did not end within {seconds_max:g} s"]
    return [] if code in CODES else [f"exit code {code}; expected {' or '.join(map(str, CODES))}"]


def _unearned(server: str, run: RunResults) -> list[str]:
    """Return every result that says something good of a server that does nothing."""
    return [f"{result.check} is {result.outcome}" for result in run.results if not _is_earned(server, result)]


def _is_earned(server: str, result: CheckResult) -> bool:
    if result.outcome not in {Outcome.PASS, Outcome.OBSERVED}:
        return True
    check = catalogue.load().checks[result.check]
    if not isinstance(check, Passive):
        return False
    return result.outcome is Outcome.OBSERVED or check.rule in KEEPS.get(server, frozenset[str]())
