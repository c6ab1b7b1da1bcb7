"""The passive checks: the judge's rules, held against every response of a run, one outcome each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from merkhet.check import Kind, Passive
from merkhet.engine.conclude import tags_of, weight_of
from merkhet.engine.execute import Run
from merkhet.model import CheckResult, Evidence, Finding, Outcome, Profile, Requirement, Transcript, Weight
from merkhet.wire.judge import RULES, judge
from merkhet.wire.seen import Rule, Seen

WITNESSES_MAX = 5


@dataclass(frozen=True, slots=True)
class Witness:
    """One response that broke a rule: which check provoked it, what was wrong, and the transcripts of that check."""

    check: str
    text: str
    head: bytes
    transcripts: tuple[Transcript, ...]


@dataclass(slots=True)
class _Account:
    """How often a rule applied and was broken, and the first few witnesses."""

    applied: int = 0
    broken: int = 0
    witnesses: list[Witness] = field(default_factory=list[Witness])


class Ledger:
    """Holds every response of a run against every rule."""

    def __init__(self) -> None:
        self._accounts = {name: _Account() for name in RULES}

    def add(self, seen: Iterable[Seen], transcripts: Iterable[Transcript]) -> None:
        """Judge the responses of one run of a check."""
        kept = tuple(transcripts)
        for one in seen:
            for rule, fault in judge(one):
                self._note(rule, one, fault, kept)

    def _note(self, rule: Rule, seen: Seen, fault: str | None, transcripts: tuple[Transcript, ...]) -> None:
        account = self._accounts[rule.name]
        account.applied += 1
        if fault is None:
            return
        account.broken += 1
        known = {witness.check for witness in account.witnesses}
        if len(known) < WITNESSES_MAX and seen.witness not in known:
            account.witnesses.append(Witness(seen.witness, fault, seen.response.head[:200], transcripts))

    def wants_ends(self) -> bool:
        """Whether waiting for a promised close can still teach something: no longer once five servers' promises broke."""
        return len(self._accounts["close-kept"].witnesses) < WITNESSES_MAX

    def applies(self, rule: str) -> bool:
        """Whether any response so far was one to which the rule applies."""
        return bool(self._accounts[rule].applied)

    def result(self, check: Passive, requirement: Requirement, profile: Profile, run: Run | None) -> CheckResult:
        """Return what a passive check comes to. `run` is its own probe, or None if the probe could not be sent."""
        rule, account = RULES[check.rule], self._accounts[check.rule]
        outcome, finding = _outcome(rule, account, requirement, profile)
        witnesses = [transcript for witness in account.witnesses for transcript in witness.transcripts]
        own = run.transcripts if run is not None else []
        return CheckResult(
            check=check.id,
            requirement=requirement.id,
            title=check.title,
            level=requirement.level,
            outcome=outcome,
            expected=rule.expected,
            observed=finding.observed if finding is not None else _kept_words(account),
            reason="" if account.applied else _nowhere(run),
            choice=_choice(rule, account, outcome, finding),
            findings=() if finding is None else (finding,),
            tags=tags_of(check, requirement),
            seconds=run.seconds if run is not None else 0.0,
            evidence=Evidence(transcripts=tuple(witnesses or own)),
        )


def _outcome(
    rule: Rule, account: _Account, requirement: Requirement, profile: Profile
) -> tuple[Outcome, Finding | None]:
    if not account.applied:
        return Outcome.NOT_APPLICABLE, None
    if rule.choices is not None:
        return Outcome.OBSERVED, None
    if not account.broken:
        return Outcome.PASS, None
    weight = weight_of(Kind.VIOLATION, requirement, profile)
    shown = "; ".join(f"{witness.check}: {witness.text}" for witness in account.witnesses)
    finding = Finding(
        weight=weight,
        expected=rule.expected,
        observed=f"{account.broken} of {account.applied} responses broke it: {shown}",
        text=account.witnesses[0].text,
    )
    outcomes = {Weight.BREACH: Outcome.FAIL, Weight.WARNING: Outcome.WARN, Weight.NOTE: Outcome.OBSERVED}
    return outcomes[weight], finding


def _choice(rule: Rule, account: _Account, outcome: Outcome, finding: Finding | None) -> str:
    if outcome is not Outcome.OBSERVED:
        return ""
    if rule.choices is not None:
        return rule.choices[1 if account.broken else 0]
    return finding.text if finding is not None else ""


def _kept_words(account: _Account) -> str:
    return f"kept by {account.applied} responses" if account.applied else ""


def _nowhere(run: Run | None) -> str:
    if run is not None and run.unreachable:
        return f"no connection: {run.unreachable}"
    return "no response of this run is one to which the rule applies"
