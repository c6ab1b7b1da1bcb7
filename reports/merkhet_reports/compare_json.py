"""A comparison as JSON: what a script asks, without the evidence, which the results have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from merkhet.model import CheckResult, Outcome
from merkhet_reports import fuzzed
from merkhet_reports.compare import Change, Changes, Column, Difference, Group, Matrix

VERSION = 1


def render(compared: Matrix | Changes) -> bytes:
    """Return the document. `kind` is "servers" or "runs"."""
    document = _matrix(compared) if isinstance(compared, Matrix) else _changes(compared)
    return msgspec.json.format(msgspec.json.encode(_sound(document)), indent=1) + b"\n"


def _sound(value: object) -> object:
    """Return a value whose texts can be written: a lone surrogate has no place in JSON that everyone reads."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_sound(name): _sound(part) for name, part in cast("dict[str, object]", value).items()}
    return [_sound(part) for part in cast("list[object]", value)] if isinstance(value, list) else value


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "version": column.run.target.version,
        "started": column.run.started,
        "merkhet": column.run.merkhet,
        "profile": column.run.profile.value,
        "ended": column.run.ended,
        "counts": {outcome.value: column.counts[outcome] for outcome in Outcome},
    }


def _matrix(compared: Matrix) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "servers",
        "servers": [_column(column) for column in compared.columns],
        "differing": _groups(compared.differing, compared.columns),
        "alike": _groups(compared.alike, compared.columns),
        "left_out": compared.left_out,
    }


def _groups(groups: Sequence[Group], columns: Sequence[Column]) -> list[dict[str, Any]]:
    return [
        {
            "requirement": group.requirement,
            "text": group.rule.text if group.rule is not None else "",
            "checks": [
                {
                    "check": row.check,
                    "title": row.title,
                    "level": row.level.value,
                    "outcomes": {
                        column.name: _cell(cell, column.reasons.get(row.check, ""))
                        for column, cell in zip(columns, row.cells, strict=True)
                    },
                }
                for row in group.rows
            ],
        }
        for group in groups
    ]


def _changes(compared: Changes) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "runs",
        "before": _column(compared.before),
        "now": _column(compared.now),
        "counts": {change.value: compared.counts.get(change, 0) for change in Change},
        "same": compared.same,
        "differences": [_difference(one) for one in compared.differences],
        "found": [_found(change, one) for change, one in compared.found],
    }


def _difference(one: Difference) -> dict[str, Any]:
    known = one.known
    return {
        "check": one.check,
        "change": one.change.value,
        "requirement": known.requirement,
        "level": known.level.value,
        "title": known.title,
        "before": _cell(one.before, one.was_excused),
        "now": _cell(one.now, one.is_excused),
    }


def _found(change: Change, one: fuzzed.Told) -> dict[str, Any]:
    told = {"id": one.id, "change": change.value, "weight": one.weight.value, **dict(fuzzed.details(one))}
    return told | ({"expected because": one.reason} if one.reason else {})


def _cell(cell: CheckResult | None, excuse: str) -> dict[str, Any] | None:
    if cell is None:
        return None
    told = {"outcome": cell.outcome.value, "observed": cell.observed, "choice": cell.choice, "reason": cell.reason}
    told |= {"expected because": excuse}
    return {name: words for name, words in told.items() if words}
