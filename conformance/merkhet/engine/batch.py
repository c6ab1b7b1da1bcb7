"""The checks that are still to run, and which of them may run beside those that run now."""

from __future__ import annotations

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
    return "sleep" in check.needs


@dataclass(slots=True)
class Batch:
    """The checks that are still to run, those that run now, and those that ran when the target died.

    `patient` says that every step may take as long as it asks for; after `until` nothing more is begun.
    """

    waiting: deque[Check]
    record: Record
    patient: bool = False
    until: float = float("inf")
    flying: dict[str, Check] = field(default_factory=dict[str, Check])
    suspects: list[Check] = field(default_factory=list[Check])

    def take(self) -> Check | None:
        """Return the next check that may run now, None if each that waits would hold one worker too many."""
        sleepers = sum(holds_a_worker(check) for check in self.flying.values())
        for _ in range(len(self.waiting)):
            check = self.waiting.popleft()
            if not holds_a_worker(check) or sleepers < SLEEPERS_MAX:
                self.flying[check.id] = check
                return check
            self.waiting.append(check)
        return None

    def landed(self, check: Check) -> None:
        """Take a check off those that run now."""
        self.flying.pop(check.id, None)
