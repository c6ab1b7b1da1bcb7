"""`merkhet fuzz live --jobs N`: processes with a share of the inputs each, and a server each if it is ours to start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from merkhet import results
from merkhet.cli.codes import Code, Failure
from merkhet.cli.fuzz_results import Recorder
from merkhet.cli.terminal import say
from merkhet.model import FuzzFinding
from merkhet_fuzz import journal

ENDS = frozenset({Code.OK, Code.SERVER})
LAST_WORDS = 2000


class _Job:
    """One process. Its findings are in its own journal the moment that they are made, whatever becomes of it."""

    def __init__(self, folder: Path, number: int, count: int, words: Sequence[str]) -> None:
        self.number = number
        self.journal = folder / f"{number}.jsonl"
        self.results = folder / f"{number}.json"
        self.output = bytearray()
        written = ("--journal", str(self.journal), "-o", f"json:{self.results}", "--fail-on", "breach")
        share = ("--share", str(number), str(count))
        command = [sys.executable, "-m", "merkhet", "fuzz", "live", *share, *written, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def listen(self, heard: SimpleQueue[_Job]) -> None:
        """Say each time that it has said something, and once more when it has ended."""
        with self.process as process:
            stream: IO[bytes] | None = process.stdout
            for line in stream or ():
                self.output = (self.output + line)[-LAST_WORDS:]
                heard.put(self)
        heard.put(self)

    def findings(self) -> list[FuzzFinding]:
        """Return what it has found so far."""
        return journal.read(self.journal) if self.journal.exists() else []


def run(count: int, words: Sequence[str], recorder: Recorder, on_finding: Callable[[FuzzFinding], None]) -> None:
    """Run the processes to their end; tell each class once. Raises Failure if one could not do its work."""
    told: set[str] = set()
    heard: SimpleQueue[_Job] = SimpleQueue()

    def tell(job: _Job) -> None:
        for finding in job.findings():
            if finding.id not in told:
                told.add(finding.id)
                on_finding(finding)

    with tempfile.TemporaryDirectory() as folder:
        jobs = [_Job(Path(folder), number, count, words) for number in range(count)]
        listening = [threading.Thread(target=job.listen, args=(heard,), daemon=True) for job in jobs]
        for thread in listening:
            thread.start()
        try:
            _until_all_ended(jobs, heard, tell)
        finally:
            for job in jobs:
                job.process.terminate()  # nothing, if it has ended
            for job, thread in zip(jobs, listening, strict=True):
                thread.join()
                tell(job)
                _counted(job, recorder)
    _failed(jobs, recorder)


def _until_all_ended(jobs: Sequence[_Job], heard: SimpleQueue[_Job], tell: Callable[[_Job], None]) -> None:
    left = set(jobs)
    while left:
        job = heard.get()
        tell(job)
        left -= {job} if job.process.poll() is not None else set()


def _counted(job: _Job, recorder: Recorder) -> None:
    """Add what one has tried, where it came to say so."""
    if not job.results.exists():
        return
    done = results.load(job.results)
    recorder.info = done.target
    for label, inputs in done.fuzzed.items():
        recorder.fuzzed[label] = recorder.fuzzed.get(label, 0) + inputs


def _failed(jobs: Sequence[_Job], recorder: Recorder) -> None:
    """Say how many inputs there were, and who ended otherwise than by having done its work."""
    for label, inputs in recorder.fuzzed.items():
        say(recorder.where, f"{label}: {inputs} inputs in {len(jobs)} processes")
    failed = [job for job in jobs if job.process.returncode not in ENDS]
    if failed:
        codes = ", ".join(f"{job.number + 1} of {len(jobs)} with exit code {job.process.returncode}" for job in failed)
        words = bytes(failed[0].output).decode("utf-8", "replace")
        raise Failure(Code.TARGET, f"processes ended before their time: {codes}; what the others found is kept", words)
