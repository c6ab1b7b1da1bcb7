"""What is said of checks that are no longer there: which version took them out, and why."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

from merkhet import history, selectors
from merkhet.catalogue import AnyCheck
from merkhet.cli.codes import Code, Failure
from merkhet.history import Entry
from merkhet.selectors import SelectorError


def words(name: str, entry: Entry) -> str:
    """Say what became of a withdrawn check."""
    instead = f" (instead: {', '.join(entry.instead)})" if entry.instead else ""
    return f"{name} was withdrawn in {entry.version}: {entry.reason}{instead}"


def named(selector: str) -> dict[str, Entry]:
    """Return the withdrawn checks of which the id is, or matches, a selector without its hyphen."""
    return {name: entry for name, entry in history.load().withdrawn().items() if fnmatch.fnmatchcase(name, selector)}


def withdrawn(selector: str, checks: Iterable[AnyCheck]) -> str:
    """Say that a selector matches nothing but withdrawn checks; "" if it is not so."""
    gone = named(selector)
    if not gone:
        return ""
    try:
        selectors.matching(checks, selector)
    except SelectorError:
        return "; ".join(words(name, entry) for name, entry in gone.items())
    return ""


def select(every: Sequence[AnyCheck], wanted: Sequence[str]) -> tuple[list[AnyCheck], tuple[str, ...]]:
    """Return the checks that selectors take, and what is to be said of those that are withdrawn.

    A selector that matches withdrawn checks alone is left out. Raises Failure if nothing is left, or if one matches nothing.
    """
    notes = {selector: withdrawn(selector.removeprefix("-"), every) for selector in wanted}
    left = [selector for selector in wanted if not notes[selector]]
    told = tuple(note for note in notes.values() if note)
    takes = [selector for selector in wanted if not selector.startswith("-")]
    if takes and not any(selector in left for selector in takes):
        raise Failure(Code.INVOCATION, "; ".join(told))
    try:
        return selectors.select(every, left), told
    except SelectorError as problem:
        raise Failure(Code.INVOCATION, str(problem)) from problem
