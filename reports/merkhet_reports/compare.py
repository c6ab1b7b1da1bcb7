"""Several runs beside each other: servers as a matrix, or two runs of one server and what has changed between them."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from merkhet.model import CheckResult, Level, Outcome, Requirement, RunResults, Weight
from merkhet_reports import fuzzed, summary
from merkhet_reports.escape import printable

_ASIDE = frozenset({Outcome.NOT_APPLICABLE})
_GOOD = frozenset({Outcome.PASS, Outcome.OBSERVED})


@dataclass(frozen=True, slots=True)
class Column:
    """One run: its name, which no other column has, and how its checks came out."""

    name: str
    run: RunResults
    reasons: Mapping[str, str]
    counts: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One check: what it came to in each column, None where it was not run."""

    check: str
    title: str
    level: Level
    cells: tuple[CheckResult | None, ...]
    open: tuple[bool, ...]

    @property
    def differs(self) -> bool:
        """Whether servers that have what the check is about came to different outcomes."""
        return len({cell.outcome for cell in self.cells if cell is not None and cell.outcome not in _ASIDE}) > 1

    @property
    def is_open(self) -> bool:
        """Whether any server is asked to do something."""
        return any(self.open)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one requirement. `rule` is None if no file says what it is."""

    requirement: str
    rule: Requirement | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Servers side by side: the rows on which they differ, and those on which all that they are about came to the same.

    `left_out` counts the rows on which nothing is open, where these are not asked for.
    """

    columns: tuple[Column, ...]
    differing: tuple[Group, ...]
    alike: tuple[Group, ...]
    left_out: int = 0


def columns(named: Sequence[tuple[str, RunResults]]) -> tuple[Column, ...]:
    """Return the runs as columns. `named` has with each run a word that tells it from others of the same target."""
    targets = Counter(run.target.name for _, run in named)
    taken: set[str] = set()
    found: list[Column] = []
    for word, run in named:
        name = printable(run.target.name if targets[run.target.name] == 1 else f"{run.target.name} ({word})")
        unique = next(one for one in (name, *(f"{name} {n}" for n in range(2, len(named) + 2))) if one not in taken)
        taken.add(unique)
        found.append(Column(unique, run, run.reasons, Counter(result.outcome for result in run.results)))
    return tuple(found)


def matrix(runs: Sequence[Column], *, every: bool = False) -> Matrix:
    """Return the runs as a matrix: the rows on which something is open, with `every` all."""
    rules = _rules(runs)
    groups: dict[str, list[Row]] = {}
    left_out = 0
    for requirement, row in _rows(runs):
        if every or row.is_open:
            groups.setdefault(requirement, []).append(row)
        else:
            left_out += 1
    ordered = sorted(groups, key=lambda name: _order(name, rules.get(name)))
    return Matrix(
        columns=tuple(runs),
        differing=tuple(_picked(groups, ordered, rules, differs=True)),
        alike=tuple(_picked(groups, ordered, rules, differs=False)),
        left_out=left_out,
    )


def _picked(
    groups: Mapping[str, list[Row]], ordered: Iterable[str], rules: Mapping[str, Requirement], *, differs: bool
) -> Iterator[Group]:
    for name in ordered:
        rows = tuple(row for row in groups[name] if row.differs is differs)
        if rows:
            yield Group(name, rules.get(name), rows)


def _rows(runs: Sequence[Column]) -> Iterator[tuple[str, Row]]:
    """Yield each check with its requirement, in the order in which the runs have them."""
    results = [{result.check: result for result in column.run.results} for column in runs]
    for check in dict.fromkeys(check for rows in results for check in rows):
        cells = tuple(rows.get(check) for rows in results)
        first = next(cell for cell in cells if cell is not None)
        is_open = tuple(
            cell is not None and summary.is_open(cell, column.reasons) for cell, column in zip(cells, runs, strict=True)
        )
        yield first.requirement, Row(check, first.title, first.level, cells, is_open)


def _rules(runs: Iterable[Column]) -> dict[str, Requirement]:
    return {rule.id: rule for column in runs for rule in column.run.requirements}


def _order(name: str, rule: Requirement | None) -> tuple[object, ...]:
    document, section = (rule.document, rule.section) if rule is not None else (name, "")
    return (*summary.place_order(document, section), name)


# Two runs of one target


class Change(enum.StrEnum):
    """What has become of a check between two runs."""

    NEW = "new"
    FIXED = "fixed"
    CHANGED = "changed"
    GONE = "gone"
    ADDED = "added"


