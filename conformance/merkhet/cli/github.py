"""What GitHub's runner is told: annotations and a page for the job's summary, within its limits.

A runner obeys lines of what a step prints, so that what a server said must never look like one. The limits are documented
at https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands: ten annotations of each kind and
1 MiB of summary for one step.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from merkhet import links
from merkhet.cli.show import rows
from merkhet.cli.terminal import escaped, shortened
from merkhet.model import Outcome, RunResults, Weight
from merkhet_reports import fuzzed, markdown, summary

ANNOTATIONS_MAX = 10
"""Of each kind, for one step: what is more the runner drops without a word."""
SUMMARY_BYTES_MAX = 1 << 20
"""For one step: a longer file is dropped whole."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line on the page of a run. `kind` is "error", "warning" or "notice"; `message` may have several lines."""

    kind: str
    title: str
    message: str

    def command(self) -> str:
        """Return the one line that makes it."""
        return f"::{self.kind} title={_property(self.title)}::{_data(self.message)}"


def is_runner() -> bool:
    """Whether GitHub's runner reads what is written."""
    return bool(os.environ.get("GITHUB_ACTIONS"))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


@contextmanager
def stopped(where: Console) -> Generator[None]:
    """Within it, the runner takes nothing that is written there for a command.

    Each time another token ends that: who is judged cannot know it.
    """
    if not is_runner():
        yield
        return
    token = secrets.token_hex(16)
    _write(where, f"::stop-commands::{token}")
    try:
        yield
    finally:
        _write(where, f"::{token}::")


def _write(where: Console, line: str) -> None:
    where.print(Text(line), soft_wrap=True)


def tell(
    where: Console, run: RunResults, met: Mapping[str, str], unmet: Sequence[str], *, fail_on_warn: bool
) -> list[str]:
    """Annotate what is not as required and write the job's summary, if GitHub's runner is what runs us.

    `met` maps the checks that came out as expected to the reason, `unmet` is what is wrong with the expectations. Returns
    what could not be written.
    """
    if not is_runner():
        return []
    for annotation in limited(annotations_of(run, met, unmet, fail_on_warn=fail_on_warn)):
        _write(where, annotation.command())
    return summarize(run, met)


def tell_failure(where: Console, message: str) -> None:
    """Annotate that a command could not go on, if GitHub's runner is what runs us."""
    if is_runner():
        _write(where, Annotation("error", "merkhet", escaped(message)).command())


def annotations_of(
    run: RunResults, met: Mapping[str, str], unmet: Sequence[str] = (), *, fail_on_warn: bool = False
) -> Iterator[Annotation]:
    """Yield an annotation for each requirement that asks for something, the worst first; then of fuzzing and expectations."""
    rules = {rule.id: rule for rule in run.requirements}
    for group in summary.to_fix(run, met):
        worst, more = group.worst, len(group.results) - 1
        kind = "warning" if worst.outcome is Outcome.WARN and not fail_on_warn else "error"
        said = [
            *rows(worst, rules.get(worst.requirement)),
            ("repeat", worst.evidence.repeat),
            ("more", f"{more} of this rule" if more else ""),
        ]
        said += [("read", links.check_page(worst.check))]
        lines = [shortened(f"{name}: {words}" if name else words) for name, words in said if words]
        yield Annotation(kind, f"{worst.outcome} {worst.check} ({worst.level})", "\n".join(lines))
    for one in fuzzed.told(run, met):
        if fuzzed.is_open(one):
            kind = "warning" if one.weight is Weight.WARNING and not fail_on_warn else "error"
            told = [one.headline, *(f"{name}: {words}" for name, words in fuzzed.details(one))]
            yield Annotation(kind, f"{one.weight} {one.id}", "\n".join(map(shortened, told)))
    for problem in unmet:
        yield Annotation("error", "merkhet expectation", shortened(problem))


def limited(wanted: Collection[Annotation] | Iterator[Annotation]) -> list[Annotation]:
    """Return as many of each kind as one step may have, and how many are left out."""
    every = list(wanted)
    shown: list[Annotation] = []
    for kind in ("error", "warning"):
        shown += [annotation for annotation in every if annotation.kind == kind][:ANNOTATIONS_MAX]
    left = len(every) - len(shown)
    if left:
        more = "1 more is" if left == 1 else f"{left} more are"
        shown.append(Annotation("notice", "merkhet", f"{more} not annotated: the job's summary has them"))
    return shown


def summarize(run: RunResults, met: Mapping[str, str]) -> list[str]:
    """Add the page of a run to the job's summary, as far as there is room; return what went wrong."""
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return []
    path = Path(place)
    page = (markdown.render(run, met) + "\n").encode("utf-8", "backslashreplace")
    try:
        there = path.stat().st_size if path.exists() else 0
        if there + len(page) > SUMMARY_BYTES_MAX:
            return [f"the job's summary has no room for {len(page)} more bytes"]
        with path.open("ab") as file:
            file.write(page)
    except OSError as problem:
        return [f"{path}: cannot be written: {problem.strerror}"]
    return []
