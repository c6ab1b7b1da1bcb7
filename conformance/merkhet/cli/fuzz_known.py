"""The tables [[fuzz]] of `merkhet.expect.toml`: classes of findings that are known, each with a reason, none for ever."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from merkhet.cli import expect_file
from merkhet.cli.codes import Code, Failure

_KEYS = {"selector", "reason", "issue", "until"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: findings whose id this glob matches are known, for a reason. Behind `until` it no longer counts."""

    selector: str
    reason: str
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Known:
    """All entries of a file."""

    path: Path
    entries: tuple[Entry, ...] = ()

    def reason(self, finding_id: str) -> str:
        """Return why a finding is expected, "" where it is not."""
        today = dt.datetime.now(dt.UTC).date()
        for entry in self.entries:
            if fnmatch.fnmatchcase(finding_id, entry.selector) and (entry.until is None or entry.until >= today):
                return entry.reason
        return ""

    def unmatched(self, ids: Sequence[str], labels: Sequence[str]) -> list[str]:
        """Return the selectors that are about these parsers, and matched none of the findings."""
        return [
            entry.selector
            for entry in self.entries
            if entry.selector.partition("/")[0] in labels and not fnmatch.filter(ids, entry.selector)
        ]


def load(path: Path | None) -> Known:
    """Return the entries of a file; none where no file is named and there is none here. Raises Failure."""
    path = path or Path(expect_file.FILE)
    if not path.exists():
        return Known(path)
    rows = expect_file.document(path).get("fuzz", [])
    if not isinstance(rows, list):
        raise Failure(Code.INVOCATION, f"{path}: expected tables [[fuzz]]")
    return Known(path, tuple(_entry(path, number, row) for number, row in enumerate(cast("list[object]", rows), 1)))


def _entry(path: Path, number: int, row: object) -> Entry:
    where = f"{path}: fuzz {number}"
    table = expect_file.table(where, row, _KEYS)
    selector, reason, until = table.get("selector"), table.get("reason"), table.get("until")
    if not isinstance(selector, str) or not selector:
        raise Failure(
            Code.INVOCATION, f"{where}: selector: expected a glob on ids of findings, such as h11:http-request/*"
        )
    if not isinstance(reason, str) or not reason.strip():
        raise Failure(Code.INVOCATION, f"{where}: reason: write why {selector} is expected")
    if until is not None and (not isinstance(until, dt.date) or isinstance(until, dt.datetime)):
        raise Failure(Code.INVOCATION, f"{where}: until: expected a date, such as 2030-12-31")
    return Entry(selector, reason, until)
