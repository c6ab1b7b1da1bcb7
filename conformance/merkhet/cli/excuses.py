"""What of the expectations is written into the results: which outcomes were expected, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from merkhet.cli.expected import Expected
from merkhet.model import CheckResult, Excuse


def excuses(entries: Iterable[Expected], results: Iterable[CheckResult], met: Mapping[str, str]) -> tuple[Excuse, ...]:
    """Return an excuse for each result that came out as expected. `met` has the reason of each, by its check."""
    every = list(entries)
    return tuple(_excuse(every, result, met[result.check]) for result in results if result.check in met)


def _excuse(entries: list[Expected], result: CheckResult, reason: str) -> Excuse:
    """Return the excuse with what else its entry says. A reason that no entry gave stands alone."""
    for entry in entries:
        if result.check in entry.checks and (entry.outcome, entry.reason) == (result.outcome, reason):
            until = entry.until.isoformat() if entry.until is not None else ""
            return Excuse(check=result.check, reason=reason, issue=entry.issue, until=until)
    return Excuse(check=result.check, reason=reason)