HEADLINES: Mapping[Change, str] = {
    Change.NEW: "New: not as required now, and was not so before",
    Change.FIXED: "Fixed: as required now, and was not before",
    Change.CHANGED: "Changed in another way",
    Change.GONE: "Gone: only the run before has them",
    Change.ADDED: "Added: only the new run has them",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One check that is not what it was. `now` is None if it is gone, `before` if it was added."""

    check: str
    change: Change
    before: CheckResult | None
    now: CheckResult | None
    was_excused: str = ""
    is_excused: str = ""

    @property
    def known(self) -> CheckResult:
        """The result that says what the check is about."""
        one = self.now or self.before
        if one is None:
            raise ValueError("a difference is between results")
        return one


@dataclass(frozen=True, slots=True)
class Changes:
    """Two runs of one target, and every check that is not what it was: the new ones first.

    `found` has what fuzzing found in only one of them: NEW is in the run now; of what is not, FIXED was not met again in as
    many inputs, and GONE in fewer, which says nothing.
    """

    before: Column
    now: Column
    differences: tuple[Difference, ...]
    same: int = 0
    counts: Mapping[Change, int] = field(default_factory=dict[Change, int])
    found: tuple[tuple[Change, fuzzed.Told], ...] = ()

    def of(self, change: Change) -> list[Difference]:
        """Return the differences of one kind."""
        return [one for one in self.differences if one.change is change]

    @property
    def fails(self) -> list[CheckResult]:
        """What is new, and counts as the exit code of a run does: not a warning."""
        return [one.now for one in self.of(Change.NEW) if one.now is not None and one.now.outcome is not Outcome.WARN]

    @property
    def breaches(self) -> list[fuzzed.Told]:
        """What fuzzing found new, and counts likewise."""
        return [one for change, one in self.found if change is Change.NEW and _is_breach(one)]


def changes(before: Column, now: Column) -> Changes:
    """Return what has changed from one run to another."""
    old = {result.check: result for result in before.run.results}
    new = {result.check: result for result in now.run.results}
    found: list[Difference] = []
    same = 0
    for check in dict.fromkeys((*old, *new)):
        one = _difference(check, old.get(check), new.get(check), before, now)
        if one is None:
            same += 1
        else:
            found.append(one)
    kinds = list(Change)
    found.sort(key=lambda one: (kinds.index(one.change), summary.urgency(one.known)))
    return Changes(before, now, tuple(found), same, Counter(one.change for one in found), _found(before, now))


def _is_breach(one: fuzzed.Told) -> bool:
    return not one.reason and one.weight is Weight.BREACH


FOUND: Mapping[Change, str] = {
    Change.NEW: "New: fuzzing found it now, and not before",
    Change.FIXED: "Fixed: not met again in as many inputs",
    Change.GONE: "Gone: not met again, but in fewer inputs",
}


def _found(before: Column, now: Column) -> tuple[tuple[Change, fuzzed.Told], ...]:
    """Return what fuzzing found in only one of two runs, where both fuzzed."""
    if not (before.run.fuzzed and now.run.fuzzed):
        return ()
    old, new = ({one.id: one for one in fuzzed.told(column.run, column.reasons)} for column in (before, now))
    is_as_long = all(now.run.fuzzed.get(name, 0) >= count for name, count in before.run.fuzzed.items())
    lost = Change.FIXED if is_as_long else Change.GONE
    found = [(Change.NEW, one) for name, one in new.items() if name not in old]
    return (*found, *((lost, one) for name, one in old.items() if name not in new))


def _difference(
    check: str, old: CheckResult | None, new: CheckResult | None, before: Column, now: Column
) -> Difference | None:
    excuses = (before.reasons.get(check, ""), now.reasons.get(check, ""))
    if old is None or new is None:
        return Difference(check, Change.GONE if new is None else Change.ADDED, old, new, *excuses)
    was, is_now = _weight(old, before), _weight(new, now)
    if is_now > was:
        return Difference(check, Change.NEW, old, new, *excuses)
    if was and new.outcome in _GOOD:
        return Difference(check, Change.FIXED, old, new, *excuses)
    told = [(old.outcome, old.choice, bool(excuses[0])), (new.outcome, new.choice, bool(excuses[1]))]
    return Difference(check, Change.CHANGED, old, new, *excuses) if told[0] != told[1] else None


def _weight(result: CheckResult, column: Column) -> int:
    """Return how much a result asks for: nothing, to look at a warning, or to put right what the exit code counts."""
    if not summary.is_open(result, column.reasons):
        return 0
    return 1 if result.outcome is Outcome.WARN else 2
