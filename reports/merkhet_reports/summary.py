"""What every report says first: counts per level, and what to fix first. No grade, no percentage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from merkhet.model import CheckResult, Finding, Level, Outcome, Requirement, RunResults, Weight
from merkhet_reports.escape import printable

LEVELS: Mapping[str, frozenset[Level]] = {
    "MUST": frozenset({Level.MUST, Level.MUST_NOT}),
    "SHOULD": frozenset({Level.SHOULD, Level.SHOULD_NOT}),
    "MAY": frozenset({Level.MAY}),
}
OUTCOMES: Sequence[Outcome] = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.INCONCLUSIVE,
    Outcome.WARN,
    Outcome.OBSERVED,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
"""From what asks for attention to what does not."""
WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.WARN: "warn",
    Outcome.OBSERVED: "observed",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.ERROR: "error",
}
MARKS: Mapping[Outcome, str] = {
    Outcome.PASS: "\N{CHECK MARK}",
    Outcome.FAIL: "\N{BALLOT X}",
    Outcome.WARN: "!",
    Outcome.OBSERVED: "\N{BULLET}",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_APPLICABLE: "\N{EN DASH}",
    Outcome.ERROR: "\N{MULTIPLICATION SIGN}",
}
NAMES: Mapping[str, str] = {
    "architecture": "Architecture",
    "interop": "Interoperability",
    "whatwg-sse": "Server-sent events",
}
"""What people call a document, if that is not its number."""
NAMED_MAX = 3
"""The sentence names so many specifications, and counts more."""
Excused = Mapping[str, str]
"""Checks whose outcome is an expected one, and the reason."""


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """How the checks of one level came out."""

    level: str
    counts: Mapping[Outcome, int]

    @property
    def total(self) -> int:
        """How many checks there are of this level."""
        return sum(self.counts.values())

    def words(self) -> str:
        """Say the counts that are not zero."""
        parts = [f"{self.counts[outcome]} {WORDS[outcome]}" for outcome in OUTCOMES if self.counts[outcome]]
        return f"{self.level}: {', '.join(parts)}"


def count(results: Iterable[CheckResult]) -> list[LevelCounts]:
    """Return the counts of every level that has checks."""
    every = list(results)
    rows = [
        LevelCounts(name, Counter(result.outcome for result in every if result.level in levels))
        for name, levels in LEVELS.items()
    ]
    return [row for row in rows if row.total]


def level_of(result: CheckResult) -> str:
    """Return the level of a result as reports count it: MUST NOT with MUST."""
    return next(name for name, levels in LEVELS.items() if result.level in levels)


def sentence(run: RunResults) -> str:
    """Say how a run came out, in one sentence. What came of each level and specification is for a table to say."""
    if not run.results:
        return f"No check of {printable(run.target.name)} was run."
    names = list(dict.fromkeys(document(rule.document) for rule in requirements(run).values()))
    judged = _listed(names) if len(names) <= NAMED_MAX else f"{len(names)} specifications"
    checks = "1 check" if len(run.results) == 1 else f"{len(run.results)} checks"
    counts = Counter(result.outcome for result in run.results)
    counted = ", ".join(f"{counts[outcome]} {WORDS[outcome]}" for outcome in OUTCOMES if counts[outcome])
    return f"{checks} of {judged or 'no specification'} on {printable(run.target.name)}: {counted}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def document(name: str) -> str:
    """Return a specification's name for people."""
    return f"RFC {name[3:]}" if _is_rfc(name) else NAMES.get(name, name)


def _is_rfc(name: str) -> bool:
    return name.startswith("rfc") and name[3:].isdigit()


def section_words(section: str) -> str:
    """Return what a section is called: an appendix has a letter."""
    return f"{'Appendix' if section[:1].isalpha() else 'Section'} {section}"


