"""Which of the chosen checks a run takes: those of an older suite, those that were open last time, those that a host bears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from merkhet import history
from merkhet import results as files
from merkhet.catalogue import AnyCheck
from merkhet.cli.codes import Code, Failure
from merkhet.cli.expected import Expected, is_open, reason_for
from merkhet.cli.terminal import some
from merkhet.model import Outcome, RunResults

NAMES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The checks of a run, what is to be said of the choice, and of which checks nothing counts, with the reason.

    `open_before` are those that were open in the last run, as far as that was asked.
    """

    checks: Sequence[AnyCheck]
    notes: tuple[str, ...] = ()
    excused: Mapping[str, str] = field(default_factory=dict[str, str])
    open_before: tuple[str, ...] = ()


def bearable(taken: Taken, host: str, hosts: Sequence[str]) -> Taken:
    """Leave out what sends much to a host that is neither this machine nor named. Raises Failure if nothing is left."""
    heavy = [check for check in taken.checks if "bulk" in check.tags]
    if not host or host in hosts or not heavy:
        return taken
    note = f"{len(heavy)} checks that send much are left out: {host} is not this machine; --i-may-test {host} runs them"
    left = [check for check in taken.checks if check not in heavy]
    if not left:
        raise Failure(Code.INVOCATION, note)
    return replace(taken, checks=left, notes=(*taken.notes, note))


def as_of(taken: Taken, version: str) -> Taken:
    """Leave out what came after a version of the suite, and excuse what changed after it. Raises Failure.

    A check that changed runs as it is now, since what it was is no longer here; whatever it comes to does not count.
    """
    past, suite = history.load(), history.suite_version()
    known = tuple(dict.fromkeys((*past.released, suite)))
    if version not in known:
        raise Failure(Code.INVOCATION, f"--suite {version}: this merkhet knows the suites {', '.join(known)}")
    left = [check for check in taken.checks if not history.is_later(check.since, version)]
    if not left:
        raise Failure(Code.INVOCATION, f"--suite {version}: every chosen check came later")
    ids = {check.id for check in left}
    changed = {name: entry for name, entry in past.changed_after(version).items() if name in ids}
    gone = [name for name, entry in past.withdrawn().items() if not history.is_later(entry.since, version)]
    gone = [name for name in gone if history.is_later(past.withdrawn()[name].version, version)]
    notes = [
        (len(taken.checks) - len(left), f"checks came after suite {version}, and are left out", ()),
        (len(changed), f"checks changed after suite {version}: what they come to does not count", tuple(changed)),
        (len(gone), f"checks of suite {version} were withdrawn since, and cannot be run", tuple(gone)),
    ]
    told = [
        f"{count} {words}" + (f" ({some(names, NAMES_MAX)})" if names else "") for count, words, names in notes if count
    ]
    excused = {name: f"changed in {entry.version}, after {version}: {entry.reason}" for name, entry in changed.items()}
    return replace(taken, checks=left, notes=(*taken.notes, *told), excused={**taken.excused, **excused})


def last_run(path: Path | None = None) -> RunResults:
    """Return the results of a file, or of the last run in this folder, whole or not. Raises Failure."""
    if path is None:
        path = files.JOURNAL if files.JOURNAL.is_file() else files.RESULTS
        if not path.is_file():
            raise Failure(
                Code.INVOCATION, f"there is no last run here: {files.RESULTS} is not there; merkhet run makes it"
            )
    try:
        return files.load(path)
    except files.ResultsError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem


def open_before(taken: Taken, entries: Sequence[Expected], today: dt.date, target: str, *, fail_on_warn: bool) -> Taken:
    """Take only what was open in the last run. As with pytest: if nothing was, everything runs, and that is said.

    Raises Failure if there was no run.
    """
    before = last_run()
    names = _open_in(before, entries, today, fail_on_warn=fail_on_warn)
    left = [check for check in taken.checks if check.id in names]
    note = (
        f"{len(left)} checks that were open in the last run"
        if left
        else "no chosen check was open in the last run: all run"
    )
    notes = [*taken.notes, note]
    if before.target.name != target:
        notes.append(f"the last run judged another target: {before.target.name}")
    open_ids = tuple(check.id for check in left)
    return replace(taken, checks=left or taken.checks, notes=tuple(notes), open_before=open_ids)


def remembering(taken: Taken, entries: Sequence[Expected], today: dt.date, target: str, *, fail_on_warn: bool) -> Taken:
    """Remember what was open in the last run on the same target, for one that may end before it has judged that again."""
    try:
        before = last_run()
    except Failure:
        return taken
    if before.target.name != target:
        return taken
    names = _open_in(before, entries, today, fail_on_warn=fail_on_warn)
    return replace(taken, open_before=tuple(check.id for check in taken.checks if check.id in names))


def _open_in(before: RunResults, entries: Sequence[Expected], today: dt.date, *, fail_on_warn: bool) -> set[str]:
    """Return the checks that were open in a run, or before it, where it ended too early to tell."""
    judged = {
        result.check
        for result in before.results
        if (result.outcome is Outcome.ERROR or is_open(result, fail_on_warn=fail_on_warn))
        and not reason_for(result, entries, today)
    }
    return judged | set(before.unreached)
