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
    counted = Counter(result.outcome for result in run.results)
    return Burial(
        server=server,
        code=code,
        seconds=seconds,
        counts={outcome: counted[outcome] for outcome in Outcome if counted[outcome]},
        problems=(*problems, *_unearned(server, run)),
    )


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
