"""The kill matrix: which checks each mutant of the reference kills, measured, and held against `kill_matrix.json`.

    python conformance/tests/kill_matrix.py            what is committed still holds; new checks and mutants are named
    python conformance/tests/kill_matrix.py --full     every mutant on every check, and nothing differs
    python conformance/tests/kill_matrix.py --update   measure everything and write the file; read its difference
    python conformance/tests/kill_matrix.py --add      measure new mutants alone, those of a document on what it is about
    python conformance/tests/kill_matrix.py --only M   show what one mutant kills

Held: a MUST or SHOULD check passes on the reference as it is, a MAY check is observed there. Every check is killed: by
each of its own canned servers, which `merkhet selftest` plays, and by a mutant of the reference unless it stands in
`canned_only`, the list of those that no one fault of ours can reach. Every mutant kills what it must kill.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
import mutation
from proving_ground import NOT_ON_THE_REFERENCE, Outcomes, Trial, Tried, is_passive, needs_tls, try_all

from merkhet import catalogue
from merkhet.check import Passive
from merkhet.engine.preflight import Found
from merkhet.selftest import canned

MATRIX = Path(__file__).parent / "kill_matrix.json"
NOTICED = frozenset({"fail", "warn"})
SETTLED = frozenset({"pass", "observed"})
CHECKS = catalogue.load().checks
RUNNABLE = [check for check in CHECKS.values() if not check.needs & NOT_ON_THE_REFERENCE]
PLAIN = tuple(check.id for check in RUNNABLE if not needs_tls(check))
OVER_TLS = tuple(check.id for check in RUNNABLE if needs_tls(check))
SLOW = frozenset(check.id for check in RUNNABLE if "slow" in check.tags)
PROVOKING = frozenset(check.id for check in RUNNABLE if check.needs & {"status", "stream"})
"""Checks that make the reference send what it seldom sends, for the passive checks to see."""
FRAMING = "rfc9112-"
WEBSOCKETS = ("rfc6455-", "rfc7692-")
HINT = "rfc7692-7.2.2-hint-not-taken"
HAS_NOT = frozenset({"rfc9110-8.4.1-deflate", HINT, f"{HINT}-bits", f"{HINT}-both"})
"""Checks of what the reference does without, as it may: they say nothing of it."""
PASSIVE = frozenset(check.id for check in RUNNABLE if is_passive(check))


def kills(clean: Outcomes, faulty: Outcomes) -> list[str]:
    """Return the checks that notice: they fail or warn, or observe another choice. Inconclusive kills nothing."""
    return sorted(
        name
        for name, (outcome, choice) in faulty.items()
        if outcome in NOTICED
        or (outcome == "observed" and clean.get(name, ("", ""))[0] == "observed" and clean[name][1] != choice)
    )


class Matrix(msgspec.Struct):
    """What is committed: the checks that each mutant kills, and the checks that no mutant reaches."""

    kills: dict[str, list[str]] = {}
    canned_only: list[str] = []

    @classmethod
    def read(cls) -> Matrix:
        return msgspec.json.decode(MATRIX.read_bytes(), type=cls) if MATRIX.exists() else cls()

    def write(self) -> None:
        MATRIX.write_bytes(msgspec.json.format(msgspec.json.encode(self, order="sorted"), indent=1) + b"\n")


class Report:
    """What is wrong, collected so that one run names all of it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def hold(self, *, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def finish(self) -> int:
        for problem in self.problems:
            print(f"PROBLEM {problem}")
        print(f"{len(self.problems)} problems")
        return 1 if self.problems else 0


def measure_clean(report: Report) -> tuple[Outcomes, dict[bool, Found | None]]:
    """Run every check on the reference as it is; return the outcomes, and what preflight found plain and over TLS."""
    outcomes: Outcomes = {}
    found: dict[bool, Found | None] = {}
    for tried in try_all([Trial(PLAIN), Trial(OVER_TLS, tls=True)], 2):
        report.hold(holds=not tried.trouble, problem=f"the reference as it is: {tried.trouble}")
        outcomes |= tried.outcomes
        found[tried.trial.tls] = tried.found
    for check in RUNNABLE:
        outcome = outcomes.get(check.id, ("no result", ""))[0]
        # A rule about what the reference never sends is proved by its canned servers alone.
        may_lack = isinstance(check, Passive) or check.id in HAS_NOT
        holds = outcome in SETTLED or (may_lack and outcome == "not-applicable")
        report.hold(holds=holds, problem=f"{check.id} is {outcome} on the reference as it is")
    return outcomes, found


def is_about(requirement: str, broken: str) -> bool:
    """Tell whether a check of `requirement` may notice that `broken` is; --full does not take that for granted.

    What a mutant does to a file or a form says nothing of framing, and what it does to WebSockets nothing of all else.
    """
    if broken.startswith(WEBSOCKETS) or requirement.startswith(WEBSOCKETS):
        return broken.startswith(WEBSOCKETS) and requirement.startswith(WEBSOCKETS)
    return broken.startswith(FRAMING) or not requirement.startswith(FRAMING)


def trials(
    mutants: dict[str, mutation.Mutant],
    committed: dict[str, list[str]],
    found: dict[bool, Found | None],
    *,
    full: bool,
) -> list[Trial]:
    """Return what to run. In the default run a mutant meets what it killed before, what it must kill, and passives."""
    wanted: list[Trial] = []
    for name, mutant in mutants.items():
        recorded = {*committed.get(name, ()), *mutant.must_kill} & CHECKS.keys()
        near = PROVOKING if recorded <= PASSIVE else frozenset[str]()
        tls = ".tls." in mutant.target
        everything = set(OVER_TLS if tls else PLAIN) - SLOW | recorded
        whole = full or name not in committed
        chosen = everything if whole else recorded | near | (frozenset[str]() if tls else PASSIVE)
        if not full:
            chosen = {check for check in chosen if is_about(CHECKS[check].requirement, mutant.breaks)} | recorded
        names = tuple(check for check in CHECKS if check in chosen)
        wanted.append(Trial(names, name, tls, found.get(tls)))
    return wanted


def show(tried: Tried, killed: list[str]) -> None:
    print(f"{tried.trial.mutant:44} {len(killed):4} killed  {tried.seconds:5.1f} s  {tried.trouble}", flush=True)


def hold_canned(report: Report) -> None:
    for check in CHECKS.values():
        for problem in canned.verify(check):
            report.hold(
                holds=False, problem=f"{problem.check} against its canned server {problem.server!r}: {problem.text}"
            )


def hold_mutant(
    report: Report, mutant: mutation.Mutant, tried: Tried, killed: list[str], recorded: list[str] | None, *, full: bool
) -> None:
    report.hold(holds=bool(killed), problem=f"mutant {mutant.name} goes unnoticed")
    report.hold(holds=bool(mutant.must_kill), problem=f"mutant {mutant.name} names no check that must kill it")
    report.hold(
        holds=mutant.breaks in catalogue.load().requirements, problem=f"mutant {mutant.name} breaks no requirement"
    )
    for name in sorted(mutant.must_kill - set(killed)):
        report.hold(holds=False, problem=f"mutant {mutant.name} must be killed by {name} and is not")
    if recorded is None:
        report.hold(holds=False, problem=f"mutant {mutant.name} is not in the committed matrix: --update")
        return
    # A passive check sees the answers to whatever else runs, so only a full run shows all that it notices.
    beyond_sight = frozenset[str]() if full else PASSIVE
    for name in sorted((set(recorded) ^ set(killed)) - beyond_sight):
        change = "no longer kills" if name in recorded else "newly kills"
        outcome, _ = tried.outcomes.get(name, ("no result", ""))
        problem = f"mutant {mutant.name} {change} {name} ({outcome}): --update, and read the difference"
        report.hold(holds=False, problem=problem)


def doubtful(
    mutants: dict[str, mutation.Mutant],
    every: dict[str, Tried],
    measured: dict[str, list[str]],
    committed: dict[str, list[str]],
) -> list[str]:
    """Return the mutants that are not as committed, and say of each what came instead."""
    names: list[str] = []
    for name, mutant in mutants.items():
        seen = Report()
        hold_mutant(seen, mutant, every[name], measured[name], committed.get(name), full=False)
        if seen.problems:
            names.append(name)
            print("\n".join(f"AGAIN {problem}" for problem in seen.problems[:4]))
    return names


def measure_again(tried: Tried) -> Tried:
    """Try a mutant once more with nothing beside it: what four of them lose by the load of each other is no fact of a check.

    A check that kills only now and then still shows: its mutant is named above, and differs again sooner or later.
    """
    return next(iter(try_all([tried.trial], 1)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--only", metavar="MUTANT", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=4)
    arguments = parser.parse_args()
    began = time.perf_counter()
    mutants = mutation.load()
    if arguments.only:
        mutants = {name: mutants[name] for name in arguments.only}
    matrix = Matrix.read()
    full = arguments.full or arguments.update or bool(arguments.only)
    if arguments.add:
        mutants = {name: mutant for name, mutant in mutants.items() if name not in matrix.kills}
    report = Report()
    clean, found = measure_clean(report)
    print(f"{len(clean)} checks on the reference as it is, {time.perf_counter() - began:.1f} s", flush=True)
    measured: dict[str, list[str]] = {}
    every: dict[str, Tried] = {}
    for tried in try_all(trials(mutants, matrix.kills, found, full=full), arguments.jobs):
        assert tried.trial.mutant is not None
        measured[tried.trial.mutant] = kills(clean, tried.outcomes)
        every[tried.trial.mutant] = tried
        show(tried, measured[tried.trial.mutant])
        if arguments.only:
            print("\n".join(f"    {name}" for name in measured[tried.trial.mutant]))
    if not (full or arguments.add):
        for name in doubtful(mutants, every, measured, matrix.kills):
            tried = measure_again(every[name])
            every[name], measured[name] = tried, kills(clean, tried.outcomes)
            show(tried, measured[name])
    if arguments.add:
        kept = {name: sorted(set(killed) & CHECKS.keys()) for name, killed in matrix.kills.items()}
        measured = kept | measured
    reached = {name for killed in measured.values() for name in killed}
    canned_only = sorted({check.id for check in RUNNABLE} - reached)
    if arguments.update or arguments.add:
        matrix = Matrix(kills=measured, canned_only=canned_only)
        matrix.write()
        mutants = mutation.load()
    if not arguments.only:
        hold_canned(report)
        report.hold(
            holds=not set(matrix.kills) - set(mutants), problem="the matrix has mutants that are gone: --update"
        )
        known = reached | set(matrix.canned_only)
        for check in RUNNABLE:
            report.hold(
                holds=check.id in known, problem=f"{check.id} is killed by no mutant, and not in canned_only: --update"
            )
    for name, mutant in mutants.items():
        hold_mutant(report, mutant, every[name], measured[name], matrix.kills.get(name), full=full)
    print(f"{len(mutants)} mutants, {len(reached)} checks killed by them, {len(canned_only)} by canned servers alone")
    print(f"{time.perf_counter() - began:.0f} s")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
