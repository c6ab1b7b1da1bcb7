"""The checks that are still to run, and which of them may run beside those that run now."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from merkhet.check import Check
from merkhet.model import CheckResult

Record = Callable[[Check, CheckResult, bool], None]

SLEEPERS_MAX = 2
"""How many checks may keep a worker of the target busy at once: a pool of four must have some left for the others."""


def holds_a_worker(check: Check) -> bool:
    """Whether a check asks the target for a slow answer, for which a server with a pool keeps a worker."""
    return not check.needs.isdisjoint({"sleep", "ws-serial"})


def waits(check: Check) -> bool:
    """Whether a check spends its time waiting, and not working."""
    return "slow" in check.tags


@dataclass(slots=True)
class Batch:
    """The checks that are still to run, those that run now, and those that ran when the target died.

    `waiters_max` is how many that mostly wait may run at once, so that those that work need not wait for them; `patient`
    says that every step may take as long as it asks for; after `until` nothing more is begun, nor once there `is_enough`.
    """

    waiting: deque[Check]
    record: Record
    waiters_max: int = sys.maxsize
    patient: bool = False
    until: float = float("inf")
    is_enough: Callable[[], bool] = lambda: False
    flying: dict[str, Check] = field(default_factory=dict[str, Check])
    suspects: list[Check] = field(default_factory=list[Check])

    def take(self) -> Check | None:
        """Return the first check that may run now, None if each that waits would be one too many of its kind."""
        flying = self.flying.values()
        may_hold = sum(holds_a_worker(check) for check in flying) < SLEEPERS_MAX
        may_wait = sum(waits(check) for check in flying) < self.waiters_max
        for index, check in enumerate(self.waiting):
            if (may_hold or not holds_a_worker(check)) and (may_wait or not waits(check)):
                del self.waiting[index]
                self.flying[check.id] = check
                return check
        return None

    def landed(self, check: Check) -> None:
        """Take a check off those that run now."""
        self.flying.pop(check.id, None)
