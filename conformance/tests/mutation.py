"""Mutants of the reference: one function, constant or table of it replaced, and the checks that must notice named."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest import mock

Replacing = Callable[[Any], Any]
"""Takes the piece as it is and returns the faulty piece that stands in its place."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`target` is the dotted name of one piece of the reference; `breaks` the requirement that the fault is against."""

    name: str
    target: str
    breaks: str
    must_kill: frozenset[str]
    replacing: Replacing

    @contextlib.contextmanager
    def applied(self) -> Generator[None]:
        """Put the faulty piece in place. Raises AttributeError if the reference no longer has the piece."""
        owner, attribute = resolve(self.target)
        with mock.patch.object(owner, attribute, self.replacing(getattr(owner, attribute))):
            yield


MUTANTS: dict[str, Mutant] = {}


def mutant(target: str, *, breaks: str, must_kill: set[str]) -> Callable[[Replacing], Replacing]:
    """Register a mutant: the decorated function takes the piece and returns what replaces it."""

    def register(replacing: Replacing) -> Replacing:
        name = replacing.__name__
        if name in MUTANTS:
            raise ValueError(f"two mutants are named {name}")
        if not replacing.__doc__:
            raise ValueError(f"{name} does not say what a server with this fault does")
        MUTANTS[name] = Mutant(name, target, breaks, frozenset(must_kill), replacing)
        return replacing

    return register


def resolve(target: str) -> tuple[ModuleType | type, str]:
    """Return the module or class that holds the piece, and the piece's name in it."""
    path, _, attribute = target.rpartition(".")
    try:
        return importlib.import_module(path), attribute
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        owner = getattr(importlib.import_module(module), name)
        assert isinstance(owner, type)
        return owner, attribute


def load() -> dict[str, Mutant]:
    """Import every module of mutants and return all of them by name."""
    import mutants

    for info in pkgutil.iter_modules(mutants.__path__, "mutants."):
        importlib.import_module(info.name)
    return MUTANTS
