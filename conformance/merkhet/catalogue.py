"""Every requirement and check that the suites declare, found once and validated."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from merkhet import suites
from merkhet.check import Check, Passive
from merkhet.model import Requirement

AnyCheck = Check | Passive
T = TypeVar("T")


class CatalogueError(Exception):
    """Two things share an id, or a check names a requirement that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All requirements and checks by id, in the order of documents and sections."""

    requirements: Mapping[str, Requirement]
    checks: Mapping[str, AnyCheck]

    def requirement_of(self, check: AnyCheck) -> Requirement:
        """Return the requirement that a check tests."""
        return self.requirements[check.requirement]


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


def _order(check_id: str) -> tuple[str, tuple[int, ...], str]:
    document, section, slug = check_id.split("-", 2)
    return document, tuple(int(part) if part.isdigit() else 0 for part in section.split(".")), slug
