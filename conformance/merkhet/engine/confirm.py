"""What did not pass is run again alone before it is reported; here is what the second run may excuse."""

from __future__ import annotations

import msgspec

from merkhet.catalogue import AnyCheck
from merkhet.engine.conclude import tags_of
from merkhet.model import CheckResult, Outcome, Requirement, Weight

SETTLED = frozenset({Outcome.PASS, Outcome.OBSERVED})


def wants_second_run(result: CheckResult, *, absent: bool) -> bool:
    """Whether a first result must be confirmed. A pass or a choice only if it stands on what did not come."""
    if result.outcome is Outcome.NOT_APPLICABLE or result.killed_server:
        return False
    return absent or result.outcome not in SETTLED


def merge(first: CheckResult, second: CheckResult, *, absent: bool) -> CheckResult:
    """Return what two runs of a check come to. `absent`: the first stands only on what did not come.

    An absence may be excused by the second run, made alone. What was received may not: if the second run differs, the
    first stands and is marked flaky.
    """
    second = msgspec.structs.replace(second, runs=2)
    if _same(first, second) or absent or first.outcome in {Outcome.INCONCLUSIVE, Outcome.ERROR}:
        return second
    if _has_breach(second) and not _has_breach(first):
        return msgspec.structs.replace(second, flaky=True)
    return msgspec.structs.replace(first, runs=2, flaky=True)


def unconfirmed(first: CheckResult, *, seconds: float) -> CheckResult:
    """Return what an absence comes to that no second run confirmed, for want of time: nothing."""
    told = first.observed or first.reason
    reason = f"not confirmed within the {seconds:g} s that a run has for second runs; first: {told}"
    if first.outcome is Outcome.INCONCLUSIVE:
        reason = first.reason
    return msgspec.structs.replace(first, outcome=Outcome.INCONCLUSIVE, reason=reason, choice="")


def _same(first: CheckResult, second: CheckResult) -> bool:
    return (first.outcome, first.choice) == (second.outcome, second.choice)


def _has_breach(result: CheckResult) -> bool:
    return result.outcome is Outcome.FAIL and any(finding.weight is Weight.BREACH for finding in result.findings)


def blank(check: AnyCheck, requirement: Requirement, outcome: Outcome, reason: str) -> CheckResult:
    """Return the result of a check that was not run to its end."""
    return CheckResult(
        check=check.id,
        requirement=check.requirement,
        title=check.title,
        level=requirement.level,
        outcome=outcome,
        reason=reason,
        tags=tags_of(check, requirement),
    )


def killed(result: CheckResult) -> CheckResult:
    """Return the result of a check that killed the server: a failure, whatever it saw."""
    reason = "the server died while this check ran"
    return msgspec.structs.replace(result, outcome=Outcome.FAIL, killed_server=True, reason=reason)
