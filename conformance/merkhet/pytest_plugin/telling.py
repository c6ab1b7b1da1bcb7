"""What a session says of its judgements at its end: warnings, counts, reports. With pytest-xdist, on the controller."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from merkhet.pytest_plugin.judging import Judgements
    from merkhet.pytest_plugin.reporting import Run


@dataclass(frozen=True, slots=True)
class Crash:
    """Where a test failed and why, in one line: what pytest's summary shows."""

    path: str
    lineno: int
    message: str


class Shown:
    """A verdict as pytest shows what failed."""

    def __init__(self, text: str, line: str, path: str) -> None:
        self.text = text
        self.reprcrash = Crash(path, 0, line)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Write it."""
        for line in self.text.splitlines():
            writer.line(line)


class Telling:
    """Takes the reports of all tests, wherever they ran, and tells about the judgements behind them."""

    def __init__(self, config: pytest.Config, folder: Path | None, judgements: Judgements | None = None) -> None:
        self.config = config
        self.folder = folder
        self._judgements = judgements
        self._runs: list[Run] = []
        self._said: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> Generator[None, Any, Any]:
        """Give what a worker sent the shape that it had there."""
        report = yield
        words = data.get("merkhet")
        if words and report is not None and words["kind"] != "warned":
            report.longrepr = Shown(words["text"], words["line"], str(report.fspath))
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """End a session whose options cannot be meant, with pytest's code for that."""
        unusable = report.__dict__.get("merkhet_unusable")
        if unusable:
            raise pytest.UsageError(unusable)

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a warning among what passed."""
        if report.when == "call" and report.__dict__.get("merkhet", {}).get("kind") == "warned":
            return "passed", "w", ("WARN", {"yellow": True})
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports. What cannot be written fails the session."""
        from merkhet.pytest_plugin.reporting import finished, told_to_github, written

        self._runs = finished(self.config, self.folder, self._judgements)
        must_fail = written(self.config, self._runs, self._said)
        self._said += told_to_github(self._runs)
        if must_fail and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell the warnings, then in a line or two what each server came to."""
        from merkhet.pytest_plugin.reporting import summed_up

        warned = [
            (report.nodeid, report.__dict__["merkhet"])
            for report in terminalreporter.stats.get("passed", [])
            if report.__dict__.get("merkhet", {}).get("kind") == "warned"
        ]
        if warned:
            terminalreporter.section(f"merkhet: {len(warned)} warnings", yellow=True)
            is_long: bool = self.config.option.verbose > 0
            for nodeid, words in warned:
                shown = words["text"] if is_long else f"{nodeid.rpartition('::')[2]}  {words['line']}"
                for line in shown.splitlines():
                    terminalreporter.write_line(line)
        if self._runs:
            terminalreporter.section("merkhet")
            for line in (*summed_up(self._runs), *self._said):
                terminalreporter.write_line(line)
