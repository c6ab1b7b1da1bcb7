"""Every requirement and check that the suites declare, found once and validated."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from merkhet import suites
from merkhet.check import Check, Passive
from merkhet.model import Requirement

AnyCheck = Check | Passive
T = TypeVar("T")
_ID = re.compile(
    # A word of a document's name begins with a small letter; a section with a digit, or an appendix with a capital.
    r"(?P<document>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-(?P<section>(?:[0-9]+|[A-Z])(?:\.[0-9]+)*)-(?P<slug>.+)"
)


class CatalogueError(Exception):
    """Two things share an id, one has no id that can be read, or a check names a requirement that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All requirements and checks by id, in the order of documents and sections."""

    requirements: Mapping[str, Requirement]
    checks: Mapping[str, AnyCheck]

    def requirement_of(self, check: AnyCheck) -> Requirement:
        """Return the requirement that a check tests."""
        return self.requirements[check.requirement]


@dataclass(frozen=True, slots=True)
class Place:
    """What the id of a requirement or a check says: `whatwg-sse-9.2.5-a1` is of the document whatwg-sse, Section 9.2.5."""

    document: str
    section: str
    slug: str

    @property
    def order(self) -> tuple[str, tuple[tuple[bool, int, str], ...], str]:
        """A key that sorts as the documents do: 9.3 before 10, and appendices at the end."""
        parts = self.section.split(".")
        numbers = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
        return self.document, numbers, self.slug


def place_of(name: str) -> Place | None:
    """Return the place that an id names, None if it is no id."""
    match = _ID.fullmatch(name)
    return Place(match["document"], match["section"], match["slug"]) if match else None


@functools.cache
def load() -> Catalogue:
    """Import every suite and return what it declares. Raises CatalogueError if the suites contradict themselves."""
    requirements: dict[str, Requirement] = {}
    checks: dict[str, AnyCheck] = {}
    for module in _modules():
        for requirement in getattr(module, "REQUIREMENTS", ()):
            _add(requirements, requirement.id, requirement)
        for check in (*getattr(module, "CHECKS", ()), *getattr(module, "PASSIVES", ())):
            _add(checks, check.id, check)
    for check in checks.values():
        if check.requirement not in requirements:
            raise CatalogueError(f"{check.id} tests {check.requirement!r}, which no suite declares")
    return Catalogue(requirements=requirements, checks=dict(sorted(checks.items(), key=lambda item: _order(item[0]))))


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(suites.__path__, suites.__name__ + "."):
        if not info.name.rpartition(".")[2].startswith("test_"):
            yield importlib.import_module(info.name)


def _add(known: dict[str, T], name: str, value: T) -> None:
    if name in known:
        raise CatalogueError(f"two things are named {name!r}")
    known[name] = value


def _order(check_id: str) -> tuple[str, tuple[tuple[bool, int, str], ...], str]:
    place = place_of(check_id)
    if place is None:
        raise CatalogueError(f"{check_id!r} is no id: expected document, section and slug, such as rfc9112-6.1-one")
    return place.order
