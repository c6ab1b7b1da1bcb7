"""Which checks to take: an id glob, `rfc9112`, `rfc9112#6.1`, `@tag`; a leading `-` takes away what the others took."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Iterable, Sequence

from merkhet import catalogue
from merkhet.catalogue import AnyCheck
from merkhet.engine.conclude import is_framing
from merkhet.model import Requirement

NEAREST = 3

Matcher = Callable[[AnyCheck], bool]


class SelectorError(Exception):
    """A selector that matches nothing, or selectors that together leave no check. The message names what is near."""


def select(checks: Iterable[AnyCheck], selectors: Sequence[str]) -> list[AnyCheck]:
    """Return the checks that any selector takes and no excluding one does, in the order given.

    No selector, or only excluding ones, start from all checks. Raises SelectorError if a selector matches nothing, or if
    nothing is left.
    """
    every = list(checks)
    taken: set[str] = set()
    dropped: set[str] = set()
    for selector in selectors:
        excludes = selector.startswith("-")
        found = matching(every, selector[1:] if excludes else selector)
        (dropped if excludes else taken).update(found)
    if all(selector.startswith("-") for selector in selectors):
        taken = {check.id for check in every}
    left = [check for check in every if check.id in taken - dropped]
    if not left:
        raise SelectorError(f"no check is left of {len(every)} by {' '.join(selectors) or 'no selector'}")
    return left


def matching(checks: Iterable[AnyCheck], selector: str) -> list[str]:
    """Return the ids that one selector (without its hyphen) matches. Raises SelectorError if there is none."""
    every = list(checks)
    matches = _matcher(selector)
    found = [check.id for check in every if matches(check)]
    if not found:
        raise SelectorError(f"selector {selector!r} matches no check{_near(selector, every)}")
    return found


def tags_of(check: AnyCheck) -> frozenset[str]:
    """Return the tags of a check, with `framing` where its requirement is about where messages end."""
    requirement = _requirement(check)
    framing = {"framing"} if requirement is not None and is_framing(requirement) else set[str]()
    return check.tags | framing


def _requirement(check: AnyCheck) -> Requirement | None:
    return catalogue.load().requirements.get(check.requirement)


def _place(check: AnyCheck) -> tuple[str, str]:
    """Return the document and section that a check is about."""
    requirement = _requirement(check)
    if requirement is not None:
        return requirement.document, requirement.section
    place = catalogue.place_of(check.requirement)
    return (place.document, place.section) if place is not None else (check.requirement, "")


def _matcher(selector: str) -> Matcher:
    if selector.startswith("@"):
        return lambda check: selector[1:] in tags_of(check)
    if "#" in selector:
        document, _, section = selector.partition("#")
        return lambda check: _is_within(_place(check), document, section.strip("."))
    return lambda check: fnmatch.fnmatchcase(check.id, selector) or _place(check)[0] == selector


def _is_within(place: tuple[str, str], document: str, section: str) -> bool:
    """Whether a place is in a section or below it: `6.1` holds `6.1` and `6.1.2`, never `6.10`."""
    return place[0] == document and (not section or f"{place[1]}.".startswith(f"{section}."))


def _near(selector: str, checks: Sequence[AnyCheck]) -> str:
    if selector.startswith("@"):
        names = sorted({f"@{tag}" for check in checks for tag in tags_of(check)})
    elif "#" in selector:
        names = sorted({"#".join(_place(check)) for check in checks})
    else:
        names = [check.id for check in checks]
    near = difflib.get_close_matches(selector, names, NEAREST, 0.4)
    return f"; nearest: {', '.join(near)}" if near else ""
