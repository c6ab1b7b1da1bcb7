"""Each check against its own canned servers: the good one must pass, every mutant must be noticed."""

from __future__ import annotations

from dataclasses import dataclass

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import PLAIN_GET, Check, Passive, Stream, as_streams
from merkhet.engine.conclude import conclude, result_of
from merkhet.engine.deadlines import Deadlines
from merkhet.engine.execute import Baseline, Setting, execute, probe
from merkhet.engine.passive import Ledger
from merkhet.model import CheckResult, Evidence, Outcome, Profile, Requirement
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.canned import CannedDialer, run_now

NAMES = Names(host=b"canned.test", scheme="http", endpoints=ENDPOINTS)
GOOD = frozenset({Outcome.PASS, Outcome.OBSERVED})
NOTICED = frozenset({Outcome.FAIL, Outcome.WARN})


@dataclass(frozen=True, slots=True)
class Problem:
    """One canned server on which a check came to the wrong outcome. `server` is "good" or the fault of a mutant."""

    check: str
    server: str
    text: str


def setting() -> Setting:
    """Return what a canned run needs to know."""
    return Setting(names=NAMES, baseline=Baseline(status=200), deadlines=Deadlines(0.001), nonce="canned0")


def play(check: AnyCheck, streams: tuple[Stream, ...], requirement: Requirement) -> CheckResult:
    """Run a check once against a server that plays these streams, in the default profile."""
    here = setting()
    twin = check.twin if isinstance(check, Check) else PLAIN_GET
    dialer = CannedDialer(streams, twin, here.render)
    if isinstance(check, Passive):
        run = run_now(probe(check, dialer, here))
        ledger = Ledger()
        ledger.add(run.seen, run.transcripts)
        return ledger.result(check, requirement, Profile.DEFAULT, run)
    run = run_now(execute(check, dialer, here))
    conclusion = conclude(run, requirement, Profile.DEFAULT, here.baseline)
    return result_of(check, requirement, run, conclusion, Evidence(transcripts=tuple(run.transcripts)))


def verify(check: AnyCheck, requirement: Requirement | None = None) -> list[Problem]:
    """Return every canned server of the check on which it comes to the wrong outcome. Nothing: the check can fail.

    `requirement` is the check's own, looked up in the catalogue if it is not given.
    """
    rule = requirement or catalogue.load().requirement_of(check)
    good = as_streams(check.good)
    result = play(check, good, rule)
    problems = [] if result.outcome in GOOD else [Problem(check.id, "good", _words(result))]
    for mutant in check.mutants:
        streams = mutant.streams + good[len(mutant.streams) :]
        mutated = play(check, streams, rule)
        other = mutated.outcome is Outcome.OBSERVED and (mutated.outcome, mutated.choice) != (
            result.outcome,
            result.choice,
        )
        if mutated.outcome not in NOTICED and not other:
            problems.append(Problem(check.id, mutant.fault, f"not noticed: {_words(mutated)}"))
    if not check.mutants:
        problems.append(Problem(check.id, "none", "the check has no mutant"))
    return problems


def _words(result: CheckResult) -> str:
    told = result.reason or result.choice or result.observed
    return f"{result.outcome} ({told})"
