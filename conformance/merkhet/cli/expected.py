"""Expected failures, from `merkhet.expect.toml`: each with a reason, none for ever, and none that has come to pass unseen."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from merkhet.catalogue import AnyCheck
from merkhet.cli.codes import Code, Failure
from merkhet.model import CheckResult, Outcome
from merkhet.selectors import SelectorError, matching

FILE = "merkhet.expect.toml"
_KEYS = {"selector", "outcome", "reason", "issue", "until"}
_BETTER = frozenset({Outcome.PASS, Outcome.OBSERVED})
_SHORTFALLS = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.INCONCLUSIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One entry: these checks come to this outcome, for a reason. After `until` it no longer counts."""

    selector: str
    outcome: Outcome
    reason: str
    issue: str
    until: dt.date | None
    checks: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """The reason of each check that came out as expected, and what is wrong with the expectations themselves."""

    met: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[str, ...] = ()


def find(folders: Iterable[Path]) -> Path | None:
    """Return the file of expectations in the first of these folders that has one."""
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def load(path: Path, checks: Sequence[AnyCheck]) -> list[Expected]:
    """Return the entries of a file, held against all checks there are. Raises Failure."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Failure(Code.INVOCATION, f"{path}: {problem}") from problem
    rows = document.pop("expect", [])
    if document or not isinstance(rows, list):
        raise Failure(Code.INVOCATION, f"{path}: expected tables [[expect]] and nothing else, got {sorted(document)}")
    return [_entry(path, number, row, checks) for number, row in enumerate(cast("list[object]", rows), 1)]


def _entry(path: Path, number: int, row: object, checks: Sequence[AnyCheck]) -> Expected:
    where = f"{path}: expect {number}"
    if not isinstance(row, dict):
        raise Failure(Code.INVOCATION, f"{where}: expected a table, got {row!r}")
    table = cast("dict[str, object]", row)
    unknown = sorted(table.keys() - _KEYS)
    if unknown:
        raise Failure(Code.INVOCATION, f"{where}: unknown key {unknown[0]!r}; expected {', '.join(sorted(_KEYS))}")
    texts = {key: table.get(key, "") for key in ("selector", "reason", "issue")}
    for key, text in texts.items():
        if not isinstance(text, str) or (key != "issue" and not text.strip()):
            raise Failure(Code.INVOCATION, f"{where}: {key}: expected words, got {table.get(key)!r}")
    until = table.get("until")
    if until is not None and (isinstance(until, dt.datetime) or not isinstance(until, dt.date)):
        raise Failure(Code.INVOCATION, f"{where}: until: expected a date such as 2027-01-31, got {until!r}")
    try:
        outcome = Outcome(str(table.get("outcome", "")))
        found = frozenset(matching(checks, str(texts["selector"])))
    except SelectorError as problem:
        raise Failure(Code.INVOCATION, f"{where}: {problem}") from problem
    except ValueError as problem:
        wanted = ", ".join(Outcome)
        raise Failure(
            Code.INVOCATION, f"{where}: outcome: expected one of {wanted}, got {table.get('outcome')!r}"
        ) from problem
    return Expected(
        selector=str(texts["selector"]),
        outcome=outcome,
        reason=str(texts["reason"]),
        issue=str(texts["issue"]),
        until=until,
        checks=found,
    )


def reckon(entries: Iterable[Expected], results: Iterable[CheckResult], today: dt.date) -> Reckoning:
    """Hold results against what was expected. Checks that were not run, or do not apply, count for nothing."""
    came = {result.check: result.outcome for result in results}
    met: dict[str, str] = {}
    problems: list[str] = []
    for entry in entries:
        if entry.until is not None and entry.until < today:
            problems.append(f"the expectation {entry.selector!r} expired on {entry.until}: {entry.reason}")
            continue
        ran = {check: came[check] for check in entry.checks if check in came}
        met |= {check: entry.reason for check, outcome in ran.items() if outcome is entry.outcome}
        if entry.outcome in _SHORTFALLS:
            better = sorted(check for check, outcome in ran.items() if outcome in _BETTER)
            problems += [
                f"{check} was expected to {entry.outcome} and is {ran[check]}: {entry.reason}" for check in better
            ]
    return Reckoning(met=met, problems=tuple(problems))
