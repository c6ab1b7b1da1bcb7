"""A whole run: preflight, every check side by side, second runs of what did not pass, the passive checks, and blame.

Nothing here waits for time to pass if something else can tell: an exchange ends by its framing, by the peer, or at its
one absolute deadline.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import msgspec

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.check import Check, Passive
from merkhet.engine.batch import Batch, Record, holds_a_worker, waits
from merkhet.engine.conclude import conclude, result_of
from merkhet.engine.confirm import blank, killed, merge, unconfirmed, wants_second_run
from merkhet.engine.evidence import gather, secrets_of
from merkhet.engine.execute import Run, Setting, execute, probe
from merkhet.engine.health import Health
from merkhet.engine.passive import Ledger
from merkhet.engine.plan import RunEvent, RunOptions, RunOutcome, RunStage, RunTarget
from merkhet.engine.preflight import Found, Scout
from merkhet.model import CheckResult, Evidence, Outcome, Requirement
from merkhet.wire.sockets import SocketDialer

RESTARTS_MAX = 20
HOPELESS_RUNS = 32
"""So many checks whose legal requests were all left unserved, and the rest need not be asked."""
SILENT_JOBS_MAX = 32
"""Silences that are waited for side by side: an idle connection costs us nothing."""


async def run(
    target: RunTarget,
    checks: Sequence[AnyCheck],
    options: RunOptions | None = None,
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> RunOutcome:
    """Run these checks on this target. Cancelled (by SIGINT, say), it returns what there is.

    Raises TargetUnreachable if two plain GETs got no answer.
    """
    return await _Runner(target, checks, options or RunOptions(), on_event).run()


def run_sync(
    target: RunTarget,
    checks: Sequence[AnyCheck],
    options: RunOptions | None = None,
    on_event: Callable[[RunEvent], None] = lambda _: None,
) -> RunOutcome:
    """Run these checks in an event loop of their own. See `run`."""
    return asyncio.run(run(target, checks, options, on_event))


class _Runner:
    """One run."""

    def __init__(
        self,
        target: RunTarget,
        checks: Sequence[AnyCheck],
        options: RunOptions,
        on_event: Callable[[RunEvent], None],
    ) -> None:
        self.target = target
        self.checks = checks
        self.options = options
        self.on_event = on_event
        self.requirements = options.requirements or catalogue.load().requirements
        self.names = target.names
        self.secrets = secrets_of(target.names.extra_fields)
        self.dialer = SocketDialer(target.address)
        self.ledger = Ledger()
        self.results: dict[str, CheckResult] = {}
        self.absent: set[str] = set()
        self.asking = asyncio.Lock()
        self.problems: list[str] = []
        self.second_runs = 0
        self.restarts = 0
        self.tried = 0
        self.served = 0
        self.ended = "complete"
        self.found: Found | None = options.found

    async def run(self) -> RunOutcome:
        try:
            await self._stages()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            self.ended = "interrupted"
            self._close_accounts(self.absent)
        return RunOutcome(
            preflight=self.found.preflight if self.found else None,
            results=tuple(self.results[check.id] for check in self.checks if check.id in self.results),
            second_runs=self.second_runs,
            ended=self.ended,
            problems=tuple(self.problems),
        )

    async def _stages(self) -> None:
        if self.found is None:
            scout = Scout(self.dialer, self.names, self.options.timeout_scale)
            self.found = await scout.look(self.options.jobs)
        self._tell(RunStage.PREFLIGHT)
        self.health = Health(self.names, self.options.timeout_scale, self.target.alive)
        active = [check for check in self.checks if isinstance(check, Check) and self._applies(check)]
        # What waits longest begins first, so that nothing is left alone at the end.
        active.sort(key=lambda check: not (check.tags & {"slow", "bulk"} or holds_a_worker(check)))
        jobs = self._jobs()
        together = deque(check for check in active if "alone" not in check.tags)
        await self._rounds(Batch(waiting=together, record=self._first, waiters_max=max(1, jobs * 3 // 4)), jobs)
        await self._rounds(Batch(waiting=deque(c for c in active if "alone" in c.tags), record=self._first), 1)
        if self.ended != "stopped":
            await self._confirm(active)
            await self._passives()

    def _jobs(self) -> int:
        """Return how many checks may hold connections at once, as far as the target bears it."""
        bears = self.found.connections_max if self.found is not None else 1
        return max(1, min(self.options.jobs, bears))

    def _applies(self, check: AnyCheck) -> bool:
        """Whether the target offers what a check needs; if not, say so in its result."""
        missing = self._missing(check)
        if missing:
            self._set(blank(check, self._requirement(check), Outcome.NOT_APPLICABLE, f"the target offers no {missing}"))
        return not missing

    def _missing(self, check: AnyCheck) -> str:
        has = {*self.names.endpoints}
        if self.target.address.tls is not None:
            has.add("tls")
        if self.target.folder is not None:
            has.add("own-files")
        if self.target.spare is not None:
            has.add("own-process")
        return ", ".join(sorted(check.needs - has))

    def _requirement(self, check: AnyCheck) -> Requirement:
        return self.requirements[check.requirement]

    def _set(self, result: CheckResult, stage: RunStage = RunStage.FINISHED) -> None:
        self.results[result.check] = result
        self._tell(stage, result)

    def _tell(self, stage: RunStage, result: CheckResult | None = None, text: str = "") -> None:
        done, total = len(self.results), len(self.checks)
        self.on_event(RunEvent(stage=stage, done=done, total=total, result=result, text=text))

    # Batches, deaths and blame

    async def _rounds(self, batch: Batch, jobs: int) -> None:
        """Run a batch; each time that enough of its results are open, run these again, and stop if they stay so."""
        batch.is_enough = self._is_enough
        while self.ended != "stopped":
            await self._batch(batch, jobs)
            if self.ended != "complete" or not self._is_enough():
                return
            await self._confirm([check for check in self.checks if isinstance(check, Check)])
            left, most = len(self.checks) - len(self.results), self.options.open_max
            if self._is_enough() and left:
                self.ended = "stopped"
                self.problems.append(f"stopped at {most} that did not come out as required: {left} checks were not run")
            elif not batch.waiting:
                return

    def _is_enough(self) -> bool:
        """Whether so many results are open that the run is to stop."""
        return 0 < self.options.open_max <= sum(map(self.options.is_open, self.results.values()))

    async def _batch(self, batch: Batch, jobs: int) -> None:
        """Run checks side by side. If the target dies, find out which of them killed it, and go on."""
        while batch.waiting and self.ended == "complete" and not batch.is_enough():
            async with asyncio.TaskGroup() as group:
                for _ in range(min(jobs, len(batch.waiting))):
                    group.create_task(self._work(batch))
            if batch.suspects:
                await self._blame(batch)
            elif self.dialer.now() >= batch.until:
                return
        if self.ended != "complete":
            self._leave(batch.waiting, "the target died before this ran")

    async def _work(self, batch: Batch) -> None:
        """Take checks one after the other until there are none, the time is up, or the target is dead."""
        while batch.waiting and not batch.suspects and self.dialer.now() < batch.until and not batch.is_enough():
            check = batch.take()
            if check is None:
                return
            run, result, absent = await self._once(check, patient=batch.patient or waits(check))
            if batch.suspects or (run.suspicious and not await self._lives(batch)):
                return
            batch.landed(check)
            batch.record(check, result, absent)
            if self.tried >= HOPELESS_RUNS and not self.served:
                self._leave(batch.waiting, f"none of the first {self.tried} legal requests was served")

    async def _lives(self, batch: Batch) -> bool:
        """Whether the target lives. If not, everything that runs now is suspect. Workers that ask together ask once."""
        async with self.asking:
            if batch.suspects:
                return False
            lives = await self.health.lives(self.dialer)
            if not lives:
                batch.suspects = list(batch.flying.values())
                batch.flying.clear()
            return lives

    def _leave(self, waiting: deque[Check], reason: str) -> None:
        """Say of every check that still waits why it was not run. What had a result before keeps it for now."""
        if waiting:
            self.problems.append(f"{len(waiting)} checks were not run: {reason}")
        for check in waiting:
            if check.id not in self.results:
                self._set(blank(check, self._requirement(check), Outcome.INCONCLUSIVE, reason))
        waiting.clear()

    async def _blame(self, batch: Batch) -> None:
        """Run the suspects one by one on a target that lives again: who kills it alone is guilty."""
        suspects, batch.suspects = batch.suspects, []
        rest, guilty = list(suspects), False
        while rest:
            if not await self._restart():
                self._give_up(rest)
                return
            guilty |= await self._try_alone(rest, batch.record)
        if not guilty and len(suspects) == 1:
            # A death is a failure even if it was seen once.
            alone = self.results[suspects[0].id]
            self._set(msgspec.structs.replace(killed(alone), flaky=True))
        elif not guilty:
            names = ", ".join(check.id for check in suspects)
            self.problems.append(f"the target died while these ran side by side, and none kills it alone: {names}")

    async def _try_alone(self, suspects: list[Check], record: Record) -> bool:
        """Run suspects alone until one kills the target, or none is left. Returns whether one did."""
        while suspects:
            check = suspects.pop(0)
            run, result, absent = await self._once(check, patient=True)
            if run.suspicious and not await self.health.lives(self.dialer):
                self._set(killed(result))
                return True
            record(check, result, absent)
        return False

    async def _restart(self) -> bool:
        """Start the target again. Returns whether it lives."""
        if self.target.restart is None or self.restarts >= RESTARTS_MAX:
            return False
        self.restarts += 1
        try:
            address, self.names = await asyncio.to_thread(self.target.restart)
        except Exception as problem:  # noqa: BLE001 - whatever the target's own command does, the run must end well
            self.problems.append(f"the target could not be started again: {problem}")
            return False
        self.dialer = SocketDialer(address)
        self.health.moved(self.names)
        self._tell(RunStage.RESTARTED, text=f"the target died and was started again ({self.restarts})")
        return await self.health.lives(self.dialer)

    def _give_up(self, suspects: Sequence[Check]) -> None:
        """The target is dead for good: one suspect is guilty, of several none is."""
        self.ended = "target died"
        names = ", ".join(check.id for check in suspects)
        self.problems.append(f"the target died, and cannot be started again by us; running then: {names}")
        for check in suspects:
            reason = f"the target died while this ran, beside {len(suspects) - 1} others"
            result = blank(check, self._requirement(check), Outcome.INCONCLUSIVE, reason)
            self._set(killed(result) if len(suspects) == 1 and not self.restarts else result)

    # One check

    def _setting(self, *, patient: bool = True) -> Setting:
        if self.found is None:
            raise RuntimeError("no check runs before preflight")
        return Setting(
            names=self.names,
            baseline=self.found.baseline,
            deadlines=replace(self.found.deadlines, patient=patient),
            nonce=secrets.token_hex(4),
            lingers=self.ledger.wants_ends,
            folder=self.target.folder,
            spare=self.target.spare,
        )

    async def _once(self, check: Check, *, patient: bool) -> tuple[Run, CheckResult, bool]:
        """Run one check once. Returns what happened, its result, and whether that stands on an absence alone."""
        setting, requirement = self._setting(patient=patient), self._requirement(check)
        try:
            run = await execute(check, self.dialer, setting)
        except Exception as problem:  # noqa: BLE001 - an error of ours is one result, and not the end of the run
            reason = f"merkhet itself failed: {type(problem).__name__}: {problem}"
            return Run(), blank(check, requirement, Outcome.ERROR, reason), False
        self.tried += 1
        self.served += not run.suspicious
        self.ledger.add(run.seen, run.transcripts)
        conclusion = conclude(run, requirement, self.options.profile, setting.baseline)
        result = result_of(check, requirement, run, conclusion, self._evidence(check, run))
        return run, result, conclusion.absent

    def _evidence(self, check: AnyCheck, run: Run) -> Evidence:
        return gather(
            run.transcripts,
            run.sent,
            check=check.id,
            command=self.target.command,
            address=self.dialer.address,
            secrets=self.secrets,
        )

    def _first(self, check: Check, result: CheckResult, absent: bool) -> None:  # noqa: FBT001
        self.absent |= {check.id} if absent else set()
        self._set(result)

    def _second(self, check: Check, result: CheckResult, absent: bool) -> None:  # noqa: ARG002, FBT001
        self.second_runs += 1
        merged = merge(self.results[check.id], result, absent=check.id in self.absent)
        self.absent.discard(check.id)
        self._set(merged, RunStage.CONFIRMED)

    # Second runs and passive checks

    async def _confirm(self, active: Sequence[Check]) -> None:
        """Run again what did not pass: silences side by side, the rest alone, as long as the budget lasts."""
        again = [check for check in active if check.id in self.results and self._wants_second_run(check)]
        beside = [check for check in again if "alone" not in check.tags]
        together = deque(check for check in beside if check.id in self.absent or "concurrent" in check.tags)
        alone = deque(check for check in again if check not in together)
        if self.ended == "complete" and again:
            until = self.dialer.now() + self.options.confirm_seconds_max
            jobs = await self._silent_jobs(len(together))
            await self._batch(Batch(waiting=together, record=self._second, patient=True, until=until), jobs)
            await self._batch(Batch(waiting=alone, record=self._second, patient=True, until=until), 1)
        self._close_accounts({check.id for check in again} & self.absent)

    def _wants_second_run(self, check: Check) -> bool:
        """Whether a second run of a check can still teach something."""
        first = self.results[check.id]
        hopeless = first.runs > 1 or (first.outcome is Outcome.INCONCLUSIVE and not self._discriminates())
        return not hopeless and bool(self.served) and wants_second_run(first, absent=check.id in self.absent)

    def _discriminates(self) -> bool:
        return self.found is None or self.found.baseline.discriminates

    async def _silent_jobs(self, count: int) -> int:
        """Return how many silences to wait for side by side: many, if the target bears that many held connections."""
        many = min(count, SILENT_JOBS_MAX)
        scout = Scout(self.dialer, self.names, self.options.timeout_scale)
        if many > self._jobs() > 1 and await scout.answers_beside(many):
            return many
        return self._jobs()

    def _close_accounts(self, names: Collection[str]) -> None:
        """An absence that nobody confirmed proves nothing."""
        seconds = self.options.confirm_seconds_max
        for name in set(names) & self.results.keys():
            self._set(unconfirmed(self.results[name], seconds=seconds), RunStage.CONFIRMED)

    async def _passives(self) -> None:
        """Send the probes of the passive checks, then say what every response of the run came to."""
        passives = [check for check in self.checks if isinstance(check, Passive)]
        runs: dict[str, Run] = {}
        waiting = deque(check for check in passives if not self._missing(check))

        async def work() -> None:
            while waiting and self.ended == "complete":
                check = waiting.popleft()
                runs[check.id] = await probe(check, self.dialer, self._setting())
                self.ledger.add(runs[check.id].seen, runs[check.id].transcripts)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._jobs()):
                group.create_task(work())
        for check in passives:
            self._set(self._passive(check, runs.get(check.id)))

    def _passive(self, check: Passive, run: Run | None) -> CheckResult:
        missing = self._missing(check)
        if run is None and missing and not self.ledger.applies(check.rule):
            reason = f"the target offers no {missing}"
            return blank(check, self._requirement(check), Outcome.NOT_APPLICABLE, reason)
        result = self.ledger.result(check, self._requirement(check), self.options.profile, run)
        evidence = gather(
            result.evidence.transcripts,
            run.sent if run is not None else (),
            check=check.id,
            command=self.target.command,
            address=self.dialer.address,
            secrets=self.secrets,
        )
        return msgspec.structs.replace(result, evidence=evidence)
