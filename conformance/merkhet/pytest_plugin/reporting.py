"""Reports of what a session judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from merkhet import results as files
from merkhet.cli import github, outputs
from merkhet.cli.codes import Code
from merkhet.cli.terminal import escaped
from merkhet.model import RunResults
from merkhet.pytest_plugin.judging import ABOUT, SUITES_KEY, About, Judgements, slug
from merkhet.pytest_plugin.settings import outputs_of
from merkhet_reports import summary


class Run(msgspec.Struct, frozen=True):
    """One judgement as the end of a session sees it."""

    about: About
    results: RunResults
    is_untold: bool = False


def finished(config: pytest.Config, folder: Path | None, judgements: Judgements | None) -> list[Run]:
    """Return every judgement of a session, that of merkhet.suites first: made here, or by workers that left it in a folder."""
    if judgements is not None:
        runs = [
            Run(About(key, decides=key not in judgements.undecided), judged.results)
            for key, judged in judgements.made.items()
        ]
    else:
        runs = [found for place in sorted(folder.iterdir()) if (found := _shared(place))] if folder is not None else []
    runs.sort(key=lambda run: run.about.key != SUITES_KEY)
    if judgements is None and runs and runs[0].about.key == SUITES_KEY:
        _keep(config, runs[0].results)
    return runs


def _shared(place: Path) -> Run | None:
    """Return what a worker left; what it had not finished is as far as its journal goes."""
    for name in (files.RESULTS.name, files.JOURNAL.name):
        try:
            about = msgspec.json.decode((place / ABOUT).read_bytes(), type=About)
            results = files.load(place / name)
            return Run(about, results, is_untold=results.ended == "interrupted")
        except (OSError, files.ResultsError):
            continue
    return None


def _keep(config: pytest.Config, results: RunResults) -> None:
    """Keep below .merkhet what a worker judged, as `merkhet run` does: other commands read it there."""
    folder = config.invocation_params.dir / files.FOLDER
    try:
        files.Journal(folder / files.JOURNAL.name).close()
        files.save(folder / files.RESULTS.name, results)
    except files.ResultsError as problem:
        _write_line(config, f"merkhet: results are not kept: {problem}")


def _write_line(config: pytest.Config, words: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(escaped(words))


def written(config: pytest.Config, runs: list[Run], said: list[str]) -> bool:
    """Write the reports that are asked for, and say where. Returns whether the session must fail for what nothing else says.

    The first judgement takes the paths as they are; each other one has the name of its test before the suffix.
    """
    wanted = outputs_of(config) if runs else []
    must_fail = False
    for number, run in enumerate(runs):
        must_fail |= run.results.exit_code in {Code.TARGET, Code.OURS} and run.about.decides
        for output in wanted:
            path = Path(output.path)
            if number:
                path = path.with_name(f"{path.stem}-{slug(run.about.key)}{path.suffix}")
            problems = outputs.write([outputs.Output(output.format, str(path))], run.results)
            said += [f"merkhet: {escaped(problem)}" for problem in problems] or [f"{output.format}: {path}"]
            must_fail |= bool(problems)
    return must_fail


def summed_up(runs: list[Run]) -> Iterator[str]:
    """Yield what each server came to."""
    for run in runs:
        ended = "" if run.results.ended == "complete" else f" ({run.results.ended})"
        yield escaped(f"{run.about.key}: {summary.sentence(run.results)}{ended}")
        if run.results.reasons:
            yield f"{len(run.results.reasons)} as expected"
        yield from (escaped(f"note: {problem}") for problem in run.results.problems)
        if run.is_untold:
            # The tests of a worker that was ended can no longer tell what they knew.
            open_results = [result for result in run.results.results if summary.is_open(result, run.results.reasons)]
            for result in sorted(open_results, key=summary.urgency):
                yield escaped(f"{result.outcome}  {result.check}  {summary.observed(result) or result.reason}")


def told_to_github(runs: list[Run]) -> list[str]:
    """Add each judgement to the summary of a job, if GitHub's runner is what runs us; return what went wrong."""
    if not github.is_runner():
        return []
    return [problem for run in runs for problem in github.summarize(run.results, run.results.reasons)]
