"""What build servers are told of a check: red exactly where the exit code is, and where not, why not."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from merkhet.model import CheckResult, Outcome, Requirement, RunResults, Weight
from merkhet_reports import fuzzed, summary
from merkhet_reports.escape import printable

_CLEAN = frozenset({0, 1})


class Light(enum.Enum):
    """How a build server shows a test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The light of a test, and a line that says why. `excused`: it came out as expected."""

    light: Light
    message: str = ""
    excused: bool = False


def of(result: CheckResult, excused: summary.Excused) -> Verdict:
    """Return what is told of a check: an excused one is skipped, and so is what proves nothing and need not."""
    outcome = result.outcome
    if outcome is Outcome.ERROR:
        return Verdict(Light.ERROR, _headline(result))
    if result.check in excused:
        return Verdict(Light.SKIPPED, f"expected: {printable(excused[result.check])}", excused=True)
    if outcome is Outcome.FAIL or (outcome is Outcome.INCONCLUSIVE and result.level.is_absolute):
        return Verdict(Light.FAILED, _headline(result))
    if outcome in {Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE}:
        return Verdict(Light.SKIPPED, _headline(result))
    return Verdict(Light.PASSED)


def of_found(one: fuzzed.Told, run: RunResults) -> Verdict:
    """Return what is told of what fuzzing found. A warning is red only in a run that counted warnings, and so failed."""
    if one.reason:
        return Verdict(Light.SKIPPED, f"expected: {one.reason}", excused=True)
    if one.weight is Weight.BREACH or (one.weight is Weight.WARNING and run.exit_code == 1):
        return Verdict(Light.FAILED, f"{fuzzed.WORDS[one.weight]}: {one.observed or one.headline}")
    return Verdict(Light.PASSED)


def of_run(run: RunResults, excused: summary.Excused) -> Verdict:
    """Return what is told of the run itself: it is red if the run failed, and nothing in it says so."""
    if run.exit_code not in _CLEAN or run.ended not in {"complete", "stopped"}:
        return Verdict(Light.ERROR, f"the run ended: {printable(run.ended)}")
    lights = {of(result, excused).light for result in run.results}
    lights |= {of_found(one, run).light for one in fuzzed.told(run, excused)}
    told = bool(lights & {Light.FAILED, Light.ERROR})
    return Verdict(Light.FAILED, "the run failed") if run.exit_code and not told else Verdict(Light.PASSED)


def _headline(result: CheckResult) -> str:
    told = summary.observed(result) if result.outcome is Outcome.FAIL else printable(result.reason)
    return f"{summary.WORDS[result.outcome]}: {told or printable(result.reason or result.title)}"


def details(result: CheckResult) -> Iterator[tuple[str, str]]:
    """Yield what else is to be said of a check, each with its name; all of it is harmless to print."""
    for name, value in (
        ("expected", summary.expected(result)),
        ("observed", summary.observed(result)),
        ("reason", printable(result.reason)),
        ("choice", printable(result.choice)),
        ("remarks", "; ".join(summary.remarks(result))),
        ("repeat", printable(result.evidence.repeat)),
        ("netcat", printable(result.evidence.netcat)),
    ):
        if value:
            yield name, value


def sections(run: RunResults) -> list[tuple[str, list[CheckResult]]]:
    """Return the results by section, such as "rfc9112.6.1", in the order in which the specifications have them."""
    rules = {rule.id: rule for rule in run.requirements}
    found: dict[tuple[str, str], list[CheckResult]] = {}
    for result in run.results:
        found.setdefault(section_of(result, rules.get(result.requirement)), []).append(result)
    ordered = sorted(found, key=lambda key: summary.place_order(*key))
    return [(printable(".".join(key).rstrip(".")), found[key]) for key in ordered]


def section_of(result: CheckResult, rule: Requirement | None) -> tuple[str, str]:
    """Return the document and section of a result; of one whose rule is unknown, its requirement's id."""
    return (rule.document, rule.section) if rule is not None else (result.requirement, "")