def link(rule: Requirement) -> str:
    """Return where a rule can be read, or nothing."""
    if _is_rfc(rule.document):
        part = "appendix" if rule.section[:1].isalpha() else "section"
        return f"https://www.rfc-editor.org/rfc/{rule.document}#{part}-{rule.section}"
    return "https://html.spec.whatwg.org/multipage/server-sent-events.html" if rule.document == "whatwg-sse" else ""


def place(document_name: str, section: str) -> str:
    """Return a section's name for people, harmless to print."""
    return printable(f"{document(document_name)}, {section_words(section)}" if section else document_name)


def place_order(document_name: str, section: str) -> tuple[str, list[tuple[bool, int, str]]]:
    """Return a key that sorts sections as their documents do: 9.3 before 10, and appendices at the end."""
    parts = [(part, part.isascii() and part.isdigit()) for part in section.split(".")]
    return document_name, [(not is_number, int(part) if is_number else 0, part) for part, is_number in parts]


def requirements(run: RunResults) -> Mapping[str, Requirement]:
    """Return the requirements that have a result in this run, by id."""
    used = {result.requirement for result in run.results}
    return {rule.id: rule for rule in run.requirements if rule.id in used}


def is_open(result: CheckResult, excused: Excused) -> bool:
    """Whether a result asks somebody to do something."""
    if result.check in excused:
        return False
    if result.outcome is Outcome.INCONCLUSIVE:
        return result.level.is_absolute
    return result.outcome in {Outcome.FAIL, Outcome.WARN, Outcome.ERROR}


@dataclass(frozen=True, slots=True)
class Group:
    """What is open about one requirement, the worst first."""

    requirement: str
    results: tuple[CheckResult, ...]

    @property
    def worst(self) -> CheckResult:
        """The result that speaks for all."""
        return self.results[0]


def to_fix(run: RunResults, excused: Excused) -> list[Group]:
    """Return what is open, requirement by requirement: fails by level, errors, unproven MUSTs, warnings."""
    groups: dict[str, list[CheckResult]] = {}
    for result in sorted((item for item in run.results if is_open(item, excused)), key=urgency):
        groups.setdefault(result.requirement, []).append(result)
    return [Group(name, tuple(results)) for name, results in groups.items()]


def urgency(result: CheckResult) -> tuple[int, int, int]:
    """Return a key that sorts what matters most first; of the fails, a server's death and a desynchronisation lead."""
    desync = any(finding.desync for finding in result.findings)
    first = 0 if result.killed_server else 1 if desync else 2
    return OUTCOMES.index(result.outcome), first, list(LEVELS).index(level_of(result))


def main_finding(result: CheckResult) -> Finding | None:
    """Return the finding that weighs most."""
    order = list(Weight)
    return min(result.findings, key=lambda finding: order.index(finding.weight), default=None)


def expected(result: CheckResult) -> str:
    """Return what was expected, harmless to print."""
    finding = main_finding(result)
    return printable(finding.expected if finding is not None and finding.expected else result.expected)


def observed(result: CheckResult) -> str:
    """Return what was observed, harmless to print."""
    finding = main_finding(result)
    return printable(finding.observed if finding is not None and finding.observed else result.observed)


def why(result: CheckResult, rule: Requirement | None) -> str:
    """Return why that matters: the finding's own words, the reason, and the rule."""
    finding = main_finding(result)
    parts = [finding.text if finding is not None else "", result.reason, rule.text if rule is not None else ""]
    words = [printable(part).rstrip(".") for part in parts if part]
    return ". ".join(dict.fromkeys(word[:1].upper() + word[1:] for word in words)) + "." if words else ""


def remarks(result: CheckResult) -> list[str]:
    """Return what else is to be said about how a result came about."""
    rows = ["the server died while this check ran"] if result.killed_server else []
    rows += ["seen once, not again: flaky"] if result.flaky else []
    rows += [f"run {result.runs} times"] if result.runs > 1 else []
    return rows
