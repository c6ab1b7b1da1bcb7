"""Progress on standard error: a bar for a person, a line now and then for a log."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from merkhet.cli.show import STYLES
from merkhet.cli.terminal import Telling, is_ci, say, shortened
from merkhet.engine.plan import RunEvent, RunStage
from merkhet.model import CheckResult, Outcome

LINES = 10
BAR_COLUMNS = 16
BESIDE_BAR = (Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.ERROR)
"""The others would push the bar itself out of a window of 80 columns."""
_TOLD = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.ERROR})


class ProgressLine:
    """Shows how far a run is. If verbose, each result is told as it comes; if quiet, nothing is shown."""

    def __init__(self, console: Console, *, telling: Telling = Telling.NORMAL) -> None:
        self._console = console
        self._telling = telling
        self._outcomes: dict[str, Outcome] = {}
        self._tenth = 0
        self._again = 0
        self._bar: Progress | None = None
        if console.is_terminal and not console.is_dumb_terminal and not is_ci() and telling is not Telling.QUIET:
            columns = (
                BarColumn(BAR_COLUMNS),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}"),
            )
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def event(self, event: RunEvent) -> None:
        """Show what happened."""
        if event.result is not None:
            self._outcomes[event.result.check] = event.result.outcome
            self._tell(event.result, event.stage)
        self._again += event.stage is RunStage.CONFIRMED
        if event.stage is RunStage.RESTARTED:
            say(self._console, event.text)
        if self._bar is not None:
            self._bar.update(self._task, completed=event.done, total=event.total, description=self._told_counts())
        elif self._telling is not Telling.QUIET:
            self._line(event)

    def _tell(self, result: CheckResult, stage: RunStage) -> None:
        if self._telling is Telling.VERBOSE:
            again = " (second run)" if stage is RunStage.CONFIRMED else ""
            told = shortened(
                result.reason or result.choice or (result.observed if result.outcome in _TOLD else ""), 200
            )
            say(self._console, f"{result.outcome}  {result.check}{again}" + (f": {told}" if told else ""))

    def _line(self, event: RunEvent) -> None:
        tenth = event.done * LINES // event.total if event.total else 0
        if tenth > self._tenth:
            self._tenth = tenth
            say(self._console, f"{event.done}/{event.total} checks  {self._counts()}".rstrip())

    def _told_counts(self) -> str:
        """Return the counts beside the bar, in rich's markup: of those outcomes alone that a person waits for."""
        counts = Counter(self._outcomes.values())
        told = [f"[{STYLES[outcome]}]{counts[outcome]} {outcome}[/]" for outcome in BESIDE_BAR if counts[outcome]]
        return "  ".join([*told, f"{self._again} run again"] if self._again else told)

    def _counts(self) -> str:
        counts = Counter(self._outcomes.values())
        return "  ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
