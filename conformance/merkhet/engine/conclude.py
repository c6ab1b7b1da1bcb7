"""What a run of a check means: the weight of each finding, and the one outcome."""

from __future__ import annotations

import re
from dataclasses import dataclass

from merkhet.check import Check, Kind, Passive
from merkhet.engine.judgement import Baseline, Judgement, Run
from merkhet.expect import Rests
from merkhet.model import CheckResult, Evidence, Finding, Outcome, Profile, Requirement, Weight

_FRAMING_SECTION = re.compile(r"2\.2|5(\..*)?|6(\..*)?|7\.1(\..*)?")
_FINDINGS = frozenset({Kind.VIOLATION, Kind.BREACH, Kind.DESYNC, Kind.WARNING})


def is_framing(requirement: Requirement) -> bool:
    """Whether a requirement is about where messages end: the security profile counts each of these as a breach."""
    return requirement.document == "rfc9112" and _FRAMING_SECTION.fullmatch(requirement.section) is not None


def weight_of(kind: Kind, requirement: Requirement, profile: Profile) -> Weight:
    """Return what a finding of this kind weighs under a profile."""
    if kind in {Kind.BREACH, Kind.DESYNC}:
        return Weight.BREACH
    if kind is Kind.WARNING:
        return Weight.WARNING
    if profile is Profile.STRICT and requirement.level.is_absolute:
        return Weight.BREACH
    if profile is Profile.SECURITY and is_framing(requirement):
        return Weight.BREACH
    return requirement.on_violation


def tags_of(check: Check | Passive, requirement: Requirement) -> tuple[str, ...]:
    """Return the tags of a check: its own, and "framing" where its requirement is."""
    framing = frozenset({"framing"}) if is_framing(requirement) else frozenset[str]()
    return tuple(sorted(check.tags | framing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """One outcome with its reasons, before evidence is attached. `absent`: it stands only on what did not come."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    expected: str = ""
    observed: str = ""
    reason: str = ""
    choice: str = ""
    absent: bool = False


def conclude(run: Run, requirement: Requirement, profile: Profile, baseline: Baseline) -> Conclusion:
    """Return what a run of a check comes to."""
    findings = tuple(_finding(item, requirement, profile) for item in run.judgements if item.kind in _FINDINGS)
    last = run.judgements[-1] if run.judgements else None
    shown = next((item for item in run.judgements if item.kind in _FINDINGS), last)
    absent = bool(run.unreachable or run.twin_fault or run.impatient)
    absent |= any(item.absent for item in run.judgements if item.kind is not Kind.PASS)
    outcome, reason = _outcome(run, findings, baseline)
    absent &= outcome is not Outcome.NOT_APPLICABLE
    choices = [item.text for item in run.judgements if item.kind is Kind.OBSERVED]
    choices += [finding.text or finding.observed for finding in findings if finding.weight is Weight.NOTE]
    return Conclusion(
        outcome=outcome,
        findings=findings,
        expected=shown.expected if shown is not None else "",
        observed=shown.observed if shown is not None else "",
        reason=reason,
        choice="; ".join(dict.fromkeys(choices)) if outcome is Outcome.OBSERVED else "",
        absent=absent and not any(_stands(finding) for finding in findings),
    )


def _finding(item: Judgement, requirement: Requirement, profile: Profile) -> Finding:
    return Finding(
        weight=weight_of(item.kind, requirement, profile),
        expected=item.expected,
        observed=item.observed,
        text=item.text,
        desync=item.kind is Kind.DESYNC,
        received=item.rests_on is not Rests.END and not item.absent,
    )


def _stands(finding: Finding) -> bool:
    """Whether a finding needs no twin and no second run: a breach that bytes prove."""
    return finding.weight is Weight.BREACH and finding.received


def _outcome(run: Run, findings: tuple[Finding, ...], baseline: Baseline) -> tuple[Outcome, str]:
    if run.unreachable and not any(_stands(finding) for finding in findings):
        return Outcome.INCONCLUSIVE, f"no connection: {run.unreachable}"
    lacking = next((item for item in run.judgements if item.kind is Kind.LACKING), None)
    if lacking is not None and not findings:
        return Outcome.NOT_APPLICABLE, f"the target has not what this is about: {lacking.text}"
    stuck = next((item for item in run.judgements if item.kind is Kind.INCONCLUSIVE), None)
    if stuck is not None and not any(_stands(finding) for finding in findings):
        return Outcome.INCONCLUSIVE, stuck.text
    if run.twin_fault and not any(_stands(finding) for finding in findings):
        return (
            Outcome.INCONCLUSIVE,
            f"the legal twin was not served, so the result proves nothing: {run.twin_fault}",
        )
    if not baseline.discriminates and not _proven(run, findings):
        return Outcome.INCONCLUSIVE, "the target answers garbage as it answers a plain GET, so a status proves nothing"
    return _worst(run, findings), ""


def _proven(run: Run, findings: tuple[Finding, ...]) -> bool:
    """Whether a run means something on a target that answers everything alike.

    No pass does: such a target may be one that is dead. A finding does if it is a desynchronisation, or rests on more than
    a status.
    """
    if any(finding.desync for finding in findings):
        return True
    decisive = [item for item in run.judgements if item.kind in _FINDINGS]
    return bool(decisive) and not any(item.rests_on in {Rests.STATUS, Rests.NOTHING} for item in decisive)


def _worst(run: Run, findings: tuple[Finding, ...]) -> Outcome:
    weights = {finding.weight for finding in findings}
    if Weight.BREACH in weights:
        return Outcome.FAIL
    if Weight.WARNING in weights:
        return Outcome.WARN
    if Weight.NOTE in weights or any(item.kind is Kind.OBSERVED for item in run.judgements):
        return Outcome.OBSERVED
    # A check none of whose steps was judged has shown nothing.
    return Outcome.PASS if run.judgements else Outcome.INCONCLUSIVE


def result_of(
    check: Check, requirement: Requirement, run: Run, conclusion: Conclusion, evidence: Evidence
) -> CheckResult:
    """Return the result of a check as every report sees it."""
    return CheckResult(
        check=check.id,
        requirement=requirement.id,
        title=check.title,
        level=requirement.level,
        outcome=conclusion.outcome,
        expected=conclusion.expected,
        observed=conclusion.observed,
        reason=conclusion.reason,
        choice=conclusion.choice,
        findings=conclusion.findings,
        tags=tags_of(check, requirement),
        seconds=run.seconds,
        evidence=evidence,
    )
