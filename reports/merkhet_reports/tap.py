"""TAP version 14: a line for each check, and a YAML block below each that is not plainly in order.

What the exit code counts as a failure is `not ok`, an excused one is `not ok` with TODO, as TAP has it. Scalars are
written as JSON, which is YAML: nothing in them is ever read as anything but text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from merkhet.model import CheckResult, Outcome, RunResults
from merkhet_reports import fuzzed, summary, verdict
from merkhet_reports.escape import printable, shorten
from merkhet_reports.verdict import Light, Verdict

_SPECIAL = re.compile(r"([\\#])")
_DIRECTIVE = re.compile(r"#(?=\s*(skip|todo))", re.IGNORECASE)


def render(run: RunResults, excused: summary.Excused | None = None) -> str:
    """Return the document."""
    return "\n".join(_lines(run, excused or {})) + "\n"


def escape(text: str) -> str:
    """Return a text that can stand in a description: no directive begins in it, and it is one line.

    Readers of TAP 13 know no escapes, so the hash of what would be a directive is none for them either.
    """
    return _SPECIAL.sub(r"\\\1", _DIRECTIVE.sub(r"\\x23", printable(text))).strip()


def _lines(run: RunResults, excused: summary.Excused) -> Iterator[str]:
    yield "TAP version 14"
    found = fuzzed.sections(run, excused)
    yield f"1..{len(run.results) + sum(len(every) for _, every in found) + 1}"
    yield f"# {_comment(f'merkhet {run.merkhet} judges {run.target.name}, profile {run.profile}')}"
    number = 0
    for name, results in verdict.sections(run):
        yield f"# {_comment(name)}"
        for result in results:
            number += 1
            yield from _point(number, result, verdict.of(result, excused))
    for name, every in found:
        yield f"# {_comment(name)}"
        for one in every:
            number += 1
            yield from _found_point(number, one, verdict.of_found(one, run))
    yield from _run_point(number + 1, run, verdict.of_run(run, excused))


def _comment(text: str) -> str:
    # A comment that begins with Subtest is one of a subtest's.
    return re.sub(r"^\s*Subtest", "'Subtest", printable(text))


def _point(number: int, result: CheckResult, told: Verdict) -> Iterator[str]:
    words = escape(f"{result.check}: {result.title}" if result.title else result.check)
    yield f"{_word(result, told)} {number} - {words}{_directive(told)}"
    if told.light is not Light.PASSED or result.outcome is not Outcome.PASS or result.flaky:
        rows = [("outcome", result.outcome.value), ("level", result.level.value), ("requirement", result.requirement)]
        yield from _block([*rows, *verdict.details(result)])


def _found_point(number: int, one: fuzzed.Told, told: Verdict) -> Iterator[str]:
    is_red = told.light is Light.FAILED or told.excused
    yield f"{'not ok' if is_red else 'ok'} {number} - {escape(f'{one.id}: {one.headline}')}{_directive(told)}"
    yield from _block([("weight", one.weight.value), *fuzzed.details(one)])


def _word(result: CheckResult, told: Verdict) -> str:
    if told.excused:
        return "ok" if result.outcome in {Outcome.PASS, Outcome.OBSERVED, Outcome.NOT_APPLICABLE} else "not ok"
    return "not ok" if told.light in {Light.FAILED, Light.ERROR} else "ok"


def _directive(told: Verdict) -> str:
    if told.light is not Light.SKIPPED:
        return ""
    return f" # {'TODO' if told.excused else 'SKIP'} {escape(shorten(told.message))}"


def _run_point(number: int, run: RunResults, told: Verdict) -> Iterator[str]:
    words = "the run came to its end" if told.light is not Light.ERROR else told.message
    yield f"{'ok' if told.light is Light.PASSED else 'not ok'} {number} - {escape(words)}"
    if told.message or run.problems:
        rows: list[tuple[str, str | list[str]]] = [("message", told.message)] if told.message else []
        yield from _block([*rows, ("problems", [printable(problem) for problem in run.problems])])


def _block(rows: Iterable[tuple[str, str | list[str]]]) -> Iterator[str]:
    yield "  ---"
    for name, value in rows:
        if isinstance(value, str):
            yield f"  {name}: {_scalar(value)}"
        elif value:
            yield f"  {name}:"
            yield from (f"    - {_scalar(item)}" for item in value)
    yield "  ..."


def _scalar(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)
