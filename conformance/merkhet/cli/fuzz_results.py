"""What a fuzzing command leaves behind with `-o`: the same results, and the same reports, as a run of checks."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import click
import msgspec
from rich.console import Console

from merkhet.cli import fuzz_show, github, outputs
from merkhet.cli.codes import Code, Failure
from merkhet.cli.fuzz_known import Known
from merkhet.cli.keep import blank_results
from merkhet.cli.terminal import console, say
from merkhet.model import Disagreement, Excuse, FuzzFinding, Profile, RunResults, TargetInfo, Weight
from merkhet_fuzz import findings

P = ParamSpec("P")
R = TypeVar("R")
FAILS: Mapping[str, frozenset[Weight]] = {
    "breach": frozenset((Weight.BREACH,)),
    "warning": frozenset((Weight.BREACH, Weight.WARNING)),
}
"""By the word of `--fail-on`: what ends in exit code 1."""


def output_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `-o FORMAT:PATH`, whose values the command receives as `output`."""
    return click.option("-o", "--output", multiple=True, metavar="FORMAT:PATH", help=outputs.HELP)(command)


def code_of(found: Iterable[FuzzFinding | Disagreement], known: Known, fail_on: str) -> Code:
    """Return the exit code that findings come to: 1 if one counts that is not known. `fail_on` is a key of FAILS."""
    is_new = any(one.weight in FAILS[fail_on] and not known.reason(one.id) for one in found)
    return Code.SERVER if is_new else Code.OK


def parser_info(names: Sequence[str], version: str = "") -> TargetInfo:
    """Return what is judged where that is parsers in process: one of them, or several side by side."""
    return TargetInfo(
        name=", ".join(names), kind="parser" if len(names) == 1 else "several", address="in process", version=version
    )


@dataclass(slots=True)
class Recorder:
    """Collects what a fuzzing command finds, and writes it in every form that is asked for when the command ends.

    Make one before the campaign, so that a wrong `-o` is told at once (a Failure is raised). Within `kept`, put what is found
    in `found` at once (the last of an id counts), and call `ended` behind each campaign:

        recorder = fuzz_results.Recorder(output, known, info, fail_on)
        with recorder.kept():
            ...
        return recorder.ended_with

    `again` are the options that name a server to `merkhet fuzz replay`, with no secret in them, "" for the embedded one;
    None for parsers.
    """

    output: Sequence[str]
    known: Known
    info: TargetInfo
    fail_on: str = "warning"
    again: str | None = None
    found: list[FuzzFinding] = field(default_factory=list[FuzzFinding])
    differences: list[Disagreement] = field(default_factory=list[Disagreement])
    fuzzed: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[str] = field(default_factory=list[str])
    ended_with: Code = Code.OURS
    outputs: list[outputs.Output] = field(init=False)
    _began: dt.datetime = field(init=False)
    _clock: float = field(init=False)

    def __post_init__(self) -> None:
        self.outputs = outputs.parse(self.output)
        self._began = dt.datetime.now(dt.UTC)
        self._clock = time.monotonic()

    @property
    def code(self) -> Code:
        """The exit code that the findings come to: 1 if one counts that is not known."""
        return code_of(self._every(), self.known, self.fail_on)

    def _every(self) -> list[FuzzFinding | Disagreement]:
        return [*self.found, *self.differences]

    def _repeated(self, finding: FuzzFinding) -> FuzzFinding:
        return msgspec.structs.replace(finding, repeat=finding.repeat or fuzz_show.again(finding, self.again))

    def results(self, code: Code, ended: str) -> RunResults:
        """Return what was found as a run."""
        found = {finding.id: finding for finding in self.found}
        rules = findings.requirements() if found or self.differences else {}
        named = dict.fromkeys(one.requirement for one in self._every())
        reasons = {one.id: self.known.reason(one.id) for one in self._every()}
        blank = blank_results(
            self.info, self._began, Profile.DEFAULT, tuple(rules[name] for name in named if name in rules)
        )
        return msgspec.structs.replace(
            blank,
            seconds=time.monotonic() - self._clock,
            excused=tuple(Excuse(check=name, reason=reason) for name, reason in reasons.items() if reason),
            exit_code=int(code),
            ended=ended,
            problems=tuple(self.problems),
            fuzz=tuple(self._repeated(one) for one in found.values()),
            differences=tuple(self.differences),
            fuzzed=dict(self.fuzzed),
        )

    def ended(self, label: str, inputs: int, found: Iterable[FuzzFinding]) -> None:
        """Say that a campaign on what is called so has ended; its findings may know more than when they were found."""
        self.fuzzed[label] = inputs
        self.found.extend(found)

    @property
    def where(self) -> Console:
        """Where people read: standard output, unless a report goes there."""
        return console(sys.stderr if outputs.takes_stdout(self.outputs) else sys.stdout)

    @contextmanager
    def kept(self) -> Generator[None]:
        """Write what was found, also if what happens within is interrupted, or cannot go on.

        Afterwards `ended_with` is the exit code.
        """
        try:
            yield
        except KeyboardInterrupt:
            self._end(Code.INTERRUPTED, "interrupted")
            raise
        except Failure as failure:
            self.problems.append(str(failure))
            self._end(failure.code, "target unreachable" if failure.code is Code.TARGET else "stopped")
            raise
        self.ended_with = self._end(self.code, "complete")

    def _end(self, code: Code, ended: str) -> Code:
        run = self.results(code, ended)
        failures = outputs.write(self.outputs, run)
        failures += github.tell(self.where, run, run.reasons, (), fail_on_warn=self.fail_on == "warning")
        for failure in failures:
            say(console(sys.stderr), f"merkhet: {failure}", "bold red")
        return Code.OURS if failures else code
