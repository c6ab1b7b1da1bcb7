"""A run as its specifications are made: documents, sections, requirements, and below each its checks or why there is none."""

from __future__ import annotations

import enum
import functools
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from merkhet.model import CheckResult, Outcome, Requirement, RunResults
from merkhet_reports import summary
from merkhet_reports.escape import printable

UNTOLD = frozenset({Outcome.NOT_APPLICABLE, Outcome.INCONCLUSIVE, Outcome.ERROR})
"""Outcomes that tell nothing of whether a target keeps a rule."""


class State(enum.StrEnum):
    """How far a requirement was tested, in the words of the page."""

    TESTED = "tested"
    UNTOLD = "checked, nothing learnt"
    LEFT_OUT = "no check in this run"
    UNSEEN = "no client can see"
    ELSEWHERE = "said elsewhere"


@dataclass(frozen=True, slots=True)
class Row:
    """One check as the page shows it."""

    result: CheckResult
    outcome: str
    word: str
    mark: str
    level: str
    expected: str
    observed: str
    why: str
    remarks: tuple[str, ...]
    excuse: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement, or what results name as one and nobody declares, with its checks. `absent` says why there is none."""

    id: str
    requirement: Requirement | None
    rows: tuple[Row, ...]
    absent: str

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How its checks came out."""
        return Counter(row.result.outcome for row in self.rows)

    @property
    def state(self) -> State:
        """How far it was tested. A check that says nothing of the target, as it did not apply to it, tests nothing."""
        if self.counts.keys() - UNTOLD:
            return State.TESTED
        if self.rows:
            return State.UNTOLD
        if self.requirement is not None and self.requirement.same_as is not None:
            return State.ELSEWHERE
        if self.requirement is not None and self.requirement.untestable is not None:
            return State.UNSEEN
        return State.LEFT_OUT

    @property
    def is_open(self) -> bool:
        """Whether something about it asks somebody to do something."""
        return any(row.is_open for row in self.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a document. `name` is its number for people, `title` what the document calls it, if that is known."""

    number: str
    name: str
    title: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One specification, as far as this run is about it."""

    id: str
    name: str
    sections: tuple[Section, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its requirements in order."""
        return tuple(rule for section in self.sections for rule in section.rules)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How its checks came out."""
        return sum((Counter(rule.counts) for rule in self.rules), Counter[Outcome]())

    @property
    def states(self) -> Mapping[State, int]:
        """How many of its requirements were tested, and why the others were not."""
        return Counter(rule.state for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter of a document, which is a section of the first order with all below it, and how its checks came out."""

    document: str
    name: str
    title: str
    anchor: str
    counts: Mapping[Outcome, int]

    @property
    def total(self) -> int:
        """How many checks it has."""
        return sum(self.counts.values())


@functools.cache
def titles() -> Mapping[str, Mapping[str, str]]:
    """Return the titles of sections, by document and number."""
    text = (resources.files("merkhet_reports") / "sections.toml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = tomllib.loads(text)
    return loaded


def documents(run: RunResults, excused: summary.Excused) -> list[Document]:
    """Return every specification of a run, with all of its requirements that the results know of."""
    rows: dict[str, list[Row]] = {}
    for result in run.results:
        rows.setdefault(result.requirement, []).append(_row(result, excused))
    known = {rule.id: rule for rule in run.requirements}
    rules = [_rule(rule, rows.get(rule.id, ())) for rule in run.requirements]
    rules += [Rule(name, None, tuple(rows[name]), "") for name in rows if name not in known]
    places: dict[str, dict[str, list[Rule]]] = {}
    for rule in rules:
        document, section = (rule.requirement.document, rule.requirement.section) if rule.requirement else (rule.id, "")
        places.setdefault(document, {}).setdefault(section, []).append(rule)
    return [_document(name, sections) for name, sections in sorted(places.items(), key=lambda item: item[0])]


def _document(name: str, sections: Mapping[str, list[Rule]]) -> Document:
    ordered = sorted(sections.items(), key=lambda item: summary.place_order(name, item[0]))
    return Document(
        id=name,
        name=printable(summary.document(name)),
        sections=tuple(
            Section(
                number=number,
                name=printable(summary.section_words(number)) if number else "",
                title=titles().get(name, {}).get(number, ""),
                rules=tuple(rules),
            )
            for number, rules in ordered
        ),
    )


def _rule(rule: Requirement, rows: Iterable[Row]) -> Rule:
    absent = ""
    if not rows:
        absent = "no check of it was in this run"
        if rule.same_as == "umbrella":
            absent = "it sums up other rules, which are tested one by one"
        elif rule.same_as is not None:
            absent = f"the same is said elsewhere: see {rule.same_as}"
        elif rule.untestable is not None:
            absent = f"no client can see it: {rule.untestable}"
    return Rule(rule.id, rule, tuple(rows), printable(absent))


def _row(result: CheckResult, excused: summary.Excused) -> Row:
    return Row(
        result=result,
        outcome=result.outcome.value,
        word=summary.WORDS[result.outcome],
        mark=summary.MARKS[result.outcome],
        level=summary.level_of(result),
        expected=summary.expected(result),
        observed=summary.observed(result) or printable(result.choice),
        why=summary.why(result, None),
        remarks=tuple(_remarks(result)),
        excuse=printable(excused.get(result.check, "")),
        is_open=summary.is_open(result, excused),
    )


def _remarks(result: CheckResult) -> Iterator[str]:
    yield from summary.remarks(result)
    if result.since:
        yield f"judged since version {printable(result.since)}"
    if result.changed:
        yield f"its meaning changed: {printable(result.changed)}"


def parts(found: Iterable[Document]) -> list[Part]:
    """Return the chapters that have checks, in the order of the documents."""
    chapters: list[Part] = []
    for document in found:
        counts: dict[str, Counter[Outcome]] = {}
        anchors: dict[str, str] = {}
        for section in document.sections:
            chapter = section.number.partition(".")[0]
            anchors.setdefault(chapter, f"{document.id}-{section.number}" if section.number else document.id)
            for rule in section.rules:
                counts.setdefault(chapter, Counter()).update(rule.counts)
        chapters += [
            Part(
                document=document.name,
                name=printable(summary.section_words(chapter)) if chapter else "",
                title=titles().get(document.id, {}).get(chapter, ""),
                anchor=anchors[chapter],
                counts=counted,
            )
            for chapter, counted in counts.items()
            if counted
        ]
    return chapters
