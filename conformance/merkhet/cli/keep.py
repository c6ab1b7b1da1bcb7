"""What a run keeps below `.merkhet`, so that its results survive whatever ends it."""

from __future__ import annotations

import datetime as dt
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from merkhet import __version__
from merkhet import results as files
from merkhet.cli.terminal import console, say
from merkhet.model import CheckResult, Profile, Requirement, RunResults, TargetInfo


def blank_results(info: TargetInfo, began: dt.datetime, profile: Profile, rules: tuple[Requirement, ...]) -> RunResults:
    """Return the results of a run that has judged nothing yet: what was run, where, when and by which rules."""
    return RunResults(
        merkhet=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        profile=profile,
        started=began.isoformat(timespec="seconds"),
        seconds=0.0,
        target=info,
        preflight=None,
        requirements=rules,
        results=(),
    )


@dataclass(slots=True)
class Keeper:
    """Keeps results below `.merkhet` in the current folder. A folder that cannot be written costs this, not the run."""

    folder: Path = files.FOLDER
    journal: files.Journal | None = None
    begun: RunResults | None = None
    failures: list[str] = field(default_factory=list[str])

    def run(self, results: RunResults) -> None:
        """Begin."""
        self.begun = results
        try:
            self.journal = files.Journal(self.folder / files.JOURNAL.name)
        except files.ResultsError as problem:
            say(console(sys.stderr), f"merkhet: results are not kept: {problem}")
        else:
            self._try(lambda journal: journal.run(results))

    def result(self, result: CheckResult) -> None:
        """Keep one result."""
        self._try(lambda journal: journal.result(result))

    def end(self, results: RunResults) -> list[str]:
        """Keep the whole run, even one that never began; return what went wrong."""
        if self.begun is None:
            self.run(results)
        if self.journal is not None:
            self._try(lambda journal: journal.run(results))
            self._try(lambda _: files.save(self.folder / files.RESULTS.name, results))
            self._close()
        return self.failures

    def _try(self, write: Callable[[files.Journal], None]) -> None:
        if self.journal is None:
            return
        try:
            write(self.journal)
        except files.ResultsError as problem:
            self.failures.append(str(problem))
            self._close()

    def _close(self) -> None:
        if self.journal is not None:
            self.journal.close()
            self.journal = None
