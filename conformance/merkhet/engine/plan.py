"""What a run is given and what it gives back."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from merkhet.engine.preflight import Found
from merkhet.engine.spare import Spare
from merkhet.model import CheckResult, Outcome, Preflight, Profile, Requirement
from merkhet.template import Names
from merkhet.wire.sockets import Address

JOBS = 12
CONFIRM_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTarget:
    """What is judged and how to reach it.

    `command` is `merkhet run` with the target's own options, for the line that repeats a check. `restart` starts a dead
    target again (it may block) and returns where it listens now; None if it is not ours to start. `alive` says at once
    whether its process lives. `folder` has the fixture files that it serves, if we wrote them. `spare` starts
    another process of it (it may block, and raises `Unreachable`); None if that is not ours to do. `group` returns the id of
    its process group, None while there is none.
    """

    address: Address
    names: Names
    command: str = "merkhet run"
    restart: Callable[[], tuple[Address, Names]] | None = None
    alive: Callable[[], bool] | None = None
    folder: Path | None = None
    spare: Callable[[], Spare] | None = None
    group: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a run is done. `requirements` defaults to the catalogue's; `found` takes the place of preflight.

    With `open_max`, the run stops once so many results are open and stay so in their second run; what `is_open` says is.
    """

    profile: Profile = Profile.DEFAULT
    jobs: int = JOBS
    timeout_scale: float = 1.0
    confirm_seconds_max: float = CONFIRM_SECONDS_MAX
    requirements: Mapping[str, Requirement] | None = None
    found: Found | None = None
    open_max: int = 0
    is_open: Callable[[CheckResult], bool] = lambda result: result.outcome in {Outcome.FAIL, Outcome.ERROR}


class RunStage(enum.StrEnum):
    """What an event tells."""

    PREFLIGHT = "preflight"
    FINISHED = "finished"
    CONFIRMED = "confirmed"
    RESTARTED = "restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Progress: what happened, the result it concerns if any, and how many of `total` checks have a first result."""

    stage: RunStage
    done: int = 0
    total: int = 0
    result: CheckResult | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What a run came to, results in the order of the checks. `ended` is "complete", "stopped", "interrupted" or "target died"."""

    preflight: Preflight | None
    results: tuple[CheckResult, ...]
    second_runs: int = 0
    ended: str = "complete"
    problems: tuple[str, ...] = ()
