"""Expected failures, from `merkhet.expect.toml`: each with a reason, none for ever, and none that has come to pass unseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from merkhet.catalogue import AnyCheck
from merkhet.cli import expect_file
from merkhet.cli.codes import Code, Failure
from merkhet.cli.expect_file import FILE
from merkhet.cli.withdrawn import withdrawn
from merkhet.model import CheckResult, Outcome
from merkhet.selectors import SelectorError, matching

NO_REASON = "TODO: say why this is expected"
"""What `baseline update` writes where no reason was given. A run goes on with it and says so; `baseline check` refuses it."""
_KEYS = {"selector", "outcome", "reason", "issue", "until"}
BETTER = frozenset({Outcome.PASS, Outcome.OBSERVED})
SHORTFALLS = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.INCONCLUSIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One entry: these checks come to this outcome, for a reason. After `until` it no longer counts.

    `number` is its place in the file, from 1. `note` says which of its checks were withdrawn, where that leaves it none.
    """

    number: int = 0
    selector: str
    outcome: Outcome
    reason: str
    issue: str
    until: dt.date | None
    checks: frozenset[str]
    note: str = ""

    @property
    def lacks_reason(self) -> bool:
        """Whether its reason is still to be written."""
        return self.reason.strip().upper().startswith(NO_REASON.partition(":")[0])

    def has_expired(self, today: dt.date) -> bool:
        """Whether it no longer counts."""
        return self.until is not None and self.until < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """The reason of each check that came out as expected, what is wrong with the expectations, and what is only to be told."""

    met: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find(folders: Iterable[Path]) -> Path | None:
    """Return the file of expectations in the first of these folders that has one."""
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def load(path: Path, checks: Sequence[AnyCheck]) -> list[Expected]:
    """Return the entries of a file, held against all checks there are. Raises Failure."""
    entries, problems = read(path, checks)
    if problems:
        more = f" (and {len(problems) - 1} more: merkhet baseline check)" if len(problems) > 1 else ""
        raise Failure(Code.INVOCATION, problems[0].words + more)
    return entries


@dataclass(frozen=True, slots=True)
class Unsound:
    """What is wrong with one entry. `is_loose`: it is well made, and matches no check."""

    number: int
    words: str
    is_loose: bool = False


def read(path: Path, checks: Sequence[AnyCheck]) -> tuple[list[Expected], list[Unsound]]:
    """Return the entries of a file that are sound, and what is wrong with each other. Raises Failure if it is no such file."""
    document = expect_file.document(path)
    document.pop("fuzz", None)  # classes of findings of `merkhet fuzz`, which reads them itself
    rows = document.pop("expect", [])
    if document or not isinstance(rows, list):
        raise Failure(Code.INVOCATION, f"{path}: expected tables [[expect]] and nothing else, got {sorted(document)}")
    entries: list[Expected] = []
    problems: list[Unsound] = []
    for number, row in enumerate(cast("list[object]", rows), 1):
        try:
            entries.append(_entry(path, number, row, checks))
        except Failure as problem:
            problems.append(Unsound(number, str(problem), isinstance(problem.__cause__, SelectorError)))
    return entries, problems


def _entry(path: Path, number: int, row: object, checks: Sequence[AnyCheck]) -> Expected:
    where = f"{path}: expect {number}"
    table = expect_file.table(where, row, _KEYS)
    texts = {key: table.get(key, "") for key in ("selector", "reason", "issue")}
    for key, text in texts.items():
        if not isinstance(text, str) or (key != "issue" and not text.strip()):
            raise Failure(Code.INVOCATION, f"{where}: {key}: expected words, got {table.get(key)!r}")
    until = table.get("until")
    if until is not None and (isinstance(until, dt.datetime) or not isinstance(until, dt.date)):
        raise Failure(Code.INVOCATION, f"{where}: until: expected a date such as 2027-01-31, got {until!r}")
    note = withdrawn(str(texts["selector"]), checks)
    try:
        outcome = Outcome(str(table.get("outcome", "")))
        found = frozenset(() if note else matching(checks, str(texts["selector"])))
    except SelectorError as problem:
        raise Failure(Code.INVOCATION, f"{where}: {problem}") from problem
    except ValueError as problem:
        wanted = ", ".join(Outcome)
        raise Failure(
            Code.INVOCATION, f"{where}: outcome: expected one of {wanted}, got {table.get('outcome')!r}"
        ) from problem
    return Expected(
        number=number,
        selector=str(texts["selector"]),
        outcome=outcome,
        reason=str(texts["reason"]),
        issue=str(texts["issue"]),
        until=until,
        checks=found,
        note=note,
    )


def is_open(result: CheckResult, *, fail_on_warn: bool = False) -> bool:
    """Whether a result is at the server's expense, unless it is expected: nothing proved is not green where a rule is absolute."""
    bad = {Outcome.FAIL, Outcome.WARN} if fail_on_warn else {Outcome.FAIL}
    return result.outcome in bad or (result.outcome is Outcome.INCONCLUSIVE and result.level.is_absolute)


def reason_for(result: CheckResult, entries: Iterable[Expected], today: dt.date) -> str:
    """Return the reason for which a result was expected, "" if it was not."""
    fitting = (entry for entry in entries if result.check in entry.checks and entry.outcome is result.outcome)
    return next((entry.reason for entry in fitting if not entry.has_expired(today)), "")


def reckon(
    entries: Sequence[Expected],
    results: Iterable[CheckResult],
    today: dt.date,
    excused: Mapping[str, str] | None = None,
) -> Reckoning:
    """Hold results against what was expected. Checks that were not run, or do not apply, count for nothing.

    `excused` maps checks of which nothing counts to the reason: no result of theirs is a problem, better or worse.
    """
    free = excused or {}
    came = {result.check: result for result in results}
    met = {name: free[name] for name, result in came.items() if name in free and result.outcome in SHORTFALLS}
    met |= {name: reason for name, result in came.items() if (reason := reason_for(result, entries, today))}
    problems: list[str] = []
    for entry in entries:
        if entry.has_expired(today):
            problems.append(f"the expectation {entry.selector!r} expired on {entry.until}: {entry.reason}")
            continue
        problems += [
            f"{check} was expected to {entry.outcome} and is {came[check].outcome}: {entry.reason}"
            for check in better(entry, came)
            if check not in free
        ]
    return Reckoning(met=met, problems=tuple(problems), notes=tuple(_notes(entries)))


def better(entry: Expected, came: Mapping[str, CheckResult]) -> list[str]:
    """Return the checks of an entry that came out better than it says."""
    if entry.outcome not in SHORTFALLS:
        return []
    return sorted(check for check in entry.checks if check in came and came[check].outcome in BETTER)


def _notes(entries: Sequence[Expected]) -> Iterable[str]:
    yield from (f"the expectation {entry.selector!r}: {entry.note}; remove it" for entry in entries if entry.note)
    lacking = sum(entry.lacks_reason for entry in entries)
    if lacking:
        yield f"{lacking} expectations have no reason yet; merkhet baseline check refuses them"
