"""Known bugs found again over the wire: a target of conformance/targets, run on an old release, and `merkhet fuzz live`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

from merkhet_fuzz import journal
from merkhet_fuzz.inputs import Input
from merkhet_fuzz.rediscovery_table import SEED, Bug, Server, Shown, is_it

TARGETS = Path("conformance") / "targets"


def served(python: Path, server: Server, *, is_broken: bool, inputs: int = 0) -> list[Shown]:
    """Return which bugs show on the server of an environment; a campaign ends where all have shown.

    `inputs` bounds it otherwise, if it is not 0. Raises CalledProcessError where the campaign could not be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "fuzz.jsonl"
        words = ("--target", server.target, "--surface", server.surface, "--journal", str(written))
        bounds = ["--time", f"{server.seconds:g}", "--seed", str(SEED), *(["--inputs", str(inputs)] if inputs else [])]
        # By generation alone: the corpus has these bugs.
        command = [sys.executable, "-m", "merkhet", "fuzz", "live", "--no-seeds", *words, *bounds]
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        fuzzing = subprocess.Popen(
            command,
            cwd=TARGETS / server.target,
            env={**os.environ, **server.environment, "PATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        shown: dict[str, Shown] = {}
        for known in _told(fuzzing, written, server.bug):
            shown.setdefault(known.id, known)
            if is_broken and len(shown) == len(server.bug):
                fuzzing.terminate()
                break
        output, _ = fuzzing.communicate()
    # Ended by us, with nothing found, or with findings: all else is a campaign that was none.
    if fuzzing.returncode not in {0, 1} and not (is_broken and len(shown) == len(server.bug)):
        raise subprocess.CalledProcessError(fuzzing.returncode, command, output)
    return list(shown.values())


def _told(fuzzing: subprocess.Popen[bytes], written: Path, bugs: Sequence[Bug]) -> Iterator[Shown]:
    """Yield the bugs of a campaign as it tells of findings, each as often as its class is in the journal."""
    begun = time.monotonic()
    for _ in cast("Iterable[bytes]", fuzzing.stdout):
        seconds = time.monotonic() - begun
        for finding in journal.read(written) if written.exists() else ():
            made = Input.parse(finding.input)
            label = finding.id.partition("/")[2]
            yield from (
                Shown(bug.id, finding.found_after, seconds, finding.input) for bug in bugs if is_it(bug, label, made)
            )
